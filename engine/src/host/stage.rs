//! What is on the stage: the parts of a session that only the views depend on, and the views themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::Host;
use crate::batch::Half;
use crate::data::scenes::geotiff::write_map;
use crate::data::scenes::ground::Ground;
use crate::error::{Error, Result};
use crate::method::{Kept, Stage};
use crate::rng::Rng;
use crate::run::Run;
use crate::session::{Event, NamedBytes, Session};
use crate::trace::{Cursor, Source, View, ViewKind};

/// The half of the data that the stage shows: what was not trained on, where there is any.
fn shown_half(run: &Run) -> Half {
    if run.loader.len(Half::Test) == 0 { Half::Train } else { Half::Test }
}

/// Where the window of this side around the sample on the stage lies.
fn ground(stage: &Stage, side: u32) -> Option<Ground> {
    stage.loader.ground(stage.half, *stage.batch.indices.first()?, side as usize)
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
        let less = self.shown()?.pretrained().shows_less();
        let (views, _) = self.views(wanted, cursor).await?;
        self.emit(Event::Views { request, views });
        self.shown_less = less;
        Ok(())
    }

    /// Write a map as GeoTIFF over the ground that it covers.
    pub(super) async fn save_map(&mut self, id: &str) -> Result<()> {
        let (views, stage) = self.views(vec![id.into()], None).await?;
        let refuse =
            |why: &str, what_to_do: &str| Error::request(format!("{id:?} cannot be saved as GeoTIFF"), why, what_to_do);
        let view =
            views.into_iter().next().ok_or_else(|| refuse("there is no such view", "Choose one of the views"))?;
        let ViewKind::Heat(heat) = view.kind else {
            return Err(refuse("it is no map with a value for every patch", "Choose a map, like a similarity"));
        };
        let Some((ground, side)) = view.window.and_then(|side| Some((ground(&stage, side)?, side))) else {
            let why =
                "it is not known where on the Earth its picture lies: drawn scenes lie nowhere, and files may not say";
            return Err(refuse(why, "Choose scenes out of GeoTIFF files that tell their coordinates"));
        };
        let values = (0..)
            .zip(&heat.values)
            .map(|(token, value)| if heat.undefined.get(token) == Some(&true) { f32::NAN } else { *value });
        let (columns, rows) = (heat.columns as usize, heat.rows as usize);
        let patches = ground.part(0.0, 0.0, f64::from(side) / f64::from(heat.columns.max(1)));
        let bytes = write_map([columns, rows], &values.collect::<Vec<f32>>(), Some(&patches))?;
        let name = format!("{}-{id}-{}.tif", self.session.method, self.session.sample);
        self.emit(Event::File(NamedBytes { name, bytes }));
        Ok(())
    }

    /// The views of these ids and what they are of.
    async fn views(&mut self, wanted: Vec<String>, cursor: Option<Cursor>) -> Result<(Vec<View>, Stage)> {
        let kept = self.kept()?;
        // While a head is fine-tuned, views show the system that it started from.
        let (run, source) = (self.shown()?.pretrained(), self.source()?);
        let half = shown_half(run);
        // The set's most telling sample is number 0; the others follow in their order.
        let samples = run.loader.len(half).max(1);
        let first = if half == Half::Test { run.loader.data().report().first as usize } else { 0 };
        let sample = ((self.session.sample as usize).min(samples - 1) + first) % samples;
        let stage = Stage {
            batch: run.loader.evaluation_batch(half, &[sample])?,
            half,
            loader: run.loader.clone(),
            phase: run.shown_phase(),
            step: run.trained(),
            rng: Rng::new(self.session.seed, "stage").at(self.session.sample).at(self.session.mask_seed),
            painted: self.session.painted.clone(),
            cursor,
            pinned: self.session.pinned.clone(),
            switches: self.session.switches.clone(),
            wanted,
            source,
            limits: run.limits,
            kept,
        };
        let mut views = run.method.look(&run.weights.frozen(), &stage).await?;
        for view in &mut views {
            view.window = view.window.filter(|side| ground(&stage, *side).is_some());
        }
        Ok((views, stage))
    }

    fn source(&self) -> Result<Source> {
        let (run, gpu) = (self.shown()?.pretrained(), self.compute()?.report.gpu);
        Ok(match (run.provenance.stored && run.step == 0, gpu) {
            (true, true) => Source::StoredWeightsGpu,
            (true, false) => Source::StoredWeightsCpu,
            (false, true) => Source::LiveGpu,
            (false, false) => Source::LiveCpu,
        })
    }

    /// What earlier looks kept, if all is as it was then but what only a look changes.
    fn kept(&mut self) -> Result<Kept> {
        let session = Session {
            pinned: None,
            painted: BTreeMap::default(),
            switches: BTreeSet::default(),
            mask_seed: 0,
            ..self.session.clone()
        };
        let now = (session, self.shown()?.pretrained().trained(), self.source()?);
        match &self.kept {
            Some((then, kept)) if *then == now => Ok(kept.clone()),
            _ => Ok(self.kept.insert((now, Kept::default())).1.clone()),
        }
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
