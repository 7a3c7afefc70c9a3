//! Which weights decay and how fast each learns, as a table in the order of the weights.

use crate::weights::{Upkeep, Weight, Weights};

/// How an optimiser treats one weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// Factor on the learning rate.
    pub lr_scale: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
}

/// A table from the name and shape of each weight, in the order of `weights.list`.
pub fn groups(weights: &Weights, rule: impl Fn(&str, &[usize]) -> Group) -> Vec<Group> {
    weights.list.iter().map(|w| rule(&w.name, &w.shape)).collect()
}

/// The table of pre-training: everything with more than one dimension decays, so class and mask tokens do,
/// biases and norms do not.
pub fn pretrain_groups(weights: &Weights, weight_decay: f64) -> Vec<Group> {
    groups(weights, |_, shape| Group { lr_scale: 1.0, weight_decay: if shape.len() > 1 { weight_decay } else { 0.0 } })
}

/// The table of fine-tuning with layer-wise learning rates (Bao et al., BEiT, arXiv 2106.08254; Clark et al., ELECTRA).
///
/// Each weight says its own layer: 0 before the encoder's blocks (class token, positions, embedding), i + 1 in block i;
/// what says none comes after them, at `depth` + 1, where `depth` is the largest layer of any weight that trains. The factor of a
/// layer is `decay^(depth + 1 − layer)`. Weights of one dimension and those in `no_decay` do not decay.
pub fn layer_decay_groups(weights: &Weights, decay: f64, weight_decay: f64, no_decay: &[&str]) -> Vec<Group> {
    let last = weights
        .list
        .iter()
        .filter(|w| w.upkeep == Upkeep::Trained)
        .filter_map(|w| w.layer)
        .max()
        .map_or(0, |depth| depth + 1);
    let group = |w: &Weight| {
        let above = last.saturating_sub(w.layer.unwrap_or(last));
        let decays = w.shape.len() > 1 && !no_decay.contains(&w.name.as_str());
        Group { lr_scale: decay.powf(above as f64), weight_decay: if decays { weight_decay } else { 0.0 } }
    };
    weights.list.iter().map(group).collect()
}
