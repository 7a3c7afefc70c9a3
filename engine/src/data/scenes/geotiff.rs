//! GeoTIFF: bands of numbers and the ground they lie on. Reading of every layout that the TIFF crate knows (strips and
//! tiles, bands together or one after the other, whole and real numbers, compressed or not), and writing of maps.

use std::io::Cursor;

use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::encoder::TiffEncoder;
use tiff::encoder::colortype::Gray32Float;
use tiff::tags::{PlanarConfiguration, SampleFormat, Tag};
use tiff::{TiffError, TiffFormatError};

use super::ground::Ground;
use crate::error::{Error, Result};

/// A file's content, or why it cannot be used, in words.
type Read<T> = std::result::Result<T, String>;

/// Larger files are refused: decoded they would take more memory than a browser page has.
pub const MOST_VALUES: u64 = 64_000_000;
/// Bytes that may come out of any file, and out of each byte of it: deflate packs no better than 1 : 1,032.
const UNPACKED: u64 = 1 << 20;
const MOST_UNPACKED: u64 = 1300;
/// GDAL's own description of bands, in XML.
const GDAL_METADATA: Tag = Tag::Unknown(42112);

/// What a file says before its values are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    pub width: usize,
    pub height: usize,
    pub bands: usize,
    /// Bits of a value, and whether values are whole numbers.
    pub bits: u8,
    pub whole: bool,
    /// Names of the bands where the file tells them, else empty.
    pub names: Vec<String>,
    pub ground: Option<Ground>,
    /// The value that stands for "nothing is known here".
    pub no_data: Option<f64>,
}

/// A file with its values; what is missing (no-data, not a number, infinite) is NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct GeoTiff {
    pub header: Header,
    /// Of each band [height, width].
    pub bands: Vec<Vec<f32>>,
}

impl Header {
    /// Bands and values in words: `12 bands of 16-bit whole numbers, 224 × 224 pixels`.
    pub fn words(&self) -> String {
        let kind = if self.whole { "whole" } else { "real" };
        let bands = if self.bands == 1 { "1 band".into() } else { format!("{} bands", self.bands) };
        format!("{bands} of {}-bit {kind} numbers, {} × {} pixels", self.bits, self.width, self.height)
    }
}

impl GeoTiff {
    /// Smallest and largest value of all bands; `None` when all is missing.
    pub fn range(&self) -> Option<[f32; 2]> {
        let known = self.bands.iter().flatten().copied().filter(|v| v.is_finite());
        known.fold(None, |range, v| {
            let [low, high] = range.unwrap_or([v, v]);
            Some([v.min(low), v.max(high)])
        })
    }
}

type Reader<'a> = Decoder<Cursor<&'a [u8]>>;

/// What the file says of itself.
///
/// # Errors
/// Why the file cannot be used, in words.
pub fn header(bytes: &[u8]) -> Read<Header> {
    open(bytes).and_then(|mut file| header_of(&mut file))
}

/// The file with its values.
///
/// # Errors
/// Why the file cannot be used, in words.
pub fn read(bytes: &[u8]) -> Read<GeoTiff> {
    let mut file = open(bytes)?;
    let header = header_of(&mut file)?;
    let (width, height, count) = (header.width, header.height, header.bands);
    let product = |sides: [usize; 3]| sides.iter().fold(1_u64, |product, side| product.saturating_mul(*side as u64));
    let values = product([width, height, count]);
    if values > MOST_VALUES {
        return Err(format!("{} are more than {} million values", header.words(), MOST_VALUES / 1_000_000));
    }
    let planar = matches!(
        file.find_tag_unsigned::<u16>(Tag::PlanarConfiguration).map_err(in_words)?,
        Some(value) if PlanarConfiguration::from_u16(value) == Some(PlanarConfiguration::Planar)
    );
    let (chunk_width, chunk_height) = file.chunk_dimensions();
    let across = width.div_ceil((chunk_width as usize).max(1));
    let down = height.div_ceil((chunk_height as usize).max(1));
    let no_data = header.no_data.map(|v| v as f32);
    let mut bands: Vec<Vec<f32>> = Vec::new();
    let planes = if planar { count } else { 1 };
    let together = if planar { 1 } else { count };
    // A wrong header may ask for any size.
    let piece = product([chunk_width as usize, chunk_height as usize, together]);
    let wanted = values.max(piece).saturating_mul(u64::from(header.bits)) / 8;
    if wanted > most_unpacked(bytes) {
        return Err(format!("{} are more than its {} bytes can hold", header.words(), bytes.len()));
    }
    for chunk in 0..planes * across * down {
        let number = u32::try_from(chunk).map_err(|e| e.to_string())?;
        let (plane, place) = (chunk / (across * down), chunk % (across * down));
        let [left, top] = [place % across * chunk_width as usize, place / across * chunk_height as usize];
        let columns = (chunk_width as usize).min(width - left);
        let rows = (chunk_height as usize).min(height - top);
        let values = numbers(file.read_chunk(number).map_err(in_words)?)?;
        // Tiles of further planes come with the rows that fill them up.
        let filled = columns * chunk_height as usize * together;
        if values.len() != columns * rows * together && values.len() != filled {
            return Err(format!("a piece of it has {} values instead of {}", values.len(), columns * rows * together));
        }
        if bands.is_empty() {
            // Not before something could be read: a wrong header may ask for any size.
            bands = vec![vec![f32::NAN; width * height]; count];
        }
        for (pixel, values) in values.chunks_exact(together).take(columns * rows).enumerate() {
            let at = (top + pixel / columns) * width + left + pixel % columns;
            for (band, value) in values.iter().enumerate() {
                let known = value.is_finite() && no_data != Some(*value as f32);
                bands[plane + band][at] = if known { *value as f32 } else { f32::NAN };
            }
        }
    }
    Ok(GeoTiff { header, bands })
}

/// Bytes that may come out of these.
fn most_unpacked(bytes: &[u8]) -> u64 {
    MOST_UNPACKED * bytes.len() as u64 + UNPACKED
}

fn open(bytes: &[u8]) -> Read<Reader<'_>> {
    if bytes.is_empty() {
        return Err("the file is empty".into());
    }
    if let Some(count) = too_many(bytes) {
        return Err(format!(
            "its header tells of {count} values in one place, more than its {} bytes hold",
            bytes.len()
        ));
    }
    // What a wrong header asks for is taken before it is read.
    let mut limits = Limits::default();
    let most = usize::try_from(most_unpacked(bytes)).unwrap_or(usize::MAX);
    limits.decoding_buffer_size = limits.decoding_buffer_size.min(most);
    limits.intermediate_buffer_size = limits.intermediate_buffer_size.min(most);
    Ok(Decoder::new(Cursor::new(bytes)).map_err(in_words)?.with_limits(limits))
}

/// The number of values that an entry of the first directory tells of, where they cannot lie in the file: the decoder
/// takes memory for them before it looks.
fn too_many(bytes: &[u8]) -> Option<u64> {
    let number = |at: usize, size: usize| {
        let digits = bytes.get(at..at.checked_add(size)?)?.iter();
        let add = |number: u64, digit: &u8| number << 8 | u64::from(*digit);
        Some(if bytes.starts_with(b"MM") { digits.fold(0, add) } else { digits.rev().fold(0, add) })
    };
    // BigTIFF has longer numbers.
    let (start, counter, entry, count) = if number(2, 2)? == 43 { (8, 8, 20, 8) } else { (4, 2, 12, 4) };
    let start = usize::try_from(number(start, count)?).ok()?;
    let entries = number(start, counter)?.min((bytes.len() / entry) as u64) as usize;
    (0..entries).find_map(|place| {
        let at = start.saturating_add(counter + place * entry);
        let size = match number(at.saturating_add(2), 2)? {
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            _ => 1,
        };
        number(at.saturating_add(4), count).filter(|count| count.saturating_mul(size) > bytes.len() as u64)
    })
}

fn header_of(file: &mut Reader<'_>) -> Read<Header> {
    let (width, height) = file.dimensions().map_err(in_words)?;
    let first = |values: Option<Vec<u16>>, usual: u16| values.and_then(|v| v.first().copied()).unwrap_or(usual);
    let bits = first(file.find_tag_unsigned_vec(Tag::BitsPerSample).map_err(in_words)?, 1);
    let format = first(file.find_tag_unsigned_vec(Tag::SampleFormat).map_err(in_words)?, 1);
    let bands = file.find_tag_unsigned(Tag::SamplesPerPixel).map_err(in_words)?.unwrap_or(1_u16);
    let bands = usize::from(bands);
    let text = |file: &mut Reader<'_>, tag| {
        let found = file.find_tag(tag).ok().flatten().and_then(|value| value.into_string().ok());
        found.map(|text| text.trim_end_matches('\0').trim().to_string()).unwrap_or_default()
    };
    let doubles = |file: &mut Reader<'_>, tag| {
        file.find_tag(tag).ok().flatten().and_then(|value| value.into_f64_vec().ok()).unwrap_or_default()
    };
    let keys = file.find_tag_unsigned_vec(Tag::GeoKeyDirectoryTag).ok().flatten().unwrap_or_default();
    let [scale, tie, matrix] =
        [Tag::ModelPixelScaleTag, Tag::ModelTiepointTag, Tag::ModelTransformationTag].map(|tag| doubles(file, tag));
    let mut ground = Ground::of_tags(&scale, &tie, &matrix, keys);
    if let Some(ground) = &mut ground {
        (ground.doubles, ground.ascii) = (doubles(file, Tag::GeoDoubleParamsTag), text(file, Tag::GeoAsciiParamsTag));
    }
    Ok(Header {
        width: width as usize,
        height: height as usize,
        bands,
        bits: u8::try_from(bits).map_err(|_| format!("values of {bits} bits are not read"))?,
        whole: SampleFormat::from_u16(format) != Some(SampleFormat::IEEEFP),
        names: descriptions(&text(file, GDAL_METADATA), bands),
        ground,
        no_data: text(file, Tag::GdalNodata).parse().ok(),
    })
}

/// The descriptions of the bands in GDAL's XML; empty when a band has none.
fn descriptions(xml: &str, bands: usize) -> Vec<String> {
    let mut names = vec![String::new(); bands];
    for item in xml.split("<Item").skip(1).filter(|item| item.contains("role=\"description\"")) {
        let sample = item.split("sample=\"").nth(1).and_then(|rest| rest.split('"').next()?.parse::<usize>().ok());
        let text = item.split('>').nth(1).and_then(|rest| rest.split('<').next());
        if let (Some(name), Some(text)) = (sample.and_then(|sample| names.get_mut(sample)), text) {
            *name = text.trim().to_string();
        }
    }
    if names.iter().any(String::is_empty) { Vec::new() } else { names }
}

fn numbers(values: DecodingResult) -> Read<Vec<f64>> {
    fn wide<T: Into<f64>>(values: Vec<T>) -> Vec<f64> {
        values.into_iter().map(Into::into).collect()
    }
    Ok(match values {
        DecodingResult::U8(values) => wide(values),
        DecodingResult::U16(values) => wide(values),
        DecodingResult::U32(values) => wide(values),
        DecodingResult::I8(values) => wide(values),
        DecodingResult::I16(values) => wide(values),
        DecodingResult::I32(values) => wide(values),
        DecodingResult::F32(values) => wide(values),
        DecodingResult::F64(values) => values,
        DecodingResult::F16(values) => wide(values),
        DecodingResult::U64(_) | DecodingResult::I64(_) => return Err("whole numbers of 64 bits are not read".into()),
    })
}

fn in_words(e: TiffError) -> String {
    match e {
        TiffError::FormatError(TiffFormatError::TiffSignatureNotFound | TiffFormatError::TiffSignatureInvalid) => {
            "it is not a TIFF file".into()
        }
        TiffError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => "the file is cut short".into(),
        TiffError::LimitsExceeded => "it would take too much memory".into(),
        other => other.to_string(),
    }
}

/// A GeoTIFF of one band of 32-bit numbers over `ground`; NaN is written as no-data. The ground of a map of patches is
/// [`Ground::part`] of that of the picture.
///
/// # Shapes
/// `values` [height, width]
///
/// # Errors
/// [`Error::Request`] when the number of values does not fit the sides.
pub fn write_map([width, height]: [usize; 2], values: &[f32], ground: Option<&Ground>) -> Result<Vec<u8>> {
    let refuse = |why: String| Error::request("The map cannot be written as GeoTIFF", why, "Choose a smaller window");
    let sides = [width, height].map(u32::try_from);
    let ([Ok(columns), Ok(rows)], true) = (sides, width * height == values.len() && !values.is_empty()) else {
        return Err(refuse(format!("{} values for {width} × {height} patches", values.len())));
    };
    let mut bytes = Cursor::new(Vec::new());
    write(&mut bytes, [columns, rows], values, ground).map_err(|e| refuse(e.to_string()))?;
    Ok(bytes.into_inner())
}

fn write(
    bytes: &mut Cursor<Vec<u8>>,
    [width, height]: [u32; 2],
    values: &[f32],
    ground: Option<&Ground>,
) -> std::result::Result<(), TiffError> {
    let mut file = TiffEncoder::new(bytes)?;
    let mut image = file.new_image::<Gray32Float>(width, height)?;
    let tags = image.encoder();
    tags.write_tag(Tag::GdalNodata, "nan")?;
    if let Some(ground) = ground {
        let ([x, y], [a, c], [b, d]) = (ground.origin, ground.right, ground.down);
        if ground.is_upright() {
            tags.write_tag(Tag::ModelPixelScaleTag, &[a, -d, 0.0][..])?;
            tags.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, x, y, 0.0][..])?;
        } else {
            let matrix = [a, b, 0.0, x, c, d, 0.0, y, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
            tags.write_tag(Tag::ModelTransformationTag, &matrix[..])?;
        }
        if !ground.keys.is_empty() {
            tags.write_tag(Tag::GeoKeyDirectoryTag, &ground.keys[..])?;
        }
        if !ground.doubles.is_empty() {
            tags.write_tag(Tag::GeoDoubleParamsTag, &ground.doubles[..])?;
        }
        if !ground.ascii.is_empty() {
            tags.write_tag(Tag::GeoAsciiParamsTag, ground.ascii.as_str())?;
        }
    }
    image.write_data(values)
}
