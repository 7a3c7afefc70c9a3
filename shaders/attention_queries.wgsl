// Gradient of attention with respect to the queries. With p = exp(scale <q, k> - lse) and delta = <grad, out>:
// dq[t] = scale sum over s of p[t, s] (<grad[t], v[s]> - delta[t]) k[s]. delta is kept for attention_keys.
//
// | binding | what                   | shape               |
// |---------|------------------------|---------------------|
// | 0 read  | grad                   | [B, T, H, dim]      |
// | 1 read  | qkv                    | [B, T, 3, H, dim]   |
// | 2 read  | out                    | [B, T, H, dim]      |
// | 3 read  | lse                    | [B, H, T]           |
// | 4 write | d qkv, queries only    | [B, T, 3, H, dim]   |
// | 5 write | delta                  | [B, H, T]           |
// | 6       | params                 |                     |
//
// One workgroup owns a block of queries of one head, one invocation a query; keys and values come in tiles.

const DIM = {{ dim }}u;
const TILE = {{ tile }}u;

struct Params {
    groups: u32,
    tokens: u32,
    heads: u32,
    blocks: u32,
    scale: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> out: array<f32>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_qkv: array<f32>;
@group(0) @binding(5) var<storage, read_write> delta: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

var<workgroup> keys: array<f32, TILE * DIM>;
var<workgroup> values: array<f32, TILE * DIM>;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let place = group.y * groups.x + group.x;
    if (place >= params.groups) {
        return;
    }
    let plane = place / params.blocks;
    let batch = plane / params.heads;
    let head = plane % params.heads;
    let query = (place % params.blocks) * {{ workgroup }}u + lane;
    // Invocations beyond the last query repeat it: they are needed to load tiles.
    let token = min(query, params.tokens - 1u);
    let row = batch * params.tokens + token;
    let width = params.heads * DIM;
    var q: array<f32, DIM>;
    var g: array<f32, DIM>;
    var sums: array<f32, DIM>;
    var along = 0.0;
    for (var c = 0u; c < DIM; c = c + 1u) {
        q[c] = qkv[row * 3u * width + head * DIM + c] * params.scale;
        g[c] = grad[row * width + head * DIM + c];
        along = along + g[c] * out[row * width + head * DIM + c];
        sums[c] = 0.0;
    }
    let shift = lse[plane * params.tokens + token];
    for (var start = 0u; start < params.tokens; start = start + TILE) {
        let count = min(TILE, params.tokens - start);
        workgroupBarrier();
        for (var e = lane; e < count * DIM; e = e + {{ workgroup }}u) {
            let source = ((batch * params.tokens + start + e / DIM) * 3u + 1u) * width + head * DIM + e % DIM;
            keys[e] = qkv[source];
            values[e] = qkv[source + width];
        }
        workgroupBarrier();
        for (var j = 0u; j < count; j = j + 1u) {
            var score = -shift;
            var slope = -along;
            for (var c = 0u; c < DIM; c = c + 1u) {
                score = score + q[c] * keys[j * DIM + c];
                slope = slope + g[c] * values[j * DIM + c];
            }
            let weight = exp(score) * slope;
            for (var c = 0u; c < DIM; c = c + 1u) {
                sums[c] = sums[c] + weight * keys[j * DIM + c];
            }
        }
    }
    if (query < params.tokens) {
        for (var c = 0u; c < DIM; c = c + 1u) {
            d_qkv[row * 3u * width + head * DIM + c] = sums[c] * params.scale;
        }
        delta[plane * params.tokens + query] = along;
    }
}
