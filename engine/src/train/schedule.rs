//! How a number changes over a run: a linear warm-up and half a cosine (the learning rate), half a cosine (the weight
//! decay), one cycle (learning rate and momentum).

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

/// Half a cosine from one value to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cosine {
    pub from: f64,
    pub to: f64,
    /// Length; past it the value stays.
    pub steps: f64,
}

impl Cosine {
    /// The value at time `t`: `to + (from − to) · ½ (1 + cos π t / steps)`.
    pub fn at(&self, t: f64) -> f64 {
        eased(self.from, self.to, if self.steps > 0.0 { (t / self.steps).min(1.0) } else { 1.0 })
    }
}

/// The super-convergence schedule (Smith and Topin, 2018, arXiv 1708.07120) in the form of PyTorch's `OneCycleLR`: up for
/// a part of the run and down for the rest, each half a cosine. The learning rate goes up while the momentum goes down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneCycle {
    /// Length of the run in steps.
    pub steps: f64,
    /// The part of it that goes up; 0.3 by default.
    pub rise: f64,
}

impl OneCycle {
    /// The value at step `step`, the first being 0, that starts at `start`, is `top` at step `rise · steps − 1` and `end`
    /// at the last one.
    pub fn at(&self, step: f64, [start, top, end]: [f64; 3]) -> f64 {
        let (turn, last) = ((self.rise * self.steps - 1.0).max(0.0), (self.steps - 1.0).max(0.0));
        if step < turn {
            return eased(start, top, step / turn);
        }
        eased(top, end, if last > turn { ((step - turn) / (last - turn)).min(1.0) } else { 0.0 })
    }
}

fn eased(from: f64, to: f64, part: f64) -> f64 {
    to + (from - to) * 0.5 * (1.0 + (std::f64::consts::PI * part).cos())
}

/// The learning rate for a batch by the linear rule: `base · batch / 256` (Goyal et al. 2017, arXiv 1706.02677).
pub fn scaled_by_batch(base: f64, batch: usize) -> f64 {
    base * batch as f64 / 256.0
}
