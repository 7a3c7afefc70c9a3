//! Bicubic resizing of a part of a picture (Catmull–Rom, a = −½), widened when it shrinks so that nothing aliases.
//!
//! This is what image libraries call "bicubic with antialiasing". Training crops every picture anew, so the vertical
//! pass runs along whole rows of the part that is wanted and touches nothing else.

/// A picture of any number of channels: rows from top to bottom, pixels from left to right, channels together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster<T> {
    pub width: u32,
    pub height: u32,
    pub channels: u32,
    /// [height, width, channels], `width · height · channels` values.
    pub pixels: Vec<T>,
}

impl<T> Raster<T> {
    /// The length of the shorter side, in pixels.
    pub fn shorter_side(&self) -> u32 {
        self.width.min(self.height)
    }
}

/// What a channel of a pixel is stored as.
pub trait Pixel: Copy + Default + Send + Sync {
    fn number(self) -> f32;
    /// The nearest value that can be stored.
    fn nearest(number: f32) -> Self;
}

impl Pixel for u8 {
    fn number(self) -> f32 {
        f32::from(self)
    }

    fn nearest(number: f32) -> Self {
        number.round().clamp(0.0, 255.0) as Self
    }
}

impl Pixel for u16 {
    fn number(self) -> f32 {
        f32::from(self)
    }

    fn nearest(number: f32) -> Self {
        number.round().clamp(0.0, 65535.0) as Self
    }
}

impl Pixel for f32 {
    fn number(self) -> f32 {
        self
    }

    fn nearest(number: f32) -> Self {
        number
    }
}

/// A rectangle of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl Area {
    /// The whole picture.
    pub fn whole<T>(picture: &Raster<T>) -> Self {
        Self { x: 0, y: 0, width: picture.width, height: picture.height }
    }

    /// The largest rectangle of these sides, at most the picture's own, around its centre.
    pub fn centre<T>(picture: &Raster<T>, width: u32, height: u32) -> Self {
        let (width, height) = (width.min(picture.width), height.min(picture.height));
        Self { x: (picture.width - width) / 2, y: (picture.height - height) / 2, width, height }
    }

    /// The same part of a picture of other sides: width and height it was chosen in, and those of the other.
    #[must_use]
    pub fn scaled(self, from: [u32; 2], to: [u32; 2]) -> Self {
        if from == to {
            return self;
        }
        let scale =
            |at: u32, axis: usize| (f64::from(at) * f64::from(to[axis]) / f64::from(from[axis].max(1))).round() as u32;
        let (x, y) = (scale(self.x, 0), scale(self.y, 1));
        let [right, bottom] = [scale(self.x + self.width, 0), scale(self.y + self.height, 1)];
        Self { x, y, width: (right - x).max(1), height: (bottom - y).max(1) }
    }

    /// The part of this rectangle that lies in the picture.
    fn within<T>(self, picture: &Raster<T>) -> Self {
        let (x, y) = (self.x.min(picture.width), self.y.min(picture.height));
        Self { x, y, width: self.width.min(picture.width - x), height: self.height.min(picture.height - y) }
    }
}

/// Which values along one axis make up one value of the result.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

fn cubic(x: f32) -> f32 {
    let x = x.abs();
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        ((2.5 - 0.5 * x) * x - 4.0) * x + 2.0
    } else {
        0.0
    }
}

fn taps(from: u32, to: u32) -> Vec<Taps> {
    let scale = from as f32 / to as f32;
    let stretch = scale.max(1.0);
    (0..to)
        .map(|i| {
            let centre = (i as f32 + 0.5) * scale;
            let first = (centre - 2.0 * stretch).floor().max(0.0) as usize;
            let last = ((centre + 2.0 * stretch).ceil() as usize).min(from as usize);
            let weights: Vec<f32> = (first..last).map(|j| cubic((j as f32 + 0.5 - centre) / stretch)).collect();
            let sum: f32 = weights.iter().sum();
            Taps { first, weights: weights.into_iter().map(|w| w / sum).collect() }
        })
        .collect()
}

/// The part `area` of a picture (as far as it lies inside), resized to `width` × `height` pixels.
pub fn resize<T: Pixel>(picture: &Raster<T>, area: Area, width: u32, height: u32) -> Raster<T> {
    let area = area.within(picture);
    if (area.width, area.height) == (width, height) {
        return cut(picture, area);
    }
    let channels = picture.channels as usize;
    let (rows, columns) = (taps(area.height, height), taps(area.width, width));
    let mut row = vec![0.0_f32; area.width as usize * channels];
    let mut sums = vec![0.0_f32; channels];
    let mut pixels = Vec::with_capacity(width as usize * height as usize * channels);
    for tap in &rows {
        row.fill(0.0);
        for (k, weight) in tap.weights.iter().enumerate() {
            let source = source_row(picture, area, tap.first + k);
            for (sum, value) in row.iter_mut().zip(source) {
                *sum += weight * value.number();
            }
        }
        for tap in &columns {
            sums.fill(0.0);
            for (weight, pixel) in tap.weights.iter().zip(row[tap.first * channels..].chunks_exact(channels)) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += weight * value;
                }
            }
            pixels.extend(sums.iter().map(|v| T::nearest(*v)));
        }
    }
    Raster { width, height, channels: picture.channels, pixels }
}

/// The part `area` of a picture (as far as it lies inside), pixel for pixel.
pub fn cut<T: Pixel>(picture: &Raster<T>, area: Area) -> Raster<T> {
    let area = area.within(picture);
    let pixels = (0..area.height as usize).flat_map(|y| source_row(picture, area, y)).copied().collect();
    Raster { width: area.width, height: area.height, channels: picture.channels, pixels }
}

/// The picture with its shorter side scaled down to `keep` pixels; a smaller one stays as it is.
pub fn shrink<T: Pixel>(picture: Raster<T>, keep: u32) -> Raster<T> {
    let shorter = picture.shorter_side();
    if shorter <= keep.max(1) {
        return picture;
    }
    let (width, height) = scaled(&picture, keep.max(1));
    resize(&picture, Area::whole(&picture), width, height)
}

/// The sides of a picture whose shorter one is scaled to `shorter` pixels.
pub fn scaled<T>(picture: &Raster<T>, shorter: u32) -> (u32, u32) {
    let long = |side: u32| (u64::from(side) * u64::from(shorter) / u64::from(picture.shorter_side().max(1))) as u32;
    if picture.width <= picture.height { (shorter, long(picture.height)) } else { (long(picture.width), shorter) }
}

fn source_row<T>(picture: &Raster<T>, area: Area, y: usize) -> &[T] {
    let channels = picture.channels as usize;
    let start = ((area.y as usize + y) * picture.width as usize + area.x as usize) * channels;
    &picture.pixels[start..start + area.width as usize * channels]
}
