//! NumPy arrays of every element, order and version.

#![allow(clippy::expect_used, clippy::panic)]

use masquerade_formats::npy::{Values, header, read};
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
