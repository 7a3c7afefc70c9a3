// Gradient of attention with respect to the queries. With p = exp(score - lse), 0 for keys that are masked, and
// delta[t] = <grad[t], out[t]>: dq[t] = scale sum over s of p[t, s] (<grad[t], v[s]> - delta[t]) k[s].
// delta is kept for attention_keys and attention_bias.
//
// | binding  | what            | shape                                             |
// |----------|-----------------|---------------------------------------------------|
// | 0 read   | grad            | [B, Tq, H, dim]                                   |
// | 1 read   | q               | as in attention                                   |
// | 2 read   | kv              | as in attention                                   |
// | 3 read   | out             | [B, Tq, H, dim]                                   |
// | 4 read   | lse             | [B, H, Tq], and behind it the mask [B, Tk], if wanted |
// | read     | bias, if wanted | [B or 1, H or 1, Tq, Tk]                          |
// | write    | dq              | as q                                              |
// | write    | delta           | [B, H, Tq]                                        |
// | last     | params          |                                                   |
//
// Work is shared out as in attention.

@group(0) @binding(3) var<storage, read> out: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> lse: array<f32>;
//[ _ in 0..bias
@group(0) @binding(5) var<storage, read> bias: array<f32>;
//]
@group(0) @binding({{ outputs }}) var<storage, read_write> dq: array<vec4<f32>>;
@group(0) @binding({{ more }}) var<storage, read_write> delta: array<f32>;

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
    let k_first = batch * params.keys * params.kv_step + params.k_start + head * QUADS;
    let v_first = batch * params.keys * params.kv_step + params.v_start + head * QUADS;
    //[ r in 0..rows
    // Rows beyond the last query repeat it.
    let t_{{ r }} = min(first + {{ r }}u, params.queries - 1u);
    let q_{{ r }} = (batch * params.queries + t_{{ r }}) * params.q_step + head * QUADS;
    let g_{{ r }} = ((batch * params.queries + t_{{ r }}) * params.heads + head) * QUADS;
    var along_{{ r }} = vec4<f32>();
    //[ c in 0..quads
    let q_{{ r }}_{{ c }} = q[q_{{ r }} + {{ c }}u] * params.scale;
    let g_{{ r }}_{{ c }} = grad[g_{{ r }} + {{ c }}u];
    along_{{ r }} = along_{{ r }} + g_{{ r }}_{{ c }} * out[g_{{ r }} + {{ c }}u];
    var sum_{{ r }}_{{ c }} = vec4<f32>();
    //]
    let delta_{{ r }} = across(along_{{ r }});
    let lse_{{ r }} = lse[plane * params.queries + t_{{ r }}];
    //[ _ in 0..bias
    let bias_{{ r }} = batch * params.bias_batch + head * params.bias_head + t_{{ r }} * params.keys;
    //]
    //]
    for (var start = 0u; start < params.keys; start = start + TILE) {
        let count = min(TILE, params.keys - start);
        //[ _ in 0..shared
        load_tiles(lane, k_first, v_first, start, count);
        //]
        for (var j = 0u; j < count; j = j + 1u) {
            //[ _ in 0..alone
            let k_from = k_first + (start + j) * params.kv_step;
            let v_from = v_first + (start + j) * params.kv_step;
            //]
            //[ r in 0..rows
            var part_{{ r }} = vec4<f32>();
            var slope_{{ r }} = vec4<f32>();
            //]
            //[ c in 0..quads
            //[ _ in 0..shared
            let k_{{ c }} = k_tile[j * QUADS + {{ c }}u];
            let v_{{ c }} = v_tile[j * QUADS + {{ c }}u];
            //]
            //[ _ in 0..alone
            let k_{{ c }} = kv[k_from + {{ c }}u];
            let v_{{ c }} = kv[v_from + {{ c }}u];
            //]
            //[ r in 0..rows
            part_{{ r }} = part_{{ r }} + q_{{ r }}_{{ c }} * k_{{ c }};
            slope_{{ r }} = slope_{{ r }} + g_{{ r }}_{{ c }} * v_{{ c }};
            //]
            //]
            //[ _ in 0..mask
            let seen = lse[params.mask_start + batch * params.keys + start + j] > 0.5;
            //]
            //[ r in 0..rows
            var score_{{ r }} = across(part_{{ r }}) - lse_{{ r }};
            //[ _ in 0..bias
            score_{{ r }} = score_{{ r }} + bias[bias_{{ r }} + start + j];
            //]
            var weight_{{ r }} = exp(score_{{ r }});
            //[ _ in 0..mask
            weight_{{ r }} = select(0.0, weight_{{ r }}, seen);
            //]
            weight_{{ r }} = weight_{{ r }} * (across(slope_{{ r }}) - delta_{{ r }});
            //]
            //[ c in 0..quads
            //[ r in 0..rows
            sum_{{ r }}_{{ c }} = sum_{{ r }}_{{ c }} + weight_{{ r }} * k_{{ c }};
            //]
            //]
        }
    }
    //[ r in 0..rows
    if (first + {{ r }}u < params.queries) {
        //[ c in 0..quads
        dq[q_{{ r }} + {{ c }}u] = sum_{{ r }}_{{ c }} * params.scale;
        //]
        delta[plane * params.queries + t_{{ r }}] = delta_{{ r }};
    }
    //]
}
