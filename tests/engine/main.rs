//! Tests of the engine: kernels, blocks, methods, data, training, checkpoints, the protocol.
#![recursion_limit = "256"]

mod attention;
mod checkpoint;
mod data;
mod eval;
mod finite_differences;
mod graph_networks;
mod graphs;
mod kernels;
mod methods;
mod optimisers;
mod protocol;
mod scgc;
mod train;
