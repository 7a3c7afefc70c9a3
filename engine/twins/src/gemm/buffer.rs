//! Memory that is used again: the pages of a fresh one would cost more than what is written to them.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

thread_local! {
    /// The buffer of a thread that is free at the moment.
    static SPARE: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Values of any content, which the next one on the same thread gets when this one is dropped.
pub(super) struct Buffer(Vec<f32>);

impl Buffer {
    /// At least `len` values.
    pub fn new(len: usize) -> Self {
        let mut values = SPARE.take();
        if values.len() < len {
            values.clear();
            values.resize(len, 0.0);
        }
        Self(values)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.0);
        // A thread that ends has no place for it any more.
        let _ = SPARE.try_with(|spare| spare.set(values));
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}
