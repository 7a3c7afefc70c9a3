//! Walkers frame by frame, with a button that plays them and a slider to any frame.

use egui::{Button, Key, Role, Sense, Slider, Ui, UiBuilder, WidgetInfo, vec2};
use masquerade_engine::trace::Trajectories;

use super::viewport::viewport_ui;
use super::{STRIP, dots};
use crate::scene::trajectories;
use crate::selection::Reel;
use crate::state::Shown;
use crate::theme::{self, space, time};
use crate::ui_context::UiContext;
use crate::{icons, text};

/// Draw a trajectories. It stands at its end, where the walkers have settled, until it is played; and plays once.
pub fn trajectories_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, drawn: &Trajectories, side: f32) {
    let frames = trajectories::frames(drawn);
    let last = frames.saturating_sub(1);
    let now = ui.input(|i| i.time);
    let at_end = Reel { frame: last, playing: false, since: now };
    let mut reel = cx.selection.reels.get(&shown.view.id).copied().unwrap_or(at_end);
    reel.frame = reel.frame.min(last);
    run(ui, &mut reel, last, now);

    let words = text::frame(reel.frame, frames, drawn.every, &drawn.unit);
    let name = text::trajectories_name(&shown.view.title, drawn.walkers, &words);
    let place = viewport_ui(ui, cx, side, false, (&shown.view.id, &name));
    let toggled = place.response.clicked() || place.response.has_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    let marks = trajectories::marks(drawn, reel.frame, &place.lens(cx), theme::tokens(ui));
    dots::paint(&place.painter, cx.textures, &marks);
    place.response.on_hover_text(text::FILM_HINT);
    if bar_ui(ui, &mut reel, last, side, words) || toggled {
        play_or_stop(&mut reel, last, now);
    }
    if reel.playing {
        ui.ctx().request_repaint_after_secs(pace(ui) as f32);
    }
    cx.selection.reels.insert(shown.view.id.clone(), reel);
}

/// Seconds a frame stays.
fn pace(ui: &Ui) -> f64 {
    if ui.style().animation_time > 0.0 { time::FRAME } else { time::FRAME_CALM }
}

/// Go on to the frame whose time has come; frames are left out rather than played late.
fn run(ui: &Ui, reel: &mut Reel, last: usize, now: f64) {
    let due = ((now - reel.since) / pace(ui)).max(0.0) as usize;
    if reel.playing && due > 0 {
        reel.frame = (reel.frame + due).min(last);
        reel.since = now;
        reel.playing = reel.frame < last;
    }
}

fn play_or_stop(reel: &mut Reel, last: usize, now: f64) {
    reel.playing = !reel.playing && last > 0;
    reel.since = now;
    if reel.playing && reel.frame == last {
        reel.frame = 0;
    }
}

/// Button, slider, and under them the frame in words. True: the button was pressed.
fn bar_ui(ui: &mut Ui, reel: &mut Reel, last: usize, side: f32, words: String) -> bool {
    // As high as the legends beside it, unless a finger has to hit it.
    let touch = ui.spacing().interact_size.y >= space::TOUCH;
    let row = if touch { space::TOUCH } else { 0.5 * STRIP };
    let (icon, label) = if reel.playing { (icons::PAUSE, text::STOP_FILM) } else { (icons::PLAY, text::PLAY_FILM) };
    let (rect, _) = ui.allocate_exact_size(vec2(side, row + 0.5 * STRIP), Sense::hover());
    // A child of its own: what is a little higher than its row must not push the caption down.
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect));
    ui.spacing_mut().item_spacing = vec2(space::XS, 0.0);
    ui.spacing_mut().interact_size.y = row;
    let pressed = ui.horizontal(|ui| {
        let button = ui.add_enabled(last > 0, Button::new(icon).frame(false).min_size(vec2(row, row)));
        button.widget_info(|| WidgetInfo::labeled(Role::Button, last > 0, label));
        ui.spacing_mut().slider_width = ui.available_width();
        let mut frame = reel.frame;
        let slider = Slider::new(&mut frame, 0..=last).show_value(false);
        if ui.name_inputs(text::FRAME, |ui| ui.add_enabled(last > 0, slider)).changed() {
            *reel = Reel { frame, playing: false, ..*reel };
        }
        button.on_hover_text(label).clicked()
    });
    ui.add(egui::Label::new(theme::caption(&ui, words)).truncate());
    pressed.inner
}
