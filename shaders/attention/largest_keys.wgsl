// The keys that each query keeps: bias[b, h, i, j] = 0 for the `keep` keys j of largest product with query i, −10³⁰ for the
// others; of equal products the lower index. The first `always` keys are kept by every query and do not count, and the first
// `always` queries keep all keys.
//
// | binding | what   | shape                   |
// |---------|--------|-------------------------|
// | 0 read  | qkv    | [B, T, 3 · heads · dim] |
// | 1 write | bias   | [B, heads, T, T]        |
// | 2       | params |                         |
//
// A workgroup works on one query of one head. Its products lie in workgroup memory, and of each key it is counted how many
// come before it.

struct Params {
    rows: u32,
    tokens: u32,
    heads: u32,
    dim: u32,
    keep: u32,
    always: u32,
}

@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read_write> bias: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> products: array<f32, {{ keys }}>;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = group.y * groups.x + group.x;
    // All invocations come to the barrier; those beyond the last row write nothing.
    let row = min(number, params.rows - 1u);
    let query = row % params.tokens;
    let head = row / params.tokens % params.heads;
    let sample = row / params.tokens / params.heads;
    let width = params.heads * params.dim;
    let own = (sample * params.tokens + query) * 3u * width + head * params.dim;
    for (var key = lane; key < params.tokens; key = key + {{ workgroup }}u) {
        let other = (sample * params.tokens + key) * 3u * width + width + head * params.dim;
        var product = 0.0;
        for (var d = 0u; d < params.dim; d = d + 1u) {
            product = product + qkv[own + d] * qkv[other + d];
        }
        products[key] = product;
    }
    workgroupBarrier();
    for (var key = lane; key < params.tokens; key = key + {{ workgroup }}u) {
        let product = products[key];
        var before = 0u;
        for (var other = params.always; other < params.tokens; other = other + 1u) {
            let there = products[other];
            before = before + select(0u, 1u, there > product || (there == product && other < key));
        }
        let kept = key < params.always || query < params.always || before < params.keep;
        if (number < params.rows) {
            bias[row * params.tokens + key] = select(-1e30, 0.0, kept);
        }
    }
}
