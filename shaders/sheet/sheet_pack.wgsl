// Copies up to seven tensors into their places in a sheet.
//
// | binding  | what            | shape     |
// |----------|-----------------|-----------|
// | 0-6 read | tensors         | [N_k]     |
// | 7 write  | sheet           | [S]       |
// | 8        | params          |           |
//
// One workgroup copies as many values of one tensor as it has invocations. Params has an entry a tensor: its first workgroup,
// its first value in the sheet, its number of values. What is bound only to fill a binding has no values.

struct Params {
    parts: array<vec4<u32>, 7>,
}

@group(0) @binding(0) var<storage, read> from_0: array<f32>;
@group(0) @binding(1) var<storage, read> from_1: array<f32>;
@group(0) @binding(2) var<storage, read> from_2: array<f32>;
@group(0) @binding(3) var<storage, read> from_3: array<f32>;
@group(0) @binding(4) var<storage, read> from_4: array<f32>;
@group(0) @binding(5) var<storage, read> from_5: array<f32>;
@group(0) @binding(6) var<storage, read> from_6: array<f32>;
@group(0) @binding(7) var<storage, read_write> sheet: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let place = group.y * groups.x + group.x;
    var source = 0u;
    for (var k = 1u; k < 7u; k = k + 1u) {
        if (params.parts[k].z > 0u && place >= params.parts[k].x) {
            source = k;
        }
    }
    let part = params.parts[source];
    let i = (place - part.x) * {{ workgroup }}u + lane;
    if (i >= part.z) {
        return;
    }
    var value = 0.0;
    switch source {
        case 0u: { value = from_0[i]; }
        case 1u: { value = from_1[i]; }
        case 2u: { value = from_2[i]; }
        case 3u: { value = from_3[i]; }
        case 4u: { value = from_4[i]; }
        case 5u: { value = from_5[i]; }
        default: { value = from_6[i]; }
    }
    sheet[part.y + i] = value;
}
