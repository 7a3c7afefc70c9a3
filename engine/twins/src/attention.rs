//! Attention: tasks for samples, or for heads where the samples are fewer than the threads.

mod heads;
mod largest;

use self::heads::{Back, Head, Place, add_bias, backward, forward};
use crate::gemm::Matrix;
use crate::threads;
pub use largest::{NEVER, largest_keys};

/// Queries of a task of the bias's gradient.
const BIAS_ROWS: usize = 64;

/// The sizes of one call.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub batch: usize,
    pub queries: usize,
    pub keys: usize,
    pub heads: usize,
    pub dim: usize,
}

/// One call: `softmax(scale · q kᵀ + bias) v` for every head.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub sizes: Sizes,
    pub scale: f32,
    /// [B, queries, heads · dim], or with keys and values behind the queries of every token.
    pub q: &'a [f32],
    /// [B, keys, 2 · heads · dim]: keys and values of another sequence.
    pub kv: Option<&'a [f32]>,
    /// Samples and heads (1 or all of them) of a bias [samples, heads, queries, keys].
    pub bias: Option<(&'a [f32], [usize; 2])>,
    /// [B, keys]: above a half for keys that may be looked at.
    pub mask: Option<&'a [f32]>,
}

/// A call, and how its heads are shared out.
struct Tasks<'a> {
    call: Call<'a>,
    /// Tasks of a sample.
    groups: usize,
}

impl<'a> Tasks<'a> {
    fn new(call: Call<'a>) -> Self {
        Self { call, groups: if call.sizes.batch >= threads::count() { 1 } else { call.sizes.heads } }
    }

    /// Values of one token in the result.
    fn width(&self) -> usize {
        self.call.sizes.heads * self.call.sizes.dim
    }

    /// Tensors that lie beside each other in `q`, and in `kv` if there is one.
    fn planes(&self) -> [usize; 2] {
        if self.call.kv.is_some() { [1, 2] } else { [3, 0] }
    }

    /// Samples and heads of the bias.
    fn bias_shape(&self) -> [usize; 2] {
        self.call.bias.map_or([1, 1], |(_, shape)| shape)
    }

    fn head(&self, sample: usize, head: usize) -> Head<'a> {
        let Call { sizes: Sizes { queries, keys, dim, .. }, scale, .. } = self.call;
        let [planes, _] = self.planes();
        let q = |plane| self.matrix(self.call.q, [sample, head], queries, [planes, plane]);
        let (k, v) = match self.call.kv {
            Some(kv) => (self.matrix(kv, [sample, head], keys, [2, 0]), self.matrix(kv, [sample, head], keys, [2, 1])),
            None => (q(1), q(2)),
        };
        let [batches, heads] = self.bias_shape();
        let plane = (sample % batches * heads + head % heads) * queries * keys;
        let bias = self.call.bias.map_or(&[][..], |(bias, _)| &bias[plane..][..queries * keys]);
        let mask = self.call.mask.map_or(&[][..], |mask| &mask[sample * keys..][..keys]);
        Head { queries, keys, dim, scale, q: q(0), k, v, bias, mask }
    }

    /// One head of one sample in `values` [B, tokens, planes, heads, dim].
    fn matrix<'b>(
        &self,
        values: &'b [f32],
        [sample, head]: [usize; 2],
        tokens: usize,
        [planes, plane]: [usize; 2],
    ) -> Matrix<'b> {
        let (step, width) = (planes * self.width(), self.width());
        let start = sample * tokens * step + plane * width + head * self.call.sizes.dim;
        Matrix { values: values.get(start..).unwrap_or_default(), row: step, column: 1 }
    }

    /// Heads of a task.
    fn inner(&self) -> usize {
        self.call.sizes.heads / self.groups
    }

    /// The heads of task `number`: each one's sample, its number there and in the task.
    fn heads(&self, number: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        let inner = self.inner();
        let (sample, first) = (number / self.groups, number % self.groups * inner);
        (0..inner).map(move |i| (sample, first + i, i))
    }

    fn back<'b>(&self, [grad, out, lse]: [&'b [f32]; 3], sample: usize, head: usize) -> Back<'b> {
        let Sizes { queries, heads, .. } = self.call.sizes;
        let [grad, out] = [grad, out].map(|values| self.matrix(values, [sample, head], queries, [1, 0]));
        Back { grad, out, lse: &lse[(sample * heads + head) * queries..][..queries] }
    }

    /// Where a plane of head `i` of a task begins, in a tensor of that number whose tasks are [tokens, planes, heads,
    /// dim].
    fn place(&self, tensor: usize, [planes, plane]: [usize; 2], i: usize) -> Place {
        let (width, dim) = (self.inner() * self.call.sizes.dim, self.call.sizes.dim);
        Place { tensor, start: plane * width + i * dim, step: planes * width }
    }

    /// From the order of the tasks, [B, groups, tokens, planes, heads of a group, dim], to [B, tokens, planes, heads ·
    /// dim].
    fn joined(&self, values: Vec<f32>, tokens: usize, planes: usize) -> Vec<f32> {
        let width = self.inner() * self.call.sizes.dim;
        if self.groups == 1 {
            return values;
        }
        let mut out = vec![0.0; values.len()];
        threads::rows(&mut out, planes * self.groups * width, |row, out| {
            let (sample, token) = (row / tokens, row % tokens);
            for (place, out) in out.chunks_exact_mut(width.max(1)).enumerate() {
                let (plane, group) = (place / self.groups, place % self.groups);
                let at = (((sample * self.groups + group) * tokens + token) * planes + plane) * width;
                out.copy_from_slice(&values[at..at + width]);
            }
        });
        out
    }

    fn bias_slopes(&self, known: [&[f32]; 3]) -> Vec<f32> {
        let Sizes { batch, queries, keys, heads, .. } = self.call.sizes;
        let [batches_of_bias, heads_of_bias] = self.bias_shape();
        let mut d_bias = vec![0.0; batches_of_bias * heads_of_bias * queries * keys];
        let planes = d_bias.chunks_mut((queries * keys).max(1)).enumerate();
        let tasks = planes.flat_map(|(plane, part)| {
            part.chunks_mut((BIAS_ROWS * keys).max(1)).enumerate().map(move |(i, part)| (plane, i, part))
        });
        threads::each(tasks.collect(), |(plane, block, part)| {
            let (first_sample, first_head) = (plane / heads_of_bias, plane % heads_of_bias);
            for sample in (first_sample..batch).step_by(batches_of_bias) {
                for head in (first_head..heads).step_by(heads_of_bias) {
                    add_bias(self.head(sample, head), self.back(known, sample, head), block * BIAS_ROWS, part);
                }
            }
        });
        d_bias
    }
}

impl Call<'_> {
    /// The result [B, queries, heads · dim], and the log of the sum of exponentials [B, heads, queries].
    #[inline(never)]
    pub fn forward(self) -> (Vec<f32>, Vec<f32>) {
        let tasks = Tasks::new(self);
        let Sizes { batch, queries, heads, dim, .. } = self.sizes;
        let (mut out, mut lse) = (vec![0.0; batch * queries * tasks.width()], vec![0.0; batch * heads * queries]);
        let width = tasks.inner() * dim;
        threads::parts([&mut out, &mut lse], [queries * width, tasks.inner() * queries], |number, [out, lse]| {
            for (sample, head, i) in tasks.heads(number) {
                let Place { start, step, .. } = tasks.place(0, [1, 0], i);
                forward(tasks.head(sample, head), (&mut out[start..], step), &mut lse[i * queries..][..queries]);
            }
        });
        (tasks.joined(out, queries, 1), lse)
    }

    /// The gradients of `q`, `kv` and the bias, those that are wanted, from that of the result, the result and the logs.
    #[inline(never)]
    pub fn backward(
        self,
        grad: &[f32],
        out: &[f32],
        lse: &[f32],
        [want_q, want_kv, want_bias]: [bool; 3],
    ) -> [Option<Vec<f32>>; 3] {
        let (tasks, known) = (Tasks::new(self), [grad, out, lse]);
        let d_bias = (want_bias && self.bias.is_some()).then(|| tasks.bias_slopes(known));
        if !want_q && !want_kv {
            return [None, None, d_bias];
        }
        let Sizes { queries, keys, dim, .. } = self.sizes;
        let [q_planes, kv_planes] = tasks.planes();
        let (mut d_q, mut d_kv) = (vec![0.0; self.q.len()], vec![0.0; self.kv.map_or(0, <[f32]>::len)]);
        let width = tasks.inner() * dim;
        let widths = [queries * q_planes * width, keys * kv_planes * width];
        threads::parts([&mut d_q, &mut d_kv], widths, |number, mut tensors| {
            for (sample, head, i) in tasks.heads(number) {
                let places = match kv_planes {
                    0 => [0, 1, 2].map(|plane| tasks.place(0, [3, plane], i)),
                    _ => [tasks.place(0, [1, 0], i), tasks.place(1, [2, 0], i), tasks.place(1, [2, 1], i)],
                };
                backward(tasks.head(sample, head), tasks.back(known, sample, head), &mut tensors, places);
            }
        });
        let d_q = want_q.then(|| tasks.joined(d_q, queries, q_planes));
        [d_q, (want_kv && kv_planes > 0).then(|| tasks.joined(d_kv, keys, kv_planes)), d_bias]
    }
}
