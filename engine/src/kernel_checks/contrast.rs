//! The cases of contrastive losses.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{Case, flat, gradient, leaf, picks};
use crate::kernels::contrast::{How, contrast};

pub(super) fn cases() -> Vec<Case> {
    let how = |scale, symmetric| How { scale, normalise: true, symmetric };
    let mut cases = Vec::new();
    for [rows, width] in [[4, 2], [38, 5], [530, 67]] {
        let groups = move |device: &Device| (rows > 4).then(|| picks([rows], 7, device));
        cases.push(Case::new("contrast", &[rows, width], 5e-5, move |device| {
            let x = leaf("x", [rows, width], device);
            let positive = numbers((0..rows).map(|i| i ^ 1), &x.device());
            let out = contrast(x.clone(), None, None, positive, groups(&x.device()), how(10.0, false));
            let gradients = out.backward();
            vec![flat(out), gradient(&x, &gradients)]
        }));
    }
    for ([rows, keys, width], symmetric) in [([3, 70, 9], false), ([45, 45, 130], true)] {
        cases.push(Case::new("contrast", &[rows, keys, width], 5e-5, move |device| {
            let (a, b) = (leaf("a", [rows, width], device), leaf("b", [keys, width], device));
            let scale = leaf("scale", [1], device);
            let positive = numbers((0..rows).map(|i| rows - 1 - i), &a.device());
            let groups = picks([rows + keys], 9, &a.device());
            let out = contrast(
                a.clone(),
                Some(b.clone()),
                Some(scale.clone().abs() + 0.5),
                positive,
                Some(groups),
                how(5.0, symmetric),
            );
            let gradients = out.backward();
            vec![flat(out), gradient(&a, &gradients), gradient(&b, &gradients), gradient(&scale, &gradients)]
        }));
    }
    cases
}

fn numbers(values: impl Iterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.map(|v| v as i32).collect();
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}
