// Gradient of row_cosine with respect to a: with the unit rows a' = a / max(|a|, eps) and b',
// out[r, c] = grad[r] / max(|a[r]|, eps) (b'[r, c] - cosine[r] a'[r, c]), without the second term where |a[r]| is below eps.
//
// | binding | what            | shape  |
// |---------|-----------------|--------|
// | 0 read  | grad            | [R]    |
// | 1 read  | a               | [R, W] |
// | 2 read  | b               | [T, W] |
// | 3 read  | pick (i32)      | [R]    |
// | 4 write | out             | [R, W] |
// | 5       | params          |        |
//
// One group of invocations computes one row.

struct Params {
    rows: u32,
    width: u32,
    others: u32,
    eps: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> pick: array<i32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

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
    let known = u32(pick[row]) < params.others;
    // A row that is not there is read as the first one and counts for nothing.
    let other = select(0u, u32(pick[row]), known);
    var dot = 0.0;
    var a2 = 0.0;
    var b2 = 0.0;
    for (var c = first; c < params.width; c = c + LANES) {
        let av = a[row * params.width + c];
        let bv = b[other * params.width + c];
        dot = dot + av * bv;
        a2 = a2 + av * av;
        b2 = b2 + bv * bv;
    }
    dot = total(lane, dot);
    let a_length = sqrt(total(lane, a2));
    let a_norm = max(a_length, params.eps);
    let b_norm = max(sqrt(total(lane, b2)), params.eps);
    let turn = select(0.0, dot / a_norm / b_norm, a_length > params.eps);
    let slope = select(0.0, grad[row] / a_norm, known);
    let stores = select(0u, params.width, inside);
    for (var c = first; c < stores; c = c + LANES) {
        out[row * params.width + c] = slope * (b[other * params.width + c] / b_norm - turn * a[row * params.width + c] / a_norm);
    }
}
