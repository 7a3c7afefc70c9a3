//! Views of the line: density, score and the net's estimate; the best reconstructions, which need no net.

use crate::density::line;
use crate::density::mixture::{Blurred, Mixture};
use crate::error::Result;
use crate::methods::rae::look::LookContext;
use crate::methods::rae::measure::known;
use crate::readback;
use crate::trace::{Curve, Curves, View, ViewKind};

/// Ids and titles, in stage order.
pub const VIEWS: &[(&str, &str)] = &[
    ("score", "Score"),
    ("error", "Reconstruction error and energy"),
    ("best", "Best denoising and contraction"),
    ("ladder", "Error by noise"),
];

/// Places of the line.
const PLACES: usize = 301;
/// Noises of the table of errors: from the largest down, each this part of the one before.
const LARGEST: f64 = 1.0;
const PART: f64 = 0.72;
const RUNGS: i32 = 11;
/// Least density that is divided by.
const LEAST: f64 = 1e-280;

/// Places of the line, and the density there.
struct Line {
    truth: Mixture,
    grid: Vec<f64>,
}

impl Line {
    fn of(context: &LookContext<'_>) -> Result<Self> {
        let truth = known(&context.set)?;
        let ends = || context.set.train.iter().map(|v| f64::from(*v));
        let (low, high) = (ends().fold(f64::INFINITY, f64::min), ends().fold(f64::NEG_INFINITY, f64::max));
        let margin = 0.2 * (high - low) + context.sigma();
        let step = (high - low + 2.0 * margin) / (PLACES - 1) as f64;
        Ok(Self { truth, grid: (0..PLACES).map(|i| low - margin + step * i as f64).collect() })
    }

    /// p itself, or, where it has none, p blurred by the distance of two places.
    fn clean(&self) -> Result<Blurred> {
        self.truth.blurred(0.0).or_else(|_| self.truth.blurred(self.grid[1] - self.grid[0]))
    }

    fn heights(&self, density: &Blurred) -> Vec<f64> {
        self.grid.iter().map(|x| density.log_density(&[*x]).exp().max(LEAST)).collect()
    }

    fn scores(&self, density: &Blurred) -> Vec<f64> {
        self.grid.iter().flat_map(|x| density.score(&[*x])).collect()
    }

    /// (r − x) / σ².
    fn estimate(&self, r: &[f64], sigma: f64) -> Vec<f64> {
        r.iter().zip(&self.grid).map(|(r, x)| (r - x) / (sigma * sigma)).collect()
    }

    fn curve(&self, name: &str, values: impl IntoIterator<Item = f64>) -> Curve {
        Curve::line(name, self.grid.iter().copied().zip(values).collect())
    }
}

/// Values scaled so that the largest is 1.
fn to_one(values: &[f64]) -> impl Iterator<Item = f64> {
    let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    values.iter().map(move |v| v / most)
}

/// The views of the line that the stage wants.
pub(super) async fn look(context: &LookContext<'_>) -> Result<Vec<View>> {
    let line = Line::of(context)?;
    let mut views = Vec::new();
    if context.wants("score") || context.wants("error") {
        let r = readback::floats(context.system.rae.reconstruct(context.weights, context.points(&line.grid))).await?;
        let r: Vec<f64> = r.into_iter().map(f64::from).collect();
        if context.wants("score") {
            views.push(score(context, &line, &r)?);
        }
        if context.wants("error") {
            views.push(error(context, &line, &r)?);
        }
    }
    if context.wants("best") {
        views.push(best(context, &line)?);
    }
    if context.wants("ladder") {
        views.push(ladder(context, &line)?);
    }
    Ok(views)
}

/// Curves over the line.
fn over_x(curves: Vec<Curve>, y_title: &str) -> ViewKind {
    ViewKind::Curves(Curves { curves, x_title: "x".into(), y_title: y_title.into(), log_x: false })
}

fn score(context: &LookContext<'_>, line: &Line, r: &[f64]) -> Result<View> {
    let blurred = line.truth.blurred(context.sigma())?;
    let truth = line.scores(&blurred);
    let most = truth.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    let heights = line.heights(&blurred);
    let curves = vec![
        line.curve("the net, (r − x) / σ²", line.estimate(r, context.sigma())),
        line.curve("true score of p blurred by σ", truth),
        line.curve("p blurred by σ (height to scale)", to_one(&heights).map(|v| v * most)),
    ];
    let caption = "The displacement over σ² beside the true score. Where the density is near zero the net has seen nothing and is free.";
    Ok(context.view("score", caption, over_x(curves, "score"), "(r - x) / sigma^2"))
}

fn error(context: &LookContext<'_>, line: &Line, r: &[f64]) -> Result<View> {
    let blurred = line.truth.blurred(context.sigma())?;
    let surprise: Vec<f64> = line.grid.iter().map(|x| -blurred.log_density(&[*x])).collect();
    let least = surprise.iter().copied().fold(f64::INFINITY, f64::min);
    let surprise: Vec<f64> = surprise.into_iter().map(|v| v - least).collect();
    let squares: Vec<f64> = r.iter().zip(&line.grid).map(|(r, x)| (r - x).powi(2)).collect();
    let curves = vec![
        line.curve("‖r − x‖², to 1", to_one(&squares)),
        line.curve("−log p blurred by σ, to 1", to_one(&surprise)),
    ];
    let caption =
        "The reconstruction error is no energy: it falls to zero between two modes too, where the density is lowest.";
    Ok(context.view("error", caption, over_x(curves, "share of the most"), "(r - x)^2"))
}

fn best(context: &LookContext<'_>, line: &Line) -> Result<View> {
    let (clean, sigma) = (line.clean()?, context.sigma());
    let p = line.heights(&clean);
    let curves = vec![
        line.curve("denoising", line.estimate(&line::denoising(&line.grid, &p, sigma), sigma)),
        line.curve("contraction", line.estimate(&line::contractive(&line.grid, &p, sigma), sigma)),
        line.curve("true score of p", line.scores(&clean)),
    ];
    let caption =
        "No net: the exact optimum of both criteria at this σ, over σ². Both come to the score of p as σ falls.";
    Ok(context.view("best", caption, over_x(curves, "score"), "r*").of_formula())
}

fn ladder(context: &LookContext<'_>, line: &Line) -> Result<View> {
    let clean = line.clean()?;
    let (p, truth) = (line.heights(&clean), line.scores(&clean));
    let sigmas: Vec<f64> = (0..RUNGS).map(|rung| LARGEST * PART.powi(rung)).collect();
    let errors = |solve: fn(&[f64], &[f64], f64) -> Vec<f64>| {
        let error = |sigma: &f64| line::agreement(&p, &line.estimate(&solve(&line.grid, &p, *sigma), *sigma), &truth).0;
        sigmas.iter().map(|sigma| (*sigma, error(sigma))).collect()
    };
    let curves =
        vec![Curve::line("denoising", errors(line::denoising)), Curve::line("contraction", errors(line::contractive))];
    let caption = "Relative error of the exact optimum's score, weighted by p, over σ. The direction is right long before the size.";
    let curves = Curves { curves, x_title: "σ".into(), y_title: "relative error of the score".into(), log_x: true };
    Ok(context.view("ladder", caption, ViewKind::Curves(curves), "error by sigma").of_formula())
}
