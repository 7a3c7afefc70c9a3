//! Mixed pictures for fine-tuning: mixup, CutMix, random erasing. All on the host, before the batch goes to the device.
//!
//! Zhang et al., "mixup", ICLR 2018 (arXiv 1710.09412); Yun et al., "CutMix", ICCV 2019 (arXiv 1905.04899);
//! Zhong et al., "Random Erasing Data Augmentation", AAAI 2020 (arXiv 1708.04896).

use std::ops::Range;

use crate::error::Result;
use crate::rng::Rng;
use crate::train::losses::smooth_targets;

/// How a batch is mixed. The default is the recipe of MAE's fine-tuning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mix {
    /// λ of mixup comes from Beta(α, α); 0 turns mixup off.
    pub mixup_alpha: f64,
    /// λ of CutMix comes from Beta(α, α); 0 turns CutMix off.
    pub cutmix_alpha: f64,
    /// Label smoothing ε of both targets.
    pub smoothing: f64,
}

impl Default for Mix {
    fn default() -> Self {
        Self { mixup_alpha: 0.8, cutmix_alpha: 1.0, smoothing: 0.1 }
    }
}

/// Mix a batch with its own reverse, by mixup or CutMix (a fair coin when both are on).
///
/// The targets are `λ · onehot_s(y) + (1 − λ) · onehot_s(y reversed)`; for CutMix λ is the share of the picture that
/// stayed.
///
/// # Shapes
/// * pictures: [batch, channels, height, width], row-major, changed in place
/// * returns targets [batch, classes]
///
/// # Errors
/// [`crate::error::Error::Data`] when a label is not below `classes`.
pub fn mix(
    pictures: &mut [f32],
    shape: [usize; 4],
    labels: &[u32],
    classes: usize,
    how: Mix,
    rng: &mut Rng,
) -> Result<Vec<f32>> {
    let cut = how.cutmix_alpha > 0.0 && (how.mixup_alpha <= 0.0 || rng.chance(0.5));
    let kept = if cut {
        let [_, _, height, width] = shape;
        let share = rng.beta(how.cutmix_alpha, how.cutmix_alpha);
        let (rows, columns) = cut_box(height, width, share, rng);
        swap_box(pictures, shape, &rows, &columns);
        1.0 - (rows.len() * columns.len()) as f64 / (height * width) as f64
    } else if how.mixup_alpha > 0.0 {
        let share = rng.beta(how.mixup_alpha, how.mixup_alpha);
        blend(pictures, shape[0], share as f32);
        share
    } else {
        1.0
    };
    let own = smooth_targets(labels, classes, how.smoothing)?;
    let reversed = own.chunks(classes.max(1)).rev().flatten();
    Ok(own.iter().zip(reversed).map(|(a, b)| (kept * f64::from(*a) + (1.0 - kept) * f64::from(*b)) as f32).collect())
}

/// `x_b ← λ x_b + (1 − λ) x_(B−1−b)`, both partners at once.
fn blend(pictures: &mut [f32], batch: usize, share: f32) {
    let size = (pictures.len() / batch.max(1)).max(1);
    let (front, back) = pictures.split_at_mut(pictures.len().saturating_sub(batch / 2 * size));
    for (one, partner) in front.chunks_mut(size).zip(back.chunks_mut(size).rev()) {
        for (a, b) in one.iter_mut().zip(partner) {
            (*a, *b) = (share * *a + (1.0 - share) * *b, share * *b + (1.0 - share) * *a);
        }
    }
}

/// A box of about `1 − share` of the area around a uniform centre, cut off at the border.
fn cut_box(height: usize, width: usize, share: f64, rng: &mut Rng) -> (Range<usize>, Range<usize>) {
    let ratio = (1.0 - share).max(0.0).sqrt();
    let mut side = |length: usize| {
        let half = (length as f64 * ratio) as usize / 2;
        let centre = rng.below(length);
        centre.saturating_sub(half)..(centre + half).min(length)
    };
    (side(height), side(width))
}

fn swap_box(
    pictures: &mut [f32],
    [batch, channels, height, width]: [usize; 4],
    rows: &Range<usize>,
    columns: &Range<usize>,
) {
    let size = (channels * height * width).max(1);
    let (front, back) = pictures.split_at_mut(pictures.len().saturating_sub(batch / 2 * size));
    for (one, partner) in front.chunks_mut(size).zip(back.chunks_mut(size).rev()) {
        for line in (0..channels).flat_map(|c| rows.clone().map(move |r| (c * height + r) * width)) {
            let span = line + columns.start..line + columns.end;
            one[span.clone()].swap_with_slice(&mut partner[span]);
        }
    }
}

/// With probability `p` for each picture, fill a box with standard normal noise, fresh for every pixel and channel.
///
/// Area 2 % … 33 % of the picture, aspect log-uniform in 0.3 … 1/0.3, ten tries. Pictures are already normalised.
///
/// # Shapes
/// * pictures: [batch, channels, height, width], row-major, changed in place
pub fn random_erasing(pictures: &mut [f32], [_, channels, height, width]: [usize; 4], p: f64, rng: &mut Rng) {
    let size = channels * height * width;
    for picture in pictures.chunks_mut(size.max(1)) {
        if !rng.chance(p) {
            continue;
        }
        let Some((rows, columns)) = (0..10).find_map(|_| erased_box(height, width, rng)) else { continue };
        for line in (0..channels).flat_map(|c| rows.clone().map(move |r| (c * height + r) * width)) {
            for value in &mut picture[line + columns.start..line + columns.end] {
                *value = rng.normal();
            }
        }
    }
}

fn erased_box(height: usize, width: usize, rng: &mut Rng) -> Option<(Range<usize>, Range<usize>)> {
    let area = (height * width) as f64 * (0.02 + (1.0 / 3.0 - 0.02) * rng.uniform_f64());
    let widest = (1.0 / 0.3_f64).ln();
    let aspect = (widest * (2.0 * rng.uniform_f64() - 1.0)).exp();
    let (h, w) = ((area * aspect).sqrt().round() as usize, (area / aspect).sqrt().round() as usize);
    if h >= height || w >= width {
        return None;
    }
    let (top, left) = (rng.below(height - h + 1), rng.below(width - w + 1));
    Some((top..top + h, left..left + w))
}
