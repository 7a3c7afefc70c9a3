//! Clouds, fields, trajectories and boards on the stage: drawn, pointed at, turned together, and quick with many points.

use egui::{PointerButton, Pos2, Rect, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use masquerade::app::App;
use masquerade::scene::camera::Camera;
use masquerade::text;
use masquerade::theme::LIGHT;
use masquerade_engine::card::Kind;
use masquerade_engine::session::Command;
use masquerade_engine::trace::{Board, Cloud, Cursor, Field, Legend, Picture, Trajectories, View, ViewKind};

use crate::fake::{shoot, shown};
use crate::stage::{GRID, groups, middle, noise, open, view};

const WIDE: [f32; 2] = [1280.0, 900.0];
const BROAD: [f32; 2] = [1680.0, 1000.0];
const PHONE: [f32; 2] = [380.0, 760.0];

/// Points on a chair: seat, back and four legs. With the group of each point, `groups` of them.
fn chair(points: usize, groups: u32) -> (Vec<f32>, Vec<u32>) {
    let mut places = Vec::new();
    let mut token = Vec::new();
    for i in 0..points {
        let (a, b, c) = (noise(3 * i) - 0.5, noise(3 * i + 1) - 0.5, noise(3 * i + 2));
        let place = match i % 8 {
            0..=2 => [a, 0.06 * b, (c - 0.5)],
            3..=5 => [a, 0.5 * c + 0.25 + 0.25 * b, -0.5 + 0.05 * b],
            _ => {
                let (x, z) = ([-0.45, 0.45][i / 8 % 2], [-0.45, 0.45][i / 16 % 2]);
                [x + 0.05 * a, -0.8 * c, z + 0.05 * b]
            }
        };
        let of = |v: f32| ((v + 0.9) / 1.8 * 4.0).clamp(0.0, 3.0) as u32;
        token.push((of(place[0]) + 4 * of(place[1]) + 16 * of(place[2])) % groups);
        places.extend(place);
    }
    (places, token)
}

fn input(points: usize) -> View {
    let (points, token) = chair(points, 64);
    let class: Vec<u32> = (0..64).map(|t| t * 7 % 4).collect();
    let classes = ["visible", "hidden in 1", "hidden in 2", "hidden twice"].map(String::from).to_vec();
    let hidden = class.iter().map(|c| *c == 3).collect();
    let cloud = Cloud { dims: 3, points, token, class, classes, hidden, ..Cloud::default() };
    view("input", "Input", "Every point belongs to the nearest of 64 centres.", ViewKind::Cloud(cloud), None)
}

fn reconstruction(points: usize) -> View {
    let (mut points, token) = chair(points, 64);
    points.iter_mut().enumerate().for_each(|(i, p)| *p += 0.05 * (noise(i * 7) - 0.5));
    let cloud = Cloud { dims: 3, points, token, ..Cloud::default() };
    view(
        "reconstruction",
        "Reconstruction",
        "Hidden groups as the first branch rebuilds them.",
        ViewKind::Cloud(cloud),
        None,
    )
}

fn similarity(points: usize) -> View {
    let (points, token) = chair(points, 64);
    let values =
        (0..64_i32).map(|t| 1.0 - (t % 4 - 1).pow(2) as f32 * 0.3 - (t / 16 - 2).pow(2) as f32 * 0.35).collect();
    let cloud = Cloud { dims: 3, points, token, values, query: Some(33), ..Cloud::default() };
    let legend = Legend { low: -1.0, high: 1.0, signed: true, unit: "cosine".into() };
    view(
        "similarity",
        "Similarity",
        "How like group 34 the encoder finds every other.",
        ViewKind::Cloud(cloud),
        Some(legend),
    )
}

/// A graph of seven communities.
fn graph(nodes: usize, edges_a_node: usize) -> View {
    let mut points = Vec::new();
    let class: Vec<u32> = (0..nodes).map(|n| n as u32 % 7).collect();
    for n in 0..nodes {
        let turn = (n % 7) as f32 / 7.0 * std::f32::consts::TAU;
        let (r, a) = (0.36 * noise(2 * n).sqrt(), noise(2 * n + 1) * std::f32::consts::TAU);
        points.extend([0.6 * turn.cos() + r * a.cos(), 0.6 * turn.sin() + r * a.sin()]);
    }
    let other = |n: usize, k: usize| {
        let far = if noise(n * 31 + k) > 0.85 { (noise(n * 17 + k) * 7.0) as usize } else { 0 };
        (n + 7 * (1 + (noise(n * 13 + k) * 40.0) as usize) + far) % nodes
    };
    let edges = (0..nodes).flat_map(|n| (0..edges_a_node).flat_map(move |k| [n as u32, other(n, k) as u32])).collect();
    let classes = [
        "Case based",
        "Genetic algorithms",
        "Neural networks",
        "Probabilistic",
        "Reinforcement",
        "Rule learning",
        "Theory",
    ];
    let hidden = (0..nodes).map(|n| noise(n * 5) > 0.7).collect();
    let classes = classes.map(String::from).to_vec();
    let cloud = Cloud { dims: 2, points, edges, class, classes, hidden, ..Cloud::default() };
    view(
        "graph",
        "Graph",
        "Papers and citations; the features of ringed ones are hidden.",
        ViewKind::Cloud(cloud),
        None,
    )
}

fn spiral(points: usize) -> Vec<f32> {
    let at = |i: usize| {
        let t = 0.3 + 0.7 * i as f32 / points as f32;
        let turn = t * 11.0;
        [t * turn.cos() + 0.03 * (noise(i) - 0.5), t * turn.sin() + 0.03 * (noise(i + 999) - 0.5)]
    };
    (0..points).flat_map(at).collect()
}

fn field(ground: bool) -> View {
    let (rows, columns) = (20, 20);
    let (low, high) = ([-1.2; 2], [1.2; 2]);
    let data = spiral(300);
    let mut drawn = Field { rows, columns, low, high, points: data.clone(), ..Field::default() };
    for i in 0..rows * columns {
        let place = |i: u32| -1.2 + 2.4 * i as f32 / 19.0;
        let (x, y) = (place(i % columns), place(i / columns));
        let (mut best, mut to) = (f32::INFINITY, [0.0; 2]);
        for p in data.chunks_exact(2) {
            let d = (p[0] - x).hypot(p[1] - y);
            if d < best {
                (best, to) = (d, [p[0] - x, p[1] - y]);
            }
        }
        drawn.reference.extend(to);
        drawn.arrows.extend([
            to[0] * 0.8 + 0.06 * (noise(i as usize) - 0.5),
            to[1] * 0.8 + 0.06 * (noise(i as usize + 77) - 0.5),
        ]);
        drawn.weight.push((-4.0 * best).exp());
        if ground {
            drawn.ground.push(best * 4.0 - 1.0);
        }
    }
    let legend = ground.then(|| Legend { low: -1.0, high: 1.0, signed: true, unit: "divergence".into() });
    view(
        if ground { "ground" } else { "field" },
        "Field",
        "Where the denoiser moves a point, over its σ².",
        ViewKind::Field(drawn),
        legend,
    )
}

fn trajectories() -> View {
    let data = spiral(300);
    let walkers = 60;
    let mut frames = Vec::new();
    for frame in 0..40 {
        let there = frame as f32 / 39.0;
        for w in 0..walkers {
            let p = (noise(w) * 299.0) as usize * 2;
            let from = [2.4 * noise(w + 5) - 1.2, 2.4 * noise(w + 105) - 1.2];
            let shake = 0.04 * (noise(w * 40 + frame) - 0.5);
            frames.extend([0, 1].map(|i| from[i] + (data[p + i] - from[i]) * there.sqrt() + shake));
        }
    }
    let trajectories = Trajectories {
        walkers: walkers as u32,
        frames,
        unit: "sampler step".into(),
        every: 10,
        low: [-1.2; 2],
        high: [1.2; 2],
        points: data,
    };
    view("walk", "Walk", "Walkers settle on the data.", ViewKind::Trajectories(trajectories), None)
}

fn board() -> View {
    let picture = |n: usize| {
        let shade = |x: u32, y: u32| {
            let (dx, dy) = (x as i32 - 14, y as i32 - 14);
            let inside = match n % 3 {
                0 => dx * dx + dy * dy < 100,
                1 => dx.abs() < 9 && dy.abs() < 9,
                _ => dx.abs() < (y as i32) / 2,
            };
            if inside { 90 + (n * 37 % 160) as u8 } else { 8 }
        };
        let rgba = (0..28 * 28).flat_map(|i| [shade(i % 28, i / 28); 3].into_iter().chain([255])).collect();
        Picture { width: 28, height: 28, rgba, grid: (0, 0), hidden: Vec::new() }
    };
    let pictures = (0..32).map(picture).collect();
    let group = (0..32_u32).map(|n| n * 5 % 9).collect();
    let words = (0..32).map(|n| format!("cluster {} · shape {}", n * 5 % 9, n % 3)).collect();
    let clashes = (0..32).map(|n| n == 5 || n == 11).collect();
    let board = Board { pictures, group, words, clashes };
    view("batch", "Batch", "No two pictures of one cluster should be in a batch.", ViewKind::Board(board), None)
}

fn clouds() -> Vec<View> {
    vec![input(1024), reconstruction(1024), similarity(1024)]
}

/// Vertices of the dots that are drawn, in order of the meshes: what the eye sees.
fn drawn(app: &Harness<'static, App>) -> Vec<Vec<Pos2>> {
    let shapes = app.output().shapes.iter();
    let meshes = shapes.filter_map(|s| if let egui::Shape::Mesh(mesh) = &s.shape { Some(mesh) } else { None });
    meshes.filter(|m| m.vertices.len() >= 4 * 1024).map(|m| m.vertices.iter().map(|v| v.pos).collect()).collect()
}

/// Place a pointer on a point of the cloud: the middle of one of its last quads, which lie in front.
fn in_front(app: &Harness<'static, App>, cloud: usize) -> Pos2 {
    let vertices = &drawn(app)[cloud];
    let quad = &vertices[4 * 1020..4 * 1020 + 4];
    quad[0] + (quad[3] - quad[0]) * 0.5
}

#[test]
fn stages_of_every_kind_are_drawn_at_every_width() {
    for (size, width) in [(BROAD, "broad"), (WIDE, "wide"), (PHONE, "phone"), ([380.0, 2600.0], "phone-long")] {
        for (dark, theme) in [(true, "dark"), (false, "light")] {
            let rows = [
                ("clouds", Kind::Clouds, vec![input(1024), reconstruction(1024), similarity(1024), board()]),
                ("graph", Kind::Graphs, vec![graph(2708, 2), similarity(1024)]),
                ("field", Kind::Vectors, vec![field(true), trajectories(), field(false)]),
                ("board", Kind::Pictures, vec![board(), graph(700, 0)]),
                ("alone", Kind::Graphs, vec![graph(2708, 2)]),
            ];
            for (name, kind, views) in rows {
                let names: Vec<String> = views.iter().map(|v| v.title.clone()).collect();
                let (mut app, _) = open(size, dark, kind, views);
                app.check_accessibility();
                names.iter().for_each(|title| assert!(middle(&app, title).is_finite()));
                let out = app.root().children_recursive().any(|n| {
                    n.accesskit_node().raw_bounds().is_some()
                        && n.rect().is_finite()
                        && n.rect().right() > size[0] + 0.5
                });
                assert!(!out, "{name} sticks out at {width}");
                shoot(&mut app, &format!("views-{name}-{width}-{theme}"));
            }
        }
    }
}

#[test]
fn hovering_a_point_sets_the_token_and_a_click_pins_it() {
    let (mut app, wire) = open(WIDE, true, Kind::Clouds, clouds());
    let at = in_front(&app, 0);
    app.hover_at(at);
    app.run_steps(3);
    let asked = wire.borrow().sent.iter().find_map(|c| {
        if let Command::Look { cursor, views, .. } = c { Some((cursor.clone(), views.clone())) } else { None }
    });
    let Some((Some(Cursor { token, .. }), views)) = asked else {
        panic!("hovering asks for what belongs to the token: {asked:?}")
    };
    assert_eq!(views, ["similarity"], "only the cloud with a query follows the cursor");
    let pinned = Cursor::new(GRID, token);
    let words = text::token_words(
        token,
        &text::nouns(Some(&groups())),
        None,
        Some(["visible", "hidden in 1", "hidden in 2", "hidden twice"][token as usize * 7 % 4]),
        false,
    );
    assert!(app.query_all_by_label_contains(&words).next().is_some(), "{words:?} is not said");
    shoot(&mut app, "views-hovered");
    app.drag_at(at);
    app.run_steps(1);
    app.drop_at(at);
    app.run_steps(3);
    assert_eq!(app.state().session().pinned.as_ref(), Some(&pinned));
    assert!(shown(&wire).iter().any(|s| s.pinned.as_ref() == Some(&pinned)));
    shoot(&mut app, "views-pinned");
}

#[test]
fn a_drag_turns_all_clouds_together_and_a_double_click_goes_back() {
    let (mut app, wire) = open(WIDE, true, Kind::Clouds, clouds());
    let before = drawn(&app);
    let from = middle(&app, "Input");
    app.hover_at(from);
    app.run_steps(2);
    app.drag_at(from);
    app.run_steps(1);
    app.hover_at(from + vec2(40.0, 12.0));
    app.run_steps(2);
    app.drop_at(from + vec2(40.0, 12.0));
    app.run_steps(2);
    let turned = drawn(&app);
    assert_eq!(before.len(), 3);
    assert!(before.iter().zip(&turned).all(|(a, b)| a != b), "every cloud turns");
    assert_eq!(app.state().session().pinned, None, "a drag pins nothing");
    assert!(shown(&wire).is_empty(), "nor paints it");
    let empty = from - Vec2::splat(90.0);
    // In one pass: two presses a pass apart are no double click.
    app.hover_at(empty);
    app.run_steps(2);
    for pressed in [true, false, true, false] {
        let press = egui::Event::PointerButton {
            pos: empty,
            button: PointerButton::Primary,
            pressed,
            modifiers: Default::default(),
        };
        app.input_mut().events.push(press);
    }
    app.run_steps(2);
    app.remove_cursor();
    app.run_steps(3);
    assert!(drawn(&app) == before, "the first view is back");
}

#[test]
fn zoom_is_shared() {
    let (mut app, _) = open(WIDE, true, Kind::Graphs, vec![graph(2708, 0), similarity(1024)]);
    let before = drawn(&app);
    app.hover_at(middle(&app, "Graph") + vec2(30.0, 10.0));
    app.run_steps(2);
    app.event(egui::Event::Zoom(1.1));
    app.run_steps(3);
    let after = drawn(&app);
    assert!(before.len() == 2 && after.len() == 2);
    assert!(before.iter().zip(&after).all(|(a, b)| a != b), "the other cloud is enlarged too");
    shoot(&mut app, "views-zoomed");
}

#[test]
fn enlarging_keeps_the_place_under_the_pointer() {
    let area = Rect::from_min_size(egui::pos2(10.0, 20.0), Vec2::splat(200.0));
    let (mut camera, place) = (Camera::default(), egui::pos2(60.0, 140.0));
    let there = camera.lens(area).from_plane(place);
    for factor in [1.5, 3.0, 0.7] {
        camera.zoom_at(place - area.center(), area.width(), factor);
        let now = camera.lens(area).plane(there);
        assert!(now.distance(place) < 1e-3, "{now:?} is not {place:?}");
    }
    camera.zoom_at(Vec2::ZERO, area.width(), 1e9);
    camera.slide(Vec2::splat(1e9), area.width());
    assert!(camera.zoom <= masquerade::scene::camera::ZOOM.1 && camera.shift.is_finite());
}

#[test]
fn arrow_keys_turn_a_cloud_that_has_the_focus() {
    let (mut app, _) = open(WIDE, true, Kind::Clouds, clouds());
    let before = drawn(&app);
    app.query_all_by_label_contains("Input, ")
        .find(|n| n.accesskit_node().role() == egui::Role::Image)
        .unwrap()
        .focus();
    app.run_steps(2);
    app.key_press(egui::Key::ArrowLeft);
    app.run_steps(2);
    app.key_press(egui::Key::ArrowLeft);
    app.run_steps(2);
    assert!(drawn(&app) != before, "it turns");
    assert!(app.query_all_by_label_contains("Input, ").any(|n| n.is_focused()), "the arrows do not move the focus");
    shoot(&mut app, "views-focus");
}

#[test]
fn a_sequence_stands_at_its_end_plays_once_and_says_which_frame_it_is() {
    let (mut app, _) = open(WIDE, true, Kind::Vectors, vec![trajectories()]);
    let words = |frame| text::frame(frame, 40, 10, "sampler step");
    assert_eq!(words(3), "sampler step 30 of 390, frame 4 of 40");
    app.get_by_label(&words(39));
    app.get_by_label(text::PLAY_FILM).click();
    app.run_steps(1);
    for _ in 0..6 {
        app.step();
    }
    app.get_by_label(text::STOP_FILM);
    let playing = app
        .query_all_by_label_contains("sampler step")
        .any(|n| n.accesskit_node().label().is_some_and(|l| l != words(39)));
    assert!(playing, "it plays from the start");
    app.run_steps(400);
    app.get_by_label(&words(39));
    app.get_by_label(text::PLAY_FILM);
}

#[test]
fn a_picture_of_a_board_says_its_words() {
    let (mut app, _) = open(WIDE, true, Kind::Pictures, vec![board()]);
    let count = text::board_count(32, 32, 2);
    let rect = app.get_by_label(&text::board_name("Batch", &count)).rect();
    app.get_by_label(&count);
    app.hover_at(rect.min + rect.size() / vec2(12.0, 12.0));
    app.run_steps(3);
    app.get_by_label("cluster 0 · shape 0");
    app.hover_at(rect.center());
    app.run_steps(30);
    shoot(&mut app, "views-board-hovered");
}

#[test]
fn a_picture_file_shows_them_too() {
    let views = [input(1024), similarity(1024), graph(2708, 2), field(true), trajectories(), board()];
    let sheet = masquerade::cli::view::draw(&views).unwrap();
    if let Some(folder) = crate::fake::shots() {
        sheet.save(folder.join("views-sheet.png")).unwrap();
    }
    let colours = |panel: u32| -> std::collections::BTreeSet<[u8; 4]> {
        (0..448 * 448).map(|i| sheet.get_pixel(16 + panel * 464 + i % 448, 60 + i / 448).0).collect()
    };
    for panel in 0..6 {
        assert!(colours(panel).len() > 30, "panel {panel} has {} colours", colours(panel).len());
    }
    // A clash on the board.
    assert!(colours(5).contains(&LIGHT.bad.to_array()));
    assert!(masquerade::cli::view::draw(&[view("n", "Number", "", ViewKind::Number(1.0), None)]).is_none());
}

#[test]
fn wrong_numbers_are_survived() {
    let wild = Cloud {
        dims: 3,
        points: vec![0.1, f32::NAN, 0.2, f32::INFINITY, 0.0, 1.0, 9.0],
        token: vec![4_000_000_000, 0],
        edges: vec![0, 77, 5],
        values: vec![f32::NAN],
        class: vec![99],
        query: Some(1_000_000),
        ..Cloud::default()
    };
    let flat = Cloud { dims: 0, points: vec![1.0], class: vec![7], hidden: vec![true; 9], ..Cloud::default() };
    let empty = View { kind: ViewKind::Board(Board::default()), ..board() };
    let short = Field {
        rows: 5,
        columns: 5,
        arrows: vec![1.0; 7],
        ground: vec![f32::NAN; 3],
        points: vec![1.0],
        ..Field::default()
    };
    let still = Trajectories { walkers: 0, frames: vec![0.5; 3], ..Trajectories::default() };
    let large = Board {
        pictures: vec![Picture { width: 5000, height: 3, rgba: vec![0; 60_000], grid: (0, 0), hidden: Vec::new() }; 2],
        ..Board::default()
    };
    let kinds = [
        ViewKind::Cloud(wild),
        ViewKind::Cloud(flat),
        ViewKind::Field(short),
        ViewKind::Trajectories(still),
        ViewKind::Board(large),
    ];
    let mut views: Vec<View> = kinds
        .into_iter()
        .enumerate()
        .map(|(n, kind)| view(&n.to_string(), &format!("View {n}"), "", kind, None))
        .collect();
    views.push(empty);
    assert!(masquerade::cli::view::draw(&views).is_some());
    let (mut app, _) = open(WIDE, true, Kind::Clouds, views);
    for n in 0..3 {
        app.hover_at(middle(&app, &format!("View {n}")));
        app.run_steps(2);
    }
}

/// Processor time of this thread, where the system tells it: the machine may be shared.
fn thread_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|t| t.split_whitespace().next()?.parse::<f64>().ok()).filter(|n| *n > 0.0);
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    nanoseconds.map_or_else(|| START.get_or_init(std::time::Instant::now).elapsed().as_secs_f64(), |n| n * 1e-9)
}

#[test]
fn a_hundred_thousand_points_are_drawn_ten_times_a_second() {
    for (name, kind, view) in [("cloud", Kind::Clouds, input(100_000)), ("graph", Kind::Graphs, graph(100_000, 5))] {
        let (mut app, _) = open(WIDE, true, kind, vec![view]);
        let from = middle(&app, if name == "cloud" { "Input" } else { "Graph" });
        app.drag_at(from);
        app.step();
        let frames = 10;
        let start = thread_seconds();
        for frame in 0..frames {
            app.hover_at(from + vec2(3.0 * frame as f32, 1.0));
            app.step();
            let shapes = app.output().shapes.clone();
            let pixels_per_point = app.ctx.pixels_per_point();
            assert!(!app.ctx.tessellate(shapes, pixels_per_point).is_empty());
        }
        let seconds = (thread_seconds() - start) / f64::from(frames);
        eprintln!("{name}: {:.1} ms a frame", seconds * 1e3);
        shoot(&mut app, &format!("views-many-{name}"));
        assert!(seconds < 0.1, "a frame of the {name} takes {seconds:.3} s");
    }
}
