//! Position tables for another grid: bicubic, as PyTorch's `interpolate(mode="bicubic", align_corners=False)` without
//! antialias.

/// Resize a table of tokens on a square grid; its leading rows (the class token's) are kept.
///
/// Source of new line i is `(i + ½) · from / to − ½`; Keys' cubic kernel with a = −0.75; the border is repeated. f64
/// inside.
///
/// # Shapes
/// * values: [leading + from², dim] row-major
/// * returns [leading + to², dim]
pub fn positions(values: &[f32], leading: usize, from: usize, to: usize, dim: usize) -> Vec<f32> {
    let (kept, grid) = values.split_at(leading * dim);
    let lines: Vec<Taps> = (0..to).map(|i| taps(i, from, to)).collect();
    let mut resized = kept.to_vec();
    for row in &lines {
        for column in &lines {
            let mut sum = vec![0.0_f64; dim];
            for (r, wr) in row {
                for (c, wc) in column {
                    let start = (r * from + c) * dim;
                    for (s, v) in sum.iter_mut().zip(&grid[start..start + dim]) {
                        *s += wr * wc * f64::from(*v);
                    }
                }
            }
            resized.extend(sum.into_iter().map(|v| v as f32));
        }
    }
    resized
}

/// Leading rows and side of a table of `rows` tokens: one class row or none, and a square. `None`: not of that form.
pub fn grid(rows: usize) -> Option<(usize, usize)> {
    (0..=1).find_map(|leading| {
        let side = rows.checked_sub(leading)?.isqrt();
        (side > 0 && side * side + leading == rows).then_some((leading, side))
    })
}

type Taps = [(usize, f64); 4];

fn taps(i: usize, from: usize, to: usize) -> Taps {
    let source = (i as f64 + 0.5) * from as f64 / to as f64 - 0.5;
    let first = source.floor();
    [-1.0, 0.0, 1.0, 2.0].map(|offset| {
        let place = (first + offset).clamp(0.0, from as f64 - 1.0) as usize;
        (place, cubic(source - first - offset))
    })
}

fn cubic(x: f64) -> f64 {
    const A: f64 = -0.75;
    let x = x.abs();
    if x <= 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A
    } else {
        0.0
    }
}
