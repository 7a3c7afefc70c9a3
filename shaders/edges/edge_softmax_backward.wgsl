// Gradient of edge_softmax: out[e, h] = w[e, h] (grad[e, h] - sum over the edges f of the node of grad[f, h] w[f, h]).
//
// | binding | what                     | shape   |
// |---------|--------------------------|---------|
// | 0 read  | grad                     | [E, H]  |
// | 1 read  | w, what the softmax gave | [E, H]  |
// | 2 read  | incoming (i32)           | [D + 1] |
// | 3 write | out                      | [E, H]  |
// | 4       | params                   |         |
//
// One invocation owns a node and a head.

struct Params {
    count: u32,
    heads: u32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> incoming: array<i32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = (group.y * groups.x + group.x) * {{ workgroup }}u + lane;
    if (i >= params.count) {
        return;
    }
    let node = i / params.heads;
    let start = u32(incoming[node]) * params.heads + i % params.heads;
    let end = u32(incoming[node + 1u]) * params.heads;
    var sum = 0.0;
    for (var e = start; e < end; e = e + params.heads) {
        sum = sum + grad[e] * w[e];
    }
    for (var e = start; e < end; e = e + params.heads) {
        out[e] = w[e] * (grad[e] - sum);
    }
}
