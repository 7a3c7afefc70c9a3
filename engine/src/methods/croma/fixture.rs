//! CROMA's golden numbers: what each case of a fixture asks, computed by the same functions that train.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};

use crate::blocks::encoders::attention::Given;
use crate::blocks::encoders::transformer::TransformerConfig;
use crate::blocks::masks::{Mask, visible_tokens};
use crate::blocks::objectives::info_nce::Targets;
use crate::blocks::positions::alibi;
use crate::blocks::tokenizers::image_patches::patches_channel_first;
use crate::checkpoint::keys;
use crate::checkpoint::safetensors::File;
use crate::error::Result;
use crate::golden::{Answers, Case, Got};
use crate::knobs::Choice;
use crate::methods::croma::config::{Config, Feature, Masking, Positions, SelfBias};
use crate::methods::croma::encoders::Places;
use crate::methods::croma::method::LAYOUTS;
use crate::methods::croma::model::{Croma, Masks, Scenes};
use crate::methods::croma::scenes;
use crate::readback;
use crate::weights::Weights;

/// Compute what a case expects.
///
/// # Errors
/// [`Error::Fixture`](crate::error::Error::Fixture) for a case that CROMA does not know or whose parts are missing.
pub async fn verify(case: &Case<'_>) -> Result<BTreeMap<String, Got>> {
    let mut answers = Answers::default();
    match case.name {
        name if name.starts_with("pretrain") => pretrain(case, &mut answers).await?,
        name if name.starts_with("infer") => infer(case, &mut answers).await?,
        name if name.starts_with("normalize") => normalise(case, &mut answers).await?,
        name if name.starts_with("alibi_slopes") => slopes(case, &mut answers)?,
        other => return Err(case.unknown("name", other)),
    }
    Ok(answers.got)
}

fn config(case: &Case<'_>) -> Result<Config> {
    let number = |key: &str, otherwise: f64| case.number(key).unwrap_or(otherwise);
    let stack = |dim: &str, depth: &str, heads: &str| -> Result<TransformerConfig> {
        Ok(TransformerConfig {
            dim: case.count(dim)?,
            depth: case.count(depth)?,
            heads: case.count(heads)?,
            mlp_ratio: number("mlp_ratio", 4.0),
            ln_eps: number("ln_eps", 1e-5),
        })
    };
    let encoder = stack("dim", "optical_layers", "heads")?;
    let fusion_self_bias = match case.word("fusion_self_bias") {
        "" => SelfBias::Cross,
        word => SelfBias::named(word).ok_or_else(|| case.unknown("fusion_self_bias", word))?,
    };
    Ok(Config {
        img_size: case.count("image_size")?,
        patch_size: case.count("patch")?,
        optical_channels: case.count("optical_channels")?,
        radar_channels: case.count("radar_channels")?,
        radar_layers: case.count("radar_layers")?,
        fusion_layers: case.count("fusion_layers")?,
        decoder: stack("decoder_dim", "decoder_layers", "decoder_heads")
            .unwrap_or(TransformerConfig { depth: 0, ..encoder }),
        encoder,
        mask_ratio: number("mask_ratio", 0.0),
        masks: Masking::Independent,
        positions: Positions::Alibi,
        fusion_self_bias,
        detach_keys: case.switch("detach_keys"),
        lambda_contrast: number("lambda_contrast", 1.0),
        lambda_mae: number("lambda_mae", 1.0),
        target_eps: number("target_eps", 1e-6),
        sigmas: 2.0,
        feature: Feature::Joint,
    })
}

fn mask(case: &Case<'_>, config: &Config, noise: &str) -> Result<Mask> {
    let tokens = config.tokens();
    let kept = match case.count("len_keep") {
        Ok(kept) => kept,
        Err(_) => visible_tokens(tokens, config.mask_ratio)?,
    };
    Ok(Mask::from_noise(&case.input(noise)?.values, tokens, kept))
}

/// Values and shape of whole numbers.
fn ids(answers: &mut Answers, name: &str, shape: [usize; 2], ids: &[i32]) {
    answers.host(name, shape, ids.iter().map(|id| *id as f32).collect());
}

async fn pretrain(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let mut w = Weights::new(&case.device.clone().autodiff(), 0);
    let croma = Croma::new(config(case)?, &mut w)?;
    let table = "decoder.decoder_pos_embed";
    if let Some(weight) = w.by_name(table) {
        answers.flat(&format!("w/{table}"), &weight.shape, weight.value.clone()).await?;
    }
    case.fill(&mut w)?;
    let (config, device) = (&croma.config, w.device().clone());
    let imgs: Tensor<4> = case.input("imgs")?.tensor(&device)?;
    let of = |first: usize, channels: usize| {
        patches_channel_first(imgs.clone().narrow(1, first, channels), config.patch_size)
    };
    let scenes =
        Scenes { optical: of(0, config.optical_channels), radar: of(config.optical_channels, config.radar_channels) };
    let masks = Masks { radar: mask(case, config, "noise_radar")?, optical: mask(case, config, "noise_optical")? };
    for (name, mask) in [("radar", &masks.radar), ("optical", &masks.optical)] {
        ids(answers, &format!("out/ids_keep_{name}"), [mask.samples, mask.kept], &mask.ids_keep);
        ids(answers, &format!("out/ids_restore_{name}"), [mask.samples, mask.tokens], &mask.ids_restore);
        answers.tensor(&format!("out/mask_{name}"), mask.hidden_tensor(case.device)).await?;
    }
    biases(&croma, &masks, answers, case).await?;
    encoders(&croma, &w, &scenes, &masks, answers).await?;
    let encodings = croma.encode(&w, &scenes, &masks);
    let [radar, optical] = [
        croma.gap_radar.forward(&w, encodings.radar.clone()),
        croma.gap_optical.forward(&w, encodings.optical.clone()),
    ];
    answers.tensor("out/radar_gap", radar.clone()).await?;
    answers.tensor("out/optical_gap", optical.clone()).await?;
    let [z, w_optical] = croma.projections(&w, radar, optical);
    answers.tensor("out/radar_proj", z.clone()).await?;
    answers.tensor("out/optical_proj", w_optical.clone()).await?;
    let unit = |x: Tensor<2>| x.clone() / x.square().sum_dim(1).sqrt();
    let scores = unit(w_optical).matmul(unit(z).transpose()) * croma.scale(&w).reshape([1, 1]);
    answers.tensor("out/logits_per_optical", scores).await?;

    let x = croma.decoder.input(&w, encodings.joint, &masks.radar);
    answers.tensor("out/decoder_in", x.clone()).await?;
    let x = croma.decoder.decode(&w, x);
    answers.tensor("out/decoder_out", x.clone()).await?;
    answers.tensor("out/pred", croma.decoder.predict(&w, x)).await?;
    answers.tensor("out/target", croma.target(&scenes)).await?;

    let losses = croma.forward(&w, &scenes, &masks, &Targets::pairs(masks.radar.samples))?;
    if let Some(contrast) = losses.contrast {
        answers.tensor("out/loss_contrast", contrast).await?;
    }
    if let Some([optical, radar]) = losses.rebuilt {
        answers.tensor("out/loss_mae_optical", optical.clone()).await?;
        answers.tensor("out/loss_mae_radar", radar.clone()).await?;
        answers.tensor("out/loss_mae", optical + radar).await?;
    }
    answers.tensor("out/loss_total", losses.total.clone()).await?;
    answers.gradients(case, &w, &losses.total).await
}

async fn biases(croma: &Croma, masks: &Masks, answers: &mut Answers, case: &Case<'_>) -> Result<()> {
    let (radar, optical) = (Some(&masks.radar), Some(&masks.optical));
    for (name, queries, keys) in [
        ("out/alibi_full", None, None),
        ("out/alibi_radar", radar, radar),
        ("out/alibi_optical", optical, optical),
        ("out/alibi_cross", radar, optical),
    ] {
        answers.tensor(name, croma.places.alibi.bias(queries, keys, case.device)).await?;
    }
    Ok(())
}

/// Tokens, the branches of first layers, and the encodings.
async fn encoders(croma: &Croma, w: &Weights, scenes: &Scenes, masks: &Masks, answers: &mut Answers) -> Result<()> {
    for (name, encoder, patches) in
        [("radar", &croma.radar, &scenes.radar), ("optical", &croma.optical, &scenes.optical)]
    {
        let tokens = encoder.linear_input.tokens(w, patches.clone());
        answers.tensor(&format!("out/{name}_patch_tokens"), tokens).await?;
    }
    let x = croma.optical.input(w, scenes.optical.clone(), Some(&masks.optical), &croma.places);
    if let Some(layer) = croma.optical.layers.first() {
        let bias = croma.places.bias(Some(&masks.optical), Some(&masks.optical), w.device());
        let branch = layer.attention_branch(w, x.clone(), &Given { bias, ..Given::default() });
        answers.tensor("out/optical_attn_0", branch.clone()).await?;
        answers.tensor("out/optical_ffn_0", layer.mlp_branch(w, x + branch)).await?;
    }
    let [radar, optical] = croma.unimodal(w, scenes, masks);
    answers.tensor("out/radar_encodings", radar.clone()).await?;
    answers.tensor("out/optical_encodings", optical.clone()).await?;
    let input = croma.fusion_input(optical, masks);
    if let (Some(layer), Some((context, given))) = (croma.fusion.layers.first(), &input.context) {
        let own = layer.attention_branch(w, radar.clone(), &input.own);
        answers.tensor("out/cross_self_attn", own.clone()).await?;
        if let Some(cross) = layer.cross_branch(w, radar.clone() + own, context.clone(), given) {
            answers.tensor("out/cross_cross_attn", cross).await?;
        }
    }
    answers.tensor("out/joint_encodings", croma.fusion.forward(w, radar, &input)).await
}

/// The deployed model: weights by the released names, nothing hidden, one sensor or both.
async fn infer(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let mut w = Weights::new(case.device, 0);
    let croma = Croma::new(config(case)?, &mut w)?;
    // Files of five groups are laid side by side with a point.
    let tensors = case.weights().into_iter().map(|(key, tensor)| (key.replacen('/', ".", 1), tensor)).collect();
    keys::apply(keys::plan("fixture", &File { tensors, ..File::default() }, &w, LAYOUTS), &mut w)?;
    let patches = |role: &str| -> Option<Result<Tensor<4>>> { Some(case.input(role).ok()?.tensor(case.device)) };
    let [radar, optical] = [patches("SAR_images").transpose()?, patches("optical_images").transpose()?];
    let p = croma.config.patch_size;
    let grid = |pictures: &Tensor<4>| [pictures.dims()[2] / p, pictures.dims()[3] / p];
    let grid = radar.as_ref().or(optical.as_ref()).map_or([croma.config.side(); 2], grid);
    let places = Places::new(&croma.config, grid);
    answers.tensor("out/attn_bias", places.alibi.bias(None, None, case.device)).await?;
    let cut = |pictures: &Tensor<4>| patches_channel_first(pictures.clone(), p);
    if let Some(radar) = &radar {
        let tokens = croma.radar.forward(&w, cut(radar), None, &places);
        answers.tensor("out/SAR_encodings", tokens.clone()).await?;
        answers.tensor("out/SAR_GAP", croma.gap_radar.forward(&w, tokens)).await?;
    }
    if let Some(optical) = &optical {
        let tokens = croma.optical.forward(&w, cut(optical), None, &places);
        answers.tensor("out/optical_encodings", tokens.clone()).await?;
        answers.tensor("out/optical_GAP", croma.gap_optical.forward(&w, tokens)).await?;
    }
    if let (Some(radar), Some(optical)) = (radar, optical) {
        let scenes = Scenes { radar: cut(&radar), optical: cut(&optical) };
        let joint = croma.encode_all(&w, &scenes, &places).joint;
        answers.tensor("out/joint_encodings", joint.clone()).await?;
        answers.tensor("out/joint_GAP", joint.mean_dim(1).squeeze_dim::<2>(1)).await?;
    }
    Ok(())
}

/// Channels normalised by the mean and unbiased deviation of the batch: in 0 … 1, and as bytes.
async fn normalise(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (raw, sigmas) = (case.input("raw")?, case.number("sigmas")?);
    let channels = raw.shape.get(1).copied().unwrap_or(1).max(1);
    let plane: usize = raw.shape.iter().skip(2).product::<usize>().max(1);
    let channel = |at: usize| at / plane % channels;
    let mut moments = vec![[0.0_f64; 2]; channels];
    let each = (raw.values.len() / channels).max(2) as f64;
    for (at, value) in raw.values.iter().enumerate() {
        moments[channel(at)][0] += f64::from(*value) / each;
    }
    for (at, value) in raw.values.iter().enumerate() {
        let [mean, variance] = &mut moments[channel(at)];
        *variance += (f64::from(*value) - *mean).powi(2) / (each - 1.0);
    }
    let scores: Vec<f64> = raw
        .values
        .iter()
        .enumerate()
        .map(|(at, value)| {
            let [mean, variance] = moments[channel(at)];
            (f64::from(*value) - mean) / variance.sqrt()
        })
        .collect();
    let bytes = scores.iter().map(|z| ((0.5 / sigmas * z + 0.5) * 255.0).clamp(0.0, 255.0).trunc() as f32).collect();
    answers.host("out/normalize_u8", raw.shape.clone(), bytes);
    let count = scores.len();
    let scores: Vec<f32> = scores.into_iter().map(|z| z as f32).collect();
    let scores = Tensor::<1>::from_data(TensorData::new(scores, [count]), case.device);
    let values = readback::floats(scenes::normalised(scores, sigmas)).await?;
    answers.host("out/normalize_float", raw.shape.clone(), values);
    Ok(())
}

fn slopes(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let table: BTreeMap<String, Vec<f64>> =
        case.counts("heads_list")?.into_iter().map(|heads| (heads.to_string(), alibi::slopes(heads))).collect();
    for name in &case.expected {
        answers.got.insert(name.clone(), Got::Table(table.clone()));
    }
    Ok(())
}
