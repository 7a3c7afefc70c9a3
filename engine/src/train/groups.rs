//! Which weights decay and how fast each learns, as a table in the order of the weights.

use crate::weights::Weights;

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
/// The stem (class token, positions, patch embedding) is layer 0, block i is layer i + 1, everything after the blocks
/// is layer `depth` + 1; the factor of a layer is `decay^(depth + 1 − layer)`. Weights of one dimension and those in
/// `no_decay` do not decay.
pub fn layer_decay_groups(
    weights: &Weights,
    depth: usize,
    decay: f64,
    weight_decay: f64,
    no_decay: &[&str],
) -> Vec<Group> {
    groups(weights, |name, shape| {
        let above = (depth + 1).saturating_sub(layer_of(name, depth));
        let decays = shape.len() > 1 && !no_decay.contains(&name);
        Group { lr_scale: decay.powf(above as f64), weight_decay: if decays { weight_decay } else { 0.0 } }
    })
}

fn layer_of(name: &str, depth: usize) -> usize {
    if matches!(name, "cls_token" | "pos_embed") || name.starts_with("patch_embed") {
        return 0;
    }
    let block =
        name.strip_prefix("blocks.").and_then(|rest| rest.split('.').next()).and_then(|i| i.parse::<usize>().ok());
    block.map_or(depth + 1, |i| i + 1)
}
