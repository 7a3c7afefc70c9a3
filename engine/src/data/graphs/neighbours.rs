//! Data without a graph made into one: each sample's nearest neighbours are its edges (as SCGC does for USPS, HHAR and
//! REUT).

use crate::data::fashion_mnist;
use crate::data::files::Files;
use crate::data::graphs::{GraphData, NodeFeatures};
use crate::data::pictures::Picture;
use crate::data::vectors::VectorData;
use crate::error::Result;
use crate::rng::Rng;
use crate::session::DataReport;

/// Pictures of the graph, from the start of the test pictures.
const NODES: usize = 2000;
const NEIGHBOURS: usize = 5;

/// The set `fashion-graph`: 2,000 pictures of Fashion-MNIST, each 14 × 14, joined with their 5 nearest by the cosine of
/// their pixels.
///
/// # Errors
/// Those of [`fashion_mnist::load`].
pub async fn fashion(files: &Files) -> Result<GraphData> {
    let pictures = fashion_mnist::load(files).await?;
    let from = if pictures.test.len() >= NODES { &pictures.test } else { &pictures.train };
    let nodes = from.len().min(NODES);
    let rows: Vec<Vec<f32>> = from.pictures[..nodes].iter().map(halved).collect();
    let (src, dst) = nearest(&rows, NEIGHBOURS);
    let report = DataReport {
        id: "fashion-graph".into(),
        title: "Fashion-MNIST, nearest neighbours".into(),
        classes: pictures.report.classes.clone(),
        licence: pictures.report.licence.clone(),
        source: format!("{NEIGHBOURS} nearest neighbours among {nodes} pictures of {}", pictures.report.source),
        ..DataReport::default()
    };
    let features = NodeFeatures::of_dense(&rows.concat(), rows.first().map_or(0, Vec::len));
    let labels = from.labels[..nodes].to_vec();
    Ok(GraphData { report, nodes, features, src, dst, labels, ..GraphData::default() }.finished(&Rng::new(0, "split")))
}

/// A graph of vectors: all of them, those to train on first, each joined with its 5 nearest by the cosine.
pub fn of_vectors(id: &str, vectors: &VectorData) -> GraphData {
    let values = [&vectors.train[..], &vectors.test].concat();
    let rows: Vec<Vec<f32>> = values.chunks_exact(vectors.dims.max(1)).map(<[f32]>::to_vec).collect();
    let (src, dst) = nearest(&rows, NEIGHBOURS);
    let report = DataReport {
        id: id.into(),
        title: format!("{}, nearest neighbours", vectors.report.title),
        classes: vectors.report.classes.clone(),
        licence: vectors.report.licence.clone(),
        source: format!("{NEIGHBOURS} nearest neighbours among {} rows of {}", rows.len(), vectors.report.source),
        notes: vectors.report.notes.clone(),
        ..DataReport::default()
    };
    let features = NodeFeatures::of_dense(&values, vectors.dims);
    let labels = [&vectors.train_labels[..], &vectors.test_labels].concat();
    let nodes = rows.len();
    GraphData { report, nodes, features, src, dst, labels, ..GraphData::default() }.finished(&Rng::new(0, "split"))
}

/// Means of 2 × 2 pixels of a grey picture, values in 0 … 1.
fn halved(picture: &Picture) -> Vec<f32> {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let at = |row: usize, column: usize| f32::from(picture.pixels[(row * width + column) * picture.channels as usize]);
    let mean = |row: usize, column: usize| {
        (at(2 * row, 2 * column)
            + at(2 * row, 2 * column + 1)
            + at(2 * row + 1, 2 * column)
            + at(2 * row + 1, 2 * column + 1))
            / 1020.0
    };
    (0..height / 2)
        .flat_map(|row| (0..width / 2).map(move |column| (row, column)))
        .map(|(row, column)| mean(row, column))
        .collect()
}

/// An edge from every row to each of its `k` nearest others by cosine; of equals the earlier.
pub fn nearest(rows: &[Vec<f32>], k: usize) -> (Vec<u32>, Vec<u32>) {
    let unit: Vec<Vec<f32>> = rows
        .iter()
        .map(|row| {
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-12);
            row.iter().map(|v| v / norm).collect()
        })
        .collect();
    let of_row = |row: usize| -> Vec<u32> {
        let mut others: Vec<(f32, u32)> = (0..unit.len())
            .filter(|other| *other != row)
            .map(|other| (-unit[row].iter().zip(&unit[other]).map(|(a, b)| a * b).sum::<f32>(), other as u32))
            .collect();
        let k = k.min(others.len());
        if k > 0 && k < others.len() {
            others.select_nth_unstable_by(k - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        }
        let mut found: Vec<u32> = others[..k].iter().map(|other| other.1).collect();
        found.sort_unstable();
        found
    };
    #[cfg(not(target_arch = "wasm32"))]
    let found: Vec<Vec<u32>> = {
        use rayon::prelude::*;
        (0..unit.len()).into_par_iter().map(of_row).collect()
    };
    #[cfg(target_arch = "wasm32")]
    let found: Vec<Vec<u32>> = (0..unit.len()).map(of_row).collect();
    let src =
        found.iter().enumerate().flat_map(|(row, others)| std::iter::repeat_n(row as u32, others.len())).collect();
    (src, found.concat())
}
