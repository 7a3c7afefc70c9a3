//! Bands of different sizes and grounds on one grid.

use super::ground::Ground;

/// Grounds that differ by less than this part of a side are taken for the same: products of both sensors are delivered as
/// aligned, and their coordinates are less exact than that.
const SAME: f64 = 0.05;

/// One band, or a map: numbers on a grid, NaN where nothing is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    pub sides: [usize; 2],
    /// [height, width]
    pub values: Vec<f32>,
}

/// A grid on the ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    pub sides: [usize; 2],
    pub ground: Option<Ground>,
}

/// The grid that two sensors share.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    pub grid: Grid,
    /// Whether each of them shows just this ground, so that only its size is changed.
    pub whole: [bool; 2],
    /// What had to be supposed, in words.
    pub notes: Vec<String>,
}

impl Grid {
    fn size(&self) -> String {
        format!("{} × {}", self.sides[0], self.sides[1])
    }

    /// How far another grid's frame lies from this one's, in parts of a side; `None`: they cannot be compared.
    fn apart(&self, other: &Self) -> Option<f64> {
        let (here, there) = (self.ground.as_ref()?, other.ground.as_ref()?);
        if !here.same_system(there) {
            return None;
        }
        let [left, top, right, bottom] = here.frame_of(there, other.sides);
        let [width, height] = self.sides.map(|side| side as f64);
        let all = [left / width, top / height, right / width - 1.0, bottom / height - 1.0];
        Some(all.into_iter().map(f64::abs).fold(0.0, f64::max))
    }

    /// Whether another grid shows the same ground, as far as is known.
    fn same(&self, other: &Self) -> bool {
        let shape = |grid: &Self| grid.sides[0] as f64 / grid.sides[1] as f64;
        let alike = (shape(self) / shape(other) - 1.0).abs() < SAME;
        let known = self.ground.is_some() && other.ground.is_some();
        alike && self.apart(other).map_or(!known, |apart| apart < SAME)
    }
}

/// The finest grid over the ground that both sensors show.
///
/// # Errors
/// Why they cannot be put together, in words.
pub fn shared(optical: &Grid, radar: &Grid) -> Result<Shared, String> {
    let finest = if radar.sides[0] > optical.sides[0] { radar } else { optical };
    let mut notes = Vec::new();
    if optical.same(radar) {
        if optical.sides != radar.sides {
            let sizes = [optical.size(), radar.size()];
            notes.push(format!("optical {} and radar {}: the finer one's grid is taken", sizes[0], sizes[1]));
        }
        let pixels = optical.apart(radar).unwrap_or(0.0) * optical.sides[0].max(optical.sides[1]) as f64;
        if pixels > 0.75 {
            notes.push("coordinates of the sensors differ by a few pixels: taken as aligned pixel by pixel".into());
        }
        return Ok(Shared { grid: finest.clone(), whole: [true; 2], notes });
    }
    let (Some(here), Some(there)) = (&optical.ground, &radar.ground) else {
        return Err(format!(
            "optical {} and radar {} have other shapes, and no coordinates",
            optical.size(),
            radar.size()
        ));
    };
    if !here.same_system(there) {
        return Err("its coordinate system is not that of the optical picture".into());
    }
    let [left, top, right, bottom] = here.frame_of(there, radar.sides);
    // A pixel of the radar in pixels of the optical picture.
    let fine = ((right - left) / radar.sides[0] as f64).min(1.0);
    let [width, height] = optical.sides.map(|side| side as f64);
    let (x, y) = (left.max(0.0), top.max(0.0));
    let sides = [right.min(width) - x, bottom.min(height) - y].map(|length| (length / fine + 1e-6).floor());
    if !(sides[0] >= 1.0 && sides[1] >= 1.0) {
        return Err("its ground does not overlap that of the optical picture".into());
    }
    let grid = Grid { sides: sides.map(|side| side as usize), ground: Some(here.part(x, y, fine)) };
    notes.push(format!("the sensors show different ground: both are cut to what they share, {} pixels", grid.size()));
    Ok(Shared { grid, whole: [false; 2], notes })
}

/// Where a pixel of the target lies in the source, in pixels from its corner.
fn place(from: &Grid, to: &Grid, whole: bool, x: usize, y: usize) -> [f64; 2] {
    let (x, y) = (x as f64 + 0.5, y as f64 + 0.5);
    match (&from.ground, &to.ground) {
        (Some(from), Some(to)) if !whole => from.pixel(to.at(x, y)),
        _ => [0, 1].map(|axis| [x, y][axis] * from.sides[axis] as f64 / to.sides[axis] as f64),
    }
}

/// A band on another grid, blended between its pixels; missing pixels do not count.
pub fn blended(plane: &Plane, from: &Grid, to: &Grid, whole: bool) -> Vec<f32> {
    if whole && plane.sides == to.sides {
        return plane.values.clone();
    }
    let from = Grid { sides: plane.sides, ground: from.ground.clone() };
    let [width, height] = plane.sides;
    pixels(to, |column, row| {
        let [x, y] = place(&from, to, whole, column, row);
        if !inside(x, y, plane.sides) {
            return f32::NAN;
        }
        let ([x, y], mut sum, mut weights) = ([x - 0.5, y - 0.5], 0.0, 0.0);
        for (row, v) in [(y.floor(), 1.0 - (y - y.floor())), (y.floor() + 1.0, y - y.floor())] {
            for (column, u) in [(x.floor(), 1.0 - (x - x.floor())), (x.floor() + 1.0, x - x.floor())] {
                let clamp = |v: f64, length: usize| v.clamp(0.0, length as f64 - 1.0) as usize;
                let value = plane.values[clamp(row, height) * width + clamp(column, width)];
                if !value.is_nan() {
                    sum += f64::from(value) * u * v;
                    weights += u * v;
                }
            }
        }
        // A pixel that is mostly missing is missing.
        if weights < 0.5 { f32::NAN } else { (sum / weights) as f32 }
    })
}

/// A map on another grid: the nearest value. `None`: it shows other ground.
pub fn nearest(plane: &Plane, from: &Grid, to: &Grid) -> Option<Vec<f32>> {
    let whole = to.same(from);
    let comparable = from.apart(to).is_some();
    (whole || comparable).then(|| {
        pixels(to, |column, row| {
            let [x, y] = place(from, to, whole, column, row);
            if !inside(x, y, plane.sides) {
                return f32::NAN;
            }
            let [width, height] = plane.sides;
            plane.values[(y as usize).min(height - 1) * width + (x as usize).min(width - 1)]
        })
    })
}

fn inside(x: f64, y: f64, [width, height]: [usize; 2]) -> bool {
    x >= 0.0 && y >= 0.0 && x <= width as f64 && y <= height as f64
}

fn pixels(grid: &Grid, value: impl Fn(usize, usize) -> f32) -> Vec<f32> {
    let [width, height] = grid.sides;
    (0..width * height).map(|at| value(at % width, at / width)).collect()
}
