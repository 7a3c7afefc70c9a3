//! Clouds and pictures in the manner of public bug reports, where they lie beside the real data: each says the same as its
//! twin.

use std::path::{Path, PathBuf};

use masquerade_engine::data::clouds::{self, CloudData};
use masquerade_engine::data::user_files;
use masquerade_engine::session::NamedBytes;
use masquerade_formats::Reading;
use masquerade_tests::real_data;

/// The files of a folder of examples, by name; `None` where it is not there.
fn example(name: &str) -> Option<Vec<NamedBytes>> {
    let folder = real_data()?.parent()?.join("cases").join(name);
    let mut files = Vec::new();
    let mut waiting = vec![folder.clone()];
    while let Some(path) = waiting.pop() {
        for entry in std::fs::read_dir(&path).ok()?.flatten() {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(&folder).unwrap_or(Path::new("")).to_string_lossy().replace('\\', "/");
                files.push(NamedBytes { name, bytes: std::fs::read(&path).ok()? });
            }
        }
    }
    Some(files)
}

fn cloud(name: &str) -> Option<CloudData> {
    Some(clouds::from_files(example(name)?, &Reading::default()).unwrap_or_else(|e| panic!("{name}: {:?}", e.report())))
}

/// How far the points of two clouds lie apart, each about its own mean.
fn apart(a: &CloudData, b: &CloudData) -> f32 {
    let centred = |data: &CloudData| {
        let points = data.train.points.chunks(3);
        let mean = [0, 1, 2].map(|axis| points.clone().map(|p| p[axis]).sum::<f32>() / data.points as f32);
        points.flat_map(|p| [0, 1, 2].map(|axis| p[axis] - mean[axis])).collect::<Vec<f32>>()
    };
    centred(a).iter().zip(&centred(b)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn clouds_are_those_of_their_twins() {
    let Some(plain) = cloud("obj_bom/plain") else { return };
    assert_eq!(Some(&plain.train), cloud("obj_bom/bom").as_ref().map(|data| &data.train));
    for (one, other) in [("origin", "utm"), ("origin", "near"), ("origin_obj", "utm_obj")] {
        let [one, other] = [one, other].map(|name| cloud(&format!("cloud_utm/{name}")).expect("an example"));
        assert_eq!((one.points, other.points), (300, 300));
        assert!(apart(&one, &other) < 1e-4, "{}", apart(&one, &other));
    }
    let [alone, cleaned] = ["alone", "cleaned"].map(|name| cloud(&format!("cloud_nan/{name}")).expect("an example"));
    assert_eq!((alone.points, &alone.train), (288, &cleaned.train));
    assert!(alone.report.skipped[0].0.contains("12 of 300 points"), "{:?}", alone.report.skipped);
    let folder = cloud("cloud_nan/folder").expect("an example");
    assert_eq!((folder.points, folder.report.samples), (288, 3));
}

#[test]
fn no_point_lies_in_a_dent() {
    let (Some(face), Some(by_hand)) = (cloud("obj_concave/one_face"), cloud("obj_concave/by_hand")) else { return };
    let outside =
        |data: &CloudData| data.train.points.chunks(3).filter(|p| p[0] > 1.001 && p[1] > 1.001 && p[1] < 2.999).count();
    assert_eq!((outside(&face), outside(&by_hand)), (0, 0));
}

#[test]
fn pictures_with_films_behind_them_are_whole() {
    let Some(files) = example("jpeg_motion") else { return };
    let set = user_files::from_files(files, 64).expect("pictures");
    assert_eq!((set.train.len() + set.test.len(), set.report.skipped.len()), (27, 0), "{:?}", set.report.skipped);
}
