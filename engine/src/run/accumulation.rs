//! Steps whose batch goes through the model in parts: gradients are added up, to the same step with less memory.

use burn::tensor::Tensor;

use super::Run;
use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::method::{Loss, StepContext};
use crate::weights::plain;

/// A gradient for each weight, in their order.
type Gradients = Vec<Option<Tensor<1>>>;

impl Run {
    /// The loss of a batch and its gradients, in parts where the recipe says so.
    ///
    /// # Errors
    /// [`Error::Request`] when the batch is to be cut and the loss does not allow it, and those of the loss.
    pub(super) fn gradients(&self, batch: &Batch, context: &StepContext) -> Result<(Loss, Gradients)> {
        let samples = batch.samples()?;
        let Some(size) = self.recipe.at_once.filter(|size| (1..samples).contains(size)) else {
            let loss = self.loss(&self.weights, batch, context)?;
            let gradients = self.weights.backward(&loss.total);
            return Ok((loss, gradients));
        };
        if let Some(why) = self.whole_batch(context.phase) {
            return Err(Error::request(
                "The batch cannot go through in parts",
                why,
                "Let all of it go through at once",
            ));
        }
        let mut sum: Option<(Loss, Gradients)> = None;
        for start in (0..samples).step_by(size) {
            let range = start..(start + size).min(samples);
            let share = range.len() as f64 / samples as f64;
            let part = StepContext { offset: context.offset + start, ..context.clone() };
            let loss = self.loss(&self.weights, &batch.part(range)?, &part)?;
            let total = loss.total.mul_scalar(share);
            let gradients = self.weights.backward(&total);
            let terms = loss.terms.into_iter().map(|(name, term)| (name, plain(term).mul_scalar(share))).collect();
            let own = (Loss { total: plain(total), terms, updates: loss.updates }, gradients);
            sum = Some(match sum {
                Some(before) => added(before, own),
                None => own,
            });
        }
        sum.ok_or_else(|| Error::data("The batch is empty", "it has no samples", "Choose another data set"))
    }

    fn whole_batch(&self, phase: usize) -> Option<&'static str> {
        match self.head() {
            Some(_) => Some("a head is trained on samples that are mixed with one another"),
            None => self.method.whole_batch(phase),
        }
    }
}

fn added((a, left): (Loss, Gradients), (b, right): (Loss, Gradients)) -> (Loss, Gradients) {
    let both = |(a, b): (Option<Tensor<1>>, Option<Tensor<1>>)| match (a, b) {
        (Some(a), Some(b)) => Some(a.add(b)),
        (a, b) => a.or(b),
    };
    let terms = a.terms.into_iter().zip(b.terms).map(|((name, a), (_, b))| (name, a.add(b))).collect();
    let loss = Loss { total: a.total.add(b.total), terms, updates: b.updates };
    (loss, left.into_iter().zip(right).map(both).collect())
}
