//! What the list, the command line and the sliders know of regularized autoencoders.

use crate::card::{Arm, Card, Equation, Idea, Kind, OWN, Outcome, Preset, Study};
use crate::knobs::shared::Training;
use crate::knobs::{KnobTable, choice, chosen, knobs, presets};

choice! {
    /// What is made small.
    pub enum Criterion {
        /// E ‖r(x + e) − x‖².
        Denoising = "denoising",
        /// E ‖r(x) − x‖² + σ² ‖∂r/∂x‖²_F.
        Contractive = "contractive",
        /// −E Σ [x ln r(x + e) + (1 − x) ln(1 − r(x + e))], data and output between 0 and 1.
        CrossEntropy = "cross-entropy",
    }
}

choice! {
    /// Which net.
    pub enum Net { Modern = "modern", Classic = "classic" }
}

choice! {
    /// What follows a layer.
    pub enum Activation { Tanh = "tanh", Sigmoid = "sigmoid", Identity = "identity" }
}

choice! {
    /// How walkers step.
    pub enum Steps { Metropolis = "metropolis", Langevin = "langevin", MetropolisLangevin = "metropolis-langevin" }
}

knobs! {
    /// What of regularized autoencoders can be turned.
    pub struct RaeKnobs {
        "Noise" live {
            criterion: Criterion = Criterion::Denoising, "Criterion",
                "Undo noise, keep the slope of the reconstruction small, or undo noise by cross-entropy (classic net with a sigmoid).";
            sigma: f64 = 0.05, [0.002..=3.0 by 0.001], "Noise σ",
                "Deviation of the noise. Small: nearer to the true score. Large: easier to learn.";
            ladder: f64 = 1.0, [1.0..=100.0 by 1.0], "Noise ladder",
                "The noise starts this many times larger and comes down to σ by half of the run.";
            rare: f64 = 0.0, [0.0..=0.5 by 0.01], "Rare large noise",
                "Share of the points with ten times the noise: closes holes far from the data.";
            probes: usize = 0, [0..=16 by 1], "Probes",
                "Random directions that estimate the contraction; 0: the whole Jacobian.";
        }
        "Noise" rebuilt {
            samples: usize = 0, [0..=4000 by 1], "Points", "Train on the first points of the set only; 0: on all.";
        }
        "Model" rebuilt {
            net: Net = Net::Modern, "Net", "A residual net scaled to the noise, or the paper's single hidden layer.";
            hidden: usize = 96, [4..=1024 by 4], "Hidden width", "Units of a hidden layer.";
            layers: usize = 3, [1..=6 by 1], "Hidden layers",
                "Hidden layers of the residual net; the classic one has one.";
            gain: f64 = 8.0, [0.1..=32.0 by 0.1], "Input gain",
                "The residual net sees the point times this: about 4 for data within the unit square.";
            scale: f64 = 2.0, [0.0..=100.0 by 0.5], "Output scale",
                "The classic net's output is multiplied with this; 0: with a learned vector.";
            encoder: Activation = Activation::Tanh, "Hidden activation", "What follows the classic net's first layer.";
            output: Activation = Activation::Tanh, "Output activation", "What follows the classic net's last layer.";
        }
        "Sampler" live {
            sampler: Steps = Steps::Metropolis, "Sampler",
                "Random moves judged by energy, noise and reconstruction in turn, or the latter judged too.";
            path: usize = 10, [1..=50 by 1], "Path points",
                "Points of the path an energy difference is taken over; 1: the first order.";
            temperature: f64 = 1.0, [0.05..=10.0 by 0.05], "Temperature",
                "Above 1 walkers roam, below 1 they keep to the peaks.";
            tau: f64 = 1.5, [0.1..=10.0 by 0.1], "Move", "Deviation of a random move, in units of σ.";
            beta: f64 = 0.5, [0.01..=1.0 by 0.01], "β",
                "Langevin: how much of the reconstruction is taken at each step.";
            walkers: usize = 48, [1..=500 by 1], "Walkers", "Chains at once.";
            chain: usize = 120, [1..=2000 by 1], "Steps of a chain", "How far the walkers go.";
        }
        "Training" live {
            lr: f64 = 2e-3, [1e-5..=1e-1 by 1e-5], "Learning rate", "Peak of the schedule: a cosine down to zero.";
            weight_decay: f64 = 0.0, [0.0..=0.3 by 0.001], "Weight decay",
                "Adam's pull of the weight matrices towards zero.";
            batch: usize = 512, [2..=4096 by 1 "points"], "Batch", "Points of one step.";
            steps: usize = 4000, Training;
        }
    }
}

/// Named start states; the first is the default.
fn presets() -> Vec<Preset> {
    presets! { RaeKnobs:
        "nano", "Residual net, σ 0.05",
            "Seven seconds of one CPU core for the spiral: loss 1.12 (the best there is), cosine 0.996 with the true score.",
            stored "rae-nano.safetensors" {}
        "micro", "Residual net, few units", "For slow processors and tests: a step is over at once." {
            sigma: 0.2, hidden: 32, layers: 2, batch: 64, steps: 200, walkers: 8, chain: 12, lr: 1e-2,
        }
        "tiny", "Residual net, σ 0.02", "A finer spiral: minutes on a laptop." {
            sigma: 0.02, ladder: 10.0, hidden: 128, tau: 3.0,
        }
        "digits", "Residual net for digits", "Small digits: a chain that wanders from one to the next." {
            sigma: 0.3, gain: 1.0, hidden: 256, probes: 1, sampler: Steps::Langevin, beta: 1.0, steps: 2000,
        }
        "classic", "The paper's net, σ 0.01",
            "500 tanh units. The paper trained it with BFGS; with Adam it rebuilds the spiral and does not yet know its score in minutes." {
            net: Net::Classic, sigma: 0.01, hidden: 500, scale: 2.0, lr: 1e-3, tau: 3.0,
        }
    }
}

/// The paper's central comparison.
fn claim() -> Study {
    let arm = |name: &str, sigma: f64, samples: usize| Arm {
        name: name.into(),
        knobs: chosen! { RaeKnobs { sigma, samples } },
    };
    Study {
        sentence: "The displacement over σ² comes closer to the score of the data as the noise falls, and as there is more data.".into(),
        arms: vec![
            arm("σ 0.03, 4,000 points", 0.03, 0),
            arm("σ 0.03, 200 points", 0.03, 200),
            arm("σ 0.1, 4,000 points", 0.1, 0),
            arm("σ 0.2, 4,000 points", 0.2, 0),
        ],
        outcome: Outcome::named("clean_score_fit"),
        also: vec!["sample_share".into(), "sample_match".into()],
        margin: 0.05,
        seeds: vec![1, 2, 3],
        steps: 2000,
        data: "mixture".into(),
        note:
            "The paper proves the limit and shows it in figures. The best there is at these σ, by the exact solution for this data: 0.936, \
               0.575 and 0.268; 1 would be the score itself. With few points a net learns the score of the points."
                .into(),
        ..Study::default()
    }
}

/// The card of regularized autoencoders.
pub fn card() -> Card {
    Card {
        id: "rae".into(),
        title: "Regularized autoencoders".into(),
        paper: "What Regularized Auto-Encoders Learn from the Data-Generating Distribution".into(),
        authors: "Alain, Bengio".into(),
        year: 2014,
        modality: "vectors".into(),
        kind: Kind::Vectors,
        idea: Idea::HideAndFill,
        sentence:
            "A denoiser's displacement is the score of the data: an autoencoder trained on small noise knows which way the density rises."
                .into(),
        equations: vec![
            Equation::new("Denoising", "L = E ‖r(x + e) − x‖², e ~ N(0, σ² I)", "Rebuild the clean point from a noisy one."),
            Equation::new(
                "Contraction",
                "L = E [ ‖r(x) − x‖² + σ² ‖∂r/∂x‖² ]",
                "Rebuild the point itself, with as small a slope as possible: the same as denoising up to terms smaller than σ².",
            ),
            Equation::new(
                "Score",
                "r*(x) = x + σ² ∇log p_σ(x)",
                "The best denoiser moves a point by σ² times the score of the data blurred by the noise; as σ falls, of the data itself.",
            ),
            Equation::new(
                "Energy",
                "E(x′) − E(x) ≈ mean of g along the path · (x′ − x), g = −(r − x) / σ²",
                "Energy differences come from the displacement alone, so walkers can judge their moves by it.",
            ),
        ],
        built: true,
        presets: presets(),
        knobs: RaeKnobs::table(),
        data: ["spiral", "mixture", "line", "points", "digits", "iris", "wine", "breast-cancer", OWN].map(String::from).to_vec(),
        claim: Some(claim()),
    }
}
