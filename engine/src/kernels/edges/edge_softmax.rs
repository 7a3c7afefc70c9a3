//! The softmax over the edges that end at a node (Veličković et al., "Graph Attention Networks", ICLR 2018, eq. 2).

use burn::backend::Dispatch;
use burn::tensor::{IndexingUpdateOp, Tensor};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::{Flex, FlexTensor};

use super::{Edges, Held, Links};
use crate::kernels::launch::{KernelInfo, Launch, empty, floats, integers, word};
use crate::kernels::twin::{self, Floats};
use crate::kernels::{KernelGradients, KernelOps, Tracked};

const WORKGROUP: u32 = 256;

/// `edge_softmax.wgsl`
pub const FORWARD: KernelInfo = KernelInfo {
    stem: "edge_softmax",
    template: shader!("edges/edge_softmax"),
    examples: &[&[("workgroup", WORKGROUP)]],
};

/// `edge_softmax_backward.wgsl`
pub const BACKWARD: KernelInfo = KernelInfo {
    stem: "edge_softmax_backward",
    template: shader!("edges/edge_softmax_backward"),
    examples: &[&[("workgroup", WORKGROUP)]],
};

/// `out[e, h] = exp(scores[e, h]) / Σ exp(scores[f, h])` over all edges f with the destination of e.
///
/// `scores` is [E, H] in the order of the edges' numbers, and so is the result. The gradient flows to `scores`.
pub fn edge_softmax(scores: Tensor<2>, edges: &Edges) -> Tensor<2> {
    debug_assert_eq!(scores.dims()[0], edges.count);
    if crate::kernels::choice::stock() {
        return stock(scores, edges);
    }
    Tensor::from_dispatch(Dispatch::edge_softmax(scores.into_dispatch(), edges.links()))
}

/// [`edge_softmax`] by burn's own operations; a constant is taken from the scores, so they must not be too far apart.
pub fn stock(scores: Tensor<2>, edges: &Edges) -> Tensor<2> {
    let [_, heads] = scores.dims();
    let [number, _, target] = edges.triples();
    let powers = (scores.clone() - scores.detach().max().unsqueeze()).exp();
    let sums = Tensor::zeros([edges.targets(), heads], &powers.device());
    let sums = sums.select_assign(0, target.clone(), powers.clone().select(0, number.clone()), IndexingUpdateOp::Add);
    let sums_of_edges = Tensor::zeros(powers.dims(), &powers.device());
    powers / sums_of_edges.select_assign(0, number, sums.select(0, target), IndexingUpdateOp::Add)
}

pub(crate) fn on_gpu(scores: CubeTensor, links: Links<CubeBackend>) -> CubeTensor {
    let scores = floats(scores);
    let out = empty(&scores, scores.shape());
    launch(&FORWARD, &[&scores], &integers(links.incoming), &out);
    out
}

pub(crate) fn backward_on_gpu(grad: CubeTensor, weights: CubeTensor, links: Links<CubeBackend>) -> CubeTensor {
    let (grad, weights) = (floats(grad), floats(weights));
    let out = empty(&weights, weights.shape());
    launch(&BACKWARD, &[&grad, &weights], &integers(links.incoming), &out);
    out
}

fn launch(info: &'static KernelInfo, values: &[&CubeTensor], incoming: &CubeTensor, out: &CubeTensor) {
    let (targets, heads) = (incoming.shape()[0] - 1, out.shape()[1]);
    let count = if out.shape()[0] == 0 { 0 } else { targets * heads };
    let inputs: Vec<_> = values.iter().copied().chain([incoming]).collect();
    Launch {
        info,
        values: &[],
        workgroup: WORKGROUP,
        groups: count.div_ceil(WORKGROUP as usize),
        inputs: &inputs,
        outputs: &[out],
        params: &[count, heads].map(word),
    }
    .run();
}

pub(crate) fn on_cpu(scores: FlexTensor, links: Links<Flex>) -> FlexTensor {
    let shape = scores.shape();
    let heads = shape[1];
    twin::tensor(Held::new(&links, false).list().softmax(&Floats::new(scores), heads), shape)
}

pub(crate) fn backward_on_cpu(grad: FlexTensor, weights: FlexTensor, links: Links<Flex>) -> FlexTensor {
    let shape = weights.shape();
    let (grad, weights) = (Floats::new(grad), Floats::new(weights));
    twin::tensor(Held::new(&links, false).list().softmax_backward(&grad, &weights, shape[1]), shape)
}

#[derive(Debug)]
struct Step;

impl<B: KernelGradients> Backward<B, 1> for Step {
    type State = (FloatTensor<B>, Links<B>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (weights, links) = ops.state;
        unary::<B, _>(ops.parents, ops.node, gradients, |grad| B::edge_softmax_backward(grad, weights, links));
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    scores: Tracked<B, C>,
    links: Links<B>,
) -> Tracked<B, C> {
    let (scores, node) = scores.into_parts();
    let weights = B::edge_softmax(scores, links.clone());
    match Step.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((weights.clone(), links), weights),
        OpsKind::UnTracked(step) => step.finish(weights),
    }
}
