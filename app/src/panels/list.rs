//! The list of systems, grouped by idea.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, FontId, Role, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2};
use masquerade_engine::card::{Card, Idea};
use masquerade_engine::session::Session;

use crate::theme::{self, size, space};
use crate::ui_context::UiContext;
use crate::{icons, text};

/// The column of the desktop layout.
pub fn list_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let hint = text::with_icon(icons::SEARCH, text::SEARCH);
    ui.add(
        TextEdit::singleline(&mut cx.screen.search).hint_text(hint).desired_width(f32::INFINITY).margin(vec2(8.0, 6.0)),
    );
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| systems_ui(ui, cx));
}

/// The systems that match the search, grouped by idea in the order of the catalogue.
pub fn systems_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let state = cx.state;
    let wanted = cx.screen.search.trim().to_lowercase();
    let matches = |card: &&Card| {
        let words = [&card.title, &card.paper, &card.authors, &card.modality, &card.id];
        wanted.is_empty() || words.iter().any(|w| w.to_lowercase().contains(&wanted))
    };
    let cards: Vec<&Card> = state.catalogue.iter().filter(matches).collect();
    let mut ideas: Vec<Idea> = Vec::new();
    for card in &cards {
        if !ideas.contains(&card.idea) {
            ideas.push(card.idea);
        }
    }
    ui.spacing_mut().item_spacing.y = 2.0;
    for idea in &ideas {
        ui.add_space(space::S);
        ui.label(theme::caption(ui, idea.title()));
        for card in cards.iter().filter(|c| c.idea == *idea) {
            if row_ui(ui, card, card.id == state.session.method) && card.built && card.id != state.session.method {
                let seed = state.session.seed;
                cx.open(|s| *s = Session { method: card.id.clone(), seed, ..Session::default() });
            }
        }
    }
    if ideas.is_empty() && !state.catalogue.is_empty() {
        ui.label(theme::muted(ui, text::NOTHING_FOUND));
    }
}

fn row_ui(ui: &mut Ui, card: &Card, selected: bool) -> bool {
    let colours = theme::tokens(ui);
    let height = ui.spacing().interact_size.y;
    let sense = if card.built { Sense::click() } else { Sense::hover() };
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width().max(space::LIST - space::XL), height), sense);
    response.widget_info(|| WidgetInfo::selected(Role::Button, card.built, selected, &card.title));
    if selected {
        ui.painter().rect_filled(rect, space::RADIUS, ui.visuals().selection.bg_fill);
    } else if card.built && (response.hovered() || response.has_focus()) {
        ui.painter().rect_filled(rect, space::RADIUS, colours.raised);
    }
    let dot = rect.left_center() + vec2(space::M, 0.0);
    let tint = theme::idea(card.idea, ui);
    if card.built {
        ui.painter().circle_filled(dot, space::XS, tint);
    } else {
        ui.painter().circle_stroke(dot, 3.5, egui::Stroke::new(1.0, tint));
    }
    let mut right = rect.right() - space::S;
    if !card.built {
        let font = FontId::proportional(size::CAPTION);
        right = ui
            .painter()
            .text(pos2(right, rect.center().y), Align2::RIGHT_CENTER, text::NOT_BUILT, font, colours.faint)
            .left();
    }
    let colour = if card.built { colours.text } else { colours.faint };
    let left = rect.left() + space::XL;
    let mut job = LayoutJob::simple_singleline(card.title.clone(), FontId::proportional(size::TEXT), colour);
    job.wrap = TextWrapping::truncate_at_width(right - left - space::XS);
    let galley = ui.ctx().fonts_mut(|fonts| fonts.layout_job(job));
    ui.painter().galley(pos2(left, rect.center().y - galley.size().y * 0.5), galley, colour);
    let clicked = response.clicked();
    response.on_hover_ui(|ui| {
        ui.label(theme::strong(&card.title));
        ui.label(&card.sentence);
        ui.label(theme::caption(ui, text::cited(&card.authors, card.year)));
        if !card.built {
            ui.label(theme::caption(ui, text::NOT_BUILT_WHY));
        }
    });
    clicked
}
