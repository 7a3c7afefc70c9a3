//! Polygons cut into triangles that cover them and nothing else, dents left open.

/// Work that may be spent on polygons with dents, in corners times corners: so much for a file, and so much more for each
/// corner in it. Cutting a tangled polygon takes that long.
const WORK: (u64, u64) = (4_000_000, 256);
/// Areas that differ by a larger part are not the same.
const SAME_AREA: f64 = 1e-6;

/// How a polygon was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Its triangles cover it.
    Whole,
    /// Its sides cross, so what it covers is a guess.
    Crossing,
    /// It has dents and too many corners for the work that was left: there are no triangles.
    TooLong,
}

/// The work that a file with so many corners of faces may take.
pub fn most_work(corners: usize) -> u64 {
    WORK.0 + WORK.1 * corners as u64
}

/// Cut the polygon with these corners (indices of `vertices`, three at least, all there and finite) and add its
/// triangles. A polygon whose corners all see the first one is a fan around it; any other is projected on the plane of
/// its Newell normal and cut ear by ear. What that costs is taken from `work`.
pub fn cut(vertices: &[[f64; 3]], corners: &[u32], triangles: &mut Vec<[u32; 3]>, work: &mut u64) -> Cut {
    let at = |corner: u32| vertices.get(corner as usize).copied().unwrap_or_default();
    let [first, rest @ ..] = corners else { return Cut::Whole };
    let fan = rest.windows(2).map(|pair| [*first, pair[0], pair[1]]);
    let normals: Vec<[f64; 3]> = fan.clone().map(|[a, b, c]| cross(minus(at(b), at(a)), minus(at(c), at(a)))).collect();
    // The sum of the fan's normals is the Newell normal, dents counting as less than nothing.
    let newell = normals.iter().fold([0.0; 3], |sum, n| [0, 1, 2].map(|i| sum[i] + n[i]));
    let covered: f64 = normals.iter().map(|n| length(*n)).sum();
    let tiny = covered * SAME_AREA;
    if normals.len() == 1
        || covered == 0.0
        || normals.iter().all(|n| dot(*n, newell) >= -tiny * tiny) && length(newell) > tiny
    {
        triangles.extend(fan);
        return Cut::Whole;
    }
    let cost = (corners.len() as u64).pow(2);
    if cost > *work {
        return Cut::TooLong;
    }
    *work -= cost;
    let largest = normals.iter().copied().max_by(|a, b| length(*a).total_cmp(&length(*b))).unwrap_or(newell);
    let flat = on_plane(
        corners.iter().map(|corner| minus(at(*corner), at(*first))),
        if length(newell) > tiny { newell } else { largest },
    );
    let ears = earcutr::earcut(&flat, &[], 2).unwrap_or_default();
    let area = |ear: &[usize]| {
        let [a, b, c] = [0, 1, 2].map(|i| [flat[2 * ear[i]], flat[2 * ear[i] + 1]]);
        ((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])).abs()
    };
    let cut: f64 = ears.chunks_exact(3).map(area).sum();
    let wanted = outline(&flat).abs();
    if ears.is_empty() {
        triangles.extend(fan);
    } else {
        triangles.extend(ears.chunks_exact(3).map(|ear| [corners[ear[0]], corners[ear[1]], corners[ear[2]]]));
    }
    if (cut - wanted).abs() <= SAME_AREA * wanted { Cut::Whole } else { Cut::Crossing }
}

/// Coordinates in the plane with this normal, x and y in turn, the largest of them 1.
fn on_plane(points: impl Iterator<Item = [f64; 3]>, normal: [f64; 3]) -> Vec<f64> {
    let normal = normal.map(|v| v / length(normal));
    // The axis that the normal is least along.
    let least = (0..3).min_by(|a, b| normal[*a].abs().total_cmp(&normal[*b].abs())).unwrap_or(0);
    let mut axis = [0.0; 3];
    axis[least] = 1.0;
    let across = cross(normal, axis);
    let across = across.map(|v| v / length(across));
    let up = cross(normal, across);
    let flat: Vec<f64> = points.flat_map(|point| [dot(point, across), dot(point, up)]).collect();
    let largest = flat.iter().fold(f64::MIN_POSITIVE, |most, v| most.max(v.abs()));
    flat.into_iter().map(|v| v / largest).collect()
}

/// Twice the area within an outline, clockwise parts counting as less than nothing.
fn outline(flat: &[f64]) -> f64 {
    let points = flat.chunks_exact(2);
    points.clone().zip(points.cycle().skip(1)).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}

pub(crate) fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn cross(u: [f64; 3], v: [f64; 3]) -> [f64; 3] {
    [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
}

fn dot(u: [f64; 3], v: [f64; 3]) -> f64 {
    u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
}

pub(crate) fn length(v: [f64; 3]) -> f64 {
    dot(v, v).sqrt()
}
