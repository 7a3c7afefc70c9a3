// Gradients of prelu: dx[i] = grad[i] where x[i] > 0, else slope[0] grad[i], and pieces of
// d slope = sum of grad[i] x[i] over the i with x[i] <= 0, one for each workgroup.
//
// | binding | what                                | shape |
// |---------|-------------------------------------|-------|
// | 0 read  | grad                                | [N]   |
// | 1 read  | x                                   | [N]   |
// | 2 read  | slope                               | [1]   |
// | 3 write | dx                                  | [N]   |
// | 4 write | pieces                              | [G]   |
// | 5       | params                              |       |
//
// A workgroup owns `stripe` values and sums their part of d slope by a tree.

struct Params {
    count: u32,
    stripe: u32,
    pieces: u32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> slope: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;
@group(0) @binding(4) var<storage, read_write> pieces: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> sums: array<f32, {{ workgroup }}>;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let piece = group.y * groups.x + group.x;
    let start = piece * params.stripe;
    let end = min(start + params.stripe, params.count);
    var sum = 0.0;
    for (var i = start + lane; i < end; i = i + {{ workgroup }}u) {
        let positive = x[i] > 0.0;
        dx[i] = select(slope[0], 1.0, positive) * grad[i];
        sum = sum + select(x[i] * grad[i], 0.0, positive);
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var half = {{ workgroup }}u / 2u; half > 0u; half = half / 2u) {
        if (lane < half) {
            sums[lane] = sums[lane] + sums[lane + half];
        }
        workgroupBarrier();
    }
    if (lane == 0u && piece < params.pieces) {
        pieces[piece] = sums[0];
    }
}
