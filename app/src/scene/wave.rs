//! Sound as marks: one lane a channel, in it the least and the greatest sample of every column of pixels.

use std::ops::Range;

use egui::{Color32, Rect, pos2};
use masquerade_engine::trace::Wave;

use super::Mark;
use crate::theme::Tokens;

/// Share of a lane that a wave from −1 to 1 takes.
const FILLS: f32 = 0.92;
/// Fewest samples that are shown, over the whole width.
const FEWEST: f64 = 16.0;

/// The part of a wave that is shown, in samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    pub from: f64,
    pub to: f64,
}

impl Window {
    /// All of it.
    pub fn whole(length: usize) -> Self {
        Self { from: 0.0, to: (length as f64).max(1.0) }
    }

    fn width(self) -> f64 {
        self.to - self.from
    }

    /// The sample at a place, 0 at the left end and 1 at the right one.
    pub fn at(self, share: f64) -> f64 {
        self.from + self.width() * share
    }

    /// Where a sample lies.
    pub fn share(self, sample: f64) -> f64 {
        (sample - self.from) / self.width()
    }

    /// Show less or more of a wave of this length around a place that stays where it is.
    pub fn zoom(self, share: f64, factor: f64, length: usize) -> Self {
        let whole = Self::whole(length);
        let width = (self.width() / factor).clamp(FEWEST.min(whole.to), whole.to);
        let from = self.at(share) - width * share;
        Self { from, to: from + width }.inside(length)
    }

    /// Shift by a share of what is shown.
    pub fn shift(self, by: f64, length: usize) -> Self {
        let by = self.width() * by;
        Self { from: self.from + by, to: self.to + by }.inside(length)
    }

    fn inside(self, length: usize) -> Self {
        let (whole, width) = (Self::whole(length).to, self.width());
        let from = self.from.min(whole - width).max(0.0);
        Self { from, to: from + width }
    }

    /// The samples of one of `columns` columns: at least one.
    fn column(self, column: usize, columns: usize, length: usize) -> Range<usize> {
        let place = |n: usize| self.at(n as f64 / columns.max(1) as f64).max(0.0) as usize;
        let from = place(column).min(length.saturating_sub(1));
        from..place(column + 1).clamp(from + 1, length.max(from + 1))
    }
}

/// Least and greatest sample of each of `columns` columns.
pub fn envelope(samples: &[f32], window: Window, columns: usize) -> Vec<(f32, f32)> {
    let ends = |column: usize| {
        let part = samples.get(window.column(column, columns, samples.len())).unwrap_or_default();
        let finite = || part.iter().copied().filter(|v| v.is_finite());
        let (low, high) = (finite().fold(f32::INFINITY, f32::min), finite().fold(f32::NEG_INFINITY, f32::max));
        if low <= high { (low, high) } else { (0.0, 0.0) }
    };
    (0..columns).map(ends).collect()
}

/// The marks of a wave in an area; `played` is the sample that sounds now.
pub fn marks(wave: &Wave, area: Rect, window: Window, played: Option<f64>, colours: &Tokens) -> Vec<Mark> {
    let mut marks = Vec::new();
    let lanes = wave.channels.max(1) as usize;
    let columns = area.width().max(1.0) as usize;
    let line = |from, to, width, colour: Color32| Mark::Line { from, to, width, colour };
    for lane in 0..lanes {
        let height = area.height() / lanes as f32;
        let middle = area.top() + height * (lane as f32 + 0.5);
        let half = 0.5 * height * FILLS;
        marks.push(line(pos2(area.left(), middle), pos2(area.right(), middle), 1.0, colours.line_strong));
        let mut before: Option<(f32, f32)> = None;
        for (column, (low, high)) in envelope(wave.channel(lane), window, columns).into_iter().enumerate() {
            // A column reaches to the one before, so that a steep wave has no gaps.
            let (least, most) = before.map_or((low, high), |(l, h)| (low.min(h), high.max(l)));
            let x = area.left() + column as f32 + 0.5;
            let y = |v: f32| middle - v.clamp(-1.0, 1.0) * half;
            marks.push(line(pos2(x, y(least) + 0.5), pos2(x, y(most) - 0.5), 1.0, colours.data));
            before = Some((low, high));
        }
    }
    if let Some(share) = played.map(|sample| window.share(sample)).filter(|share| (0.0..=1.0).contains(share)) {
        let x = area.left() + area.width() * share as f32;
        marks.push(line(pos2(x, area.top()), pos2(x, area.bottom()), 2.0, colours.accent));
    }
    marks
}
