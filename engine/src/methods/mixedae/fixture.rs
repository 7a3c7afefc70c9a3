//! MixedAE's golden numbers: what each case of a fixture asks, computed by the same functions that train.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use crate::blocks::encoders::transformer::TransformerConfig;
use crate::blocks::objectives::homologous_contrast;
use crate::blocks::tokenizers::image_patches::{Pictures, pictures_from_patches};
use crate::error::Result;
use crate::golden::{Answers, Case, Got};
use crate::kernels::pictures::Order;
use crate::methods::mixedae::card::Mode;
use crate::methods::mixedae::mixing::Mixing;
use crate::methods::mixedae::model::{Config, Mixedae};
use crate::weights::Weights;

/// Compute what a case expects.
///
/// # Errors
/// [`Error::Fixture`](crate::error::Error::Fixture) for a case that MixedAE does not know or whose parts are missing.
pub async fn verify(case: &Case<'_>) -> Result<BTreeMap<String, Got>> {
    let mut answers = Answers::default();
    match case.name {
        "pretrain" => pretrain(case, &mut answers).await?,
        "naive" => naive(case, &mut answers).await?,
        "full_mixing" => {
            let mixing = mixing(case)?;
            let shape = [mixing.groups, mixing.rounds, mixing.tokens];
            answers.host("out/full_mixing_sources", shape, floats(&mixing.sources));
        }
        other => return Err(case.unknown("name", other)),
    }
    Ok(answers.got)
}

fn floats(sources: &[u32]) -> Vec<f32> {
    sources.iter().map(|source| *source as f32).collect()
}

fn mode(case: &Case<'_>) -> Result<Mode> {
    match case.word("mode") {
        "compose" | "" => Ok(Mode::Compose),
        "full" => Ok(Mode::Full),
        other => Err(case.unknown("mode", other)),
    }
}

fn config(case: &Case<'_>) -> Result<Config> {
    let ln_eps = case.number("ln_eps").unwrap_or(1e-6);
    let stack = |names: [&str; 4]| -> Result<TransformerConfig> {
        let [dim, depth, heads, ratio] = names;
        Ok(TransformerConfig {
            dim: case.count(dim)?,
            depth: case.count(depth)?,
            heads: case.count(heads)?,
            mlp_ratio: case.number(ratio).or_else(|_| case.number("mlp_ratio")).unwrap_or(4.0),
            ln_eps,
        })
    };
    let mixed = case.count("group")?;
    let (img_size, patch_size) = (case.count("image_size")?, case.count("patch")?);
    let tokens = (img_size / patch_size.max(1)).pow(2);
    let homologous = case.switch("homologous_attention");
    Ok(Config {
        img_size,
        patch_size,
        in_chans: case.count("channels").unwrap_or(3),
        encoder: stack(["dim", "depth", "heads", "mlp_ratio"])?,
        decoder: stack(["dec_dim", "dec_depth", "dec_heads", "dec_mlp_ratio"])?,
        mixed,
        mode: mode(case)?,
        norm_pix: case.switch("norm_pix_loss"),
        segments: case.switch("segment_embed"),
        homologous_from: homologous.then(|| case.count("first_homo_block").unwrap_or(1)),
        kept_keys: case.count("top_k").unwrap_or_else(|_| tokens.div_ceil(mixed)),
        recognition: case.number("lambda_homo")?,
        temperature: case.number("tau")?,
    })
}

/// The mixtures of the case's noise.
fn mixing(case: &Case<'_>) -> Result<Mixing> {
    let noise = case.input("noise")?;
    let tokens = noise.shape.last().copied().unwrap_or(1);
    Ok(Mixing::from_noise(&noise.values, tokens, case.count("group")?, mode(case)?))
}

/// The model of a case with the fixture's weights, and its pictures.
fn model(case: &Case<'_>) -> Result<(Mixedae, Weights, Pictures)> {
    let mut weights = Weights::new(&case.device.clone().autodiff(), 0);
    let model = Mixedae::new(config(case)?, &mut weights)?;
    case.fill(&mut weights)?;
    let bytes: Tensor<4> = case.input("imgs")?.tensor(weights.device())?;
    let pictures = bytes.sub_scalar(case.number("u8_offset")?).div_scalar(case.number("u8_scale")?);
    Ok((model, weights, Pictures::from(pictures)))
}

async fn pretrain(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (model, w, imgs) = model(case)?;
    let (mixing, config) = (mixing(case)?, &model.config);
    let (tokens, last) = (mixing.tokens, config.encoder.depth.saturating_sub(1));
    answers.host("out/source_index", [mixing.mixtures(), tokens], floats(&mixing.sources));
    let picture =
        pictures_from_patches(model.mix(&imgs, &mixing, Order::ChannelLast), config.side(), config.patch_size);
    answers.tensor("out/mixed_image", picture).await?;
    let patches = model.mix(&imgs, &mixing, Order::ChannelFirst);
    answers.tensor("out/mixed_tokens", model.encoder.patch_embed.forward(&w, patches.clone())).await?;

    let input = model.encoder_input(&w, patches, &mixing);
    answers.tensor("out/encoder_input", input.clone().narrow(1, 1, tokens)).await?;
    let kept = model.kept(&w, input.clone());
    if let Some(kept) = kept.last() {
        answers.tensor("out/topk_keep_last_block", kept.clone()).await?;
    }
    answers.tensor("out/topk_homologous_share_per_block", model.homologous_share(&kept, &mixing)).await?;
    let mut x = input.clone();
    for (i, block) in model.encoder.blocks.iter().enumerate() {
        let given = model.block_input(i);
        if i == last {
            answers.tensor("out/attn_last_block", block.attention_weights(&w, x.clone(), &given.own)).await?;
        }
        x = block.forward_given(&w, x, &given, &mut None);
    }

    let latent = model.encode(&w, input);
    answers.tensor("out/latent", latent.clone()).await?;
    let cosines = homologous_contrast::cosines(latent.clone().narrow(1, 1, tokens));
    answers.tensor("out/cosine_similarity", cosines).await?;
    let recognition = model.recognition(latent.clone(), &mixing);
    answers.tensor("out/homo_loss_per_patch", recognition.clone()).await?;
    answers.tensor("out/homo_loss", recognition.mean()).await?;
    let hidden = mixing.hidden_tensor(w.device());
    answers.tensor("out/mask", hidden.clone()).await?;
    answers.tensor("out/unmixed_decoder_input", model.decoder.unmixed(&w, latent.clone(), hidden)).await?;
    answers.tensor("out/pred", model.decode(&w, latent, &mixing)).await?;

    let losses = model.forward(&w, &imgs, &mixing);
    answers.tensor("out/recon_loss", losses.reconstruction).await?;
    answers.tensor("out/loss", losses.total.clone()).await?;
    answers.gradients(case, &w, &losses.total).await
}

/// Mixing alone.
async fn naive(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (model, w, imgs) = model(case)?;
    let mixing = mixing(case)?;
    let patches = model.mix(&imgs, &mixing, Order::ChannelFirst);
    let latent = model.encode(&w, model.encoder_input(&w, patches, &mixing));
    answers.tensor("out/naive_latent", latent).await?;
    answers.tensor("out/naive_recon_loss", model.forward(&w, &imgs, &mixing).total).await
}
