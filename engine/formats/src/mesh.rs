//! Vertices with triangles between them, or without: what the readers of clouds give.

use crate::LeftOut;
use crate::polygon::{self, Cut, cross, length, minus};
use crate::sheet::Shown;

/// Fewest different vertices of a cloud without triangles.
pub const FEWEST: usize = 64;
/// A coordinate beyond this is no measure of anything, and its square would leave the range of 32-bit numbers.
const FARTHEST: f64 = 1e15;
/// A cloud that lies more than this many times its own spread away from the origin is moved there.
const FAR: f64 = 16.0;
/// Clouds smaller or larger than this are scaled to 1.
const SIZES: (f64, f64) = (1e-6, 1e9);

/// What else is told of a file that cannot be used.
const MOST_TOLD: usize = 4;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mesh {
    /// In the file's own units; those that no triangle names may be no finite numbers.
    pub vertices: Vec<[f64; 3]>,
    /// Corners of the triangles, all of them among the vertices; empty: the vertices are the cloud.
    pub triangles: Vec<[u32; 3]>,
    /// What was guessed, one line each.
    pub notes: Vec<String>,
    pub left_out: Vec<LeftOut>,
    /// They are columns of a text that nothing calls coordinates.
    pub guessed: bool,
    /// The text whose columns they are: it can be read otherwise ([`crate::Reading`]).
    pub text: Option<Box<Shown>>,
}

impl Mesh {
    /// Points it can give: any number from faces, its vertices else.
    pub fn most_points(&self) -> usize {
        if self.triangles.is_empty() { self.vertices.len() } else { usize::MAX }
    }

    /// The vertices as 32-bit numbers. Far from the origin these have coarse steps (half a metre at 4.6 million), so a
    /// cloud that lies there is moved to its own middle before; one that is tiny or huge is scaled.
    pub fn near_origin(&self) -> Vec<[f32; 3]> {
        let named = || self.triangles.iter().flatten().map(|corner| self.vertices[*corner as usize]);
        let used: Vec<[f64; 3]> = if self.triangles.is_empty() { self.vertices.clone() } else { named().collect() };
        let middle = [0, 1, 2].map(|axis| median(used.iter().map(|v| v[axis]).collect()));
        let spread = [0, 1, 2].map(|axis| median(used.iter().map(|v| (v[axis] - middle[axis]).abs()).collect()));
        let most = |values: [f64; 3]| values.into_iter().map(f64::abs).fold(0.0, f64::max);
        let moved = if most(middle) > FAR * most(spread) { middle } else { [0.0; 3] };
        let size = used.iter().map(|v| most(minus(*v, moved))).fold(0.0, f64::max);
        let scale = if size > 0.0 && (size < SIZES.0 || size > SIZES.1) { size } else { 1.0 };
        self.vertices.iter().map(|v| minus(*v, moved).map(|v| (v / scale) as f32)).collect()
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    let half = values.len() / 2;
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(half, f64::total_cmp).1 }
}

/// What a reader has found so far, before it is known what of it can be used.
#[derive(Debug, Default)]
pub struct Parts {
    /// Not a number where a coordinate could not be read: the numbers of the others must stay.
    pub vertices: Vec<[f64; 3]>,
    /// Corners of all faces one after the other, [`u32::MAX`] for those that cannot be, and where each face ends.
    corners: Vec<u32>,
    ends: Vec<usize>,
    pub notes: Vec<String>,
    pub left_out: Vec<LeftOut>,
}

impl Parts {
    /// Number of faces so far.
    pub fn faces(&self) -> usize {
        self.ends.len()
    }

    /// Add a face with these corners, vertices counted from 0. A corner before the first vertex leaves it out later.
    pub fn add_face(&mut self, corners: impl IntoIterator<Item = i64>) {
        self.corners.extend(corners.into_iter().map(|corner| u32::try_from(corner).unwrap_or(u32::MAX)));
        self.ends.push(self.corners.len());
    }

    /// Add a strip: every corner makes a triangle with the two before it, a negative one begins anew.
    pub fn add_strip(&mut self, corners: &[i64]) {
        for strip in corners.split(|corner| *corner < 0) {
            for triangle in strip.windows(3) {
                let [a, b, c] = [triangle[0], triangle[1], triangle[2]];
                if a != b && b != c && a != c {
                    self.add_face([a, b, c]);
                }
            }
        }
    }

    /// Leave something out, if there is any of it: "2 of 10 faces", and why, with the first of them.
    fn leave_out(&mut self, what: &str, of: usize, why: &str, those: &Those) {
        if let Some(first) = &those.first {
            let what = format!("{} of {of} {what}", those.count);
            self.left_out.push(LeftOut { what, why: format!("{why} (the first is {first})") });
        }
    }

    /// What can be used of it: points that are there and faces between them. Faces without any area give way to the
    /// vertices.
    ///
    /// # Errors
    /// Why no cloud can be made of it, in words.
    pub fn mesh(mut self) -> Result<Mesh, String> {
        let good: Vec<bool> = self.vertices.iter().map(|v| v.iter().all(|x| x.abs() <= FARTHEST)).collect();
        let mut bad = Those::default();
        for (vertex, _) in good.iter().enumerate().filter(|(_, good)| !**good) {
            bad.add(|| format!("point {}", vertex + 1));
        }
        let mut triangles = Vec::with_capacity(self.ends.len());
        let [mut missing, mut at_bad, mut short, mut long, mut crossing] = [(); 5].map(|()| Those::default());
        let (mut start, mut work) = (0, polygon::most_work(self.corners.len()));
        for (number, end) in self.ends.iter().enumerate() {
            let face = || format!("face {}", number + 1);
            let mut corners = self.corners[std::mem::replace(&mut start, *end)..*end].to_vec();
            corners.dedup();
            if corners.len() > 1 && corners.first() == corners.last() {
                corners.pop();
            }
            if let Some(absent) = corners.iter().find(|corner| **corner as usize >= good.len()) {
                missing.add(|| {
                    if *absent == u32::MAX { face() } else { format!("{}, vertex {}", face(), u64::from(*absent) + 1) }
                });
            } else if corners.iter().any(|corner| !good[*corner as usize]) {
                at_bad.add(face);
            } else if corners.len() < 3 {
                short.add(face);
            } else {
                match polygon::cut(&self.vertices, &corners, &mut triangles, &mut work) {
                    Cut::Whole => {}
                    Cut::Crossing => crossing.add(face),
                    Cut::TooLong => long.add(face),
                }
            }
        }
        let (points, faces) = (good.len(), self.ends.len());
        self.leave_out("points", points, "a coordinate is no finite number", &bad);
        self.leave_out("faces", faces, &format!("a vertex is named that is not there, of {points}"), &missing);
        self.leave_out("faces", faces, "a corner is at a point that was left out", &at_bad);
        self.leave_out("faces", faces, "fewer than three of the corners differ", &short);
        self.leave_out("faces", faces, "dents and too many corners", &long);
        if let Some(first) = crossing.first {
            self.notes.push(format!(
                "{} of {faces} faces have sides that cross; what they cover is a guess (the first is {first})",
                crossing.count
            ));
        }
        let area = |t: &[u32; 3]| {
            let [a, b, c] = t.map(|corner| self.vertices[corner as usize]);
            length(cross(minus(b, a), minus(c, a)))
        };
        let whole = triangles.iter().map(area).sum::<f64>();
        let (mut vertices, mut notes, mut left_out) = (self.vertices, self.notes, self.left_out);
        if whole > 0.0 && whole.is_finite() {
            return Ok(Mesh { vertices, triangles, notes, left_out, guessed: false, text: None });
        }
        let mut keep = good.into_iter();
        vertices.retain(|_| keep.next().unwrap_or(false));
        let reason = if faces > 0 { "its faces have no area, and " } else { "" };
        leave_out_unseen(&mut vertices, &mut left_out);
        if let Err(why) = check_points(&vertices, points, &mut notes) {
            let left_out = left_out.iter().map(|left| format!("{}: {}", left.what, left.why));
            let told: Vec<String> = left_out.chain(notes).take(MOST_TOLD).map(|told| format!("; {told}")).collect();
            return Err(format!("{reason}{why}{}", told.concat()));
        }
        if faces > 0 {
            notes.push("its faces have no area: its vertices are the points".into());
        }
        Ok(Mesh { vertices, triangles: Vec::new(), notes, left_out, guessed: false, text: None })
    }
}

/// Depth cameras write 0 0 0 where they saw nothing: several points there are none.
fn leave_out_unseen(vertices: &mut Vec<[f64; 3]>, left_out: &mut Vec<LeftOut>) {
    let (points, unseen) = (vertices.len(), vertices.iter().filter(|v| **v == [0.0; 3]).count());
    if unseen > 1 && unseen < points {
        vertices.retain(|v| *v != [0.0; 3]);
        let why = "they lie at 0 0 0, which is written where nothing was seen".into();
        left_out.push(LeftOut { what: format!("{unseen} of {points} points"), why });
    }
}

/// Whether these points are enough for a cloud, of `all` that the file has.
fn check_points(vertices: &[[f64; 3]], all: usize, notes: &mut Vec<String>) -> Result<(), String> {
    let good = if vertices.len() < all { " that can be used" } else { "" };
    if vertices.len() < FEWEST {
        return Err(format!("{} points{good} are too few; {FEWEST} are needed", vertices.len()));
    }
    let mut sorted: Vec<[u64; 3]> = vertices.iter().map(|v| v.map(|x| (x + 0.0).to_bits())).collect();
    sorted.sort_unstable();
    sorted.dedup();
    match (sorted.len(), vertices.len()) {
        (1, points) => Err(format!("its {points} points all lie in one place")),
        (few, points) if few < FEWEST => Err(format!("only {few} of its {points} points differ; {FEWEST} are needed")),
        (different, points) => {
            if different < points {
                notes.push(format!("{} of {points} points lie where another one does", points - different));
            }
            Ok(())
        }
    }
}

/// Things of a kind: how many, and what the first one is.
#[derive(Debug, Default)]
pub(crate) struct Those {
    pub count: usize,
    pub first: Option<String>,
}

impl Those {
    /// Count one more; its name is made only for the first.
    pub fn add(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        self.first.get_or_insert_with(name);
    }
}

/// A coordinate in a text, not a number where it is none. A decimal comma is understood and counted.
pub(crate) fn coordinate(word: &str, commas: &mut Those) -> f64 {
    let word = word.trim_matches(|c| matches!(c, ',' | ';' | '"'));
    if let Ok(number) = word.parse() {
        return number;
    }
    let with_point = word.replacen(',', ".", 1);
    match with_point.parse() {
        Ok(number) if with_point != word => {
            commas.add(|| word.into());
            number
        }
        // The way of Fortran: 1.5D+03.
        _ => word.replacen(['d', 'D'], "e", 1).parse().unwrap_or(f64::NAN),
    }
}

/// The note on decimal commas, if there were any.
pub(crate) fn note_commas(commas: &Those, notes: &mut Vec<String>) {
    if let Some(first) = &commas.first {
        notes.push(format!("commas in {} numbers were read as decimal points (the first is {first})", commas.count));
    }
}
