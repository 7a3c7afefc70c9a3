//! The page's address: a session in the fragment, in step with the screen, so that Back undoes and a bookmark keeps.

use masquerade_engine::error::Result;
use masquerade_engine::session::{DeviceChoice, Kernels, Session};
use masquerade_engine::{link, registry};
use wasm_bindgen::prelude::*;
use web_sys::Window;

/// Seconds that a session must stay as it is before it becomes an entry of the browser's history.
const SETTLED_SECONDS: f64 = 0.5;
/// Seconds between two corrections of the current entry: browsers refuse a page that does it all the time.
const CORRECTION_SECONDS: f64 = 2.0;

/// What the address says, and since when the screen says something else.
#[derive(Default)]
pub struct Address {
    text: String,
    choice: String,
    coming: Option<(String, f64)>,
    written: f64,
}

impl Address {
    /// Write the session into the address: a changed choice as a new entry once it has settled, progress in place.
    pub fn follow(&mut self, session: &Session, context: &egui::Context) {
        let now = context.input(|input| input.time);
        let text = link::to_text(session);
        if text == self.text {
            self.coming = None;
            return;
        }
        let choice = link::to_text(&Session { step: 0, first_loss: None, ..session.clone() });
        let due = if choice == self.choice {
            self.coming = None;
            self.written + CORRECTION_SECONDS
        } else {
            let unchanged = self.coming.take().filter(|(waiting, _)| *waiting == choice);
            let (waiting, since) = unchanged.unwrap_or((choice.clone(), now));
            self.coming = Some((waiting, since));
            since + SETTLED_SECONDS
        };
        if now < due {
            // Asked for at every frame: a frame that comes for another reason forgets an earlier request.
            context.request_repaint_after_secs((due - now) as f32);
            return;
        }
        // The first session is the entry that the page was opened with.
        let push = choice != self.choice && !self.choice.is_empty() && fragment() != text;
        write(&text, push);
        *self = Self { text, choice, coming: None, written: now };
    }
}

/// The address after `#`.
fn fragment() -> String {
    let hash = web_sys::window().and_then(|window| window.location().hash().ok()).unwrap_or_default();
    hash.trim_start_matches('#').to_string()
}

/// The device that `?device=` asks for.
pub fn device_choice() -> DeviceChoice {
    match asked("device=").as_deref() {
        Some("cpu") => DeviceChoice::Cpu,
        Some("gpu") => DeviceChoice::Gpu,
        _ => DeviceChoice::Auto,
    }
}

/// The kernels that `?kernels=` asks for.
pub fn kernels() -> Kernels {
    if asked("kernels=").as_deref() == Some("stock") { Kernels::Stock } else { Kernels::Fused }
}

/// What follows `key` in the address before the fragment.
fn asked(key: &str) -> Option<String> {
    let query = web_sys::window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    query.trim_start_matches('?').split('&').find_map(|pair| pair.strip_prefix(key)).map(String::from)
}

/// The session that the address says.
///
/// # Errors
/// When it is no link of this program.
pub fn session() -> Result<Session> {
    link::from_text(&fragment(), &registry::cards())
}

/// Call `open` with the session of every address that the user goes to (Back, Forward, a pasted link).
pub fn listen(open: impl Fn(Result<Session>) + 'static) {
    let listener = Closure::<dyn FnMut()>::new(move || open(session()));
    if let Some(window) = web_sys::window() {
        window.set_onhashchange(Some(listener.as_ref().unchecked_ref()));
    }
    // The page listens for as long as it is there.
    listener.forget();
}

fn write(text: &str, push: bool) {
    let Some(history) = web_sys::window().as_ref().map(Window::history).and_then(std::result::Result::ok) else {
        return;
    };
    let (state, address) = (JsValue::NULL, format!("#{text}"));
    let written = if push {
        history.push_state_with_url(&state, "", Some(&address))
    } else {
        history.replace_state_with_url(&state, "", Some(&address))
    };
    if let Err(error) = written {
        web_sys::console::warn_1(&error);
    }
}

/// The page's own address without what follows `#`: what a shared link begins with.
pub fn without_hash() -> String {
    let address = web_sys::window().and_then(|w| w.location().href().ok()).unwrap_or_default();
    address.split('#').next().unwrap_or_default().to_string()
}

/// Whether the reader has asked the system for less motion.
pub fn prefers_reduced_motion() -> bool {
    let query = web_sys::window().and_then(|w| w.match_media("(prefers-reduced-motion: reduce)").ok().flatten());
    query.is_some_and(|q| q.matches())
}
