// Cosine of every row of one matrix with a row of another:
// out[r] = <a[r], b[pick[r]]> / (max(|a[r]|, eps) max(|b[pick[r]]|, eps)).
//
// | binding | what            | shape  |
// |---------|-----------------|--------|
// | 0 read  | a               | [R, W] |
// | 1 read  | b               | [T, W] |
// | 2 read  | pick (i32)      | [R]    |
// | 3 write | out             | [R]    |
// | 4       | params          |        |
//
// One group of invocations computes one row. A pick out of range counts as a row of zeros.

struct Params {
    rows: u32,
    width: u32,
    others: u32,
    eps: f32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> pick: array<i32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = row_of(group.y * groups.x + group.x, lane);
    let inside = number < params.rows;
    // Invocations beyond the last row repeat it: sums need all of them.
    let row = min(number, params.rows - 1u);
    let first = lane % LANES;
    let other = u32(pick[row]);
    let width = select(0u, params.width, other < params.others);
    var dot = 0.0;
    var a2 = 0.0;
    var b2 = 0.0;
    for (var c = first; c < width; c = c + LANES) {
        let av = a[row * params.width + c];
        let bv = b[other * params.width + c];
        dot = dot + av * bv;
        a2 = a2 + av * av;
        b2 = b2 + bv * bv;
    }
    dot = total(lane, dot);
    let a_norm = max(sqrt(total(lane, a2)), params.eps);
    let b_norm = max(sqrt(total(lane, b2)), params.eps);
    if (inside && first == 0u) {
        out[row] = dot / a_norm / b_norm;
    }
}
