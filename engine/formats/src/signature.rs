//! What a file is, by its first bytes: for saying why it is not what it was taken for.

/// First bytes of a format, and what it is in words.
const SIGNATURES: [(&[u8], &str); 24] = [
    (b"\x89PNG", "a PNG picture"),
    (b"\xFF\xD8\xFF", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"\xD0\xCF\x11\xE0", "an old Excel or Office file: save it as CSV"),
    (b"PAR1", "a Parquet file: save it as CSV"),
    (b"ARROW1", "an Arrow file: save it as CSV"),
    (b"FEA1", "a Feather file: save it as CSV"),
    (b"\x89HDF", "an HDF5 file"),
    (b"MATLAB 5.0", "a MATLAB file"),
    (b"SQLite format 3", "an SQLite data base"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"RDX2", "an R file: save it as CSV"),
    (b"RDX3", "an R file: save it as CSV"),
    (b"\x1F\x8B", "a gzip archive: unpack it"),
    (b"BZh", "a bzip2 archive: unpack it"),
    (b"\xFD7zXZ", "an xz archive: unpack it"),
    (b"\x28\xB5\x2F\xFD", "a Zstandard archive: unpack it"),
    (b"7z\xBC\xAF", "a 7-Zip archive: unpack it"),
    (b"Rar!", "a RAR archive: unpack it"),
    (b"\x7FELF", "a program"),
    (b"MZ", "a program"),
    (b"RIFF", "a sound, a film or a WebP picture"),
];

/// What the bytes are in words ("a PNG picture"), where their beginning tells it; `None`: it does not.
pub fn what(bytes: &[u8]) -> Option<&'static str> {
    let known = SIGNATURES.iter().find(|(first, _)| bytes.starts_with(first)).map(|(_, what)| *what);
    known.or_else(|| zip(bytes)).or_else(|| pickle(bytes)).or_else(|| in_place_of_a_file(bytes))
}

/// Text that stands where another file was meant to be: a Git LFS pointer, a page of the web.
pub fn in_place_of_a_file(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"version https://git-lfs") {
        return Some("a Git LFS pointer: the file itself was not downloaded (run `git lfs pull`)");
    }
    if bytes.starts_with(b"%PDF-") {
        return Some("a PDF document");
    }
    markup(bytes)
}

/// A zip file, and which of the formats that are zip files inside.
fn zip(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.get(..bytes.len().min(4096))?;
    let names = |part: &[u8]| start.windows(part.len()).any(|window| window == part);
    match start.starts_with(b"PK\x03\x04") {
        true if names(b"xl/") => Some("an Excel workbook: save it as CSV"),
        true if names(b"opendocument") => Some("an OpenDocument file: save it as CSV"),
        true if names(b"data.pkl") => Some("a PyTorch file"),
        true if names(b".npy") => Some("a NumPy archive"),
        true => Some("a zip archive: unpack it"),
        false => None,
    }
}

/// A Python pickle of protocol 2 to 5.
fn pickle(bytes: &[u8]) -> Option<&'static str> {
    matches!(bytes, [0x80, 2..=5, ..]).then_some("a Python pickle")
}

/// A page of the web, as a download that went wrong leaves it.
fn markup(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.get(..bytes.len().min(512)).unwrap_or_default().to_ascii_lowercase();
    let start = start.trim_ascii_start();
    let page = start.starts_with(b"<!doctype html") || start.starts_with(b"<html");
    page.then_some("a web page: a download went wrong or asked for a login")
}

#[cfg(test)]
mod tests {
    use super::what;

    #[test]
    fn first_bytes_tell_what_a_file_is() {
        let cases: [(&[u8], &str); 7] = [
            (b"\x89PNG\r\n\x1a\n", "PNG"),
            (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
            (b"  <!DOCTYPE HTML><html>", "web page"),
            (b"PK\x03\x04....xl/workbook.xml", "Excel"),
            (b"PK\x03\x04....a.txt", "zip"),
            (b"\x80\x04\x95", "pickle"),
            (b"\x1F\x8B\x08", "gzip"),
        ];
        for (bytes, word) in cases {
            assert!(what(bytes).is_some_and(|said| said.contains(word)), "{word}: {:?}", what(bytes));
        }
        assert_eq!((what(b"a,b\n1,2\n"), what(b"")), (None, None));
    }
}
