//! What the tests share.

pub mod server;
pub mod tiff_file;

use std::future::Future;
use std::path::{Path, PathBuf};

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

/// The folder of real data sets, which is not part of the repository; `None`, with a message, where there is none.
pub fn real_data() -> Option<PathBuf> {
    let named = std::env::var_os("MASQUERADE_DATA").unwrap_or_default();
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let found = std::env::split_paths(&named).chain([beside]).find(|folder| folder.join("graphs").is_dir());
    if found.is_none() {
        eprintln!("skipped: there are no real data sets here");
    }
    found
}
