//! The engine in a dedicated worker of the page. It owns its device: when it ends, the page lives on and starts
//! another.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use masquerade_engine::error::{Error, Report, Result};
use masquerade_engine::session::{Command, DeviceChoice, Event, Kernels, NamedBytes, Session, decode, encode};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::Link;
use crate::text;

/// Engines that may end one after the other, without a view in between, before the page stops starting new ones.
const MAX_DEATHS: u32 = 3;

/// Where the engine's code is, and how to run it.
#[derive(Debug, Clone)]
pub struct Place {
    /// Version of the build: page and engine must be of one.
    pub version: String,
    /// Size of the engine's code, for the loading bar.
    pub engine_bytes: u64,
    /// The device that the page's address asks for.
    pub choice: DeviceChoice,
    /// The kernels that it asks for.
    pub kernels: Kernels,
}

/// Events on their way to the front end.
pub type Inbox = Rc<RefCell<VecDeque<Event>>>;

/// The worker that runs the engine, and its replacement when it ends.
pub struct WorkerLink(Rc<Engine>);

struct Engine {
    place: Place,
    choice: Cell<DeviceChoice>,
    kernels: Cell<Kernels>,
    inbox: Inbox,
    /// What to go on from when the engine ends: the session, and the last copy of its training.
    session: RefCell<Option<Session>>,
    copy: RefCell<Option<NamedBytes>>,
    running: RefCell<Option<Running>>,
    deaths: Cell<u32>,
    wake: Box<dyn Fn()>,
}

/// A worker with the listeners that it needs alive.
struct Running {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

impl WorkerLink {
    /// Start the engine, which puts its events into `inbox`; `wake` is called after every event.
    pub fn new(place: Place, inbox: Inbox, wake: impl Fn() + 'static) -> Self {
        let engine = Rc::new(Engine {
            choice: Cell::new(place.choice),
            kernels: Cell::new(place.kernels),
            place,
            inbox,
            session: RefCell::default(),
            copy: RefCell::default(),
            running: RefCell::default(),
            deaths: Cell::new(0),
            wake: Box::new(wake),
        });
        engine.start();
        Self(engine)
    }
}

impl Link for WorkerLink {
    fn send(&mut self, command: Command) {
        match &command {
            Command::Show(session) => *self.0.session.borrow_mut() = Some((**session).clone()),
            Command::UseDevice(choice) => self.0.choice.set(*choice),
            Command::UseKernels(kernels) => self.0.kernels.set(*kernels),
            _ => {}
        }
        if self.0.running.borrow().is_none() {
            self.0.deaths.set(0);
            self.0.start();
        }
        self.0.post(&command);
    }

    fn poll(&mut self) -> Vec<Event> {
        self.0.inbox.take().into()
    }
}

impl Engine {
    fn start(self: &Rc<Self>) {
        match self.spawn() {
            Ok(running) => *self.running.borrow_mut() = Some(running),
            Err(error) => {
                self.tell(Event::Lost { report: text::engine_lost(&words(&error)), session: Box::new(self.last()) })
            }
        }
    }

    fn spawn(self: &Rc<Self>) -> std::result::Result<Running, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&self.address(), &options)?;

        let engine = Rc::downgrade(self);
        let on_message = Closure::new(move |message: MessageEvent| with(&engine, |e| e.receive(&message.data())));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));

        // Raised when the worker's files cannot be loaded; what goes wrong later arrives as a message.
        let engine = Rc::downgrade(self);
        let on_error = Closure::new(move |error: ErrorEvent| with(&engine, |e| e.ended(&error.message())));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Running { worker, _on_message: on_message, _on_error: on_error })
    }

    fn address(&self) -> String {
        let device = match self.choice.get() {
            DeviceChoice::Auto => "auto",
            DeviceChoice::Gpu => "gpu",
            DeviceChoice::Cpu => "cpu",
        };
        let kernels = match self.kernels.get() {
            Kernels::Fused => "fused",
            Kernels::Stock => "stock",
        };
        format!(
            "./worker.mjs?v={}&size={}&device={device}&kernels={kernels}",
            self.place.version, self.place.engine_bytes
        )
    }

    fn receive(self: &Rc<Self>, data: &JsValue) {
        if let Some(buffer) = data.dyn_ref::<ArrayBuffer>() {
            match decode(&Uint8Array::new(buffer).to_vec()) {
                Ok(event) => self.tell(event),
                Err(error) => self.tell(Event::Error(error.report())),
            }
        } else if let Some(panic) = field(data, "panic").and_then(|p| p.as_string()) {
            self.ended(&panic);
        } else if let Some(loading) = field(data, "loading") {
            let bytes = |name| field(&loading, name).and_then(|v| v.as_f64()).unwrap_or(0.0) as u64;
            self.tell(Event::Loading { what: text::LOADING_ENGINE.into(), done: bytes("done"), total: bytes("total") });
        }
    }

    fn tell(&self, event: Event) {
        match &event {
            Event::Opened { session, .. } | Event::State { session, .. } => {
                *self.session.borrow_mut() = Some((**session).clone());
                if session.step == 0 {
                    *self.copy.borrow_mut() = None;
                }
            }
            Event::Copied(copy) => {
                *self.copy.borrow_mut() = Some(copy.clone());
                return;
            }
            Event::Views { .. } => self.deaths.set(0),
            _ => {}
        }
        self.inbox.borrow_mut().push_back(event);
        (self.wake)();
    }

    /// The engine is gone: say so, and go on from the last session in a new one. A second end in a row blames the GPU.
    fn ended(self: &Rc<Self>, why: &str) {
        // This runs inside one of the listeners that it drops, so they are dropped in a task of their own.
        if let Some(running) = self.running.take() {
            running.worker.terminate();
            wasm_bindgen_futures::spawn_local(async move { drop(running) });
        }
        let session = self.last();
        self.tell(Event::Lost { report: text::engine_lost(why), session: Box::new(session.clone()) });
        self.deaths.set(self.deaths.get() + 1);
        if self.deaths.get() >= MAX_DEATHS {
            return;
        }
        if self.deaths.get() > 1 {
            self.choice.set(DeviceChoice::Cpu);
        }
        self.start();
        // The copy carries the knobs of its time; those turned since come with the session.
        let copy = self.copy.borrow().clone();
        let session = if copy.is_some() { Session { step: 0, stored: false, ..session } } else { session };
        if let Some(copy) = copy {
            self.post(&Command::LoadCheckpoint(copy));
        }
        self.post(&Command::Show(Box::new(session)));
    }

    fn last(&self) -> Session {
        self.session.borrow().clone().unwrap_or_default()
    }

    fn post(&self, command: &Command) {
        if let Err(error) = self.try_post(command) {
            self.tell(Event::Error(error.report()));
        }
    }

    fn try_post(&self, command: &Command) -> Result<()> {
        let buffer = Uint8Array::from(encode(command)?.as_slice()).buffer();
        let running = self.running.borrow();
        let Some(running) = running.as_ref() else { return Ok(()) };
        let sent = running.worker.post_message_with_transfer(&buffer, &js_sys::Array::of1(&buffer));
        sent.map_err(|error| refused(&words(&error)))
    }
}

fn refused(why: &str) -> Error {
    let Report { title, what_to_do, .. } = text::engine_lost(why);
    Error::device(title, why, what_to_do)
}

fn with(engine: &Weak<Engine>, act: impl FnOnce(&Rc<Engine>)) {
    if let Some(engine) = engine.upgrade() {
        act(&engine);
    }
}

fn field(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &name.into()).ok().filter(|value| !value.is_undefined())
}

fn words(error: &JsValue) -> String {
    field(error, "message").and_then(|m| m.as_string()).unwrap_or_else(|| format!("{error:?}"))
}
