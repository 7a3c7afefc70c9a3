//! The shaders of [`super::contrast`].

use crate::kernels::launch::{KernelInfo, Values};

/// Invocations of the kernels that work on tiles, and of those that have one for every row.
pub(crate) const WORKGROUP: u32 = 64;
/// Invocations of the one workgroup that sums up.
pub(crate) const TOTAL_WORKGROUP: u32 = 256;
/// Tiles of rows in a workgroup.
pub(crate) const ACROSS: u32 = 8;

const EXAMPLES: &[Values] = &[
    &[("workgroup", WORKGROUP), ("across", ACROSS), ("groups", 0)],
    &[("workgroup", WORKGROUP), ("across", ACROSS), ("groups", 1)],
];

/// `contrast_unit.wgsl`
pub const UNIT: KernelInfo = KernelInfo {
    stem: "contrast_unit",
    template: shader!("contrast/contrast_unit"),
    examples: &[&[("workgroup", WORKGROUP)]],
};

/// `contrast_scores.wgsl`
pub const SCORES: KernelInfo = KernelInfo {
    stem: "contrast_scores",
    template: shader!("contrast/contrast_scores", "shared/pair_tile", "shared/pair_counts"),
    examples: EXAMPLES,
};

/// `contrast_halves.wgsl`
pub const HALVES: KernelInfo = KernelInfo {
    stem: "contrast_halves",
    template: shader!("contrast/contrast_halves", "shared/pair_tile"),
    examples: &[&[("workgroup", WORKGROUP), ("across", ACROSS)]],
};

/// `contrast_rows.wgsl`
pub const ROWS: KernelInfo = KernelInfo {
    stem: "contrast_rows",
    template: shader!("contrast/contrast_rows"),
    examples: &[&[("workgroup", WORKGROUP)]],
};

/// `contrast_total.wgsl`
pub const TOTAL: KernelInfo = KernelInfo {
    stem: "contrast_total",
    template: shader!("contrast/contrast_total", "shared/row_sum"),
    examples: &[&[("workgroup", TOTAL_WORKGROUP), ("lanes", TOTAL_WORKGROUP)]],
};

/// `contrast_weights.wgsl`
pub const WEIGHTS: KernelInfo = KernelInfo {
    stem: "contrast_weights",
    template: shader!("contrast/contrast_weights", "shared/pair_tile", "shared/pair_counts"),
    examples: EXAMPLES,
};

/// `contrast_sum.wgsl`
pub const SUM: KernelInfo = KernelInfo {
    stem: "contrast_sum",
    template: shader!("contrast/contrast_sum"),
    examples: &[&[("workgroup", WORKGROUP), ("across", ACROSS)]],
};

/// `contrast_backward.wgsl`
pub const BACKWARD: KernelInfo = KernelInfo {
    stem: "contrast_backward",
    template: shader!("contrast/contrast_backward"),
    examples: &[&[("workgroup", WORKGROUP)]],
};
