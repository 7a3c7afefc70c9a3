//! What the list, the command line and the sliders know of Point-CMAE.

use crate::card::{Arm, Card, Equation, Idea, Kind, Outcome, Preset, Study};
use crate::knobs::shared::{FineTuning, Training, Transformers};
use crate::knobs::{KnobTable, choice, chosen, knobs, presets};

choice! {
    /// Which of the two systems.
    pub enum System {
        /// Two masks, two decoders, and agreement where both hide.
        PointCmae = "point-cmae",
        /// One mask, one decoder.
        PointMae = "point-mae",
    }
}

choice! {
    /// What a token hidden twice is pulled to in the other branch.
    pub enum Contrast { WholeRow = "whole row", SameToken = "same token", Off = "off" }
}

choice! {
    /// Chamfer distance of squared distances or of distances.
    pub enum Distance { L2 = "L2", L1 = "L1" }
}

choice! {
    /// What is trained in fine-tuning.
    pub enum Tuning {
        /// Everything, with a head of three layers.
        Full = "everything",
        /// The head of three layers and the class token alone.
        Mlp3 = "head of three layers",
        /// One linear layer and the class token alone.
        Linear = "linear head",
    }
}

knobs! {
    /// What of Point-CMAE can be turned.
    pub struct PointCmaeKnobs {
        "Model" rebuilt {
            system: System = System::PointCmae, "System",
                "Two masks and two decoders that agree (Point-CMAE), or one of each (Point-MAE).";
        }
        "Loss" live {
            contrast: Contrast = Contrast::WholeRow, "Contrast",
                "What a token hidden twice is pulled to in the other branch: every token (the authors' code), itself (their text), nothing.";
            chamfer: Distance = Distance::L2, "Chamfer distance",
                "Of squared distances (L2, the paper's) or of distances (L1).";
        }
        "Fine-tuning" live {
            tuning: Tuning = Tuning::Full, "What is tuned", "Everything, or only a head on the frozen encoder.";
        }
        "Mask" live {
            mask_ratio: f64 = 0.6, [0.05..=0.95 by 0.01], "Mask ratio", "Share of the groups that each mask hides.";
        }
        "Loss" live {
            contrast_weight: f64 = 1.0, [1.0..=100.0 by 1.0], "Weight of the contrast",
                "1 is the paper's, next to 1000 for the reconstruction; at 100 its effect is plain to see.";
        }
        "Training" live {
            lr: f64 = 1e-3, Training;
            weight_decay: f64 = 0.05, Training;
            batch: usize = 32, [2..=1024 by 1 "clouds"], "Batch", "Clouds of one step.";
            steps: usize = 1000, [1..=200_000 by 1 "steps"], Training;
            warmup: f64 = 0.02, Training;
            drop_path: f64 = 0.0, [0.0..=0.5 by 0.01], "Drop path",
                "How often the last block is skipped in training; the first never is.";
        }
        "Model" rebuilt {
            points: usize = 256, [16..=2048 by 16 "points"], "Points",
                "Points of a cloud; training draws them anew each time.";
            groups: usize = 16, [2..=256 by 1], "Groups",
                "Tokens of a cloud: centres that lie far apart, each with its nearest points.";
            group_size: usize = 16, [2..=128 by 1 "points"], "Points of a group",
                "Nearest points of each centre; groups overlap.";
            dim: usize = 48, [8..=768 by 2], "Width", "Numbers in a token. A multiple of the heads.";
            depth: usize = 3, [1..=24 by 1 "blocks"], Transformers;
            heads: usize = 3, Transformers;
            dec_depth: usize = 1, [1..=12 by 1 "blocks"], "Decoder depth", "Transformer blocks of each decoder.";
            dec_heads: usize = 3, Transformers;
            point_width: usize = 32, [4..=256 by 1], "PointNet width",
                "Width of the PointNet's first layer; the second has twice as many.";
            position_width: usize = 48, [4..=512 by 1], "Position width",
                "Hidden width of the networks that turn centres into positions.";
        }
        "Fine-tuning" live {
            tune_lr: f64 = 5e-4, [1e-6..=1e-2 by 1e-6], "Learning rate", "Fine-tuning's own, when everything is tuned.";
            head_lr: f64 = 1e-4, [1e-6..=1e-2 by 1e-6], "Head's learning rate",
                "When a head alone is tuned: the linear head's in the paper.";
            tune_steps: usize = 300, FineTuning;
            head_width: usize = 256, [4..=1024 by 1], "Head width", "Width of the head's hidden layers.";
            dropout: f64 = 0.5, [0.0..=0.9 by 0.01], "Dropout",
                "Share of the head's values that are dropped in training.";
            layer_decay: f64 = 1.0, [0.0..=1.0 by 0.01], "Layer decay",
                "1: all layers learn equally fast, as in the paper.";
            smoothing: f64 = 0.0, FineTuning;
        }
        "Few-shot probe" live {
            ways: usize = 5, [2..=20 by 1 "classes"], "Classes of a fold", "Few-shot probe: classes to tell apart.";
            shots: usize = 10, [1..=50 by 1 "clouds"], "Samples of a class",
                "Few-shot probe: samples of each class to learn from.";
        }
    }
}

/// Named start states; the first is the default.
fn presets() -> Vec<Preset> {
    presets! { PointCmaeKnobs:
        "nano", "Nano, 256 points", "Minutes on two CPU cores.", stored "pointcmae-nano.safetensors" {}
        "micro", "Micro, 64 points", "For slow processors and tests: a step is over at once." {
            points: 64, groups: 8, group_size: 8, dim: 24, depth: 2, heads: 2, dec_heads: 2, point_width: 8,
            position_width: 12, lr: 2e-3, batch: 16, steps: 200, warmup: 0.1,
        }
        "tiny", "Tiny, 512 points", "Minutes on a laptop's GPU." {
            points: 512, groups: 32, dim: 96, depth: 4, dec_depth: 2, point_width: 64,
            position_width: 64, batch: 64, steps: 4000, warmup: 0.05,
        }
        "paper", "Paper, 1024 points",
            "The paper's model of 22 million weights in the encoder, and its batch; 300 epochs of ShapeNet are 98,000 steps." {
            points: 1024, groups: 64, group_size: 32, dim: 384, depth: 12, heads: 6, dec_depth: 4, dec_heads: 6,
            point_width: 128, position_width: 128, batch: 128, steps: 98_000, warmup: 0.033, drop_path: 0.1,
        }
    }
}

/// The paper's central comparison.
fn claim() -> Study {
    let arm = |name: &str, system: System| Arm { name: name.into(), knobs: chosen! { PointCmaeKnobs { system } } };
    Study {
        sentence: "Two masks whose doubly hidden tokens agree (Point-CMAE) give better features than one mask (Point-MAE).".into(),
        arms: vec![arm("Point-CMAE", System::PointCmae), arm("Point-MAE", System::PointMae)],
        outcome: Outcome::named("svm_accuracy"),
        also: vec!["few_shot_accuracy".into()],
        margin: 0.005,
        seeds: vec![1, 2, 3],
        steps: 300,
        data: "kaykit".into(),
        note: "The paper pre-trains on ShapeNet and reports 83.48 against 82.58 % for a linear head on ScanObjectNN (OBJ-BG), \
               and less than a point on most other rows. Here: a small model and a few hundred models by hand; a run of \
               Point-CMAE takes about 1.3 times as long as one of Point-MAE."
            .into(),
        ..Study::default()
    }
}

/// The card of Point-CMAE.
pub fn card() -> Card {
    Card {
        id: "pointcmae".into(),
        title: "Point-CMAE".into(),
        paper: "Bringing Masked Autoencoders Explicit Contrastive Properties for Point Cloud Self-Supervised Learning"
            .into(),
        authors: "Ren, Mei, Paudel, Wang, Li, Liu, Cucchiara, Van Gool, Sebe".into(),
        year: 2024,
        modality: "point clouds".into(),
        kind: Kind::Clouds,
        idea: Idea::BothAtOnce,
        sentence: "Mask one cloud twice; rebuild both, and let the tokens that are hidden in both agree.".into(),
        equations: vec![
            Equation::new(
                "Reconstruction",
                "L_rec = Σ_b mean_s min_t |R_bs − T_bt|² + mean_t min_s |R_bs − T_bt|²",
                "Chamfer distance between the predicted points R and the true points T of the groups that branch b hides.",
            ),
            Equation::new(
                "Contrast",
                "L_con = mean over i hidden twice, all j of (1 − cos(f¹_i, f²_j))",
                "Features of both decoders before their last norm; the setting \"same token\" takes j = i alone, as the paper's text says.",
            ),
            Equation::new(
                "Total",
                "L = 1000 · L_rec + w · L_con",
                "No temperature and no negatives; the gradient flows into both branches.",
            ),
        ],
        built: true,
        presets: presets(),
        knobs: PointCmaeKnobs::table(),
        data: ["solids", "kaykit", "kaykit120", "folder"].map(String::from).to_vec(),
        claim: Some(claim()),
    }
}
