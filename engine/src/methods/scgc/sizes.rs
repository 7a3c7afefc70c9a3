//! Which knobs of SCGC follow from the shapes of its weights.

use crate::sizes::Sizes;

/// Widths of the layers and the number of clusters.
pub fn sizes(of: &mut Sizes<'_>) {
    of.side("hidden_1", "ae.enc_1.weight", 0);
    of.side("hidden_2", "ae.enc_2.weight", 0);
    of.side("hidden_3", "ae.enc_3.weight", 0);
    of.side("width", "ae.z_layer.weight", 0);
    of.given("features a node", of.at("ae.enc_1.weight", 1));
    of.given("classes, or with the knob clusters at this number", of.at("cluster_layer", 0));
}
