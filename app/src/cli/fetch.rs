//! `masquerade fetch`: download a data set's original files into the user's cache.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use masquerade_engine::checkpoint::atomic::write_atomically;
use masquerade_engine::data::fashion_mnist::{DOWNLOADS, check_hash};
use masquerade_engine::data::files::cache_folder;
use masquerade_engine::error::{Error, Result};

use super::failure::{DONE, Outcome};
use super::files;
use super::output::Output;
use super::progress::Progress;

/// Data sets that can be fetched.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum DataSet {
    FashionMnist,
}

/// Options of `fetch`.
#[derive(Debug, Args)]
pub struct Options {
    /// Data set to fetch
    #[arg(value_enum)]
    data: DataSet,
    /// Folder to put it in [default: the user's cache folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Fetch every file that is not there yet, check it and print where it is.
///
/// # Errors
/// No network, a file that is not the original, a folder that cannot be written.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let downloads = match options.data {
        DataSet::FashionMnist => DOWNLOADS,
    };
    let no_cache = || {
        Error::file(
            "There is no cache folder",
            "neither XDG_CACHE_HOME nor HOME is set",
            "Give a folder with --out DIR",
        )
    };
    let folder = options.out.clone().or_else(cache_folder).ok_or_else(no_cache)?;
    files::make_folder(&folder)?;
    let progress = Progress::new();
    for (name, address, sha256, size) in downloads {
        let path = folder.join(name);
        let there = fs::read(&path).is_ok_and(|bytes| check_hash(&bytes, sha256).is_ok());
        if !there {
            let bytes = download(name, address, *size, &progress);
            progress.clear();
            let bytes = bytes?;
            check_hash(&bytes, sha256)?;
            write_atomically(&path, &bytes)?;
        }
        out.line(path.display())?;
    }
    Ok(DONE)
}

/// The bytes behind an address, at most as many as the original has and one more (enough to fail the check).
fn download(name: &str, address: &str, size: u64, progress: &Progress) -> Result<Vec<u8>> {
    const PART: usize = 1 << 16;
    let refuse = |e: &dyn std::fmt::Display| {
        Error::data(
            format!("{name} could not be fetched from {address}"),
            e,
            "Check the network, or put the file into the data folder yourself",
        )
    };
    let mut answer = ureq::get(address).call().map_err(|e| refuse(&e))?;
    let mut body = answer.body_mut().as_reader().take(size + 1);
    let mut bytes = Vec::new();
    let mut part = vec![0; PART];
    loop {
        let count = body.read(&mut part).map_err(|e| refuse(&e))?;
        if count == 0 {
            return Ok(bytes);
        }
        bytes.extend_from_slice(&part[..count]);
        progress.show(bytes.len() as u64, size, name);
    }
}
