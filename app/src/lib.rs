//! Masquerade: window, browser page and command line over the engine. No tensor is named here.

pub mod app;
#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
pub mod commands;
pub mod folder;
mod icons;
mod import;
pub mod link;
pub mod looks;
#[cfg(target_arch = "wasm32")]
pub mod page;
mod panels;
pub mod scene;
pub mod selection;
pub mod sound;
pub mod state;
pub mod text;
mod textures;
pub mod theme;
mod ui_context;
pub mod undo;
mod views;
#[cfg(not(target_arch = "wasm32"))]
pub mod window;
