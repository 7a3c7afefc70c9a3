//! Views of the plane: the field of displacements, reconstruction error beside the density, energy, walkers.

use crate::density::mixture::Blurred;
use crate::error::Result;
use crate::methods::rae::chain::OnCpu;
use crate::methods::rae::look::{LookContext, range};
use crate::methods::rae::measure::{known, scattered, wide};
use crate::methods::rae::sampler::{Energy, energy_difference};
use crate::readback;
use crate::trace::{Field, Heat, Legend, Trajectories, View, ViewKind};

/// Ids and titles, in stage order.
pub const VIEWS: &[(&str, &str)] = &[
    ("field", "Displacement"),
    ("walk", "Walkers"),
    ("error", "Reconstruction error"),
    ("surprise", "−log density"),
    ("energy", "Energy along paths"),
    ("asymmetry", "Asymmetry"),
];

/// Arrows across and down, and cells of a map.
const ARROWS: usize = 22;
pub const CELLS: usize = 32;
/// Points of the data that are drawn.
const SHOWN: usize = 1000;
/// Points of a path of the map of energies.
const STOPS: usize = 12;
/// Frames of a trajectories of walkers.
const FRAMES: usize = 60;

/// Lower and upper corner of what is shown: the data with a margin.
struct Window {
    low: [f64; 2],
    high: [f64; 2],
}

impl Window {
    fn of(context: &LookContext<'_>) -> Self {
        let column = |i: usize| context.set.train.iter().skip(i).step_by(2).map(|v| f64::from(*v));
        let edge = |i: usize| (column(i).fold(f64::INFINITY, f64::min), column(i).fold(f64::NEG_INFINITY, f64::max));
        let (x, y) = (edge(0), edge(1));
        let half = (0.5 * (x.1 - x.0).max(y.1 - y.0) * 1.15 + context.sigma()).max(1e-6);
        let middle = [0.5 * (x.0 + x.1), 0.5 * (y.0 + y.1)];
        Self { low: middle.map(|m| m - half), high: middle.map(|m| m + half) }
    }

    /// Points of a regular grid, its outermost ones on the edge or, for cells, half a cell inside; row 0 is the lowest
    /// or the highest.
    fn grid(&self, side: usize, cells: bool) -> Vec<f64> {
        let share = |i: usize| if cells { (i as f64 + 0.5) / side as f64 } else { i as f64 / (side - 1).max(1) as f64 };
        let at = |axis: usize, part: f64| self.low[axis] + (self.high[axis] - self.low[axis]) * part;
        let place = |i: usize| {
            let (row, column) = (i / side, i % side);
            [at(0, share(column)), at(1, if cells { 1.0 - share(row) } else { share(row) })]
        };
        (0..side * side).flat_map(place).collect()
    }
}

fn corner(at: [f64; 2]) -> [f32; 2] {
    at.map(|v| v as f32)
}

/// The views of the plane that the stage wants.
pub(super) async fn look(context: &LookContext<'_>) -> Result<Vec<View>> {
    let window = Window::of(context);
    let mut views = Vec::new();
    if context.wants("field") {
        views.push(field(context, &window).await?);
    }
    if context.wants("walk") {
        views.push(walk(context, &window).await?);
    }
    if context.wants("error") {
        views.push(error(context, &window).await?);
    }
    if context.wants("surprise") {
        views.push(surprise(context, &window)?);
    }
    if context.wants("energy") {
        views.push(energy(context, &window).await?);
    }
    if context.wants("asymmetry") {
        views.push(asymmetry(context).await?);
    }
    Ok(views)
}

fn shown(context: &LookContext<'_>) -> Vec<f32> {
    context.set.train.iter().take(SHOWN * 2).copied().collect()
}

/// p_σ of the set, or of its points where its distribution is not known.
fn density(context: &LookContext<'_>) -> Result<Blurred> {
    known(&context.set)?.blurred(context.sigma())
}

async fn field(context: &LookContext<'_>, window: &Window) -> Result<View> {
    let (grid, sigma) = (window.grid(ARROWS, false), context.sigma());
    let (r, jacobian) = context.system.rae.with_jacobian(context.weights, context.points(&grid));
    let read = readback::many(vec![r.flatten(0, 1), jacobian.flatten(0, 2)]).await?;
    let (r, jacobian) = (read.first().cloned().unwrap_or_default(), read.get(1).cloned().unwrap_or_default());
    let arrows: Vec<f32> = r.iter().zip(&grid).map(|(r, x)| ((f64::from(*r) - x) / (sigma * sigma)) as f32).collect();
    let ground: Vec<f32> = jacobian.as_chunks::<4>().0.iter().map(|j| j[0] + j[3] - 2.0).collect();
    let density = density(context)?;
    let answers: Vec<(f64, Vec<f64>)> = grid.chunks_exact(2).map(|x| density.log_density_and_score(x)).collect();
    let highest = answers.iter().map(|(log, _)| *log).fold(f64::NEG_INFINITY, f64::max);
    // The fourth root: a density falls so steeply that its own share would show a few arrows only.
    let weight = answers.iter().map(|(log, _)| ((log - highest) / 4.0).exp() as f32).collect();
    let known = context.set.truth.is_some();
    let reference = if known {
        answers.iter().flat_map(|(_, score)| score.iter().map(|v| *v as f32)).collect()
    } else {
        Vec::new()
    };
    let most = ground.iter().fold(1e-6_f32, |most, v| most.max(v.abs())).min(2.0);
    let legend = Legend { low: -most, high: most, signed: true, unit: "trace(∂r/∂x − I)".into() };
    let truth = if known { " Fainter: the true score of the data blurred by σ." } else { "" };
    let caption = format!(
        "Where the net moves each point, (r(x) − x) / σ²: its estimate of the score. An arrow vanishes on the data and midway between \
         arms; the ground tells them apart: negative on a ridge of the density, near zero or positive in a valley. Arrows fade where \
         there is no data.{truth}"
    );
    let side = ARROWS as u32;
    let field = Field {
        rows: side,
        columns: side,
        low: corner(window.low),
        high: corner(window.high),
        arrows,
        reference,
        weight,
        ground,
        points: shown(context),
    };
    Ok(context.view("field", caption, ViewKind::Field(field), "(r - x) / sigma^2").legend(legend))
}

async fn walk(context: &LookContext<'_>, window: &Window) -> Result<View> {
    let chain = &context.system.chain;
    let net = OnCpu::of(&context.system.rae, context.weights).await?;
    let every = chain.steps.div_ceil(FRAMES).max(1);
    let start = scattered(&context.set, chain.walkers, &mut context.stage.rng.at(0));
    let walk = chain.walk(&net, start, every, &context.stage.rng.at(1)).await?;
    let caption = format!(
        "{} walkers that know the net alone, {} steps from random places; {:.0} % of the proposals were taken.",
        chain.walkers,
        chain.steps,
        100.0 * walk.accepted
    );
    let trajectories = Trajectories {
        walkers: chain.walkers as u32,
        frames: walk.frames.iter().map(|v| *v as f32).collect(),
        unit: "sampler step".into(),
        every: every as u32,
        low: corner(window.low),
        high: corner(window.high),
        points: shown(context),
    };
    Ok(context.view("walk", caption, ViewKind::Trajectories(trajectories), "x").of_cpu())
}

fn heat(values: Vec<f32>, unit: &str) -> (ViewKind, Legend) {
    let (low, high) = range(&values);
    let legend = Legend { low, high, signed: false, unit: unit.into() };
    let side = CELLS as u32;
    (ViewKind::Heat(Heat { rows: side, columns: side, values, ..Heat::default() }), legend)
}

async fn error(context: &LookContext<'_>, window: &Window) -> Result<View> {
    let x = context.points(&window.grid(CELLS, true));
    let error = (context.system.rae.reconstruct(context.weights, x.clone()) - x).square().sum_dim(1);
    let (kind, legend) = heat(readback::floats(error).await?, "‖r − x‖²");
    let caption = "Squared length of the displacement. It is no energy: it is small between the arms too, where the density is lowest.";
    Ok(context.view("error", caption, kind, "(r - x)^2").legend(legend))
}

fn surprise(context: &LookContext<'_>, window: &Window) -> Result<View> {
    let density = density(context)?;
    let values = window.grid(CELLS, true).chunks_exact(2).map(|x| -density.log_density(x) as f32).collect();
    let (kind, legend) = heat(values, "nats");
    let of = if context.set.truth.is_some() { "distribution that the data is drawn from" } else { "training points" };
    let caption =
        format!("−log of the density of the {of}, blurred by σ: what the energy of the net should look like.");
    Ok(context.view("surprise", caption, kind, "-log p_sigma").of_formula().legend(legend))
}

async fn energy(context: &LookContext<'_>, window: &Window) -> Result<View> {
    let net = OnCpu::of(&context.system.rae, context.weights).await?;
    let to = window.grid(CELLS, true);
    // From the first point of the data, where the net is sure.
    let from: Vec<f64> =
        wide(context.set.train.get(..2).unwrap_or(&[0.0; 2])).into_iter().cycle().take(to.len()).collect();
    let values = energy_difference(&net, context.sigma(), Energy::Path(STOPS), &from, &to).await?;
    let (kind, legend) = heat(values.into_iter().map(|v| v as f32).collect(), "energy difference");
    let caption = format!(
        "Energy of every place less that of one data point, from the net's arrows alone: {STOPS} of them along a straight path."
    );
    Ok(context.view("energy", caption, kind, "dE").of_cpu().legend(legend))
}

async fn asymmetry(context: &LookContext<'_>) -> Result<View> {
    let points: Vec<f64> = wide(context.set.train.get(..(2 * SHOWN).min(context.set.train.len())).unwrap_or_default());
    let found = readback::scalar(context.system.rae.asymmetry(context.weights, context.points(&points))).await?;
    let caption = "‖J − Jᵀ‖ / ‖J − I‖ of the Jacobian J at the data: 0 where the arrows are the slope of an energy, so that paths do not matter.";
    Ok(context.view("asymmetry", caption, ViewKind::Number(f64::from(found)), "J - J^T"))
}
