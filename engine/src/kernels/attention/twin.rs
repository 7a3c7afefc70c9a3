//! The CPU twin of [`super::attention`]: tasks for samples, or for heads where the samples are fewer than the threads.

use burn_backend::TensorMetadata as _;
use burn_flex::FlexTensor;

use super::heads::{Back, Head, Place, add_bias, backward, forward};
use super::{Given, Sizes, Slopes};
use crate::kernels::products::gemm::Matrix;
use crate::kernels::twin::{self, Floats};

/// Queries of a task of the bias's gradient.
const BIAS_ROWS: usize = 64;

/// One call, and how its heads are shared out.
struct Call {
    sizes: Sizes,
    scale: f32,
    q: Floats,
    kv: Option<Floats>,
    bias: Option<Floats>,
    /// Samples and heads of the bias.
    bias_shape: [usize; 2],
    mask: Option<Floats>,
    /// Tasks of a sample.
    groups: usize,
}

impl Call {
    fn new(given: Given<FlexTensor>) -> Self {
        let sizes = given.sizes();
        let bias_shape = given.bias.as_ref().map_or([1, 1], |bias| {
            let [batch, heads, ..] = bias.shape().dims::<4>();
            [batch, heads]
        });
        #[cfg(not(target_arch = "wasm32"))]
        let threads = rayon::current_num_threads();
        #[cfg(target_arch = "wasm32")]
        let threads = 1;
        Self {
            sizes,
            scale: given.form.scale,
            q: Floats::new(given.q),
            kv: given.kv.map(Floats::new),
            bias: given.bias.map(Floats::new),
            bias_shape,
            mask: given.mask.map(Floats::new),
            groups: if sizes.batch >= threads { 1 } else { sizes.heads },
        }
    }

    /// Tensors that lie beside each other in `q`, and in `kv` if there is one.
    fn planes(&self) -> [usize; 2] {
        if self.kv.is_some() { [1, 2] } else { [3, 0] }
    }

    fn head(&self, sample: usize, head: usize) -> Head<'_> {
        let Sizes { queries, keys, dim, .. } = self.sizes;
        let [planes, _] = self.planes();
        let q = |plane| self.matrix(&self.q, [sample, head], queries, [planes, plane]);
        let (k, v) = match &self.kv {
            Some(kv) => (self.matrix(kv, [sample, head], keys, [2, 0]), self.matrix(kv, [sample, head], keys, [2, 1])),
            None => (q(1), q(2)),
        };
        let [batches, heads] = self.bias_shape;
        let plane = (sample % batches * heads + head % heads) * queries * keys;
        let bias = self.bias.as_ref().map_or(&[][..], |bias| &bias[plane..][..queries * keys]);
        let mask = self.mask.as_ref().map_or(&[][..], |mask| &mask[sample * keys..][..keys]);
        Head { queries, keys, dim, scale: self.scale, q: q(0), k, v, bias, mask }
    }

    /// One head of one sample in `values` [B, tokens, planes, heads, dim].
    fn matrix<'a>(
        &self,
        values: &'a [f32],
        [sample, head]: [usize; 2],
        tokens: usize,
        [planes, plane]: [usize; 2],
    ) -> Matrix<'a> {
        let (step, width) = (planes * self.sizes.width(), self.sizes.width());
        let start = sample * tokens * step + plane * width + head * self.sizes.dim;
        Matrix { values: values.get(start..).unwrap_or_default(), row: step, column: 1 }
    }

    /// Heads of a task.
    fn inner(&self) -> usize {
        self.sizes.heads / self.groups
    }

    /// The heads of task `number`: each one's sample, its number there and in the task.
    fn heads(&self, number: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        let inner = self.inner();
        let (sample, first) = (number / self.groups, number % self.groups * inner);
        (0..inner).map(move |i| (sample, first + i, i))
    }

    fn back<'a>(&self, grad: &'a [f32], out: &'a [f32], lse: &'a [f32], sample: usize, head: usize) -> Back<'a> {
        let queries = self.sizes.queries;
        let [grad, out] = [grad, out].map(|values| self.matrix(values, [sample, head], queries, [1, 0]));
        Back { grad, out, lse: &lse[(sample * self.sizes.heads + head) * queries..][..queries] }
    }

    /// Where a plane of head `i` of a task begins, in a tensor of that number whose tasks are [tokens, planes, heads,
    /// dim].
    fn place(&self, tensor: usize, [planes, plane]: [usize; 2], i: usize) -> Place {
        let width = self.inner() * self.sizes.dim;
        Place { tensor, start: plane * width + i * self.sizes.dim, step: planes * width }
    }

    /// From the order of the tasks, [B, groups, tokens, planes, heads of a group, dim], to [B, tokens, planes, heads ·
    /// dim].
    fn joined(&self, values: Vec<f32>, tokens: usize, planes: usize) -> FlexTensor {
        let width = self.inner() * self.sizes.dim;
        let shape = [self.sizes.batch, tokens, planes * self.sizes.width()];
        if self.groups == 1 {
            return twin::tensor(values, shape);
        }
        let mut out = vec![0.0; values.len()];
        twin::rows(&mut out, planes * self.groups * width, |row, out| {
            let (sample, token) = (row / tokens, row % tokens);
            for (place, out) in out.chunks_exact_mut(width.max(1)).enumerate() {
                let (plane, group) = (place / self.groups, place % self.groups);
                let at = (((sample * self.groups + group) * tokens + token) * planes + plane) * width;
                out.copy_from_slice(&values[at..at + width]);
            }
        });
        twin::tensor(out, shape)
    }

    fn bias_slopes(&self, grad: &[f32], out: &[f32], lse: &[f32]) -> FlexTensor {
        let Sizes { batch, queries, keys, heads, .. } = self.sizes;
        let [batches_of_bias, heads_of_bias] = self.bias_shape;
        let mut d_bias = vec![0.0; batches_of_bias * heads_of_bias * queries * keys];
        let planes = d_bias.chunks_mut((queries * keys).max(1)).enumerate();
        let tasks = planes.flat_map(|(plane, part)| {
            part.chunks_mut((BIAS_ROWS * keys).max(1)).enumerate().map(move |(i, part)| (plane, i, part))
        });
        twin::each(tasks.collect(), |(plane, block, part)| {
            let (first_sample, first_head) = (plane / heads_of_bias, plane % heads_of_bias);
            for sample in (first_sample..batch).step_by(batches_of_bias) {
                for head in (first_head..heads).step_by(heads_of_bias) {
                    add_bias(self.head(sample, head), self.back(grad, out, lse, sample, head), block * BIAS_ROWS, part);
                }
            }
        });
        twin::tensor(d_bias, [batches_of_bias, heads_of_bias, queries, keys])
    }
}

/// The result, and the log of the sum of exponentials [B, heads, Tq].
pub(crate) fn on_cpu(given: Given<FlexTensor>) -> (FlexTensor, FlexTensor) {
    let call = Call::new(given);
    let Sizes { batch, queries, heads, .. } = call.sizes;
    let (mut out, mut lse) = (vec![0.0; batch * queries * call.sizes.width()], vec![0.0; batch * heads * queries]);
    let width = call.inner() * call.sizes.dim;
    twin::parts([&mut out, &mut lse], [queries * width, call.inner() * queries], |number, [out, lse]| {
        for (sample, head, i) in call.heads(number) {
            let Place { start, step, .. } = call.place(0, [1, 0], i);
            forward(call.head(sample, head), (&mut out[start..], step), &mut lse[i * queries..][..queries]);
        }
    });
    (call.joined(out, queries, 1), twin::tensor(lse, [batch, heads, queries]))
}

pub(crate) fn backward_on_cpu(
    grad: FlexTensor,
    given: Given<FlexTensor>,
    out: FlexTensor,
    lse: FlexTensor,
    [want_q, want_kv, want_bias]: [bool; 3],
) -> Slopes<FlexTensor> {
    let call = Call::new(given);
    let (grad, out, lse) = (Floats::new(grad), Floats::new(out), Floats::new(lse));
    let (grad, out, lse) = (&*grad, &*out, &*lse);
    let d_bias = (want_bias && call.bias.is_some()).then(|| call.bias_slopes(grad, out, lse));
    if !want_q && !want_kv {
        return [None, None, d_bias];
    }
    let Sizes { queries, keys, .. } = call.sizes;
    let [q_planes, kv_planes] = call.planes();
    let (mut d_q, mut d_kv) = (vec![0.0; call.q.len()], vec![0.0; call.kv.as_ref().map_or(0, |kv| kv.len())]);
    let width = call.inner() * call.sizes.dim;
    twin::parts(
        [&mut d_q, &mut d_kv],
        [queries * q_planes * width, keys * kv_planes * width],
        |number, mut tensors| {
            for (sample, head, i) in call.heads(number) {
                let places = match kv_planes {
                    0 => [0, 1, 2].map(|plane| call.place(0, [3, plane], i)),
                    _ => [call.place(0, [1, 0], i), call.place(1, [2, 0], i), call.place(1, [2, 1], i)],
                };
                backward(call.head(sample, head), call.back(grad, out, lse, sample, head), &mut tensors, places);
            }
        },
    );
    let d_q = want_q.then(|| call.joined(d_q, queries, q_planes));
    [d_q, (want_kv && kv_planes > 0).then(|| call.joined(d_kv, keys, kv_planes)), d_bias]
}
