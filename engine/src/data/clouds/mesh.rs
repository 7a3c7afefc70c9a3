//! Vertices with triangles between them, or without: what the readers of files give, and how it becomes a cloud.

use crate::rng::Rng;

/// Fewest vertices of a cloud without triangles.
const FEWEST: usize = 64;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mesh {
    pub vertices: Vec<[f32; 3]>,
    /// Corners of the triangles; empty: the vertices are the cloud.
    pub triangles: Vec<[usize; 3]>,
}

impl Mesh {
    /// Add a polygon as a fan of triangles around its first corner.
    pub fn add_polygon(&mut self, corners: &[usize]) {
        if let [first, rest @ ..] = corners {
            self.triangles.extend(rest.windows(2).map(|pair| [*first, pair[0], pair[1]]));
        }
    }

    /// Whether a cloud can be made of it: all numbers finite, all corners there, something to draw points from.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn check(&self) -> Result<(), String> {
        if self.vertices.iter().flatten().any(|v| !v.is_finite()) {
            return Err("a coordinate is not a finite number".into());
        }
        if let Some(corner) = self.triangles.iter().flatten().find(|corner| **corner >= self.vertices.len()) {
            return Err(format!("a face has vertex {corner} where there are {}", self.vertices.len()));
        }
        match (self.triangles.is_empty(), self.vertices.len()) {
            (true, few) if few < FEWEST => Err(format!("{few} points are too few; {FEWEST} are needed")),
            (false, _) if self.areas().last().is_none_or(|area| *area <= 0.0) => Err("its faces have no area".into()),
            _ => Ok(()),
        }
    }

    /// Points it can give: any number from faces, its vertices else.
    pub fn most_points(&self) -> usize {
        if self.triangles.is_empty() { self.vertices.len() } else { usize::MAX }
    }

    /// `count` points: spread over the faces by area, or a random choice of the vertices.
    pub fn points(&self, count: usize, mut rng: Rng) -> Vec<f32> {
        if self.triangles.is_empty() {
            let order = rng.permutation(self.vertices.len());
            return order.iter().take(count).flat_map(|i| self.vertices[*i]).collect();
        }
        let areas = self.areas();
        let whole = areas.last().copied().unwrap_or(0.0);
        let draw = |_| {
            let at = rng.uniform_f64() * whole;
            let found = areas.partition_point(|area| *area <= at).min(areas.len() - 1);
            let [a, b, c] = self.triangles[found].map(|corner| self.vertices[corner]);
            // The root makes the points uniform over the triangle.
            let (along, across) = (rng.uniform().sqrt(), rng.uniform());
            [0, 1, 2].map(|axis| a[axis] * (1.0 - along) + along * (b[axis] * (1.0 - across) + c[axis] * across))
        };
        (0..count).flat_map(draw).collect()
    }

    /// The area of each triangle and all before it.
    fn areas(&self) -> Vec<f64> {
        let mut sum = 0.0;
        let area = |triangle: &[usize; 3]| {
            let [a, b, c] = triangle.map(|corner| self.vertices[corner].map(f64::from));
            let (u, v) = ([0, 1, 2].map(|i| b[i] - a[i]), [0, 1, 2].map(|i| c[i] - a[i]));
            let cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
            sum += 0.5 * cross.iter().map(|x| x * x).sum::<f64>().sqrt();
            sum
        };
        self.triangles.iter().map(area).collect()
    }
}
