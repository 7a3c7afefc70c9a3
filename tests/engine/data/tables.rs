//! The user's own tables as data sets: scaled, split, several files together, all of it told.

use masquerade_engine::data::vectors::{self, VectorData};
use masquerade_engine::session::{Column, NamedBytes, Reading};

use super::named;

fn try_read(files: &[(&str, &str)], reading: &Reading) -> masquerade_engine::error::Result<VectorData> {
    let files: Vec<NamedBytes> = files.iter().map(|(name, text)| named(name, text.as_bytes())).collect();
    vectors::from_files(files, reading)
}

#[track_caller]
fn read(files: &[(&str, &str)]) -> VectorData {
    try_read(files, &Reading::default()).expect("a table")
}

/// Rows of two numbers and a class, with a header.
fn rows(from: usize, count: usize) -> String {
    let row = |i: usize| format!("{}.5,{}.25,{}\n", i * i % 17, 3 * i % 11, ["red", "blue"][i % 2]);
    "a,b,kind\n".to_string() + &(from..from + count).map(row).collect::<String>()
}

/// Standard deviation of a column over both halves.
fn deviation(data: &VectorData, column: usize) -> f64 {
    let all = data.train.iter().chain(&data.test).skip(column).step_by(data.dims).map(|v| f64::from(*v));
    let values: Vec<f64> = all.collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

#[test]
fn a_constant_column_is_nought_and_far_or_large_ones_are_scaled_alike() {
    for (unit, far) in [(1.0, 0.0), (1e300, 0.0), (1e-300, 0.0), (0.25, 4.6e6)] {
        let lines: String =
            (0..20).map(|i| format!("{}.5,0.1,{:e}\n", (i * 7) % 20, far + unit * f64::from(i * i % 13))).collect();
        let data = read(&[("t.csv", &lines)]);
        assert_eq!(data.dims, 3);
        assert!(data.train.iter().all(|v| v.is_finite()) && data.train.iter().skip(1).step_by(3).all(|v| *v == 0.0));
        assert!((deviation(&data, 2) - 1.0 / 3.0).abs() < 1e-6, "{unit}");
        assert_eq!(data.report.columns[1].kind, "constant");
    }
}

#[test]
fn files_with_the_same_columns_are_one_table() {
    let (a, b, other) = (rows(0, 12), rows(12, 8), "x,y\n1.5,2.5\n2.5,3\n");
    let data = read(&[("a.csv", &a), ("b.csv", &b), ("c.csv", other), ("d.png", "\0\u{1}")]);
    let whole = read(&[("all.csv", &rows(0, 20))]);
    assert_eq!((&data.train, &data.test, &data.train_labels), (&whole.train, &whole.test, &whole.train_labels));
    let skipped: Vec<&str> = data.report.skipped.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(skipped, ["d.png", "c.csv"]);
    let unlabelled = read(&[("train.csv", &a), ("test.csv", "a,b\n1.5,2.25\n0.5,3.25\n")]);
    assert_eq!(unlabelled.report.skipped, [("test.csv".into(), "it has no classes, as train.csv has".into())]);
    // Names may say which half is which.
    let data = read(&[("train.csv", &a), ("test.csv", &b)]);
    assert_eq!((data.train.len(), data.test.len(), data.test_labels.len()), (24, 16, 8));
    assert!(data.report.notes.iter().any(|note| note.starts_with("test.csv is tested on")), "{:?}", data.report.notes);
}

#[test]
fn what_was_read_is_told_and_can_be_said() {
    let data = read(&[("a.csv", &rows(0, 20))]);
    let kinds: Vec<&str> = data.report.columns.iter().map(|column| column.kind.as_str()).collect();
    assert_eq!(kinds, ["number", "number", "class"]);
    assert_eq!(
        (data.report.preview[0].join(" "), data.report.preview[1].join(" ")),
        ("a b kind".into(), "0.5 0.25 red".into())
    );
    assert_eq!(data.report.classes, ["blue", "red"]);
    let said = Reading { label: Some(Column::Named("b".into())), ..Reading::default() };
    assert_eq!(try_read(&[("a.csv", &rows(0, 40))], &said).expect("a table").report.classes.len(), 11);
    let said = Reading { label: Some(Column::Named("colour".into())), ..Reading::default() };
    let why = try_read(&[("a.csv", &rows(0, 20))], &said).expect_err("no such column").report().why;
    assert!(why.contains("colour") && why.contains("a, b, kind"), "{why}");
}

#[test]
fn examples_and_their_twins_are_the_same_sets() {
    let cases = masquerade_tests::real_data().map(|data| data.join("../cases")).filter(|cases| cases.exists());
    let Some(cases) = cases else { return };
    for (folder, files) in [
        ("table", &["plain.csv", "semicolon.csv", "no_header.csv", "bom_crlf.csv"][..]),
        ("table_label_first", &["last.csv", "first.csv"]),
        ("table_quoted", &["plain.csv", "quoted.csv"]),
        ("table_numbered", &["plain.csv", "header.csv", "index.csv", "label.csv"]),
    ] {
        let sets: Vec<VectorData> = files
            .iter()
            .map(|file| named(file, &std::fs::read(cases.join(folder).join(file)).expect("a file")))
            .map(|file| vectors::from_files(vec![file], &Reading::default()).expect("a table"))
            .collect();
        for set in &sets {
            assert_eq!((&set.train, &set.test), (&sets[0].train, &sets[0].test), "{folder}: {:?}", set.report.notes);
        }
    }
}
