//! IDX files: all types of values, packed or not, and what is wrong with broken ones.

#![allow(clippy::expect_used)]

use masquerade_formats::idx::{self, Idx};
use proptest::prelude::*;

fn raw(code: u8, sides: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, sides.len() as u8];
    bytes.extend(sides.iter().flat_map(|side| side.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn why(bytes: &[u8]) -> String {
    idx::read(bytes).expect_err("an error")
}

#[test]
fn values_of_all_types_become_bytes_where_they_fit() {
    let wanted = Idx { sides: vec![2, 3], values: vec![0, 1, 2, 3, 4, 255], notes: vec![] };
    assert_eq!(idx::read(&raw(8, &[2, 3], &wanted.values)), Ok(wanted.clone()));
    assert_eq!(idx::read(&idx::write(&wanted).expect("bytes")), Ok(wanted.clone()));
    let of = |code: u8, bytes: Vec<u8>| idx::read(&raw(code, &[2, 3], &bytes)).expect("values");
    let all = || wanted.values.iter();
    for (code, bytes, word) in [
        (0x0B, all().flat_map(|v| i16::from(*v).to_be_bytes()).collect::<Vec<u8>>(), "16-bit integers"),
        (0x0C, all().flat_map(|v| i32::from(*v).to_be_bytes()).collect(), "32-bit integers"),
        (0x0D, all().flat_map(|v| f32::from(*v).to_be_bytes()).collect(), "32-bit floats"),
        (0x0E, all().flat_map(|v| f64::from(*v).to_be_bytes()).collect(), "64-bit floats"),
    ] {
        let read = of(code, bytes);
        assert_eq!((&read.values, &read.sides), (&wanted.values, &wanted.sides), "{word}");
        assert!(read.notes.len() == 1 && read.notes[0].contains(word), "{:?}", read.notes);
    }
    let fractions = of(0x0D, [0.0_f32, 0.5, 1.0, 0.25, 0.1, 0.9].iter().flat_map(|v| v.to_be_bytes()).collect());
    assert_eq!(fractions.values, [0, 128, 255, 64, 26, 229]);
    assert!(why(&raw(0x09, &[2], &[1, 0xFF])).contains("signed bytes go from -1 to 1"));
    assert!(why(&raw(0x0D, &[1], &f32::NAN.to_be_bytes())).contains("32-bit floats"));
}

#[test]
fn errors_say_what_is_wrong() {
    let good = raw(8, &[4], &[1, 2, 3, 4]);
    assert!(idx::is_idx(&good) && !idx::is_idx(b"<!doctype html>") && !idx::is_idx(&raw(7, &[1], &[1])));
    let packed = idx::write(&Idx {
        sides: vec![4000],
        values: (0..4000_u32).map(|v| (v * v / 7) as u8).collect(),
        notes: vec![],
    })
    .expect("bytes");
    assert!(idx::is_idx(&packed));
    for (bytes, word) in [
        (&good[..2], "before its header"),
        (&good[..6], "in its header"),
        (&good[..10], "cut short: 2 of 4 values (bytes)"),
        (&[&good[..], &[9]].concat(), "more in it"),
        (&raw(8, &[u32::MAX; 3], &[]), "too many"),
        (&raw(8, &[200_000_000], &[1]), "1 of 200000000"),
        (&raw(3, &[1], &[1]), "3 is no type"),
        (&packed[..packed.len() / 2], "cut short"),
        (b"<!doctype html>", "starts with"),
        (b"", "before its header"),
    ] {
        assert!(why(bytes).contains(word), "{word}: {}", why(bytes));
    }
    assert!(idx::write(&Idx { sides: vec![3], values: vec![1], notes: vec![] }).is_err());
}

proptest! {
    #[test]
    fn what_was_written_is_read(values in prop::collection::vec(any::<u8>(), 1..300), rank in 1..4_usize) {
        let mut sides = vec![1; rank];
        sides[0] = values.len();
        let idx = Idx { sides, values, notes: vec![] };
        prop_assert_eq!(idx::read(&idx::write(&idx).expect("bytes")), Ok(idx));
    }

    #[test]
    fn garbage_is_refused(code in 0..16_u8, sides in prop::collection::vec(0..9_u32, 0..5), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = idx::read(&bytes);
        let _ = idx::read(&[&[0x1F, 0x8B, 8, 0][..], &bytes].concat());
        if let Ok(idx) = idx::read(&raw(code, &sides, &bytes)) {
            prop_assert_eq!(idx.values.len(), idx.sides.iter().product::<usize>());
        }
    }
}
