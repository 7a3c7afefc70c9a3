//! The faces: Inter for text (its digits are tabular), JetBrains Mono for formulas, Phosphor for icons, DejaVu Sans for
//! the signs of formulas that these lack. Subsets, see `app/fonts`.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

/// Family of titles.
pub const SEMIBOLD: &str = "semibold";

/// All faces, with the families that use them; each falls back on the others, so that no sign is missing.
pub fn definitions() -> FontDefinitions {
    let faces: [(&str, &'static [u8]); 5] = [
        ("inter", include_bytes!("../../fonts/Inter-Regular.otf")),
        ("inter-semibold", include_bytes!("../../fonts/Inter-SemiBold.otf")),
        ("mono", include_bytes!("../../fonts/JetBrainsMono-Regular.ttf")),
        ("phosphor", include_bytes!("../../fonts/Phosphor.ttf")),
        ("signs", include_bytes!("../../fonts/DejaVuSans.ttf")),
    ];
    let mut fonts = FontDefinitions::empty();
    for (name, bytes) in faces {
        let mut data = FontData::from_static(bytes);
        if name == "phosphor" {
            // The icons stand on the base line; lowered, their middle meets the middle of the text.
            data.tweak.y_offset_factor = 0.08;
            data.tweak.scale = 1.2;
        }
        fonts.font_data.insert(name.into(), Arc::new(data));
    }
    let families = [
        (FontFamily::Proportional, ["inter", "phosphor", "mono", "signs"]),
        (FontFamily::Monospace, ["mono", "inter", "phosphor", "signs"]),
        (FontFamily::Name(SEMIBOLD.into()), ["inter-semibold", "phosphor", "inter", "signs"]),
    ];
    fonts.families = families.map(|(family, names)| (family, names.map(String::from).to_vec())).into_iter().collect();
    fonts
}
