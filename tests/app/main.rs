//! The front end over a scripted engine: it builds at every width, every action is reachable, painting, undo and errors
//! work.

mod cli;
mod cli_data;
mod cli_fetch;
mod cli_files;
mod fake;
mod folder;
mod glyphs;
mod kinds;
mod losses;
mod offered;
mod scenes;
mod stage;
mod tasks;

use std::collections::HashMap;

use egui::{Color32, Pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use masquerade::commands::Action;
use masquerade::looks::{Looks, Want};
use masquerade::state::State;
use masquerade::theme::{self, DARK, LIGHT, Tokens};
use masquerade::undo::{DEPTH, Undo};
use masquerade::{link::Link, text};
use masquerade_engine::error::Report;
use masquerade_engine::registry;
use masquerade_engine::session::{Command, Event, Session};
use masquerade_engine::trace::Cursor;

use fake::{harness, opened, shoot, trained};

const WIDE: [f32; 2] = [1280.0, 800.0];
const PHONE: [f32; 2] = [380.0, 760.0];

#[test]
fn the_screen_builds_at_both_widths_in_both_themes() {
    for (size, width) in [(WIDE, "wide"), (PHONE, "phone")] {
        for (dark, colours) in [(true, "dark"), (false, "light")] {
            let (mut empty, _) = harness(size, dark, Vec::new());
            empty.run();
            shoot(&mut empty, &format!("{width}-{colours}-starting"));
            let (mut open, _) = harness(size, dark, opened(true));
            open.run();
            shoot(&mut open, &format!("{width}-{colours}-opened"));
            let (mut busy, _) = harness(size, dark, [opened(true), trained()].concat());
            busy.run_steps(4);
            busy.check_accessibility();
            shoot(&mut busy, &format!("{width}-{colours}-training"));
        }
    }
}

#[test]
fn a_phone_can_scroll_to_the_end() {
    let (mut phone, _) = harness([380.0, 3200.0], true, [opened(true), trained()].concat());
    phone.run_steps(4);
    phone.get_by_label(text::KNOBS);
    phone.get_by_label(&text::action(Action::Probe, false));
    shoot(&mut phone, "phone-dark-long");
}

#[test]
fn every_part_of_the_inspector_opens() {
    for tab in [text::KNOBS, text::DATA, text::WEIGHTS, text::DEVICE, text::PAPER] {
        let (mut app, _) = harness(WIDE, true, opened(true));
        app.run();
        app.get_all_by_label(tab).next().unwrap().click();
        app.run();
        shoot(&mut app, &format!("tab-{tab}"));
    }
}

#[test]
fn nothing_on_a_phone_sticks_out_at_the_side() {
    let (mut app, _) = harness([380.0, 3200.0], true, [opened(true), trained()].concat());
    app.run_steps(4);
    for node in app.root().children_recursive().filter(|n| n.accesskit_node().raw_bounds().is_some()) {
        let out = node.rect().right() > 380.0 && node.rect().is_finite();
        assert!(!out, "{:?} reaches {}", node.accesskit_node().label(), node.rect().right());
    }
}

#[test]
fn long_names_on_a_phone_leave_the_icons_free() {
    for card in registry::cards().into_iter().filter(|card| card.built) {
        let mut events = opened(true);
        for event in &mut events {
            if let Event::Opened { session, .. } = event {
                (session.method, session.preset) = (card.id.clone(), card.presets[0].id.clone());
            }
        }
        let (mut app, _) = harness(PHONE, true, events);
        app.run_steps(4);
        let (preset, search) =
            (app.get_by_label(text::PRESET).rect(), app.get_by_label(&text::action(Action::Palette, false)).rect());
        assert!(preset.left() > app.get_by_label(text::SYSTEMS).rect().right(), "{}", card.title);
        assert!(preset.width() > 60.0 && preset.right() <= search.left(), "{}: {preset:?} and {search:?}", card.title);
    }
}

#[test]
fn everything_on_a_phone_is_big_enough_for_a_finger() {
    let (mut app, _) = harness(PHONE, true, opened(true));
    app.run();
    for action in [Action::PlayPause, Action::Step, Action::NewMask, Action::Share] {
        let label = text::action(action, false);
        let big = app
            .get_all_by_label(&label)
            .any(|node| node.rect().height() >= theme::space::TOUCH && node.rect().width() >= theme::space::TOUCH);
        assert!(big, "{label} is too small");
    }
}

#[test]
fn every_action_has_words_and_a_key_of_its_own() {
    let mut keys = HashMap::new();
    let mut names = HashMap::new();
    for action in Action::all() {
        assert!(!text::action(action, false).is_empty() && !text::action_tooltip(action).is_empty());
        assert!(names.insert(text::action(action, false), action).is_none(), "{action:?} has a name twice");
        if let Some(key) = action.shortcut() {
            let before = keys.insert(format!("{key:?}"), action);
            assert!(before.is_none(), "{action:?} and {before:?} share a key");
        }
    }
}

#[test]
fn keys_do_what_they_say() {
    let (mut app, wire) = harness(WIDE, true, opened(true));
    app.run();
    wire.borrow_mut().sent.clear();
    for key in [egui::Key::Space, egui::Key::Period, egui::Key::M, egui::Key::CloseBracket] {
        app.key_press(key);
        app.run_steps(2);
    }
    let sent = wire.borrow().sent.clone();
    assert!(sent.contains(&Command::Play), "{sent:?}");
    assert!(sent.contains(&Command::Step(1)));
    let shown = fake::shown(&wire);
    assert!(shown.iter().any(|s| s.mask_seed == 1), "{sent:?}");
    assert!(shown.iter().any(|s| s.knobs.contains_key("mask_ratio")), "{sent:?}");
}

#[test]
fn the_palette_finds_and_runs_a_command() {
    let (mut app, wire) = harness(WIDE, true, opened(true));
    app.run();
    app.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    app.run();
    shoot(&mut app, "palette");
    app.event(egui::Event::Text("probe".into()));
    app.run();
    app.key_press(egui::Key::Enter);
    app.run();
    assert!(wire.borrow().sent.iter().any(|c| matches!(c, Command::RunProbe { train: 2000, test: 1000 })));
}

/// Middle of a token of the mask panel.
fn token(app: &egui_kittest::Harness<'static, masquerade::app::App>, row: usize, column: usize) -> Pos2 {
    let panel = app
        .query_all_by_label_contains(text::HIDDEN)
        .find(|n| n.accesskit_node().role() == egui::Role::Image)
        .unwrap()
        .rect();
    let side = panel.height();
    let left = panel.center().x - side / 2.0;
    egui::pos2(left + side * (column as f32 + 0.5) / 7.0, panel.top() + side * (row as f32 + 0.5) / 7.0)
}

#[test]
fn dragging_over_the_mask_paints_it_and_undo_takes_it_back() {
    let (mut app, wire) = harness(WIDE, true, opened(true));
    app.run();
    let before = app.state().session().clone();
    wire.borrow_mut().sent.clear();
    let (from, to) = (token(&app, 0, 0), token(&app, 0, 2));
    let hide = !fake::hidden()[0];
    app.drag_at(from);
    app.run_steps(2);
    app.hover_at(token(&app, 0, 1));
    app.run_steps(2);
    assert_eq!(to, token(&app, 0, 2), "nothing moves while the mask is painted");
    app.hover_at(to);
    app.run_steps(2);
    app.drop_at(to);
    app.run_steps(3);
    let sent = wire.borrow().sent.clone();
    let painted = fake::shown(&wire).pop().unwrap().painted.remove("patches").unwrap();
    assert_eq!(&painted[..3], &[hide; 3]);
    assert_eq!(&painted[3..], &fake::hidden()[3..]);
    assert!(sent.iter().any(|c| matches!(c, Command::Look { .. })), "the reconstruction is asked for while painting");
    shoot(&mut app, "painted");
    app.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    app.run_steps(3);
    assert_eq!(app.state().session(), &before);
    assert!(fake::shown(&wire).contains(&before), "undo shows the session before");
}

#[test]
fn a_click_on_the_mask_toggles_one_patch_once() {
    let (mut app, wire) = harness(WIDE, true, opened(true));
    app.run();
    let at = token(&app, 3, 3);
    app.hover_at(at);
    app.drag_at(at);
    app.drop_at(at);
    app.run_steps(3);
    let painted: Vec<_> = fake::shown(&wire).into_iter().filter_map(|mut s| s.painted.remove("patches")).collect();
    let mut expected = fake::hidden();
    expected[24] = !expected[24];
    assert_eq!(painted, vec![expected]);
}

#[test]
fn a_click_on_a_patch_pins_it() {
    let (mut app, wire) = harness(WIDE, true, opened(true));
    app.run();
    let panel = app.get_by_label(&text::picture_name("Input")).rect();
    app.hover_at(panel.center());
    app.run_steps(3);
    let cursor = Some(Cursor::new("patches", 24));
    let asked = wire.borrow().sent.iter().any(|c| matches!(c, Command::Look { cursor: of, .. } if *of == cursor));
    assert!(asked, "hovering asks for the map of that patch");
    app.drag_at(panel.center());
    app.run_steps(1);
    app.drop_at(panel.center());
    app.run_steps(3);
    assert!(fake::shown(&wire).iter().any(|s| s.pinned == cursor));
    assert_eq!(app.state().session().pinned, cursor);
    shoot(&mut app, "pinned");
}

#[test]
fn an_error_says_what_why_and_what_to_do() {
    let report = Report {
        title: "The picture is too large".into(),
        why: "It has 40 million pixels; 16 million are the most.".into(),
        what_to_do: "Scale it down and drop it again.".into(),
        usage: false,
    };
    for (size, name) in [(WIDE, "wide"), (PHONE, "phone")] {
        let (mut app, wire) = harness(size, false, opened(true));
        app.run();
        let before = app.state().session().clone();
        wire.borrow_mut().events.push_back(Event::Error(report.clone()));
        app.run();
        for words in [&report.title, &report.why, &report.what_to_do] {
            app.get_by_label(words);
        }
        shoot(&mut app, &format!("error-{name}"));
        app.get_by_label(text::CLOSE).click();
        app.run();
        assert!(app.query_by_label(&report.title).is_none());
        assert_eq!(app.state().session(), &before, "the session is kept");
    }
}

#[test]
fn a_lost_engine_is_started_again_with_the_same_session() {
    let (mut app, wire) = harness(WIDE, true, opened(true));
    app.run();
    let lost = Event::Lost { report: text::engine_lost("the device was taken away"), session: Box::default() };
    wire.borrow_mut().events.push_back(lost);
    app.run();
    wire.borrow_mut().sent.clear();
    app.get_by_label(text::RESTART).click();
    app.run_steps(3);
    assert!(matches!(wire.borrow().sent.first(), Some(Command::Show(_))));
}

#[test]
fn undo_gives_back_equal_sessions_and_is_as_deep_as_it_says() {
    let mut undo = Undo::default();
    let session = |n: u64| Session { sample: n, ..Session::default() };
    for n in 0..=(DEPTH as u64 + 5) {
        undo.keep(&session(n));
    }
    let mut now = session(DEPTH as u64 + 6);
    for n in (6..=DEPTH as u64 + 5).rev() {
        now = undo.undo(&now).unwrap();
        assert_eq!(now, session(n));
    }
    assert!(!undo.can_undo());
    assert_eq!(undo.redo(&now), Some(session(7)));
}

#[test]
fn one_request_for_views_at_a_time_and_ten_a_second_while_training() {
    let mut looks = Looks::default();
    looks.ask(Want::of("patches"));
    looks.ask(Want::All);
    assert_eq!(looks.due(10.0, true), Some((1, Want::All)));
    looks.ask(Want::All);
    assert_eq!(looks.due(10.2, true), None, "the first is not answered yet");
    assert!(looks.answered(1));
    assert_eq!(looks.due(10.05, true), None, "too early while training");
    assert_eq!(looks.due(10.05, false), Some((2, Want::All)));
    assert!(!looks.answered(1), "an older answer is dropped");
}

#[test]
fn the_loss_history_is_kept_and_goes_back_with_the_step() {
    let mut state = State::default();
    [opened(true), trained()].concat().into_iter().for_each(|e| state.apply(e));
    assert_eq!(state.losses.len(), 240);
    state.apply(Event::State { session: Box::new(Session { step: 100, ..Session::default() }), playing: false });
    assert_eq!(state.losses.last().map(|l| l.step), Some(100));
}

#[test]
fn text_and_lines_have_enough_contrast() {
    for (name, t) in [("dark", &DARK), ("light", &LIGHT)] {
        for (ground, behind) in [("ground", t.ground), ("card", t.card), ("raised", t.raised)] {
            for (token, colour) in texts(t) {
                let contrast = theme::contrast(colour, behind);
                assert!(contrast >= 4.5, "{name}: {token} on {ground} has {contrast:.2}");
            }
            let lines = theme::contrast(t.line_strong, behind);
            assert!(
                lines >= 3.0 || (ground == "raised" && lines >= 2.9),
                "{name}: strong lines on {ground} have {lines:.2}"
            );
        }
        assert!(theme::contrast(t.on_accent, t.accent) >= 4.5, "{name}: text on the accent");
    }
}

#[test]
fn maps_are_even_and_seen_on_the_dark_ground() {
    let light = |c: Color32| theme::contrast(c, Color32::BLACK);
    let ramp: Vec<Color32> = (0..=32).map(|i| theme::unsigned(i as f32 / 32.0)).collect();
    assert!(ramp.windows(2).all(|pair| light(pair[1]) > light(pair[0])), "higher is lighter, everywhere");
    let ends = [theme::signed(-1.0), theme::signed(1.0)];
    for colour in ramp.into_iter().chain(ends) {
        for ground in [DARK.ground, DARK.card] {
            let contrast = theme::contrast(colour, ground);
            assert!(contrast >= 2.5, "{colour:?} has {contrast:.2} on {ground:?}");
        }
    }
    let difference = light(ends[0]) / light(ends[1]);
    assert!((0.8..1.25).contains(&difference), "both ends of the signed map are as dark: {difference:.2}");
}

fn texts(t: &Tokens) -> [(&'static str, Color32); 7] {
    [
        ("text", t.text),
        ("muted", t.muted),
        ("faint", t.faint),
        ("accent", t.accent),
        ("good", t.good),
        ("warn", t.warn),
        ("bad", t.bad),
    ]
}

#[test]
fn the_thread_answers_and_ends() {
    use masquerade::link::thread::ThreadLink;
    use masquerade_engine::session::DeviceChoice;
    let mut link = ThreadLink::new(DeviceChoice::Cpu, || {});
    let mut ready = false;
    for _ in 0..600 {
        ready |= link.poll().iter().any(|e| matches!(e, Event::Ready { .. }));
        if ready {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(ready);
}

#[test]
fn values_that_do_not_train_are_counted_beside_those_that_do() {
    let (mut app, _) = harness(WIDE, true, opened(true));
    app.run();
    app.get_all_by_label(text::WEIGHTS).next().unwrap().click();
    app.run();
    let words = text::parameters(1_234_567, 4_800);
    assert!(words.contains("4,800") && app.query_by_label(&words).is_some(), "{words}");
    assert_eq!(text::parameters(12, 0), "12");
}
