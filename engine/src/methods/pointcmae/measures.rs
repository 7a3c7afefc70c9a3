//! Point-CMAE's own numbers: a linear support vector machine and few-shot classification on frozen features.

use crate::batch::Half;
use crate::error::{Error, Result};
use crate::eval::Features;
use crate::eval::few_shot::{self, Protocol};
use crate::eval::linear_svm::LinearSvm;
use crate::knobs::KnobTable;
use crate::method::{Method as _, Subject, no_metric};
use crate::methods::pointcmae::card::PointCmaeKnobs;
use crate::methods::pointcmae::model::PointCmae;
use crate::readback;
use crate::rng::Rng;

/// Clouds that are embedded at once.
const AT_ONCE: usize = 64;
/// Most clouds of a half.
const MOST: usize = 10_000;

/// Measure one of the numbers.
///
/// # Errors
/// [`Error::Request`] for an unknown metric, [`Error::Data`] when the data has no labels.
pub(super) async fn measure(model: &PointCmae, metric: &str, subject: Subject<'_>) -> Result<f64> {
    let few_shot = match metric {
        "svm_accuracy" => false,
        "few_shot_accuracy" => true,
        other => return Err(no_metric(other, model.metrics())),
    };
    let classes = subject.loader.report().classes.len();
    if classes < 2 {
        let why = format!("{} has no classes to tell apart", subject.loader.report().title);
        return Err(Error::data(
            "There is nothing to measure",
            why,
            "Put the clouds of each class into a folder of its own",
        ));
    }
    let (mut train, train_labels) = features(model, &subject, Half::Train).await?;
    let (test, test_labels) = features(model, &subject, Half::Test).await?;
    if !few_shot {
        return LinearSvm::fit(&train, &train_labels, classes, 1.0)?.accuracy(&test, &test_labels);
    }
    // Labels play no part in pre-training, so folds draw from both halves: small classes need all they have.
    train.values.extend(test.values);
    let labels = [train_labels, test_labels].concat();
    let PointCmaeKnobs { ways, shots, .. } = PointCmaeKnobs::of(subject.settings)?;
    let protocol = Protocol { ways, shots, queries: 20, folds: 10 };
    Ok(few_shot::accuracy(&train, &labels, classes, protocol, &Rng::new(subject.settings.seed, "few-shot"))?.0)
}

async fn features(model: &PointCmae, subject: &Subject<'_>, half: Half) -> Result<(Features, Vec<u32>)> {
    let labels: Vec<u32> = subject.loader.labels(half).iter().take(MOST).copied().collect();
    let mut features = Features::default();
    for start in (0..labels.len()).step_by(AT_ONCE) {
        let indices: Vec<usize> = (start..(start + AT_ONCE).min(labels.len())).collect();
        let part = model.embed(subject.weights, &subject.loader.evaluation_batch(half, &indices)?)?;
        features.dim = part.dims()[1];
        features.values.extend(readback::floats(part).await?);
    }
    Ok((features, labels))
}
