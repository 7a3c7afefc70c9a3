//! Which knobs of G-SimCLR follow from the shapes of its weights.

use crate::sizes::Sizes;

/// Groups of blocks, and convolutions of a group's first block and of each further one.
const GROUPS: usize = 3;
const FIRST: usize = 4;
const FURTHER: usize = 3;

/// Widths, depths and windows of the autoencoder, the encoder and its head.
pub fn sizes(of: &mut Sizes<'_>) {
    of.side("ae_side", "ae.conv0.kernel", 0);
    of.side("ae_width", "ae.conv0.kernel", 3);
    // As many layers up as down, and a last one.
    of.number("ae_depth", Some(of.count("ae.conv") / 2));
    let blocks = of.count("conv").checked_sub(1 + GROUPS * FIRST).map(|rest| rest / (GROUPS * FURTHER));
    if let Some(blocks) = blocks {
        of.set("n_blocks", blocks);
        for (group, knob) in ["width_1", "width_2", "width_3"].into_iter().enumerate() {
            // Behind the stem and the groups before it, and behind its own shortcut.
            let narrow = 2 + group * (FIRST + FURTHER * blocks);
            of.side(knob, &format!("conv{narrow}.kernel"), 3);
        }
    }
    for (layer, knob) in ["head_1", "head_2", "head_3"].into_iter().enumerate() {
        of.side(knob, &format!("dense{layer}.kernel"), 1);
    }
    of.given("channels", of.at("conv0.kernel", 2));
}
