
// Shared: what all kernels of attention are told. Steps and starts count groups of four values.

const QUADS = {{ quads }}u;
const ROWS = {{ rows }}u;

struct Params {
    count: u32,
    blocks: u32,
    heads: u32,
    queries: u32,
    keys: u32,
    q_step: u32,
    kv_step: u32,
    k_start: u32,
    v_start: u32,
    bias_batch: u32,
    bias_head: u32,
    scale: f32,
    // Where the mask begins behind the logs of sums.
    mask_start: u32,
    // Samples and heads that share a plane of the bias.
    shared_batch: u32,
    shared_heads: u32,
}

@group(0) @binding({{ params }}) var<uniform> params: Params;

// The sum of the four values.
fn across(v: vec4<f32>) -> f32 {
    return v.x + v.y + v.z + v.w;
}
