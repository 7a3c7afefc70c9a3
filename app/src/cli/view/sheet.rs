//! All panels in a row, each with its title above and, for a map, its legend below.

use image::{RgbaImage, imageops};
use masquerade_engine::trace::Legend;

use super::label;
use super::panel::{Panel, rgba};
use crate::text;
use crate::theme::{self, LIGHT, space};

const MARGIN: u32 = space::L as u32;
const GAP: u32 = space::S as u32;
const RAMP: u32 = space::LEGEND as u32;
/// Narrower panels keep this width, so that titles and legends fit.
const NARROWEST: u32 = 128;

/// Draw the sheet in the light theme.
pub fn compose(panels: &[Panel]) -> RgbaImage {
    let widths: Vec<u32> = panels.iter().map(|p| p.pixels.width().max(NARROWEST)).collect();
    let tallest = panels.iter().map(|p| p.pixels.height()).max().unwrap_or(0);
    let title_row = label::height(label::TITLE) + GAP;
    let legend_row = GAP + RAMP + GAP / 2 + label::height(label::TEXT);
    let width = MARGIN + widths.iter().map(|w| w + MARGIN).sum::<u32>();
    let height = MARGIN + title_row + tallest + legend_row + MARGIN;
    let mut sheet = RgbaImage::from_pixel(width, height, rgba(LIGHT.card));
    let mut x = MARGIN;
    for (panel, width) in panels.iter().zip(widths) {
        // A long title is set smaller before it is cut.
        let size = if label::width(&panel.title, label::TITLE) <= width { label::TITLE } else { label::TEXT };
        label::draw(&mut sheet, (x, MARGIN), label::fit(&panel.title, width, size), size, rgba(LIGHT.text));
        let top = MARGIN + title_row;
        imageops::overlay(&mut sheet, &panel.pixels, i64::from(x), i64::from(top));
        if let Some(legend) = &panel.legend {
            draw_legend(&mut sheet, (x, top + panel.pixels.height() + GAP), width, legend);
        }
        x += width + MARGIN;
    }
    sheet
}

/// The ramp over the panel's width, its ends in numbers, the unit between them.
fn draw_legend(sheet: &mut RgbaImage, (x, y): (u32, u32), width: u32, legend: &Legend) {
    for across in 0..width {
        let value = legend.low + (legend.high - legend.low) * across as f32 / (width - 1) as f32;
        for down in 0..RAMP {
            sheet.put_pixel(x + across, y + down, rgba(theme::in_range(value, legend)));
        }
    }
    let (low, high) = (text::value(legend.low), text::value(legend.high));
    let (low_width, high_width) = (label::width(&low, label::TEXT), label::width(&high, label::TEXT));
    let y = y + RAMP + GAP / 2;
    label::draw(sheet, (x, y), &low, label::TEXT, rgba(LIGHT.muted));
    label::draw(sheet, (x + width - high_width, y), &high, label::TEXT, rgba(LIGHT.muted));
    let between = width.saturating_sub(low_width + high_width + 2 * GAP);
    let unit = label::fit(&legend.unit, between, label::TEXT);
    label::draw(sheet, (x + (width - label::width(unit, label::TEXT)) / 2, y), unit, label::TEXT, rgba(LIGHT.muted));
}
