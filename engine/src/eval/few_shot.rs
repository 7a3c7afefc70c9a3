//! Few-shot classification on frozen features: can a linear machine tell n classes apart from m samples of each?

use crate::error::{Error, Result};
use crate::eval::Features;
use crate::eval::linear_svm::LinearSvm;
use crate::rng::Rng;

/// n-way m-shot: in each fold n classes at random, m samples of each to learn from and others to test on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protocol {
    pub ways: usize,
    pub shots: usize,
    /// Most samples of a class to test on; classes with fewer give what they have.
    pub queries: usize,
    pub folds: usize,
}

/// Mean and deviation (with n − 1) of the accuracy over the folds.
///
/// # Errors
/// [`Error::Data`] when fewer classes than `ways` have more than `shots` samples; those of [`LinearSvm::fit`].
pub fn accuracy(
    features: &Features,
    labels: &[u32],
    classes: usize,
    protocol: Protocol,
    rng: &Rng,
) -> Result<(f64, f64)> {
    features.check(labels, classes)?;
    let mut members = vec![Vec::new(); classes];
    labels.iter().enumerate().for_each(|(sample, label)| members[*label as usize].push(sample));
    members.retain(|samples| samples.len() > protocol.shots);
    if protocol.ways < 2 || protocol.shots == 0 || protocol.folds == 0 || members.len() < protocol.ways {
        let why = format!(
            "{} classes have more than {} samples, and {} are needed",
            members.len(),
            protocol.shots,
            protocol.ways.max(2)
        );
        return Err(Error::data(
            "Few-shot classification cannot be measured",
            why,
            "Lower the classes or samples of a fold, or add data",
        ));
    }
    let folds = (0..protocol.folds).map(|fold| of_fold(features, &members, protocol, rng.at(fold as u64)));
    let results = folds.collect::<Result<Vec<f64>>>()?;
    let mean = results.iter().sum::<f64>() / results.len() as f64;
    let spread = results.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (results.len() as f64 - 1.0).max(1.0);
    Ok((mean, spread.sqrt()))
}

fn of_fold(features: &Features, members: &[Vec<usize>], protocol: Protocol, mut rng: Rng) -> Result<f64> {
    let (mut support, mut queries) = (Chosen::new(features), Chosen::new(features));
    let chosen = rng.permutation(members.len());
    for (label, class) in chosen.into_iter().take(protocol.ways).enumerate() {
        let order = rng.permutation(members[class].len());
        for (place, sample) in order.into_iter().take(protocol.shots + protocol.queries).enumerate() {
            let half = if place < protocol.shots { &mut support } else { &mut queries };
            half.take(members[class][sample], label as u32);
        }
    }
    LinearSvm::fit(&support.features, &support.labels, protocol.ways, 1.0)?.accuracy(&queries.features, &queries.labels)
}

/// Some of the samples.
struct Chosen<'a> {
    all: &'a Features,
    features: Features,
    labels: Vec<u32>,
}

impl<'a> Chosen<'a> {
    fn new(all: &'a Features) -> Self {
        Self { all, features: Features { dim: all.dim, values: Vec::new() }, labels: Vec::new() }
    }

    fn take(&mut self, sample: usize, label: u32) {
        self.features.values.extend_from_slice(self.all.row(sample));
        self.labels.push(label);
    }
}
