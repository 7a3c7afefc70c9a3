//! The edges of a graph as the edge kernels read them, and what their CPU twins share.

pub mod edge_dot;
pub mod edge_propagate;
pub mod edge_softmax;

use burn::backend::{Dispatch, ExtensionType};
use burn::tensor::{Int, Tensor};
use burn_backend::Backend;
use burn_backend::tensor::IntTensor;
use burn_flex::FlexTensor;
use masquerade_twins::edges::List;

pub use self::edge_dot::edge_dot;
pub use self::edge_propagate::edge_propagate;
pub use self::edge_softmax::edge_softmax;

/// Edges from S sources to D destinations, on a device. They are numbered by destination; E of them.
#[derive(Debug, Clone)]
pub struct Edges {
    /// [D + 1]: the edges of destination d are those numbered `incoming[d]` … `incoming[d + 1]` − 1.
    pub incoming: Tensor<1, Int>,
    /// [E]: source of each edge.
    pub source: Tensor<1, Int>,
    /// [S + 1]: the edges of source s stand at `outgoing[s]` … `outgoing[s + 1]` − 1 of the two lists below.
    pub outgoing: Tensor<1, Int>,
    /// [E]: number of the edge.
    pub edge: Tensor<1, Int>,
    /// [E]: its destination.
    pub target: Tensor<1, Int>,
    /// E; the lists of a graph without edges hold one number that means nothing.
    pub count: usize,
}

impl Edges {
    /// Destinations.
    pub fn targets(&self) -> usize {
        self.incoming.dims()[0].saturating_sub(1)
    }

    /// Sources.
    pub fn sources(&self) -> usize {
        self.outgoing.dims()[0].saturating_sub(1)
    }

    /// The same beside tensors that record gradients.
    pub fn lifted(self) -> Self {
        let Self { incoming, source, outgoing, edge, target, count } = self;
        let [incoming, source, outgoing, edge, target] =
            [incoming, source, outgoing, edge, target].map(Tensor::from_inner);
        Self { incoming, source, outgoing, edge, target, count }
    }

    /// Edges that end at each destination, [D, 1].
    pub fn in_degrees(&self) -> Tensor<2> {
        steps(&self.incoming, self.targets())
    }

    /// Edges that start at each source, [S, 1].
    pub fn out_degrees(&self) -> Tensor<2> {
        steps(&self.outgoing, self.sources())
    }

    pub(crate) fn links(&self) -> Links<Dispatch> {
        Links {
            incoming: self.incoming.clone().into_dispatch(),
            source: self.source.clone().into_dispatch(),
            outgoing: self.outgoing.clone().into_dispatch(),
            edge: self.edge.clone().into_dispatch(),
            target: self.target.clone().into_dispatch(),
            count: self.count,
        }
    }

    /// Number, source and destination of every edge that there is, by source, for burn's own operations.
    pub(crate) fn triples(&self) -> [Tensor<1, Int>; 3] {
        let number = self.edge.clone().narrow(0, 0, self.count);
        [number.clone(), self.source.clone().select(0, number), self.target.clone().narrow(0, 0, self.count)]
    }
}

/// From each start to the next, [rows, 1].
fn steps(starts: &Tensor<1, Int>, rows: usize) -> Tensor<2> {
    (starts.clone().narrow(0, 1, rows) - starts.clone().narrow(0, 0, rows)).float().unsqueeze_dim(1)
}

/// [`Edges`] as operations take them.
#[derive(Debug, Clone, ExtensionType)]
pub struct Links<B: Backend> {
    pub incoming: IntTensor<B>,
    pub source: IntTensor<B>,
    pub outgoing: IntTensor<B>,
    pub edge: IntTensor<B>,
    pub target: IntTensor<B>,
    pub count: usize,
}

impl<B: Backend> Links<B> {
    /// The same for another backend with the same lists: one that records gradients, or what it records them for.
    pub(crate) fn of<A: Backend<IntTensorPrimitive = IntTensor<B>>>(links: Links<A>) -> Self {
        let Links { incoming, source, outgoing, edge, target, count } = links;
        Self { incoming, source, outgoing, edge, target, count }
    }
}

/// The lists of one direction on the CPU.
pub(crate) struct Held {
    starts: Whole,
    ends: Whole,
    numbers: Option<Whole>,
}

impl Held {
    /// The edges by destination or, `back`, by source.
    pub fn new(links: &Links<burn_flex::Flex>, back: bool) -> Self {
        let whole = |tensor: &FlexTensor| Whole::new(tensor.clone());
        if back {
            Self { starts: whole(&links.outgoing), ends: whole(&links.target), numbers: Some(whole(&links.edge)) }
        } else {
            Self { starts: whole(&links.incoming), ends: whole(&links.source), numbers: None }
        }
    }

    /// As the CPU twins take them.
    pub fn list(&self) -> List<'_> {
        List { starts: &self.starts, ends: &self.ends, numbers: self.numbers.as_deref() }
    }
}

/// A Flex tensor of whole numbers that lies in row-major order.
struct Whole(FlexTensor);

impl Whole {
    fn new(tensor: FlexTensor) -> Self {
        Self(if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() })
    }
}

impl std::ops::Deref for Whole {
    type Target = [i32];

    fn deref(&self) -> &[i32] {
        self.0.as_slice().unwrap_or_default()
    }
}
