//! The files inside of archives, one after the other.

use std::io::{self, Cursor, Read};

use bzip2_rs::DecoderReader;
use flate2::read::MultiGzDecoder;

use super::Limits;
use super::names::{self, Member};
use super::packing::{self, HEAD, Packing};
use crate::LeftOut;

/// Told of a file: its name with its folders, and its content. An error leaves the file out; its text is the reason.
pub type Visit<'a> = dyn FnMut(&str, &mut dyn Read) -> io::Result<()> + 'a;

/// Show every file to `visit`: archives file by file, others as they are. Returns what was left out.
pub fn walk<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    limits: &Limits,
    visit: &mut Visit<'_>,
) -> Vec<LeftOut> {
    let mut walker = Walker { limits: *limits, members: limits.members, left: 0, left_out: Vec::new(), visit };
    let mut spent = 0;
    for (name, bytes) in files {
        let most = limits.ratio.saturating_mul(bytes.len() as u64).saturating_add(1 << 20);
        let before = most.min(limits.bytes.saturating_sub(spent));
        walker.left = before;
        if packing::packing(bytes) == Packing::None {
            if let Err(e) = (walker.visit)(name, &mut &*bytes) {
                walker.leave(name, e);
            }
            continue;
        }
        walker.open(name, &mut &*bytes, Some(bytes), 0);
        spent += before - walker.left;
    }
    walker.left_out
}

struct Walker<'a, 'b> {
    limits: Limits,
    /// Files and bytes that may still come out.
    members: usize,
    left: u64,
    left_out: Vec<LeftOut>,
    visit: &'a mut Visit<'b>,
}

impl Walker<'_, '_> {
    fn leave(&mut self, what: &str, why: impl ToString) {
        self.left_out.push(LeftOut { what: what.to_string(), why: why.to_string() });
    }

    /// An archive, or a file if it is none. `whole`: its bytes, where they are all in memory.
    fn open(&mut self, name: &str, content: &mut dyn Read, whole: Option<&[u8]>, depth: usize) {
        let mut head = Vec::new();
        if let Err(e) = (&mut *content).take(HEAD as u64).read_to_end(&mut head) {
            return self.leave(name, damaged(&e));
        }
        let kind = packing::by_head(&head);
        let mut content = Cursor::new(head).chain(content);
        if kind != Packing::None && depth >= self.limits.depth {
            return self.leave(name, format!("it lies in {depth} archives in one another"));
        }
        let inside = names::stem(name).to_string();
        // What comes out of one layer is bounded too, or an archive of nothing could go on for ever.
        let most = self.limits.bytes.saturating_add(1);
        match kind {
            Packing::None => self.file(name, &mut content),
            Packing::Gzip => self.open(&inside, &mut MultiGzDecoder::new(content).take(most), None, depth + 1),
            Packing::Bzip2 => self.open(&inside, &mut DecoderReader::new(content).take(most), None, depth + 1),
            Packing::Tar => self.tar(name, &inside, &mut content, depth),
            Packing::Zip => match whole {
                Some(bytes) => self.zip(name, &inside, bytes, depth),
                None => match self.kept(&mut content) {
                    Ok(bytes) if packing::packing(&bytes) == Packing::None => self.file(name, &mut bytes.as_slice()),
                    Ok(bytes) => self.zip(name, &inside, &bytes, depth),
                    Err(e) => self.leave(name, damaged(&e)),
                },
            },
        }
    }

    /// All bytes of an archive in an archive, which are needed to look into it.
    fn kept(&mut self, content: &mut dyn Read) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut limited = Limited { content, left: self.left };
        limited.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn file(&mut self, name: &str, content: &mut dyn Read) {
        if self.members == 0 {
            return self.leave(name, format!("there are more than {} files", self.limits.members));
        }
        let mut limited = Limited { content, left: self.left };
        let visited = (self.visit)(name, &mut limited);
        self.left = limited.left;
        self.members -= 1;
        if let Err(e) = visited {
            self.leave(name, damaged(&e));
        }
    }

    fn zip(&mut self, name: &str, inside: &str, bytes: &[u8], depth: usize) {
        let mut archive = match zip::ZipArchive::new(Cursor::new(bytes)) {
            Ok(archive) => archive,
            Err(e) => {
                return self.leave(name, format!("it begins as a zip archive, and is damaged or cut short ({e})"));
            }
        };
        for index in 0..archive.len() {
            let told = archive.name_for_index(index).unwrap_or_default().to_string();
            let mut member = match archive.by_index(index) {
                Ok(member) => member,
                Err(e) => {
                    self.leave(&format!("{name}: {told}"), locked(&e));
                    continue;
                }
            };
            if member.is_dir() {
                continue;
            }
            if member.is_symlink() {
                self.leave(&format!("{name}: {told}"), "it is a link");
                continue;
            }
            if member.size() > self.left {
                self.leave(&format!("{name}: {told}"), too_large());
                continue;
            }
            self.member(name, inside, &told, &mut member, depth);
        }
    }

    fn tar(&mut self, name: &str, inside: &str, content: &mut dyn Read, depth: usize) {
        let mut archive = tar::Archive::new(content);
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(e) => return self.leave(name, damaged(&e)),
        };
        let mut seen = 0;
        for entry in entries {
            seen += 1;
            if seen > self.limits.members {
                return self.leave(name, format!("there are more than {} files", self.limits.members));
            }
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(e) => return self.leave(name, format!("it is damaged or cut short after {} files: {e}", seen - 1)),
            };
            let told = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let kind = entry.header().entry_type();
            if kind.is_dir() || kind.is_pax_global_extensions() {
                continue;
            }
            if !kind.is_file() && !kind.is_contiguous() {
                self.leave(&format!("{name}: {told}"), "it is a link or a device");
                continue;
            }
            self.member(name, inside, &told, &mut entry, depth);
        }
    }

    fn member(&mut self, archive: &str, inside: &str, told: &str, content: &mut dyn Read, depth: usize) {
        match names::member(told) {
            Member::At(path) => self.open(&format!("{inside}/{path}"), content, None, depth + 1),
            Member::Hidden => (),
            Member::Outside => self.leave(&format!("{archive}: {told}"), "its name leads out of the archive's folder"),
        }
    }
}

/// No more than so many bytes.
struct Limited<'a> {
    content: &'a mut dyn Read,
    left: u64,
}

impl Read for Limited<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(out)?;
        self.left = match self.left.checked_sub(read as u64) {
            Some(left) => left,
            None => {
                self.left = 0;
                return Err(io::Error::other(too_large()));
            }
        };
        Ok(read)
    }
}

fn too_large() -> &'static str {
    "too much comes out of the archive: unpack it yourself and give the files that are needed"
}

fn locked(error: &zip::result::ZipError) -> String {
    match error {
        zip::result::ZipError::UnsupportedArchive(why) => format!("it cannot be unpacked: {why}"),
        error => format!("it is damaged: {error}"),
    }
}

fn damaged(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut short".into(),
        io::ErrorKind::Other => error.to_string(),
        _ => format!("it is damaged or cut short: {error}"),
    }
}
