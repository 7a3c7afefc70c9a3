//! The views of a system as bare pictures, one file each: nothing is enlarged or lettered, hidden and undefined tokens are
//! transparent. The page shows these before its programs are there, hatched and lettered by the page itself.

use image::{Rgba, RgbaImage};
use masquerade_engine::trace::{Legend, Picture, View, ViewKind};

use super::panel;

/// The pixels of one of the views, or `None` where it is no picture, mask or map. Masks lie on the first picture.
pub fn pixels(view: &View, views: &[View]) -> Option<RgbaImage> {
    let below = views.iter().find_map(panel::picture);
    match &view.kind {
        ViewKind::Picture(_) => panel::picture(view).map(|picture| bare(picture, picture.grid, &picture.hidden)),
        ViewKind::Mask(mask) => below.map(|picture| bare(picture, (mask.rows, mask.columns), &mask.hidden)),
        ViewKind::Heat(heat) => {
            let legend: Legend = panel::legend(view, &heat.values, &heat.undefined);
            let over = panel::over(heat, views);
            let size = over.map_or((heat.columns, heat.rows), |picture| (picture.width, picture.height));
            let mut pixels = panel::coloured(heat, &legend, size, over);
            for (x, y, pixel) in pixels.enumerate_pixels_mut() {
                if heat.undefined.get(panel::token((x, y), size, (heat.rows, heat.columns))) == Some(&true) {
                    *pixel = Rgba([0; 4]);
                }
            }
            Some(pixels)
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
