
// Shared: the scores of 8 × 8 pairs of columns of `unit` [D, quads · 4], whose columns are the rows and keys of contrast.
// Uses the names `unit` and `params.width`, `params.quads`; a column is given by its quad, which is column / 4.

alias Tile = array<vec4<f32>, 16>;

// Two values of `tile` each: `tile[2 k]` and `tile[2 k + 1]` are the scores of column k of `first` with 8 columns of `second`.
fn tile_of(first: u32, second: u32) -> Tile {
    var s0 = vec4<f32>(0.0);
    var s1 = vec4<f32>(0.0);
    var s2 = vec4<f32>(0.0);
    var s3 = vec4<f32>(0.0);
    var s4 = vec4<f32>(0.0);
    var s5 = vec4<f32>(0.0);
    var s6 = vec4<f32>(0.0);
    var s7 = vec4<f32>(0.0);
    var s8 = vec4<f32>(0.0);
    var s9 = vec4<f32>(0.0);
    var s10 = vec4<f32>(0.0);
    var s11 = vec4<f32>(0.0);
    var s12 = vec4<f32>(0.0);
    var s13 = vec4<f32>(0.0);
    var s14 = vec4<f32>(0.0);
    var s15 = vec4<f32>(0.0);
    for (var d = 0u; d < params.width; d = d + 1u) {
        let row = d * params.quads;
        let a = unit[row + first];
        let b = unit[row + first + 1u];
        let p = unit[row + second];
        let q = unit[row + second + 1u];
        s0 = fma(vec4<f32>(a.x), p, s0);
        s1 = fma(vec4<f32>(a.x), q, s1);
        s2 = fma(vec4<f32>(a.y), p, s2);
        s3 = fma(vec4<f32>(a.y), q, s3);
        s4 = fma(vec4<f32>(a.z), p, s4);
        s5 = fma(vec4<f32>(a.z), q, s5);
        s6 = fma(vec4<f32>(a.w), p, s6);
        s7 = fma(vec4<f32>(a.w), q, s7);
        s8 = fma(vec4<f32>(b.x), p, s8);
        s9 = fma(vec4<f32>(b.x), q, s9);
        s10 = fma(vec4<f32>(b.y), p, s10);
        s11 = fma(vec4<f32>(b.y), q, s11);
        s12 = fma(vec4<f32>(b.z), p, s12);
        s13 = fma(vec4<f32>(b.z), q, s13);
        s14 = fma(vec4<f32>(b.w), p, s14);
        s15 = fma(vec4<f32>(b.w), q, s15);
    }
    return Tile(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15);
}

// Top and sum of no scores: lower than any score, and higher than what is masked.
const NONE = vec2<f32>(-1.0e30, 0.0);

// The largest score and the sum of exponentials relative to it, with 8 more scores.
fn more(sum: vec2<f32>, a: vec4<f32>, b: vec4<f32>) -> vec2<f32> {
    let high = max(a, b);
    let top = max(max(sum.x, max(high.x, high.y)), max(high.z, high.w));
    let e = exp(a - top) + exp(b - top);
    return vec2<f32>(top, sum.y * exp(sum.x - top) + (e.x + e.y) + (e.z + e.w));
}
