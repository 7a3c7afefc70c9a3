// Self-attention of all heads, nothing of size tokens^2 stored (online softmax):
// out[b, t, h] = sum over s of softmax over s of (scale <q[b, t, h], k[b, s, h]>) v[b, s, h], scale = dim^-0.5,
// lse[b, h, t] = log of the sum over s of exp(scale <q, k>), for the backward pass.
//
// | binding | what            | shape               |
// |---------|-----------------|---------------------|
// | 0 read  | qkv             | [B, T, 3, H, dim]   |
// | 1 write | out             | [B, T, H, dim]      |
// | 2 write | lse             | [B, H, T]           |
// | 3       | params          |                     |
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

@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> lse: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

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
    let row = batch * params.tokens + min(query, params.tokens - 1u);
    let width = params.heads * DIM;
    var q: array<f32, DIM>;
    var sums: array<f32, DIM>;
    var scores: array<f32, TILE>;
    for (var c = 0u; c < DIM; c = c + 1u) {
        q[c] = qkv[row * 3u * width + head * DIM + c] * params.scale;
        sums[c] = 0.0;
    }
    var top = -3.0e38;
    var total = 0.0;
    for (var start = 0u; start < params.tokens; start = start + TILE) {
        let count = min(TILE, params.tokens - start);
        workgroupBarrier();
        for (var e = lane; e < count * DIM; e = e + {{ workgroup }}u) {
            let source = ((batch * params.tokens + start + e / DIM) * 3u + 1u) * width + head * DIM + e % DIM;
            keys[e] = qkv[source];
            values[e] = qkv[source + width];
        }
        workgroupBarrier();
        var high = top;
        for (var j = 0u; j < count; j = j + 1u) {
            var score = 0.0;
            for (var c = 0u; c < DIM; c = c + 1u) {
                score = score + q[c] * keys[j * DIM + c];
            }
            scores[j] = score;
            high = max(high, score);
        }
        let fade = exp(top - high);
        top = high;
        total = total * fade;
        for (var c = 0u; c < DIM; c = c + 1u) {
            sums[c] = sums[c] * fade;
        }
        for (var j = 0u; j < count; j = j + 1u) {
            let weight = exp(scores[j] - high);
            total = total + weight;
            for (var c = 0u; c < DIM; c = c + 1u) {
                sums[c] = sums[c] + weight * values[j * DIM + c];
            }
        }
    }
    if (query < params.tokens) {
        for (var c = 0u; c < DIM; c = c + 1u) {
            out[row * width + head * DIM + c] = sums[c] / total;
        }
        lse[plane * params.tokens + query] = top + log(total);
    }
}
