//! The structure of a JPEG file: where its picture ends, whatever stands behind it, and how it is coded.

/// What the markers of a JPEG file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Jpeg {
    /// Where the picture's own end marker ends; `None`: the file is cut short. Phones hang films, maps of depth and
    /// further pictures behind it, and thumbnails with ends of their own stand before it.
    pub end: Option<usize>,
    /// The marker that begins the frame (0xC0 … 0xCF) tells how it is coded; 0: there is none.
    pub frame: u8,
    /// Bits of a value.
    pub bits: u8,
}

impl Jpeg {
    /// Walk along the markers; `None`: it does not begin like a JPEG file.
    pub fn walk(bytes: &[u8]) -> Option<Self> {
        let mut jpeg = Self::default();
        let mut at = bytes.starts_with(&[0xFF, 0xD8, 0xFF]).then_some(2)?;
        while let Some((marker, after)) = next_marker(bytes, at) {
            at = after;
            match marker {
                0xD9 => {
                    jpeg.end = Some(at);
                    break;
                }
                // Restarts and other markers that stand alone.
                0x01 | 0xD0..=0xD8 => {}
                _ => {
                    let Some(length) = bytes.get(at..).and_then(|rest| rest.first_chunk::<2>()) else { break };
                    if matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) {
                        jpeg.frame = marker;
                        jpeg.bits = bytes.get(at + 2).copied().unwrap_or(0);
                    }
                    // Coded data follow the header of a scan; within them 0xFF is always followed by 0 or a marker.
                    at += usize::from(u16::from_be_bytes(*length)).max(2);
                }
            }
        }
        Some(jpeg)
    }

    /// Why its way of coding is not read, where it is not.
    pub fn unread(&self) -> Option<&'static str> {
        match (self.frame, self.bits) {
            (0xC3 | 0xC7 | 0xCB | 0xCF, _) => Some("it is a JPEG without loss, which is not read: save it as PNG"),
            (0xC9..=0xCE, _) => Some("it is a JPEG with arithmetic coding, which is not read: save it as PNG"),
            (0xC5..=0xC6, _) => Some("it is a JPEG in several layers, which is not read: save it as PNG"),
            (0xC0..=0xC2, 9..) => Some("it is a JPEG with more than 8 bits, which is not read: save it as PNG"),
            _ => None,
        }
    }
}

/// The next marker from here on, and where it ends: 0xFF and a byte that is neither 0 (coded data) nor 0xFF (filling).
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xFF)? + 1;
        match bytes.get(at)? {
            0x00 => {}
            0xFF => {}
            marker => return Some((*marker, at + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Jpeg;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        [&[0xFF, marker][..], &(content.len() as u16 + 2).to_be_bytes(), content].concat()
    }

    /// A picture's structure: a thumbnail within EXIF, a frame, scans with stuffed bytes and restarts.
    fn picture(thumbnail: &[u8], scans: usize) -> Vec<u8> {
        let scan =
            [segment(0xDA, &[1, 1, 0, 0, 63, 0]), vec![7, 0xFF, 0, 9, 0xFF, 0xD0, 1, 0xFF, 0xFF, 0xD1, 0x44]].concat();
        let frame = segment(0xC2, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
        [vec![0xFF, 0xD8], segment(0xE1, thumbnail), frame, scan.repeat(scans), vec![0xFF, 0xD9]].concat()
    }

    #[test]
    fn a_picture_ends_at_its_own_marker() {
        let thumbnail = picture(b"", 1);
        let whole = picture(&thumbnail, 3);
        let film = b"\0\0\0\x18ftypmp42\xFF\xDA\xFF\xD8\xFF\xDA and so on".to_vec();
        for behind in [vec![], vec![0; 99], b"some text".to_vec(), film, whole.clone()] {
            let jpeg = Jpeg::walk(&[whole.clone(), behind].concat()).unwrap_or_default();
            assert_eq!((jpeg.end, jpeg.frame, jpeg.bits), (Some(whole.len()), 0xC2, 8));
        }
        for end in 3..whole.len() {
            assert_eq!(Jpeg::walk(&whole[..end]).map(|jpeg| jpeg.end), Some(None), "cut at {end} of {}", whole.len());
        }
        assert_eq!(Jpeg::walk(b"\x89PNG"), None);
    }

    #[test]
    fn ways_of_coding_that_are_not_read_are_named() {
        let coded = |marker: u8, bits: u8| Jpeg { end: None, frame: marker, bits }.unread();
        assert!(coded(0xC0, 8).is_none() && coded(0xC1, 8).is_none() && coded(0xC2, 8).is_none());
        for (marker, bits, word) in [(0xC1, 12, "8 bits"), (0xC3, 8, "without loss"), (0xC9, 8, "arithmetic")] {
            assert!(coded(marker, bits).is_some_and(|why| why.contains(word)), "{word}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_end_within_them_or_none(bytes in proptest::collection::vec(prop_oneof![Just(0xFF), any::<u8>()], 0..300)) {
            let bytes = [vec![0xFF, 0xD8, 0xFF], bytes].concat();
            prop_assert!(Jpeg::walk(&bytes).is_some_and(|jpeg| jpeg.end.is_none_or(|end| end <= bytes.len() && bytes[end - 1] == 0xD9)));
        }
    }
}
