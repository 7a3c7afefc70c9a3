//! The names of a cloud's classes beside their dots: never a colour alone.

use egui::{Color32, FontId, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use masquerade_engine::trace::Cloud;

use super::{STRIP, Textures, dots};
use crate::scene::{Fill, Mark, Shape, Sign, cloud};
use crate::text;
use crate::theme::{self, size, space};

/// Radius of a dot of the legend.
const DOT: f32 = 4.0;

/// One name with its dot.
struct Entry<'a> {
    name: &'a str,
    colour: Color32,
    sign: Sign,
}

/// A row of as many classes as fit (all of them in the tooltip), and a row of words.
pub fn classes_ui(ui: &mut Ui, textures: &mut Textures, cloud: &Cloud, words: String) {
    let entries = entries(cloud, theme::tokens(ui).muted);
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, STRIP), Sense::hover());
    let font = FontId::proportional(size::CAPTION);
    let colours = theme::tokens(ui);
    let row = STRIP * 0.5;
    let mut left = rect.left();
    let mut marks = Vec::new();
    let room_for_more = 28.0;
    for (n, entry) in entries.iter().enumerate() {
        let galley = ui.painter().layout_no_wrap(entry.name.into(), font.clone(), colours.muted);
        let wide = 2.0 * DOT + space::XS + galley.size().x;
        let last = n + 1 == entries.len();
        if left + wide > rect.right() - if last { 0.0 } else { room_for_more } {
            let more = text::more(entries.len() - n);
            ui.painter().text(pos2(left, rect.top() + 0.5 * row), egui::Align2::LEFT_CENTER, more, font.clone(), colours.muted);
            break;
        }
        let middle = rect.top() + 0.5 * row;
        marks.push(Mark::Dot { at: pos2(left + DOT, middle), radius: DOT, colour: entry.colour, sign: entry.sign });
        ui.painter().galley(pos2(left + 2.0 * DOT + space::XS, middle - galley.size().y * 0.5), galley, colours.muted);
        left += wide + space::S;
    }
    dots::paint(ui.painter(), textures, &marks);
    // Without classes the words have both rows to themselves.
    let top = if entries.is_empty() { rect.top() } else { rect.top() + row };
    let mut job = egui::text::LayoutJob::simple_singleline(words.clone(), font, colours.muted);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width);
    let galley = ui.ctx().fonts_mut(|fonts| fonts.layout_job(job));
    ui.painter().galley(pos2(rect.left(), top + 0.5 * (row - galley.size().y)), galley, colours.muted);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    if !entries.is_empty() {
        response.on_hover_ui(|ui| names_ui(ui, textures, &entries));
    }
}

/// Every class on a line of its own.
fn names_ui(ui: &mut Ui, textures: &mut Textures, entries: &[Entry<'_>]) {
    for entry in entries {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(2.0 * DOT, 2.0 * DOT), Sense::hover());
            let mark = Mark::Dot { at: rect.center(), radius: DOT, colour: entry.colour, sign: entry.sign };
            dots::paint(ui.painter(), textures, &[mark]);
            ui.label(entry.name);
        });
    }
}

/// The classes, and what a hidden token looks like where some are. A class that is hidden throughout looks as in the cloud.
fn entries(cloud: &Cloud, plain: Color32) -> Vec<Entry<'_>> {
    let mut visible = vec![cloud.hidden.is_empty(); cloud.classes.len()];
    for (token, class) in cloud.class.iter().enumerate() {
        if let Some(visible) = visible.get_mut(*class as usize) {
            *visible |= !cloud::hidden(cloud, token as u32);
        }
    }
    let mut entries = Vec::new();
    for (class, (name, visible)) in cloud.classes.iter().zip(visible).enumerate() {
        let (colour, shape) = cloud::class_sign(class);
        entries.push(Entry { name, colour, sign: Sign { shape, fill: if visible { Fill::Full } else { Fill::Light } } });
    }
    if cloud.hidden.contains(&true) && entries.iter().all(|e: &Entry<'_>| e.sign.fill == Fill::Full) {
        entries.push(Entry { name: text::HIDDEN, colour: plain, sign: Sign { shape: Shape::Disc, fill: Fill::Light } });
    }
    entries
}
