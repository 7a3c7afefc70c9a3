//! Distributions that are known exactly, on the host in f64: what they draw, their log density, its gradient (the
//! score) and Hessian.
//!
//! They make the vector data sets and judge what a network has learned of them.
//! * [`mixture`]: Gaussian mixtures, clean or blurred by noise
//! * [`line`]: an energy in one dimension, and the best denoisers on a grid
//! * [`shapes`]: a spiral, and an energy of the plane with four arms
//! * [`samples`]: how far two sets of points are apart
//! * [`matrix`]: inverse and factor of small matrices

pub mod line;
pub mod matrix;
pub mod mixture;
pub mod samples;
pub mod shapes;
