//! Label budgets: a part of the labelled samples, as many of each class.

use crate::rng::Rng;

/// The samples whose labels may be used when only a `share` of them may: of each class as many, at least one, drawn by the
/// seed, in ascending order.
///
/// A class that has fewer gives all it has; a share of 1 is every sample. The sets of one seed are nested: a smaller share
/// is inside every larger one.
pub fn budget(labels: &[u32], classes: usize, share: f64, seed: u64) -> Vec<usize> {
    if share >= 1.0 {
        return (0..labels.len()).collect();
    }
    let each = (share * labels.len() as f64 / classes.max(1) as f64).round().max(1.0) as usize;
    let mut chosen: Vec<usize> = (0..classes)
        .flat_map(|class| {
            let own: Vec<usize> = (0..labels.len()).filter(|sample| labels[*sample] as usize == class).collect();
            let order = Rng::new(seed, "labels").at(class as u64).permutation(own.len());
            order.into_iter().take(each).map(move |place| own[place]).collect::<Vec<_>>()
        })
        .collect();
    chosen.sort_unstable();
    chosen
}
