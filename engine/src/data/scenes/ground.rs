//! Where on the Earth the pixels of a picture lie: what GeoTIFF keeps in its tags.

/// Key of GeoTIFF's directory that says whether a pixel is an area or a point, and the value for an area.
const RASTER_TYPE: u16 = 1025;
const AREA: u16 = 1;
const POINT: u16 = 2;
/// Keys that name the coordinate system: geographic and projected codes, projection, its units.
const SYSTEM_KEYS: [u16; 5] = [1024, 2048, 3072, 3074, 3076];

/// The place of a picture on the Earth and the coordinate system it is told in.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ground {
    /// Coordinates of the corner of the first pixel.
    pub origin: [f64; 2],
    /// What a step of one pixel to the right and one down add to them.
    pub right: [f64; 2],
    pub down: [f64; 2],
    /// GeoTIFF's key directory with its numbers and its text, as they stood in the file.
    pub keys: Vec<u16>,
    pub doubles: Vec<f64>,
    pub ascii: String,
}

impl Ground {
    /// The ground that the tags of a file tell; `None` when they tell none. `scale` is ModelPixelScale, `tie`
    /// ModelTiepoint, `matrix` ModelTransformation.
    pub fn of_tags(scale: &[f64], tie: &[f64], matrix: &[f64], keys: Vec<u16>) -> Option<Self> {
        let mut ground = match (matrix, scale, tie) {
            ([a, b, _, x, c, d, _, y, ..], _, _) => {
                Self { origin: [*x, *y], right: [*a, *c], down: [*b, *d], ..Self::default() }
            }
            (_, [width, height, ..], [column, row, _, x, y, ..]) => Self {
                origin: [x - column * width, y + row * height],
                right: [*width, 0.0],
                down: [0.0, -height],
                ..Self::default()
            },
            _ => return None,
        };
        let turned = ground.right[0] * ground.down[1] - ground.right[1] * ground.down[0];
        if !(turned.is_finite() && turned != 0.0 && ground.origin.iter().all(|v| v.is_finite())) {
            return None;
        }
        ground.keys = keys;
        // A point is the middle of its pixel; from here on a pixel is an area.
        if let Some(value) = ground.keys.chunks_exact_mut(4).skip(1).find(|key| key[0] == RASTER_TYPE)
            && value[3] == POINT
        {
            value[3] = AREA;
            ground.origin = ground.at(-0.5, -0.5);
        }
        Some(ground)
    }

    /// The coordinates of a place, in pixels from the corner of the first one.
    pub fn at(&self, x: f64, y: f64) -> [f64; 2] {
        [0, 1].map(|axis| self.origin[axis] + x * self.right[axis] + y * self.down[axis])
    }

    /// Where coordinates lie, in pixels from the corner of the first one.
    pub fn pixel(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let (x, y) = (x - self.origin[0], y - self.origin[1]);
        let turned = self.right[0] * self.down[1] - self.right[1] * self.down[0];
        [(x * self.down[1] - y * self.down[0]) / turned, (y * self.right[0] - x * self.right[1]) / turned]
    }

    /// The ground of a part of the picture that begins `x` pixels to the right and `y` down, in pixels `scale` times as
    /// large: the patches of a window.
    #[must_use]
    pub fn part(&self, x: f64, y: f64, scale: f64) -> Self {
        Self {
            origin: self.at(x, y),
            right: self.right.map(|v| v * scale),
            down: self.down.map(|v| v * scale),
            ..self.clone()
        }
    }

    /// Whether both are told in the same coordinate system, as far as the codes say.
    pub fn same_system(&self, other: &Self) -> bool {
        let codes = |ground: &Self| SYSTEM_KEYS.map(|key| ground.key(key));
        codes(self) == codes(other)
    }

    fn key(&self, id: u16) -> Option<u16> {
        self.keys.chunks_exact(4).skip(1).find(|key| key[0] == id && key[1] == 0).map(|key| key[3])
    }

    /// Left, top, right and bottom of another picture of `width` × `height` pixels, in pixels of this one.
    pub fn frame_of(&self, other: &Self, [width, height]: [usize; 2]) -> [f64; 4] {
        let corners = [[0.0, 0.0], [width as f64, 0.0], [0.0, height as f64], [width as f64, height as f64]];
        corners.into_iter().map(|[x, y]| self.pixel(other.at(x, y))).fold(
            [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY],
            |[left, top, right, bottom], [x, y]| [left.min(x), top.min(y), right.max(x), bottom.max(y)],
        )
    }

    /// Whether pixel rows and columns run along the axes, rightwards and down.
    pub fn is_upright(&self) -> bool {
        self.right[1] == 0.0 && self.down[0] == 0.0 && self.right[0] > 0.0 && self.down[1] < 0.0
    }
}
