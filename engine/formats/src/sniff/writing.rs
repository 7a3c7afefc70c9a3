//! Formats that are written in words: pages, pointers, indices, meshes, graphs, tables.

use super::signatures::{AS_CSV, AS_PNG};
use super::{Found, Kind, WINDOW};

const OBJ_WORDS: [&str; 10] = ["v", "vn", "vt", "vp", "f", "l", "o", "g", "mtllib", "usemtl"];
/// Lines of a text that are looked at.
const LINES: usize = 64;

/// What a file of words is; `None` where it is none.
pub(super) fn found(bytes: &[u8]) -> Option<Found> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Some(Found::new("UTF-16", Kind::Text, "text in UTF-16", "Save it in UTF-8"));
    }
    let marked = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(&marked[..marked.len().min(WINDOW)]);
    let text = text.trim_start();
    let low = text.to_ascii_lowercase();
    by_first_words(text, &low, bytes.len()).or_else(|| plain(bytes, text))
}

fn by_first_words(text: &str, low: &str, length: usize) -> Option<Found> {
    let starts = |words: &[&str]| words.iter().any(|start| low.starts_with(start));
    if let Some(found) = pointer(text, low, length) {
        return Some(found);
    }
    if starts(&["<?xml", "<svg", "<!--", "<graphml", "<gexf", "<vtkfile"]) {
        return Some(marked_up(low));
    }
    if starts(&["<!doctype html", "<html", "<head", "<body", "<script"]) {
        return Some(page(low));
    }
    if starts(&["{", "["]) {
        return json(text);
    }
    let shape = |name, what: &str| Some(Found::new(name, Kind::Shape, what, ""));
    let graph = |name, what: &str| {
        let advice = "Write its edges as CSV, two names of nodes a line";
        Some(Found::new(name, Kind::Graph, what, advice))
    };
    let first = low.lines().next().unwrap_or("").trim();
    if first == "ply" {
        return shape("PLY", "a PLY mesh or cloud of points");
    }
    if ["off", "coff", "noff", "stoff", "cnoff"].iter().any(|word| first.split(' ').next() == Some(word)) {
        return shape("OFF", "an OFF mesh");
    }
    if starts(&["# .pcd", "version .7", "version 0.7"]) {
        return shape("PCD", "a PCD cloud of points");
    }
    if starts(&["solid"]) && low.contains("facet") {
        return shape("STL", "an STL mesh in words");
    }
    if starts(&["iso-10303-21"]) {
        return Some(Found::new("STEP", Kind::Shape, "a STEP model", "Export it as OBJ, STL or PLY"));
    }
    if starts(&["%%matrixmarket"]) {
        return graph("Matrix Market", "a Matrix Market matrix");
    }
    if starts(&["*vertices", "*network"]) {
        return graph("Pajek", "a Pajek graph");
    }
    if starts(&["graph [", "graph\n[", "creator \""]) {
        return graph("GML", "a GML graph");
    }
    if starts(&["@relation", "% 1. title"]) {
        return Some(Found::new("ARFF", Kind::Table, "an ARFF table of Weka", AS_CSV));
    }
    if starts(&["%pdf"]) {
        return Some(Found::new("PDF", Kind::Text, "a PDF document", "Save its pictures as PNG or its tables as CSV"));
    }
    if starts(&["%!ps"]) {
        return Some(Found::new("PostScript", Kind::Text, "a PostScript document", AS_PNG));
    }
    if starts(&["#?radiance", "#?rgbe"]) {
        return Some(Found::new("HDR", Kind::Picture, "a Radiance HDR picture", AS_PNG));
    }
    None
}

/// What stands where a file should be.
fn pointer(text: &str, low: &str, length: usize) -> Option<Found> {
    if low.starts_with("version https://git-lfs.github.com/spec/") {
        let size = text.lines().find_map(|line| line.strip_prefix("size "));
        let size = size.map(|size| format!(" (which has {} bytes)", size.trim())).unwrap_or_default();
        let what = format!("a pointer of Git LFS, not the file{size}");
        let advice = "Run `git lfs pull` in its folder, or download the file itself";
        return Some(Found::new("Git LFS pointer", Kind::StandIn, what, advice));
    }
    let annexed = length < 4096 && text.contains("/annex/objects/");
    annexed.then(|| {
        let what = "a pointer of git-annex, not the file";
        Found::new("git-annex pointer", Kind::StandIn, what, "Run `git annex get` on it")
    })
}

fn page(low: &str) -> Found {
    let titled = low.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
    let title = titled.map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "));
    let title = title.filter(|title| !title.is_empty() && title.len() < 100);
    let titled = title.map(|title| format!(" (titled “{title}”)")).unwrap_or_default();
    let what = format!("a web page (HTML){titled}, not the file");
    let advice = "A download that needs a login or a click gives such a page: download it in a browser where you are logged in, by the link to the file itself";
    Found::new("HTML", Kind::StandIn, what, advice)
}

fn marked_up(low: &str) -> Found {
    if low.contains("<svg") {
        Found::new("SVG", Kind::Picture, "an SVG drawing", AS_PNG)
    } else if low.contains("<graphml") || low.contains("<gexf") {
        let advice = "Write its edges as CSV, two names of nodes a line";
        Found::new("GraphML", Kind::Graph, "a graph in XML (GraphML, GEXF)", advice)
    } else if low.contains("<vtkfile") {
        Found::new("VTK", Kind::Shape, "a VTK file", "Export it as PLY or STL")
    } else if low.contains("<html") {
        page(low)
    } else if low.contains("<error>") {
        let what = "the answer of a server that refused the download, not the file";
        Found::new("XML", Kind::StandIn, what, "Download it again: the link may have expired or need a login")
    } else {
        Found::new("XML", Kind::Text, "an XML file", "")
    }
}

fn json(text: &str) -> Option<Found> {
    let object = text.starts_with('{');
    if object && text.contains("\"weight_map\"") {
        let shards = shards(text);
        let named = match shards.as_slice() {
            [] => String::new(),
            [first, .., last] => format!(" of {} files, {first} to {last}", shards.len()),
            [only] => format!(" of {only}"),
        };
        let what = format!("the index{named}, not the weights themselves");
        let advice = "Give it together with the files that it names, in one folder";
        return Some(Found::new("index of shards", Kind::StandIn, what, advice));
    }
    let named = |name, kind, what: &str, advice: &str| Some(Found::new(name, kind, what, advice));
    if object && text.contains("\"nbformat\"") {
        return named("notebook", Kind::Text, "a Jupyter notebook", "");
    }
    if object && text.contains("\"asset\"") && text.contains("\"version\"") && text.contains("\"meshes\"") {
        return named("glTF", Kind::Shape, "a glTF scene", "Export it as OBJ or PLY");
    }
    if object && text.contains("\"FeatureCollection\"") {
        return named("GeoJSON", Kind::Table, "a GeoJSON file", AS_CSV);
    }
    if object && text.contains("\"error\"") && text.len() < 1000 {
        let advice = "Download it again: the link may have expired or need a login";
        return named("JSON", Kind::StandIn, "the answer of a server that refused the download, not the file", advice);
    }
    let configures = ["\"hidden_size\"", "\"architectures\"", "\"model_type\""].iter().any(|word| text.contains(word));
    if object && configures {
        let advice = "Give the .safetensors file that lies beside it";
        return named("configuration", Kind::Text, "the configuration of a model (JSON), not its weights", advice);
    }
    let opens = text[1..].trim_start().chars().next();
    let json = matches!(opens, Some('"' | '{' | '[' | ']' | '}' | '-' | '0'..='9' | 't' | 'f' | 'n'));
    json.then(|| Found::new("JSON", Kind::Text, "a JSON file", ""))
}

/// The files that an index of shards names, in order.
fn shards(text: &str) -> Vec<&str> {
    let map = text.split("\"weight_map\"").nth(1).unwrap_or("");
    let mut names: Vec<&str> =
        map.split('"').filter(|word| word.ends_with(".safetensors") || word.ends_with(".bin")).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// OBJ and other text, which has no start of its own.
fn plain(bytes: &[u8], text: &str) -> Option<Found> {
    let start = &bytes[..bytes.len().min(WINDOW)];
    let whole = match std::str::from_utf8(start) {
        Ok(_) => true,
        // The window may end within a letter.
        Err(error) => error.error_len().is_none(),
    };
    let odd =
        start.iter().filter(|byte| **byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b)).count();
    // Letters of an older encoding than UTF-8 are few among plain ones.
    let high = start.iter().filter(|byte| **byte >= 0x80).count();
    if odd > 0 || (!whole && high * 4 > start.len()) {
        return binary_map(start);
    }
    let words = || text.lines().filter_map(|line| line.split_whitespace().next()).filter(|word| !word.starts_with('#'));
    let (mut known, mut vertices, mut lines) = (0, 0, 0);
    for word in words().take(LINES) {
        lines += 1;
        known += usize::from(OBJ_WORDS.contains(&word) || word == "s");
        vertices += usize::from(word == "v");
    }
    if vertices > 0 && known * 10 >= lines * 9 {
        return Some(Found::new("OBJ", Kind::Shape, "an OBJ mesh", ""));
    }
    if matches!(text.split_whitespace().next(), Some("P1" | "P2" | "P3")) {
        return Some(Found::new("PNM", Kind::Picture, "a PNM picture", AS_PNG));
    }
    Some(Found::new("text", Kind::Text, "text", ""))
}

/// Pictures that begin with a word and go on in bytes.
fn binary_map(start: &[u8]) -> Option<Found> {
    let picture = |name, what: &str, advice| Some(Found::new(name, Kind::Picture, what, advice));
    match start {
        [b'P', b'4'..=b'7', b' ' | b'\n' | b'\r' | b'\t' | b'#', ..] => picture("PNM", "a PNM picture", AS_PNG),
        // The length of the file stands behind the letters, then zeros.
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => picture("BMP", "a BMP picture", AS_PNG),
        _ => None,
    }
}
