
// Shared: the two moments of Adam and LAMB.

// m / correction1 / (sqrt(v / correction2) + eps), with the corrections of the weight.
fn direction(weight: Weight, m: vec4<f32>, v: vec4<f32>) -> vec4<f32> {
    let correction = corrections(weight, params.correction1, params.correction2);
    return (m / correction.x) / (sqrt(v / correction.y) + params.eps);
}
