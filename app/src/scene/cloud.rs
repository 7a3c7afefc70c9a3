//! A cloud as marks: edges, then points from far to near, each with the colour and sign of its token.

use egui::{Color32, Pos2, Rect};
use masquerade_engine::trace::{Cloud, Legend};

use super::camera::{Camera, Seen};
use super::{Fill, Mark, Shape, Sign};
use crate::theme::{self, Tokens};

/// Edges that are drawn at most; of more, every second, third … one.
pub const EDGES: usize = 12_000;
/// Steps of depth that points are sorted by.
const DEPTHS: usize = 2048;
/// Radius of a point, in points of the screen.
const RADIUS: (f32, f32) = (1.0, 5.0);
/// Radius of a point as a share of the distance points would have if they lay in a square grid.
const SHARE: f32 = 0.42;
/// How much of the ground's colour the farthest points take on.
const FOG: f32 = 0.5;
/// Size of a point without a token.
const MUTED: f32 = 0.75;
/// Points of a token that are outlined at most.
const OUTLINED: usize = 2000;
/// Width of an outline, and its distance from the points.
const OUTLINE: (f32, f32) = (1.8, 1.2);

/// How a cloud is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Style<'a> {
    pub colours: &'a Tokens,
    /// The range of the values' colours, where the cloud has values.
    pub range: Option<&'a Legend>,
    pub side: f32,
    pub zoom: f32,
}

/// Number of points.
pub fn points(cloud: &Cloud) -> usize {
    cloud.points.len() / cloud.dims.max(1) as usize
}

/// The token of a point, if it has one.
pub fn token(cloud: &Cloud, point: usize) -> Option<u32> {
    if cloud.token.is_empty() {
        u32::try_from(point).ok()
    } else {
        cloud.token.get(point).copied().filter(|t| *t != u32::MAX)
    }
}

/// Number of tokens.
pub fn tokens(cloud: &Cloud) -> usize {
    let grouped = cloud.token.iter().filter(|t| **t != u32::MAX).max().map_or(0, |t| *t as usize + 1);
    // A wrong number among the tokens must not ask for gigabytes.
    let own = if cloud.token.is_empty() { points(cloud) } else { grouped.min(points(cloud)) };
    own.max(cloud.values.len()).max(cloud.class.len()).max(cloud.hidden.len())
}

/// Whether a token is hidden.
pub fn hidden(cloud: &Cloud, token: u32) -> bool {
    cloud.hidden.get(token as usize).copied().unwrap_or(false)
}

/// The name of a token's class.
pub fn class(cloud: &Cloud, token: u32) -> Option<&str> {
    cloud.class.get(token as usize).and_then(|c| cloud.classes.get(*c as usize)).map(String::as_str)
}

/// Where every point lies in a square.
pub fn project(cloud: &Cloud, camera: &Camera, area: Rect) -> Vec<Seen> {
    let lens = camera.lens(area);
    match cloud.dims {
        3 => cloud.points.chunks_exact(3).map(|p| lens.space([p[0], p[1], p[2]])).collect(),
        dims => {
            let across = |p: &[f32]| [p.first().copied().unwrap_or(0.0), p.get(1).copied().unwrap_or(0.0)];
            let flat = |p: &[f32]| Seen { at: lens.plane(across(p)), depth: 0.0, scale: 1.0 };
            cloud.points.chunks_exact(dims.max(1) as usize).map(flat).collect()
        }
    }
}

/// The token of the point nearest to a place, no farther than `reach`; of two as near the one in front.
pub fn nearest(cloud: &Cloud, seen: &[Seen], place: Pos2, reach: f32) -> Option<u32> {
    let mut best = (f32::INFINITY, None);
    for (point, seen) in seen.iter().enumerate() {
        let distance = seen.at.distance_sq(place);
        let rank = distance - seen.depth * reach;
        if distance <= reach * reach && rank < best.0 && token(cloud, point).is_some() {
            best = (rank, token(cloud, point));
        }
    }
    best.1
}

/// Colour and form of a class.
pub fn class_sign(class: usize) -> (Color32, Shape) {
    (theme::category(class), Shape::ALL[class / theme::CATEGORIES % Shape::ALL.len()])
}

impl Style<'_> {
    /// Radius of a point in the middle of a cloud of so many.
    pub fn radius(&self, points: usize) -> f32 {
        let grid = self.side / (points.max(1) as f32).sqrt();
        (grid * SHARE).clamp(RADIUS.0, RADIUS.1) * self.zoom.sqrt().clamp(0.8, 3.0)
    }

    fn token(&self, cloud: &Cloud, token: u32) -> (Color32, Sign) {
        let fill = if hidden(cloud, token) { Fill::Light } else { Fill::Full };
        let value = cloud.values.get(token as usize).zip(self.range);
        match (value, cloud.class.get(token as usize)) {
            (Some((value, range)), _) if value.is_finite() => {
                (theme::in_range(*value, range), Sign { shape: Shape::Disc, fill })
            }
            (Some(_), _) => (self.colours.faint, Sign { shape: Shape::Disc, fill: Fill::Light }),
            (None, Some(class)) => {
                let (colour, shape) = class_sign(*class as usize);
                (colour, Sign { shape, fill })
            }
            (None, None) => (self.colours.data, Sign { shape: Shape::Disc, fill }),
        }
    }
}

/// The marks of a cloud; the edges of `focus`, the tokens that are looked at, stand out.
pub fn marks(cloud: &Cloud, seen: &[Seen], style: &Style<'_>, focus: &[u32]) -> Vec<Mark> {
    let mut marks = Vec::with_capacity(seen.len() + (cloud.edges.len() / 2).min(EDGES));
    edges(cloud, seen, style, focus, &mut marks);
    let looks: Vec<(Color32, Sign)> = (0..tokens(cloud) as u32).map(|t| style.token(cloud, t)).collect();
    let radius = style.radius(seen.len());
    // Values are read off their colours, so nothing may tint these.
    let fog = if style.range.is_some() && !cloud.values.is_empty() || cloud.dims != 3 { 0.0 } else { FOG };
    let mut draw = |point: usize| {
        let Some(seen) = seen.get(point) else { return };
        let none = (style.colours.faint.gamma_multiply(0.7), Sign::default());
        let look = token(cloud, point).and_then(|t| looks.get(t as usize)).copied();
        let (colour, sign) = look.unwrap_or(none);
        let far = (0.5 - 0.5 * seen.depth).clamp(0.0, 1.0) * fog;
        let colour = if far > 0.0 { colour.lerp_to_gamma(style.colours.ground, far) } else { colour };
        let size = if look.is_none() { MUTED } else { size(sign) };
        marks.push(Mark::Dot { at: seen.at, radius: radius * seen.scale * size, colour, sign });
    };
    if cloud.dims == 3 {
        far_to_near(seen).into_iter().for_each(|point| draw(point as usize));
    } else {
        (0..seen.len()).for_each(&mut draw);
    }
    marks
}

/// A ring needs room to be seen as one.
fn size(sign: Sign) -> f32 {
    if sign.fill == Fill::Light { 1.2 } else { 1.0 }
}

/// Indices of the points from far to near, by counting: there may be a hundred thousand in every frame.
fn far_to_near(seen: &[Seen]) -> Vec<u32> {
    let place = |s: &Seen| ((s.depth * 0.25 + 0.5).clamp(0.0, 1.0) * (DEPTHS - 1) as f32) as usize;
    let mut starts = vec![0_u32; DEPTHS + 1];
    seen.iter().for_each(|s| starts[place(s) + 1] += 1);
    (1..=DEPTHS).for_each(|d| starts[d] += starts[d - 1]);
    let mut order = vec![0; seen.len()];
    for (point, s) in seen.iter().enumerate() {
        let next = &mut starts[place(s)];
        order[*next as usize] = point as u32;
        *next += 1;
    }
    order
}

fn edges(cloud: &Cloud, seen: &[Seen], style: &Style<'_>, focus: &[u32], marks: &mut Vec<Mark>) {
    let count = cloud.edges.len() / 2;
    let every = count.div_ceil(EDGES).max(1);
    let strength = (18.0 / (count as f32).sqrt()).clamp(0.1, 0.6);
    let line = |pair: &[u32], width: f32, colour: Color32| {
        let (from, to) = (seen.get(*pair.first()? as usize)?, seen.get(*pair.get(1)? as usize)?);
        Some(Mark::Line { from: from.at, to: to.at, width, colour })
    };
    let quiet = style.colours.line_strong.gamma_multiply(strength);
    marks.extend(cloud.edges.chunks_exact(2).step_by(every).filter_map(|pair| line(pair, 1.0, quiet)));
    if !focus.is_empty() {
        let looked_at =
            |pair: &&[u32]| pair.iter().any(|p| token(cloud, *p as usize).is_some_and(|t| focus.contains(&t)));
        marks.extend(
            cloud.edges.chunks_exact(2).filter(looked_at).filter_map(|pair| line(pair, 1.5, style.colours.text)),
        );
    }
}

/// The points of a token once more, before all others and with one outline around them together.
pub fn outlined(cloud: &Cloud, seen: &[Seen], style: &Style<'_>, of: u32, outline: Color32) -> Vec<Mark> {
    let (colour, sign) = style.token(cloud, of);
    let radius = style.radius(seen.len()) * size(sign);
    let points =
        || seen.iter().enumerate().filter(|(point, _)| token(cloud, *point) == Some(of)).take(OUTLINED).map(|(_, s)| s);
    let dot = |s: &Seen, more: f32, colour: Color32, sign: Sign| Mark::Dot {
        at: s.at,
        radius: radius * s.scale + more,
        colour,
        sign,
    };
    let flat = |shape: Shape| Sign { shape, fill: Fill::Flat };
    let around = points().map(|s| dot(s, OUTLINE.0 + OUTLINE.1, outline, flat(Shape::Disc)));
    let between = points().map(|s| dot(s, OUTLINE.1, style.colours.ground, flat(Shape::Disc)));
    around.chain(between).chain(points().map(|s| dot(s, 0.0, colour, sign))).collect()
}
