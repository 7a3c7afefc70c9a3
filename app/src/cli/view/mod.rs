//! `masquerade view`: what the system sees, as one picture file.

mod ink;
mod label;
mod media;
mod panel;
mod parts;
mod scene;
mod sheet;

use std::io::Cursor;
use std::path::PathBuf;

use clap::Args;
use image::{ImageFormat, RgbaImage};
use masquerade_engine::checkpoint::atomic::write_atomically;
use masquerade_engine::error::{Error, Result};
use masquerade_engine::session::{Command, Event, NamedBytes};
use masquerade_engine::trace::{View, ViewKind};

use super::engine::Engine;
use super::failure::{DONE, Failure, Outcome};
use super::output::Output;
use super::outputs;
use super::start::Start;

/// Options of `view`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    start: Start,
    /// Where the PNG goes
    #[arg(long, value_name = "FILE.png", required_unless_present_any = ["parts", "geotiff"])]
    out: Option<PathBuf>,
    /// Folder for one bare PNG a view: not enlarged, not lettered, hidden tokens transparent
    #[arg(long, value_name = "DIR")]
    parts: Option<PathBuf>,
    /// Where the first map among the views goes, as GeoTIFF over the ground of its scene
    #[arg(long, value_name = "FILE.tif")]
    geotiff: Option<PathBuf>,
    /// Weights or checkpoint: a file, one of several parts or their index [default: the weights that came with the program]
    #[arg(long, visible_alias = "weights", value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Index of the sample
    #[arg(long)]
    sample: Option<u64>,
    /// Number of the mask: each draws another one
    #[arg(long)]
    remask: Option<u64>,
    /// Views to draw, separated by commas [default: all but numbers]
    #[arg(long, value_delimiter = ',')]
    views: Vec<String>,
}

/// Ask for the views and write them side by side.
///
/// # Errors
/// Wrong options, weights that do not fit, a device that fails, a file that cannot be written.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    [&options.out, &options.geotiff].into_iter().flatten().try_for_each(|file| outputs::prove_file(file))?;
    options.parts.iter().try_for_each(|folder| outputs::prove_folder(folder))?;
    let mut plan = options.start.plan_with(options.checkpoint.as_deref())?;
    plan.session.sample = options.sample.unwrap_or(plan.session.sample);
    plan.session.mask_seed = options.remask.unwrap_or(plan.session.mask_seed);
    let mut engine = Engine::open(options.start.device)?;
    plan.open_with_weights(&mut engine)?;
    let views = look(&mut engine, &options.views)?;
    if let Some(file) = &options.out {
        let sheet = draw(&views).ok_or_else(|| {
            let why = "all of its views are numbers";
            Error::request(format!("There is nothing to draw of {}", plan.card.title), why, "Look at it in the window")
        })?;
        write_atomically(file, &png(&sheet)?)?;
    }
    if let Some(folder) = &options.parts {
        for (view, pixels) in views.iter().filter_map(|view| Some((view, parts::pixels(view, &views)?))) {
            write_atomically(&folder.join(format!("{}.png", view.id)), &png(&pixels)?)?;
        }
    }
    if let Some(file) = &options.geotiff {
        write_atomically(file, &map(&mut engine, &views)?.bytes)?;
    }
    for view in &views {
        out.line(format_args!("{}: {} (from {})", view.title, view.caption, view.origin.tensor))?;
    }
    Ok(DONE)
}

/// All views side by side, but numbers. `None`: there are no others.
pub fn draw(views: &[View]) -> Option<RgbaImage> {
    let panels: Vec<panel::Panel> = views.iter().filter_map(|view| panel::draw(view, views)).collect();
    (!panels.is_empty()).then(|| sheet::compose(&panels))
}

/// The views of these ids, or all that the system has; those that are about one token, about the pinned one or, without
/// it, the system's own choice.
fn look(engine: &mut Engine, wanted: &[String]) -> std::result::Result<Vec<View>, Failure> {
    const REQUEST: u64 = 1;
    let known: Vec<String> =
        engine.model.iter().flat_map(|model| model.views.iter().map(|(id, _)| id.clone())).collect();
    if let Some(id) = wanted.iter().find(|id| !known.contains(id)) {
        return Err(Error::request(
            format!("There is no view {id:?}"),
            format!("the views are {}", known.join(", ")),
            "Choose among these",
        )
        .into());
    }
    let views = if wanted.is_empty() { known } else { wanted.to_vec() };
    // The first look is quick and may leave out what takes long; nobody waits for it here.
    engine.send(Command::Look { request: 0, views: Vec::new(), cursor: None });
    engine.send(Command::Look { request: REQUEST, views, cursor: None });
    engine.wait_for(|event| match event {
        Event::Views { request: REQUEST, views } => Some(views),
        _ => None,
    })
}

/// The first map of a known ground as GeoTIFF; without one the first map's refusal says why.
fn map(engine: &mut Engine, views: &[View]) -> std::result::Result<NamedBytes, Failure> {
    let maps = || views.iter().filter(|view| matches!(view.kind, ViewKind::Heat(_)));
    let Some(view) = maps().find(|view| view.window.is_some()).or_else(|| maps().next()) else {
        let why = "none of the views has a value for every patch";
        return Err(Error::request("There is no map to save", why, "Choose a map with --views").into());
    };
    engine.file(Command::SaveMap { view: view.id.clone() })
}

fn png(sheet: &RgbaImage) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    sheet
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(|e| Error::file("The picture could not be encoded", e, "Ask for fewer views with --views"))?;
    Ok(bytes.into_inner())
}
