
// Shared: values are read four at a time.

alias Value = vec4<f32>;

fn inner(a: Value, b: Value) -> f32 {
    return dot(a, b);
}
