//! From pictures to batches: random resized crops for training, the fixed centre crop for evaluation (the MAE recipe).

use crate::data::pictures::{Picture, PictureData, Split};
use crate::data::resample::{Area, Pixel, Raster, cut, resize, scaled};
use crate::rng::Rng;

/// Tries of the random resized crop before the centred one is taken.
const TRIES: usize = 10;
/// Bounds of a crop's width over its height.
const NARROWEST: f32 = 3.0 / 4.0;
const WIDEST: f32 = 4.0 / 3.0;
/// Smallest crop of the linear probe's recipe, as a part of the area.
const PROBE_SMALLEST: f32 = 0.08;

/// How a training sample differs from its picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Augment {
    /// Smallest crop as a part of the picture's area (0.2 in MAE's pre-training); 1 or more: no crop, as in evaluation.
    pub smallest_crop: f32,
    /// Mirror every other picture.
    pub flip: bool,
    /// Turn every picture by a random number of quarter turns: for pictures without an above, as satellites take them.
    pub turns: bool,
}

/// A random part of a picture of `width` × `height`: its area is uniform in (`smallest`, 1) of the whole, its aspect
/// ratio log-uniform in (3/4, 4/3). After ten draws that do not fit: the largest centred part of an allowed ratio.
pub fn random_area(width: u32, height: u32, smallest: f32, rng: &mut Rng) -> Area {
    for _ in 0..TRIES {
        let (w, h) = draw_sides(width, height, smallest, rng);
        if w <= width && h <= height {
            return place(width, height, w, h, rng);
        }
    }
    let ratio = width as f32 / height as f32;
    let (w, h) = if ratio < NARROWEST {
        (width, (width as f32 / NARROWEST).round() as u32)
    } else if ratio > WIDEST {
        ((height as f32 * WIDEST).round() as u32, height)
    } else {
        (width, height)
    };
    let (w, h) = (w.clamp(1, width.max(1)), h.clamp(1, height.max(1)));
    Area { x: width.saturating_sub(w) / 2, y: height.saturating_sub(h) / 2, width: w, height: h }
}

/// As [`random_area`], drawn once and cut off at the picture's sides: the variant of MAE's linear-probe recipe.
pub fn one_shot_area(width: u32, height: u32, smallest: f32, rng: &mut Rng) -> Area {
    let (w, h) = draw_sides(width, height, smallest, rng);
    place(width, height, w.min(width), h.min(height), rng)
}

fn draw_sides(width: u32, height: u32, smallest: f32, rng: &mut Rng) -> (u32, u32) {
    let area = width as f32 * height as f32 * rng.between(smallest.clamp(0.0, 1.0), 1.0);
    let ratio = rng.between(NARROWEST.ln(), WIDEST.ln()).exp();
    (((area * ratio).sqrt().round() as u32).max(1), ((area / ratio).sqrt().round() as u32).max(1))
}

fn place(width: u32, height: u32, w: u32, h: u32, rng: &mut Rng) -> Area {
    let mut start = |whole: u32, part: u32| rng.below((whole - part) as usize + 1) as u32;
    Area { x: start(width, w), y: start(height, h), width: w, height: h }
}

/// A picture as evaluation sees it: shorter side scaled to size · 256/224, centre cropped to `size` × `size`.
///
/// Above 224 pixels the shorter side is scaled straight to `size`, as in the recipe. So it is for a picture that is no
/// larger than `size`: cutting the rim off a small picture that has to be enlarged would only lose what it shows. One
/// of exactly `size` × `size` stays as it is.
pub fn evaluation_crop<T: Pixel>(picture: &Raster<T>, size: u32) -> Raster<T> {
    if (picture.width, picture.height) == (size, size) {
        return picture.clone();
    }
    let shorter = if size > 224 || picture.shorter_side() <= size { size } else { size * 256 / 224 };
    let (width, height) = scaled(picture, shorter);
    let whole = resize(picture, Area::whole(picture), width, height);
    cut(&whole, Area::centre(&whole, size, size))
}

/// The part of a sample that is taken, the same in all roles that show the same place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Which part, in pixels of a picture of these sides; `None`: what evaluation sees.
    area: Option<(Area, [u32; 2])>,
    mirrored: bool,
    /// Quarter turns to the left.
    turns: usize,
}

impl Part {
    /// What evaluation sees.
    pub const EVALUATION: Self = Self { area: None, mirrored: false, turns: 0 };

    /// A random part of a sample whose main picture has these sides (width and height).
    pub fn drawn([width, height]: [u32; 2], augment: Augment, rng: &mut Rng) -> Self {
        let area = (augment.smallest_crop < 1.0)
            .then(|| (random_area(width, height, augment.smallest_crop, rng), [width, height]));
        Self { area, ..Self::EVALUATION }.moved(augment, rng)
    }

    /// This window of a sample whose main picture has these sides; for training mirrored and turned as `augment` says.
    pub fn window(area: Area, sides: [u32; 2], augment: Option<Augment>, rng: &mut Rng) -> Self {
        let part = Self { area: Some((area, sides)), ..Self::EVALUATION };
        augment.map_or(part, |augment| part.moved(augment, rng))
    }

    fn moved(self, augment: Augment, rng: &mut Rng) -> Self {
        let mirrored = augment.flip && rng.chance(0.5);
        Self { mirrored, turns: if augment.turns { rng.below(4) } else { 0 }, ..self }
    }

    /// This part of a picture of the sample, `size` × `size`. A picture of another resolution is cut at the same place.
    pub fn of<T: Pixel>(&self, picture: &Raster<T>, size: usize) -> Raster<T> {
        let crop = match self.area {
            None => evaluation_crop(picture, size as u32),
            Some((area, of)) => resized(picture, area.scaled(of, [picture.width, picture.height]), size),
        };
        self.laid(crop)
    }

    /// The same part of a map whose values are names, not amounts: the nearest value instead of a mix.
    pub fn of_map<T: Pixel>(&self, map: &Raster<T>, size: usize) -> Raster<T> {
        let area = match self.area {
            None => Area::centre(map, map.shorter_side(), map.shorter_side()),
            Some((area, of)) => area.scaled(of, [map.width, map.height]),
        };
        self.laid(nearest(map, area, size as u32))
    }

    fn laid<T: Pixel>(&self, crop: Raster<T>) -> Raster<T> {
        let crop = if self.mirrored { mirrored(crop) } else { crop };
        (0..self.turns).fold(crop, |crop, _| turned(&crop))
    }
}

/// The part `area` of a map, `size` × `size`, each value the nearest one.
fn nearest<T: Pixel>(map: &Raster<T>, area: Area, size: u32) -> Raster<T> {
    let channels = map.channels as usize;
    let place = |i: u32, first: u32, length: u32, last: u32| {
        (first + ((f64::from(i) + 0.5) * f64::from(length) / f64::from(size.max(1))) as u32).min(last.saturating_sub(1))
    };
    let mut pixels = Vec::with_capacity((size * size) as usize * channels);
    for y in 0..size {
        let row = place(y, area.y, area.height, map.height);
        for x in 0..size {
            let at = (row * map.width + place(x, area.x, area.width, map.width)) as usize * channels;
            pixels.extend_from_slice(&map.pixels[at..at + channels]);
        }
    }
    Raster { width: size, height: size, channels: map.channels, pixels }
}

/// A picture turned by a quarter to the left.
fn turned<T: Pixel>(picture: &Raster<T>) -> Raster<T> {
    let (width, height, channels) = (picture.width as usize, picture.height as usize, picture.channels as usize);
    let mut pixels = Vec::with_capacity(picture.pixels.len());
    for column in (0..width).rev() {
        for row in 0..height {
            let at = (row * width + column) * channels;
            pixels.extend_from_slice(&picture.pixels[at..at + channels]);
        }
    }
    Raster { width: picture.height, height: picture.width, channels: picture.channels, pixels }
}

/// The pictures of one role one after the other, and the places of those that are not there; zeros stand in their place.
///
/// # Shapes
/// [picture, height, width, channels] = `shape` after the first axis
pub fn stacked<T: Pixel>(pictures: &[Option<Raster<T>>], shape: [usize; 3]) -> (Vec<T>, Vec<usize>) {
    let size: usize = shape.iter().product();
    let mut values = vec![T::default(); pictures.len() * size];
    let mut without = Vec::new();
    for (place, (picture, out)) in pictures.iter().zip(values.chunks_exact_mut(size.max(1))).enumerate() {
        match picture {
            Some(picture) if picture.pixels.len() == size => out.copy_from_slice(&picture.pixels),
            _ => without.push(place),
        }
    }
    (values, without)
}

/// A training batch: the pictures `indices` of `split`, each cropped and flipped by its own stream `rng.at(place in the
/// batch)`.
///
/// An index past the end starts again from the first picture, so small sets fill large batches. An empty split gives an
/// empty batch.
///
/// # Shapes
/// Result: bytes [indices.len(), size, size, channels]. A grey picture fills every channel.
pub fn batch(set: &PictureData, split: &Split, indices: &[usize], size: usize, augment: Augment, rng: &Rng) -> Vec<u8> {
    fill(set, split, indices, size, |place, picture| {
        Part::drawn([picture.width, picture.height], augment, &mut rng.at(place as u64)).of(picture, size)
    })
}

/// A batch of the linear probe's recipe: one-shot crops of at least 8 % of the area, flipped half of the time.
/// Otherwise as [`batch`].
pub fn probe_batch(set: &PictureData, split: &Split, indices: &[usize], size: usize, rng: &Rng) -> Vec<u8> {
    fill(set, split, indices, size, |place, picture| {
        let mut rng = rng.at(place as u64);
        let crop = resized(picture, one_shot_area(picture.width, picture.height, PROBE_SMALLEST, &mut rng), size);
        if rng.chance(0.5) { mirrored(crop) } else { crop }
    })
}

/// A batch as evaluation sees it ([`evaluation_crop`]); nothing random. Otherwise as [`batch`].
pub fn evaluation_batch(set: &PictureData, split: &Split, indices: &[usize], size: usize) -> Vec<u8> {
    fill(set, split, indices, size, |_, picture| evaluation_crop(picture, size as u32))
}

fn resized<T: Pixel>(picture: &Raster<T>, area: Area, size: usize) -> Raster<T> {
    resize(picture, area, size as u32, size as u32)
}

fn mirrored<T: Pixel>(mut picture: Raster<T>) -> Raster<T> {
    let channels = picture.channels.max(1) as usize;
    let row_bytes = (picture.width as usize * channels).max(1);
    for row in picture.pixels.chunks_exact_mut(row_bytes) {
        // Reversing the bytes reverses the channels of each pixel too; the second pass puts those right.
        row.reverse();
        row.chunks_exact_mut(channels).for_each(<[T]>::reverse);
    }
    picture
}

fn fill(
    set: &PictureData,
    split: &Split,
    indices: &[usize],
    size: usize,
    crop: impl Fn(usize, &Picture) -> Picture + Sync,
) -> Vec<u8> {
    let sample = set.channels * size * size;
    if split.is_empty() || sample == 0 {
        return Vec::new();
    }
    let mut out = vec![0; indices.len() * sample];
    let write = |(place, out): (usize, &mut [u8])| {
        let crop = crop(place, &split.pictures[indices[place] % split.len()]);
        let has = crop.channels.max(1) as usize;
        for (out, pixel) in out.chunks_exact_mut(set.channels).zip(crop.pixels.chunks_exact(has)) {
            out.iter_mut().enumerate().for_each(|(channel, out)| *out = pixel[channel % has]);
        }
    };
    #[cfg(not(target_arch = "wasm32"))]
    {
        use rayon::prelude::*;
        out.par_chunks_mut(sample).enumerate().for_each(write);
    }
    #[cfg(target_arch = "wasm32")]
    out.chunks_mut(sample).enumerate().for_each(write);
    out
}
