//! Data sets: IDX files, the user's folders, the shapes, what is missing.

use image::ImageFormat;
use masquerade_engine::data::files::Files;
use masquerade_engine::data::pictures::{self, PictureData};
use masquerade_engine::data::procedural::shapes;
use masquerade_engine::data::{fashion_mnist, sets, user_files};
use masquerade_engine::error::{Error, Result};
use masquerade_engine::session::NamedBytes;
use masquerade_formats::idx::{self, Idx};

use super::{encode, named, one_colour, ready};

fn why(result: Result<impl Sized>) -> String {
    match result {
        Ok(_) => panic!("an error was expected"),
        Err(e) => e.report().why,
    }
}

/// `count` pictures of 28 × 28 whose first byte is their label, classes in turn.
fn toy_fashion(count: usize) -> (Vec<u8>, Vec<u8>) {
    let labels: Vec<u8> = (0..count).map(|i| (i % 10) as u8).collect();
    let values = labels.iter().flat_map(|l| [vec![*l], vec![7; 783]].concat()).collect();
    let pictures = idx::write(&Idx { sides: vec![count, 28, 28], values, notes: vec![] }).unwrap();
    (pictures, idx::write(&Idx { sides: vec![count], values: labels, notes: vec![] }).unwrap())
}

/// Run the page's own program that cuts the subset over the files of a folder; what it says when it refuses.
fn cut_subset(folder: &std::path::Path) -> std::result::Result<(), String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/cut_data.mjs");
    let mut node = std::process::Command::new("node");
    node.arg(script).args(["all-pictures.gz", "all-labels.gz"].map(|name| folder.join(name))).arg(folder);
    let output = node.output().expect("Node.js, which ./dev test installs");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

async fn set_of(id: &str, size: u32, files: &Files) -> masquerade_engine::error::Result<PictureData> {
    pictures::open(id, size, files, 0).await
}

#[test]
fn fashion_mnist_pairs_must_fit() {
    let pictures = Idx { sides: vec![2, 1, 1], values: vec![0, 0], notes: vec![] };
    let labels = |values: &[u8]| Idx { sides: vec![values.len()], values: values.to_vec(), notes: vec![] };
    assert!(why(fashion_mnist::split(&pictures, &labels(&[1]))).contains("2 pictures, 1 labels"));
    assert!(why(fashion_mnist::split(&pictures, &labels(&[1, 10]))).contains("label is 10"));
    assert_eq!(fashion_mnist::split(&pictures, &labels(&[1, 9])).unwrap().labels, [1, 9]);
}

#[test]
fn what_is_there_of_fashion_mnist_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folders(vec![folder.path().to_path_buf()]);
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let open = || ready(set_of("fashion-mnist", 28, &files));
    assert!(matches!(open(), Err(Error::Data { .. })));

    let (pictures, labels) = toy_fashion(2600);
    put("all-pictures.gz", &pictures);
    put("all-labels.gz", &labels);
    cut_subset(folder.path()).unwrap();
    for part in ["all-pictures.gz", "all-labels.gz"] {
        std::fs::remove_file(folder.path().join(part)).unwrap();
    }
    assert!([fashion_mnist::SUBSET.0, fashion_mnist::SUBSET.1].iter().all(|name| folder.path().join(name).is_file()));
    let subset = open().unwrap();
    assert_eq!((subset.report.samples, subset.report.test_samples, subset.channels), (2000, 500, 1));
    for split in [&subset.train, &subset.test] {
        let count = |class: u32| split.labels.iter().filter(|l| **l == class).count();
        assert!((0..10).all(|class| count(class) == split.len() / 10));
        assert!(split.pictures.iter().zip(&split.labels).all(|(p, l)| u32::from(p.pixels[0]) == *l));
    }

    put("t10k-images-idx3-ubyte.gz", &pictures);
    put("t10k-labels-idx1-ubyte.gz", &labels);
    let halves = open().unwrap();
    assert_eq!((halves.report.samples, halves.report.test_samples), (2080, 520));
    assert!(halves.report.source.contains("cut in two"));

    put("train-images-idx3-ubyte.gz", &pictures);
    put("train-labels-idx1-ubyte.gz", &labels);
    let whole = open().unwrap();
    assert_eq!((whole.report.samples, whole.report.test_samples, whole.report.picture), (2600, 2600, (28, 28, 1)));
}

#[test]
fn a_subset_needs_enough_of_every_class() {
    let folder = tempfile::tempdir().unwrap();
    let (pictures, labels) = toy_fashion(2490);
    std::fs::write(folder.path().join("all-pictures.gz"), pictures).unwrap();
    std::fs::write(folder.path().join("all-labels.gz"), labels).unwrap();
    let said = cut_subset(folder.path()).unwrap_err();
    assert!(said.contains("249 pictures"), "{said}");
}

#[test]
fn downloads_are_checked() {
    let list = ready(sets::list(&Files::new())).unwrap();
    let set = list.iter().find(|set| set.id == "fashion-mnist").unwrap();
    assert_eq!(set.files.len(), 4);
    for file in &set.files {
        // Where the original files are installed, their hashes must be these.
        if let Some(content) = ready(Files::new().find(&set.place(file))).unwrap() {
            assert!(file.is_whole(&content), "{}", file.path);
            assert!(!file.is_whole(&content[1..]), "{}", file.path);
        }
    }
}

fn class_folders() -> Vec<NamedBytes> {
    let picture = |v: u8| encode(&one_colour(40, 20, [v, v, v]), ImageFormat::Png);
    (0..12_u8)
        .flat_map(|i| {
            [
                named(&format!("pets/cats/{i:02}.png"), &picture(i)),
                named(&format!("pets/dogs/{i:02}.png"), &picture(100 + i)),
            ]
        })
        .collect()
}

#[test]
fn folders_are_classes_and_every_fifth_picture_is_for_testing() {
    let mut files = class_folders();
    files.push(named("pets/notes.txt", b"loader the cats"));
    let truncated = files[0].bytes[..40].to_vec();
    files.push(named("pets/cats/broken.png", &truncated));
    let stray = files[0].bytes.clone();
    files.push(named("pets/stray.png", &stray));
    let set = user_files::from_files(files, 10).unwrap();
    assert_eq!(set.report.classes, ["cats", "dogs"]);
    assert_eq!((set.report.samples, set.report.test_samples), (20, 4));
    assert_eq!(set.report.picture, (20, 10, 3));
    assert!(set.train.pictures.iter().zip(&set.train.labels).all(|(p, l)| u32::from(p.pixels[0] >= 100) == *l));
    let skipped: Vec<&str> = set.report.skipped.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(skipped, ["pets/cats/broken.png", "pets/notes.txt", "pets/stray.png"]);
}

#[test]
fn the_order_of_the_files_does_not_matter() {
    let mut backwards = class_folders();
    backwards.reverse();
    assert_eq!(user_files::from_files(class_folders(), 16).unwrap(), user_files::from_files(backwards, 16).unwrap());
}

#[test]
fn train_and_test_folders_are_honoured() {
    let png = encode(&one_colour(8, 8, [5; 3]), ImageFormat::Png);
    let names = ["train/a/1.png", "train/a/2.png", "train/b/3.png", "Val/a/4.png", "test/b/5.png"];
    let set = user_files::from_files(names.iter().map(|name| named(name, &png)).collect(), 8).unwrap();
    assert_eq!((set.train.labels, set.test.labels), (vec![0, 0, 1], vec![0, 1]));

    let flat = user_files::from_files(vec![named("1.png", &png), named("2.png", &png)], 8).unwrap();
    assert!(flat.train.labels.is_empty() && flat.test.is_empty() && flat.report.classes.is_empty());
    assert_eq!(flat.train.len(), 2);
}

#[test]
fn no_readable_picture_is_an_error_that_names_a_reason() {
    assert!(why(user_files::from_files(vec![named("a.txt", b"text")], 32)).contains("a.txt"));
    assert!(why(user_files::from_files(Vec::new(), 32)).contains("no file"));
}

#[test]
fn shapes_are_the_same_for_the_same_seed() {
    let same = |a: &PictureData, b: &PictureData| a.train.pictures[..50] == b.train.pictures[..50];
    let (a, b, c) = (shapes::load(28, 3), shapes::load(28, 3), shapes::load(28, 4));
    assert!(same(&a, &b) && !same(&a, &c));
    assert_eq!((a.report.samples, a.report.test_samples, a.report.picture), (4000, 1000, (28, 28, 3)));
    assert_eq!(a.report.classes.len(), 8);
    assert!((0..8).all(|class| a.test.labels.iter().filter(|l| **l == class).count() == 125));
    let varied = |pixels: &[u8]| pixels.iter().max().unwrap() - pixels.iter().min().unwrap() > 40;
    assert!(a.train.pictures.iter().take(80).all(|p| varied(&p.pixels)));
}

#[test]
fn photographs_are_found_in_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folders(vec![folder.path().to_path_buf()]);
    assert!(matches!(ready(set_of("photos", 64, &files)), Err(Error::Data { .. })));
    std::fs::create_dir(folder.path().join("photos")).unwrap();
    for name in ["march-pastoral", "nagasaki-boats"] {
        let jpeg = encode(&one_colour(90, 60, [120, 110, 100]), ImageFormat::Jpeg);
        std::fs::write(folder.path().join(format!("photos/{name}.jpg")), jpeg).unwrap();
    }
    let set = ready(set_of("photos", 64, &files)).unwrap();
    assert_eq!((set.train.len(), set.test.len(), set.report.skipped.len()), (43, 43, 6));
    assert!(set.test.pictures[1..].iter().all(|p| p.width == p.height));
}

#[test]
fn unknown_names_are_refused() {
    let files = Files::in_folders(Vec::new());
    assert!(why(ready(set_of("imagenet", 64, &files))).contains("fashion-mnist"));
    assert!(matches!(ready(set_of("folder", 64, &files)), Err(Error::Request { .. })));
    assert!(matches!(ready(files.find("../secrets")), Err(Error::Request { .. })));
    assert!(matches!(ready(files.read("none.bin")), Err(Error::Data { .. })));
    assert!(matches!(ready(files.stored("none.safetensors", &[])), Err(Error::Checkpoint { .. })));
}

/// IDX files as they lie in a folder: pictures of this size whose first byte is their label.
fn idx_pair(folder: &str, pictures: &str, labels: &str, count: usize, side: usize) -> [NamedBytes; 2] {
    let classes: Vec<u8> = (0..count).map(|i| 3 + 2 * (i % 4) as u8).collect();
    let values = classes.iter().flat_map(|class| [vec![*class], vec![100; side * side - 1]].concat()).collect();
    let file = |name: &str, sides: Vec<usize>, values: Vec<u8>| NamedBytes {
        name: format!("{folder}/{name}"),
        bytes: idx::write(&Idx { sides, values, notes: vec![] }).unwrap(),
    };
    [file(pictures, vec![count, side, side], values), file(labels, vec![count], classes)]
}

#[test]
fn own_pictures_come_out_of_idx_files_whatever_they_are_called() {
    let train = idx_pair("mnist", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", 40, 6);
    let test = idx_pair("mnist", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", 40, 6);
    let readme = NamedBytes { name: "mnist/README.md".into(), bytes: b"hello".to_vec() };
    let files = [test.to_vec(), vec![readme], train.to_vec()].concat();
    let set = user_files::from_files(files, 32).unwrap();
    assert_eq!((set.train.len(), set.test.len(), set.channels), (40, 40, 1));
    assert_eq!(set.report.classes, ["3", "5", "7", "9"]);
    for split in [&set.train, &set.test] {
        for (picture, label) in split.pictures.iter().zip(&split.labels) {
            assert_eq!(u32::from(picture.pixels[0]), 3 + 2 * label);
        }
    }
    assert!(
        set.report.notes.iter().any(|note| note.contains("t10k-images-idx3-ubyte: labels from mnist/t10k-labels")),
        "{:?}",
        set.report.notes
    );
    assert_eq!(set.report.skipped.len(), 1);
    // One pair under other names: every fifth picture of a class is for testing.
    let set = user_files::from_files(idx_pair("letters", "x.bin", "y.bin", 40, 6).to_vec(), 32).unwrap();
    assert_eq!((set.train.len(), set.test.len(), set.report.classes.len()), (32, 8, 4));
    // Labels that do not fit leave the pictures without classes, and are told of.
    let [pictures, _] = idx_pair("letters", "x.bin", "y.bin", 40, 6);
    let [_, labels] = idx_pair("letters", "x.bin", "y.bin", 39, 6);
    let set = user_files::from_files(vec![pictures, labels.clone()], 32).unwrap();
    assert!(set.report.classes.is_empty() && set.report.skipped[0].1.contains("39 labels"), "{:?}", set.report.skipped);
    assert!(why(user_files::from_files(vec![labels], 32)).contains("39 labels"));
}
