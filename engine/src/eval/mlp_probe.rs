//! The non-linear probe: how far a network of one hidden layer gets on frozen features.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::blocks::linear::{Linear, Start};
use crate::error::Result;
use crate::eval::{Features, accuracy};
use crate::kernels::products::mlp;
use crate::readback;
use crate::rng::Rng;
use crate::train::groups::pretrain_groups;
use crate::train::losses;
use crate::train::optimiser::AdamW;
use crate::train::schedule::Schedule;
use crate::weights::Weights;

/// How it is trained: AdamW (0.9, 0.999), a warm-up over a tenth of the steps, a cosine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Numbers of the hidden layer.
    pub hidden: usize,
    pub batch: usize,
    pub steps: usize,
    pub lr: f64,
    pub weight_decay: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { hidden: 256, batch: 256, steps: 400, lr: 2e-3, weight_decay: 0.01 }
    }
}

/// Train a probe on standardised features and return its accuracy on the test ones.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when labels do not fit, [`Error::Training`](crate::error::Error::Training)
/// when features are not finite, [`Error::Device`](crate::error::Error::Device) when the device is lost.
pub async fn fit(
    (train, train_labels): (&Features, &[u32]),
    (test, test_labels): (&Features, &[u32]),
    classes: usize,
    how: &Settings,
    rng: &Rng,
    device: &Device,
) -> Result<f64> {
    train.check(train_labels, classes)?;
    test.check(test_labels, classes)?;
    let mut rng = rng.clone();
    let mut w = Weights::new(&device.clone().autodiff(), rng.next_u64());
    let first = Linear::new(w.root().at("first"), train.dim, how.hidden, Start::Uniform, true);
    let second = Linear::new(w.root().at("second"), how.hidden, classes, Start::Uniform, true);
    let answer = |w: &Weights, x: Tensor<2>| -> Tensor<2> { mlp(x, first.with_bias(w), second.with_bias(w), None) };
    let (mean, deviation) = moments(train);
    let of = |features: &Features, device: &Device| {
        let values = features.values.iter().enumerate();
        let values = values.map(|(i, v)| (v - mean[i % train.dim]) / deviation[i % train.dim]).collect::<Vec<f32>>();
        Tensor::<2>::from_data(TensorData::new(values, [features.rows(), features.dim]), device)
    };
    let inputs = of(train, w.device());
    let targets = losses::target_tensor(losses::smooth_targets(train_labels, classes, 0.0)?, classes, w.device());
    let mut rule = AdamW::new(0.9, 0.999, pretrain_groups(&w, how.weight_decay));
    let total = how.steps.max(1) as f64;
    let schedule = Schedule { peak: how.lr, floor: 0.0, warmup: 0.1 * total, total };
    let batch = how.batch.clamp(1, train.rows());
    let mut order: Vec<usize> = Vec::new();
    for step in 0..how.steps {
        if order.len() < batch {
            order = rng.permutation(train.rows());
        }
        let rows: Vec<i32> = order.split_off(order.len() - batch).into_iter().map(|row| row as i32).collect();
        let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [batch]), w.device());
        let scores = answer(&w, inputs.clone().select(0, rows.clone()));
        let loss = losses::cross_entropy(scores, targets.clone().select(0, rows));
        let gradients = w.backward(&loss);
        rule.step(&mut w, &gradients, schedule.at(step as f64 + 0.5));
    }
    let w = w.frozen();
    let logits = readback::floats(answer(&w, of(test, w.device()))).await?;
    Ok(accuracy::top_k(&logits, classes, test_labels, 1))
}

/// Mean and deviation of every number of the features.
fn moments(features: &Features) -> (Vec<f32>, Vec<f32>) {
    let rows = features.rows().max(1) as f64;
    let mut sums = vec![[0.0_f64; 2]; features.dim];
    for row in features.values.chunks_exact(features.dim.max(1)) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum = [sum[0] + f64::from(*value), sum[1] + f64::from(*value).powi(2)];
        }
    }
    let of = |[sum, squared]: [f64; 2]| {
        let mean = sum / rows;
        (mean as f32, ((squared / rows - mean * mean).max(0.0) + 1e-6).sqrt() as f32)
    };
    sums.into_iter().map(of).unzip()
}
