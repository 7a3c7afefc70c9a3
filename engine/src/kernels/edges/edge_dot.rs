//! The product of both ends of every edge, head by head: scores of dot-product attention on a graph, and the gradient
//! of the weights that [`super::edge_propagate`] takes.

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
use crate::kernels::{KernelOps, Maybe, Tracked};

const WORKGROUP: u32 = 256;

/// `edge_dot.wgsl`
pub const DOT: KernelInfo =
    KernelInfo { stem: "edge_dot", template: shader!("edges/edge_dot"), examples: &[&[("workgroup", WORKGROUP)]] };

/// `out[e, h] = Σ x[u, h·O + o] · y[v, h·O + o]` over o, for the edge e from u to v.
///
/// `x` is [S, H·O], `y` [D, H·O]; the result is [E, H] in the order of the edges' numbers. The gradient flows to both.
pub fn edge_dot(x: Tensor<2>, y: Tensor<2>, edges: &Edges, heads: usize) -> Tensor<2> {
    debug_assert_eq!([x.dims()[0], y.dims()[0]], [edges.sources(), edges.targets()]);
    debug_assert_eq!(x.dims()[1], y.dims()[1]);
    debug_assert!(x.dims()[1].is_multiple_of(heads));
    if crate::kernels::choice::stock() {
        return stock(x, y, edges, heads);
    }
    Tensor::from_dispatch(Dispatch::edge_dot(x.into_dispatch(), y.into_dispatch(), edges.links(), heads))
}

/// [`edge_dot`] by burn's own operations.
pub fn stock(x: Tensor<2>, y: Tensor<2>, edges: &Edges, heads: usize) -> Tensor<2> {
    let [_, width] = x.dims();
    let [number, source, target] = edges.triples();
    let products: Tensor<3> = (x.select(0, source) * y.select(0, target)).reshape([edges.count, heads, width / heads]);
    let zeros = Tensor::zeros([edges.count, heads], &products.device());
    zeros.select_assign(0, number, products.sum_dim(2).squeeze_dim(2), IndexingUpdateOp::Add)
}

pub(crate) fn on_gpu(x: CubeTensor, y: CubeTensor, links: Links<CubeBackend>, heads: usize) -> CubeTensor {
    let (x, y) = (floats(x), floats(y));
    let [source, edge, target] = [links.source, links.edge, links.target].map(integers);
    let width = x.shape()[1];
    let out = empty(&x, [links.count, heads]);
    let count = links.count * heads;
    Launch {
        info: &DOT,
        values: &[],
        workgroup: WORKGROUP,
        groups: count.div_ceil(WORKGROUP as usize),
        inputs: &[&x, &y, &source, &edge, &target],
        outputs: &[&out],
        params: &[count, heads, width, width / heads.max(1)].map(word),
    }
    .run();
    out
}

pub(crate) fn on_cpu(x: FlexTensor, y: FlexTensor, links: Links<Flex>, heads: usize) -> FlexTensor {
    let [_, width] = x.shape().dims();
    let held = Held::new(&links, false);
    let out = held.list().dot(links.count, &Floats::new(x), &Floats::new(y), width, heads);
    twin::tensor(out, [links.count, heads])
}

#[derive(Debug)]
struct Step;

impl<B: KernelOps> Backward<B, 2> for Step {
    type State = (FloatTensor<B>, FloatTensor<B>, Links<B>);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let grad = gradients.consume::<B>(&ops.node);
        let (x, y, links) = ops.state;
        let [x_node, y_node] = ops.parents;
        // What one end gets is what the other end sends, weighted with the gradient.
        for (node, other, back) in [(x_node, y, true), (y_node, x, false)] {
            if let Some(node) = node {
                let slope = B::edge_propagate(other, Maybe::Yes(grad.clone()), links.clone(), back);
                gradients.register::<B>(node.id, slope);
            }
        }
    }
}

pub(crate) fn tracked<B: KernelOps, C: CheckpointStrategy>(
    x: Tracked<B, C>,
    y: Tracked<B, C>,
    links: Links<B>,
    heads: usize,
) -> Tracked<B, C> {
    let ((x, x_node), (y, y_node)) = (x.into_parts(), y.into_parts());
    let out = <B as KernelOps>::edge_dot(x.clone(), y.clone(), links.clone(), heads);
    match Step.prepare::<C>([x_node, y_node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((x, y, links), out),
        OpsKind::UnTracked(step) => step.finish(out),
    }
}
