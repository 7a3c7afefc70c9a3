//! Checkpoints and weights of a run.

use super::{Provenance, Run};
use crate::checkpoint::keys;
use crate::checkpoint::resume::{self, Checkpoint, Pretrained};
use crate::checkpoint::safetensors::File;
use crate::error::Result;
use crate::session::{Session, Task};
use crate::train::optimiser::Optimiser;

impl Run {
    /// Everything that training needs to go on, as a file that [`Run::restore`] takes; `session` is written into it.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] when the device is lost, [`crate::error::Error::Training`] when a weight is not finite.
    pub async fn checkpoint(&self, session: &Session) -> Result<Vec<u8>> {
        let from = self.head().map(|_| {
            let before = self.pretrained();
            Pretrained { weights: &before.weights, words: self.provenance.words.clone(), steps: before.trained() }
        });
        // Between two phases the optimiser is still that of the phase that is over: the next one begins with its own.
        let over = self.entered.is_some_and(|entered| entered != self.phase());
        let fresh = over.then(|| self.recipe_of(self.phase()).map(|recipe| Optimiser::new(&recipe))).transpose()?;
        let optimiser = fresh.as_ref().unwrap_or(&self.optimiser);
        resume::save_tuned(session, &self.weights, optimiser, from, Some(self.loader.fingerprint())).await
    }

    /// Go on from a checkpoint; the run must have been built from its session.
    ///
    /// # Errors
    /// [`crate::error::Error::Checkpoint`] when a weight is missing or of another shape; [`crate::error::Error::Request`] or [`crate::error::Error::Data`] when
    /// it is of a fine-tuning run and the system or the data do not allow it.
    pub fn restore(mut self, file: &Checkpoint) -> Result<Self> {
        if let Some(Pretrained { weights, words, steps }) = &file.pretrained {
            let before = self.pretrained_mut();
            before.take(weights, "the encoder of the checkpoint")?;
            before.go_to(0)?;
            let from = "the encoder of a checkpoint".into();
            before.provenance = Provenance { words: from, since: 0, stored: false, trained_steps: *steps };
            self = self.turned_to(Task::Pretrain).and_then(|run| run.turned_to(Task::FineTune)).map_err(|(_, e)| e)?;
            self.provenance.words.clone_from(words);
        }
        self.go_to(file.session.step)?;
        file.restore(&mut self.weights, &mut self.optimiser)?;
        Ok(self)
    }

    /// Take the weights of a file that fits exactly (a checkpoint of this model, stored weights).
    ///
    /// # Errors
    /// [`crate::error::Error::Checkpoint`] when a weight is missing or has another shape; nothing is changed then.
    pub fn take(&mut self, file: &File, name: &str) -> Result<()> {
        let plan = keys::plan(name, file, &self.weights, self.method.layouts());
        plan.fits_whole("Choose the preset and knobs the file was made with")?;
        keys::apply(plan, &mut self.weights).map(|_| ())
    }
}
