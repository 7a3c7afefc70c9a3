//! Sound that can be heard: only where the platform has a player of its own.

use masquerade_engine::trace::Wave;

/// What plays sound. The page has one; the window has none, and shows no button then.
pub trait Sound {
    /// Play from this second on. What was played before ends.
    fn play(&mut self, wave: &Wave, from: f64);
    fn stop(&mut self);
    /// The second that sounds now; `None`: nothing does.
    fn at(&self) -> Option<f64>;
}
