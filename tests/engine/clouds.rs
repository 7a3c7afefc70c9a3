//! Point clouds as data, and what is measured on their features.

use masquerade_engine::card::Kind;
use masquerade_engine::data;
use masquerade_engine::data::clouds::{self, CloudData, surface};
use masquerade_engine::data::files::Files;
use masquerade_engine::eval::few_shot::{self, Protocol};
use masquerade_engine::eval::{Features, linear_svm::LinearSvm};
use masquerade_engine::rng::Rng;
use masquerade_engine::session::NamedBytes;
use masquerade_formats::mesh::Mesh;
use masquerade_formats::{Reading, obj};
use masquerade_tests::{block_on, real_data};

#[test]
fn points_are_spread_over_faces_by_area() {
    // A triangle of area 3 beside one of area 1, the first at x below 0.
    let vertices =
        vec![[-3.0, 0.0, 0.0], [0.0, 0.0, 0.0], [-3.0, 2.0, 0.0], [1.0, 0.0, 0.0], [3.0, 0.0, 0.0], [1.0, 1.0, 0.0]];
    let mesh = Mesh { vertices, triangles: vec![[0, 1, 2], [3, 4, 5]], ..Mesh::default() };
    let points = surface::points(&mesh, 4000, Rng::new(1, "points"));
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
    assert!(report.what_to_do.contains("fetch kaykit120"), "{report:?}");
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

fn own(files: Vec<NamedBytes>) -> CloudData {
    clouds::from_files(files, &Reading::default()).expect("clouds")
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
    let data = own(files);
    assert_eq!(data.points, 150);
    assert_eq!(data.report.classes, ["cup", "pan"]);
    assert_eq!((data.report.samples, data.report.test_samples), (11, 2));
    assert_eq!(data.report.skipped.len(), 1);
    let report =
        data::of_user(vec![cloud("few.ply", 10)].into(), Kind::Clouds, 0).expect_err("too few points").report();
    assert!(report.why.contains("few.ply") && report.what_to_do.contains("PLY"), "{report:?}");
}

#[test]
fn what_is_bad_of_own_clouds_is_left_out_by_name_and_number() {
    let with = |name: &str, change: &dyn Fn(String) -> String| {
        let NamedBytes { name, bytes } = cloud(name, 300);
        NamedBytes { name, bytes: change(String::from_utf8(bytes).expect("text")).into_bytes() }
    };
    // 12 points that are none, in one of three.
    let nan = |text: String| {
        let line = |(at, line): (usize, &str)| {
            if at > 6 && at % 25 == 0 { "nan nan nan\n".into() } else { format!("{line}\n") }
        };
        text.lines().enumerate().map(line).collect::<String>()
    };
    let same = |text: String| {
        text.lines()
            .map(|line| if line.starts_with(['0', '1']) { "1 2 3\n".into() } else { format!("{line}\n") })
            .collect()
    };
    let data = own(vec![
        cloud("a.ply", 300),
        with("b.ply", &nan),
        cloud("c.ply", 300),
        with("d.ply", &same),
        cloud("e.ply", 70),
    ]);
    assert_eq!((data.points, data.report.samples), (288, 3));
    let left_out: Vec<String> = data.report.skipped.iter().map(|(what, why)| format!("{what}: {why}")).collect();
    for words in [
        "b.ply: 12 of 300 points: a coordinate is no finite number (the first is point",
        "d.ply: its 300 points all lie",
        "e.ply: it has 70 points, less than a quarter",
    ] {
        assert!(left_out.iter().any(|line| line.starts_with(words)), "{words}: {left_out:?}");
    }
    assert_eq!(data.report.notes, ["every cloud gives 288 points, as many as b.ply has"]);
    assert_eq!(data.report.detail, "288 points a cloud");
    // A table beside them is none, though it holds numbers.
    let table: String = (0..99).map(|i| format!("{i},{},{}\n", i % 7, i * i % 11)).collect();
    let table = NamedBytes { name: "table.csv".into(), bytes: format!("id,parts,age\n{table}").into_bytes() };
    let data = own(vec![cloud("a.ply", 300), cloud("b.ply", 300), table]);
    assert_eq!((data.points, data.report.samples, data.report.skipped.len()), (300, 2, 1));
    // Many small clouds beside large ones are no exception: all count.
    let data = own((0..4).map(|i| cloud(&format!("{i}.ply"), if i % 2 == 0 { 100 } else { 1000 })).collect());
    assert_eq!((data.points, data.report.samples), (100, 4));
}

#[test]
fn own_clouds_on_the_map_are_those_at_the_origin() {
    let at = |x: f64, y: f64, z: f64| {
        let mut rng = Rng::new(1, "map");
        let mut line = |_| {
            format!(
                "{:.6} {:.6} {:.6}\n",
                x + f64::from(rng.normal()),
                y + f64::from(rng.normal()),
                z + f64::from(rng.normal())
            )
        };
        let files = vec![NamedBytes {
            name: "scan.xyz".into(),
            bytes: (0..300).map(&mut line).collect::<String>().into_bytes(),
        }];
        let data = own(files);
        let points: Vec<[f32; 3]> = data.cloud(&data.train, 0).chunks(3).map(|p| [p[0], p[1], p[2]]).collect();
        let mean = [0, 1, 2].map(|axis| points.iter().map(|p| p[axis]).sum::<f32>() / 300.0);
        points.into_iter().flat_map(|p| [0, 1, 2].map(|axis| p[axis] - mean[axis])).collect::<Vec<f32>>()
    };
    let here = at(0.0, 0.0, 0.0);
    for there in [at(500_000.0, 4_649_775.0, 120.0), at(10.0, 20.0, 5.0), at(-1e7, 3e6, -4000.0)] {
        let farthest = here.iter().zip(&there).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(farthest < 1e-5, "{farthest}");
    }
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
