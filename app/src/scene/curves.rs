//! Curves as marks, for a picture file: spread, lines, and the numbers along the axes.

use egui::{Pos2, Rect, pos2};
use masquerade_engine::session::Race;
use masquerade_engine::trace::{Curve, Curves};

use super::{Mark, Sign};
use crate::theme::{self, Tokens};

/// How opaque a spread is.
const SPREAD: f32 = 0.25;
/// Curves with so few points have a dot at each.
const DOTTED: usize = 24;

/// The part of the plane that curves take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axes {
    pub x: (f64, f64),
    pub y: (f64, f64),
    pub log_x: bool,
}

/// Whether curves can have a logarithmic scale across.
pub fn can_log(curves: &Curves) -> bool {
    let mut xs = curves.curves.iter().flat_map(|c| &c.points).map(|p| p.0);
    xs.all(|x| x > 0.0 && x.is_finite()) && curves.curves.iter().any(|c| c.points.len() > 1)
}

/// The curves of a study's race: an arm each, its mean and the deviation over the seeds on both sides of it.
pub fn race(race: &Race, metric: &str) -> Curves {
    let curve = |(name, means, spreads): &(String, Vec<f64>, Vec<f64>)| Curve {
        name: name.clone(),
        points: race.x.iter().copied().zip(means.iter().copied()).collect(),
        spread: means.iter().zip(spreads).map(|(mean, spread)| (mean - spread, mean + spread)).collect(),
    };
    Curves {
        curves: race.arms.iter().map(curve).collect(),
        x_title: race.axis.clone(),
        y_title: metric.replace('_', " "),
        log_x: race.logarithmic,
    }
}

impl Axes {
    /// The axes that hold all curves with their spread.
    pub fn of(curves: &Curves, log_x: bool) -> Self {
        let log_x = log_x && can_log(curves);
        let xs = || curves.curves.iter().flat_map(|c| &c.points).map(|p| if log_x { p.0.log10() } else { p.0 });
        let ys = || {
            let all = |c: &Curve| {
                c.points.iter().map(|p| p.1).chain(c.spread.iter().flat_map(|s| [s.0, s.1])).collect::<Vec<f64>>()
            };
            curves.curves.iter().flat_map(all)
        };
        Self { x: range(xs()), y: range(ys()), log_x }
    }

    fn place(&self, area: Rect, (x, y): (f64, f64)) -> Pos2 {
        let x = if self.log_x { x.log10() } else { x };
        let share = |v: f64, (low, high): (f64, f64)| ((v - low) / (high - low)) as f32;
        pos2(area.left() + area.width() * share(x, self.x), area.bottom() - area.height() * share(y, self.y))
    }

    /// The number at the left or right end of the axis across.
    pub fn end(&self, right: bool) -> f64 {
        let end = if right { self.x.1 } else { self.x.0 };
        if self.log_x { 10_f64.powf(end) } else { end }
    }
}

/// The smallest and the largest of finite values, never equal.
fn range(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let finite = || values.clone().filter(|v| v.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    match (low <= high, low < high) {
        (true, true) => (low, high),
        (true, false) => (low - 0.5, high + 0.5),
        _ => (0.0, 1.0),
    }
}

/// The marks of curves in an area.
pub fn marks(curves: &Curves, axes: &Axes, area: Rect, colours: &Tokens) -> Vec<Mark> {
    let mut marks = Vec::new();
    let line = |from, to, width, colour| Mark::Line { from, to, width, colour };
    for (from, to) in [(area.left_top(), area.left_bottom()), (area.left_bottom(), area.right_bottom())] {
        marks.push(line(from, to, 1.0, colours.line_strong));
    }
    for (n, curve) in curves.curves.iter().enumerate() {
        let colour = theme::category(n).gamma_multiply(SPREAD);
        let ends: Vec<(Pos2, Pos2)> = curve
            .points
            .iter()
            .zip(&curve.spread)
            .map(|(p, s)| (axes.place(area, (p.0, s.0)), axes.place(area, (p.0, s.1))))
            .collect();
        for pair in ends.windows(2) {
            let [(low, high), (low_then, high_then)] = [pair[0], pair[1]];
            for x in low.x.ceil() as i32..low_then.x.ceil() as i32 {
                let share = (x as f32 - low.x) / (low_then.x - low.x);
                let (bottom, top) = (low.lerp(low_then, share), high.lerp(high_then, share));
                marks.push(line(pos2(x as f32, bottom.y), pos2(x as f32, top.y), 1.0, colour));
            }
        }
    }
    for (n, curve) in curves.curves.iter().enumerate() {
        let colour = theme::category(n);
        let sound = |p: &&(f64, f64)| p.0.is_finite() && p.1.is_finite();
        let places: Vec<Pos2> = curve.points.iter().filter(sound).map(|p| axes.place(area, *p)).collect();
        marks.extend(places.windows(2).map(|pair| line(pair[0], pair[1], 1.5, colour)));
        if places.len() <= DOTTED {
            let dot = |at: &Pos2| Mark::Dot { at: *at, radius: 2.5, colour, sign: Sign::default() };
            marks.extend(places.iter().map(dot));
        }
    }
    marks
}
