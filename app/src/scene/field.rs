//! A field of arrows as marks: ground, data, the field to compare with, then the arrows.

use egui::{Color32, Pos2, Rect, Vec2, vec2};
use masquerade_engine::trace::{Field, Legend};

use super::camera::Lens;
use super::plane::Plane;
use super::{Mark, Sign};
use crate::theme::{self, Tokens};

/// Arrows stand at least so many points of the screen apart; of more, every second, third … one is drawn.
const APART: f32 = 9.0;
/// Share of the weight that arrows no longer than one cell have: a few long ones must not make all others dots.
const SHORT: f32 = 0.85;
/// Longest arrow drawn, in cells.
const LONGEST: f32 = 1.6;
/// Length of an arrow's head, as a share of the arrow and in points of the screen.
const HEAD: (f32, f32) = (0.4, 4.5);
/// How opaque an arrow is that counts nothing.
const LEAST: f32 = 0.15;
/// Radius of a point of the data.
const POINT: f32 = 1.4;

/// How a field is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Style<'a> {
    pub colours: &'a Tokens,
    /// The range of the ground's colours, where the field has a ground.
    pub range: Option<&'a Legend>,
}

/// The plane a field lies in.
pub fn plane(field: &Field) -> Plane {
    Plane::new(field.low, field.high)
}

/// Where an arrow starts, in units of the data.
pub fn start(field: &Field, row: u32, column: u32) -> [f32; 2] {
    let share = |i: u32, of: u32| if of > 1 { i as f32 / (of - 1) as f32 } else { 0.5 };
    let (x, y) = (share(column, field.columns), share(row, field.rows));
    [field.low[0] + (field.high[0] - field.low[0]) * x, field.low[1] + (field.high[1] - field.low[1]) * y]
}

/// Distance of two arrows, across and up, in units of the data.
fn cell(field: &Field) -> [f32; 2] {
    let size = |i: usize, of: u32| (field.high[i] - field.low[i]) / of.saturating_sub(1).max(1) as f32;
    [size(0, field.columns), size(1, field.rows)]
}

/// Index of the arrow whose cell a place of the data lies in.
pub fn arrow_at(field: &Field, [x, y]: [f32; 2]) -> Option<usize> {
    let cell = cell(field);
    let place = |v: f32, low: f32, size: f32, of: u32| {
        let index = if of > 1 { ((v - low) / size).round() } else { 0.0 };
        (index >= 0.0 && index < of as f32).then_some(index as usize)
    };
    let (column, row) = (place(x, field.low[0], cell[0], field.columns)?, place(y, field.low[1], cell[1], field.rows)?);
    Some(row * field.columns as usize + column)
}

/// An arrow of a list, if it is there.
pub fn arrow(arrows: &[f32], index: usize) -> Option<[f32; 2]> {
    Some([*arrows.get(2 * index)?, *arrows.get(2 * index + 1)?])
}

fn weight(field: &Field, index: usize) -> f32 {
    field.weight.get(index).copied().unwrap_or(1.0).clamp(0.0, 1.0)
}

/// Length of an arrow that is drawn as long as a cell. Both fields share it; what counts little has little say.
pub fn length_of_a_cell(field: &Field) -> f32 {
    let count = field.rows as usize * field.columns as usize;
    let lengths = |arrows: &[f32]| -> Vec<(f32, f32)> {
        let long = |i: usize| arrow(arrows, i).map(|[x, y]| (x.hypot(y), weight(field, i)));
        (0..count).filter_map(long).filter(|(l, w)| l.is_finite() && *l > 0.0 && *w > 0.0).collect()
    };
    let mut all = [lengths(&field.arrows), lengths(&field.reference)].concat();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let share = all.iter().map(|(_, weight)| weight).sum::<f32>() * SHORT;
    let mut so_far = 0.0;
    let long = all.iter().find(|(_, weight)| {
        so_far += weight;
        so_far >= share
    });
    long.map_or(1.0, |(length, _)| *length)
}

/// The marks of a field in a square.
pub fn marks(field: &Field, lens: &Lens, area: Rect, style: &Style<'_>) -> Vec<Mark> {
    let plane = plane(field);
    let place = |p: [f32; 2]| lens.plane(plane.unit(p));
    let mut marks = Vec::new();
    let [wide, high] = cell(field).map(|c| c / plane.half() * lens.scale());
    if let Some(range) = style.range {
        ground(field, place, vec2(wide, high), range, &mut marks);
    }
    let dot = if style.range.is_some() { theme::DARK.line } else { style.colours.muted.gamma_multiply(0.6) };
    points(&field.points, place, dot, &mut marks);
    let every = (APART / wide.min(high).max(0.1)).ceil().max(1.0) as usize;
    let scale = wide.min(high) * every as f32 / length_of_a_cell(field);
    let longest = wide.min(high) * every as f32 * LONGEST;
    let mut arrows = |list: &[f32], width: f32, colour: Color32| {
        for row in (every / 2..field.rows as usize).step_by(every) {
            for column in (every / 2..field.columns as usize).step_by(every) {
                let index = row * field.columns as usize + column;
                let from = place(start(field, row as u32, column as u32));
                let Some([x, y]) = arrow(list, index).filter(|_| area.expand(longest).contains(from)) else { continue };
                let along = vec2(x, -y) * scale;
                let colour = colour.gamma_multiply(LEAST + (1.0 - LEAST) * weight(field, index));
                draw_arrow(from, along * (longest / along.length().max(longest)), width, colour, &mut marks);
            }
        }
    };
    arrows(&field.reference, 1.0, style.colours.faint);
    if style.range.is_some() {
        // The map is the same in both themes, and no one colour can be seen on all of it.
        arrows(&field.arrows, 3.0, theme::LIGHT.card.gamma_multiply(0.7));
        arrows(&field.arrows, 1.3, theme::DARK.ground);
    } else {
        arrows(&field.arrows, 1.3, style.colours.data);
    }
    marks
}

/// Points of the data as small dots.
pub fn points(points: &[f32], place: impl Fn([f32; 2]) -> Pos2, colour: Color32, marks: &mut Vec<Mark>) {
    let dot = |p: &[f32]| Mark::Dot { at: place([p[0], p[1]]), radius: POINT, colour, sign: Sign::default() };
    marks.extend(points.chunks_exact(2).map(dot));
}

fn ground(field: &Field, place: impl Fn([f32; 2]) -> Pos2, size: Vec2, range: &Legend, marks: &mut Vec<Mark>) {
    for row in 0..field.rows {
        for column in 0..field.columns {
            let value = field.ground.get((row * field.columns + column) as usize).filter(|v| v.is_finite());
            let rect = Rect::from_center_size(place(start(field, row, column)), size);
            marks.extend(value.map(|v| Mark::Cell { rect, colour: theme::in_range(*v, range) }));
        }
    }
}

fn draw_arrow(from: Pos2, along: Vec2, width: f32, colour: Color32, marks: &mut Vec<Mark>) {
    let length = along.length();
    if !length.is_finite() || length < 0.5 {
        marks.push(Mark::Dot { at: from, radius: 0.5 + 0.5 * width, colour, sign: Sign::default() });
        return;
    }
    let to = from + along;
    let back = along / length * (length * HEAD.0).min(HEAD.1);
    let side = vec2(-back.y, back.x) * 0.55;
    for end in [from, to - back + side, to - back - side] {
        marks.push(Mark::Line { from: end, to, width, colour });
    }
}
