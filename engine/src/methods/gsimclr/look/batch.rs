//! The batch that comes next: its pictures with their clusters, and how alike their projections are.

use std::collections::BTreeSet;

use burn::tensor::Tensor;

use super::{BATCH, SHOWN, VIEWS, picture};
use crate::batch::Half;
use crate::blocks::batch_norm::Pass;
use crate::error::Result;
use crate::loader::Clusters;
use crate::method::Stage;
use crate::methods::gsimclr::batches;
use crate::methods::gsimclr::model::{Batches, CHANNELS, CONTRAST, Gsimclr};
use crate::methods::gsimclr::plan;
use crate::readback;
use crate::similarity::Similarity;
use crate::trace::{Board, Matrix, View, ViewKind};
use crate::weights::Weights;

/// The training pictures of the batch that comes next, the first ones of a large batch.
fn next_batch(model: &Gsimclr, stage: &Stage) -> Vec<usize> {
    let denoised = stage.phase == CONTRAST && model.config.batches != Batches::Random;
    let before = if denoised { model.config.autoencoder_steps as u64 } else { 0 };
    let mut indices = stage.loader.indices(stage.step.saturating_sub(before));
    indices.truncate(SHOWN);
    indices
}

/// The pictures of the batch that comes next.
pub(super) fn board(model: &Gsimclr, stage: &Stage) -> Result<View> {
    let (config, loader, none) = (&model.config, &stage.loader, Clusters::new());
    let (side, clusters) = (config.side(), loader.clusters().unwrap_or(&none));
    let indices = next_batch(model, stage);
    let values = config.pictures(&loader.evaluation_batch(Half::Train, &indices)?)?;
    let pictures = values.chunks_exact(side * side * CHANNELS).map(|values| picture(values, side)).collect();
    let (labels, names) = (loader.labels(Half::Train), loader.report().classes);
    let label = |index: &usize| labels.get(*index).copied();
    let cluster = |index: &usize| clusters.get(index).copied();
    let word = |index: &usize| {
        let name = label(index).and_then(|label| names.get(label as usize)).cloned();
        match (cluster(index), name) {
            (Some(cluster), Some(name)) => format!("cluster {} · {name}", cluster + 1),
            (Some(cluster), None) => format!("cluster {}", cluster + 1),
            (None, Some(name)) => name,
            (None, None) => format!("picture {}", index + 1),
        }
    };
    // Two pictures of one class, or of one cluster where there are no classes.
    let kind = |index: &usize| if labels.is_empty() { cluster(index) } else { label(index) };
    let clash = |place: usize| {
        let own = kind(&indices[place]);
        own.is_some() && indices.iter().enumerate().any(|(other, index)| other != place && kind(index) == own)
    };
    let board = Board {
        pictures,
        group: indices.iter().map(|index| cluster(index).or(label(index)).unwrap_or(0)).collect(),
        words: indices.iter().map(word).collect(),
        clashes: (0..indices.len()).map(clash).collect(),
    };
    let mut caption = match (stage.phase == CONTRAST, clusters.is_empty()) {
        (true, false) => {
            let different: BTreeSet<u32> = indices.iter().filter_map(cluster).collect();
            format!("{} pictures of the next batch, from {} clusters.", indices.len(), different.len())
        }
        (true, true) if model.config.batches == Batches::Random => {
            format!("{} pictures of the next batch, at random.", indices.len())
        }
        (true, true) => "Clusters are found before the next step; these pictures are at random.".into(),
        (false, _) => format!(
            "{} pictures of the autoencoder's next batch, at random. Clusters come after this phase.",
            indices.len()
        ),
    };
    if let Some((first, random)) = plan::same_class_pairs(config, loader) {
        let own = batches::same_pairs(labels, &indices);
        caption += &format!(
            " {own} pairs are of one class although the loss drives them apart; in the first batches {first:.1} on average, at random {random:.1}."
        );
    }
    let view = stage.view(&VIEWS, "batch", caption, ViewKind::Board(board), "batch");
    // Clusters are what the autoencoder has found.
    Ok(if clusters.is_empty() { view.of_data() } else { view })
}

/// Cosines between the projections of all views of the batch that comes next.
pub(super) async fn pairs(model: &Gsimclr, w: &Weights, stage: &Stage) -> Result<View> {
    let loader = &stage.loader;
    let indices = next_batch(model, stage);
    let pictures = model.config.pictures(&loader.evaluation_batch(Half::Train, &indices)?)?;
    let rows = model.networks.views(w, &model.config, &pictures, &stage.rng, &Pass::training());
    let similarity = Similarity::of(stage);
    let rows: Tensor<2> = similarity.tokens(rows.unsqueeze_dim(0)).squeeze_dim(0);
    let unit: Tensor<2> = rows.clone() / rows.square().sum_dim(1).clamp_min(1e-12).sqrt();
    let values = readback::floats(unit.clone().matmul(unit.transpose())).await?;
    let (count, labels) = (indices.len(), loader.labels(Half::Train));
    let (legend, how) = similarity.legend(&values, |place| place / (2 * count) == place % (2 * count));
    let (mut own, mut alike, mut others) = ((0.0, 0), (0.0, 0), (0.0, 0));
    for (place, value) in values.iter().enumerate() {
        let (row, column) = (place / (2 * count), place % (2 * count));
        let label = |row: usize| labels.get(indices[row % count]);
        let sum = match (row == column, row % count == column % count) {
            (true, _) => continue,
            (false, true) => &mut own,
            (false, false) if label(row).is_some() && label(row) == label(column) => &mut alike,
            (false, false) => &mut others,
        };
        *sum = (sum.0 + f64::from(*value), sum.1 + 1);
    }
    let mean = |(sum, count): (f64, i32)| sum / f64::from(count.max(1));
    let mut caption = format!(
        "Cosines of all views of the next batch: first views, then second ones. The two stripes beside the diagonal are positive pairs ({:.2} on average); all others are driven apart ({:.2}).",
        mean(own),
        mean(others)
    );
    if alike.1 > 0 {
        caption += &format!(" Among these {} pairs are of one class ({:.2}).", alike.1 / 2, mean(alike));
    }
    caption += &format!(" {how}");
    let names: Vec<String> =
        ["view 1", "view 2"].iter().flat_map(|view| (1..=count).map(move |n| format!("picture {n}, {view}"))).collect();
    let tokens: Vec<u32> = (0..2 * count).map(|row| (row % count) as u32).collect();
    let matrix = Matrix::of_pairs(values, names, "views of the batch", BATCH, tokens);
    Ok(stage.view(&VIEWS, "pairs", caption, ViewKind::Matrix(matrix), &similarity.tensor("projections")).legend(legend))
}
