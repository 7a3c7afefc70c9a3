//! The user's own clouds: files of any format that is read, classes and splits told by folder names as for pictures.

use std::collections::BTreeMap;

use masquerade_formats::Reading;
use masquerade_formats::clouds::{self, FORMATS};
use masquerade_formats::mesh::Mesh;
use masquerade_formats::sheet::arrays;

use super::{CloudData, CloudSplit, surface};
use crate::data::table_report;
use crate::data::user_files::{classes, for_testing, places};
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::session::{ColumnReport, DataReport, NamedBytes};

/// Most points that are kept of a cloud.
const MOST: usize = 2048;
/// A cloud with fewer points than the middle one by this factor is left out, so that it does not cost the others theirs
/// …
const TINY: usize = 4;
/// … as long as those are no more than one in so many.
const FEW: usize = 3;
/// Most notes that are kept.
const MOST_NOTES: usize = 20;

/// A data set from files in memory. All clouds get as many points as the smallest has, 2,048 at most; faces give any
/// number. A few clouds that are much smaller than the others are left out instead.
///
/// # Errors
/// [`Error::Data`] when no file holds a cloud.
pub fn from_files(files: Vec<NamedBytes>, reading: &Reading) -> Result<CloudData> {
    let seen = files.len();
    let (arrays, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| arrays::is_array(&file.bytes));
    let given: Vec<(&str, &[u8])> = arrays.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())).collect();
    let (in_arrays, left_out) = clouds::of_arrays(&given, reading);
    let mut skipped: Vec<(String, String)> = table_report::skipped(left_out).collect();
    let (mut found, mut notes) = (Vec::new(), BTreeMap::<String, Vec<String>>::new());
    let others = others.into_iter().map(|file| (file.name.replace('\\', "/"), clouds::read(&file.bytes, reading)));
    for (name, read) in in_arrays.into_iter().chain(others) {
        match read {
            Ok(mut mesh) => {
                for note in std::mem::take(&mut mesh.notes) {
                    notes.entry(note).or_default().push(name.clone());
                }
                let left_out = std::mem::take(&mut mesh.left_out).into_iter();
                skipped.extend(left_out.map(|left| (format!("{name}: {}", left.what), left.why)));
                found.push((name, mesh));
            }
            Err(why) => skipped.push((name, why)),
        }
    }
    if found.is_empty() {
        let first = skipped.first().map_or_else(String::new, |(name, why)| format!("; {name}: {why}"));
        let why = format!("none of {seen} files could be used{first}");
        let mend = format!("Choose files of {FORMATS}, or a folder that holds some");
        return Err(Error::data("There is no point cloud to train on", why, mend));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    leave_out_tables(&mut found, &mut skipped);
    let (columns, preview) = in_columns(&found);
    let mut notes = in_lines(notes);
    let points = share(&mut found, &mut skipped, &mut notes);
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
    let (mut train, mut test) = (CloudSplit::default(), CloudSplit::default());
    let halves = for_testing(&places);
    for (((name, mesh), place), for_testing) in found.iter().zip(&places).zip(halves) {
        let split = if for_testing { &mut test } else { &mut train };
        split.points.extend(surface::points(mesh, points, Rng::new(0, name)));
        let label = place.class.as_ref().and_then(|class| classes.iter().position(|c| c == class));
        split.labels.extend(label.map(|l| l as u32));
    }
    let report = DataReport {
        id: "folder".into(),
        title: "Your clouds".into(),
        classes,
        licence: "yours".into(),
        source: "files that you chose".into(),
        notes,
        skipped,
        reading: (!columns.is_empty()).then(|| reading.clone()),
        columns,
        preview,
        ..DataReport::default()
    };
    Ok(CloudData::new(report, points, train, test))
}

/// A few tables beside many clouds are no clouds, if nothing in them is called a coordinate.
fn leave_out_tables(found: &mut Vec<(String, Mesh)>, skipped: &mut Vec<(String, String)>) {
    if found.iter().filter(|(_, mesh)| mesh.guessed).count() * 2 < found.len() {
        let tables = found.extract_if(.., |(_, mesh)| mesh.guessed);
        skipped.extend(
            tables.map(|(name, _)| (name, "it is a table beside clouds, without columns called x, y and z".into())),
        );
    }
}

/// The number of points that every cloud gets. A few that have much fewer than the middle one are taken out.
fn share(found: &mut Vec<(String, Mesh)>, skipped: &mut Vec<(String, String)>, notes: &mut Vec<String>) -> usize {
    let mut most: Vec<usize> = found.iter().map(|(_, mesh)| mesh.most_points().min(MOST)).collect();
    most.sort_unstable();
    let middle = most[(most.len() - 1) / 2];
    let tiny = most.iter().take_while(|points| *points * TINY < middle).count();
    let points = if tiny * FEW <= most.len() { most[tiny] } else { most[0] };
    found.retain(|(name, mesh)| {
        let has = mesh.most_points();
        if has < points {
            let why = format!("it has {has} points, less than a quarter of what most clouds have ({middle})");
            skipped.push((name.clone(), why));
        }
        has >= points
    });
    let smallest = found.iter().find(|(_, mesh)| mesh.most_points() == points);
    if let (Some((name, _)), true) =
        (smallest, found.iter().any(|(_, mesh)| mesh.most_points() > points) && points < MOST)
    {
        notes.push(format!("every cloud gives {points} points, as many as {name} has"));
    }
    if found.iter().any(|(_, mesh)| mesh.triangles.is_empty() && mesh.vertices.len() > MOST) {
        notes.push(format!("of clouds with more points {MOST} are drawn at random"));
    }
    points
}

/// The columns and the first rows of the first cloud that is text; ranges are told where there is one alone.
fn in_columns(found: &[(String, Mesh)]) -> (Vec<ColumnReport>, Vec<Vec<String>>) {
    let mut texts = found.iter().filter_map(|(_, mesh)| mesh.text.as_deref());
    let Some(first) = texts.next() else { return Default::default() };
    let mut columns = table_report::columns(&first.columns);
    if texts.next().is_some() {
        columns.iter_mut().for_each(|column| column.range = None);
    }
    (columns, table_report::preview(&first.columns, &first.rows))
}

/// A line for each note, with the first file that it is on and the number of the others.
fn in_lines(notes: BTreeMap<String, Vec<String>>) -> Vec<String> {
    let all = notes.len();
    let line = |(note, names): (String, Vec<String>)| match names.as_slice() {
        [] => note,
        [name] => format!("{name}: {note}"),
        [name, others @ ..] => format!("{name} and {} more: {note}", others.len()),
    };
    let mut lines: Vec<String> = notes.into_iter().map(line).collect();
    lines.sort();
    if all > MOST_NOTES {
        lines.truncate(MOST_NOTES);
        lines.push(format!("and {} more notes on single files", all - MOST_NOTES));
    }
    lines
}
