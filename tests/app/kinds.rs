//! Clips, sound, texts, volumes, matrices, curves and maps over pictures: drawn, played, leafed through, pointed at.

use std::cell::RefCell;
use std::rc::Rc;

use egui::{Key, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use masquerade::app::App;
use masquerade::sound::Sound;
use masquerade::text;
use masquerade_engine::card::Kind;
use masquerade_engine::session::{Command, Event, decode, encode};
use masquerade_engine::trace::{
    Clip, Curve, Curves, Heat, Legend, Matrix, Picture, View, ViewKind, Volume, Wave, Words,
};

use crate::fake::{shoot, shots};
use crate::stage::{GRID, middle, noise, open, view};

const WIDE: [f32; 2] = [1280.0, 900.0];
const PHONE: [f32; 2] = [380.0, 2600.0];

fn cosine() -> Option<Legend> {
    Some(Legend { low: -0.4, high: 0.9, signed: true, unit: "cosine, centred".into() })
}

/// A ball that rolls across in front of a wall, with half of its tokens hidden.
fn clip(values: bool) -> View {
    let (width, height, frames) = (32_u32, 32_u32, 16_u32);
    let mut rgba = Vec::new();
    for frame in 0..frames {
        for i in 0..width * height {
            let (x, y) = ((i % width) as f32, (i / width) as f32);
            let ball = (x - 2.0 * frame as f32).hypot(y - 20.0) < 6.0;
            let wall = 60 + 40 * u8::from((x as u32 / 4 + y as u32 / 4).is_multiple_of(2));
            rgba.extend(if ball { [230, 159, 0, 255] } else { [wall, wall, wall + 20, 255] });
        }
    }
    let tokens = 8 * 4 * 4;
    let hidden = (0..tokens).map(|t| noise(t % 16) > 0.5).collect();
    let values = if values { (0..tokens).map(|t| noise(t * 3) * 1.3 - 0.4).collect() } else { Vec::new() };
    let query = (!values.is_empty()).then_some(37);
    let drawn = Clip { width, height, rgba, rate: 8.0, grid: [8, 4, 4], hidden, values, query };
    let (id, title, legend) = if query.is_some() { ("alike", "Alike", cosine()) } else { ("clip", "Clip", None) };
    view(id, title, "Sixteen frames; tokens span two frames.", ViewKind::Clip(drawn), legend)
}

fn wave(channels: u32) -> View {
    let length = 16_000;
    let tone = |i: usize, pitch: f32| {
        let t = i as f32 / 8000.0;
        (std::f32::consts::TAU * pitch * t).sin() * (0.2 + 0.7 * (t * 3.0).sin().abs())
    };
    let samples = (0..channels).flat_map(|c| (0..length).map(move |i| tone(i, 110.0 + 60.0 * c as f32))).collect();
    view("sound", "Sound", "Two seconds of a tone.", ViewKind::Wave(Wave { channels, samples, rate: 8000 }), None)
}

fn words() -> View {
    let text = ["a", "dog", "catch", "es", "the", "fris", "bee", "in", "a", "sunny", "park", "near", "the", "lake"];
    let drawn = Words {
        tokens: text.map(String::from).to_vec(),
        joined: (0..text.len()).map(|t| matches!(t, 3 | 6)).collect(),
        weights: (0..text.len()).map(|t| noise(t + 3)).collect(),
        hidden: (0..text.len()).map(|t| t == 4 || t == 12).collect(),
        query: Some(1),
    };
    let legend = Legend { low: 0.0, high: 1.0, signed: false, unit: "attention".into() };
    view("caption", "Caption", "What the caption's tokens attend to.", ViewKind::Words(drawn), Some(legend))
}

/// A head: a ball of bone around a ball of brain, with values where the brain is.
fn volume() -> View {
    let shape = [20_u32, 40, 32];
    let voxels = (shape[0] * shape[1] * shape[2]) as usize;
    let mut drawn = Volume { shape, spacing: [4.0, 2.0, 2.5], ..Volume::default() };
    for voxel in 0..voxels {
        let at = [voxel / 1280, voxel / 32 % 40, voxel % 32];
        let off: [f32; 3] = std::array::from_fn(|i| at[i] as f32 / shape[i] as f32 * 2.0 - 1.0);
        let r = off.iter().map(|v| v * v).sum::<f32>().sqrt();
        drawn.scan.push(if r < 0.75 {
            40.0 + 20.0 * noise(voxel)
        } else if r < 0.9 {
            900.0
        } else {
            -1000.0
        });
        drawn.values.push(off[0] * 0.5 + off[2]);
        drawn.undefined.push(r > 0.7 || off[2].abs() < 0.2);
        drawn.token.push(if r < 0.7 { (at[1] / 8 * 4 + at[2] / 8) as u32 } else { u32::MAX });
    }
    let legend = Legend { low: -1.0, high: 1.0, signed: true, unit: "response".into() };
    view("brain", "Brain", "Responses over the anatomy.", ViewKind::Volume(drawn), Some(legend))
}

fn matrix() -> View {
    let values = (0..4 * 10).map(|i| noise(i) * 1.3 - 0.4).collect();
    let drawn = Matrix {
        rows: 4,
        columns: 10,
        values,
        row_names: ["head 1", "head 2", "head 3", "head 4"].map(String::from).to_vec(),
        column_names: (1..=10).map(|n| format!("n{n}")).collect(),
        row_title: "heads".into(),
        column_title: "neighbours".into(),
        ..Matrix::default()
    };
    view("heads", "Heads", "Each head's weights.", ViewKind::Matrix(drawn), cosine())
}

fn budgets() -> View {
    let curve = |name: &str, lift: f64| {
        let points: Vec<(f64, f64)> =
            [1.0, 4.0, 16.0, 64.0, 256.0].map(|n: f64| (n, 0.3125 + lift + n.log2() / 16.0)).to_vec();
        let spread = points.iter().map(|p| (p.1 - 0.0625 / p.0.sqrt(), p.1 + 0.0625 / p.0.sqrt())).collect();
        Curve { name: name.into(), points, spread }
    };
    let drawn = Curves {
        curves: vec![curve("pre-trained", 0.125), curve("from scratch", 0.0)],
        x_title: "labels a class".into(),
        y_title: "accuracy".into(),
        log_x: true,
    };
    view("budgets", "Label budgets", "Mean and range of three seeds.", ViewKind::Curves(drawn), None)
}

/// A map over a picture, and the picture.
fn laid() -> Vec<View> {
    let rgba = (0..28 * 28_u32).flat_map(|i| [(i % 28 * 9) as u8, (i / 28 * 9) as u8, 90, 255]).collect();
    let picture = Picture { width: 28, height: 28, rgba, grid: (7, 7), hidden: Vec::new() };
    let values = (0..49).map(|i: i32| 0.9 - ((i / 7 - 3).pow(2) + (i % 7 - 3).pow(2)) as f32 / 14.0).collect();
    let heat = Heat { rows: 7, columns: 7, values, query: Some(24), over: Some("input".into()), ..Heat::default() };
    vec![
        view("input", "Input", "A picture.", ViewKind::Picture(picture), None),
        view("similarity", "Similarity", "How like the middle.", ViewKind::Heat(heat), cosine()),
    ]
}

fn all() -> Vec<View> {
    let mut views = laid();
    views.extend([clip(false), clip(true), volume(), words(), wave(1), matrix(), budgets()]);
    views
}

/// Give the keyboard to the drawing whose name begins so.
fn focus(app: &mut Harness<'static, App>, title: &str) {
    app.query_all_by_label_contains(&format!("{title}, "))
        .find(|n| n.accesskit_node().role() == egui::Role::Image)
        .unwrap()
        .focus();
    app.run_steps(2);
}

fn press(app: &mut Harness<'static, App>, key: Key) {
    app.key_press(key);
    app.run_steps(2);
}

fn says(app: &Harness<'static, App>, words: &str) -> bool {
    app.query_all_by_label_contains(words).next().is_some()
}

#[test]
fn every_new_kind_is_drawn_named_and_inside_of_the_screen() {
    for (size, width) in [(WIDE, "wide"), (PHONE, "phone")] {
        for (dark, theme) in [(true, "dark"), (false, "light")] {
            for (part, views) in all().chunks(5).enumerate() {
                let (mut app, _) = open(size, dark, Kind::Pictures, views.to_vec());
                app.check_accessibility();
                views.iter().filter(|v| !matches!(v.kind, ViewKind::Curves(_))).for_each(|v| {
                    assert!(middle(&app, &v.title).is_finite());
                });
                let out = app.root().children_recursive().any(|n| {
                    n.accesskit_node().raw_bounds().is_some()
                        && n.rect().is_finite()
                        && n.rect().right() > size[0] + 0.5
                });
                assert!(!out, "part {part} sticks out at {width}");
                shoot(&mut app, &format!("kinds-{part}-{width}-{theme}"));
            }
        }
    }
}

#[test]
fn a_clip_is_played_paused_and_leafed_through() {
    let (mut app, wire) = open(WIDE, true, Kind::Pictures, vec![clip(false)]);
    let words = |frame| text::clip_frame(frame, 16, 8.0);
    assert_eq!(words(3), "frame 4 of 16, 0.38 s");
    assert!(says(&app, &words(0)), "it opens at its first frame");
    focus(&mut app, "Clip");
    press(&mut app, Key::ArrowRight);
    assert!(says(&app, &words(1)));
    press(&mut app, Key::ArrowRight);
    press(&mut app, Key::ArrowRight);
    press(&mut app, Key::ArrowLeft);
    assert!(says(&app, &words(2)));
    press(&mut app, Key::End);
    assert!(says(&app, &words(15)));
    press(&mut app, Key::Home);
    app.get_by_label(text::PLAY_CLIP).click();
    let mut told = std::collections::BTreeSet::new();
    for _ in 0..40 {
        app.step();
        told.extend((0..16).find(|f| says(&app, &words(*f))));
    }
    assert!(told.len() > 3, "frames {told:?} were played");
    app.get_by_label(text::STOP_CLIP).click();
    app.run_steps(2);
    let frame = (0..16).find(|f| says(&app, &words(*f))).unwrap();
    app.run_steps(20);
    assert!(says(&app, &words(frame)), "it stands still");
    // A token of the frame is a token of the whole grid.
    app.hover_at(middle(&app, "Clip"));
    app.run_steps(3);
    let time = frame as u32 * 8 / 16;
    let asked = wire.borrow().sent.iter().rev().find_map(|c| match c {
        Command::Look { cursor, .. } => cursor.as_ref().map(|cursor| cursor.token),
        _ => None,
    });
    assert!(asked.is_some_and(|t| t / 16 == time), "token {asked:?} is not of time {time}");
}

#[test]
fn a_drag_over_a_clip_paints_the_tokens_of_its_frame() {
    let mut view = clip(false);
    let ViewKind::Clip(drawn) = &mut view.kind else { panic!("a clip") };
    (drawn.grid, drawn.hidden) = ([4, 4, 4], vec![false; 64]);
    let (mut app, wire) = open(WIDE, true, Kind::Pictures, vec![view]);
    let mut model = app.state().state().model.clone().unwrap();
    model.grids[0].paintable = true;
    let (session, data) =
        (Box::new(app.state().session().clone()), Box::new(app.state().state().data.clone().unwrap()));
    wire.borrow_mut().events.push_back(Event::Opened { session, model, data });
    app.run_steps(2);
    focus(&mut app, "Clip");
    press(&mut app, Key::End);
    let from = middle(&app, "Clip");
    app.hover_at(from);
    app.run_steps(2);
    app.drag_at(from);
    app.run_steps(1);
    app.hover_at(from + vec2(30.0, 0.0));
    app.run_steps(2);
    app.drop_at(from + vec2(30.0, 0.0));
    app.run_steps(2);
    let painted = app.state().session().painted.get(GRID).cloned().unwrap_or_default();
    assert_eq!(painted.len(), 64, "the mask is that of the whole clip");
    assert!(painted[48..].contains(&true), "tokens of the last frame are hidden");
    assert!(!painted[..48].contains(&true), "no others are");
}

#[test]
fn the_slider_of_a_clip_goes_to_any_frame() {
    let (mut app, _) = open(WIDE, false, Kind::Pictures, vec![clip(true)]);
    let slider =
        app.query_all_by_label(text::FRAME).find(|n| n.accesskit_node().role() == egui::Role::Slider).map(|n| n.rect());
    let slider = slider.unwrap();
    let at = slider.left_center() + vec2(slider.width() * 0.5, 0.0);
    app.drag_at(at);
    app.run_steps(1);
    app.drop_at(at);
    app.run_steps(2);
    let frame = (0..16).find(|f| says(&app, &text::clip_frame(*f, 16, 8.0))).unwrap();
    assert!((6..=9).contains(&frame), "frame {frame} is not in the middle");
}

/// A player that notes what it is asked for.
#[derive(Clone, Default)]
struct Deck(Rc<RefCell<(Option<f64>, usize)>>);

impl Sound for Deck {
    fn play(&mut self, wave: &Wave, from: f64) {
        *self.0.borrow_mut() = (Some(from), wave.length());
    }

    fn stop(&mut self) {
        self.0.borrow_mut().0 = None;
    }

    fn at(&self) -> Option<f64> {
        self.0.borrow().0
    }
}

#[test]
fn sound_is_enlarged_and_played_only_where_there_is_a_player() {
    let (mut app, _) = open(WIDE, true, Kind::Pictures, vec![wave(2)]);
    let whole = text::wave(2.0, 8000, 2);
    assert!(says(&app, &whole));
    assert!(app.query_by_label(text::PLAY_SOUND).is_none(), "no button where nothing can be heard");
    focus(&mut app, "Sound");
    press(&mut app, Key::Plus);
    assert!(says(&app, &text::part(0.2, 1.8, &whole)), "enlarged around its middle");
    press(&mut app, Key::ArrowRight);
    assert!(says(&app, &text::part(0.36, 1.96, &whole)));
    app.hover_at(middle(&app, "Sound"));
    app.run_steps(2);
    assert!(says(&app, "at 1.16"), "the sample under the pointer is told");
    shoot(&mut app, "kinds-wave-zoomed");
    app.remove_cursor();

    let deck = Deck::default();
    app.state_mut().sound = Some(Box::new(deck.clone()));
    app.run_steps(2);
    app.get_by_label(text::PLAY_SOUND).click();
    app.run_steps(2);
    assert!(deck.at().is_some_and(|from| (from - 0.36).abs() < 1e-9), "what is shown is heard");
    assert_eq!(deck.0.borrow().1, 16_000);
    app.get_by_label(text::STOP_SOUND).click();
    app.run_steps(2);
    assert_eq!(deck.at(), None);
    app.get_by_label(text::PLAY_SOUND);
}

#[test]
fn a_word_under_the_pointer_is_the_cursor_and_tells_its_weight() {
    let (mut app, wire) = open(WIDE, false, Kind::Pictures, vec![words()]);
    let area = app
        .query_all_by_label_contains(
            "Caption, text: a dog catches the frisbee in a sunny park near the lake, 2 of 14 hidden",
        )
        .next()
        .unwrap()
        .rect();
    app.hover_at(area.left_top() + vec2(6.0, 10.0));
    app.run_steps(3);
    assert!(says(&app, &text::word("a", 0, Some(noise(3)), false)));
    let asked = wire.borrow().sent.iter().any(|c| matches!(c, Command::Look { cursor: Some(at), .. } if at.token == 0));
    assert!(asked, "all views follow the word");
    app.drag_at(area.left_top() + vec2(6.0, 10.0));
    app.run_steps(1);
    app.drop_at(area.left_top() + vec2(6.0, 10.0));
    app.run_steps(3);
    assert_eq!(app.state().session().pinned, Some(masquerade_engine::trace::Cursor::new(crate::stage::GRID, 0)));
}

#[test]
fn a_volume_opens_in_its_middle_and_tells_the_voxel_under_the_pointer() {
    let (mut app, _) = open(WIDE, true, Kind::Pictures, vec![volume()]);
    assert!(says(&app, &text::slice(10, 20, 4.0)));
    focus(&mut app, "Brain");
    press(&mut app, Key::ArrowRight);
    assert!(says(&app, &text::slice(11, 20, 4.0)));
    app.hover_at(middle(&app, "Brain") + vec2(20.0, 8.0));
    app.run_steps(3);
    assert!(says(&app, "at slice 12, row ") && says(&app, "scan "), "the voxel is told");
    shoot(&mut app, "kinds-volume-hovered");
}

#[test]
fn a_map_over_a_picture_is_made_more_and_less_strong() {
    let (mut app, _) = open(WIDE, true, Kind::Pictures, laid());
    let slider = |app: &Harness<'static, App>| {
        app.query_all_by_label(text::OPACITY)
            .find(|n| n.accesskit_node().role() == egui::Role::Slider)
            .map(|n| (n.rect(), n.accesskit_node().numeric_value()))
    };
    let (rect, before) = slider(&app).unwrap();
    app.drag_at(rect.left_center() + vec2(1.0, 0.0));
    app.run_steps(1);
    app.drop_at(rect.left_center() + vec2(1.0, 0.0));
    app.run_steps(2);
    let (_, after) = slider(&app).unwrap();
    assert!(after < before, "{before:?} → {after:?}");
    shoot(&mut app, "kinds-map-faint");
}

#[test]
fn a_cell_of_a_matrix_tells_its_value_row_and_column() {
    let (mut app, _) = open(WIDE, false, Kind::Pictures, vec![matrix()]);
    let rect = app.get_by_label(&text::matrix_name("Heads", 4, 10)).rect();
    app.hover_at(rect.right_bottom() - vec2(4.0, 4.0));
    app.run_steps(3);
    assert!(says(&app, &text::matrix_cell(noise(39) * 1.3 - 0.4, "head 4", "n10")));
    shoot(&mut app, "kinds-matrix-hovered");
}

#[test]
fn curves_change_their_scale_across() {
    let (mut app, _) = open(WIDE, false, Kind::Pictures, vec![budgets()]);
    let place = |app: &Harness<'static, App>| -> Vec<egui::Pos2> {
        let shapes = app.output().shapes.iter();
        let dots = shapes.filter_map(|s| match &s.shape {
            egui::Shape::Circle(c) if (c.radius - 2.5).abs() < 0.01 => Some(c.center),
            _ => None,
        });
        dots.collect()
    };
    let before = place(&app);
    assert_eq!(before.len(), 10, "a mark at each point that was measured");
    let even = (before[1].x - before[0].x) - (before[2].x - before[1].x);
    assert!(even.abs() < 1.0, "evenly spaced on a logarithmic scale: {before:?}");
    app.get_by_label(text::LOG_X).click();
    app.run_steps(4);
    let after = place(&app);
    assert!(after[2].x - after[1].x > 2.0 * (after[1].x - after[0].x), "{after:?}");
    let areas = app.output().shapes.iter().filter(|s| matches!(s.shape, egui::Shape::Mesh(_))).count();
    assert!(areas >= 2, "a spread under each curve");
}

#[test]
fn every_view_lies_on_the_stage_however_many_there_are() {
    let many = |count: usize| {
        let views =
            (0..count).map(|i| View { id: format!("v{i}"), title: format!("View {i}"), ..all()[i % 5].clone() });
        views.collect::<Vec<View>>()
    };
    for width in [1280.0, 1000.0, 380.0] {
        for count in 1..16 {
            let (app, _) = open([width, 12_000.0], true, Kind::Pictures, many(count));
            let edge = if width > 900.0 { app.get_by_label(text::KNOBS).rect().left() } else { width };
            for i in 0..count {
                let title = app.get_by_label(&format!("View {i}")).rect();
                assert!(title.left() >= 0.0 && title.right() <= edge, "view {i} of {count} at {width}: {title:?}");
            }
        }
    }
}

#[test]
fn a_picture_file_shows_the_new_kinds() {
    let views = all();
    let sheet = masquerade::cli::view::draw(&views).unwrap();
    if let Some(folder) = shots() {
        sheet.save(folder.join("kinds-sheet.png")).unwrap();
    }
    for view in views {
        let alone = masquerade::cli::view::draw(std::slice::from_ref(&view)).unwrap();
        let colours: std::collections::BTreeSet<[u8; 4]> = alone.pixels().map(|p| p.0).collect();
        assert!(colours.len() > 20, "{} has {} colours", view.title, colours.len());
    }
}

#[test]
fn views_survive_both_codings_and_tell_their_size() {
    let event = Event::Views { request: 3, views: all() };
    assert_eq!(decode::<Event>(&encode(&event).unwrap()).unwrap(), event);
    let json = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
    let bytes = |v: View| v.bytes();
    assert_eq!(bytes(clip(true)), 32 * 32 * 16 * 4 + 128 + 128 * 4);
    assert_eq!(bytes(wave(2)), 2 * 16_000 * 4);
    assert_eq!(bytes(matrix()), 160);
    assert_eq!(bytes(budgets()), 2 * 5 * 32);
    assert!(bytes(volume()) > 20 * 40 * 32 * 12 && bytes(words()) > 14 * 5);
}

#[test]
fn wrong_numbers_of_new_kinds_are_survived() {
    let kinds = [
        ViewKind::Clip(Clip { width: 4, height: 4, rgba: vec![1; 70], grid: [3, 9, 9], ..Clip::default() }),
        ViewKind::Clip(Clip { values: vec![f32::NAN], query: Some(7_000_000), rate: f32::NAN, ..Clip::default() }),
        ViewKind::Wave(Wave::default()),
        ViewKind::Wave(Wave { channels: 2, samples: vec![f32::NAN, 9.0, 1.0], rate: 0 }),
        ViewKind::Words(Words { tokens: vec![String::new(); 3], weights: vec![f32::INFINITY], ..Words::default() }),
        ViewKind::Volume(Volume {
            shape: [2, 3, 4],
            values: vec![1.0; 5],
            spacing: [f32::NAN; 3],
            ..Volume::default()
        }),
        ViewKind::Matrix(Matrix { rows: 3, columns: 9, values: vec![1.0], ..Matrix::default() }),
        ViewKind::Matrix(Matrix { rows: 1, columns: 9000, values: vec![0.5; 9000], ..Matrix::default() }),
        ViewKind::Heat(Heat { over: Some("nowhere".into()), ..Heat::default() }),
        ViewKind::Curves(Curves { curves: vec![Curve::line("none", vec![(0.0, f64::NAN)])], ..Curves::default() }),
        ViewKind::Curves(Curves {
            curves: vec![Curve { points: vec![(1.0, 1.0), (2.0, 2.0)], spread: vec![(0.0, 9.0)], ..Curve::default() }],
            log_x: true,
            ..Curves::default()
        }),
    ];
    let views: Vec<View> = kinds
        .into_iter()
        .enumerate()
        .map(|(n, kind)| view(&n.to_string(), &format!("View {n}"), "", kind, None))
        .collect();
    assert!(masquerade::cli::view::draw(&views).is_some());
    for view in views {
        let (mut app, _) = open(WIDE, true, Kind::Pictures, vec![view]);
        app.hover_at(egui::pos2(420.0, 320.0));
        app.run_steps(3);
    }
}
