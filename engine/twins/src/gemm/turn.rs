//! Small blocks, turned in registers.

/// Rows and columns of a block.
pub(super) const SIDE: usize = 4;

/// The block with rows and columns exchanged.
#[inline(always)]
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
pub(super) fn turned(rows: [[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
    std::array::from_fn(|i| rows.map(|row| row[i]))
}

/// The block with rows and columns exchanged.
#[inline(always)]
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
pub(super) fn turned(rows: [[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
    use std::arch::x86_64::{_mm_movehl_ps, _mm_movelh_ps, _mm_unpackhi_ps, _mm_unpacklo_ps};
    let [a, b, c, d] = rows.map(bytemuck::cast);
    // SAFETY: these instructions are part of every x86-64 processor. The compiler finds them in the plain loop only in
    // part.
    let rows = unsafe {
        let (low, high) =
            ([_mm_unpacklo_ps(a, b), _mm_unpacklo_ps(c, d)], [_mm_unpackhi_ps(a, b), _mm_unpackhi_ps(c, d)]);
        [
            _mm_movelh_ps(low[0], low[1]),
            _mm_movehl_ps(low[1], low[0]),
            _mm_movelh_ps(high[0], high[1]),
            _mm_movehl_ps(high[1], high[0]),
        ]
    };
    rows.map(bytemuck::cast)
}

/// The block with rows and columns exchanged.
#[inline(always)]
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) fn turned(rows: [[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
    use std::arch::wasm32::{i32x4_shuffle, i64x2_shuffle};
    let [a, b, c, d] = rows.map(bytemuck::cast);
    let (low, high) = (
        [i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<0, 4, 1, 5>(c, d)],
        [i32x4_shuffle::<2, 6, 3, 7>(a, b), i32x4_shuffle::<2, 6, 3, 7>(c, d)],
    );
    let rows = [low, high].map(|[a, b]| [i64x2_shuffle::<0, 2>(a, b), i64x2_shuffle::<1, 3>(a, b)]);
    [rows[0][0], rows[0][1], rows[1][0], rows[1][1]].map(bytemuck::cast)
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_become_columns() {
        let rows = [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0], [8.0, 9.0, 10.0, 11.0], [12.0, 13.0, 14.0, 15.0]];
        let columns = [[0.0, 4.0, 8.0, 12.0], [1.0, 5.0, 9.0, 13.0], [2.0, 6.0, 10.0, 14.0], [3.0, 7.0, 11.0, 15.0]];
        assert_eq!(super::turned(rows), columns);
    }
}
