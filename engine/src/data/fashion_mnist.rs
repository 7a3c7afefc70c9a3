//! Fashion-MNIST: 70,000 grey pictures of clothes, 28 × 28, ten classes (Xiao, Rasul and Vollgraf 2017).

use masquerade_formats::idx::{self, Idx};

use crate::data::files::Files;
use crate::data::pictures::{Picture, PictureData, Split};
use crate::error::{Error, Result};
use crate::session::DataReport;

/// Mean and standard deviation of the training pictures, values in 0 … 1.
const MEAN: f32 = 0.2860;
const STD: f32 = 0.3530;

const CLASSES: [&str; 10] =
    ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

/// File names of the pictures and labels of a part.
type Pair = (&'static str, &'static str);
const TRAIN: Pair = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz");
const TEST: Pair = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz");
/// The balanced part that a browser page brings along, made by `web/cut_data.mjs`.
pub const SUBSET: (&str, &str) = ("subset-images-idx3-ubyte.gz", "subset-labels-idx1-ubyte.gz");

/// Parts of the subset: the first ones train, the others test.
const SUBSET_PARTS: (usize, usize) = (4, 5);

/// Load what is there: all 70,000 pictures, else one original part, else the subset. The report says which.
///
/// # Errors
/// [`Error::Data`] when nothing is there or a file is damaged, [`Error::File`] when one cannot be read.
pub async fn load(files: &Files) -> Result<PictureData> {
    // A page brings only the subset along; asking for the others would cost failed requests.
    if !cfg!(target_arch = "wasm32") {
        match (part(files, TRAIN).await?, part(files, TEST).await?) {
            (Some(train), Some(test)) => {
                return Ok(data("the original 60,000 training and 10,000 test pictures", train, test));
            }
            (None, Some(part)) => {
                return Ok(cut_in_two(
                    "the original 10,000 test pictures alone, cut in two: the training pictures were not found",
                    part,
                    4,
                    5,
                ));
            }
            (Some(part), None) => {
                return Ok(cut_in_two(
                    "the original 60,000 training pictures alone, cut in two: the test pictures were not found",
                    part,
                    5,
                    6,
                ));
            }
            (None, None) => (),
        }
    }
    let subset = part(files, SUBSET).await?.ok_or_else(missing)?;
    Ok(cut_in_two("a balanced part of the original pictures", subset, SUBSET_PARTS.0, SUBSET_PARTS.1))
}

/// The pictures and labels of a part, or `None` when its files are not there.
async fn part(files: &Files, names: Pair) -> Result<Option<Split>> {
    let (Some(pictures), Some(labels)) = (files.find(names.0).await?, files.find(names.1).await?) else {
        return Ok(None);
    };
    split(&read(names.0, &pictures)?, &read(names.1, &labels)?).map(Some)
}

fn read(name: &str, bytes: &[u8]) -> Result<Idx> {
    let mend = "Fetch the file again: it is not the whole original file";
    idx::read(bytes).map_err(|why| Error::data(format!("{name} cannot be read"), why, mend))
}

fn missing() -> Error {
    let mend = if cfg!(target_arch = "wasm32") {
        "Reload the page, or choose another data set"
    } else {
        "Run ./dev run once (on Debian: apt install dataset-fashion-mnist), or masquerade fetch fashion-mnist"
    };
    Error::data("Fashion-MNIST is not on this computer", format!("{} was not found in any data folder", TRAIN.0), mend)
}

/// Labelled pictures from IDX content [count, height, width] and [count].
///
/// # Errors
/// [`Error::Data`] when the counts differ, a label is not one of the ten classes, or there is no picture.
pub fn split(pictures: &Idx, labels: &Idx) -> Result<Split> {
    let wrong =
        |why: String| Error::data("These IDX files are not Fashion-MNIST", why, "Fetch both files of the pair again");
    let [count, height, width] = pictures.sides[..] else {
        return Err(wrong(format!("pictures have 3 sides, these have {:?}", pictures.sides)));
    };
    if labels.values.len() != count {
        return Err(wrong(format!("{count} pictures, {} labels", labels.values.len())));
    }
    if let Some(label) = labels.values.iter().find(|l| usize::from(**l) >= CLASSES.len()) {
        return Err(wrong(format!("a label is {label}, the classes are 0 to {}", CLASSES.len() - 1)));
    }
    if pictures.values.is_empty() {
        return Err(wrong("there is no picture in them".into()));
    }
    let cut = |bytes: &[u8]| Picture::new(width as u32, height as u32, 1, bytes.to_vec());
    Ok(Split {
        pictures: pictures.values.chunks_exact(width * height).map(cut).collect::<Result<_>>()?,
        labels: labels.values.iter().map(|l| u32::from(*l)).collect(),
    })
}

/// The first `train` of every `of` parts are for training, the rest for testing (the original files are in random
/// order).
fn cut_in_two(what: &str, mut all: Split, train: usize, of: usize) -> PictureData {
    let at = all.len() * train / of;
    let test = Split { pictures: all.pictures.split_off(at), labels: all.labels.split_off(at) };
    data(what, all, test)
}

fn data(what: &str, train: Split, test: Split) -> PictureData {
    let report = DataReport {
        id: "fashion-mnist".into(),
        title: "Fashion-MNIST".into(),
        classes: CLASSES.map(String::from).to_vec(),
        licence: "MIT (Expat), Zalando SE 2017".into(),
        source: format!("https://github.com/zalandoresearch/fashion-mnist, data/fashion: {what}"),
        ..DataReport::default()
    };
    PictureData::grey(report, MEAN, STD, train, test)
}
