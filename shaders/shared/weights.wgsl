// How an optimiser treats the weights of a sheet. `table` has eight words a weight, then a word a block of 256 values: the
// weight that the block belongs to. A block of no weight belongs to one that is not live.

struct Weight {
    // First block, and number of values.
    start: u32,
    count: u32,
    // It has a gradient.
    live: bool,
    // The change is scaled by the ratio of norms.
    adapts: bool,
    // Factor on the learning rate.
    scale: f32,
    decay: f32,
    // 1 - beta^step where its steps differ from those of others, else 0.
    correction1: f32,
    correction2: f32,
}

fn entry_of(weight: u32) -> Weight {
    let at = 8u * weight;
    return Weight(
        table[at],
        table[at + 1u],
        (table[at + 2u] & 1u) != 0u,
        (table[at + 2u] & 2u) != 0u,
        bitcast<f32>(table[at + 3u]),
        bitcast<f32>(table[at + 4u]),
        bitcast<f32>(table[at + 5u]),
        bitcast<f32>(table[at + 6u]),
    );
}

fn weight_of(block: u32) -> Weight {
    return entry_of(table[8u * params.weights + block]);
}

// Factor on the gradients so that their common norm is at most `limit`; 1 without a limit.
fn clipping(norm: f32, limit: f32) -> f32 {
    if (limit <= 0.0) {
        return 1.0;
    }
    return min(1.0, limit / (norm + 1e-6));
}

// 1 - beta^step of the two moments: those of the weight where it has its own, else the common ones.
fn corrections(weight: Weight, common1: f32, common2: f32) -> vec2<f32> {
    return select(vec2<f32>(common1, common2), vec2<f32>(weight.correction1, weight.correction2), weight.correction1 > 0.0);
}

// trust |p| / |u| from the squares of both; 1 for a weight that does not adapt and where a norm is 0.
fn ratio_of(weight: Weight, squares: vec2<f32>, trust: f32) -> f32 {
    if (weight.adapts && squares.x > 0.0 && squares.y > 0.0) {
        return trust * sqrt(squares.x) / sqrt(squares.y);
    }
    return 1.0;
}

// Sums of squares over the values of an invocation that belong to the weight; what fills its last block does not count.
fn squares_of(weight: Weight, block: u32, lane: u32, p: vec4<f32>, change: vec4<f32>) -> vec2<f32> {
    let first = (block - weight.start) * 256u + 4u * lane;
    var sums = vec2<f32>(0.0);
    for (var k = 0u; k < 4u; k = k + 1u) {
        if (first + k < weight.count) {
            sums = sums + vec2<f32>(p[k] * p[k], change[k] * change[k]);
        }
    }
    return sums;
}
