//! A part of the plane, fitted into the square a camera looks at; both directions have the same scale.

/// Free border around the part, as a share of its half side.
const BORDER: f32 = 0.06;

/// From coordinates of the data to the unit square and back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane {
    middle: [f32; 2],
    half: f32,
}

impl Plane {
    /// The plane between a lower and an upper corner.
    pub fn new(low: [f32; 2], high: [f32; 2]) -> Self {
        let middle = [0, 1].map(|i| 0.5 * (low[i] + high[i]));
        let half = 0.5 * (high[0] - low[0]).max(high[1] - low[1]) * (1.0 + BORDER);
        let sound = half.is_finite() && half > 0.0 && middle.iter().all(|m| m.is_finite());
        if sound { Self { middle, half } } else { Self { middle: [0.0; 2], half: 1.0 } }
    }

    /// A point in units of the square.
    pub fn unit(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [(x - self.middle[0]) / self.half, (y - self.middle[1]) / self.half]
    }

    /// The point of the data at a place of the square.
    pub fn from_unit(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [x * self.half + self.middle[0], y * self.half + self.middle[1]]
    }

    /// Units of the data in half a side of the square.
    pub fn half(&self) -> f32 {
        self.half
    }
}
