//! Curves over training steps.

use egui::Ui;
use egui_plot::{Line, LineStyle, Plot, PlotPoints};
use masquerade_engine::trace::{Curve, Series};

use crate::theme::{self, size, space};

/// Points of a curve that are drawn; more would not be seen.
const DRAWN: usize = 600;
/// Numbers along the axis of values.
const MARKS: f64 = 5.0;

/// Draw a view's curves.
pub fn series_ui(ui: &mut Ui, id: &str, series: &Series) {
    names_ui(ui, &series.curves);
    plot_ui(ui, id, &series.curves, false, space::PLOT);
}

/// The curves' names beside their colours.
pub fn names_ui(ui: &mut Ui, curves: &[Curve]) {
    ui.horizontal_wrapped(|ui| {
        for (n, curve) in curves.iter().enumerate() {
            let last = curve.points.last().map_or(String::new(), |p| format!("  {:.4}", p.1));
            let (rect, _) = ui.allocate_exact_size(egui::vec2(space::M, space::L), egui::Sense::hover());
            ui.painter().hline(rect.x_range(), rect.center().y, egui::Stroke::new(2.0, theme::category(n)));
            ui.label(theme::caption(ui, format!("{}{last}", curve.name)));
        }
    });
}

/// The plot alone. On a log scale values at or under zero are left out.
pub fn plot_ui(ui: &mut Ui, id: &str, curves: &[Curve], logarithmic: bool, height: f32) {
    let format_y = move |v: f64| if logarithmic { format!("{:.3}", 10_f64.powf(v)) } else { format!("{v:.3}") };
    let colours = theme::tokens(ui);
    ui.style_mut().text_styles.insert(egui::TextStyle::Body, egui::FontId::proportional(size::CAPTION));
    ui.visuals_mut().override_text_color = Some(colours.muted);
    let plot = Plot::new(("plot", id))
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
        .label_formatter(move |at| match at {
            egui_plot::HoverPosition::NearDataPoint { plot_name, position, .. } => {
                Some(format!("{plot_name}\n{:.0}: {}", position.x, format_y(position.y)))
            }
            egui_plot::HoverPosition::Elsewhere { .. } => None,
        });
    plot.show(ui, |plot| {
        for (n, curve) in curves.iter().enumerate() {
            let points: Vec<[f64; 2]> = thin(&curve.points)
                .filter(|p| p.1.is_finite() && (!logarithmic || p.1 > 0.0))
                .map(|p| [p.0, if logarithmic { p.1.log10() } else { p.1 }])
                .collect();
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
