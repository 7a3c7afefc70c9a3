//! interim
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    pub values: &'a [f32],
    pub row: usize,
    pub column: usize,
}
pub(super) struct Packed {
    v: Vec<f32>,
    n: usize,
}
impl Packed {
    pub fn new([k, n]: [usize; 2], b: Matrix) -> Self {
        let mut v = Vec::with_capacity(k * n);
        for p in 0..k {
            for j in 0..n {
                v.push(b.values[p * b.row + j * b.column]);
            }
        }
        Self { v, n }
    }
}
pub(super) fn product([m, k, n]: [usize; 3], a: Matrix, b: &Packed, (out, out_row): (&mut [f32], usize), _add: bool) {
    for i in 0..m {
        for p in 0..k {
            let f = a.values[i * a.row + p * a.column];
            for j in 0..n {
                out[i * out_row + j] += f * b.v[p * b.n + j];
            }
        }
    }
}
pub(super) fn spread([m, k, n]: [usize; 3], a: Matrix, b: &Packed, out: &mut [f32]) {
    product([m, k, n], a, b, (out, n), false)
}
pub(super) fn rows_per_task(m: usize, _k: usize, _n: usize) -> usize {
    m.div_ceil(4).max(1)
}
