//! Sets of graphs as the TU Dortmund collection has them, and as people pack them.
#![allow(clippy::expect_used)]

use masquerade_formats::tu::{self, GraphSet};
use proptest::prelude::*;

/// A triangle of class 5, a pair of class −1; nodes of the two alternate.
const EDGES: (&str, &str) = ("toy//TOY_A.txt", "1, 3\n3, 1\n3, 5\n5, 3\n1, 5\n5, 1\n2, 4\n4, 2\n");
const GRAPHS: (&str, &str) = ("toy//TOY_graph_indicator.txt", "1\n2\n1\n2\n1\n");
const CLASSES: (&str, &str) = ("toy//TOY_graph_labels.txt", "5\n-1\n");

fn try_read(files: &[(&str, &str)]) -> Result<GraphSet, String> {
    tu::read(&files.iter().map(|(name, text)| (*name, text.as_bytes())).collect::<Vec<_>>())
}

#[track_caller]
fn read(files: &[(&str, &str)]) -> GraphSet {
    try_read(files).expect("a set")
}

#[track_caller]
fn tells(set: &GraphSet, word: &str) {
    let left = set.left_out.iter().map(|left| format!("{}: {}", left.what, left.why));
    let all: Vec<String> = set.notes.iter().cloned().chain(left).collect();
    assert!(all.iter().any(|line| line.contains(word)), "{word:?} in {all:#?}");
}

#[test]
fn all_parts_of_a_set_are_read() {
    let set = read(&[EDGES, GRAPHS, CLASSES, ("README.txt", "about"), ("toy//TOY_edge_labels.txt", "1\n")]);
    assert_eq!((set.title.as_str(), &set.starts[..], &set.labels[..]), ("TOY", &[0, 3, 5][..], &[1, 0][..]));
    assert_eq!(set.classes, ["-1", "5"]);
    assert_eq!(set.edges, [[0, 1], [1, 0], [1, 2], [2, 1], [0, 2], [2, 0], [3, 4], [4, 3]]);
    tells(&set, "README.txt: it is not needed");
    tells(&set, "TOY_edge_labels.txt");
    let set = read(&[EDGES, GRAPHS, CLASSES, ("toy_NODE_labels.txt", "7,0\n9,1\n9,0\n7,1\n8,0\n")]);
    assert_eq!((set.kinds[0].join(" "), set.kinds[1].join(" ")), ("7 8 9".to_string(), "0 1".into()));
    assert_eq!(set.node_labels, [0, 0, 2, 0, 1, 0, 2, 1, 0, 1].map(Some));
    let set = read(&[EDGES, GRAPHS, CLASSES, ("TOY_node_attributes.txt", "1.5, 0\n2, 0.25\n-3,1\n4, 1\n5,1e3\n")]);
    assert_eq!((set.width, &set.attributes[..]), (2, &[1.5, 0.0, -3.0, 1.0, 5.0, 1e3, 2.0, 0.25, 4.0, 1.0][..]));
    assert!(tu::is_set([EDGES.0, GRAPHS.0].into_iter()) && !tu::is_set([EDGES.0].into_iter()));
}

#[test]
fn what_is_odd_is_left_out_by_number() {
    let zero =
        [("T_A.txt", "0 2\n2 0\n1 3\n"), ("T_graph_indicator.txt", "0\n1\n0\n1\n"), ("T_graph_labels.txt", "a\nb\n")];
    let set = read(&zero);
    assert_eq!((&set.starts[..], &set.edges[..]), (&[0, 2, 4][..], &[[0, 1], [1, 0], [2, 3]][..]));
    tells(&set, "T_A.txt counts nodes from 0");
    let odd = ("T_A.txt", "1,3\n3,5\n3,6\n1,2\n1,one\n2,4\n");
    let set = read(&[odd, GRAPHS, CLASSES]);
    assert_eq!(set.edges.len(), 3);
    tells(&set, "T_A.txt, lines 3, 5");
    tells(&set, "T_A.txt, line 4: such an edge joins two graphs");
    // Graph 2 has no nodes, graph 4 no class.
    let gaps = ("T_graph_indicator.txt", "1\n3\n1\n3\n1\n4\n");
    let set = read(&[EDGES, gaps, ("T_graph_labels.txt", "0\n1\n1\n")]);
    assert_eq!((&set.starts[..], set.classes.join(" "), &set.labels[..]), (&[0, 3, 5][..], "0 1".into(), &[0, 1][..]));
    tells(&set, "graph 2: it has no nodes");
    tells(&set, "graph 4: its class is missing");
    let holes = ("TOY_node_attributes.txt", "1.5\n2\nNaN\n4\n5\n");
    let set = read(&[EDGES, GRAPHS, CLASSES, holes]);
    assert_eq!(
        (&set.starts[..], &set.attributes[..], &set.edges[..]),
        (&[0, 2][..], &[2.0, 4.0][..], &[[0, 1], [1, 0]][..])
    );
    tells(&set, "graph 1: line 3 of TOY_node_attributes.txt");
    let set = read(&[EDGES, GRAPHS]);
    assert!(set.labels.is_empty() && set.starts == [0, 3, 5]);
    tells(&set, "not known");
}

#[test]
fn sets_that_do_not_fit_are_refused_in_words() {
    let refused = |files: &[(&str, &str)], word: &str| {
        let why = try_read(files).err().unwrap_or_default();
        assert!(why.contains(word), "{word:?} in {why:?}");
    };
    refused(
        &[EDGES, GRAPHS, CLASSES, ("b/IMDB_A.txt", "1,2\n"), ("b/IMDB_graph_indicator.txt", "1\n1\n")],
        "IMDB, TOY",
    );
    refused(&[EDGES, GRAPHS, CLASSES, ("TOY_node_labels.txt", "1\n")], "1 nodes have labels");
    refused(&[("x_A.txt", "1, 2\n"), GRAPHS, CLASSES], "joins two graphs");
    refused(&[EDGES, ("TOY_graph_indicator.txt", "x\n"), CLASSES], "no graph is left");
    let picture: [(&str, &[u8]); 2] = [("a_A.txt", b"\x89PNG\r\n\x1a\n\0"), ("a_graph_indicator.txt", b"1\n")];
    assert!(tu::read(&picture).expect_err("a picture").contains("a_A.txt"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(
        a in "[0-9, x\\n-]{0,80}",
        graphs in "[0-9x\\n-]{0,40}",
        classes in "[0-9a?\\n.]{0,20}",
        attributes in "[0-9,.N\\n]{0,60}",
    ) {
        let files = [("a_A.txt", a), ("a_graph_indicator.txt", graphs), ("a_graph_labels.txt", classes), ("a_node_attributes.txt", attributes)];
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        for some in [&files[..3], &files[..]] {
            if let Ok(set) = tu::read(some) {
                prop_assert!(set.edges.iter().flatten().all(|node| (*node as usize) < set.nodes()));
                prop_assert!(set.starts.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert!(set.labels.is_empty() || set.labels.len() + 1 == set.starts.len());
                prop_assert_eq!(set.attributes.len(), set.nodes() * set.width);
            }
        }
    }
}

#[test]
fn a_published_set_is_read_whole() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases/tu_attributes");
    for (folder, kinds) in [("attributes", 0), ("labels", 3)] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
        let files: Vec<(String, Vec<u8>)> = entries
            .filter_map(|entry| entry.ok())
            .filter_map(|entry| {
                Some((entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).ok()?))
            })
            .collect();
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let set = tu::read(&files).expect("a set");
        assert_eq!((set.starts.len(), set.nodes(), set.width, set.classes.join(" ")), (25, 156, 2, "-1 1".into()));
        assert_eq!(set.kinds.first().map_or(0, Vec::len), kinds);
    }
}
