//! The fixed two-dimensional sine-cosine position table of MAE.

/// The table, [1 + rows · columns, dim] row-major; row 0 (class token) is zero.
///
/// For the token at (row r, column c) with ω_k = 10000^(−k / (dim / 4)): [sin c·ω, cos c·ω, sin r·ω, cos r·ω]. The
/// first half encodes the **column**: the authors' code calls it "h", but its mesh grid returns the column first.
pub fn sincos_2d(dim: usize, rows: usize, columns: usize) -> Vec<f32> {
    let quarter = dim / 4;
    let omega: Vec<f64> = (0..quarter).map(|k| 10_000_f64.powf(-(k as f64) / quarter as f64)).collect();
    let mut table = vec![0.0; dim];
    for (row, column) in (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))) {
        for position in [column, row] {
            table.extend(omega.iter().map(|w| (position as f64 * w).sin() as f32));
            table.extend(omega.iter().map(|w| (position as f64 * w).cos() as f32));
        }
    }
    table
}
