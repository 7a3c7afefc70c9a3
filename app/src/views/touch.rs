//! Drawings under a finger: one finger scrolls the page, until the brush or the hand of a drawing is taken up.

use egui::{Button, Rect, RichText, Role, Sense, Ui, WidgetInfo, vec2};

use crate::theme::{self, space};
use crate::ui_context::UiContext;
use crate::{icons, text};

/// What a finger does on a drawing whose button is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Paints the mask.
    Brush,
    /// Turns or moves.
    Hand,
}

/// What a drawing listens to: drags only where they are for it.
pub fn sense(cx: &UiContext<'_>, view: &str) -> Sense {
    if cx.selection.takes_drags(view) { Sense::click_and_drag() } else { Sense::CLICK }
}

/// The button in the corner of a drawing, where fingers are at work.
pub fn tool_ui(ui: &mut Ui, cx: &mut UiContext<'_>, view: &str, area: Rect, tool: Tool) {
    if !cx.selection.touch {
        return;
    }
    let on = cx.selection.armed.as_deref() == Some(view);
    let (icon, label) = match tool {
        Tool::Brush => (icons::PAINT, text::brush(on)),
        Tool::Hand => (icons::HAND, text::hand(on)),
    };
    let place = Rect::from_min_size(area.right_top() - vec2(space::TOUCH, 0.0), vec2(space::TOUCH, space::TOUCH));
    let colours = theme::tokens(ui);
    let (fill, ink) = if on { (colours.accent, colours.on_accent) } else { (colours.raised, colours.text) };
    let button = Button::new(RichText::new(icon).size(theme::size::TITLE).color(ink)).fill(fill);
    let response = ui.put(place, button);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, label));
    if response.on_hover_text(label).clicked() {
        cx.selection.armed = (!on).then(|| view.to_string());
    }
}
