//! From the bytes of a file to plain values. Every reader is a function of bytes and of [`Reading`], uses memory in
//! proportion to them, never panics, and says in words why it cannot read.
//!
//! What is read is told by three lists that every reader fills in the same way: notes (what was guessed), what was left
//! out ([`LeftOut`]), and the values.

pub mod archive;
pub mod clouds;
pub mod edges;
pub mod idx;
pub mod jpeg;
pub mod mesh;
pub mod networks;
pub mod npy;
pub mod obj;
pub mod off;
pub mod packed;
pub mod pcd;
pub mod pictures;
pub mod ply;
pub mod points;
pub mod polygon;
pub mod reading;
pub mod sheet;
pub mod sniff;
pub mod stl;
pub mod text;
pub mod tu;
pub mod weights;

pub use reading::{LeftOut, Reading};
