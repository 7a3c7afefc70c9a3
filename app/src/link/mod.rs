//! How the front end reaches the engine: commands go in, events come out, and nothing here tells where the engine
//! lives.

#[cfg(not(target_arch = "wasm32"))]
pub mod thread;
#[cfg(target_arch = "wasm32")]
pub mod worker;

use masquerade_engine::session::{Command, Event};

/// One way to the engine. An implementation wakes the front end (a repaint) whenever an event has arrived.
pub trait Link {
    /// Hand over a command; answered by events, in the order of the commands. An engine that was lost is started again.
    fn send(&mut self, command: Command);
    /// The events that have arrived since the last call, oldest first.
    fn poll(&mut self) -> Vec<Event>;
}
