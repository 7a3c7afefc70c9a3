// Gradients of layer_norm with respect to gamma and beta, one partial sum a stripe of rows:
// d_gamma[s, d] = sum over the rows n of stripe s of grad[n, d] (x[n, d] - mean[n]) r[n]
// d_beta[s, d]  = sum over the rows n of stripe s of grad[n, d]
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | grad            | [N, D]    |
// | 1 read  | x               | [N, D]    |
// | 2 read  | stats: mean, r  | [N, 2]    |
// | 3 write | d_gamma         | [S, D]    |
// | 4 write | d_beta          | [S, D]    |
// | 5       | params          |           |
//
// One workgroup computes 16 columns of one stripe with 16 rows at a time, then adds the 16 partial sums.

struct Params {
    groups: u32,
    rows: u32,
    width: u32,
    blocks: u32,
    stripe: u32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_gamma: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_beta: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> sums: array<vec2<f32>, {{ workgroup }}>;

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
    let part = place / params.blocks;
    let column = (place % params.blocks) * 16u + lane % 16u;
    let end = min((part + 1u) * params.stripe, params.rows);
    var sum = vec2<f32>(0.0);
    if (column < params.width) {
        for (var row = part * params.stripe + lane / 16u; row < end; row = row + {{ workgroup }}u / 16u) {
            let g = grad[row * params.width + column];
            let h = (x[row * params.width + column] - stats[2u * row]) * stats[2u * row + 1u];
            sum = sum + vec2<f32>(g * h, g);
        }
    }
    sums[lane] = sum;
    workgroupBarrier();
    if (lane < 16u && column < params.width) {
        for (var other = lane + 16u; other < {{ workgroup }}u; other = other + 16u) {
            sum = sum + sums[other];
        }
        d_gamma[part * params.width + column] = sum.x;
        d_beta[part * params.width + column] = sum.y;
    }
}
