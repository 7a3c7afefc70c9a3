// Sums of exponentials for the contrast of neighbours: partial[p, n] = sum of exp(tau <unit[n], unit[m]>) over the keys m of part p,
// where the pair of a row with itself counts as exp(0).
//
// | binding | what    | shape         |
// |---------|---------|---------------|
// | 0 read  | unit    | [N, padded D] |
// | 1 write | partial | [parts, N]    |
// | 2       | params  |               |
//
// One invocation owns one row and the keys of one part.

struct Params {
    row_groups: u32,
    first: u32,
    rows: u32,
    parts: u32,
    keys: u32,
    tau: f32,
}

@group(0) @binding(0) var<storage, read> unit: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = group.y * groups.x + group.x;
    let part = number / params.row_groups;
    let row = (params.first + number % params.row_groups) * {{ workgroup }}u + lane;
    if (part >= params.parts || row >= params.rows) {
        return;
    }
//[ q in 0..quads
    let own{{ q }} = unit[row * {{ quads }}u + {{ q }}u];
//]
    let end = min((part + 1u) * params.keys, params.rows);
    var sum = 0.0;
    for (var key = part * params.keys; key < end; key = key + 1u) {
        var score = 0.0;
//[ q in 0..quads
        score = score + dot(own{{ q }}, unit[key * {{ quads }}u + {{ q }}u]);
//]
        sum = sum + exp(select(params.tau * score, 0.0, key == row));
    }
    partial[part * params.rows + row] = sum;
}
