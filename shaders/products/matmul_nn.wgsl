// Matrix product, the gradient of a linear layer's input: c = a b, then `finish`.
//
// | binding   | what            | shape                          |
// |-----------|-----------------|--------------------------------|
// | 0 read    | a               | [M, K], K a multiple of 4      |
// | 1 read    | b               | [K, N], N a multiple of 4      |
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
    let n4 = params.n / 4u;
    //[ r in 0..height
    //[ q in x y z w
    let a_{{ r }}{{ q }} = min(tile.row + 4u * {{ r }}u + {{ q }}, params.m - 1u) * k4;
    //]
    //]
    //[ j in 0..columns
    let b_{{ j }} = min(tile.column + {{ j }}u, n4 - 1u);
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
        let below = 4u * k * n4;
        //[ j in 0..columns
        let r_{{ j }}x = b[below + b_{{ j }}];
        let r_{{ j }}y = b[below + n4 + b_{{ j }}];
        let r_{{ j }}z = b[below + 2u * n4 + b_{{ j }}];
        let r_{{ j }}w = b[below + 3u * n4 + b_{{ j }}];
        //[ r in 0..height
        //[ q in x y z w
        c_{{ r }}{{ q }}_{{ j }} = c_{{ r }}{{ q }}_{{ j }} + l_{{ r }}{{ q }}.x * r_{{ j }}x + l_{{ r }}{{ q }}.y * r_{{ j }}y
            + l_{{ r }}{{ q }}.z * r_{{ j }}z + l_{{ r }}{{ q }}.w * r_{{ j }}w;
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
