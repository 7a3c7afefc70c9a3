//! SCGC's golden numbers: what each case of a fixture asks, computed by the same functions that train.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use crate::blocks::influence::{Reach, Sparse};
use crate::blocks::objectives::{neighbour_contrast, self_training};
use crate::error::Result;
use crate::eval::clustering::{Average, agreement, official_patch};
use crate::eval::{Features, kmeans};
use crate::golden::{Answers, Case, Got};
use crate::kernels::neighbour_contrast::cosines;
use crate::methods::scgc::model::{Config, Losses, Scgc};
use crate::readback;
use crate::train::groups::pretrain_groups;
use crate::train::optimiser::AdamW;
use crate::weights::{Weights, plain};

/// Compute what a case expects.
///
/// # Errors
/// [`Error::Fixture`](crate::error::Error::Fixture) for a case that SCGC does not know or whose parts are missing.
pub async fn verify(case: &Case<'_>) -> Result<BTreeMap<String, Got>> {
    let mut answers = Answers::default();
    match case.word("task") {
        "influence" => influence(case, &mut answers)?,
        "train_step" => train_step(case, &mut answers).await?,
        "kmeans" => clusters(case, &mut answers)?,
        "metrics" => metrics(case, &mut answers)?,
        other => return Err(case.unknown("task", other)),
    }
    Ok(answers.got)
}

fn influence(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let nodes = case.count("n")?;
    let edges: Vec<[u32; 2]> = case.numbers("edge_list")?.as_chunks::<2>().0.to_vec();
    let first = Sparse::transition(nodes, &edges);
    let mut put = |name: &str, matrix: &Sparse| answers.host(name, [nodes, nodes], matrix.dense());
    for name in &case.expected {
        // Names are adj_norm1, adj_power, adj_r{order}_plain and adj_r{order}_cumulative.
        let words: Vec<&str> = name.trim_start_matches("out/").split('_').collect();
        let reach = match words[..] {
            ["adj", "norm1"] => Reach { order: 1, cumulative: false },
            ["adj", "power"] => Reach { order: case.count("order")?, cumulative: case.switch("influence") },
            ["adj", order, kind] => {
                let Some(order) = order.strip_prefix('r').and_then(|order| order.parse().ok()) else { continue };
                Reach { order, cumulative: kind == "cumulative" }
            }
            _ => continue,
        };
        put(name, &first.influence(reach));
    }
    Ok(())
}

fn config(case: &Case<'_>) -> Result<Config> {
    let widths = |key: &str| case.counts(key).unwrap_or_default();
    Ok(Config {
        features: case.count("f")?,
        encoder: widths("enc"),
        width: case.count("z")?,
        decoder: widths("dec"),
        decoded: case.switch("decoder"),
        clusters: case.count("K")?,
        reach: Reach { order: case.count("order").unwrap_or(1), cumulative: case.switch("influence") },
        alpha: case.number("alpha")?,
        beta: case.number("beta")?,
        tau: case.number("tau")?,
        v: case.number("v").unwrap_or(1.0),
        eps_contrast: case.number("eps_contrast").unwrap_or(1e-8),
        eps_norm: case.number("eps_norm").unwrap_or(1e-12),
    })
}

/// The model of a case with the fixture's weights.
fn model(case: &Case<'_>) -> Result<(Scgc, Weights)> {
    let mut weights = Weights::new(&case.device.clone().autodiff(), 0);
    let model = Scgc::new(config(case)?, &mut weights)?;
    for (name, tensor) in case.weights() {
        if weights.by_name(&name).is_some() {
            weights.set(&name, tensor.values)?;
        }
    }
    Ok((model, weights))
}

async fn train_step(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (model, mut w) = model(case)?;
    let x: Tensor<2> = case.input("x")?.tensor(w.device())?;
    let pairs = neighbour_contrast::pairs(&Sparse::of_dense(&case.input("adj_power")?.values), w.device());
    let z = model.encode(&w, x.clone());
    answers.tensor("out/z", z.clone()).await?;
    if let Some(rebuilt) = model.decode(&w, z.clone()) {
        answers.tensor("out/x_bar", rebuilt).await?;
    }
    let q = model.assign(&w, z.clone());
    answers.tensor("out/q", q.clone()).await?;
    answers.tensor("out/p_target", self_training::target(q)).await?;
    answers.tensor("out/cos_zero_diag", cosines(z, model.config.eps_norm as f32)).await?;
    let losses = model.losses(&w, x.clone(), &pairs, model.config.decoded);
    for (name, loss) in named(&losses) {
        answers.tensor(&format!("out/{name}"), loss.clone()).await?;
    }
    answers.gradients(case, &w, &losses.total).await?;
    for part in ["loss_contrast", "loss_kl", "loss_recon", "loss_total"] {
        // A backward pass uses up what it goes through.
        let losses = model.losses(&w, x.clone(), &pairs, model.config.decoded);
        if let Some((_, loss)) = named(&losses).into_iter().find(|(name, _)| *name == part) {
            answers.gradients_under(case, &w, loss, &format!("grad_part/{part}")).await?;
        }
    }
    steps(case, answers, &mut w, |w| model.losses(w, x.clone(), &pairs, model.config.decoded).total).await
}

fn named(losses: &Losses) -> Vec<(&'static str, &Tensor<1>)> {
    let mut all =
        vec![("loss_contrast", &losses.contrast), ("loss_kl", &losses.divergence), ("loss_total", &losses.total)];
    all.extend(losses.reconstruction.as_ref().map(|loss| ("loss_recon", loss)));
    all
}

/// Weights after one Adam step, two, … under every expected name `out/after_adamN/PARAMETER`.
async fn steps(
    case: &Case<'_>,
    answers: &mut Answers,
    w: &mut Weights,
    loss: impl Fn(&Weights) -> Tensor<1>,
) -> Result<()> {
    let wanted: Vec<(&String, usize, &str)> = case
        .expected
        .iter()
        .filter_map(|name| {
            let (step, parameter) = name.strip_prefix("out/after_adam")?.split_once('/')?;
            Some((name, step.parse().ok()?, parameter))
        })
        .collect();
    let mut adam = AdamW::new(case.number("adam_beta1")?, case.number("adam_beta2")?, pretrain_groups(w, 0.0));
    adam.eps = case.number("adam_eps")?;
    let (lr, decay) = (case.number("lr")?, case.number("weight_decay").unwrap_or(0.0));
    for step in 1..=wanted.iter().map(|(_, step, _)| *step).max().unwrap_or(0) {
        let gradients = w.backward(&loss(w));
        // Adam's decay is part of the gradient.
        let decayed = gradients.into_iter().zip(&w.list).map(|(gradient, weight)| match gradient {
            Some(gradient) if decay != 0.0 => Some(gradient + plain(weight.value.clone()).mul_scalar(decay)),
            other => other,
        });
        let gradients: Vec<_> = decayed.collect();
        adam.step(w, &gradients, lr);
        for (name, _, parameter) in wanted.iter().filter(|(_, at, _)| *at == step) {
            if let Some(weight) = w.by_name(parameter) {
                answers.host(name, weight.shape.clone(), readback::floats(weight.value.clone()).await?);
            }
        }
    }
    Ok(())
}

fn clusters(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (points, start) = (case.input("kmeans_x")?, case.input("kmeans_init")?);
    let x = Features { dim: case.count("z")?, values: points.values.clone() };
    let tolerance = case.number("kmeans_tol").unwrap_or(kmeans::TOLERANCE);
    let iterations = case.count("kmeans_max_iter").unwrap_or(kmeans::MOST_ITERATIONS);
    let found = kmeans::lloyd_until(&x, &start.values, tolerance, iterations);
    answers.host("out/kmeans_labels", [found.labels.len()], found.labels.iter().map(|l| *l as f32).collect());
    answers.host("out/kmeans_centers", start.shape.clone(), found.centres);
    answers.host("out/kmeans_inertia", [1], vec![found.inertia as f32]);
    Ok(())
}

fn metrics(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (classes, found) = (case.numbers("true")?, case.numbers("pred")?);
    let average = match case.word("nmi_average") {
        "geometric" => Average::Geometric,
        "min" => Average::Least,
        "max" => Average::Largest,
        _ => Average::Arithmetic,
    };
    let found = if case.switch("official_patch") { official_patch(&classes, &found) } else { found };
    let scores = agreement(&classes, &found, average);
    for name in &case.expected {
        if name.ends_with("_acc_nmi_ari_f1") {
            let values = [scores.accuracy, scores.nmi, scores.ari, scores.f1].map(|v| v as f32);
            answers.host(name, [values.len()], values.to_vec());
        } else if name.ends_with("_pred_after_official_patch") {
            answers.host(name, [found.len()], found.iter().map(|l| *l as f32).collect());
        }
    }
    Ok(())
}
