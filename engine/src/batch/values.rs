//! What a batch holds in a role, and what is known of its samples on a track.

use std::ops::Range;
use std::rc::Rc;

use crate::error::Result;
use crate::graph::featured::GraphData;
use crate::host_tensor::{HostIds, HostTensor, rows, shortened};
use crate::pixel_bytes::PixelBytes;

/// What the samples of a batch have in one role; the first axis counts samples.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Pictures, clips, volumes as their files hold them.
    Bytes(PixelBytes),
    /// Normalised pictures [batch, channels, height, width], points [batch, points, 3], sound [batch, times], vectors
    /// [batch, numbers] …
    Floats(HostTensor),
    /// Tokens of captions [batch, tokens].
    Ids(HostIds),
    Nodes(Nodes),
}

/// Some nodes of a graph.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Nodes {
    pub graph: Rc<GraphData>,
    /// Their numbers in the graph.
    pub numbers: Vec<usize>,
}

impl Nodes {
    /// All nodes, in their order.
    pub fn all(graph: Rc<GraphData>) -> Self {
        Self { numbers: (0..graph.nodes).collect(), graph }
    }
}

impl Values {
    /// Number of samples.
    pub fn samples(&self) -> usize {
        match self {
            Self::Bytes(pixels) => pixels.samples(),
            Self::Floats(array) => array.shape.first().copied().unwrap_or(0),
            Self::Ids(array) => array.shape.first().copied().unwrap_or(0),
            Self::Nodes(nodes) => nodes.numbers.len(),
        }
    }

    /// Those of the samples at these places.
    pub(super) fn part(&self, range: Range<usize>) -> Result<Self> {
        Ok(match self {
            Self::Bytes(pixels) => Self::Bytes(pixels.part(range)?),
            Self::Floats(array) => Self::Floats(array.part(range)?),
            Self::Ids(array) => Self::Ids(HostIds {
                shape: shortened(&array.shape, &range),
                values: rows(&array.values, &array.shape, range)?,
            }),
            Self::Nodes(nodes) => Self::Nodes(Nodes {
                graph: nodes.graph.clone(),
                numbers: rows(&nodes.numbers, &[nodes.numbers.len()], range)?,
            }),
        })
    }
}

/// What is known of the samples of a batch on one track.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A class each.
    Class(Vec<u32>),
    /// Numbers [batch, …]: dimensions of an emotion, an age.
    Numbers(HostTensor),
    /// A map each, [batch, height, width, channels]: a mask, the class of every pixel.
    Maps(PixelBytes),
}

impl Target {
    pub(super) fn part(&self, range: Range<usize>) -> Result<Self> {
        Ok(match self {
            Self::Class(classes) => Self::Class(rows(classes, &[classes.len()], range)?),
            Self::Numbers(array) => Self::Numbers(array.part(range)?),
            Self::Maps(pixels) => Self::Maps(pixels.part(range)?),
        })
    }
}
