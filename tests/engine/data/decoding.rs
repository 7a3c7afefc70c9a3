//! Every kind of picture file becomes upright 8-bit RGB, and every bad one a reason in words.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder as _, ImageFormat};
use masquerade_engine::data::decode::decode;

use super::{encode, one_colour};

/// A PNG of these chunks (type and content), checksums made here.
fn png_of_chunks(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, content) in chunks {
        let body: Vec<u8> = kind.iter().chain(content).copied().collect();
        let crc = !body.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xEDB8_8320 } else { c >> 1 })
        });
        png.extend((content.len() as u32).to_be_bytes());
        png.extend(body);
        png.extend(crc.to_be_bytes());
    }
    png
}

/// A zlib stream that stores `content` as it is.
fn stored_zlib(content: &[u8]) -> Vec<u8> {
    let (a, b) = content
        .iter()
        .fold((1_u32, 0_u32), |(a, b), byte| ((a + u32::from(*byte)) % 65521, (a + u32::from(*byte) + b) % 65521));
    let length = content.len() as u16;
    let mut out = vec![0x78, 0x01, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(content);
    out.extend((b << 16 | a).to_be_bytes());
    out
}

fn header(width: u32, height: u32, depth: u8, colour_type: u8) -> Vec<u8> {
    [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour_type, 0, 0, 0]].concat()
}

/// An EXIF block that says how to turn the picture.
fn exif(orientation: u8) -> Vec<u8> {
    vec![0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
}

#[test]
fn png_jpeg_and_webp_are_told_apart_by_content() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let picture = decode(&encode(&one_colour(10, 6, [200, 100, 50]), format)).unwrap();
        assert_eq!((picture.width, picture.height, picture.channels), (10, 6, 3), "{format:?}");
        for (got, wanted) in picture.pixels[..3].iter().zip([200_u8, 100, 50]) {
            assert!(got.abs_diff(wanted) <= 3, "{format:?}: {got} for {wanted}");
        }
    }
}

#[test]
fn palettes_are_resolved() {
    let rows = stored_zlib(&[0, 0, 1, 0, 1, 0]);
    let palette = vec![255, 0, 0, 0, 0, 255];
    let png = png_of_chunks(&[(b"IHDR", header(2, 2, 8, 3)), (b"PLTE", palette), (b"IDAT", rows), (b"IEND", vec![])]);
    assert_eq!(decode(&png).unwrap().pixels, [255, 0, 0, 0, 0, 255, 0, 0, 255, 255, 0, 0]);
}

#[test]
fn sixteen_bits_and_grey_become_eight_bit_colour() {
    let mut png = Vec::new();
    let bytes: Vec<u8> = [0_u16, 0x8080, 0xFFFF, 0x4040].iter().flat_map(|v| v.to_ne_bytes()).collect();
    PngEncoder::new(&mut png).write_image(&bytes, 2, 2, ExtendedColorType::L16).unwrap();
    let picture = decode(&png).unwrap();
    assert_eq!(picture.pixels, [0, 0, 0, 128, 128, 128, 255, 255, 255, 64, 64, 64]);
}

#[test]
fn transparency_lies_over_white() {
    let image = image::RgbaImage::from_vec(3, 1, vec![9, 9, 9, 0, 100, 0, 0, 255, 0, 0, 0, 128]).unwrap();
    let picture = decode(&encode(&DynamicImage::ImageRgba8(image), ImageFormat::Png)).unwrap();
    assert_eq!(picture.pixels, [255, 255, 255, 100, 0, 0, 127, 127, 127]);
}

#[test]
fn four_inks_become_colour() {
    // 8 × 8 pixels of one colour: quantisation 1, one Huffman code each for "DC of 10 bits" and "nothing follows".
    let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xEE, 0, 14];
    jpeg.extend(b"Adobe\0\x64\0\0\0\0\0");
    jpeg.extend([0xFF, 0xDB, 0, 67, 0]);
    jpeg.extend([1; 64]);
    jpeg.extend([0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0]);
    for (table, symbol) in [(0x00, 10), (0x10, 0)] {
        jpeg.extend([0xFF, 0xC4, 0, 20, table, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, symbol]);
    }
    jpeg.extend([0xFF, 0xDA, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0]);
    // Values 200, 50, 220, 255 (inks are stored inverted), each as 0, ten bits of 8 · (value − 128), 0.
    jpeg.extend([0x48, 0x03, 0x1E, 0x5C, 0x07, 0xF0, 0xFF, 0xD9]);
    let picture = decode(&jpeg).unwrap();
    assert_eq!((picture.width, picture.height), (8, 8));
    for (got, wanted) in picture.pixels.iter().zip([200_u8, 50, 220].iter().cycle()) {
        assert!(got.abs_diff(*wanted) <= 2, "{got} for {wanted}");
    }
}

#[test]
fn a_picture_is_whole_whatever_stands_behind_its_end() {
    let noisy = DynamicImage::ImageRgb8(image::RgbImage::from_fn(64, 64, |x, y| {
        image::Rgb([(x * 37 + y * 91) as u8, x as u8, y as u8])
    }));
    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new(&mut jpeg);
    // A thumbnail with an end of its own.
    encoder.set_exif_metadata([exif(1), encode(&one_colour(8, 8, [9; 3]), ImageFormat::Jpeg)].concat()).unwrap();
    encoder.write_image(noisy.as_bytes(), 64, 64, ExtendedColorType::Rgb8).unwrap();
    let plain = decode(&jpeg).unwrap();
    let film = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42 \xFF\xDA\xFF\xDA\xFF\xD8\xFF\xDA".to_vec();
    for behind in [film, vec![0; 5000], b"SEFT".to_vec(), jpeg.clone(), jpeg[..300].to_vec()] {
        assert_eq!(decode(&[&jpeg[..], &behind].concat()), Ok(plain.clone()));
    }
    for part in 2..10 {
        assert_eq!(decode(&jpeg[..jpeg.len() * part / 10]), Err("the file is cut short".into()), "{part} tenths");
    }
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let whole = encode(&noisy, format);
        assert_eq!(decode(&[&whole[..], b"and more"].concat()), decode(&whole), "{format:?}");
        assert_eq!(decode(&whole[..whole.len() / 2]), Err("the file is cut short".into()), "{format:?}");
    }
}

#[test]
fn of_an_animation_the_first_frame_is_read() {
    let chunk = |kind: &[u8; 4], content: &[u8]| {
        let padding = vec![0; content.len() % 2];
        [&kind[..], &(content.len() as u32).to_le_bytes(), content, &padding].concat()
    };
    let frame = |colour: [u8; 3]| {
        let still = encode(&one_colour(10, 6, colour), ImageFormat::WebP);
        // Place, size less one, duration, flags; then the chunk of the still picture.
        chunk(b"ANMF", &[&[0, 0, 0, 0, 0, 0, 9, 0, 0, 5, 0, 0, 100, 0, 0, 0][..], &still[12..]].concat())
    };
    let header = chunk(b"VP8X", &[2, 0, 0, 0, 9, 0, 0, 5, 0, 0]);
    let body = [header, chunk(b"ANIM", &[0, 0, 0, 0, 0, 0]), frame([200, 100, 50]), frame([1, 2, 3])].concat();
    let file = [&b"RIFF"[..], &(body.len() as u32 + 4).to_le_bytes(), b"WEBP", &body].concat();
    let picture = decode(&file).unwrap();
    assert_eq!((picture.width, picture.height), (10, 6));
    for (got, wanted) in picture.pixels[..3].iter().zip([200_u8, 100, 50]) {
        assert!(got.abs_diff(wanted) <= 1, "{got} for {wanted}");
    }
}

#[test]
fn exif_orientation_is_honoured() {
    let image = image::RgbImage::from_vec(2, 1, vec![255, 0, 0, 0, 0, 255]).unwrap();
    let mut png = Vec::new();
    let mut encoder = PngEncoder::new(&mut png);
    encoder.set_exif_metadata(exif(6)).unwrap();
    encoder.write_image(&image, 2, 1, ExtendedColorType::Rgb8).unwrap();
    let picture = decode(&png).unwrap();
    // Turned clockwise by a quarter: what was left is on top.
    assert_eq!((picture.width, picture.height), (1, 2));
    assert_eq!(picture.pixels, [255, 0, 0, 0, 0, 255]);

    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new(&mut jpeg);
    encoder.set_exif_metadata(exif(8)).unwrap();
    encoder.write_image(one_colour(12, 5, [90, 90, 90]).as_bytes(), 12, 5, ExtendedColorType::Rgb8).unwrap();
    let picture = decode(&jpeg).unwrap();
    assert_eq!((picture.width, picture.height), (5, 12));
}

#[test]
fn bad_files_get_a_reason() {
    let png = encode(&one_colour(64, 64, [1, 2, 3]), ImageFormat::Png);
    let noisy = DynamicImage::ImageRgb8(image::RgbImage::from_fn(64, 64, |x, y| {
        image::Rgb([(x * 37 + y * 91) as u8, x as u8, y as u8])
    }));
    let jpeg = encode(&noisy, ImageFormat::Jpeg);
    let huge =
        png_of_chunks(&[(b"IHDR", header(60_000, 60_000, 1, 0)), (b"IDAT", stored_zlib(&[0])), (b"IEND", vec![])]);
    let hollow = png_of_chunks(&[(b"IHDR", header(7000, 6000, 8, 2)), (b"IDAT", stored_zlib(&[0])), (b"IEND", vec![])]);
    let strip = encode(&one_colour(300, 2, [0; 3]), ImageFormat::Png);
    let cases = [
        (&[][..], "empty"),
        (b"Dear diary, today I took a picture.", "not a PNG"),
        (b"GIF89a\x01\0\x01\0\0\0\0;", "a GIF picture, which is not read: save it as PNG"),
        (b"II*\0\x08\0\0\0\0\0", "a TIFF picture, which is not read: save it as PNG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC picture, which is not read: save it as PNG"),
        (b"\0\0\0\x1Cftypavif\0\0\0\0mif1avif", "an AVIF picture, which is not read: save it as PNG"),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>", "SVG"),
        (b"8BPS\0\x01\0\0", "a Photoshop picture, which is not read: save it as PNG"),
        (b"%PDF-1.7\n1 0 obj", "PDF"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "film"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n", "Git LFS"),
        (b"<!DOCTYPE html><html></html>", "web"),
        (&png[..png.len() / 2], ""),
        (&jpeg[..jpeg.len() / 2], "cut short"),
        (&huge, ""),
        (&hollow, "7000 × 6000 pixels are more than its"),
        (&strip, "strip"),
    ];
    for (bytes, part) in cases {
        let why = decode(bytes).unwrap_err();
        assert!(!why.is_empty() && why.contains(part), "{part:?} is not in {why:?}");
    }
}
