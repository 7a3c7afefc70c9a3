//! Graphs: edge lists, their kernels against burn's own operations and finite differences, node features and masks.

use burn::tensor::{Device, Tensor};
use masquerade_engine::blocks::masks::nodes::NodeMask;
use masquerade_engine::blocks::tokenizers::node_features::{FeatureRows, Nodes};
use masquerade_engine::eval::Features;
use masquerade_engine::eval::logistic::{self, Logistic};
use masquerade_engine::graph::Graph;
use masquerade_engine::kernels::activations::prelu;
use masquerade_engine::kernels::edges::{edge_dot, edge_propagate, edge_softmax};
use masquerade_engine::kernels::losses::row_cosine;
use masquerade_engine::rng::Rng;

use crate::finite_differences::check;
use crate::kernels::{close, gradient, leaf, same, values};

fn device() -> Device {
    Device::flex().autodiff()
}

fn random([sources, targets, count]: [usize; 3]) -> Graph {
    let mut rng = Rng::new(3, "edges");
    let mut ends = |nodes: usize| -> Vec<u32> { (0..count).map(|_| rng.below(nodes) as u32).collect() };
    let (src, dst) = (ends(sources), ends(targets));
    Graph::between(sources, targets, &src, &dst).unwrap()
}

/// Sizes of graphs, heads, width of a head.
const SIZES: [([usize; 3], usize, usize); 3] = [([1, 1, 1], 1, 1), ([7, 5, 23], 3, 4), ([40, 700, 1900], 2, 17)];

#[test]
fn edges_are_sorted_both_ways() {
    let graph = Graph::new(4, &[2, 0, 3, 2], &[1, 1, 0, 1]).unwrap();
    assert_eq!(graph.pairs().collect::<Vec<_>>(), [(3, 0), (2, 1), (0, 1), (2, 1)]);
    assert_eq!(graph.neighbours(1).collect::<Vec<_>>(), [2, 0, 2]);
    assert_eq!(graph.in_degrees().collect::<Vec<_>>(), [1, 3, 0, 0]);
    assert_eq!(graph.out_degrees().collect::<Vec<_>>(), [1, 0, 2, 1]);
    assert_eq!([graph.nodes(), graph.sources(), graph.edges()], [4, 4, 4]);
    let edges = graph.on(&Device::flex());
    let list =
        |tensor: Tensor<1, burn::tensor::Int>| tensor.into_data().convert::<i64>().try_into_vec::<i64>().unwrap();
    assert_eq!(list(edges.outgoing), [0, 1, 1, 3, 4]);
    assert_eq!((list(edges.edge), list(edges.target)), (vec![2, 1, 3, 0], vec![1, 1, 1, 0]));
    assert_eq!(graph.neighbours(9).count(), 0);
}

#[test]
fn wrong_edges_are_refused_in_words() {
    for (src, dst) in [(vec![0, 1], vec![0]), (vec![0], vec![5]), (vec![5], vec![0])] {
        let report = Graph::new(3, &src, &dst).unwrap_err().report();
        assert!(!report.why.is_empty() && !report.what_to_do.is_empty());
    }
    assert!(FeatureRows::from_rows(3, &[1.0; 4]).is_err());
    assert!(FeatureRows::from_entries(2, vec![0, 1], vec![7], vec![1.0]).is_err());
    assert!(FeatureRows::from_entries(2, vec![0, 2], vec![1], vec![1.0]).is_err());
    assert!(NodeMask::random(3, 0.2, 0.0, &mut Rng::new(1, "mask")).is_err());
}

#[test]
fn preparing_makes_edges_symmetric_with_one_loop_each() {
    let graph = Graph::prepared(3, &[0, 0, 1, 1, 0], &[1, 0, 0, 2, 1]).unwrap();
    assert_eq!(graph.pairs().collect::<Vec<_>>(), [(0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (1, 2), (2, 2)]);
    let again = Graph::prepared(3, &[0, 1, 1, 2], &[1, 0, 2, 1]).unwrap();
    assert_eq!(again, graph);
}

#[test]
fn dropped_edges_leave_a_loop_more_at_every_node() {
    let graph = Graph::prepared(50, &(0..49).collect::<Vec<u32>>(), &(1..50).collect::<Vec<u32>>()).unwrap();
    let all = graph.dropped(0.0, &mut Rng::new(1, "drop")).unwrap();
    assert_eq!(all.edges(), graph.edges() + 50);
    let some = graph.dropped(0.5, &mut Rng::new(1, "drop")).unwrap();
    assert!(some.edges() < all.edges() - 40 && some.edges() > 70, "{}", some.edges());
    assert!((0..50).all(|node| some.neighbours(node).any(|source| source == node)));
}

#[test]
fn graphs_stay_apart_when_put_together() {
    let one = Graph::new(2, &[0], &[1]).unwrap();
    let both = Graph::together([&one, &one].into_iter()).unwrap();
    assert_eq!((both.nodes(), both.pairs().collect::<Vec<_>>()), (4, vec![(0, 1), (2, 3)]));
}

#[test]
fn edge_softmax_agrees_with_burn() {
    for (sizes, heads, _) in SIZES {
        let edges = random(sizes).on(&device());
        let scores = leaf("scores", [sizes[2], heads]);
        same(
            edge_softmax(scores.clone(), &edges),
            edge_softmax::stock(scores.clone(), &edges),
            1e-5,
            &[&gradient(&scores)],
        );
    }
    // Large scores do not overflow, and a single edge has all the weight.
    let edges = Graph::new(2, &[0, 1, 0], &[0, 0, 1]).unwrap().on(&Device::flex());
    let out = edge_softmax(Tensor::from_data([[1000.0], [1000.0], [-1000.0]], &Device::flex()), &edges);
    close("softmax", &values(out), &[0.5, 0.5, 1.0], 1e-6);
}

#[test]
fn edge_propagate_agrees_with_burn() {
    for (sizes, heads, width) in SIZES {
        let edges = random(sizes).on(&device());
        let (x, weights) = (leaf("x", [sizes[0], heads * width]), leaf("weights", [sizes[2], heads]));
        let kernel = edge_propagate(x.clone(), Some(weights.clone()), &edges);
        let stock = edge_propagate::stock(x.clone(), Some(weights.clone()), &edges);
        same(kernel, stock, 1e-5, &[&gradient(&x), &gradient(&weights)]);
        same(
            edge_propagate(x.clone(), None, &edges),
            edge_propagate::stock(x.clone(), None, &edges),
            1e-5,
            &[&gradient(&x)],
        );
    }
}

#[test]
fn edge_dot_agrees_with_burn() {
    for (sizes, heads, width) in SIZES {
        let edges = random(sizes).on(&device());
        let (x, y) = (leaf("x", [sizes[0], heads * width]), leaf("y", [sizes[1], heads * width]));
        let stock = edge_dot::stock(x.clone(), y.clone(), &edges, heads);
        same(edge_dot(x.clone(), y.clone(), &edges, heads), stock, 1e-5, &[&gradient(&x), &gradient(&y)]);
    }
}

#[test]
fn prelu_agrees_with_burn() {
    for shape in [[1, 1, 1], [3, 5, 7], [2, 90, 100]] {
        let (x, slope) = (leaf("x", shape), leaf("slope", [1]));
        same(
            prelu(x.clone(), slope.clone()),
            prelu::stock(x.clone(), slope.clone()),
            1e-5,
            &[&gradient(&x), &gradient(&slope)],
        );
    }
}

#[test]
fn row_cosine_agrees_with_burn() {
    for [rows, width] in [[1, 1], [7, 33], [100, 140]] {
        let (a, b) = (leaf("a", [rows, width]), leaf("b", [rows + 3, width]).detach());
        let pick = Tensor::from_data(
            &*(0..rows as i32).map(|r| (r * 5 + 2) % (rows as i32 + 3)).collect::<Vec<i32>>(),
            &device(),
        );
        same(
            row_cosine(a.clone(), b.clone(), pick.clone()),
            row_cosine::stock(a.clone(), b, pick),
            2e-5,
            &[&gradient(&a)],
        );
    }
    // Rows of zeros, on either side, and rows that are not there.
    let a = Tensor::<2>::from_data([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0]], &device()).require_grad();
    let b = Tensor::<2>::from_data([[1.0, 0.0], [0.0, 0.0]], &device());
    let out = row_cosine(a.clone(), b, Tensor::from_data([0, 1, 9], &device()));
    assert_eq!(values(out.clone()), [0.0, 0.0, 0.0]);
    assert!(values(a.grad(&out.sum().backward()).unwrap())[2..].iter().all(|v| *v == 0.0));
}

#[test]
fn gradients_are_the_slopes() {
    let edges = &random([9, 9, 40]).on(&device());
    let matrix = |x: &Tensor<1>, width: usize| x.clone().reshape([x.dims()[0] / width, width]);
    let flat = |x: Tensor<2>| x.flatten::<1>(0, 1);
    check("propagate", &[72, 80], 2e-3, |x| flat(edge_propagate(matrix(&x[0], 8), Some(matrix(&x[1], 2)), edges)));
    check("propagate alone", &[72], 2e-3, |x| flat(edge_propagate(matrix(&x[0], 8), None, edges)));
    check("dot", &[72, 72], 2e-3, |x| flat(edge_dot(matrix(&x[0], 8), matrix(&x[1], 8), edges, 2)));
    check("softmax", &[80], 5e-3, |x| flat(edge_softmax(matrix(&x[0], 2), edges)));
    // Away from the kink at zero, on both sides of it.
    check("prelu", &[30, 1], 2e-3, |x| {
        prelu(Tensor::cat(vec![x[0].clone().exp(), x[0].clone().exp().neg()], 0), x[1].clone())
    });
    let other = Tensor::<2>::from_data(leaf("other", [9, 8]).into_data(), &device());
    let pick = || Tensor::from_data([0, 3, 1, 2, 4, 5, 8, 7, 6], &device());
    check("cosine", &[72], 5e-3, |x| row_cosine(matrix(&x[0], 8), other.clone(), pick()));
}

#[test]
fn few_entries_and_whole_rows_give_the_same_product() {
    let mut rng = Rng::new(1, "rows");
    let (nodes, width) = (30, 17);
    let rows: Vec<f32> = (0..nodes * width).map(|_| if rng.chance(0.15) { rng.uniform() } else { 0.0 }).collect();
    let features = FeatureRows::from_rows(width, &rows).unwrap();
    assert!(features.sparse());
    close("table", &values(features.table(&device())), &rows, 0.0);
    let (weight, token) = (leaf("weight", [5, width]), leaf("token", [1, width]));
    let mask = NodeMask::random(nodes, 0.6, 0.3, &mut rng).unwrap();
    let sparse = features.masked(&mask, token.clone(), &device()).unwrap();
    let dense = Nodes::Dense(Box::new(sparse.dense()));
    same(sparse.times(weight.clone()), dense.times(weight.clone()), 1e-5, &[&gradient(&weight), &gradient(&token)]);
    // What the mask says, by hand.
    let (seen, token) = (values(sparse.dense()), values(token));
    for (node, shown) in mask.shown().into_iter().enumerate() {
        let wanted = shown.map_or(token.clone(), |from| rows[from as usize * width..][..width].to_vec());
        close("row", &seen[node * width..][..width], &wanted, 1e-6);
    }
}

#[test]
fn a_mask_divides_its_nodes_as_the_authors_do() {
    let order: Vec<u32> = (0..2708).rev().collect();
    let of_masked: Vec<u32> = (0..1354).collect();
    let mask = NodeMask::from_orders((0.5, 0.05), &order, &of_masked, 0..).unwrap();
    assert_eq!([mask.masked.len(), mask.token.len(), mask.noise.len(), mask.source.len()], [1354, 1286, 67, 67]);
    assert_eq!((mask.noise[66], mask.source[66]), (1354, 66));
    let left = mask.masked.iter().find(|node| !mask.token.contains(node) && !mask.noise.contains(node)).unwrap();
    assert!(mask.hidden()[*left as usize] && mask.shown()[*left as usize] == Some(*left));
    let none = NodeMask::from_orders((0.5, 0.0), &order, &[], 0..).unwrap();
    assert_eq!((none.token.len(), none.noise.len()), (1354, 0));
}

#[test]
fn logistic_regression_learns_and_takes_the_best_epoch() {
    let mut rng = Rng::new(1, "points");
    let mut half = |count: usize| {
        let labels: Vec<u32> = (0..count).map(|i| (i % 3) as u32).collect();
        let values =
            labels.iter().flat_map(|l| (0..4).map(|d| if d == *l as usize { 1.0 } else { 0.0 }).collect::<Vec<f32>>());
        let values = values.map(|v| v + 0.3 * rng.normal()).collect();
        (Features { dim: 4, values }, labels)
    };
    let (train, validation, test) = (half(30), half(60), half(120));
    let how = logistic::Settings::default();
    let fit = |validation| {
        logistic::fit((&train.0, &train.1), validation, (&test.0, &test.1), 3, &how, &mut Rng::new(1, "probe")).unwrap()
    };
    assert!(fit(Some((&validation.0, &validation.1))) > 0.9 && fit(None) > 0.9);
    let mut probe = Logistic::new(4, 3, &mut Rng::new(2, "probe"));
    let losses: Vec<f64> = (0..50).map(|_| probe.step(&train.0, &train.1, &how)).collect();
    assert!(losses[49] < 0.9 * losses[0], "{losses:?}");
    assert!(logistic::fit((&train.0, &[9; 30]), None, (&test.0, &test.1), 3, &how, &mut Rng::new(1, "probe")).is_err());
}
