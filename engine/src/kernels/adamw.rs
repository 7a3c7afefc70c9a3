//! One step of AdamW (Loshchilov and Hutter 2019) for one weight in one launch.

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn_backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use macerator::Simd;

use super::launch::{KernelInfo, Launch, empty, floats, word};
use super::{KernelOps as _, twin};

const WORKGROUP: u32 = 256;
/// Values of one task on the CPU.
const BLOCK: usize = 8192;

/// `adamw.wgsl`
pub const STEP: KernelInfo =
    KernelInfo { stem: "adamw", template: include_str!("../../../shaders/adamw.wgsl"), examples: &[&[("workgroup", WORKGROUP)]] };

/// The numbers of one step, the same for all values of a weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamwStep {
    /// Learning rate of this step.
    pub rate: f32,
    pub beta1: f32,
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub eps: f32,
    /// Weight decay, a share of the weight times the rate.
    pub decay: f32,
    /// 1 − β₁ˢ at step s.
    pub correction1: f32,
    /// 1 − β₂ˢ at step s.
    pub correction2: f32,
}

impl AdamwStep {
    /// The numbers of step number `step`, the first being 1.
    pub fn new(step: u64, rate: f32, (beta1, beta2): (f32, f32), eps: f32, decay: f32) -> Self {
        let correction = |beta: f32| (1.0 - f64::from(beta).powf(step.max(1) as f64)) as f32;
        Self { rate, beta1, beta2, eps, decay, correction1: correction(beta1), correction2: correction(beta2) }
    }
}

/// New weight, first and second moment: `m′ = β₁ m + (1 − β₁) g`, `v′ = β₂ v + (1 − β₂) g²`,
/// `p′ = p − rate · decay · p − rate · (m′ / c₁) / (√(v′ / c₂) + eps)`.
///
/// All four tensors are flat, of one length, and on one device without autodiff (gradients never flow through).
pub fn adamw(p: Tensor<1>, g: Tensor<1>, m: Tensor<1>, v: Tensor<1>, step: AdamwStep) -> [Tensor<1>; 3] {
    debug_assert!([&g, &m, &v].iter().all(|t| t.dims() == p.dims()));
    let (p, m, v) = Dispatch::adamw(p.into_dispatch(), g.into_dispatch(), m.into_dispatch(), v.into_dispatch(), step);
    [p, m, v].map(Tensor::from_dispatch)
}

pub(super) fn on_gpu(p: CubeTensor, g: CubeTensor, m: CubeTensor, v: CubeTensor, step: AdamwStep) -> (CubeTensor, CubeTensor, CubeTensor) {
    let (p, g, m, v) = (floats(p), floats(g), floats(m), floats(v));
    let count = p.shape().num_elements();
    let new = [&p, &m, &v].map(|t| empty(t, t.shape()));
    let AdamwStep { rate, beta1, beta2, eps, decay, correction1, correction2 } = step;
    let [rate, beta1, beta2, eps, decay, c1, c2] = [rate, beta1, beta2, eps, decay, correction1, correction2].map(f32::to_bits);
    Launch {
        info: &STEP,
        values: &[],
        workgroup: WORKGROUP,
        groups: count.div_ceil(WORKGROUP as usize),
        inputs: &[&p, &g, &m, &v],
        outputs: &new.each_ref(),
        params: &[word(count), rate, beta1, beta2, eps, decay, c1, c2],
    }
    .run();
    new.into()
}

#[macerator::with_simd]
fn change<S: Simd>(p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], step: AdamwStep) {
    let AdamwStep { rate, beta1, beta2, eps, decay, correction1, correction2 } = step;
    for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
        *m += (1.0 - beta1) * (g - *m);
        *v = beta2 * *v + (1.0 - beta2) * g * g;
        *p = *p * (1.0 - rate * decay) - rate * (*m / correction1) / ((*v / correction2).sqrt() + eps);
    }
}

pub(super) fn on_cpu(p: FlexTensor, g: FlexTensor, m: FlexTensor, v: FlexTensor, step: AdamwStep) -> (FlexTensor, FlexTensor, FlexTensor) {
    let g = twin::Floats::new(g);
    let mut new = [p, m, v].map(twin::owned);
    let values = new.each_mut().map(|t| t.storage_mut::<f32>());
    twin::parts(values, [BLOCK; 3], |block, [p, m, v]| change(p, &g[block * BLOCK..], m, v, step));
    new.into()
}
