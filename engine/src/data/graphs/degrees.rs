//! Degrees as features, where nodes have no others.

use super::NodeFeatures;

/// Degrees from here on are one feature.
const MOST_DEGREE: usize = 400;

/// The degree of every node as a one-hot feature; an edge that is listed in both directions or more than once counts
/// once, a loop not at all.
pub fn degrees(nodes: usize, src: &[u32], dst: &[u32]) -> NodeFeatures {
    let mut pairs: Vec<[u32; 2]> =
        src.iter().zip(dst).filter(|(a, b)| a != b).map(|(a, b)| [*a.min(b), *a.max(b)]).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut degree = vec![0_usize; nodes];
    pairs.iter().flatten().for_each(|node| degree[*node as usize] += 1);
    degree.iter_mut().for_each(|degree| *degree = (*degree).min(MOST_DEGREE));
    let mut features =
        NodeFeatures { width: degree.iter().max().map_or(1, |most| most + 1), ..NodeFeatures::default() };
    degree.iter().for_each(|degree| features.push(std::iter::once((*degree as u32, 1.0))));
    features
}
