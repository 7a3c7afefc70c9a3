//! CROMA's own numbers.

use burn::tensor::Tensor;

use crate::batch::Half;
use crate::error::{Error, Result};
use crate::method::Subject;
use crate::methods::croma::look::recall_at_one;
use crate::methods::croma::model::{Croma, Scenes};
use crate::readback;

/// Names of the numbers.
pub(super) const METRICS: [&str; 2] = ["recall_at_1", "rotation_cosine"];

/// Scenes that are encoded at once, and among which one is found.
const AT_ONCE: usize = 64;
/// Most scenes that are measured.
const MOST: usize = 512;

/// One of the numbers; larger is better.
///
/// # Errors
/// [`Error::Request`] for an unknown metric, [`Error::Data`] when no scene has both sensors.
pub(super) async fn measure(croma: &Croma, metric: &str, subject: Subject<'_>) -> Result<f64> {
    match metric {
        "recall_at_1" => recall(croma, &subject).await,
        "rotation_cosine" => rotation(croma, &subject).await,
        _ => Err(Error::request(
            "This cannot be measured",
            format!("there is no metric {metric:?}"),
            "Choose a metric of the system",
        )),
    }
}

/// The test scenes in pieces, those with both sensors.
fn pieces(croma: &Croma, subject: &Subject<'_>) -> Result<Vec<(Scenes, usize)>> {
    let half = if subject.loader.len(Half::Test) > 0 { Half::Test } else { Half::Train };
    let count = subject.loader.len(half).min(MOST);
    let starts = (0..count).step_by(AT_ONCE);
    starts
        .map(|start| {
            let indices: Vec<usize> = (start..(start + AT_ONCE).min(count)).collect();
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

fn unit(x: Tensor<2>) -> Tensor<2> {
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
