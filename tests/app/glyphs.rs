//! Every sign that cards, views and panels can show has a glyph in the fonts that come along.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use egui::{FontFamily, FontId};
use masquerade::theme;
use masquerade_engine::registry;

/// Signs beyond ASCII outside of comments; the command line's own are left out, for a terminal has its own fonts.
fn signs(folder: &Path, found: &mut BTreeSet<char>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("cli") {
            signs(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().filter_map(|line| line.split("//").next());
            found.extend(code.flat_map(str::chars).filter(|c| !c.is_ascii()));
        }
    }
}

#[test]
fn every_sign_has_a_glyph() {
    let mut found: BTreeSet<char> = serde_json::to_string(&registry::cards()).unwrap().chars().collect();
    for folder in ["../engine/src", "../app/src"] {
        signs(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    let ctx = egui::Context::default();
    theme::install(&ctx);
    let mut missing = Vec::new();
    let _ = ctx.run_ui(egui::RawInput::default(), |ui| {
        for family in [FontFamily::Proportional, FontFamily::Monospace, FontFamily::Name(theme::SEMIBOLD.into())] {
            let font = FontId::new(theme::size::TEXT, family);
            missing.extend(
                found
                    .iter()
                    .filter(|c| !ui.ctx().fonts_mut(|fonts| fonts.has_glyph(&font, **c)))
                    .map(|c| (*c, font.family.clone())),
            );
        }
    });
    assert!(missing.is_empty(), "{missing:?}");
}
