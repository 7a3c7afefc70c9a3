// The loss of every row for the contrast of neighbours: with all = the sum of the parts and near = sum of weight[n, m] exp(tau s[n, m])
// over the pairs of the row, loss[n] = -ln(near / all + eps); and its slopes with respect to all and near, times tau.
//
// | binding | what                              | shape         |
// |---------|-----------------------------------|---------------|
// | 0 read  | partial                           | [parts, N]    |
// | 1 read  | unit                              | [N, padded D] |
// | 2 read  | places: starts, then columns      | [N + 1 + P]   |
// | 3 read  | weights of (n, m) and (m, n)      | [P, 2]        |
// | 4 write | loss                              | [N]           |
// | 5 write | slopes                            | [N, 2]        |
// | 6       | params                            |               |
//
// One invocation computes one row.

struct Params {
    rows: u32,
    parts: u32,
    tau: f32,
    eps: f32,
}

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read> unit: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> places: array<i32>;
@group(0) @binding(3) var<storage, read> weights: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> loss: array<f32>;
@group(0) @binding(5) var<storage, read_write> slopes: array<vec2<f32>>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = (group.y * groups.x + group.x) * {{ workgroup }}u + lane;
    if (row >= params.rows) {
        return;
    }
    var all = 0.0;
    for (var part = 0u; part < params.parts; part = part + 1u) {
        all = all + partial[part * params.rows + row];
    }
//[ q in 0..quads
    let own{{ q }} = unit[row * {{ quads }}u + {{ q }}u];
//]
    var near = 0.0;
    let end = u32(places[row + 1u]);
    for (var pair = u32(places[row]); pair < end; pair = pair + 1u) {
        let key = min(u32(places[params.rows + 1u + pair]), params.rows - 1u);
        var score = 0.0;
//[ q in 0..quads
        score = score + dot(own{{ q }}, unit[key * {{ quads }}u + {{ q }}u]);
//]
        near = near + weights[pair].x * exp(select(params.tau * score, 0.0, key == row));
    }
    let below = near + params.eps * all;
    loss[row] = -log(near / all + params.eps);
    slopes[row] = vec2<f32>(params.tau * near / (all * below), -params.tau / below);
}
