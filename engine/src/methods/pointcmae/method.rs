//! Point-CMAE as the rest of the engine sees it.

use crate::train::groups::{Group, groups};
use crate::weights::Weights;

/// The authors' table of AdamW: no decay of weights of one dimension, of biases and of what is called a token.
pub(super) fn decay_groups(weights: &Weights, weight_decay: f64) -> Vec<Group> {
    groups(weights, |name, shape| {
        let decays = shape.len() > 1 && !name.ends_with(".bias") && !name.contains("token");
        Group { lr_scale: 1.0, weight_decay: if decays { weight_decay } else { 0.0 } }
    })
}
