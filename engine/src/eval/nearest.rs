//! k nearest neighbours by cosine: how features that nobody trained for it tell classes apart.
//!
//! Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance Discrimination", CVPR 2018 (arXiv 1805.01978):
//! each neighbour votes for its class with weight exp(cosine / 0.07).

use burn::tensor::{Device, Tensor, TensorData};

use crate::error::Result;
use crate::eval::Features;
use crate::readback;

/// How the neighbours vote.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vote {
    pub k: usize,
    /// Weight exp(cosine / temperature); `None`: every neighbour has one vote.
    pub temperature: Option<f64>,
}

/// Twenty neighbours, weighted.
pub const WEIGHTED: Vote = Vote { k: 20, temperature: Some(0.07) };
/// Five neighbours, one vote each.
pub const PLAIN: Vote = Vote { k: 5, temperature: None };

/// Values of the similarity matrix that are held at a time.
const BLOCK_VALUES: usize = 4 << 20;

/// A run over the test samples, block by block, so that a caller can show progress or stop.
#[derive(Debug)]
pub struct Nearest {
    /// Normalised training features, [dim, train].
    bank: Tensor<2>,
    bank_labels: Vec<u32>,
    queries: Features,
    labels: Vec<u32>,
    classes: usize,
    votes: Vec<Vote>,
    done: usize,
    right: Vec<usize>,
}

impl Nearest {
    /// Prepare to classify `test` by `train`, by each of `votes`.
    ///
    /// # Errors
    /// [`crate::error::Error::Data`] when labels do not fit, [`crate::error::Error::Training`] when features are not
    /// finite.
    pub fn new(
        (train, train_labels): (&Features, &[u32]),
        (test, test_labels): (&Features, &[u32]),
        classes: usize,
        votes: &[Vote],
        device: &Device,
    ) -> Result<Self> {
        train.check(train_labels, classes)?;
        test.check(test_labels, classes)?;
        Ok(Self {
            bank: train.normalised().tensor(device).transpose(),
            bank_labels: train_labels.to_vec(),
            queries: test.normalised(),
            labels: test_labels.to_vec(),
            classes,
            votes: votes.to_vec(),
            done: 0,
            right: vec![0; votes.len()],
        })
    }

    /// Classify one block. False: all are done.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] when the device is lost.
    pub async fn advance(&mut self) -> Result<bool> {
        let total = self.queries.rows();
        let block = (BLOCK_VALUES / self.bank_labels.len()).clamp(1, 1024).min(total - self.done);
        if block == 0 {
            return Ok(false);
        }
        let dim = self.queries.dim;
        let values = self.queries.values[self.done * dim..(self.done + block) * dim].to_vec();
        let queries = Tensor::<2>::from_data(TensorData::new(values, [block, dim]), &self.bank.device());
        let similarities = readback::floats(queries.matmul(self.bank.clone())).await?; // [block, train]
        let most = self.votes.iter().map(|v| v.k).max().unwrap_or(0);
        for (row, label) in similarities.chunks(self.bank_labels.len()).zip(&self.labels[self.done..]) {
            let nearest = largest(row, most);
            for (vote, right) in self.votes.iter().zip(&mut self.right) {
                if winner(&nearest, &self.bank_labels, self.classes, *vote) == Some(*label as usize) {
                    *right += 1;
                }
            }
        }
        self.done += block;
        Ok(true)
    }

    /// Test samples classified so far, and all of them.
    pub fn progress(&self) -> (usize, usize) {
        (self.done, self.queries.rows())
    }

    /// Share of right answers among those classified so far, one entry a vote.
    pub fn accuracies(&self) -> Vec<f64> {
        self.right.iter().map(|r| *r as f64 / self.done.max(1) as f64).collect()
    }
}

/// The whole run at once; one accuracy a vote.
///
/// # Errors
/// As [`Nearest::new`] and [`Nearest::advance`].
pub async fn accuracies(
    train: (&Features, &[u32]),
    test: (&Features, &[u32]),
    classes: usize,
    votes: &[Vote],
    device: &Device,
) -> Result<Vec<f64>> {
    let mut run = Nearest::new(train, test, classes, votes, device)?;
    while run.advance().await? {}
    Ok(run.accuracies())
}

/// The `k` largest values with their places, largest first; of equals the earlier.
fn largest(values: &[f32], k: usize) -> Vec<(f32, usize)> {
    let mut best: Vec<(f32, usize)> = Vec::with_capacity(k + 1);
    for (place, value) in values.iter().enumerate() {
        if best.len() < k || best.last().is_some_and(|(least, _)| value > least) {
            let at = best.partition_point(|(other, _)| other >= value);
            best.insert(at, (*value, place));
            best.truncate(k);
        }
    }
    best
}

/// The class with most votes; of equals the lower one.
fn winner(nearest: &[(f32, usize)], labels: &[u32], classes: usize, vote: Vote) -> Option<usize> {
    let closest = f64::from(nearest.first()?.0);
    let mut votes = vec![0.0_f64; classes];
    for (similarity, place) in nearest.iter().take(vote.k) {
        // Relative to the closest, which changes no winner and cannot overflow.
        let weight = vote.temperature.map_or(1.0, |t| ((f64::from(*similarity) - closest) / t).exp());
        votes[labels[*place] as usize] += weight;
    }
    (0..classes).rev().max_by(|a, b| votes[*a].total_cmp(&votes[*b]))
}
