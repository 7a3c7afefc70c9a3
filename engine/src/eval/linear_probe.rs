//! The linear probe: how far one linear layer gets on frozen features.
//!
//! As in MAE's and MoCo v3's evaluation: batch normalisation without affine, one linear layer, LARS, warm-up and
//! cosine, plain cross entropy. The gradient of a linear layer is written out, so no autodiff is needed.

use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use crate::error::Result;
use crate::eval::{Features, accuracy};
use crate::readback;
use crate::rng::Rng;
use crate::train::losses;
use crate::train::optimiser::Lars;
use crate::train::schedule::Schedule;
use crate::weights::{Init, Slot, Weights};

/// Batch normalisation without affine, a linear layer, and its optimiser.
#[derive(Debug)]
pub struct LinearProbe {
    /// `head.1.weight` [classes, dim] and `head.1.bias` [classes].
    pub head: Weights,
    /// Running mean [dim], used in evaluation.
    pub running_mean: Tensor<1>,
    /// Running variance [dim], unbiased.
    pub running_var: Tensor<1>,
    pub optimiser: Lars,
    /// Added to the variance.
    pub eps: f64,
    /// Share of a new batch in the running statistics.
    pub momentum: f64,
    weight: Slot<2>,
    bias: Slot<1>,
}

/// What one training forward gave, before the weights changed.
#[derive(Debug)]
pub struct Forward {
    /// [batch, classes], by the batch's own statistics.
    pub logits: Tensor<2>,
    /// Cross entropy, [1].
    pub loss: Tensor<1>,
    /// Of `head.list`, flat.
    pub gradients: Vec<Option<Tensor<1>>>,
}

impl LinearProbe {
    /// A fresh probe: weight truncated normal with deviation 0.01, bias 0, running mean 0 and variance 1.
    pub fn new(dim: usize, classes: usize, seed: u64, device: &Device) -> Self {
        let device = device.clone().without_autodiff();
        let mut head = Weights::new(&device, seed);
        let weight = head.root().at("head").at(1).weight("weight", [classes, dim], Init::TruncatedNormal(0.01));
        let bias = head.root().at("head").at(1).weight("bias", [classes], Init::Zeros);
        let (running_mean, running_var) = (Tensor::zeros([dim], &device), Tensor::ones([dim], &device));
        Self { head, running_mean, running_var, optimiser: Lars::default(), eps: 1e-6, momentum: 0.1, weight, bias }
    }

    /// Logits, loss and gradients by the batch's statistics; the running ones move.
    ///
    /// # Shapes
    /// * features: [batch, dim]
    /// * targets: [batch, classes], rows that add up to 1
    pub fn forward(&mut self, features: Tensor<2>, targets: Tensor<2>) -> Forward {
        let [batch, dim] = features.dims();
        let mean = features.clone().mean_dim(0); // [1, dim]
        let centred = features.sub(mean.clone());
        let var = centred.clone().square().mean_dim(0); // [1, dim], biased
        let unbiased = batch as f64 / (batch.max(2) - 1) as f64;
        self.running_mean = self.mixed(&self.running_mean, mean.reshape([dim]));
        self.running_var = self.mixed(&self.running_var, var.clone().reshape([dim]).mul_scalar(unbiased));
        let normal = centred.div(var.add_scalar(self.eps).sqrt());
        let logits = self.linear(normal.clone());
        let slope = activation::softmax(logits.clone(), 1).sub(targets.clone()).div_scalar(batch as f64); // dL/dlogits
        let classes = slope.dims()[1];
        let gradients = vec![
            Some(slope.clone().transpose().matmul(normal).reshape([classes * dim])),
            Some(slope.sum_dim(0).reshape([classes])),
        ];
        Forward { loss: losses::cross_entropy(logits.clone(), targets), logits, gradients }
    }

    /// One step of training. Returns what the forward gave before it.
    pub fn step(&mut self, features: Tensor<2>, targets: Tensor<2>, lr: f64) -> Forward {
        let forward = self.forward(features, targets);
        self.optimiser.step(&mut self.head, &forward.gradients, lr);
        forward
    }

    /// Logits by the running statistics, [batch, classes].
    pub fn logits(&self, features: Tensor<2>) -> Tensor<2> {
        let dim = features.dims()[1];
        let mean = self.running_mean.clone().reshape([1, dim]);
        let deviation = self.running_var.clone().add_scalar(self.eps).sqrt().reshape([1, dim]);
        self.linear(features.sub(mean).div(deviation))
    }

    fn linear(&self, normal: Tensor<2>) -> Tensor<2> {
        normal.matmul(self.head.get(self.weight).transpose()).add(self.head.get(self.bias).unsqueeze::<2>())
    }

    fn mixed(&self, running: &Tensor<1>, new: Tensor<1>) -> Tensor<1> {
        running.clone().mul_scalar(1.0 - self.momentum).add(new.mul_scalar(self.momentum))
    }
}

/// How a probe is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    pub batch: usize,
    pub epochs: usize,
    /// Fewest and most steps, whatever the epochs come to.
    pub steps: (u64, u64),
    /// Peak of the learning rate.
    pub lr: f64,
    /// Share of the steps that warm up.
    pub warmup: f64,
}

impl Default for Settings {
    /// The published 90 epochs with their peak of 6.4 (0.1 · 16384 / 256), at a batch for thousands of samples instead
    /// of a million. The peak stays because LARS moves a weight by a share of its own length that depends on `lr`
    /// alone, and what a small set lacks is steps.
    fn default() -> Self {
        Self { batch: 512, epochs: 90, steps: (500, 4000), lr: 6.4, warmup: 1.0 / 9.0 }
    }
}

/// The training of a probe, in slices, so that a caller can show progress or stop.
#[derive(Debug)]
pub struct Fit {
    pub probe: LinearProbe,
    features: Tensor<2>,
    targets: Tensor<2>,
    classes: usize,
    batch: usize,
    schedule: Schedule,
    rng: Rng,
    order: Vec<usize>,
    step: u64,
    steps: u64,
}

impl Fit {
    /// Prepare to train on these features.
    ///
    /// # Errors
    /// [`crate::error::Error::Data`] when labels do not fit, [`crate::error::Error::Training`] when features are not
    /// finite.
    pub fn new(
        train: &Features,
        labels: &[u32],
        classes: usize,
        settings: &Settings,
        rng: &Rng,
        device: &Device,
    ) -> Result<Self> {
        train.check(labels, classes)?;
        let device = device.clone().without_autodiff();
        let batch = settings.batch.clamp(1, train.rows());
        let steps = ((settings.epochs * (train.rows() / batch)) as u64)
            .clamp(settings.steps.0, settings.steps.1.max(settings.steps.0));
        let mut rng = rng.clone();
        Ok(Self {
            probe: LinearProbe::new(train.dim, classes, rng.next_u64(), &device),
            features: train.tensor(&device),
            targets: losses::target_tensor(losses::smooth_targets(labels, classes, 0.0)?, classes, &device),
            classes,
            batch,
            schedule: Schedule {
                peak: settings.lr,
                floor: 0.0,
                warmup: settings.warmup * steps as f64,
                total: steps as f64,
            },
            rng,
            order: Vec::new(),
            step: 0,
            steps,
        })
    }

    /// Steps done, and all of them.
    pub fn progress(&self) -> (u64, u64) {
        (self.step, self.steps)
    }

    /// Make up to `count` more steps. Returns the last one's loss, `None` when all steps were done before.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] when the device is lost.
    pub async fn advance(&mut self, count: u64) -> Result<Option<f32>> {
        let mut loss = None;
        for _ in 0..count.min(self.steps - self.step) {
            let rows = self.next_batch();
            let lr = self.schedule.at(self.step as f64);
            let (features, targets) =
                (self.features.clone().select(0, rows.clone()), self.targets.clone().select(0, rows));
            loss = Some(self.probe.step(features, targets, lr).loss);
            self.step += 1;
        }
        match loss {
            Some(loss) => Ok(Some(readback::scalar(loss).await?)),
            None => Ok(None),
        }
    }

    /// Top-1 accuracy on other features.
    ///
    /// # Errors
    /// As [`Fit::new`], and [`crate::error::Error::Device`] when the device is lost.
    pub async fn accuracy(&self, test: &Features, labels: &[u32]) -> Result<f64> {
        test.check(labels, self.classes)?;
        let logits = readback::floats(self.probe.logits(test.tensor(&self.features.device()))).await?;
        Ok(accuracy::top_k(&logits, self.classes, labels, 1))
    }

    /// Rows of the next batch; every epoch in a new order, without the rest that fills no batch.
    fn next_batch(&mut self) -> Tensor<1, Int> {
        if self.order.len() < self.batch {
            self.order = self.rng.permutation(self.features.dims()[0]);
        }
        let rows = self.order.split_off(self.order.len() - self.batch);
        let rows: Vec<i32> = rows.into_iter().map(|r| r as i32).collect();
        Tensor::from_data(TensorData::new(rows, [self.batch]), &self.features.device())
    }
}

/// Train a probe to its end and return its top-1 accuracy on the test features.
///
/// # Errors
/// As [`Fit::new`], [`Fit::advance`] and [`Fit::accuracy`].
pub async fn fit(
    (train, train_labels): (&Features, &[u32]),
    (test, test_labels): (&Features, &[u32]),
    classes: usize,
    settings: &Settings,
    rng: &Rng,
    device: &Device,
) -> Result<f64> {
    let mut fit = Fit::new(train, train_labels, classes, settings, rng, device)?;
    while fit.advance(50).await?.is_some() {}
    fit.accuracy(test, test_labels).await
}
