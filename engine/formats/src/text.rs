//! From bytes to text, whatever program wrote it: any of the usual encodings, any ends of lines, packed by gzip or not.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use crate::sniff::{Kind, sniff};

/// Packed text that unpacks to more than this many times its size is refused.
const MOST_UNPACKED: u64 = 64;
/// Bytes at the beginning by which text is told from other things.
const LOOKED_AT: usize = 1 << 16;

/// The text of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// Lines end with a line feed alone; there is no byte order mark.
    pub text: String,
    /// What was guessed, a line each.
    pub notes: Vec<String>,
}

/// The text in these bytes: UTF-8, UTF-16 or, where neither fits, Windows-1252.
///
/// # Errors
/// When they are no text; what they are is said where their beginning tells it.
pub fn read(bytes: &[u8]) -> Result<Text, String> {
    if !bytes.starts_with(&[0x1F, 0x8B]) {
        return decoded(bytes);
    }
    let most = MOST_UNPACKED * bytes.len() as u64;
    let mut unpacked = Vec::new();
    let taken = MultiGzDecoder::new(bytes).take(most + 1).read_to_end(&mut unpacked);
    taken.map_err(|e| format!("it is packed by gzip and damaged or cut short: {e}"))?;
    if unpacked.len() as u64 > most {
        return Err(format!("it unpacks to more than {MOST_UNPACKED} times its size: unpack it yourself"));
    }
    decoded(&unpacked)
}

fn decoded(bytes: &[u8]) -> Result<Text, String> {
    let found = sniff(bytes);
    if let Some(found) = found.as_ref().filter(|found| found.kind == Kind::StandIn || found.name == "PDF") {
        return Err(format!("it is {}", found.words()));
    }
    // Names of columns may begin like the files of other programs (FEA1, PAR1): that counts where it is no text alone.
    let known = found.filter(|found| !matches!(found.kind, Kind::Text));
    as_text(bytes).map_err(|why| known.map_or(why, |found| format!("it is no text but {}", found.words())))
}

fn as_text(bytes: &[u8]) -> Result<Text, String> {
    let mut notes = Vec::new();
    let text = match utf16(bytes) {
        Some((units, marked)) => {
            if !marked {
                notes.push("read as UTF-16, which its zero bytes tell".to_string());
            }
            String::from_utf16(&units).map_err(|_| "it begins like UTF-16 and goes on otherwise".to_string())?
        }
        None => eight_bit(bytes, &mut notes)?,
    };
    let start = text.char_indices().nth(LOOKED_AT).map_or(text.len(), |(at, _)| at);
    refuse_controls(&text[..start])?;
    Ok(Text { text: one_line_end(text), notes })
}

/// Text of 16 bits a character, and whether a mark says so. Without a mark every other byte of the beginning has to be
/// zero.
fn utf16(bytes: &[u8]) -> Option<(Vec<u16>, bool)> {
    let (rest, little, marked) = match bytes {
        [0xFF, 0xFE, rest @ ..] => (rest, true, true),
        [0xFE, 0xFF, rest @ ..] => (rest, false, true),
        _ => {
            let start = &bytes[..bytes.len().min(LOOKED_AT)];
            let zeros = |odd: usize| start.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
            let (even, odd) = (zeros(0), zeros(1));
            let mostly = |many: usize, few: usize| many * 10 > start.len() * 4 && few * 20 < many;
            if !mostly(odd, even) && !mostly(even, odd) {
                return None;
            }
            (bytes, odd > even, false)
        }
    };
    let unit = |pair: &[u8]| if little { [pair[0], pair[1]] } else { [pair[1], pair[0]] };
    Some((rest.chunks_exact(2).map(|pair| u16::from_le_bytes(unit(pair))).collect(), marked))
}

/// Text of 8 bits a unit.
fn eight_bit(bytes: &[u8], notes: &mut Vec<String>) -> Result<String, String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // What old editors and broken copies leave at the end.
    let end = bytes.iter().rposition(|byte| !matches!(byte, 0 | 0x1A)).map_or(0, |last| last + 1);
    let bytes = &bytes[..end];
    if bytes.contains(&0) {
        return Err("it is no text: there are zero bytes in it".into());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_string());
    }
    let lossy = String::from_utf8_lossy(bytes);
    let bad = lossy.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    let good = lossy.chars().filter(|c| !c.is_ascii()).count() - bad;
    if good > 4 * bad {
        notes.push(format!("read as UTF-8, in which {bad} characters are damaged"));
        return Ok(lossy.into_owned());
    }
    notes.push("read as Windows-1252, because it is no UTF-8".into());
    Ok(bytes.iter().map(|byte| windows_1252(*byte)).collect())
}

/// A character of Windows-1252; the five bytes that mean nothing there are those of Latin-1.
fn windows_1252(byte: u8) -> char {
    /// Those of 0x80 … 0x9F.
    const MIDDLE: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => MIDDLE[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// Text has line ends and tabs, and hardly any other control character.
fn refuse_controls(start: &str) -> Result<(), String> {
    let control = |c: &char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}');
    let (controls, all) = (start.chars().filter(control).count(), start.chars().count());
    if controls * 50 > all {
        return Err(format!("it is no text: {controls} of its first {all} characters are control characters"));
    }
    Ok(())
}

fn one_line_end(text: String) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn text(bytes: &[u8]) -> String {
        read(bytes).unwrap_or_default().text
    }

    #[test]
    fn all_usual_encodings_and_line_ends_are_read() {
        assert_eq!(text(b""), "");
        assert_eq!(text(b"\xEF\xBB\xBFa,b\r\n1,2\r\n"), "a,b\n1,2\n");
        assert_eq!(text(b"a,b\r1,2\r"), "a,b\n1,2\n");
        let wide = |swap: bool, mark: bool| -> Vec<u8> {
            let all = if mark { "\u{feff}größe,b\r\n1,2\n" } else { "größe,b\r\n1,2\n" };
            all.encode_utf16().flat_map(|unit| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        for (swap, mark) in [(false, true), (true, true), (false, false), (true, false)] {
            let read = read(&wide(swap, mark)).unwrap_or_default();
            assert_eq!((read.text.as_str(), read.notes.len()), ("größe,b\n1,2\n", usize::from(!mark)));
        }
        let old = read(b"gr\xF6\xDFe \x80\n").unwrap_or_default();
        assert_eq!((old.text.as_str(), old.notes.len()), ("größe €\n", 1));
        let mut damaged = "ä".repeat(20).into_bytes();
        damaged.pop();
        assert!(read(&damaged).unwrap_or_default().text.starts_with("ääää"));
        assert_eq!(text(b"1,2\n\x1A\0\0"), "1,2\n");
        assert_eq!(text(b"PAR1,PAR2\n1,2\n"), "PAR1,PAR2\n1,2\n");
    }

    #[test]
    fn packed_text_is_unpacked_within_limits() {
        let packed = |plain: &[u8]| {
            let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            assert!(to.write_all(plain).is_ok());
            to.finish().unwrap_or_default()
        };
        assert_eq!(text(&packed(b"a,b\r\n1,2\n")), "a,b\n1,2\n");
        assert!(read(&packed(&vec![b'1'; 1 << 20])).expect_err("too much").contains("64 times"));
        assert!(read(&packed(b"a,b\n1,2\n")[..12]).expect_err("cut").contains("cut short"));
    }

    #[test]
    fn what_is_no_text_is_refused_in_words() {
        for (bytes, word) in [
            (&b"1,2\0\n3,4\n"[..], "zero bytes"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
            (b"<html><body>", "web page"),
            (b"\x01\x02\x03\x04\x05abc", "control"),
            (b"\xFF\xFE\x00\xD8\x00\xD8", "UTF-16"),
        ] {
            let why = read(bytes).expect_err("no text");
            assert!(why.contains(word), "{why}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(all in "[^\\r\\x00\\x1a]{0,200}") {
            if let Ok(read) = read(all.as_bytes()) {
                prop_assert_eq!(read.text, all.strip_prefix('\u{feff}').unwrap_or(&all));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(all in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(read) = read(&all) {
                prop_assert!(read.text.len() <= 3 * all.len() && !read.text.contains('\r'));
            }
        }
    }
}
