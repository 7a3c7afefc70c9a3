//! `./dev fuzz`: the readers of this crate under random changes of good files.

mod harness;
mod seeds;

use std::process::ExitCode;

use harness::Target;
use masquerade_formats::archive::{self, Limits};
use masquerade_formats::{Reading, clouds, edges, idx, jpeg, networks, npy, pictures, sheet, sniff, text, tu, weights};

fn main() -> ExitCode {
    match harness::run(targets()) {
        Ok(0) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn clouds(bytes: &[u8]) {
    // As it is used: brought near the origin.
    if let Ok(mesh) = clouds::read(bytes, &Reading::default()) {
        assert!(mesh.triangles.iter().flatten().all(|corner| (*corner as usize) < mesh.vertices.len()));
        assert!(!mesh.triangles.is_empty() || mesh.near_origin().iter().flatten().all(|v| v.is_finite()));
    }
}

/// Several files in one: parted by a line of `====`, each with its name in the first line.
fn files(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for part in bytes.split(|byte| *byte == 0x1E) {
        let end = part.iter().position(|byte| *byte == b'\n').unwrap_or(part.len());
        let content = part.get(end + 1..).unwrap_or_default();
        files.push((String::from_utf8_lossy(&part[..end]).into_owned(), content.to_vec()));
    }
    files
}

fn as_given(files: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect()
}

fn targets() -> Vec<Target> {
    let target = |name, factor, seeds, read| Target { name, free: 1 << 20, factor, seeds, read };
    // Each bzip2 in another takes a block.
    let archive = |target: Target| Target { free: 24 << 20, ..target };
    vec![
        target("ply", 64, seeds::ply(), clouds),
        target("obj", 64, seeds::obj(), clouds),
        target("stl", 64, seeds::stl(), clouds),
        target("off", 64, seeds::off(), clouds),
        target("pcd", 160, seeds::pcd(), clouds),
        target("points", 64, seeds::points(), clouds),
        target("table", 200, seeds::tables(), |bytes| drop(sheet::read(bytes, &Reading::default()))),
        target("edges", 200, seeds::edges(), |bytes| {
            drop(edges::read(&as_given(&files(bytes)), &Reading::default()));
        }),
        target("tu", 200, seeds::tu(), |bytes| drop(tu::read(&as_given(&files(bytes))))),
        target("idx", 1100, seeds::idx(), |bytes| drop(idx::read(bytes))),
        target("npy", 64, seeds::npy(), |bytes| drop(npy::read(bytes))),
        target("arrays", 400, seeds::networks(), |bytes| {
            drop(sheet::arrays::read(&as_given(&files(bytes)), &Reading::default()));
            drop(clouds::of_arrays(&as_given(&files(bytes)), &Reading::default()));
        }),
        archive(target("networks", 1200, seeds::networks(), |bytes| {
            drop(networks::read(&as_given(&files(bytes)), &Limits { bytes: 1 << 24, ..Limits::default() }));
        })),
        archive(target("archive", 1200, seeds::archives(), |bytes| {
            let limits = Limits { bytes: 1 << 24, ..Limits::default() };
            drop(archive::unpack(vec![("a.zip".into(), bytes.to_vec())], &limits));
        })),
        target("jpeg", 1, seeds::jpeg(), |bytes| {
            std::hint::black_box(jpeg::Jpeg::walk(bytes).and_then(|jpeg| jpeg.unread()));
        }),
        target("weights", 64, seeds::weights(), |bytes| drop(weights::header(bytes))),
        target("text", 64, seeds::tables(), |bytes| drop(text::read(bytes))),
        target("sniff", 64, seeds::all(), |bytes| {
            drop(sniff::sniff(bytes));
            pictures::is_cut_short(bytes);
        }),
    ]
}
