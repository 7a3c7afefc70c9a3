//! Sets of many small graphs: drawn ones, the user's files, GraphMAE on whole graphs.

use std::rc::Rc;

use burn::tensor::Device;
use masquerade_engine::card::{KnobValue, OWN};
use masquerade_engine::data::Dataset as _;
use masquerade_engine::data::graphs::{self, GraphData, GraphSet, collections, layout};
use masquerade_engine::loader::Loader;
use masquerade_engine::method::Subject;
use masquerade_engine::methods::graphmae;
use masquerade_engine::run::Run;
use masquerade_engine::session::{NamedBytes, Reading, Session};
use masquerade_engine::settings::Settings;
use masquerade_tests::block_on;

fn graph_of(set: &GraphData, node: u32) -> usize {
    set.graphs.partition_point(|start| *start <= node as usize) - 1
}

#[test]
fn families_are_drawn_from_the_seed() {
    let set = collections::families(1);
    assert_eq!(set, collections::families(1));
    assert_ne!(set, collections::families(2));
    assert_eq!((set.graphs.len(), set.graphs[0], *set.graphs.last().expect("an end")), (161, 0, set.nodes));
    assert_eq!((set.labels.len(), set.layout.len(), set.report.classes.len()), (set.nodes, 2 * set.nodes, 4));
    assert!(set.src.iter().zip(&set.dst).all(|(a, b)| graph_of(&set, *a) == graph_of(&set, *b) && a != b));
    // A class is one of a whole graph.
    assert!(
        set.graphs
            .windows(2)
            .all(|bounds| set.labels[bounds[0]..bounds[1]].iter().all(|label| *label == set.labels[bounds[0]]))
    );
    // The feature of a node is its degree.
    let mut pairs: Vec<(u32, u32)> = set.src.iter().zip(&set.dst).map(|(a, b)| (*a.min(b), *a.max(b))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let degree = |node: usize| pairs.iter().filter(|(a, b)| *a as usize == node || *b as usize == node).count();
    for node in [0, 7, set.nodes - 1] {
        assert_eq!(set.features.columns[node] as usize, degree(node));
    }
}

#[test]
fn every_graph_has_a_cell_of_its_own() {
    let (starts, src, dst) = ([0, 3, 5, 5, 8], [0, 1, 3, 5, 6], [1, 2, 4, 6, 7]);
    let places = layout::of_many(&starts, &src, &dst);
    assert_eq!(places.len(), 16);
    for (graph, [left, top]) in [(0, [-1.0, -1.0]), (1, [0.0, -1.0]), (3, [0.0, 0.0])] {
        for node in starts[graph]..starts[graph + 1] {
            let [x, y] = [places[2 * node], places[2 * node + 1]];
            assert!(x > left && x < left + 1.0 && y > top && y < top + 1.0, "graph {graph}: {x}, {y}");
        }
    }
    assert!(layout::of_many(&[], &[], &[]).is_empty());
}

fn files(texts: &[(&str, &str)]) -> Vec<NamedBytes> {
    texts.iter().map(|(name, text)| NamedBytes { name: (*name).into(), bytes: text.as_bytes().to_vec() }).collect()
}

/// A triangle of class 5, a pair of class -1; nodes of the two alternate in the files.
const EDGES: (&str, &str) = ("toy/TOY_A.txt", "1, 3\n3, 1\n3, 5\n5, 3\n1, 5\n5, 1\n2, 4\n4, 2\n");
const GRAPHS: (&str, &str) = ("TOY_graph_indicator.txt", "1\n2\n1\n2\n1\n");
const CLASSES: (&str, &str) = ("TOY_graph_labels.txt", "5\n-1\n");

#[test]
fn the_user_brings_a_set_of_graphs() {
    let set = graphs::from_files(files(&[EDGES, GRAPHS, CLASSES, ("README.txt", "about")]), &Reading::default())
        .expect("a set");
    assert_eq!((set.report.id.as_str(), set.report.title.as_str(), set.nodes), (OWN, "TOY", 5));
    assert_eq!((&set.graphs[..], &set.labels[..]), (&[0, 3, 5][..], &[1, 1, 1, 0, 0][..]));
    assert_eq!(set.report.classes, ["-1", "5"]);
    assert_eq!(set.features.columns, [2, 2, 2, 1, 1]);
    assert_eq!(set.report.skipped[0].0, "README.txt");
    assert!(set.report.detail.starts_with("2 graphs, 5 nodes, 4 edges"), "{}", set.report.detail);
    let labelled = graphs::from_files(
        files(&[EDGES, GRAPHS, CLASSES, ("TOY_node_labels.txt", "7\n9\n9\n7\n8\n")]),
        &Reading::default(),
    )
    .expect("a set");
    assert_eq!((labelled.features.width, &labelled.features.columns[..]), (3, &[0, 2, 1, 2, 0][..]));
    // Attributes stand beside labels; what is odd is left out by number.
    let attributes = ("TOY_node_attributes.txt", "0.5\n1.5\n0\n-2\n3\n");
    let labels = ("TOY_node_labels.txt", "7\n9\n9\n7\n7\n");
    let odd = ("toy/TOY_A.txt", "1, 3\n3, 5\n1, 2\n4, 2\n4, 9\n");
    let set =
        graphs::from_files(files(&[odd, GRAPHS, CLASSES, labels, attributes]), &Reading::default()).expect("a set");
    let rows = [1.0, 0.0, 0.5, 0.0, 1.0, 0.0, 1.0, 0.0, 3.0, 0.0, 1.0, 1.5, 1.0, 0.0, -2.0];
    assert_eq!((set.features.width, set.features.dense([0, 1, 2, 3, 4].into_iter())), (3, rows.to_vec()));
    assert_eq!((set.src.len(), set.report.skipped.len()), (3, 2));
    assert!(set.report.skipped.iter().any(|(_, why)| why.contains("joins two graphs")), "{:?}", set.report.skipped);
}

#[test]
fn sets_that_do_not_fit_are_refused_with_a_reason() {
    let refused = |texts: &[(&str, &str)], word: &str| {
        let report = graphs::from_files(files(texts), &Reading::default()).expect_err("no set").report();
        assert!(report.why.contains(word) && !report.what_to_do.is_empty(), "{report:?}");
    };
    refused(&[("x_A.txt", "1, 2\n"), GRAPHS, CLASSES], "joins two graphs");
    refused(&[("x_A.txt", "1\n"), GRAPHS, CLASSES], "x_A.txt, line 1");
    refused(&[("x_A.txt", "1, one\n"), GRAPHS, CLASSES], "x_A.txt, line 1");
    refused(&[EDGES, GRAPHS, ("y_A.txt", "1,2\n"), ("y_graph_indicator.txt", "1\n")], "TOY, y");
    refused(&[EDGES, GRAPHS, CLASSES, ("TOY_node_labels.txt", "1\n")], "1 nodes have labels");
}

#[test]
fn graphmae_learns_from_whole_graphs() {
    let mut session = Session {
        method: "graphmae".into(),
        preset: "graphs".into(),
        data: "families".into(),
        seed: 1,
        ..Session::default()
    };
    session.knobs.insert("steps".into(), KnobValue::Number(30.0));
    let data = GraphSet::new(collections::families(1));
    let settings = Settings::of(&session, &graphmae::card(), data.shape()).expect("settings");
    let loader = Loader::new(Rc::new(data), &settings);
    let mut run = Run::new(&graphmae::ENTRY, settings, loader, &Device::flex()).expect("a run");
    while run.step < run.total_steps() {
        block_on(run.train_step()).expect("a step");
    }
    let losses: Vec<f32> = block_on(run.losses()).expect("losses").iter().map(|l| l.total).collect();
    let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
    assert!(mean(&losses[25..]) < 0.8 * mean(&losses[..5]), "{losses:?}");
    // 160 graphs, 64 a step.
    assert_eq!(run.loader.epoch(), 3);
    assert!(run.method.metrics().contains(&"graph_accuracy"));
    let weights = run.weights.frozen();
    let subject = Subject { weights: &weights, loader: &run.loader, settings: &run.settings };
    let accuracy = block_on(run.method.measure("graph_accuracy", subject)).expect("an accuracy");
    assert!(accuracy > 0.6, "{accuracy} where a guess is right in a quarter");
}
