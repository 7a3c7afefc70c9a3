//! G-SimCLR's golden numbers: what each case of a fixture asks, computed by the same functions that train.

use std::collections::BTreeMap;

use burn::tensor::{Int, Tensor};
use serde_json::Value;

use crate::blocks::batch_norm::Pass;
use crate::blocks::encoders::convolution::{Norm, global_average};
use crate::error::{Error, Result};
use crate::eval::{Features, kmeans};
use crate::kernels::contrast::nt_xent;
use crate::method::HostTensor;
use crate::methods::gsimclr::augment;
use crate::methods::gsimclr::autoencoder::{Autoencoder, AutoencoderConfig, reconstruction_error};
use crate::methods::gsimclr::batches;
use crate::methods::gsimclr::encoder::{Encoder, EncoderConfig};
use crate::methods::gsimclr::model::partners;
use crate::readback;
use crate::verify::{Answers, Case, Got};
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
        other => {
            return Err(Error::fixture(
                "The case is not known",
                format!("G-SimCLR has no case {other:?}"),
                "Update the program, or check the manifest",
            ));
        }
    }
    Ok(answers.got)
}

/// The whole numbers of a list of the config.
fn counts(case: &Case<'_>, key: &str) -> Result<Vec<usize>> {
    let list = case.config.get(key).and_then(Value::as_array);
    let numbers = list.map(|list| list.iter().filter_map(Value::as_u64).map(|n| n as usize).collect::<Vec<_>>());
    numbers.ok_or_else(|| {
        Error::fixture(
            format!("Case {} cannot be run", case.name),
            format!("it has no list {key:?}"),
            "Check the manifest",
        )
    })
}

fn norm(case: &Case<'_>) -> Result<Norm> {
    Ok(Norm { eps: case.number("bn_eps")?, momentum: case.number("bn_momentum")? })
}

fn fill(weights: &mut Weights, case: &Case<'_>, prefix: &str) -> Result<()> {
    for (name, tensor) in case.weights() {
        let name = format!("{prefix}{name}");
        if weights.by_name(&name).is_some() {
            weights.set(&name, tensor.values)?;
        }
    }
    Ok(())
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
    let gradients = w.backward(&loss);
    for (full, name) in case.expected_under("grad") {
        let found = w.list.iter().zip(&gradients).find(|(weight, _)| weight.name == name);
        if let Some((weight, Some(gradient))) = found {
            answers.host(full, weight.shape.clone(), readback::floats(gradient.clone()).await?);
        }
    }
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
        widths: counts(case, "ae_widths")?,
        side: case.count("kernel")?,
        norm: norm(case)?,
    };
    let halvings = u32::try_from(config.widths.len()).unwrap_or(u32::MAX);
    if !case.count("image_size")?.is_multiple_of(2_usize.checked_pow(halvings).unwrap_or(usize::MAX)) {
        let why = "the autoencoder cannot halve the pictures as often as it has layers";
        return Err(Error::fixture(format!("Case {} cannot be run", case.name), why, "Check the fixture's manifest"));
    }
    let network = Autoencoder::new(w.root().at("ae"), &config);
    fill(&mut w, case, "ae.")?;
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
        widths: counts(case, "widths")?,
        expansions: counts(case, "expansions")?,
        strides: counts(case, "strides")?,
        identity_blocks: case.count("n_blocks")?,
        head: counts(case, "head")?,
        norm: norm(case)?,
    };
    let network = Encoder::new(w.root(), &config);
    fill(&mut w, case, "")?;
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
    let positive: Tensor<1, Int> = partners(rows.dims()[0] / 2, w.device());
    let loss = nt_xent(rows, positive, case.number("tau")?, None);
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

    let step = changed(pictures, |p| augment::brightness(p, shift));
    put("brightness", step.clone());
    let step = changed(&step, |p| augment::contrast(p, spread));
    put("contrast_of_brightness", step.clone());
    let step = changed(&step, |p| augment::saturation(p, colour));
    put("saturation_of_contrast", step.clone());
    let step = changed(&step, |p| augment::hue(p, turn));
    put("hue_of_saturation", step.clone());
    put("jitter_clipped", changed(&step, augment::clip));

    let step = changed(pictures, |p| augment::brightness(p, strong[0]));
    let step = changed(&step, |p| augment::contrast(p, strong[1]));
    put("strong_contrast", step.clone());
    let step = changed(&step, |p| augment::saturation(p, strong[2]));
    put("strong_saturation", step.clone());
    let step = changed(&step, |p| augment::hue(p, strong[3]));
    put("strong_jitter_clipped", changed(&step, augment::clip));

    let [spread, colour, turn] = [number("alone_contrast")?, number("alone_saturation")?, number("alone_hue")?];
    put("contrast_alone", changed(pictures, |p| augment::contrast(p, spread)));
    put("saturation_alone", changed(pictures, |p| augment::saturation(p, colour)));
    put("hue_alone", changed(pictures, |p| augment::hue(p, turn)));
    put("flip_lr", changed(pictures, |p| augment::flip(p, width)));
    put("gray3", changed(pictures, |p| augment::grey(p, parts)));
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
