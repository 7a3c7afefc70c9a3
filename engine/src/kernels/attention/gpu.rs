//! The launches of [`super::attention`], in two forms: with tiles of keys and values in workgroup memory for GPUs, and for
//! software adapters, where such memory is as slow as any, with several queries in the registers of each invocation.

use burn_backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;

use super::widths::{joined, narrowed, widened};
use super::{Given, Sizes, Slopes};
use crate::kernels::launch::{KernelInfo, Launch, Values, empty, floats, software, word};

/// Invocations of a workgroup that shares nothing.
const ALONE: u32 = 32;
/// Keys of a step on software adapters.
const STEP: u32 = 32;
/// Values of the two tiles of a workgroup: the 16 KiB that every device has.
const SHARED: usize = 4096;
/// Keys that an invocation of `attention_bias.wgsl` owns.
const BIAS_ROWS: usize = 4;
const BIAS_WORKGROUP: u32 = 64;

/// What a template is filled with.
#[derive(Clone, Copy)]
struct Fill {
    workgroup: u32,
    /// The head dimension in groups of four.
    quads: u32,
    /// Queries or keys of an invocation.
    rows: u32,
    tile: u32,
    shared: bool,
    bias: bool,
    mask: bool,
}

impl Fill {
    /// Names and values; `inputs` and `outputs` count the bindings.
    const fn values(self, inputs: u32, outputs: u32) -> [(&'static str, u32); 12] {
        [
            ("workgroup", self.workgroup),
            ("quads", self.quads),
            ("rows", self.rows),
            ("tile", self.tile),
            ("shared", self.shared as u32),
            ("alone", !self.shared as u32),
            ("bias", self.bias as u32),
            ("mask", self.mask as u32),
            ("at_mask", 2 + self.bias as u32),
            ("outputs", inputs),
            ("more", inputs + 1),
            ("params", inputs + outputs),
        ]
    }
}

const PLAIN: Fill = Fill { workgroup: 64, quads: 16, rows: 1, tile: 32, shared: true, bias: false, mask: false };
const NARROW: Fill = Fill { workgroup: ALONE, quads: 2, rows: 4, tile: STEP, shared: false, bias: false, mask: false };
const WIDE: Fill = Fill { workgroup: 32, quads: 32, rows: 1, tile: 16, shared: true, bias: true, mask: true };
const BIASED: Fill = Fill { bias: true, ..NARROW };
const MASKED: Fill = Fill { mask: true, ..PLAIN };
const BOTH: Fill = Fill { bias: true, mask: true, ..NARROW };

/// Every form of a kernel with so many inputs and outputs, of which a mask has so many for itself.
macro_rules! examples {
    ($inputs:literal, $outputs:literal, $mask:literal) => {{
        const EXAMPLES: &[Values] = &[
            &PLAIN.values($inputs, $outputs),
            &NARROW.values($inputs, $outputs),
            &WIDE.values($inputs + 1 + $mask, $outputs),
            &BIASED.values($inputs + 1, $outputs),
            &MASKED.values($inputs + $mask, $outputs),
            &BOTH.values($inputs + 1 + $mask, $outputs),
        ];
        EXAMPLES
    }};
}

/// `attention.wgsl`
pub const FORWARD: KernelInfo = KernelInfo {
    stem: "attention",
    template: shader!("attention/attention", "shared/attention", "shared/attention_tiles"),
    examples: examples!(2, 2, 1),
};

/// `attention_queries.wgsl`
pub const QUERIES: KernelInfo = KernelInfo {
    stem: "attention_queries",
    template: shader!(
        "attention/attention_queries",
        "shared/attention",
        "shared/attention_backward",
        "shared/attention_tiles"
    ),
    examples: examples!(5, 2, 0),
};

/// `attention_keys.wgsl`
pub const KEYS: KernelInfo = KernelInfo {
    stem: "attention_keys",
    template: shader!("attention/attention_keys", "shared/attention", "shared/attention_backward"),
    examples: examples!(5, 1, 0),
};

/// What `attention_bias.wgsl` is filled with, the workgroup first; it has seven other bindings.
const fn bias_values(quads: u32, mask: u32) -> [(&'static str, u32); 5] {
    [("workgroup", BIAS_WORKGROUP), ("quads", quads), ("rows", BIAS_ROWS as u32), ("mask", mask), ("params", 7)]
}

/// `attention_bias.wgsl`
pub const BIAS: KernelInfo = KernelInfo {
    stem: "attention_bias",
    template: shader!("attention/attention_bias", "shared/attention", "shared/attention_backward"),
    examples: &[&bias_values(16, 0), &bias_values(2, 1)],
};

/// One call, its tensors contiguous and its head dimension a multiple of four.
struct Call {
    sizes: Sizes,
    scale: f32,
    q: CubeTensor,
    kv: Option<CubeTensor>,
    bias: Option<CubeTensor>,
    mask: Option<CubeTensor>,
}

impl Call {
    fn new(given: Given<CubeTensor>) -> Self {
        let Sizes { dim, .. } = given.sizes();
        let wide = |tensor| widened(tensor, dim);
        let (q, kv) = (wide(given.q), given.kv.map(wide));
        let sizes = Sizes::new(q.shape().dims(), kv.as_ref().map(|kv| kv.shape().dims()), given.form.heads);
        Self { sizes, scale: given.form.scale, q, kv, bias: given.bias.map(floats), mask: given.mask.map(floats) }
    }

    /// Where keys and values are.
    fn kv(&self) -> &CubeTensor {
        self.kv.as_ref().unwrap_or(&self.q)
    }

    /// What is launched for `owners` queries or keys of every head.
    fn launch(&self, info: &'static KernelInfo, owners: usize, inputs: &[&CubeTensor], outputs: &[&CubeTensor]) {
        let Sizes { batch, heads, dim, .. } = self.sizes;
        let (shared, quads) = (!software(), dim / 4);
        // More rows mean fewer loads for each, and shaders that take longer to compile.
        let (workgroup, rows, tile) = match shared {
            true => (if owners <= 32 { 32 } else { 64 }, 1, (SHARED / (2 * dim)).clamp(1, 32)),
            false => (ALONE, ((24 + quads / 2) / quads).clamp(1, 4), STEP as usize),
        };
        let blocks = owners.div_ceil(if shared { workgroup as usize * rows } else { rows });
        let count = batch * heads * blocks;
        let fill = Fill {
            workgroup,
            quads: word(quads),
            rows: word(rows),
            tile: word(tile),
            shared,
            bias: self.bias.is_some(),
            mask: self.mask.is_some(),
        };
        Launch {
            info,
            // The workgroup comes first and is the launch's own.
            values: &fill.values(word(inputs.len()), word(outputs.len()))[1..],
            workgroup,
            groups: if shared { count } else { count.div_ceil(workgroup as usize) },
            inputs,
            outputs,
            params: &self.params(count, blocks, [1, 1]),
        }
        .run();
    }

    /// The fields of `shared/attention.wgsl`; `shared` samples and heads have a plane of the bias in common.
    fn params(&self, count: usize, blocks: usize, shared: [usize; 2]) -> [u32; 15] {
        let Sizes { batch, queries, keys, heads, .. } = self.sizes;
        let width = self.sizes.width() / 4;
        let (q_step, kv_step, k_start) =
            if self.kv.is_some() { (width, 2 * width, 0) } else { (3 * width, 3 * width, width) };
        let [bias_batch, bias_head] = self.bias_planes().map(usize::from);
        let plane = queries * keys;
        let heads_of_bias = if bias_head > 0 { heads } else { 1 };
        [
            word(count),
            word(blocks),
            word(heads),
            word(queries),
            word(keys),
            word(q_step),
            word(kv_step),
            word(k_start),
            word(k_start + width),
            word(bias_batch * heads_of_bias * plane),
            word(bias_head * plane),
            self.scale.to_bits(),
            word(batch * heads * queries),
            word(shared[0]),
            word(shared[1]),
        ]
    }

    /// Whether each sample and each head has a bias of its own.
    fn bias_planes(&self) -> [bool; 2] {
        self.bias.as_ref().map_or([false; 2], |bias| {
            let [batch, heads, ..] = bias.shape().dims::<4>();
            [batch > 1, heads > 1]
        })
    }

    /// The gradient of the bias.
    fn bias_slopes(&self, bias: &CubeTensor, grad: &CubeTensor, rows: &CubeTensor, delta: &CubeTensor) -> CubeTensor {
        let Sizes { batch, queries, keys, heads, dim } = self.sizes;
        let d_bias = empty(bias, bias.shape());
        let blocks = keys.div_ceil(BIAS_ROWS);
        let [own_batch, own_head] = self.bias_planes();
        let [batches, batch_of] = if own_batch { [batch, 1] } else { [1, batch] };
        let [planes, heads_of] = if own_head { [batches * heads, 1] } else { [batches, heads] };
        let count = planes * queries * blocks;
        Launch {
            info: &BIAS,
            values: &bias_values(word(dim / 4), u32::from(self.mask.is_some()))[1..],
            workgroup: BIAS_WORKGROUP,
            groups: count.div_ceil(BIAS_WORKGROUP as usize),
            inputs: &[grad, &self.q, self.kv(), rows, delta, bias],
            outputs: &[&d_bias],
            params: &self.params(count, blocks, [batch_of, heads_of]),
        }
        .run();
        d_bias
    }
}

/// The result, and the log of the sum of exponentials [B, heads, Tq].
pub(crate) fn on_gpu(given: Given<CubeTensor>) -> (CubeTensor, CubeTensor) {
    let dim = given.sizes().dim;
    let call = Call::new(given);
    let Sizes { batch, queries, heads, .. } = call.sizes;
    let out = empty(&call.q, [batch, queries, call.sizes.width()]);
    let lse = empty(&call.q, [batch, heads, queries]);
    let inputs: Vec<_> = [&call.q, call.kv()].into_iter().chain(&call.bias).chain(&call.mask).collect();
    call.launch(&FORWARD, queries, &inputs, &[&out, &lse]);
    (narrowed(out, call.sizes.dim, dim), lse)
}

pub(crate) fn backward_on_gpu(
    grad: CubeTensor,
    given: Given<CubeTensor>,
    out: CubeTensor,
    lse: CubeTensor,
    [want_q, want_kv, want_bias]: [bool; 3],
) -> Slopes<CubeTensor> {
    let dim = given.sizes().dim;
    let call = Call::new(given);
    let Sizes { queries, keys, .. } = call.sizes;
    let (grad, out, lse) = (widened(grad, dim), widened(out, dim), floats(lse));
    // The mask is put behind the logs, as not every kernel has a binding left for it.
    let rows = call.mask.as_ref().map_or_else(|| lse.clone(), |mask| joined(&lse, mask));
    let (d_q, delta) = (empty(&call.q, call.q.shape()), empty(&lse, lse.shape()));
    let inputs: Vec<_> = [&grad, &call.q, call.kv(), &out, &rows].into_iter().chain(&call.bias).collect();
    call.launch(&QUERIES, queries, &inputs, &[&d_q, &delta]);
    let d_kv = call.kv.as_ref().filter(|_| want_kv).map(|kv| empty(kv, kv.shape()));
    let target = if call.kv.is_some() { d_kv.as_ref() } else { Some(&d_q).filter(|_| want_q) };
    if let Some(target) = target {
        let inputs: Vec<_> = [&grad, &call.q, call.kv(), &rows, &delta].into_iter().chain(&call.bias).collect();
        call.launch(&KEYS, keys, &inputs, &[target]);
    }
    let d_bias = call.bias.as_ref().filter(|_| want_bias).map(|bias| call.bias_slopes(bias, &grad, &rows, &delta));
    let narrow = |tensor| narrowed(tensor, call.sizes.dim, dim);
    [want_q.then(|| narrow(d_q)), d_kv.map(narrow), d_bias]
}
