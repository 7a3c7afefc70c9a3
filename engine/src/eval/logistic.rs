//! Logistic regression on few labelled samples, all at once: the linear probe of graph learning (Hou et al., KDD 2022,
//! section
//! 4.1: frozen embeddings, Adam, the epoch chosen by validation).
//!
//! It runs on the host: a hundred samples are over before a device has begun.

use crate::error::{Error, Result};
use crate::eval::Features;
use crate::rng::Rng;

/// How it is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    pub lr: f64,
    /// Added to the gradient (L2), of the bias too.
    pub weight_decay: f64,
    pub epochs: usize,
    pub beta1: f64,
    pub beta2: f64,
    pub eps: f64,
}

impl Default for Settings {
    /// GraphMAE's, for Cora and PubMed.
    fn default() -> Self {
        Self { lr: 0.01, weight_decay: 1e-4, epochs: 300, beta1: 0.9, beta2: 0.999, eps: 1e-8 }
    }
}

/// A linear layer and its moments.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    classes: usize,
    dim: usize,
    /// Weight [classes, dim] and bias [classes], one after the other; first and second moments.
    values: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    steps: i32,
}

impl Logistic {
    /// Weight and bias uniform in ±1 / √dim.
    pub fn new(dim: usize, classes: usize, rng: &mut Rng) -> Self {
        let bound = 1.0 / (dim.max(1) as f32).sqrt();
        let values = (0..classes * (dim + 1)).map(|_| f64::from(rng.between(-bound, bound))).collect();
        Self::of(dim, classes, values)
    }

    /// From a weight [classes, dim] and a bias [classes].
    ///
    /// # Errors
    /// [`Error::Fixture`] when their sizes do not fit.
    pub fn from_values(dim: usize, classes: usize, weight: &[f32], bias: &[f32]) -> Result<Self> {
        if [weight.len(), bias.len()] != [dim * classes, classes] {
            let why = format!("{} weights and {} biases for {classes} classes of {dim}", weight.len(), bias.len());
            return Err(Error::fixture("The classifier does not fit", why, "Check the fixture's manifest"));
        }
        Ok(Self::of(dim, classes, weight.iter().chain(bias).map(|v| f64::from(*v)).collect()))
    }

    fn of(dim: usize, classes: usize, values: Vec<f64>) -> Self {
        let zeros = vec![0.0; values.len()];
        Self { classes, dim, values, first: zeros.clone(), second: zeros, steps: 0 }
    }

    /// The weight [classes, dim].
    pub fn weight(&self) -> &[f64] {
        &self.values[..self.classes * self.dim]
    }

    /// The bias [classes].
    pub fn bias(&self) -> &[f64] {
        &self.values[self.classes * self.dim..]
    }

    fn scores(&self, row: &[f32], scores: &mut [f64]) {
        let layers = self.weight().chunks_exact(self.dim.max(1)).zip(self.bias());
        for (score, (weight, bias)) in scores.iter_mut().zip(layers) {
            *score = bias + weight.iter().zip(row).map(|(w, x)| w * f64::from(*x)).sum::<f64>();
        }
    }

    /// One step of Adam on all samples. Returns their mean cross entropy before it.
    pub fn step(&mut self, features: &Features, labels: &[u32], how: &Settings) -> f64 {
        let (classes, dim, count) = (self.classes, self.dim, labels.len().max(1) as f64);
        let mut slope = vec![0.0; self.values.len()];
        let mut scores = vec![0.0; classes];
        let mut loss = 0.0;
        for (row, label) in features.values.chunks_exact(dim.max(1)).zip(labels) {
            self.scores(row, &mut scores);
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|s| (s - largest).exp()).sum();
            let own = *label as usize;
            loss -= (scores.get(own).copied().unwrap_or(largest) - largest - sum.ln()) / count;
            for (class, score) in scores.iter().enumerate() {
                let push = ((score - largest).exp() / sum - f64::from(u8::from(class == own))) / count;
                slope[class * dim..(class + 1) * dim].iter_mut().zip(row).for_each(|(s, x)| *s += push * f64::from(*x));
                slope[classes * dim + class] += push;
            }
        }
        self.steps += 1;
        let [unbiased1, unbiased2] = [how.beta1, how.beta2].map(|beta: f64| 1.0 - beta.powi(self.steps));
        for (i, value) in self.values.iter_mut().enumerate() {
            let g = slope[i] + how.weight_decay * *value;
            self.first[i] = how.beta1 * self.first[i] + (1.0 - how.beta1) * g;
            self.second[i] = how.beta2 * self.second[i] + (1.0 - how.beta2) * g * g;
            *value -= how.lr * (self.first[i] / unbiased1) / ((self.second[i] / unbiased2).sqrt() + how.eps);
        }
        loss
    }

    /// Share of samples whose label has the highest score; of equal scores the lower class counts.
    pub fn accuracy(&self, features: &Features, labels: &[u32]) -> f64 {
        let mut scores = vec![0.0; self.classes];
        let right = features.values.chunks_exact(self.dim.max(1)).zip(labels).filter(|(row, label)| {
            self.scores(row, &mut scores);
            let best = scores
                .iter()
                .enumerate()
                .fold((0, f64::NEG_INFINITY), |best, (c, s)| if *s > best.1 { (c, *s) } else { best });
            best.0 == **label as usize
        });
        right.count() as f64 / labels.len().max(1) as f64
    }
}

/// Features and their labels.
pub type Labelled<'a> = (&'a Features, &'a [u32]);

/// Train on `train`, take the epoch with the best accuracy on `validation` (of equal ones the latest; without one, the
/// last), return its accuracy on `test`.
///
/// # Errors
/// [`Error::Data`] when labels do not fit, [`Error::Training`] when features are not finite.
pub fn fit(
    train: Labelled<'_>,
    validation: Option<Labelled<'_>>,
    test: Labelled<'_>,
    classes: usize,
    how: &Settings,
    rng: &mut Rng,
) -> Result<f64> {
    for (features, labels) in [Some(train), validation, Some(test)].into_iter().flatten() {
        features.check(labels, classes)?;
    }
    let mut probe = Logistic::new(train.0.dim, classes, rng);
    let (mut best, mut kept) = (0.0, probe.clone());
    for _ in 0..how.epochs {
        probe.step(train.0, train.1, how);
        let accuracy = validation.map_or(best, |(features, labels)| probe.accuracy(features, labels));
        if accuracy >= best {
            (best, kept) = (accuracy, probe.clone());
        }
    }
    Ok(kept.accuracy(test.0, test.1))
}
