//! Scenes of two sensors: files of every layout, what is made of them, and how samples are cut.

mod drawn;
mod files;
mod geotiff;
mod maps;
mod published;

use masquerade_engine::data::scenes::ground::Ground;
use masquerade_engine::session::NamedBytes;
use masquerade_tests::tiff_file::Tiff;

fn file(name: &str, bytes: Vec<u8>) -> NamedBytes {
    NamedBytes { name: name.into(), bytes }
}

/// A ground of square pixels.
fn ground([x, y]: [f64; 2], pixel: f64) -> Ground {
    Ground { origin: [x, y], right: [pixel, 0.0], down: [0.0, -pixel], ..Ground::default() }
}
