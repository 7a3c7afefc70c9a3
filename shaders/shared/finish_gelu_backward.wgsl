
// Shared: a product is the gradient of an activation; c becomes that of the preactivation, whose GELU is stored once more.

@group(0) @binding(2) var<storage, read> preactivation: array<Value>;
@group(0) @binding(3) var<storage, read_write> c: array<Value>;
@group(0) @binding(4) var<storage, read_write> activation: array<Value>;

fn finish(at: u32, column: u32, value: Value) {
    let sum = preactivation[at];
    let n = normal(sum);
    c[at] = value * (n.distribution + sum * n.density);
    activation[at] = sum * n.distribution;
}
