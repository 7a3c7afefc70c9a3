//! A volume slice by slice: the scan in grey, values in colour over it.

use egui::{Color32, ColorImage};
use masquerade_engine::trace::{Legend, Volume};

use super::picture::{blend, shade};
use crate::theme;

/// Number of slices.
pub fn slices(volume: &Volume) -> usize {
    volume.shape[0] as usize
}

/// Number of the first voxel of a slice.
fn first(volume: &Volume, slice: usize) -> usize {
    slice * volume.shape[1] as usize * volume.shape[2] as usize
}

/// The voxel at a place of a slice, 0 to 1 each way.
pub fn voxel(volume: &Volume, slice: usize, place: egui::Pos2) -> Option<usize> {
    let [slices, rows, columns] = volume.shape.map(|n| n as usize);
    let inside = (0.0..1.0).contains(&place.x) && (0.0..1.0).contains(&place.y) && slice < slices;
    let (row, column) = ((place.y * rows as f32) as usize, (place.x * columns as f32) as usize);
    inside.then(|| first(volume, slice) + row * columns + column)
}

/// The token of a voxel, if it has one.
pub fn token(volume: &Volume, voxel: usize) -> Option<u32> {
    volume.token.get(voxel).copied().filter(|token| *token != u32::MAX)
}

/// The value of a voxel, if it has one.
pub fn value(volume: &Volume, voxel: usize) -> Option<f32> {
    let undefined = volume.undefined.get(voxel).copied().unwrap_or(false);
    volume.values.get(voxel).copied().filter(|v| v.is_finite() && !undefined)
}

/// Whether the token of a voxel is hidden.
pub fn hidden(volume: &Volume, voxel: usize) -> bool {
    token(volume, voxel).is_some_and(|token| volume.hidden.get(token as usize).copied().unwrap_or(false))
}

/// Width and height of a slice in a unit of its own: voxels need not be cubes.
pub fn proportions(volume: &Volume) -> (u32, u32) {
    let [_, rows, columns] = volume.shape;
    let [_, down, across] = volume.spacing;
    if !(down > 0.0 && across > 0.0 && down.is_finite() && across.is_finite()) || down == across {
        return (columns, rows);
    }
    let most = down.max(across);
    let scaled = |n: u32, size: f32| ((n as f32 * size / most * 8.0).round() as u32).max(1);
    (scaled(columns, across), scaled(rows, down))
}

/// The least and the greatest value of the scan.
pub fn scan_range(volume: &Volume) -> Option<(f32, f32)> {
    let finite = || volume.scan.iter().copied().filter(|v| v.is_finite());
    let (low, high) = (finite().fold(f32::INFINITY, f32::min), finite().fold(f32::NEG_INFINITY, f32::max));
    (low <= high).then_some((low, high))
}

/// A slice as a picture, a pixel a voxel; values lie over the scan as strong as `opacity` says, alone they cover.
pub fn slice(
    volume: &Volume,
    slice: usize,
    scan: Option<(f32, f32)>,
    range: Option<&Legend>,
    opacity: f32,
) -> ColorImage {
    let (rows, columns) = (volume.shape[1] as usize, volume.shape[2] as usize);
    let first = first(volume, slice);
    if rows == 0 || columns == 0 || slice >= slices(volume) {
        return ColorImage::filled([1, 1], Color32::TRANSPARENT);
    }
    let opacity = if volume.scan.is_empty() { 1.0 } else { opacity };
    let pixel = |voxel: usize| {
        let grey = scan.zip(volume.scan.get(voxel)).map(|((low, high), v)| shade((v - low) / (high - low)));
        let colour = range.zip(value(volume, voxel)).map(|(range, v)| theme::in_range(v, range));
        match (grey, colour) {
            (Some(grey), Some(colour)) => blend(grey, colour, opacity),
            (None, Some(colour)) => colour,
            (Some(grey), None) => grey,
            (None, None) => Color32::TRANSPARENT,
        }
    };
    ColorImage::new([columns, rows], (first..first + rows * columns).map(pixel).collect())
}
