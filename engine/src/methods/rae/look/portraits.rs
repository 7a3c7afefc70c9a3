//! Views of longer vectors: a sample, its noisy copy and its reconstruction, and a chain that starts at it.

use crate::batch::Role;
use crate::error::Result;
use crate::host_tensor::HostTensor;
use crate::methods::rae::chain::OnCpu;
use crate::methods::rae::look::{LookContext, side};
use crate::readback;
use crate::trace::{Board, Curve, Curves, Picture, View, ViewKind};

/// Ids and titles where a vector is a picture, in stage order.
pub const PICTURES: &[(&str, &str)] =
    &[("input", "Input"), ("noisy", "With noise"), ("reconstruction", "Reconstruction"), ("chain", "Chain")];
/// The same where it is none.
pub const PROFILES: &[(&str, &str)] = &[("reconstruction", "Reconstruction"), ("chain", "Chain")];

/// Pictures of a chain.
const SHOWN: usize = 12;

/// The views of a longer vector that the stage wants.
pub(super) async fn look(context: &LookContext<'_>) -> Result<Vec<View>> {
    let input = context.stage.batch.floats(Role::Vectors)?;
    let noise = context.system.rae.noise(1, &context.stage.rng);
    let noisy: Vec<f64> = input.values.iter().zip(&noise).map(|(x, n)| f64::from(x + n)).collect();
    let mut views = match side(context.set.dims) {
        Some(side) => pictures(context, input, &noisy, side).await?,
        None => profile(context, input, &noisy).await?,
    };
    if context.wants("chain") {
        views.push(chain(context, input).await?);
    }
    Ok(views)
}

async fn rebuilt(context: &LookContext<'_>, noisy: &[f64]) -> Result<Vec<f64>> {
    let r = readback::floats(context.system.rae.reconstruct(context.weights, context.points(noisy))).await?;
    Ok(r.into_iter().map(f64::from).collect())
}

async fn pictures(context: &LookContext<'_>, input: &HostTensor, noisy: &[f64], side: usize) -> Result<Vec<View>> {
    let mut views = Vec::new();
    let sigma = context.sigma();
    if context.wants("input") {
        let kind = ViewKind::Picture(picture(input.values.iter().map(|v| f64::from(*v)), side));
        views.push(context.view("input", "The sample as it is.", kind, "x").of_data());
    }
    if context.wants("noisy") {
        let caption = format!("The sample with noise of deviation {sigma}: what the net is given.");
        let kind = ViewKind::Picture(picture(noisy.iter().copied(), side));
        views.push(context.view("noisy", caption, kind, "x + e").of_data());
    }
    if context.wants("reconstruction") {
        let kind = ViewKind::Picture(picture(rebuilt(context, noisy).await?, side));
        views.push(context.view("reconstruction", "What the net makes of the noisy sample.", kind, "r(x + e)"));
    }
    Ok(views)
}

async fn profile(context: &LookContext<'_>, input: &HostTensor, noisy: &[f64]) -> Result<Vec<View>> {
    if !context.wants("reconstruction") {
        return Ok(Vec::new());
    }
    let curve = |name: &str, values: Vec<f64>| Curve::line(name, (1..).map(f64::from).zip(values).collect());
    let curves = vec![
        curve("sample", input.values.iter().map(|v| f64::from(*v)).collect()),
        curve("with noise", noisy.to_vec()),
        curve("reconstruction", rebuilt(context, noisy).await?),
    ];
    let caption = "The numbers of the sample, in their order in the table, scaled alike.";
    Ok(vec![context.view("reconstruction", caption, ViewKind::Curves(profile_of(curves)), "r(x + e)")])
}

/// The numbers of vectors side by side.
fn profile_of(curves: Vec<Curve>) -> Curves {
    Curves { curves, x_title: "place in the vector".into(), y_title: "value".into(), log_x: false }
}

/// A chain that starts at the sample.
async fn chain(context: &LookContext<'_>, input: &HostTensor) -> Result<View> {
    let chain = &context.system.chain;
    let net = OnCpu::of(&context.system.rae, context.weights).await?;
    let every = chain.steps.div_ceil(SHOWN - 1).max(1);
    let start = input.values.iter().map(|v| f64::from(*v)).collect();
    let walk = chain.walk(&net, start, every, &context.stage.rng.at(7)).await?;
    let frames: Vec<&[f64]> = walk.frames.chunks_exact(context.set.dims).collect();
    let words = format!(
        "{} sampler steps from the sample on; {:.0} % of the proposals were taken.",
        chain.steps,
        100.0 * walk.accepted
    );
    let kind = match side(context.set.dims) {
        Some(side) => ViewKind::Board(Board {
            pictures: frames.iter().map(|frame| picture(frame.iter().copied(), side)).collect(),
            group: vec![0; frames.len()],
            words: (0..frames.len()).map(|i| format!("step {}", i * every)).collect(),
            clashes: Vec::new(),
        }),
        None => {
            let of = |i: usize, frame: &&[f64]| {
                Curve::line(format!("step {}", i * every), (1..).map(f64::from).zip(frame.iter().copied()).collect())
            };
            let few = frames.iter().enumerate().step_by(frames.len().div_ceil(4).max(1));
            ViewKind::Curves(profile_of(few.map(|(i, frame)| of(i, frame)).collect()))
        }
    };
    Ok(context.view("chain", words, kind, "x").of_cpu())
}

/// Values of 0 … 1 as a grey picture.
fn picture(values: impl IntoIterator<Item = f64>, side: usize) -> Picture {
    let grey = |value: f64| {
        let byte = (value * 255.0).round().clamp(0.0, 255.0) as u8;
        [byte, byte, byte, 255]
    };
    let rgba = values.into_iter().take(side * side).flat_map(grey).collect();
    Picture { width: side as u32, height: side as u32, rgba, grid: (side as u32, side as u32), hidden: Vec::new() }
}
