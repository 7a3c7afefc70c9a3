// Matrix product with the right operand transposed, a linear layer: c = a b^T, then `finish`.
//
// | binding   | what            | shape                          |
// |-----------|-----------------|--------------------------------|
// | 0 read    | a               | [M, K], K a multiple of 4      |
// | 1 read    | b               | [N, K], N a multiple of 4      |
// | 2 ...     | see finish      |                                |
// | last      | params          |                                |
//
// One invocation owns a tile of the result in registers.

alias Value = vec4<f32>;

@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let tile = place(group.y * groups.x + group.x, lane);
    let k4 = params.k / 4u;
    //[ r in 0..height
    //[ q in x y z w
    let a_{{ r }}{{ q }} = min(tile.row + 4u * {{ r }}u + {{ q }}, params.m - 1u) * k4;
    //]
    //]
    //[ j in 0..columns
    let b_{{ j }} = min(tile.column + {{ j }}u, params.n / 4u - 1u) * 4u * k4;
    //]
    //[ r in 0..height
    //[ q in x y z w
    //[ j in 0..columns
    var c_{{ r }}{{ q }}_{{ j }} = vec4<f32>();
    //]
    //]
    //]
    for (var k = 0u; k < k4; k = k + 1u) {
        //[ r in 0..height
        //[ q in x y z w
        let l_{{ r }}{{ q }} = a[a_{{ r }}{{ q }} + k];
        //]
        //]
        //[ j in 0..columns
        let r_{{ j }}x = b[b_{{ j }} + k];
        let r_{{ j }}y = b[b_{{ j }} + k4 + k];
        let r_{{ j }}z = b[b_{{ j }} + 2u * k4 + k];
        let r_{{ j }}w = b[b_{{ j }} + 3u * k4 + k];
        //[ r in 0..height
        //[ q in x y z w
        c_{{ r }}{{ q }}_{{ j }} = c_{{ r }}{{ q }}_{{ j }} + vec4<f32>(
            dot(l_{{ r }}{{ q }}, r_{{ j }}x),
            dot(l_{{ r }}{{ q }}, r_{{ j }}y),
            dot(l_{{ r }}{{ q }}, r_{{ j }}z),
            dot(l_{{ r }}{{ q }}, r_{{ j }}w),
        );
        //]
        //]
        //]
    }
    //[ r in 0..height
    //[ q in x y z w
    //[ j in 0..columns
    put(tile, 4u * {{ r }}u + {{ q }}, {{ j }}u, c_{{ r }}{{ q }}_{{ j }});
    //]
    //]
    //]
}
