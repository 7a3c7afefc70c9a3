//! MAE's golden numbers: what each case of a fixture asks, computed by the same functions that train.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use crate::blocks::encoders::transformer::TransformerConfig;
use crate::blocks::encoders::vit::{VitClassifier, VitEncoder};
use crate::blocks::masks::{Mask, visible_tokens};
use crate::blocks::objectives::pixel_error;
use crate::blocks::positions::sincos::sincos_2d;
use crate::blocks::tokenizers::image_patches::{
    Pictures, patches_channel_first, patches_channel_last, pictures_from_patches,
};
use crate::checkpoint::safetensors::File;
use crate::checkpoint::{keys, resize};
use crate::error::Result;
use crate::eval::linear_probe::LinearProbe;
use crate::golden::{Answers, Case, Got};
use crate::methods::mae::card::Sampling;
use crate::methods::mae::model::{Config, Mae};
use crate::readback;
use crate::train::groups::{Group, layer_decay_groups, pretrain_groups};
use crate::train::losses::{cross_entropy, smooth_targets, target_tensor};
use crate::train::optimiser::AdamW;
use crate::train::schedule::Schedule;
use crate::weights::Weights;

/// Compute what a case expects.
///
/// # Errors
/// [`Error::Fixture`](crate::error::Error::Fixture) for a case that MAE does not know or whose parts are missing.
pub async fn verify(case: &Case<'_>) -> Result<BTreeMap<String, Got>> {
    let mut answers = Answers::default();
    match case.name {
        "pos_tables" => position_tables(case, &mut answers)?,
        "pretrain" | "pretrain_raw" => pretrain(case, &mut answers).await?,
        "pretrain_steps" => pretrain_steps(case, &mut answers).await?,
        "lr_schedule_pretrain" | "lr_schedule_finetune" => learning_rates(case, &mut answers)?,
        "finetune" => finetune(case, &mut answers).await?,
        "finetune_step" => finetune_step(case, &mut answers).await?,
        "linear_probe" => linear_probe(case, &mut answers).await?,
        "pos_resize" => position_resize(case, &mut answers)?,
        "hf_layout" => hugging_face(case, &mut answers).await?,
        other => return Err(case.unknown("name", other)),
    }
    Ok(answers.got)
}

fn config(case: &Case<'_>) -> Result<Config> {
    let ratio = case.number("mlp_ratio").unwrap_or(4.0);
    let ln_eps = case.number("ln_eps").unwrap_or(1e-6);
    let stack = |dim: &str, depth: &str, heads: &str| -> Result<TransformerConfig> {
        Ok(TransformerConfig {
            dim: case.count(dim)?,
            depth: case.count(depth)?,
            heads: case.count(heads)?,
            mlp_ratio: ratio,
            ln_eps,
        })
    };
    let encoder = stack("dim", "depth", "heads")?;
    Ok(Config {
        img_size: case.count("img_size")?,
        patch_size: case.count("patch_size")?,
        in_chans: case.count("in_chans").unwrap_or(3),
        encoder,
        decoder: stack("dec_dim", "dec_depth", "dec_heads").unwrap_or(encoder),
        mask_ratio: case.number("mask_ratio").unwrap_or(0.0),
        sampling: Sampling::Random,
        norm_pix: case.switch("norm_pix_loss"),
    })
}

/// The model of a case with the fixture's weights. Decoder weights that a case does not carry stay at their start.
fn model(case: &Case<'_>) -> Result<(Mae, Weights)> {
    let mut weights = Weights::new(&case.device.clone().autodiff(), 0);
    let mae = Mae::new(config(case)?, &mut weights)?;
    case.fill(&mut weights)?;
    Ok((mae, weights))
}

fn position_tables(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let side = case.count("img_size")? / case.count("patch_size")?;
    for (name, dim) in [("w/pos_embed", case.count("dim")?), ("w/decoder_pos_embed", case.count("dec_dim")?)] {
        answers.host(name, [1, 1 + side * side, dim], sincos_2d(dim, side, side));
    }
    Ok(())
}

/// The mask of the case's noise.
fn mask(case: &Case<'_>, config: &Config) -> Result<Mask> {
    let tokens = config.side() * config.side();
    Ok(Mask::from_noise(&case.input("noise")?.values, tokens, visible_tokens(tokens, config.mask_ratio)?))
}

async fn pretrain(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (mae, w) = model(case)?;
    let pictures: Tensor<4> = case.input("imgs")?.tensor(w.device())?;
    let mask = mask(case, &mae.config)?;
    let to_floats = |ids: &[i32]| ids.iter().map(|i| *i as f32).collect::<Vec<f32>>();
    answers.host("out/ids_keep", [mask.samples, mask.kept], to_floats(&mask.ids_keep));
    answers.host("out/ids_restore", [mask.samples, mask.tokens], to_floats(&mask.ids_restore));
    answers.tensor("out/mask", mask.hidden_tensor(case.device)).await?;

    let patches = patches_channel_first(pictures.clone(), mae.config.patch_size);
    answers.tensor("out/patch_tokens", mae.encoder.patch_embed.forward(&w, patches)).await?;
    let imgs = Pictures::from(pictures.clone());
    let mut x = mae.encoder.input(&w, &imgs, &mask);
    answers.tensor("out/enc_input", x.clone()).await?;
    for (i, block) in mae.encoder.blocks.iter().enumerate() {
        x = block.forward(&w, x);
        answers.tensor(&format!("out/enc_block_{i}"), x.clone()).await?;
    }
    let latent = mae.encoder.norm.forward(&w, x);
    answers.tensor("out/latent", latent.clone()).await?;
    let mut y = mae.decoder.input(&w, latent, &mask);
    answers.tensor("out/dec_input", y.clone()).await?;
    for (i, block) in mae.decoder.blocks.iter().enumerate() {
        y = block.forward(&w, y);
        answers.tensor(&format!("out/dec_block_{i}"), y.clone()).await?;
    }
    let prediction = mae.decoder.predict(&w, y);
    answers.tensor("out/pred", prediction.clone()).await?;

    let raw = patches_channel_last(pictures.clone(), mae.config.patch_size);
    answers.tensor("out/target_raw", raw.clone()).await?;
    answers.tensor("out/target_norm", pixel_error::standardised(raw.clone())).await?;
    let error = pixel_error::per_patch(prediction.clone(), pixel_error::target(raw.clone(), mae.config.norm_pix));
    answers.tensor("out/per_patch_loss_normpix", error).await?;
    let (mean, deviation) = pixel_error::patch_statistics(raw.clone());
    let hidden = mask.hidden_tensor(w.device()).unsqueeze_dim::<3>(2);
    let pasted = raw * hidden.clone().neg().add_scalar(1.0) + (prediction * deviation + mean) * hidden;
    answers
        .tensor("out/paste_normpix", pictures_from_patches(pasted, mae.config.side(), mae.config.patch_size))
        .await?;

    let loss = mae.forward(&w, &imgs, &mask);
    answers.tensor(if mae.config.norm_pix { "out/loss_normpix" } else { "out/loss_raw" }, loss.clone()).await?;
    answers.gradients(case, &w, &loss).await
}

/// Weights as they are now under every expected name `WORD…/PARAMETER`.
async fn weights_under(word: &str, case: &Case<'_>, answers: &mut Answers, w: &Weights) -> Result<()> {
    for (full, parameter) in case.expected_under(word) {
        if let Some(weight) = w.by_name(parameter) {
            answers.flat(full, &weight.shape, weight.value.clone()).await?;
        }
    }
    Ok(())
}

fn adamw(case: &Case<'_>, groups: Vec<Group>) -> Result<AdamW> {
    let mut adamw = AdamW::new(case.number("beta1")?, case.number("beta2")?, groups);
    adamw.eps = case.number("adam_eps")?;
    Ok(adamw)
}

async fn pretrain_steps(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (mae, mut w) = model(case)?;
    let mask = mask(case, &mae.config)?;
    let (steps, lr) = (case.count("steps")?, case.number("lr")?);
    let mut adamw = adamw(case, pretrain_groups(&w, case.number("weight_decay")?))?;
    for step in 0..=steps {
        let imgs: Tensor<4> = case.input("imgs")?.tensor(w.device())?;
        let loss = mae.forward(&w, &imgs.into(), &mask);
        answers.value(&format!("loss_step{step}"), f64::from(readback::scalar(loss.clone()).await?));
        if step < steps {
            let gradients = w.backward(&loss);
            adamw.step(&mut w, &gradients, lr);
            weights_under(&format!("step{}", step + 1), case, answers, &w).await?;
        }
    }
    Ok(())
}

fn learning_rates(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let schedule = Schedule {
        peak: case.number("lr")?,
        floor: case.number("min_lr")?,
        warmup: case.number("warmup_epochs")?,
        total: case.number("epochs")?,
    };
    for (name, keys) in &case.table_keys {
        let at = |key: &String| Some((key.clone(), vec![schedule.at(key.parse().ok()?)]));
        answers.got.insert(name.clone(), Got::Table(keys.iter().filter_map(at).collect()));
    }
    Ok(())
}

fn classifier(case: &Case<'_>) -> Result<(VitClassifier, Weights)> {
    let mut w = Weights::new(&case.device.clone().autodiff(), 0);
    let global_pool = case.switch("global_pool");
    let drop_path = case.number("drop_path").unwrap_or(0.0);
    let classifier = VitClassifier::new(config(case)?.vit(), case.count("classes")?, global_pool, drop_path, &mut w);
    case.fill(&mut w)?;
    Ok((classifier, w))
}

fn imgs(case: &Case<'_>, w: &Weights) -> Result<Pictures> {
    Ok(Pictures::from(case.input("imgs")?.tensor::<4>(w.device())?))
}

fn smoothed_loss(case: &Case<'_>, logits: Tensor<2>) -> Result<Tensor<1>> {
    let classes = logits.dims()[1];
    let targets = smooth_targets(&case.numbers("labels")?, classes, case.number("label_smoothing").unwrap_or(0.0))?;
    let targets = target_tensor(targets, classes, &logits.device());
    Ok(cross_entropy(logits, targets))
}

async fn finetune(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (classifier, w) = classifier(case)?;
    let feature = classifier.feature(&w, &imgs(case, &w)?, None);
    let logits = classifier.scores(&w, feature.clone());
    let smooth = smoothed_loss(case, logits.clone())?;
    let soft = match case.input("soft_labels") {
        Ok(soft) => Some(cross_entropy(logits.clone(), soft.tensor(w.device())?)),
        Err(_) => None,
    };
    // The names carry the pooling ("gap", "cls") and the smoothing ("0.1"), which differ between fixtures.
    for name in case.expected.clone() {
        if !name.starts_with("out/") {
            continue;
        } else if name.ends_with("_feature") {
            answers.tensor(&name, feature.clone()).await?;
        } else if name.ends_with("_logits") {
            answers.tensor(&name, logits.clone()).await?;
        } else if name.contains("_loss_smooth") {
            answers.tensor(&name, smooth.clone()).await?;
        } else if let (true, Some(soft)) = (name.ends_with("_loss_soft"), &soft) {
            answers.tensor(&name, soft.clone()).await?;
        }
    }
    answers.gradients(case, &w, &smooth).await
}

async fn finetune_step(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (classifier, mut w) = classifier(case)?;
    let groups =
        layer_decay_groups(&w, case.number("layer_decay")?, case.number("weight_decay")?, &["pos_embed", "cls_token"]);
    let table =
        w.list.iter().zip(&groups).map(|(weight, g)| (weight.name.clone(), vec![g.lr_scale, g.weight_decay])).collect();
    answers.got.insert("lr_scale_and_weight_decay".into(), Got::Table(table));
    let mut adamw = adamw(case, groups)?;
    for step in 1..=case.count("steps")? {
        let feature = classifier.feature(&w, &imgs(case, &w)?, None);
        let loss = smoothed_loss(case, classifier.scores(&w, feature))?;
        let gradients = w.backward(&loss);
        adamw.step(&mut w, &gradients, case.number("lr")?);
        weights_under(&format!("step{step}"), case, answers, &w).await?;
    }
    Ok(())
}

fn position_resize(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (dim, patch) = (case.count("dim")?, case.count("patch_size")?);
    let (old, new) = (case.count("img_size")? / patch, case.count("new_img_size")? / patch);
    let table = resize::positions(&case.input("pos_embed")?.values, 1, old, new, dim);
    answers.host("out/pos_embed_interp", [1, 1 + new * new, dim], table);
    Ok(())
}

async fn hugging_face(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let mut w = Weights::new(case.device, 0);
    Mae::new(config(case)?, &mut w)?;
    let file = File { tensors: case.inputs(), ..File::default() };
    let plan = keys::plan("fixture", &file, &w, keys::vit_mae::LAYOUTS);
    keys::apply(plan, &mut w)?;
    weights_under("w", case, answers, &w).await
}

async fn linear_probe(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let mut w = Weights::new(case.device, 0);
    let config = config(case)?;
    let encoder = VitEncoder::new(&mut w.root(), config.vit());
    case.fill(&mut w)?;
    let pictures: Tensor<4> = case.input("imgs")?.tensor(w.device())?;
    let none = Mask::none(pictures.dims()[0], config.side() * config.side());
    let feature: Tensor<2> = encoder.forward(&w, &pictures.into(), &none).narrow(1, 0, 1).squeeze_dim(1);
    answers.tensor("out/probe_feature", feature.clone()).await?;

    let classes = case.count("classes")?;
    let mut probe = LinearProbe::new(config.encoder.dim, classes, 0, case.device);
    (probe.eps, probe.momentum) = (case.number("bn_eps")?, case.number("bn_momentum")?);
    probe.optimiser.momentum = case.number("lars_momentum")?;
    probe.optimiser.trust = case.number("lars_trust")?;
    probe.optimiser.weight_decay = case.number("weight_decay")?;
    for name in ["head.1.weight", "head.1.bias"] {
        probe.head.set(name, case.input(name)?.values.clone())?;
    }
    let targets = target_tensor(smooth_targets(&case.numbers("labels")?, classes, 0.0)?, classes, case.device);
    for step in 0..case.count("steps")? {
        let forward = probe.step(feature.clone(), targets.clone(), case.number("lr")?);
        answers.value(&format!("probe_loss_step{step}"), f64::from(readback::scalar(forward.loss).await?));
        weights_under(&format!("step{}", step + 1), case, answers, &probe.head).await?;
        if step > 0 {
            continue;
        }
        answers.tensor("out/probe_logits_train", forward.logits).await?;
        for (full, parameter) in case.expected_under("grad") {
            let found = probe.head.list.iter().zip(&forward.gradients).find(|(weight, _)| weight.name == parameter);
            if let Some((weight, Some(gradient))) = found {
                answers.flat(full, &weight.shape, gradient.clone()).await?;
            }
        }
    }
    answers.tensor("out/probe_running_mean", probe.running_mean.clone()).await?;
    answers.tensor("out/probe_running_var", probe.running_var.clone()).await?;
    answers.tensor("out/probe_logits_eval", probe.logits(feature)).await
}
