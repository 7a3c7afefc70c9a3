//! What all panels over the picture share: their place, zoom, cursor, pinning and painting.

use egui::{Painter, PointerButton, Pos2, Rect, Response, Role, Ui, Vec2, WidgetInfo, pos2, vec2};
use masquerade_engine::trace::{Grid, View};

use super::touch::{self, Tool};
use super::{cursor, hatch};
use crate::selection::{Stroke, token_at};
use crate::theme;
use crate::ui_context::{UiContext, UiRequest};

/// What a press on a panel does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// A click pins the token.
    Pin,
    /// A click pins, a drag paints the mask.
    PinAndPaint,
    /// Click and drag paint the mask.
    Paint,
    /// The panel sees to clicks itself.
    Own,
}

/// What lies on a canvas.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// Pixels across and down.
    pub pixels: (u32, u32),
    /// Tokens down and across; zeros: it has none.
    pub grid: (u32, u32),
    /// Number of its first token, where it shows a part of a larger grid (a frame of a clip).
    pub first: u32,
    pub press: Press,
    pub view: &'a View,
    /// What a screen reader says.
    pub name: &'a str,
}

/// The part of a panel that is drawn on.
pub struct Canvas {
    /// Clipped to the panel.
    pub painter: Painter,
    /// Where the shown part of the picture lies.
    pub area: Rect,
    /// Tokens down and across.
    pub grid: (u32, u32),
    /// Number of the first token, and how many the whole grid has.
    first: u32,
    all: usize,
    /// Id of the grid that they are of: no cursor without one.
    id: Option<String>,
    pub response: Response,
}

/// Place a canvas into a square of `side` points, and let it be used.
pub fn canvas_ui(ui: &mut Ui, cx: &mut UiContext<'_>, sheet: &Sheet<'_>, side: f32) -> Canvas {
    let Sheet { pixels, grid, first, press, view, name } = *sheet;
    let size = fit(pixels, side, ui.pixels_per_point());
    let (outer, response) = ui.allocate_exact_size(vec2(side, size.y), touch::sense(cx, &view.id));
    let left = ((outer.width() - size.x) * 0.5 * ui.pixels_per_point()).round() / ui.pixels_per_point();
    let area = Rect::from_min_size(outer.min + vec2(left, 0.0), size);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
    let all = cx.state.grid(view).map_or(grid.0 * grid.1, Grid::tokens) as usize;
    let canvas = Canvas { painter, area, grid, first, all, id: view.grid.clone(), response };
    if matches!(press, Press::Paint | Press::PinAndPaint) {
        touch::tool_ui(ui, cx, &view.id, outer, Tool::Brush);
    }
    canvas.navigate(ui, cx);
    canvas.point(cx, view, press, cx.selection.takes_drags(&view.id));
    canvas
}

/// Largest size that fits: whole screen pixels for each picture pixel where the picture is enlarged.
fn fit((width, height): (u32, u32), side: f32, pixels_per_point: f32) -> Vec2 {
    let (width, height) = (width.max(1) as f32, height.max(1) as f32);
    let scale = side * pixels_per_point / width.max(height);
    let scale = if scale >= 1.0 { scale.floor() } else { scale };
    vec2(width, height) * scale / pixels_per_point
}

/// Whether a picture of this size is drawn smaller than it is.
pub fn shrinks(pixels: (u32, u32), side: f32, pixels_per_point: f32, zoom: f32) -> bool {
    side * pixels_per_point * zoom < pixels.0.max(pixels.1) as f32
}

impl Canvas {
    /// Where a token lies.
    pub fn token(&self, cx: &UiContext<'_>, token: u32) -> Rect {
        cx.selection.token_rect(self.area, self.grid, token.saturating_sub(self.first))
    }

    /// Whether a token of the grid is one of those shown.
    pub fn shows(&self, token: u32) -> bool {
        (self.first..self.first + self.grid.0 * self.grid.1).contains(&token)
    }

    /// Draw a texture that covers the whole picture.
    pub fn image(&self, cx: &UiContext<'_>, texture: egui::TextureId) {
        self.laid_over(cx, texture, 1.0);
    }

    /// The same as strong as `opacity` says, over what is there.
    pub fn laid_over(&self, cx: &UiContext<'_>, texture: egui::TextureId, opacity: f32) {
        let tint = egui::Color32::WHITE.gamma_multiply(opacity);
        self.painter.image(texture, self.area, cx.selection.shown(), tint);
    }

    /// Draw crosshair, hovered and pinned token: the last thing a panel draws.
    pub fn marks(&self, ui: &Ui, cx: &UiContext<'_>) {
        let colours = theme::tokens(ui);
        let hovered = cx.selection.hovered_on(self.id.as_deref());
        if let Some(place) = cx.selection.crosshair.filter(|_| hovered.is_some()) {
            let at = cx.selection.to_screen(self.area, place);
            let line = egui::Stroke::new(1.0, colours.accent.gamma_multiply(0.35));
            self.painter.hline(self.area.x_range(), at.y, line);
            self.painter.vline(at.x, self.area.y_range(), line);
        }
        if let Some(token) = cx.state.pinned_on(self.id.as_deref()).filter(|t| self.shows(*t)) {
            hatch::ring(&self.painter, self.token(cx, token), 2.0, colours.accent);
        }
        if let Some(token) = hovered.filter(|t| self.shows(*t)) {
            hatch::ring(&self.painter, self.token(cx, token).shrink(0.5), 1.0, colours.text);
        }
    }

    fn navigate(&self, ui: &Ui, cx: &mut UiContext<'_>) {
        if let Some(pointer) = self.response.hover_pos() {
            let zoom = ui.input(|i| i.zoom_delta());
            if zoom != 1.0 {
                let place = cx.selection.to_picture(self.area, pointer);
                cx.selection.zoom_at(place, zoom);
            }
        }
        if self.response.dragged_by(PointerButton::Middle) || self.response.dragged_by(PointerButton::Secondary) {
            let moved = self.response.drag_delta() / self.area.size() / cx.selection.zoom;
            cx.selection.shift(-moved);
        }
        if self.response.secondary_clicked() {
            cx.selection.reset_zoom();
        }
    }

    fn point(&self, cx: &mut UiContext<'_>, view: &View, press: Press, drags: bool) {
        let here = self.response.hover_pos().or_else(|| self.response.interact_pointer_pos());
        let Some(place) = here.map(|p| cx.selection.to_picture(self.area, p)) else { return };
        let token = here.filter(|p| self.area.contains(*p)).and_then(|_| token_at(place, self.grid));
        let token = token.map(|t| t + self.first);
        cursor::hover(cx, view, token, Some(pos2(place.x, place.y)));
        let pressed = self.response.is_pointer_button_down_on();
        let paints = match press {
            Press::Paint => pressed || self.response.drag_stopped() || self.response.clicked(),
            Press::PinAndPaint => self.response.dragged_by(PointerButton::Primary),
            Press::Pin | Press::Own => false,
        };
        if let Some(to) = here.filter(|_| paints && drags) {
            self.stroke(cx, to);
        }
        let pins = match press {
            Press::Pin | Press::PinAndPaint => true,
            Press::Paint => !drags,
            Press::Own => false,
        };
        if pins && self.response.clicked() {
            cursor::pin(cx, view, token);
        }
    }
}

impl Canvas {
    /// Paint from where the pointer was to where it is: a fast finger must not skip tokens.
    fn stroke(&self, cx: &mut UiContext<'_>, to: Pos2) {
        let from = match &cx.selection.stroke {
            Some(_) => to - self.response.ctx.input(|i| i.pointer.delta()),
            None => to,
        };
        let cell = self.area.width() / self.grid.1.max(1) as f32 * cx.selection.zoom;
        let parts = ((to - from).length() / cell.max(1.0) * 2.0).ceil().max(1.0);
        for part in 0..=parts as u32 {
            let at = from + (to - from) * (part as f32 / parts);
            let place = cx.selection.to_picture(self.area, at);
            if let Some(token) = token_at(place, self.grid).filter(|_| self.area.contains(at)) {
                paint(cx, self.id.as_deref().unwrap_or_default(), token + self.first, self.all);
            }
        }
    }
}

/// Touch a token with the running stroke; the first one decides what the stroke does.
fn paint(cx: &mut UiContext<'_>, grid: &str, token: u32, tokens: usize) {
    let Some(mask) = cx.state.mask(grid).filter(|m| m.len() == tokens) else { return };
    let Some(hidden) = mask.get(token as usize).copied() else { return };
    let fresh = Stroke { grid: grid.into(), hide: !hidden, mask };
    let stroke = cx.selection.stroke.get_or_insert(fresh);
    if stroke.grid != grid {
        return;
    }
    let hide = stroke.hide;
    let Some(place) = stroke.mask.get_mut(token as usize).filter(|h| **h != hide) else { return };
    *place = hide;
    let painted = stroke.mask.clone();
    cx.request(UiRequest::Paint(grid.into(), painted));
}
