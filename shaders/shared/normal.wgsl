
// Shared: the distribution function (x) and the density (y) of the standard normal at z.
// The tail is exp(-z^2 / 2) / 2 times a polynomial in t = 1 / (1 + |z| / sqrt(8)), fitted at Chebyshev nodes to
// exp(u^2) erfc(u), u = |z| / sqrt(2): relative error 1e-7 up to |z| = 13.

fn normal(z: f32) -> vec2<f32> {
    let t = 1.0 / (1.0 + abs(z) * 0.35355339);
    let bell = exp(max(-0.5 * z * z, -87.0));
    var series = -0.04592894711;
    series = series * t + 0.21667756872;
    series = series * t - 0.33628315310;
    series = series * t + 0.08925603654;
    series = series * t + 0.11943500223;
    series = series * t + 0.13046919650;
    series = series * t + 0.26585565479;
    series = series * t + 0.27798289151;
    series = series * t + 0.28255704431;
    series = series * t - 0.00002130502;
    let tail = 0.5 * series * bell;
    return vec2<f32>(select(1.0 - tail, tail, z < 0.0), bell * 0.39894228);
}
