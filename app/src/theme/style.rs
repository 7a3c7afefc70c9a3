//! The tokens as egui's style.

use egui::style::{WidgetVisuals, Widgets};
use egui::{
    Button, Color32, Context, CornerRadius, FontFamily, FontId, Margin, Response, Shadow, Stroke, Style, TextStyle,
    Theme, Ui, Visuals, vec2,
};

use super::{DARK, LIGHT, SEMIBOLD, Tokens, fonts, size, space, time, tokens};

/// Give a context the fonts and both styles. Must run before its first pass.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts::definitions());
    ctx.set_style_of(Theme::Dark, style(&DARK, Visuals::dark()));
    ctx.set_style_of(Theme::Light, style(&LIGHT, Visuals::light()));
}

/// Transitions take no time: the user's system asks for reduced motion.
pub fn reduce_motion(ctx: &Context) {
    ctx.all_styles_mut(|style| style.animation_time = 0.0);
}

/// A box to tick: outlined, so that an empty one does not look ticked.
pub fn checkbox(ui: &mut Ui, on: &mut bool, label: &str) -> Response {
    boxed(ui, |ui| ui.checkbox(on, label))
}

/// One of several choices, outlined like a box to tick.
pub fn radio(ui: &mut Ui, on: bool, label: &str) -> Response {
    boxed(ui, |ui| ui.radio(on, label))
}

/// Draw the boxes of `add` outlined. Keeps the layout of `ui`, so that boxes in a wrapping row wrap.
pub fn boxed(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> Response) -> Response {
    let colours = tokens(ui);
    let before = ui.visuals().widgets.clone();
    let widgets = &mut ui.visuals_mut().widgets;
    for state in [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.active] {
        state.bg_fill = colours.card;
        state.bg_stroke = Stroke::new(1.0, colours.line_strong);
        state.corner_radius = CornerRadius::same(3);
    }
    let response = add(ui);
    ui.visuals_mut().widgets = before;
    response
}

/// A button in the accent: one a screen.
pub fn accent_button<'a>(ui: &Ui, text: impl Into<String>) -> Button<'a> {
    let colours = tokens(ui);
    Button::new(super::strong(text).color(colours.on_accent)).fill(colours.accent).stroke(Stroke::NONE)
}

fn style(colours: &Tokens, visuals: Visuals) -> Style {
    let mut style =
        Style { visuals: visuals_of(colours, visuals), animation_time: time::TRANSITION, ..Style::default() };
    style.text_styles = [
        (TextStyle::Small, FontId::new(size::CAPTION, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(size::TEXT, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(size::TEXT, FontFamily::Proportional)),
        (TextStyle::Monospace, FontId::new(size::TEXT, FontFamily::Monospace)),
        (TextStyle::Heading, FontId::new(size::TITLE, FontFamily::Name(SEMIBOLD.into()))),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(space::S, space::XS);
    spacing.button_padding = vec2(10.0, space::XS);
    spacing.interact_size = vec2(space::CONTROL, space::CONTROL);
    spacing.menu_margin = Margin::same(space::S as i8);
    spacing.window_margin = Margin::same(space::L as i8);
    spacing.slider_rail_height = 2.0;
    spacing.icon_width = space::L;
    spacing.scroll.bar_width = 6.0;
    spacing.tooltip_width = 320.0;
    style.interaction.selectable_labels = false;
    style
}

fn visuals_of(colours: &Tokens, start: Visuals) -> Visuals {
    let round = CornerRadius::same(space::RADIUS);
    let widget = |fill: Color32, outline: Stroke, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: outline,
        corner_radius: round,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    let hairline = Stroke::new(1.0, colours.line);
    let outline = Stroke::new(1.0, colours.line_strong);
    let mut visuals = start;
    visuals.widgets = Widgets {
        noninteractive: widget(colours.card, hairline, colours.text),
        // `bg_fill` is the rail and the handle of a slider: they must be seen against the card.
        inactive: WidgetVisuals { bg_fill: colours.line_strong, ..widget(colours.raised, Stroke::NONE, colours.text) },
        hovered: WidgetVisuals { bg_fill: colours.line_strong, ..widget(colours.raised, outline, colours.text) },
        active: widget(colours.line, Stroke::new(1.0, colours.accent), colours.text),
        open: widget(colours.raised, outline, colours.text),
    };
    visuals.selection.bg_fill = mix(colours.card, colours.accent, 0.24);
    visuals.selection.stroke = Stroke::new(1.0, colours.text);
    visuals.weak_text_color = Some(colours.muted);
    visuals.hyperlink_color = colours.accent;
    visuals.faint_bg_color = colours.raised;
    visuals.extreme_bg_color = colours.ground;
    visuals.code_bg_color = colours.raised;
    visuals.warn_fg_color = colours.warn;
    visuals.error_fg_color = colours.bad;
    visuals.window_fill = colours.card;
    visuals.window_stroke = hairline;
    visuals.window_corner_radius = round;
    visuals.menu_corner_radius = round;
    visuals.panel_fill = colours.ground;
    let shadow = Shadow { offset: [0, 6], blur: 20, spread: 0, color: Color32::from_black_alpha(70) };
    visuals.window_shadow = shadow;
    visuals.popup_shadow = shadow;
    visuals.handle_shape = egui::style::HandleShape::Circle;
    visuals.indent_has_left_vline = false;
    visuals.disabled_alpha = 0.6;
    visuals
}

fn mix(a: Color32, b: Color32, t: f32) -> Color32 {
    let part = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * t).round() as u8;
    Color32::from_rgb(part(a.r(), b.r()), part(a.g(), b.g()), part(a.b(), b.b()))
}
