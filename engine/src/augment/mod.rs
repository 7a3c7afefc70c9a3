//! Views of pictures as SimCLR makes them (Chen, Kornblith, Norouzi, Hinton, ICML 2020, arXiv 2002.05709, appendix A):
//! a random resized crop, mirroring, colour jitter, greyscale, blur.
//!
//! Pictures are values [height, width, channels] in 0 … 1 on the host, of any role and with any number of channels; they
//! are changed in place. This lies below data sets and methods: a loader can cut with it, a method makes views with it.
//! [`colour`] and [`shape`] hold the changes themselves.

pub mod colour;
pub mod shape;

use crate::rng::Rng;

/// Which random changes make a view, and how strong they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// One draw for all pictures of a view; else each picture has its own.
    pub shared: bool,
    /// Smallest crop as a part of the area; 1 or more: none.
    pub smallest_crop: f32,
    pub jitter_chance: f64,
    /// The s of SimCLR: brightness ± 0.8 s, contrast and saturation 1 ± 0.8 s, hue ± 0.2 s.
    pub strength: f32,
    pub grey_chance: f64,
    /// Chance of a blur with a deviation of 0.1 to 2 pixels, a window of a tenth of the height.
    pub blur_chance: f64,
}

impl Recipe {
    /// SimCLR's own for ImageNet.
    pub const SIMCLR: Self = Self {
        shared: false,
        smallest_crop: 0.08,
        jitter_chance: 0.8,
        strength: 1.0,
        grey_chance: 0.2,
        blur_chance: 0.5,
    };
    /// SimCLR's own for small pictures: larger crops, half the jitter, no blur.
    pub const SIMCLR_SMALL: Self = Self { smallest_crop: 0.2, strength: 0.5, blur_chance: 0.0, ..Self::SIMCLR };

    /// Change the pictures of one view, each [height, width, channels], the one by its own number of `rng`.
    ///
    /// Saturation, hue and greyscale are for three channels and leave others as they are.
    pub fn apply(&self, pictures: &mut [f32], sides: [usize; 2], channels: usize, rng: &Rng) {
        let change = |(number, picture): (usize, &mut [f32])| {
            let mut rng = rng.at(if self.shared { 0 } else { number as u64 });
            Draw::new(self, sides, &mut rng).apply(picture, sides, channels);
        };
        let each = (channels * sides[0] * sides[1]).max(1);
        #[cfg(not(target_arch = "wasm32"))]
        {
            use rayon::prelude::*;
            pictures.par_chunks_exact_mut(each).enumerate().for_each(change);
        }
        #[cfg(target_arch = "wasm32")]
        pictures.chunks_exact_mut(each).enumerate().for_each(change);
    }
}

/// What is done to one picture.
struct Draw {
    area: Option<[f32; 4]>,
    flip: bool,
    /// Brightness shift, contrast factor, saturation factor, hue shift.
    jitter: Option<[f32; 4]>,
    grey: bool,
    /// Deviation in pixels.
    blur: Option<f32>,
}

impl Draw {
    fn new(recipe: &Recipe, sides: [usize; 2], rng: &mut Rng) -> Self {
        let (flip, jittered, grey) =
            (rng.chance(0.5), rng.chance(recipe.jitter_chance), rng.chance(recipe.grey_chance));
        let (wide, narrow) = (0.8 * recipe.strength, 0.2 * recipe.strength);
        let factor = |rng: &mut Rng| rng.between(1.0 - wide, 1.0 + wide);
        let jitter = [rng.between(-wide, wide), factor(rng), factor(rng), rng.between(-narrow, narrow)];
        let area = (recipe.smallest_crop < 1.0).then(|| shape::area(sides, recipe.smallest_crop, rng));
        let blur = (recipe.blur_chance > 0.0 && rng.chance(recipe.blur_chance)).then(|| rng.between(0.1, 2.0));
        Self { area, flip, jitter: jittered.then_some(jitter), grey, blur }
    }

    fn apply(&self, picture: &mut [f32], sides: [usize; 2], channels: usize) {
        if let Some(area) = self.area {
            shape::crop(picture, sides, channels, area);
        }
        if self.flip {
            shape::flip(picture, sides[1], channels);
        }
        if let Some([shift, spread, tint, turn]) = self.jitter {
            colour::brightness(picture, shift);
            colour::contrast(picture, channels, spread);
            if channels == 3 {
                colour::saturation(picture, tint);
                colour::hue(picture, turn);
            }
            colour::clip(picture);
        }
        if self.grey && channels == 3 {
            colour::grey(picture, colour::GREY);
        }
        if let Some(deviation) = self.blur {
            shape::blur(picture, sides, channels, deviation);
        }
    }
}
