// Gradients of attention with respect to keys and values. With p = exp(scale <q, k> - lse) and delta from attention_queries:
// dv[s] = sum over t of p[t, s] grad[t],  dk[s] = scale sum over t of p[t, s] (<grad[t], v[s]> - delta[t]) q[t].
//
// | binding | what                       | shape               |
// |---------|----------------------------|---------------------|
// | 0 read  | grad                       | [B, T, H, dim]      |
// | 1 read  | qkv                        | [B, T, 3, H, dim]   |
// | 2 read  | lse                        | [B, H, T]           |
// | 3 read  | delta                      | [B, H, T]           |
// | 4 write | d qkv, keys and values only| [B, T, 3, H, dim]   |
// | 5       | params                     |                     |
//
// One workgroup owns a block of keys of one head, one invocation a key; queries and their gradients come in tiles.

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
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> delta: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_qkv: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> queries: array<f32, TILE * DIM>;
var<workgroup> slopes: array<f32, TILE * DIM>;
var<workgroup> shifts: array<vec2<f32>, TILE>;

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
    let token = (place % params.blocks) * {{ workgroup }}u + lane;
    // Invocations beyond the last key repeat it: they are needed to load tiles.
    let row = batch * params.tokens + min(token, params.tokens - 1u);
    let width = params.heads * DIM;
    let place_of_key = (row * 3u + 1u) * width + head * DIM;
    var k: array<f32, DIM>;
    var v: array<f32, DIM>;
    var dk: array<f32, DIM>;
    var dv: array<f32, DIM>;
    for (var c = 0u; c < DIM; c = c + 1u) {
        k[c] = qkv[place_of_key + c] * params.scale;
        v[c] = qkv[place_of_key + width + c];
        dk[c] = 0.0;
        dv[c] = 0.0;
    }
    for (var start = 0u; start < params.tokens; start = start + TILE) {
        let count = min(TILE, params.tokens - start);
        workgroupBarrier();
        for (var e = lane; e < count * DIM; e = e + {{ workgroup }}u) {
            let source = batch * params.tokens + start + e / DIM;
            queries[e] = qkv[source * 3u * width + head * DIM + e % DIM];
            slopes[e] = grad[source * width + head * DIM + e % DIM];
        }
        for (var j = lane; j < count; j = j + {{ workgroup }}u) {
            let source = plane * params.tokens + start + j;
            shifts[j] = vec2<f32>(lse[source], delta[source]);
        }
        workgroupBarrier();
        for (var j = 0u; j < count; j = j + 1u) {
            var score = -shifts[j].x;
            var slope = -shifts[j].y;
            for (var c = 0u; c < DIM; c = c + 1u) {
                score = score + k[c] * queries[j * DIM + c];
                slope = slope + v[c] * slopes[j * DIM + c];
            }
            let weight = exp(score);
            slope = slope * weight;
            for (var c = 0u; c < DIM; c = c + 1u) {
                dv[c] = dv[c] + weight * slopes[j * DIM + c];
                dk[c] = dk[c] + slope * queries[j * DIM + c];
            }
        }
    }
    if (token < params.tokens) {
        for (var c = 0u; c < DIM; c = c + 1u) {
            d_qkv[place_of_key + c] = dk[c] * params.scale;
            d_qkv[place_of_key + width + c] = dv[c];
        }
    }
}
