//! How alike tokens are, as the views show it: cosines of tokens centred over their sample, in colours over the range
//! that these cosines have.
//!
//! Tokens of a trained encoder have a large part in common, their mean. It carries the cosine of raw tokens, so that a
//! map of these is near one everywhere and says nothing. Two display switches go back to it: [`NOT_CENTRED`] and
//! [`WHOLE_RANGE`].

use burn::tensor::Tensor;

use crate::error::Result;
use crate::eval::Features;
use crate::kernels::tokens::similarity_map;
use crate::method::Stage;
use crate::readback;
use crate::session::Switch;
use crate::trace::Legend;

/// Switch: tokens as they are, their mean not taken away.
pub const NOT_CENTRED: &str = "not_centred";
/// Switch: colours from −1 to 1.
pub const WHOLE_RANGE: &str = "whole_range";

/// Cosines that are all so close together make a map of one colour; it says so.
const FLAT: f32 = 0.02;

/// What similarity views show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Similarity {
    /// The mean of the sample's tokens is taken away first.
    pub centred: bool,
    /// Colours from −1 to 1 instead of over the values' own range.
    pub whole_range: bool,
}

impl Default for Similarity {
    fn default() -> Self {
        Self { centred: true, whole_range: false }
    }
}

impl Similarity {
    /// As the stage's display switches say.
    pub fn of(stage: &Stage) -> Self {
        Self { centred: !stage.switched(NOT_CENTRED), whole_range: stage.switched(WHOLE_RANGE) }
    }

    /// The display switches of a system that shows similarities.
    pub fn switches() -> [Switch; 2] {
        [
            Switch::new(NOT_CENTRED, "Not centred", "Compare tokens as they are, without taking their mean away first"),
            Switch::new(
                WHOLE_RANGE,
                "Whole range",
                "Colours of similarities from −1 to 1 instead of over their own range",
            ),
        ]
    }

    /// The tokens that are compared.
    ///
    /// # Shapes
    /// [batch, tokens, dim] → the same
    pub fn tokens(self, tokens: Tensor<3>) -> Tensor<3> {
        if self.centred { tokens.clone() - tokens.mean_dim(1) } else { tokens }
    }

    /// Cosines of token `query` with every token of a sample, their scale and the sentence of [`Similarity::legend`].
    ///
    /// # Shapes
    /// [1, tokens, dim] → [tokens]
    ///
    /// # Errors
    /// [`Error::Device`](crate::error::Error::Device) when the device is lost.
    pub async fn map(self, tokens: Tensor<3>, query: usize) -> Result<(Vec<f32>, Legend, String)> {
        let values = readback::floats(similarity_map(self.tokens(tokens), query)).await?;
        let (legend, how) = self.legend(&values, |token| token == query);
        Ok((values, legend, how))
    }

    /// The features that are compared, on the host: those of all rows centred together.
    pub fn features(self, features: &Features) -> Features {
        let mut shown = features.clone();
        let (dim, rows) = (features.dim, features.rows());
        if self.centred && dim > 0 && rows > 0 {
            let mut mean = vec![0.0_f64; dim];
            for row in features.values.chunks_exact(dim) {
                mean.iter_mut().zip(row).for_each(|(mean, v)| *mean += f64::from(*v));
            }
            for row in shown.values.chunks_exact_mut(dim) {
                row.iter_mut().zip(&mean).for_each(|(v, mean)| *v = (f64::from(*v) - mean / rows as f64) as f32);
            }
        }
        shown
    }

    /// The scale of these cosines and a sentence that says how they were made. `own` tells which of them compare a token
    /// with itself: these are 1 by definition and have no say in the range.
    pub fn legend(self, cosines: &[f32], own: impl Fn(usize) -> bool) -> (Legend, String) {
        let others = || cosines.iter().enumerate().filter(|(i, v)| v.is_finite() && !own(*i)).map(|(_, v)| *v);
        let (low, high) = (others().fold(f32::INFINITY, f32::min), others().fold(f32::NEG_INFINITY, f32::max));
        let (low, high) = if low <= high { (low, high) } else { (-1.0, 1.0) };
        let unit = if self.centred { "cosine, centred" } else { "cosine, not centred" };
        let tokens = if self.centred { "Centred: the mean of all is taken away first." } else { "Not centred." };
        let colours =
            if self.whole_range { "Colours from −1 to 1." } else { "Colours over the range of the values." };
        let mut words = format!("{tokens} {colours}");
        if high - low < FLAT {
            let why = if self.centred { "they hardly differ" } else { "their common mean outweighs all else" };
            words += &format!(" All are nearly alike here ({low:.2} to {high:.2}): {why}.");
        }
        let unit = unit.to_string();
        if self.whole_range {
            return (Legend { low: -1.0, high: 1.0, signed: true, unit }, words);
        }
        // One value has no range of its own.
        let (low, high) = if high - low < 1e-3 { (low - 5e-4, high + 5e-4) } else { (low, high) };
        // Zero stands out where there is something on both sides of it.
        (Legend { low, high, signed: low < 0.0 && high > 0.0, unit }, words)
    }

    /// The tensor of a view of such cosines, from the name of the tokens.
    pub fn tensor(self, tokens: &str) -> String {
        if self.centred { format!("{tokens} − mean") } else { tokens.into() }
    }
}
