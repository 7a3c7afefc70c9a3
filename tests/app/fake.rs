//! A scripted engine: it answers with the events it was given and notes every command.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use masquerade::app::App;
use masquerade::link::Link;
use masquerade::theme;
use masquerade_engine::card::{Card, Equation, Idea, Knob, KnobKind, KnobValue, Preset};
use masquerade_engine::registry;
use masquerade_engine::session::{
    Abilities, Command, DataReport, DeviceReport, Event, Kernels, LossPoint, ModelReport, PhaseReport, ProbeReport,
    Progress, Session, Switch,
};
use masquerade_engine::trace::{Grid, Heat, Legend, Mask, Origin, Picture, Source, View, ViewKind};

use egui_kittest::Harness;

/// Both ends of the link.
#[derive(Default)]
pub struct Wire {
    pub sent: Vec<Command>,
    pub events: VecDeque<Event>,
}

pub type Shared = Rc<RefCell<Wire>>;

struct FakeLink(Shared);

impl Link for FakeLink {
    fn send(&mut self, command: Command) {
        let mut wire = self.0.borrow_mut();
        if let Command::Look { request, .. } = command {
            wire.events.push_back(Event::Views { request, views: Vec::new() });
        }
        wire.sent.push(command);
    }

    fn poll(&mut self) -> Vec<Event> {
        self.0.borrow_mut().events.drain(..).collect()
    }
}

/// The sessions that the engine was asked to show, oldest first.
pub fn shown(wire: &Shared) -> Vec<Session> {
    let sent = wire.borrow().sent.clone();
    sent.into_iter().filter_map(|c| if let Command::Show(session) = c { Some(*session) } else { None }).collect()
}

/// The app over a scripted engine, in a harness of this size.
pub fn harness(size: [f32; 2], dark: bool, events: Vec<Event>) -> (Harness<'static, App>, Shared) {
    let wire = Shared::default();
    wire.borrow_mut().events.extend(events);
    let app = App::over(Box::new(FakeLink(wire.clone())), Session::default());
    let ui = |ui: &mut egui::Ui, app: &mut App| {
        app.update(&ui.ctx().clone());
        app.show(ui);
    };
    let theme = if dark { egui::Theme::Dark } else { egui::Theme::Light };
    let mut builder =
        Harness::builder().with_size(size).with_theme(theme).with_context_setup(theme::install).with_max_steps(12);
    if shots().is_some() {
        builder = builder.with_pixels_per_point(1.5).wgpu();
    }
    (builder.build_ui_state(ui, app), wire)
}

/// Where pictures of the screen go, when they are asked for.
pub fn shots() -> Option<std::path::PathBuf> {
    std::env::var_os("MASQUERADE_SHOTS").map(Into::into)
}

/// Write a picture of the screen, when pictures are asked for.
pub fn shoot(harness: &mut Harness<'static, App>, name: &str) {
    if let Some(folder) = shots() {
        std::fs::create_dir_all(&folder).unwrap();
        harness.render().unwrap().save(folder.join(format!("{name}.png"))).unwrap();
    }
}

/// The catalogue with its first system as these tests need it, whatever the real one becomes.
pub fn catalogue() -> Vec<Card> {
    let mut cards = registry::cards();
    let knob = |name: &str, title: &str, group: &str, kind: KnobKind, live: bool| Knob {
        name: name.into(),
        title: title.into(),
        tooltip: format!("What {title} does"),
        group: group.into(),
        kind,
        live,
    };
    let range = |low: f64, high: f64, step: f64, unit: &str| KnobKind::Number {
        low,
        high,
        step,
        logarithmic: low > 0.0 && high / low > 999.0,
        unit: unit.into(),
    };
    let sampling = KnobKind::Choice { options: vec!["random".into(), "block".into(), "grid".into()] };
    let preset = |id: &str, title: &str| Preset {
        id: id.into(),
        title: title.into(),
        note: "Minutes on two CPU cores".into(),
        knobs: BTreeMap::from([
            ("mask_ratio".into(), KnobValue::Number(0.75)),
            ("sampling".into(), KnobValue::Choice("random".into())),
            ("norm_pix".into(), KnobValue::Switch(true)),
            ("lr".into(), KnobValue::Number(1e-3)),
            ("batch".into(), KnobValue::Number(128.0)),
            ("dim".into(), KnobValue::Number(96.0)),
        ]),
        stored_weights: Some("nano.safetensors".into()),
    };
    let card = Card {
        knobs: vec![
            knob("mask_ratio", "Mask ratio", "Mask", range(0.0, 0.95, 0.01, ""), true),
            knob("sampling", "Sampling", "Mask", sampling, true),
            knob("norm_pix", "Normalised pixels", "Mask", KnobKind::Switch, true),
            knob("lr", "Learning rate", "Training", range(1e-5, 1e-2, 1e-5, ""), true),
            knob("batch", "Batch", "Training", range(2.0, 4096.0, 1.0, "pictures"), true),
            knob("dim", "Encoder width", "Model", range(8.0, 1280.0, 4.0, ""), false),
        ],
        presets: vec![preset("nano", "Nano, 28 × 28"), preset("micro", "Micro, 28 × 28")],
        data: vec!["fashion-mnist".into(), "folder".into()],
        equations: vec![Equation {
            name: "Target".into(),
            formula: "t = (x − mean x) / √(var x + 10⁻⁶)".into(),
            words: "Pixels of one patch, standardised.".into(),
        }],
        built: true,
        idea: Idea::Base,
        ..cards[0].clone()
    };
    cards[0] = card;
    cards
}

/// A run that is open, with its device.
pub fn opened(classes: bool) -> Vec<Event> {
    let device = DeviceReport {
        gpu: false,
        name: "CPU".into(),
        backend: "Flex".into(),
        software: false,
        kernels: Kernels::Fused,
        reason: "Only a software adapter answers, and the CPU is tens of times faster than that.".into(),
        facts: vec![("Threads".into(), "2".into()), ("SIMD".into(), "AVX2".into())],
        memory_bytes: Some(12_345_678),
        memory_used: None,
    };
    let views = [
        ("input", "Input"),
        ("mask", "Mask"),
        ("reconstruction", "Reconstruction"),
        ("error", "Error"),
        ("similarity", "Similarity"),
    ];
    let model = ModelReport {
        parameters: 1_234_567,
        other_values: 4_800,
        grids: vec![Grid::new("patches", [1, 7, 7], "patch").painted(12)],
        abilities: Abilities {
            samples: true,
            draws: Some("mask".into()),
            mask_knob: Some("mask_ratio".into()),
            fine_tunes: true,
            switches: vec![Switch::raw_prediction(), Switch::true_patch_mean()],
        },
        weights: "stored weights, 1500 steps".into(),
        weights_step: 0,
        has_stored: true,
        trained_steps: 1500,
        stored: true,
        phases: vec![PhaseReport { title: "training".into(), steps: 1500, knob: Some("steps".into()) }],
        views: views.map(|(id, title)| (id.into(), title.into())).to_vec(),
    };
    let data = DataReport {
        id: "fashion-mnist".into(),
        title: "Fashion-MNIST".into(),
        samples: 60_000,
        test_samples: 10_000,
        first: 0,
        classes: if classes { vec!["shirt".into(), "shoe".into(), "bag".into()] } else { Vec::new() },
        picture: (28, 28, 1),
        detail: String::new(),
        licence: "MIT".into(),
        source: "dataset-fashion-mnist".into(),
        notes: Vec::new(),
        skipped: vec![("notes.txt".into(), "not a picture".into())],
        ..DataReport::default()
    };
    vec![
        Event::Ready { device, catalogue: catalogue() },
        Event::Opened { session: Box::default(), model, data: Box::new(data) },
        Event::Views { request: 0, views: views_of(&hidden()) },
        Event::Log { level: masquerade_engine::session::LogLevel::Info, text: "Stored weights loaded.".into() },
    ]
}

/// Training that has gone on for a while.
pub fn trained() -> Vec<Event> {
    let losses = (1..=240_u32)
        .map(|i| {
            let wave = ((i * 37) % 17) as f32 / 17.0;
            let total = 0.42 + 0.55 * (-(i as f32) / 60.0).exp() + 0.03 * wave;
            LossPoint {
                step: u64::from(i),
                total,
                terms: vec![("reconstruction".into(), total * 0.8), ("contrast".into(), total * 0.2)],
            }
        })
        .collect();
    let session = Session { step: 240, ..Session::default() };
    let progress = Progress {
        step: 240,
        of: 1500,
        steps_per_second: 31.4,
        seconds_left: 40.0,
        phase: "contrast".into(),
        phases: (2, 2),
        losses,
        learning_rate: 1e-3,
    };
    let probe = |step: u64, knn: f64, linear: f64| {
        Event::Probe(ProbeReport {
            step,
            train_samples: 2000,
            test_samples: 1000,
            k: 10,
            knn_accuracy: Some(knn),
            linear_accuracy: Some(linear),
            chance: Some(0.1),
            others: vec![("svm_accuracy".into(), 0.7)],
            seconds: 2.4,
        })
    };
    vec![
        Event::State { session: Box::new(session), playing: true },
        Event::Progress(progress),
        probe(0, 0.712, 0.741),
        probe(240, 0.783, 0.812),
    ]
}

pub fn hidden() -> Vec<bool> {
    (0..49).map(|i| (i * 29 + 7) % 4 != 0).collect()
}

fn shade(x: u32, y: u32) -> u8 {
    // A shirt: body, sleeves, a neck.
    let (x, y) = (x as i32 - 14, y as i32);
    let body = (4..26).contains(&y) && x.abs() < 6 + (26 - y) / 8;
    let sleeve = (4..15).contains(&y) && x.abs() < 13 && x.abs() * 2 > y;
    let neck = y < 7 && x.abs() < 3;
    if (body || sleeve) && !neck { (150 + (x * 7 + y * 11).rem_euclid(90)) as u8 } else { 6 }
}

fn picture(blur: bool) -> Picture {
    let mut rgba = Vec::new();
    for y in 0..28_u32 {
        for x in 0..28_u32 {
            let (px, py) = (x / 4 * 4 + 2, y / 4 * 4 + 2);
            let value =
                if blur { (u16::from(shade(x, y)) / 2 + u16::from(shade(px, py)) / 2) as u8 } else { shade(x, y) };
            rgba.extend([value, value, value, 255]);
        }
    }
    Picture { width: 28, height: 28, rgba, grid: (7, 7), hidden: Vec::new() }
}

/// The views of one look.
pub fn views_of(hidden: &[bool]) -> Vec<View> {
    let view =
        |id: &str, title: &str, caption: &str, kind: ViewKind, tensor: &str, source: Source, legend: Option<Legend>| {
            View {
                id: id.into(),
                title: title.into(),
                caption: caption.into(),
                kind,
                origin: Origin { tensor: tensor.into(), source },
                legend,
                window: None,
                grid: Some("patches".into()),
                follows: (id == "similarity").then(|| "patches".into()),
            }
        };
    let error = Heat {
        rows: 7,
        columns: 7,
        values: (0..49).map(|i| ((i * 13) % 23) as f32 / 23.0).collect(),
        undefined: hidden.iter().map(|h| !h).collect(),
        ..Heat::default()
    };
    let similarity = Heat {
        rows: 7,
        columns: 7,
        values: (0..49).map(|i: i32| 1.0 - ((i / 7 - 3).pow(2) + (i % 7 - 3).pow(2)) as f32 / 9.0).collect(),
        query: Some(24),
        ..Heat::default()
    };
    let mask = Mask { rows: 7, columns: 7, hidden: hidden.to_vec() };
    let range = |low, high, signed, unit: &str| Some(Legend { low, high, signed, unit: unit.into() });
    let live = Source::LiveCpu;
    vec![
        view(
            "input",
            "Input",
            "The picture as the encoder would get it, whole.",
            ViewKind::Picture(picture(false)),
            "imgs",
            Source::Data,
            None,
        ),
        view(
            "mask",
            "Mask",
            "36 of 49 patches are hidden; the encoder sees the others only.",
            ViewKind::Mask(mask),
            "mask",
            live,
            None,
        ),
        view(
            "reconstruction",
            "Reconstruction",
            "Visible patches as given, hidden ones as predicted.",
            ViewKind::Picture(picture(true)),
            "pred",
            live,
            None,
        ),
        view(
            "error",
            "Error",
            "Error of each hidden patch; visible patches have no loss.",
            ViewKind::Heat(error),
            "per_patch_loss",
            live,
            range(0.0, 1.0, false, "mean squared error"),
        ),
        view(
            "similarity",
            "Similarity",
            "How like patch 25 (row 4, column 4) the encoder finds every other patch.",
            ViewKind::Heat(similarity),
            "latent",
            Source::StoredWeightsCpu,
            range(-1.0, 1.0, true, "cosine"),
        ),
    ]
}
