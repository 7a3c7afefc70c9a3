//! The names of a cloud's classes beside their dots: never a colour alone.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use masquerade_engine::trace::Cloud;

use super::{STRIP, dots};
use crate::scene::{Fill, Mark, Shape, Sign, cloud};
use crate::text;
use crate::textures::Textures;
use crate::theme::{self, size, space};

/// Radius of a dot of the legend.
const DOT: f32 = 4.0;
/// Room for saying how many more there are.
const MORE: f32 = 28.0;

/// One name with its dot.
struct Entry<'a> {
    name: &'a str,
    colour: Color32,
    sign: Sign,
}

/// The classes, as many as fit (all of them in the tooltip), and words: what the pointer is on, else how much there is.
/// Where one row does not hold the classes they take the second one too, until the pointer is on something.
pub fn classes_ui(ui: &mut Ui, textures: &mut Textures, cloud: &Cloud, count: String, pointed_at: Option<String>) {
    let colours = theme::tokens(ui);
    let entries = entries(cloud, colours.muted);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), STRIP), Sense::hover());
    let font = FontId::proportional(size::CAPTION);
    let (first, second) = rect.split_top_bottom_at_fraction(0.5);
    let mut marks = Vec::new();
    let rest = row(ui, &entries, first, pointed_at.is_none(), &mut marks);
    if rest.is_empty() || pointed_at.is_some() {
        let words = pointed_at.as_ref().unwrap_or(&count);
        let mut job = LayoutJob::simple_singleline(words.clone(), font, colours.muted);
        job.wrap = TextWrapping::truncate_at_width(rect.width());
        let galley = ui.ctx().fonts_mut(|fonts| fonts.layout_job(job));
        // Without classes the words stand where they do under other drawings.
        let row = if entries.is_empty() { first } else { second };
        ui.painter().galley(pos2(row.left(), row.center().y - 0.5 * galley.size().y), galley, colours.muted);
    } else {
        row(ui, rest, second, false, &mut marks);
    }
    dots::paint(ui.painter(), textures, &marks);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, pointed_at.as_ref().unwrap_or(&count)));
    if !entries.is_empty() {
        response.on_hover_ui(|ui| {
            names_ui(ui, textures, &entries);
            ui.label(theme::caption(ui, count));
        });
    }
}

/// One row of names; the entries that have no room in it. The last row says how many these are.
fn row<'a, 'b>(
    ui: &Ui,
    entries: &'b [Entry<'a>],
    row: Rect,
    more_follows: bool,
    marks: &mut Vec<Mark>,
) -> &'b [Entry<'a>] {
    let (font, colour) = (FontId::proportional(size::CAPTION), theme::tokens(ui).muted);
    let mut left = row.left();
    for (n, entry) in entries.iter().enumerate() {
        let galley = ui.painter().layout_no_wrap(entry.name.into(), font.clone(), colour);
        let wide = 2.0 * DOT + space::XS + galley.size().x;
        let room = if more_follows || n + 1 == entries.len() { 0.0 } else { MORE };
        if n > 0 && left + wide > row.right() - room {
            if !more_follows {
                ui.painter().text(
                    pos2(left, row.center().y),
                    Align2::LEFT_CENTER,
                    text::more(entries.len() - n),
                    font,
                    colour,
                );
            }
            return entries.get(n..).unwrap_or_default();
        }
        marks.push(Mark::Dot {
            at: pos2(left + DOT, row.center().y),
            radius: DOT,
            colour: entry.colour,
            sign: entry.sign,
        });
        ui.painter().galley(pos2(left + 2.0 * DOT + space::XS, row.center().y - galley.size().y * 0.5), galley, colour);
        left += wide + space::S;
    }
    &[]
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

/// The classes, and what a hidden token looks like where some are. A class that is hidden throughout looks as in the
/// cloud.
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
        entries.push(Entry {
            name,
            colour,
            sign: Sign { shape, fill: if visible { Fill::Full } else { Fill::Light } },
        });
    }
    if cloud.hidden.contains(&true) && entries.iter().all(|e: &Entry<'_>| e.sign.fill == Fill::Full) {
        entries.push(Entry { name: text::HIDDEN, colour: plain, sign: Sign { shape: Shape::Disc, fill: Fill::Light } });
    }
    entries
}
