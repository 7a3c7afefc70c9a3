//! Small square matrices on the host, row-major, f64.

/// An inverse and the determinant it was found with.
#[derive(Debug, Clone, PartialEq)]
pub struct Inverse {
    pub inverse: Vec<f64>,
    /// ln |det|.
    pub log_det: f64,
    /// Whether the determinant is above zero.
    pub positive: bool,
}

/// The inverse of a `d` × `d` matrix by elimination with pivots; `None` for a singular one.
pub fn inverse(matrix: &[f64], d: usize) -> Option<Inverse> {
    if matrix.len() != d * d {
        return None;
    }
    let mut left = matrix.to_vec();
    let mut right = identity(d);
    let (mut log_det, mut positive) = (0.0, true);
    for column in 0..d {
        let pivot = (column..d).max_by(|a, b| left[a * d + column].abs().total_cmp(&left[b * d + column].abs()))?;
        let value = left[pivot * d + column];
        if value == 0.0 || !value.is_finite() {
            return None;
        }
        log_det += value.abs().ln();
        positive ^= (value < 0.0) ^ (pivot != column);
        for i in 0..d {
            left.swap(pivot * d + i, column * d + i);
            right.swap(pivot * d + i, column * d + i);
        }
        for i in 0..d {
            left[column * d + i] /= value;
            right[column * d + i] /= value;
        }
        for row in (0..d).filter(|row| *row != column) {
            let factor = left[row * d + column];
            for i in 0..d {
                left[row * d + i] -= factor * left[column * d + i];
                right[row * d + i] -= factor * right[column * d + i];
            }
        }
    }
    Some(Inverse { inverse: right, log_det, positive })
}

/// The lower factor L of L Lᵀ = `matrix` (Cholesky); `None` where the matrix has a negative direction. A direction
/// without spread is allowed.
pub fn lower_factor(matrix: &[f64], d: usize) -> Option<Vec<f64>> {
    if matrix.len() != d * d {
        return None;
    }
    let scale = (0..d).map(|i| matrix[i * d + i].abs()).fold(0.0, f64::max);
    let mut lower = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| lower[i * d + k] * lower[j * d + k]).sum();
            let left = matrix[i * d + j] - sum;
            lower[i * d + j] = match (i == j, lower[j * d + j]) {
                (true, _) if left < -1e-9 * scale => return None,
                (true, _) => left.max(0.0).sqrt(),
                (false, pivot) if pivot > 0.0 => left / pivot,
                (false, _) => 0.0,
            };
        }
    }
    Some(lower)
}

/// The identity.
pub fn identity(d: usize) -> Vec<f64> {
    (0..d * d).map(|i| if i / d == i % d { 1.0 } else { 0.0 }).collect()
}
