//! What an archive is, by its first bytes.

/// How bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not an archive that is unpacked here.
    None,
    Zip,
    Tar,
    Gzip,
    Bzip2,
}

/// Bytes that tell the packing of a stream.
pub const HEAD: usize = 512;

/// How a whole file is packed. Zip files that other programs save their documents as are [`Packing::None`].
pub fn packing(bytes: &[u8]) -> Packing {
    match by_head(bytes) {
        Packing::Zip if is_document(bytes) => Packing::None,
        packing => packing,
    }
}

/// The same of a stream that begins with these bytes.
pub fn by_head(head: &[u8]) -> Packing {
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Packing::Zip
    } else if head.starts_with(&[0x1F, 0x8B, 8]) {
        Packing::Gzip
    } else if head.len() > 9 && head.starts_with(b"BZh") && matches!(head[3], b'1'..=b'9') && is_bzip2_block(&head[4..])
    {
        Packing::Bzip2
    } else if head.get(257..262) == Some(b"ustar") || is_old_tar(head) {
        Packing::Tar
    } else {
        Packing::None
    }
}

/// A block's mark, or that of an end without any block.
fn is_bzip2_block(rest: &[u8]) -> bool {
    rest.starts_with(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) || rest.starts_with(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
}

/// Tar files of before 1988 have no mark, but a sum over their first block.
fn is_old_tar(head: &[u8]) -> bool {
    let Some(block) = head.get(..HEAD) else { return false };
    let field = String::from_utf8_lossy(&block[148..156]);
    let Ok(told) = u64::from_str_radix(field.trim_matches([' ', '\0']), 8) else { return false };
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    block[0] != 0 && told == sum(&block[..148]) + 8 * u64::from(b' ') + sum(&block[156..])
}

/// Other formats that are zip files: their first members have set names, which stand in the first block or in the
/// directory at the end.
fn is_document(bytes: &[u8]) -> bool {
    const MOST_DIRECTORY: usize = 1 << 16;
    const NAMES: [&[u8]; 5] =
        [b"[Content_Types].xml", b"data.pkl", b"META-INF/MANIFEST.MF", b"META-INF/container.xml", b"meta.xml"];
    let first = &bytes[..bytes.len().min(HEAD)];
    let last = &bytes[bytes.len().saturating_sub(MOST_DIRECTORY)..];
    // The end alone is asked for the directory's entries, whose mark each name follows at a set distance.
    let entries = last.windows(4).enumerate().filter(|(_, mark)| *mark == b"PK\x01\x02").map(|(at, _)| &last[at..]);
    let named = |name: &[u8]| {
        NAMES.iter().any(|known| {
            name == *known
                || name.ends_with(known) && name.len() > known.len() && name[name.len() - known.len() - 1] == b'/'
        })
    };
    let name_of = |entry: &[u8], length_at: usize, start: usize| -> Option<Vec<u8>> {
        let length = usize::from(u16::from_le_bytes([*entry.get(length_at)?, *entry.get(length_at + 1)?]));
        entry.get(start..start + length).map(<[u8]>::to_vec)
    };
    name_of(first, 26, 30).is_some_and(|name| named(&name))
        || entries.into_iter().filter_map(|entry| name_of(entry, 28, 46)).any(|name| named(&name))
}
