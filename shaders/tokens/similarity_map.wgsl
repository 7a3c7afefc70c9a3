// Cosine of one token of each sample with every token of the same sample:
// out[b, t] = <x[b, t], x[b, q]> / (max(|x[b, t]|, 1e-12) max(|x[b, q]|, 1e-12)), q = query; zero where q is out of range.
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | x               | [B, T, D] |
// | 1 write | out             | [B, T]    |
// | 2       | params          |           |
//
// One group of invocations computes neighbouring values of `out`, three sums over D each: what it reads of the chosen token
// serves all of them. A sample has `blocks` of such neighbours; `width` counts in Values.

struct Params {
    blocks_in_all: u32,
    blocks: u32,
    tokens: u32,
    width: u32,
    query: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = row_of(group.y * groups.x + group.x, lane);
    // Sums need all invocations; those beyond the last block read nothing for them.
    let block = min(number, params.blocks_in_all - 1u);
    let width = select(params.width, 0u, number > block);
    let known = params.query < params.tokens;
    let sample = block / params.blocks * params.tokens;
    let there = (sample + select(0u, params.query, known)) * params.width;
    let row = block % params.blocks * {{ neighbours }}u;
    var there_squared = 0.0;
    //[ i in 0..neighbours
    let here_{{ i }} = (sample + min(row + {{ i }}u, params.tokens - 1u)) * params.width;
    var along_{{ i }} = 0.0;
    var squared_{{ i }} = 0.0;
    //]
    for (var d = lane % LANES; d < width; d = d + LANES) {
        let b = x[there + d];
        there_squared = there_squared + inner(b, b);
        //[ i in 0..neighbours
        let a_{{ i }} = x[here_{{ i }} + d];
        along_{{ i }} = along_{{ i }} + inner(a_{{ i }}, b);
        squared_{{ i }} = squared_{{ i }} + inner(a_{{ i }}, a_{{ i }});
        //]
    }
    let norm = max(sqrt(total(lane, there_squared)), 1e-12);
    //[ i in 0..neighbours
    let product_{{ i }} = total(lane, along_{{ i }});
    let norm_{{ i }} = max(sqrt(total(lane, squared_{{ i }})), 1e-12);
    if (number < params.blocks_in_all && lane % LANES == 0u && row + {{ i }}u < params.tokens) {
        out[sample + row + {{ i }}u] = select(0.0, product_{{ i }} / (norm_{{ i }} * norm), known);
    }
    //]
}
