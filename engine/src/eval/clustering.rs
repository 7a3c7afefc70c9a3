//! How well clusters agree with classes: accuracy after the best matching, NMI, ARI and macro F1.
//!
//! Numbers of clusters and classes may be any and may differ: the contingency table is padded with empty rows or
//! columns, so a cluster without a class (or a class without a cluster) counts as wrong and changes nothing else.

use std::collections::BTreeSet;

/// How the two entropies are averaged in the normalised mutual information.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Average {
    #[default]
    Arithmetic,
    Geometric,
    Least,
    Largest,
}

/// Agreement of clusters with classes; 1 is perfect in each.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Agreement {
    /// Share of the samples whose cluster is matched with their class, under the best one-to-one matching.
    pub accuracy: f64,
    /// Mutual information divided by the mean of the two entropies.
    pub nmi: f64,
    /// Adjusted Rand index (Hubert and Arabie 1985): 0 is what chance gives.
    pub ari: f64,
    /// Mean over the classes of F1 under the matching.
    pub f1: f64,
}

/// All four numbers for one clustering. The shorter of the two lists decides how many samples there are.
pub fn agreement(classes: &[u32], clusters: &[u32], average: Average) -> Agreement {
    let table = Table::new(classes, clusters);
    let matched = table.matching();
    let samples = table.samples.max(1.0);
    let hits = |class: usize| matched[class].map_or(0.0, |cluster| table.count(class, cluster));
    let f1 = |class: usize| {
        let size = table.class_sizes[class] + matched[class].map_or(0.0, |cluster| table.cluster_sizes[cluster]);
        2.0 * hits(class) / size.max(1.0)
    };
    let count = table.class_sizes.len();
    Agreement {
        accuracy: (0..count).map(hits).sum::<f64>() / samples,
        nmi: table.normalised_information(average),
        ari: table.adjusted_rand(),
        f1: (0..count).map(f1).sum::<f64>() / count.max(1) as f64,
    }
}

/// The class each cluster is matched with, by the number of the cluster; `None` for clusters without one and numbers
/// unused.
pub fn matched_classes(classes: &[u32], clusters: &[u32]) -> Vec<Option<u32>> {
    let table = Table::new(classes, clusters);
    let mut found = vec![None; table.cluster_names.last().map_or(0, |last| *last as usize + 1)];
    for (class, cluster) in table.matching().into_iter().enumerate() {
        if let Some(cluster) = cluster {
            found[table.cluster_names[cluster] as usize] = Some(table.class_names[class]);
        }
    }
    found
}

/// The clusters as SCGC's own evaluation changes them before it scores: where the numbers of distinct values differ,
/// the clusters of sample 0, 1, … become the classes that no cluster has as its number, in ascending order.
///
/// Only for comparing with numbers so computed: it gives away true labels.
pub fn official_patch(classes: &[u32], clusters: &[u32]) -> Vec<u32> {
    let (known, used): (BTreeSet<u32>, BTreeSet<u32>) =
        (classes.iter().copied().collect(), clusters.iter().copied().collect());
    let mut patched = clusters.to_vec();
    if known.len() != used.len() {
        patched.iter_mut().zip(known.difference(&used)).for_each(|(cluster, class)| *cluster = *class);
    }
    patched
}

/// How many samples of each class are in each cluster.
struct Table {
    class_names: Vec<u32>,
    cluster_names: Vec<u32>,
    /// Classes × clusters.
    counts: Vec<f64>,
    class_sizes: Vec<f64>,
    cluster_sizes: Vec<f64>,
    samples: f64,
}

impl Table {
    fn new(classes: &[u32], clusters: &[u32]) -> Self {
        let samples = classes.len().min(clusters.len());
        let (classes, clusters) = (&classes[..samples], &clusters[..samples]);
        let (class_names, cluster_names) = (distinct(classes), distinct(clusters));
        let width = cluster_names.len();
        let mut counts = vec![0.0; class_names.len() * width];
        let place = |names: &[u32], value: u32| names.partition_point(|name| *name < value);
        for (class, cluster) in classes.iter().zip(clusters) {
            counts[place(&class_names, *class) * width + place(&cluster_names, *cluster)] += 1.0;
        }
        let class_sizes = counts.chunks(width.max(1)).map(|row| row.iter().sum()).collect();
        let cluster_sizes = (0..width).map(|column| counts.iter().skip(column).step_by(width).sum()).collect();
        Self { class_names, cluster_names, counts, class_sizes, cluster_sizes, samples: samples as f64 }
    }

    fn count(&self, class: usize, cluster: usize) -> f64 {
        self.counts[class * self.cluster_sizes.len() + cluster]
    }

    /// The cluster of each class under the matching with the most hits.
    fn matching(&self) -> Vec<Option<usize>> {
        let (rows, columns) = (self.class_sizes.len(), self.cluster_sizes.len());
        let size = rows.max(columns);
        let cost =
            |row: usize, column: usize| if row < rows && column < columns { -self.count(row, column) } else { 0.0 };
        let of_rows = hungarian(size, cost);
        of_rows.into_iter().take(rows).map(|column| Some(column).filter(|c| *c < columns)).collect()
    }

    fn normalised_information(&self, average: Average) -> f64 {
        if self.class_sizes.len() <= 1 && self.cluster_sizes.len() <= 1 {
            return 1.0;
        }
        let entropy =
            |sizes: &[f64]| -> f64 { -sizes.iter().map(|s| s / self.samples).map(|p| p * p.ln()).sum::<f64>() };
        let (of_classes, of_clusters) = (entropy(&self.class_sizes), entropy(&self.cluster_sizes));
        let mut information = 0.0;
        for (class, row) in self.counts.chunks(self.cluster_sizes.len()).enumerate() {
            for (cluster, count) in row.iter().enumerate().filter(|(_, count)| **count > 0.0) {
                let expected = self.class_sizes[class] * self.cluster_sizes[cluster] / self.samples;
                information += count / self.samples * (count / expected).ln();
            }
        }
        let mean = match average {
            Average::Arithmetic => (of_classes + of_clusters) / 2.0,
            Average::Geometric => (of_classes * of_clusters).sqrt(),
            Average::Least => of_classes.min(of_clusters),
            Average::Largest => of_classes.max(of_clusters),
        };
        if mean > 0.0 { information.max(0.0) / mean } else { 0.0 }
    }

    fn adjusted_rand(&self) -> f64 {
        let pairs = |counts: &[f64]| counts.iter().map(|n| n * (n - 1.0) / 2.0).sum::<f64>();
        let (both, classes, clusters) = (pairs(&self.counts), pairs(&self.class_sizes), pairs(&self.cluster_sizes));
        let all = pairs(&[self.samples]);
        let by_chance = if all > 0.0 { classes * clusters / all } else { 0.0 };
        let most = (classes + clusters) / 2.0;
        // Both partitions have one part, or both have only parts of one sample.
        if most == by_chance { 1.0 } else { (both - by_chance) / (most - by_chance) }
    }
}

fn distinct(values: &[u32]) -> Vec<u32> {
    values.iter().copied().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The column of each row in the cheapest one-to-one assignment of a square matrix (Kuhn 1955, with potentials,
/// O(size³)).
fn hungarian(size: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    // Row and column 0 are the ones outside the matrix.
    let (mut of_rows, mut of_columns) = (vec![0.0; size + 1], vec![0.0; size + 1]);
    let mut row_of = vec![0; size + 1];
    for row in 1..=size {
        row_of[0] = row;
        let (mut column, mut least, mut from) = (0, vec![f64::INFINITY; size + 1], vec![0; size + 1]);
        let mut done = vec![false; size + 1];
        while row_of[column] != 0 {
            done[column] = true;
            let here = row_of[column];
            let (mut step, mut next) = (f64::INFINITY, 0);
            for other in (1..=size).filter(|c| !done[*c]) {
                let slack = cost(here - 1, other - 1) - of_rows[here] - of_columns[other];
                if slack < least[other] {
                    (least[other], from[other]) = (slack, column);
                }
                if least[other] < step {
                    (step, next) = (least[other], other);
                }
            }
            for other in 0..=size {
                if done[other] {
                    of_rows[row_of[other]] += step;
                    of_columns[other] -= step;
                } else {
                    least[other] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[from[column]];
            column = from[column];
        }
    }
    let mut columns = vec![0; size];
    (1..=size).for_each(|column| columns[row_of[column] - 1] = column - 1);
    columns
}
