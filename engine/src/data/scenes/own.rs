//! Scenes out of files: the user's own, and those of published sets.

use super::assemble::{self, Findings};
use super::legend;
use super::scene::Scene;
use super::set::Scenes;
use super::sheets::{self, Sheet};
use crate::batch::Half;
use crate::data::resample::Raster;
use crate::data::user_files::{classes, places};
use crate::error::Result;
use crate::session::{DataReport, NamedBytes};

/// Scenes of these files, whatever they are called and however they lie in folders.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when no scene can be made of them.
pub fn scenes(files: Vec<NamedBytes>, report: DataReport) -> Result<Scenes> {
    let (mut sheets, mut skipped) = sheets::look(files);
    let places = sheets::places(&sheets, &mut skipped);
    let mut findings = Findings::default();
    let (mut scenes, mut maps, mut firsts) = (Vec::new(), Vec::new(), Vec::new());
    for place in &places {
        if let Some((scene, map)) = assemble::scene(place, &mut sheets, &mut findings, &mut skipped) {
            let take = place.optical.as_ref().or(place.radar.as_ref());
            firsts.push(take.filter(|take| take.sheets.len() == 1).map(|take| take.sheets[0]));
            scenes.push(scene);
            maps.push(map);
        }
    }
    let mut report = DataReport { notes: findings.lines(), ..report };
    let (covers, maps) = legend::settle(&maps, &mut report.notes);
    for (scene, map) in scenes.iter_mut().zip(maps) {
        let [width, height] = scene.sides;
        scene.cover = map.map(|pixels| Raster { width, height, channels: 1, pixels });
    }
    by_folders(&mut scenes, &sheets, &firsts, covers.is_empty(), &mut report);
    lacking(&scenes, &mut report);
    report.skipped.append(&mut skipped);
    report.skipped.sort();
    Scenes::new(scenes, covers, report)
}

/// Halves, and classes where no map tells them, by the folders that files of whole scenes lie in.
fn by_folders(
    scenes: &mut [Scene],
    sheets: &[Sheet],
    firsts: &[Option<usize>],
    unmapped: bool,
    report: &mut DataReport,
) {
    let named: Option<Vec<&str>> = firsts
        .iter()
        .map(|first| {
            first.map(|first| &sheets[first].named).filter(|named| named.told).map(|named| named.path.as_str())
        })
        .collect();
    let Some(names) = named else { return };
    let found = places(names.into_iter());
    for (scene, place) in scenes.iter_mut().zip(&found) {
        scene.half = place.test.map(|test| if test { Half::Test } else { Half::Train });
    }
    if !unmapped {
        return;
    }
    report.classes = classes(&found);
    for (scene, place) in scenes.iter_mut().zip(&found) {
        let class = place.class.as_ref().and_then(|class| report.classes.iter().position(|known| known == class));
        scene.class = class.map(|class| class as u32);
    }
    if !report.classes.is_empty() {
        report.notes.push(format!("Classes: the folders {}", report.classes.join(", ")));
    }
}

/// Tell which scenes lack a sensor.
fn lacking(scenes: &[Scene], report: &mut DataReport) {
    let without = |name: &str, lacks: fn(&Scene) -> bool| {
        let names: Vec<&str> = scenes.iter().filter(|scene| lacks(scene)).map(|scene| scene.name.as_str()).collect();
        let first = names.first()?;
        Some(if names.len() == 1 {
            format!("{first} has no {name}")
        } else {
            format!("{} scenes have no {name}, first {first}", names.len())
        })
    };
    let lines = [without("optical picture", |s| s.optical.is_none()), without("radar picture", |s| s.radar.is_none())];
    report.notes.extend(lines.into_iter().flatten());
}
