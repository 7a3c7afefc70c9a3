
// Shared: values are read one by one.

alias Value = f32;

fn inner(a: Value, b: Value) -> f32 {
    return a * b;
}
