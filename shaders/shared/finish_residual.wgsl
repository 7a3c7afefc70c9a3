
// Shared: a bias [N] and what is at the same place of another matrix [M, N] are added to a product.

@group(0) @binding(2) var<storage, read> bias: array<Value>;
@group(0) @binding(3) var<storage, read> residual: array<Value>;
@group(0) @binding(4) var<storage, read_write> c: array<Value>;

fn finish(at: u32, column: u32, value: Value) {
    c[at] = residual[at] + (value + bias[column]);
}
