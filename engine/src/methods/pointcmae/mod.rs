//! Point-CMAE: hide the groups of a point cloud twice, fill both in, and let what both hide agree.
//!
//! Ren, Mei, Paudel, Wang, Li, Liu, Cucchiara, Van Gool, Sebe, "Bringing Masked Autoencoders Explicit Contrastive
//! Properties for Point Cloud Self-Supervised Learning", ACCV 2024 (arXiv 2407.05862), on Point-MAE: Pang, Wang, Tay,
//! Liu, Tian, Yuan, "Masked Autoencoders for Point Cloud Self-supervised Learning", ECCV 2022 (arXiv 2203.06604). Two
//! masks, one encoder, two decoders. Tokens that both masks hide have no input in either branch, so both features of
//! such a token are guesses: they are pulled together, without negatives and without a temperature. With the knob
//! `system` at `point-mae` there is one mask and one decoder.
//!
//! This file: card, knobs, presets. `config`: sizes. `encoder`, `model`: the network and its loss. `clouds`: from
//! stored points to input. `look`: views. `classifier`, `segmentation`: fine-tuning. `measures`: its own numbers.
//! `fixture`: golden numbers. Differences from the authors' code: a batch without a token hidden twice has no contrast
//! instead of 0 / 0; the class token's projection, which no loss uses, is left out of runs; fine-tuning starts from the
//! first class token instead of a fresh one.

#[cfg(feature = "compute")]
pub mod classifier;
#[cfg(feature = "compute")]
pub mod clouds;
#[cfg(feature = "compute")]
pub mod config;
#[cfg(feature = "compute")]
pub mod encoder;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
mod look;
#[cfg(feature = "compute")]
mod measures;
#[cfg(feature = "compute")]
mod method;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
pub mod segmentation;

use crate::card::{Arm, Card, Claim, Equation, Idea, Kind, Knob, Preset, choices, numbers};

#[cfg(feature = "compute")]
/// Point-CMAE for the registry.
pub const ENTRY: crate::method::Entry =
    crate::method::Entry { card, build: method::build, verify: |case| Box::pin(fixture::verify(case)) };

/// A knob that is a number: name, title, tooltip, unit, range and step; whether it acts at once.
type Number = (&'static str, &'static str, &'static str, &'static str, (f64, f64, f64), bool);

/// What the list, the command line and the sliders know of Point-CMAE.
pub fn card() -> Card {
    Card {
        id: "pointcmae".into(),
        title: "Point-CMAE".into(),
        paper: "Bringing Masked Autoencoders Explicit Contrastive Properties for Point Cloud Self-Supervised Learning".into(),
        authors: "Ren, Mei, Paudel, Wang, Li, Liu, Cucchiara, Van Gool, Sebe".into(),
        year: 2024,
        modality: "point clouds".into(),
        kind: Kind::Clouds,
        idea: Idea::BothAtOnce,
        sentence: "Mask one cloud twice; rebuild both, and let the tokens that are hidden in both agree.".into(),
        equations: equations(),
        built: true,
        presets: presets(),
        knobs: knobs(),
        data: ["solids", "kaykit", "folder"].map(String::from).to_vec(),
        claim: Some(Claim {
            sentence: "Two masks whose doubly hidden tokens agree (Point-CMAE) give better features than one mask (Point-MAE).".into(),
            arms: [("Point-CMAE", "point-cmae"), ("Point-MAE", "point-mae")]
                .map(|(name, system)| Arm { name: name.into(), knobs: choices([("system", system)]).collect() })
                .to_vec(),
            metric: "svm_accuracy".into(),
            also: vec!["few_shot_accuracy".into()],
            margin: 0.005,
            seeds: vec![1, 2, 3],
            steps: 300,
            data: "kaykit".into(),
            note: "The paper pre-trains on ShapeNet and reports 83.48 against 82.58 % for a linear head on ScanObjectNN (OBJ-BG), \
                   and less than a point on most other rows. Here: a small model and a few hundred models by hand; a run of \
                   Point-CMAE takes about 1.3 times as long as one of Point-MAE."
                .into(),
        }),
    }
}

fn equations() -> Vec<Equation> {
    let equation = |name: &str, formula: &str, words: &str| Equation {
        name: name.into(),
        formula: formula.into(),
        words: words.into(),
    };
    vec![
        equation(
            "Reconstruction",
            "L_rec = Σ_b mean_s min_t |R_bs − T_bt|² + mean_t min_s |R_bs − T_bt|²",
            "Chamfer distance between the predicted points R and the true points T of the groups that branch b hides.",
        ),
        equation(
            "Contrast",
            "L_con = mean over i hidden twice, all j of (1 − cos(f¹_i, f²_j))",
            "Features of both decoders before their last norm; the setting \"same token\" takes j = i alone, as the paper's text says.",
        ),
        equation(
            "Total",
            "L = 1000 · L_rec + w · L_con",
            "No temperature and no negatives; the gradient flows into both branches.",
        ),
    ]
}

fn knobs() -> Vec<Knob> {
    let number = |group: &str, (name, title, tooltip, unit, range, live): Number| {
        Knob::number(name, title, tooltip, group, range, unit, live)
    };
    let mut knobs = vec![
        Knob::choice(
            "system",
            "System",
            "Two masks and two decoders that agree (Point-CMAE), or one of each (Point-MAE).",
            "Model",
            &["point-cmae", "point-mae"],
            false,
        ),
        Knob::choice(
            "contrast",
            "Contrast",
            "What a token hidden twice is pulled to in the other branch: every token (the authors' code), itself (their text), nothing.",
            "Loss",
            &["whole row", "same token", "off"],
            true,
        ),
        Knob::choice(
            "chamfer",
            "Chamfer distance",
            "Of squared distances (L2, the paper's) or of distances (L1).",
            "Loss",
            &["L2", "L1"],
            true,
        ),
        Knob::choice(
            "tuning",
            "What is tuned",
            "Everything, or only a head on the frozen encoder.",
            "Fine-tuning",
            &["everything", "head of three layers", "linear head"],
            true,
        ),
    ];
    knobs.extend(MASK_AND_LOSS.map(|knob| number(if knob.0 == "contrast_weight" { "Loss" } else { "Mask" }, knob)));
    knobs.extend(TRAINING.map(|knob| number("Training", knob)));
    knobs.extend(MODEL.map(|knob| number("Model", knob)));
    knobs.extend(TUNING.map(|knob| number("Fine-tuning", knob)));
    knobs.extend(PROBE.map(|knob| number("Few-shot probe", knob)));
    knobs
}

const MASK_AND_LOSS: [Number; 2] = [
    ("mask_ratio", "Mask ratio", "Share of the groups that each mask hides.", "", (0.05, 0.95, 0.01), true),
    (
        "contrast_weight",
        "Weight of the contrast",
        "1 is the paper's, next to 1000 for the reconstruction; at 100 its effect is plain to see.",
        "",
        (1.0, 100.0, 1.0),
        true,
    ),
];

const TRAINING: [Number; 6] = [
    (
        "lr",
        "Learning rate",
        "Peak of the schedule: a linear warm-up, then a cosine down to zero.",
        "",
        (1e-5, 1e-2, 1e-5),
        true,
    ),
    ("weight_decay", "Weight decay", "AdamW's pull of the weight matrices towards zero.", "", (0.0, 0.3, 0.005), true),
    ("batch", "Batch", "Clouds of one step.", "clouds", (2.0, 1024.0, 1.0), true),
    (
        "steps",
        "Steps",
        "Length of the run; the learning rate reaches zero there.",
        "steps",
        (1.0, 200_000.0, 1.0),
        true,
    ),
    ("warmup", "Warm-up", "Share of the steps in which the learning rate rises.", "", (0.0, 0.5, 0.01), true),
    (
        "drop_path",
        "Drop path",
        "How often the last block is skipped in training; the first never is.",
        "",
        (0.0, 0.5, 0.01),
        true,
    ),
];

const MODEL: [Number; 10] = [
    (
        "points",
        "Points",
        "Points of a cloud; training draws them anew each time.",
        "points",
        (16.0, 2048.0, 16.0),
        false,
    ),
    (
        "groups",
        "Groups",
        "Tokens of a cloud: centres that lie far apart, each with its nearest points.",
        "",
        (2.0, 256.0, 1.0),
        false,
    ),
    (
        "group_size",
        "Points of a group",
        "Nearest points of each centre; groups overlap.",
        "points",
        (2.0, 128.0, 1.0),
        false,
    ),
    ("dim", "Width", "Numbers in a token. A multiple of the heads.", "", (8.0, 768.0, 2.0), false),
    ("depth", "Encoder depth", "Transformer blocks of the encoder.", "blocks", (1.0, 24.0, 1.0), false),
    ("heads", "Encoder heads", "Attention heads of an encoder block.", "", (1.0, 16.0, 1.0), false),
    ("dec_depth", "Decoder depth", "Transformer blocks of each decoder.", "blocks", (1.0, 12.0, 1.0), false),
    ("dec_heads", "Decoder heads", "Attention heads of a decoder block.", "", (1.0, 16.0, 1.0), false),
    (
        "point_width",
        "PointNet width",
        "Width of the PointNet's first layer; the second has twice as many.",
        "",
        (4.0, 256.0, 1.0),
        false,
    ),
    (
        "position_width",
        "Position width",
        "Hidden width of the networks that turn centres into positions.",
        "",
        (4.0, 512.0, 1.0),
        false,
    ),
];

const TUNING: [Number; 4] = [
    ("head_width", "Head width", "Width of the head's hidden layers.", "", (4.0, 1024.0, 1.0), true),
    ("dropout", "Dropout", "Share of the head's values that are dropped in training.", "", (0.0, 0.9, 0.01), true),
    ("layer_decay", "Layer decay", "1: all layers learn equally fast, as in the paper.", "", (0.0, 1.0, 0.01), true),
    (
        "smoothing",
        "Label smoothing",
        "Share of the target that is spread over all classes.",
        "",
        (0.0, 0.5, 0.01),
        true,
    ),
];

const PROBE: [Number; 2] = [
    ("ways", "Classes of a fold", "Few-shot probe: classes to tell apart.", "classes", (2.0, 20.0, 1.0), true),
    (
        "shots",
        "Samples of a class",
        "Few-shot probe: samples of each class to learn from.",
        "clouds",
        (1.0, 50.0, 1.0),
        true,
    ),
];

/// Named start states; the first is the default.
fn presets() -> Vec<Preset> {
    let preset = |id: &str, title: &str, note: &str, sizes: [f64; 10], training: [f64; 4], drop_path: f64| {
        let sizes = MODEL.iter().map(|knob| knob.0).zip(sizes);
        let training = ["lr", "batch", "steps", "warmup"].into_iter().zip(training);
        let rest = [
            ("mask_ratio", 0.6),
            ("contrast_weight", 1.0),
            ("weight_decay", 0.05),
            ("drop_path", drop_path),
            ("head_width", 256.0),
            ("dropout", 0.5),
            ("layer_decay", 1.0),
            ("ways", 5.0),
            ("shots", 10.0),
        ];
        let chosen =
            choices([("system", "point-cmae"), ("contrast", "whole row"), ("chamfer", "L2"), ("tuning", "everything")]);
        Preset {
            id: id.into(),
            title: title.into(),
            note: note.into(),
            knobs: numbers(sizes.chain(training).chain(rest)).chain(chosen).collect(),
            stored_weights: (id == "nano").then(|| "pointcmae-nano.safetensors".into()),
        }
    };
    vec![
        preset(
            "nano",
            "Nano, 256 points",
            "Minutes on two CPU cores.",
            [256.0, 16.0, 16.0, 48.0, 3.0, 3.0, 1.0, 3.0, 32.0, 48.0],
            [1e-3, 32.0, 1000.0, 0.02],
            0.0,
        ),
        preset(
            "micro",
            "Micro, 64 points",
            "For slow processors and tests: a step is over at once.",
            [64.0, 8.0, 8.0, 24.0, 2.0, 2.0, 1.0, 2.0, 8.0, 12.0],
            [2e-3, 16.0, 200.0, 0.1],
            0.0,
        ),
        preset(
            "tiny",
            "Tiny, 512 points",
            "Minutes on a laptop's GPU.",
            [512.0, 32.0, 16.0, 96.0, 4.0, 3.0, 2.0, 3.0, 64.0, 64.0],
            [1e-3, 64.0, 4000.0, 0.05],
            0.0,
        ),
        preset(
            "paper",
            "Paper, 1024 points",
            "The paper's model of 22 million weights in the encoder, and its batch; 300 epochs of ShapeNet are 98,000 steps.",
            [1024.0, 64.0, 32.0, 384.0, 12.0, 6.0, 4.0, 6.0, 128.0, 128.0],
            [1e-3, 128.0, 98_000.0, 0.033],
            0.1,
        ),
    ]
}
