//! Which knobs of CROMA follow from the shapes of its weights.

use crate::sizes::Sizes;

/// Channels of the radar sensor: VV and VH.
const POLARISATIONS: usize = 2;

/// Width, depth, patch and scene of the encoders and the decoder.
pub fn sizes(of: &mut Sizes<'_>) {
    of.side("dim", "optical_encoder.linear_input.weight", 0);
    of.side("dim", "radar_encoder.linear_input.weight", 0);
    of.blocks("depth", "optical_encoder.transformer.layers.");
    of.heads("heads", "dim", 48);
    // A patch of the radar has two polarisations for each pixel.
    let patch = of.at("radar_encoder.linear_input.weight", 1).map(|values| (values / POLARISATIONS).isqrt());
    of.number("patch_size", patch);
    of.picture("img_size", "decoder.decoder_pos_embed", patch);
    of.side("dec_dim", "decoder.encoder_to_decoder.weight", 0);
    of.blocks("dec_depth", "decoder.decoder.layers.");
    of.heads("dec_heads", "dec_dim", 32);
}
