//! Headers of weights files, and files in parts.

use masquerade_formats::weights::{Header, Named, header, is_checkpoint, is_weights, joined, parts_of};
use proptest::prelude::*;

fn file(header: &str, values: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), values].concat()
}

fn tensor(name: &str, start: usize, end: usize) -> String {
    let shape = (end - start) / 4;
    format!(r#""{name}": {{"dtype": "F32", "shape": [{shape}], "data_offsets": [{start}, {end}]}}"#)
}

fn why(bytes: &[u8]) -> String {
    header(bytes).err().unwrap_or_default()
}

#[test]
fn a_header_tells_what_lies_where() {
    let text = format!(r#"{{"__metadata__": {{"format": "pt"}}, {}, {}}}"#, tensor("b", 8, 12), tensor("a", 0, 8));
    let bytes = file(&text, &[7; 12]);
    let Ok(Header { tensors, metadata }) = header(&bytes) else { unreachable!("{}", why(&bytes)) };
    assert_eq!(metadata.get("format").map(String::as_str), Some("pt"));
    let told: Vec<_> = tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice(), t.at.len())).collect();
    assert_eq!(told, [("a", &[2_usize][..], 8), ("b", &[1][..], 4)]);
    assert_eq!(tensors[1].at.end, bytes.len());
    assert!(is_weights(&bytes) && !is_checkpoint(&bytes));
    let whole = file(r#"{"__metadata__": {"session": "{}", "optimiser_steps": "{}"}}"#, &[]);
    assert!(is_checkpoint(&whole), "{}", why(&whole));
}

#[test]
fn what_is_wrong_with_a_file_is_said_in_words() {
    let one = |entry: &str, values: usize| why(&file(&format!("{{{entry}}}"), &vec![1; values]));
    for (told, word) in [
        (why(b""), "an empty file"),
        (why(&[0; 64]), "zero bytes"),
        (why(b"abc"), "3 bytes"),
        (why(&file(&format!("{{{}}}", tensor("a", 0, 8)), &[1; 8])[..30]), "cut off"),
        (why(&[&u64::MAX.to_le_bytes()[..], &[b'{'; 40]].concat()), "would have 18446744073709551615 bytes"),
        (one(&tensor("a", 0, 8), 4), "a end at byte 8, and the file has 4"),
        (one(&format!("{}, {}", tensor("a", 0, 8), tensor("b", 4, 12)), 12), "a and b overlap"),
        (one(&format!("{}, {}", tensor("a", 0, 4), tensor("a", 4, 8)), 8), "a stands in it twice"),
        (one(r#""a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}"#, 8), "8 bytes for a shape of [3] in F32"),
        (one(r#""a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}"#, 8), "end before they begin"),
        (one(r#""a": {"dtype": "F32", "shape": [18446744073709551615, 8], "data_offsets": [0, 8]}"#, 8), "shape of"),
        (one(r#""a": {"dtype": "F32"}"#, 8), "not told whole"),
        (one("oops", 8), "damaged"),
        (why(b"version https://git-lfs.github.com/spec/v1\nsize 9\n"), "Git LFS"),
        (why(b"x,y\n1,2\n3,4\n"), "it is text, not a weights file"),
        (why(b"\x89PNG\r\n\x1a\n\0\0"), "a PNG picture"),
    ] {
        assert!(told.contains(word), "{word:?} is not in {told:?}");
    }
}

fn named(name: &str, bytes: Vec<u8>) -> Named {
    Named { name: name.into(), bytes }
}

#[test]
fn parts_are_put_together_whoever_names_them() {
    let part = |name: &str, value: u8| file(&format!("{{{}}}", tensor(name, 0, 4)), &[value; 4]);
    let (one, two) = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
    assert_eq!(parts_of(one, &part("a", 1)), [one, two]);
    assert!(parts_of("model.safetensors", &part("a", 1)).is_empty());
    let index = format!(r#"{{"weight_map": {{"a": "{one}", "b": "{two}"}}}}"#).into_bytes();
    assert_eq!(parts_of("model.safetensors.index.json", &index), [one, two]);
    for with_index in [true, false] {
        let mut files = vec![named(two, part("b", 2)), named(one, part("a", 1)), named("x.safetensors", part("c", 3))];
        if with_index {
            files.push(named("model.safetensors.index.json", index.clone()));
        }
        let found = joined(files);
        let names: Vec<&str> = found.iter().flatten().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["model.safetensors", "x.safetensors"], "{found:?}");
        let Some(Ok(whole)) = found.first() else { unreachable!() };
        let Ok(told) = header(&whole.bytes) else { unreachable!("{}", why(&whole.bytes)) };
        let values: Vec<_> =
            told.tensors.iter().map(|t| (t.name.as_str(), whole.bytes[t.at.clone()].to_vec())).collect();
        assert_eq!(values, [("a", vec![1; 4]), ("b", vec![2; 4])]);
    }
    let missing = joined(vec![named(one, part("a", 1))]);
    assert!(matches!(&missing[..], [Err((name, why))] if name == one && why.contains(two)), "{missing:?}");
    let twice = joined(vec![named(one, part("a", 1)), named(two, part("a", 2))]);
    assert!(matches!(&twice[..], [Err((_, why))] if why.contains("a stands in two")), "{twice:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_header_is_too_odd(
        text in "[{}\\[\\]\":,a0-9.FU ]{0,80}",
        rest in prop::collection::vec(any::<u8>(), 0..60),
        cut in 0_usize..200,
    ) {
        let mut bytes = file(&text, &rest);
        bytes.truncate(cut);
        if let Ok(found) = header(&bytes) {
            prop_assert!(found.tensors.iter().all(|tensor| tensor.at.end <= bytes.len()));
        }
    }

    #[test]
    fn any_places_are_within_the_file_or_refused(places in prop::collection::vec((0_usize..40, 0_usize..40), 0..5)) {
        let entry = |(i, (a, b)): (usize, &(usize, usize))| {
            format!(r#""t{i}": {{"dtype": "U8", "shape": [{}], "data_offsets": [{a}, {b}]}}"#, b.saturating_sub(*a))
        };
        let entries: Vec<String> = places.iter().enumerate().map(entry).collect();
        let bytes = file(&format!("{{{}}}", entries.join(",")), &[1; 20]);
        if let Ok(found) = header(&bytes) {
            prop_assert!(found.tensors.iter().all(|tensor| tensor.at.end <= bytes.len()));
            prop_assert!(found.tensors.windows(2).all(|pair| pair[0].at.end <= pair[1].at.start));
        }
    }
}
