//! Dropout (Srivastava et al., JMLR 2014): values are left out at random in training and the others scaled up.

use burn::tensor::{Tensor, TensorData};

use crate::rng::Rng;

/// `x` with each value set to zero with probability `rate`, the others divided by 1 − `rate`.
pub fn dropout<const D: usize>(x: Tensor<D>, rate: f64, rng: &mut Rng) -> Tensor<D> {
    if rate <= 0.0 {
        return x;
    }
    let shape = x.dims();
    let factors = factors(shape.iter().product(), rate, rng);
    let factors = Tensor::from_data(TensorData::new(factors, shape), &x.device().without_autodiff());
    x.clone() * if x.is_autodiff() { Tensor::from_inner(factors) } else { factors }
}

/// What each value is multiplied by: 0 with probability `rate` (to 2⁻¹⁶), else 1 / (1 − `rate`).
fn factors(count: usize, rate: f64, rng: &mut Rng) -> Vec<f32> {
    let (below, kept) = ((rate * 65_536.0).round() as u64, (1.0 / (1.0 - rate)) as f32);
    let mut factors = Vec::with_capacity(count + 3);
    while factors.len() < count {
        let bits = rng.next_u64();
        factors.extend([0, 16, 32, 48].map(|shift| if bits >> shift & 0xFFFF < below { 0.0 } else { kept }));
    }
    factors.truncate(count);
    factors
}
