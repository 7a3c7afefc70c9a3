//! Data made by a formula: nothing to fetch, the same on every machine, with the structure a system's claim needs.

pub mod shapes;
