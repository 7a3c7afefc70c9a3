// Softmax cross-entropy with soft targets: loss[n] = sum over c of t[n, c] (lse[n] - x[n, c]),
// lse[n] = log of the sum over c of exp(x[n, c]). It and the sum of the targets are kept for the backward pass.
//
// | binding | what                | shape  |
// |---------|---------------------|--------|
// | 0 read  | logits x            | [N, C] |
// | 1 read  | targets t           | [N, C] |
// | 2 write | loss                | [N]    |
// | 3 write | kept: lse, sum of t | [N, 2] |
// | 4       | params              |        |
//
// LANES invocations compute one row: one of them where rows are short, so that nothing is waited for; else the workgroup.

const LANES = {{ lanes }}u;
const ROWS = {{ workgroup }}u / LANES;

struct Params {
    groups: u32,
    rows: u32,
    width: u32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<f32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> kept: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// Top, sum of exp(x - top), sum of t, sum of t x.
var<workgroup> sums: array<vec4<f32>, {{ workgroup }}>;

fn joined(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
    let top = max(a.x, b.x);
    return vec4<f32>(top, a.y * exp(a.x - top) + b.y * exp(b.x - top), a.zw + b.zw);
}

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let place = group.y * groups.x + group.x;
    if (place >= params.groups) {
        return;
    }
    let row = place * ROWS + lane / LANES;
    var sum = vec4<f32>(-1.0e30, 0.0, 0.0, 0.0);
    if (row < params.rows) {
        for (var c = lane % LANES; c < params.width; c = c + LANES) {
            let x = logits[row * params.width + c];
            let t = targets[row * params.width + c];
            sum = joined(sum, vec4<f32>(x, 1.0, t, t * x));
        }
    }
    if (LANES > 1u) {
        sums[lane] = sum;
        workgroupBarrier();
        for (var half = LANES / 2u; half > 0u; half = half / 2u) {
            if (lane < half) {
                sums[lane] = joined(sums[lane], sums[lane + half]);
            }
            workgroupBarrier();
        }
        sum = sums[0];
    }
    if (row < params.rows && lane % LANES == 0u) {
        let lse = sum.x + log(sum.y);
        loss[row] = lse * sum.z - sum.w;
        kept[2u * row] = lse;
        kept[2u * row + 1u] = sum.z;
    }
}
