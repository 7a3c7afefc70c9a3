//! The engine on a thread of its own, for the window.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use masquerade_engine::error::Report;
use masquerade_engine::host::Host;
use masquerade_engine::session::{Command, DeviceChoice, Event, NamedBytes, Session};
use pollster::block_on;

use super::Link;
use crate::text;

type Wake = Arc<dyn Fn() + Send + Sync>;

/// The engine's thread: it owns device and model for their whole life. A panic there ends the thread, not the program.
pub struct ThreadLink {
    commands: Sender<Command>,
    events: Receiver<Event>,
    choice: DeviceChoice,
    wake: Wake,
    /// The last copy of the training, to go on from when the thread ends.
    copy: Option<NamedBytes>,
}

impl ThreadLink {
    /// Start the engine; `wake` is called after every event, from the engine's thread.
    pub fn new(choice: DeviceChoice, wake: impl Fn() + Send + Sync + 'static) -> Self {
        let wake: Wake = Arc::new(wake);
        let (commands, events) = start(choice, wake.clone());
        Self { commands, events, choice, wake, copy: None }
    }
}

impl Link for ThreadLink {
    fn send(&mut self, command: Command) {
        if let Command::UseDevice(choice) = &command {
            self.choice = *choice;
        }
        if let Err(unsent) = self.commands.send(command) {
            (self.commands, self.events) = start(self.choice, self.wake.clone());
            let command = match (unsent.0, self.copy.take()) {
                (Command::Show(session), Some(copy)) => {
                    let _ = self.commands.send(Command::LoadCheckpoint(copy));
                    Command::Show(Box::new(Session { step: 0, stored: false, ..*session }))
                }
                (command, _) => command,
            };
            // A thread that ends at once reports that itself; there is nobody else to tell.
            let _ = self.commands.send(command);
        }
    }

    fn poll(&mut self) -> Vec<Event> {
        let mut events: Vec<Event> = self.events.try_iter().collect();
        for event in &mut events {
            match event {
                Event::Copied(copy) => self.copy = Some(std::mem::take(copy)),
                Event::Opened { session, .. } if session.step == 0 => self.copy = None,
                _ => {}
            }
        }
        events.retain(|event| !matches!(event, Event::Copied(_)));
        events
    }
}

impl Drop for ThreadLink {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Close);
    }
}

fn start(choice: DeviceChoice, wake: Wake) -> (Sender<Command>, Receiver<Event>) {
    let (commands, command_queue) = channel();
    let (event_queue, events) = channel();
    let last = Arc::new(Mutex::new(Session::default()));
    let body = {
        let (event_queue, wake, last) = (event_queue.clone(), wake.clone(), last.clone());
        move || {
            let emit = {
                let (event_queue, wake, last) = (event_queue.clone(), wake.clone(), last.clone());
                move |event| {
                    remember(&last, &event);
                    // The window may be closing; then nobody listens any more.
                    let _ = event_queue.send(event);
                    wake();
                }
            };
            let outcome = catch_unwind(AssertUnwindSafe(|| work(choice, &command_queue, emit)));
            if let Err(panic) = outcome {
                let session = last.lock().map(|s| s.clone()).unwrap_or_default();
                let _ = event_queue
                    .send(Event::Lost { report: text::engine_lost(&words(&*panic)), session: Box::new(session) });
                wake();
            }
        }
    };
    if let Err(error) = thread::Builder::new().name("engine".into()).spawn(body) {
        let report: Report = text::engine_lost(&error.to_string());
        let _ = event_queue.send(Event::Lost { report, session: Box::default() });
        wake();
    }
    (commands, events)
}

/// Drain the commands, do one unit of work, sleep when there was none.
fn work(choice: DeviceChoice, commands: &Receiver<Command>, emit: impl FnMut(Event) + 'static) {
    let mut host = Host::new(choice, emit);
    block_on(host.start());
    loop {
        while let Ok(command) = commands.try_recv() {
            if command == Command::Close {
                return;
            }
            block_on(host.handle(command));
        }
        if !block_on(host.tick()) {
            match commands.recv() {
                Ok(Command::Close) | Err(_) => return,
                Ok(command) => block_on(host.handle(command)),
            }
        }
    }
}

fn remember(last: &Mutex<Session>, event: &Event) {
    if let Event::Opened { session, .. } | Event::State { session, .. } = event
        && let Ok(mut last) = last.lock()
    {
        last.clone_from(session);
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
