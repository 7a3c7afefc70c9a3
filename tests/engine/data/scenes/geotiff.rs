//! The GeoTIFF reader and writer.

use std::io::Cursor;

use masquerade_engine::data::scenes::geotiff::{header, read, write_map};
use masquerade_engine::data::scenes::ground::Ground;
use tiff::encoder::colortype::{Gray16, Gray32Float};
use tiff::encoder::{Compression, DeflateLevel, Predictor, TiffEncoder};

use super::{Tiff, ground};

#[test]
fn every_layout_and_kind_of_number_gives_the_same_values() {
    // Negative where the kind has a sign; 19 × 21 pixels end within tiles and strips.
    for kind in [(1, 1), (1, 2), (2, 1), (2, 2), (4, 1), (4, 2), (4, 3), (8, 3)] {
        let sign = if kind.1 == 1 { 1.0 } else { -1.0 };
        let value = |band: usize, x: usize, y: usize| sign * (40 * band + 2 * x + y) as f64;
        for (big_endian, planar, tiled) in (0..8).map(|bits| (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0)) {
            let file = Tiff { big_endian, planar, tiled, ..Tiff::new(19, 21, kind) }.write(2, value);
            let read = read(&file).unwrap_or_else(|e| panic!("{kind:?} {big_endian} {planar} {tiled}: {e}"));
            assert_eq!((read.header.width, read.header.height, read.bands.len()), (19, 21, 2));
            assert_eq!((u16::from(read.header.bits), read.header.whole), (8 * kind.0, kind.1 != 3));
            for (band, values) in read.bands.iter().enumerate() {
                let wanted: Vec<f32> = (0..19 * 21).map(|at| value(band, at % 19, at / 19) as f32).collect();
                assert_eq!(*values, wanted, "{kind:?} big endian {big_endian} planar {planar} tiled {tiled}");
            }
        }
    }
}

#[test]
fn compressed_and_big_files_are_read() {
    let whole: Vec<u16> = (0..40 * 30).map(|i| (i * 37 % 5000) as u16).collect();
    let real: Vec<f32> = whole.iter().map(|v| f32::from(*v) / 7.0 - 100.0).collect();
    let compressions = [Compression::Uncompressed, Compression::Lzw, Compression::Deflate(DeflateLevel::Fast)];
    for (number, compression) in compressions.into_iter().enumerate() {
        for predictor in [Predictor::None, Predictor::Horizontal] {
            let mut bytes = Cursor::new(Vec::new());
            let file = TiffEncoder::new(&mut bytes).expect("a file").with_compression(compression);
            file.with_predictor(predictor).write_image::<Gray16>(40, 30, &whole).expect("an image");
            let read = read(bytes.get_ref()).expect("a readable file");
            assert!(read.bands[0].iter().zip(&whole).all(|(a, b)| *a == f32::from(*b)), "compression {number}");
        }
    }
    let mut bytes = Cursor::new(Vec::new());
    TiffEncoder::new_big(&mut bytes).expect("a file").write_image::<Gray32Float>(40, 30, &real).expect("an image");
    assert_eq!(bytes.get_ref()[2], 43, "a BigTIFF");
    assert_eq!(read(bytes.get_ref()).expect("a readable file").bands, [real]);
}

#[test]
fn what_is_missing_is_nan() {
    let value = |_: usize, x: usize, _: usize| match x {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => f64::NEG_INFINITY,
        3 => -9999.0,
        _ => -9998.0,
    };
    let with = Tiff::new(5, 2, (4, 3)).tag(42113, "-9999 ").write(1, value);
    let read_with = read(&with).expect("a file");
    assert_eq!(read_with.header.no_data, Some(-9999.0));
    let missing: Vec<bool> = read_with.bands[0].iter().map(|v| v.is_nan()).collect();
    assert_eq!(missing[..5], [true, true, true, true, false]);
    assert_eq!(read_with.range(), Some([-9998.0, -9998.0]));
    let without = read(&Tiff::new(5, 2, (4, 3)).tag(42113, "nan").write(1, value)).expect("a file");
    assert_eq!(without.bands[0][3], -9999.0);
}

#[test]
fn bands_and_ground_come_from_the_tags() {
    let xml = "<GDALMetadata>\n<Item name=\"DESCRIPTION\" sample=\"0\" role=\"description\">VH</Item>\n\
               <Item name=\"DESCRIPTION\" sample=\"1\" role=\"description\">VV</Item>\n</GDALMetadata>";
    let file = Tiff::new(8, 4, (4, 3)).at([600_000.0, 4_800_000.0], 10.0, 32635).tag(42112, xml);
    let header = header(&file.write(2, |_, _, _| 0.0)).expect("a header");
    assert_eq!(header.names, ["VH", "VV"]);
    assert_eq!(header.words(), "2 bands of 32-bit real numbers, 8 × 4 pixels");
    let ground = header.ground.expect("a ground");
    assert_eq!(ground.at(8.0, 4.0), [600_080.0, 4_799_960.0]);
    assert_eq!(ground.pixel([600_020.0, 4_799_990.0]), [2.0, 1.0]);
    // A point is the middle of its pixel.
    let keys = vec![1, 1, 0, 1, 1025, 0, 1, 2];
    let of_points =
        Ground::of_tags(&[10.0, 10.0, 0.0], &[0.0, 0.0, 0.0, 50.0, 90.0, 0.0], &[], keys).expect("a ground");
    assert_eq!((of_points.origin, of_points.keys[7]), ([45.0, 95.0], 1));
    // A matrix instead of scale and tie point.
    let matrix = [0.0, 2.0, 0.0, 7.0, 3.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let turned = Ground::of_tags(&[], &[], &matrix, Vec::new()).expect("a ground");
    assert_eq!(turned.at(1.0, 10.0), [27.0, 12.0]);
    assert_eq!(turned.pixel([27.0, 12.0]), [1.0, 10.0]);
    assert!(Ground::of_tags(&[0.0, 0.0], &[0.0; 6], &[], Vec::new()).is_none());
}

#[test]
fn a_map_lies_on_the_ground_of_its_patches() {
    let source = Tiff::new(64, 48, (2, 1)).at([600_000.0, 4_800_000.0], 10.0, 32635);
    let ground = header(&source.write(1, |_, _, _| 1.0)).expect("a header").ground.expect("a ground");
    // Patches of 8 pixels of the window that begins at pixel (16, 8).
    let of_map = ground.part(16.0, 8.0, 8.0);
    let values = [0.5, f32::NAN, -1.0, 0.25, 1.0, 0.0];
    let written = write_map([3, 2], &values, Some(&of_map)).expect("a map");
    let map = read(&written).expect("a readable map");
    assert_eq!((map.header.width, map.header.height, map.header.bits, map.header.whole), (3, 2, 32, false));
    assert!(map.bands[0].iter().zip(values).all(|(a, b)| *a == b || a.is_nan() && b.is_nan()), "{:?}", map.bands);
    let there = map.header.ground.expect("a ground");
    assert_eq!(there, of_map);
    assert_eq!((there.origin, there.right, there.down), ([600_160.0, 4_799_920.0], [80.0, 0.0], [0.0, -80.0]));
    assert!(there.same_system(&ground) && !there.same_system(&super::ground([0.0, 0.0], 1.0)));
    let turned = Ground { right: [0.0, 3.0], down: [2.0, 0.0], ..of_map };
    let written = write_map([3, 2], &values, Some(&turned)).expect("a map");
    assert_eq!(header(&written).expect("a header").ground, Some(turned));
    assert_eq!(header(&write_map([3, 2], &values, None).expect("a map")).expect("a header").ground, None);
    assert!(write_map([2, 2], &values, None).is_err() && write_map([0, 0], &[], None).is_err());
}

#[test]
fn grounds_can_be_compared() {
    let (here, there) = (ground([100.0, 200.0], 10.0), ground([140.0, 190.0], 20.0));
    assert_eq!(here.frame_of(&there, [2, 3]), [4.0, 1.0, 8.0, 7.0]);
    assert_eq!(there.frame_of(&here, [2, 3]), [-2.0, -0.5, -1.0, 1.0]);
}

#[test]
fn bad_files_say_why() {
    let good = Tiff::new(40, 40, (4, 3)).write(2, |_, x, y| (x * y) as f64);
    assert_eq!(read(b"").expect_err("empty"), "the file is empty");
    assert_eq!(read(b"Dear diary, today I wrote no picture.").expect_err("text"), "it is not a TIFF file");
    // Wherever a file is cut, there is a reason and no panic.
    for length in [3, 7, 9, 200, good.len() / 2, good.len() - 300, good.len() - 3] {
        let why = read(&good[..length]).expect_err("cut short");
        assert!(!why.is_empty(), "{length}");
    }
    // A text, and the places of the strips, that would be longer than the file; in both orders of bytes.
    for (big_endian, tag) in [(false, 42_113), (true, 42_113), (false, 273), (true, 273)] {
        let file = Tiff { big_endian, ..Tiff::new(5, 4, (1, 1)) }.tag(42_113, "no number at all");
        let mut file = file.write(1, |_, x, y| (x + y) as f64);
        assert!(read(&file).is_ok());
        let number = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let kind = number(if tag == 273 { 4 } else { 2 });
        let at = file.windows(4).rposition(|entry| entry == [number(tag), kind].concat()).expect("the entry");
        file[if big_endian { at + 4 } else { at + 7 }] = 10;
        let why = read(&file).expect_err("too long");
        assert!(why.contains("more than its") && why.contains("bytes hold"), "{why}");
    }
    // The directory is before the data here: only the data are cut.
    let mut bytes = Cursor::new(Vec::new());
    let values = vec![1_u16; 400 * 300];
    TiffEncoder::new(&mut bytes).expect("a file").write_image::<Gray16>(400, 300, &values).expect("an image");
    assert!(read(&bytes.get_ref()[..5000]).is_err());
    let mut wild = good.clone();
    for at in (0..good.len()).step_by(7) {
        wild[at] ^= 0x5A;
        let _ = read(&wild);
    }
}

#[test]
fn a_small_file_holds_no_large_scene() {
    let whole = write_map([8, 6], &[0.5; 48], None).expect("a map");
    let mut wide = whole.clone();
    for tag in [256_u16, 257] {
        // The entry of a side: tag, type, one value, the value.
        let [low, high] = tag.to_le_bytes();
        let at = wide.windows(8).position(|w| w[..2] == [low, high] && w[3..8] == [0, 1, 0, 0, 0]).expect("an entry");
        wide[at + 8..at + 10].copy_from_slice(&7000_u16.to_le_bytes());
    }
    assert_eq!(read(&whole).expect("a map").header.width, 8);
    let why = read(&wide).expect_err("too wide");
    assert!(why.contains("can hold"), "{why}");
}
