//! What every system offers the rest of the engine: losses to train, views to look at, features to probe, numbers to
//! compare.

pub mod patch_views;
mod stage;
pub mod tuned_vit;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::Batch;
use crate::card::Card;
use crate::checkpoint::keys::Layout;
use crate::error::{Error, Result};
use crate::golden::{Case, Got};
use crate::knobs::KnobTable;
use crate::knobs::shared::Training;
use crate::limits::Needs;
use crate::loader::Loader;
use crate::parts::Part;
use crate::rng::Rng;
use crate::settings::Settings;
use crate::sizes::Sizes;
use crate::train::recipe::{Phase, Recipe};
use crate::weights::Weights;
pub use stage::{Kept, OnStage, Stage};

/// A loss, whole and by term; each is one number on the device.
#[derive(Debug, Clone)]
pub struct Loss {
    pub total: Tensor<1>,
    pub terms: Vec<(String, Tensor<1>)>,
    /// New flat values of fixed weights (running statistics) by their place in `weights.list`, to be put in their place
    /// after the step: what [`crate::blocks::batch_norm::Pass::updates`] gives.
    pub updates: Vec<(usize, Tensor<1>)>,
}

impl Loss {
    /// A loss and its terms.
    pub fn new(total: Tensor<1>, terms: Vec<(String, Tensor<1>)>) -> Self {
        Self { total, terms, updates: Vec::new() }
    }
}

/// When a loss is asked for, and the randomness that belongs to it.
#[derive(Debug, Clone)]
pub struct StepContext {
    /// Stream of this step: masks, noise, augmentation.
    pub rng: Rng,
    /// Number of the phase.
    pub phase: usize,
    /// Number of the step in its phase, the first being 0, and how many it has.
    pub step: u64,
    pub steps: u64,
    /// Place of the batch's first sample among those of the step: a step may go through the model in parts, each of which
    /// draws what the whole would draw for its samples.
    pub offset: usize,
}

impl StepContext {
    /// The first step of the first phase.
    pub fn first(rng: Rng) -> Self {
        Self { rng, phase: 0, step: 0, steps: 1, offset: 0 }
    }
}

/// A trained model with its data, to be measured.
pub struct Subject<'a> {
    /// Without history.
    pub weights: &'a Weights,
    pub loader: &'a Loader,
    pub settings: &'a Settings,
}

/// A future that stays on its thread.
pub type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A system, built for one size. Its weights are kept apart from it, so that averages, teachers and duels can share it.
pub trait Method: OnStage {
    /// The same system with the knobs that act at once (mask ratio, loss switches) turned.
    fn adjusted(&self, settings: &Settings) -> Result<Rc<dyn Method>>;

    /// The loss of a batch; masks, noise and augmentation are drawn from the context's stream.
    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss>;

    /// Features for probes: one vector a sample, nothing hidden.
    fn embed(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>>;

    /// The phases of a run, in order; their steps together are the run's. One by default, with the knob `steps`.
    ///
    /// # Errors
    /// [`Error::Request`] when the system lacks that knob.
    fn phases(&self, settings: &Settings) -> Result<Vec<Phase>> {
        Ok(vec![Phase::new("training", "steps", settings)?])
    }

    /// How a phase is trained; by the knobs of [`Training`] by default.
    ///
    /// # Errors
    /// [`Error::Request`] when the system lacks one of them.
    fn recipe(&self, _phase: usize, settings: &Settings, weights: &Weights) -> Result<Recipe> {
        Ok(Recipe::pretraining(&Training::of(settings)?, weights))
    }

    /// Why a step of a phase needs its whole batch at once; `None`: its loss is a mean over samples that draws what is
    /// random sample by sample, so that the gradients of parts add up to that of the whole ([`Recipe::at_once`]).
    /// Contrastive losses, whose negatives are the batch, and batch normalisation cannot be cut.
    fn whole_batch(&self, _phase: usize) -> Option<&'static str> {
        Some("its loss is not known to be a mean over samples that are drawn one by one")
    }

    /// What happens before the first step of a phase: clusters are found, weights start from them, batches are planned
    /// ([`Loader::follow`]). `resumed`: the run was taken up in the midst of the phase; what lies in the weights stays as
    /// it is and only what does not is computed again, to the same result. The answer is a line for the log.
    fn enter<'a>(&'a self, _phase: usize, _entering: Entering<'a>) -> Local<'a, Result<Option<String>>> {
        Box::pin(async { Ok(None) })
    }

    /// What follows a step, after the optimiser and [`Loss::updates`]: momentum copies move ([`Weights::follow`]).
    ///
    /// What a method remembers from step to step is a weight, never a field of its own: a loss may be asked for without
    /// a step being made (kernels are prepared that way), and must leave no trace.
    ///
    /// # Errors
    /// [`Error::Request`] when the model is put together wrong.
    fn settle(&self, _weights: &mut Weights, _context: &StepContext) -> Result<()> {
        Ok(())
    }

    /// Numbers of its own that say how good a model is: names for [`Method::measure`], beside the frame's
    /// `knn_accuracy`, `linear_accuracy` and `mlp_accuracy` on [`Method::embed`].
    fn metrics(&self) -> &'static [&'static str] {
        &[]
    }

    /// One of these numbers; larger is better.
    fn measure<'a>(&'a self, metric: &'a str, _subject: Subject<'a>) -> Local<'a, Result<f64>> {
        Box::pin(async move { Err(no_metric(metric, self.metrics())) })
    }

    /// What a training step needs of the device; nothing known by default.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// Namings of weights files that fit, the authors' own first.
    fn layouts(&self) -> &'static [Layout] {
        &[crate::checkpoint::keys::OFFICIAL]
    }

    /// A head for `classes` classes on this encoder, with the encoder's weights copied in.
    ///
    /// # Errors
    /// [`Error::Request`] where the system is not fine-tuned.
    fn tuned(&self, _weights: &Weights, _classes: usize, _settings: &Settings) -> Result<(Rc<dyn Tuned>, Weights)> {
        Err(Error::request(
            "This system is not fine-tuned",
            "its paper has no classifier on the encoder",
            "Probe the frozen encoder",
        ))
    }
}

/// That a system has no number of its own with this name, but those.
pub fn no_metric(metric: &str, those: &[&str]) -> Error {
    let what_to_do = match those {
        [] => "Measure the frozen encoder with a probe".to_string(),
        those => format!("Choose one of {}", those.join(", ")),
    };
    Error::request("This cannot be measured", format!("the system has no metric {metric:?}"), what_to_do)
}

/// What a phase may change before its first step.
pub struct Entering<'a> {
    pub weights: &'a mut Weights,
    pub loader: &'a mut Loader,
    pub settings: &'a Settings,
    /// The run was taken up in the midst of the phase.
    pub resumed: bool,
    /// Stream of this phase.
    pub rng: Rng,
}

/// A head on a trained encoder while it is fine-tuned, and the encoder with it: phases, recipe, targets and loss are the
/// method's own.
pub trait Tuned {
    /// The phases of fine-tuning, in order. One by default, with the knob `tune_steps`.
    ///
    /// # Errors
    /// [`Error::Request`] when the system lacks that knob.
    fn phases(&self, settings: &Settings) -> Result<Vec<Phase>> {
        Ok(vec![Phase::new("fine-tuning", "tune_steps", settings)?])
    }

    /// How a phase is trained with `batch` samples a step.
    ///
    /// # Errors
    /// [`Error::Request`] when a knob is missing.
    fn recipe(&self, phase: usize, settings: &Settings, weights: &Weights, batch: usize) -> Result<Recipe>;

    /// The loss of a batch; mixing and dropping are drawn from the context's stream.
    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss>;

    /// What it answers with nothing mixed and nothing dropped: scores of the classes.
    ///
    /// # Shapes
    /// → [batch, classes]
    fn answer(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>>;
}

/// Computes what a fixture's case expects, by tensor name.
pub type Verify = for<'a> fn(&'a Case<'a>) -> Local<'a, Result<BTreeMap<String, Got>>>;

/// What the registry knows of a system beyond its card.
#[derive(Clone, Copy)]
pub struct Entry {
    pub card: fn() -> Card,
    /// Build the model, declaring its weights.
    pub build: fn(&Settings, &mut Weights) -> Result<Rc<dyn Method>>,
    /// Parts whose weights come from elsewhere; [`crate::parts::none`] for most.
    pub parts: fn(&Settings) -> Vec<Part>,
    pub verify: Verify,
    /// Which knobs follow from the shapes of its weights.
    pub sizes: fn(&mut Sizes<'_>),
    /// Trained weights that are part of the native program: file name and content (`stored_weights!`).
    pub stored: &'static [(&'static str, &'static [u8])],
}

/// Files of `engine/stored` as the entry's [`Entry::stored`]; empty in a browser, where they lie beside the page.
macro_rules! stored_weights {
    ($($file:literal),* $(,)?) => {{
        #[cfg(target_arch = "wasm32")]
        const STORED: &[(&str, &[u8])] = &[];
        #[cfg(not(target_arch = "wasm32"))]
        const STORED: &[(&str, &[u8])] = &[
            $(($file, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/stored/", $file)))),*
        ];
        STORED
    }};
}
pub(crate) use stored_weights;
