//! Digits of 8 × 8 pixels, values in 0 … 1: the handwritten ones of the UCI repository, else Fashion-MNIST shrunk.

use masquerade_formats::{sheet, text};

use super::VectorData;
use crate::data::fashion_mnist;
use crate::data::files::Files;
use crate::data::pictures::{Picture, Split};
use crate::data::resample::shrink;
use crate::data::sets;
use crate::error::{Error, Result};
use crate::session::{DataReport, Reading};

/// The handwritten digits: 64 values of 0 … 16 and the class, a line each.
const FILE: &str = "tabular/digits.csv.gz";
const SIDE: u32 = 8;
const DIMS: usize = (SIDE * SIDE) as usize;
/// Every fifth is for testing.
const TEST_EVERY: usize = 5;
/// Shrunk pictures of clothes that are taken, to train and to test on.
const SHRUNK: [usize; 2] = [4000, 1000];

/// The digits, or clothes in their place; the report says which.
///
/// # Errors
/// [`Error::Data`] when neither is there or a file is damaged.
pub async fn load(files: &Files) -> Result<VectorData> {
    if let Some(here) = sets::here("digits", files).await?
        && let Some((_, bytes)) = here.files.first()
    {
        let mut data = handwritten(bytes)?;
        here.tell("digits", &mut data.report);
        return Ok(data);
    }
    match files.find(FILE).await? {
        Some(bytes) => handwritten(&bytes),
        None => Ok(clothes(&fashion_mnist::load(files).await?)),
    }
}

/// The handwritten digits from their file, gzipped or not.
///
/// # Errors
/// [`Error::Data`] when a line is not 64 values of 0 … 16 and a class of 0 … 9.
pub fn handwritten(bytes: &[u8]) -> Result<VectorData> {
    let wrong = |why: String| Error::data(format!("{FILE} cannot be read"), why, "Fetch the file again");
    let text = text::read(bytes).map_err(wrong)?.text;
    let commas = Reading { separator: Some(','), ..Reading::default() };
    let rows = sheet::rows_of(&text, &commas).map_err(wrong)?;
    let mut data = VectorData { dims: DIMS, ..VectorData::default() };
    for index in 0..rows.len() {
        let numbers = rows.row(index).map(|cell| cell.parse::<f32>().ok()).collect::<Option<Vec<f32>>>();
        let numbers = numbers.filter(|n| n.len() == DIMS + 1 && n[..DIMS].iter().all(|v| (0.0..=16.0).contains(v)));
        let numbers = numbers.filter(|n| (0.0..=9.0).contains(&n[DIMS]));
        let numbers = numbers
            .ok_or_else(|| wrong(format!("line {} is not 64 values of 0 to 16 and a digit", rows.line(index))))?;
        let (values, labels) = halves(&mut data, index % TEST_EVERY == TEST_EVERY - 1);
        values.extend(numbers[..DIMS].iter().map(|v| v / 16.0));
        labels.push(numbers[DIMS] as u32);
    }
    if data.train.is_empty() {
        return Err(wrong("it has too few lines".into()));
    }
    data.report = DataReport {
        id: "digits".into(),
        title: "Digits, 8 × 8".into(),
        classes: (0..10).map(|digit| digit.to_string()).collect(),
        licence: "CC BY 4.0 (UCI), Alpaydin and Kaynak 1998".into(),
        source: "Optical Recognition of Handwritten Digits, UCI repository: its 1,797 test digits".into(),
        ..DataReport::default()
    };
    Ok(data.counted())
}

fn halves(data: &mut VectorData, test: bool) -> (&mut Vec<f32>, &mut Vec<u32>) {
    if test { (&mut data.test, &mut data.test_labels) } else { (&mut data.train, &mut data.train_labels) }
}

/// The first pictures of Fashion-MNIST shrunk to 8 × 8.
fn clothes(pictures: &crate::data::pictures::PictureData) -> VectorData {
    let vectors = |split: &Split, most: usize| {
        let small = |picture: &Picture| {
            shrink(picture.clone(), SIDE).pixels.into_iter().map(|byte| f32::from(byte) / 255.0).collect::<Vec<f32>>()
        };
        (
            split.pictures.iter().take(most).flat_map(small).collect::<Vec<f32>>(),
            split.labels.iter().take(most).copied().collect(),
        )
    };
    let ((train, train_labels), (test, test_labels)) =
        (vectors(&pictures.train, SHRUNK[0]), vectors(&pictures.test, SHRUNK[1]));
    let report = DataReport {
        id: "digits".into(),
        title: "Fashion-MNIST, 8 × 8".into(),
        picture: (0, 0, 0),
        source: format!("{}, shrunk; the handwritten digits were not found: fetch digits", pictures.report.source),
        ..pictures.report.clone()
    };
    VectorData { report, dims: DIMS, train, test, train_labels, test_labels, truth: None }.counted()
}
