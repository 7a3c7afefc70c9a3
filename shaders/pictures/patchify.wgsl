// Normalised patches of stored pictures: out[b, t, v] = value[b, y, x, c] * scale[c] - shift[c], where token t
// and value v of its patch stand for row y, column x and channel c. Values of a patch are in (channel, row, column) order
// when channel_first is set, else in (row, column, channel) order; tokens are in row-major order.
//
// | binding | what                                | shape                                 |
// | ------- | ----------------------------------- | ------------------------------------- |
// | 0 read  | values of `bits` bits, first lowest | [B, height, width, channels] in words |
// | 1 read  | scale, shift                        | [2, channels]                         |
// | 2 write | out                                 | [B, tokens, patch values]             |
// | 3       | params                              |                                       |
//
// One invocation computes one value of `out`.

struct Params {
    count: u32,
    height: u32,
    width: u32,
    channels: u32,
    patch_height: u32,
    patch_width: u32,
    channel_first: u32,
    // 8 or 16.
    bits: u32,
}

@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read> norm: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

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
    let in_word = 32u / params.bits;
    let value = extractBits(words[place / in_word], params.bits * (place % in_word), params.bits);
    out[i] = f32(value) * norm[channel] - norm[params.channels + channel];
}
