//! The views of a system as bare pictures, one file each: nothing is enlarged or lettered, hidden and undefined tokens are
//! transparent. The page shows these before its programs are there, hatched and lettered by the page itself.

use image::{Rgba, RgbaImage};
use masquerade_engine::trace::{Legend, Picture, View, ViewKind};

use super::panel::{self, rgba};
use crate::theme;

/// The pixels of a view, or `None` where it is no picture, mask or map. Masks lie on the picture `below`.
pub fn pixels(view: &View, below: Option<&Picture>) -> Option<RgbaImage> {
    match &view.kind {
        ViewKind::Picture(_) => panel::picture(view).map(|picture| bare(picture, picture.grid, &picture.hidden)),
        ViewKind::Mask(mask) => below.map(|picture| bare(picture, (mask.rows, mask.columns), &mask.hidden)),
        ViewKind::Heat(heat) => {
            let legend: Legend = panel::legend(view, &heat.values, &heat.undefined);
            Some(RgbaImage::from_fn(heat.columns, heat.rows, |x, y| {
                let token = (y * heat.columns + x) as usize;
                match heat.values.get(token) {
                    Some(value) if heat.undefined.get(token) != Some(&true) => rgba(theme::in_range(*value, &legend)),
                    _ => Rgba([0; 4]),
                }
            }))
        }
        _ => None,
    }
}

fn bare(picture: &Picture, grid: (u32, u32), hidden: &[bool]) -> RgbaImage {
    let size = (picture.width, picture.height);
    RgbaImage::from_fn(picture.width, picture.height, |x, y| {
        let at = (y * picture.width + x) as usize * 4;
        match picture.rgba.get(at..at + 4) {
            Some(&[red, green, blue, alpha]) if hidden.get(panel::token((x, y), size, grid)) != Some(&true) => {
                Rgba([red, green, blue, alpha])
            }
            _ => Rgba([0; 4]),
        }
    })
}
