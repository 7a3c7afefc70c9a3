
// Shared: the distribution function and the density of the standard normal at each part of z; Value is f32 or a vector.
// The tail is exp(-z^2 / 2) / 2 times a polynomial in t = 1 / (1 + |z| / sqrt(8)), fitted at Chebyshev nodes to
// exp(u^2) erfc(u), u = |z| / sqrt(2): relative error 1e-7 up to |z| = 13.

struct Normal {
    distribution: Value,
    density: Value,
}

fn normal(z: Value) -> Normal {
    let t = 1.0 / (1.0 + abs(z) * 0.35355339);
    let bell = exp(max(-0.5 * z * z, Value(-87.0)));
    var series = Value(-0.04592894711);
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
    return Normal(select(1.0 - tail, tail, z < Value(0.0)), bell * 0.39894228);
}
