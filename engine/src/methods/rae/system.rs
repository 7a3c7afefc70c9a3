//! A denoiser with the knobs that say how it is trained and walked on, and the vectors it works on.

use crate::batch::{Half, Role};
use crate::density::mixture::Mixture;
use crate::error::Result;
use crate::loader::Loader;
use crate::methods::rae::chain::Chain;
use crate::methods::rae::model::Rae;

/// A net with the knobs that say how it is trained and walked on.
#[derive(Debug, Clone)]
pub struct Denoising {
    pub rae: Rae,
    /// The noise starts this many times larger and falls evenly, on a logarithmic scale, to σ over the first half of
    /// the run.
    pub(super) ladder: f64,
    /// Points that are trained on, the first of the set; 0: all.
    pub(super) samples: usize,
    pub chain: Chain,
}

/// What this system has to know of a set of vectors.
pub(super) struct Vectors<'a> {
    pub dims: usize,
    /// [vectors, dims]
    pub train: Vec<f32>,
    pub truth: Option<&'a Mixture>,
}

/// The vectors that a loader trains on.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when it holds something else.
pub(super) fn set(loader: &Loader) -> Result<Vectors<'_>> {
    let all: Vec<usize> = (0..loader.len(Half::Train)).collect();
    let train = loader.evaluation_batch(Half::Train, &all)?.floats(Role::Vectors)?.clone();
    let dims = train.shape.last().copied().unwrap_or(1).max(1);
    Ok(Vectors { dims, train: train.values, truth: loader.density() })
}
