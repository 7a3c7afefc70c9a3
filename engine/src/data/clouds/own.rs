//! The user's own clouds: PLY and OBJ files, classes and splits told by folder names as for pictures.

use super::mesh::Mesh;
use super::{CloudData, CloudSplit, obj, ply};
use crate::data::user_files::{classes, for_testing, places};
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::session::{DataReport, NamedBytes};

/// Most points that are kept of a cloud.
const MOST: usize = 2048;

/// A data set from files in memory. All clouds get as many points as the smallest has, 2,048 at most; faces give any
/// number.
///
/// # Errors
/// [`Error::Data`] when no file holds a cloud.
pub fn from_files(files: Vec<NamedBytes>) -> Result<CloudData> {
    let seen = files.len();
    let (mut found, mut skipped) = (Vec::new(), Vec::new());
    for file in files {
        let name = file.name.replace('\\', "/");
        match read(&name, &file.bytes) {
            Ok(mesh) => found.push((name, mesh)),
            Err(why) => skipped.push((name, why)),
        }
    }
    if found.is_empty() {
        let first = skipped.first().map_or_else(String::new, |(name, why)| format!("; {name}: {why}"));
        let why = format!("none of {seen} files could be used{first}");
        return Err(Error::data(
            "There is no point cloud to train on",
            why,
            "Choose PLY or OBJ files, or a folder that holds some",
        ));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let mut places = places(found.iter().map(|(name, _)| name.as_str()));
    let classes = classes(&places);
    if !classes.is_empty() {
        let strays = places.iter().zip(&found).filter(|(place, _)| place.class.is_none());
        skipped.extend(strays.map(|(_, (name, _))| {
            (name.clone(), "it lies beside the class folders, so its class is not known".into())
        }));
        let mut keep = places.iter().map(|place| place.class.is_some());
        found.retain(|_| keep.next().unwrap_or(false));
        places.retain(|place| place.class.is_some());
    }
    let points = found.iter().map(|(_, mesh)| mesh.most_points()).min().unwrap_or(MOST).min(MOST);
    let (mut train, mut test) = (CloudSplit::default(), CloudSplit::default());
    let halves = for_testing(&places);
    for (((name, mesh), place), for_testing) in found.iter().zip(&places).zip(halves) {
        let split = if for_testing { &mut test } else { &mut train };
        split.points.extend(mesh.points(points, Rng::new(0, name)));
        let label = place.class.as_ref().and_then(|class| classes.iter().position(|c| c == class));
        split.labels.extend(label.map(|l| l as u32));
    }
    let report = DataReport {
        id: "folder".into(),
        title: "Your clouds".into(),
        classes,
        licence: "yours".into(),
        source: "files that you chose".into(),
        skipped,
        ..DataReport::default()
    };
    Ok(CloudData::new(report, points, train, test))
}

fn read(name: &str, bytes: &[u8]) -> std::result::Result<Mesh, String> {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "ply" => ply::read(bytes),
        "obj" => obj::read(bytes),
        _ => Err("it is neither a PLY nor an OBJ file".into()),
    }
}
