// The adjoint of convolution_unfold: every value of a map is the sum of the places that saw it.
//
// | binding | what   | shape                                          |
// |---------|--------|------------------------------------------------|
// | 0 read  | seen   | [B · out_height · out_width, rows · columns · channels] |
// | 1 write | map    | [B, height, width, channels]                   |
// | 2       | params |                                                |
//
// One invocation owns one value of `map` and goes through the window.

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

@group(0) @binding(0) var<storage, read> seen: array<f32>;
@group(0) @binding(1) var<storage, read_write> map: array<f32>;
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
    let channel = number % params.channels;
    let column = number / params.channels % params.width;
    let row = number / (params.channels * params.width) % params.height;
    let sample = number / (params.channels * params.width * params.height);
    var sum = 0.0;
    for (var j = 0u; j < params.rows; j = j + 1u) {
        // Below zero wraps around to far above the sides.
        let down = row + params.top - j;
        let y = down / params.stride;
        if (down % params.stride != 0u || y >= params.out_height) {
            continue;
        }
        for (var i = 0u; i < params.columns; i = i + 1u) {
            let across = column + params.left - i;
            let x = across / params.stride;
            if (across % params.stride != 0u || x >= params.out_width) {
                continue;
            }
            let place = (sample * params.out_height + y) * params.out_width + x;
            sum = sum + seen[((place * params.rows + j) * params.columns + i) * params.channels + channel];
        }
    }
    map[number] = sum;
}
