// Matrix product with the left operand transposed, the gradient of a linear layer's weight: c = a^T b, and in the tiles
// after the last of c the sums of the columns of a, the gradient of the bias.
//
// | binding   | what            | shape                          |
// |-----------|-----------------|--------------------------------|
// | 0 read    | a               | [K, M], M a multiple of 4      |
// | 1 read    | b               | [K, N], N a multiple of 4      |
// | 2 write   | c               | [M, N]                         |
// | 3 write   | sums            | [M]                            |
// | 4         | params          |                                |
//
// One invocation owns a tile of the result in registers, or four sums.

alias Value = vec4<f32>;

@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> sums: array<vec4<f32>>;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = group.y * groups.x + group.x;
    let tile = place(number, lane);
    let m4 = params.m / 4u;
    let n4 = params.n / 4u;
    let whole = params.k / 4u * 4u;
    if (tile.inside) {
        //[ r in 0..height
        let a_{{ r }} = min(tile.row / 4u + {{ r }}u, m4 - 1u);
        //[ q in x y z w
        //[ j in 0..columns
        var c_{{ r }}{{ q }}_{{ j }} = vec4<f32>();
        //]
        //]
        //]
        //[ j in 0..columns
        let b_{{ j }} = min(tile.column + {{ j }}u, n4 - 1u);
        //]
        for (var k = 0u; k < whole; k = k + 4u) {
            //[ r in 0..height
            let l_{{ r }}x = a[k * m4 + a_{{ r }}];
            let l_{{ r }}y = a[(k + 1u) * m4 + a_{{ r }}];
            let l_{{ r }}z = a[(k + 2u) * m4 + a_{{ r }}];
            let l_{{ r }}w = a[(k + 3u) * m4 + a_{{ r }}];
            //]
            //[ j in 0..columns
            let r_{{ j }}x = b[k * n4 + b_{{ j }}];
            let r_{{ j }}y = b[(k + 1u) * n4 + b_{{ j }}];
            let r_{{ j }}z = b[(k + 2u) * n4 + b_{{ j }}];
            let r_{{ j }}w = b[(k + 3u) * n4 + b_{{ j }}];
            //[ r in 0..height
            //[ q in x y z w
            c_{{ r }}{{ q }}_{{ j }} = c_{{ r }}{{ q }}_{{ j }} + l_{{ r }}x.{{ q }} * r_{{ j }}x + l_{{ r }}y.{{ q }} * r_{{ j }}y
                + l_{{ r }}z.{{ q }} * r_{{ j }}z + l_{{ r }}w.{{ q }} * r_{{ j }}w;
            //]
            //]
            //]
        }
        for (var k = whole; k < params.k; k = k + 1u) {
            //[ r in 0..height
            //[ j in 0..columns
            //[ q in x y z w
            c_{{ r }}{{ q }}_{{ j }} = c_{{ r }}{{ q }}_{{ j }} + a[k * m4 + a_{{ r }}].{{ q }} * b[k * n4 + b_{{ j }}];
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
    } else {
        let column = number * {{ workgroup }}u + lane - params.tiles;
        if (column < params.sums / 4u) {
            var sum = vec4<f32>();
            for (var k = 0u; k < params.k; k = k + 1u) {
                sum = sum + a[k * m4 + column];
            }
            sums[column] = sum;
        }
    }
}
