//! `masquerade list`: the systems and what they take.

use clap::Args;
use masquerade_engine::error::Error;
use masquerade_engine::registry;

use super::failure::{DONE, Outcome};
use super::output::{Output, columns};

/// Options of `list`.
#[derive(Debug, Args)]
pub struct Options {
    /// The whole catalogue as JSON
    #[arg(long)]
    json: bool,
}

/// Print the catalogue.
///
/// # Errors
/// When standard output is closed.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let cards = registry::cards();
    if options.json {
        let text = serde_json::to_string_pretty(&cards).map_err(|e| {
            Error::request("The catalogue cannot be written as JSON", e, "Run the command without --json")
        })?;
        out.line(text)?;
        return Ok(DONE);
    }
    let mut rows = vec![["NAME", "TITLE", "YEAR", "DATA", "PRESETS"].map(String::from).to_vec()];
    for card in &cards {
        let presets = card.presets.iter().map(|p| p.id.as_str()).collect::<Vec<_>>().join(" ");
        let presets = if card.built { presets } else { "(not built yet)".into() };
        rows.push(vec![card.id.clone(), card.title.clone(), card.year.to_string(), card.modality.clone(), presets]);
    }
    for line in columns(&rows) {
        out.line(line)?;
    }
    Ok(DONE)
}
