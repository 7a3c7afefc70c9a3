//! Time. The only place that asks for it, natively and in the browser.

use web_time::Instant;

/// A running stopwatch.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Start now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// Processor seconds that this process has used so far, over all its threads. `None` where there is no way to ask (a
/// browser).
pub fn processor_seconds() -> Option<f64> {
    #[cfg(not(target_arch = "wasm32"))]
    return cpu_time::ProcessTime::try_now().ok().map(|t| t.as_duration().as_secs_f64());
    #[cfg(target_arch = "wasm32")]
    return None;
}
