// Softmax over the edges that end at a node, head by head:
// out[e, h] = exp(score[e, h] - largest) / sum over the edges f of the node of exp(score[f, h] - largest).
//
// | binding | what                     | shape   |
// |---------|--------------------------|---------|
// | 0 read  | score                    | [E, H]  |
// | 1 read  | incoming (i32)           | [D + 1] |
// | 2 write | out                      | [E, H]  |
// | 3       | params                   |         |
//
// Edges lie by destination: those of node v are incoming[v] .. incoming[v + 1]. One invocation owns a node and a head.

struct Params {
    count: u32,
    heads: u32,
}

@group(0) @binding(0) var<storage, read> score: array<f32>;
@group(0) @binding(1) var<storage, read> incoming: array<i32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

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
    var largest = -3.4e38;
    for (var e = start; e < end; e = e + params.heads) {
        largest = max(largest, score[e]);
    }
    var sum = 0.0;
    for (var e = start; e < end; e = e + params.heads) {
        sum = sum + exp(score[e] - largest);
    }
    for (var e = start; e < end; e = e + params.heads) {
        out[e] = exp(score[e] - largest) / sum;
    }
}
