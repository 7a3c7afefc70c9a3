//! Sums of what neighbours send along the edges of a graph, weighted edge by edge and head by head: the step that graph
//! networks share, and the product of a sparse matrix with a dense one.

use burn::backend::Dispatch;
use burn::tensor::{IndexingUpdateOp, Tensor};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::{Flex, FlexTensor};

use super::{Edges, Held, Links};
use crate::kernels::launch::{KernelInfo, Launch, empty, floats, integers, word};
use crate::kernels::twin::{self, Floats};
use crate::kernels::{KernelOps, Tracked};

const WORKGROUP: u32 = 256;

/// `edge_propagate.wgsl`
pub const PROPAGATE: KernelInfo = KernelInfo {
    stem: "edge_propagate",
    template: shader!("edges/edge_propagate"),
    examples: &[&example(0, 0), &example(1, 0), &example(1, 1)],
};

/// Weights are there or not; edges are numbered in a list of their own or by their places.
const fn example(weighted: u32, numbered: u32) -> [(&'static str, u32); 6] {
    let out = 3 + numbered + weighted;
    [
        ("workgroup", WORKGROUP),
        ("weighted", weighted),
        ("numbered", numbered),
        ("weights", 3 + numbered),
        ("out", out),
        ("params", out + 1),
    ]
}

/// `out[v, h·O + o] = Σ weights[e, h] · x[u, h·O + o]` over all edges e from a source u to the destination v.
///
/// `x` is [S, H·O], `weights` [E, H] in the order of the edges' numbers, all 1 where they are not given; the result is
/// [D, H·O], zero where no edge ends. Nothing of the size edges × width is stored. The gradient flows to both.
pub fn edge_propagate(x: Tensor<2>, weights: Option<Tensor<2>>, edges: &Edges) -> Tensor<2> {
    debug_assert_eq!(x.dims()[0], edges.sources());
    debug_assert!(
        weights.as_ref().is_none_or(|w| w.dims()[0] == edges.count && x.dims()[1].is_multiple_of(w.dims()[1]))
    );
    if crate::kernels::choice::stock() {
        return stock(x, weights, edges);
    }
    let weights = weights.map(Tensor::into_dispatch).into();
    Tensor::from_dispatch(Dispatch::edge_propagate(x.into_dispatch(), weights, edges.links(), false))
}

/// [`edge_propagate`] by burn's own operations.
pub fn stock(x: Tensor<2>, weights: Option<Tensor<2>>, edges: &Edges) -> Tensor<2> {
    let [_, width] = x.dims();
    let [number, source, target] = edges.triples();
    let mut sent = x.select(0, source);
    if let Some(weights) = weights {
        let heads = weights.dims()[1];
        let weights: Tensor<3> = weights.select(0, number).unsqueeze_dim(2);
        sent = (sent.reshape([edges.count, heads, width / heads]) * weights).reshape([edges.count, width]);
    }
    let zeros = Tensor::zeros([edges.targets(), width], &sent.device());
    zeros.select_assign(0, target, sent, IndexingUpdateOp::Add)
}

pub(crate) fn on_gpu(x: CubeTensor, weights: Option<CubeTensor>, links: Links<CubeBackend>, back: bool) -> CubeTensor {
    let (x, weights) = (floats(x), weights.map(floats));
    let (starts, ends) = if back { (links.outgoing, links.target) } else { (links.incoming, links.source) };
    let (starts, ends, number) = (integers(starts), integers(ends), back.then(|| integers(links.edge)));
    let (rows, width) = (starts.shape()[0] - 1, x.shape()[1]);
    let out = empty(&x, [rows, width]);
    let weights = weights.filter(|_| links.count > 0);
    let heads = weights.as_ref().map_or(1, |w| w.shape()[1]);
    // Without weights nothing asks for an edge's number.
    let number = number.filter(|_| weights.is_some());
    let [weighted, numbered] = [weights.is_some(), number.is_some()].map(u32::from);
    let inputs: Vec<_> = [&x, &starts, &ends].into_iter().chain(&number).chain(&weights).collect();
    let count = rows * width;
    Launch {
        info: &PROPAGATE,
        values: &example(weighted, numbered)[1..],
        workgroup: WORKGROUP,
        groups: count.div_ceil(WORKGROUP as usize),
        inputs: &inputs,
        outputs: &[&out],
        params: &[count, width, width / heads.max(1), heads].map(word),
    }
    .run();
    out
}

pub(crate) fn on_cpu(x: FlexTensor, weights: Option<FlexTensor>, links: Links<Flex>, back: bool) -> FlexTensor {
    let [_, width] = x.shape().dims();
    let held = Held::new(&links, back);
    let list = held.list();
    let heads = weights.as_ref().map_or(1, |w| w.shape()[1]);
    let weights = weights.map(Floats::new);
    let out = list.propagate(&Floats::new(x), width, weights.as_deref().unwrap_or_default(), heads);
    twin::tensor(out, [list.rows(), width])
}

#[derive(Debug)]
struct Step {
    back: bool,
    weighted: bool,
}

impl<B: KernelOps> Backward<B, 2> for Step {
    type State = (Option<FloatTensor<B>>, Option<FloatTensor<B>>, Links<B>, usize);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let grad = gradients.consume::<B>(&ops.node);
        let (x, weights, links, heads) = ops.state;
        let [x_node, weights_node] = ops.parents;
        if let (Some(node), Some(x)) = (weights_node.filter(|_| self.weighted), x) {
            let (from, to) = if self.back { (grad.clone(), x) } else { (x, grad.clone()) };
            gradients.register::<B>(node.id, B::edge_dot(from, to, links.clone(), heads));
        }
        if let Some(node) = x_node {
            gradients.register::<B>(node.id, B::edge_propagate(grad, weights.into(), links, !self.back));
        }
    }
}

pub(crate) fn tracked<B: KernelOps, C: CheckpointStrategy>(
    x: Tracked<B, C>,
    weights: Option<Tracked<B, C>>,
    links: Links<B>,
    back: bool,
) -> Tracked<B, C> {
    // Weights that are not there have their place among the parents taken by `x`, and the step leaves it alone.
    let nodes = [x.node(), weights.as_ref().unwrap_or(&x).node()];
    let step = Step { back, weighted: weights.is_some() };
    let (x, weights) = (x.into_primitive(), weights.map(|w| w.into_primitive()));
    let heads = weights.as_ref().map_or(1, |w| w.shape()[1]);
    let out = <B as KernelOps>::edge_propagate(x.clone(), weights.clone().into(), links.clone(), back);
    match step.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((weights.is_some().then_some(x), weights, links, heads), out),
        OpsKind::UnTracked(step) => step.finish(out),
    }
}
