//! Contrast over cosine similarities: InfoNCE (van den Oord et al. 2018, arXiv 1807.03748), NT-Xent (Chen et al., SimCLR,
//! ICML 2020, arXiv 2002.05709), with several or soft positives a row (Khosla et al., SupCon, NeurIPS 2020, arXiv
//! 2004.11362), from both sides (Radford et al., CLIP, ICML 2021), or against a queue of keys (He et al., MoCo, CVPR 2020,
//! arXiv 1911.05722).
//!
//! The cross-entropy of targets Q is `log Σ_j exp s_ij − Σ_j Q_ij s_ij`. The kernel gives it for one positive a row without
//! a matrix of rows × keys; for other targets the rest, `s_ip − Σ_j Q_ij s_ij`, is a product of the query with one vector.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::kernels::contrast::{How, contrast};
use crate::placed::Placed;

/// What cosines are multiplied by.
#[derive(Debug, Clone)]
// There is one a loss.
#[allow(clippy::large_enum_variant)]
pub enum Scale {
    /// 1 / τ.
    Temperature(f64),
    /// A number [1] above zero that may be learned.
    Learned(Tensor<1>),
}

impl Scale {
    fn of(&self, cosines: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Temperature(tau) => cosines.mul_scalar(1.0 / tau),
            Self::Learned(scale) => cosines * scale.clone().reshape([1, 1]),
        }
    }
}

/// Which keys each row belongs to.
#[derive(Debug, Clone)]
pub struct Targets {
    /// A key of each row that is not the row itself; −1: the row has no loss.
    one: Vec<i32>,
    /// [rows, keys], each row with a loss adding up to 1, where it is more than that one key. No gradient flows to it.
    soft: Option<Tensor<2>>,
    placed: Placed<Tensor<1, Int>>,
}

impl Targets {
    /// The key of each row; −1: none, and no loss.
    pub fn one(keys: Vec<i32>) -> Self {
        Self { one: keys, soft: None, placed: Placed::default() }
    }

    /// Row i belongs to key i.
    pub fn pairs(rows: usize) -> Self {
        Self::one((0..rows as i32).collect())
    }

    /// The other view of every sample, for two views of `samples` samples one after the other.
    pub fn two_views(samples: usize) -> Self {
        Self::one((0..2 * samples).map(|row| ((row + samples) % (2 * samples)) as i32).collect())
    }

    /// Several keys a row, all alike; a row without any has no loss.
    pub fn many(lists: &[Vec<usize>], keys: usize, device: &Device) -> Self {
        let mut soft = vec![0.0_f32; lists.len() * keys];
        for (row, list) in soft.chunks_exact_mut(keys.max(1)).zip(lists) {
            list.iter().for_each(|key| row[*key] = 1.0 / list.len() as f32);
        }
        let soft = Tensor::from_data(TensorData::new(soft, [lists.len(), keys]), device);
        let one = lists.iter().map(|list| list.first().map_or(-1, |key| *key as i32)).collect();
        Self { one, soft: Some(soft), placed: Placed::default() }
    }

    /// All other rows of the same class (supervised contrast of rows with one another).
    pub fn classes(labels: &[u32], device: &Device) -> Self {
        let others = |row: usize| (0..labels.len()).filter(move |other| *other != row && labels[*other] == labels[row]);
        let lists: Vec<Vec<usize>> = (0..labels.len()).map(|row| others(row).collect()).collect();
        Self::many(&lists, labels.len(), device)
    }

    /// A distribution over the keys for each row.
    ///
    /// # Shapes
    /// [rows, keys], each row adding up to 1
    pub fn soft(shares: Tensor<2>) -> Self {
        let [rows, keys] = shares.dims();
        let one = (0..rows).map(|row| (row % keys.max(1)) as i32).collect();
        Self { one, soft: Some(shares.detach()), placed: Placed::default() }
    }

    /// Rows with a loss.
    fn counted(&self) -> usize {
        self.one.iter().filter(|key| **key >= 0).count()
    }

    /// Put the keys' numbers on a device now, before a step's first launch.
    pub fn upload(&self, device: &Device) {
        self.ones(device);
    }

    fn ones(&self, device: &Device) -> Tensor<1, Int> {
        let ones = self
            .placed
            .on(device, |device| Tensor::from_data(TensorData::new(self.one.clone(), [self.one.len()]), device));
        if device.is_autodiff() { Tensor::from_inner(ones) } else { ones }
    }
}

/// InfoNCE from queries to keys: the mean over all rows with a target of the cross-entropy of the targets and
/// `softmax(scale · cosines)`. Keys that should not learn are given detached.
///
/// # Shapes
/// queries [N, D] and keys [M, D], of any length → [1]
pub fn info_nce(queries: Tensor<2>, keys: Tensor<2>, targets: &Targets, scale: &Scale) -> Tensor<1> {
    cross_entropy(queries, Some(keys), targets, None, scale)
}

/// NT-Xent: every row is contrasted with all others but itself.
///
/// # Shapes
/// [N, D] → [1]
pub fn nt_xent(rows: Tensor<2>, targets: &Targets, scale: &Scale) -> Tensor<1> {
    cross_entropy(rows, None, targets, None, scale)
}

/// The mean of InfoNCE from `a` to `b` and from `b` to `a`, each with targets of its own.
///
/// # Shapes
/// [N, D] and [M, D]; targets [N, M] and [M, N] → [1]
pub fn symmetric(a: Tensor<2>, b: Tensor<2>, [forth, back]: [&Targets; 2], scale: &Scale) -> Tensor<1> {
    (info_nce(a.clone(), b.clone(), forth, scale) + info_nce(b, a, back, scale)).mul_scalar(0.5)
}

/// MoCo's loss: each query against its own key and those of the queue, but not against the keys of other queries. No
/// gradient flows to the keys.
///
/// # Shapes
/// queries and keys [N, D], queue [K, D] → [1]
pub fn against_queue(queries: Tensor<2>, keys: Tensor<2>, queue: Tensor<2>, scale: &Scale) -> Tensor<1> {
    let (rows, queued) = (queries.dims()[0], queue.dims()[0]);
    // Keys of the same number do not count, but for the positive; those below zero always do.
    let groups: Vec<i32> = std::iter::repeat_n(0, 2 * rows).chain(std::iter::repeat_n(-1, queued)).collect();
    let groups = Tensor::from_data(TensorData::new(groups, [2 * rows + queued]), &queries.device());
    let keys = Tensor::cat(vec![keys.detach(), queue.detach()], 0);
    cross_entropy(queries, Some(keys), &Targets::pairs(rows), Some(groups), scale)
}

fn cross_entropy(
    rows: Tensor<2>,
    keys: Option<Tensor<2>>,
    targets: &Targets,
    groups: Option<Tensor<1, Int>>,
    scale: &Scale,
) -> Tensor<1> {
    let device = rows.device();
    let (count, counted) = (rows.dims()[0].max(1), targets.counted().max(1));
    let (factor, learned) = match scale {
        Scale::Temperature(tau) => ((1.0 / tau) as f32, None),
        Scale::Learned(scale) => (1.0, Some(scale.clone())),
    };
    let how = How { scale: factor, normalise: true, symmetric: false };
    let positive = targets.ones(&device);
    let loss = contrast(rows.clone(), keys.clone(), learned, positive.clone(), groups, how);
    let loss = if counted == count { loss } else { loss.mul_scalar(count as f64 / counted as f64) };
    let Some(soft) = &targets.soft else { return loss };
    let queries = unit(rows.clone());
    let keys = unit(keys.unwrap_or(rows));
    let aim = keys.clone().select(0, positive.clamp_min(0)) - soft.clone().matmul(keys); // [rows, width]
    let rest = scale.of((queries * aim).sum_dim(1)); // [rows, 1]: s_ip − Σ_j Q_ij s_ij
    let has: Vec<f32> = targets.one.iter().map(|key| if *key >= 0 { 1.0 } else { 0.0 }).collect();
    let has = Tensor::<2>::from_data(TensorData::new(has, [targets.one.len(), 1]), &device);
    loss + (rest * has).sum().div_scalar(counted as f64)
}

/// Rows of length 1; what is shorter than 10⁻¹² becomes zero.
fn unit(x: Tensor<2>) -> Tensor<2> {
    x.clone() / x.square().sum_dim(1).clamp_min(1e-24).sqrt()
}
