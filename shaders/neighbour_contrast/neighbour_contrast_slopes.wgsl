// The gradient of the unit rows from the sums over all pairs, for the contrast of neighbours: with g[n] = grad[n] slopes[n].x,
// partial[p, n] = sum of exp(tau <unit[n], unit[m]>) (g[n] + g[m]) unit[m] over the keys m of part p, without m = n.
//
// | binding | what    | shape                |
// |---------|---------|----------------------|
// | 0 read  | unit    | [N, padded D]        |
// | 1 read  | grad    | [N]                  |
// | 2 read  | slopes  | [N, 2]               |
// | 3 write | partial | [parts, N, padded D] |
// | 4       | params  |                      |
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
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> slopes: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4<f32>>;
@group(0) @binding(4) var<uniform> params: Params;

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
    var sum{{ q }} = vec4<f32>();
//]
    let slope = grad[row] * slopes[row].x;
    let end = min((part + 1u) * params.keys, params.rows);
    for (var key = part * params.keys; key < end; key = key + 1u) {
        var score = 0.0;
//[ q in 0..quads
        let key{{ q }} = unit[key * {{ quads }}u + {{ q }}u];
        score = score + dot(own{{ q }}, key{{ q }});
//]
        let times = select(exp(params.tau * score) * (slope + grad[key] * slopes[key].x), 0.0, key == row);
//[ q in 0..quads
        sum{{ q }} = sum{{ q }} + times * key{{ q }};
//]
    }
    let out = (part * params.rows + row) * {{ quads }}u;
//[ q in 0..quads
    partial[out + {{ q }}u] = sum{{ q }};
//]
}
