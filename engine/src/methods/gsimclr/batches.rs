//! From clusters to batches: at best one picture of each cluster, so that negatives are really different.

use crate::rng::Rng;

/// The place of every sample among those of its cluster, by index, from 1.
pub fn ranks(clusters: &[u32]) -> Vec<u32> {
    let most = clusters.iter().max().map_or(0, |most| *most as usize + 1);
    let mut counts = vec![0; most];
    let rank = |cluster: &u32| {
        counts[*cluster as usize] += 1;
        counts[*cluster as usize]
    };
    clusters.iter().map(rank).collect()
}

/// All samples by rank, those of equal rank by cluster: the paper's order, which is that of every epoch.
///
/// Samples of one rank are of different clusters. Once the smallest cluster is used up a rank is shorter than a batch,
/// and batches begin to hold two samples of one cluster; the last ones are of one or two large clusters.
pub fn order(clusters: &[u32]) -> Vec<usize> {
    let ranks = ranks(clusters);
    let mut order: Vec<usize> = (0..clusters.len()).collect();
    order.sort_by_key(|sample| (ranks[*sample], clusters[*sample]));
    order
}

/// Consecutive pieces of an order; an incomplete last one is left out.
pub fn cut(order: &[usize], batch: usize) -> Vec<Vec<usize>> {
    order.chunks_exact(batch.max(1)).map(<[usize]>::to_vec).collect()
}

/// Batches of one epoch by a rule of our own, which is not the paper's: clusters are shuffled inside, and each batch
/// takes one sample of as many different clusters as it has places, clusters drawn in proportion to what is left of
/// them.
///
/// The epoch ends when fewer clusters than places are left. Where there are fewer from the start, clusters are taken
/// again inside a batch, and the epoch ends when no whole batch is left.
pub fn drawn(clusters: &[u32], batch: usize, rng: &Rng) -> Vec<Vec<usize>> {
    let most = clusters.iter().max().map_or(0, |most| *most as usize + 1);
    let mut left: Vec<Vec<usize>> = vec![Vec::new(); most];
    let mut rng = rng.clone();
    for sample in rng.permutation(clusters.len()) {
        left[clusters[sample] as usize].push(sample);
    }
    let filled = |left: &[Vec<usize>]| left.iter().filter(|samples| !samples.is_empty()).count();
    let places = batch.max(1);
    let different = places.min(filled(&left));
    let mut batches = Vec::new();
    while different > 0 && filled(&left) >= different && left.iter().map(Vec::len).sum::<usize>() >= places {
        let mut picked = Vec::with_capacity(places);
        while picked.len() < places {
            // What is left now decides this round, in which no cluster is taken twice.
            let mut weights: Vec<usize> = left.iter().map(Vec::len).collect();
            while picked.len() < places {
                let total: usize = weights.iter().sum();
                if total == 0 {
                    break;
                }
                let mut at = rng.below(total);
                let cluster = weights.iter().position(|weight| match at.checked_sub(*weight) {
                    Some(rest) => {
                        at = rest;
                        false
                    }
                    None => true,
                });
                let Some(cluster) = cluster else { break };
                weights[cluster] = 0;
                picked.extend(left[cluster].pop());
            }
        }
        batches.push(picked);
    }
    batches
}

/// Number of different labels among these samples.
pub fn distinct(labels: &[u32], batch: &[usize]) -> usize {
    let mut of_batch: Vec<u32> = batch.iter().filter_map(|sample| labels.get(*sample).copied()).collect();
    of_batch.sort_unstable();
    of_batch.dedup();
    of_batch.len()
}

/// Pairs of samples of one label in a batch: what the loss drives apart although it belongs together.
pub fn same_pairs(labels: &[u32], batch: &[usize]) -> usize {
    let label = |sample: &usize| labels.get(*sample);
    let equal = |(place, sample): (usize, &usize)| {
        batch[place + 1..].iter().filter(|other| label(other).is_some() && label(other) == label(sample)).count()
    };
    batch.iter().enumerate().map(equal).sum()
}
