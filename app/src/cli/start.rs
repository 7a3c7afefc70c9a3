//! From what was typed to an open session: the system or link, its options, its data and its weights.

use std::path::Path;

use clap::Args;
use masquerade_engine::card::{Card, KnobValue, OWN};
use masquerade_engine::checkpoint::safetensors;
use masquerade_engine::error::{Error, Result};
use masquerade_engine::session::{Command, Event, NamedBytes, Session, UserFiles};
use masquerade_engine::{link, registry};

use super::engine::{Device, Engine};
use super::failure::Failure;
use super::reading::ReadingOptions;
use super::running::Resumed;
use super::weights::{load_weights, read_weights, recorded};
use crate::folder::{self, Limits};

/// Options that say which session is meant; the same for every command that opens one.
#[derive(Debug, Args)]
pub struct Start {
    /// A system (see `masquerade list`) or a shared link
    #[arg(value_name = "NAME|LINK")]
    pub name: String,
    /// Named start state of the system [default: its first]
    #[arg(long)]
    pub preset: Option<String>,
    /// A data set of the system, or a file or folder of your own [default: the system's first]
    #[arg(long, value_name = "ID|PATH")]
    pub data: Option<String>,
    /// Seed of first weights, batches and masks
    #[arg(long)]
    pub seed: Option<u64>,
    /// Turn a knob; may be given many times
    #[arg(long, value_name = "KNOB=VALUE")]
    pub set: Vec<String>,
    /// What computes
    #[arg(long, value_enum, default_value = "auto")]
    pub device: Device,
    #[command(flatten)]
    pub reading: ReadingOptions,
}

/// A session that is to be opened, and the user's own files if it needs them.
pub struct Plan {
    pub card: Card,
    pub session: Session,
    /// The step that a link asks to train to.
    pub until: Option<u64>,
    own: Option<UserFiles>,
    weights: Option<NamedBytes>,
    /// Nothing was said of the model's sizes: those of the weights may take their place.
    may_build: bool,
}

/// The card of a system that is built.
///
/// # Errors
/// [`Error::Request`] when there is no such system or it is still to come.
pub fn built(name: &str) -> Result<Card> {
    let cards = registry::cards();
    let card = cards.iter().find(|c| c.id == name && c.built).ok_or_else(|| registry::refused(name, &cards))?;
    Ok(card.clone())
}

impl Start {
    /// Check the options against the system's card and read the files they name.
    ///
    /// # Errors
    /// [`Error::Request`] naming what does not exist or does not fit; [`Error::Data`] for a folder that cannot be read.
    pub fn plan(&self) -> Result<Plan> {
        self.plan_from(Session::default())
    }

    /// The same, where a weights file says what the options leave open: preset, knobs, data and seed of the run it is
    /// from.
    ///
    /// # Errors
    /// As [`Start::plan`], and [`Error::Checkpoint`] when the file cannot be read or is of another system.
    pub fn plan_with(&self, weights: Option<&Path>) -> Result<Plan> {
        let Some(path) = weights else { return self.plan() };
        let file = read_weights(path)?;
        let recorded = recorded(&safetensors::read_any(&file.bytes)?.metadata)?;
        let mut plan = self.plan_from(recorded.clone().unwrap_or_default())?;
        plan.may_build =
            recorded.is_none() && self.preset.is_none() && self.set.is_empty() && !self.name.contains("x=");
        if let Some(other) = recorded.map(|r| r.method).filter(|m| *m != plan.card.id) {
            let what = format!("{} does not fit {}", file.name, plan.card.title);
            return Err(Error::checkpoint(
                what,
                format!("it is of the system {other:?}"),
                "Name the system it was trained with",
            ));
        }
        plan.session.stored = false;
        plan.weights = Some(file);
        Ok(plan)
    }

    /// Check the options, starting from `base`.
    fn plan_from(&self, base: Session) -> Result<Plan> {
        let mut session = if self.name.contains("x=") {
            link::from_text(&self.name, &registry::cards())?
        } else {
            Session { method: self.name.clone(), ..base }
        };
        let card = built(&session.method)?;
        if let Some(preset) = &self.preset {
            session.preset.clone_from(preset);
        }
        let preset = card.preset(&session.preset).ok_or_else(|| {
            let ids: Vec<&str> = card.presets.iter().map(|p| p.id.as_str()).collect();
            Error::request(
                format!("{} has no preset {:?}", card.title, session.preset),
                format!("it has {}", ids.join(", ")),
                "Choose one of these",
            )
        })?;
        session.preset.clone_from(&preset.id);
        session.seed = self.seed.unwrap_or(session.seed);
        for pair in &self.set {
            let (name, value) = knob(&card, pair)?;
            session.knobs.insert(name, value);
        }
        let wanted = self.data.clone().unwrap_or_else(|| session.data.clone());
        let (id, files) = data(&card, &wanted)?;
        let own = files.map(|files| UserFiles { reading: self.reading.reading(), ..files });
        session.data = id;
        // To the engine a step means "train this far"; here that is asked for by name.
        let until = (session.step > 0).then_some(session.step);
        session.step = 0;
        Ok(Plan { card, session, until, own, weights: None, may_build: false })
    }
}

/// One `KNOB=VALUE`, checked against the card.
///
/// # Errors
/// [`Error::Request`] for a knob that does not exist or a value that it refuses.
pub fn knob(card: &Card, pair: &str) -> Result<(String, KnobValue)> {
    let form = "Write it as --set KNOB=VALUE, for instance --set mask_ratio=0.5";
    let (name, text) = pair
        .split_once('=')
        .ok_or_else(|| Error::request(format!("--set {pair} cannot be read"), "there is no = in it", form))?;
    let known =
        || format!("its knobs are {}", card.knobs.iter().map(|k| k.name.as_str()).collect::<Vec<_>>().join(", "));
    let knob =
        card.knob(name).ok_or_else(|| Error::request(format!("{} has no knob {name:?}", card.title), known(), form))?;
    let value =
        knob.parse(text).map_err(|why| Error::request(format!("{name} cannot be set to {text:?}"), why, form))?;
    Ok((name.to_string(), value))
}

/// The data set's id and, for a path, the files there.
fn data(card: &Card, wanted: &str) -> Result<(String, Option<UserFiles>)> {
    let ids = card.data.join(", ");
    let ask = format!("Choose one of {ids}, or give the path of {}", card.kind.files());
    if wanted.is_empty() {
        let first = card
            .data
            .first()
            .ok_or_else(|| Error::request(format!("{} has no data set", card.title), "its card names none", &ask))?;
        return Ok((first.clone(), None));
    }
    if wanted == OWN {
        return Err(Error::request(
            "--data folder names no folder",
            format!("the {} must come from somewhere", card.kind.name()),
            "Give the folder's path instead",
        ));
    }
    if card.data.iter().any(|d| d == wanted) {
        return Ok((wanted.to_string(), None));
    }
    let path = Path::new(wanted);
    if !path.exists() {
        let what = format!("There are no data {wanted:?}");
        // Something that can only be a path is a matter of the disk, not of usage.
        return Err(if path.components().count() > 1 {
            Error::data(what, "there is no such file or folder", ask)
        } else {
            Error::request(what, format!("{} knows {ids}, and there is no folder of that name", card.title), ask)
        });
    }
    Ok((OWN.into(), Some(folder::read(&[path.to_path_buf()], Limits::default()))))
}

impl Plan {
    /// Set a knob that has an option of its own (`--steps 5`, `--batch 8`); `option` is how that was written.
    ///
    /// # Errors
    /// [`Error::Request`] when the system has no such knob or the knob refuses the value.
    pub fn turn(&mut self, option: &str, name: &str, value: KnobValue) -> Result<()> {
        let what = format!("{option} cannot be used");
        let refuse = |why: String| Error::request(what, why, "Leave the option out for the preset's value");
        match self.card.knob(name).map(|knob| knob.refuses(&value)) {
            None => Err(refuse(format!("{} has no such knob", self.card.title))),
            Some(Some(why)) => Err(refuse(why)),
            Some(None) => {
                self.session.knobs.insert(name.into(), value);
                Ok(())
            }
        }
    }

    /// Whether the user named files of their own.
    pub fn has_own_data(&self) -> bool {
        self.own.is_some()
    }

    fn add_own_data(&mut self, engine: &mut Engine) -> std::result::Result<(), Failure> {
        match self.own.take() {
            None => Ok(()),
            Some(files) => {
                engine.send(Command::AddUserData(files));
                engine.settle()
            }
        }
    }

    /// Open the session in the engine.
    ///
    /// # Errors
    /// When the engine refuses it.
    pub fn open(&mut self, engine: &mut Engine) -> std::result::Result<(), Failure> {
        self.add_own_data(engine)?;
        engine.send(Command::Show(Box::new(self.session.clone())));
        engine.wait_for(|event| matches!(event, Event::Opened { .. }).then_some(()))
    }

    /// Go on from a checkpoint: its session takes the place of the planned one, but knobs set since then stay set.
    ///
    /// # Errors
    /// When the checkpoint cannot be used, is of another system, or was trained on another set than the user's own data
    /// that are given.
    pub fn resume(&mut self, engine: &mut Engine, resumed: Resumed) -> std::result::Result<(), Failure> {
        let (found, data) = (&resumed.session.method, &resumed.session.data);
        if *found != self.card.id {
            let why = format!("it is of the system {found:?}");
            return Err(Error::checkpoint(
                format!("{} does not fit {}", resumed.file.name, self.card.title),
                why,
                "Name the system it was trained with",
            )
            .into());
        }
        if self.has_own_data() && data != OWN {
            return Err(Error::request(
                "--data cannot be used with this checkpoint",
                format!("its run is on the set {data}, and no data of your own"),
                "Leave --data out, or begin a new run",
            )
            .into());
        }
        self.add_own_data(engine)?;
        engine.send(Command::LoadCheckpoint(resumed.file));
        engine.settle()?;
        self.set_knobs(engine)
    }

    /// Turn the knobs of the open run to the planned ones.
    ///
    /// # Errors
    /// When the engine refuses one.
    pub fn set_knobs(&self, engine: &mut Engine) -> std::result::Result<(), Failure> {
        let mut session = engine.session.clone();
        session.knobs.extend(self.session.knobs.clone());
        engine.send(Command::Show(Box::new(session)));
        engine.settle()
    }

    /// Open the session and load its weights: those of the file or, without one, those that came with the program.
    ///
    /// # Errors
    /// When the engine refuses the session, or the file does not fit the model.
    pub fn open_with_weights(&mut self, engine: &mut Engine) -> std::result::Result<(), Failure> {
        self.open(engine)?;
        if let Some(file) = self.weights.take() {
            load_weights(engine, file, self.may_build)?;
        }
        if let Some(model) = &engine.model {
            engine.progress.note(format_args!("{} parameters, {}", model.parameters, model.weights));
        }
        Ok(())
    }
}
