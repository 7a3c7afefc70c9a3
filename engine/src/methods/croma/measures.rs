//! CROMA's own numbers.

use burn::tensor::Tensor;

use crate::batch::{Batch, Half, Role, Target};
use crate::error::Result;
use crate::eval::segmentation::{Confusion, Patches, Segmenter};
use crate::eval::{Features, linear_probe};
use crate::method::{Subject, no_metric};
use crate::methods::croma::config::Feature;
use crate::methods::croma::encoders::Places;
use crate::methods::croma::model::{Croma, Scenes};
use crate::readback;
use crate::rng::Rng;

/// Names of the numbers.
pub(super) const METRICS: [&str; 10] = [
    "radar_linear",
    "optical_linear",
    "recall_at_1",
    "rotation_cosine",
    "cover_miou",
    "cover_accuracy",
    "cover_accuracy_at_twice",
    "linear_from_bands",
    "cover_miou_from_bands",
    "cover_accuracy_from_bands",
];

/// The track of maps of what covers the ground.
const COVER: &str = "cover";
/// What a patch is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// The joint encoding.
    Encoding,
    /// The mean and the deviation of each band of both sensors: what is to be had without a network.
    Bands,
}

/// Scenes that are encoded at once, and among which one is found.
const AT_ONCE: usize = 64;
/// Most scenes of a half that are measured.
const MOST: usize = 512;

/// One of the numbers; larger is better.
///
/// # Errors
/// [`Error::Request`] for an unknown metric, [`Error::Data`] when the data lacks what it needs: scenes with both sensors,
/// classes, maps, room for larger windows.
pub(super) async fn measure(croma: &Croma, metric: &str, subject: Subject<'_>) -> Result<f64> {
    match metric {
        "radar_linear" => linear(croma, &subject, Feature::Radar).await,
        "optical_linear" => linear(croma, &subject, Feature::Optical).await,
        "recall_at_1" => recall(croma, &subject).await,
        "rotation_cosine" => rotation(croma, &subject).await,
        "cover_miou" => Ok(cover(croma, &subject, 1, Known::Encoding).await?.mean_iou()),
        "cover_accuracy" => Ok(cover(croma, &subject, 1, Known::Encoding).await?.accuracy()),
        "cover_accuracy_at_twice" => Ok(cover(croma, &subject, 2, Known::Encoding).await?.accuracy()),
        "linear_from_bands" => linear_from_bands(croma, &subject).await,
        "cover_miou_from_bands" => Ok(cover(croma, &subject, 1, Known::Bands).await?.mean_iou()),
        "cover_accuracy_from_bands" => Ok(cover(croma, &subject, 1, Known::Bands).await?.accuracy()),
        _ => Err(no_metric(metric, &METRICS)),
    }
}

/// The first scenes of a half, some at once.
fn starts(count: usize) -> impl Iterator<Item = Vec<usize>> {
    let count = count.min(MOST);
    (0..count).step_by(AT_ONCE).map(move |start| (start..(start + AT_ONCE).min(count)).collect())
}

/// A linear probe of one sensor's pooled encoding.
async fn linear(croma: &Croma, subject: &Subject<'_>, feature: Feature) -> Result<f64> {
    let classes = subject.loader.report().classes.len();
    let [train, test] = [Half::Train, Half::Test];
    let train = (features(croma, subject, feature, train).await?, labels(subject, train));
    let test = (features(croma, subject, feature, test).await?, labels(subject, test));
    fit(subject, train, test, classes).await
}

/// A linear probe of the mean and the deviation of each band, over the whole scene.
async fn linear_from_bands(croma: &Croma, subject: &Subject<'_>) -> Result<f64> {
    let classes = subject.loader.report().classes.len();
    let mut halves = Vec::new();
    for half in [Half::Train, Half::Test] {
        let mut features = Features::default();
        for indices in starts(labels(subject, half).len()) {
            let batch = subject.loader.evaluation_batch(half, &indices)?;
            let (scenes, count) = croma.config.pairs(&batch, subject.weights.device())?;
            let both = [scenes.radar, scenes.optical].map(|patches| {
                let [_, tokens, values] = patches.dims();
                let p = croma.config.patch_size;
                let channels = values / (p * p);
                bands(patches.reshape([count, tokens, channels, p * p]).swap_dims(1, 2).reshape([
                    count,
                    channels,
                    tokens * p * p,
                ]))
            });
            let both = Tensor::cat(both.to_vec(), 1);
            features.dim = both.dims()[1];
            features.values.extend(readback::floats(both).await?);
        }
        halves.push((features, labels(subject, half)));
    }
    let [train, test] = halves.try_into().unwrap_or_default();
    fit(subject, train, test, classes).await
}

/// Mean and deviation of the values of each band.
///
/// # Shapes
/// [rows, channels, pixels] → [rows, 2 · channels]
fn bands(values: Tensor<3>) -> Tensor<2> {
    let (deviation, mean) = values.var_mean_bias(2);
    Tensor::cat(vec![mean.squeeze_dim(2), deviation.sqrt().squeeze_dim(2)], 1)
}

/// Accuracy of a linear layer trained on the rows of one half and tested on those of the other.
async fn fit(
    subject: &Subject<'_>,
    train: (Features, &[u32]),
    test: (Features, &[u32]),
    classes: usize,
) -> Result<f64> {
    let (how, rng) = (linear_probe::Settings::default(), Rng::new(subject.settings.seed, "probe"));
    linear_probe::fit((&train.0, train.1), (&test.0, test.1), classes, &how, &rng, subject.weights.device()).await
}

fn labels<'a>(subject: &Subject<'a>, half: Half) -> &'a [u32] {
    let labels = subject.loader.labels(half);
    &labels[..labels.len().min(MOST)]
}

async fn features(croma: &Croma, subject: &Subject<'_>, feature: Feature, half: Half) -> Result<Features> {
    let mut features = Features { dim: croma.config.encoder.dim, values: Vec::new() };
    for indices in starts(labels(subject, half).len()) {
        let batch = subject.loader.evaluation_batch(half, &indices)?;
        features.values.extend(readback::floats(croma.feature(subject.weights, &batch, feature)?).await?);
    }
    Ok(features)
}

/// A linear layer on what patches are known by, trained in windows of the model's own side and judged in windows so many
/// times as wide.
async fn cover(croma: &Croma, subject: &Subject<'_>, times: usize, by: Known) -> Result<Confusion> {
    let classes = subject.loader.shape().tracks.get(COVER).copied().unwrap_or(0);
    let rng = Rng::new(subject.settings.seed, "cover");
    let known = patches(croma, subject, Half::Train, 1, by).await?;
    let segmenter = Segmenter::train(&known, classes, &rng, subject.weights.device()).await?;
    segmenter.judge(&patches(croma, subject, Half::Test, times, by).await?, subject.weights.device()).await
}

/// What all patches are known by, and what covers their pixels.
async fn patches(croma: &Croma, subject: &Subject<'_>, half: Half, times: usize, by: Known) -> Result<Patches> {
    let (config, side) = (&croma.config, times * croma.config.img_size);
    let places = Places::new(config, [times * config.side(); 2]);
    let windows = subject.loader.windows(half, side);
    let mut patches = Patches::default();
    for at in windows[..windows.len().min(MOST / (times * times))].chunks(AT_ONCE / (times * times)) {
        let batch = subject.loader.window_batch(half, at, side)?;
        whole(&batch)?;
        let (scenes, _) = config.pairs(&batch, subject.weights.device())?;
        let rows: Tensor<2> = match by {
            Known::Encoding => {
                let joint = croma.encode_all(subject.weights, &scenes, &places).joint;
                joint.flatten(0, 1)
            }
            Known::Bands => {
                let both = [scenes.radar, scenes.optical].map(|patches| {
                    let [batch, tokens, values] = patches.dims();
                    let pixels = config.patch_size * config.patch_size;
                    bands(patches.reshape([batch * tokens, values / pixels, pixels]))
                });
                Tensor::cat(both.to_vec(), 1)
            }
        };
        patches.features.dim = rows.dims()[1];
        patches.features.values.extend(readback::floats(rows).await?);
        if let Target::Maps(maps) = batch.target(COVER)? {
            patches.add(maps.raw().unwrap_or_default(), side, config.patch_size);
        }
    }
    Ok(patches)
}

/// Whether every scene of a batch has both sensors.
fn whole(batch: &Batch) -> Result<()> {
    for role in [Role::Radar, Role::Optical] {
        batch.values(role)?;
    }
    Ok(())
}

/// The test scenes in pieces, those with both sensors.
fn pieces(croma: &Croma, subject: &Subject<'_>) -> Result<Vec<(Scenes, usize)>> {
    let half = if subject.loader.len(Half::Test) > 0 { Half::Test } else { Half::Train };
    starts(subject.loader.len(half))
        .map(|indices| {
            let batch = subject.loader.evaluation_batch(half, &indices)?;
            croma.config.pairs(&batch, subject.weights.device())
        })
        .collect()
}

/// How often a radar picture finds its optical one among 64, nothing hidden.
async fn recall(croma: &Croma, subject: &Subject<'_>) -> Result<f64> {
    let (mut right, mut all) = (0.0, 0.0);
    for (scenes, count) in pieces(croma, subject)? {
        let encodings = croma.encode_all(subject.weights, &scenes, &croma.places);
        let pooled = [
            croma.gap_radar.forward(subject.weights, encodings.radar),
            croma.gap_optical.forward(subject.weights, encodings.optical),
        ];
        let [radar, optical] = pooled;
        let [z, w] = croma.projections(subject.weights, radar, optical);
        let values = readback::floats(unit(z).matmul(unit(w).transpose())).await?;
        right += recall_at_one(&values, count) * count as f64;
        all += count as f64;
    }
    Ok(right / f64::max(all, 1.0))
}

/// Share of rows whose largest value is that of their own column.
pub(super) fn recall_at_one(values: &[f32], count: usize) -> f64 {
    let right = values.chunks_exact(count.max(1)).enumerate().filter(|(own, row)| {
        row.get(*own).is_some_and(|value| row.iter().enumerate().all(|(at, other)| at == *own || other < value))
    });
    right.count() as f64 / count.max(1) as f64
}

/// Rows divided by their lengths.
pub(super) fn unit(x: Tensor<2>) -> Tensor<2> {
    x.clone() / x.square().sum_dim(1).clamp_min(1e-24).sqrt()
}

/// The mean cosine of the joint encodings of scenes and of the same scenes turned by a quarter.
async fn rotation(croma: &Croma, subject: &Subject<'_>) -> Result<f64> {
    let (mut sum, mut all) = (0.0, 0.0);
    for (scenes, count) in pieces(croma, subject)? {
        let turned =
            Scenes { radar: turned(croma, scenes.radar.clone()), optical: turned(croma, scenes.optical.clone()) };
        let pooled = [scenes, turned].map(|scenes| {
            let joint = croma.encode_all(subject.weights, &scenes, &croma.places).joint;
            unit(joint.mean_dim(1).squeeze_dim(1))
        });
        let [straight, turned] = pooled;
        sum += f64::from(readback::scalar((straight * turned).sum()).await?);
        all += count as f64;
    }
    Ok(sum / f64::max(all, 1.0))
}

/// Scenes as patches, turned by a quarter to the left.
///
/// # Shapes
/// [batch, tokens, channels · p²] → the same
fn turned(croma: &Croma, patches: Tensor<3>) -> Tensor<3> {
    let (side, p) = (croma.config.side(), croma.config.patch_size);
    let [batch, tokens, values] = patches.dims();
    let channels = values / (p * p);
    // Row r and column c of the turned scene are column r and row (last − c) of the scene, of patches and inside them.
    let cells = patches.reshape([batch, side, side, channels, p, p]).swap_dims(1, 2).swap_dims(4, 5);
    cells.flip([1, 4]).reshape([batch, tokens, values])
}
