//! One frame of a trajectories as marks: the data, the way each walker has just come, the walkers.

use masquerade_engine::trace::Trajectories;

use super::camera::Lens;
use super::field::points;
use super::plane::Plane;
use super::{Mark, Sign};
use crate::theme::{self, Tokens};

/// Frames before that are shown as the walkers' tails.
const TAIL: usize = 4;
/// Radius of a walker, in points of the screen: few are drawn large.
const RADIUS: (f32, f32) = (1.6, 3.5);

/// The plane the walkers are in.
pub fn plane(trajectories: &Trajectories) -> Plane {
    Plane::new(trajectories.low, trajectories.high)
}

/// Number of frames.
pub fn frames(trajectories: &Trajectories) -> usize {
    trajectories.frames.len() / (2 * trajectories.walkers.max(1) as usize)
}

fn walkers(trajectories: &Trajectories, frame: usize) -> &[f32] {
    let size = 2 * trajectories.walkers.max(1) as usize;
    trajectories.frames.get(frame * size..(frame + 1) * size).unwrap_or_default()
}

/// The marks of a frame; walkers stand where they were computed, never between two frames.
pub fn marks(trajectories: &Trajectories, frame: usize, lens: &Lens, colours: &Tokens) -> Vec<Mark> {
    let plane = plane(trajectories);
    let place = |p: [f32; 2]| lens.plane(plane.unit(p));
    let mut marks = Vec::new();
    points(&trajectories.points, place, colours.muted.gamma_multiply(0.6), &mut marks);
    let colour = theme::category(1);
    for age in (1..=TAIL.min(frame)).rev() {
        let (from, to) = (walkers(trajectories, frame - age), walkers(trajectories, frame - age + 1));
        let colour = colour.gamma_multiply(0.45 / age as f32);
        let line = |(a, b): (&[f32], &[f32])| Mark::Line {
            from: place([a[0], a[1]]),
            to: place([b[0], b[1]]),
            width: 1.0,
            colour,
        };
        marks.extend(from.chunks_exact(2).zip(to.chunks_exact(2)).map(line));
    }
    let radius = (60.0 / (trajectories.walkers.max(1) as f32).sqrt()).clamp(RADIUS.0, RADIUS.1);
    let dot = |p: &[f32]| Mark::Dot { at: place([p[0], p[1]]), radius, colour, sign: Sign::default() };
    marks.extend(walkers(trajectories, frame).chunks_exact(2).map(dot));
    marks
}
