//! Masquerade's front end: the window, the page and the command line over one engine. No tensor lives here.

pub mod app;
pub mod commands;
mod desk;
mod icons;
mod import;
pub mod link;
pub mod looks;
mod panels;
pub mod selection;
pub mod state;
pub mod text;
pub mod theme;
pub mod undo;
mod views;
#[cfg(not(target_arch = "wasm32"))]
pub mod window;
