//! The app: events in, screen out, requests done. The same code runs in the window and in the page.

use egui::{Context, Ui};
use masquerade_engine::session::{Command, Event, NamedBytes, Session};

use crate::import::Import;
use crate::link::Link;
use crate::selection::Selection;
use crate::sound::Sound;
use crate::state::State;
use crate::textures::Textures;
use crate::ui_context::{Pick, Screen, UiContext};
use crate::undo::Undo;
use crate::{commands, panels, theme};

mod actions;
mod files;
mod requests;

/// Listens to every event before the app does.
pub type EventTap = Box<dyn FnMut(&Event)>;

/// One screen over one engine.
pub struct App {
    link: Box<dyn Link>,
    state: State,
    undo: Undo,
    selection: Selection,
    screen: Screen,
    textures: Textures,
    import: Import,
    /// The weights file whose keys are shown, to be applied.
    weights: Option<NamedBytes>,
    /// The pointer has been down since the last change that undo keeps.
    gesture: bool,
    /// Hears every event; the page updates its address and its live region from it.
    pub on_event: Option<EventTap>,
    /// Shows the page's own file dialog; its files come back through [`App::take_files`].
    pub on_pick: Option<Box<dyn FnMut(Pick)>>,
    /// Plays sound, where the platform has a player.
    pub sound: Option<Box<dyn Sound>>,
    /// What stands before `#` in a shared link: the page's address, empty in the window.
    pub link_prefix: String,
}

impl App {
    /// The app over an engine, about to open `start`.
    pub fn new(cc: &eframe::CreationContext<'_>, link: Box<dyn Link>, start: Session) -> Self {
        theme::install(&cc.egui_ctx);
        Self::over(link, start)
    }

    /// The app without a window; the context it is shown in must have had [`theme::install`].
    pub fn over(mut link: Box<dyn Link>, start: Session) -> Self {
        link.send(Command::Show(Box::new(start.clone())));
        Self {
            link,
            state: State::new(start),
            undo: Undo::default(),
            selection: Selection::default(),
            screen: Screen::default(),
            textures: Textures::default(),
            import: Import::default(),
            weights: None,
            gesture: false,
            on_event: None,
            on_pick: None,
            sound: None,
            link_prefix: String::new(),
        }
    }

    /// The session on screen.
    pub fn session(&self) -> &Session {
        &self.state.session
    }

    /// All that the screen is drawn from.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Send the engine a command.
    pub fn send(&mut self, command: Command) {
        self.link.send(command);
    }

    /// Show another session, as a link or the browser's history asks for (undoable).
    pub fn open(&mut self, session: Session) {
        self.undo.keep(&self.state.session);
        self.show_session(session);
    }

    /// The link text of the session on screen, with the prefix.
    pub fn link_text(&self) -> String {
        let mut session = self.state.session.clone();
        session.first_loss = session.first_loss.or_else(|| self.state.losses.first().map(|l| l.total));
        format!("{}#{}", self.link_prefix, masquerade_engine::link::to_text(&session))
    }

    /// Fold in what has happened and ask for views; shows nothing. Also runs while the window is hidden.
    pub fn update(&mut self, ctx: &Context) {
        let now = ctx.input(|i| i.time);
        // The pass of the release still belongs to what the pointer was doing.
        let down = ctx.input(|i| i.pointer.any_down() || i.pointer.any_released());
        self.state.held = down;
        self.gesture &= down;
        if !down && std::mem::take(&mut self.state.passed_over) {
            // The engine's answer is the session in order.
            self.link.send(Command::Show(Box::new(self.state.session.clone())));
        }
        if !down {
            self.selection.stroke = None;
        }
        for event in self.link.poll() {
            if let Some(tap) = &mut self.on_event {
                tap(&event);
            }
            #[cfg(not(target_arch = "wasm32"))]
            if let Event::File(file) = &event {
                self.save(file, now);
            }
            let ended = matches!(event, Event::Fetched(_));
            self.state.apply(event);
            if let Some(data) = self.state.fetched.take().filter(|_| ended) {
                self.edit(|s| {
                    (s.data, s.sample, s.step, s.first_loss) = (data, 0, 0, None);
                    s.painted.clear();
                });
            }
        }
        for found in self.import.take() {
            match found {
                Ok(files) => self.take_files(files),
                Err(report) => self.state.apply(Event::Error(report)),
            }
        }
        self.ask_for_views(ctx, now);
        if self.screen.notice.as_ref().is_some_and(|(_, until)| now > *until) {
            self.screen.notice = None;
        }
    }

    fn ask_for_views(&mut self, ctx: &Context, now: f64) {
        if self.state.model.is_none() || self.state.lost {
            return;
        }
        if let Some((request, want)) = self.state.looks.due(now, self.state.playing) {
            let views = self.state.wanted(&want);
            let cursor = self.selection.hovered.clone();
            self.link.send(Command::Look { request, views, cursor });
        } else if self.state.looks.pending() {
            ctx.request_repaint_after_secs(theme::time::LOOK as f32);
        }
    }

    /// Lay out the screen and do what was wished for.
    pub fn show(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        ctx.input(|input| self.selection.notice_touch(input));
        self.import.brought(&ctx);
        for action in commands::pressed(&ctx) {
            if action.enabled(&self.state, &self.undo) {
                self.run(&ctx, action);
            }
        }
        let mut requests = Vec::new();
        let mut cx = UiContext {
            state: &self.state,
            undo: &self.undo,
            selection: &mut self.selection,
            screen: &mut self.screen,
            textures: &mut self.textures,
            requests: &mut requests,
            sound: match &mut self.sound {
                Some(sound) => Some(&mut **sound),
                None => None,
            },
        };
        panels::screen_ui(ui, &mut cx);
        for grid in self.selection.turn() {
            self.state.ask_cursor(&grid);
            ctx.request_repaint();
        }
        for request in requests {
            self.fulfil(&ctx, request);
        }
        if self.screen.notice.is_some() {
            ctx.request_repaint_after_secs(theme::time::NOTICE as f32);
        }
    }

    /// Change the session as one step of undo for as long as the pointer is held down.
    fn edit(&mut self, change: impl FnOnce(&mut Session)) {
        if !self.gesture {
            self.undo.keep(&self.state.session);
        }
        self.gesture = self.state.held;
        let mut session = self.state.session.clone();
        change(&mut session);
        self.show_session(session);
    }

    /// Show a session at once, and have the engine put it in order.
    fn show_session(&mut self, session: Session) {
        let set = |s: &Session| (s.method.clone(), s.preset.clone(), s.data.clone());
        if session.task != self.state.session.task {
            self.screen.loss_phase = None;
        }
        if set(&session) != set(&self.state.session) {
            self.selection.locked.clear();
            self.screen.loss_phase = None;
            if let Some(sound) = self.sound.as_mut().filter(|_| self.selection.heard.take().is_some()) {
                sound.stop();
            }
        }
        self.link.send(Command::Show(Box::new(session.clone())));
        self.state.propose(session);
    }

    fn notify(&mut self, ctx: &Context, notice: impl Into<String>) {
        let until = ctx.input(|i| i.time) + theme::time::NOTICE;
        self.screen.notice = Some((notice.into(), until));
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn save(&mut self, file: &NamedBytes, now: f64) {
        match crate::import::save(file) {
            Ok(place) => self.screen.notice = Some((crate::text::saved(&place), now + theme::time::NOTICE)),
            Err(report) => self.state.apply(Event::Error(report)),
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.update(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.show(ui);
    }

    #[cfg(target_arch = "wasm32")]
    fn as_any_mut(&mut self) -> Option<&mut dyn std::any::Any> {
        Some(&mut *self)
    }
}
