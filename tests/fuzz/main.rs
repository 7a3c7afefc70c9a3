//! `./dev fuzz`: what the engine itself reads, under random changes of good files.

#[path = "../../engine/formats/examples/fuzz/harness.rs"]
mod harness;

use std::io::Cursor;
use std::process::ExitCode;
use std::sync::LazyLock;

use harness::Target;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use masquerade_engine::card::{Card, KnobValue};
use masquerade_engine::checkpoint::safetensors;
use masquerade_engine::data::decode::decode as picture;
use masquerade_engine::data::scenes::geotiff;
use masquerade_engine::session::{Command, Event, Session, decode, encode};
use masquerade_engine::{link, registry};
use masquerade_tests::tiff_file::Tiff;
use tiff::encoder::{Compression, DeflateLevel, TiffEncoder, colortype};

static CARDS: LazyLock<Vec<Card>> = LazyLock::new(registry::cards);

fn main() -> ExitCode {
    match harness::run(targets()) {
        Ok(0) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn targets() -> Vec<Target> {
    let target = |name, factor, seeds, read| Target { name, free: 1 << 20, factor, seeds, read };
    // Up to 64 million pixels may come out of a small file, and the decoder's own limit is 512 MiB.
    let pictures = Target { free: 1 << 30, ..target("pictures", 64, picture_seeds(), |bytes| drop(picture(bytes))) };
    let geotiff =
        Target { free: 64 << 20, ..target("geotiff", 1100, geotiff_seeds(), |bytes| drop(geotiff::read(bytes))) };
    vec![
        target("safetensors", 200, safetensors_seeds(), |bytes| drop(safetensors::read(bytes))),
        target("links", 400, link_seeds(), |bytes| {
            drop(link::from_text(&String::from_utf8_lossy(bytes), &CARDS));
        }),
        target("messages", 400, message_seeds(), |bytes| {
            drop(decode::<Command>(bytes));
            drop(decode::<Event>(bytes));
        }),
        geotiff,
        pictures,
    ]
}

fn picture_seeds() -> Vec<Vec<u8>> {
    let noisy =
        DynamicImage::ImageRgb8(RgbImage::from_fn(24, 16, |x, y| Rgb([(x * 37 + y * 91) as u8, x as u8, y as u8])));
    let kinds = [noisy.clone(), DynamicImage::ImageLuma8(noisy.to_luma8()), DynamicImage::ImageRgba8(noisy.to_rgba8())];
    let encode = |picture: &DynamicImage, format| {
        let mut to = Cursor::new(Vec::new());
        picture.write_to(&mut to, format).ok().map(|()| to.into_inner())
    };
    [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP]
        .iter()
        .flat_map(|format| kinds.iter().filter_map(|picture| encode(picture, *format)))
        .collect()
}

fn geotiff_seeds() -> Vec<Vec<u8>> {
    let value = |band: usize, x: usize, y: usize| (band * 100 + x * 7 + y) as f64;
    let mut all: Vec<Vec<u8>> = Vec::new();
    for (at, kind) in [(1, 1), (2, 1), (2, 2), (4, 3), (8, 3)].into_iter().enumerate() {
        let layout = Tiff { big_endian: at % 2 == 1, planar: at % 3 == 1, tiled: at > 1, ..Tiff::new(5, 4, kind) };
        let names =
            "<GDALMetadata><Item name=\"DESCRIPTION\" sample=\"0\" role=\"description\">B2</Item></GDALMetadata>";
        all.push(layout.at([399_960.0, 4_100_040.0], 10.0, 32_630).tag(42_112, names).tag(42_113, "0").write(2, value));
    }
    // A text that the header says is 160 MB long.
    let mut long = Tiff::new(5, 4, (1, 1)).tag(42_113, "no number at all").write(1, value);
    if let Some(at) = long.windows(4).position(|tag| tag == [0x81, 0xA4, 2, 0]) {
        long[at + 7] = 10;
    }
    all.push(long);
    let values: Vec<f32> = (0..48_u16).map(|v| f32::from(v) / 7.0).collect();
    all.extend(geotiff::write_map([8, 6], &values, None));
    for compression in [Compression::Lzw, Compression::Packbits, Compression::Deflate(DeflateLevel::Fast)] {
        let mut to = Cursor::new(Vec::new());
        let written = TiffEncoder::new(&mut to).and_then(|encoder| {
            encoder.with_compression(compression).write_image::<colortype::Gray32Float>(8, 6, &values)
        });
        all.extend(written.ok().map(|()| to.into_inner()));
    }
    all
}

fn safetensors_seeds() -> Vec<Vec<u8>> {
    let file = |header: &str, body: usize| {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; body]].concat()
    };
    let tensors = r#""a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[24,28]}"#;
    vec![
        file(&format!("{{{tensors}}}"), 28),
        file(&format!(r#"{{"__metadata__":{{"format":"pt","step":"7"}},{tensors}}}"#), 28),
        file(r#"{"x":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}}"#, 0),
    ]
}

/// A session of each system, with some knobs.
fn sessions() -> Vec<Session> {
    let knobs = [("mask_ratio", KnobValue::Number(0.5)), ("preset", KnobValue::Choice("micro".into()))];
    let knobs = knobs.map(|(name, value)| (name.to_string(), value));
    let session =
        |card: &Card| Session { method: card.id.clone(), sample: 3, knobs: knobs.clone().into(), ..Session::default() };
    CARDS.iter().map(session).collect()
}

fn link_seeds() -> Vec<Vec<u8>> {
    sessions().iter().map(|session| link::to_text(session).into_bytes()).collect()
}

fn message_seeds() -> Vec<Vec<u8>> {
    let commands = sessions().into_iter().map(|session| encode(&Command::Show(Box::new(session))));
    commands.filter_map(Result::ok).collect()
}
