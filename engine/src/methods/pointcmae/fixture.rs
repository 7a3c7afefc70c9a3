//! Point-CMAE's golden numbers: what each case of a fixture asks, computed by the same functions that train.

use std::collections::BTreeMap;

use burn::tensor::{Int, Tensor};

use crate::blocks::batch_norm::Pass;
use crate::blocks::encoders::transformer::TransformerConfig;
use crate::blocks::masks::Mask;
use crate::blocks::objectives::agreement::{Agreement, cosines};
use crate::blocks::objectives::chamfer::Chamfer;
use crate::blocks::tokenizers::point_groups::Normalising;
use crate::error::Result;
use crate::golden::{Answers, Case, Got};
use crate::kernels::points::{chamfer, farthest_points, nearest_points};
use crate::kernels::tokens::gather_tokens;
use crate::methods::pointcmae::classifier::{HeadSizes, PointClassifier, Tuning};
use crate::methods::pointcmae::config::{Config, System};
use crate::methods::pointcmae::method::decay_groups;
use crate::methods::pointcmae::model::{Forward, PointCmae, Seen, mask_of};
use crate::readback;
use crate::rng::Rng;
use crate::train::losses::{cross_entropy, smooth_targets, target_tensor};
use crate::weights::Weights;

/// Compute what a case expects.
///
/// # Errors
/// [`Error::Fixture`](crate::error::Error::Fixture) for a case that Point-CMAE does not know or whose parts are missing.
pub async fn verify(case: &Case<'_>) -> Result<BTreeMap<String, Got>> {
    let mut answers = Answers::default();
    match case.name {
        name if name.starts_with("pretrain") => pretrain(case, &mut answers).await?,
        name if name.starts_with("finetune") => finetune(case, &mut answers).await?,
        name if name.starts_with("fps_knn") => sampling(case, &mut answers).await?,
        name if name.starts_with("chamfer") => distances(case, &mut answers).await?,
        other => return Err(case.unknown("name", other)),
    }
    Ok(answers.got)
}

fn origin(case: &Case<'_>) -> Result<Option<f32>> {
    Ok(if case.switch("fps_origin_rule") { Some(case.number("fps_origin_eps")? as f32) } else { None })
}

fn pass(case: &Case<'_>) -> Pass {
    if case.word("mode") == "train" { Pass::training() } else { Pass::evaluation() }
}

fn config(case: &Case<'_>) -> Result<Config> {
    let stack = |depth: &str, heads: &str| -> Result<TransformerConfig> {
        let (dim, depth, heads) = (case.count("D")?, case.count(depth)?, case.count(heads)?);
        Ok(TransformerConfig {
            dim,
            depth,
            heads,
            mlp_ratio: case.number("mlp_ratio")?,
            ln_eps: case.number("ln_eps")?,
        })
    };
    let encoder = stack("depth", "heads")?;
    Ok(Config {
        system: System::PointCmae,
        points: case.count("N")?,
        groups: case.count("G")?,
        group_size: case.count("S")?,
        encoder,
        decoder: stack("dec_depth", "dec_heads").unwrap_or(encoder),
        widths: [case.count("w1")?, case.count("w2")?],
        position_hidden: case.count("posh")?,
        projection: case.count("proj").unwrap_or(0),
        mask_ratio: case.number("mask_ratio").unwrap_or(0.6),
        chamfer: if case.word("loss") == "cdl1" { Chamfer::L1 } else { Chamfer::L2 },
        agreement: match case.word("contrast") {
            "whole_row" => Some(Agreement::WholeRow),
            "same_token" => Some(Agreement::SameToken),
            _ => None,
        },
        reconstruction_weight: case.number("w_rec").unwrap_or(1000.0),
        agreement_weight: case.number("w_con").unwrap_or(1.0),
        origin: origin(case)?,
        drop_path: case.number("drop_path").unwrap_or(0.0),
        normalising: Normalising { eps: case.number("bn_eps")?, momentum: case.number("bn_momentum")? },
    })
}

fn masks(case: &Case<'_>, groups: usize) -> Result<Vec<Mask>> {
    let mask = |role: &str| -> Result<Mask> {
        let hidden: Vec<bool> = case.input(role)?.values.iter().map(|v| *v != 0.0).collect();
        let first = hidden.get(..groups).unwrap_or(&hidden);
        Ok(mask_of(&hidden, groups, first.iter().filter(|h| !**h).count()))
    };
    Ok(vec![mask("mask1")?, mask("mask2")?])
}

async fn pretrain(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let mut w = Weights::new(&case.device.clone().autodiff(), 0);
    let model = PointCmae::new(config(case)?, &mut w)?;
    case.fill(&mut w)?;
    let masks = masks(case, model.config.groups)?;
    let points: Tensor<3> = case.input("points")?.tensor(w.device())?;
    let (pass, rng) = (pass(case), Rng::new(0, "fixture"));
    let forward = model.forward(&w, model.group(points), &masks, &pass, pass.trains().then_some(&rng));
    grouping(answers, &forward).await?;
    for (number, seen) in forward.branches.iter().enumerate() {
        branch(answers, &model, &w, seen, number + 1, &pass).await?;
    }
    if let [first, second] = model.features(&forward, &masks).as_slice() {
        answers.tensor("out/cos_sim", cosines(first.clone(), second.clone())).await?;
    }
    let losses = model.losses(&forward, &masks);
    for (number, loss) in losses.reconstructions.iter().enumerate() {
        answers.tensor(&format!("out/loss_recon{}", number + 1), loss.clone()).await?;
    }
    let none = || Tensor::<1>::zeros([1], w.device());
    let reconstruction = losses.reconstructions.iter().cloned().reduce(Tensor::add).unwrap_or_else(none);
    let contrast = |rule| model.agreement(&forward, &masks, rule).unwrap_or_else(none);
    let terms = [
        ("loss_recon", reconstruction),
        ("loss_contras", contrast(Agreement::WholeRow)),
        ("loss_contras_diag_variant", contrast(Agreement::SameToken)),
        ("loss_total", losses.total),
    ];
    for (name, loss) in &terms {
        answers.tensor(&format!("out/{name}"), loss.clone()).await?;
    }
    if let Some((_, loss)) = terms.into_iter().find(|(name, _)| *name == case.word("backward")) {
        answers.gradients(case, &w, &loss).await?;
    }
    for (index, value) in pass.updates() {
        answers.tensor(&format!("out/bn_after/{}", w.list[index].name), value).await?;
    }
    let decay = case.number("weight_decay").unwrap_or(0.0);
    let groups = decay_groups(&w, decay);
    let table =
        w.list.iter().zip(&groups).map(|(weight, group)| (weight.name.clone(), vec![group.weight_decay])).collect();
    answers.got.insert("adamw_weight_decay".into(), Got::Table(table));
    Ok(())
}

async fn grouping(answers: &mut Answers, forward: &Forward) -> Result<()> {
    answers.tensor("in/fps_idx", forward.groups.chosen.clone().float()).await?;
    answers.tensor("in/knn_idx", forward.groups.members.clone().float()).await?;
    answers.tensor("out/center", forward.groups.centres.clone()).await?;
    answers.tensor("out/neighborhood", forward.groups.points.clone()).await?;
    answers.tensor("out/group_tokens", forward.tokens.clone()).await
}

async fn branch(
    answers: &mut Answers,
    model: &PointCmae,
    w: &Weights,
    seen: &Seen,
    number: usize,
    pass: &Pass,
) -> Result<()> {
    answers.tensor(&format!("out/enc{number}_vis"), seen.visible.clone()).await?;
    answers.tensor(&format!("out/dec{number}_all_raw"), seen.raw.clone()).await?;
    answers.tensor(&format!("out/dec{number}_mask_normed"), seen.normed.clone()).await?;
    let [rows, size, _] = seen.prediction.dims();
    let [batch, hidden, _] = seen.normed.dims();
    debug_assert_eq!(rows, batch * hidden);
    answers.tensor(&format!("out/rebuild{number}"), seen.prediction.clone().reshape([batch, hidden, size, 3])).await?;
    if let (Some(projection), Some(class)) = (&model.encoder.projection, &seen.class) {
        // A pass of its own: the model's forward has counted this one already.
        let apart = if pass.trains() { Pass::training() } else { Pass::evaluation() };
        answers.tensor(&format!("out/proj_cls{number}"), projection.forward(w, class.clone(), &apart)).await?;
    }
    Ok(())
}

async fn finetune(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let mut w = Weights::new(&case.device.clone().autodiff(), 0);
    let tuning = match case.word("ft_type") {
        "mlp3" => Tuning::Mlp3,
        "linear" => Tuning::Linear,
        _ => Tuning::Full,
    };
    let (hidden, classes) = (case.count("ft_hidden").unwrap_or(256), case.count("ncls")?);
    let sizes = HeadSizes { hidden, classes, dropout: case.number("dropout").unwrap_or(0.0) };
    let model = PointClassifier::new(config(case)?, tuning, sizes, &mut w);
    case.fill(&mut w)?;
    let (pass, rng) = (pass(case), Rng::new(0, "fixture"));
    let rng = pass.trains().then_some(&rng);
    let tokens = model.tokens(&w, case.input("points")?.tensor(w.device())?, &pass, rng);
    answers.tensor("out/tokens_normed", tokens.clone()).await?;
    let feature = PointClassifier::feature(tokens);
    answers.tensor("out/feature_cls_max", feature.clone()).await?;
    let logits = model.scores(&w, feature, &pass, rng);
    answers.tensor("out/logits", logits.clone()).await?;
    let labels: Vec<u32> = case.input("label")?.values.iter().map(|v| *v as u32).collect();
    let targets = smooth_targets(&labels, classes, case.number("label_smoothing").unwrap_or(0.0))?;
    let loss = cross_entropy(logits.clone(), target_tensor(targets, classes, w.device()));
    answers.tensor("out/loss_ce", loss.clone()).await?;
    let accuracy = crate::eval::accuracy::top_k(&readback::floats(logits).await?, classes, &labels, 1);
    answers.host("out/acc_percent", [1], vec![(100.0 * accuracy) as f32]);
    answers.gradients(case, &w, &loss).await?;
    for (index, value) in pass.updates() {
        answers.tensor(&format!("out/bn_after/{}", w.list[index].name), value).await?;
    }
    Ok(())
}

async fn sampling(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let points: Tensor<3> = case.input("points")?.tensor(case.device)?;
    let (batch, groups, size) = (points.dims()[0], case.count("G")?, case.count("S")?);
    let chosen = farthest_points(points.clone(), groups, origin(case)?);
    answers.tensor("out/fps_idx", chosen.clone().float()).await?;
    answers.tensor("out/fps_idx_no_origin_rule", farthest_points(points.clone(), groups, None).float()).await?;
    let centres = gather_tokens(points.clone(), chosen);
    answers.tensor("out/center", centres.clone()).await?;
    let nearest: Tensor<3, Int> = nearest_points(points.clone(), centres.clone(), size);
    answers.tensor("out/knn_idx", nearest.clone().float()).await?;
    let at = gather_tokens(points, nearest.reshape([batch, groups * size])).reshape([batch, groups, size, 3]);
    let squared = (at - centres.unsqueeze_dim::<4>(2)).square().sum_dim(3).squeeze_dim::<3>(3);
    answers.tensor("out/knn_dist", if case.word("knn_dist") == "squared" { squared } else { squared.sqrt() }).await
}

async fn distances(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let device = case.device.clone().autodiff();
    let leaf = |role: &str| -> Result<Tensor<3>> { Ok(case.input(role)?.tensor::<3>(&device)?.require_grad()) };
    let (a, b) = (leaf("a")?, leaf("b")?);
    let [there, back] = chamfer(a.clone(), b.clone());
    answers.tensor("out/cham_d1", there).await?;
    answers.tensor("out/cham_d2", back).await?;
    answers.tensor("out/cham_i1", nearest_points(b.clone(), a.clone(), 1).squeeze_dim::<2>(2).float()).await?;
    answers.tensor("out/cham_i2", nearest_points(a.clone(), b.clone(), 1).squeeze_dim::<2>(2).float()).await?;
    for (name, form) in [("l1", Chamfer::L1), ("l2", Chamfer::L2)] {
        let loss = form.loss(a.clone(), b.clone());
        answers.tensor(&format!("out/cham_{name}"), loss.clone()).await?;
        let gradients = loss.backward();
        for (set, leaf) in [("a", &a), ("b", &b)] {
            if let Some(gradient) = leaf.grad(&gradients) {
                answers.tensor(&format!("grad/cham_{name}_{set}"), gradient).await?;
            }
        }
    }
    Ok(())
}
