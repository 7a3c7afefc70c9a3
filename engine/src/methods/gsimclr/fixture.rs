//! G-SimCLR's golden numbers: what each case of a fixture asks, computed by the same functions that train.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use crate::augment::{colour, shape};
use crate::blocks::batch_norm::Pass;
use crate::blocks::convolution::global_average;
use crate::blocks::convolution::keras::Norm;
use crate::blocks::objectives::info_nce::{Scale, Targets, nt_xent};
use crate::error::{Error, Result};
use crate::eval::{Features, kmeans};
use crate::golden::{Answers, Case, Got};
use crate::host_tensor::HostTensor;
use crate::methods::gsimclr::autoencoder::{Autoencoder, AutoencoderConfig, reconstruction_error};
use crate::methods::gsimclr::batches;
use crate::methods::gsimclr::encoder::{Encoder, EncoderConfig};
use crate::readback;
use crate::weights::Weights;

/// Compute what a case expects.
///
/// # Errors
/// [`Error::Fixture`] for a case that G-SimCLR does not know or whose parts are missing.
pub async fn verify(case: &Case<'_>) -> Result<BTreeMap<String, Got>> {
    let mut answers = Answers::default();
    match case.name {
        "autoencoder" => autoencoder(case, &mut answers).await?,
        "simclr_step" => simclr_step(case, &mut answers).await?,
        "augment" => augmented(case, &mut answers)?,
        "batching" => batching(case, &mut answers)?,
        other => return Err(case.unknown("name", other)),
    }
    Ok(answers.got)
}

fn norm(case: &Case<'_>) -> Result<Norm> {
    Ok(Norm { eps: case.number("bn_eps")?, momentum: case.number("bn_momentum")? })
}

/// The pictures of a role, [batch, side, side, channels] as the config says.
fn pictures(case: &Case<'_>, role: &str, w: &Weights) -> Result<Tensor<4>> {
    let (side, channels) = (case.count("image_size")?, case.count("image_channels")?);
    let input = case.input(role)?;
    if input.shape.get(1..) != Some(&[side, side, channels]) {
        let why = format!("{role:?} is {:?} and not [batch, {side}, {side}, {channels}]", input.shape);
        return Err(Error::fixture(
            format!("Case {} cannot be run", case.name),
            why,
            "Check the fixture's manifest and files",
        ));
    }
    input.tensor(w.device())
}

/// Gradients of a loss under `grad/NAME`, and the running statistics of a pass under `out/…bn_after.NAME`.
async fn learned(
    case: &Case<'_>,
    answers: &mut Answers,
    w: &Weights,
    loss: Tensor<1>,
    pass: Pass,
    prefix: &str,
) -> Result<()> {
    answers.gradients(case, w, &loss).await?;
    for (index, value) in pass.updates() {
        let weight = &w.list[index];
        let name = weight.name.strip_prefix(prefix).unwrap_or(&weight.name);
        answers.host(&format!("out/{prefix}bn_after.{name}"), weight.shape.clone(), readback::floats(value).await?);
    }
    Ok(())
}

async fn autoencoder(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let mut w = Weights::new(&case.device.clone().autodiff(), 0);
    let config = AutoencoderConfig {
        channels: case.count("image_channels")?,
        widths: case.counts("ae_widths")?,
        side: case.count("kernel")?,
        norm: norm(case)?,
    };
    let halvings = u32::try_from(config.widths.len()).unwrap_or(u32::MAX);
    if !case.count("image_size")?.is_multiple_of(2_usize.checked_pow(halvings).unwrap_or(usize::MAX)) {
        let why = "the autoencoder cannot halve the pictures as often as it has layers";
        return Err(Error::fixture(format!("Case {} cannot be run", case.name), why, "Check the fixture's manifest"));
    }
    let network = Autoencoder::new(w.root().at("ae"), &config);
    case.fill_under("ae.", &mut w)?;
    let clean = pictures(case, "x", &w)?;
    let noise = pictures(case, "noise", &w)?;

    let evaluation = Pass::evaluation();
    let latent = network.encode(&w, clean.clone(), &evaluation);
    answers.tensor("out/ae_latent_eval", latent.clone()).await?;
    answers.tensor("out/ae_embedding_eval", global_average(latent.clone())).await?;
    answers.tensor("out/ae_recon_eval", network.decode(&w, latent, &evaluation)).await?;

    let pass = Pass::training();
    let latent = network.encode(&w, clean.clone() + noise, &pass);
    answers.tensor("out/ae_latent_train", latent.clone()).await?;
    let reconstruction = network.decode(&w, latent, &pass);
    answers.tensor("out/ae_recon_train", reconstruction.clone()).await?;
    let loss = reconstruction_error(reconstruction, clean);
    answers.tensor("out/ae_loss", loss.clone()).await?;
    learned(case, answers, &w, loss, pass, "ae.").await
}

async fn simclr_step(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let mut w = Weights::new(&case.device.clone().autodiff(), 0);
    let config = EncoderConfig {
        channels: case.count("image_channels")?,
        stem: case.count("stem_width")?,
        widths: case.counts("widths")?,
        expansions: case.counts("expansions")?,
        strides: case.counts("strides")?,
        identity_blocks: case.count("n_blocks")?,
        head: case.counts("head")?,
        norm: norm(case)?,
    };
    let network = Encoder::new(w.root(), &config);
    case.fill(&mut w)?;
    let (pass, eps) = (Pass::training(), case.number("norm_eps")?);
    let mut rows = Vec::new();
    for number in [1, 2] {
        let view = pictures(case, &format!("view{number}"), &w)?;
        let feature = network.feature(&w, view, &pass);
        answers.tensor(&format!("out/feature{number}"), feature.clone()).await?;
        let row = network.project(&w, feature, network.head_layers());
        answers.tensor(&format!("out/proj{number}"), row.clone()).await?;
        let length = row.clone().square().sum_dim(1).clamp_min(eps).sqrt();
        answers.tensor(&format!("out/proj{number}_normed"), row.clone() / length).await?;
        rows.push(row);
    }
    let view = pictures(case, "view1", &w)?;
    answers.tensor("out/feature1_eval", network.feature(&w, view, &Pass::evaluation())).await?;
    let rows = Tensor::cat(rows, 0);
    let pictures = rows.dims()[0] / 2;
    let loss = nt_xent(rows, &Targets::two_views(pictures), &Scale::Temperature(case.number("tau")?));
    answers.tensor("out/loss", loss.clone()).await?;
    learned(case, answers, &w, loss, pass, "").await
}

/// Pictures [batch, height, width, 3] with `change` applied to each.
fn changed(pictures: &HostTensor, change: impl Fn(&mut [f32])) -> HostTensor {
    let mut pictures = pictures.clone();
    let each = pictures.shape.iter().skip(1).product::<usize>().max(1);
    pictures.values.chunks_exact_mut(each).for_each(change);
    pictures
}

fn augmented(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (pictures, width) = (case.input("img")?, case.count("width")?);
    let number = |key: &str| case.number(key).map(|value| value as f32);
    let four = |role: &str| -> Result<[f32; 4]> {
        let values = &case.input(role)?.values;
        let wrong = |_| {
            Error::fixture(
                "The case cannot be run",
                format!("{role:?} has not four numbers"),
                "Check the fixture's files",
            )
        };
        <[f32; 4]>::try_from(values.as_slice()).map_err(wrong)
    };
    let ([shift, spread, colour, turn], strong) = (four("jitter")?, four("jitter_strong")?);
    let parts = [number("gray_r")?, number("gray_g")?, number("gray_b")?];
    let mut put =
        |name: &str, pictures: HostTensor| answers.host(&format!("out/{name}"), pictures.shape, pictures.values);

    let step = changed(pictures, |p| colour::brightness(p, shift));
    put("brightness", step.clone());
    let step = changed(&step, |p| colour::contrast(p, 3, spread));
    put("contrast_of_brightness", step.clone());
    let step = changed(&step, |p| colour::saturation(p, colour));
    put("saturation_of_contrast", step.clone());
    let step = changed(&step, |p| colour::hue(p, turn));
    put("hue_of_saturation", step.clone());
    put("jitter_clipped", changed(&step, colour::clip));

    let step = changed(pictures, |p| colour::brightness(p, strong[0]));
    let step = changed(&step, |p| colour::contrast(p, 3, strong[1]));
    put("strong_contrast", step.clone());
    let step = changed(&step, |p| colour::saturation(p, strong[2]));
    put("strong_saturation", step.clone());
    let step = changed(&step, |p| colour::hue(p, strong[3]));
    put("strong_jitter_clipped", changed(&step, colour::clip));

    let [spread, colour, turn] = [number("alone_contrast")?, number("alone_saturation")?, number("alone_hue")?];
    put("contrast_alone", changed(pictures, |p| colour::contrast(p, 3, spread)));
    put("saturation_alone", changed(pictures, |p| colour::saturation(p, colour)));
    put("hue_alone", changed(pictures, |p| colour::hue(p, turn)));
    put("flip_lr", changed(pictures, |p| shape::flip(p, width, 3)));
    put("gray3", changed(pictures, |p| colour::grey(p, parts)));
    // The notebook computes the grey picture and goes on with the coloured one.
    put("cifar_color_drop_is_identity", pictures.clone());
    Ok(())
}

fn batching(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let embedding = case.input("embedding")?;
    let features = Features { dim: case.count("dim")?, values: embedding.values.clone() };
    let found = kmeans::lloyd(&features, &case.input("kmeans_init")?.values);
    let floats = |values: &[usize]| values.iter().map(|value| *value as f32).collect::<Vec<f32>>();
    let words = |values: &[u32]| values.iter().map(|value| *value as f32).collect::<Vec<f32>>();
    let (samples, size) = (found.labels.len(), case.count("batch")?);
    let order = batches::order(&found.labels);
    let cut = batches::cut(&order, size);
    let distinct: Vec<usize> = cut.iter().map(|batch| batches::distinct(&found.labels, batch)).collect();
    answers.host("out/kmeans_labels", [samples], words(&found.labels));
    answers.host("out/kmeans_centers", [case.count("n_clusters")?, features.dim], found.centres);
    answers.host("out/kmeans_inertia", Vec::new(), vec![found.inertia as f32]);
    answers.host("out/rank", [samples], words(&batches::ranks(&found.labels)));
    answers.host("out/order_stable", [samples], floats(&order));
    answers.host("out/batches", [cut.len(), size], floats(&cut.concat()));
    answers.host("out/distinct_clusters_per_batch", [cut.len()], floats(&distinct));
    Ok(())
}
