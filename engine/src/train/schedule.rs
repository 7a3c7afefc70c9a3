//! The learning rate over a run: a linear warm-up, then half a cosine down to a floor.

/// Warm-up and cosine. Times may be steps or fractional epochs, as long as all three are the same unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// The learning rate at the end of the warm-up.
    pub peak: f64,
    /// The learning rate at the end of the run.
    pub floor: f64,
    /// Length of the warm-up.
    pub warmup: f64,
    /// Length of the run, the warm-up included.
    pub total: f64,
}

impl Schedule {
    /// The learning rate at time `t`: `peak · t / warmup`, then `floor + (peak − floor) · ½ (1 + cos π (t − warmup) /
    /// (total − warmup))`.
    ///
    /// Past the end it stays at the floor; the warm-up starts at zero, not at the floor.
    pub fn at(&self, t: f64) -> f64 {
        if t < self.warmup {
            return self.peak * t / self.warmup;
        }
        if t >= self.total {
            return self.floor;
        }
        let progress = (t - self.warmup) / (self.total - self.warmup);
        self.floor + (self.peak - self.floor) * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
    }
}

/// The learning rate for a batch by the linear rule: `base · batch / 256` (Goyal et al. 2017, arXiv 1706.02677).
pub fn scaled_by_batch(base: f64, batch: usize) -> f64 {
    base * batch as f64 / 256.0
}
