// The sum of a pair of values over a workgroup, by a tree; every invocation must call it, the first one gets the sum.

var<workgroup> pairs: array<vec2<f32>, {{ workgroup }}>;

fn pair_total(lane: u32, value: vec2<f32>) -> vec2<f32> {
    pairs[lane] = value;
    workgroupBarrier();
    for (var half = {{ workgroup }}u / 2u; half > 0u; half = half / 2u) {
        if (lane < half) {
            pairs[lane] = pairs[lane] + pairs[lane + half];
        }
        workgroupBarrier();
    }
    return pairs[0];
}
