//! What of G-SimCLR can be turned.

use crate::card::{Knob, KnobKind};

fn knob(name: &str, title: &str, tooltip: &str, (group, live): (&str, bool), kind: KnobKind) -> Knob {
    Knob { name: name.into(), title: title.into(), tooltip: tooltip.into(), group: group.into(), kind, live }
}

fn number(low: f64, high: f64, step: f64, unit: &str) -> KnobKind {
    KnobKind::Number { low, high, step, logarithmic: high / low.max(1e-12) >= 1000.0 && low > 0.0, unit: unit.into() }
}

fn choice(options: &[&str]) -> KnobKind {
    KnobKind::Choice { options: options.iter().map(|option| (*option).to_string()).collect() }
}

pub(super) fn knobs() -> Vec<Knob> {
    let (batches, views, training, model, probe) =
        (("Batches", false), ("Views", true), ("Training", true), ("Model", false), ("Probe", true));
    vec![
        knob(
            "batches",
            "Batches",
            "guided: by rank inside clusters, as in the paper. guided, ours: from different clusters, drawn anew every epoch. \
             random: plain SimCLR, without an autoencoder.",
            batches,
            choice(&["guided", "guided, ours", "random"]),
        ),
        knob("batch", "Batch", "Pictures of one step; each has two views.", batches, number(2.0, 1024.0, 1.0, "pictures")),
        knob("clusters", "Clusters", "Clusters for each place of a batch; 1 in the paper.", batches, number(1.0, 8.0, 1.0, "× batch")),
        knob(
            "pictures",
            "Pictures",
            "Pictures that are trained on, drawn by the seed; 0: all.",
            batches,
            number(0.0, 60_000.0, 64.0, "pictures"),
        ),
        knob(
            "augmentation",
            "Augmentation",
            "as published: one draw for a whole batch, mirrored and recoloured half of the time. per picture: one for each. \
             per picture + crop: random crops, stronger colours and grey too, as SimCLR does.",
            views,
            choice(&["as published", "per picture", "per picture + crop"]),
        ),
        knob(
            "tau",
            "Temperature",
            "τ of the contrast: the smaller, the more the nearest negatives count.",
            views,
            number(0.02, 1.0, 0.01, ""),
        ),
        knob("noise", "Noise", "Standard deviation of the noise that the autoencoder takes away.", views, number(0.0, 0.5, 0.01, "")),
        knob(
            "lr",
            "Learning rate",
            "Peak of the contrast's cosine; plain descent without momentum.",
            training,
            number(1e-3, 1.0, 1e-3, ""),
        ),
        knob(
            "period",
            "First period",
            "Steps until the learning rate starts again from its peak; each next period is twice as long.",
            training,
            number(10.0, 100_000.0, 10.0, "steps"),
        ),
        knob("steps", "Steps", "Steps of the contrast.", training, number(1.0, 100_000.0, 1.0, "steps")),
        knob("ae_lr", "Autoencoder's learning rate", "Adam's, constant.", training, number(1e-5, 1e-2, 1e-5, "")),
        knob(
            "ae_steps",
            "Autoencoder's steps",
            "Steps of the first phase; random batches need none.",
            ("Training", false),
            number(1.0, 100_000.0, 1.0, "steps"),
        ),
        knob(
            "tap",
            "Features",
            "Where probes take features: P3 the pooled map, P2 after the head's first layer, P1 after its second.",
            probe,
            choice(&["P3", "P2", "P1"]),
        ),
        knob(
            "img_size",
            "Picture side",
            "Pictures are scaled to this side; a border fills up what the autoencoder needs.",
            model,
            number(8.0, 224.0, 1.0, "pixels"),
        ),
        knob(
            "ae_width",
            "Autoencoder's width",
            "Channels of its first layer; each next one has twice as many.",
            model,
            number(2.0, 128.0, 1.0, "channels"),
        ),
        knob(
            "ae_depth",
            "Autoencoder's depth",
            "Layers down to the latent, each halving the picture; 3 for CIFAR-10, 5 for ImageNet.",
            model,
            number(1.0, 5.0, 1.0, "layers"),
        ),
        knob(
            "ae_side",
            "Autoencoder's window",
            "Side of its convolutions: 3 for CIFAR-10, 5 for ImageNet.",
            model,
            number(1.0, 7.0, 2.0, "pixels"),
        ),
        knob(
            "width_1",
            "First width",
            "Inner channels of the first group of blocks; its output has four times as many.",
            model,
            number(2.0, 256.0, 1.0, "channels"),
        ),
        knob(
            "width_2",
            "Second width",
            "Inner channels of the second group; its output has twice as many.",
            model,
            number(2.0, 512.0, 1.0, "channels"),
        ),
        knob(
            "width_3",
            "Third width",
            "Inner channels of the third group; its output has twice as many.",
            model,
            number(2.0, 1024.0, 1.0, "channels"),
        ),
        knob("n_blocks", "Blocks", "Blocks of a group after its first; 3 in the paper.", model, number(0.0, 8.0, 1.0, "blocks")),
        knob("head_1", "Head, first layer", "Numbers after the head's first layer.", model, number(2.0, 2048.0, 1.0, "")),
        knob("head_2", "Head, second layer", "Numbers after the head's second layer.", model, number(2.0, 2048.0, 1.0, "")),
        knob("head_3", "Head, last layer", "Numbers that are contrasted.", model, number(2.0, 1024.0, 1.0, "")),
        knob(
            "momentum",
            "Memory of statistics",
            "Share of the old running statistics that batch normalisation keeps in each pass; 0.99 in the paper.",
            model,
            number(0.0, 0.999, 0.001, ""),
        ),
    ]
}
