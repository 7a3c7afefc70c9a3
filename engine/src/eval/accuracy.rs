//! Counting right answers.

/// Share of samples whose label is among the `k` largest scores; of equal scores the lower class counts as larger.
///
/// # Shapes
/// * scores: [samples, classes] row-major
pub fn top_k(scores: &[f32], classes: usize, labels: &[u32], k: usize) -> f64 {
    let right = scores.chunks(classes.max(1)).zip(labels).filter(|(row, label)| {
        let label = **label as usize;
        let own = row.get(label).copied().unwrap_or(f32::NAN);
        let better =
            row.iter().enumerate().filter(|(class, score)| **score > own || (**score == own && *class < label)).count();
        own.is_finite() && better < k
    });
    right.count() as f64 / labels.len().max(1) as f64
}

/// The class of the largest score; of equal scores the lower one.
pub fn best(scores: &[f32]) -> usize {
    let larger =
        |best: (usize, f32), (class, score): (usize, &f32)| if *score > best.1 { (class, *score) } else { best };
    scores.iter().enumerate().fold((0, f32::NEG_INFINITY), larger).0
}

/// What always answering the most frequent class would reach (1 / classes where all are equally frequent).
pub fn chance(labels: &[u32]) -> f64 {
    let mut counts = std::collections::BTreeMap::<u32, usize>::new();
    for label in labels {
        *counts.entry(*label).or_default() += 1;
    }
    counts.values().max().copied().unwrap_or(0) as f64 / labels.len().max(1) as f64
}
