
// Shared: the products of rows of `a` and `b` [., width].

struct Params {
    rows: u32,
    width: u32,
    others: u32,
    eps: f32,
}

// <a, b>, |a| and |b| over the first `width` values of rows that begin with these values.
fn products_of(a_start: u32, b_start: u32, width: u32, lane: u32) -> vec3<f32> {
    var dot = 0.0;
    var a2 = 0.0;
    var b2 = 0.0;
    for (var c = lane % LANES; c < width; c = c + LANES) {
        let av = a[a_start + c];
        let bv = b[b_start + c];
        dot = dot + av * bv;
        a2 = a2 + av * av;
        b2 = b2 + bv * bv;
    }
    return vec3<f32>(total(lane, dot), sqrt(total(lane, a2)), sqrt(total(lane, b2)));
}
