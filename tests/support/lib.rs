//! What the tests share.

use std::sync::OnceLock;

use burn::tensor::Device;

/// The GPU of this machine, a software one too; `None` where no adapter answers. Opened once for all tests.
pub fn gpu() -> Option<Device> {
    static GPU: OnceLock<Option<Device>> = OnceLock::new();
    GPU.get_or_init(|| Device::wgpu_options().init().ok()).clone()
}
