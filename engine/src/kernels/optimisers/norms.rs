//! Norms over many tensors in few launches: of all gradients together, and of every weight and its change.

use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::{Flex, FlexTensor};
use masquerade_twins::optimisers;

use super::weight_table::{Entry, Table};
use crate::kernels::launch::{KernelInfo, Launch, empty, word};
use crate::kernels::sheet::{self, BLOCK};
use crate::kernels::twin;

/// Invocations of a workgroup that works on a block, each on 4 values.
pub(crate) const LANES: u32 = BLOCK as u32 / 4;
const SUMMING: u32 = 256;

/// `norms_blocks.wgsl`
pub const BLOCKS: KernelInfo = KernelInfo {
    stem: "norms_blocks",
    template: shader!("optimisers/norms_blocks", "shared/weights", "shared/gradients", "shared/pair_sum"),
    examples: &[&[("workgroup", LANES)]],
};

/// `norms_weights.wgsl`
pub const WEIGHTS: KernelInfo = KernelInfo {
    stem: "norms_weights",
    template: shader!("optimisers/norms_weights", "shared/weights", "shared/pair_sum"),
    examples: &[&[("workgroup", SUMMING)]],
};

/// `norms_total.wgsl`
pub const TOTAL: KernelInfo = KernelInfo {
    stem: "norms_total",
    template: shader!("optimisers/norms_total", "shared/pair_sum"),
    examples: &[&[("workgroup", SUMMING)]],
};

/// The Euclidean norm over the values of all tensors together, a tensor of one element; `None` when there is no tensor.
///
/// The tensors are flat, on one device, without autodiff. On the GPU they are best those of
/// [`crate::weights::Weights::backward`]: others are copied first.
pub fn global_norm(tensors: &[Option<Tensor<1>>]) -> Option<Tensor<1>> {
    let present: Vec<&Tensor<1>> = tensors.iter().flatten().collect();
    if crate::kernels::choice::stock() {
        return stock(&present);
    }
    let on_gpu: Option<Vec<CubeTensor>> = present.iter().map(|t| sheet::on_gpu(t)).collect();
    if let Some(held) = on_gpu {
        return norm_on_gpu(held).map(Tensor::from_primitive::<CubeBackend>);
    }
    let held: Option<Vec<FlexTensor>> =
        present.iter().map(|t| (*t).clone().try_into_primitive::<Flex>().ok()).collect();
    held.map_or_else(|| stock(&present), |held| norm_on_cpu(held).map(Tensor::from_primitive::<Flex>))
}

fn stock(tensors: &[&Tensor<1>]) -> Option<Tensor<1>> {
    tensors.iter().map(|g| (*g).clone().square().sum()).reduce(Tensor::add).map(Tensor::sqrt)
}

fn norm_on_gpu(tensors: Vec<CubeTensor>) -> Option<CubeTensor> {
    let like = tensors.first()?.clone();
    let (layout, sheets) = sheet::found(tensors, &like);
    let entries = vec![Entry { live: true, ..Entry::default() }; layout.places.len()];
    let tables: Vec<Table> = (0..sheets.len()).map(|index| Table::of(&layout, index, &entries, None, &like)).collect();
    Some(of_sheets(&sheets, &tables, &like))
}

/// The norm over the values of all live weights of these sheets, one element.
pub(crate) fn of_sheets(sheets: &[CubeTensor], tables: &[Table], like: &CubeTensor) -> CubeTensor {
    let blocks: usize = sheets.iter().map(sheet::blocks).sum();
    let (sums, norm) = (empty(like, [blocks, 2]), empty(like, [1]));
    let mut before = 0;
    for (held, table) in sheets.iter().zip(tables) {
        block_sums([held, held], table, None, &sums, before);
        before += sheet::blocks(held);
    }
    Launch {
        info: &TOTAL,
        values: &[],
        workgroup: SUMMING,
        groups: 1,
        inputs: &[&sums],
        outputs: &[&norm],
        params: &[word(blocks)],
    }
    .run();
    norm
}

/// The norm of all gradients and what it must not exceed.
pub(crate) type Limit<'a> = Option<(&'a CubeTensor, f32)>;

/// What is bound and said for a limit: without one any buffer and 0.
pub(crate) fn bound<'a>(limit: Limit<'a>, table: &'a Table) -> (&'a CubeTensor, u32) {
    limit.map_or((&table.on_device, 0), |(norm, most)| (norm, most.to_bits()))
}

/// Sums of squares of weights and changes, g + decay p, of every block of a sheet, into `sums` from block `before` on.
pub(crate) fn block_sums([p, g]: [&CubeTensor; 2], table: &Table, limit: Limit<'_>, sums: &CubeTensor, before: usize) {
    let (norm, most) = bound(limit, table);
    for (first, [p, g]) in sheet::ranges([p, g]) {
        let blocks = sheet::blocks(&p);
        Launch {
            info: &BLOCKS,
            values: &[],
            workgroup: LANES,
            groups: blocks,
            inputs: &[&p, &g, &table.on_device, norm],
            outputs: &[sums],
            params: &[word(first), word(blocks), word(table.weights), most, word(before)],
        }
        .run();
    }
}

/// The sums of squares [W, 2] of every weight of a sheet from those of its blocks.
pub(crate) fn weight_sums(sums: &CubeTensor, table: &Table) -> CubeTensor {
    let out = empty(sums, [table.weights, 2]);
    Launch {
        info: &WEIGHTS,
        values: &[],
        workgroup: SUMMING,
        groups: table.weights,
        inputs: &[sums, &table.on_device],
        outputs: &[&out],
        params: &[word(table.weights)],
    }
    .run();
    out
}

fn norm_on_cpu(tensors: Vec<FlexTensor>) -> Option<FlexTensor> {
    if tensors.is_empty() {
        return None;
    }
    let held: Vec<twin::Floats> = tensors.into_iter().map(twin::Floats::new).collect();
    let sum = optimisers::squares(&held.iter().map(|values| &**values).collect::<Vec<_>>());
    Some(twin::tensor(vec![sum.sqrt() as f32], [1]))
}
