//! Regularized autoencoders: what a denoiser learns of the density of the data.
//!
//! Alain and Bengio, "What Regularized Auto-Encoders Learn from the Data-Generating Distribution", JMLR 15 (2014),
//! 3743-3773 (arXiv 1211.4246). A net r is trained to undo small noise of deviation σ; where it moves a point, r(x) −
//! x, is σ² times the slope of the log density there (the score). So a denoiser is a density model that can be walked
//! on, and its reconstruction error is not the energy. Equations: see [`card`].
//!
//! This file: card, knobs, presets. `classic`, `modern`: the nets; `model`: criteria; `sampler`: energy differences and
//! steps of a chain; `chain`: walkers on a net; `method`: the system; `measure`: its numbers; `look`, `plane`,
//! `curves`, `portraits`: views; `fixture`: golden numbers. Differences from the authors' code: Adam instead of BFGS, a
//! residual net beside theirs.

#[cfg(feature = "compute")]
mod chain;
#[cfg(feature = "compute")]
pub mod classic;
#[cfg(feature = "compute")]
mod curves;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
mod look;
#[cfg(feature = "compute")]
mod measure;
#[cfg(feature = "compute")]
mod method;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
pub mod modern;
#[cfg(feature = "compute")]
mod plane;
#[cfg(feature = "compute")]
mod portraits;
mod presets;
#[cfg(feature = "compute")]
pub mod sampler;

use crate::card::{Arm, Card, Claim, Equation, Idea, Kind, Knob, numbers};

#[cfg(feature = "compute")]
/// Regularized autoencoders for the registry.
pub const ENTRY: crate::method::Entry =
    crate::method::Entry { card, build: method::build, verify: |case| Box::pin(fixture::verify(case)) };

/// What the list, the command line and the sliders know of regularized autoencoders.
pub fn card() -> Card {
    Card {
        id: "rae".into(),
        title: "Regularized autoencoders".into(),
        paper: "What Regularized Auto-Encoders Learn from the Data-Generating Distribution".into(),
        authors: "Alain, Bengio".into(),
        year: 2014,
        modality: "vectors".into(),
        kind: Kind::Vectors,
        idea: Idea::HideAndFill,
        sentence:
            "A denoiser's displacement is the score of the data: an autoencoder trained on small noise knows which way the density rises."
                .into(),
        equations: equations(),
        built: true,
        presets: presets::presets(),
        knobs: knobs(),
        data: ["spiral", "mixture", "line", "points", "digits", crate::card::OWN].map(String::from).to_vec(),
        claim: Some(claim()),
    }
}

fn equations() -> Vec<Equation> {
    let equation = |name: &str, formula: &str, words: &str| Equation {
        name: name.into(),
        formula: formula.into(),
        words: words.into(),
    };
    vec![
        equation("Denoising", "L = E ‖r(x + e) − x‖², e ~ N(0, σ² I)", "Rebuild the clean point from a noisy one."),
        equation(
            "Contraction",
            "L = E [ ‖r(x) − x‖² + σ² ‖∂r/∂x‖² ]",
            "Rebuild the point itself, with as small a slope as possible: the same as denoising up to terms smaller than σ².",
        ),
        equation(
            "Score",
            "r*(x) = x + σ² ∇log p_σ(x)",
            "The best denoiser moves a point by σ² times the score of the data blurred by the noise; as σ falls, of the data itself.",
        ),
        equation(
            "Energy",
            "E(x′) − E(x) ≈ mean of g along the path · (x′ − x), g = −(r − x) / σ²",
            "Energy differences come from the displacement alone, so walkers can judge their moves by it.",
        ),
    ]
}

fn claim() -> Claim {
    let arm = |name: &str, sigma: f64, samples: f64| Arm {
        name: name.into(),
        knobs: numbers([("sigma", sigma), ("samples", samples)]).collect(),
    };
    Claim {
        sentence: "The displacement over σ² comes closer to the score of the data as the noise falls, and as there is more data.".into(),
        arms: vec![
            arm("σ 0.03, 4,000 points", 0.03, 0.0),
            arm("σ 0.03, 200 points", 0.03, 200.0),
            arm("σ 0.1, 4,000 points", 0.1, 0.0),
            arm("σ 0.2, 4,000 points", 0.2, 0.0),
        ],
        metric: "clean_score_fit".into(),
        also: vec!["sample_share".into(), "sample_match".into()],
        margin: 0.05,
        seeds: vec![1, 2, 3],
        steps: 2000,
        data: "mixture".into(),
        note:
            "The paper proves the limit and shows it in figures. The best there is at these σ, by the exact solution for this data: 0.936, \
               0.575 and 0.268; 1 would be the score itself. With few points a net learns the score of the points."
                .into(),
    }
}

type Range = (f64, f64, f64);

fn knobs() -> Vec<Knob> {
    let noise = |name: &str, title: &str, tooltip: &str, range: Range, live: bool| {
        Knob::number(name, title, tooltip, "Noise", range, "", live)
    };
    let model = |name: &str, title: &str, tooltip: &str, range: Range| {
        Knob::number(name, title, tooltip, "Model", range, "", false)
    };
    let sampler = |name: &str, title: &str, tooltip: &str, range: Range| {
        Knob::number(name, title, tooltip, "Sampler", range, "", true)
    };
    let training = |name: &str, title: &str, tooltip: &str, range: Range| {
        Knob::number(name, title, tooltip, "Training", range, "", true)
    };
    let mut knobs = vec![
        Knob::choice(
            "criterion",
            "Criterion",
            "Undo noise, keep the slope of the reconstruction small, or undo noise by cross-entropy (classic net with a sigmoid).",
            "Noise",
            &["denoising", "contractive", "cross-entropy"],
            true,
        ),
        noise(
            "sigma",
            "Noise σ",
            "Deviation of the noise. Small: nearer to the true score. Large: easier to learn.",
            (0.002, 3.0, 0.001),
            true,
        ),
        noise(
            "ladder",
            "Noise ladder",
            "The noise starts this many times larger and comes down to σ by half of the run.",
            (1.0, 100.0, 1.0),
            true,
        ),
        noise(
            "rare",
            "Rare large noise",
            "Share of the points with ten times the noise: closes holes far from the data.",
            (0.0, 0.5, 0.01),
            true,
        ),
        noise(
            "probes",
            "Probes",
            "Random directions that estimate the contraction; 0: the whole Jacobian.",
            (0.0, 16.0, 1.0),
            true,
        ),
        noise("samples", "Points", "Train on the first points of the set only; 0: on all.", (0.0, 4000.0, 1.0), false),
        Knob::choice(
            "net",
            "Net",
            "A residual net scaled to the noise, or the paper's single hidden layer.",
            "Model",
            &["modern", "classic"],
            false,
        ),
        model("hidden", "Hidden width", "Units of a hidden layer.", (4.0, 1024.0, 4.0)),
        model(
            "layers",
            "Hidden layers",
            "Hidden layers of the residual net; the classic one has one.",
            (1.0, 6.0, 1.0),
        ),
        model(
            "gain",
            "Input gain",
            "The residual net sees the point times this: about 4 for data within the unit square.",
            (0.1, 32.0, 0.1),
        ),
        model(
            "scale",
            "Output scale",
            "The classic net's output is multiplied with this; 0: with a learned vector.",
            (0.0, 100.0, 0.5),
        ),
        Knob::choice(
            "encoder",
            "Hidden activation",
            "What follows the classic net's first layer.",
            "Model",
            &["tanh", "sigmoid", "identity"],
            false,
        ),
        Knob::choice(
            "output",
            "Output activation",
            "What follows the classic net's last layer.",
            "Model",
            &["tanh", "sigmoid", "identity"],
            false,
        ),
    ];
    knobs.extend([
        Knob::choice(
            "sampler",
            "Sampler",
            "Random moves judged by energy, noise and reconstruction in turn, or the latter judged too.",
            "Sampler",
            &["metropolis", "langevin", "metropolis-langevin"],
            true,
        ),
        sampler(
            "path",
            "Path points",
            "Points of the path an energy difference is taken over; 1: the first order.",
            (1.0, 50.0, 1.0),
        ),
        sampler(
            "temperature",
            "Temperature",
            "Above 1 walkers roam, below 1 they keep to the peaks.",
            (0.05, 10.0, 0.05),
        ),
        sampler("tau", "Move", "Deviation of a random move, in units of σ.", (0.1, 10.0, 0.1)),
        sampler("beta", "β", "Langevin: how much of the reconstruction is taken at each step.", (0.01, 1.0, 0.01)),
        sampler("walkers", "Walkers", "Chains at once.", (1.0, 500.0, 1.0)),
        sampler("chain", "Steps of a chain", "How far the walkers go.", (1.0, 2000.0, 1.0)),
        training("lr", "Learning rate", "Peak of the schedule: a cosine down to zero.", (1e-5, 1e-1, 1e-5)),
        training("weight_decay", "Weight decay", "Adam's pull of the weight matrices towards zero.", (0.0, 0.3, 0.001)),
        Knob::number("batch", "Batch", "Points of one step.", "Training", (2.0, 4096.0, 1.0), "points", true),
        Knob::number(
            "steps",
            "Steps",
            "Length of the run; the learning rate reaches zero there.",
            "Training",
            (1.0, 100_000.0, 1.0),
            "steps",
            true,
        ),
    ]);
    knobs
}
