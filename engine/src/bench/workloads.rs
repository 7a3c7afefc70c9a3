//! The workloads: what each computes, and from what.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::weights::{hashed, model};
use crate::blocks::encoders::transformer::TransformerConfig;
use crate::blocks::masks::Mask;
use crate::blocks::tokenizers::image_patches::Pictures;
use crate::error::Result;
use crate::host_tensor::HostTensor;
use crate::kernels::choice;
use crate::kernels::contrast::nt_xent;
use crate::kernels::losses::patch_error;
use crate::kernels::pictures::Order;
use crate::kernels::tokens::similarity_map;
use crate::methods::mae::model::{Config, Mae, Sampling};
use crate::readback;
use crate::train::groups::{Group, groups};
use crate::train::optimiser::AdamW;
use crate::weights::{Weights, plain};

/// Names of the workloads.
pub const WORKLOADS: [&str; 10] = [
    "w1-mae-fwd-tiny",
    "w1-mae-fwd-b224",
    "w2-mae-train-tiny",
    "w3-vit-embed-b1",
    "w3-vit-embed-b8",
    "w4-ntxent-1024",
    "w4-ntxent-4096",
    "w4-ntxent-65536",
    "w5-simmap-14",
    "w5-simmap-64",
];

/// The workload that trains.
pub(super) const TRAINING: &str = "w2-mae-train-tiny";

const TEMPERATURE: f64 = 0.1;

fn sizes(name: &str) -> Option<(Config, usize)> {
    let stack = |dim, depth, heads| TransformerConfig { dim, depth, heads, mlp_ratio: 4.0, ln_eps: 1e-6 };
    let config = |img_size, patch_size, encoder, decoder| Config {
        img_size,
        patch_size,
        in_chans: 3,
        encoder,
        decoder,
        mask_ratio: 0.75,
        sampling: Sampling::Random,
        norm_pix: true,
    };
    let vit = || config(224, 16, stack(192, 12, 3), stack(4, 0, 1));
    match name {
        "w1-mae-fwd-tiny" | "w2-mae-train-tiny" => Some((config(32, 4, stack(192, 6, 3), stack(96, 2, 3)), 64)),
        "w1-mae-fwd-b224" => Some((config(224, 16, stack(768, 12, 12), stack(512, 8, 16)), 1)),
        "w3-vit-embed-b1" => Some((vit(), 1)),
        "w3-vit-embed-b8" => Some((vit(), 8)),
        _ => None,
    }
}

/// One workload, ready to run; there is one at a time.
#[allow(clippy::large_enum_variant)]
pub(super) enum Work {
    Forward(Mae, Weights, HostTensor, Mask),
    Train(Mae, Box<Weights>, Box<AdamW>, HostTensor, Mask),
    Embed(Mae, Weights, HostTensor, Mask),
    /// Rows, and the positive of each: its neighbour, i xor 1.
    NtXent(Tensor<2>, Tensor<1, Int>),
    Similarity(Tensor<2>),
}

impl Work {
    pub fn prepare(name: &str, device: &Device) -> Result<Option<Self>> {
        if let Some((config, batch)) = sizes(name) {
            let pictures = HostTensor::new(
                [batch, 3, config.img_size, config.img_size],
                hashed(batch * 3 * config.img_size.pow(2), 900, 1.0),
            );
            let tokens = config.side().pow(2);
            let (mae, w) = model(&config, device)?;
            let noise: Vec<f32> = (0..batch).flat_map(|b| hashed(tokens, 1000 + b as u32, 1.0)).collect();
            let mask = Mask::from_noise(&noise, tokens, tokens / 4);
            return Ok(Some(match name {
                "w2-mae-train-tiny" => {
                    let optimiser =
                        AdamW::new(0.9, 0.95, groups(&w, |_, _| Group { lr_scale: 1.0, weight_decay: 0.05 }));
                    Self::Train(mae, Box::new(w), Box::new(optimiser), pictures, mask)
                }
                "w3-vit-embed-b1" | "w3-vit-embed-b8" => {
                    Self::Embed(mae, w.frozen(), pictures, Mask::none(batch, tokens))
                }
                _ => Self::Forward(mae, w.frozen(), pictures, mask),
            }));
        }
        let rows = |count: usize, dim: usize, seed| {
            Tensor::from_data(TensorData::new(hashed(count * dim, seed, 1.0), [count, dim]), device)
        };
        let pairs = |count: usize| {
            let positive: Vec<i32> = (0..count as i32).map(|i| i ^ 1).collect();
            Self::NtXent(rows(count, 128, 950), Tensor::from_data(TensorData::new(positive, [count]), device))
        };
        Ok(match name {
            "w4-ntxent-1024" => Some(pairs(1024)),
            "w4-ntxent-4096" => Some(pairs(4096)),
            // The stock operations store a matrix of 65,536² values, 17 GB.
            "w4-ntxent-65536" if !choice::stock() => Some(pairs(65_536)),
            "w5-simmap-14" => Some(Self::Similarity(rows(14 * 14, 384, 960))),
            "w5-simmap-64" => Some(Self::Similarity(rows(64 * 64, 384, 960))),
            _ => None,
        })
    }

    /// Run once, ending with the answer on the host; returns the check value.
    pub async fn once(&mut self) -> Result<f64> {
        match self {
            Self::Forward(mae, w, pictures, mask) => {
                let imgs = Pictures::from(pictures.tensor::<4>(w.device())?);
                let hidden = mask.hidden_tensor(w.device());
                let target = imgs.patches(mae.config.patch_size, Order::ChannelLast);
                let latent = mae.forward_encoder(w, &imgs, mask);
                let prediction = mae.forward_decoder(w, latent, mask);
                let error = patch_error(prediction, target, hidden.clone(), mae.config.norm_pix);
                let losses = readback::floats(error.sum_dim(1) / hidden.sum_dim(1)).await?;
                Ok(losses.iter().map(|l| f64::from(*l)).sum::<f64>() / losses.len().max(1) as f64)
            }
            Self::Train(mae, w, optimiser, pictures, mask) => {
                let imgs = Pictures::from(pictures.tensor::<4>(w.device())?);
                let loss = mae.forward(w, &imgs, mask);
                let gradients = w.backward(&loss);
                optimiser.step(w, &gradients, 1.5e-4);
                // One value of the last weight comes back too: the step is over when it does (a browser cannot wait
                // otherwise).
                let last = w.list.last().map(|weight| weight.value.clone().narrow(0, 0, 1));
                let read = readback::many(std::iter::once(plain(loss)).chain(last.map(plain)).collect()).await?;
                let loss = read.first().and_then(|l| l.first()).copied().unwrap_or(f32::NAN);
                Ok(f64::from(loss))
            }
            Self::Embed(mae, w, pictures, mask) => {
                let latent = mae.forward_encoder(w, &pictures.tensor::<4>(w.device())?.into(), mask);
                let values = readback::floats(latent.narrow(1, 0, 1)).await?;
                Ok(values.iter().map(|v| f64::from(v.abs())).sum::<f64>() / values.len().max(1) as f64)
            }
            Self::NtXent(rows, positive) => {
                let tracked = Tensor::from_inner(rows.clone()).require_grad();
                let loss = nt_xent(tracked.clone(), Tensor::from_inner(positive.clone()), TEMPERATURE, None);
                let gradients = loss.backward();
                let row = tracked.grad(&gradients).map(|g| g.narrow(0, 0, 1).flatten::<1>(0, 1));
                let read = readback::many(std::iter::once(loss).chain(row).collect()).await?;
                let loss = read.first().and_then(|l| l.first()).copied().unwrap_or(f32::NAN);
                let row = read.get(1).map_or(f64::NAN, |row| row.iter().map(|g| f64::from(g.abs())).sum());
                Ok(f64::from(loss) + row)
            }
            Self::Similarity(tokens) => {
                let map = readback::floats(similarity_map(tokens.clone().unsqueeze_dim(0), 0)).await?;
                Ok(map.iter().map(|v| f64::from(v.abs())).sum())
            }
        }
    }
}
