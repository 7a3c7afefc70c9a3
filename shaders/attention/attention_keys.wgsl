// Gradients of attention with respect to keys and values. With p = exp(score - lse), 0 for keys that are masked, and delta
// from attention_queries: dv[s] = sum over t of p[t, s] grad[t],
// dk[s] = scale sum over t of p[t, s] (<grad[t], v[s]> - delta[t]) q[t].
//
// | binding  | what            | shape                                             |
// |----------|-----------------|---------------------------------------------------|
// | 0 read   | grad            | [B, Tq, H, dim]                                   |
// | 1 read   | q               | as in attention                                   |
// | 2 read   | kv              | as in attention                                   |
// | 3 read   | lse             | [B, H, Tq], and behind it the mask [B, Tk], if wanted |
// | 4 read   | delta           | [B, H, Tq]                                        |
// | read     | bias, if wanted | [B or 1, H or 1, Tq, Tk]                          |
// | write    | d kv            | as kv                                             |
// | last     | params          |                                                   |
//
// One invocation owns `rows` keys of one head in registers; with `shared`, queries and their gradients come in tiles that a
// workgroup loads for all its keys.

const TILE = {{ tile }}u;

@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read> delta: array<f32>;
//[ _ in 0..bias
@group(0) @binding(5) var<storage, read> bias: array<f32>;
//]
@group(0) @binding({{ outputs }}) var<storage, read_write> dkv: array<vec4<f32>>;

//[ _ in 0..shared
var<workgroup> q_tile: array<vec4<f32>, TILE * QUADS>;
var<workgroup> g_tile: array<vec4<f32>, TILE * QUADS>;
//]

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let place = group.y * groups.x + group.x;
    //[ _ in 0..shared
    if (place >= params.count) {
        return;
    }
    let plane = place / params.blocks;
    let first = (place % params.blocks * {{ workgroup }}u + lane) * ROWS;
    //]
    //[ _ in 0..alone
    let number = place * {{ workgroup }}u + lane;
    if (number >= params.count) {
        return;
    }
    let plane = number / params.blocks;
    let first = number % params.blocks * ROWS;
    //]
    let batch = plane / params.heads;
    let head = plane % params.heads;
    let q_first = batch * params.queries * params.q_step + head * QUADS;
    let g_step = params.heads * QUADS;
    let g_first = batch * params.queries * g_step + head * QUADS;
    //[ r in 0..rows
    // Rows beyond the last key repeat it.
    let s_{{ r }} = min(first + {{ r }}u, params.keys - 1u);
    let k_{{ r }} = (batch * params.keys + s_{{ r }}) * params.kv_step + params.k_start + head * QUADS;
    let v_{{ r }} = (batch * params.keys + s_{{ r }}) * params.kv_step + params.v_start + head * QUADS;
    //[ c in 0..quads
    let k_{{ r }}_{{ c }} = kv[k_{{ r }} + {{ c }}u] * params.scale;
    let v_{{ r }}_{{ c }} = kv[v_{{ r }} + {{ c }}u];
    var dk_{{ r }}_{{ c }} = vec4<f32>();
    var dv_{{ r }}_{{ c }} = vec4<f32>();
    //]
    //[ _ in 0..bias
    let bias_{{ r }} = batch * params.bias_batch + head * params.bias_head + s_{{ r }};
    //]
    //[ _ in 0..mask
    let seen_{{ r }} = lse[params.mask_start + batch * params.keys + s_{{ r }}] > 0.5;
    //]
    //]
    for (var start = 0u; start < params.queries; start = start + TILE) {
        let count = min(TILE, params.queries - start);
        //[ _ in 0..shared
        workgroupBarrier();
        for (var e = lane; e < count * QUADS; e = e + {{ workgroup }}u) {
            q_tile[e] = q[q_first + (start + e / QUADS) * params.q_step + e % QUADS];
            g_tile[e] = grad[g_first + (start + e / QUADS) * g_step + e % QUADS];
        }
        workgroupBarrier();
        //]
        for (var j = 0u; j < count; j = j + 1u) {
            //[ _ in 0..alone
            let q_from = q_first + (start + j) * params.q_step;
            let g_from = g_first + (start + j) * g_step;
            //]
            //[ r in 0..rows
            var part_{{ r }} = vec4<f32>();
            var slope_{{ r }} = vec4<f32>();
            //]
            //[ c in 0..quads
            //[ _ in 0..shared
            let q_{{ c }} = q_tile[j * QUADS + {{ c }}u];
            let g_{{ c }} = g_tile[j * QUADS + {{ c }}u];
            //]
            //[ _ in 0..alone
            let q_{{ c }} = q[q_from + {{ c }}u];
            let g_{{ c }} = grad[g_from + {{ c }}u];
            //]
            //[ r in 0..rows
            part_{{ r }} = part_{{ r }} + k_{{ r }}_{{ c }} * q_{{ c }};
            slope_{{ r }} = slope_{{ r }} + v_{{ r }}_{{ c }} * g_{{ c }};
            //]
            //]
            let row = plane * params.queries + start + j;
            let lse_of_row = lse[row];
            let delta_of_row = delta[row];
            //[ r in 0..rows
            var score_{{ r }} = across(part_{{ r }}) - lse_of_row;
            //[ _ in 0..bias
            score_{{ r }} = score_{{ r }} + bias[bias_{{ r }} + (start + j) * params.keys];
            //]
            var weight_{{ r }} = exp(score_{{ r }});
            //[ _ in 0..mask
            weight_{{ r }} = select(0.0, weight_{{ r }}, seen_{{ r }});
            //]
            let turn_{{ r }} = weight_{{ r }} * (across(slope_{{ r }}) - delta_of_row);
            //]
            //[ c in 0..quads
            //[ r in 0..rows
            dv_{{ r }}_{{ c }} = dv_{{ r }}_{{ c }} + weight_{{ r }} * g_{{ c }};
            dk_{{ r }}_{{ c }} = dk_{{ r }}_{{ c }} + turn_{{ r }} * q_{{ c }};
            //]
            //]
        }
    }
    //[ r in 0..rows
    if (first + {{ r }}u < params.keys) {
        //[ c in 0..quads
        dkv[k_{{ r }} + {{ c }}u] = dk_{{ r }}_{{ c }} * params.scale;
        dkv[v_{{ r }} + {{ c }}u] = dv_{{ r }}_{{ c }};
        //]
    }
    //]
}
