//! The one cursor that all views share: which token the pointer is on, and which part of the picture is shown.

use std::collections::{BTreeMap, BTreeSet};

use egui::{Pos2, Rect, Vec2, pos2, vec2};
use masquerade_engine::trace::Cursor;

use crate::scene::camera::Camera;
use crate::scene::wave::Window;

/// Greatest enlargement of the panels.
pub const MAX_ZOOM: f32 = 16.0;

/// How strong a map is that lies over a picture, 0 to 1, until the user says otherwise.
pub const OPACITY: f32 = 0.7;

/// A stroke over the mask that is being painted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stroke {
    /// Id of the grid whose mask it is.
    pub grid: String,
    /// What every touched token becomes: the opposite of the first one.
    pub hide: bool,
    pub mask: Vec<bool>,
}

/// Where a sequence stands: walkers, a clip, the slices of a volume.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Playback {
    pub frame: usize,
    pub playing: bool,
    /// When the frame came on.
    pub since: f64,
}

/// What is under the pointer, and how the panels show it.
#[derive(Debug)]
pub struct Selection {
    /// The token under the pointer, as all views draw it.
    pub hovered: Option<Cursor>,
    /// Where the pointer is on the picture, 0 to 1 each way.
    pub crosshair: Option<Pos2>,
    /// The token under the pointer, as found so far in this pass.
    next: Option<(Cursor, Option<Pos2>)>,
    pub zoom: f32,
    /// Middle of the shown part, 0 to 1 each way.
    pub centre: Pos2,
    pub stroke: Option<Stroke>,
    /// The user's last move was one of a finger: one finger scrolls the page then, also over a drawing.
    pub touch: bool,
    /// The view whose brush or hand was taken up: there one finger paints or turns.
    pub armed: Option<String>,
    /// How all clouds, fields and trajectories are looked at.
    pub camera: Camera,
    /// Where each sequence stands, by view.
    pub playbacks: BTreeMap<String, Playback>,
    /// Ranges of colour maps the user has locked, by view.
    pub locked: BTreeMap<String, (f32, f32)>,
    /// How strong a map over a picture is, by view, where the user has said so.
    pub opacities: BTreeMap<String, f32>,
    /// Which curves have a logarithmic scale across, by view, where the user has said so.
    pub log_x: BTreeMap<String, bool>,
    /// The part of each wave that is shown, by view.
    pub windows: BTreeMap<String, Window>,
    /// The view whose sound is heard.
    pub heard: Option<String>,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            hovered: None,
            crosshair: None,
            next: None,
            zoom: 1.0,
            centre: pos2(0.5, 0.5),
            stroke: None,
            touch: false,
            armed: None,
            camera: Camera::default(),
            playbacks: BTreeMap::new(),
            locked: BTreeMap::new(),
            opacities: BTreeMap::new(),
            log_x: BTreeMap::new(),
            windows: BTreeMap::new(),
            heard: None,
        }
    }
}

impl Selection {
    /// Notice whether fingers or a mouse are at work.
    pub fn notice_touch(&mut self, input: &egui::InputState) {
        let finger = input.any_touches() || input.events.iter().any(|event| matches!(event, egui::Event::Touch { .. }));
        if finger {
            self.touch = true;
        } else if input.pointer.delta() != Vec2::ZERO {
            (self.touch, self.armed) = (false, None);
        }
    }

    /// Whether a press on the drawing of a view is for the drawing, not for the page that is scrolled.
    pub fn takes_drags(&self, view: &str) -> bool {
        !self.touch || self.armed.as_deref() == Some(view)
    }

    /// The pointer is on this token; on a picture, at this place of it.
    pub fn hover(&mut self, cursor: Cursor, place: Option<Pos2>) {
        self.next = Some((cursor, place));
    }

    /// How strong the map of a view is over its picture, 0 to 1.
    pub fn opacity(&self, view: &str) -> f32 {
        self.opacities.get(view).copied().unwrap_or(OPACITY)
    }

    /// End of a pass: what it found is what the next pass draws. The grids whose token is another one now.
    pub fn turn(&mut self) -> BTreeSet<String> {
        let (next, place) = self.next.take().map_or((None, None), |(cursor, place)| (Some(cursor), place));
        self.crosshair = place;
        if next == self.hovered {
            return BTreeSet::new();
        }
        let before = std::mem::replace(&mut self.hovered, next);
        [before.as_ref(), self.hovered.as_ref()].into_iter().flatten().map(|cursor| cursor.grid.clone()).collect()
    }

    /// The token of a grid that the pointer is on.
    pub fn hovered_on(&self, grid: Option<&str>) -> Option<u32> {
        self.hovered.as_ref()?.on(grid?)
    }

    /// The part of the picture that is shown, 0 to 1 each way.
    pub fn shown(&self) -> Rect {
        Rect::from_center_size(self.centre, Vec2::splat(1.0 / self.zoom))
    }

    /// Enlarge around a place that stays where it is on the screen.
    pub fn zoom_at(&mut self, place: Pos2, factor: f32) {
        let zoom = (self.zoom * factor).clamp(1.0, MAX_ZOOM);
        self.centre = place + (self.centre - place) * (self.zoom / zoom);
        self.zoom = zoom;
        self.keep_inside();
    }

    /// Shift the shown part, in shares of the whole picture.
    pub fn shift(&mut self, by: Vec2) {
        self.centre += by;
        self.keep_inside();
    }

    fn keep_inside(&mut self) {
        let half = 0.5 / self.zoom;
        self.centre = self.centre.clamp(pos2(half, half), pos2(1.0 - half, 1.0 - half));
    }

    /// Show the whole picture, and clouds as at first.
    pub fn reset_zoom(&mut self) {
        self.camera = Camera::default();
        self.zoom = 1.0;
        self.centre = pos2(0.5, 0.5);
    }

    /// From a place of the picture (0 to 1) to a place on the screen.
    pub fn to_screen(&self, area: Rect, place: Pos2) -> Pos2 {
        let shown = self.shown();
        area.min + (place - shown.min) / shown.size() * area.size()
    }

    /// From a place on the screen to a place of the picture (0 to 1).
    pub fn to_picture(&self, area: Rect, place: Pos2) -> Pos2 {
        let shown = self.shown();
        shown.min + (place - area.min) / area.size() * shown.size()
    }

    /// Where a token of a grid lies on the screen.
    pub fn token_rect(&self, area: Rect, grid: (u32, u32), token: u32) -> Rect {
        let (rows, columns) = (grid.0.max(1), grid.1.max(1));
        let cell = vec2(1.0 / columns as f32, 1.0 / rows as f32);
        let corner = pos2((token % columns) as f32 * cell.x, (token / columns) as f32 * cell.y);
        Rect::from_min_max(self.to_screen(area, corner), self.to_screen(area, corner + cell))
    }
}

/// The token of a grid (down, across) at a place of the picture, if it is inside.
pub fn token_at(place: Pos2, grid: (u32, u32)) -> Option<u32> {
    let (rows, columns) = grid;
    let inside = (0.0..1.0).contains(&place.x) && (0.0..1.0).contains(&place.y) && rows > 0 && columns > 0;
    inside.then(|| (place.y * rows as f32) as u32 * columns + (place.x * columns as f32) as u32)
}
