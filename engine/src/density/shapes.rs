//! Shapes of the plane: a spiral, and an energy whose valleys cross.

/// A spiral: `scale · t (sin t, cos t)`, t from `from` to `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spiral {
    pub scale: f64,
    pub from: f64,
    pub to: f64,
}

impl Default for Spiral {
    /// `0.04 t (sin t, cos t)`, t from 3 to 15: two turns within the unit disc.
    fn default() -> Self {
        Self { scale: 0.04, from: 3.0, to: 15.0 }
    }
}

impl Spiral {
    /// The point that lies at the share `u` (0 … 1) of t's range.
    pub fn point(&self, u: f64) -> [f64; 2] {
        let t = self.from + (self.to - self.from) * u;
        [self.scale * t * t.sin(), self.scale * t * t.cos()]
    }

    /// As [`Spiral::point`], moved outward by `apart`.
    pub fn beside(&self, u: f64, apart: f64) -> [f64; 2] {
        let [x, y] = self.point(u);
        let factor = 1.0 + apart / x.hypot(y).max(f64::MIN_POSITIVE);
        [x * factor, y * factor]
    }
}

/// The "ninja star" `(|x| − 2)² + (x² − y²)² + ½ ln(|x|² + 1)`, |x| the length of (x, y).
pub fn star_energy([x, y]: [f64; 2]) -> f64 {
    let square = x * x + y * y;
    (square.sqrt() - 2.0).powi(2) + (x * x - y * y).powi(2) + 0.5 * square.ln_1p()
}

/// The gradient of [`star_energy`].
pub fn star_slope([x, y]: [f64; 2]) -> [f64; 2] {
    let square = x * x + y * y;
    let along = 2.0 * (1.0 - 2.0 / square.sqrt().max(f64::MIN_POSITIVE)) + 1.0 / (square + 1.0);
    let across = 4.0 * (x * x - y * y);
    [x * (along + across), y * (along - across)]
}
