//! `masquerade web-data`: cut the part of Fashion-MNIST that the browser page brings along.

use std::path::PathBuf;

use clap::Args;
use masquerade_engine::checkpoint::atomic::write_atomically;
use masquerade_engine::data::fashion_mnist::{SUBSET, cut_subset};
use masquerade_engine::data::files::Files;

use super::failure::{DONE, Outcome};
use super::files;
use super::output::Output;

/// The original test pictures come with the most installations, and are not what people train on.
const IMAGES: &str = "t10k-images-idx3-ubyte.gz";
const LABELS: &str = "t10k-labels-idx1-ubyte.gz";

/// Options of `web-data`.
#[derive(Debug, Args)]
pub struct Options {
    /// Folder to write the files to
    #[arg(value_name = "DIR")]
    out: PathBuf,
}

/// Cut and write the subset, and print the files.
///
/// # Errors
/// When Fashion-MNIST is not on this computer or the folder cannot be written.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let originals = Files::new();
    let (images, labels) = pollster::block_on(async {
        Ok::<_, masquerade_engine::error::Error>((originals.read(IMAGES).await?, originals.read(LABELS).await?))
    })?;
    let (images, labels) = cut_subset(&images, &labels)?;
    files::make_folder(&options.out)?;
    for (name, bytes) in [(SUBSET.0, images), (SUBSET.1, labels)] {
        let path = options.out.join(name);
        write_atomically(&path, &bytes)?;
        out.line(format_args!("{}: {} bytes", path.display(), bytes.len()))?;
    }
    Ok(DONE)
}
