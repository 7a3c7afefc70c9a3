//! A linear support vector machine on frozen features: one against the rest, squared hinge (Fan et al., LIBLINEAR, JMLR
//! 2008).

use crate::error::Result;
use crate::eval::{Features, accuracy};

/// Passes over the samples at most; it is over before when nothing is left to gain.
const PASSES: usize = 400;
/// A pass in which no slope is steeper than this ends the search.
const FLAT: f64 = 1e-4;

/// `min_w ½ |w|² + C Σ max(0, 1 − y w·x)²` for each class, on features of mean 0 and deviation 1 and a constant 1
/// beside them.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearSvm {
    classes: usize,
    /// [classes, dim + 1], the constant's weight last.
    weights: Vec<f64>,
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl LinearSvm {
    /// Train on these features with penalty `c` (scikit-learn's `LinearSVC` has 1). Samples are taken in their order,
    /// so that the same features give the same machine.
    ///
    /// # Errors
    /// Those of [`Features::check`].
    pub fn fit(train: &Features, labels: &[u32], classes: usize, c: f64) -> Result<Self> {
        train.check(labels, classes)?;
        let (mean, deviation) = statistics(train);
        let mut machine = Self { classes, weights: Vec::new(), mean, deviation };
        let rows: Vec<Vec<f64>> = (0..train.rows()).map(|row| machine.standardised(train.row(row))).collect();
        let of_class =
            |class: usize| one_against_rest(&rows, &labels.iter().map(|l| *l as usize == class).collect::<Vec<_>>(), c);
        #[cfg(not(target_arch = "wasm32"))]
        let weights: Vec<Vec<f64>> = {
            use rayon::prelude::*;
            (0..classes).into_par_iter().map(of_class).collect()
        };
        #[cfg(target_arch = "wasm32")]
        let weights: Vec<Vec<f64>> = (0..classes).map(of_class).collect();
        machine.weights = weights.concat();
        Ok(machine)
    }

    /// Scores of every class.
    ///
    /// # Shapes
    /// → [samples, classes]
    pub fn scores(&self, features: &Features) -> Vec<f32> {
        let width = self.mean.len() + 1;
        let of_row = |row| {
            let x = self.standardised(features.row(row));
            (0..self.classes)
                .map(move |class| dot(&self.weights[class * width..(class + 1) * width], &x) as f32)
                .collect::<Vec<f32>>()
        };
        (0..features.rows()).flat_map(of_row).collect()
    }

    /// Share of samples whose class has the largest score.
    ///
    /// # Errors
    /// Those of [`Features::check`].
    pub fn accuracy(&self, test: &Features, labels: &[u32]) -> Result<f64> {
        test.check(labels, self.classes)?;
        Ok(accuracy::top_k(&self.scores(test), self.classes, labels, 1))
    }

    fn standardised(&self, row: &[f32]) -> Vec<f64> {
        let scaled = row
            .iter()
            .zip(self.mean.iter().zip(&self.deviation))
            .map(|(v, (mean, deviation))| (f64::from(*v) - mean) / deviation);
        scaled.chain([1.0]).collect()
    }
}

/// Mean and deviation of every feature; one that does not vary keeps its scale.
fn statistics(features: &Features) -> (Vec<f64>, Vec<f64>) {
    let (rows, dim) = (features.rows(), features.dim);
    let mut mean = vec![0.0; dim];
    for row in 0..rows {
        mean.iter_mut().zip(features.row(row)).for_each(|(m, v)| *m += f64::from(*v) / rows as f64);
    }
    let mut deviation = vec![0.0; dim];
    for row in 0..rows {
        let apart = features.row(row).iter().zip(&mean).map(|(v, m)| (f64::from(*v) - m).powi(2) / rows as f64);
        deviation.iter_mut().zip(apart).for_each(|(d, a)| *d += a);
    }
    deviation.iter_mut().for_each(|d| *d = if *d > 1e-24 { d.sqrt() } else { 1.0 });
    (mean, deviation)
}

/// Dual coordinate descent (Hsieh et al., ICML 2008): w is Σ α y x, each α is moved to its best value in turn.
fn one_against_rest(rows: &[Vec<f64>], inside: &[bool], c: f64) -> Vec<f64> {
    let slack = 0.5 / c;
    let squares: Vec<f64> = rows.iter().map(|x| dot(x, x) + slack).collect();
    let mut alpha = vec![0.0; rows.len()];
    let mut w = vec![0.0; rows.first().map_or(0, Vec::len)];
    for _ in 0..PASSES {
        let mut steepest = 0.0_f64;
        for (((x, inside), square), alpha) in rows.iter().zip(inside).zip(&squares).zip(&mut alpha) {
            let y = if *inside { 1.0 } else { -1.0 };
            let slope = y * dot(&w, x) - 1.0 + slack * *alpha;
            // At α = 0 only a falling slope moves it.
            steepest = steepest.max(if *alpha > 0.0 { slope.abs() } else { -slope });
            let moved = (*alpha - slope / square).max(0.0);
            let change = (moved - *alpha) * y;
            *alpha = moved;
            w.iter_mut().zip(x).for_each(|(w, x)| *w += change * x);
        }
        if steepest < FLAT {
            break;
        }
    }
    w
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
