//! CROMA on the stage: both sensors, both masks, what is rebuilt of them, what the encoders find alike, what the batch
//! matches, and the biases of a head.

mod alike;
mod composite;
mod rebuilt;
mod window;

use crate::batch::Role;
use crate::blocks::masks::Mask;
use crate::error::{Error, Result};
use crate::method::{Local, OnStage, Stage};
use crate::methods::croma::model::Masks;
use crate::methods::croma::model::System;
use crate::readback;
use crate::rng::Rng;
use crate::session::{Abilities, Switch};
use crate::similarity::Similarity;
use crate::trace::{self, Grid, Picture, View, ViewKind, titled};
use crate::weights::Weights;
use composite::Sensor;
use window::Window;

/// Ids and titles, in stage order.
pub(super) const VIEWS: [(&str, &str); 16] = [
    ("optical", "Optical"),
    ("radar", "Radar"),
    ("optical_window", "Optical, wider"),
    ("radar_window", "Radar, wider"),
    ("optical_mask", "Optical mask"),
    ("radar_mask", "Radar mask"),
    ("optical_reconstruction", "Optical, rebuilt"),
    ("radar_reconstruction", "Radar, rebuilt"),
    ("seen", "Seen by"),
    ("optical_error", "Optical error"),
    ("radar_error", "Radar error"),
    ("optical_similarity", "Alike in optics"),
    ("radar_similarity", "Alike in radar"),
    ("across", "Radar among optics"),
    ("pairs", "Radar and optical of a batch"),
    ("bias", "Bias of a head"),
];

/// Ids of the patches of both sensors and of the scenes of a batch.
const OPTICAL: &str = "optical";
const RADAR: &str = "radar";
/// The same in windows wider than the model's own input.
const WIDE_OPTICAL: &str = "optical_window";
const WIDE_RADAR: &str = "radar_window";
const SCENES: &str = "scenes";

impl OnStage for System {
    fn grids(&self) -> Vec<Grid> {
        let side = self.croma.config.side() as u32;
        let kept = self.croma.masks(1, &Rng::new(0, "grid")).map_or(0, |masks| masks.radar.kept) as u32;
        let patches = |id: &str| Grid::new(id, [1, side, side], "patch").painted(kept);
        let scenes = Grid::new(SCENES, [1, 1, self.shown.compared() as u32], "scene");
        let mut grids = vec![patches(OPTICAL), patches(RADAR), scenes];
        if self.wide() {
            let side = (self.shown.window / self.croma.config.patch_size) as u32;
            grids.extend([WIDE_OPTICAL, WIDE_RADAR].map(|id| Grid::new(id, [1, side, side], "patch")));
        }
        grids
    }

    fn abilities(&self) -> Abilities {
        let hidden = self.grids().iter().any(|grid| grid.visible < grid.tokens());
        let mut switches = vec![Switch::raw_prediction(), Switch::true_patch_mean()];
        switches.extend(Similarity::switches());
        Abilities {
            samples: true,
            draws: hidden.then(|| "mask".into()),
            mask_knob: Some("mask_ratio".into()),
            fine_tunes: true,
            switches,
        }
    }

    fn views(&self) -> Vec<(String, String)> {
        titled(&VIEWS)
            .into_iter()
            .filter(|(id, _)| self.wide() || ![WIDE_OPTICAL, WIDE_RADAR].contains(&id.as_str()))
            .collect()
    }

    fn look<'a>(&'a self, weights: &'a Weights, stage: &'a Stage) -> Local<'a, Result<Vec<View>>> {
        Box::pin(look(self, weights, stage))
    }
}

impl System {
    /// Whether more of the scene is shown than the model's own input.
    fn wide(&self) -> bool {
        self.shown.window > self.croma.config.img_size
    }

    /// The grid that similarities of a sensor show, which has the id of its picture.
    fn shown_grid(&self, sensor: Sensor) -> &'static str {
        match sensor {
            Sensor::Optical if self.wide() => WIDE_OPTICAL,
            Sensor::Radar if self.wide() => WIDE_RADAR,
            own => own.name(),
        }
    }
}

/// Which grid a view shows, and which cursor it is about.
fn on_grid(system: &System, view: View) -> View {
    let [optical, radar] = [Sensor::Optical, Sensor::Radar].map(|sensor| system.shown_grid(sensor));
    let (grid, about) = match view.id.as_str() {
        "radar" | "radar_mask" | "radar_reconstruction" | "radar_error" => (Some(RADAR), None),
        "optical_window" | "radar_window" => (Some(if view.id == WIDE_RADAR { radar } else { optical }), None),
        "radar_similarity" => (Some(radar), Some(radar)),
        "optical_similarity" => (Some(optical), Some(optical)),
        "across" => (Some(optical), Some(radar)),
        "bias" => (Some(OPTICAL), Some(OPTICAL)),
        "pairs" => (None, None),
        _ => (Some(OPTICAL), None),
    };
    view.of_grid(grid, about)
}

/// The views the stage wants, computed now.
///
/// # Errors
/// [`Error::Request`] when a painted mask does not fit; [`Error::Device`] when the device is lost.
async fn look(system: &System, w: &Weights, stage: &Stage) -> Result<Vec<View>> {
    let masks = stage_masks(system, stage)?;
    let mut views = Vec::new();
    for sensor in [Sensor::Optical, Sensor::Radar] {
        if stage.wants(sensor.name()) {
            views.push(input(system, w, stage, sensor).await?);
        }
        let wide = system.shown_grid(sensor);
        if system.wide() && stage.wants(wide) {
            views.push(wide_input(system, w, stage, sensor).await?);
        }
        let id = format!("{}_mask", sensor.name());
        if stage.wants(&id) {
            views.push(mask(system, stage, &id, sensor.of(&masks)));
        }
    }
    views.extend(rebuilt::views(system, w, stage, &masks).await?);
    views.extend(alike::views(system, w, stage, &masks).await?);
    Ok(views.into_iter().map(|view| on_grid(system, view)).collect())
}

/// The masks of the stage: painted ones, else the rule's own.
fn stage_masks(system: &System, stage: &Stage) -> Result<Masks> {
    let tokens = system.croma.config.tokens();
    let mut masks = system.croma.masks(1, &stage.rng)?;
    for (grid, mask) in [(OPTICAL, &mut masks.optical), (RADAR, &mut masks.radar)] {
        let Some(hidden) = stage.painted.get(grid) else { continue };
        if hidden.len() != tokens || hidden.iter().all(|hidden| *hidden) {
            let why = if hidden.len() == tokens {
                format!("it leaves the {grid} encoder nothing to see")
            } else {
                format!("it has {} patches, the scene has {tokens}", hidden.len())
            };
            return Err(Error::request("The painted mask does not fit", why, "Draw a new mask"));
        }
        *mask = Mask::painted(hidden);
    }
    Ok(masks)
}

/// Whether the scene on the stage has both sensors.
fn paired(stage: &Stage) -> bool {
    [Role::Optical, Role::Radar].iter().all(|role| stage.batch.present(*role).first() == Some(&true))
}

async fn input(system: &System, w: &Weights, stage: &Stage, sensor: Sensor) -> Result<View> {
    let config = &system.croma.config;
    if stage.batch.present(sensor.role()).first() != Some(&true) {
        let caption = format!("This scene has no {} picture.", sensor.name());
        return Ok(stage.view(&VIEWS, sensor.name(), caption, empty(config.side()), sensor.name()).of_data());
    }
    let values = readback::floats(config.patches(&stage.batch, sensor.role(), w.device())?).await?;
    let picture = composite::picture(system, stage, sensor, config.side(), &values);
    let caption = format!("The scene as the {} encoder would get it, whole: {}.", sensor.name(), {
        composite::words(system, sensor)
    });
    Ok(stage.view(&VIEWS, sensor.name(), caption, ViewKind::Picture(picture), sensor.name()).of_data())
}

/// A picture of more of the scene.
async fn wide_input(system: &System, w: &Weights, stage: &Stage, sensor: Sensor) -> Result<View> {
    let (window, id) = (Window::of(system, stage.limits), system.shown_grid(sensor));
    if stage.batch.present(sensor.role()).first() != Some(&true) {
        let caption = format!("This scene has no {} picture.", sensor.name());
        return Ok(stage.view(&VIEWS, id, caption, empty(window.side), sensor.name()).of_data());
    }
    let values = readback::floats(window.patches(&system.croma.config, w, stage, sensor)?).await?;
    let picture = composite::picture(system, stage, sensor, window.side, &values);
    let caption =
        format!("More of the {} scene: {}. {}", sensor.name(), composite::words(system, sensor), window.words());
    Ok(stage.view(&VIEWS, id, caption, ViewKind::Picture(picture), sensor.name()).of_data())
}

/// What stands where a scene has no picture of a sensor.
fn empty(side: usize) -> ViewKind {
    let (width, height) = (side as u32, side as u32);
    let rgba = [128, 128, 128, 255].repeat(side * side);
    ViewKind::Picture(Picture { width, height, rgba, grid: (width, height), hidden: Vec::new() })
}

fn mask(system: &System, stage: &Stage, id: &str, mask: &Mask) -> View {
    let side = system.croma.config.side() as u32;
    let hidden = mask.tokens - mask.kept;
    let caption = format!("{hidden} of {} patches are hidden; the encoder sees the others only.", mask.tokens);
    let kind = ViewKind::Mask(trace::Mask { rows: side, columns: side, hidden: mask.hidden.clone() });
    stage.view(&VIEWS, id, caption, kind, "mask").of_formula()
}
