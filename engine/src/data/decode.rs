//! One encoded picture (PNG, JPEG, WebP, told apart by content) to colour pixels, turned upright.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader};

use crate::data::pictures::Picture;

/// Pictures of more pixels are refused: decoded they would take more memory than a browser page has.
pub const MOST_PIXELS: u64 = 64_000_000;
/// Strips longer than this many times their width are refused: scaled by their shorter side they would still be huge.
pub const MOST_STRETCHED: u32 = 20;

/// Decode a picture: orientation from EXIF applied, transparency laid over white, every colour type made RGB of 8 bits.
///
/// # Errors
/// Why the file cannot be used, in words.
pub fn decode(bytes: &[u8]) -> Result<Picture, String> {
    if bytes.is_empty() {
        return Err("the file is empty".into());
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| e.to_string())?;
    match reader.format() {
        Some(ImageFormat::Jpeg) if is_cut_short(bytes) => return Err("the file is cut short".into()),
        Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) => (),
        Some(other) => return Err(format!("{other:?} pictures are not read: save it as PNG, JPEG or WebP")),
        None => return Err("it is not a PNG, JPEG or WebP picture".into()),
    }
    let mut decoder = reader.into_decoder().map_err(in_words)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(format!("{width} × {height} pixels are more than {} million", MOST_PIXELS / 1_000_000));
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

/// Whether a JPEG lacks its end. The decoder would fill what is missing with grey, and the network would learn the
/// grey.
///
/// The end marker cannot occur inside coded data, so it must follow the start of the last scan.
fn is_cut_short(bytes: &[u8]) -> bool {
    let last = |marker: u8| bytes.windows(2).rposition(|w| w == [0xFF, marker]);
    last(0xD9) < last(0xDA)
}

fn in_words(e: image::ImageError) -> String {
    match e {
        image::ImageError::Limits(_) => "it would take too much memory".into(),
        other => other.to_string(),
    }
}
