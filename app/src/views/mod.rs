//! One widget for each kind of view, all in the same card: title, caption, badge of origin, drawing, legend.

mod badge;
mod board;
mod canvas;
mod classes;
mod clip;
mod cloud;
mod cursor;
pub mod curves;
mod dots;
mod field;
mod hatch;
mod heat;
mod legend;
mod mask;
mod matrix;
mod picture;
mod player;
mod touch;
mod trajectories;
mod viewport;
mod volume;
mod wave;
mod words;

use egui::{Frame, Ui, vec2};
use masquerade_engine::trace::ViewKind;

use crate::state::Shown;
use crate::text;
use crate::theme::{self, space};
use crate::ui_context::UiContext;

#[cfg(not(target_arch = "wasm32"))]
pub use words::readable;

/// Lines a caption has.
const CAPTION_ROWS: usize = 2;
/// Under this width a title is set in the size of text, under the second one its badge is short too.
const NARROW: f32 = 220.0;
const TINY: f32 = 152.0;
/// Height of legend or note.
const STRIP: f32 = space::LEGEND + space::XS + space::L;

/// A card whose content runs downwards, whatever it stands in.
pub fn card_ui<R>(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui) -> R) -> R {
    let inside = |ui: &mut Ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing = vec2(space::S, space::XS);
        content(ui)
    };
    card(ui).show(ui, |ui| ui.vertical(inside).inner).inner
}

/// The ground of a card.
pub fn card(ui: &Ui) -> Frame {
    Frame::new().fill(theme::tokens(ui).card).corner_radius(space::RADIUS).inner_margin(space::S)
}

/// Whether a view stands beside others that share its zoom: pictures and maps with their cursor, scenes with their
/// camera.
pub fn is_panel(shown: Option<&Shown>) -> bool {
    let stands = |kind: &ViewKind| {
        use ViewKind::{Clip, Heat, Mask, Picture, Volume};
        matches!(kind, Picture(_) | Mask(_) | Heat(_) | Clip(_) | Volume(_))
    };
    is_scene(shown) || shown.is_none_or(|s| stands(&s.view.kind))
}

/// Whether a view is looked at through the camera and needs room.
pub fn is_scene(shown: Option<&Shown>) -> bool {
    shown.is_some_and(|s| matches!(s.view.kind, ViewKind::Cloud(_) | ViewKind::Field(_) | ViewKind::Trajectories(_)))
}

/// What the tokens of a view are called.
fn nouns(cx: &UiContext<'_>, shown: &Shown) -> text::Nouns {
    text::nouns(cx.state.grid(&shown.view))
}

/// One view in its card, its drawing `side` points wide.
pub fn tile_ui(ui: &mut Ui, cx: &mut UiContext<'_>, id: &str, title: &str, side: f32) {
    let shown = cx.state.views.get(id);
    card_ui(ui, side, |ui| {
        header_ui(ui, shown, title, side);
        match shown {
            None => empty_ui(ui, side),
            Some(shown) => match &shown.view.kind {
                ViewKind::Picture(picture) => picture::picture_ui(ui, cx, shown, picture, side),
                ViewKind::Mask(mask) => mask::mask_ui(ui, cx, shown, mask, side),
                ViewKind::Heat(heat) => heat::heat_ui(ui, cx, shown, heat, side),
                ViewKind::Matrix(matrix) => matrix::matrix_ui(ui, cx, shown, matrix, side),
                ViewKind::Curves(drawn) => curves::curves_ui(ui, cx, id, drawn),
                ViewKind::Number(number) => {
                    ui.label(theme::exhibit_title(text::value(*number as f32)));
                }
                ViewKind::Cloud(drawn) => cloud::cloud_ui(ui, cx, shown, drawn, side),
                ViewKind::Field(drawn) => field::field_ui(ui, cx, shown, drawn, side),
                ViewKind::Trajectories(drawn) => trajectories::trajectories_ui(ui, cx, shown, drawn, side),
                ViewKind::Board(drawn) => board::board_ui(ui, cx, shown, drawn, side),
                ViewKind::Clip(drawn) => clip::clip_ui(ui, cx, shown, drawn, side),
                ViewKind::Wave(drawn) => wave::wave_ui(ui, cx, shown, drawn, side),
                ViewKind::Words(drawn) => words::words_ui(ui, cx, shown, drawn, side),
                ViewKind::Volume(drawn) => volume::volume_ui(ui, cx, shown, drawn, side),
            },
        }
        caption_ui(ui, shown, side);
    });
}

fn header_ui(ui: &mut Ui, shown: Option<&Shown>, title: &str, side: f32) {
    let title = shown.map_or(title, |s| s.view.title.as_str());
    let title = if side < NARROW { theme::strong(title) } else { theme::title(title) };
    ui.allocate_ui(vec2(side, space::TITLE_ROW), |ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        egui::Sides::new().height(space::TITLE_ROW).shrink_left().truncate().show(
            ui,
            |ui| ui.label(title),
            |ui| {
                if let Some(shown) = shown {
                    badge::badge_ui(ui, &shown.view.origin, side < TINY);
                }
            },
        );
    });
}

/// The strip between a drawing and its caption: as high in every view, so that neighbours stay in line.
fn strip_ui(ui: &mut Ui, side: f32, words: String) {
    ui.allocate_ui(vec2(side, STRIP), |ui| {
        ui.set_min_height(STRIP);
        ui.add(egui::Label::new(theme::caption(ui, words)).truncate());
    });
}

/// Two lines under the drawing, always as high, so that neighbours stay in line; the whole of it in the tooltip.
fn caption_ui(ui: &mut Ui, shown: Option<&Shown>, side: f32) {
    let caption = shown.map_or(text::WAITING, |s| s.view.caption.as_str());
    let font = egui::FontId::proportional(theme::size::CAPTION);
    let mut job = egui::text::LayoutJob::simple(caption.into(), font, theme::tokens(ui).muted, side);
    job.wrap.max_rows = CAPTION_ROWS;
    let galley = ui.ctx().fonts_mut(|fonts| fonts.layout_job(job));
    let height = CAPTION_ROWS as f32 * space::L;
    let (rect, response) = ui.allocate_exact_size(vec2(side, height), egui::Sense::hover());
    ui.painter().galley(rect.min, galley, theme::tokens(ui).muted);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Caption, true, caption));
    response.on_hover_text(caption);
}

fn empty_ui(ui: &mut Ui, side: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(side, side), egui::Sense::hover());
    ui.painter().rect_filled(rect, space::RADIUS, theme::tokens(ui).raised);
}
