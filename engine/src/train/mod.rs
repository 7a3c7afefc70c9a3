//! What every method shares when it learns: optimisers, the schedule of the learning rate, clipping, averaging, mixed
//! pictures.

pub mod average;
pub mod clip;
pub mod groups;
pub mod losses;
pub mod mix;
pub mod optimiser;
pub mod recipe;
pub mod schedule;
