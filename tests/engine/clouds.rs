//! Point clouds as data, and what is measured on their features.

use masquerade_engine::card::Kind;
use masquerade_engine::data;
use masquerade_engine::data::clouds::{self, mesh::Mesh, obj, ply};
use masquerade_engine::data::files::Files;
use masquerade_engine::eval::few_shot::{self, Protocol};
use masquerade_engine::eval::{Features, linear_svm::LinearSvm};
use masquerade_engine::rng::Rng;
use masquerade_engine::session::NamedBytes;
use masquerade_tests::{block_on, real_data};

/// A tetrahedron with a quad, as text.
const TEXT: &str = "ply\nformat ascii 1.0\ncomment a test\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n\
                    property uchar red\nelement face 2\nproperty list uchar int vertex_indices\nend_header\n\
                    0 0 0 7\n1 0 0 7\n1 1 0 7\n0 1 0.5 7\n4 0 1 2 3\n3 0 2 3\n";

/// The same with binary numbers.
fn binary(big: bool) -> Vec<u8> {
    let word = if big { "binary_big_endian" } else { "binary_little_endian" };
    let header_end = TEXT.find("end_header\n").expect("a header") + "end_header\n".len();
    let mut bytes = TEXT[..header_end].replace("ascii", word).into_bytes();
    let put = |bytes: &mut Vec<u8>, number: [u8; 4]| {
        bytes.extend(if big { number.iter().rev().copied().collect::<Vec<_>>() } else { number.to_vec() })
    };
    for vertex in [[0.0_f32, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.5]] {
        vertex.iter().for_each(|v| put(&mut bytes, v.to_le_bytes()));
        bytes.push(7);
    }
    for face in [&[0_i32, 1, 2, 3][..], &[0, 2, 3]] {
        bytes.push(face.len() as u8);
        face.iter().for_each(|corner| put(&mut bytes, corner.to_le_bytes()));
    }
    bytes
}

#[test]
fn ply_files_of_all_formats_hold_the_same() {
    let mesh = ply::read(TEXT.as_bytes()).expect("text");
    assert_eq!(mesh.vertices[3], [0.0, 1.0, 0.5]);
    assert_eq!(mesh.triangles, [[0, 1, 2], [0, 2, 3], [0, 2, 3]]);
    assert_eq!(ply::read(&binary(false)).expect("little end first"), mesh);
    assert_eq!(ply::read(&binary(true)).expect("big end first"), mesh);
    assert_eq!(ply::read(TEXT.replace('\n', "\r\n").as_bytes()).expect("other line ends"), mesh);
}

#[test]
fn broken_ply_files_are_refused_in_words() {
    for whole in [TEXT.as_bytes().to_vec(), binary(false), binary(true)] {
        for end in 0..whole.len() - 1 {
            // The last number of the text may lose digits and still be one.
            if let Err(why) = ply::read(&whole[..end]) {
                assert!(!why.is_empty());
            } else {
                assert!(end + 3 > whole.len(), "a file cut at {end} was read");
            }
        }
    }
    let refused = |change: fn(String) -> String, word: &str| {
        let why = ply::read(change(TEXT.into()).as_bytes()).expect_err("an error");
        assert!(why.contains(word), "{why}");
    };
    refused(|t| t.replace("ply\n", "plx\n"), "ply");
    refused(|t| t.replace("float x", "floot x"), "floot");
    refused(|t| t.replace("4 0 1 2 3", "4 0 1 2 9"), "vertex 9");
    refused(|t| t.replace("4 0 1 2 3", "4 0 1 2 -1"), "vertex -1");
    refused(|t| t.replace("1 1 0 7", "1 nan 0 7"), "finite");
    refused(|t| t.replace("element vertex 4", "element vertex 4000000000"), "too early");
    refused(|t| t.replace("format ascii 1.0\n", ""), "format");
}

#[test]
fn obj_files_hold_polygons_with_all_kinds_of_corners() {
    let text = "# a square\no square\nv 0 0 0\nv 1 0 0\nv 1 1 0 1.0\nv 0 1 0\nvn 0 0 1\nf 1/1/1 2//1 3/2 -1\n";
    let mesh = obj::read(text.as_bytes()).expect("a square");
    assert_eq!(mesh.triangles, [[0, 1, 2], [0, 2, 3]]);
    for (broken, word) in [
        ("f 1 2 9", "vertex 8"),
        ("f 0 1 2", "line 9"),
        ("f a b c", "line 9"),
        ("v 1 2", "line 9"),
        ("f -9 1 2", "line 9"),
    ] {
        let why = obj::read(format!("{text}{broken}\n").as_bytes()).expect_err("an error");
        assert!(why.contains(word), "{why}");
    }
    assert!(obj::read(b"v 0 0 0\n").expect_err("too few").contains("64"));
    assert!(obj::read(b"v 0 0 0\nf 1 1 1\n").expect_err("flat").contains("area"));
}

#[test]
fn points_are_spread_over_faces_by_area() {
    // A triangle of area 3 beside one of area 1, the first at x below 0.
    let vertices =
        vec![[-3.0, 0.0, 0.0], [0.0, 0.0, 0.0], [-3.0, 2.0, 0.0], [1.0, 0.0, 0.0], [3.0, 0.0, 0.0], [1.0, 1.0, 0.0]];
    let mesh = Mesh { vertices, triangles: vec![[0, 1, 2], [3, 4, 5]] };
    let points = mesh.points(4000, Rng::new(1, "points"));
    let (left, right): (Vec<_>, Vec<_>) = points.chunks(3).partition(|p| p[0] <= 0.0);
    assert!((2850..3150).contains(&left.len()), "{}", left.len());
    assert!(right.iter().all(|p| p[0] >= 1.0 && p[1] >= 0.0 && (p[0] - 1.0) / 2.0 + p[1] <= 1.0 + 1e-5));
    // Uniform within: the centroid is the triangle's.
    let mean = |axis: usize| left.iter().map(|p| p[axis]).sum::<f32>() / left.len() as f32;
    assert!((mean(0) + 2.0).abs() < 0.05 && (mean(1) - 2.0 / 3.0).abs() < 0.05, "{} {}", mean(0), mean(1));
}

#[test]
fn solids_are_of_eight_classes_within_the_unit_sphere() {
    let data = block_on(clouds::open("solids", &Files::new(), 7)).expect("solids");
    assert_eq!(
        (data.report.samples, data.report.test_samples, data.report.classes.len(), data.points),
        (800, 400, 8, 1024)
    );
    let first = data.cloud(&data.train, 0);
    let norms: Vec<f32> = first.chunks(3).map(|p| p.iter().map(|v| v * v).sum::<f32>().sqrt()).collect();
    assert!(norms.iter().all(|n| *n <= 1.0 + 1e-5) && norms.iter().any(|n| *n > 0.999));
    assert!((0..8).all(|class| data.test.labels.iter().filter(|l| **l == class).count() == 50));
    let again = clouds::solids::load(7);
    assert_eq!(again.train, data.train);
    assert_ne!(clouds::solids::load(8).train, data.train);
}

#[test]
fn models_by_hand_are_read_whole() {
    let Some(folder) = real_data() else { return };
    let data = block_on(clouds::open("kaykit", &Files::in_folders(vec![folder.clone()]), 1)).expect("models");
    assert_eq!((data.report.samples, data.report.test_samples, data.report.classes.len()), (358, 92, 27));
    assert!(data.report.skipped.is_empty(), "{:?}", data.report.skipped);
    assert_eq!(data.train.labels.len(), 358);
    for entry in std::fs::read_dir(folder.join("pointclouds/obj")).expect("models as OBJ") {
        let path = entry.expect("an entry").path();
        let mesh =
            obj::read(&std::fs::read(&path).expect("a file")).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        assert!(!mesh.triangles.is_empty());
    }
    let report = block_on(clouds::open("kaykit", &Files::in_folders(Vec::new()), 1)).expect_err("no files").report();
    assert!(report.what_to_do.contains("solids"), "{report:?}");
}

/// A cloud of this many points as a PLY file.
fn cloud(name: &str, points: usize) -> NamedBytes {
    let mut rng = Rng::new(1, name);
    let mut text = format!(
        "ply\nformat ascii 1.0\nelement vertex {points}\nproperty double x\nproperty double y\nproperty double z\nend_header\n"
    );
    (0..points).for_each(|_| text += &format!("{} {} {}\n", rng.uniform(), rng.uniform(), rng.uniform()));
    NamedBytes { name: name.into(), bytes: text.into_bytes() }
}

#[test]
fn own_clouds_have_classes_by_folder_and_as_many_points_as_the_smallest() {
    let mut files: Vec<NamedBytes> = (0..6)
        .flat_map(|i| [cloud(&format!("all/cup/{i}.ply"), 200), cloud(&format!("all/pan/{i}.PLY"), 150 + i)])
        .collect();
    files.push(NamedBytes {
        name: "all/pan/square.obj".into(),
        bytes: b"v 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2 3\n".to_vec(),
    });
    files.push(NamedBytes { name: "all/notes.txt".into(), bytes: b"hello".to_vec() });
    let data = clouds::from_files(files).expect("clouds");
    assert_eq!(data.points, 150);
    assert_eq!(data.report.classes, ["cup", "pan"]);
    assert_eq!((data.report.samples, data.report.test_samples), (11, 2));
    assert_eq!(data.report.skipped.len(), 1);
    let report =
        data::of_user(vec![cloud("few.ply", 10)].into(), Kind::Clouds, 0).expect_err("too few points").report();
    assert!(report.why.contains("few.ply") && report.what_to_do.contains("PLY"), "{report:?}");
}

#[test]
fn the_machine_solves_a_problem_that_can_be_solved_by_hand() {
    // Two samples at ±1: the least of w² / 2 + 2 C (1 − w)² is at w = 4 C / (1 + 4 C), without a constant.
    let two = Features { dim: 1, values: vec![-1.0, 1.0] };
    for (c, weight) in [(1.0, 0.8), (0.25, 0.5)] {
        let scores = LinearSvm::fit(&two, &[0, 1], 2, c).expect("a machine").scores(&two);
        for (score, wanted) in scores.iter().zip([weight, -weight, -weight, weight]) {
            assert!((score - wanted).abs() < 1e-3, "{scores:?}");
        }
    }
    // Standardised features: neither scale nor place of a feature matters.
    let moved = Features { dim: 1, values: vec![998.0, 1002.0] };
    let scores = LinearSvm::fit(&moved, &[0, 1], 2, 1.0).expect("a machine").scores(&moved);
    assert!((scores[3] - 0.8).abs() < 1e-3, "{scores:?}");
}

/// Clouds of features around a corner for each class; the last feature never varies.
fn blobs(classes: usize, each: usize, spread: f32) -> (Features, Vec<u32>) {
    let mut rng = Rng::new(5, "blobs");
    let labels: Vec<u32> = (0..classes * each).map(|i| (i % classes) as u32).collect();
    let row = |label: &u32| {
        let mut row: Vec<f32> =
            (0..classes).map(|c| if c == *label as usize { 1.0 } else { 0.0 } + spread * rng.normal()).collect();
        row.push(3.0);
        row
    };
    let values = labels.iter().flat_map(row).collect();
    (Features { dim: classes + 1, values }, labels)
}

#[test]
fn what_can_be_separated_is() {
    let (features, labels) = blobs(5, 30, 0.08);
    let machine = LinearSvm::fit(&features, &labels, 5, 1.0).expect("a machine");
    assert_eq!(machine.accuracy(&features, &labels).expect("an accuracy"), 1.0);
    assert_eq!(machine, LinearSvm::fit(&features, &labels, 5, 1.0).expect("a machine"));
    let shuffled: Vec<u32> = (0..150).map(|i| (i / 30) as u32).collect();
    assert!(machine.accuracy(&features, &shuffled).expect("an accuracy") < 0.4);
    assert!(LinearSvm::fit(&features, &labels[1..], 5, 1.0).is_err());
    let broken = Features { dim: 1, values: vec![f32::NAN, 1.0] };
    assert!(LinearSvm::fit(&broken, &[0, 1], 2, 1.0).is_err());
}

#[test]
fn few_shot_folds_are_repeatable_and_say_what_is_missing() {
    let (features, labels) = blobs(6, 25, 0.4);
    let protocol = Protocol { ways: 5, shots: 3, queries: 20, folds: 10 };
    let rng = Rng::new(1, "few-shot");
    let (mean, spread) = few_shot::accuracy(&features, &labels, 6, protocol, &rng).expect("an accuracy");
    assert!(mean > 0.4 && mean < 1.0 && spread > 0.0, "{mean} ± {spread}");
    assert_eq!(few_shot::accuracy(&features, &labels, 6, protocol, &rng).expect("the same"), (mean, spread));
    let more =
        few_shot::accuracy(&features, &labels, 6, Protocol { shots: 12, ..protocol }, &rng).expect("an accuracy").0;
    assert!(more > mean, "{more} with more samples, {mean} with fewer");
    let refused =
        |protocol: Protocol| few_shot::accuracy(&features, &labels, 6, protocol, &rng).expect_err("an error").report();
    assert!(refused(Protocol { ways: 7, ..protocol }).why.contains("6 classes"));
    assert!(refused(Protocol { shots: 25, ..protocol }).why.contains("0 classes"));
}
