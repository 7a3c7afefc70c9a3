// Normalised patches of pictures that are given as bytes: out[b, t, v] = bytes[b, y, x, c] * scale[c] - shift[c], where token t
// and value v of its patch stand for row y, column x and channel c. Values of a patch are in (channel, row, column) order
// when channel_first is set, else in (row, column, channel) order; tokens are in row-major order.
//
// | binding | what                                   | shape                              |
// |---------|----------------------------------------|------------------------------------|
// | 0 read  | bytes, four a word, the first lowest   | [B, height, width, channels] / 4   |
// | 1 write | out                                    | [B, tokens, patch values]          |
// | 2       | params                                 |                                    |
//
// One invocation computes one value of `out`.

struct Params {
    scale: vec4<f32>,
    shift: vec4<f32>,
    count: u32,
    height: u32,
    width: u32,
    channels: u32,
    patch_height: u32,
    patch_width: u32,
    channel_first: u32,
}

@group(0) @binding(0) var<storage, read> bytes: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

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
    let cells = params.patch_height * params.patch_width;
    let values = cells * params.channels;
    let v = i % values;
    var cell = v / params.channels;
    var channel = v % params.channels;
    if (params.channel_first != 0u) {
        cell = v % cells;
        channel = v / cells;
    }
    let across = params.width / params.patch_width;
    let tokens = (params.height / params.patch_height) * across;
    let token = (i / values) % tokens;
    let sample = i / (values * tokens);
    let y = (token / across) * params.patch_height + cell / params.patch_width;
    let x = (token % across) * params.patch_width + cell % params.patch_width;
    let place = ((sample * params.height + y) * params.width + x) * params.channels + channel;
    let value = (bytes[place / 4u] >> (8u * (place % 4u))) & 255u;
    out[i] = f32(value) * params.scale[channel] - params.shift[channel];
}
