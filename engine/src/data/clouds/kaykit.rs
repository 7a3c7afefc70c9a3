//! Clouds from low-poly models that somebody drew by hand: furniture, buildings, food, crates. Uneven classes, a few
//! hundred models.

use masquerade_formats::ply;

use super::{CloudData, CloudSplit, surface};
use crate::data::files::Files;
use crate::data::sets;
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::session::{DataReport, Reading};

const FOLDER: &str = "pointclouds";
const POINTS: usize = 1024;
/// Class of the first sample on the stage.
const FIRST: &str = "chair";

/// The set `kaykit`: the models that its table lists, 1,024 points of each, in the model's own units.
///
/// # Errors
/// [`Error::Data`] when the table or all models are missing; single models that cannot be used are listed in the
/// report.
pub async fn load(files: &Files) -> Result<CloudData> {
    let Some(table) = files.find(&format!("{FOLDER}/index.csv")).await? else { return fetched("kaykit", files).await };
    let table = String::from_utf8_lossy(&table);
    let rows: Vec<[&str; 3]> = table.lines().skip(1).filter_map(first_three).collect();
    let mut classes: Vec<String> = rows.iter().map(|[_, class, _]| (*class).to_string()).collect();
    classes.sort();
    classes.dedup();
    let (mut train, mut test, mut skipped) = (CloudSplit::default(), CloudSplit::default(), Vec::new());
    for (number, [file, class, split]) in rows.into_iter().enumerate() {
        let name = format!("{FOLDER}/ply/{file}");
        let found = match files.find(&name).await? {
            Some(bytes) => ply::read(&bytes),
            None => Err("it was not found".into()),
        };
        let few = |points: usize| format!("it has {points} points of {POINTS}");
        match found.and_then(|mesh| if mesh.most_points() < POINTS { Err(few(mesh.most_points())) } else { Ok(mesh) }) {
            Ok(mesh) => {
                let half = if split == "test" { &mut test } else { &mut train };
                half.points.extend(surface::points(&mesh, POINTS, Rng::new(0, FOLDER).at(number as u64)));
                half.labels.extend(classes.iter().position(|c| c == class).map(|label| label as u32));
            }
            Err(why) => skipped.push((name, why)),
        }
    }
    if train.labels.is_empty() || test.labels.is_empty() {
        return Err(missing());
    }
    let class = classes.iter().position(|class| class == FIRST).map(|class| class as u32);
    let first = test.labels.iter().position(|label| Some(*label) == class).unwrap_or(0) as u64;
    let report = DataReport {
        id: "kaykit".into(),
        title: "KayKit models".into(),
        first,
        classes,
        licence: "CC0 1.0".into(),
        source: "seven model packs by Kay Lousberg (github.com/KayKit-Game-Assets): points drawn over the faces by area, classes by name"
            .into(),
        skipped,
        ..DataReport::default()
    };
    Ok(CloudData::new(report, POINTS, train, test))
}

/// Models of twelve classes as they were fetched, under this id.
///
/// # Errors
/// [`Error::Data`] when none was fetched or can be used.
pub async fn fetched(id: &str, files: &Files) -> Result<CloudData> {
    let mut here = sets::here("kaykit120", files).await?.ok_or_else(|| sets::missing(id))?;
    let models = here.named(|file| file.path.ends_with(".obj").then(|| format!("{}/{}", file.split, file.path)));
    let mut clouds = super::from_files(models, &Reading::default())?;
    here.tell(id, &mut clouds.report);
    Ok(clouds)
}

/// File, class and split of a line of the table.
fn first_three(line: &str) -> Option<[&str; 3]> {
    let mut fields = line.split(',').map(str::trim);
    Some([fields.next()?, fields.next()?, fields.next()?])
}

fn missing() -> Error {
    let mend = if cfg!(target_arch = "wasm32") {
        "Fetch kaykit120 in the data panel, or choose the data set solids, which needs no file"
    } else {
        "Run masquerade fetch kaykit120 and choose that set, or choose the data set solids, which needs no file"
    };
    Error::data("The models are not here", format!("{FOLDER}/index.csv or the files it lists were not found"), mend)
}
