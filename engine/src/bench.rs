//! Workloads W1–W5: the same deterministic weights and inputs as every peer computes, so that a fast wrong answer is caught.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::blocks::encoders::transformer::TransformerConfig;
use crate::blocks::masks::Mask;
use crate::blocks::tokenizers::image_patches::patches_channel_last;
use crate::clock::{self, Stopwatch};
use crate::device::Compute;
use crate::error::Result;
use crate::kernels::choice;
use crate::kernels::contrast::nt_xent;
use crate::kernels::patch_error::patch_error;
use crate::kernels::similarity_map::similarity_map;
use crate::method::HostTensor;
use crate::methods::mae::model::{Config, Mae, Sampling};
use crate::readback;
use crate::session::{BenchReport, StepReport};
use crate::train::groups::Group;
use crate::train::groups::groups;
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

const TEMPERATURE: f64 = 0.1;

/// Value `i` of the deterministic stream `seed`, uniform in ±scale.
fn hashed(count: usize, seed: u32, scale: f64) -> Vec<f32> {
    let start = seed.wrapping_mul(0x85EB_CA77).wrapping_add(0x1656_67B1);
    let value = |i: u32| {
        let mut x = i.wrapping_mul(0x9E37_79B1).wrapping_add(start);
        x = (x ^ (x >> 15)).wrapping_mul(0x85EB_CA6B);
        x = (x ^ (x >> 13)).wrapping_mul(0xC2B2_AE35);
        x ^= x >> 16;
        ((f64::from(x) / 4_294_967_296.0 - 0.5) * 2.0 * scale) as f32
    };
    (0..count as u32).map(value).collect()
}

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

/// The model with the workload's own weights. Linear weights are drawn as [in, out] and stored as [out, in]; the patch vector is
/// drawn in (row, column, channel) order and stored in (channel, row, column) order.
fn model(config: &Config, device: &Device) -> Result<(Mae, Weights)> {
    let mut w = Weights::new(&device.clone().autodiff(), 0);
    let mae = Mae::new(config.clone(), &mut w)?;
    let (p, c) = (config.patch_size, config.in_chans);
    let mut seed = 0_u32;
    for (name, kind) in order(config) {
        seed += 1;
        let Some(weight) = w.by_name(&name) else { continue };
        let shape = weight.shape.clone();
        let count: usize = shape.iter().product();
        let values = match kind {
            Kind::Linear => {
                let (outputs, inputs) = (shape[0], count / shape[0]);
                let drawn = hashed(count, seed, (6.0 / (inputs + outputs) as f64).sqrt());
                let place = |input: usize| match shape.len() {
                    4 => {
                        let (channel, cell) = (input / (p * p), input % (p * p));
                        cell * c + channel
                    }
                    _ => input,
                };
                (0..count).map(|i| drawn[place(i % inputs) * outputs + i / inputs]).collect()
            }
            Kind::Token => hashed(count, seed, 0.02),
            Kind::One => vec![1.0; count],
            Kind::Zero => vec![0.0; count],
        };
        w.set(&name, values)?;
    }
    for (name, seed) in [("pos_embed", 901), ("decoder_pos_embed", 902)] {
        let count = w.by_name(name).map_or(0, |weight| weight.shape.iter().product());
        w.set(name, hashed(count, seed, 0.5))?;
    }
    Ok((mae, w))
}

#[derive(Clone, Copy)]
enum Kind {
    Linear,
    Token,
    One,
    Zero,
}

/// The weights in the order in which the workloads draw them.
fn order(config: &Config) -> Vec<(String, Kind)> {
    fn linear(list: &mut Vec<(String, Kind)>, name: &str) {
        list.extend([(format!("{name}.weight"), Kind::Linear), (format!("{name}.bias"), Kind::Zero)]);
    }
    fn norm(list: &mut Vec<(String, Kind)>, name: &str) {
        list.extend([(format!("{name}.weight"), Kind::One), (format!("{name}.bias"), Kind::Zero)]);
    }
    fn block(list: &mut Vec<(String, Kind)>, name: &str) {
        norm(list, &format!("{name}.norm1"));
        linear(list, &format!("{name}.attn.qkv"));
        linear(list, &format!("{name}.attn.proj"));
        norm(list, &format!("{name}.norm2"));
        linear(list, &format!("{name}.mlp.fc1"));
        linear(list, &format!("{name}.mlp.fc2"));
    }
    let mut list = Vec::new();
    linear(&mut list, "patch_embed.proj");
    list.push(("cls_token".into(), Kind::Token));
    (0..config.encoder.depth).for_each(|i| block(&mut list, &format!("blocks.{i}")));
    norm(&mut list, "norm");
    linear(&mut list, "decoder_embed");
    list.push(("mask_token".into(), Kind::Token));
    (0..config.decoder.depth).for_each(|i| block(&mut list, &format!("decoder_blocks.{i}")));
    norm(&mut list, "decoder_norm");
    linear(&mut list, "decoder_pred");
    list
}

/// One workload, ready to run.
enum Work {
    Forward(Mae, Weights, HostTensor, Mask),
    Train(Mae, Box<Weights>, Box<AdamW>, HostTensor, Mask),
    Embed(Mae, Weights, HostTensor, Mask),
    /// Rows, and the positive of each: its neighbour, i xor 1.
    NtXent(Tensor<2>, Tensor<1, Int>),
    Similarity(Tensor<2>),
}

impl Work {
    fn prepare(name: &str, device: &Device) -> Result<Option<Self>> {
        if let Some((config, batch)) = sizes(name) {
            let pictures =
                HostTensor::new([batch, 3, config.img_size, config.img_size], hashed(batch * 3 * config.img_size.pow(2), 900, 1.0));
            let tokens = config.side().pow(2);
            let (mae, w) = model(&config, device)?;
            let noise: Vec<f32> = (0..batch).flat_map(|b| hashed(tokens, 1000 + b as u32, 1.0)).collect();
            let mask = Mask::from_noise(&noise, tokens, tokens / 4);
            return Ok(Some(match name {
                "w2-mae-train-tiny" => {
                    let optimiser = AdamW::new(0.9, 0.95, groups(&w, |_, _| Group { lr_scale: 1.0, weight_decay: 0.05 }));
                    Self::Train(mae, Box::new(w), Box::new(optimiser), pictures, mask)
                }
                "w3-vit-embed-b1" | "w3-vit-embed-b8" => Self::Embed(mae, w.frozen(), pictures, Mask::none(batch, tokens)),
                _ => Self::Forward(mae, w.frozen(), pictures, mask),
            }));
        }
        let rows =
            |count: usize, dim: usize, seed| Tensor::from_data(TensorData::new(hashed(count * dim, seed, 1.0), [count, dim]), device);
        let pairs = |count: usize| {
            let positive: Vec<i32> = (0..count as i32).map(|i| i ^ 1).collect();
            Self::NtXent(rows(count, 128, 950), Tensor::from_data(TensorData::new(positive, [count]), device))
        };
        Ok(match name {
            "w4-ntxent-1024" => Some(pairs(1024)),
            "w4-ntxent-4096" => Some(pairs(4096)),
            "w4-ntxent-65536" => Some(pairs(65_536)),
            "w5-simmap-14" => Some(Self::Similarity(rows(14 * 14, 384, 960))),
            "w5-simmap-64" => Some(Self::Similarity(rows(64 * 64, 384, 960))),
            _ => None,
        })
    }

    /// Run once, ending with the answer on the host; returns the check value.
    async fn once(&mut self) -> Result<f64> {
        match self {
            Self::Forward(mae, w, pictures, mask) => {
                let pictures: Tensor<4> = pictures.tensor(w.device())?;
                let hidden = mask.hidden_tensor(w.device());
                let target = patches_channel_last(pictures.clone(), mae.config.patch_size);
                let latent = mae.forward_encoder(w, pictures, mask);
                let prediction = mae.forward_decoder(w, latent, mask);
                let error = patch_error(prediction, target, hidden.clone(), mae.config.norm_pix);
                let losses = readback::floats(error.sum_dim(1) / hidden.sum_dim(1)).await?;
                Ok(losses.iter().map(|l| f64::from(*l)).sum::<f64>() / losses.len().max(1) as f64)
            }
            Self::Train(mae, w, optimiser, pictures, mask) => {
                let loss = mae.forward_loss(w, pictures.tensor(w.device())?, mask);
                let gradients = w.backward(&loss);
                optimiser.step(w, &gradients, 1.5e-4);
                // One value of the last weight comes back too: the step is over when it does (a browser cannot wait otherwise).
                let last = w.list.last().map(|weight| weight.value.clone().narrow(0, 0, 1));
                let read = readback::many(std::iter::once(plain(loss)).chain(last.map(plain)).collect()).await?;
                let loss = read.first().and_then(|l| l.first()).copied().unwrap_or(f32::NAN);
                Ok(f64::from(loss))
            }
            Self::Embed(mae, w, pictures, mask) => {
                let latent = mae.forward_encoder(w, pictures.tensor(w.device())?, mask);
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
                let query = Tensor::<1, Int>::from_data([0], &tokens.device());
                let map = readback::floats(similarity_map(tokens.clone().unsqueeze_dim(0), query)).await?;
                Ok(map.iter().map(|v| f64::from(v.abs())).sum())
            }
        }
    }
}

/// The workloads that have been prepared on a device, so that a workload can be timed more than once.
pub struct Bench {
    compute: Compute,
    prepared: Vec<(String, Work)>,
}

impl Bench {
    /// Nothing is prepared yet.
    pub fn new(compute: Compute) -> Self {
        Self { compute, prepared: Vec::new() }
    }

    /// Time one workload. The first time it is named it is prepared and run once, which gives `setup_ms`, `first_ms` and
    /// `check`; then come `warmup` untimed runs and `repeats` timed ones, or as many as begin within `max_ms`.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] when the device is lost.
    pub async fn run(&mut self, name: &str, warmup: u32, repeats: u32, max_ms: f64) -> Result<BenchReport> {
        let mut report = BenchReport {
            name: name.into(),
            unsupported: false,
            setup_ms: 0.0,
            first_ms: 0.0,
            ms: Vec::new(),
            cpu_ms: None,
            check: f64::NAN,
            device: self.compute.report.name.clone(),
            info: Vec::new(),
        };
        if !self.prepared.iter().any(|(known, _)| known == name) {
            let watch = Stopwatch::start();
            let Some(mut work) = Work::prepare(name, &self.compute.device)? else {
                report.unsupported = true;
                return Ok(report);
            };
            report.setup_ms = watch.seconds() * 1e3;
            report.check = work.once().await?;
            report.first_ms = watch.seconds() * 1e3;
            self.prepared.push((name.into(), work));
        }
        let Some((_, work)) = self.prepared.iter_mut().find(|(known, _)| known == name) else { return Ok(report) };
        for _ in 0..warmup {
            work.once().await?;
        }
        let all = Stopwatch::start();
        let spent = clock::processor_seconds();
        for _ in 0..repeats {
            let one = Stopwatch::start();
            work.once().await?;
            report.ms.push(one.seconds() * 1e3);
            if all.seconds() * 1e3 > max_ms {
                break;
            }
        }
        report.cpu_ms = clock::processor_seconds().zip(spent).map(|(now, then)| (now - then) * 1e3 / report.ms.len().max(1) as f64);
        report.info.push(("backend".into(), self.compute.report.backend.clone()));
        report.info.push(("kernels".into(), if choice::stock() { "stock" } else { "fused" }.into()));
        Ok(report)
    }
}

/// What one warm W2 step costs: time, and in a browser the WebGPU calls counted from outside.
///
/// # Errors
/// [`crate::error::Error::Device`] when the device is lost.
pub async fn step_report(compute: &Compute) -> Result<StepReport> {
    let mut work = Work::prepare("w2-mae-train-tiny", &compute.device)?;
    let Some(work) = &mut work else { return Ok(StepReport::default()) };
    let start = calls::count();
    work.once().await?;
    let cold = calls::count();
    let watch = Stopwatch::start();
    work.once().await?;
    let warm = calls::count();
    let between = |what: usize| Some(warm.as_ref()?.get(what)? - cold.as_ref()?.get(what)?);
    Ok(StepReport {
        dispatches: between(0),
        submits: between(1),
        pipelines: cold.as_ref().zip(start.as_ref()).and_then(|(c, s)| Some(c.get(2)? - s.get(2)?)),
        bytes_up: between(3),
        bytes_back: between(4),
        wall_ms: watch.seconds() * 1e3,
        device: compute.report.name.clone(),
    })
}

/// Counters of WebGPU calls that the page's worker keeps around the browser's own functions.
mod calls {
    /// Dispatches, submits, pipelines, bytes up, bytes back so far; `None` where nobody counts.
    #[cfg(target_arch = "wasm32")]
    pub fn count() -> Option<Vec<u64>> {
        let counts = js_sys::Reflect::get(&js_sys::global(), &"webgpuCalls".into()).ok()?;
        let names = ["dispatches", "submits", "pipelines", "bytesUp", "bytesBack"];
        names.iter().map(|n| Some(js_sys::Reflect::get(&counts, &(*n).into()).ok()?.as_f64()? as u64)).collect()
    }

    /// Natively nobody counts.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn count() -> Option<Vec<u64>> {
        None
    }
}
