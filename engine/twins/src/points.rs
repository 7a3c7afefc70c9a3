//! Clouds of points in space: sampling, neighbours, and distances of sets.

use crate::threads;

/// |a − b|² of two points.
#[inline(always)]
fn squared_distance(a: &[f32; 3], b: &[f32; 3]) -> f32 {
    let [x, y, z] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    x * x + y * y + z * z
}

/// Farther than any two points of a cloud: the squared distance to the chosen points before there is one.
const FAR: f32 = 1e10;

/// `count` points of each of `batch` clouds, each the farthest from all before it; those whose squared norm is not
/// above `origin` are never chosen.
#[inline(never)]
pub fn farthest(batch: usize, points: &[f32], count: usize, origin: f32) -> Vec<i32> {
    let (points, _) = points.as_chunks::<3>();
    let total = points.len() / batch.max(1);
    let clouds = (0..batch).collect();
    threads::each(clouds, |cloud| sampled(&points[cloud * total..(cloud + 1) * total], count, origin)).concat()
}

fn sampled(points: &[[f32; 3]], count: usize, origin: f32) -> Vec<i32> {
    let candidates: Vec<usize> =
        (0..points.len()).filter(|p| squared_distance(&points[*p], &[0.0; 3]) > origin).collect();
    let mut nearest = vec![FAR; candidates.len()];
    let mut chosen = vec![0; count];
    for pick in 1..count {
        let Some(last) = points.get(chosen[pick - 1] as usize) else { break };
        let mut farthest = -1.0;
        for (p, nearest) in candidates.iter().zip(&mut nearest) {
            *nearest = nearest.min(squared_distance(&points[*p], last));
            if *nearest > farthest {
                farthest = *nearest;
                chosen[pick] = *p as i32;
            }
        }
    }
    chosen
}

/// The `count` points of each of `batch` clouds that are nearest to each of its centres, nearest first.
#[inline(never)]
pub fn nearest(batch: usize, points: &[f32], centres: &[f32], count: usize) -> Vec<i32> {
    let ((points, _), (centres, _)) = (points.as_chunks::<3>(), centres.as_chunks::<3>());
    let (total, groups) = (points.len() / batch.max(1), centres.len() / batch.max(1));
    let clouds = threads::each((0..batch).collect(), |cloud| {
        let points = &points[cloud * total..(cloud + 1) * total];
        let centres = &centres[cloud * groups..(cloud + 1) * groups];
        centres.iter().flat_map(|centre| neighbours(points, centre, count)).collect::<Vec<i32>>()
    });
    clouds.concat()
}

fn neighbours(points: &[[f32; 3]], centre: &[f32; 3], count: usize) -> Vec<i32> {
    let mut nearest: Vec<(f32, i32)> = Vec::with_capacity(count + 1);
    for (p, point) in points.iter().enumerate() {
        let distance = squared_distance(point, centre);
        if nearest.len() < count || nearest.last().is_some_and(|(farthest, _)| distance < *farthest) {
            let place = nearest.partition_point(|(other, _)| *other <= distance);
            nearest.insert(place, (distance, p as i32));
            nearest.truncate(count);
        }
    }
    nearest.into_iter().map(|(_, p)| p).collect()
}

/// Sets that a thread works on in one go.
const TASK: usize = 64;

/// Squared distances [sets, S + T] of the points of both sets, [sets, S, 3] and [sets, T, 3], to the nearest of the
/// other, and which that is.
#[inline(never)]
pub fn chamfer([sets, of_a, of_b]: [usize; 3], a: &[f32], b: &[f32]) -> (Vec<f32>, Vec<i32>) {
    let ((a, _), (b, _)) = (a.as_chunks::<3>(), b.as_chunks::<3>());
    let both = of_a + of_b;
    let mut out = vec![0.0; sets * both];
    let mut nearest = vec![0.0; sets * both];
    threads::parts([&mut out, &mut nearest], [TASK * both, TASK * both], |task, [out, nearest]| {
        let first = task * TASK;
        for (set, (out, nearest)) in out.chunks_mut(both).zip(nearest.chunks_mut(both)).enumerate() {
            let (a, b) = (&a[(first + set) * of_a..][..of_a], &b[(first + set) * of_b..][..of_b]);
            let pairs = a.iter().map(|point| closest(point, b)).chain(b.iter().map(|point| closest(point, a)));
            for ((out, nearest), (distance, place)) in out.iter_mut().zip(nearest).zip(pairs) {
                (*out, *nearest) = (distance, place as f32);
            }
        }
    });
    (out, nearest.into_iter().map(|place| place as i32).collect())
}

fn closest(point: &[f32; 3], others: &[[f32; 3]]) -> (f32, usize) {
    others.iter().enumerate().fold((f32::MAX, 0), |(least, found), (place, other)| {
        let distance = squared_distance(point, other);
        if distance < least { (distance, place) } else { (least, found) }
    })
}

/// The gradients of both sets.
#[inline(never)]
pub fn chamfer_backward(
    [sets, of_a, of_b]: [usize; 3],
    grad: &[f32],
    a: &[f32],
    b: &[f32],
    nearest: &[Option<usize>],
) -> [Vec<f32>; 2] {
    let (mut da, mut db) = (vec![0.0; sets * of_a * 3], vec![0.0; sets * of_b * 3]);
    threads::parts([&mut da, &mut db], [of_a * 3, of_b * 3], |set, [da, db]| {
        let (a, b) = (&a[set * of_a * 3..], &b[set * of_b * 3..]);
        for place in 0..of_a + of_b {
            let row = set * (of_a + of_b) + place;
            let Some(partner) = nearest[row] else { continue };
            let (s, t) = if place < of_a { (place, partner) } else { (partner, place - of_a) };
            for axis in 0..3 {
                let slope = 2.0 * grad[row] * (a[3 * s + axis] - b[3 * t + axis]);
                da[3 * s + axis] += slope;
                db[3 * t + axis] -= slope;
            }
        }
    });
    [da, db]
}
