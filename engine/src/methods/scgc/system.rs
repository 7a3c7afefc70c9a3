//! A system of clusters on one graph.

use std::rc::Rc;

use crate::methods::scgc::Variant;
use crate::methods::scgc::known::Known;
use crate::methods::scgc::model::Scgc;
use crate::methods::scgc::rivals::Convolutions;

/// SCGC, SCGC*, or one of what they are compared with, on one graph.
#[derive(Debug, Clone)]
pub struct Clustering {
    pub variant: Variant,
    pub model: Scgc,
    pub(super) convolutions: Option<Convolutions>,
    pub(super) seed: u64,
    /// Nodes of the graph.
    pub(super) nodes: usize,
    pub(super) known: Rc<Known>,
}
