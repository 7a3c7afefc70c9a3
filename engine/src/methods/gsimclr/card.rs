//! What the list, the command line and the sliders know of G-SimCLR.

use crate::card::{Arm, Card, Equation, Idea, Kind, Outcome, Preset, Study};
use crate::knobs::{KnobTable, choice, chosen, knobs, presets};

choice! {
    /// How batches are put together.
    pub enum Batches {
        /// By rank inside the clusters, the same every epoch: the paper's.
        Guided = "guided",
        /// From different clusters, drawn anew every epoch: a rule of our own.
        GuidedOurs = "guided, ours",
        /// At random: plain SimCLR, which needs no autoencoder.
        Random = "random",
    }
}

choice! {
    /// How views are made of a picture.
    pub enum Augmentation {
        Published = "as published",
        PerPicture = "per picture",
        Cropped = "per picture + crop",
    }
}

choice! {
    /// Where probes take features: the pooled map, or after the head's first or second layer.
    pub enum Tap { P3 = "P3", P2 = "P2", P1 = "P1" }
}

knobs! {
    /// What of G-SimCLR can be turned.
    pub struct GsimclrKnobs {
        "Batches" rebuilt {
            batches: Batches = Batches::Guided, "Batches",
                "guided: by rank inside clusters, as in the paper. guided, ours: from different clusters, drawn anew every epoch. \
                 random: plain SimCLR, without an autoencoder.";
            batch: usize = 32, [2..=1024 by 1 "pictures"], "Batch", "Pictures of one step; each has two views.";
            clusters: usize = 1, [1..=8 by 1 "× batch"], "Clusters",
                "Clusters for each place of a batch; 1 in the paper.";
            pictures: usize = 4096, [0..=60_000 by 64 "pictures"], "Pictures",
                "Pictures that are trained on, drawn by the seed; 0: all.";
        }
        "Views" live {
            augmentation: Augmentation = Augmentation::Cropped, "Augmentation",
                "as published: one draw for a whole batch, mirrored and recoloured half of the time. per picture: one for each. \
                 per picture + crop: random crops, stronger colours and grey too, as SimCLR does.";
            tau: f64 = 0.1, [0.02..=1.0 by 0.01], "Temperature",
                "τ of the contrast: the smaller, the more the nearest negatives count.";
            noise: f64 = 0.01, [0.0..=0.5 by 0.01], "Noise",
                "Standard deviation of the noise that the autoencoder takes away.";
        }
        "Training" live {
            lr: f64 = 0.1, [1e-3..=1.0 by 1e-3], "Learning rate",
                "Peak of the contrast's cosine; plain descent without momentum.";
            period: f64 = 1000.0, [10.0..=100_000.0 by 10.0 "steps"], "First period",
                "Steps until the learning rate starts again from its peak; each next period is twice as long.";
            steps: usize = 900, [1..=100_000 by 1 "steps"], "Steps", "Steps of the contrast.";
            ae_lr: f64 = 3e-3, [1e-5..=1e-2 by 1e-5], "Autoencoder's learning rate", "Adam's, constant.";
        }
        "Training" live {
            ae_steps: usize = 1000, [1..=100_000 by 1 "steps"], "Autoencoder's steps",
                "Steps of the first phase; random batches need none.";
        }
        "Probe" live {
            tap: Tap = Tap::P3, "Features",
                "Where probes take features: P3 the pooled map, P2 after the head's first layer, P1 after its second.";
        }
        "Model" rebuilt {
            img_size: usize = 28, [8..=224 by 1 "pixels"], "Picture side",
                "Pictures are scaled to this side; a border fills up what the autoencoder needs.";
            ae_width: usize = 16, [2..=128 by 1 "channels"], "Autoencoder's width",
                "Channels of its first layer; each next one has twice as many.";
            ae_depth: usize = 3, [1..=5 by 1 "layers"], "Autoencoder's depth",
                "Layers down to the latent, each halving the picture; 3 for CIFAR-10, 5 for ImageNet.";
            ae_side: usize = 3, [1..=7 by 2 "pixels"], "Autoencoder's window",
                "Side of its convolutions: 3 for CIFAR-10, 5 for ImageNet.";
            width_1: usize = 8, [2..=256 by 1 "channels"], "First width",
                "Inner channels of the first group of blocks; its output has four times as many.";
            width_2: usize = 16, [2..=512 by 1 "channels"], "Second width",
                "Inner channels of the second group; its output has twice as many.";
            width_3: usize = 32, [2..=1024 by 1 "channels"], "Third width",
                "Inner channels of the third group; its output has twice as many.";
            n_blocks: usize = 1, [0..=8 by 1 "blocks"], "Blocks", "Blocks of a group after its first; 3 in the paper.";
            head_1: usize = 64, [2..=2048 by 1], "Head, first layer", "Numbers after the head's first layer.";
            head_2: usize = 64, [2..=2048 by 1], "Head, second layer", "Numbers after the head's second layer.";
            head_3: usize = 32, [2..=1024 by 1], "Head, last layer", "Numbers that are contrasted.";
            momentum: f64 = 0.9, [0.0..=0.999 by 0.001], "Memory of statistics",
                "Share of the old running statistics that batch normalisation keeps in each pass; 0.99 in the paper.";
        }
    }
}

/// Named start states; the first is the default.
fn presets() -> Vec<Preset> {
    presets! { GsimclrKnobs:
        "nano", "Nano, 28 × 28", "Three minutes on two CPU cores, with 4,096 pictures.",
            stored "gsimclr-nano.safetensors" {}
        "micro", "Micro, 28 × 28", "For slow processors and tests: a step is over at once." {
            pictures: 128, batch: 8, ae_width: 4, ae_depth: 2, ae_steps: 6,
            width_1: 4, width_2: 6, width_3: 8, head_1: 12, head_2: 10, head_3: 8, steps: 200,
        }
        "tiny", "Tiny, 32 × 32", "Minutes on a laptop's GPU." {
            img_size: 32, pictures: 20_000, batch: 64, ae_width: 32, ae_lr: 1e-3, ae_steps: 1500,
            width_1: 16, width_2: 32, width_3: 64, n_blocks: 2, head_1: 128, head_2: 128, head_3: 50, momentum: 0.97,
            steps: 5000,
        }
        "paper", "The paper's CIFAR-10 network",
            "Sizes, recipe and augmentation of the authors' notebook: 15 epochs of 50,000 pictures, one augmentation for a whole batch." {
            img_size: 32, pictures: 0, batch: 64, ae_width: 32, ae_lr: 1e-3, ae_steps: 15_600,
            width_1: 16, width_2: 64, width_3: 128, n_blocks: 3, head_1: 256, head_2: 128, head_3: 50, momentum: 0.99,
            steps: 11_715, augmentation: Augmentation::Published,
        }
    }
}

/// The paper's central comparison.
fn claim() -> Study {
    let arm = |name: &str, batches: Batches| Arm { name: name.into(), knobs: chosen! { GsimclrKnobs { batches } } };
    Study {
        sentence: "Batches guided by clusters give a better linear probe than random ones (plain SimCLR).".into(),
        arms: vec![arm("G-SimCLR, guided batches", Batches::Guided), arm("SimCLR, random batches", Batches::Random)],
        outcome: Outcome::named("linear_accuracy"),
        also: vec!["same_class_pairs".into()],
        margin: 0.005,
        seeds: vec![1, 2, 3],
        steps: 300,
        data: String::new(),
        note:
            "The paper's table 1 on CIFAR-10: 40.50 % against 39.92 % (P3), one run each, the test set used to stop. \
               Here: Fashion-MNIST, a small network, equal steps of contrast."
                .into(),
        ..Study::default()
    }
}

/// The card of G-SimCLR.
pub fn card() -> Card {
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
            Equation::new(
                "Denoising",
                "L₁ = mean (D(E(x + σ n)) − x)²",
                "First phase: an autoencoder rebuilds the clean picture from one with noise n of deviation σ.",
            ),
            Equation::new(
                "Pseudo label",
                "c(x) = argminₖ ‖mean E(x) − μₖ‖²",
                "k-means of the latent's mean over all places, with as many clusters as a batch has places (or more).",
            ),
            Equation::new(
                "Order",
                "sort by (rank of x inside c(x), c(x))",
                "Pictures of one rank are of different clusters, so batches cut from this order repeat none until the smallest cluster is used up.",
            ),
            Equation::new(
                "NT-Xent",
                "L₂ = mean −log exp(sᵢₚ / τ) / Σ_{k ≠ i} exp(sᵢₖ / τ)",
                "Second phase, SimCLR's own loss: i runs over both views of the batch, p is the other view of i, s the cosine of projections.",
            ),
        ],
        built: true,
        presets: presets(),
        knobs: GsimclrKnobs::table(),
        data: ["fashion-mnist", "photos", "clothing10", "shapes", "folder"].map(String::from).to_vec(),
        claim: Some(claim()),
    }
}
