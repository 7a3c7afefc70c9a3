//! Calls of the graphics library, counted: in a browser around WebGPU's own functions, natively in the log that the
//! library keeps.

use std::collections::BTreeMap;

/// Calls since the start. `None`: nobody counts them here.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Calls {
    pub dispatches: Option<u64>,
    pub submits: Option<u64>,
    pub pipelines: Option<u64>,
    pub buffers: Option<u64>,
    pub bytes_up: Option<u64>,
    pub bytes_back: Option<u64>,
    /// How often each kernel was launched: natively those of this program, in a browser all.
    pub kernels: BTreeMap<String, u64>,
}

/// The calls so far. `web/gpu_calls.mjs` counts them.
#[cfg(target_arch = "wasm32")]
pub(super) fn so_far() -> Calls {
    let counts = js_sys::Reflect::get(&js_sys::global(), &"webgpuCalls".into());
    let text = counts.and_then(|counts| js_sys::JSON::stringify(&counts)).map(String::from);
    text.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

#[cfg(not(target_arch = "wasm32"))]
pub use native::Counting;
#[cfg(not(target_arch = "wasm32"))]
pub(super) use native::so_far;

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

    use log::{LevelFilter, Log, Metadata, Record};

    use super::Calls;
    use crate::kernels;

    /// How the library's lines of the log begin, and how often each has come.
    static COUNTS: [(&str, AtomicU64); 4] = [
        ("ComputePass::dispatch", AtomicU64::new(0)),
        ("Queue::submit returned", AtomicU64::new(0)),
        ("Device::create_compute_pipeline", AtomicU64::new(0)),
        ("Device::create_buffer", AtomicU64::new(0)),
    ];
    static COUNTS_NOW: AtomicBool = AtomicBool::new(false);

    pub fn so_far() -> Calls {
        let kernels = kernels::launches().into_iter().map(|(stem, count)| (stem.to_string(), count)).collect();
        if !COUNTS_NOW.load(Relaxed) {
            return Calls { kernels, ..Calls::default() };
        }
        let [dispatches, submits, pipelines, buffers] = COUNTS.each_ref().map(|(_, count)| Some(count.load(Relaxed)));
        Calls { dispatches, submits, pipelines, buffers, kernels, ..Calls::default() }
    }

    /// A log that counts the calls of the graphics library and hands to another log what that one wants.
    pub struct Counting(Box<dyn Log>);

    impl Counting {
        /// Make it the program's log. A program has one log for good: where it has one already, nothing is counted.
        pub fn install(other: Box<dyn Log>) {
            if log::set_logger(Box::leak(Box::new(Self(other)))).is_ok() {
                log::set_max_level(LevelFilter::Trace);
                COUNTS_NOW.store(true, Relaxed);
            }
        }
    }

    impl Log for Counting {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target().starts_with("wgpu_core") || self.0.enabled(metadata)
        }

        fn log(&self, record: &Record<'_>) {
            if record.target().starts_with("wgpu_core") {
                let text = record.args().to_string();
                COUNTS.iter().filter(|(start, _)| text.starts_with(start)).for_each(|(_, count)| {
                    count.fetch_add(1, Relaxed);
                });
            }
            if self.0.enabled(record.metadata()) {
                self.0.log(record);
            }
        }

        fn flush(&self) {
            self.0.flush();
        }
    }
}
