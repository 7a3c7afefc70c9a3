//! Hatching of hidden or undefined tokens: never colour alone.

use egui::{Color32, Painter, Rect, Stroke, pos2};

use crate::theme::{Tokens, space};

/// Cover a token with the ground and diagonal lines. The lines run on from token to token.
pub fn hatch(painter: &Painter, rect: Rect, colours: &Tokens) {
    painter.rect_filled(rect, 0.0, colours.ground);
    lines(painter, rect, Stroke::new(1.0, colours.line_strong));
}

/// Only the lines, over what is there: for values that are shown and yet do not count.
pub fn lines(painter: &Painter, rect: Rect, stroke: Stroke) {
    let first = ((rect.min.x + rect.min.y) / space::HATCH).ceil() as i32;
    let last = ((rect.max.x + rect.max.y) / space::HATCH).floor() as i32;
    for k in first..=last {
        let sum = k as f32 * space::HATCH;
        let (left, right) = (rect.min.x.max(sum - rect.max.y), rect.max.x.min(sum - rect.min.y));
        painter.line_segment([pos2(left, sum - left), pos2(right, sum - right)], stroke);
    }
}

/// A ring inside a token.
pub fn ring(painter: &Painter, rect: Rect, width: f32, colour: Color32) {
    painter.rect_stroke(rect, 0.0, Stroke::new(width, colour), egui::StrokeKind::Inside);
}
