// Sums of what neighbours send along the edges of a graph: out[v, c] = sum over the edges e of v of
// weight[e, head of c] x[other end of e, c].
//
// | binding            | what                            | shape     |
// |--------------------|---------------------------------|-----------|
// | 0 read             | x                               | [S, H * O] |
// | 1 read             | starts (i32)                    | [D + 1]   |
// | 2 read             | ends (i32), the other ends      | [E]       |
// | read, if numbered  | number (i32) of the listed edge | [E]       |
// | read, if weighted  | weight                          | [E, H]    |
// | write              | out                             | [D, H * O] |
// | last               | params                          |           |
//
// The edges of node v are listed at starts[v] .. starts[v + 1]: by destination, where their places are their numbers, or
// (against the edges, for gradients) by source with their numbers beside them. One invocation owns one value of `out`.

struct Params {
    count: u32,
    width: u32,
    head_width: u32,
    heads: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> starts: array<i32>;
@group(0) @binding(2) var<storage, read> ends: array<i32>;
//[ _ in 0..numbered
@group(0) @binding(3) var<storage, read> number: array<i32>;
//]
//[ _ in 0..weighted
@group(0) @binding({{ weights }}) var<storage, read> weight: array<f32>;
//]
@group(0) @binding({{ out }}) var<storage, read_write> out: array<f32>;
@group(0) @binding({{ params }}) var<uniform> params: Params;

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
    let node = i / params.width;
    let column = i % params.width;
    let head = column / params.head_width;
    let end = u32(starts[node + 1u]);
    var sum = 0.0;
    for (var k = u32(starts[node]); k < end; k = k + 1u) {
        var sent = x[u32(ends[k]) * params.width + column];
        //[ _ in 0..weighted
        var e = k;
        //[ _ in 0..numbered
        e = u32(number[k]);
        //]
        sent = sent * weight[e * params.heads + head];
        //]
        sum = sum + sent;
    }
    out[i] = sum;
}
