//! What is on the stage: the parts of a session that only the views depend on, and the views themselves.

use super::Host;
use crate::batch::Half;
use crate::error::Result;
use crate::method::Stage;
use crate::rng::Rng;
use crate::run::Run;
use crate::session::{Event, Session};
use crate::trace::{Cursor, Source};

/// The half of the data that the stage shows: what was not trained on, where there is any.
fn shown_half(run: &Run) -> Half {
    if run.loader.len(Half::Test) == 0 { Half::Train } else { Half::Test }
}

/// Leave in a session only what this model's views can show: a sample that there is, masks that fit their grids,
/// tokens and switches that exist.
pub(super) fn fit(session: &mut Session, run: &Run) {
    let (grids, abilities) = (run.method.grids(), run.method.abilities());
    let samples = run.loader.len(shown_half(run));
    session.sample = session.sample.min(samples.saturating_sub(1) as u64);
    // A link of before grids had names means the first one.
    if let Some(mask) = session.painted.remove("")
        && let Some(grid) = grids.iter().find(|grid| grid.paintable)
    {
        session.painted.entry(grid.id.clone()).or_insert(mask);
    }
    session.painted.retain(|id, mask| {
        grids.iter().any(|grid| grid.id == *id && grid.paintable && grid.tokens() as usize == mask.len())
    });
    session.pinned = session.pinned.take().and_then(|pinned| {
        let grid = grids.iter().find(|grid| grid.id == pinned.grid || pinned.grid.is_empty())?;
        (pinned.token < grid.tokens()).then(|| Cursor::new(&grid.id, pinned.token))
    });
    session.switches.retain(|id| abilities.switches.iter().any(|switch| switch.id == *id));
}

impl Host {
    pub(super) async fn look(&mut self, request: u64, wanted: Vec<String>, cursor: Option<Cursor>) -> Result<()> {
        // While a head is fine-tuned, views show the system that it started from.
        let (run, gpu) = (self.shown()?.pretrained(), self.compute()?.report.gpu);
        let less = run.shows_less();
        let half = shown_half(run);
        // The set's most telling sample is number 0; the others follow in their order.
        let samples = run.loader.len(half).max(1);
        let first = if half == Half::Test { run.loader.data().report().first as usize } else { 0 };
        let sample = ((self.session.sample as usize).min(samples - 1) + first) % samples;
        let stage = Stage {
            batch: run.loader.evaluation_batch(half, &[sample])?,
            loader: run.loader.clone(),
            phase: run.shown_phase(),
            step: run.trained(),
            rng: Rng::new(self.session.seed, "stage").at(self.session.sample).at(self.session.mask_seed),
            painted: self.session.painted.clone(),
            cursor,
            pinned: self.session.pinned.clone(),
            switches: self.session.switches.clone(),
            wanted,
            source: match (run.provenance.stored && run.step == 0, gpu) {
                (true, true) => Source::StoredWeightsGpu,
                (true, false) => Source::StoredWeightsCpu,
                (false, true) => Source::LiveGpu,
                (false, false) => Source::LiveCpu,
            },
        };
        let views = run.method.look(&run.weights.frozen(), &stage).await?;
        self.emit(Event::Views { request, views });
        self.shown_less = less;
        Ok(())
    }

    /// Make ready what the views just shown lack, and have them looked at again.
    pub(super) async fn complete(&mut self) -> Result<()> {
        let beside = self.beside.as_mut().filter(|_| self.session.stored);
        if let Some(run) = beside.or(self.run.as_mut()) {
            run.pretrained_mut().enter_shown().await?;
        }
        self.tell_opened()
    }
}
