//! SCGC as the rest of the engine sees it.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::{Batch, Nodes};
use crate::blocks::influence::Reach;
use crate::error::{Error, Result};
use crate::eval::clustering::{Agreement, Average, agreement};
use crate::knobs::{Choice, KnobTable};
use crate::limits::{Need, Needs};
use crate::method::{Entering, Local, Loss, Method, StepContext, Subject, no_metric};
use crate::methods::scgc::card::ScgcKnobs;
use crate::methods::scgc::clusters::Clustering;
use crate::methods::scgc::known;
use crate::methods::scgc::model::{Config, Scgc};
use crate::methods::scgc::rivals::{Convolutions, Propagation};
use crate::methods::scgc::{METRICS, Variant};
use crate::settings::Settings;
use crate::train::groups::pretrain_groups;
use crate::train::recipe::{Phase, Rate, Recipe, Rule};
use crate::weights::{Weights, plain};

/// Nodes up to which a knob of 0 means full batches; more are trained on in batches of [`LARGE_BATCH`].
const LARGE: usize = 20_000;
const LARGE_BATCH: usize = 2048;
/// Batch of the autoencoder.
const AUTOENCODER_BATCH: usize = 256;
/// Clusters where neither the knob nor the data says how many.
const CLUSTERS: usize = 8;

/// Build SCGC from the knobs of a run.
pub(super) fn build(settings: &Settings, weights: &mut Weights) -> Result<Rc<dyn Method>> {
    let knobs = ScgcKnobs::of(settings)?;
    let (variant, config) = (knobs.variant, config(&knobs, settings));
    config.check()?;
    let convolutions = (variant == Variant::Convolutions).then(|| {
        Convolutions::new(
            weights,
            config.features,
            config.encoder.first().copied().unwrap_or(config.width),
            config.width,
        )
    });
    let model = if variant.has_network() {
        Scgc::new(config, weights)?
    } else {
        Scgc::new(config, &mut Weights::new(weights.device(), 0))?
    };
    Ok(Rc::new(Clustering {
        variant,
        model,
        convolutions,
        seed: settings.seed,
        nodes: settings.data.samples,
        known: Rc::default(),
    }))
}

fn config(knobs: &ScgcKnobs, settings: &Settings) -> Config {
    let widths = [knobs.hidden_1, knobs.hidden_2, knobs.hidden_3];
    let clusters = match (knobs.clusters, settings.data.classes) {
        (0, 0) => CLUSTERS,
        (0, classes) => classes,
        (asked, _) => asked,
    };
    Config {
        features: settings.data.channels,
        encoder: widths.to_vec(),
        width: knobs.width,
        decoder: widths.into_iter().rev().collect(),
        decoded: true,
        clusters,
        reach: Reach { order: knobs.order.max(1), cumulative: knobs.variant == Variant::Star },
        alpha: knobs.alpha,
        beta: knobs.beta,
        tau: knobs.tau,
        v: 1.0,
        eps_contrast: 1e-8,
        eps_norm: 1e-12,
    }
}

impl Clustering {
    /// The start of the refinement: k-means of the embedding gives the centres.
    async fn find_centres(&self, entering: &mut Entering<'_>) -> Result<Option<String>> {
        let frozen = entering.weights.frozen();
        let nodes = entering.loader.nodes()?;
        let found = self.fit(&self.clustered(&frozen, &nodes).await?, &entering.rng.at(0));
        entering.weights.set("cluster_layer", found.centres)?;
        let labels = &nodes.graph.labels;
        if labels.len() != found.labels.len() {
            return Ok(Some(format!("k-means of the autoencoder's embedding: inertia {:.4}", found.inertia)));
        }
        let scores = agreement(labels, &found.labels, Average::Arithmetic);
        Ok(Some(format!(
            "k-means of the autoencoder's embedding: NMI {:.1} %, ARI {:.1} %, accuracy {:.1} %, F1 {:.1} %",
            100.0 * scores.nmi,
            100.0 * scores.ari,
            100.0 * scores.accuracy,
            100.0 * scores.f1
        )))
    }

    async fn enter_phase(&self, phase: usize, mut entering: Entering<'_>) -> Result<Option<String>> {
        let graph = entering.loader.graph()?;
        let (nodes, size) = (graph.nodes, entering.loader.batch_size());
        if self.variant.refines() && phase == 1 {
            if size < nodes {
                let steps = ScgcKnobs::of(entering.settings)?.steps as u64;
                entering.loader.follow(Some(known::patches(&self.first(&graph), size, steps, &entering.rng.at(1))));
            }
            return if entering.resumed { Ok(None) } else { self.find_centres(&mut entering).await };
        }
        Ok(None)
    }

    async fn measured(&self, metric: &str, subject: Subject<'_>) -> Result<f64> {
        let score: fn(Agreement) -> f64 = match metric {
            "nmi" => |scores| scores.nmi,
            "ari" => |scores| scores.ari,
            "accuracy" => |scores| scores.accuracy,
            "f1" => |scores| scores.f1,
            other => return Err(no_metric(other, &METRICS)),
        };
        let nodes = subject.loader.nodes()?;
        let labels = &nodes.graph.labels;
        if labels.len() != nodes.numbers.len() {
            let why = "the graph has no classes to compare clusters with";
            return Err(Error::data("Clusters cannot be scored", why, "Choose a graph with labels"));
        }
        let found = self.clusters(subject.weights, &self.clustered(subject.weights, &nodes).await?).await?;
        Ok(score(agreement(labels, &found, Average::Arithmetic)))
    }
}

impl Method for Clustering {
    fn adjusted(&self, settings: &Settings) -> Result<Rc<dyn Method>> {
        let mut turned = self.clone();
        turned.model.config = config(&ScgcKnobs::of(settings)?, settings);
        turned.model.config.check()?;
        Ok(Rc::new(turned))
    }

    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss> {
        let (device, nodes) = (weights.device(), batch.nodes()?);
        if let Some(convolutions) = &self.convolutions {
            let along = Propagation::new(&self.first(&nodes.graph), device);
            let total = convolutions.loss(weights, known::features(nodes, device), &along);
            return Ok(Loss::new(total.clone(), vec![("reconstruction".into(), total)]));
        }
        if !self.variant.has_network() {
            let why = format!("{} clusters what is there", self.variant.name());
            return Err(Error::request("There is nothing to train", why, "Probe it, or choose another variant"));
        }
        if context.phase == 0 {
            let x = known::features(nodes, device);
            let z = self.model.encode(weights, x.clone());
            let total = self.model.reconstruction(weights, x, z).unwrap_or_else(|| Tensor::zeros([1], device));
            return Ok(Loss::new(total.clone(), vec![("reconstruction".into(), total)]));
        }
        let (x, pairs) = self.known.inputs(nodes, self.model.config.reach, device);
        let losses = self.model.losses(weights, x, &pairs, self.variant == Variant::Scgc);
        let mut terms = vec![("contrast".into(), losses.contrast), ("clusters".into(), losses.divergence)];
        terms.extend(losses.reconstruction.map(|loss| ("reconstruction".into(), loss)));
        Ok(Loss::new(losses.total, terms))
    }

    fn embed(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        let nodes = batch.nodes()?;
        Ok(match &self.convolutions {
            Some(convolutions) => {
                let whole = Nodes::all(nodes.graph.clone());
                let along = Propagation::new(&self.first(&nodes.graph), weights.device());
                let z = convolutions.encode(weights, known::features(&whole, weights.device()), &along);
                let numbers: Vec<i32> = nodes.numbers.iter().map(|node| *node as i32).collect();
                plain(z.select(0, Tensor::from_data(numbers.as_slice(), weights.device())))
            }
            None if self.variant.has_network() => self.embedding(weights, nodes),
            None => plain(known::features(nodes, weights.device())),
        })
    }

    fn phases(&self, settings: &Settings) -> Result<Vec<Phase>> {
        let autoencoder = || Phase::new("autoencoder", "pretrain", settings);
        Ok(match self.variant {
            Variant::Scgc | Variant::Star => vec![autoencoder()?, Phase::new("refinement", "steps", settings)?],
            Variant::Autoencoder => vec![autoencoder()?],
            Variant::Convolutions => vec![Phase::new("graph autoencoder", "steps", settings)?],
            Variant::KMeans | Variant::Spectral => vec![Phase::of("clusters", 0, None)],
        })
    }

    fn recipe(&self, phase: usize, settings: &Settings, weights: &Weights) -> Result<Recipe> {
        let knobs = ScgcKnobs::of(settings)?;
        let refined = self.variant.refines() && phase == 1;
        let whole = self.variant == Variant::Convolutions;
        let batch = match knobs.batch {
            0 if settings.data.samples > LARGE => LARGE_BATCH,
            asked => asked,
        };
        let rate = Rate::Constant(if refined || whole { knobs.lr } else { knobs.pretrain_lr });
        let rule = Rule::Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
        Ok(Recipe {
            batch: Some(if whole {
                0
            } else if refined {
                batch
            } else {
                AUTOENCODER_BATCH
            }),
            ..Recipe::new(rule, rate, pretrain_groups(weights, 0.0))
        })
    }

    fn enter<'a>(&'a self, phase: usize, entering: Entering<'a>) -> Local<'a, Result<Option<String>>> {
        Box::pin(self.enter_phase(phase, entering))
    }

    fn metrics(&self) -> &'static [&'static str] {
        &METRICS
    }

    fn measure<'a>(&'a self, metric: &'a str, subject: Subject<'a>) -> Local<'a, Result<f64>> {
        Box::pin(self.measured(metric, subject))
    }

    fn whole_batch(&self, _phase: usize) -> Option<&'static str> {
        Some("neighbours are contrasted with all other nodes of the batch")
    }

    fn needs(&self) -> Needs {
        let config = &self.model.config;
        let widest = config.encoder.iter().copied().max().unwrap_or(config.features);
        let values: usize = 2 * (config.features + config.encoder.iter().sum::<usize>() + config.width);
        let layers = [&[config.features], &config.encoder[..], &[config.width]].concat();
        let weights: usize = layers.windows(2).map(|pair| pair[0] * pair[1]).sum();
        Needs {
            tensors: vec![
                Need::of_samples("the widest layer", widest),
                Need::of_samples("the features", config.features),
                Need::of_weights("a weight", layers.windows(2).map(|pair| pair[0] * pair[1]).max().unwrap_or(0)),
            ],
            unmasked: vec![
                Need::of_samples("the widest layer", widest),
                Need::of_samples("the features", config.features),
            ],
            // Activations before and after ReLU with their gradients; weights of both halves, gradients and two
            // moments.
            together: Need { what: "training".into(), fixed: 32 * weights as u64, per_sample: 12 * values as u64 },
        }
    }
}
