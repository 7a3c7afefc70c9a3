// Attention of all heads, nothing of size tokens^2 stored (online softmax):
// score[t, s] = scale <q[t], k[s]> + bias[t, s], or none where mask[s] = 0,
// out[t] = sum over s of softmax over s of score[t, s], times v[s]; zeros where no key is left,
// lse[t] = log of the sum over s of exp(score[t, s]), for the backward pass.
//
// | binding  | what            | shape                                             |
// |----------|-----------------|---------------------------------------------------|
// | 0 read   | q               | [B, Tq, q_step], heads of dim values from 0 on    |
// | 1 read   | kv              | [B, Tk, kv_step], keys from k_start, values from v_start on |
// | read     | bias, if wanted | [B or 1, H or 1, Tq, Tk]                          |
// | read     | mask, if wanted | [B, Tk]                                           |
// | write    | out             | [B, Tq, H, dim]                                   |
// | write    | lse             | [B, H, Tq]                                        |
// | last     | params          |                                                   |
//
// Steps and starts count groups of four values; dim is a multiple of four. One invocation owns `rows` queries of one head in
// registers. With `shared`, a workgroup owns queries of one head and loads a tile of keys and values for all of them; without
// (software adapters, for which workgroup memory is as slow as any) each invocation reads them on its own.

// The score of a key that may not be looked at; sums above half of it have seen none.
const NONE = -3.0e38;

@group(0) @binding(0) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> kv: array<vec4<f32>>;
//[ _ in 0..bias
@group(0) @binding(2) var<storage, read> bias: array<f32>;
//]
//[ _ in 0..mask
@group(0) @binding({{ at_mask }}) var<storage, read> mask: array<f32>;
//]
@group(0) @binding({{ outputs }}) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding({{ more }}) var<storage, read_write> lse: array<f32>;

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
    //[ c in 0..quads
    let q_{{ r }}_{{ c }} = q[q_{{ r }} + {{ c }}u] * params.scale;
    var sum_{{ r }}_{{ c }} = vec4<f32>();
    //]
    //[ _ in 0..bias
    let bias_{{ r }} = batch * params.bias_batch + head * params.bias_head + t_{{ r }} * params.keys;
    //]
    var top_{{ r }} = NONE;
    var total_{{ r }} = 0.0;
    //]
    var scores: array<f32, TILE * ROWS>;
    for (var start = 0u; start < params.keys; start = start + TILE) {
        let count = min(TILE, params.keys - start);
        //[ _ in 0..shared
        load_tiles(lane, k_first, v_first, start, count);
        //]
        //[ r in 0..rows
        var high_{{ r }} = top_{{ r }};
        //]
        for (var j = 0u; j < count; j = j + 1u) {
            //[ _ in 0..alone
            let here = k_first + (start + j) * params.kv_step;
            //]
            //[ r in 0..rows
            var part_{{ r }} = vec4<f32>();
            //]
            //[ c in 0..quads
            //[ _ in 0..shared
            let k_{{ c }} = k_tile[j * QUADS + {{ c }}u];
            //]
            //[ _ in 0..alone
            let k_{{ c }} = kv[here + {{ c }}u];
            //]
            //[ r in 0..rows
            part_{{ r }} = part_{{ r }} + q_{{ r }}_{{ c }} * k_{{ c }};
            //]
            //]
            //[ _ in 0..mask
            let seen = mask[batch * params.keys + start + j] > 0.5;
            //]
            //[ r in 0..rows
            var score_{{ r }} = across(part_{{ r }});
            //[ _ in 0..bias
            score_{{ r }} = score_{{ r }} + bias[bias_{{ r }} + start + j];
            //]
            //[ _ in 0..mask
            score_{{ r }} = select(NONE, score_{{ r }}, seen);
            //]
            scores[j * ROWS + {{ r }}u] = score_{{ r }};
            high_{{ r }} = max(high_{{ r }}, score_{{ r }});
            //]
        }
        //[ r in 0..rows
        let fade_{{ r }} = exp(top_{{ r }} - high_{{ r }});
        top_{{ r }} = high_{{ r }};
        total_{{ r }} = total_{{ r }} * fade_{{ r }};
        //[ c in 0..quads
        sum_{{ r }}_{{ c }} = sum_{{ r }}_{{ c }} * fade_{{ r }};
        //]
        //]
        for (var j = 0u; j < count; j = j + 1u) {
            //[ r in 0..rows
            let weight_{{ r }} = exp(scores[j * ROWS + {{ r }}u] - top_{{ r }});
            total_{{ r }} = total_{{ r }} + weight_{{ r }};
            //]
            //[ _ in 0..alone
            let here = v_first + (start + j) * params.kv_step;
            //]
            //[ c in 0..quads
            //[ _ in 0..shared
            let v_{{ c }} = v_tile[j * QUADS + {{ c }}u];
            //]
            //[ _ in 0..alone
            let v_{{ c }} = kv[here + {{ c }}u];
            //]
            //[ r in 0..rows
            sum_{{ r }}_{{ c }} = sum_{{ r }}_{{ c }} + weight_{{ r }} * v_{{ c }};
            //]
            //]
        }
    }
    //[ r in 0..rows
    if (first + {{ r }}u < params.queries) {
        let some = top_{{ r }} > 0.5 * NONE;
        let factor = select(0.0, 1.0 / total_{{ r }}, some);
        let to = ((batch * params.queries + t_{{ r }}) * params.heads + head) * QUADS;
        //[ c in 0..quads
        out[to + {{ c }}u] = sum_{{ r }}_{{ c }} * factor;
        //]
        lse[plane * params.queries + t_{{ r }}] = select(0.0, top_{{ r }} + log(total_{{ r }}), some);
    }
    //]
}
