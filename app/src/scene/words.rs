//! Where the tokens of a text stand: in lines, as text runs.

use egui::{Rect, pos2, vec2};
use masquerade_engine::trace::Words;

/// Room around the text of a token, and between two words.
pub const PAD: f32 = 2.0;
const BLANK: f32 = 3.0;

/// Places of tokens of these widths in lines of `height` points; a token that goes on a word stands close to it.
pub fn places(words: &Words, widths: &[f32], side: f32, height: f32) -> Vec<Rect> {
    let (mut x, mut y) = (0.0_f32, 0.0_f32);
    let mut places = Vec::with_capacity(widths.len());
    for (token, width) in widths.iter().enumerate() {
        let joined = words.joined.get(token).copied().unwrap_or(false);
        let wide = (width + 2.0 * PAD).min(side);
        let gap = if x == 0.0 || joined { 0.0 } else { BLANK };
        if x > 0.0 && x + gap + wide > side {
            (x, y) = (0.0, y + height);
        } else {
            x += gap;
        }
        places.push(Rect::from_min_size(pos2(x, y), vec2(wide, height - 1.0)));
        x += wide;
    }
    places
}

/// Height of all lines.
pub fn height(places: &[Rect]) -> f32 {
    places.last().map_or(0.0, |last| last.bottom() + 1.0)
}
