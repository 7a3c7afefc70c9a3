//! The deterministic numbers of the workloads, and the weights of their models made of them.

use burn::tensor::Device;

use crate::error::Result;
use crate::methods::mae::model::{Config, Mae};
use crate::weights::Weights;

/// Value `i` of the deterministic stream `seed`, uniform in ±scale.
pub(super) fn hashed(count: usize, seed: u32, scale: f64) -> Vec<f32> {
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

/// The model with the workload's own weights. Linear weights are drawn as [in, out] and stored as [out, in]; the patch
/// vector is drawn in (row, column, channel) order and stored in (channel, row, column) order.
pub(super) fn model(config: &Config, device: &Device) -> Result<(Mae, Weights)> {
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
