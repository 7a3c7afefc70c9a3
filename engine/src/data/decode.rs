//! One encoded picture (PNG, JPEG, WebP, told apart by content) to colour pixels, turned upright.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader};
use masquerade_formats::jpeg::Jpeg;
use masquerade_formats::pictures::is_cut_short;
use masquerade_formats::sniff::{Kind, sniff};

use crate::data::pictures::Picture;

/// Pictures of more pixels are refused: decoded they would take more memory than a browser page has.
pub const MOST_PIXELS: u64 = 64_000_000;
/// Pixels that any file may hold, and each byte of it: deflate packs pixels of one bit 1 : 8,256.
const PACKED_PIXELS: (u64, u64) = (1_000_000, 9000);
/// Strips longer than this many times their width are refused: scaled by their shorter side they would still be huge.
pub const MOST_STRETCHED: u32 = 20;

/// Decode a picture: orientation from EXIF applied, transparency laid over white, every colour type made RGB of 8 bits.
///
/// # Errors
/// Why the file cannot be used, in words.
pub fn decode(bytes: &[u8]) -> Result<Picture, String> {
    let mut bytes = bytes;
    if let Some(jpeg) = Jpeg::walk(bytes) {
        // The decoder would fill what is missing with grey, and the network would learn the grey.
        let end = jpeg.end.ok_or("the file is cut short")?;
        if let Some(why) = jpeg.unread() {
            return Err(why.into());
        }
        bytes = bytes.get(..end).unwrap_or(bytes);
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| e.to_string())?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) {
        return Err(refusal(bytes));
    }
    let in_words = |error: image::ImageError| in_words(&error, bytes);
    let mut decoder = reader.into_decoder().map_err(in_words)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(format!("{width} × {height} pixels are more than {} million", MOST_PIXELS / 1_000_000));
    }
    if u64::from(width) * u64::from(height) > PACKED_PIXELS.0 + PACKED_PIXELS.1 * bytes.len() as u64 {
        return Err(format!("{width} × {height} pixels are more than its {} bytes can hold", bytes.len()));
    }
    if width.max(height) / MOST_STRETCHED > width.min(height) {
        return Err(format!("{width} × {height} pixels are a strip more than {MOST_STRETCHED} times as long as wide"));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(in_words)?;
    image.apply_orientation(orientation);
    let (width, height) = (image.width(), image.height());
    let pixels = if image.has_alpha() { over_white(&image.into_rgba8()) } else { image.into_rgb8().into_raw() };
    Picture::new(width, height, 3, pixels).map_err(|e| e.to_string())
}

fn over_white(image: &image::RgbaImage) -> Vec<u8> {
    let mix =
        |value: u8, alpha: u8| ((u16::from(value) * u16::from(alpha) + 255 * u16::from(255 - alpha) + 127) / 255) as u8;
    image.pixels().flat_map(|p| [mix(p[0], p[3]), mix(p[1], p[3]), mix(p[2], p[3])]).collect()
}

/// Why a file is no picture that is read, and what to do.
fn refusal(bytes: &[u8]) -> String {
    match sniff(bytes) {
        Some(found) if matches!(found.kind, Kind::Text | Kind::Table) && found.advice.is_empty() => {
            format!("it is not a PNG, JPEG or WebP picture but {}", found.what)
        }
        Some(found) if found.kind == Kind::Picture => {
            format!("it is {}, which is not read: save it as PNG or JPEG", found.what)
        }
        Some(found) => format!("it is {}", found.words()),
        None => "it is not a PNG, JPEG or WebP picture".into(),
    }
}

fn in_words(error: &image::ImageError, bytes: &[u8]) -> String {
    match error {
        image::ImageError::Limits(_) => "it would take too much memory".into(),
        _ if !bytes.starts_with(&[0xFF]) && is_cut_short(bytes) => "the file is cut short".into(),
        image::ImageError::Unsupported(what) => {
            format!("it is written in a way that is not read ({what}): save it anew as PNG or JPEG")
        }
        damaged => format!("it is damaged: {damaged}"),
    }
}
