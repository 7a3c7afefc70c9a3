//! Memory that is used again: the pages of a fresh one would cost more than what is written to them.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::thread::LocalKey;

/// The buffer of a thread that is free at the moment.
type Spare = LocalKey<Cell<Vec<f32>>>;

thread_local! {
    /// For parts of a left operand.
    pub(super) static LEFT: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
    /// For a whole right operand.
    pub(super) static RIGHT: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Values of any content. It goes back to where it came from when it is dropped.
pub(super) struct Buffer {
    values: Vec<f32>,
    spare: &'static Spare,
}

impl Buffer {
    /// At least `len` values.
    pub fn new(spare: &'static Spare, len: usize) -> Self {
        let mut values = spare.take();
        if values.len() < len {
            values.clear();
            values.resize(len, 0.0);
        }
        Self { values, spare }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.values);
        // A thread that ends has no place for it any more.
        let _ = self.spare.try_with(|spare| spare.set(values));
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }
}
