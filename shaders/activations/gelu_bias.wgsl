// Gradient of the bias of gelu, one partial sum a stripe of rows: out[s, d] = sum over the rows n of stripe s of dx[n, d].
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | dx              | [N, D]    |
// | 1 write | out             | [S, D]    |
// | 2       | params          |           |
//
// One workgroup computes 16 columns of one stripe with 16 rows at a time, then adds the 16 partial sums.

struct Params {
    groups: u32,
    rows: u32,
    width: u32,
    blocks: u32,
    stripe: u32,
}

@group(0) @binding(0) var<storage, read> dx: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> sums: array<f32, {{ workgroup }}>;

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
    var sum = 0.0;
    if (column < params.width) {
        for (var row = part * params.stripe + lane / 16u; row < end; row = row + {{ workgroup }}u / 16u) {
            sum = sum + dx[row * params.width + column];
        }
    }
    sums[lane] = sum;
    workgroupBarrier();
    if (lane < 16u && column < params.width) {
        for (var other = lane + 16u; other < {{ workgroup }}u; other = other + 16u) {
            sum = sum + sums[other];
        }
        out[part * params.width + column] = sum;
    }
}
