//! The cases of what works on all weights of a model at once.

use burn::tensor::{Device, Tensor};

use super::{Case, leaf, noise};
use crate::kernels::optimisers::{Rule, State, Step, Treatment, average, global_norm};
use crate::kernels::sheet;
use crate::readback::plain;

pub(super) fn cases() -> Vec<Case> {
    let (beta1, beta2, eps) = (0.9, 0.95, 1e-6);
    let lars = Rule::Lars { momentum: 0.9, trust: 0.02 };
    let all = |name: &str, device: &Device| -> Vec<Option<Tensor<1>>> {
        SIZES.iter().map(|count| Some(noise(&format!("{name} {count}"), [*count], device))).collect()
    };
    vec![
        Case::new("optimisers_adamw", &SIZES, 1e-5, move |device| {
            steps::<2>(Rule::AdamW { beta1, beta2, eps, coupled: false }, device)
        }),
        Case::new("optimisers_adam_coupled", &SIZES, 1e-5, move |device| {
            steps::<2>(Rule::AdamW { beta1, beta2, eps, coupled: true }, device)
        }),
        Case::new("optimisers_lamb", &SIZES, 1e-5, move |device| steps::<2>(Rule::Lamb { beta1, beta2, eps }, device)),
        Case::new("optimisers_lars", &SIZES, 1e-5, move |device| steps::<1>(lars, device)),
        Case::new("norms", &SIZES, 1e-5, move |device| global_norm(&all("g", device)).into_iter().collect()),
        Case::new("average", &SIZES, 1e-6, move |device| {
            average(all("a", device), all("w", device), 0.9).into_iter().flatten().collect()
        }),
        Case::new("sheet", &SIZES, 1e-6, move |device| {
            let leaves: Vec<Tensor<1>> =
                SIZES.iter().map(|count| leaf(&format!("w {count}"), [*count], device)).collect();
            let weights: Vec<_> = leaves.iter().map(|w| Some(plain(w.clone()))).collect();
            let found = sheet::collect(&weights, || {
                let loss =
                    leaves.iter().map(|w| w.clone().square().sum()).reduce(Tensor::add).map(|loss| loss.backward());
                leaves.iter().map(|w| w.grad(loss.as_ref()?)).collect()
            });
            found.into_iter().flatten().collect()
        }),
    ]
}

/// Values of the weights of a model: one, less than a block of a sheet, some blocks, one more than a block.
const SIZES: [usize; 4] = [1, 231, 12_000, 257];

/// Three steps with clipping, in the second of which one weight has no gradient: weights, norm and moments.
fn steps<const N: usize>(rule: Rule, device: &Device) -> Vec<Tensor<1>> {
    let treatments = [(1.0, 0.0, false), (0.5, 0.05, true), (1.0, 0.05, true), (2.0, 0.1, true)];
    let treatments = treatments.map(|(scale, decay, adapts)| Treatment { scale, decay, adapts });
    let mut state = State::<N>::default();
    let mut weights: Vec<_> = SIZES.iter().map(|count| Some(noise(&format!("p {count}"), [*count], device))).collect();
    let mut norms = Vec::new();
    for (number, rate) in [1e-2, 2e-2, 5e-3].into_iter().enumerate() {
        let slope = |count: &usize| {
            (number != 1 || *count != 231).then(|| noise(&format!("g {number} {count}"), [*count], device))
        };
        let gradients: Vec<_> = SIZES.iter().map(slope).collect();
        let step = Step { rule, rate, treatments: &treatments, max_norm: Some(7.0) };
        let norm;
        (weights, norm) = state.step(&step, weights, &gradients);
        norms.extend(norm);
    }
    let moments = state.remembered().into_iter().flatten().flat_map(|(_, moments)| moments);
    weights.into_iter().flatten().chain(norms).chain(moments).collect()
}
