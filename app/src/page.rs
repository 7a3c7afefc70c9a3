//! The browser page: starts the front end on the canvas, keeps the address in step with the session, answers scripts.
//!
//! `web/start.mjs` calls [`start`] once and makes `window.masquerade` of the other functions.

mod address;
mod files;
mod sound;

use std::cell::RefCell;
use std::collections::VecDeque;

use js_sys::Function;
use masquerade_engine::error::Report;
use masquerade_engine::session::{Command, Event, Session, UserFiles};
use wasm_bindgen::prelude::*;
use web_sys::HtmlCanvasElement;

use crate::app::App;
use crate::folder::dropped;
use crate::link::worker::{Inbox, Place, WorkerLink};
use crate::{text, theme};
use address::Address;

/// Everything that is loaded is larger than this many bytes.
const FEWEST_BYTES: u64 = 4096;

/// What scripts have asked for and are told, between two frames.
#[derive(Default)]
struct Desk {
    commands: VecDeque<Command>,
    /// Files that were chosen, dropped or pasted.
    files: Vec<UserFiles>,
    listeners: Vec<Function>,
    waiting: Vec<Function>,
    ready: bool,
    /// The program has something to show: the stored pictures are gone.
    shown: bool,
    session: Session,
    context: Option<egui::Context>,
}

thread_local! {
    static DESK: RefCell<Desk> = RefCell::default();
}

#[wasm_bindgen]
extern "C" {
    /// Shows the crash page.
    #[wasm_bindgen(js_namespace = globalThis, js_name = masqueradePanic)]
    fn show_panic(text: &str);

    /// Tells the loading bar what is being done, and how many bytes of how many are here (0 of 0: not counted).
    #[wasm_bindgen(js_namespace = globalThis, js_name = masqueradeLoading)]
    fn show_loading(doing: &str, done: f64, total: f64);

    /// Takes the stored pictures away: there is something live to see.
    #[wasm_bindgen(js_namespace = globalThis, js_name = masqueradeShown)]
    fn show_program();
}

/// Start the program on this canvas. `version` is the build's, `engine_bytes` the size of the engine's code.
///
/// # Errors
/// When the browser gives no WebGL context to draw with.
#[wasm_bindgen]
pub async fn start(canvas: HtmlCanvasElement, version: String, engine_bytes: f64) -> Result<(), JsValue> {
    std::panic::set_hook(Box::new(|info| show_panic(&info.to_string())));
    let place = Place {
        version,
        engine_bytes: engine_bytes as u64,
        choice: address::device_choice(),
        kernels: address::kernels(),
    };
    let runner = eframe::WebRunner::new();
    let creator: eframe::AppCreator<'static> = Box::new(move |cc| Ok(Box::new(Page::new(cc, place))));
    runner.start(canvas, eframe::WebOptions::default(), creator).await
}

/// Hand over a command in its JSON form.
///
/// # Errors
/// When the text is no command.
#[wasm_bindgen]
pub fn send(json: &str) -> Result<(), JsError> {
    let command = serde_json::from_str(json)?;
    give(command);
    Ok(())
}

/// Call `listener` with every event in its JSON form.
#[wasm_bindgen]
pub fn on(listener: Function) {
    DESK.with_borrow_mut(|desk| desk.listeners.push(listener));
}

/// Call `keep` once, when the engine is up.
#[wasm_bindgen]
pub fn when_ready(keep: Function) {
    let waits = DESK.with_borrow_mut(|desk| {
        if desk.ready {
            Some(keep)
        } else {
            desk.waiting.push(keep);
            None
        }
    });
    waits.into_iter().for_each(call);
}

/// The session on screen in its JSON form.
#[wasm_bindgen]
pub fn session() -> Result<String, JsError> {
    Ok(DESK.with_borrow(|desk| serde_json::to_string(&desk.session))?)
}

/// Hand a command to the front end at its next frame.
fn give(command: Command) {
    DESK.with_borrow_mut(|desk| {
        desk.commands.push_back(command);
        desk.context.iter().for_each(egui::Context::request_repaint);
    });
}

/// Before there is anything live to see, the page shows stored pictures over a loading bar.
fn tell_first_screen(event: &Event) {
    if DESK.with_borrow(|desk| desk.shown) {
        return;
    }
    match event {
        // Parts that are counted and are not bytes.
        Event::Loading { what, total, .. } if *total < FEWEST_BYTES => show_loading(what, 0.0, 0.0),
        Event::Loading { what, done, total } => show_loading(what, *done as f64, *total as f64),
        Event::Ready { .. } => show_loading(text::OPENING, 0.0, 0.0),
        Event::Opened { .. } => show_loading(text::FIRST_VIEWS, 0.0, 0.0),
        // An error has to be read, too.
        Event::Views { .. } | Event::Error(_) | Event::Lost { .. } => {
            DESK.with_borrow_mut(|desk| desk.shown = true);
            show_program();
        }
        _ => {}
    }
}

fn tell(event: &Event) {
    tell_first_screen(event);
    if let Event::File(file) = event {
        report(files::save(file).map(|()| JsValue::UNDEFINED));
    }
    let (listeners, waiting) = DESK.with_borrow_mut(|desk| {
        let up = matches!(event, Event::Ready { .. });
        desk.ready |= up;
        (desk.listeners.clone(), if up { std::mem::take(&mut desk.waiting) } else { Vec::new() })
    });
    waiting.into_iter().for_each(call);
    // Views are large: no text of them is made where nobody listens.
    if !listeners.is_empty()
        && let Ok(json) = serde_json::to_string(event)
    {
        for listener in listeners {
            report(listener.call1(&JsValue::NULL, &JsValue::from_str(&json)));
        }
    }
}

fn call(keep: Function) {
    report(keep.call0(&JsValue::NULL));
}

/// An error inside somebody's listener is theirs: it goes to the console and stops nothing here.
fn report(outcome: Result<JsValue, JsValue>) {
    if let Err(error) = outcome {
        web_sys::console::error_1(&error);
    }
}

fn unread(error: &JsValue) -> Report {
    Report {
        title: text::FILE_UNREAD.into(),
        why: format!("{error:?}"),
        what_to_do: text::FILE_UNREAD_ADVICE.into(),
        usage: false,
    }
}

/// The front end with what only a page has.
struct Page {
    app: App,
    address: Address,
}

impl Page {
    fn new(cc: &eframe::CreationContext<'_>, place: Place) -> Self {
        let context = cc.egui_ctx.clone();
        DESK.with_borrow_mut(|desk| desk.context = Some(context.clone()));
        let inbox = Inbox::default();
        let session = address::session().unwrap_or_else(|error| {
            inbox.borrow_mut().push_back(Event::Error(error.report()));
            Session::default()
        });
        let link = WorkerLink::new(place, inbox.clone(), move || context.request_repaint());
        let mut app = App::new(cc, Box::new(link), session);
        app.on_event = Some(Box::new(tell));
        app.link_prefix = address::without_hash();
        app.sound = sound::speaker();
        if address::prefers_reduced_motion() {
            theme::reduce_motion(&cc.egui_ctx);
        }
        let (context, refusals) = (cc.egui_ctx.clone(), inbox.clone());
        app.on_pick = Some(files::picker(move |chosen| {
            match chosen {
                Ok(files) => DESK.with_borrow_mut(|desk| desk.files.push(files)),
                Err(error) => refusals.borrow_mut().push_back(Event::Error(unread(&error))),
            }
            context.request_repaint();
        }));
        let context = cc.egui_ctx.clone();
        let listening = dropped::listen(move |files| {
            DESK.with_borrow_mut(|desk| desk.files.push(files));
            context.request_repaint();
        });
        report(listening.map(|()| JsValue::UNDEFINED));
        let context = cc.egui_ctx.clone();
        address::listen(move |session| match session {
            Ok(session) => give(Command::Show(Box::new(session))),
            Err(error) => {
                inbox.borrow_mut().push_back(Event::Error(error.report()));
                context.request_repaint();
            }
        });
        Self { app, address: Address::default() }
    }
}

impl eframe::App for Page {
    fn logic(&mut self, context: &egui::Context, frame: &mut eframe::Frame) {
        while let Some(command) = DESK.with_borrow_mut(|desk| desk.commands.pop_front()) {
            self.app.send(command);
        }
        let files = DESK.with_borrow_mut(|desk| std::mem::take(&mut desk.files));
        for files in files {
            self.app.take_files(files);
        }
        self.app.logic(context, frame);
        self.address.follow(self.app.session(), context);
        DESK.with_borrow_mut(|desk| desk.session.clone_from(self.app.session()));
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.app.ui(ui, frame);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.app.save(storage);
    }
}
