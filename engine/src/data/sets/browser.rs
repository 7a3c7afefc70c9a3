//! A download in a browser, beside the engine's own work. Files are kept when they are whole.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{ReadableStreamDefaultReader, Response, WorkerGlobalScope};

use super::attempts::{Attempts, Failure, Next};
use super::{Message, Set, SetFile, Summary, Told, sha256};
use crate::data::files::Files;
use crate::data::kept;
use crate::error::{Error, Result};

/// A download that goes on.
#[derive(Debug)]
pub struct Running {
    messages: Rc<RefCell<VecDeque<Message>>>,
    stop: Rc<Cell<bool>>,
}

impl Running {
    /// Begin to fetch a set into the browser's storage.
    ///
    /// # Errors
    /// None here; the signature is that of other platforms.
    pub fn start(set: Set, files: &Files) -> Result<Self> {
        let running = Self { messages: Rc::default(), stop: Rc::default() };
        let (messages, stop, files) = (running.messages.clone(), running.stop.clone(), files.clone());
        spawn_local(async move {
            let inbox = messages.clone();
            let tell = move |told: &Told| {
                inbox.borrow_mut().push_back(Message::Told(told.clone()));
                !stop.get()
            };
            let ended = Fetching { tell: Box::new(tell), so_far: Told::default() }.set(&set, &files).await;
            messages.borrow_mut().push_back(Message::Ended(ended));
        });
        Ok(running)
    }

    /// The next message, if there is one.
    pub fn message(&mut self) -> Option<Message> {
        self.messages.borrow_mut().pop_front()
    }

    /// Let some time pass.
    pub async fn rest(&self) {
        sleep(50).await;
    }

    /// Ask it to end.
    pub fn stop(&self) {
        self.stop.set(true);
    }
}

async fn sleep(milliseconds: i32) {
    let Ok(scope) = js_sys::global().dyn_into::<WorkerGlobalScope>() else { return };
    let promise = Promise::new(&mut |keep, _| {
        // A browser that sets no timer lets the wait end at once.
        if scope.set_timeout_with_callback_and_timeout_and_arguments_0(&keep, milliseconds).is_err() {
            let _ = keep.call0(&JsValue::NULL);
        }
    });
    let _ = JsFuture::from(promise).await;
}

struct Fetching {
    tell: Box<dyn Fn(&Told) -> bool>,
    so_far: Told,
}

/// What one try brought.
enum Try {
    Whole(Vec<u8>),
    Stopped,
    Failed(Failure),
}

/// Why a file did not come.
enum Ended {
    Stopped,
    File(Error),
    All(Error),
}

impl Fetching {
    async fn set(mut self, set: &Set, files: &Files) -> Result<Summary> {
        let of = set.files.len() as u64;
        self.so_far = Told { set: set.id.clone(), of, total: set.bytes(), ..Told::default() };
        let mut summary = Summary { set: set.id.clone(), of, ..Summary::default() };
        for file in &set.files {
            self.so_far.number += 1;
            self.so_far.file.clone_from(&file.path);
            let (before, place) = (self.so_far.done, set.place(file));
            let there = files.fetched(&place).await?.is_some_and(|bytes| file.is_whole(&bytes));
            let outcome = if there { Ok(None) } else { self.file(file, &set.addresses(file, None)).await.map(Some) };
            match outcome {
                Ok(fetched) => {
                    if let Some(bytes) = fetched {
                        kept::keep(&place, bytes).await?;
                        summary.fetched += 1;
                    }
                    summary.here += 1;
                }
                Err(Ended::Stopped) => {
                    summary.stopped = true;
                    break;
                }
                Err(Ended::File(error)) => summary.failed.push((file.path.clone(), error.report().why)),
                Err(Ended::All(error)) => return Err(error),
            }
            self.so_far.done = before + file.bytes;
        }
        Ok(summary)
    }

    fn told(&mut self, note: &str) -> bool {
        self.so_far.note = note.to_string();
        (self.tell)(&self.so_far)
    }

    async fn file(&mut self, file: &SetFile, addresses: &[String]) -> std::result::Result<Vec<u8>, Ended> {
        let mut attempts = Attempts::new(&file.path, &file.sha256, addresses);
        let (mut address, start) = (0, self.so_far.done);
        loop {
            let failure = match self.attempt(file, &addresses[address], start).await {
                Try::Whole(bytes) => return Ok(bytes),
                Try::Stopped => return Err(Ended::Stopped),
                Try::Failed(failure) => failure,
            };
            match attempts.after(failure) {
                Next::Try { address: next, wait, .. } => {
                    for left in (1..=wait).rev() {
                        let waits = format!("the source limits downloads: going on in {left} s");
                        if !self.told(if wait > 1 { &waits } else { "" }) {
                            return Err(Ended::Stopped);
                        }
                        sleep(1000).await;
                    }
                    address = next;
                }
                Next::GiveUp { error, all } => return Err(if all { Ended::All(error) } else { Ended::File(error) }),
            }
        }
    }

    async fn attempt(&mut self, file: &SetFile, address: &str, start: u64) -> Try {
        let cut = |why: String, unreachable: bool| Try::Failed(Failure::Cut { why, unreachable });
        let Ok(scope) = js_sys::global().dyn_into::<WorkerGlobalScope>() else {
            return cut("there is no network here".into(), true);
        };
        let answer =
            JsFuture::from(scope.fetch_with_str(address)).await.and_then(|answer| answer.dyn_into::<Response>());
        let answer = match answer {
            Ok(answer) => answer,
            Err(why) => return cut(format!("it cannot be reached ({})", words(&why)), true),
        };
        match answer.status() {
            200 => (),
            status @ (403 | 429 | 503) => {
                // Servers tell a page of this header only if they choose to.
                let wait = answer.headers().get("retry-after").ok().flatten();
                let wait = wait.and_then(|wait| wait.trim().parse().ok());
                return Try::Failed(Failure::Limited { status, wait });
            }
            status => return Try::Failed(Failure::Refused { status }),
        }
        let Some(body) = answer.body() else { return cut("its answer is empty".into(), false) };
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        let mut bytes = Vec::new();
        loop {
            self.so_far.done = start + bytes.len() as u64;
            if !self.told("") {
                let _ = reader.cancel();
                return Try::Stopped;
            }
            let part = JsFuture::from(reader.read()).await.and_then(|chunk| {
                let done = Reflect::get(&chunk, &JsValue::from_str("done"))?.is_truthy();
                let value = Reflect::get(&chunk, &JsValue::from_str("value"))?;
                Ok(if done { None } else { Some(value.dyn_into::<Uint8Array>()?) })
            });
            match part {
                Ok(Some(part)) => bytes.extend(part.to_vec()),
                Ok(None) => break,
                Err(why) => {
                    let why =
                        format!("the connection ended after {} of {} bytes: {}", bytes.len(), file.bytes, words(&why));
                    return cut(why, false);
                }
            }
            if bytes.len() as u64 > file.bytes {
                let _ = reader.cancel();
                break;
            }
        }
        if file.is_whole(&bytes) {
            Try::Whole(bytes)
        } else {
            Try::Failed(Failure::WrongHash { found: sha256(&bytes), resumed: false })
        }
    }
}

/// What JavaScript says of an error.
fn words(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |error| String::from(error.message()))
}
