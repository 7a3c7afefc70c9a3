//! The one cursor of all views, as one of them sees it: a token of its own grid, or none.

use egui::Pos2;
use masquerade_engine::trace::{Cursor, View};

use crate::ui_context::{UiContext, UiRequest};

/// The token of a view that the pointer is on, in whichever view of its grid.
pub fn hovered(cx: &UiContext<'_>, view: &View) -> Option<u32> {
    cx.selection.hovered_on(view.grid.as_deref())
}

/// The pinned token of a view.
pub fn pinned(cx: &UiContext<'_>, view: &View) -> Option<u32> {
    cx.state.pinned_on(view.grid.as_deref())
}

/// The token of a view that is looked at: the one under the pointer, else the pinned one.
pub fn token(cx: &UiContext<'_>, view: &View) -> Option<u32> {
    hovered(cx, view).or_else(|| pinned(cx, view))
}

/// The pointer is on this token of a view and, on a picture, at this place of it.
pub fn hover(cx: &mut UiContext<'_>, view: &View, token: Option<u32>, place: Option<Pos2>) {
    if let Some(cursor) = cursor(view, token) {
        cx.selection.hover(cursor, place);
    }
}

/// A click pins a token, lets a pinned one go, and beside all tokens lets any go.
pub fn pin(cx: &mut UiContext<'_>, view: &View, token: Option<u32>) {
    pin_at(cx, cursor(view, token));
}

/// The same with the token of any grid.
pub fn pin_at(cx: &mut UiContext<'_>, cursor: Option<Cursor>) {
    let pinned = &cx.state.session.pinned;
    let pin = cursor.filter(|cursor| pinned.as_ref() != Some(cursor));
    if pin != *pinned {
        cx.request(UiRequest::Pin(pin));
    }
}

fn cursor(view: &View, token: Option<u32>) -> Option<Cursor> {
    view.grid.as_deref().zip(token).map(|(grid, token)| Cursor::new(grid, token))
}
