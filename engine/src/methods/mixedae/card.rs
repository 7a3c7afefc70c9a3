//! What the list, the command line and the sliders know of MixedAE.

use crate::card::{Arm, Card, Equation, Idea, Kind, Outcome, Preset, Study};
use crate::knobs::shared::{FineTuning, Pictures, Training, Transformers};
use crate::knobs::{KnobTable, choice, chosen, knobs, presets};

choice! {
    /// How many mixtures are made of a group of pictures.
    pub enum Mode {
        /// One: every patch of a picture that is not in it is rebuilt.
        Compose = "compose",
        /// As many as there are pictures, so that every patch of each is seen once.
        Full = "full",
    }
}

choice! {
    /// What the classifier's head sees.
    pub enum Pool { Mean = "mean", Class = "class" }
}

knobs! {
    /// What of MixedAE can be turned.
    pub struct MixedaeKnobs {
        "Mixing" live {
            mode: Mode = Mode::Compose, "Mixtures",
                "compose: one mixture a group, as many tokens as MAE's at the same share. full: one for each picture of the group, so that every patch is seen; as many times the work.";
            norm_pix: bool = true, "Normalised pixels",
                "Rebuild each patch after taking away its mean and dividing by its deviation. Better features, rougher pictures.";
        }
        "Recognition" live {
            segments: bool = true, "Segment embedding",
                "Tell the encoder which patches are of one picture. Off: it has to find out from the pixels alone.";
            homologous: bool = true, "Homologous attention",
                "Each patch looks only at the patches most alike to it, from the second block on. Off: at all of them.";
            kept_keys: usize = 0, [0..=1024 by 1 "patches"], "Patches looked at",
                "How many that are. 0: as many as a picture has in the mixture.";
            recognition: f64 = 0.1, [0.0..=1.0 by 0.01], "Weight of recognition",
                "Weight of the contrast in which each patch finds the others of its own picture; 0 turns it off.";
            temperature: f64 = 0.25, [0.05..=1.0 by 0.01], "Temperature",
                "What cosines are divided by in that contrast: the lower, the more the nearest count.";
        }
        "Training" live {
            lr: f64 = 3e-3, Training;
            weight_decay: f64 = 0.05, Training;
            batch: usize = 128, Pictures;
            steps: usize = 1800, Training;
            warmup: f64 = 0.1, Training;
            crop: f64 = 1.0, Pictures;
            flip: bool = false, Pictures;
        }
        "Model" rebuilt {
            mixed: usize = 4, [2..=8 by 1 "pictures"], "Pictures in a mixture",
                "Each owns an equal share of the patches and is rebuilt on all others: 4 hide as much as MAE's 75 %.";
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
    presets! { MixedaeKnobs:
        "nano", "Nano, 28 × 28", "Minutes on two CPU cores: reconstruction about 0.41, recognition 2.44 after 1,800 steps on Fashion-MNIST.",
            stored "mixedae-nano.safetensors" {}
        "micro", "Micro, 28 × 28", "For slow processors and tests: a step is over at once." {
            patch_size: 7, dim: 32, depth: 2, heads: 2, dec_dim: 24, dec_depth: 1, dec_heads: 2,
            lr: 2e-3, batch: 16, steps: 200,
        }
        "tiny", "Tiny, 32 × 32", "Minutes on a laptop's GPU." {
            img_size: 32, depth: 6, heads: 4, lr: 1e-3, steps: 4000, crop: 0.2, flip: true,
        }
        "base", "ViT-B/16, 224 × 224", "The paper's base model; the batch of a run is yours to fit to the GPU (1,024 pictures in the paper)." {
            img_size: 224, patch_size: 16, dim: 768, depth: 12, heads: 12, dec_dim: 512, dec_depth: 8, dec_heads: 16,
            lr: 1.5e-4, batch: 64, steps: 100_000, warmup: 0.05, crop: 0.2, flip: true, layer_decay: 0.65,
        }
    }
}

/// The paper's central comparison that needs no other system.
fn claim() -> Study {
    let arm = |name: &str, segments: bool, homologous: bool, recognition: f64| Arm {
        name: name.into(),
        knobs: chosen! { MixedaeKnobs { segments, homologous, recognition } },
    };
    Study {
        sentence: "Mixing with homologous recognition gives a better linear probe than mixing alone.".into(),
        arms: vec![
            arm("recognition", true, true, 0.1),
            arm("without the contrast", true, true, 0.0),
            arm("mixing alone", false, false, 0.0),
        ],
        outcome: Outcome::named("linear_accuracy"),
        also: vec!["homologous_share".into()],
        margin: 0.002,
        seeds: vec![1, 2, 3],
        steps: 150,
        data: String::new(),
        note: "The paper, ViT-B on ImageNet: mixing alone is worse than MAE, recognition makes it better (+0.3 points of top-1). \
               Here: small pictures, a small network, equal steps; homologous_share is chance at 1 / pictures."
            .into(),
        ..Study::default()
    }
}

/// The card of MixedAE.
pub fn card() -> Card {
    Card {
        id: "mixedae".into(),
        title: "MixedAE".into(),
        paper: "Mixed Autoencoder for Self-supervised Visual Representation Learning".into(),
        authors: "Chen, Liu, Hong, Xu, Li, Yeung".into(),
        year: 2023,
        modality: "pictures".into(),
        kind: Kind::Pictures,
        idea: Idea::HideAndFill,
        sentence: "Mix the patches of several pictures instead of deleting them, and let each patch find the others of its own picture.".into(),
        equations: vec![
            Equation::new(
                "Mixture",
                "x(l) = xᵢ(l) with i = M(l)",
                "Each place l of the grid takes the patch of one of the G pictures; every picture owns 1 / G of the places, drawn at random.",
            ),
            Equation::new(
                "Homologous attention",
                "softmax over the K largest q kᵀ / √d",
                "Every patch and head keeps its K keys of largest score, K = L / G; the class token is kept besides. The first block looks at all.",
            ),
            Equation::new(
                "Reconstruction",
                "Lᵣ = Σ m · mean (pred − t)² / Σ m",
                "The mixture is taken apart: each picture's own patches with mask tokens elsewhere (m = 1) go through the decoder; t is the patch, standardised by its own mean and deviation.",
            ),
            Equation::new(
                "Homologous contrast",
                "Lₕ = mean over l, p ∈ P(l) of −log exp(f(l)·f(p) / τ) / Σ_{j ≠ l} exp(f(l)·f(j) / τ)",
                "f: the encoder's patches, made of length 1. P(l): the other patches of the same picture.",
            ),
            Equation::new("Loss", "L = Lᵣ + λ Lₕ", "λ = 0.1 and τ = 0.25."),
        ],
        built: true,
        presets: presets(),
        knobs: MixedaeKnobs::table(),
        data: ["fashion-mnist", "photos", "clothing10", "openimages60", "shapes", "folder"].map(String::from).to_vec(),
        claim: Some(claim()),
    }
}
