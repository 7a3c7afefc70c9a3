//! Both networks with their knobs, as they are trained and looked at.

use crate::methods::gsimclr::model::{Config, Networks};
use crate::trace::Grid;

/// Numbers of the phases.
pub(super) const DENOISING: usize = 0;
pub(super) const CONTRAST: usize = 1;

/// Both networks with their knobs. The clusters, once they are found, are the loader's.
#[derive(Debug, Clone)]
pub struct Gsimclr {
    pub config: Config,
    pub networks: Networks,
    pub(super) grids: Vec<Grid>,
}
