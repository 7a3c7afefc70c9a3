//! What the list, the command line and the sliders know of MAE.

use crate::card::{Arm, Card, Equation, Idea, Kind, Outcome, Preset, Study};
use crate::knobs::shared::{FineTuning, Pictures, Training, Transformers};
use crate::knobs::{KnobTable, choice, chosen, knobs, presets};

choice! {
    /// Which patches are hidden.
    pub enum Sampling { Random = "random", Block = "block", Grid = "grid" }
}

choice! {
    /// What the classifier's head sees.
    pub enum Pool { Mean = "mean", Class = "class" }
}

knobs! {
    /// What of MAE can be turned.
    pub struct MaeKnobs {
        "Mask" live {
            mask_ratio: f64 = 0.75, [0.0..=0.95 by 0.01], "Mask ratio",
                "Share of the patches that is hidden. The paper's 75 % is best for learning; more makes the task harder.";
            sampling: Sampling = Sampling::Random, "Sampling",
                "Which patches are hidden: any, one block, or the grid that keeps the top left of every 2 × 2.";
            norm_pix: bool = true, "Normalised pixels",
                "Rebuild each patch after taking away its mean and dividing by its deviation. Better features, rougher pictures.";
        }
        "Training" live {
            lr: f64 = 3e-3, Training;
            weight_decay: f64 = 0.05, Training;
            batch: usize = 128, Pictures;
            at_once: usize = 0, [0..=4096 by 1 "pictures"], "Pictures at once",
                "A batch goes through in parts of so many, to the same step with less memory. 0: all at once.";
            steps: usize = 1800, Training;
            warmup: f64 = 0.1, Training;
            crop: f64 = 1.0, Pictures;
            flip: bool = false, Pictures;
        }
        "Model" rebuilt {
            img_size: usize = 28, Pictures;
            patch_size: usize = 4, Pictures;
            dim: usize = 96, Transformers;
            depth: usize = 4, Transformers;
            heads: usize = 3, Transformers;
            dec_dim: usize = 64, Transformers;
            dec_depth: usize = 2, Transformers;
            dec_heads: usize = 4, Transformers;
        }
        "Fine-tuning" live {
            pool: Pool = Pool::Mean, "What the head sees", "The mean of the patch tokens, or the class token.";
            tune_lr: f64 = 5e-4, FineTuning;
            tune_steps: usize = 300, FineTuning;
            layer_decay: f64 = 0.75, FineTuning;
            drop_path: f64 = 0.1, FineTuning;
            smoothing: f64 = 0.1, FineTuning;
            mixup: f64 = 0.8, FineTuning;
            cutmix: f64 = 1.0, FineTuning;
        }
    }
}

/// Named start states; the first is the default.
fn presets() -> Vec<Preset> {
    presets! { MaeKnobs:
        "nano", "Nano, 28 × 28", "Minutes on two CPU cores: loss about 0.41 after 1,800 steps on Fashion-MNIST.",
            stored "mae-nano.safetensors" {}
        "micro", "Micro, 28 × 28", "For slow processors and tests: a step is over at once." {
            patch_size: 7, dim: 32, depth: 1, heads: 2, dec_dim: 24, dec_depth: 1, dec_heads: 2,
            lr: 2e-3, batch: 16, steps: 200,
        }
        "tiny", "Tiny, 32 × 32", "Minutes on a laptop's GPU." {
            img_size: 32, dim: 192, depth: 6, dec_dim: 96, dec_heads: 3,
            lr: 1e-3, batch: 256, steps: 4000, crop: 0.2, flip: true,
        }
        "base", "ViT-B/16, 224 × 224", "The paper's base model; the batch of a run is yours to fit to the GPU." {
            img_size: 224, patch_size: 16, dim: 768, depth: 12, heads: 12, dec_dim: 512, dec_depth: 8, dec_heads: 16,
            lr: 1.5e-4, batch: 64, steps: 100_000, warmup: 0.05, crop: 0.2, flip: true,
        }
    }
}

/// The paper's central comparison.
fn claim() -> Study {
    let arm = |name: &str, mask_ratio: f64| Arm { name: name.into(), knobs: chosen! { MaeKnobs { mask_ratio } } };
    Study {
        sentence: "Hiding 75 % of the patches gives a better linear probe than hiding 25 %.".into(),
        arms: vec![arm("75 % hidden", 0.75), arm("25 % hidden", 0.25)],
        outcome: Outcome::named("linear_accuracy"),
        also: Vec::new(),
        margin: 0.002,
        seeds: vec![1, 2, 3],
        steps: 150,
        data: String::new(),
        note: "The paper's figure 5: 75 % is best for the linear probe of a large model on ImageNet.".into(),
        ..Study::default()
    }
}

/// The card of MAE.
pub fn card() -> Card {
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
            Equation::new(
                "Target",
                "t = (x − mean x) / √(var x + 10⁻⁶)",
                "Pixels of one patch, standardised by the patch's own mean and unbiased variance (off: t = x).",
            ),
            Equation::new(
                "Loss",
                "L = Σ m · mean (pred − t)² / Σ m",
                "Mean squared error over the hidden patches (m = 1) of the batch; visible patches do not count.",
            ),
        ],
        built: true,
        presets: presets(),
        knobs: MaeKnobs::table(),
        data: ["fashion-mnist", "photos", "clothing10", "openimages60", "shapes", "folder"].map(String::from).to_vec(),
        claim: Some(claim()),
    }
}
