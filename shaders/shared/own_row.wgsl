
// Shared: the row that a group of invocations computes.

struct Own {
    row: u32,
    // Its first value of this invocation, which takes every one of LANES from there on.
    first: u32,
    // There is such a row. Invocations beyond the last one repeat it: sums need all of them.
    inside: bool,
}

fn own_row(group: vec3<u32>, groups: vec3<u32>, lane: u32) -> Own {
    let number = row_of(group.y * groups.x + group.x, lane);
    return Own(min(number, params.rows - 1u), lane % LANES, number < params.rows);
}
