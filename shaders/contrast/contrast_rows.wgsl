// The parts of contrast_scores brought together: lse[row] = log of the sum of exponentials over all keys, and what the row
// adds to the loss: term = weight lse - <row, its positive key>; or the first summand alone where rows have no positives.
// A row whose positive is not there adds nothing and gets the largest number as its lse, so that its gradient is zero.
//
// | binding | what                             | shape            |
// |---------|----------------------------------|------------------|
// | 0 read  | partial: top, sum                | [parts, padded N, 2] |
// | 1 read  | unit: rows and keys are columns  | [D, C]           |
// | 2 read  | the positive key of each row     | [N]              |
// | 3 write | lse, from start on               | [N] or [N + M]   |
// | 4 write | terms, from start on             | the same         |
// | 5       | params                           |                  |
//
// One invocation computes one row.

struct Params {
    rows: u32,
    keys: u32,
    parts: u32,
    padded_rows: u32,
    width: u32,
    columns: u32,
    first_row: u32,
    first_key: u32,
    start: u32,
    same: u32,
    turned: u32,
    weight: f32,
}

@group(0) @binding(0) var<storage, read> partial: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read> unit: array<f32>;
@group(0) @binding(2) var<storage, read> positive: array<i32>;
@group(0) @binding(3) var<storage, read_write> lse: array<f32>;
@group(0) @binding(4) var<storage, read_write> terms: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

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
    var sum = partial[row];
    for (var part = 1u; part < params.parts; part = part + 1u) {
        let other = partial[part * params.padded_rows + row];
        let top = max(sum.x, other.x);
        sum = vec2<f32>(top, sum.y * exp(sum.x - top) + other.y * exp(other.x - top));
    }
    var all = sum.x + log(sum.y);
    var term = params.weight * all;
    if (params.turned == 0u) {
        let key = positive[row];
        if (key >= 0 && u32(key) < params.keys && !(params.same == 1u && u32(key) == row)) {
            var score = 0.0;
            for (var d = 0u; d < params.width; d = d + 1u) {
                let begin = d * params.columns;
                score = score + unit[begin + params.first_row + row] * unit[begin + params.first_key + u32(key)];
            }
            term = term - score;
        } else {
            all = 3.0e38;
            term = 0.0;
        }
    }
    lse[params.start + row] = all;
    terms[params.start + row] = term;
}
