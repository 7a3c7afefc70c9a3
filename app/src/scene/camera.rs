//! How clouds and planes are looked at: all of a stage are turned, moved and enlarged together.

use egui::{Pos2, Rect, Vec2, vec2};

/// Greatest and smallest enlargement.
pub const ZOOM: (f32, f32) = (0.5, 64.0);
/// How far the eye is from the middle, in radii of the unit sphere: near things look a little larger.
const EYE: f32 = 4.0;
/// Share of the square that the unit sphere takes.
const FILLS: f32 = 0.92;
/// Turning by a drag across the whole square, in radians.
const DRAG: f32 = std::f32::consts::PI;

/// The place of the eye.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Turn about the upright axis, in radians.
    pub yaw: f32,
    /// Turn towards the eye, in radians; never over the poles.
    pub pitch: f32,
    pub zoom: f32,
    /// Where the middle lies, in half sides of the square, down and to the right.
    pub shift: Vec2,
}

impl Default for Camera {
    fn default() -> Self {
        Self { yaw: -0.6, pitch: 0.35, zoom: 1.0, shift: Vec2::ZERO }
    }
}

/// A point as the camera sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    pub at: Pos2,
    /// About −1 (far) to 1 (near).
    pub depth: f32,
    /// By how much the point looks larger than one in the middle.
    pub scale: f32,
}

/// A camera in front of a square of the screen.
#[derive(Debug, Clone, Copy)]
pub struct Lens {
    yaw: (f32, f32),
    pitch: (f32, f32),
    middle: Pos2,
    scale: f32,
}

impl Camera {
    /// Turn by a drag of this many points over a square of `side`.
    pub fn turn(&mut self, drag: Vec2, side: f32) {
        let turn = drag / side.max(1.0) * DRAG;
        self.yaw = (self.yaw + turn.x) % std::f32::consts::TAU;
        self.pitch = (self.pitch + turn.y).clamp(-std::f32::consts::FRAC_PI_2, std::f32::consts::FRAC_PI_2);
    }

    /// Move what is seen, in points of a square of `side`; some of it always stays in sight.
    pub fn slide(&mut self, by: Vec2, side: f32) {
        let most = self.zoom.max(1.0);
        self.shift = (self.shift + by / (side * 0.5).max(1.0)).clamp(Vec2::splat(-most), Vec2::splat(most));
    }

    /// Enlarge; the place `at`, seen from the middle of a square of `side`, stays where it is.
    pub fn zoom_at(&mut self, at: Vec2, side: f32, factor: f32) {
        let zoom = (self.zoom * factor).clamp(ZOOM.0, ZOOM.1);
        let at = at / (side * 0.5).max(1.0);
        self.shift = at + (self.shift - at) * (zoom / self.zoom);
        self.zoom = zoom;
        self.slide(Vec2::ZERO, side);
    }

    /// The camera in front of a square.
    pub fn lens(&self, area: Rect) -> Lens {
        let half = area.width().min(area.height()) * 0.5;
        Lens {
            yaw: self.yaw.sin_cos(),
            pitch: self.pitch.sin_cos(),
            middle: area.center() + self.shift * half,
            scale: half * self.zoom * FILLS,
        }
    }
}

impl Lens {
    /// Where a point of the plane lies, y upwards.
    pub fn plane(&self, [x, y]: [f32; 2]) -> Pos2 {
        self.middle + vec2(x, -y) * self.scale
    }

    /// The point of the plane at a place of the square.
    pub fn from_plane(&self, at: Pos2) -> [f32; 2] {
        let from = (at - self.middle) / self.scale;
        [from.x, -from.y]
    }

    /// Points of the screen in a unit of the plane.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// Where a point of space lies, y upwards and, before any turn, z towards the eye.
    pub fn space(&self, [x, y, z]: [f32; 3]) -> Seen {
        let ((ys, yc), (ps, pc)) = (self.yaw, self.pitch);
        let (x, z) = (x * yc + z * ys, z * yc - x * ys);
        let (y, z) = (y * pc - z * ps, y * ps + z * pc);
        // Behind the eye there is nothing to see; a far outlier stays finite.
        let scale = EYE / (EYE - z).max(0.25 * EYE);
        Seen { at: self.middle + vec2(x, -y) * (self.scale * scale), depth: z, scale }
    }
}
