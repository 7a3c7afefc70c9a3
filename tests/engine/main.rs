//! Tests of the engine: kernels, blocks, methods, data, training, checkpoints, the protocol.
#![recursion_limit = "256"]

mod attention;
mod augment;
mod checkpoint;
mod clouds;
mod collections;
mod convolution;
mod convolutional;
mod data;
mod eval;
mod finite_differences;
mod graph_networks;
mod graphs;
mod gsimclr;
mod info_nce;
mod kernels;
mod knobs;
mod methods;
mod opening;
mod optimisers;
mod parts;
mod points;
mod points_run;
mod protocol;
mod rae;
mod rae_system;
mod scgc;
mod showing;
mod similarity;
mod train;
mod transformers;
mod weights;
