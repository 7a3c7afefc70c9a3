// Matrix product of any sizes and layouts, where the fast ones cannot be used: c = a b, then `finish`.
//
// | binding   | what            | shape                                                        |
// |-----------|-----------------|--------------------------------------------------------------|
// | 0 read    | a               | [M, K]; (i, p) is at i a_row + p a_step                      |
// | 1 read    | b               | [K, N]; (p, j) is at p b_step + j b_column                   |
// | 2 ...     | see finish      |                                                              |
// | last      | params          |                                                              |
//
// One invocation owns 4 x 4 values of the result in registers.

alias Value = f32;

struct Params {
    m: u32,
    n: u32,
    k: u32,
    across: u32,
    a_row: u32,
    a_step: u32,
    b_step: u32,
    b_column: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding({{ params }}) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = (group.y * groups.x + group.x) * {{ workgroup }}u + lane;
    let row = number / params.across * 4u;
    let column = number % params.across * 4u;
    if (row >= params.m) {
        return;
    }
    //[ i in 0..4
    let a_{{ i }} = min(row + {{ i }}u, params.m - 1u) * params.a_row;
    let b_{{ i }} = min(column + {{ i }}u, params.n - 1u) * params.b_column;
    var c_{{ i }} = vec4<f32>();
    //]
    for (var p = 0u; p < params.k; p = p + 1u) {
        let below = p * params.b_step;
        let right = vec4<f32>(b[below + b_0], b[below + b_1], b[below + b_2], b[below + b_3]);
        //[ i in 0..4
        c_{{ i }} = c_{{ i }} + a[a_{{ i }} + p * params.a_step] * right;
        //]
    }
    //[ i in 0..4
    put(row + {{ i }}u, column, c_{{ i }}.x);
    put(row + {{ i }}u, column + 1u, c_{{ i }}.y);
    put(row + {{ i }}u, column + 2u, c_{{ i }}.z);
    put(row + {{ i }}u, column + 3u, c_{{ i }}.w);
    //]
}

fn put(row: u32, column: u32, value: f32) {
    if (row < params.m && column < params.n) {
        finish(row * params.n + column, column, value);
    }
}
