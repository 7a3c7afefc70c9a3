//! Colour maps that colour-blind people can read: one ramp for unsigned values, blue – neutral – orange for signed
//! ones.

use egui::Color32;

use masquerade_engine::trace::Legend;

use super::rgb;

/// Stops of a blue to yellow ramp of even lightness steps (L* 39 to 91), read the same with and without colour vision.
/// Its lower end can be told from the dark ground, where points are drawn on it.
const RAMP: [Color32; 9] = [
    rgb(0x3B5C9A),
    rgb(0x576D95),
    rgb(0x707D8E),
    rgb(0x888D84),
    rgb(0x9F9E79),
    rgb(0xB6AF6C),
    rgb(0xCDC15C),
    rgb(0xE4D349),
    rgb(0xFDE737),
];

/// Stops of the signed map, zero in the middle.
const DIVERGING: [Color32; 5] = [rgb(0x1F66B0), rgb(0x6FAEDD), rgb(0xECECE8), rgb(0xEFA44E), rgb(0xA84B00)];

/// Categories that differ in colour; more than these differ in another sign too.
pub const CATEGORIES: usize = 7;

/// Okabe–Ito, in an order whose neighbours are far apart.
const OKABE_ITO: [Color32; CATEGORIES] =
    [rgb(0x56B4E9), rgb(0xE69F00), rgb(0x009E73), rgb(0xCC79A7), rgb(0x0072B2), rgb(0xD55E00), rgb(0xF0E442)];

fn along(stops: &[Color32], t: f32) -> Color32 {
    let t = if t.is_finite() { t.clamp(0.0, 1.0) } else { 0.0 };
    let place = t * (stops.len() - 1) as f32;
    let low = (place as usize).min(stops.len() - 2);
    let mix = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * (place - low as f32)).round() as u8;
    let (a, b) = (stops[low], stops[low + 1]);
    Color32::from_rgb(mix(a.r(), b.r()), mix(a.g(), b.g()), mix(a.b(), b.b()))
}

/// Colour of an unsigned value, 0 (low) to 1 (high).
pub fn unsigned(t: f32) -> Color32 {
    along(&RAMP, t)
}

/// Colour of a signed value, −1 to 1.
pub fn signed(t: f32) -> Color32 {
    along(&DIVERGING, t.mul_add(0.5, 0.5))
}

/// Colour of a value in the range of a legend.
pub fn in_range(value: f32, range: &Legend) -> Color32 {
    if range.signed {
        signed(value / range.low.abs().max(range.high.abs()))
    } else {
        unsigned((value - range.low) / (range.high - range.low))
    }
}

/// Colour of the n-th category.
pub fn category(n: usize) -> Color32 {
    OKABE_ITO[n % CATEGORIES]
}
