//! Whether files of pictures are whole, by their own structure.

/// Whether a PNG or WebP file lacks its end; only a hint why one cannot be read, as some lack no more than the end
/// marker.
pub fn is_cut_short(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"RIFF") {
        let size = bytes.get(4..8).and_then(|four| four.first_chunk::<4>()).map_or(0, |four| u32::from_le_bytes(*four));
        return (bytes.len() as u64) < u64::from(size) + 8;
    }
    let mut at = 8_usize;
    while let Some(head) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let [a, b, c, d, kind @ ..] = *head;
        if kind == *b"IEND" {
            return false;
        }
        at = at.saturating_add(12).saturating_add(u32::from_be_bytes([a, b, c, d]) as usize);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_cut_short;

    #[test]
    fn files_without_their_end_are_found() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x02IDATxxcrc4\0\0\0\0IENDcrc4";
        assert!(!is_cut_short(png) && is_cut_short(&png[..29]) && is_cut_short(&png[..20]) && is_cut_short(&png[..4]));
        assert!(is_cut_short(b"RIFF\x20\0\0\0WEBP") && !is_cut_short(b"RIFF\x04\0\0\0WEBP"));
    }
}
