// The gradient of the rows for the contrast of neighbours: the parts of the gradient of the unit rows and what the pairs add to it,
// exp(tau s[n, m]) (h[n] weight[n, m] + h[m] weight[m, n]) unit[m] with h[n] = grad[n] slopes[n].y, without m = n; then from
// the unit rows to the rows, dx = (d - <d, unit> unit) / |x|.
//
// | binding | what                         | shape                |
// |---------|------------------------------|----------------------|
// | 0 read  | partial                      | [parts, N, padded D] |
// | 1 read  | unit                         | [N, padded D]        |
// | 2 read  | inverse norms                | [N]                  |
// | 3 read  | grad                         | [N]                  |
// | 4 read  | slopes                       | [N, 2]               |
// | 5 read  | places: starts, then columns | [N + 1 + P]          |
// | 6 read  | weights of (n, m) and (m, n) | [P, 2]               |
// | 7 write | dx                           | [N, D]               |
// | 8       | params                       |                      |
//
// One invocation computes one row.

struct Params {
    rows: u32,
    width: u32,
    parts: u32,
    tau: f32,
}

@group(0) @binding(0) var<storage, read> partial: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> unit: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> inverse: array<f32>;
@group(0) @binding(3) var<storage, read> grad: array<f32>;
@group(0) @binding(4) var<storage, read> slopes: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> places: array<i32>;
@group(0) @binding(6) var<storage, read> weights: array<vec2<f32>>;
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

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
//[ q in 0..quads
    let own{{ q }} = unit[row * {{ quads }}u + {{ q }}u];
    var sum{{ q }} = vec4<f32>();
//]
    for (var part = 0u; part < params.parts; part = part + 1u) {
//[ q in 0..quads
        sum{{ q }} = sum{{ q }} + partial[(part * params.rows + row) * {{ quads }}u + {{ q }}u];
//]
    }
    let slope = grad[row] * slopes[row].y;
    let end = u32(places[row + 1u]);
    for (var pair = u32(places[row]); pair < end; pair = pair + 1u) {
        let key = min(u32(places[params.rows + 1u + pair]), params.rows - 1u);
        var score = 0.0;
//[ q in 0..quads
        let key{{ q }} = unit[key * {{ quads }}u + {{ q }}u];
        score = score + dot(own{{ q }}, key{{ q }});
//]
        let both = slope * weights[pair].x + grad[key] * slopes[key].y * weights[pair].y;
        let times = select(exp(params.tau * score) * both, 0.0, key == row);
//[ q in 0..quads
        sum{{ q }} = sum{{ q }} + times * key{{ q }};
//]
    }
    var along = 0.0;
//[ q in 0..quads
    along = along + dot(sum{{ q }}, own{{ q }});
//]
    let begin = row * params.width;
//[ q in 0..quads
    let slope{{ q }} = inverse[row] * (sum{{ q }} - along * own{{ q }});
    for (var d = 0u; d < min(params.width - {{ q }}u * 4u, 4u); d = d + 1u) {
        dx[begin + {{ q }}u * 4u + d] = slope{{ q }}[d];
    }
//]
}
