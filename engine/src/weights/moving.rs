//! Weights that move without a gradient: momentum copies and queues.

use burn::tensor::Tensor;

use super::{Slot, Upkeep, Weights, plain};
use crate::error::{Error, Result};
use crate::kernels::optimisers::average;

impl Weights {
    /// Move the momentum copy `to` towards the weights `from` (starts of names, as `encoder.` and `target.`):
    /// `copy ← momentum · copy + (1 − momentum) · weight`. 0 makes it a plain copy; 0.99 … 0.9999 are usual (He et al.,
    /// MoCo, CVPR 2020, equation 2).
    ///
    /// Every weight under `to` with the upkeep [`Upkeep::Average`] moves; fixed ones stay as they are.
    ///
    /// # Errors
    /// [`Error::Request`] when nothing is there to move, or a weight has no counterpart of its shape; all are then as
    /// before.
    pub fn follow(&mut self, from: &str, to: &str, momentum: f64) -> Result<()> {
        let wrong = |why: String| {
            Error::request(
                format!("{to} cannot follow {from}"),
                why,
                "Please report this: the model is put together wrong",
            )
        };
        let mut sources = vec![None; self.list.len()];
        for (place, copy) in self.list.iter().enumerate().filter(|(_, w)| w.upkeep == Upkeep::Average) {
            let Some(rest) = copy.name.strip_prefix(to) else { continue };
            let source = self.by_name(&format!("{from}{rest}")).filter(|source| source.shape == copy.shape);
            let source = source.ok_or_else(|| wrong(format!("{} has no counterpart of its shape", copy.name)))?;
            sources[place] = Some(plain(source.value.clone()));
        }
        if sources.iter().all(Option::is_none) {
            return Err(wrong(format!("no weight under {to} is declared as an average")));
        }
        let moves: Vec<bool> = sources.iter().map(Option::is_some).collect();
        self.exchange_where(|place, _| moves[place], |copies| average(copies, sources, momentum as f32));
        Ok(())
    }

    /// A queue with new rows in front, as many of the oldest gone: its place and flat value, for
    /// [`crate::method::Loss::updates`]. More rows than it holds leave the first of them.
    ///
    /// # Shapes
    /// queue [length, width], rows [new, width]
    pub fn rolled(&self, queue: Slot<2>, rows: Tensor<2>) -> (usize, Tensor<1>) {
        let held = plain(self.get(queue));
        let [length, width] = held.dims();
        let new = rows.dims()[0].min(length);
        let rows = plain(rows).narrow(0, 0, new);
        let all = if new < length { Tensor::cat(vec![rows, held.narrow(0, 0, length - new)], 0) } else { rows };
        (queue.index(), all.reshape([length * width]))
    }
}
