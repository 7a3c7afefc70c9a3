//! What files are, by their first and last bytes.

use std::io::Write as _;

use masquerade_formats::sniff::{self, Kind, sniff};
use proptest::prelude::*;

fn name(bytes: &[u8]) -> &'static str {
    sniff(bytes).map_or("nothing", |found| found.name)
}

/// A zip archive of one stored entry for each name.
fn zipped(names: &[&str]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in names {
        assert!(writer.start_file(*name, zip::write::SimpleFileOptions::default()).is_ok());
        assert!(writer.write_all(b"content").is_ok());
    }
    writer.finish().map(std::io::Cursor::into_inner).unwrap_or_default()
}

#[test]
fn what_stands_in_for_a_file_is_told() {
    let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 343234\n";
    let found = sniff(lfs).expect("known");
    assert_eq!((found.name, found.kind), ("Git LFS pointer", Kind::StandIn));
    assert_eq!(found.to_string(), "it is a pointer of Git LFS, not the file (which has 343234 bytes)");
    assert!(found.advice.contains("git lfs pull"));
    assert_eq!(name(b"../../.git/annex/objects/Zf/9q/SHA256E-s3--ab.png\n"), "git-annex pointer");
    for page in
        ["<!DOCTYPE html><html><head><title>Sign\n in</title>", "\u{feff}\n <HTML>", "<?xml version=\"1.0\"?><html>"]
    {
        assert_eq!(name(page.as_bytes()), "HTML", "{page}");
    }
    let titled = sniff(b"<html><head><title>Sign\n in</title></head>").expect("known");
    assert!(titled.what.contains("sign in"), "{}", titled.what);
    assert_eq!(sniff(b"").map(|found| found.kind), Some(Kind::Nothing));
    assert_eq!(sniff(&[0; 100]).map(|found| found.what), Some("a file of 100 zero bytes and nothing else".into()));
    assert_eq!(sniff(b"{\"error\": \"Invalid username or password.\"}").map(|f| f.kind), Some(Kind::StandIn));
    assert_eq!(sniff(b"<?xml?><Error><Code>AccessDenied</Code></Error>").map(|f| f.kind), Some(Kind::StandIn));
    assert_eq!(name(b"\0\x05\x16\x07\0\x02\0\0Mac OS X"), "AppleDouble");
}

#[test]
fn an_index_of_shards_names_its_files() {
    let index = br#"{"metadata": {"total_size": 10}, "weight_map": {
        "a": "model-00002-of-00002.safetensors", "b": "model-00001-of-00002.safetensors", "c": "model-00001-of-00002.safetensors"}}"#;
    let found = sniff(index).expect("known");
    let expected = "the index of 2 files, model-00001-of-00002.safetensors to model-00002-of-00002.safetensors, not the weights themselves";
    assert_eq!(found.what, expected);
    assert_eq!(name(br#"{"architectures": ["ViTMAEForPreTraining"], "hidden_size": 768}"#), "configuration");
    assert_eq!(name(b"[1, 2, 3]"), "JSON");
}

#[test]
fn weights_of_other_programs_are_told_and_how_to_convert_them() {
    let torch = zipped(&["archive/data.pkl", "archive/data/0"]);
    let found = sniff(&torch).expect("known");
    assert_eq!(found.name, "PyTorch");
    assert!(found.advice.contains("torch.load") && found.advice.contains("save_file"), "{}", found.advice);
    assert_eq!(name(b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e"), "PyTorch");
    assert_eq!(name(b"\x80\x02ccollections\nOrderedDict\nq\0)Rq\x01(X\x01\0\0\0actorch._utils\n"), "PyTorch");
    assert_eq!(name(b"\x80\x04\x95\x0c\0\0\0\0\0\0\0]\x94(K\x01e."), "pickle");
    assert_eq!(name(&zipped(&["m/code/__torch__.py", "m/constants.pkl", "m/data.pkl"])), "TorchScript");
    assert_eq!(name(&zipped(&["metadata.json", "config.json", "model.weights.h5"])), "Keras");
    assert_eq!(name(b"\x89HDF\r\n\x1a\n\0\0"), "HDF5");
    assert_eq!(name(b"GGUF\x03\0\0\0"), "GGUF");
    assert_eq!(name(b"\x08\x07\x12\x07pytorch\x1a\x052.1.0"), "ONNX");
    assert_eq!(name(b"\x08\x01\x12\xff\x01\x0a\x05serve"), "SavedModel");
    let mut index = vec![1; 40];
    index.extend(b"\x57\xfb\x80\x8b\x24\x75\x47\xdb");
    assert_eq!(name(&index), "TensorFlow");
}

#[test]
fn safetensors_are_known_whole_and_cut_off() {
    let mut bytes = 24_u64.to_le_bytes().to_vec();
    bytes.extend(b"{\"__metadata__\":{}}     ");
    assert_eq!(sniff(&bytes).map(|f| f.what), Some("a safetensors file".into()));
    bytes.truncate(20);
    assert_eq!(sniff(&bytes).map(|f| f.what), Some("a safetensors file that is cut off in its header".into()));
}

#[test]
fn archives_and_tables_are_told_apart() {
    assert_eq!(name(&zipped(&["cats/1.png"])), "zip");
    assert_eq!(name(&zipped(&["arr_0.npy"])), "npz");
    assert_eq!(name(&zipped(&["[Content_Types].xml", "xl/workbook.xml"])), "xlsx");
    assert_eq!(name(&zipped(&[])), "zip");
    for (bytes, expected) in [
        (&b"\x1f\x8b\x08\0"[..], "gzip"),
        (b"BZh91AY&SY\x01", "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"PAR1\x15\x04\x15", "Parquet"),
        (b"ARROW1\0\0", "Arrow"),
        (b"SQLite format 3\0", "SQLite"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
        (b"\x93NUMPY\x01\0", "npy"),
        (b"MATLAB 5.0 MAT-file, \0\x01IM", "MATLAB"),
    ] {
        assert_eq!(name(bytes), expected);
    }
    let mut tar = vec![b'a'; 300];
    tar[257..262].copy_from_slice(b"ustar");
    tar[100] = 0;
    assert_eq!(name(&tar), "tar");
}

#[test]
fn pictures_films_and_sounds_are_told_apart() {
    for (bytes, expected) in [
        (&b"\x89PNG\r\n\x1a\n\0"[..], "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "WebP"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "WAV"),
        (b"RIFF\x10\0\0\0AVI LIST", "AVI"),
        (b"GIF89a\x01\0", "GIF"),
        (b"BM\x46\0\0\0\0\0\0\0\x36\0", "BMP"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"\0\0\0\x18ftypheic\0\0", "HEIC"),
        (b"\0\0\0\x1cftypavif\0\0", "AVIF"),
        (b"\0\0\0\x18ftypmp42\0\0", "MP4"),
        (b"\0\0\0\x14ftypqt  \0\0", "MP4"),
        (b"\x1a\x45\xdf\xa3\x01", "WebM"),
        (b"fLaC\0\0", "FLAC"),
        (b"ID3\x04\0\0", "MP3"),
        (b"OggS\0\x02", "OGG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?>\n<!-- drawn -->\n<svg/>", "SVG"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"P6\n2 2\n255\n\x01\x02\x03\0\0\0", "PNM"),
    ] {
        assert_eq!(name(bytes), expected);
    }
    let mut dicom = vec![0; 132];
    dicom[128..].copy_from_slice(b"DICM");
    assert_eq!(name(&dicom), "DICOM");
    let mut nifti = vec![1; 348];
    nifti[344..].copy_from_slice(b"n+1\0");
    assert_eq!(name(&nifti), "NIfTI");
}

#[test]
fn shapes_arrays_and_graphs_are_told_apart() {
    for (bytes, expected) in [
        (&b"ply\nformat ascii 1.0\n"[..], "PLY"),
        (b"\xef\xbb\xbfply\r\nformat ascii 1.0\r\n", "PLY"),
        (b"# made by hand\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "OBJ"),
        (b"OFF\n3 1 0\n", "OFF"),
        (b"# .PCD v0.7\nVERSION 0.7\n", "PCD"),
        (b"solid cube\n facet normal 0 0 1\n", "STL"),
        (b"\0\0\x08\x01\0\0\0\x02\x07\x09", "IDX"),
        (b"%%MatrixMarket matrix coordinate\n", "Matrix Market"),
        (b"<?xml version='1.0'?><graphml/>", "GraphML"),
    ] {
        assert_eq!(name(bytes), expected);
    }
    assert!(sniff(b"\0\0\x08\x01\0\0\0\x09\x07\x09").is_some_and(|found| found.what.contains("cut off")));
    let mut stl = vec![b' '; 80];
    stl.extend(2_u32.to_le_bytes());
    stl.extend([1; 100]);
    assert_eq!(name(&stl), "STL");
}

#[test]
fn a_table_is_text_whatever_its_first_column_is_called() {
    for start in
        ["ID3", "PAR1", "ORC", "MZ", "BZh", "off_road", "version", "f", "v", "solid", "P1", "RIFF", "x", "name"]
    {
        assert_eq!(name(format!("{start},b,c\n1,2,3\n").as_bytes()), "text", "{start}");
    }
    assert_eq!(name("größe;länge\n1,5;2\n".as_bytes()), "text");
    assert_eq!(name(b"gr\xf6\xdfe;l\xe4nge of something\n1,5;2\n"), "text", "Latin-1");
    assert_eq!(name(b"\xff\xfea\0,\0"), "UTF-16");
    assert_eq!(sniff(&[1, 2, 3, 0xff, 0xfe]), None);
}

#[test]
fn a_reason_names_another_format_and_keeps_its_own_words_otherwise() {
    assert_eq!(sniff::instead_of(b"GIF89a\x01\0", "PNG", "bad header"), "it is a GIF picture");
    assert_eq!(sniff::instead_of(b"\x89PNG\r\n\x1a\n\0", "PNG", "bad header"), "bad header");
    assert_eq!(sniff::instead_of(&[1, 2, 3, 0xff], "PNG", "bad header"), "bad header");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_bytes_are_too_odd(
        start in prop::sample::select(vec![&b""[..], b"PK\x03\x04", b"\x80\x02", b"{", b"<", b"\0\0\x08\x04", b"\x08\x07\x12", b"RIFF"]),
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let bytes = [start, &rest].concat();
        let found = sniff(&bytes);
        prop_assert!(found.is_none_or(|found| !found.what.is_empty()));
    }
}
