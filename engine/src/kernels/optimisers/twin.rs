//! Steps of optimisers on the CPU: parts of all weights together are spread over the threads and changed in place.

use burn_flex::FlexTensor;
use macerator::Simd;

use super::norms::TASK;
use super::{Job, Rule, Step, Treatment};
use crate::kernels::twin;

/// The numbers of a step for one weight.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    rule: Rule,
    /// Learning rate times the weight's scale.
    rate: f32,
    decay: f32,
    /// Factor on the gradient.
    clip: f32,
    corrections: [f32; 2],
    /// trust · ‖w‖ / ‖u‖
    ratio: f32,
}

/// A part of a weight.
struct Part<'a> {
    weight: usize,
    p: &'a mut [f32],
    g: &'a [f32],
    moments: Vec<&'a mut [f32]>,
}

/// The same jobs, done; see [`super::State::step`].
pub(crate) fn step<const N: usize>(
    step: &Step<'_>,
    steps: &[u64],
    jobs: Vec<Job<N, FlexTensor>>,
    limit: Option<(FlexTensor, f32)>,
) -> Vec<Job<N, FlexTensor>> {
    let norm =
        |(norm, most): (FlexTensor, f32)| most / (twin::Floats::new(norm).first().copied().unwrap_or(0.0) + 1e-6);
    let clip = limit.map_or(1.0, |limit| norm(limit).min(1.0));
    let mut jobs: Vec<_> = jobs
        .into_iter()
        .map(|job| match job {
            Job { weight: Some(weight), gradient: Some(gradient), moments: Some(moments) } => {
                let moments = Some(moments.map(twin::owned));
                (Job { weight: Some(twin::owned(weight)), gradient: None, moments }, Some(twin::Floats::new(gradient)))
            }
            still => (still, None),
        })
        .collect();
    let numbers = |i: usize| {
        let Treatment { scale, decay, .. } =
            step.treatments.get(i).copied().unwrap_or(Treatment { scale: 1.0, decay: 0.0, adapts: false });
        Numbers {
            rule: step.rule,
            rate: step.rate * scale,
            decay,
            clip,
            corrections: step.rule.corrections(steps[i]),
            ratio: 1.0,
        }
    };
    let mut numbers: Vec<Numbers> = (0..jobs.len()).map(numbers).collect();
    let mut parts = Vec::new();
    for (weight, (job, gradient)) in jobs.iter_mut().enumerate() {
        let (Some(p), Some(gradient), Some(moments)) = (&mut job.weight, gradient, &mut job.moments) else { continue };
        let mut moments = moments.each_mut().map(|m| m.storage_mut::<f32>().chunks_mut(TASK));
        for (p, g) in p.storage_mut::<f32>().chunks_mut(TASK).zip(gradient.chunks(TASK)) {
            parts.push(Part { weight, p, g, moments: moments.iter_mut().filter_map(Iterator::next).collect() });
        }
    }
    if !matches!(step.rule, Rule::AdamW { .. }) {
        let (again, squares) = measured(parts, &numbers);
        parts = again;
        for (weight, (numbers, [p, change])) in numbers.iter_mut().zip(squares).enumerate() {
            if step.treatments.get(weight).is_some_and(|t| t.adapts) && p > 0.0 && change > 0.0 {
                let trust = if let Rule::Lars { trust, .. } = step.rule { trust } else { 1.0 };
                numbers.ratio = trust * (p.sqrt() / change.sqrt()) as f32;
            }
        }
    }
    twin::each(parts, |Part { weight, p, g, mut moments }| match (step.rule, &mut moments[..]) {
        (Rule::AdamW { beta1, beta2, eps, coupled }, [m, v]) => {
            adamw(p, g, m, v, [beta1, beta2, f32::from(u8::from(coupled))], eps, numbers[weight])
        }
        (Rule::Lamb { eps, .. }, [m, v]) => lamb(p, m, v, eps, numbers[weight]),
        (Rule::Lars { momentum, .. }, [speed]) => lars(p, g, speed, momentum, numbers[weight]),
        _ => (),
    });
    jobs.into_iter().map(|(job, _)| job).collect()
}

/// The parts again, and the sums of squares of every weight and its change. LAMB's moments move.
fn measured<'a>(parts: Vec<Part<'a>>, numbers: &[Numbers]) -> (Vec<Part<'a>>, Vec<[f64; 2]>) {
    let measured = twin::each(parts, |mut part: Part<'a>| {
        let numbers = numbers[part.weight];
        let squares = match (numbers.rule, &mut part.moments[..]) {
            (Rule::Lamb { beta1, beta2, eps }, [m, v]) => {
                lamb_moments(part.p, part.g, m, v, [beta1, beta2], eps, numbers)
            }
            _ => lars_squares(part.p, part.g, numbers),
        };
        (part, squares)
    });
    let mut sums = vec![[0.0; 2]; numbers.len()];
    let parts = measured.into_iter().map(|(part, squares)| {
        sums[part.weight].iter_mut().zip(squares).for_each(|(sum, square)| *sum += f64::from(square));
        part
    });
    (parts.collect(), sums)
}

#[macerator::with_simd]
fn adamw<S: Simd>(p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], factors: [f32; 3], eps: f32, n: Numbers) {
    let [beta1, beta2, coupled] = factors;
    let (keep, pull) = (1.0 - (1.0 - coupled) * n.rate * n.decay, coupled * n.decay);
    let (rate, root) = (n.rate / n.corrections[0], 1.0 / n.corrections[1].sqrt());
    for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
        // Named, because what is stored would be loaded again.
        let g = g * n.clip + pull * *p;
        let first = *m + (1.0 - beta1) * (g - *m);
        let second = beta2 * *v + (1.0 - beta2) * g * g;
        (*m, *v) = (first, second);
        *p = *p * keep - rate * first / (second.sqrt() * root + eps);
    }
}

/// LAMB's moments, and the sums of squares of p and of u = m̂ / (√v̂ + ε) + decay · p.
#[macerator::with_simd]
fn lamb_moments<S: Simd>(
    p: &[f32],
    g: &[f32],
    m: &mut [f32],
    v: &mut [f32],
    betas: [f32; 2],
    eps: f32,
    n: Numbers,
) -> [f32; 2] {
    let [beta1, beta2] = betas;
    let [to_first, to_root] = [1.0 / n.corrections[0], 1.0 / n.corrections[1].sqrt()];
    let (mut size, mut change) = (0.0, 0.0);
    for (((p, g), m), v) in p.chunks(LINE).zip(g.chunks(LINE)).zip(m.chunks_mut(LINE)).zip(v.chunks_mut(LINE)) {
        let mut line = [0.0; LINE];
        for ((((u, p), g), m), v) in line.iter_mut().zip(p).zip(g).zip(m).zip(v) {
            let g = g * n.clip;
            let first = *m + (1.0 - beta1) * (g - *m);
            let second = beta2 * *v + (1.0 - beta2) * g * g;
            (*m, *v) = (first, second);
            *u = first * to_first / (second.sqrt() * to_root + eps) + n.decay * p;
        }
        size += twin::sum_by(p, p, |a, b| a * b);
        change += twin::sum_by(&line, &line, |a, b| a * b);
    }
    [size, change]
}

/// Values whose changes are kept to be summed.
const LINE: usize = 256;

#[macerator::with_simd]
fn lamb<S: Simd>(p: &mut [f32], m: &[f32], v: &[f32], eps: f32, n: Numbers) {
    let keep = 1.0 - n.rate * n.ratio * n.decay;
    let (rate, root) = (n.rate * n.ratio / n.corrections[0], 1.0 / n.corrections[1].sqrt());
    for ((p, m), v) in p.iter_mut().zip(m).zip(v) {
        *p = *p * keep - rate * m / (v.sqrt() * root + eps);
    }
}

#[macerator::with_simd]
fn lars_squares<S: Simd>(p: &[f32], g: &[f32], n: Numbers) -> [f32; 2] {
    let change = |g: f32, p: f32| g * n.clip + n.decay * p;
    [twin::sum_by(p, p, |a, b| a * b), twin::sum_by(g, p, |g, p| change(g, p) * change(g, p))]
}

#[macerator::with_simd]
fn lars<S: Simd>(p: &mut [f32], g: &[f32], speed: &mut [f32], momentum: f32, n: Numbers) {
    for ((p, g), speed) in p.iter_mut().zip(g).zip(speed) {
        let faster = momentum * *speed + n.ratio * (g * n.clip + n.decay * *p);
        *speed = faster;
        *p -= n.rate * faster;
    }
}
