//! Making the kernels of a training step before anybody waits for it: each kind is compiled when it is first launched,
//! which takes a GPU's driver milliseconds to tenths of a second.
//!
//! A browser's graphics library has no call to compile ahead without a launch, so the step itself is made, of few
//! samples and with nothing learnt. It is made in slices, so that commands are answered in between: first the loss,
//! then gradients of ever more weights, the last of the model first. A model's blocks are alike, so each slice adds
//! only a few kernels of its own.

use std::future::poll_fn;
use std::task::Poll;

use burn::tensor::Tensor;

use super::Host;
use crate::batch::{Batch, Half};
use crate::error::Result;
use crate::method::Local;
use crate::readback;
use crate::run::Run;
use crate::session::Event;
use crate::train::optimiser::Optimiser;
use crate::weights::{Upkeep, Weights, plain};

/// Samples of the step: most kernels do not depend on their number.
const SAMPLES: usize = 2;
/// The last slice is a whole step with the run's own batch, for the few that do, unless it needs more bytes than this.
const MOST: u64 = 1 << 30;

/// A training step that is made in slices for the sake of its kernels.
pub(super) struct Warm {
    batch: Batch,
    last: Batch,
    /// How many of the last weights each slice asks for gradients of.
    slices: Vec<usize>,
    done: usize,
    /// The end of the slice that the device works on.
    running: Option<Local<'static, Result<Vec<Vec<f32>>>>>,
}

impl Warm {
    fn of(run: &Run) -> Result<Self> {
        let indices: Vec<usize> = (0..SAMPLES).collect();
        let count = run.weights.list.len();
        let slices = std::iter::once(0)
            .chain((1..usize::BITS).map(|i| 1 << i).take_while(|n| *n < count))
            .chain([count])
            .collect();
        let batch = match run.loader.len(Half::Train) {
            0 => run.loader.train_batch(0)?,
            _ => run.loader.evaluation_batch(Half::Train, &indices)?,
        };
        let whole = run.needs().together.at(run.loader.batch_size() as u64) <= MOST;
        let last = if whole { run.loader.train_batch(0)? } else { batch.clone() };
        Ok(Self { batch, last, slices, done: 0, running: None })
    }

    /// Launch the next slice; what is returned can be read when the device is through with it.
    fn launch(&self, run: &Run, trained: usize) -> Result<Vec<Tensor<1>>> {
        let count = run.weights.list.len();
        let mut weights = run.weights.clone();
        let names: Vec<String> =
            weights.list[..count - trained].iter().filter(|w| w.trains()).map(|w| w.name.clone()).collect();
        names.iter().for_each(|name| weights.set_upkeep(name, Upkeep::Fixed));
        let batch = if trained < count { &self.batch } else { &self.last };
        let loss = run.loss(&weights, batch, &run.context())?;
        // The loss of this phase may depend on none of the last weights.
        if trained == 0 || !loss.total.is_tracked() {
            return Ok(vec![plain(loss.total)]);
        }
        let gradients = weights.backward(&loss.total);
        if trained < count {
            let last = gradients.iter().rev().flatten().next().cloned();
            return Ok(last.map(|gradient| gradient.narrow(0, 0, 1)).into_iter().collect());
        }
        // At a rate of 0 every weight stays what it is; the moments are this optimiser's own.
        Optimiser::new(run.recipe()).step(&mut weights, &gradients, 0.0);
        Ok(one_value_of(&weights).into_iter().collect())
    }
}

fn one_value_of(weights: &Weights) -> Option<Tensor<1>> {
    weights.list.iter().rev().find(|w| w.trains()).map(|w| plain(w.value.clone()).narrow(0, 0, 1))
}

/// What a slice read if it is through. Only a browser has to come back for it: there, waiting would hold up the
/// commands.
async fn through(running: &mut Local<'static, Result<Vec<Vec<f32>>>>) -> Option<Result<Vec<Vec<f32>>>> {
    if !cfg!(target_arch = "wasm32") {
        return Some(running.await);
    }
    poll_fn(|context| match running.as_mut().poll(context) {
        Poll::Ready(values) => Poll::Ready(Some(values)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

impl Host {
    /// Make the kernels of each new model's training step ahead, or do not. Without this: on a GPU of hardware.
    #[must_use]
    pub fn warming(mut self, ahead: bool) -> Self {
        self.warms = Some(ahead);
        self
    }

    /// Begin to make the kernels of the model that was just opened.
    pub(super) fn warm_up(&mut self) -> Result<()> {
        let report = &self.compute()?.report;
        let wanted = self.warms.unwrap_or(report.gpu && !report.software);
        let run = self.running()?;
        self.warm = (wanted && !run.loader.is_empty()).then(|| Warm::of(run)).transpose()?;
        Ok(())
    }

    /// Leave the kernels that are still missing to the first step.
    pub(super) fn end_warm_up(&mut self) {
        if let Some(warm) = self.warm.take() {
            self.tell_kernels(warm.slices.len(), warm.slices.len());
        }
    }

    fn tell_kernels(&mut self, done: usize, total: usize) {
        self.emit(Event::Loading { what: "Preparing kernels".into(), done: done as u64, total: total as u64 });
    }

    /// One slice of it, or a look whether the device is through with one.
    pub(super) async fn warm_slice(&mut self) {
        let (Some(mut warm), Some(run)) = (self.warm.take(), &self.run) else { return };
        let total = warm.slices.len();
        let result = match &mut warm.running {
            Some(running) => through(running).await.map_or(Ok(false), |values| values.map(|_| true)),
            None => warm.launch(run, warm.slices[warm.done]).map(|ends| {
                warm.running = Some(Box::pin(readback::many(ends)));
                false
            }),
        };
        match result {
            Ok(through) => {
                if through {
                    (warm.running, warm.done) = (None, warm.done + 1);
                    self.tell_kernels(warm.done, total);
                }
                if warm.done < total {
                    self.warm = Some(warm);
                } else {
                    self.release();
                }
            }
            Err(error) => {
                self.tell_kernels(total, total);
                self.answer_failure(&error).await;
            }
        }
    }
}
