//! Which knobs of MixedAE follow from the shapes of its weights.

use crate::sizes::Sizes;

/// Width, depth, patch and picture of encoder and decoder, and the pictures of a mixture.
pub fn sizes(of: &mut Sizes<'_>) {
    of.side("dim", "patch_embed.proj.weight", 0);
    of.side("dim", "norm.weight", 0);
    of.blocks("depth", "blocks.");
    of.heads("heads", "dim", 64);
    let patch = of.at("patch_embed.proj.weight", 3);
    of.number("patch_size", patch);
    of.picture("img_size", "pos_embed", patch);
    of.side("dec_dim", "decoder_embed.weight", 0);
    of.blocks("dec_depth", "decoder_blocks.");
    of.heads("dec_heads", "dec_dim", 32);
    of.side("mixed", "segment_embed.weight", 0);
    of.given("channels", of.at("patch_embed.proj.weight", 1));
}
