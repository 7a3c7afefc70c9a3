//! One view as pixels, drawn as on the stage: whole-number scale, hidden tokens hatched, maps in the ramps of the
//! theme; clouds, fields, trajectories and boards are in [`scene`], what runs in time, text and curves in [`media`].

use egui::Color32;
use image::{Rgba, RgbaImage};
use masquerade_engine::trace::{Heat, Legend, Mask, Matrix, Picture, View, ViewKind};

use super::{media, scene};
use crate::scene::picture::{blend, grey};
use crate::selection::OPACITY;
use crate::theme::{self, LIGHT};

/// Pixels that a panel is at most wide or high, unless the picture itself is larger.
const SIDE: u32 = 224;
/// Distance of two hatch lines in pixels.
const HATCH: u32 = theme::space::HATCH as u32;
/// Width of the ring around the token a map belongs to.
const RING: u32 = 2;

/// Least part of a matrix's longer side that the shorter one takes, as a fraction.
const FLATTEST: (u32, u32) = (3, 10);

/// A drawn view.
pub struct Panel {
    pub title: String,
    pub pixels: RgbaImage,
    pub legend: Option<Legend>,
}

/// An egui colour as the image crate has it.
pub fn rgba(colour: Color32) -> Rgba<u8> {
    Rgba(colour.to_array())
}

/// The picture of a view, if it is one and its bytes fit its size.
pub fn picture(view: &View) -> Option<&Picture> {
    match &view.kind {
        ViewKind::Picture(p)
            if p.width > 0 && p.height > 0 && p.rgba.len() == p.width as usize * p.height as usize * 4 =>
        {
            Some(p)
        }
        _ => None,
    }
}

/// Draw a view; masks and maps take the size of the picture among `views` that they belong to. `None`: it is a number.
pub fn draw(view: &View, views: &[View]) -> Option<Panel> {
    let below =
        views.iter().filter(|v| v.grid == view.grid).find_map(picture).or_else(|| views.iter().find_map(picture));
    let panel = |pixels, legend| Panel { title: view.title.clone(), pixels, legend };
    match &view.kind {
        ViewKind::Picture(_) => picture(view).map(|p| {
            let mut pixels = enlarge(p);
            hatch(&mut pixels, p.grid, &p.hidden);
            panel(pixels, None)
        }),
        ViewKind::Mask(mask) => Some(panel(draw_mask(mask, below), None)),
        ViewKind::Heat(heat) => {
            let legend = legend(view, &heat.values, &heat.undefined);
            let over = over(heat, views);
            let size = size(over.or(below), heat.rows, heat.columns);
            Some(panel(draw_heat(heat, &legend, size, over), Some(legend)))
        }
        ViewKind::Matrix(matrix) => {
            let legend = legend(view, &matrix.values, &[]);
            Some(panel(draw_matrix(matrix, &legend), Some(legend)))
        }
        ViewKind::Cloud(cloud) => {
            let range = (!cloud.values.is_empty()).then(|| legend(view, &cloud.values, &[]));
            Some(panel(scene::cloud(cloud, range.as_ref()), range))
        }
        ViewKind::Field(field) => {
            let range = (!field.ground.is_empty()).then(|| legend(view, &field.ground, &[]));
            Some(panel(scene::field(field, range.as_ref()), range))
        }
        ViewKind::Trajectories(trajectories) => Some(panel(scene::trajectories(trajectories), None)),
        ViewKind::Board(board) => Some(panel(scene::board(board), None)),
        ViewKind::Clip(clip) => {
            let range = (!clip.values.is_empty()).then(|| legend(view, &clip.values, &[]));
            Some(panel(media::clip(clip, range.as_ref()), range))
        }
        ViewKind::Volume(volume) => {
            let range = (!volume.values.is_empty()).then(|| legend(view, &volume.values, &volume.undefined));
            Some(panel(media::volume(volume, range.as_ref()), range))
        }
        ViewKind::Words(words) => {
            let range = (!words.weights.is_empty()).then(|| legend(view, &words.weights, &[]));
            Some(panel(media::words(words, range.as_ref()), range))
        }
        ViewKind::Wave(wave) => Some(panel(media::wave(wave), None)),
        ViewKind::Curves(curves) => Some(panel(media::curves(curves), None)),
        ViewKind::Number(_) => None,
    }
}

/// The view's own legend or, without one, the range of the values that have a meaning.
pub fn legend(view: &View, values: &[f32], undefined: &[bool]) -> Legend {
    let defined = || {
        values.iter().enumerate().filter(|(i, v)| v.is_finite() && undefined.get(*i) != Some(&true)).map(|(_, v)| *v)
    };
    let mut legend = view.legend.clone().unwrap_or_else(|| Legend {
        low: defined().fold(f32::INFINITY, f32::min),
        high: defined().fold(f32::NEG_INFINITY, f32::max),
        signed: false,
        unit: String::new(),
    });
    if !(legend.low.is_finite() && legend.high.is_finite() && legend.low < legend.high) {
        (legend.low, legend.high) = (0.0, 1.0);
    }
    legend
}

/// The whole number by which something of this size is enlarged.
fn scale(width: u32, height: u32) -> u32 {
    (SIDE / width.max(height).max(1)).max(1)
}

/// The size in pixels of a map of tokens.
fn size(below: Option<&Picture>, rows: u32, columns: u32) -> (u32, u32) {
    let (width, height) = below.map_or((columns.max(1), rows.max(1)), |p| (p.width, p.height));
    let scale = scale(width, height);
    (width * scale, height * scale)
}

fn enlarge(picture: &Picture) -> RgbaImage {
    let scale = scale(picture.width, picture.height);
    RgbaImage::from_fn(picture.width * scale, picture.height * scale, |x, y| {
        let at = (y / scale * picture.width + x / scale) as usize * 4;
        match picture.rgba.get(at..at + 4) {
            Some(&[red, green, blue, alpha]) => Rgba([red, green, blue, alpha]),
            _ => rgba(LIGHT.card),
        }
    })
}

/// Index of the token under a pixel of an image of this size.
pub fn token((x, y): (u32, u32), (width, height): (u32, u32), (rows, columns): (u32, u32)) -> usize {
    (y * rows / height * columns + x * columns / width) as usize
}

/// Cover the hidden tokens with the ground and diagonal lines that run on from token to token.
pub fn hatch(pixels: &mut RgbaImage, grid: (u32, u32), hidden: &[bool]) {
    let size = pixels.dimensions();
    for (x, y, pixel) in pixels.enumerate_pixels_mut() {
        if hidden.get(token((x, y), size, grid)) == Some(&true) {
            *pixel = rgba(if (x + y) % HATCH == 0 { LIGHT.line_strong } else { LIGHT.ground });
        }
    }
}

fn draw_mask(mask: &Mask, below: Option<&Picture>) -> RgbaImage {
    let mut pixels = match below {
        Some(picture) => enlarge(picture),
        None => {
            let (width, height) = size(None, mask.rows, mask.columns);
            RgbaImage::from_pixel(width, height, rgba(LIGHT.raised))
        }
    };
    hatch(&mut pixels, (mask.rows, mask.columns), &mask.hidden);
    pixels
}

/// The picture that a map lies over.
pub fn over<'a>(heat: &Heat, views: &'a [View]) -> Option<&'a Picture> {
    heat.over.as_ref().and_then(|id| views.iter().find(|v| v.id == *id)).and_then(picture)
}

/// The colours of a map, over the picture it belongs to where it has one.
pub fn coloured(heat: &Heat, legend: &Legend, (width, height): (u32, u32), over: Option<&Picture>) -> RgbaImage {
    let below = over.map(grey);
    let at = |x, y| token((x, y), (width, height), (heat.rows, heat.columns));
    RgbaImage::from_fn(width, height, |x, y| {
        let colour = heat.values.get(at(x, y)).map_or(LIGHT.ground, |value| theme::in_range(*value, legend));
        let grey = below.as_ref().and_then(|grey| {
            let [across, down] = grey.size.map(|n| n as u32);
            grey.pixels.get((y * down / height * across + x * across / width) as usize)
        });
        rgba(grey.map_or(colour, |grey| blend(*grey, colour, OPACITY)))
    })
}

fn draw_heat(heat: &Heat, legend: &Legend, (width, height): (u32, u32), over: Option<&Picture>) -> RgbaImage {
    let grid = (heat.rows, heat.columns);
    let at = |x, y| token((x, y), (width, height), grid);
    let mut pixels = coloured(heat, legend, (width, height), over);
    hatch(&mut pixels, grid, &heat.undefined);
    if let Some(query) = heat.query {
        // A pixel within the ring's width of another token is part of the ring.
        let inside = |x: u32, y: u32| x < width && y < height && at(x, y) == query as usize;
        let edge = |x: u32, y: u32| {
            !(inside(x.wrapping_sub(RING), y)
                && inside(x + RING, y)
                && inside(x, y.wrapping_sub(RING))
                && inside(x, y + RING))
        };
        for (_, _, pixel) in pixels.enumerate_pixels_mut().filter(|(x, y, _)| inside(*x, *y) && edge(*x, *y)) {
            *pixel = rgba(LIGHT.accent);
        }
    }
    pixels
}

fn draw_matrix(matrix: &Matrix, legend: &Legend) -> RgbaImage {
    let (width, height) = size(None, matrix.rows, matrix.columns);
    // A few rows or columns must not become a line.
    let (width, height) = (width.max(height * FLATTEST.0 / FLATTEST.1), height.max(width * FLATTEST.0 / FLATTEST.1));
    let grid = (matrix.rows.max(1), matrix.columns.max(1));
    RgbaImage::from_fn(width, height, |x, y| {
        let value = matrix.values.get(token((x, y), (width, height), grid));
        rgba(value.map_or(LIGHT.ground, |value| theme::in_range(*value, legend)))
    })
}
