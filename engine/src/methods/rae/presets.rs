//! Named start states of the regularized autoencoders; the first is the default.

use crate::card::{Preset, choices, numbers};

/// Numbers that every preset starts from.
const NUMBERS: [(&str, f64); 19] = [
    ("sigma", 0.05),
    ("ladder", 1.0),
    ("rare", 0.0),
    ("probes", 0.0),
    ("samples", 0.0),
    ("hidden", 96.0),
    ("layers", 3.0),
    ("gain", 8.0),
    ("scale", 2.0),
    ("path", 10.0),
    ("temperature", 1.0),
    ("tau", 1.5),
    ("beta", 0.5),
    ("walkers", 48.0),
    ("chain", 120.0),
    ("lr", 2e-3),
    ("weight_decay", 0.0),
    ("batch", 512.0),
    ("steps", 4000.0),
];
/// Choices that every preset starts from.
const CHOICES: [(&str, &str); 5] =
    [("criterion", "denoising"), ("net", "modern"), ("encoder", "tanh"), ("output", "tanh"), ("sampler", "metropolis")];

fn preset(id: &str, title: &str, note: &str, more: &[(&str, f64)], chosen: &[(&str, &str)]) -> Preset {
    let knobs = numbers(NUMBERS.iter().chain(more).copied()).chain(choices(CHOICES.iter().chain(chosen).copied()));
    Preset {
        id: id.into(),
        title: title.into(),
        note: note.into(),
        knobs: knobs.collect(),
        stored_weights: (id == "nano").then(|| "rae-nano.safetensors".into()),
    }
}

pub(super) fn presets() -> Vec<Preset> {
    vec![
        preset(
            "nano",
            "Residual net, σ 0.05",
            "Seven seconds of one CPU core for the spiral: loss 1.12 (the best there is), cosine 0.996 with the true score.",
            &[],
            &[],
        ),
        preset(
            "micro",
            "Residual net, few units",
            "For slow processors and tests: a step is over at once.",
            &[
                ("sigma", 0.2),
                ("hidden", 32.0),
                ("layers", 2.0),
                ("batch", 64.0),
                ("steps", 200.0),
                ("walkers", 8.0),
                ("chain", 12.0),
                ("lr", 1e-2),
            ],
            &[],
        ),
        preset(
            "tiny",
            "Residual net, σ 0.02",
            "A finer spiral: minutes on a laptop.",
            &[("sigma", 0.02), ("ladder", 10.0), ("hidden", 128.0), ("tau", 3.0)],
            &[],
        ),
        preset(
            "digits",
            "Residual net for digits",
            "Small digits: a chain that wanders from one to the next.",
            &[("sigma", 0.3), ("gain", 1.0), ("hidden", 256.0), ("probes", 1.0), ("beta", 1.0), ("steps", 2000.0)],
            &[("sampler", "langevin")],
        ),
        preset(
            "classic",
            "The paper's net, σ 0.01",
            "500 tanh units. The paper trained it with BFGS; with Adam it rebuilds the spiral and does not yet know its score in minutes.",
            &[("sigma", 0.01), ("hidden", 500.0), ("scale", 2.0), ("lr", 1e-3), ("tau", 3.0)],
            &[("net", "classic")],
        ),
    ]
}
