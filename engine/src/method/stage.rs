//! What is on the stage, and what a system shows of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use burn::tensor::Tensor;

use super::Local;
use crate::batch::{Batch, Half};
use crate::error::Result;
use crate::limits::Limits;
use crate::loader::Loader;
use crate::rng::Rng;
use crate::session::Abilities;
use crate::trace::{Cursor, Grid, Source, View, ViewKind};
use crate::weights::Weights;

/// What is on the stage: one sample, its mask, the cursor, the switches.
#[derive(Debug, Clone)]
pub struct Stage {
    /// One sample of this half.
    pub batch: Batch,
    pub half: Half,
    /// Where it is from.
    pub loader: Loader,
    /// Phase of the run, and steps made in all.
    pub phase: usize,
    pub step: u64,
    /// Stream of the stage's mask.
    pub rng: Rng,
    /// Masks painted by hand, by id of their grid, true = hidden; each has as many tokens as its grid.
    pub painted: BTreeMap<String, Vec<bool>>,
    /// The token under the pointer, and the pinned one.
    pub cursor: Option<Cursor>,
    pub pinned: Option<Cursor>,
    /// Ids of the display switches that are on.
    pub switches: BTreeSet<String>,
    /// Ids of the views that are wanted.
    pub wanted: Vec<String>,
    pub source: Source,
    /// What the device allows.
    pub limits: Limits,
    pub kept: Kept,
}

/// What was computed for a look and holds as long as only cursor, pin, masks and switches change: encodings of large
/// windows. Whoever makes the [`Stage`] keeps it from look to look, and drops it when weights, sample or knobs change.
#[derive(Debug, Clone, Default)]
pub struct Kept(Rc<RefCell<BTreeMap<String, Tensor<3>>>>);

impl Kept {
    /// What was kept under a name, or else is made now.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn or_make(&self, name: &str, make: impl FnOnce() -> Result<Tensor<3>>) -> Result<Tensor<3>> {
        if let Some(kept) = self.0.borrow().get(name) {
            return Ok(kept.clone());
        }
        let made = make()?;
        self.0.borrow_mut().insert(name.into(), made.clone());
        Ok(made)
    }
}

impl Stage {
    /// Whether the view `id` is wanted.
    pub fn wants(&self, id: &str) -> bool {
        self.wanted.iter().any(|wanted| wanted == id)
    }

    /// A view of what was computed now with the stage's weights, its title from the system's list.
    pub fn view(&self, titles: &[(&str, &str)], id: &str, caption: String, kind: ViewKind, tensor: &str) -> View {
        View::new(titles, id, caption, kind, tensor, self.source)
    }

    /// The token of a grid that is looked at: the one under the pointer, else the pinned one.
    pub fn token(&self, grid: &str) -> Option<usize> {
        let on = |cursor: &Option<Cursor>| cursor.as_ref().and_then(|cursor| cursor.on(grid));
        on(&self.cursor).or_else(|| on(&self.pinned)).map(|token| token as usize)
    }

    /// Whether a display switch is on.
    pub fn switched(&self, id: &str) -> bool {
        self.switches.contains(id)
    }
}

/// What a system shows, and what can be done there.
pub trait OnStage {
    /// What its views are divided into, the sample's own tokens first.
    fn grids(&self) -> Vec<Grid> {
        Vec::new()
    }

    /// What can be done with it beyond training and looking; each of these acts on a model as it is built now.
    fn abilities(&self) -> Abilities {
        Abilities::default()
    }

    /// Ids and titles of the views, in stage order.
    fn views(&self) -> Vec<(String, String)>;

    /// Compute the wanted views of the stage.
    fn look<'a>(&'a self, weights: &'a Weights, stage: &'a Stage) -> Local<'a, Result<Vec<View>>>;
}
