
// Shared: the preactivation is a product plus a bias [N], and c is its GELU.

@group(0) @binding(2) var<storage, read> bias: array<Value>;
@group(0) @binding(3) var<storage, read_write> preactivation: array<Value>;
@group(0) @binding(4) var<storage, read_write> c: array<Value>;

fn finish(at: u32, column: u32, value: Value) {
    let sum = value + bias[column];
    preactivation[at] = sum;
    c[at] = sum * normal(sum).distribution;
}
