//! What every method shares when it learns: optimisers, the schedule of the learning rate, layer-wise rates, mixed
//! pictures.

pub mod groups;
pub mod losses;
pub mod mix;
pub mod optimiser;
pub mod recipe;
pub mod schedule;
