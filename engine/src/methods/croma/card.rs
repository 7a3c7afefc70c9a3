//! What the list, the command line and the sliders know of CROMA.

use crate::card::{Arm, Card, Equation, Idea, Kind, Outcome, Preset, Study};
use crate::knobs::shared::{FineTuning, Pictures, Training, Transformers};
use crate::knobs::{KnobTable, choice, chosen, knobs, presets};

choice! {
    /// How the masks of both sensors belong together.
    pub enum Masking {
        Independent = "independent",
        Shared = "shared",
        /// What one sensor sees, the other does not, as far as there are patches enough.
        Disjoint = "disjoint",
    }
}

choice! {
    /// How encoders know where patches lie.
    pub enum Positions { Alibi = "ALiBi", SineCosine = "sine-cosine" }
}

choice! {
    /// The bias of the fusion encoder's self-attention while patches are hidden.
    pub enum SelfBias {
        /// Between radar and optical patches, though its keys are radar tokens: the authors' code.
        Cross = "cross",
        /// Between radar patches.
        Radar = "radar",
    }
}

choice! {
    /// What probes and fine-tuning take.
    pub enum Feature { Joint = "joint", Radar = "radar", Optical = "optical" }
}

choice! {
    /// Which bands of the optical sensor are shown.
    pub enum Composite { TrueColour = "true colour", FalseColour = "false colour" }
}

choice! {
    /// How much of the scene inputs and similarities show.
    pub enum Extent { Own = "own", Twice = "twice", FourTimes = "four times", Scene = "scene" }
}

knobs! {
    /// What of CROMA can be turned.
    pub struct CromaKnobs {
        "Mask" live {
            mask_ratio: f64 = 0.75, [0.0..=0.95 by 0.01], "Mask ratio",
                "Share of the patches of each sensor that is hidden; three quarters in the paper.";
            masks: Masking = Masking::Independent, "Masks of both sensors",
                "independent: drawn apart, the paper's. shared: the same patches. disjoint: what one sees is hidden from the other.";
        }
        "Objectives" live {
            contrast: f64 = 1.0, [0.0..=4.0 by 0.05], "Contrast",
                "Weight of matching the two sensors of a place; 0 turns it off.";
            reconstruction: f64 = 1.0, [0.0..=4.0 by 0.05], "Reconstruction",
                "Weight of rebuilding hidden patches of both sensors; 0 turns it off.";
            detach_keys: bool = true, "Keys without gradient",
                "In each direction of the contrast only the side that searches learns, as in the authors' code.";
            fusion_self_bias: SelfBias = SelfBias::Cross, "Bias of the joint encoder",
                "What its self-attention is given while patches are hidden. cross: distances of radar and optical patches, as in the authors' code. radar: of radar patches.";
        }
        "Input" live {
            sigmas: f64 = 2.0, [0.5..=6.0 by 0.1 "deviations"], "Range",
                "A channel runs from its mean less so many deviations to its mean plus as many; what is beyond is cut off.";
        }
        "Training" live {
            lr: f64 = 1e-3, Training;
            weight_decay: f64 = 0.05, Training;
            batch: usize = 64, Pictures;
            steps: usize = 1000, Training;
            warmup: f64 = 0.05, Training;
            crop: f64 = 0.4, Pictures;
            flip: bool = true, Pictures;
            turns: bool = true, "Turn", "Turn every scene by a random number of quarter turns, alike in both sensors.";
        }
        "Model" rebuilt {
            img_size: usize = 32, Pictures;
            patch_size: usize = 4, Pictures;
            dim: usize = 64, Transformers;
            depth: usize = 2, [1..=32 by 1 "blocks"], "Optical depth",
                "Transformer blocks of the optical encoder; the radar encoder and the joint one have half as many.";
            heads: usize = 4, Transformers;
            dec_dim: usize = 64, Transformers;
            dec_depth: usize = 1, Transformers;
            dec_heads: usize = 8, Transformers;
            positions: Positions = Positions::Alibi, "Positions",
                "ALiBi: attention falls with distance, so that larger scenes can be encoded than were trained on. sine-cosine: a table added to the patches.";
        }
        "Probe" live {
            feature: Feature = Feature::Joint, "Features",
                "What probes and fine-tuning take: the joint encoding, or one sensor's alone.";
        }
        "Fine-tuning" live {
            tune_lr: f64 = 1e-3, FineTuning;
            tune_steps: usize = 300, FineTuning;
            layer_decay: f64 = 0.75, FineTuning;
            smoothing: f64 = 0.1, FineTuning;
        }
        "View" live {
            composite: Composite = Composite::TrueColour, "Optical bands",
                "true colour: red, green, blue. false colour: near infrared, red, green, where plants are red.";
            extent: Extent = Extent::Own, "Extent",
                "How much of the scene further inputs and the similarities show: the model's own input, a window twice or four times as wide, or the largest square that every scene has.";
            head: usize = 1, [1..=16 by 1], "Head", "The attention head whose bias is shown.";
        }
    }
}

/// Named start states; the first is the default.
fn presets() -> Vec<Preset> {
    presets! { CromaKnobs:
        "nano", "Nano, 32 × 32", "Minutes on two CPU cores.", stored "croma-nano.safetensors" {}
        "micro", "Micro, 16 × 16", "For slow processors and tests: a step is over at once." {
            img_size: 16, dim: 32, dec_dim: 32, lr: 2e-3, batch: 16, steps: 200, tune_steps: 100,
        }
        "tiny", "Tiny, 32 × 32", "Minutes on a laptop's GPU." {
            dim: 128, depth: 4, heads: 8, batch: 256, steps: 4000,
        }
        "base", "CROMA-base, 120 × 120", "The paper's base model; the batch of a run is yours to fit to the GPU (7,200 in the paper)." {
            img_size: 120, patch_size: 8, dim: 768, depth: 12, heads: 16, dec_dim: 512,
            lr: 1e-4, batch: 64, steps: 100_000, crop: 0.25,
        }
        "large", "CROMA-large, 120 × 120", "The paper's large model." {
            img_size: 120, patch_size: 8, dim: 1024, depth: 24, heads: 16, dec_dim: 512,
            lr: 1e-4, batch: 32, steps: 100_000, crop: 0.25,
        }
    }
}

/// The paper's central comparison: objectives and positions.
fn claim() -> Study {
    let arm = |name: &str, contrast: f64, reconstruction: f64, positions: Positions| Arm {
        name: name.into(),
        knobs: chosen! { CromaKnobs { contrast, reconstruction, positions } },
    };
    Study {
        sentence: "Both objectives together give a better linear probe of the joint encoding than either alone, and than sine-cosine positions.".into(),
        arms: vec![
            arm("both, ALiBi", 1.0, 1.0, Positions::Alibi),
            arm("contrast alone", 1.0, 0.0, Positions::Alibi),
            arm("reconstruction alone", 0.0, 1.0, Positions::Alibi),
            arm("both, sine-cosine", 1.0, 1.0, Positions::SineCosine),
        ],
        outcome: Outcome::named("linear_accuracy"),
        also: ["rotation_cosine", "cover_accuracy", "cover_accuracy_at_twice"].map(String::from).to_vec(),
        margin: 0.005,
        seeds: vec![1, 2, 3],
        steps: 150,
        data: String::new(),
        note: "The paper, at its size: reconstruction alone loses about 7.5 points on average, contrast alone about 3; \
               ALiBi keeps pooled encodings alike under rotation (cosine 0.992, sine-cosine 0.575) and serves larger scenes. \
               Here: small scenes, a small network, equal steps."
            .into(),
        ..Study::default()
    }
}

/// The card of CROMA.
pub fn card() -> Card {
    Card {
        id: "croma".into(),
        title: "CROMA".into(),
        paper: "CROMA: Remote Sensing Representations with Contrastive Radar-Optical Masked Autoencoders".into(),
        authors: "Fuller, Millard, Green".into(),
        year: 2023,
        modality: "radar and optical".into(),
        kind: Kind::Scenes,
        idea: Idea::BothAtOnce,
        sentence: "Match a place's radar and optical pictures, and rebuild the hidden patches of both from their joint encoding.".into(),
        equations: vec![
            Equation::new(
                "2D-ALiBi",
                "b(h, i, k) = −m(h) · ‖xᵢ − xₖ‖",
                "Added to the scores of head h: the farther patches i and k lie apart, in patches, the less they look at one another. m(h) = 2^(−8 (h + 1) / n) for n heads. Between radar and optical patches it is called X-ALiBi.",
            ),
            Equation::new(
                "Contrast",
                "L₁ = ½ [CE(s · w zᵀ) + CE(s · z wᵀ)]",
                "z and w: the pooled radar and optical encodings, projected and made of length 1; s is learnt. The radar picture of a place finds the optical one among those of the batch, and the other way round.",
            ),
            Equation::new(
                "Target",
                "t = (x − mean x) / √(var x + 10⁻⁶)",
                "One patch of both sensors together, standardised by its own mean and unbiased variance.",
            ),
            Equation::new(
                "Reconstruction",
                "L₂ = Σ m · mean (pred − t)² / Σ m, of the optical bands + of the radar ones",
                "Mean squared error over the hidden patches of each sensor, from the joint encoding of what both see.",
            ),
            Equation::new("Loss", "L = λ₁ L₁ + λ₂ L₂", "Both weights are 1 in the paper."),
        ],
        built: true,
        presets: presets(),
        knobs: CromaKnobs::table(),
        data: ["places", "sentinel12", "terramesh5", "bigearthnet6", "ssl4eo2", "sen1floods11_1", "folder"].map(String::from).to_vec(),
        claim: Some(claim()),
    }
}
