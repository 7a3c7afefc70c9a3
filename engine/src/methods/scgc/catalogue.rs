//! What the list, the command line and the sliders know of SCGC.

use crate::card::{Arm, Card, Claim, Equation, Idea, Kind, Knob, Preset, choices, numbers};
use crate::methods::scgc::Variant;

fn knobs() -> Vec<Knob> {
    vec![
        Knob::choice(
            "variant",
            "Variant",
            "SCGC, SCGC* (no decoder after the start, cumulative influence), or one of the methods it is compared with.",
            "Model",
            &Variant::ALL.map(Variant::name),
            false,
        ),
        Knob::number(
            "clusters",
            "Clusters",
            "How many clusters there are; 0: as many as the data has classes.",
            "Model",
            (0.0, 100.0, 1.0),
            "",
            false,
        ),
        Knob::number(
            "hidden_1",
            "First layer",
            "Width of the encoder's first hidden layer; the decoder mirrors it.",
            "Model",
            (4.0, 2048.0, 1.0),
            "",
            false,
        ),
        Knob::number(
            "hidden_2",
            "Second layer",
            "Width of the encoder's second hidden layer.",
            "Model",
            (4.0, 2048.0, 1.0),
            "",
            false,
        ),
        Knob::number(
            "hidden_3",
            "Third layer",
            "Width of the encoder's third hidden layer.",
            "Model",
            (4.0, 4096.0, 1.0),
            "",
            false,
        ),
        Knob::number(
            "width",
            "Embedding",
            "Numbers that a node is described by.",
            "Model",
            (2.0, 256.0, 1.0),
            "",
            false,
        ),
        Knob::number(
            "order",
            "Order",
            "How many steps influence reaches along the edges.",
            "Contrast",
            (1.0, 5.0, 1.0),
            "",
            true,
        ),
        Knob::number(
            "alpha",
            "α, contrast",
            "Weight of the contrast of neighbours.",
            "Contrast",
            (0.0, 10.0, 0.05),
            "",
            true,
        ),
        Knob::number(
            "beta",
            "β, clusters",
            "Weight of the clusters' self-training.",
            "Contrast",
            (0.0, 10.0, 0.05),
            "",
            true,
        ),
        Knob::number(
            "tau",
            "τ",
            "What cosines are multiplied by; more makes near neighbours count more.",
            "Contrast",
            (0.05, 10.0, 0.05),
            "",
            true,
        ),
        Knob::number(
            "pretrain",
            "Autoencoder steps",
            "Steps of the first phase, of 256 nodes each.",
            "Training",
            (0.0, 100_000.0, 1.0),
            "",
            true,
        ),
        Knob::number(
            "steps",
            "Steps",
            "Steps of the refinement; with all nodes in a batch a step is an epoch.",
            "Training",
            (1.0, 100_000.0, 1.0),
            "",
            true,
        ),
        Knob::number(
            "batch",
            "Batch",
            "Nodes of a refinement step; 0: all, or 2,048 of more than 20,000.",
            "Training",
            (0.0, 16_384.0, 1.0),
            "",
            true,
        ),
        Knob::number(
            "pretrain_lr",
            "Autoencoder rate",
            "Learning rate of the first phase.",
            "Training",
            (1e-5, 1e-1, 1e-5),
            "",
            true,
        ),
        Knob::number(
            "lr",
            "Learning rate",
            "Learning rate of the refinement.",
            "Training",
            (1e-5, 1e-1, 1e-5),
            "",
            true,
        ),
    ]
}

/// Named start states; the first is the default.
fn presets() -> Vec<Preset> {
    let preset = |id: &str, title: &str, note: &str, sizes: [f64; 4], contrast: [f64; 4], training: [f64; 3]| {
        let names =
            ["hidden_1", "hidden_2", "hidden_3", "width", "order", "alpha", "beta", "tau", "pretrain", "steps", "lr"];
        let values = sizes.into_iter().chain(contrast).chain(training);
        let rest = [("clusters", 0.0), ("batch", 0.0), ("pretrain_lr", 1e-3)];
        let knobs = numbers(names.into_iter().zip(values).chain(rest))
            .chain(choices([("variant", Variant::Scgc.name())]))
            .collect();
        Preset {
            id: id.into(),
            title: title.into(),
            note: note.into(),
            knobs,
            stored_weights: (id == "nano").then(|| "scgc-nano.safetensors".into()),
        }
    };
    vec![
        preset(
            "nano",
            "Nano, 64-64-128-4",
            "A second on a processor: 99 % of the nodes of a drawn block model.",
            [64.0, 64.0, 128.0, 4.0],
            [2.0, 1.0, 0.1, 1.0],
            [50.0, 400.0, 3e-3],
        ),
        preset(
            "micro",
            "Micro, 16-16-24-4",
            "For slow processors and tests: a step is over at once.",
            [16.0, 16.0, 24.0, 4.0],
            [2.0, 1.0, 0.1, 1.0],
            [20.0, 60.0, 1e-3],
        ),
        preset(
            "tiny",
            "Tiny, 256-256-512-10",
            "Graphs of some thousand nodes on a processor, a few minutes; numbers of the contrast as in the paper for DBLP.",
            [256.0, 256.0, 512.0, 10.0],
            [1.0, 0.5, 0.1, 0.25],
            [480.0, 200.0, 1e-3],
        ),
        preset(
            "paper",
            "The paper's, 500-500-2000-10",
            "The paper's network with its numbers for DBLP: minutes on a processor, seconds on a GPU.",
            [500.0, 500.0, 2000.0, 10.0],
            [1.0, 0.5, 0.1, 0.25],
            [480.0, 200.0, 1e-3],
        ),
    ]
}

/// The claim's arms: SCGC* first. SCGC itself is no rival of it and is left out.
fn arms() -> Vec<Arm> {
    let sizes = [
        ("hidden_1", 256.0),
        ("hidden_2", 256.0),
        ("hidden_3", 512.0),
        ("width", 10.0),
        ("pretrain", 480.0),
        ("lr", 1e-3),
    ];
    let contrast = [("order", 1.0), ("alpha", 1.0), ("beta", 0.1), ("tau", 0.25)];
    let arm = |name: &str, variant: Variant| {
        let knobs = numbers(sizes.into_iter().chain(contrast)).chain(choices([("variant", variant.name())]));
        Arm { name: name.into(), knobs: knobs.collect() }
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
    let equation = |name: &str, formula: &str, words: &str| Equation {
        name: name.into(),
        formula: formula.into(),
        words: words.into(),
    };
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
            equation(
                "Influence",
                "A₁ = D⁻¹ (A + I), A_r = A₁ʳ; SCGC*: A_r = A₁ + … + A₁ʳ",
                "How much a node is reached from another by walks of r steps, or of up to r steps.",
            ),
            equation(
                "Contrast",
                "L_NC = mean −ln(Σ_j e^(τ s_ij) A_r,ij / Σ_j e^(τ s_ij))",
                "A node's embedding shall be like those that influence it; s is the cosine, s_ii = 0.",
            ),
            equation(
                "Clusters",
                "L_KL = mean Σ_k p_ik ln(p_ik / q_ik), q_ik ∝ (1 + |z_i − μ_k|²)⁻¹, p_ik ∝ q_ik² / Σ_i q_ik",
                "Soft clusters are drawn towards a sharpened version of themselves.",
            ),
            equation("Loss", "L = α L_NC + β L_KL + L_REC; SCGC*: α L_NC + β L_KL", "L_REC is the mean squared error of the features rebuilt."),
        ],
        built: true,
        presets: presets(),
        knobs: knobs(),
        data: ["blocks", "dblp", "citeseer", "cora", "fashion-graph", "million", crate::card::OWN].map(String::from).to_vec(),
        claim: Some(Claim {
            sentence: "On DBLP, pulling neighbours together finds the research areas better than clustering features, the graph, or a graph autoencoder's embedding.".into(),
            arms: arms(),
            metric: "nmi".into(),
            also: vec!["ari".into(), "accuracy".into()],
            margin: 0.02,
            seeds: vec![1, 2, 3],
            steps: 200,
            data: "dblp".into(),
            note: "Measured, mean NMI of three seeds: SCGC* 41 %, SCGC 37 %, GCN autoencoder 39 %, autoencoder + k-means 18 %, k-means 12 %, spectral 2 %. The lead over the graph convolutions is within the spread of the seeds. The abstract's gain over other methods amounts to about 47 %, with a network up to four times as wide and the best of 200 epochs by the labels; here the last epoch counts.".into(),
        }),
    }
}
