//! Calls of the graphics API, counted from the log that its library keeps of them.

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How often something was called since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calls {
    pub submits: u64,
    pub dispatches: u64,
    pub writes: u64,
    pub pipelines: u64,
}

impl std::ops::Sub for Calls {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            submits: self.submits - before.submits,
            dispatches: self.dispatches - before.dispatches,
            writes: self.writes - before.writes,
            pipelines: self.pipelines - before.pipelines,
        }
    }
}

static COUNTS: [(&str, AtomicU64); 4] = [
    ("Queue::submit returned", AtomicU64::new(0)),
    ("ComputePass::dispatch ", AtomicU64::new(0)),
    ("Queue::write_buffer", AtomicU64::new(0)),
    ("Device::create_compute_pipeline", AtomicU64::new(0)),
];

struct Counter;

impl log::Log for Counter {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("wgpu_core")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let text = record.args().to_string();
            for (_, count) in COUNTS.iter().filter(|(start, _)| text.starts_with(start)) {
                count.fetch_add(1, Relaxed);
            }
        }
    }

    fn flush(&self) {}
}

/// The counts so far, from the first call of this function on.
pub fn calls() -> Calls {
    static START: Once = Once::new();
    START.call_once(|| {
        log::set_logger(&Counter).expect("no other logger");
        log::set_max_level(log::LevelFilter::Trace);
    });
    let [submits, dispatches, writes, pipelines] = COUNTS.each_ref().map(|(_, count)| count.load(Relaxed));
    Calls { submits, dispatches, writes, pipelines }
}
