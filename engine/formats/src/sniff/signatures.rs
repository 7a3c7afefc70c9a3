//! Formats that begin with bytes of their own.

use super::{Found, Kind, ends};

type Row = (usize, &'static [u8], &'static str, Kind, &'static str, &'static str);

/// Where, which bytes, and what that is. The first row that fits is taken.
const TABLE: &[Row] = &[
    (0, b"GGUF", "GGUF", Kind::Weights, "a GGUF file of llama.cpp", AS_SAFETENSORS),
    (4, b"TFL3", "TensorFlow Lite", Kind::Weights, "a model of TensorFlow Lite", AS_SAFETENSORS),
    (0, b"MATLAB ", "MATLAB", Kind::Array, "a MATLAB .mat file", AS_NPY),
    (0, b"\x89HDF\r\n\x1a\n", "HDF5", Kind::Array, HDF5, AS_EITHER),
    (512, b"\x89HDF\r\n\x1a\n", "HDF5", Kind::Array, HDF5, AS_EITHER),
    (0, b"\x93NUMPY", "npy", Kind::Array, "a NumPy array (.npy)", ""),
    (0, b"CDF\x01", "NetCDF", Kind::Array, "a NetCDF file", AS_NPY),
    (0, b"CDF\x02", "NetCDF", Kind::Array, "a NetCDF file", AS_NPY),
    (0, b"SIMPLE  =", "FITS", Kind::Array, "a FITS file", AS_NPY),
    (128, b"DICM", "DICOM", Kind::Picture, "a DICOM picture", AS_PNG),
    (344, b"n+1\0", "NIfTI", Kind::Array, "a NIfTI volume", AS_NPY),
    (344, b"ni1\0", "NIfTI", Kind::Array, "a NIfTI volume", AS_NPY),
    (0, b"\x1f\x8b", "gzip", Kind::Archive, "a gzip archive", UNPACK),
    (0, b"BZh", "bzip2", Kind::Archive, "a bzip2 archive", UNPACK),
    (0, b"\xfd7zXZ\0", "xz", Kind::Archive, "an xz archive", UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "zstd", Kind::Archive, "a zstd archive", UNPACK),
    (0, b"\x04\x22\x4d\x18", "lz4", Kind::Archive, "an lz4 archive", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "7z", Kind::Archive, "a 7z archive", UNPACK),
    (0, b"Rar!\x1a\x07", "RAR", Kind::Archive, "a RAR archive", UNPACK),
    (257, b"ustar", "tar", Kind::Archive, "a tar archive", UNPACK),
    (0, b"\x89PNG\r\n\x1a\n", "PNG", Kind::Picture, "a PNG picture", ""),
    (0, b"\xff\xd8\xff", "JPEG", Kind::Picture, "a JPEG picture", ""),
    (0, b"GIF87a", "GIF", Kind::Picture, "a GIF picture", AS_PNG),
    (0, b"GIF89a", "GIF", Kind::Picture, "a GIF picture", AS_PNG),
    (0, b"II*\0", "TIFF", Kind::Picture, "a TIFF picture", ""),
    (0, b"MM\0*", "TIFF", Kind::Picture, "a TIFF picture", ""),
    (0, b"II+\0", "TIFF", Kind::Picture, "a BigTIFF picture", ""),
    (0, b"MM\0+", "TIFF", Kind::Picture, "a BigTIFF picture", ""),
    (0, b"8BPS", "PSD", Kind::Picture, "a Photoshop picture", AS_PNG),
    (0, b"\x76\x2f\x31\x01", "OpenEXR", Kind::Picture, "an OpenEXR picture", AS_PNG),
    (0, b"\0\0\0\x0cjP  ", "JPEG 2000", Kind::Picture, "a JPEG 2000 picture", AS_PNG),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000", Kind::Picture, "a JPEG 2000 picture", AS_PNG),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL", Kind::Picture, "a JPEG XL picture", AS_PNG),
    (0, b"\xff\x0a", "JPEG XL", Kind::Picture, "a JPEG XL picture", AS_PNG),
    (0, b"qoif", "QOI", Kind::Picture, "a QOI picture", AS_PNG),
    (0, b"\0\0\x01\0", "ICO", Kind::Picture, "an icon (.ico)", AS_PNG),
    (0, b"\x1a\x45\xdf\xa3", "WebM", Kind::Film, "a WebM or Matroska film", ""),
    (0, b"FLV\x01", "FLV", Kind::Film, "a Flash film", ""),
    (0, b"\0\0\x01\xba", "MPEG", Kind::Film, "an MPEG film", ""),
    (0, b"fLaC", "FLAC", Kind::Sound, "a FLAC sound", ""),
    (0, b"ID3", "MP3", Kind::Sound, "an MP3 sound", ""),
    (0, b"\xff\xfb", "MP3", Kind::Sound, "an MP3 sound", ""),
    (0, b"\xff\xf3", "MP3", Kind::Sound, "an MP3 sound", ""),
    (0, b"OggS", "OGG", Kind::Sound, "an OGG sound", ""),
    (0, b"MThd", "MIDI", Kind::Sound, "a MIDI file", ""),
    (0, b"PAR1", "Parquet", Kind::Table, "a Parquet table", PANDAS_PARQUET),
    (0, b"ARROW1", "Arrow", Kind::Table, "an Arrow (Feather) table", PANDAS_FEATHER),
    (0, b"FEA1", "Arrow", Kind::Table, "a Feather table", PANDAS_FEATHER),
    (0, b"ORC", "ORC", Kind::Table, "an ORC table", AS_CSV),
    (0, b"Obj\x01", "Avro", Kind::Table, "an Avro table", AS_CSV),
    (0, b"SQLite format 3\0", "SQLite", Kind::Table, "an SQLite database", "Export the table as CSV"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls", Kind::Table, "an old Office document (.xls, .doc)", AS_CSV),
    (0, b"<stata_dta>", "Stata", Kind::Table, "a Stata table", AS_CSV),
    (0, b"$FL2", "SPSS", Kind::Table, "an SPSS table", AS_CSV),
    (0, b"LASF", "LAS", Kind::Shape, "a LAS or LAZ cloud of points", AS_PLY),
    (0, b"ASTM-E57", "E57", Kind::Shape, "an E57 cloud of points", AS_PLY),
    (0, b"glTF", "glTF", Kind::Shape, "a binary glTF scene (.glb)", AS_OBJ),
    (0, b"Kaydara FBX Binary", "FBX", Kind::Shape, "an FBX scene", AS_OBJ),
    (0, b"BLENDER", "Blender", Kind::Shape, "a Blender scene", AS_OBJ),
    (0, b"PXR-USDC", "USD", Kind::Shape, "a USD scene", AS_OBJ),
    (0, b"\0\x05\x16\x07", "AppleDouble", Kind::StandIn, APPLE, "Delete it or leave it: it holds no data"),
    (0, b"\0\0\0\x01Bud1", "DS_Store", Kind::StandIn, APPLE, "Delete it or leave it: it holds no data"),
    (0, b"\x7fELF", "program", Kind::Other, "a program for Linux", ""),
    (0, b"MZ", "program", Kind::Other, "a program for Windows", ""),
];

const HDF5: &str = "an HDF5 file (Keras weights, a MATLAB 7.3 file, a data set)";
const APPLE: &str = "what macOS notes about another file";
pub(super) const UNPACK: &str = "Unpack it and give what is in it";
pub(super) const AS_SAFETENSORS: &str = "Save the model's weights as .safetensors in Python";
pub(super) const AS_CSV: &str = "Save it as CSV";
const AS_NPY: &str = "Save its arrays as .npy or its pictures as PNG";
const AS_EITHER: &str = "Weights: save them as .safetensors in Python; data: save it as .npy, CSV or PNG";
pub(super) const AS_PNG: &str = "Save it as PNG, JPEG or WebP";
const AS_PLY: &str = "Save it as PLY, for example with CloudCompare or PDAL";
const AS_OBJ: &str = "Export it as OBJ or PLY, for example with Blender";
const PANDAS_PARQUET: &str =
    "Save it as CSV: python -c \"import pandas; pandas.read_parquet('in.parquet').to_csv('out.csv', index=False)\"";
const PANDAS_FEATHER: &str =
    "Save it as CSV: python -c \"import pandas; pandas.read_feather('in.feather').to_csv('out.csv', index=False)\"";

/// The first row of the table whose bytes stand in the file. Letters alone may begin a text, too: `ID3` and `PAR1` are
/// names of columns.
pub(super) fn found(bytes: &[u8]) -> Option<Found> {
    let text = !ends(bytes)[0].iter().any(|byte| *byte < 0x20 && !byte.is_ascii_whitespace());
    let fits = |(at, magic, ..): &&Row| {
        let here = bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic));
        here && !(text && magic.iter().all(|byte| (0x20..0x7f).contains(byte)))
    };
    let (_, _, name, kind, what, advice) = TABLE.iter().find(fits)?;
    Some(Found::new(name, *kind, *what, *advice))
}
