//! MAE: hide most patches of a picture, encode the rest, fill in the pixels.
//!
//! He, Chen, Xie, Li, Dollár, Girshick, "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022 (arXiv
//! 2111.06377). The encoder never sees the hidden patches, so it is several times cheaper than its size suggests; a
//! small decoder, thrown away afterwards, fills in their pixels. Equation numbers: (1) target, (2) loss, see [`card`].
//!
//! This file: card, knobs, presets. `model`: encoder, decoder, loss. `look`: views. `classifier`: fine-tuning.
//! `fixture`: golden numbers. Differences from the authors' code: only visible patches are embedded (the same result).

#[cfg(feature = "compute")]
pub mod classifier;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
pub mod look;
#[cfg(feature = "compute")]
mod method;
#[cfg(feature = "compute")]
pub mod model;

use std::collections::BTreeMap;

use crate::card::{Arm, Card, Claim, Equation, Idea, Kind, Knob, KnobValue, Preset, choices, numbers};

#[cfg(feature = "compute")]
/// MAE for the registry.
pub const ENTRY: crate::method::Entry =
    crate::method::Entry { card, build: method::build, verify: |case| Box::pin(fixture::verify(case)) };

/// What the list, the command line and the sliders know of MAE.
pub fn card() -> Card {
    let mut knobs = vec![
        Knob::number(
            "mask_ratio",
            "Mask ratio",
            "Share of the patches that is hidden. The paper's 75 % is best for learning; more makes the task harder.",
            "Mask",
            (0.0, 0.95, 0.01),
            "",
            true,
        ),
        Knob::choice(
            "sampling",
            "Sampling",
            "Which patches are hidden: any, one block, or the grid that keeps the top left of every 2 × 2.",
            "Mask",
            &["random", "block", "grid"],
            true,
        ),
        Knob::switch(
            "norm_pix",
            "Normalised pixels",
            "Rebuild each patch after taking away its mean and dividing by its deviation. Better features, rougher pictures.",
            "Mask",
            true,
        ),
    ];
    knobs.extend([
        Knob::number(
            "lr",
            "Learning rate",
            "Peak of the schedule: a linear warm-up, then a cosine down to zero.",
            "Training",
            (1e-5, 1e-2, 1e-5),
            "",
            true,
        ),
        Knob::number(
            "weight_decay",
            "Weight decay",
            "AdamW's pull of the weight matrices towards zero.",
            "Training",
            (0.0, 0.3, 0.005),
            "",
            true,
        ),
        Knob::number("batch", "Batch", "Pictures of one step.", "Training", (2.0, 4096.0, 1.0), "pictures", true),
        Knob::number(
            "steps",
            "Steps",
            "Length of the run; the learning rate reaches zero there.",
            "Training",
            (1.0, 100_000.0, 1.0),
            "steps",
            true,
        ),
        Knob::number(
            "warmup",
            "Warm-up",
            "Share of the steps in which the learning rate rises.",
            "Training",
            (0.0, 0.5, 0.01),
            "",
            true,
        ),
        Knob::number(
            "crop",
            "Smallest crop",
            "Random resized crop: smallest share of the picture's area. 1 turns crops off.",
            "Training",
            (0.08, 1.0, 0.01),
            "",
            true,
        ),
        Knob::switch("flip", "Mirror", "Mirror every other picture, left to right.", "Training", true),
        Knob::number(
            "img_size",
            "Picture side",
            "Pictures are scaled to this side. Must be a multiple of the patch side.",
            "Model",
            (8.0, 448.0, 4.0),
            "pixels",
            false,
        ),
        Knob::number(
            "patch_size",
            "Patch side",
            "Side of a patch. Under 4 pixels the task becomes plain interpolation.",
            "Model",
            (1.0, 32.0, 1.0),
            "pixels",
            false,
        ),
        Knob::number(
            "dim",
            "Encoder width",
            "Numbers in an encoder token. A multiple of 4 and of the heads.",
            "Model",
            (8.0, 1280.0, 4.0),
            "",
            false,
        ),
        Knob::number(
            "depth",
            "Encoder depth",
            "Transformer blocks of the encoder.",
            "Model",
            (1.0, 32.0, 1.0),
            "blocks",
            false,
        ),
        Knob::number(
            "heads",
            "Encoder heads",
            "Attention heads of an encoder block.",
            "Model",
            (1.0, 16.0, 1.0),
            "",
            false,
        ),
        Knob::number(
            "dec_dim",
            "Decoder width",
            "Numbers in a decoder token. A multiple of 4 and of the heads.",
            "Model",
            (8.0, 1024.0, 4.0),
            "",
            false,
        ),
        Knob::number(
            "dec_depth",
            "Decoder depth",
            "Transformer blocks of the decoder; one is enough for fine-tuning.",
            "Model",
            (1.0, 16.0, 1.0),
            "blocks",
            false,
        ),
        Knob::number(
            "dec_heads",
            "Decoder heads",
            "Attention heads of a decoder block.",
            "Model",
            (1.0, 16.0, 1.0),
            "",
            false,
        ),
    ]);
    let tuning = |name: &str, title: &str, tooltip: &str, high: f64| {
        Knob::number(name, title, tooltip, "Fine-tuning", (0.0, high, 0.01), "", true)
    };
    knobs.extend([
        Knob::choice(
            "pool",
            "What the head sees",
            "The mean of the patch tokens, or the class token.",
            "Fine-tuning",
            &["mean", "class"],
            true,
        ),
        tuning("layer_decay", "Layer decay", "Each block learns this much slower than the one above it.", 1.0),
        tuning("drop_path", "Drop path", "How often the last block is skipped; the first never is.", 0.5),
        tuning("smoothing", "Label smoothing", "Share of the target that is spread over all classes.", 0.5),
        tuning("mixup", "Mixup", "α of mixup: two pictures laid over one another. 0 turns it off.", 2.0),
        tuning("cutmix", "CutMix", "α of CutMix: a box of one picture in the other. 0 turns it off.", 2.0),
    ]);
    Card {
        id: "mae".into(),
        title: "MAE".into(),
        paper: "Masked Autoencoders Are Scalable Vision Learners".into(),
        authors: "He, Chen, Xie, Li, Dollár, Girshick".into(),
        year: 2022,
        modality: "pictures".into(),
        kind: Kind::Pictures,
        idea: Idea::Base,
        sentence: "Hide three quarters of a picture, show the encoder only the rest, and learn by filling in the hidden pixels.".into(),
        equations: vec![
            Equation {
                name: "Target".into(),
                formula: "t = (x − mean x) / √(var x + 10⁻⁶)".into(),
                words: "Pixels of one patch, standardised by the patch's own mean and unbiased variance (off: t = x).".into(),
            },
            Equation {
                name: "Loss".into(),
                formula: "L = Σ m · mean (pred − t)² / Σ m".into(),
                words: "Mean squared error over the hidden patches (m = 1) of the batch; visible patches do not count.".into(),
            },
        ],
        built: true,
        presets: presets(),
        knobs,
        data: ["fashion-mnist", "photos", "shapes", "folder"].map(String::from).to_vec(),
        claim: Some(Claim {
            sentence: "Hiding 75 % of the patches gives a better linear probe than hiding 25 %.".into(),
            arms: [("75 % hidden", 0.75), ("25 % hidden", 0.25)]
                .map(|(name, ratio)| Arm { name: name.into(), knobs: BTreeMap::from([("mask_ratio".into(), KnobValue::Number(ratio))]) })
                .to_vec(),
            metric: "linear_accuracy".into(),
            also: Vec::new(),
            margin: 0.002,
            seeds: vec![1, 2, 3],
            steps: 150,
            data: String::new(),
            note: "The paper's figure 5: 75 % is best for the linear probe of a large model on ImageNet.".into(),
        }),
    }
}

/// Named start states; the first is the default.
fn presets() -> Vec<Preset> {
    let preset = |id: &str,
                  title: &str,
                  note: &str,
                  sizes: [f64; 8],
                  training: [f64; 5],
                  norm_pix: bool,
                  stored: Option<&str>| {
        let names = ["img_size", "patch_size", "dim", "depth", "heads", "dec_dim", "dec_depth", "dec_heads"];
        let mut knobs: BTreeMap<String, KnobValue> = numbers(names.into_iter().zip(sizes)).collect();
        let names = ["lr", "batch", "steps", "warmup", "crop"];
        knobs.extend(numbers(names.into_iter().zip(training)));
        knobs.extend(numbers([("mask_ratio", 0.75), ("weight_decay", 0.05)]));
        knobs.extend(choices([("sampling", "random")]));
        knobs.insert("norm_pix".into(), KnobValue::Switch(norm_pix));
        knobs.extend(numbers([
            ("layer_decay", 0.75),
            ("drop_path", 0.1),
            ("smoothing", 0.1),
            ("mixup", 0.8),
            ("cutmix", 1.0),
        ]));
        knobs.insert("flip".into(), KnobValue::Switch(training[4] < 1.0));
        Preset {
            id: id.into(),
            title: title.into(),
            note: note.into(),
            knobs,
            stored_weights: stored.map(String::from),
        }
    };
    vec![
        preset(
            "nano",
            "Nano, 28 × 28",
            "Minutes on two CPU cores: loss about 0.41 after 1,800 steps on Fashion-MNIST.",
            [28.0, 4.0, 96.0, 4.0, 3.0, 64.0, 2.0, 4.0],
            [3e-3, 128.0, 1800.0, 0.1, 1.0],
            true,
            Some("mae-nano.safetensors"),
        ),
        preset(
            "micro",
            "Micro, 28 × 28",
            "For slow processors and tests: a step is over at once.",
            [28.0, 7.0, 32.0, 1.0, 2.0, 24.0, 1.0, 2.0],
            [2e-3, 16.0, 200.0, 0.1, 1.0],
            true,
            None,
        ),
        preset(
            "tiny",
            "Tiny, 32 × 32",
            "Minutes on a laptop's GPU.",
            [32.0, 4.0, 192.0, 6.0, 3.0, 96.0, 2.0, 3.0],
            [1e-3, 256.0, 4000.0, 0.1, 0.2],
            true,
            None,
        ),
        preset(
            "base",
            "ViT-B/16, 224 × 224",
            "The paper's base model; the batch of a run is yours to fit to the GPU.",
            [224.0, 16.0, 768.0, 12.0, 12.0, 512.0, 8.0, 16.0],
            [1.5e-4, 64.0, 100_000.0, 0.05, 0.2],
            true,
            None,
        ),
    ]
}
