//! Point clouds.

pub mod chamfer;
pub mod farthest_points;
pub mod nearest_points;

pub use chamfer::chamfer;
pub use farthest_points::farthest_points;
pub use nearest_points::nearest_points;
