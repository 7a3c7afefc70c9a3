//! What sequences have in common: a frame that goes on by itself, a button, a slider, arrow keys.

use egui::{Button, EventFilter, Key, Response, Role, Sense, Slider, Ui, UiBuilder, WidgetInfo, vec2};

use super::STRIP;
use crate::icons;
use crate::selection::Playback;
use crate::theme::{self, space};
use crate::ui_context::UiContext;

/// What a sequence is made of.
#[derive(Debug, Clone, Copy)]
pub struct Sequence {
    /// Number of its last frame.
    pub last: usize,
    /// Seconds a frame stays; `None`: it is not played, only leafed through.
    pub pace: Option<f64>,
    /// Begins anew when it is over.
    pub again: bool,
    /// What the button and the slider are called.
    pub words: Words,
}

/// Words of a sequence's controls.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    pub play: &'static str,
    pub stop: &'static str,
    pub frame: &'static str,
}

/// Where the sequence of a view stands now; at first at frame `start`.
pub fn playback(ui: &Ui, cx: &UiContext<'_>, view: &str, sequence: &Sequence, start: usize) -> Playback {
    let now = ui.input(|i| i.time);
    let first = Playback { frame: start, playing: false, since: now };
    let mut playback = cx.selection.playbacks.get(view).copied().unwrap_or(first);
    playback.frame = playback.frame.min(sequence.last);
    let Some(pace) = sequence.pace.filter(|_| playback.playing) else { return playback };
    // On to the frame whose time has come; frames are left out rather than played late.
    let due = ((now - playback.since) / pace).max(0.0) as usize;
    if due > 0 {
        playback.since += due as f64 * pace;
        let frames = sequence.last + 1;
        playback.frame =
            if sequence.again { (playback.frame + due) % frames } else { (playback.frame + due).min(sequence.last) };
        playback.playing = sequence.again || playback.frame < sequence.last;
    }
    playback
}

/// Arrow keys, Home, End and Enter on the drawing of a sequence.
pub fn keys(ui: &Ui, response: &Response, playback: &mut Playback, sequence: &Sequence) {
    if !response.has_focus() {
        return;
    }
    let arrows = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|m| m.set_focus_lock_filter(response.id, arrows));
    let times = |key| ui.input(|i| i.num_presses(key));
    let (on, back) = (times(Key::ArrowRight), times(Key::ArrowLeft));
    let ends = [(Key::Home, 0), (Key::End, sequence.last)];
    let end = ends.into_iter().find(|(key, _)| times(*key) > 0).map(|(_, frame)| frame);
    if on + back > 0 || end.is_some() {
        let moved = (playback.frame + on).saturating_sub(back).min(sequence.last);
        *playback = Playback { frame: end.unwrap_or(moved), playing: false, ..*playback };
    }
    if times(Key::Enter) > 0 {
        toggle(ui, playback, sequence);
    }
}

/// Play or stop; from the end of a sequence that ends it is played from its start.
pub fn toggle(ui: &Ui, playback: &mut Playback, sequence: &Sequence) {
    playback.playing = !playback.playing && sequence.last > 0 && sequence.pace.is_some();
    playback.since = ui.input(|i| i.time);
    if playback.playing && playback.frame == sequence.last {
        playback.frame = 0;
    }
}

/// Keep where the sequence of a view stands, and wake up for its next frame.
pub fn keep(ui: &Ui, cx: &mut UiContext<'_>, view: &str, sequence: &Sequence, playback: Playback) {
    if let Some(pace) = sequence.pace.filter(|_| playback.playing) {
        ui.ctx().request_repaint_after_secs(pace as f32);
    }
    cx.selection.playbacks.insert(view.into(), playback);
}

/// Button, slider, and under them the frame in words.
pub fn bar_ui(ui: &mut Ui, playback: &mut Playback, sequence: &Sequence, side: f32, words: String) {
    // As high as the legends beside it, unless a finger has to hit it.
    let touch = ui.spacing().interact_size.y >= space::TOUCH;
    let row = if touch { space::TOUCH } else { 0.5 * STRIP };
    let (rect, _) = ui.allocate_exact_size(vec2(side, row + 0.5 * STRIP), Sense::hover());
    // A child of its own: what is a little higher than its row must not push the caption down.
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect));
    ui.spacing_mut().item_spacing = vec2(space::XS, 0.0);
    ui.spacing_mut().interact_size.y = row;
    let moves = sequence.last > 0;
    ui.horizontal(|ui| {
        if sequence.pace.is_some() {
            let (icon, label) =
                if playback.playing { (icons::PAUSE, sequence.words.stop) } else { (icons::PLAY, sequence.words.play) };
            let button = ui.add_enabled(moves, Button::new(icon).frame(false).min_size(vec2(row, row)));
            button.widget_info(|| WidgetInfo::labeled(Role::Button, moves, label));
            if button.on_hover_text(label).clicked() {
                toggle(ui, playback, sequence);
            }
        }
        ui.spacing_mut().slider_width = ui.available_width();
        let mut frame = playback.frame;
        let slider = Slider::new(&mut frame, 0..=sequence.last).show_value(false);
        if ui.name_inputs(sequence.words.frame, |ui| ui.add_enabled(moves, slider)).changed() {
            *playback = Playback { frame, playing: false, ..*playback };
        }
    });
    ui.add(egui::Label::new(theme::caption(&ui, words)).truncate());
}
