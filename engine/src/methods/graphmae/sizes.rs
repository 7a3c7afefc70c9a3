//! Which knobs of GraphMAE follow from the shapes of its weights.

use crate::methods::graphmae::card::Layers;
use crate::sizes::Sizes;

/// Kind, width, heads and number of the encoder's layers.
pub fn sizes(of: &mut Sizes<'_>) {
    of.side("hidden", "encoder_to_decoder.weight", 0);
    let attends = of.has("encoder.gat_layers.0.attn_l");
    for (start, layers, certain) in [
        ("encoder.gat_layers.", Layers::Gat, attends),
        ("encoder.gcn_layers.", Layers::Gcn, true),
        ("encoder.layers.", Layers::Gin, true),
    ] {
        if of.count(start) > 0 {
            of.blocks("layers", start);
            if certain {
                of.choice("encoder", layers);
            }
        }
    }
    of.side("heads", "encoder.gat_layers.0.attn_l", 1);
    of.given("features a node", of.at("enc_mask_token", 1));
}
