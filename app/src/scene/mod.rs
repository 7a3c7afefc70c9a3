//! Drawings of points and arrows, made of few kinds of marks: the screen and a picture file draw the same ones.
//!
//! * [`camera`]: from coordinates to places
//! * [`board`]: pictures side by side
//! * [`cloud`], [`field`], [`trajectories`]: from the numbers of a view to marks, each lying on a [`plane`] or in space
//! * [`wave`], [`curves`]: marks over time or another quantity
//! * [`clip`], [`volume`], [`picture`]: frames and slices as pixels, with colours over them; [`words`]: text in lines

pub mod board;
pub mod camera;
pub mod clip;
pub mod cloud;
pub mod curves;
pub mod field;
pub mod picture;
pub mod plane;
pub mod trajectories;
pub mod volume;
pub mod wave;
pub mod words;

use egui::{Color32, Pos2, Rect, Vec2};

/// One thing drawn, in points of the screen. Later marks lie over earlier ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mark {
    Dot { at: Pos2, radius: f32, colour: Color32, sign: Sign },
    Line { from: Pos2, to: Pos2, width: f32, colour: Color32 },
    Cell { rect: Rect, colour: Color32 },
}

/// The form of a dot: a second sign beside its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sign {
    pub shape: Shape,
    pub fill: Fill,
}

/// Outline of a dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    #[default]
    Disc,
    Square,
    Diamond,
    Triangle,
}

/// What is inside the outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fill {
    #[default]
    Full,
    /// One colour to the edge.
    Flat,
    /// A ring around a lighter inside: a hidden token.
    Light,
    /// A ring alone: a mark around another dot.
    Empty,
}

impl Shape {
    pub const ALL: [Self; 4] = [Self::Disc, Self::Square, Self::Diamond, Self::Triangle];

    /// How far outside the outline a place is (negative: inside), all outlines covering about the same area.
    fn outside(self, at: Vec2, radius: f32) -> f32 {
        let (x, y) = (at.x.abs(), at.y.abs());
        match self {
            Self::Disc => at.length() - radius,
            Self::Square => x.max(y) - radius * 0.87,
            Self::Diamond => (x + y) * std::f32::consts::FRAC_1_SQRT_2 - radius * 0.87,
            // Its tip is at the top, and its middle a little under that of the others.
            Self::Triangle => {
                let y = at.y - radius * 0.16;
                (x * 0.866 - y * 0.5).max(y) - radius * 0.66
            }
        }
    }
}

/// A dot of a smaller radius (in pixels) has no rim: nobody would see it.
const RIM_FROM: f32 = 2.5;
/// The rim's lightness, and how opaque the inside of a light dot is.
const RIM: f32 = 0.62;
const LIGHT: f32 = 0.22;
/// A light dot too small for a rim.
const SMALL_LIGHT: f32 = 0.5;

impl Sign {
    /// How opaque (0 to 1) and how bright (0 to 1) a dot of `radius` pixels is, `at` pixels from its middle. Full dots
    /// have a darker rim, so that neighbours stay apart on light and on dark grounds.
    pub fn ink(self, at: Vec2, radius: f32) -> (f32, f32) {
        let outside = self.shape.outside(at, radius);
        let inside = (0.5 - outside).clamp(0.0, 1.0);
        let rim = |share: f32| (outside + (radius * share).clamp(1.0, 2.5) + 0.5).clamp(0.0, 1.0);
        match self.fill {
            Fill::Empty => (inside * rim(0.16), 1.0),
            Fill::Light if radius < RIM_FROM => (inside * SMALL_LIGHT, 1.0),
            Fill::Light => (inside * (LIGHT + (1.0 - LIGHT) * rim(0.24)), 1.0),
            Fill::Flat => (inside, 1.0),
            Fill::Full if radius < RIM_FROM => (inside, 1.0),
            Fill::Full => (inside, 1.0 - (1.0 - RIM) * rim(0.12)),
        }
    }
}
