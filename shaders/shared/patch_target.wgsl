
// Shared: the target of a patch, x, or (x - mean) / sqrt(variance + 1e-6) when norm_pix is set.

struct Params {
    rows: u32,
    width: u32,
    norm_pix: u32,
}

// What is taken away from x, and what the rest is multiplied by.
fn standard(start: u32, lane: u32) -> vec2<f32> {
    if (params.norm_pix == 0u) {
        return vec2<f32>(0.0, 1.0);
    }
    let mean = mean_of(start, lane);
    let count = max(f32(params.width) - 1.0, 1.0);
    return vec2<f32>(mean, 1.0 / sqrt(squares_off(start, lane, mean) / count + 1e-6));
}
