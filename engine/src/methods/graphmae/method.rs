//! GraphMAE as the rest of the engine sees it.

use std::ops::Range;
use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::Batch;
use crate::blocks::activation::Rectifier;
use crate::blocks::decoders::graph_decoder::DecoderKind;
use crate::blocks::encoders::graph::{GraphPass, LayerKind, NormKind};
use crate::blocks::masks::nodes::NodeMask;
use crate::error::Result;
use crate::eval::kernel_svm;
use crate::graph::Graph;
use crate::kernels::edges::edge_propagate;
use crate::knobs::KnobTable;
use crate::limits::Needs;
use crate::method::{Entering, Local, Loss, Method, StepContext, Subject, no_metric};
use crate::methods::graphmae::card::{Activation, Decoder, Distance, GraphMaeKnobs, Layers, Norm};
use crate::methods::graphmae::data::Cache;
use crate::methods::graphmae::model::{Config, Criterion, GraphMae};
use crate::methods::graphmae::system::System;
use crate::settings::Settings;
use crate::train::groups::{Group, groups};
use crate::train::recipe::{Rate, Recipe, Rule};
use crate::weights::{Weights, plain};

/// Build GraphMAE from the knobs of a run.
pub(super) fn build(settings: &Settings, weights: &mut Weights) -> Result<Rc<dyn Method>> {
    let knobs = GraphMaeKnobs::of(settings)?;
    let model = GraphMae::new(config(&knobs, settings.data.channels), weights)?;
    let (nodes, edges, graphs) = (settings.data.samples, settings.data.edges, settings.data.graphs);
    Ok(Rc::new(System { model, cache: Cache::default(), nodes, edges, graphs, pool: knobs.pool }))
}

/// The sizes and switches of a run's knobs, for nodes of `in_dim` features.
fn config(knobs: &GraphMaeKnobs, in_dim: usize) -> Config {
    Config {
        in_dim,
        hidden: knobs.hidden,
        layers: knobs.layers,
        heads: knobs.heads,
        heads_out: 1,
        encoder: match knobs.encoder {
            Layers::Gat => LayerKind::Gat,
            Layers::Gin => LayerKind::Gin,
            Layers::Gcn => LayerKind::Gcn,
            Layers::DotGat => LayerKind::DotGat,
        },
        decoder: match knobs.decoder {
            Decoder::Gat => DecoderKind::Graph(LayerKind::Gat),
            Decoder::Gin => DecoderKind::Graph(LayerKind::Gin),
            Decoder::Gcn => DecoderKind::Graph(LayerKind::Gcn),
            Decoder::DotGat => DecoderKind::Graph(LayerKind::DotGat),
            Decoder::Linear => DecoderKind::Linear,
            Decoder::Mlp => DecoderKind::Mlp,
        },
        activation: match knobs.activation {
            Activation::Prelu => Rectifier::Prelu,
            Activation::Elu => Rectifier::Elu,
            Activation::Relu => Rectifier::Relu,
        },
        norm: match knobs.norm {
            Norm::None => NormKind::None,
            Norm::Layer => NormKind::Layer { eps: 1e-5 },
            Norm::Batch => NormKind::Batch { eps: 1e-5, momentum: 0.1 },
        },
        residual: knobs.residual,
        concat_hidden: knobs.concat_hidden,
        slope: 0.2,
        in_drop: knobs.in_drop,
        attn_drop: knobs.attn_drop,
        drop_edge: knobs.drop_edge,
        mask_rate: knobs.mask_rate,
        replace_rate: knobs.replace_rate,
        remask: knobs.remask,
        loss: match knobs.criterion {
            Distance::Sce => Criterion::ScaledCosine { alpha: knobs.alpha },
            Distance::Mse => Criterion::Squared,
        },
    }
}

impl Method for System {
    fn adjusted(&self, settings: &Settings) -> Result<Rc<dyn Method>> {
        let mut turned = self.clone();
        let knobs = GraphMaeKnobs::of(settings)?;
        turned.model.config = config(&knobs, settings.data.channels);
        turned.model.config.check()?;
        turned.pool = knobs.pool;
        Ok(Rc::new(turned))
    }

    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss> {
        let (prepared, config) = (self.graph_of(batch.nodes()?)?, &self.model.config);
        let device = weights.device();
        let mask =
            NodeMask::random(prepared.graph.nodes(), config.mask_rate, config.replace_rate, &mut context.rng.at(0))?;
        let whole = prepared.graph.on(device);
        let seen = match config.drop_edge {
            rate if rate > 0.0 => prepared.graph.dropped(rate, &mut context.rng.at(1))?.on(device),
            _ => whole.clone(),
        };
        mask.upload(device)?;
        let pass = GraphPass::training(config.in_drop, config.attn_drop, context.rng.at(2));
        let total = self.model.loss(weights, &prepared.features, [&seen, &whole], &mask, &pass)?;
        let name = if config.loss == Criterion::Squared { "squared error" } else { "scaled cosine error" };
        Ok(Loss { terms: vec![(name.into(), total.clone())], total, updates: pass.norms.updates() })
    }

    fn embed(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        let nodes = batch.nodes()?;
        let whole = self.cache.whole(&nodes.graph)?;
        let all = plain(self.model.embed(weights, &whole.features, &whole.graph.on(weights.device())));
        let picks = Graph::picks(whole.graph.nodes(), nodes.numbers.iter().map(|node| Some(*node as u32)))?;
        Ok(edge_propagate(all.clone(), None, &picks.on(&all.device())))
    }

    fn recipe(&self, _phase: usize, settings: &Settings, weights: &Weights) -> Result<Recipe> {
        let knobs = GraphMaeKnobs::of(settings)?;
        let decay = Group { lr_scale: 1.0, weight_decay: knobs.weight_decay };
        let rule = Rule::Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
        let rate = Rate::Cosine { peak: knobs.lr, steps: knobs.steps.max(1) as f64 };
        Ok(Recipe::new(rule, rate, groups(weights, |_, _| decay)))
    }

    fn enter<'a>(&'a self, _phase: usize, entering: Entering<'a>) -> Local<'a, Result<Option<String>>> {
        Box::pin(async move {
            let data = entering.loader.graph()?;
            let count = GraphMaeKnobs::of(entering.settings)?.graphs;
            let graphs: Vec<Range<usize>> = data.graphs.windows(2).map(|bounds| bounds[0]..bounds[1]).collect();
            if graphs.len() < 2 || count == 0 {
                return Ok(None);
            }
            let note = format!("{} graphs in {} batches", graphs.len(), graphs.len().div_ceil(count));
            // Whole graphs make a batch, so that no edge is cut.
            entering.loader.follow_groups(graphs, count, entering.rng);
            Ok(Some(note))
        })
    }

    fn metrics(&self) -> &'static [&'static str] {
        if self.graphs >= kernel_svm::FOLDS { &["node_accuracy", "graph_accuracy"] } else { &["node_accuracy"] }
    }

    fn measure<'a>(&'a self, metric: &'a str, subject: Subject<'a>) -> Local<'a, Result<f64>> {
        Box::pin(async move {
            match metric {
                "node_accuracy" => self.node_accuracy(&subject).await,
                "graph_accuracy" => self.graph_accuracy(&subject).await,
                other => Err(no_metric(other, self.metrics())),
            }
        })
    }

    fn whole_batch(&self, _phase: usize) -> Option<&'static str> {
        Some("the nodes of a batch are one graph")
    }

    fn needs(&self) -> Needs {
        // Every edge both ways, and a loop at each node.
        self.model.config.needs(self.nodes, 2 * self.edges + self.nodes)
    }
}
