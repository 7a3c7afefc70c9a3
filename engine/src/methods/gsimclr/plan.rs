//! The batches of a phase: which pictures take part, how they are clustered, in which order they come.

use std::collections::BTreeMap;

use crate::batch::Half;
use crate::error::Result;
use crate::eval::{Features, kmeans};
use crate::loader::{Clusters, Loader};
use crate::methods::gsimclr::batches;
use crate::methods::gsimclr::model::{Batches, Config, Gsimclr, Networks};
use crate::readback;
use crate::rng::Rng;
use crate::weights::Weights;

/// Pictures that a mark is made of.
const MARKED: usize = 16;

/// Runs of k-means of which the best is taken, as in scikit-learn.
const RESTARTS: usize = 10;
/// Pictures that are embedded at once.
const CHUNK: usize = 100;

/// How many pictures of so many take part.
pub fn count(config: &Config, pool: usize, batch: usize) -> usize {
    if config.pictures == 0 || config.pictures >= pool { pool } else { config.pictures.max(batch).min(pool) }
}

/// The pictures that take part: all, or as many as the knob says, drawn by the seed. At least one batch.
pub fn chosen(config: &Config, loader: &Loader, seed: u64) -> Vec<usize> {
    let pool = loader.len(Half::Train);
    let count = count(config, pool, loader.batch_size());
    if count == pool {
        return (0..pool).collect();
    }
    let mut chosen = Rng::new(seed, "pictures").permutation(pool);
    chosen.truncate(count);
    chosen.sort_unstable();
    chosen
}

/// Random batches of these pictures for `steps` steps, each epoch in an order of its own.
pub fn random(chosen: &[usize], size: usize, steps: usize, rng: &Rng) -> Vec<Vec<usize>> {
    let mut plan = Vec::new();
    for epoch in 0.. {
        let order: Vec<usize> =
            rng.at(epoch).permutation(chosen.len()).into_iter().map(|place| chosen[place]).collect();
        let batches = batches::cut(&order, size);
        if batches.is_empty() || plan.len() >= steps.max(1) {
            break;
        }
        plan.extend(batches);
    }
    plan
}

/// The clusters of these pictures by the autoencoder's embedding, kept among the weights. `resumed`: those that are kept
/// there already, if they are of these pictures.
///
/// # Errors
/// Those of reading pictures and of the device.
pub async fn clusters(
    model: &Gsimclr,
    w: &mut Weights,
    loader: &Loader,
    chosen: &[usize],
    (seed, rng): (u64, &Rng),
    resumed: bool,
) -> Result<Clusters> {
    let Gsimclr { config, networks, found, .. } = model;
    let mark = mark(config, loader, chosen, seed)?;
    let kept = if resumed { found.recall(w, mark).await? } else { None };
    let labels = match kept {
        Some(labels) => labels,
        None => {
            let features = embedded(config, networks, w, loader, chosen).await?;
            let k = (config.clusters.max(1) * loader.batch_size()).min(chosen.len());
            let labels = kmeans::fit(&features, k, RESTARTS, rng).labels;
            found.keep(w, mark, labels.iter().copied())?;
            labels
        }
    };
    Ok(chosen.iter().copied().zip(labels).collect())
}

/// The autoencoder's embedding of these pictures.
///
/// # Errors
/// Those of reading pictures and of the device.
pub async fn embedded(
    config: &Config,
    networks: &Networks,
    w: &Weights,
    loader: &Loader,
    chosen: &[usize],
) -> Result<Features> {
    let w = w.frozen();
    let mut features = Features::default();
    for part in chosen.chunks(CHUNK) {
        let pictures = config.pictures(&loader.evaluation_batch(Half::Train, part)?)?;
        let rows = networks.autoencoder.embed(&w, config.tensor(pictures, w.device()));
        features.dim = rows.dims()[1];
        features.values.extend(readback::floats(rows).await?);
    }
    Ok(features)
}

/// The batches of the contrast from clusters: one epoch that comes again and again, or as many as there are steps for.
pub fn guided(config: &Config, clusters: &Clusters, size: usize, rng: &Rng) -> Vec<Vec<usize>> {
    let (samples, labels): (Vec<usize>, Vec<u32>) =
        clusters.iter().map(|(sample, cluster)| (*sample, *cluster)).unzip();
    let mut plan: Vec<Vec<usize>> = Vec::new();
    if config.batches == Batches::GuidedOurs {
        for epoch in 0.. {
            let drawn = batches::drawn(&labels, size, &rng.at(epoch));
            if drawn.is_empty() || plan.len() >= config.steps.max(1) {
                break;
            }
            plan.extend(drawn);
        }
    } else {
        plan = batches::cut(&batches::order(&labels), size);
    }
    plan.iter_mut().flatten().for_each(|place| *place = samples[*place]);
    plan
}

/// The first batches of an epoch: those that the guidance is about.
fn first(config: &Config, loader: &Loader) -> usize {
    let pool = loader.len(Half::Train);
    let used = if config.pictures == 0 { pool } else { config.pictures.min(pool) };
    (used / loader.batch_size().max(1) / 4).max(1)
}

/// Pairs of pictures of one class in a batch: the mean over the first quarter of an epoch, and what random batches have
/// on average. `None` where there are no classes.
pub fn same_class_pairs(config: &Config, loader: &Loader) -> Option<(f64, f64)> {
    let labels = loader.labels(Half::Train);
    if labels.is_empty() {
        return None;
    }
    let first = first(config, loader);
    let pairs: usize = (0..first as u64).map(|step| batches::same_pairs(labels, &loader.indices(step))).sum();
    let mut counts = BTreeMap::<u32, f64>::new();
    labels.iter().for_each(|label| *counts.entry(*label).or_default() += 1.0);
    let (all, size) = (labels.len() as f64, loader.batch_size() as f64);
    let alike: f64 = counts.values().map(|count| count * (count - 1.0)).sum::<f64>() / (all * (all - 1.0)).max(1.0);
    Some((pairs as f64 / first as f64, size * (size - 1.0) / 2.0 * alike))
}

/// A number that says what clusters are found of: some of these pictures, how many clusters, and the seed of the draw. It
/// is below 2²⁴, which a weight holds exactly.
///
/// # Errors
/// Those of reading pictures.
fn mark(config: &Config, loader: &Loader, chosen: &[usize], seed: u64) -> Result<f32> {
    let some: Vec<usize> = chosen.iter().copied().step_by(chosen.len().div_ceil(MARKED).max(1)).collect();
    let pixels = config.pictures(&loader.evaluation_batch(Half::Train, &some)?)?;
    let numbers = [seed, (config.clusters * loader.batch_size()) as u64, chosen.len() as u64];
    let values = numbers.into_iter().chain(pixels.iter().map(|value| u64::from(value.to_bits())));
    // FNV-1a, a number at a time.
    let hash = values.fold(0xcbf2_9ce4_8422_2325_u64, |hash, value| (hash ^ value).wrapping_mul(0x0100_0000_01b3));
    Ok((hash >> 40) as f32)
}
