//! Graphs: drawn ones, files, the user's tables, layouts.

use masquerade_engine::checkpoint::safetensors::{self, Entry, Values};
use masquerade_engine::data::files::Files;
use masquerade_engine::data::graphs::{self, GraphData, citations, drawn, layout, neighbours};
use masquerade_engine::session::{NamedBytes, Reading, grouped};
use masquerade_tests::{block_on, real_data};

fn sound(graph: &GraphData) {
    let nodes = graph.nodes;
    assert!(
        graph.src.len() == graph.dst.len() && graph.src.iter().chain(&graph.dst).all(|node| (*node as usize) < nodes)
    );
    assert!(
        graph.features.starts.len() == nodes + 1
            && graph.features.columns.iter().all(|c| (*c as usize) < graph.features.width)
    );
    assert!(graph.labels.is_empty() || graph.labels.len() == nodes);
    assert!(graph.labels.iter().all(|label| (*label as usize) < graph.report.classes.len()));
    assert_eq!(graph.layout.len(), 2 * nodes);
    assert!(graph.layout.iter().all(|v| v.abs() < 2.0));
    let mut split = [&graph.train[..], &graph.validation, &graph.test].concat();
    split.sort_unstable();
    assert!(split.windows(2).all(|pair| pair[0] < pair[1]), "a node is in two parts of the split");
    assert!(graph.train_labels.len() == graph.train.len() && graph.test_labels.len() == graph.test.len());
}

#[test]
fn blocks_are_drawn_from_the_seed() {
    let graph = drawn::blocks(1);
    sound(&graph);
    assert_eq!((graph.nodes, graph.train.len()), (400, 80));
    assert_eq!(graph, drawn::blocks(1));
    assert_ne!(graph, drawn::blocks(2));
    let within = graph
        .src
        .iter()
        .zip(&graph.dst)
        .filter(|(a, b)| graph.labels[**a as usize] == graph.labels[**b as usize])
        .count();
    assert!(within * 100 / graph.src.len() > 80);
}

#[test]
fn neighbours_of_a_layout_are_near() {
    // Two rings that one edge joins.
    let ring = |start: u32| (0..40).map(move |i| (start + i, start + (i + 1) % 40));
    let (src, dst): (Vec<u32>, Vec<u32>) = ring(0).chain(ring(40)).chain([(0, 40)]).unzip();
    let places = layout::of(80, &src, &dst);
    assert_eq!(places, layout::of(80, &src, &dst));
    let apart = |a: usize, b: usize| (places[2 * a] - places[2 * b]).hypot(places[2 * a + 1] - places[2 * b + 1]);
    let joined = src.iter().zip(&dst).map(|(a, b)| apart(*a as usize, *b as usize)).sum::<f32>() / src.len() as f32;
    let any = (0..80).flat_map(|a| (0..80).map(move |b| (a, b))).map(|(a, b)| apart(a, b)).sum::<f32>() / 6400.0;
    assert!(joined < 0.4 * any, "{joined} along edges, {any} anywhere");
    // Nothing, one node, one place for all, edges to nowhere.
    assert!(layout::of(0, &[], &[]).is_empty());
    assert!(layout::of(1, &[0], &[0]).iter().all(|v| v.is_finite()));
    assert!(layout::of(3, &[0, 9], &[1, 2]).iter().all(|v| v.is_finite()));
}

#[test]
fn nearest_neighbours_are_the_nearest() {
    let rows = vec![vec![1.0, 0.0], vec![0.9, 0.1], vec![0.0, 1.0], vec![0.1, 0.9]];
    assert_eq!(neighbours::nearest(&rows, 1), (vec![0, 1, 2, 3], vec![1, 0, 3, 2]));
    assert_eq!(neighbours::nearest(&rows[..1], 5), (vec![], vec![]));
}

fn named(name: &str, text: &str) -> NamedBytes {
    NamedBytes { name: name.into(), bytes: text.as_bytes().to_vec() }
}

#[test]
fn the_user_brings_tables() {
    let table = "id,height,weight,class\nann,1.5,0,big\nbob,0,2,small\ncid,3,0,big\n";
    let graph = graphs::from_files(
        vec![named("edges.csv", "from,to\nann,bob\nbob,cid\nbob,zoe\n"), named("people.csv", table)],
        &Reading::default(),
    )
    .expect("a graph");
    sound(&graph);
    assert_eq!(
        (graph.nodes, graph.features.width, graph.src.clone(), graph.dst.clone()),
        (3, 2, vec![0, 1], vec![1, 2])
    );
    assert_eq!(
        (graph.report.classes.clone(), graph.labels.clone()),
        (vec!["big".to_string(), "small".into()], vec![0, 1, 0])
    );
    assert_eq!(graph.features.dense([2, 0].into_iter()), [3.0, 0.0, 1.5, 0.0]);
    assert!(graph.report.skipped[0].0.contains("1 edges") && graph.report.skipped[0].1.contains("zoe"));
    let columns: Vec<&str> = graph.report.columns.iter().map(|column| column.kind.as_str()).collect();
    assert_eq!(columns, ["name of the row", "number", "number", "class"]);
    assert_eq!(graph.report.preview[1], ["ann", "1.5", "0", "big"]);
    // Planetoid's plain files.
    let content = "31\t0\t1\tTheory\n42\t1\t0\tRules\n7\t1\t1\tRules\n";
    let graph =
        graphs::from_files(vec![named("a.content", content), named("a.cites", "31\t42\n")], &Reading::default())
            .expect("a graph");
    assert_eq!((graph.nodes, graph.src.len(), graph.report.classes.len()), (3, 1, 2));
    // Without names nodes are numbered.
    let graph = graphs::from_files(
        vec![named("links.txt", "0 1\n1 2\n"), named("x.csv", "a,b\n1,2\n3,4\n5,6\n")],
        &Reading::default(),
    )
    .expect("a graph");
    assert_eq!((graph.nodes, graph.features.width, graph.src.len()), (3, 2, 2));
    // Without a table degrees stand in; 32 bits are not enough for coordinates on the map.
    let graph = graphs::from_files(vec![named("e.csv", "a,b\nb,c\nc,d\n")], &Reading::default()).expect("a graph");
    assert_eq!((graph.nodes, graph.features.width, &graph.features.columns[..]), (4, 3, &[1, 2, 2, 1][..]));
    assert!(graph.report.notes.iter().any(|note| note.contains("degrees")), "{:?}", graph.report.notes);
    let far = "id,x,f\na,4600000.25,1.5\nb,4600000.75,-2\nc,4600001.25,0.5\n";
    let graph = graphs::from_files(vec![named("e.csv", "a,b\nb,c\n"), named("x.csv", far)], &Reading::default());
    let graph = graph.expect("a graph");
    assert_eq!(graph.features.dense([0, 2].into_iter()), [-0.5, 1.5, 0.5, 0.5]);
}

#[test]
fn a_feature_that_is_the_same_everywhere_is_divided_by_nothing() {
    let rows = |bias: &str| -> String {
        (0..12).map(|i| format!("{i},{},{}{bias}\n", 0.5 * f64::from(i % 3), f64::from(i) - 5.5)).collect()
    };
    let edges = named("edges.csv", &(0..11).map(|i| format!("{i},{}\n", i + 1)).collect::<String>());
    let prepared = |table: String| {
        let graph = graphs::from_files(vec![edges.clone(), named("x.csv", &table)], &Reading::default());
        let graph = std::rc::Rc::new(graph.expect("a graph"));
        assert!(graph.report.columns.iter().skip(3).all(|column| column.kind == "constant"));
        let prepared = masquerade_engine::methods::graphmae::data::Cache::default().whole(&graph).expect("features");
        (0..12)
            .map(|node| prepared.features.row(node).filter(|(_, v)| *v != 0.0).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let without = prepared(format!("id,f,g\n{}", rows("")));
    assert_eq!(without, prepared(format!("id,f,g,bias\n{}", rows(",0.1"))));
    assert!(without.iter().flatten().all(|(_, v)| v.abs() < 3.0));
    // Handed over as numbers, too.
    let values: Vec<f32> = (0..12).flat_map(|i| [i as f32 - 5.5, 1.0]).collect();
    let graph = GraphData { nodes: 12, features: graphs::NodeFeatures::of_dense(&values, 2), ..GraphData::default() };
    let prepared = masquerade_engine::methods::graphmae::data::Cache::default().whole(&std::rc::Rc::new(graph));
    let prepared = prepared.expect("features");
    let columns = |node: usize| prepared.features.row(node).map(|(_, v)| v).collect::<Vec<f32>>();
    assert!((0..12).all(|node| columns(node)[1] == 0.0 && columns(node)[0].abs() < 2.0));
}

#[test]
fn tables_that_do_not_fit_are_refused_with_a_reason() {
    let table = named("people.csv", "id,x,y\na,1,2\nb,3,4\n");
    let refused = |files: Vec<NamedBytes>, word: &str| {
        let report = graphs::from_files(files, &Reading::default()).expect_err("no graph").report();
        assert!(report.why.contains(word) && !report.what_to_do.is_empty(), "{report:?}");
    };
    refused(Vec::new(), "no file");
    refused(vec![table.clone()], "no file lists edges");
    refused(vec![table.clone(), named("edges.csv", "x,y\nz,w\n")], "no column of people.csv holds the ends");
    refused(vec![named("edges.csv", "a,b\n"), named("t.csv", "id,x\na,1\nb,oops\nc,2\n")], "oops");
    refused(vec![named("edges.csv", "a,b\n"), named("t.csv", "id,x\na,1\nb\n")], "1 cell");
    refused(vec![NamedBytes { name: "x.bin".into(), bytes: vec![0xff, 0xfe] }], "no file");
}

#[test]
fn damaged_graph_files_are_refused() {
    let file = |edges: [f32; 4], label: f32| {
        let entry = |name: &str, values: &[f32], shape: &[usize]| Entry {
            name: name.into(),
            shape: shape.to_vec(),
            values: Values::F32(values.to_vec()),
        };
        let entries = vec![
            entry("feat_indptr", &[0.0, 1.0, 3.0], &[3]),
            entry("feat_indices", &[0.0, 0.0, 1.0], &[3]),
            entry("edge_index", &edges, &[2, 2]),
            entry("label", &[0.0, label], &[2]),
        ];
        safetensors::read(&safetensors::write(entries, &Default::default()).expect("a file")).expect("tensors")
    };
    let graph = citations::of_file("dblp", &file([0.0, 1.0, 1.0, 0.0], 1.0)).expect("a graph");
    sound(&graph);
    assert_eq!((graph.nodes, graph.features.width, graph.src), (2, 2, vec![0, 1]));
    assert!(citations::of_file("dblp", &file([0.0, 1.0, 2.0, 0.0], 1.0)).is_err());
    assert!(citations::of_file("dblp", &file([0.0, 1.0, 1.0, 0.0], 9.0)).is_err());
    assert!(citations::of_file("dblp", &safetensors::File::default()).is_err());
    assert!(block_on(citations::open("cora", &Files::in_folders(Vec::new()))).is_err());
}

#[test]
fn real_graphs_are_what_their_notes_say() {
    let Some(folder) = real_data() else { return };
    let files = Files::in_folders(vec![folder]);
    for (id, nodes, width, edges, train) in
        [("cora", 2708, 1433, 10_556, 140), ("citeseer", 3327, 3703, 9104, 120), ("dblp", 4057, 334, 7056, 80)]
    {
        let graph = block_on(graphs::open(id, &files, 0)).expect("a graph");
        sound(&graph);
        assert_eq!(
            (graph.nodes, graph.features.width, graph.src.len(), graph.train.len()),
            (nodes, width, edges, train),
            "{id}"
        );
        let told = format!("{} edges", grouped(edges as u64 / 2));
        assert!(graph.report.detail.contains(&told), "{}", graph.report.detail);
    }
}
