//! GraphMAE: hide the features of some nodes of a graph and rebuild them from their neighbours.
//!
//! Hou, Liu, Cen, Dong, Yang, Wang, Tang, "GraphMAE: Self-Supervised Masked Graph Autoencoders", KDD 2022 (arXiv
//! 2205.10803). A graph network encodes what is left; before a second, one-layer network decodes, masked nodes are
//! hidden again, so that the decoder has to rebuild them from their neighbours alone. Equation numbers: (1) re-mask,
//! (2) scaled cosine error.
//!
//! This file: card, knobs, presets. `model`: encoder, decoder, loss. `data`: graphs as the model takes them. `method`:
//! training and probes. `look`: views. `pooling`: from nodes to graphs. `fixture`: golden numbers. Differences from the
//! authors' code: sums over neighbours and linear maps change places where that is cheaper (the same result), the
//! prediction is computed for masked nodes alone (the same loss), and dropout leaves out the same values of the mask
//! token at all nodes of a step where features are sparse.

#[cfg(feature = "compute")]
pub mod data;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
pub mod look;
#[cfg(feature = "compute")]
pub mod method;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
pub mod pooling;

use std::collections::BTreeMap;

use crate::card::{Arm, Card, Claim, Equation, Idea, Kind, Knob, KnobValue, OWN, Preset, choices, numbers};

#[cfg(feature = "compute")]
/// GraphMAE for the registry.
pub const ENTRY: crate::method::Entry =
    crate::method::Entry { card, build: method::build, verify: |case| Box::pin(fixture::verify(case)) };

fn knobs() -> Vec<Knob> {
    let (mask, model, training, probe) = ("Mask", "Model", "Training", "Probe");
    vec![
        Knob::number(
            "mask_rate",
            "Mask rate",
            "Share of the nodes whose features are hidden.",
            mask,
            (0.05, 0.95, 0.01),
            "",
            true,
        ),
        Knob::number(
            "replace_rate",
            "Replace rate",
            "Share of the masked nodes that show another node's features instead of the mask token.",
            mask,
            (0.0, 0.5, 0.01),
            "",
            true,
        ),
        Knob::choice("loss", "Loss", "Scaled cosine error, or mean squared error.", mask, &["sce", "mse"], true),
        Knob::number(
            "alpha",
            "Alpha",
            "Power of the scaled cosine error: above 1 it mutes nodes that are nearly right.",
            mask,
            (1.0, 5.0, 0.5),
            "",
            true,
        ),
        Knob::switch("remask", "Re-mask", "Hide masked nodes from the decoder again.", mask, true),
        Knob::number(
            "lr",
            "Learning rate",
            "Start of the cosine that ends at zero.",
            training,
            (1e-5, 1e-2, 1e-5),
            "",
            true,
        ),
        Knob::number(
            "weight_decay",
            "Weight decay",
            "L2 penalty, added to the gradient.",
            training,
            (0.0, 0.01, 1e-5),
            "",
            true,
        ),
        Knob::number(
            "steps",
            "Epochs",
            "Steps of the run, each over the whole graph.",
            training,
            (1.0, 100_000.0, 1.0),
            "steps",
            true,
        ),
        Knob::number(
            "in_drop",
            "Feature dropout",
            "Share of each layer's input that is left out.",
            training,
            (0.0, 0.9, 0.05),
            "",
            true,
        ),
        Knob::number(
            "attn_drop",
            "Attention dropout",
            "Share of the attention weights left out.",
            training,
            (0.0, 0.9, 0.05),
            "",
            true,
        ),
        Knob::number(
            "drop_edge",
            "Edge dropping",
            "Share of the edges the encoder does not see.",
            training,
            (0.0, 0.9, 0.05),
            "",
            true,
        ),
        Knob::number(
            "batch",
            "Batch",
            "Nodes of a step, with the edges between them; 0: all.",
            training,
            (0.0, 1e6, 1.0),
            "nodes",
            true,
        ),
        Knob::number(
            "graphs",
            "Graphs",
            "Where a set holds several graphs: whole graphs of a step; 0: all.",
            training,
            (0.0, 1024.0, 1.0),
            "graphs",
            true,
        ),
        Knob::choice("encoder", "Encoder", "Kind of its layers.", model, &["gat", "gin", "gcn", "dotgat"], false),
        Knob::choice(
            "decoder",
            "Decoder",
            "One layer of a graph network, or a map that sees no neighbours.",
            model,
            &["gat", "gin", "gcn", "dotgat", "linear", "mlp"],
            false,
        ),
        Knob::number(
            "hidden",
            "Width",
            "Numbers of a node, all heads together; a multiple of the heads.",
            model,
            (2.0, 4096.0, 2.0),
            "",
            false,
        ),
        Knob::number("heads", "Heads", "Attention heads of an encoder layer.", model, (1.0, 16.0, 1.0), "", false),
        Knob::number("layers", "Layers", "Layers of the encoder.", model, (1.0, 8.0, 1.0), "layers", false),
        Knob::choice("activation", "Activation", "What follows each layer.", model, &["prelu", "elu", "relu"], false),
        Knob::choice(
            "norm",
            "Norm",
            "Normalisation after each layer: none, of a node, over all nodes.",
            model,
            &["none", "layer", "batch"],
            false,
        ),
        Knob::switch("residual", "Residual", "Add each layer's input to its result.", model, false),
        Knob::switch("concat_hidden", "All layers", "The decoder gets the results of all layers.", model, false),
        Knob::number(
            "probe_decay",
            "Probe decay",
            "L2 penalty of the linear probe.",
            probe,
            (0.0, 0.1, 1e-4),
            "",
            true,
        ),
        Knob::choice(
            "pool",
            "Pooling",
            "From the nodes of a graph to one vector.",
            probe,
            &["mean", "sum", "max"],
            true,
        ),
    ]
}

/// What the list, the command line and the sliders know of GraphMAE.
pub fn card() -> Card {
    let arm = |name: &str, loss: &str, remask: bool, decay: f64| Arm {
        name: name.into(),
        knobs: BTreeMap::from([
            ("hidden".to_string(), KnobValue::Number(256.0)),
            ("loss".to_string(), KnobValue::Choice(loss.into())),
            ("remask".to_string(), KnobValue::Switch(remask)),
            ("weight_decay".to_string(), KnobValue::Number(decay)),
        ]),
    };
    Card {
        id: "graphmae".into(),
        title: "GraphMAE".into(),
        paper: "GraphMAE: Self-Supervised Masked Graph Autoencoders".into(),
        authors: "Hou, Liu, Cen, Dong, Yang, Wang, Tang".into(),
        year: 2022,
        modality: "graphs".into(),
        kind: Kind::Graphs,
        idea: Idea::HideAndFill,
        sentence: "Hide the features of nodes and rebuild them from their neighbours with a scaled cosine error.".into(),
        equations: vec![
            Equation {
                name: "Re-mask".into(),
                formula: "h̃ᵥ = 0 for v ∈ Ṽ, else hᵥ".into(),
                words: "What the encoder made of masked nodes is hidden from the decoder, which has to use their neighbours.".into(),
            },
            Equation {
                name: "Scaled cosine error".into(),
                formula: "L = 1/|Ṽ| Σ (1 − xᵥᵀzᵥ / (‖xᵥ‖ ‖zᵥ‖))^α".into(),
                words: "Over the masked nodes Ṽ: x are their features, z what the decoder predicts. α > 1 mutes easy nodes.".into(),
            },
        ],
        built: true,
        presets: presets(),
        knobs: knobs(),
        data: ["blocks", "families", "cora", "citeseer", "dblp", "fashion-graph", "million", OWN].map(String::from).to_vec(),
        claim: Some(Claim {
            sentence: "Scaled cosine error and re-masking give a better linear probe than squared error without.".into(),
            // Squared errors of features that add up to 1 are tiny, and their gradients with them: the paper's weight
            // decay alone would shrink that arm's embedding to nothing (31.9 %), so it goes without.
            arms: vec![arm("scaled cosine, re-mask", "sce", true, 2e-4), arm("squared error, no re-mask", "mse", false, 0.0)],
            metric: "node_accuracy".into(),
            also: Vec::new(),
            margin: 0.02,
            seeds: vec![1, 2, 3],
            steps: 800,
            data: "cora".into(),
            note: "The paper reports 84.2 ± 0.4 % on Cora's public split with width 512 and 1,500 epochs; this is width 256 and 800. The squared error goes without weight decay, which would shrink its embedding to nothing.".into(),
        }),
    }
}

/// Named start states; the first is the default.
fn presets() -> Vec<Preset> {
    let preset = |id: &str, title: &str, note: &str, [hidden, heads, steps]: [f64; 3], more: &[(&str, f64)]| {
        let mut knobs: BTreeMap<String, KnobValue> = BTreeMap::new();
        knobs.extend(numbers([
            ("hidden", hidden),
            ("heads", heads),
            ("steps", steps),
            ("layers", 2.0),
            ("batch", 0.0),
            ("graphs", 0.0),
        ]));
        knobs.extend(numbers([("mask_rate", 0.5), ("replace_rate", 0.05), ("alpha", 3.0), ("drop_edge", 0.0)]));
        knobs.extend(numbers([
            ("lr", 1e-3),
            ("weight_decay", 2e-4),
            ("in_drop", 0.2),
            ("attn_drop", 0.1),
            ("probe_decay", 1e-4),
        ]));
        knobs.extend(numbers(more.iter().copied()));
        knobs.extend(choices([("encoder", "gat"), ("decoder", "gat"), ("activation", "prelu")]));
        knobs.extend(choices([("norm", "none"), ("loss", "sce"), ("pool", "mean")]));
        for (name, on) in [("remask", true), ("residual", false), ("concat_hidden", false)] {
            knobs.insert(name.into(), KnobValue::Switch(on));
        }
        Preset {
            id: id.into(),
            title: title.into(),
            note: note.into(),
            knobs,
            stored_weights: (id == "nano").then(|| "graphmae-nano.safetensors".into()),
        }
    };
    let mut graphs = preset(
        "graphs",
        "Graphs, GIN width 32",
        "The paper's model for the 188 molecules of MUTAG, for sets of many graphs.",
        [32.0, 2.0, 60.0],
        &[
            ("layers", 5.0),
            ("graphs", 64.0),
            ("mask_rate", 0.75),
            ("replace_rate", 0.1),
            ("alpha", 2.0),
            ("lr", 5e-4),
            ("weight_decay", 0.0),
        ],
    );
    graphs.knobs.extend(choices([("encoder", "gin"), ("decoder", "gin"), ("norm", "batch"), ("pool", "sum")]));
    vec![
        preset(
            "nano",
            "Nano, width 128",
            "Half a minute on two CPU cores: 76 % of Cora's test nodes, 70 % untrained.",
            [128.0, 4.0, 600.0],
            &[],
        ),
        preset(
            "tiny",
            "Tiny, width 256",
            "A minute on two CPU cores: 82 % of Cora's test nodes.",
            [256.0, 4.0, 800.0],
            &[],
        ),
        preset(
            "paper",
            "Paper, width 512",
            "The paper's model for Cora, 84.2 ± 0.4 % there: 83.9 % in four minutes on two CPU cores.",
            [512.0, 4.0, 1500.0],
            &[],
        ),
        graphs,
        preset(
            "micro",
            "Micro, width 8",
            "For tests: a step is over at once.",
            [8.0, 2.0, 60.0],
            &[("lr", 5e-3), ("in_drop", 0.0), ("attn_drop", 0.0), ("replace_rate", 0.1)],
        ),
    ]
}
