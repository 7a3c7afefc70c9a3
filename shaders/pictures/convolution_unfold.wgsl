// What each place of a convolution's result sees of its input, as the rows of a matrix:
// out[(b, y, x), (j, i, c)] = map[b, y · stride + j − top, x · stride + i − left, c]; zero outside the map.
//
// | binding | what   | shape                                          |
// |---------|--------|------------------------------------------------|
// | 0 read  | map    | [B, height, width, channels]                   |
// | 1 write | out    | [B · out_height · out_width, rows · columns · channels] |
// | 2       | params |                                                |
//
// One invocation computes one value of `out`.

struct Params {
    count: u32,
    height: u32,
    width: u32,
    channels: u32,
    rows: u32,
    columns: u32,
    stride: u32,
    top: u32,
    left: u32,
    out_height: u32,
    out_width: u32,
}

@group(0) @binding(0) var<storage, read> map: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = (group.y * groups.x + group.x) * {{ workgroup }}u + lane;
    if (number >= params.count) {
        return;
    }
    let values = params.rows * params.columns * params.channels;
    let place = number / values;
    let value = number % values;
    let channel = value % params.channels;
    let i = value / params.channels % params.columns;
    let j = value / (params.channels * params.columns);
    let x = place % params.out_width;
    let y = place / params.out_width % params.out_height;
    let sample = place / (params.out_width * params.out_height);
    // Below zero wraps around to far above the sides.
    let row = y * params.stride + j - params.top;
    let column = x * params.stride + i - params.left;
    if (row >= params.height || column >= params.width) {
        out[number] = 0.0;
        return;
    }
    out[number] = map[((sample * params.height + row) * params.width + column) * params.channels + channel];
}
