//! Which knobs of regularized autoencoders follow from the shapes of their weights.

use crate::methods::rae::card::Net;
use crate::sizes::Sizes;

/// Which net it is, its width and depth.
pub fn sizes(of: &mut Sizes<'_>) {
    let layers = of.count("net.");
    if layers > 0 {
        of.choice("net", Net::Modern);
        of.side("hidden", "net.0.weight", 0);
        // The last one leads back to the vectors.
        of.number("layers", Some(layers - 1));
        of.given("numbers a sample", of.at("net.0.weight", 1));
    } else if of.has("Wc") {
        of.choice("net", Net::Classic);
        of.side("hidden", "Wc", 1);
        of.given("numbers a sample", of.at("Wc", 0));
    }
}
