
// Shared: a sheet of weights with their gradients, the table that says how each is treated, and the norm of all gradients.

@group(0) @binding(0) var<storage, read> p: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> g: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read> norm: array<f32>;

// The gradients of an invocation, scaled so that the norm of all is at most the limit.
fn clipped(i: u32) -> vec4<f32> {
    return g[i] * clipping(norm[0], params.limit);
}
