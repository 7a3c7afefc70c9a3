//! The engine of Masquerade: sixteen systems that learn by hiding or comparing data, on any GPU or on the CPU.
//!
//! What lives where, top to bottom (nothing points up):
//! * the protocol, without a tensor: [`session`], [`card`], [`trace`], [`link`], [`error`], [`registry`]
//! * [`host`]: the loop between a front end and the methods
//! * [`methods`]: one file a system, from `blocks`, on `kernels`
//! * `train`, `eval`, `data`, `checkpoint`: shared by every method
//!
//! The feature `compute` (on by default) brings burn, the kernels and the methods' models; without it only the protocol
//! is left.
#![recursion_limit = "256"]

#[cfg(feature = "compute")]
pub mod augment;
#[cfg(feature = "compute")]
pub mod batch;
#[cfg(feature = "compute")]
pub mod bench;
#[cfg(feature = "compute")]
pub mod blocks;
pub mod card;
#[cfg(feature = "compute")]
pub mod checkpoint;
pub mod clock;
#[cfg(feature = "compute")]
pub mod data;
#[cfg(feature = "compute")]
pub mod density;
#[cfg(feature = "compute")]
pub mod device;
pub mod error;
#[cfg(feature = "compute")]
pub mod eval;
#[cfg(feature = "compute")]
pub mod fingerprint;
#[cfg(feature = "compute")]
pub mod golden;
#[cfg(feature = "compute")]
pub mod graph;
#[cfg(feature = "compute")]
pub mod host;
#[cfg(feature = "compute")]
pub mod host_tensor;
#[cfg(feature = "compute")]
pub mod jobs;
#[cfg(feature = "compute")]
pub mod kernel_checks;
#[cfg(feature = "compute")]
pub mod kernels;
pub mod knobs;
#[cfg(feature = "compute")]
pub mod limits;
pub mod link;
#[cfg(feature = "compute")]
pub mod loader;
#[cfg(feature = "compute")]
pub mod memory;
#[cfg(feature = "compute")]
pub mod method;
pub mod methods;
#[cfg(feature = "compute")]
pub mod parts;
#[cfg(feature = "compute")]
pub mod pixel_bytes;
#[cfg(feature = "compute")]
pub mod placed;
#[cfg(feature = "compute")]
pub mod readback;
pub mod registry;
#[cfg(feature = "compute")]
pub mod rng;
pub mod role;
#[cfg(feature = "compute")]
pub mod run;
pub mod session;
#[cfg(feature = "compute")]
pub mod settings;
#[cfg(feature = "compute")]
pub mod shape;
#[cfg(feature = "compute")]
pub mod similarity;
#[cfg(feature = "compute")]
pub mod sizes;
pub mod trace;
#[cfg(feature = "compute")]
pub mod train;
#[cfg(feature = "compute")]
pub mod verify;
#[cfg(feature = "compute")]
pub mod weights;
