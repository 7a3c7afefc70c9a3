//! Masquerade: window, browser page and command line over the engine. No tensor is named here.

#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
