//! Tests of the engine.

mod kernels;
