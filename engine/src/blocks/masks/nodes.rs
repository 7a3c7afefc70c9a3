//! Which nodes of a graph have their features hidden, and what stands in their place: the mask token, or another node's
//! features.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::kernels::edges::Edges;
use crate::placed::Placed;
use crate::rng::Rng;

/// The masked nodes of a step. Token and noise nodes are masked ones; one that is neither keeps its features, and still
/// counts as masked (the two shares are rounded down apart).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeMask {
    /// Nodes of the graph.
    pub nodes: usize,
    /// All masked nodes, in the order they were drawn.
    pub masked: Vec<u32>,
    /// Those whose features become the mask token.
    pub token: Vec<u32>,
    /// Those whose features become the ones of the node at the same place of `source`.
    pub noise: Vec<u32>,
    pub source: Vec<u32>,
    placed: Placed<OnDevice>,
}

#[derive(Debug, Clone)]
struct OnDevice {
    token: Tensor<2>,
    kept: Tensor<2>,
    masked: Tensor<1, Int>,
    rows: Edges,
}

impl NodeMask {
    /// The masked nodes are the first ⌊`mask_rate` · nodes⌋ of `order`. In the order `of_masked` (places among them)
    /// the first ⌊(1 − `replace_rate`) · masked⌋ become token nodes and the last ⌊`replace_rate` · masked⌋ noise nodes;
    /// where that is none, all are token nodes. Noise nodes show the first nodes of `sources`.
    ///
    /// # Errors
    /// [`Error::Request`] when nothing is masked, [`Error::Data`] when an order is too short.
    pub fn from_orders(
        (mask_rate, replace_rate): (f64, f64),
        order: &[u32],
        of_masked: &[u32],
        sources: impl Iterator<Item = u32>,
    ) -> Result<Self> {
        let nodes = order.len();
        let count = (mask_rate * nodes as f64) as usize;
        let masked = order.get(..count).filter(|masked| !masked.is_empty()).ok_or_else(|| {
            Error::request(
                "No node would be masked",
                format!("{mask_rate} of {nodes} nodes is less than one"),
                "Raise the mask rate",
            )
        })?;
        let noisy = (replace_rate * count as f64) as usize;
        let (mut token, mut noise) = (masked.to_vec(), Vec::new());
        if noisy > 0 {
            let tokens = ((1.0 - replace_rate) * count as f64) as usize;
            let shuffled: Vec<u32> =
                of_masked.iter().filter_map(|place| masked.get(*place as usize).copied()).collect();
            let (Some(first), Some(last)) =
                (shuffled.get(..tokens), shuffled.get(shuffled.len().wrapping_sub(noisy)..))
            else {
                let why = format!("{} places for {count} masked nodes", of_masked.len());
                return Err(Error::data(
                    "The masked nodes cannot be divided",
                    why,
                    "Check the order of the masked nodes",
                ));
            };
            (token, noise) = (first.to_vec(), last.to_vec());
        }
        let source = sources.take(noise.len()).collect();
        Ok(Self { nodes, masked: masked.to_vec(), token, noise, source, placed: Placed::default() })
    }

    /// Masked nodes, noise nodes and their sources drawn at random.
    ///
    /// # Errors
    /// [`Error::Request`] when nothing would be masked.
    pub fn random(nodes: usize, mask_rate: f64, replace_rate: f64, rng: &mut Rng) -> Result<Self> {
        let mut order = |n: usize| -> Vec<u32> { rng.permutation(n).into_iter().map(|i| i as u32).collect() };
        let all = order(nodes);
        let of_masked = order((mask_rate * nodes as f64) as usize);
        let sources = order(nodes);
        Self::from_orders((mask_rate, replace_rate), &all, &of_masked, sources.into_iter())
    }

    /// A mask as given, all of it token nodes.
    pub fn painted(hidden: &[bool]) -> Self {
        let masked: Vec<u32> =
            hidden.iter().enumerate().filter(|(_, hidden)| **hidden).map(|(node, _)| node as u32).collect();
        Self { nodes: hidden.len(), token: masked.clone(), masked, ..Self::default() }
    }

    /// The same nodes with given token and noise nodes (fixtures).
    pub fn given(nodes: usize, masked: Vec<u32>, token: Vec<u32>, noise: Vec<u32>, source: Vec<u32>) -> Self {
        Self { nodes, masked, token, noise, source, placed: Placed::default() }
    }

    /// Node → true = masked.
    pub fn hidden(&self) -> Vec<bool> {
        flags(self.nodes, &self.masked)
    }

    /// The node whose features each node shows; `None` where it shows the mask token.
    pub fn shown(&self) -> Vec<Option<u32>> {
        let mut shown: Vec<Option<u32>> = (0..self.nodes as u32).map(Some).collect();
        let mut set = |node: &u32, to| {
            if let Some(place) = shown.get_mut(*node as usize) {
                *place = to;
            }
        };
        self.token.iter().for_each(|node| set(node, None));
        self.noise.iter().zip(&self.source).for_each(|(node, source)| set(node, Some(*source)));
        shown
    }

    /// Put all that a step needs on `device` now.
    ///
    /// # Errors
    /// [`Error::Data`] when a masked node is not one of the graph.
    pub fn upload(&self, device: &Device) -> Result<()> {
        Graph::picks(self.nodes, self.masked.iter().map(|node| Some(*node)))?;
        self.on(device);
        Ok(())
    }

    /// [nodes, 1]: 1 where a node shows the mask token.
    pub fn token_column(&self, device: &Device) -> Tensor<2> {
        lifted(self.on(device).token, device)
    }

    /// [nodes, 1]: 0 where a node is masked, else 1.
    pub fn kept_column(&self, device: &Device) -> Tensor<2> {
        lifted(self.on(device).kept, device)
    }

    /// [masked]: the masked nodes.
    pub fn masked_tensor(&self, device: &Device) -> Tensor<1, Int> {
        let masked = self.on(device).masked;
        if device.is_autodiff() { Tensor::from_inner(masked) } else { masked }
    }

    /// One edge to each masked row from its node: [`crate::kernels::edge_propagate`] picks the rows along them.
    pub fn rows(&self, device: &Device) -> Edges {
        let rows = self.on(device).rows;
        if device.is_autodiff() { rows.lifted() } else { rows }
    }

    fn on(&self, device: &Device) -> OnDevice {
        self.placed.on(device, |device| {
            let column = |flags: Vec<bool>, one: bool| {
                let values: Vec<f32> = flags.into_iter().map(|flag| f32::from(u8::from(flag == one))).collect();
                Tensor::from_data(TensorData::new(values, [self.nodes, 1]), device)
            };
            let masked: Vec<i32> = self.masked.iter().map(|node| *node as i32).collect();
            let count = masked.len();
            // A node that is not there was refused by `upload`.
            let rows = Graph::picks(self.nodes, self.masked.iter().map(|node| Some(*node))).unwrap_or_default();
            OnDevice {
                token: column(flags(self.nodes, &self.token), true),
                kept: column(self.hidden(), false),
                masked: Tensor::from_data(TensorData::new(masked, [count]), device),
                rows: rows.on(device),
            }
        })
    }
}

fn flags(nodes: usize, marked: &[u32]) -> Vec<bool> {
    let mut flags = vec![false; nodes];
    for node in marked {
        if let Some(flag) = flags.get_mut(*node as usize) {
            *flag = true;
        }
    }
    flags
}

fn lifted<const D: usize>(tensor: Tensor<D>, device: &Device) -> Tensor<D> {
    if device.is_autodiff() { Tensor::from_inner(tensor) } else { tensor }
}
