
// Shared: rows of a matrix, each for a group of neighbouring invocations, and sums over such a group. A group is a whole
// workgroup on a GPU, with a tree in workgroup memory, and a single invocation on software adapters, where barriers cost most.

const LANES = {{ lanes }}u;

var<workgroup> sums: array<f32, {{ workgroup }}>;

// The row of this invocation; it may lie beyond the last one.
fn row_of(group: u32, lane: u32) -> u32 {
    return group * ({{ workgroup }}u / LANES) + lane / LANES;
}

// The sum of one value of every invocation of the group. All invocations must call it together; all get their group's sum.
fn total(lane: u32, value: f32) -> f32 {
    if (LANES == 1u) {
        return value;
    }
    workgroupBarrier();
    sums[lane] = value;
    workgroupBarrier();
    for (var half = LANES / 2u; half > 0u; half = half / 2u) {
        if (lane % LANES < half) {
            sums[lane] = sums[lane] + sums[lane + half];
        }
        workgroupBarrier();
    }
    return sums[lane - lane % LANES];
}
