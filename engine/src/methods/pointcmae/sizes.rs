//! Which knobs of Point-CMAE follow from the shapes of its weights.

use crate::methods::pointcmae::card::System;
use crate::sizes::Sizes;

/// Widths and depths of encoder and decoders, the size of a group, and which of the two systems it is.
pub fn sizes(of: &mut Sizes<'_>) {
    of.side("dim", "MAE_encoder.norm.weight", 0);
    of.blocks("depth", "MAE_encoder.blocks.blocks.");
    of.heads("heads", "dim", 64);
    of.side("point_width", "MAE_encoder.encoder.first_conv.0.weight", 0);
    of.side("position_width", "MAE_encoder.pos_embed.0.weight", 0);
    of.blocks("dec_depth", "MAE_decoder.blocks.");
    of.heads("dec_heads", "dim", 64);
    // A group's points have three coordinates each.
    of.number("group_size", of.at("increase_dim.0.weight", 0).map(|values| values / 3));
    if of.has("MAE_decoder_.") {
        of.choice("system", System::PointCmae);
    } else if of.has("MAE_decoder.") {
        of.choice("system", System::PointMae);
    }
}
