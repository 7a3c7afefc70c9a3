//! The tokens of the look: the only place that names a colour, a size or a duration.
//!
//! A quiet frame around bright data: every surface is a grey of one family, and the one accent belongs to the main
//! action.

pub mod fonts;
mod maps;
mod style;

use egui::{Color32, FontFamily, FontId, RichText, Ui};

pub use fonts::SEMIBOLD;
pub use maps::{CATEGORIES, category, in_range, signed, unsigned};
pub use style::{accent_button, boxed, checkbox, install, radio, reduce_motion};

/// The colours of one theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// Behind everything.
    pub ground: Color32,
    /// Behind a view.
    pub card: Color32,
    /// Behind a control.
    pub raised: Color32,
    /// Hairlines without meaning.
    pub line: Color32,
    /// Lines that carry meaning: outlines of controls, hatch, axes.
    pub line_strong: Color32,
    pub text: Color32,
    pub muted: Color32,
    pub faint: Color32,
    /// The main action, focus, the pinned token.
    pub accent: Color32,
    pub on_accent: Color32,
    /// Data of one kind, without value or class.
    pub data: Color32,
    pub good: Color32,
    pub warn: Color32,
    pub bad: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// The dark theme.
pub const DARK: Tokens = Tokens {
    ground: rgb(0x0F1216),
    card: rgb(0x161A20),
    raised: rgb(0x1E242C),
    line: rgb(0x2A313B),
    line_strong: rgb(0x626F7F),
    text: rgb(0xE7EBF0),
    muted: rgb(0xA3AEBB),
    faint: rgb(0x8793A2),
    accent: rgb(0x6AA5FF),
    on_accent: rgb(0x08131F),
    data: rgb(0x56B4E9),
    good: rgb(0x4CC38A),
    warn: rgb(0xF0B429),
    bad: rgb(0xF2777A),
};

/// The light theme.
pub const LIGHT: Tokens = Tokens {
    ground: rgb(0xF6F7F9),
    card: rgb(0xFFFFFF),
    raised: rgb(0xEEF1F4),
    line: rgb(0xDDE2E8),
    line_strong: rgb(0x808B98),
    text: rgb(0x171B21),
    muted: rgb(0x4E5A68),
    faint: rgb(0x626E7C),
    accent: rgb(0x1F66D1),
    on_accent: rgb(0xFFFFFF),
    data: rgb(0x0072B2),
    good: rgb(0x177545),
    warn: rgb(0x8F5B00),
    bad: rgb(0xC43437),
};

/// Sizes of text in points.
pub mod size {
    /// Captions, badges, axis labels.
    pub const CAPTION: f32 = 11.0;
    /// Everything else.
    pub const TEXT: f32 = 13.0;
    /// Title of a view.
    pub const TITLE: f32 = 16.0;
    /// Title of the exhibit.
    pub const EXHIBIT: f32 = 22.0;
    /// Text and lines grow by this in a lecture hall.
    pub const LECTURE: f32 = 1.5;
}

/// Distances in points, on a grid of 4.
pub mod space {
    pub const XS: f32 = 4.0;
    pub const S: f32 = 8.0;
    pub const M: f32 = 12.0;
    pub const L: f32 = 16.0;
    pub const XL: f32 = 24.0;
    pub const RADIUS: u8 = 6;
    /// Height of a card's title row.
    pub const TITLE_ROW: f32 = 28.0;
    /// Height of a control in the desktop layout.
    pub const CONTROL: f32 = 28.0;
    /// Height of anything a finger has to hit.
    pub const TOUCH: f32 = 44.0;
    pub const LIST: f32 = 216.0;
    pub const INSPECTOR: f32 = 304.0;
    /// From this width on there are three columns.
    pub const WIDE: f32 = 900.0;
    pub const PLOT: f32 = 184.0;
    /// Distance of two hatch lines.
    pub const HATCH: f32 = 5.0;
    pub const LEGEND: f32 = 8.0;
    pub const PALETTE: f32 = 520.0;
    pub const CARD_MIN: f32 = 148.0;
    /// Narrower than this a cloud, a field or a trajectories cannot be read.
    pub const SCENE_MIN: f32 = 220.0;
    /// The pointer has found a point that is so near.
    pub const REACH: f32 = 12.0;
}

/// Durations in seconds.
pub mod time {
    /// A transition.
    pub const TRANSITION: f32 = 0.12;
    /// Shortest time between two requests for views while training.
    pub const LOOK: f64 = 0.1;
    /// An unanswered request for views is given up after this.
    pub const LOOK_LOST: f64 = 5.0;
    /// Between two frames of a trajectories, and where the user's system asks for reduced motion.
    pub const FRAME: f64 = 0.1;
    pub const FRAME_CALM: f64 = 0.6;
    /// How long a short notice stays.
    pub const NOTICE: f64 = 4.0;
}

/// The tokens in use.
pub fn tokens(ui: &Ui) -> &'static Tokens {
    of(ui.visuals().dark_mode)
}

/// The tokens of one theme.
pub fn of(dark: bool) -> &'static Tokens {
    if dark { &DARK } else { &LIGHT }
}

/// Title of a view.
pub fn title(text: impl Into<String>) -> RichText {
    RichText::new(text).font(FontId::new(size::TITLE, FontFamily::Name(SEMIBOLD.into())))
}

/// Title of the exhibit.
pub fn exhibit_title(text: impl Into<String>) -> RichText {
    RichText::new(text).font(FontId::new(size::EXHIBIT, FontFamily::Name(SEMIBOLD.into())))
}

/// Text of normal size and more weight.
pub fn strong(text: impl Into<String>) -> RichText {
    RichText::new(text).font(FontId::new(size::TEXT, FontFamily::Name(SEMIBOLD.into())))
}

/// A caption in the muted colour.
pub fn caption(ui: &Ui, text: impl Into<String>) -> RichText {
    RichText::new(text).size(size::CAPTION).color(tokens(ui).muted)
}

/// Text of normal size in the muted colour.
pub fn muted(ui: &Ui, text: impl Into<String>) -> RichText {
    RichText::new(text).size(size::TEXT).color(tokens(ui).muted)
}

/// A formula or an identifier.
pub fn code(text: impl Into<String>) -> RichText {
    RichText::new(text).font(FontId::new(size::TEXT, FontFamily::Monospace))
}

/// The colour of an idea's dot (Okabe–Ito).
pub fn idea(idea: masquerade_engine::card::Idea, ui: &Ui) -> Color32 {
    use masquerade_engine::card::Idea;
    match idea {
        Idea::Base => tokens(ui).line_strong,
        Idea::HideAndFill => rgb(0x56B4E9),
        Idea::PullAndPush => rgb(0xE69F00),
        Idea::BothAtOnce => rgb(0xCC79A7),
        Idea::DecodeAndDetect => rgb(0x009E73),
    }
}

/// Contrast of two opaque colours after WCAG 2.1: 1 (equal) to 21 (black on white).
pub fn contrast(a: Color32, b: Color32) -> f32 {
    let luminance = |c: Color32| {
        let linear = |v: u8| {
            let v = f32::from(v) / 255.0;
            if v <= 0.03928 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}
