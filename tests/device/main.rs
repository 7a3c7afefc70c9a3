//! Tests of the engine's hold on its device: submits, memory, limits, a device that is lost. A program of its own,
//! because they count what the whole process does and take the GPU away from it; for the same reason they run one after
//! the other.
#![recursion_limit = "256"]

mod counted;
mod kernels;
mod large;
mod lost;
mod memory;
mod submits;
mod warm;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};

use masquerade_engine::host::Host;
use masquerade_engine::session::{Command, DeviceChoice, Event, Session};
use masquerade_tests::{block_on, gpu};

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Hold this while a test runs.
pub fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A host whose events are kept.
pub struct Driven {
    pub host: Host,
    events: Rc<RefCell<Vec<Event>>>,
}

impl Driven {
    /// An engine on the CPU or on any GPU; `None` where there is none.
    pub fn on(choice: DeviceChoice) -> Option<Self> {
        if choice == DeviceChoice::Gpu {
            gpu()?;
        }
        let events = Rc::new(RefCell::new(Vec::new()));
        let told = Rc::clone(&events);
        let mut host = Host::new(choice, move |event| told.borrow_mut().push(event));
        block_on(host.start());
        Some(Self { host, events })
    }

    /// Hand over a command without working on it.
    pub fn hand(&mut self, command: Command) {
        block_on(self.host.handle(command));
    }

    /// One unit of work.
    pub fn tick(&mut self) -> bool {
        block_on(self.host.tick())
    }

    /// Take the events.
    pub fn events(&mut self) -> Vec<Event> {
        self.events.take()
    }

    /// Send a command, work until there is nothing to do, and take the events.
    pub fn send(&mut self, command: Command) -> Vec<Event> {
        self.hand(command);
        while self.tick() {}
        self.events()
    }
}

/// The micro preset on the procedural shapes, from scratch.
pub fn micro() -> Session {
    Session { preset: "micro".into(), data: "shapes".into(), stored: false, ..Session::default() }
}
