//! Clips, sound, texts, volumes and curves as pixels: some frames or slices side by side, the whole wave, all tokens.

use egui::{ColorImage, Rect, pos2, vec2};
use image::RgbaImage;
use masquerade_engine::trace::{Clip, Curves, Legend, Volume, Wave, Words};

use super::panel::{hatch, rgba};
use super::{ink, label};
use crate::scene::words::PAD;
use crate::scene::{Mark, Sign, clip, curves, volume, wave, words};
use crate::selection::OPACITY;
use crate::text;
use crate::theme::{self, LIGHT, space};
use crate::views::readable;

/// Width of what runs across, and height of a plot, in pixels.
const WIDE: u32 = 448;
const HIGH: u32 = 224;
/// Most frames or slices that are shown, and how many stand in a row.
const SHOWN: usize = 12;
const ROW: usize = 4;
/// Pixels between two of them.
const GAP: u32 = 4;

/// Some frames of a clip, evenly spaced, with their hidden tokens.
pub fn clip(drawn: &Clip, range: Option<&Legend>) -> RgbaImage {
    let frames = drawn.frames();
    let shown = (0..frames).step_by(frames.div_ceil(SHOWN).max(1)).map(|frame| {
        let (tokens, [_, rows, columns]) = (clip::tokens(drawn, frame), drawn.grid);
        let mut pixels = scaled(&clip::frame(drawn, frame, range, OPACITY), (drawn.width, drawn.height));
        let hidden = drawn.hidden.get(tokens.start as usize..tokens.end as usize).unwrap_or_default();
        if !tokens.is_empty() {
            hatch(&mut pixels, (rows, columns), hidden);
        }
        pixels
    });
    tiled(&shown.collect::<Vec<_>>())
}

/// Some slices of a volume, evenly spaced.
pub fn volume(drawn: &Volume, range: Option<&Legend>) -> RgbaImage {
    let (slices, scan) = (volume::slices(drawn), volume::scan_range(drawn));
    let shape = volume::proportions(drawn);
    let every = slices.div_ceil(SHOWN).max(1);
    let shown = (every / 2..slices)
        .step_by(every)
        .map(|slice| scaled(&volume::slice(drawn, slice, scan, range, OPACITY), shape));
    tiled(&shown.collect::<Vec<_>>())
}

/// A picture of these proportions, so large that a row of them is about as wide as a panel.
fn scaled(picture: &ColorImage, (wide, high): (u32, u32)) -> RgbaImage {
    let most = wide.max(high).max(1);
    let room = WIDE / ROW as u32;
    // Pixels are enlarged by a whole number; voxels that are no cubes cannot be.
    let pixels = (wide, high) == (picture.width() as u32, picture.height() as u32);
    let side = if pixels { (room / most).max(1) * most } else { room };
    let (width, height) = ((wide * side / most).max(1), (high * side / most).max(1));
    RgbaImage::from_fn(width, height, |x, y| {
        let at = |place: u32, of: usize, size: u32| place as usize * of / size as usize;
        let place = at(y, picture.height(), height) * picture.width() + at(x, picture.width(), width);
        let colour = picture.pixels.get(place).copied().filter(|c| c.a() > 0);
        rgba(colour.unwrap_or(LIGHT.ground))
    })
}

/// Pictures of one size in rows.
fn tiled(pictures: &[RgbaImage]) -> RgbaImage {
    let (width, height) = pictures.first().map_or((1, 1), RgbaImage::dimensions);
    let (columns, rows) = (pictures.len().clamp(1, ROW) as u32, pictures.len().div_ceil(ROW).max(1) as u32);
    let mut sheet = RgbaImage::from_pixel(columns * (width + GAP) - GAP, rows * (height + GAP) - GAP, rgba(LIGHT.card));
    for (n, picture) in pictures.iter().enumerate() {
        let (x, y) = ((n % ROW) as u32 * (width + GAP), (n / ROW) as u32 * (height + GAP));
        image::imageops::overlay(&mut sheet, picture, i64::from(x), i64::from(y));
    }
    sheet
}

/// The whole of a wave.
pub fn wave(drawn: &Wave) -> RgbaImage {
    let mut pixels = RgbaImage::from_pixel(WIDE, HIGH, rgba(LIGHT.ground));
    let area = Rect::from_min_size(pos2(0.0, 0.0), vec2(WIDE as f32, HIGH as f32));
    let window = wave::Window::whole(drawn.length());
    ink::draw(&mut pixels, &wave::marks(drawn, area, window, None, &LIGHT), 1.0);
    let words = text::wave(drawn.seconds(), drawn.rate, drawn.channels);
    label::draw(&mut pixels, (space::XS as u32, 0), &words, label::TEXT, rgba(LIGHT.muted));
    pixels
}

/// All tokens of a text.
pub fn words(drawn: &Words, range: Option<&Legend>) -> RgbaImage {
    let line = label::height(label::TEXT) as f32 + 2.0 * space::XS;
    let widths: Vec<f32> = drawn.tokens.iter().map(|t| label::width(t, label::TEXT) as f32).collect();
    let places = words::places(drawn, &widths, WIDE as f32, line);
    let mut pixels = RgbaImage::from_pixel(WIDE, words::height(&places).max(line) as u32, rgba(LIGHT.card));
    for (token, place) in places.iter().enumerate() {
        let weight = drawn.weights.get(token).copied().filter(|w| w.is_finite()).zip(range);
        let ground = weight.map(|(w, range)| theme::in_range(w, range));
        let ground = ground.filter(|_| drawn.hidden.get(token) != Some(&true));
        let mut ink = LIGHT.text;
        if drawn.hidden.get(token) == Some(&true) {
            let (x, y) = (place.min.x as u32, place.min.y as u32);
            let mut part = RgbaImage::new(place.width() as u32, place.height() as u32);
            hatch(&mut part, (1, 1), &[true]);
            image::imageops::overlay(&mut pixels, &part, i64::from(x), i64::from(y));
            ink = LIGHT.muted;
        } else if let Some(ground) = ground {
            ink::draw(&mut pixels, &[Mark::Cell { rect: *place, colour: ground }], 1.0);
            ink = readable(ground);
        }
        let at = (place.min.x + PAD, place.min.y + space::XS);
        label::draw(&mut pixels, (at.0 as u32, at.1 as u32), &drawn.tokens[token], label::TEXT, rgba(ink));
    }
    pixels
}

/// Curves with their spread, the ends of both axes in numbers, and the names.
pub fn curves(drawn: &Curves) -> RgbaImage {
    let line = label::height(label::TEXT);
    let axes = curves::Axes::of(drawn, drawn.log_x);
    let (low, high) = (text::quantity(axes.y.0), text::quantity(axes.y.1));
    let left = label::width(&low, label::TEXT).max(label::width(&high, label::TEXT)) + GAP;
    let names = drawn.curves.len() as u32 * line;
    let mut pixels = RgbaImage::from_pixel(WIDE, HIGH + 2 * line + names, rgba(LIGHT.card));
    let corner = pos2(left as f32, line as f32);
    let area = Rect::from_min_max(corner, pos2((WIDE - GAP) as f32, (HIGH - GAP) as f32));
    ink::draw(&mut pixels, &curves::marks(drawn, &axes, area, &LIGHT), 1.0);
    let mut write = |x: u32, y: u32, words: &str| {
        label::draw(&mut pixels, (x, y), words, label::TEXT, rgba(LIGHT.muted));
    };
    write(0, 0, &drawn.y_title);
    write(0, line, &high);
    write(0, HIGH - GAP - line, &low);
    let (first, last) = (text::quantity(axes.end(false)), text::quantity(axes.end(true)));
    write(left, HIGH, &first);
    write(WIDE - label::width(&last, label::TEXT), HIGH, &last);
    let title = if axes.log_x { format!("{} (log scale)", drawn.x_title) } else { drawn.x_title.clone() };
    write((WIDE + left).saturating_sub(label::width(&title, label::TEXT)) / 2, HIGH, &title);
    for (n, curve) in drawn.curves.iter().enumerate() {
        let y = HIGH + line + n as u32 * line;
        let at = pos2((left + line / 2) as f32, y as f32 + line as f32 / 2.0);
        let dot = Mark::Dot { at, radius: line as f32 / 4.0, colour: theme::category(n), sign: Sign::default() };
        ink::draw(&mut pixels, &[dot], 1.0);
        label::draw(&mut pixels, (left + line + GAP, y), &curve.name, label::TEXT, rgba(LIGHT.muted));
    }
    pixels
}
