//! Steps of optimisers: parts of all weights together are spread over the threads and changed in place. Norms and moving
//! averages of weights.

use macerator::Simd;

use crate::{sums, threads};

/// Values of one task.
const TASK: usize = 16_384;
/// Values whose changes are kept to be summed.
const LINE: usize = 256;

/// The numbers of a step for one weight.
#[derive(Debug, Clone, Copy)]
pub struct Numbers {
    /// Learning rate times the weight's scale.
    pub rate: f32,
    pub decay: f32,
    /// Factor on the gradient.
    pub clip: f32,
    /// 1 − βˢ of the two moments at step s.
    pub corrections: [f32; 2],
    /// Whether the change is scaled by trust · ‖w‖ / ‖u‖.
    pub adapts: bool,
}

/// A weight with its gradient, and one or two moments of the same length.
#[derive(Debug)]
pub struct Weight<'a> {
    pub p: &'a mut [f32],
    pub g: &'a [f32],
    pub moments: Vec<&'a mut [f32]>,
    pub numbers: Numbers,
}

/// A part of a weight.
struct Part<'a> {
    weight: usize,
    p: &'a mut [f32],
    g: &'a [f32],
    moments: Vec<&'a mut [f32]>,
    numbers: Numbers,
    /// trust · ‖w‖ / ‖u‖
    ratio: f32,
}

fn parts(weights: Vec<Weight<'_>>) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for (weight, Weight { p, g, moments, numbers }) in weights.into_iter().enumerate() {
        let mut moments: Vec<_> = moments.into_iter().map(|moment| moment.chunks_mut(TASK)).collect();
        for (p, g) in p.chunks_mut(TASK).zip(g.chunks(TASK)) {
            let moments = moments.iter_mut().filter_map(Iterator::next).collect();
            parts.push(Part { weight, p, g, moments, numbers, ratio: 1.0 });
        }
    }
    parts
}

/// One step of AdamW or, `coupled`, of Adam, with two moments.
#[inline(never)]
pub fn adamw(weights: Vec<Weight<'_>>, [beta1, beta2]: [f32; 2], eps: f32, coupled: bool) {
    let factors = [beta1, beta2, f32::from(u8::from(coupled))];
    threads::each(parts(weights), |Part { p, g, mut moments, numbers, .. }| {
        if let [m, v] = &mut moments[..] {
            adamw_part(p, g, m, v, factors, eps, numbers);
        }
    });
}

/// One step of LAMB, with two moments.
#[inline(never)]
pub fn lamb(weights: Vec<Weight<'_>>, betas: [f32; 2], eps: f32) {
    let measured = threads::each(parts(weights), |mut part| {
        let squares = match &mut part.moments[..] {
            [m, v] => lamb_moments(part.p, part.g, m, v, betas, eps, part.numbers),
            _ => [0.0; 2],
        };
        (part, squares)
    });
    threads::each(with_ratios(measured, 1.0), |Part { p, mut moments, numbers, ratio, .. }| {
        if let [m, v] = &mut moments[..] {
            lamb_part(p, m, v, eps, numbers, ratio);
        }
    });
}

/// One step of LARS, with one moment.
#[inline(never)]
pub fn lars(weights: Vec<Weight<'_>>, momentum: f32, trust: f32) {
    let measured = threads::each(parts(weights), |part| {
        let squares = lars_squares(part.p, part.g, part.numbers);
        (part, squares)
    });
    threads::each(with_ratios(measured, trust), |Part { p, g, mut moments, numbers, ratio, .. }| {
        if let [speed] = &mut moments[..] {
            lars_part(p, g, speed, momentum, numbers, ratio);
        }
    });
}

/// The parts, with the ratios of their weights from the sums of squares of each part and its change.
fn with_ratios(measured: Vec<(Part<'_>, [f32; 2])>, trust: f32) -> Vec<Part<'_>> {
    let mut sums = vec![[0.0_f64; 2]; measured.last().map_or(0, |(part, _)| part.weight + 1)];
    for (part, squares) in &measured {
        sums[part.weight].iter_mut().zip(squares).for_each(|(sum, square)| *sum += f64::from(*square));
    }
    let parts = measured.into_iter().map(|(mut part, _)| {
        let [p, change] = sums[part.weight];
        if part.numbers.adapts && p > 0.0 && change > 0.0 {
            part.ratio = trust * (p.sqrt() / change.sqrt()) as f32;
        }
        part
    });
    parts.collect()
}

#[macerator::with_simd]
fn adamw_part<S: Simd>(
    p: &mut [f32],
    g: &[f32],
    m: &mut [f32],
    v: &mut [f32],
    factors: [f32; 3],
    eps: f32,
    n: Numbers,
) {
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
        size += sums::sum_by(p, p, |a, b| a * b);
        change += sums::sum_by(&line, &line, |a, b| a * b);
    }
    [size, change]
}

#[macerator::with_simd]
fn lamb_part<S: Simd>(p: &mut [f32], m: &[f32], v: &[f32], eps: f32, n: Numbers, ratio: f32) {
    let keep = 1.0 - n.rate * ratio * n.decay;
    let (rate, root) = (n.rate * ratio / n.corrections[0], 1.0 / n.corrections[1].sqrt());
    for ((p, m), v) in p.iter_mut().zip(m).zip(v) {
        *p = *p * keep - rate * m / (v.sqrt() * root + eps);
    }
}

#[macerator::with_simd]
fn lars_squares<S: Simd>(p: &[f32], g: &[f32], n: Numbers) -> [f32; 2] {
    let change = |g: f32, p: f32| g * n.clip + n.decay * p;
    [sums::sum_by(p, p, |a, b| a * b), sums::sum_by(g, p, |g, p| change(g, p) * change(g, p))]
}

#[macerator::with_simd]
fn lars_part<S: Simd>(p: &mut [f32], g: &[f32], speed: &mut [f32], momentum: f32, n: Numbers, ratio: f32) {
    for ((p, g), speed) in p.iter_mut().zip(g).zip(speed) {
        let faster = momentum * *speed + ratio * (g * n.clip + n.decay * *p);
        *speed = faster;
        *p -= n.rate * faster;
    }
}

#[macerator::with_simd]
fn squares_of<S: Simd>(values: &[f32]) -> f32 {
    sums::sum_by(values, values, |a, b| a * b)
}

/// The sum of squares of all values of all tensors.
#[inline(never)]
pub fn squares(tensors: &[&[f32]]) -> f64 {
    let tasks = tensors.iter().flat_map(|values| values.chunks(TASK)).collect();
    threads::each(tasks, |values: &[f32]| f64::from(squares_of(values))).into_iter().sum()
}

#[macerator::with_simd]
fn mix<S: Simd>(a: &mut [f32], w: &[f32], decay: f32) {
    a.iter_mut().zip(w).for_each(|(a, w)| *a = decay * *a + (1.0 - decay) * w);
}

/// Turn every average a into `decay · a + (1 − decay) · w`.
#[inline(never)]
pub fn average(pairs: Vec<(&mut [f32], &[f32])>, decay: f32) {
    let parts = pairs.into_iter().flat_map(|(a, w)| a.chunks_mut(TASK).zip(w.chunks(TASK))).collect();
    threads::each(parts, |(a, w)| mix(a, w, decay));
}
