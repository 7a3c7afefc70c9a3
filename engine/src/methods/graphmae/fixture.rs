//! GraphMAE's golden numbers: what each case of a fixture asks, computed by the same functions that train.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use crate::blocks::activation::Rectifier;
use crate::blocks::decoders::graph_decoder::DecoderKind;
use crate::blocks::encoders::graph::{GraphPass, LayerKind, NormKind};
use crate::blocks::masks::nodes::NodeMask;
use crate::blocks::objectives::scaled_cosine::scaled_cosine;
use crate::blocks::tokenizers::node_features::FeatureRows;
use crate::error::Result;
use crate::eval::Features;
use crate::eval::logistic::{Logistic, Settings};
use crate::golden::{Answers, Case, Got};
use crate::graph::Graph;
use crate::kernels::edges::edge_propagate;
use crate::methods::graphmae::model::{Config, Criterion, GraphMae};
use crate::methods::graphmae::system::{Pool, pooled};
use crate::readback;
use crate::rng::Rng;
use crate::weights::Weights;

/// Compute what a case expects.
///
/// # Errors
/// [`Error::Fixture`](crate::error::Error::Fixture) for a task that GraphMAE does not know or whose parts are missing.
pub async fn verify(case: &Case<'_>) -> Result<BTreeMap<String, Got>> {
    let mut answers = Answers::default();
    match case.word("task") {
        "masking" => masking(case, &mut answers)?,
        "pretrain" => pretrain(case, &mut answers).await?,
        "probe" => probe(case, &mut answers).await?,
        other => return Err(case.unknown("task", other)),
    }
    Ok(answers.got)
}

/// Node numbers of a role; none when the case has no such input.
fn numbers(case: &Case<'_>, role: &str) -> Vec<u32> {
    case.input(role).map(|tensor| tensor.values.iter().map(|v| *v as u32).collect()).unwrap_or_default()
}

fn config(case: &Case<'_>) -> Result<Config> {
    let count = |key: &str, otherwise: usize| case.count(key).unwrap_or(otherwise);
    let rate = |key: &str, otherwise: f64| case.number(key).unwrap_or(otherwise);
    let named = |key: &str| case.word(key);
    Ok(Config {
        in_dim: case.count("in_dim")?,
        hidden: case.count("num_hidden")?,
        layers: case.count("num_layers")?,
        heads: count("nhead", 1),
        heads_out: count("nhead_out", 1),
        encoder: LayerKind::named(named("encoder")).ok_or_else(|| case.unknown("encoder", named("encoder")))?,
        decoder: DecoderKind::named(named("decoder")).ok_or_else(|| case.unknown("decoder", named("decoder")))?,
        activation: Rectifier::named(named("activation"))
            .ok_or_else(|| case.unknown("activation", named("activation")))?,
        norm: match named("norm") {
            "" => NormKind::None,
            "layernorm" => NormKind::Layer { eps: rate("ln_eps", 1e-5) },
            "batchnorm" => NormKind::Batch { eps: rate("bn_eps", 1e-5), momentum: rate("bn_momentum", 0.1) },
            other => return Err(case.unknown("norm", other)),
        },
        residual: case.switch("residual"),
        concat_hidden: case.switch("concat_hidden"),
        slope: rate("negative_slope", 0.2),
        // Cases are without dropout, and their dropped edges are given.
        in_drop: 0.0,
        attn_drop: 0.0,
        drop_edge: 0.0,
        mask_rate: rate("mask_rate", 0.0),
        replace_rate: rate("replace_rate", 0.0),
        remask: true,
        loss: match named("loss_fn") {
            "mse" => Criterion::Squared,
            _ => Criterion::ScaledCosine { alpha: rate("alpha", 1.0) },
        },
    })
}

fn masking(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let rates = (case.number("mask_rate")?, case.number("replace_rate").unwrap_or(0.0));
    let mask = NodeMask::from_orders(rates, &numbers(case, "perm"), &numbers(case, "perm_mask"), std::iter::empty())?;
    for (name, nodes) in
        [("in/mask_nodes", &mask.masked), ("in/token_nodes", &mask.token), ("in/noise_nodes", &mask.noise)]
    {
        answers.host(name, [nodes.len()], nodes.iter().map(|node| *node as f32).collect());
    }
    Ok(())
}

/// The model of a case with the fixture's weights.
fn model(case: &Case<'_>) -> Result<(GraphMae, Weights)> {
    let mut weights = Weights::new(&case.device.clone().autodiff(), 0);
    let model = GraphMae::new(config(case)?, &mut weights)?;
    for (name, tensor) in case.weights() {
        if weights.by_name(&name).is_some() {
            weights.set(&name, tensor.values)?;
        }
    }
    Ok((model, weights))
}

fn graph(case: &Case<'_>, nodes: usize, roles: [&str; 2]) -> Result<Graph> {
    Graph::new(nodes, &numbers(case, roles[0]), &numbers(case, roles[1]))
}

fn features(case: &Case<'_>) -> Result<FeatureRows> {
    let x = case.input("x")?;
    FeatureRows::from_rows(x.shape.last().copied().unwrap_or(0), &x.values)
}

async fn pretrain(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (model, mut w) = model(case)?;
    let features = features(case)?;
    let nodes = features.rows();
    let device = w.device().clone();
    let whole = graph(case, nodes, ["edge_src", "edge_dst"])?.on(&device);
    let seen = match case.input("enc_edge_src") {
        Ok(_) => graph(case, nodes, ["enc_edge_src", "enc_edge_dst"])?.on(&device),
        Err(_) => whole.clone(),
    };
    let [masked, token, noise, source] =
        ["mask_nodes", "token_nodes", "noise_nodes", "noise_source"].map(|role| numbers(case, role));
    let mask = NodeMask::given(nodes, masked, token, noise, source);
    mask.upload(&device)?;

    let pass = GraphPass::training(model.config.in_drop, model.config.attn_drop, Rng::new(0, "fixture"));
    let x = model.masked_input(&w, &features, &mask)?;
    answers.tensor("out/x_masked", x.dense()).await?;
    let results = model.encode(&w, &x, &seen, &pass);
    for (number, result) in results.iter().enumerate() {
        answers.tensor(&format!("out/hidden{number}"), result.clone()).await?;
    }
    let between = model.to_decoder(&w, results);
    answers.tensor("out/enc_to_dec", between.clone()).await?;
    let hidden = model.remask(between, &mask);
    answers.tensor("out/dec_input_remasked", hidden.clone()).await?;
    let prediction = model.decode(&w, hidden, &whole, &pass, None);
    answers.tensor("out/recon", prediction.clone()).await?;
    let rows = edge_propagate(prediction, None, &mask.rows(&device));
    let alpha = case.number("alpha").unwrap_or(1.0);
    answers
        .tensor(
            "out/sce_per_masked_node",
            scaled_cosine(rows, features.table(&device), mask.masked_tensor(&device), alpha),
        )
        .await?;

    // The step as training makes it, in a pass of its own: its running statistics are those of one pass.
    let pass = GraphPass::training(model.config.in_drop, model.config.attn_drop, Rng::new(0, "fixture"));
    let loss = model.loss(&w, &features, [&seen, &whole], &mask, &pass)?;
    answers.tensor("out/loss", loss.clone()).await?;
    answers.gradients(case, &w, &loss).await?;
    for (index, value) in pass.norms.updates() {
        w.replace(index, value);
    }
    for (full, rest) in case.expected_under("out") {
        let Some(weight) = rest.strip_prefix("bn_after/").and_then(|name| w.by_name(name)) else { continue };
        answers.flat(full, &weight.shape, weight.value.clone()).await?;
    }
    let embedded = model.embed(&w, &features, &whole);
    answers.tensor("out/embed_eval", embedded.clone()).await?;
    read_outs(case, answers, embedded).await
}

/// Mean, sum and maximum of each graph's nodes.
async fn read_outs(case: &Case<'_>, answers: &mut Answers, embedded: Tensor<2>) -> Result<()> {
    let mut starts = vec![0];
    for size in numbers(case, "graph_sizes") {
        starts.push(starts.last().copied().unwrap_or(0) + size as usize);
    }
    let dim = embedded.dims()[1];
    let features = Features { dim, values: readback::floats(embedded).await? };
    for (name, pool) in [("out/pool_mean", Pool::Mean), ("out/pool_sum", Pool::Sum), ("out/pool_max", Pool::Max)] {
        let pooled = pooled(&features, &starts, pool);
        answers.host(name, [pooled.rows(), dim], pooled.values);
    }
    Ok(())
}

async fn probe(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (model, w) = model(case)?;
    let (w, rows) = (w.frozen(), features(case)?);
    let edges = graph(case, rows.rows(), ["edge_src", "edge_dst"])?.on(w.device());
    let all = Features { dim: model.config.hidden, values: readback::floats(model.embed(&w, &rows, &edges)).await? };
    let labels = numbers(case, "label");
    let is_train = numbers(case, "probe_train_mask");
    let half = |wanted: bool| {
        let nodes = is_train.iter().enumerate().filter(|(_, train)| (**train != 0) == wanted).map(|(node, _)| node);
        all.picked(nodes, &labels)
    };
    let ((train, train_labels), (test, test_labels)) = (half(true), half(false));
    let how = Settings {
        lr: case.number("probe_lr")?,
        weight_decay: case.number("probe_weight_decay")?,
        epochs: case.count("probe_steps")?,
        beta1: case.number("adam_beta1").unwrap_or(0.9),
        beta2: case.number("adam_beta2").unwrap_or(0.999),
        eps: case.number("adam_eps").unwrap_or(1e-8),
    };
    let classes = case.count("num_classes")?;
    let weights = case.weights();
    let given =
        |name: &str| weights.get(name).map(|t| t.values.clone()).ok_or_else(|| case.unknown("classifier", name));
    let mut probe = Logistic::from_values(
        model.config.hidden,
        classes,
        &given("probe.linear.weight")?,
        &given("probe.linear.bias")?,
    )?;
    let losses: Vec<f32> = (0..how.epochs).map(|_| probe.step(&train, &train_labels, &how) as f32).collect();
    answers.host("out/probe_losses", [losses.len()], losses);
    let narrow = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
    for full in case.expected.iter().filter(|name| name.starts_with("out/probe_after")) {
        if full.ends_with(".weight") {
            answers.host(full, [classes, model.config.hidden], narrow(probe.weight()));
        } else if full.ends_with(".bias") {
            answers.host(full, [classes], narrow(probe.bias()));
        }
    }
    answers.host("out/probe_test_acc", Vec::new(), vec![probe.accuracy(&test, &test_labels) as f32]);
    Ok(())
}
