// Gradient of cross_entropy with respect to the logits: dx[n, c] = grad[n] (exp(x[n, c] - lse[n]) sum of t[n] - t[n, c]).
//
// | binding | what                | shape  |
// |---------|---------------------|--------|
// | 0 read  | grad                | [N]    |
// | 1 read  | logits x            | [N, C] |
// | 2 read  | targets t           | [N, C] |
// | 3 read  | kept: lse, sum of t | [N, 2] |
// | 4 write | dx                  | [N, C] |
// | 5       | params              |        |
//
// One invocation computes one value.

struct Params {
    count: u32,
    width: u32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read> kept: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = (group.y * groups.x + group.x) * {{ workgroup }}u + lane;
    if (i >= params.count) {
        return;
    }
    let row = i / params.width;
    dx[i] = grad[row] * (exp(logits[i] - kept[2u * row]) * kept[2u * row + 1u] - targets[i]);
}
