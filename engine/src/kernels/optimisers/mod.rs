//! One step of AdamW, LAMB or LARS for all weights of a model: a handful of launches on the GPU, one pass on the CPU.

pub mod average;
pub mod gpu;
pub mod norms;
mod twin;
mod weight_table;

use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_flex::Flex;

pub use self::average::average;
use self::gpu::Sheets;
pub use self::norms::global_norm;
use crate::kernels::sheet;

/// How a step turns gradients into changes. The decay is decoupled in all but LARS and coupled Adam.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019 (arXiv 1711.05101), algorithm 2.
    /// `coupled`: Adam with the decay added to the gradient instead (Kingma and Ba, ICLR 2015, with L2 regularisation).
    AdamW { beta1: f32, beta2: f32, eps: f32, coupled: bool },
    /// You et al., "Large Batch Optimization for Deep Learning", ICLR 2020 (arXiv 1904.00962), algorithm 2.
    Lamb { beta1: f32, beta2: f32, eps: f32 },
    /// You, Gitman and Ginsburg, "Large Batch Training of Convolutional Networks", 2017 (arXiv 1708.03888).
    Lars { momentum: f32, trust: f32 },
}

impl Rule {
    /// 1 − βˢ of the two moments at step s, the first being 1; ones where a rule corrects nothing.
    pub(crate) fn corrections(self, step: u64) -> [f32; 2] {
        match self {
            Self::AdamW { beta1, beta2, .. } | Self::Lamb { beta1, beta2, .. } => {
                [beta1, beta2].map(|beta| (1.0 - f64::from(beta).powf(step.max(1) as f64)) as f32)
            }
            Self::Lars { .. } => [1.0; 2],
        }
    }
}

/// How a step treats one weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Treatment {
    /// Factor on the learning rate.
    pub scale: f32,
    /// Weight decay.
    pub decay: f32,
    /// LAMB and LARS scale its change by the ratio of norms.
    pub adapts: bool,
}

/// One step.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    pub rule: Rule,
    /// Learning rate of this step.
    pub rate: f32,
    /// One entry a weight.
    pub treatments: &'a [Treatment],
    /// The gradients count as scaled so that their common norm is at most this: `min(1, max_norm / (norm + 1e-6))`.
    pub max_norm: Option<f32>,
}

/// What a rule remembers of every weight: `N` values a value of the weight, and the steps that it has made.
#[derive(Debug, Clone)]
pub struct State<const N: usize> {
    steps: Vec<u64>,
    moments: Moments<N>,
}

#[derive(Debug, Clone)]
enum Moments<const N: usize> {
    /// A tensor a weight.
    Each(Vec<Option<[Tensor<1>; N]>>),
    /// Common buffers on the GPU.
    Sheets(Sheets<N>),
}

impl<const N: usize> Default for State<N> {
    fn default() -> Self {
        Self { steps: Vec::new(), moments: Moments::Each(Vec::new()) }
    }
}

/// A weight's steps and moments.
pub type Remembered<const N: usize> = Option<(u64, [Tensor<1>; N])>;

impl<const N: usize> State<N> {
    /// A state that holds these moments, in the order of the weights; `None` starts fresh.
    pub fn new(remembered: Vec<Remembered<N>>) -> Self {
        let steps = remembered.iter().map(|r| r.as_ref().map_or(0, |(steps, _)| *steps)).collect();
        Self { steps, moments: Moments::Each(remembered.into_iter().map(|r| r.map(|(_, moments)| moments)).collect()) }
    }

    /// What is remembered of every weight, in their order; `None` for one that has made no step. Nothing is copied.
    pub fn remembered(&self) -> Vec<Remembered<N>> {
        let each = match &self.moments {
            Moments::Each(each) => each.clone(),
            Moments::Sheets(sheets) => sheets.each(),
        };
        self.steps
            .iter()
            .zip(each)
            .map(|(steps, moments)| moments.filter(|_| *steps > 0).map(|m| (*steps, m)))
            .collect()
    }

    /// Change every weight that has a gradient. Both lists are in the order of the treatments, flat, on one device,
    /// without autodiff; `None` is a fixed weight, or no gradient.
    ///
    /// Returns a value for every weight that was given, and the norm of all gradients before clipping where one was
    /// asked for, still on the device. On the CPU weights that nobody else holds are changed in place.
    pub fn step(
        &mut self,
        step: &Step<'_>,
        weights: Vec<Option<Tensor<1>>>,
        gradients: &[Option<Tensor<1>>],
    ) -> (Vec<Option<Tensor<1>>>, Option<Tensor<1>>) {
        self.steps.resize(weights.len(), 0);
        let live = |i: usize| {
            weights[i].is_some() && gradients.get(i).is_some_and(Option::is_some) && step.treatments.len() > i
        };
        let live: Vec<bool> = (0..weights.len()).map(live).collect();
        self.steps.iter_mut().zip(&live).for_each(|(steps, live)| *steps += u64::from(*live));
        if weights.iter().flatten().next().is_some_and(|first| sheet::on_gpu(first).is_some())
            && !crate::kernels::choice::stock()
        {
            return self.step_on_gpu(step, weights, gradients, &live);
        }
        let norm = step.max_norm.and_then(|_| norms::global_norm(gradients));
        let mut each = match std::mem::replace(&mut self.moments, Moments::Each(Vec::new())) {
            Moments::Each(each) => each,
            Moments::Sheets(sheets) => sheets.each(),
        };
        each.resize(weights.len(), None);
        for ((moments, gradient), live) in each.iter_mut().zip(gradients).zip(&live) {
            if let (Some(gradient), true) = (gradient, live) {
                moments.get_or_insert_with(|| std::array::from_fn(|_| gradient.zeros_like()));
            }
        }
        let slope = |i: usize| gradients.get(i).cloned().flatten().filter(|_| live[i]);
        let jobs = weights.into_iter().zip(each).enumerate().map(|(i, (weight, moments))| Job {
            weight,
            gradient: slope(i),
            moments,
        });
        let jobs: Vec<Job<N>> = jobs.collect();
        let limit = norm.clone().zip(step.max_norm);
        let done = if crate::kernels::choice::stock() {
            stock(step, &self.steps, jobs, limit)
        } else {
            twins(step, &self.steps, jobs, limit)
        };
        let (weights, each) = done.into_iter().map(|job| (job.weight, job.moments)).unzip();
        self.moments = Moments::Each(each);
        (weights, norm)
    }

    fn step_on_gpu(
        &mut self,
        step: &Step<'_>,
        weights: Vec<Option<Tensor<1>>>,
        gradients: &[Option<Tensor<1>>],
        live: &[bool],
    ) -> (Vec<Option<Tensor<1>>>, Option<Tensor<1>>) {
        let weights: Vec<_> = weights.into_iter().map(|w| w.as_ref().and_then(sheet::on_gpu)).collect();
        let slopes: Vec<_> =
            gradients.iter().zip(live).map(|(g, live)| g.as_ref().filter(|_| *live).and_then(sheet::on_gpu)).collect();
        let mut sheets = match std::mem::replace(&mut self.moments, Moments::Each(Vec::new())) {
            Moments::Sheets(sheets) => sheets.fitted(&weights),
            Moments::Each(each) => Sheets::new(&weights, each),
        };
        let (weights, norm) = gpu::step(&mut sheets, step, &self.steps, weights, slopes);
        self.moments = Moments::Sheets(sheets);
        let tensor = Tensor::from_primitive::<CubeBackend>;
        (weights.into_iter().map(|w| w.map(tensor)).collect(), norm.map(tensor))
    }
}

/// One weight of a step. Without a gradient it stays as it is.
#[derive(Debug)]
pub(crate) struct Job<const N: usize, T = Tensor<1>> {
    pub weight: Option<T>,
    pub gradient: Option<T>,
    pub moments: Option<[T; N]>,
}

type Limit = Option<(Tensor<1>, f32)>;

fn twins<const N: usize>(step: &Step<'_>, steps: &[u64], jobs: Vec<Job<N>>, limit: Limit) -> Vec<Job<N>> {
    let flex = |tensor: Tensor<1>| tensor.try_into_primitive::<Flex>().ok();
    let moments = |moments: [Tensor<1>; N]| moments.map(flex).into_iter().collect::<Option<Vec<_>>>()?.try_into().ok();
    let bare = jobs.into_iter().map(|job| Job {
        weight: job.weight.and_then(flex),
        gradient: job.gradient.and_then(flex),
        moments: job.moments.and_then(moments),
    });
    let limit = limit.and_then(|(norm, most)| Some((flex(norm)?, most)));
    let tensor = Tensor::from_primitive::<Flex>;
    let done = twin::step(step, steps, bare.collect(), limit).into_iter();
    done.map(|job| Job { weight: job.weight.map(tensor), gradient: None, moments: job.moments.map(|m| m.map(tensor)) })
        .collect()
}

fn stock<const N: usize>(step: &Step<'_>, steps: &[u64], jobs: Vec<Job<N>>, limit: Limit) -> Vec<Job<N>> {
    let factor = limit.map(|(norm, most)| norm.add_scalar(1e-6).recip().mul_scalar(most).clamp_max(1.0));
    let one = |(i, job): (usize, Job<N>)| match (job.weight, job.gradient, job.moments) {
        (Some(weight), Some(gradient), Some(moments)) => {
            let gradient = factor.iter().fold(gradient, |gradient, factor| gradient.mul(factor.clone()));
            let (weight, moments) =
                stock_one(step, step.treatments[i], step.rule.corrections(steps[i]), weight, gradient, moments);
            Job { weight: Some(weight), gradient: None, moments: Some(moments) }
        }
        (weight, _, moments) => Job { weight, gradient: None, moments },
    };
    jobs.into_iter().enumerate().map(one).collect()
}

fn stock_one<const N: usize>(
    step: &Step<'_>,
    Treatment { scale, decay, adapts }: Treatment,
    corrections: [f32; 2],
    weight: Tensor<1>,
    gradient: Tensor<1>,
    mut moments: [Tensor<1>; N],
) -> (Tensor<1>, [Tensor<1>; N]) {
    let norm = |t: &Tensor<1>| t.clone().square().sum().sqrt();
    // trust · ‖w‖ / ‖u‖, 1 where a norm is 0.
    let ratio = |weight: &Tensor<1>, change: &Tensor<1>, trust: f32| {
        let (size, slope) = (norm(weight), norm(change));
        let still = size.clone().equal_elem(0.0).bool_or(slope.clone().equal_elem(0.0));
        size.mul_scalar(trust).div(slope).mask_fill(still, 1.0)
    };
    let rate = step.rate * scale;
    match (step.rule, &mut moments[..]) {
        (Rule::AdamW { beta1, beta2, eps, .. } | Rule::Lamb { beta1, beta2, eps }, [first, second]) => {
            let coupled = matches!(step.rule, Rule::AdamW { coupled: true, .. });
            let gradient = if coupled { gradient + weight.clone() * decay } else { gradient };
            *first = first.clone() + (gradient.clone() - first.clone()) * (1.0 - beta1);
            *second = second.clone() * beta2 + gradient.square() * (1.0 - beta2);
            let change = first.clone() / corrections[0] / ((second.clone() / corrections[1]).sqrt() + eps);
            let change = if coupled { change } else { change + weight.clone() * decay };
            let lamb = matches!(step.rule, Rule::Lamb { .. }) && adapts;
            let change = if lamb { change.clone() * ratio(&weight, &change, 1.0) } else { change };
            (weight - change * rate, moments)
        }
        (Rule::Lars { momentum, trust }, [speed]) => {
            let change = gradient + weight.clone() * decay;
            let change = if adapts { change.clone() * ratio(&weight, &change, trust) } else { change };
            *speed = speed.clone() * momentum + change;
            let moved = speed.clone() * rate;
            (weight - moved, moments)
        }
        _ => (weight, moments),
    }
}
