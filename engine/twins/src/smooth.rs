//! Smooth functions of one number for the CPU twins, without branches and calls, so that loops over them use vector
//! registers.

/// Adding it to a small number rounds that number to a whole one, which its lowest bits then hold.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts; the first has few digits, so that its products with whole numbers are exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// eˣ with a relative error of 10⁻⁷; what lies beyond ±87 counts as ±87.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 87.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = x - whole * LN_2[0] - whole * LN_2[1];
    // Taylor's series: |r| is at most ln 2 / 2, so the next term is below 10⁻⁸.
    let mut series = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        series = series * r + coefficient;
    }
    series * f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()))
}

/// Polynomial in t = 1 / (1 + u / 2) for exp(u²) erfc(u), fitted at Chebyshev nodes over 0 ≤ u ≤ 9.4; highest power
/// first.
const TAIL: [f32; 10] = [
    -0.045_928_947,
    0.216_677_57,
    -0.336_283_15,
    0.089_256_04,
    0.119_435,
    0.130_469_2,
    0.265_855_65,
    0.277_982_9,
    0.282_557_04,
    -2.130_502e-5,
];

/// The standard normal distribution function at `z`, with a relative error of 6 · 10⁻⁷ (down to z = −4), and its
/// density.
#[inline(always)]
pub(crate) fn normal(z: f32) -> (f32, f32) {
    let t = 1.0 / (1.0 + z.abs() * (0.5 * std::f32::consts::FRAC_1_SQRT_2));
    let bell = exp(-0.5 * z * z);
    let mut series = 0.0;
    for coefficient in TAIL {
        series = series * t + coefficient;
    }
    let tail = 0.5 * series * bell;
    (if z < 0.0 { tail } else { 1.0 - tail }, bell * 0.398_942_3)
}

#[cfg(test)]
mod tests {
    use super::{exp, normal};

    #[test]
    fn exp_is_accurate() {
        for i in -8600..=8600 {
            let x = i as f32 / 100.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) - exact).abs() <= 2e-7 * exact, "{x}: {} instead of {exact}", exp(x));
        }
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn normal_is_accurate() {
        // The integral of the density by Simpson's rule from z = −8, where the distribution is below 10⁻¹⁵.
        let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
        // The step is a power of two, so that every z is the same number in both precisions.
        let (step, mut sum) = (1.0 / 1024.0, 0.0);
        for i in 0..16 * 1024 {
            let z = -8.0 + f64::from(i) * step;
            sum += step / 6.0 * (density(z) + 4.0 * density(z + step / 2.0) + density(z + step));
            let (distribution, bell) = normal((z + step) as f32);
            assert!(
                (f64::from(distribution) - sum).abs() <= 6e-7 * sum.max(1e-4),
                "{z}: {distribution} instead of {sum}"
            );
            assert!((f64::from(bell) - density(z + step)).abs() <= 3e-6 * density(z + step).max(1e-6), "{z}");
        }
    }
}
