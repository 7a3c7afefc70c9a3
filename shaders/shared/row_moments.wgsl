
// Shared: mean and squares of rows of `x` [rows, width], whose first value is number `start`.

fn mean_of(start: u32, lane: u32) -> f32 {
    var sum = 0.0;
    for (var d = lane % LANES; d < params.width; d = d + LANES) {
        sum = sum + x[start + d];
    }
    return total(lane, sum) / f32(params.width);
}

// The sum of the squares of what is off the mean.
fn squares_off(start: u32, lane: u32, mean: f32) -> f32 {
    var squares = 0.0;
    for (var d = lane % LANES; d < params.width; d = d + LANES) {
        let off = x[start + d] - mean;
        squares = squares + off * off;
    }
    return total(lane, squares);
}
