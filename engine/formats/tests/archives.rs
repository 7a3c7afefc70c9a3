//! Archives of every kind, in one another, damaged, too large, and with names that lead out.

#![allow(clippy::expect_used, clippy::panic)]

use std::io::{Cursor, Write};

use masquerade_formats::archive::{Limits, Packing, packing, unpack};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;

/// A tar file of `a/x.txt` ("hello") and `a/y.txt` ("1 2 3"), packed by bzip2.
const TAR_BZIP2: &[u8] = &[
    66, 90, 104, 57, 49, 65, 89, 38, 83, 89, 245, 11, 89, 74, 0, 0, 139, 123, 128, 201, 128, 0, 32, 64, 1, 255, 128, 0,
    32, 98, 68, 158, 96, 8, 72, 32, 0, 116, 10, 168, 80, 122, 65, 144, 12, 67, 202, 126, 168, 36, 148, 61, 67, 64, 6,
    128, 3, 238, 74, 130, 67, 118, 0, 46, 116, 144, 139, 95, 131, 2, 1, 137, 96, 229, 2, 16, 192, 50, 175, 107, 95, 87,
    117, 89, 205, 38, 9, 146, 104, 162, 74, 54, 126, 155, 115, 38, 175, 74, 177, 96, 161, 156, 104, 183, 59, 93, 213,
    15, 8, 93, 8, 228, 158, 73, 72, 254, 46, 228, 138, 112, 161, 33, 234, 22, 178, 148,
];

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        assert!(writer.start_file(*name, SimpleFileOptions::default()).is_ok());
        assert!(writer.write_all(bytes).is_ok());
    }
    writer.finish().map(Cursor::into_inner).unwrap_or_default()
}

fn tarred(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        // The builder refuses names that lead out; a file from elsewhere can have them.
        if let Some(header) = header.as_gnu_mut() {
            header.name[..name.len()].copy_from_slice(name.as_bytes());
        }
        header.set_cksum();
        assert!(builder.append(&header, *bytes).is_ok());
    }
    builder.into_inner().unwrap_or_default()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    assert!(encoder.write_all(bytes).is_ok());
    encoder.finish().unwrap_or_default()
}

fn names(files: &[(String, Vec<u8>)]) -> Vec<&str> {
    files.iter().map(|(name, _)| name.as_str()).collect()
}

fn one(name: &str, bytes: Vec<u8>) -> Vec<(String, Vec<u8>)> {
    vec![(name.to_string(), bytes)]
}

#[test]
fn every_packing_gives_its_files() {
    let files: [(&str, &[u8]); 2] = [("a//x.txt", b"hello"), ("a/y.txt", b"1 2 3")];
    let wanted = vec![("s/a/x.txt".to_string(), b"hello".to_vec()), ("s/a/y.txt".to_string(), b"1 2 3".to_vec())];
    let packed = [
        ("s.zip", zipped(&files)),
        ("s.tar", tarred(&files)),
        ("s.tar.gz", gzipped(&tarred(&files))),
        ("s.tar.bz2", TAR_BZIP2.to_vec()),
        // The name says nothing.
        ("s", zipped(&files)),
    ];
    for (name, bytes) in packed {
        let unpacked = unpack(one(name, bytes), &Limits::default());
        assert_eq!((unpacked.files, unpacked.left_out), (wanted.clone(), Vec::new()), "{name}");
    }
}

#[test]
fn one_in_another_and_files_beside() {
    let inner = zipped(&[("data.npy", b"\x93NUMPY")]);
    let outer = zipped(&[("deep/inner.npz", &inner), ("note.txt", b"n"), ("t.csv.gz", &gzipped(b"1,2\n"))]);
    let mut files = one("outer.zip", outer);
    files.push(("plain.csv".into(), b"1,2".to_vec()));
    let unpacked = unpack(files, &Limits::default());
    assert_eq!(names(&unpacked.files), ["outer/deep/inner/data.npy", "outer/note.txt", "outer/t.csv", "plain.csv"]);
    assert_eq!(unpacked.files[2].1, b"1,2\n");
    assert!(unpacked.left_out.is_empty());
}

#[test]
fn too_deep_is_left_out() {
    let mut bytes = zipped(&[("x", b"x")]);
    for _ in 0..6 {
        bytes = zipped(&[("in.zip", &bytes)]);
    }
    let unpacked = unpack(one("a.zip", bytes), &Limits::default());
    assert!(unpacked.files.is_empty());
    assert!(unpacked.left_out[0].why.contains("archives in one another"), "{:?}", unpacked.left_out);
}

#[test]
fn names_that_lead_out_are_refused_and_hidden_files_passed_over() {
    let tar = tarred(&[("../evil", b"1"), ("/etc/passwd", b"2"), ("good", b"3"), (".DS_Store", b"4")]);
    let unpacked = unpack(one("a.tar", tar), &Limits::default());
    assert_eq!(names(&unpacked.files), ["a/good"]);
    let left: Vec<&str> = unpacked.left_out.iter().map(|left| left.what.as_str()).collect();
    assert_eq!(left, ["a.tar: ../evil", "a.tar: /etc/passwd"]);
}

#[test]
fn bombs_end_at_the_limits() {
    let zeros = vec![0_u8; 8 << 20];
    let limits = Limits { bytes: 3 << 20, ..Limits::default() };
    let (zip, gz) = (zipped(&[("small", b"ok"), ("zeros", &zeros)]), gzipped(&zeros));
    for (name, bytes) in [("b.zip", zip), ("b.gz", gz)] {
        let unpacked = unpack(one(name, bytes), &limits);
        assert!(unpacked.files.iter().all(|(_, bytes)| bytes.len() <= 3 << 20));
        assert!(unpacked.left_out[0].why.contains("too much"), "{name}: {:?}", unpacked.left_out);
    }
    // A thousand bytes that claim a few million: more than ten for one are refused beyond the first megabyte.
    let ratio = Limits { ratio: 10, ..Limits::default() };
    let unpacked = unpack(one("b.zip", zipped(&[("zeros", &zeros)])), &ratio);
    assert!(unpacked.files.is_empty() && unpacked.left_out.len() == 1);
    let few = Limits { members: 2, ..Limits::default() };
    let unpacked = unpack(one("m.zip", zipped(&[("1", b"1"), ("2", b"2"), ("3", b"3")])), &few);
    assert_eq!((unpacked.files.len(), unpacked.left_out.len()), (2, 1));
}

#[test]
fn documents_of_other_programs_stay_whole() {
    for name in ["[Content_Types].xml", "archive/data.pkl"] {
        let bytes = zipped(&[(name, b"x"), ("other", b"y")]);
        assert_eq!(packing(&bytes), Packing::None);
        assert_eq!(unpack(one("book.xlsx", bytes.clone()), &Limits::default()).files, one("book.xlsx", bytes));
    }
}

#[test]
fn what_is_whole_of_a_damaged_archive_is_used() {
    let noise: Vec<u8> = (0..4096_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut bytes = gzipped(&tarred(&[("a.txt", b"whole"), ("b.txt", &noise)]));
    bytes.truncate(bytes.len() - 200);
    let unpacked = unpack(one("t.tgz", bytes), &Limits::default());
    assert_eq!(names(&unpacked.files), ["t/a.txt"]);
    assert_eq!(unpacked.left_out[0].what, "t/b.txt", "{:?}", unpacked.left_out);
    let mut zip = zipped(&[("a.txt", b"whole"), ("b.txt", b"also")]);
    // A byte of the first member's content.
    zip[36] ^= 0x55;
    let unpacked = unpack(one("z.zip", zip), &Limits::default());
    assert_eq!(names(&unpacked.files), ["z/b.txt"]);
    assert_eq!(unpacked.left_out[0].what, "z/a.txt");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_archives_end_and_never_panic(
        kind in 0..4_usize, flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut in any::<prop::sample::Index>(), cuts in any::<bool>(),
    ) {
        let files: [(&str, &[u8]); 2] = [("a/x.txt", b"hello hello hello hello"), ("a/y.txt", b"1 2 3")];
        let mut bytes = match kind {
            0 => zipped(&files),
            1 => tarred(&files),
            2 => gzipped(&tarred(&files)),
            _ => TAR_BZIP2.to_vec(),
        };
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        let unpacked = unpack(one("a", bytes), &Limits { bytes: 1 << 20, ..Limits::default() });
        prop_assert!(unpacked.files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() <= 2 << 20);
    }
}
