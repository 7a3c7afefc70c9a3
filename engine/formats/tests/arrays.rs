//! NumPy arrays of every element, order and version.

#![allow(clippy::expect_used, clippy::panic)]

use masquerade_formats::clouds;
use masquerade_formats::npy::{Values, header, read};
use masquerade_formats::reading::{Column, Reading};
use masquerade_formats::sheet::{Kind, Sheet, arrays};
use proptest::prelude::*;

/// An array file of this version, type, order and shape.
fn file(version: u8, descr: &str, fortran: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
    let text = format!("{text:<117}\n");
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    match version {
        1 => bytes.extend((text.len() as u16).to_le_bytes()),
        _ => bytes.extend((text.len() as u32).to_le_bytes()),
    }
    bytes.extend(text.as_bytes());
    bytes.extend(values);
    bytes
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    match read(bytes).map(|array| array.values) {
        Ok(Values::Numbers(numbers)) => numbers,
        _ => Vec::new(),
    }
}

#[test]
fn every_number_is_read() {
    let cases: [(&str, Vec<u8>, Vec<f64>); 11] = [
        ("|b1", vec![0, 1], vec![0.0, 1.0]),
        ("|i1", vec![0xFF, 3], vec![-1.0, 3.0]),
        ("|u1", vec![0xFF, 3], vec![255.0, 3.0]),
        ("<i2", [(-2_i16).to_le_bytes(), 300_i16.to_le_bytes()].concat(), vec![-2.0, 300.0]),
        (">i4", [(-2_i32).to_be_bytes(), 70_000_i32.to_be_bytes()].concat(), vec![-2.0, 70_000.0]),
        ("<i8", [(-2_i64).to_le_bytes(), (1_i64 << 40).to_le_bytes()].concat(), vec![-2.0, (1_u64 << 40) as f64]),
        ("<u4", [u32::MAX.to_le_bytes(), 0_u32.to_le_bytes()].concat(), vec![f64::from(u32::MAX), 0.0]),
        ("<f2", vec![0x00, 0x3C, 0x00, 0xC1], vec![1.0, -2.5]),
        ("<f4", [1.5_f32.to_le_bytes(), (-0.25_f32).to_le_bytes()].concat(), vec![1.5, -0.25]),
        (">f8", [1.5_f64.to_be_bytes(), 1e300_f64.to_be_bytes()].concat(), vec![1.5, 1e300]),
        ("<f8", [0.1_f64.to_le_bytes(), (-1e-9_f64).to_le_bytes()].concat(), vec![0.1, -1e-9]),
    ];
    for (descr, bytes, wanted) in cases {
        for version in 1..=3 {
            assert_eq!(numbers(&file(version, descr, "False", "(2,)", &bytes)), wanted, "{descr}");
        }
    }
}

#[test]
fn columns_first_is_turned_and_words_are_read() {
    let array = file(1, "|u1", "True", "(2, 3)", &[1, 4, 2, 5, 3, 6]);
    assert_eq!(numbers(&array), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(read(&array).expect("an array").shape, [2, 3]);
    let letters = |text: &str| text.chars().flat_map(|c| (c as u32).to_le_bytes()).collect::<Vec<u8>>();
    let words = file(1, "<U3", "False", "(2,)", &[letters("Tür"), letters("a\0\0")].concat());
    assert_eq!(read(&words).expect("words").values, Values::Words(vec!["Tür".into(), "a".into()]));
    let bytes = file(1, "|S2", "False", "(2,)", b"abc\0");
    assert_eq!(read(&bytes).expect("words").values, Values::Words(vec!["ab".into(), "c".into()]));
    assert_eq!(numbers(&file(2, "<f4", "False", "()", &2.0_f32.to_le_bytes())), [2.0]);
}

#[test]
fn what_cannot_be_read_says_why() {
    let why = |bytes: &[u8]| read(bytes).expect_err("no array");
    assert!(why(&file(1, "|O", "False", "(2,)", b"\x80")).contains("Python objects"));
    assert!(why(&file(1, "<c8", "False", "(2,)", &[0; 16])).contains("complex"));
    assert!(why(&file(1, "<f8", "False", "(3,)", &[0; 16])).contains("cut short"));
    assert!(why(&file(1, "<f8", "False", "(1000000000000,)", &[0; 16])).contains("cut short"));
    assert!(why(&file(1, "<f8", "False", "(99999999999999, 99999999999999)", &[])).contains("cut short"));
    assert!(why(b"PK\x03\x04").contains("too short"));
    assert!(why(b"<!DOCTYPE html>").contains("no NumPy array"));
    let named = b"\x93NUMPY\x01\x00\x40\x00{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (1,)}   \n";
    assert!(why(named).contains("named fields"));
}

proptest! {
    #[test]
    fn damaged_arrays_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..40), flips in prop::collection::vec((0_usize..160, any::<u8>()), 0..6)) {
        let mut whole = file(1, "<f4", "False", "(2, 3)", &[0; 24]);
        for (at, value) in flips {
            let at = at % whole.len();
            whole[at] = value;
        }
        let _ = read(&whole);
        bytes.splice(0..0, *b"\x93NUMPY\x02\x00");
        let _ = (read(&bytes), header(&mut bytes.as_slice()));
    }
}

/// An array of real numbers.
fn reals(shape: &str, values: &[f64]) -> Vec<u8> {
    file(1, "<f8", "False", shape, &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
}

fn words(all: &[&str]) -> Vec<u8> {
    let letters = |word: &&str| {
        let mut letters: Vec<u32> = word.chars().map(u32::from).collect();
        letters.resize(8, 0);
        letters.into_iter().flat_map(u32::to_le_bytes).collect::<Vec<u8>>()
    };
    file(1, "<U8", "False", &format!("({},)", all.len()), &all.iter().flat_map(letters).collect::<Vec<u8>>())
}

fn tables(files: &[(&str, Vec<u8>)], reading: &Reading) -> (Vec<(String, Sheet)>, Vec<String>) {
    let given: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    let (sheets, left_out) = arrays::read(&given, reading);
    (sheets, left_out.into_iter().map(|left| format!("{}: {}", left.what, left.why)).collect())
}

#[test]
fn samples_and_classes_are_told_by_name_and_size() {
    let x = [1.0, 2.0, 3.0, f64::NAN, 5.0, 6.0, 7.0, 2.0];
    let whole = Reading::default();
    let (sheets, left_out) = tables(
        &[
            ("a.npz/X.npy", reals("(4, 2)", &x)),
            ("a.npz/y.npy", reals("(4,)", &[0.0, 1.0, 1.0, 0.0])),
            ("a.npz/target_names.npy", words(&["cat", "dog"])),
            ("a.npz/feature_names.npy", words(&["long", "wide"])),
        ],
        &whole,
    );
    let [(name, sheet)] = &sheets[..] else { panic!("{left_out:?}") };
    assert_eq!((name.as_str(), left_out.len(), sheet.rows()), ("a.npz/X.npy", 0, 3));
    assert_eq!((&sheet.classes[..], &sheet.labels[..]), (&["cat".to_string(), "dog".into()][..], &[0, 1, 0][..]));
    assert_eq!((sheet.feature_names(), &sheet.values[..]), (vec!["long", "wide"], &[1.0, 2.0, 5.0, 6.0, 7.0, 2.0][..]));
    assert_eq!((sheet.left_out[0].what.as_str(), sheet.columns[2].kind), ("1 of 4 rows (2)", Kind::Class));
    // Halves by name, classes as rows of one 1; what is no class, and what fits nothing, is named.
    let (sheets, left_out) = tables(
        &[
            ("X_train.npy", reals("(2, 2, 1)", &x[4..])),
            ("X_test.npy", reals("(1, 2)", &x[..2])),
            ("y_train.npy", reals("(2, 3)", &[0.0, 0.0, 1.0, 1.0, 0.0, 0.0])),
            ("y_test.npy", reals("(1,)", &[0.5])),
            ("labels_other.npy", reals("(9,)", &[0.0; 9])),
        ],
        &whole,
    );
    let classes: Vec<_> = sheets.iter().map(|(name, sheet)| (name.as_str(), sheet.classes.concat())).collect();
    assert_eq!(classes, [("X_train.npy", "02".to_string()), ("X_test.npy", String::new())]);
    assert!(left_out.len() == 2 && left_out[0].starts_with("y_test.npy: 0.5 is in it"), "{left_out:?}");
    // The array of classes can be said, and that there is none.
    let files = [("x.npy", reals("(2, 1)", &[1.0, 2.0])), ("z.npy", reals("(2,)", &[3.0, 4.0]))];
    let said = |label| tables(&files, &Reading { label: Some(label), ..Reading::default() }).0;
    assert_eq!(said(Column::Named("Z".into()))[0].1.classes, ["3", "4"]);
    assert!(said(Column::None).iter().all(|(_, sheet)| sheet.classes.is_empty()));
    assert!(tables(&[("x.npy", reals("()", &[1.0]))], &whole).1[0].contains("no row"));
}

#[test]
fn clouds_come_alone_and_many_together() {
    let points = |clouds: usize, width: usize| -> Vec<f64> {
        (0..clouds * 70 * width).map(|i| (i as f64 * 0.37).sin() * (i % 7) as f64).collect()
    };
    let alone = clouds::read(&reals("(70, 4)", &points(1, 4)), &Reading::default()).expect("a cloud");
    assert_eq!((alone.vertices.len(), alone.vertices[1][0]), (70, points(1, 4)[4]));
    let files = [
        ("set/x_train.npy", reals("(2, 70, 3)", &points(2, 3))),
        ("set/y_train.npy", reals("(2,)", &[4.0, 1.0])),
        ("set/x_test.npy", reals("(1, 70, 3)", &points(1, 3))),
        ("set/flat.npy", reals("(6, 2)", &points(1, 3)[..12])),
    ];
    let given: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    let (found, left_out) = clouds::of_arrays(&given, &Reading::default());
    let names: Vec<(&str, bool)> = found.iter().map(|(name, cloud)| (name.as_str(), cloud.is_ok())).collect();
    let expected = [
        ("train/4/set x_train.npy 1", true),
        ("train/1/set x_train.npy 2", true),
        ("test/set x_test.npy 1", true),
        ("set/flat.npy", false),
    ];
    assert_eq!((names, left_out.len()), (expected.to_vec(), 0));
    assert!(clouds::read(&files[0].1, &Reading::default()).is_err_and(|why| why.contains("2 clouds")));
}
