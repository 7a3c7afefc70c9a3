//! Where the nodes of a graph are drawn: forces between them (Fruchterman and Reingold 1991), those of far nodes summed
//! over the cells of grids of rising fineness, so that a step costs O(edges + nodes · log nodes). The same graph always
//! looks the same.

use crate::rng::Rng;

/// Nodes times steps: more nodes get fewer steps.
const WORK: usize = 500_000;
const MOST_STEPS: usize = 160;
const FEWEST_STEPS: usize = 8;
/// Averages over neighbours that the layout starts from.
const SMOOTHINGS: usize = 12;
/// Finest grid: cells along a side are two to this.
const DEEPEST: u32 = 8;
/// Nodes of a cell and its neighbours that repel one another each on its own; the others of a crowded cell as one.
const CROWD: usize = 12;

type Point = [f32; 2];

/// x and y of each node, about the unit disc. Pairs that lead beyond the last node count for nothing.
pub fn of(nodes: usize, src: &[u32], dst: &[u32]) -> Vec<f32> {
    let links = Links::new(nodes, src, dst);
    let mut rng = Rng::new(0, "layout");
    let mut places: Vec<Point> = (0..nodes).map(|_| [rng.normal(), rng.normal()]).collect();
    for _ in 0..SMOOTHINGS {
        places = each(nodes, |node| {
            let (own, sum) =
                (places[node], links.of(node).fold([0.0, 0.0], |sum, other| added(sum, places[other], 1.0)));
            let count = links.of(node).count() as f32;
            [(own[0] + sum[0]) / (1.0 + count), (own[1] + sum[1]) / (1.0 + count)]
        });
        spread(&mut places);
    }
    let steps = (WORK / nodes.max(1)).clamp(FEWEST_STEPS, MOST_STEPS);
    // The distance at which the forces along an edge are in balance, on a disc of radius one.
    let length = (2.5 / nodes.max(1) as f32).sqrt();
    for step in 0..steps {
        let heat = 0.12 * (1.0 - step as f32 / steps as f32).powi(2) + 0.002;
        let grids = Grids::new(&places);
        places = each(nodes, |node| {
            let here = places[node];
            let mut force = grids.repulsion(node, &places, length);
            // A pull to the middle keeps parts of the graph that nothing joins from flying apart.
            force = added(force, here, -0.6);
            for other in links.of(node) {
                let apart = [places[other][0] - here[0], places[other][1] - here[1]];
                force = added(force, apart, norm(apart) / length);
            }
            let size = norm(force).max(1e-9);
            added(here, force, size.min(heat) / size)
        });
    }
    // A few nodes far out would leave no room for the others: they come to the rim.
    let mut distances: Vec<f32> = places.iter().map(|place| norm(*place)).collect();
    distances.sort_unstable_by(f32::total_cmp);
    let most = |share: f32| distances.get(((nodes as f32 - 1.0) * share) as usize).copied().unwrap_or(1.0);
    let rim = most(1.0).min(1.2 * most(0.97)).max(1e-9);
    places.into_iter().flat_map(|place| place.map(|v| v / rim.max(norm(place)))).collect()
}

/// The same for many graphs, each in a cell of its own: nodes of a graph are those from one start to the next, and no
/// edge joins two graphs.
pub fn of_many(starts: &[usize], src: &[u32], dst: &[u32]) -> Vec<f32> {
    let graphs = starts.len().saturating_sub(1);
    let mut edges = vec![(Vec::new(), Vec::new()); graphs];
    for (from, to) in src.iter().zip(dst) {
        let graph = starts.partition_point(|start| *start <= *from as usize).wrapping_sub(1);
        let Some((src, dst)) = edges.get_mut(graph) else { continue };
        // Ends in other graphs lead beyond the last node of this one.
        src.push(from - starts[graph] as u32);
        dst.push(to.wrapping_sub(starts[graph] as u32));
    }
    let along = (graphs as f32).sqrt().ceil().max(1.0);
    let cell = 2.0 / along;
    let place = |(graph, (src, dst)): (usize, &(Vec<u32>, Vec<u32>))| {
        let (row, column) = ((graph as f32 / along).floor(), graph as f32 % along);
        let middle = [-1.0 + (column + 0.5) * cell, -1.0 + (row + 0.5) * cell];
        let own = of(starts[graph + 1] - starts[graph], src, dst);
        own.chunks_exact(2)
            .flat_map(move |at| [0, 1].map(|axis| middle[axis] + 0.42 * cell * at[axis]))
            .collect::<Vec<f32>>()
    };
    edges.iter().enumerate().flat_map(place).collect()
}

fn added(a: Point, b: Point, times: f32) -> Point {
    [a[0] + times * b[0], a[1] + times * b[1]]
}

fn norm(a: Point) -> f32 {
    (a[0] * a[0] + a[1] * a[1]).sqrt()
}

fn each(nodes: usize, place: impl Fn(usize) -> Point + Sync + Send) -> Vec<Point> {
    #[cfg(not(target_arch = "wasm32"))]
    {
        use rayon::prelude::*;
        (0..nodes).into_par_iter().with_min_len(128).map(place).collect()
    }
    #[cfg(target_arch = "wasm32")]
    (0..nodes).map(place).collect()
}

/// Take the mean away, make both axes unlike each other and equally wide.
fn spread(places: &mut [Point]) {
    let count = places.len().max(1) as f32;
    let mean = places.iter().fold([0.0, 0.0], |sum, place| added(sum, *place, 1.0 / count));
    places.iter_mut().for_each(|place| *place = added(*place, mean, -1.0));
    let along: f32 =
        places.iter().map(|p| p[0] * p[1]).sum::<f32>() / places.iter().map(|p| p[0] * p[0]).sum::<f32>().max(1e-20);
    places.iter_mut().for_each(|place| place[1] -= along * place[0]);
    for axis in 0..2 {
        let width = (places.iter().map(|place| place[axis] * place[axis]).sum::<f32>() / count).sqrt().max(1e-12);
        // Nodes far out on a thin branch would leave no room for the others.
        places.iter_mut().for_each(|place| place[axis] = (place[axis] / width).clamp(-2.0, 2.0) / 2.0);
    }
}

/// The neighbours of every node, in both directions.
struct Links {
    starts: Vec<u32>,
    others: Vec<u32>,
}

impl Links {
    fn new(nodes: usize, src: &[u32], dst: &[u32]) -> Self {
        let edges = || src.iter().zip(dst).filter(|(a, b)| a != b && (**a as usize) < nodes && (**b as usize) < nodes);
        let mut starts = vec![0_u32; nodes + 1];
        edges().for_each(|(a, b)| {
            starts[*a as usize + 1] += 1;
            starts[*b as usize + 1] += 1;
        });
        (0..nodes).for_each(|node| starts[node + 1] += starts[node]);
        let (mut others, mut next) = (vec![0; starts[nodes] as usize], starts.clone());
        for (a, b) in edges() {
            for (from, to) in [(*a, *b), (*b, *a)] {
                others[next[from as usize] as usize] = to;
                next[from as usize] += 1;
            }
        }
        Self { starts, others }
    }

    fn of(&self, node: usize) -> impl Iterator<Item = usize> {
        self.others[self.starts[node] as usize..self.starts[node + 1] as usize].iter().map(|other| *other as usize)
    }
}

/// Grids over all nodes: sums of places and numbers of nodes of every cell, and the nodes of each cell of the finest
/// grid.
struct Grids {
    depth: u32,
    corner: Point,
    side: f32,
    /// From two cells along a side on: sum of x, sum of y, number of nodes.
    levels: Vec<Vec<[f32; 3]>>,
    starts: Vec<u32>,
    nodes: Vec<u32>,
}

impl Grids {
    fn new(places: &[Point]) -> Self {
        let edge =
            |axis: usize, start: f32, pick: fn(f32, f32) -> f32| places.iter().map(|p| p[axis]).fold(start, pick);
        let corner = [edge(0, f32::MAX, f32::min), edge(1, f32::MAX, f32::min)];
        let far = [edge(0, f32::MIN, f32::max), edge(1, f32::MIN, f32::max)];
        let side = (far[0] - corner[0]).max(far[1] - corner[1]).max(1e-6) * 1.0001;
        let depth = (places.len().max(16).ilog2() / 2).clamp(2, DEEPEST);
        let mut grids =
            Self { depth, corner, side, levels: Vec::new(), starts: Vec::new(), nodes: vec![0; places.len()] };
        let cells = 1_usize << (2 * depth);
        let (mut finest, mut starts) = (vec![[0.0; 3]; cells], vec![0_u32; cells + 1]);
        let own: Vec<usize> = places.iter().map(|place| grids.cell(*place, depth)).collect();
        for (place, cell) in places.iter().zip(&own) {
            let sums = &mut finest[*cell];
            *sums = [sums[0] + place[0], sums[1] + place[1], sums[2] + 1.0];
            starts[cell + 1] += 1;
        }
        (0..cells).for_each(|cell| starts[cell + 1] += starts[cell]);
        let mut next = starts.clone();
        for (node, cell) in own.iter().enumerate() {
            grids.nodes[next[*cell] as usize] = node as u32;
            next[*cell] += 1;
        }
        grids.starts = starts;
        let mut levels = vec![finest];
        for level in (1..depth).rev() {
            let (along, below) = (1 << level, &levels[levels.len() - 1]);
            let sums = (0..along * along).map(|cell| {
                let first = (cell / along) * 4 * along + (cell % along) * 2;
                let quarters = [first, first + 1, first + 2 * along, first + 2 * along + 1];
                quarters.iter().fold([0.0; 3], |sum, quarter| [0, 1, 2].map(|i| sum[i] + below[*quarter][i]))
            });
            let sums = sums.collect();
            levels.push(sums);
        }
        levels.reverse();
        grids.levels = levels;
        grids
    }

    /// Row and column of a place on the grid of 2^level cells along a side.
    fn row_and_column(&self, place: Point, level: u32) -> [usize; 2] {
        let along = 1_usize << level;
        [1, 0].map(|axis| {
            ((place[axis] - self.corner[axis]) / self.side * along as f32).clamp(0.0, along as f32 - 1.0) as usize
        })
    }

    fn cell(&self, place: Point, level: u32) -> usize {
        let [row, column] = self.row_and_column(place, level);
        (row << level) + column
    }

    /// The force on a node away from all others: `length² / distance`, exact from near ones.
    fn repulsion(&self, node: usize, places: &[Point], length: f32) -> Point {
        let here = places[node];
        let mut force = [0.0, 0.0];
        let mut push = |from: Point, count: f32| {
            let apart = [here[0] - from[0], here[1] - from[1]];
            force =
                added(force, apart, count * length * length / (apart[0] * apart[0] + apart[1] * apart[1]).max(1e-7));
        };
        for level in 1..=self.depth {
            // Cells around the cell one level up that are not around this one; on the first level all.
            let [row, column] = self.row_and_column(here, level);
            let along = 1_usize << level;
            let around =
                |at: usize| if level == 1 { 0..2 } else { ((at / 2).max(1) - 1) * 2..((at / 2 + 2) * 2).min(along) };
            for r in around(row) {
                for c in around(column) {
                    let [x, y, count] = self.levels[level as usize - 1][(r << level) + c];
                    let near = r.abs_diff(row) <= 1 && c.abs_diff(column) <= 1;
                    if count == 0.0 || near && (level < self.depth || count as usize <= CROWD) {
                        continue;
                    }
                    if (r, c) == (row, column) {
                        // A crowd repels its own members from its middle, as if they were not there.
                        push([(x - here[0]) / (count - 1.0), (y - here[1]) / (count - 1.0)], count - 1.0);
                    } else {
                        push([x / count, y / count], count);
                    }
                }
            }
        }
        let [row, column] = self.row_and_column(here, self.depth);
        let along = 1_usize << self.depth;
        for r in row.saturating_sub(1)..(row + 2).min(along) {
            for c in column.saturating_sub(1)..(column + 2).min(along) {
                let cell = (r << self.depth) + c;
                let members = &self.nodes[self.starts[cell] as usize..self.starts[cell + 1] as usize];
                if members.len() <= CROWD {
                    members
                        .iter()
                        .filter(|other| **other as usize != node)
                        .for_each(|other| push(places[*other as usize], 1.0));
                }
            }
        }
        force
    }
}
