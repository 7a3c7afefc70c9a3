//! Published graphs in their original forms: counts, features and labels; and small ones of every form.

#![allow(clippy::expect_used, clippy::panic)]

use std::io::{Cursor, Write};
use std::path::Path;

use masquerade_formats::archive::Limits;
use masquerade_formats::networks::{Network, read};
use zip::write::SimpleFileOptions;

/// A file of the originals, where they are.
fn original(path: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/originals");
    std::fs::read(folder.join(path)).ok()
}

fn network(files: &[(&str, &[u8])]) -> Network {
    let graph = read(files, &Limits::default());
    assert!(matches!(graph, Ok(Some(_))), "{graph:?}");
    graph.ok().flatten().unwrap_or_default()
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        assert!(writer.start_file(*name, SimpleFileOptions::default()).is_ok());
        assert!(writer.write_all(bytes).is_ok());
    }
    writer.finish().map(Cursor::into_inner).unwrap_or_default()
}

#[test]
fn published_graphs_have_the_counts_they_are_known_by() {
    // Nodes, features, edges, classes, edges of a node to itself.
    let known = [
        ("cora/cora.zip", [2708, 1433, 5278, 7]),
        ("citeseer/citeseer.zip", [3327, 3703, 4552, 6]),
        ("acm/acm.zip", [3025, 1870, 13128, 3]),
        ("dblp/dblp.zip", [4057, 334, 3528, 4]),
        ("amazon_photo/dink_net_datasets.zip", [7650, 745, 119_081, 8]),
        ("brazil_airports/bat.zip", [131, 81, 1003, 4]),
        ("europe_airports/eat.zip", [399, 203, 5993, 4]),
        ("usa_airports/uat.zip", [1190, 239, 13599, 4]),
    ];
    for (path, counts) in known {
        // Without optimisation the largest text takes long.
        let Some(bytes) = original(path).filter(|_| !cfg!(debug_assertions) || !path.starts_with("citeseer")) else {
            continue;
        };
        let graph = network(&[(path, &bytes)]);
        let found = [graph.features.rows(), graph.features.width, graph.edges.len(), graph.classes.len()];
        assert_eq!(found, counts, "{path}");
        assert_eq!(graph.labels.len(), counts[0], "{path}");
        match path {
            "cora/cora.zip" => {
                assert_eq!(graph.parts.each_ref().map(Vec::len), [140, 500, 1000]);
                assert_eq!(graph.features.columns.len(), 49_216);
            }
            "citeseer/citeseer.zip" => {
                assert!(graph.left_out.iter().any(|left| left.what == "248 edges" || left.what == "124 edges"));
            }
            "amazon_photo/dink_net_datasets.zip" => assert_eq!(graph.classes[0], "Film Photography"),
            _ => (),
        }
    }
}

const FEATURES: &[u8] = b"1 0 0.5\n0 0 0\n0 -2 0\n";
const EDGES: &[u8] = b"0 1\n1 0\n1 2\n2 2\n";

#[test]
fn text_files_become_a_graph() {
    let files: [(&str, &[u8]); 4] =
        [("g/n.feature", FEATURES), ("g/n.edge", EDGES), ("g/n.label", b"b\na\nb\n"), ("g/n.train", b"2\n")];
    let graph = network(&files);
    assert_eq!((graph.features.starts, graph.features.columns), (vec![0, 2, 2, 3], vec![0, 2, 1]));
    assert_eq!(graph.features.values, [1.0, 0.5, -2.0]);
    assert_eq!(graph.edges, [[0, 1], [1, 2]]);
    assert_eq!((graph.labels, graph.classes), (vec![1, 0, 1], vec!["a".into(), "b".to_string()]));
    assert_eq!(graph.parts[0], [2]);
    assert_eq!(graph.left_out[0].what, "1 edges");
    // The same in an archive.
    assert_eq!(network(&[("n.zip", &zipped(&files))]).edges, [[0, 1], [1, 2]]);
}

#[test]
fn nodes_may_be_counted_from_one() {
    let graph = network(&[("n.feature", FEATURES), ("n.edge", b"1 2\n3 1\n")]);
    assert_eq!(graph.edges, [[0, 1], [0, 2]]);
    assert!(graph.notes[0].contains("from 1"));
}

#[test]
fn what_does_not_fit_says_where() {
    let wrong = |files: &[(&str, &[u8])]| read(files, &Limits::default()).expect_err("no graph");
    let short: &[u8] = b"1 0\n1\n";
    assert!(wrong(&[("n.feature", short), ("n.edge", EDGES)]).contains("line 2 has 1 numbers"));
    assert!(wrong(&[("n.feature", FEATURES), ("n.edge", b"0 x\n")]).contains("not the number of a node"));
    assert!(wrong(&[("n.feature", FEATURES), ("n.edge", b"7 8\n8 9\n")]).contains("lead out of the 3 nodes"));
    assert!(wrong(&[("n.feature", FEATURES), ("n.edge", EDGES), ("n.label", b"1\n")]).contains("1 labels for 3 nodes"));
    assert_eq!(read(&[("a.png", b"x"), ("t.csv", b"1,2")], &Limits::default()), Ok(None));
}

/// An array of whole numbers of eight bytes.
fn array(shape: &str, values: &[i64]) -> Vec<u8> {
    let text = format!("{{'descr': '<i8', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    bytes
}

#[test]
fn arrays_of_every_form_give_the_same_graph() {
    let x = array("(3, 2)", &[1, 0, 0, 1, 1, 1]);
    let y = array("(3,)", &[0, 1, 0]);
    let dense = array("(3, 3)", &[0, 1, 0, 1, 0, 1, 0, 1, 0]);
    let list = array("(2, 3)", &[0, 1, 2, 1, 2, 1]);
    let (starts, columns) = (array("(4,)", &[0, 1, 2, 2]), array("(2,)", &[1, 2]));
    let mask = array("(3,)", &[1, 0, 1]);
    let forms: [&[(&str, &[u8])]; 3] = [
        &[("n_feat.npy", &x), ("n_adj.npy", &dense), ("n_label.npy", &y), ("train_mask.npy", &mask)],
        &[("g/x.npy", &x), ("g/edge_index.npy", &list), ("g/y.npy", &y), ("g/train_mask.npy", &mask)],
        &[
            ("attr_matrix.npy", b""),
            ("features.npy", &x),
            ("adj_indptr.npy", &starts),
            ("adj_indices.npy", &columns),
            ("labels.npy", &y),
            ("idx_train.npy", &mask),
        ],
    ];
    for files in forms {
        let graph = network(files);
        assert_eq!(graph.edges, [[0, 1], [1, 2]], "{files:?}");
        assert_eq!((graph.features.rows(), graph.features.width), (3, 2));
        assert_eq!((graph.labels, &graph.parts[0]), (vec![0, 1, 0], &vec![0, 2]));
    }
}
