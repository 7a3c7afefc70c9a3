// Gradient of attention with respect to its bias: d bias[t, s] = sum of p[t, s] (<grad[t], v[s]> - delta[t]) over the samples
// and heads that share it, p = exp(score - lse), 0 for keys that are masked, delta from attention_queries.
//
// | binding  | what            | shape                                             |
// |----------|-----------------|---------------------------------------------------|
// | 0 read   | grad            | [B, Tq, H, dim]                                   |
// | 1 read   | q               | as in attention                                   |
// | 2 read   | kv              | as in attention                                   |
// | 3 read   | lse             | [B, H, Tq], and behind it the mask [B, Tk], if wanted |
// | 4 read   | delta           | [B, H, Tq]                                        |
// | 5 read   | bias            | [planes, Tq, Tk], planes = [B or 1, H or 1]       |
// | 6 write  | d bias          | [planes, Tq, Tk]                                  |
// | 7        | params          |                                                   |
//
// One invocation owns `rows` keys for one query.

@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read> delta: array<f32>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read_write> d_bias: array<f32>;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = (group.y * groups.x + group.x) * {{ workgroup }}u + lane;
    if (number >= params.count) {
        return;
    }
    let t = number / params.blocks % params.queries;
    let plane = number / params.blocks / params.queries;
    let first = number % params.blocks * ROWS;
    let planes = params.heads / params.shared_heads;
    let first_batch = plane / planes * params.shared_batch;
    let first_head = plane % planes * params.shared_heads;
    //[ r in 0..rows
    let s_{{ r }} = min(first + {{ r }}u, params.keys - 1u);
    let at_{{ r }} = (plane * params.queries + t) * params.keys + s_{{ r }};
    let bias_{{ r }} = bias[at_{{ r }}];
    var sum_{{ r }} = 0.0;
    //]
    for (var one = 0u; one < params.shared_batch * params.shared_heads; one = one + 1u) {
        let batch = first_batch + one / params.shared_heads;
        let head = first_head + one % params.shared_heads;
        let q_first = (batch * params.queries + t) * params.q_step + head * QUADS;
        let g_first = ((batch * params.queries + t) * params.heads + head) * QUADS;
        let row = (batch * params.heads + head) * params.queries + t;
        //[ r in 0..rows
        let from_{{ r }} = (batch * params.keys + s_{{ r }}) * params.kv_step + head * QUADS;
        var part_{{ r }} = vec4<f32>();
        var slope_{{ r }} = vec4<f32>();
        //]
        for (var c = 0u; c < QUADS; c = c + 1u) {
            let q_c = q[q_first + c];
            let g_c = grad[g_first + c];
            //[ r in 0..rows
            part_{{ r }} = part_{{ r }} + q_c * kv[from_{{ r }} + params.k_start + c];
            slope_{{ r }} = slope_{{ r }} + g_c * kv[from_{{ r }} + params.v_start + c];
            //]
        }
        let lse_of_row = lse[row];
        let delta_of_row = delta[row];
        //[ r in 0..rows
        let score_{{ r }} = params.scale * across(part_{{ r }});
        var weight_{{ r }} = exp(score_{{ r }} + bias_{{ r }} - lse_of_row);
        //[ _ in 0..mask
        weight_{{ r }} = select(0.0, weight_{{ r }}, lse[params.mask_start + batch * params.keys + s_{{ r }}] > 0.5);
        //]
        sum_{{ r }} = sum_{{ r }} + weight_{{ r }} * (across(slope_{{ r }}) - delta_of_row);
        //]
    }
    //[ r in 0..rows
    if (first + {{ r }}u < params.keys) {
        d_bias[at_{{ r }}] = sum_{{ r }};
    }
    //]
}
