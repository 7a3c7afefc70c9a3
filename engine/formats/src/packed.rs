//! Files packed by gzip, told by their first bytes.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;

/// Packed bytes that unpack to more than this many times their size are refused.
const MOST_UNPACKED: u64 = 64;

/// The bytes, unpacked where they are packed by gzip.
///
/// # Errors
/// When they are damaged, cut short, or unpack to more than 64 times their size.
pub fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    if !bytes.starts_with(&[0x1F, 0x8B]) {
        return Ok(Cow::Borrowed(bytes));
    }
    let most = MOST_UNPACKED * bytes.len() as u64;
    let mut whole = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(most + 1).read_to_end(&mut whole);
    read.map_err(|e| format!("it is packed by gzip and damaged or cut short: {e}"))?;
    if whole.len() as u64 > most {
        return Err(format!("it unpacks to more than {MOST_UNPACKED} times its size: unpack it yourself"));
    }
    Ok(Cow::Owned(whole))
}
