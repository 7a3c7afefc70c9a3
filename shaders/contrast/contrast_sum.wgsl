// out[part, d, row] (+)= sum over the keys of a part of w[key, row] unit[d, key], for a block of rows and keys (contrast).
//
// | binding | what                                      | shape                |
// |---------|-------------------------------------------|----------------------|
// | 0 read  | unit: keys are columns                    | [padded D, C]        |
// | 1 read  | w                                         | [keys of the block, rows of the block] |
// | 2 write | out                                       | [parts, padded D, padded N] |
// | 3       | params                                    |                      |
//
// One invocation computes 8 rows of `unit` by 8 rows of the block. The invocations of a workgroup are ACROSS blocks of rows by
// blocks of `unit`.

const ACROSS = {{ across }}u;
const DOWN = {{ workgroup }}u / ACROSS;

struct Params {
    groups: u32,
    blocks: u32,
    blocks_of_unit: u32,
    padded: u32,
    quads: u32,
    // The first quad of the block's keys, and quads of keys of a part.
    key_quad: u32,
    part_quads: u32,
    block_rows: u32,
    block_quads: u32,
    // Quads of a row of `out`, and of the first of the block in it.
    row_quads: u32,
    row_quad: u32,
    first: u32,
}

@group(0) @binding(0) var<storage, read> unit: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(3) var<uniform> params: Params;

fn put(place: u32, value: vec4<f32>) {
    if (params.first == 1u) {
        out[place] = value;
    } else {
        out[place] = out[place] + value;
    }
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
    let row = (place % params.blocks * ACROSS + lane % ACROSS) * 8u;
    let d = (place / params.blocks % params.blocks_of_unit * DOWN + lane / ACROSS) * 8u;
    let part = place / params.blocks / params.blocks_of_unit;
    if (row >= params.block_rows || d >= params.padded) {
        return;
    }
    let step = params.block_rows / 4u;
    let end = min((part + 1u) * params.part_quads, params.block_quads);
    var s0 = vec4<f32>(0.0);
    var s1 = vec4<f32>(0.0);
    var s2 = vec4<f32>(0.0);
    var s3 = vec4<f32>(0.0);
    var s4 = vec4<f32>(0.0);
    var s5 = vec4<f32>(0.0);
    var s6 = vec4<f32>(0.0);
    var s7 = vec4<f32>(0.0);
    var s8 = vec4<f32>(0.0);
    var s9 = vec4<f32>(0.0);
    var s10 = vec4<f32>(0.0);
    var s11 = vec4<f32>(0.0);
    var s12 = vec4<f32>(0.0);
    var s13 = vec4<f32>(0.0);
    var s14 = vec4<f32>(0.0);
    var s15 = vec4<f32>(0.0);
    for (var quad = part * params.part_quads; quad < end; quad = quad + 1u) {
        let key = d * params.quads + params.key_quad + quad;
        let u0 = unit[key];
        let u1 = unit[key + params.quads];
        let u2 = unit[key + 2u * params.quads];
        let u3 = unit[key + 3u * params.quads];
        let u4 = unit[key + 4u * params.quads];
        let u5 = unit[key + 5u * params.quads];
        let u6 = unit[key + 6u * params.quads];
        let u7 = unit[key + 7u * params.quads];
        let begin = quad * 4u * step + row / 4u;
        var p = weights[begin];
        var q = weights[begin + 1u];
        s0 = fma(vec4<f32>(u0.x), p, s0);
        s1 = fma(vec4<f32>(u0.x), q, s1);
        s2 = fma(vec4<f32>(u1.x), p, s2);
        s3 = fma(vec4<f32>(u1.x), q, s3);
        s4 = fma(vec4<f32>(u2.x), p, s4);
        s5 = fma(vec4<f32>(u2.x), q, s5);
        s6 = fma(vec4<f32>(u3.x), p, s6);
        s7 = fma(vec4<f32>(u3.x), q, s7);
        s8 = fma(vec4<f32>(u4.x), p, s8);
        s9 = fma(vec4<f32>(u4.x), q, s9);
        s10 = fma(vec4<f32>(u5.x), p, s10);
        s11 = fma(vec4<f32>(u5.x), q, s11);
        s12 = fma(vec4<f32>(u6.x), p, s12);
        s13 = fma(vec4<f32>(u6.x), q, s13);
        s14 = fma(vec4<f32>(u7.x), p, s14);
        s15 = fma(vec4<f32>(u7.x), q, s15);
        p = weights[begin + step];
        q = weights[begin + step + 1u];
        s0 = fma(vec4<f32>(u0.y), p, s0);
        s1 = fma(vec4<f32>(u0.y), q, s1);
        s2 = fma(vec4<f32>(u1.y), p, s2);
        s3 = fma(vec4<f32>(u1.y), q, s3);
        s4 = fma(vec4<f32>(u2.y), p, s4);
        s5 = fma(vec4<f32>(u2.y), q, s5);
        s6 = fma(vec4<f32>(u3.y), p, s6);
        s7 = fma(vec4<f32>(u3.y), q, s7);
        s8 = fma(vec4<f32>(u4.y), p, s8);
        s9 = fma(vec4<f32>(u4.y), q, s9);
        s10 = fma(vec4<f32>(u5.y), p, s10);
        s11 = fma(vec4<f32>(u5.y), q, s11);
        s12 = fma(vec4<f32>(u6.y), p, s12);
        s13 = fma(vec4<f32>(u6.y), q, s13);
        s14 = fma(vec4<f32>(u7.y), p, s14);
        s15 = fma(vec4<f32>(u7.y), q, s15);
        p = weights[begin + 2u * step];
        q = weights[begin + 2u * step + 1u];
        s0 = fma(vec4<f32>(u0.z), p, s0);
        s1 = fma(vec4<f32>(u0.z), q, s1);
        s2 = fma(vec4<f32>(u1.z), p, s2);
        s3 = fma(vec4<f32>(u1.z), q, s3);
        s4 = fma(vec4<f32>(u2.z), p, s4);
        s5 = fma(vec4<f32>(u2.z), q, s5);
        s6 = fma(vec4<f32>(u3.z), p, s6);
        s7 = fma(vec4<f32>(u3.z), q, s7);
        s8 = fma(vec4<f32>(u4.z), p, s8);
        s9 = fma(vec4<f32>(u4.z), q, s9);
        s10 = fma(vec4<f32>(u5.z), p, s10);
        s11 = fma(vec4<f32>(u5.z), q, s11);
        s12 = fma(vec4<f32>(u6.z), p, s12);
        s13 = fma(vec4<f32>(u6.z), q, s13);
        s14 = fma(vec4<f32>(u7.z), p, s14);
        s15 = fma(vec4<f32>(u7.z), q, s15);
        p = weights[begin + 3u * step];
        q = weights[begin + 3u * step + 1u];
        s0 = fma(vec4<f32>(u0.w), p, s0);
        s1 = fma(vec4<f32>(u0.w), q, s1);
        s2 = fma(vec4<f32>(u1.w), p, s2);
        s3 = fma(vec4<f32>(u1.w), q, s3);
        s4 = fma(vec4<f32>(u2.w), p, s4);
        s5 = fma(vec4<f32>(u2.w), q, s5);
        s6 = fma(vec4<f32>(u3.w), p, s6);
        s7 = fma(vec4<f32>(u3.w), q, s7);
        s8 = fma(vec4<f32>(u4.w), p, s8);
        s9 = fma(vec4<f32>(u4.w), q, s9);
        s10 = fma(vec4<f32>(u5.w), p, s10);
        s11 = fma(vec4<f32>(u5.w), q, s11);
        s12 = fma(vec4<f32>(u6.w), p, s12);
        s13 = fma(vec4<f32>(u6.w), q, s13);
        s14 = fma(vec4<f32>(u7.w), p, s14);
        s15 = fma(vec4<f32>(u7.w), q, s15);
    }
    let place_of_row = (part * params.padded + d) * params.row_quads + params.row_quad + row / 4u;
    put(place_of_row, s0);
    put(place_of_row + 1u, s1);
    put(place_of_row + params.row_quads, s2);
    put(place_of_row + params.row_quads + 1u, s3);
    put(place_of_row + 2u * params.row_quads, s4);
    put(place_of_row + 2u * params.row_quads + 1u, s5);
    put(place_of_row + 3u * params.row_quads, s6);
    put(place_of_row + 3u * params.row_quads + 1u, s7);
    put(place_of_row + 4u * params.row_quads, s8);
    put(place_of_row + 4u * params.row_quads + 1u, s9);
    put(place_of_row + 5u * params.row_quads, s10);
    put(place_of_row + 5u * params.row_quads + 1u, s11);
    put(place_of_row + 6u * params.row_quads, s12);
    put(place_of_row + 6u * params.row_quads + 1u, s13);
    put(place_of_row + 7u * params.row_quads, s14);
    put(place_of_row + 7u * params.row_quads + 1u, s15);
}
