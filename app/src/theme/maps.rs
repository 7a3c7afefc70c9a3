//! Colour maps that colour-blind people can read: one ramp for unsigned values, blue – neutral – orange for signed ones.

use egui::Color32;

use super::rgb;

/// Stops of a dark-blue to yellow ramp of even lightness steps, read the same with and without colour vision.
const RAMP: [Color32; 9] = [
    rgb(0x00_22_4E),
    rgb(0x1B_37_6E),
    rgb(0x41_4D_6B),
    rgb(0x5E_62_6E),
    rgb(0x7B_7B_78),
    rgb(0x9A_93_75),
    rgb(0xBB_AD_6C),
    rgb(0xDD_C8_5A),
    rgb(0xFD_E7_37),
];

/// Stops of the signed map, zero in the middle.
const DIVERGING: [Color32; 5] = [rgb(0x0B_4F_94), rgb(0x6F_AE_DD), rgb(0xEC_EC_E8), rgb(0xEF_A4_4E), rgb(0xA8_4B_00)];

/// Okabe–Ito, in an order whose neighbours are far apart.
const CATEGORIES: [Color32; 7] =
    [rgb(0x56_B4_E9), rgb(0xE6_9F_00), rgb(0x00_9E_73), rgb(0xCC_79_A7), rgb(0x00_72_B2), rgb(0xD5_5E_00), rgb(0xF0_E4_42)];

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

/// Colour of the n-th category.
pub fn category(n: usize) -> Color32 {
    CATEGORIES[n % CATEGORIES.len()]
}
