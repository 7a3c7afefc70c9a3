//! What the tests share.

use std::future::Future;

use burn::tensor::Device;
use masquerade_engine::device;
use masquerade_engine::session::DeviceChoice;

/// Wait for a future.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    pollster::block_on(future)
}

/// The GPU of this machine, a software one too; `None`, with a message, where no adapter answers.
pub fn gpu() -> Option<Device> {
    match block_on(device::open(DeviceChoice::Gpu)) {
        Ok(compute) => Some(compute.device),
        Err(error) => {
            eprintln!("skipped on the GPU: {error}");
            None
        }
    }
}
