
// Shared: the sum of one value of every invocation of the workgroup, by a tree in workgroup memory.
// All invocations must call it together; all get the sum.

var<workgroup> sums: array<f32, {{ workgroup }}>;

fn total(lane: u32, value: f32) -> f32 {
    workgroupBarrier();
    sums[lane] = value;
    workgroupBarrier();
    for (var half = {{ workgroup }}u / 2u; half > 0u; half = half / 2u) {
        if (lane < half) {
            sums[lane] = sums[lane] + sums[lane + half];
        }
        workgroupBarrier();
    }
    return sums[0];
}
