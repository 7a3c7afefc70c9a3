//! Host data that is put on a device once, however often it is asked for.

use std::cell::OnceCell;

use burn::tensor::Device;

/// The copy of a host value on the device it was first asked for on. It follows from that value, so all copies are
/// equal.
#[derive(Debug, Clone)]
pub struct Placed<T>(OnceCell<Box<(Device, T)>>);

impl<T> Default for Placed<T> {
    fn default() -> Self {
        Self(OnceCell::new())
    }
}

impl<T> PartialEq for Placed<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T: Clone> Placed<T> {
    /// The copy on `device`, which `make` puts there (without autodiff) if it is not there yet.
    pub fn on(&self, device: &Device, make: impl Fn(&Device) -> T) -> T {
        let device = device.clone().without_autodiff();
        let (first, copy) = &**self.0.get_or_init(|| Box::new((device.clone(), make(&device))));
        // A value serves one device, but for tests that compare devices.
        if *first == device { copy.clone() } else { make(&device) }
    }
}
