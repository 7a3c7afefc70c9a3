//! What every panel is handed: the state to draw, the cursor to move, and a list to write requests on.

use std::collections::BTreeMap;

use masquerade_engine::card::KnobValue;
use masquerade_engine::session::{Command, Session};
use masquerade_engine::trace::{Cursor, Wave};

use crate::commands::Action;
use crate::selection::Selection;
use crate::sound::Sound;
use crate::state::State;
use crate::textures::Textures;
use crate::undo::Undo;

/// Something a panel wants done; the app does it after the pass.
#[derive(Debug, Clone, PartialEq)]
pub enum UiRequest {
    Run(Action),
    /// Open a session that differs from the one on screen (undoable).
    Open(Box<Session>),
    Knob(String, KnobValue),
    /// A mask painted over the grid of this id.
    Paint(String, Vec<bool>),
    Pin(Option<Cursor>),
    /// Apply the weights file whose keys are shown.
    ApplyWeights,
    /// Send the engine a command.
    Send(Box<Command>),
    /// Build the model that this file is of, and apply it there.
    BuildForWeights,
    /// Copy this text.
    Copy(String),
    /// Read a file or folder of this path (native).
    Read(String),
    /// Let the user choose files or a folder in the system's dialog.
    Pick(Pick),
    CloseError,
    /// Ask which data sets can be fetched.
    ListSets,
    /// Fetch what the data set of this id is made of, and open it.
    Fetch(String),
    StopFetching,
    /// Open the session again with a new engine.
    Restart,
}

/// What is chosen in a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    Files,
    /// A folder with all that lies in it.
    Folder,
}

/// Which part of the inspector is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    #[default]
    Knobs,
    Data,
    Weights,
    Device,
    Paper,
}

/// What is open and typed; nothing of it is shared or undone.
#[derive(Debug, Default)]
pub struct Screen {
    pub tab: Tab,
    pub search: String,
    pub palette: Option<String>,
    pub palette_choice: usize,
    pub shortcuts: bool,
    pub log: bool,
    pub log_scale: bool,
    /// The phase whose loss is shown; `None`: the one the run is in.
    pub loss_phase: Option<usize>,
    pub lecture: bool,
    pub path: String,
    /// Knobs that build the model anew, while they are being turned.
    pub turning: BTreeMap<String, KnobValue>,
    /// A short notice and until when it stays.
    pub notice: Option<(String, f64)>,
    /// The list of data sets that can be fetched was asked for.
    pub asked_sets: bool,
}

/// What a panel draws from and writes to.
pub struct UiContext<'a> {
    pub state: &'a State,
    pub undo: &'a Undo,
    pub selection: &'a mut Selection,
    pub screen: &'a mut Screen,
    pub textures: &'a mut Textures,
    pub requests: &'a mut Vec<UiRequest>,
    /// The player, where the platform has one.
    pub sound: Option<&'a mut dyn Sound>,
}

impl UiContext<'_> {
    /// The second of this view's sound that is heard now.
    pub fn heard(&self, view: &str) -> Option<f64> {
        let own = self.selection.heard.as_deref() == Some(view);
        self.sound.as_ref().filter(|_| own).and_then(|sound| sound.at())
    }

    /// Play this view's sound from a second on; `None`: stop it.
    pub fn hear(&mut self, view: &str, wave: &Wave, from: Option<f64>) {
        let Some(sound) = self.sound.as_mut() else { return };
        match from {
            Some(from) => sound.play(wave, from),
            None => sound.stop(),
        }
        self.selection.heard = from.map(|_| view.into());
    }

    /// Write a request down.
    pub fn request(&mut self, request: UiRequest) {
        self.requests.push(request);
    }

    /// A request for a session that differs in what `change` does.
    pub fn open(&mut self, change: impl FnOnce(&mut Session)) {
        let mut session = self.state.session.clone();
        change(&mut session);
        self.request(UiRequest::Open(Box::new(session)));
    }
}
