//! The CPU twins of the kernels: loops over plain slices, without tensors. A crate of their own, so that a browser gets
//! them compiled for speed and everything around them for size.
//!
//! For that every public function is concrete: what is generic, or given a closure, would be compiled where it is
//! called. None is inlined either: within a function that is compiled for size, its loops would be so too. Shapes are
//! those of the operations in `engine/src/kernels/`, in row-major order; slices of other lengths are a mistake of the
//! caller.
//!
//! The loops that take long are functions with `macerator::with_simd`: they are compiled once for every vector unit and
//! chosen at run time, and so is what they inline. Their parameter `S` says no more than that.

#![allow(clippy::extra_unused_type_parameters)]

pub mod activations;
pub mod attention;
pub mod clusters;
pub mod contrast;
pub mod convolution;
pub mod edges;
mod gemm;
pub mod losses;
pub mod neighbour_contrast;
pub mod norms;
pub mod optimisers;
pub mod pictures;
pub mod points;
pub mod products;
mod smooth;
mod sums;
mod threads;
pub mod tokens;

#[cfg(not(target_arch = "wasm32"))]
pub use threads::compute_here;
