//! The phases of a run: where it stands among them, and how each begins.

use super::Run;
use crate::error::Result;
use crate::method::Entering;
use crate::rng::Rng;
use crate::train::optimiser::Optimiser;
use crate::train::recipe::Phase;

impl Run {
    /// Stand at a step of the run, with a fresh optimiser of its phase. The start of the phase is made before the next
    /// step.
    ///
    /// # Errors
    /// Those of the method's recipe.
    pub fn go_to(&mut self, step: u64) -> Result<()> {
        self.step = step;
        self.entered = None;
        self.begin(self.phase())
    }

    pub(super) fn begin(&mut self, phase: usize) -> Result<()> {
        self.loader.follow(None);
        self.loader.resize(self.settings.get("batch")?);
        self.recipe = self.recipe_of(phase)?;
        self.optimiser = Optimiser::new(&self.recipe);
        if let Some(batch) = self.recipe.batch {
            self.loader.resize(batch);
        }
        Ok(())
    }

    /// The phases of the run.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// Steps of all phases.
    pub fn total_steps(&self) -> u64 {
        self.phases.iter().map(|p| p.steps).sum()
    }

    /// The phase that the next step belongs to; past the end, the last one.
    pub fn phase(&self) -> usize {
        phase_at(&self.phases, self.step)
    }

    /// The phase that what is shown belongs to: of stored weights that have not been trained on, the one they were
    /// trained in last.
    pub fn shown_phase(&self) -> usize {
        if self.provenance.stored && self.step == 0 {
            phase_at(&self.phases, self.provenance.trained_steps.saturating_sub(1))
        } else {
            self.phase()
        }
    }

    /// Whether views lack what [`Run::enter_shown`] makes ready.
    pub fn shows_less(&self) -> bool {
        let phase = self.shown_phase();
        phase != self.phase() && self.entered != Some(phase)
    }

    /// Make ready what is shown of stored weights from a later phase than the run is in: batches and what else
    /// [`Method::enter`](crate::method::Method::enter) computes beside the weights. Training begins with its own first
    /// phase all the same.
    ///
    /// # Errors
    /// Those of the method's own start.
    pub async fn enter_shown(&mut self) -> Result<()> {
        if self.shows_less() {
            let phase = self.shown_phase();
            self.begin(phase)?;
            self.enter_phase(phase, true).await?;
        }
        Ok(())
    }

    async fn enter_phase(&mut self, phase: usize, resumed: bool) -> Result<Option<String>> {
        if self.tuning.is_some() {
            self.entered = Some(phase);
            return Ok(None);
        }
        let entering = Entering {
            resumed,
            rng: Rng::new(self.settings.seed, "phases").at(phase as u64),
            weights: &mut self.weights,
            loader: &mut self.loader,
            settings: &self.settings,
        };
        let note = self.method.enter(phase, entering).await?;
        self.entered = Some(phase);
        Ok(note)
    }

    /// The first step of a phase.
    pub(super) fn start_of(&self, phase: usize) -> u64 {
        self.phases.iter().take(phase).map(|p| p.steps).sum()
    }

    /// Make the start of the phase that the next step belongs to, if it was not made yet.
    ///
    /// # Errors
    /// Those of the method's own start.
    pub async fn enter(&mut self) -> Result<Option<String>> {
        let phase = self.phase();
        if self.entered == Some(phase) {
            return Ok(None);
        }
        if self.entered.is_some() {
            self.begin(phase)?;
        }
        self.enter_phase(phase, self.step > self.start_of(phase)).await
    }

    /// What is to be said before the first step past the planned end.
    pub(super) fn plan_is_over(&self) -> Option<String> {
        let rate = self.recipe.rate.afterwards().filter(|_| self.step > 0 && self.step == self.total_steps())?;
        Some(format!("Past the {} planned steps the learning rate stays at {rate:e}.", self.step))
    }
}

/// The phase that the step after `step` belongs to; past the end, the last one.
fn phase_at(phases: &[Phase], step: u64) -> usize {
    let mut end = 0;
    let found = phases.iter().position(|phase| {
        end += phase.steps;
        step < end
    });
    found.unwrap_or(phases.len().saturating_sub(1))
}
