//! What films have in common: a frame that goes on by itself, a button, a slider, arrow keys.

use egui::{Button, EventFilter, Key, Response, Role, Sense, Slider, Ui, UiBuilder, WidgetInfo, vec2};

use super::STRIP;
use crate::icons;
use crate::selection::Reel;
use crate::theme::{self, space};
use crate::ui_context::UiContext;

/// What a film is made of.
#[derive(Debug, Clone, Copy)]
pub struct Film {
    /// Number of its last frame.
    pub last: usize,
    /// Seconds a frame stays; `None`: it is not played, only leafed through.
    pub pace: Option<f64>,
    /// Begins anew when it is over.
    pub again: bool,
    /// What the button and the slider are called.
    pub words: Words,
}

/// Words of a film's controls.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    pub play: &'static str,
    pub stop: &'static str,
    pub frame: &'static str,
}

/// Where the film of a view stands now; at first at frame `start`.
pub fn reel(ui: &Ui, cx: &UiContext<'_>, view: &str, film: &Film, start: usize) -> Reel {
    let now = ui.input(|i| i.time);
    let first = Reel { frame: start, playing: false, since: now };
    let mut reel = cx.selection.reels.get(view).copied().unwrap_or(first);
    reel.frame = reel.frame.min(film.last);
    let Some(pace) = film.pace.filter(|_| reel.playing) else { return reel };
    // On to the frame whose time has come; frames are left out rather than played late.
    let due = ((now - reel.since) / pace).max(0.0) as usize;
    if due > 0 {
        reel.since += due as f64 * pace;
        let frames = film.last + 1;
        reel.frame = if film.again { (reel.frame + due) % frames } else { (reel.frame + due).min(film.last) };
        reel.playing = film.again || reel.frame < film.last;
    }
    reel
}

/// Arrow keys, Home, End and Enter on the drawing of a film.
pub fn keys(ui: &Ui, response: &Response, reel: &mut Reel, film: &Film) {
    if !response.has_focus() {
        return;
    }
    let arrows = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|m| m.set_focus_lock_filter(response.id, arrows));
    let times = |key| ui.input(|i| i.num_presses(key));
    let (on, back) = (times(Key::ArrowRight), times(Key::ArrowLeft));
    let ends = [(Key::Home, 0), (Key::End, film.last)];
    let end = ends.into_iter().find(|(key, _)| times(*key) > 0).map(|(_, frame)| frame);
    if on + back > 0 || end.is_some() {
        let moved = (reel.frame + on).saturating_sub(back).min(film.last);
        *reel = Reel { frame: end.unwrap_or(moved), playing: false, ..*reel };
    }
    if times(Key::Enter) > 0 {
        toggle(ui, reel, film);
    }
}

/// Play or stop; from the end of a film that ends it is played from its start.
pub fn toggle(ui: &Ui, reel: &mut Reel, film: &Film) {
    reel.playing = !reel.playing && film.last > 0 && film.pace.is_some();
    reel.since = ui.input(|i| i.time);
    if reel.playing && reel.frame == film.last {
        reel.frame = 0;
    }
}

/// Keep where the film of a view stands, and wake up for its next frame.
pub fn keep(ui: &Ui, cx: &mut UiContext<'_>, view: &str, film: &Film, reel: Reel) {
    if let Some(pace) = film.pace.filter(|_| reel.playing) {
        ui.ctx().request_repaint_after_secs(pace as f32);
    }
    cx.selection.reels.insert(view.into(), reel);
}

/// Button, slider, and under them the frame in words.
pub fn bar_ui(ui: &mut Ui, reel: &mut Reel, film: &Film, side: f32, words: String) {
    // As high as the legends beside it, unless a finger has to hit it.
    let touch = ui.spacing().interact_size.y >= space::TOUCH;
    let row = if touch { space::TOUCH } else { 0.5 * STRIP };
    let (rect, _) = ui.allocate_exact_size(vec2(side, row + 0.5 * STRIP), Sense::hover());
    // A child of its own: what is a little higher than its row must not push the caption down.
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect));
    ui.spacing_mut().item_spacing = vec2(space::XS, 0.0);
    ui.spacing_mut().interact_size.y = row;
    let moves = film.last > 0;
    ui.horizontal(|ui| {
        if film.pace.is_some() {
            let (icon, label) =
                if reel.playing { (icons::PAUSE, film.words.stop) } else { (icons::PLAY, film.words.play) };
            let button = ui.add_enabled(moves, Button::new(icon).frame(false).min_size(vec2(row, row)));
            button.widget_info(|| WidgetInfo::labeled(Role::Button, moves, label));
            if button.on_hover_text(label).clicked() {
                toggle(ui, reel, film);
            }
        }
        ui.spacing_mut().slider_width = ui.available_width();
        let mut frame = reel.frame;
        let slider = Slider::new(&mut frame, 0..=film.last).show_value(false);
        if ui.name_inputs(film.words.frame, |ui| ui.add_enabled(moves, slider)).changed() {
            *reel = Reel { frame, playing: false, ..*reel };
        }
    });
    ui.add(egui::Label::new(theme::caption(&ui, words)).truncate());
}
