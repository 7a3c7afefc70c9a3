//! What computes, why, and what it costs.

use egui::Ui;

use masquerade_engine::session::Kernels;

use super::controls::{Look, action_ui, facts_ui, heading_ui, switch_ui, table_ui};
use crate::commands::{Action, DeviceKind};
use crate::text;
use crate::theme::space;
use crate::ui_context::{UiContext, UiRequest};

/// Name, backend, reason, limits; the choice of device; measurements.
pub fn device_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let state = cx.state;
    let Some(device) = &state.device else { return };
    heading_ui(ui, &device.name);
    if !device.reason.is_empty() {
        ui.add(egui::Label::new(&device.reason).wrap());
    }
    let backend =
        if device.software { format!("{}, {}", device.backend, text::SOFTWARE) } else { device.backend.clone() };
    let mut facts = vec![(text::BACKEND, backend), (text::WHICH_KERNELS, text::kernels(device.kernels).to_string())];
    facts.extend(device.memory_bytes.map(|held| (text::MEMORY, text::memory(held, device.memory_used))));
    facts.extend(device.facts.iter().map(|(name, value)| (name.as_str(), value.clone())));
    facts_ui(ui, "device facts", &facts);
    ui.add_space(space::S);
    for kind in [DeviceKind::Auto, DeviceKind::Gpu, DeviceKind::Cpu] {
        action_ui(ui, cx, Action::UseDevice(kind), Look::Full);
    }
    switch_ui(ui, cx, Action::StockKernels, device.kernels == Kernels::Stock);
    heading_ui(ui, text::STEP_COST);
    action_ui(ui, cx, Action::MeasureStep, Look::Full);
    if let Some(step) = &state.step_report {
        let counts = [
            (text::DISPATCHES, step.dispatches),
            (text::SUBMITS, step.submits),
            (text::PIPELINES, step.pipelines),
            (text::BUFFERS, step.buffers),
        ];
        let sizes = [(text::UP, step.bytes_up), (text::BACK, step.bytes_back)];
        let mut facts = vec![(text::WALL_TIME, text::milliseconds(step.wall_ms))];
        facts.extend(counts.iter().filter_map(|(name, n)| Some((*name, text::count((*n)?)))));
        facts.extend(sizes.iter().filter_map(|(name, n)| Some((*name, text::bytes((*n)?)))));
        facts_ui(ui, "step facts", &facts);
        let launches: Vec<Vec<String>> =
            step.by_kernel(text::OTHER_LAUNCHES).map(|(name, n)| vec![name.into(), text::count(n)]).collect();
        if !launches.is_empty() {
            table_ui(ui, "launches", &text::LAUNCH_HEAD, &launches);
        }
    }
    heading_ui(ui, text::KERNELS);
    action_ui(ui, cx, Action::SelfCheck, Look::Full);
    let mark = |ok: bool| if ok { text::SAME } else { text::DIFFERS }.to_string();
    let rows: Vec<Vec<String>> = state
        .checks
        .iter()
        .map(|c| {
            vec![
                format!("{} {}", c.kernel, c.case),
                format!("{:.1e}", c.error),
                format!("{:.1e}", c.allowed),
                mark(c.ok),
            ]
        })
        .collect();
    if !rows.is_empty() {
        table_ui(ui, "kernels", &text::KERNEL_HEAD, &rows);
    }
    ui.add_space(space::S);
    if ui.button(text::COPY_REPORT).clicked() {
        let lines: Vec<String> = facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let checks: Vec<String> = rows.iter().map(|r| r.join("  ")).collect();
        cx.request(UiRequest::Copy(
            [device.name.clone(), device.reason.clone(), lines.join("\n"), checks.join("\n")].join("\n"),
        ));
    }
}
