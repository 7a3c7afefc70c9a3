
// Shared: the scores of 8 × 8 pairs of columns of `unit` [D, quads · 4], whose columns are the rows and keys of contrast.rs.
// Names `unit` and `params.width`, `params.quads`; a column is given by its quad, which is column / 4.

alias Tile = array<vec4<f32>, 16>;

// Two values of `tile` each: `tile[2 k]` and `tile[2 k + 1]` are the scores of column k of `first` with 8 columns of `second`.
fn tile_of(first: u32, second: u32) -> Tile {
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
    for (var d = 0u; d < params.width; d = d + 1u) {
        let row = d * params.quads;
        let a = unit[row + first];
        let b = unit[row + first + 1u];
        let p = unit[row + second];
        let q = unit[row + second + 1u];
        s0 = s0 + a.x * p;
        s1 = s1 + a.x * q;
        s2 = s2 + a.y * p;
        s3 = s3 + a.y * q;
        s4 = s4 + a.z * p;
        s5 = s5 + a.z * q;
        s6 = s6 + a.w * p;
        s7 = s7 + a.w * q;
        s8 = s8 + b.x * p;
        s9 = s9 + b.x * q;
        s10 = s10 + b.y * p;
        s11 = s11 + b.y * q;
        s12 = s12 + b.z * p;
        s13 = s13 + b.z * q;
        s14 = s14 + b.w * p;
        s15 = s15 + b.w * q;
    }
    return Tile(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15);
}
