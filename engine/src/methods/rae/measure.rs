//! How well a net knows the score, and whether its walkers end where the data is.

use burn::tensor::{Tensor, TensorData};

use crate::density::mixture::{Blurred, Mixture};
use crate::density::samples::{energy_distance, nearest_distance};
use crate::error::Result;
use crate::method::{Subject, no_metric};
use crate::methods::rae::chain::OnCpu;
use crate::methods::rae::system::{Denoising, Vectors, set};
use crate::readback;
use crate::rng::Rng;

/// What every net is measured by; larger is better.
///
/// * `score_fit`: 1 − the relative root mean square error of (r − x) / σ² against the score of p_σ, at points drawn
///   from p_σ
/// * `score_cosine`: the cosine of the two over the same points
/// * `sample_share`: share of walkers that end within 2 σ of the data (√(2 d) σ, d the number of coordinates, where
///   there are more than two)
/// * `sample_match`: 1 − the energy distance of walkers' ends and fresh noisy data (0 … 1)
///
/// One more is known where p itself has a density: `clean_score_fit`, against the score of p at points drawn from p.
pub const METRICS: &[&str] = &["score_fit", "score_cosine", "sample_share", "sample_match"];

/// Points at which scores are compared.
const POINTS: usize = 2000;
/// Points of a set of unknown distribution that stand for it.
const STAND_INS: usize = 1500;
/// Least walkers, and steps of a walk, that are measured.
const WALKERS: usize = 400;
const STEPS: usize = 200;

/// What a set is drawn from; where that is not known, its own training points.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when the set is empty.
pub(super) fn known(set: &Vectors<'_>) -> Result<Mixture> {
    match set.truth {
        Some(truth) => Ok(truth.clone()),
        None => Mixture::new(
            set.dims,
            wide(&set.train[..set.train.len().min(STAND_INS * set.dims)]),
            Vec::new(),
            Vec::new(),
        ),
    }
}

pub(super) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

/// One of [`METRICS`], or `clean_score_fit`.
///
/// # Errors
/// [`Error::Request`](crate::error::Error::Request) for another name, and for `clean_score_fit` where the distribution has no density.
pub(super) async fn measure(system: &Denoising, metric: &str, subject: Subject<'_>) -> Result<f64> {
    let set = set(subject.loader)?;
    match metric {
        "score_fit" => Ok(1.0 - agreement(system, &subject, &set, true).await?.0),
        "score_cosine" => Ok(agreement(system, &subject, &set, true).await?.1),
        "clean_score_fit" => Ok(1.0 - agreement(system, &subject, &set, false).await?.0),
        "sample_share" => Ok(walked(system, &subject, &set).await?.0),
        "sample_match" => Ok(walked(system, &subject, &set).await?.1),
        _ => Err(no_metric(metric, &[METRICS, &["clean_score_fit"]].concat())),
    }
}

/// Relative error and cosine of the net's score: at noisy points against p_σ, or at clean ones against p.
async fn agreement(system: &Denoising, subject: &Subject<'_>, set: &Vectors<'_>, noisy: bool) -> Result<(f64, f64)> {
    let sigma = system.rae.config.sigma;
    let truth = known(set)?;
    let density = truth.blurred(if noisy { sigma } else { 0.0 })?;
    let rng = Rng::new(subject.settings.seed, "measure");
    let mut points = truth.sample(POINTS, &mut rng.at(0))?;
    if noisy {
        let mut noise = rng.at(1);
        points.iter_mut().for_each(|v| *v += sigma * f64::from(noise.normal()));
    }
    let values: Vec<f32> = points.iter().map(|v| *v as f32).collect();
    let x = Tensor::<2>::from_data(TensorData::new(values, [POINTS, set.dims]), subject.weights.device());
    let r = wide(&readback::floats(system.rae.reconstruct(subject.weights, x)).await?);
    Ok(compare(&density, sigma, &points, &r))
}

/// Relative error and cosine of (r − x) / σ² with the score of a density over points [rows, dim].
fn compare(density: &Blurred, sigma: f64, points: &[f64], r: &[f64]) -> (f64, f64) {
    let dim = density.dim();
    let (mut apart, mut own, mut whole, mut product) = (0.0, 0.0, 0.0, 0.0);
    for (x, r) in points.chunks_exact(dim).zip(r.chunks_exact(dim)) {
        for ((score, x), r) in density.score(x).into_iter().zip(x).zip(r) {
            let found = (r - x) / (sigma * sigma);
            apart += (found - score).powi(2);
            own += found * found;
            whole += score * score;
            product += found * score;
        }
    }
    ((apart / whole.max(f64::MIN_POSITIVE)).sqrt(), product / (own * whole).sqrt().max(f64::MIN_POSITIVE))
}

/// Share of walkers that end within 2 σ of the data, and how alike their ends and fresh noisy data are.
async fn walked(system: &Denoising, subject: &Subject<'_>, set: &Vectors<'_>) -> Result<(f64, f64)> {
    let sigma = system.rae.config.sigma;
    let rng = Rng::new(subject.settings.seed, "measure");
    let mut chain = system.chain.clone();
    (chain.walkers, chain.steps) = (chain.walkers.max(WALKERS), chain.steps.max(STEPS));
    let net = OnCpu::of(&system.rae, subject.weights).await?;
    let start = scattered(set, chain.walkers, &mut rng.at(2));
    let walk = chain.walk(&net, start, chain.steps, &rng.at(3)).await?;
    let ends = &walk.frames[walk.frames.len() - chain.walkers * set.dims..];
    let truth = known(set)?;
    let train = wide(&set.train[..set.train.len().min(STAND_INS * set.dims)]);
    let places = if truth.covariances().is_empty() { truth.means() } else { &train };
    // Noise alone takes a point √d σ away.
    let reach = 2.0 * sigma * (set.dims as f64 / 2.0).sqrt().max(1.0);
    let near = ends.chunks_exact(set.dims).filter(|x| nearest_distance(x, places) <= reach).count();
    let mut fresh = truth.sample(chain.walkers, &mut rng.at(4))?;
    let mut noise = rng.at(5);
    fresh.iter_mut().for_each(|v| *v += sigma * f64::from(noise.normal()));
    Ok((near as f64 / chain.walkers as f64, 1.0 - energy_distance(ends, &fresh, set.dims)))
}

/// Points of a Gaussian with the mean and deviation of the data's every coordinate.
pub(super) fn scattered(set: &Vectors<'_>, count: usize, rng: &mut Rng) -> Vec<f64> {
    let rows = (set.train.len() / set.dims).max(1) as f64;
    let column = |i: usize| set.train.iter().skip(i).step_by(set.dims).map(|v| f64::from(*v));
    let spread = |i: usize| {
        let mean = column(i).sum::<f64>() / rows;
        (mean, (column(i).map(|v| (v - mean).powi(2)).sum::<f64>() / rows).sqrt())
    };
    let spreads: Vec<(f64, f64)> = (0..set.dims).map(spread).collect();
    (0..count)
        .flat_map(|_| {
            spreads.iter().map(|(mean, deviation)| mean + deviation * f64::from(rng.normal())).collect::<Vec<f64>>()
        })
        .collect()
}
