//! Curves over training steps or another quantity, with their spread, in linear or logarithmic scale.

use egui::Ui;
use egui_plot::{FilledArea, Line, LineStyle, MarkerShape, Plot, PlotPoints, Points};
use masquerade_engine::trace::{Curve, Curves};

use crate::scene::curves::can_log;
use crate::text;
use crate::theme::{self, size, space};
use crate::ui_context::UiContext;

/// Points of a curve that are drawn; more would not be seen.
const DRAWN: usize = 600;
/// Numbers along the axis of values.
const MARKS: f64 = 5.0;

/// Curves with so few points have a mark at each: they were measured there and nowhere between.
const MARKED: usize = 24;
/// How opaque a spread is.
const SPREAD: f32 = 0.2;

/// How curves are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Axes<'a> {
    pub x_title: &'a str,
    pub y_title: &'a str,
    /// Logarithmic scale; values at or under zero are left out.
    pub log_x: bool,
    pub log_y: bool,
}

/// Draw a view's curves, with a switch where a logarithmic scale across can be had.
pub fn curves_ui(ui: &mut Ui, cx: &mut UiContext<'_>, id: &str, drawn: &Curves) {
    let mut log_x = cx.selection.log_x.get(id).copied().unwrap_or(drawn.log_x) && can_log(drawn);
    ui.horizontal_wrapped(|ui| {
        names(ui, &drawn.curves);
        if can_log(drawn) && theme::checkbox(ui, &mut log_x, text::LOG_X).changed() {
            cx.selection.log_x.insert(id.into(), log_x);
        }
    });
    let axes = Axes { x_title: &drawn.x_title, y_title: &drawn.y_title, log_x, log_y: false };
    plot_ui(ui, id, &drawn.curves, &axes, space::PLOT);
}

/// The curves' names beside their colours.
pub fn names_ui(ui: &mut Ui, curves: &[Curve]) {
    ui.horizontal_wrapped(|ui| names(ui, curves));
}

fn names(ui: &mut Ui, curves: &[Curve]) {
    for (n, curve) in curves.iter().enumerate() {
        let last = curve.points.last().map_or(String::new(), |p| format!("  {:.4}", p.1));
        let (rect, _) = ui.allocate_exact_size(egui::vec2(space::M, space::L), egui::Sense::hover());
        ui.painter().hline(rect.x_range(), rect.center().y, egui::Stroke::new(2.0, theme::category(n)));
        ui.label(theme::caption(ui, format!("{}{last}", curve.name)));
    }
}

/// The plot alone.
pub fn plot_ui(ui: &mut Ui, id: &str, curves: &[Curve], axes: &Axes<'_>, height: f32) {
    let Axes { x_title, y_title, log_x, log_y } = *axes;
    let format_y = move |v: f64| if log_y { format!("{:.3}", 10_f64.powf(v)) } else { format!("{v:.3}") };
    let format_x = move |v: f64| text::quantity(if log_x { 10_f64.powf(v) } else { v });
    let colours = theme::tokens(ui);
    ui.style_mut().text_styles.insert(egui::TextStyle::Body, egui::FontId::proportional(size::CAPTION));
    ui.visuals_mut().override_text_color = Some(colours.muted);
    // The numbers along an axis span other ranges once its scale is another.
    let mut plot = Plot::new(("plot", id, log_x))
        .height(height)
        .show_background(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .set_margin_fraction(egui::vec2(0.01, 0.08))
        .grid_color(colours.line)
        .y_axis_min_width(40.0)
        .y_grid_spacer(marks)
        .y_axis_formatter(move |mark, _| format_y(mark.value))
        .x_axis_formatter(move |mark, _| format_x(mark.value))
        .label_formatter(move |at| match at {
            egui_plot::HoverPosition::NearDataPoint { plot_name, position, .. } => {
                Some(text::curve_point(plot_name, &format_x(position.x), &format_y(position.y)))
            }
            egui_plot::HoverPosition::Elsewhere { .. } => None,
        });
    if !x_title.is_empty() {
        plot = plot.x_axis_label(theme::caption(ui, x_title));
    }
    if !y_title.is_empty() {
        plot = plot.y_axis_label(theme::caption(ui, y_title));
    }
    let across = move |x: f64| if log_x { x.log10() } else { x };
    let up = move |y: f64| if log_y { y.log10() } else { y };
    plot.show(ui, |plot| {
        for (n, curve) in curves.iter().enumerate().filter(|(_, c)| !c.spread.is_empty()) {
            let ends = curve.points.iter().zip(&curve.spread).map(|(p, s)| (across(p.0), up(s.0), up(s.1)));
            let sound: Vec<_> = ends.filter(|(x, low, high)| [x, low, high].iter().all(|v| v.is_finite())).collect();
            let column = |of: fn(&(f64, f64, f64)) -> f64| sound.iter().map(of).collect::<Vec<f64>>();
            let area = FilledArea::new(curve.name.clone(), &column(|e| e.0), &column(|e| e.1), &column(|e| e.2));
            plot.add(area.fill_color(theme::category(n).gamma_multiply(SPREAD)).allow_hover(false));
        }
        for (n, curve) in curves.iter().enumerate() {
            let points: Vec<[f64; 2]> = thin(&curve.points)
                .map(|p| [across(p.0), up(p.1)])
                .filter(|p| p[0].is_finite() && p[1].is_finite())
                .collect();
            if points.len() <= MARKED {
                let shape = MarkerShape::Circle;
                let marks = Points::new(curve.name.clone(), PlotPoints::from(points.clone()));
                plot.points(marks.shape(shape).radius(2.5).color(theme::category(n)).allow_hover(false));
            }
            let line = Line::new(curve.name.clone(), PlotPoints::from(points)).color(theme::category(n)).width(1.5);
            // A second sign beside the colour.
            let style = if n == 0 { LineStyle::Solid } else { LineStyle::Dashed { length: 4.0 + 4.0 * n as f32 } };
            plot.line(line.style(style));
        }
    });
}

/// About [`MARKS`] round values across the axis.
fn marks(axis: egui_plot::GridInput) -> Vec<egui_plot::GridMark> {
    let (low, high) = axis.bounds;
    let rough = (high - low) / MARKS;
    if !(rough.is_finite() && rough > 0.0) {
        return Vec::new();
    }
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= rough).unwrap_or(power);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    // The step is said to be large, so that every line and its number are drawn at full strength.
    (first..=last).map(|n| egui_plot::GridMark { value: n as f64 * step, step_size: high - low }).collect()
}

fn thin(points: &[(f64, f64)]) -> impl Iterator<Item = &(f64, f64)> {
    let every = points.len().div_ceil(DRAWN).max(1);
    let last = points.len().saturating_sub(1);
    points.iter().enumerate().filter(move |(i, _)| i % every == 0 || *i == last).map(|(_, p)| p)
}
