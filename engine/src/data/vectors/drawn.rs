//! Sets whose distribution is known exactly: a spiral, two bumps, an energy of the line, three points.

use super::VectorData;
use crate::density::line::density;
use crate::density::mixture::Mixture;
use crate::density::shapes::Spiral;
use crate::error::Result;
use crate::rng::Rng;
use crate::session::DataReport;

/// Points to train and to test on.
const TRAIN: usize = 4000;
const TEST: usize = 1000;
/// Places of the curve that stand for it where its density is asked for.
const CURVE: usize = 600;
/// Places of the line that stand for its density, and its ends.
const LINE: usize = 401;
const LINE_ENDS: [f64; 2] = [-1.5, 1.5];

fn set(id: &str, title: &str, source: &str, truth: Mixture, [train, test]: [Vec<f64>; 2]) -> VectorData {
    let report = DataReport {
        id: id.into(),
        title: title.into(),
        licence: "none needed: drawn by this program".into(),
        source: source.into(),
        ..DataReport::default()
    };
    let narrow = |values: Vec<f64>| values.into_iter().map(|v| v as f32).collect();
    VectorData {
        report,
        dims: truth.dim(),
        train: narrow(train),
        test: narrow(test),
        truth: Some(truth),
        ..VectorData::default()
    }
    .counted()
}

fn draw(truth: &Mixture, stream: &Rng) -> Result<[Vec<f64>; 2]> {
    Ok([truth.sample(TRAIN, &mut stream.at(0))?, truth.sample(TEST, &mut stream.at(1))?])
}

/// Points of the spiral `0.04 t (sin t, cos t)`, t even in 3 … 15, without noise.
///
/// # Errors
/// None that a caller can cause.
pub fn spiral(seed: u64) -> Result<VectorData> {
    let (curve, stream) = (Spiral::default(), Rng::new(seed, "spiral"));
    let on_curve =
        |count: usize, mut rng: Rng| (0..count).flat_map(|_| curve.point(rng.uniform_f64())).collect::<Vec<f64>>();
    let places = (0..CURVE).flat_map(|i| curve.point((i as f64 + 0.5) / CURVE as f64)).collect();
    let truth = Mixture::new(2, places, Vec::new(), Vec::new())?;
    let source = "0.04 t (sin t, cos t), t drawn evenly from 3 to 15 (experiment of Alain and Bengio)";
    Ok(set("spiral", "Spiral", source, truth, [on_curve(TRAIN, stream.at(0)), on_curve(TEST, stream.at(1))]))
}

/// Two bumps of the plane: Gaussians at x = ±5 with variances 40 and 5 along axes turned by ±45°, everything divided by
/// 20.
///
/// # Errors
/// None that a caller can cause.
pub fn mixture(seed: u64) -> Result<VectorData> {
    /// Units of the original in one of this set, so that it lies within the unit square.
    const UNIT: f64 = 20.0;
    let [long, short] = [40.0 / (UNIT * UNIT), 5.0 / (UNIT * UNIT)];
    let (even, tilt) = ((long + short) / 2.0, (long - short) / 2.0);
    let covariances = vec![even, tilt, tilt, even, even, -tilt, -tilt, even];
    let truth = Mixture::new(2, vec![-5.0 / UNIT, 0.0, 5.0 / UNIT, 0.0], covariances, Vec::new())?;
    let halves = draw(&truth, &Rng::new(seed, "mixture"))?;
    let source = "two Gaussians at x = ±5, variances 40 and 5 along the diagonals, divided by 20 (experiment of Alain and Bengio)";
    Ok(set("mixture", "Two bumps", source, truth, halves))
}

/// Numbers of −1.5 … 1.5 with the density ∝ exp(−E), E(x) = ((x + 1)² + 3)(x² + 2)((x − 1)² + 1).
///
/// # Errors
/// None that a caller can cause.
pub fn line(seed: u64) -> Result<VectorData> {
    let [low, high] = LINE_ENDS;
    let step = (high - low) / (LINE - 1) as f64;
    let grid: Vec<f64> = (0..LINE).map(|i| low + step * i as f64).collect();
    let weights = density(&grid, 1.0);
    // A narrow bump at every place: smooth, and the density itself to within the width of a step.
    let truth = Mixture::new(1, grid, vec![step * step; LINE], weights)?;
    let halves = draw(&truth, &Rng::new(seed, "line"))?;
    Ok(set(
        "line",
        "Line",
        "numbers with the density exp(−E) of Alain and Bengio's experiment in one dimension",
        truth,
        halves,
    ))
}

/// The numbers −½, 0 and ½, nine times each.
///
/// # Errors
/// None that a caller can cause.
pub fn points() -> Result<VectorData> {
    let places = vec![-0.5, 0.0, 0.5];
    let rows = places.iter().copied().cycle().take(27).collect();
    let truth = Mixture::new(1, places.clone(), Vec::new(), Vec::new())?;
    Ok(set("points", "Three points", "−½, 0 and ½ (experiment of Alain and Bengio)", truth, [rows, places]))
}
