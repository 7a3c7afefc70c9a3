//! Edge lists and tables of nodes as people have them.
#![allow(clippy::expect_used)]

use masquerade_formats::Reading;
use masquerade_formats::edges::{self, EdgeGraph};
use masquerade_formats::reading::Column;

#[track_caller]
fn read(files: &[(&str, &str)]) -> EdgeGraph {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    edges::read(&files, &Reading::default()).expect("a graph")
}

fn refused(files: &[(&str, &str)]) -> String {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    edges::read(&files, &Reading::default()).err().unwrap_or_default()
}

#[track_caller]
fn tells(graph: &EdgeGraph, word: &str) {
    let left = graph.left_out.iter().map(|left| format!("{}: {}", left.what, left.why));
    let all: Vec<String> = graph.notes.iter().cloned().chain(left).collect();
    assert!(all.iter().any(|line| line.contains(word)), "{word:?} in {all:#?}");
}

const FIRST: [f64; 6] = [0.5, -1.25, 0.75, 2.5, -0.3, 1.1];
/// A ring with a chord.
const PAIRS: [[usize; 2]; 7] = [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [5, 0], [1, 4]];

/// The nodes in `order`, named by `name`.
fn nodes(head: &str, order: [usize; 6], name: impl Fn(usize) -> String) -> String {
    let line = |at: usize| format!("{},{},{},{}\n", name(at), FIRST[at], at as f64 - 2.5, ["a", "b"][at % 2]);
    head.to_string() + &order.map(line).concat()
}

fn pairs(head: &str, between: &str, name: impl Fn(usize) -> String) -> String {
    head.to_string() + &PAIRS.map(|[a, b]| format!("{}{between}{}\n", name(a), name(b))).concat()
}

/// The graph is the ring with its chord, whatever its nodes are called.
#[track_caller]
fn is_the_ring(graph: &EdgeGraph) {
    let table = graph.table.as_ref().expect("a table");
    assert_eq!((table.features.len(), graph.names.len(), graph.classes.len()), (2, 6, 2), "{:?}", graph.notes);
    let first = |node: u32| table.values[2 * node as usize];
    let ends: Vec<[f64; 2]> = graph.edges.iter().map(|edge| edge.map(first)).collect();
    assert_eq!(ends, PAIRS.map(|pair| pair.map(|node| FIRST[node])), "{:?} {:?}", graph.notes, graph.left_out);
    let class = |node: usize| graph.classes[graph.labels[node] as usize].as_str();
    assert!((0..6).all(|node| class(node)
        == if FIRST.iter().position(|v| *v == first(node as u32)).is_some_and(|at| at % 2 == 0) { "a" } else { "b" }));
}

#[test]
fn rows_are_found_by_name_in_any_order() {
    let (straight, turned) = ([0, 1, 2, 3, 4, 5], [3, 5, 0, 4, 2, 1]);
    let number = |at: usize| at.to_string();
    let word = |at: usize| format!("n {at}");
    for (table, list) in [
        (nodes("id,f,g,label\n", turned, number), pairs("source,target\n", ",", number)),
        (nodes("node_id,f,g,label\n", turned, number), pairs("", ",", number)),
        (
            nodes("paper,f,g,label\n", turned, |at| format!("{}", 7 * at + 100)),
            pairs("", "\t", |at| format!("{}", 7 * at + 100)),
        ),
        (nodes("", turned, number), pairs("# FromNodeId\tToNodeId\n", "\t", number)),
        (nodes("name,f,g,label\n", turned, word), pairs("from,to\n", ",", word)),
        (
            nodes("name,f,g,label\n", turned, |at| format!("n{at}")),
            pairs("% a comment\n", "  \t ", |at| format!("n{at}")),
        ),
        (nodes("id,f,g,label\n", turned, |at| format!("{at}.0")), pairs("", " ", number)),
        (nodes("id,f,g,label\n", turned, |at| format!("00{at}")), pairs("", " ", number)),
        (nodes("id,f,g,label\n", turned, number), pairs("a,b\n", ",", |at| format!("{}", at + 1))),
        (nodes("id,f,g,label\n", turned, |at| format!("{}", at + 1)), pairs("a,b\n", ",", number)),
        (
            nodes("", straight, word),
            pairs("%%MatrixMarket matrix coordinate pattern symmetric\n6 6 7\n", " ", |at| format!("{}", at + 1)),
        ),
        (nodes("id,f,g,label\n", straight, word), pairs("", ";", number)),
    ] {
        is_the_ring(&read(&[("x.csv", &table), ("y.csv", &list)]));
        is_the_ring(&read(&[("b/edges.txt", &list), ("a/nodes.csv", &table)]));
    }
}

#[test]
fn numbers_without_names_count_from_where_all_ends_exist() {
    let table = "f,g\n0.5,1.5\n-1.5,2.5\n0.25,3.5\n";
    let graph = read(&[("edges.csv", "0,1\n1,2\n"), ("x.csv", table)]);
    assert_eq!(graph.edges, [[0, 1], [1, 2]]);
    tells(&graph, "counted from 0");
    let graph = read(&[("edges.csv", "1 2\n2 3\n"), ("x.csv", table)]);
    assert_eq!(graph.edges, [[0, 1], [1, 2]]);
    tells(&graph, "counted from 1");
    let graph = read(&[("edges.csv", "1,2\n2,1\n"), ("x.csv", table)]);
    assert_eq!(graph.edges, [[1, 2], [2, 1]]);
    tells(&graph, "too");
    let graph = read(&[("links.txt", "0 1\n1 2\n"), ("x.csv", "a,b\n1,2\n3,4\n5,6\n")]);
    assert_eq!((graph.edges.len(), graph.names.len()), (2, 3));
}

#[test]
fn other_columns_and_odd_edges_are_told() {
    let number = |at: usize| at.to_string();
    let table = nodes("id,f,g,label\n", [0, 1, 2, 3, 4, 5], number);
    let weights =
        "id,source,target,weight\n".to_string() + &PAIRS.map(|[a, b]| format!("{},{a},{b},0.5\n", 10 * a + b)).concat();
    let graph = read(&[("t.csv", &table), ("e.csv", &weights)]);
    is_the_ring(&graph);
    tells(&graph, "weight");
    let odd = pairs("", ",", number) + "0,0\n0,1\n7,1\nzoe,2\n3,\n4\n";
    let graph = read(&[("t.csv", &table), ("e.csv", &odd)]);
    assert_eq!(graph.edges.len(), 9);
    tells(&graph, "1 edges lead from a node to itself");
    tells(&graph, "1 edges are listed once more");
    tells(&graph, "2 edges of e.csv (lines 10, 11): no node has the name 7 or zoe");
    tells(&graph, "e.csv, lines 12, 13: an edge needs two ends");
    // A node without a number is left out, and its edges.
    let holes = table.replace("2.5,0.5", ",0.5");
    let graph = read(&[("t.csv", &holes), ("e.csv", &pairs("", ",", number))]);
    assert_eq!((graph.names.len(), graph.edges.len()), (5, 5));
    tells(&graph, "2 edges of e.csv: they lead to nodes that are left out");
    let twice = table + "2,1,1,a\n";
    let graph = read(&[("t.csv", &twice), ("e.csv", &pairs("", ",", number))]);
    is_the_ring(&graph);
    tells(&graph, "names \"2\" a second time");
}

#[test]
fn planetoid_and_files_of_classes() {
    let content = "31336\t0\t1\t0\tTheory\n1061127\t1\t0\t0\tRules\n35\t1\t1\t0\tTheory\n";
    let graph = read(&[("a.content", content), ("a.cites", "35\t31336\n35\t1061127\n35\t99\n")]);
    assert_eq!((graph.names.len(), &graph.edges[..], graph.classes.len()), (3, &[[2, 0], [2, 1]][..], 2));
    tells(&graph, "99");
    let table = "txId,a,b\n5,0.5,1.25\n7,-0.5,2.5\n9,1.5,3.5\n";
    let classes = "txId,class\n9,unknown\n5,1\n7,unknown\n";
    let graph = read(&[("classes.csv", classes), ("edgelist.csv", "txId1,txId2\n5,7\n7,9\n"), ("features.csv", table)]);
    assert_eq!((graph.classes.clone(), graph.labels.clone()), (vec!["1".to_string(), "unknown".into()], vec![0, 1, 1]));
    assert_eq!(graph.edges, [[0, 1], [1, 2]]);
    tells(&graph, "classes.csv holds the classes");
    // Classes alone, in the order of the rows.
    let (x, y) = ("0.5,1.5\n-0.5,2.5\n1.25,3.5\n", "a\nb\na\n");
    let graph = read(&[("x.csv", x), ("y.csv", y), ("edges.csv", "0,1\n1,2\n0,2\n")]);
    assert_eq!((graph.labels.clone(), graph.classes.join(" ")), (vec![0, 1, 0], "a b".into()));
    let graph = read(&[("labels.csv", "id,label\n0,1\n1,1\n2,0\n"), ("edges.csv", "source,target\n0,1\n1,2\n")]);
    assert_eq!((graph.labels.clone(), graph.edges.len()), (vec![1, 1, 0], 2));
}

#[test]
fn an_edge_list_alone_is_a_graph() {
    let graph = read(&[(
        "web.txt",
        "# Nodes: 4 Edges: 4\n# FromNodeId\tToNodeId\n11342\t27469\n11342\t38716\n38716\t5\n5\t5\n",
    )]);
    assert_eq!(
        (graph.names.clone(), graph.table.is_none()),
        (["5", "11342", "27469", "38716"].map(String::from).to_vec(), true)
    );
    assert_eq!(graph.edges, [[1, 2], [1, 3], [3, 0], [0, 0]]);
    let graph = read(&[("people.csv", "from;to;since\nAnn Lee;Bob;1990\nBob;Cid;1991\n")]);
    assert_eq!((graph.names.len(), graph.edges.len()), (3, 2));
    let graph = read(&[("friends.csv", "Person A,Person B\nann,bob\nbob,cid\n")]);
    assert_eq!((graph.names.join(" "), graph.edges.len()), ("ann bob cid".into(), 2));
}

#[test]
fn files_that_are_no_graph_are_refused_in_words() {
    let table = "id,x,y\na,1.5,2.5\nb,3.5,4.5\n";
    assert!(refused(&[]).contains("no file of text"));
    assert!(refused(&[("people.csv", table)]).contains("no file lists edges"));
    let why = refused(&[("people.csv", table), ("edges.csv", "from,to\nx,y\nz,w\n")]);
    assert!(why.contains("edges.csv") && why.contains("people.csv") && why.contains('x'), "{why}");
    assert!(refused(&[("people.csv", "id,x,y\na,1,2\nb,3,4\n")]).contains("no file lists edges"));
    assert!(refused(&[("x.csv", "a,b\n1,2\n3,4\n5,6\n")]).contains("no file lists edges"));
    let picture: [(&str, &[u8]); 1] = [("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")];
    assert!(edges::read(&picture, &Reading::default()).is_err());
    let said = Reading { ids: Some(Column::Named("name".into())), ..Reading::default() };
    let files: [(&str, &[u8]); 2] = [("people.csv", table.as_bytes()), ("edges.csv", b"a,b\n")];
    assert!(edges::read(&files, &said).expect_err("no column").contains("id, x, y"));
}

mod at_random {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn edges_join_the_rows_that_are_named_in_any_order(
            order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
            pairs in vec((0..12_usize, 0..12_usize), 4..40),
            // Where names and edges count from, and whether the list has a header.
            (names, ends, header, separator) in (0..2_usize, 0..2_usize, any::<bool>(), prop_oneof![Just(","), Just("\t"), Just(" "), Just(", ")]),
        ) {
            let rows = order.iter().map(|at| format!("{},{}.25,{}.5\n", at + names, at, 3 * at));
            let table = "id,f,g\n".to_string() + &rows.collect::<String>();
            let lines = pairs.iter().map(|(a, b)| format!("{}{separator}{}\n", a + ends, b + ends));
            let list = if header { format!("source{separator}target\n") } else { String::new() } + &lines.collect::<String>();
            let graph = edges::read(&[("b.txt", list.as_bytes()), ("a.csv", table.as_bytes())], &Reading::default());
            let graph = graph.expect("a graph");
            // An end that shows where they count from has to be there.
            let shown = names == ends || pairs.iter().any(|(a, b)| if ends > names { *a == 11 || *b == 11 } else { *a == 0 || *b == 0 });
            prop_assume!(shown);
            let table = graph.table.as_ref().expect("a table");
            let found: Vec<(usize, usize)> = graph.edges.iter().map(|edge| edge.map(|node| table.values[2 * node as usize] as usize)).map(|[a, b]| (a, b)).collect();
            prop_assert_eq!(found, pairs, "{:?}", graph.notes);
        }

        #[test]
        fn any_text_is_read_or_refused(a in "[0-9a-c,;\\t \"#\\n-]{0,200}", b in "[0-9a-c,;\\t \"#%\\n.-]{0,200}") {
            if let Ok(graph) = edges::read(&[("a", a.as_bytes()), ("b", b.as_bytes())], &Reading::default()) {
                prop_assert!(graph.edges.iter().flatten().all(|node| (*node as usize) < graph.names.len()));
                prop_assert!(graph.labels.is_empty() || graph.labels.len() == graph.names.len());
                let rows = graph.table.map_or(graph.names.len(), |table| table.rows());
                prop_assert_eq!(rows, graph.names.len());
            }
        }
    }
}

#[test]
fn twins_among_the_examples_say_the_same() {
    let cases = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases");
    let graph = |folder: &str| {
        let files = ["edges.csv", "features.csv"].map(|file| std::fs::read(cases.join(folder).join(file)));
        let [Ok(edges), Ok(features)] = &files else { return None };
        let read = edges::read(&[("edges.csv", edges), ("features.csv", features)], &Reading::default());
        Some(read.expect("a graph"))
    };
    for (one, other) in [
        ("graph_id_name/node_id", "graph_id_name/id"),
        ("graph_plain/plain", "graph_plain/weights"),
        ("graph_plain/plain", "graph_plain/spaces_crlf"),
    ] {
        let (Some(one), Some(other)) = (graph(one), graph(other)) else { return };
        let values = |graph: &EdgeGraph| graph.table.as_ref().map(|table| (table.values.clone(), table.labels.clone()));
        assert_eq!((&one.edges, values(&one)), (&other.edges, values(&other)), "{:?} {:?}", one.notes, other.notes);
        assert_eq!((one.names.len(), one.classes.len()), (30, 2));
        assert_eq!(one.table.as_ref().map(|table| table.features.len()), Some(3));
    }
    if let Some(loops) = graph("graph_plain/loops_only") {
        tells(&loops, "which are all");
    }
}
