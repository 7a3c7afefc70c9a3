//! Downloading a set into a folder (native only): one file after the other, parts taken up again, every hash checked.
//!
//! A file has its name only when it is whole; until then it is `NAME.part`.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use ureq::Agent;

use super::attempts::{Attempts, Failure, Next};
use super::{Set, SetFile, Summary, Told, hexadecimal};
use crate::error::{Error, Result};

/// Seconds without an answer, and without a byte of it, after which a connection counts as cut.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that are read at once.
const AT_ONCE: usize = 1 << 16;

/// Told how far the download is; false: stop.
pub type OnTold<'a> = dyn FnMut(&Told) -> bool + 'a;

/// Fetch the first `most` files of a set that are not there yet into `folder`, where each gets the name of
/// [`Set::place`]. `from`: another place to take them from (addresses, apart by commas, in which a file is SET/PATH).
///
/// Single files that cannot be had are listed in the summary; what stops all others too is an error.
///
/// # Errors
/// [`Error::Data`] when the source limits downloads or cannot be reached, [`Error::File`] when a file cannot be written.
pub fn fetch(set: &Set, folder: &Path, from: Option<&str>, most: usize, told: &mut OnTold<'_>) -> Result<Summary> {
    let mut fetching = Fetching {
        agent: agent(),
        told,
        so_far: Told {
            set: set.id.clone(),
            of: set.files.len().min(most) as u64,
            total: set.files.iter().take(most).map(|file| file.bytes).sum(),
            ..Told::default()
        },
    };
    let mut summary = Summary { set: set.id.clone(), of: set.files.len() as u64, ..Summary::default() };
    for file in set.files.iter().take(most) {
        fetching.so_far.number += 1;
        fetching.so_far.file.clone_from(&file.path);
        let before = fetching.so_far.done;
        let path = folder.join(set.place(file));
        let outcome = match is_whole(&path, file) {
            true => Ok(Outcome::There),
            false => fetching.file(&path, file, &set.addresses(file, from)),
        };
        match outcome {
            Ok(Outcome::Stopped) => {
                summary.stopped = true;
                break;
            }
            Ok(outcome) => {
                summary.here += 1;
                summary.fetched += u64::from(outcome == Outcome::Fetched);
            }
            Err(Ended::File(error)) => summary.failed.push((file.path.clone(), error.report().why)),
            Err(Ended::All(error)) => return Err(with_part(error, &summary)),
        }
        fetching.so_far.done = before + file.bytes;
    }
    Ok(summary)
}

/// Whether a file is there and the original.
pub fn is_whole(path: &Path, file: &SetFile) -> bool {
    let long = fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == file.bytes);
    long && File::open(path).is_ok_and(|mut open| hash(&mut open).is_ok_and(|found| found == file.sha256))
}

fn hash(content: &mut impl io::Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut part = vec![0; AT_ONCE];
    loop {
        match content.read(&mut part)? {
            0 => return Ok(hexadecimal(&hasher.finalize())),
            read => hasher.update(&part[..read]),
        }
    }
}

/// Say in an error how much of the set is there all the same.
fn with_part(error: Error, summary: &Summary) -> Error {
    let report = error.report();
    let part = format!("{}; {} of {} files of {} are here", report.why, summary.here, summary.of, summary.set);
    match error {
        Error::File { .. } => Error::file(report.title, part, report.what_to_do),
        _ => Error::data(report.title, part, report.what_to_do),
    }
}

fn agent() -> Agent {
    // Proxies come from the environment (HTTPS_PROXY, ALL_PROXY, NO_PROXY), as the crate has it by itself.
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE))
        .user_agent(concat!("masquerade/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    There,
    Fetched,
    Stopped,
}

/// Why a file did not come.
enum Ended {
    /// The next one may.
    File(Error),
    /// Nor will the others.
    All(Error),
}

struct Fetching<'a, 'b> {
    agent: Agent,
    told: &'a mut OnTold<'b>,
    so_far: Told,
}

/// What one try brought.
enum Try {
    Whole,
    Stopped,
    Failed(Failure),
}

impl Fetching<'_, '_> {
    /// Tell how far it is; false: stop.
    fn tell(&mut self, note: &str) -> bool {
        self.so_far.note = note.to_string();
        (self.told)(&self.so_far)
    }

    fn file(&mut self, path: &Path, file: &SetFile, addresses: &[String]) -> std::result::Result<Outcome, Ended> {
        let unwritable = |e: io::Error| Ended::All(unwritable(path, &e));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(unwritable)?;
        }
        let part_path = path.with_file_name(format!("{}.part", path.file_name().unwrap_or_default().to_string_lossy()));
        let mut part = File::options().read(true).write(true).create(true).truncate(false).open(&part_path);
        let part = part.as_mut().map_err(|e| Ended::All(self::unwritable(&part_path, e)))?;
        if part.try_lock().is_err() {
            let why = format!("{} is being written by another program", part_path.display());
            return Err(Ended::All(Error::file("The set is being fetched already", why, "Wait until that is done")));
        }
        let start = self.so_far.done;
        let mut attempts = Attempts::new(&file.path, &file.sha256, addresses);
        let mut address = 0;
        loop {
            let tried = self.attempt(part, file, &addresses[address], start);
            let failure = match tried {
                Ok(Try::Whole) => break,
                Ok(Try::Stopped) => return Ok(Outcome::Stopped),
                Ok(Try::Failed(failure)) => failure,
                Err(e) => {
                    // Of a full disk every byte counts.
                    let _ = fs::remove_file(&part_path);
                    return Err(unwritable(e));
                }
            };
            match attempts.after(failure) {
                Next::Try { address: next, wait, anew } => {
                    if anew {
                        part.set_len(0).map_err(unwritable)?;
                    }
                    if !self.wait(wait, next != address) {
                        return Ok(Outcome::Stopped);
                    }
                    address = next;
                }
                Next::GiveUp { error, all } => {
                    // What is there of it may be wrong from the first byte on.
                    if !all || part.metadata().is_ok_and(|found| found.len() == 0) {
                        let _ = fs::remove_file(&part_path);
                    }
                    return Err(if all { Ended::All(error) } else { Ended::File(error) });
                }
            }
        }
        part.sync_all().map_err(unwritable)?;
        fs::rename(&part_path, path).map_err(unwritable)?;
        Ok(Outcome::Fetched)
    }

    /// Wait and say so; false: stop.
    fn wait(&mut self, seconds: u64, elsewhere: bool) -> bool {
        for left in (1..=seconds).rev() {
            // One second after a cut is not worth a word.
            let note =
                if seconds > 1 { format!("the source limits downloads: going on in {left} s") } else { String::new() };
            if !self.tell(&note) {
                return false;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
        self.tell(if elsewhere { "from the mirror" } else { "" })
    }

    /// One try: what is there of the file, and the rest from this address. Errors are those of writing.
    fn attempt(&mut self, part: &mut File, file: &SetFile, address: &str, start: u64) -> io::Result<Try> {
        let mut have = part.metadata()?.len();
        if have > file.bytes {
            part.set_len(0)?;
            have = 0;
        }
        let resumed = have > 0;
        if have < file.bytes {
            match self.receive(part, file, address, have, start)? {
                None => (),
                Some(ended) => return Ok(ended),
            }
        }
        part.seek(SeekFrom::Start(0))?;
        let found = hash(part)?;
        let whole = part.metadata()?.len() == file.bytes && found == file.sha256;
        Ok(if whole { Try::Whole } else { Try::Failed(Failure::WrongHash { found, resumed }) })
    }

    /// Append what the address has from byte `have` on; `None`: as much as was expected, or more.
    fn receive(
        &mut self,
        part: &mut File,
        file: &SetFile,
        address: &str,
        mut have: u64,
        start: u64,
    ) -> io::Result<Option<Try>> {
        let cut = |why: String, unreachable: bool| Ok(Some(Try::Failed(Failure::Cut { why, unreachable })));
        let mut request = self.agent.get(address);
        if have > 0 {
            request = request.header("Range", format!("bytes={have}-"));
        }
        let mut answer = match request.call() {
            Ok(answer) => answer,
            Err(e) => return cut(unreachable(&e), true),
        };
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_string);
        match answer.status().as_u16() {
            206 if header("content-range").is_some_and(|range| range.starts_with(&format!("bytes {have}-"))) => (),
            // The whole file, whatever was asked for.
            200 if have == 0 => (),
            200 => {
                part.set_len(0)?;
                have = 0;
            }
            206 | 416 => {
                part.set_len(0)?;
                return cut("it does not send the rest of a file".into(), false);
            }
            status @ (403 | 429 | 503) => {
                let wait = header("retry-after").and_then(|wait| wait.trim().parse().ok());
                return Ok(Some(Try::Failed(Failure::Limited { status, wait })));
            }
            status => return Ok(Some(Try::Failed(Failure::Refused { status }))),
        }
        part.seek(SeekFrom::Start(have))?;
        // One byte more than the original has is enough to tell that it is another file.
        let mut body = answer.body_mut().as_reader().take(file.bytes - have + 1);
        let mut buffer = vec![0; AT_ONCE];
        loop {
            self.so_far.done = start + have;
            if !self.tell("") {
                return Ok(Some(Try::Stopped));
            }
            match body.read(&mut buffer) {
                Ok(0) if have < file.bytes => {
                    return cut(format!("the connection ended after {have} of {} bytes", file.bytes), false);
                }
                Ok(0) => return Ok(None),
                Ok(read) => {
                    part.write_all(&buffer[..read])?;
                    have += read as u64;
                }
                Err(e) => return cut(format!("the connection ended after {have} of {} bytes: {e}", file.bytes), false),
            }
        }
    }
}

/// Why there was no answer, in words.
fn unreachable(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "its address was not found".into(),
        ureq::Error::ConnectionFailed => "it cannot be reached".into(),
        ureq::Error::Timeout(_) => format!("it did not answer within {} s", PATIENCE.as_secs()),
        ureq::Error::ConnectProxyFailed(why) => format!("the proxy refused: {why}"),
        ureq::Error::InvalidProxyUrl => "the proxy that the environment names is no address".into(),
        error => error.to_string(),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    let full =
        matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge);
    let mend = if full {
        "Make room, or name another folder with --out DIR, then fetch it again: what has arrived stays"
    } else {
        "Check that the folder belongs to you, or name another one with --out DIR"
    };
    let what = if full { "The disk is full".to_string() } else { format!("{} cannot be written", path.display()) };
    let why = if full { format!("{}: {error}", path.display()) } else { error.to_string() };
    Error::file(what, why, mend)
}
