//! What the list, the command line and the sliders know of SCGC.

use crate::card::{Arm, Card, Equation, Idea, Kind, OWN, Outcome, Preset, Study};
use crate::knobs::{KnobTable, choice, chosen, knobs, presets};

choice! {
    /// How nodes are clustered.
    pub enum Variant {
        /// Autoencoder, then contrast, self-training and reconstruction.
        Scgc = "scgc",
        /// The same without reconstruction and with cumulative influence.
        Star = "scgc*",
        /// k-means of the autoencoder's embedding.
        Autoencoder = "autoencoder + k-means",
        /// k-means of the features.
        KMeans = "k-means",
        /// k-means of the eigenvectors of the graph.
        Spectral = "spectral",
        /// k-means of the embedding of an autoencoder of graph convolutions.
        Convolutions = "gcn autoencoder",
    }
}

impl Variant {
    /// Whether clusters are refined along the graph after the autoencoder.
    pub fn refines(self) -> bool {
        matches!(self, Self::Scgc | Self::Star)
    }

    /// Whether it has SCGC's autoencoder.
    pub fn has_network(self) -> bool {
        self.refines() || self == Self::Autoencoder
    }
}

knobs! {
    /// What of SCGC can be turned.
    pub struct ScgcKnobs {
        "Model" rebuilt {
            variant: Variant = Variant::Scgc, "Variant",
                "SCGC, SCGC* (no decoder after the start, cumulative influence), or one of the methods it is compared with.";
            clusters: usize = 0, [0..=100 by 1], "Clusters",
                "How many clusters there are; 0: as many as the data has classes.";
            hidden_1: usize = 64, [4..=2048 by 1], "First layer",
                "Width of the encoder's first hidden layer; the decoder mirrors it.";
            hidden_2: usize = 64, [4..=2048 by 1], "Second layer", "Width of the encoder's second hidden layer.";
            hidden_3: usize = 128, [4..=4096 by 1], "Third layer", "Width of the encoder's third hidden layer.";
            width: usize = 4, [2..=256 by 1], "Embedding", "Numbers that a node is described by.";
        }
        "Contrast" live {
            order: usize = 2, [1..=5 by 1], "Order", "How many steps influence reaches along the edges.";
            alpha: f64 = 1.0, [0.0..=10.0 by 0.05], "α, contrast", "Weight of the contrast of neighbours.";
            beta: f64 = 0.1, [0.0..=10.0 by 0.05], "β, clusters", "Weight of the clusters' self-training.";
            tau: f64 = 1.0, [0.05..=10.0 by 0.05], "τ",
                "What cosines are multiplied by; more makes near neighbours count more.";
        }
        "Training" live {
            pretrain: usize = 50, [0..=100_000 by 1], "Autoencoder steps",
                "Steps of the first phase, of 256 nodes each.";
            steps: usize = 400, [1..=100_000 by 1], "Steps",
                "Steps of the refinement; with all nodes in a batch a step is an epoch.";
            batch: usize = 0, [0..=16_384 by 1], "Batch",
                "Nodes of a refinement step; 0: all, or 2,048 of more than 20,000.";
            pretrain_lr: f64 = 1e-3, [1e-5..=1e-1 by 1e-5], "Autoencoder rate", "Learning rate of the first phase.";
            lr: f64 = 3e-3, [1e-5..=1e-1 by 1e-5], "Learning rate", "Learning rate of the refinement.";
        }
    }
}

/// Named start states; the first is the default.
fn presets() -> Vec<Preset> {
    presets! { ScgcKnobs:
        "nano", "Nano, 64-64-128-4", "A second on a processor: 99 % of the nodes of a drawn block model.",
            stored "scgc-nano.safetensors" {}
        "micro", "Micro, 16-16-24-4", "For slow processors and tests: a step is over at once." {
            hidden_1: 16, hidden_2: 16, hidden_3: 24, pretrain: 20, steps: 60, lr: 1e-3,
        }
        "tiny", "Tiny, 256-256-512-10",
            "Graphs of some thousand nodes on a processor, a few minutes; numbers of the contrast as in the paper for DBLP." {
            hidden_1: 256, hidden_2: 256, hidden_3: 512, width: 10,
            order: 1, alpha: 0.5, beta: 0.1, tau: 0.25, pretrain: 480, steps: 200, lr: 1e-3,
        }
        "paper", "The paper's, 500-500-2000-10",
            "The paper's network with its numbers for DBLP: minutes on a processor, seconds on a GPU." {
            hidden_1: 500, hidden_2: 500, hidden_3: 2000, width: 10,
            order: 1, alpha: 0.5, beta: 0.1, tau: 0.25, pretrain: 480, steps: 200, lr: 1e-3,
        }
    }
}

/// The claim's arms: SCGC* first. SCGC itself is no rival of it and is left out.
fn arms() -> Vec<Arm> {
    let arm = |name: &str, variant: Variant| Arm {
        name: name.into(),
        knobs: chosen! { ScgcKnobs {
            variant, hidden_1: 256, hidden_2: 256, hidden_3: 512, width: 10,
            order: 1, alpha: 1.0, beta: 0.1, tau: 0.25, pretrain: 480, lr: 1e-3,
        } },
    };
    vec![
        arm("SCGC*", Variant::Star),
        arm("autoencoder + k-means", Variant::Autoencoder),
        arm("k-means", Variant::KMeans),
        arm("spectral", Variant::Spectral),
        arm("GCN autoencoder", Variant::Convolutions),
    ]
}

/// The card of SCGC.
pub fn card() -> Card {
    Card {
        id: "scgc".into(),
        title: "SCGC".into(),
        paper: "SCGC: Self-Supervised Contrastive Graph Clustering".into(),
        authors: "Kulatilleke, Portmann, Chandra".into(),
        year: 2022,
        modality: "graphs".into(),
        kind: Kind::Graphs,
        idea: Idea::PullAndPush,
        sentence: "Cluster the nodes of a graph with plain linear layers by pulling neighbours together; no graph convolution.".into(),
        equations: vec![
            Equation::new(
                "Influence",
                "A₁ = D⁻¹ (A + I), A_r = A₁ʳ; SCGC*: A_r = A₁ + … + A₁ʳ",
                "How much a node is reached from another by walks of r steps, or of up to r steps.",
            ),
            Equation::new(
                "Contrast",
                "L_NC = mean −ln(Σ_j e^(τ s_ij) A_r,ij / Σ_j e^(τ s_ij))",
                "A node's embedding shall be like those that influence it; s is the cosine, s_ii = 0.",
            ),
            Equation::new(
                "Clusters",
                "L_KL = mean Σ_k p_ik ln(p_ik / q_ik), q_ik ∝ (1 + |z_i − μ_k|²)⁻¹, p_ik ∝ q_ik² / Σ_i q_ik",
                "Soft clusters are drawn towards a sharpened version of themselves.",
            ),
            Equation::new("Loss", "L = α L_NC + β L_KL + L_REC; SCGC*: α L_NC + β L_KL", "L_REC is the mean squared error of the features rebuilt."),
        ],
        built: true,
        presets: presets(),
        knobs: ScgcKnobs::table(),
        data: [
            "blocks",
            "dblp",
            "citeseer",
            "cora",
            "acm",
            "amazon_photo",
            "brazil_airports",
            "europe_airports",
            "usa_airports",
            "digits-graph",
            "iris-graph",
            "wine-graph",
            "breast-cancer-graph",
            "fashion-graph",
            "million",
            OWN,
        ].map(String::from).to_vec(),
        claim: Some(Study {
            sentence: "On DBLP, pulling neighbours together finds the research areas better than clustering features, the graph, or a graph autoencoder's embedding.".into(),
            arms: arms(),
            outcome: Outcome::named("nmi"),
            also: vec!["ari".into(), "accuracy".into()],
            margin: 0.02,
            seeds: vec![1, 2, 3],
            steps: 200,
            data: "dblp".into(),
            note: "Measured, mean NMI of three seeds: SCGC* 41 %, SCGC 37 %, GCN autoencoder 39 %, autoencoder + k-means 18 %, k-means 12 %, spectral 2 %. The lead over the graph convolutions is within the spread of the seeds. The abstract's gain over other methods amounts to about 47 %, with a network up to four times as wide and the best of 200 epochs by the labels; here the last epoch counts.".into(),
            ..Study::default()
        }),
    }
}
