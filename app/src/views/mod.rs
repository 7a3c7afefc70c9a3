//! One widget for each kind of view, all in the same card: title, caption, badge of origin, drawing, legend.

mod badge;
mod canvas;
mod hatch;
mod heat;
mod legend;
mod mask;
mod matrix;
mod picture;
pub mod series;
mod textures;

use egui::{Frame, Ui, vec2};
use masquerade_engine::trace::ViewKind;

use crate::desk::Desk;
use crate::state::Shown;
use crate::text;
use crate::theme::{self, space};

pub use textures::Textures;

/// The ground of a card.
pub fn card(ui: &Ui) -> Frame {
    Frame::new().fill(theme::tokens(ui).card).corner_radius(space::RADIUS).inner_margin(space::M)
}

/// Whether a view lies over the tokens of the picture and so shares zoom and cursor.
pub fn is_panel(shown: Option<&Shown>) -> bool {
    shown.is_none_or(|s| matches!(s.view.kind, ViewKind::Picture(_) | ViewKind::Mask(_) | ViewKind::Heat(_)))
}

/// One view in its card, its drawing `side` points wide.
pub fn tile_ui(ui: &mut Ui, desk: &mut Desk<'_>, id: &str, title: &str, side: f32) {
    let shown = desk.state.views.get(id);
    card(ui).show(ui, |ui| {
        ui.set_width(side);
        ui.spacing_mut().item_spacing.y = space::XS;
        header_ui(ui, shown, title);
        match shown {
            None => empty_ui(ui, side),
            Some(shown) => match &shown.view.kind {
                ViewKind::Picture(picture) => picture::picture_ui(ui, desk, shown, picture, side),
                ViewKind::Mask(mask) => mask::mask_ui(ui, desk, shown, mask, side),
                ViewKind::Heat(heat) => heat::heat_ui(ui, desk, shown, heat, side),
                ViewKind::Matrix(matrix) => matrix::matrix_ui(ui, desk, shown, matrix, side),
                ViewKind::Series(series) => series::series_ui(ui, id, series),
                ViewKind::Number(number) => {
                    ui.label(theme::exhibit_title(text::value(*number as f32)));
                }
            },
        }
    });
}

fn header_ui(ui: &mut Ui, shown: Option<&Shown>, title: &str) {
    ui.allocate_ui(vec2(ui.available_width(), space::TITLE_ROW), |ui| {
        egui::Sides::new().height(space::TITLE_ROW).shrink_left().truncate().show(
            ui,
            |ui| ui.label(theme::title(shown.map_or(title, |s| s.view.title.as_str()))),
            |ui| {
                if let Some(shown) = shown {
                    badge::badge_ui(ui, &shown.view.origin);
                }
            },
        );
    });
    let caption = shown.map_or(text::WAITING, |s| s.view.caption.as_str());
    let caption_text = theme::caption(ui, caption);
    ui.add(egui::Label::new(caption_text).truncate()).on_hover_text(caption);
}

fn empty_ui(ui: &mut Ui, side: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(side, side), egui::Sense::hover());
    ui.painter().rect_filled(rect, space::RADIUS, theme::tokens(ui).raised);
}
