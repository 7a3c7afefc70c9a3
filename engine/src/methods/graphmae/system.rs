//! The model and what it is used on.

use crate::methods::graphmae::data::Cache;
use crate::methods::graphmae::model::GraphMae;
use crate::methods::graphmae::pooling::Pool;

/// The model and the graph it is used on.
#[derive(Debug, Clone)]
pub struct System {
    pub model: GraphMae,
    pub cache: Cache,
    /// The data set's.
    pub(super) nodes: usize,
    pub(super) edges: usize,
    pub(super) graphs: usize,
    pub(super) pool: Pool,
}
