//! G-SimCLR: contrast the pictures of batches that clusters have put together.
//!
//! Chakraborty, Gosthipaty, Paul, "G-SimCLR: Self-Supervised Contrastive Learning with Guided Projection via Pseudo
//! Labelling", ICDM workshops 2020 (arXiv 2009.12007), on SimCLR: Chen, Kornblith, Norouzi, Hinton, ICML 2020 (arXiv
//! 2002.05709). SimCLR drives every two pictures of a batch apart, those of one class too. Here a denoising autoencoder
//! comes first; k-means of its latent gives every picture a pseudo label, and batches are put together from different
//! ones. Equation numbers: see [`card`].
//!
//! This file: card and presets; `knobs`: what can be turned. `autoencoder`, `encoder`: the networks; `model`: both, and
//! the losses. `batches`, `plan`: from clusters to batches. `augment`: views of a picture. `look` on `plane`: what is
//! shown. `fixture`: golden numbers. Differences from the authors' code: the preset `paper` follows it, one
//! augmentation for a whole batch included; the others draw one for each picture and crop, as SimCLR does. Phases have
//! a fixed length where the authors stop early by the test loss.

#[cfg(feature = "compute")]
pub mod augment;
#[cfg(feature = "compute")]
pub mod autoencoder;
#[cfg(feature = "compute")]
pub mod batches;
#[cfg(feature = "compute")]
pub mod encoder;
#[cfg(feature = "compute")]
pub mod fixture;
mod knobs;
#[cfg(feature = "compute")]
pub mod look;
#[cfg(feature = "compute")]
pub mod method;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
pub mod plan;
#[cfg(feature = "compute")]
pub mod plane;

use crate::card::{Arm, Card, Claim, Equation, Idea, Kind, Preset, choices, numbers};

#[cfg(feature = "compute")]
/// G-SimCLR for the registry.
pub const ENTRY: crate::method::Entry =
    crate::method::Entry { card, build: method::build, verify: |case| Box::pin(fixture::verify(case)) };

/// What the list, the command line and the sliders know of G-SimCLR.
pub fn card() -> Card {
    let equation = |name: &str, formula: &str, words: &str| Equation {
        name: name.into(),
        formula: formula.into(),
        words: words.into(),
    };
    Card {
        id: "gsimclr".into(),
        title: "G-SimCLR".into(),
        paper: "G-SimCLR: Self-Supervised Contrastive Learning with Guided Projection via Pseudo Labelling".into(),
        authors: "Chakraborty, Gosthipaty, Paul".into(),
        year: 2020,
        modality: "pictures".into(),
        kind: Kind::Pictures,
        idea: Idea::PullAndPush,
        sentence: "SimCLR whose batches take pictures from different clusters, so that negatives are more often really different.".into(),
        equations: vec![
            equation(
                "Denoising",
                "L₁ = mean (D(E(x + σ n)) − x)²",
                "First phase: an autoencoder rebuilds the clean picture from one with noise n of deviation σ.",
            ),
            equation(
                "Pseudo label",
                "c(x) = argminₖ ‖mean E(x) − μₖ‖²",
                "k-means of the latent's mean over all places, with as many clusters as a batch has places (or more).",
            ),
            equation(
                "Order",
                "sort by (rank of x inside c(x), c(x))",
                "Pictures of one rank are of different clusters, so batches cut from this order repeat none until the smallest cluster is used up.",
            ),
            equation(
                "NT-Xent",
                "L₂ = mean −log exp(sᵢₚ / τ) / Σ_{k ≠ i} exp(sᵢₖ / τ)",
                "Second phase, SimCLR's own loss: i runs over both views of the batch, p is the other view of i, s the cosine of projections.",
            ),
        ],
        built: true,
        presets: presets(),
        knobs: knobs::knobs(),
        data: ["fashion-mnist", "photos", "shapes", "folder"].map(String::from).to_vec(),
        claim: Some(claim()),
    }
}

fn claim() -> Claim {
    let arm = |name: &str, batches: &str| Arm { name: name.into(), knobs: choices([("batches", batches)]).collect() };
    Claim {
        sentence: "Batches guided by clusters give a better linear probe than random ones (plain SimCLR).".into(),
        arms: vec![arm("G-SimCLR, guided batches", "guided"), arm("SimCLR, random batches", "random")],
        metric: "linear_accuracy".into(),
        also: vec!["same_class_pairs".into()],
        margin: 0.005,
        seeds: vec![1, 2, 3],
        steps: 300,
        data: String::new(),
        note:
            "The paper's table 1 on CIFAR-10: 40.50 % against 39.92 % (P3), one run each, the test set used to stop. \
               Here: Fashion-MNIST, a small network, equal steps of contrast."
                .into(),
    }
}

/// Named start states; the first is the default.
fn presets() -> Vec<Preset> {
    const NAMES: [&str; 22] = [
        "img_size", "pictures", "batch", "clusters", // data
        "ae_width", "ae_depth", "ae_side", "noise", "ae_lr", "ae_steps", // autoencoder
        "width_1", "width_2", "width_3", "n_blocks", "head_1", "head_2", "head_3", "momentum", // encoder
        "lr", "period", "steps", "tau",
    ];
    let preset = |id: &str, title: &str, note: &str, values: [f64; 22], augmentation: &str| {
        let chosen = choices([("batches", "guided"), ("augmentation", augmentation), ("tap", "P3")]);
        Preset {
            id: id.into(),
            title: title.into(),
            note: note.into(),
            knobs: numbers(NAMES.into_iter().zip(values)).chain(chosen).collect(),
            stored_weights: (id == "nano").then(|| "gsimclr-nano.safetensors".into()),
        }
    };
    let cropped = "per picture + crop";
    vec![
        preset(
            "nano",
            "Nano, 28 × 28",
            "Three minutes on two CPU cores, with 4,096 pictures.",
            [
                28.0, 4096.0, 32.0, 1.0, 16.0, 3.0, 3.0, 0.01, 3e-3, 1000.0, 8.0, 16.0, 32.0, 1.0, 64.0, 64.0, 32.0,
                0.9, 0.1, 1000.0, 900.0, 0.1,
            ],
            cropped,
        ),
        preset(
            "micro",
            "Micro, 28 × 28",
            "For slow processors and tests: a step is over at once.",
            [
                28.0, 128.0, 8.0, 1.0, 4.0, 2.0, 3.0, 0.01, 3e-3, 6.0, 4.0, 6.0, 8.0, 1.0, 12.0, 10.0, 8.0, 0.9, 0.1,
                1000.0, 200.0, 0.1,
            ],
            cropped,
        ),
        preset(
            "tiny",
            "Tiny, 32 × 32",
            "Minutes on a laptop's GPU.",
            [
                32.0, 20_000.0, 64.0, 1.0, 32.0, 3.0, 3.0, 0.01, 1e-3, 1500.0, 16.0, 32.0, 64.0, 2.0, 128.0, 128.0,
                50.0, 0.97, 0.1, 1000.0, 5000.0, 0.1,
            ],
            cropped,
        ),
        preset(
            "paper",
            "The paper's CIFAR-10 network",
            "Sizes, recipe and augmentation of the authors' notebook: 15 epochs of 50,000 pictures, one augmentation for a whole batch.",
            [
                32.0, 0.0, 64.0, 1.0, 32.0, 3.0, 3.0, 0.01, 1e-3, 15_600.0, 16.0, 64.0, 128.0, 3.0, 256.0, 128.0, 50.0,
                0.99, 0.1, 1000.0, 11_715.0, 0.1,
            ],
            "as published",
        ),
    ]
}
