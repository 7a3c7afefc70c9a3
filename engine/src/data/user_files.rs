//! The user's own pictures: any PNG, JPEG and WebP files, classes and splits told by folder names.
//!
//! A folder is a class (`cats/1.png`, `dogs/2.jpg`); folders called train, test or val above them are the split.
//! Without them every fifth picture of each class is kept for testing. What cannot be read is listed in the report and
//! never stops the rest.

use std::collections::{BTreeMap, BTreeSet};

use crate::data::decode::decode;
use crate::data::idx_pictures;
use crate::data::pictures::{Picture, PictureData, Split};
use crate::data::resample::shrink;
use crate::error::{Error, Result};
use crate::session::{DataReport, NamedBytes};

/// Every how many pictures of a class one is for testing.
const TEST_EVERY: usize = 5;
/// Which one of them: the third, so that classes of three pictures have one.
const TEST_PLACE: usize = 2;
/// With fewer pictures all of them are for training.
const FEWEST_TO_SPLIT: usize = 10;

/// A file that was looked at: its name, and the picture or why there is none.
type Looked = (String, std::result::Result<Picture, String>);

/// A data set from files in memory. Each keeps its shorter side at `keep`
/// pixels at most.
///
/// # Errors
/// [`Error::Data`] when no file is a readable picture.
pub fn from_files(mut files: Vec<NamedBytes>, keep: u32) -> Result<PictureData> {
    files.sort_by(|a, b| a.name.cmp(&b.name));
    if files.iter().any(idx_pictures::is_idx) {
        let (idx, others) = files.into_iter().partition(idx_pictures::is_idx);
        return idx_pictures::data_set(idx, others, keep);
    }
    // Each file's bytes are let go before the next is decoded.
    let looked = files
        .into_iter()
        .map(|file| (file.name.replace('\\', "/"), decode(&file.bytes).map(|p| shrink(p, keep))))
        .collect();
    data_set(looked, "files that you chose")
}

/// Where a picture belongs, by the folders in its name.
pub(super) struct Place {
    /// `Some(true)`: in a folder for testing, `Some(false)`: in one for training.
    pub test: Option<bool>,
    pub class: Option<String>,
}

fn data_set(looked: Vec<Looked>, source: &str) -> Result<PictureData> {
    let seen = looked.len();
    let (mut found, mut skipped) = (Vec::new(), Vec::new());
    for (name, result) in looked {
        match result {
            Ok(picture) => found.push((name, picture)),
            Err(why) => skipped.push((name, why)),
        }
    }
    if found.is_empty() {
        let why = match skipped.first() {
            Some((name, why)) => format!("none of {seen} files could be used; {name}: {why}"),
            None => "there is no file in it".into(),
        };
        return Err(Error::data(
            "There is no picture to train on",
            why,
            "Choose PNG, JPEG or WebP files, or a folder that holds some",
        ));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let mut places = places(found.iter().map(|(name, _)| name.as_str()));
    let classes = classes(&places);
    if !classes.is_empty() {
        let stray = |place: &Place| place.class.is_none();
        let strays = places.iter().zip(&found).filter(|(place, _)| stray(place));
        skipped.extend(strays.map(|(_, (name, _))| {
            (name.clone(), "it lies beside the class folders, so its class is not known".into())
        }));
        let mut keep = places.iter().map(|place| !stray(place));
        found.retain(|_| keep.next().unwrap_or(false));
        places.retain(|place| !stray(place));
    }
    let (mut train, mut test) = (Split::default(), Split::default());
    let for_testing = for_testing(&places);
    for (((_, picture), place), for_testing) in found.into_iter().zip(&places).zip(for_testing) {
        let split = if for_testing { &mut test } else { &mut train };
        split.pictures.push(picture);
        let label = place.class.as_ref().and_then(|class| classes.iter().position(|c| c == class));
        split.labels.extend(label.map(|l| l as u32));
    }
    let report = DataReport {
        id: "folder".into(),
        title: "Your pictures".into(),
        classes,
        licence: "yours".into(),
        source: source.into(),
        skipped,
        ..DataReport::default()
    };
    Ok(PictureData::colour(report, train, test))
}

/// Split and class of each name, after the folders that all names share.
pub(super) fn places<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Place> {
    let paths: Vec<Vec<&str>> = names.map(|name| name.split('/').filter(|part| !part.is_empty()).collect()).collect();
    let folders = |path: &[&str]| path.len().saturating_sub(1);
    let deepest = paths.iter().map(|path| folders(path)).min().unwrap_or(0);
    let shared = (0..deepest).take_while(|depth| paths.iter().all(|path| path[*depth] == paths[0][*depth])).count();
    let place = |path: &Vec<&str>| {
        let mut rest: Vec<&str> = path[shared..shared.max(folders(path))].to_vec();
        let split = rest.iter().position(|folder| is_test_folder(folder).is_some());
        let test = split.and_then(|at| is_test_folder(rest.remove(at)));
        Place { test, class: rest.first().map(|folder| (*folder).to_string()) }
    };
    paths.iter().map(place).collect()
}

fn is_test_folder(folder: &str) -> Option<bool> {
    match folder.to_ascii_lowercase().as_str() {
        "train" | "training" => Some(false),
        "test" | "testing" | "val" | "valid" | "validation" => Some(true),
        _ => None,
    }
}

/// The class names in order; none when there are fewer than two, or when most pictures lie in no class folder.
pub(super) fn classes(places: &[Place]) -> Vec<String> {
    let names: BTreeSet<&String> = places.iter().filter_map(|place| place.class.as_ref()).collect();
    let in_classes = places.iter().filter(|place| place.class.is_some()).count();
    if names.len() < 2 || in_classes * 2 < places.len() { Vec::new() } else { names.into_iter().cloned().collect() }
}

/// Which pictures are for testing: by their folders when both splits have some, else every fifth of each class.
pub(super) fn for_testing(places: &[Place]) -> Vec<bool> {
    let named = |test: bool| places.iter().any(|place| place.test == Some(test));
    if named(true) && named(false) {
        return places.iter().map(|place| place.test == Some(true)).collect();
    }
    let mut seen: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    let mut every_fifth = Vec::with_capacity(places.len());
    for place in places {
        let count = seen.entry(place.class.as_deref()).or_default();
        every_fifth.push(places.len() >= FEWEST_TO_SPLIT && *count % TEST_EVERY == TEST_PLACE);
        *count += 1;
    }
    every_fifth
}
