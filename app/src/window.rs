//! The window: the app over an engine on a thread of its own.

use eframe::NativeOptions;
use masquerade_engine::session::{DeviceChoice, Session};

use crate::app::App;
use crate::link::thread::ThreadLink;
use crate::text;

/// Size of the window at first, and at least, in points.
const SIZE: [f32; 2] = [1280.0, 800.0];
const SMALLEST: [f32; 2] = [380.0, 560.0];

/// Show the window until it is closed.
///
/// # Errors
/// In words, when no window can be opened (no display, no OpenGL).
pub fn run(start: Session, device: DeviceChoice) -> Result<(), String> {
    let viewport =
        egui::ViewportBuilder::default().with_title(text::APP).with_inner_size(SIZE).with_min_inner_size(SMALLEST);
    let options = NativeOptions { viewport, renderer: eframe::Renderer::Glow, ..NativeOptions::default() };
    let make = move |cc: &eframe::CreationContext<'_>| {
        let ctx = cc.egui_ctx.clone();
        let link = ThreadLink::new(device, move || ctx.request_repaint());
        Ok(Box::new(App::new(cc, Box::new(link), start)) as Box<dyn eframe::App>)
    };
    eframe::run_native(text::APP, options, Box::new(make)).map_err(|e| text::no_window(&e.to_string()))
}
