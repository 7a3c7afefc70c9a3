//! The loop between a front end and the engine: take commands, do one unit of work, tell what happened.

use crate::registry;
use crate::session::{Command, DeviceChoice, DeviceReport, Event};

/// The engine as a front end's transport drives it. Lives on one thread for its whole life.
///
/// A transport calls [`Host::start`] once, then in a loop hands every waiting command to [`Host::handle`] and calls
/// [`Host::tick`]; when `tick` says it did nothing, the transport may sleep until the next command.
pub struct Host {
    choice: DeviceChoice,
    emit: Box<dyn FnMut(Event)>,
}

impl Host {
    /// An engine that tells its events to `emit`.
    pub fn new(choice: DeviceChoice, emit: impl FnMut(Event) + 'static) -> Self {
        Self { choice, emit: Box::new(emit) }
    }

    /// Find the device and say [`Event::Ready`].
    pub async fn start(&mut self) {
        let _ = self.choice;
        (self.emit)(Event::Ready { device: DeviceReport::default(), catalogue: registry::cards() });
    }

    /// Do what a command asks. Errors become [`Event::Error`]; the session goes on.
    pub async fn handle(&mut self, command: Command) {
        let _ = command;
    }

    /// One unit of work: a training step or a slice of a long job. False: there was nothing to do.
    pub async fn tick(&mut self) -> bool {
        false
    }
}
