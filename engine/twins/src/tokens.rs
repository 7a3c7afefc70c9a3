//! Tokens picked and put back, and their cosines with one of them.

use macerator::Simd;

use crate::{sums, threads};

/// `out[b, k] = x[b, index[b, k]]` for `x` [B, tokens, width] and an index [B, picks]; zeros for an index out of range.
#[inline(never)]
pub fn gather([batch, tokens, picks, width]: [usize; 4], x: &[f32], index: &[Option<usize>]) -> Vec<f32> {
    let mut out = vec![0.0; batch * picks * width];
    threads::rows(&mut out, width, |row, out| {
        if let Some(token) = index[row].filter(|t| *t < tokens) {
            let from = (row / picks * tokens + token) * width;
            out.copy_from_slice(&x[from..from + width]);
        }
    });
    out
}

/// The sums [B, tokens, width] of the rows of `x` [B, picks, width] with the same index.
#[inline(never)]
pub fn scatter([batch, tokens, picks, width]: [usize; 4], x: &[f32], index: &[Option<usize>]) -> Vec<f32> {
    let mut out = vec![0.0; batch * tokens * width];
    threads::rows(&mut out, tokens * width, |sample, out| {
        for row in sample * picks..(sample + 1) * picks {
            let Some(token) = index[row].filter(|t| *t < tokens) else { continue };
            let to = &mut out[token * width..(token + 1) * width];
            to.iter_mut().zip(&x[row * width..(row + 1) * width]).for_each(|(a, b)| *a += b);
        }
    });
    out
}

/// Norms below this count as this.
const LEAST_NORM: f32 = 1e-12;
/// Values of tokens worth a thread of its own.
const VALUES_PER_TASK: usize = 1 << 17;

/// The cosines [B, tokens] of the tokens of each sample [B, tokens, width] with its token number `query`.
#[inline(never)]
pub fn similarity([batch, tokens, width]: [usize; 3], x: &[f32], query: usize) -> Vec<f32> {
    let mut out = vec![0.0; batch * tokens];
    if query >= tokens {
        return out;
    }
    let task = (VALUES_PER_TASK / width.max(1)).max(1);
    for (out, tokens_of) in out.chunks_mut(tokens).zip(x.chunks((tokens * width).max(1))) {
        let chosen = &tokens_of[query * width..(query + 1) * width];
        threads::parts([out], [task], |part, [out]| cosines(&tokens_of[part * task * width..], chosen, out));
    }
    out
}

#[macerator::with_simd]
fn cosines<S: Simd>(tokens: &[f32], chosen: &[f32], out: &mut [f32]) {
    let norm = |token: &[f32]| sums::sum_by(token, token, |a, b| a * b).sqrt().max(LEAST_NORM);
    let scale = norm(chosen);
    for (token, cosine) in tokens.chunks_exact(chosen.len().max(1)).zip(out) {
        *cosine = sums::sum_by(token, chosen, |a, b| a * b) / (norm(token) * scale);
    }
}
