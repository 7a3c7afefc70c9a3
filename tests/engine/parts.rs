//! Parts that come from elsewhere, with a system of our own: a student with a frozen teacher, a momentum copy and a
//! queue.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use burn::tensor::{Device, Tensor};
use masquerade_engine::batch::{self, Batch};
use masquerade_engine::blocks::linear::{Linear, Start};
use masquerade_engine::card::{Card, Kind};
use masquerade_engine::checkpoint::safetensors::{self, Entry as Tensors, Values};
use masquerade_engine::checkpoint::{self, keys, resume, stored};
use masquerade_engine::data::files::Files;
use masquerade_engine::data::{self};
use masquerade_engine::error::{Error, Result};
use masquerade_engine::loader::Loader;
use masquerade_engine::method::{Entry, Local, Loss, Method, OnStage, Stage, StepContext};
use masquerade_engine::methods::mae;
use masquerade_engine::parts::{Origin, Part};
use masquerade_engine::readback;
use masquerade_engine::run::Run;
use masquerade_engine::session::{Command, Event, KeyReport, NamedBytes, Session};
use masquerade_engine::settings::Settings;
use masquerade_engine::trace::View;
use masquerade_engine::train::optimiser::Optimiser;
use masquerade_engine::weights::{Init, Slot, Upkeep, Weights};
use masquerade_tests::block_on;

use crate::methods::{Driven, file, losses};

const TEACHER: &str = "teacher.safetensors";
const WIDTH: usize = 4;
const LENGTH: usize = 40;
const MOMENTUM: f64 = 0.9;

/// A layer that learns a teacher's features and to keep away from those of its own past.
struct Toy {
    student: Linear,
    target: Linear,
    teacher: Linear,
    queue: Slot<2>,
}

fn build(settings: &Settings, weights: &mut Weights) -> Result<Rc<dyn Method>> {
    let inputs = settings.data.channels;
    let mut root = weights.root();
    let layer = |mut scope: masquerade_engine::weights::Scope<'_>| {
        Linear::new(scope.at("linear"), inputs, WIDTH, Start::Uniform, true)
    };
    let student = layer(root.at("student"));
    let target = layer(root.at("target").upkeep(Upkeep::Average));
    let teacher = layer(root.at("teacher").upkeep(Upkeep::Frozen));
    root.at("teacher").fixed("table", [2, 2], vec![0.5; 4]);
    let queue = root.average("queue", [LENGTH, WIDTH], Init::Normal(1.0));
    weights.follow("student.", "target.", 0.0)?;
    Ok(Rc::new(Toy { student, target, teacher, queue }))
}

impl Method for Toy {
    fn adjusted(&self, _: &Settings) -> Result<Rc<dyn Method>> {
        Err(Error::request("It has no knobs", "it is a toy", "Leave it"))
    }

    fn loss(&self, w: &Weights, batch: &Batch, _: &StepContext) -> Result<Loss> {
        let x: Tensor<2> = batch.tensor(batch::Role::Vectors, w.device())?;
        let own = self.student.forward(w, x.clone());
        let wanted = self.teacher.forward(w, x.clone());
        let past = own.clone().matmul(w.get(self.queue).transpose());
        let total = (own - wanted).square().mean() + past.square().mean().mul_scalar(0.1);
        let updates = vec![w.rolled(self.queue, self.target.forward(w, x))];
        Ok(Loss { updates, ..Loss::new(total.clone(), vec![("distance".into(), total)]) })
    }

    fn settle(&self, weights: &mut Weights, _: &StepContext) -> Result<()> {
        weights.follow("student.", "target.", MOMENTUM)
    }

    fn embed(&self, w: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        Ok(self.student.forward(w, batch.tensor(batch::Role::Vectors, w.device())?))
    }
}

impl OnStage for Toy {
    fn views(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn look<'a>(&'a self, _: &'a Weights, _: &'a Stage) -> Local<'a, Result<Vec<View>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

fn card() -> Card {
    Card { id: "toy".into(), kind: Kind::Vectors, data: vec!["spiral".into()], ..mae::card() }
}

fn entry(parts: fn(&Settings) -> Vec<Part>) -> Entry {
    Entry { card, build, parts, verify: |_| Box::pin(async { Ok(BTreeMap::new()) }), ..mae::ENTRY }
}

fn of_file(_: &Settings) -> Vec<Part> {
    vec![Part::frozen("teacher.", Origin::File(TEACHER.into()))]
}

/// A run, with what is said of its parts.
fn open(entry: &Entry, folder: &Path) -> Result<(Run, Vec<KeyReport>)> {
    let session = Session { method: "toy".into(), preset: "micro".into(), ..Session::default() };
    let data = block_on(data::open("spiral", Kind::Vectors, 0, &Files::new(), None, 7)).expect("a drawn set");
    let settings = Settings::of(&session, &card(), data.shape()).expect("settings");
    let loader = Loader::new(data, &settings);
    let files = Files::in_folders(vec![folder.to_path_buf()]);
    block_on(Run::open(entry, settings, loader, &Device::flex(), &files))
}

/// A teacher's file: its layer, whose weights are this large, and a head that nobody wants.
fn write_teacher(folder: &Path, size: f32, metadata: &BTreeMap<String, String>) {
    let tensor = |name: &str, shape: &[usize]| Tensors {
        name: name.into(),
        shape: shape.to_vec(),
        values: Values::F32((0..shape.iter().product()).map(|i| size * (i as f32 - 2.0)).collect()),
    };
    let inputs = open(&entry(|_| vec![Part::frozen("teacher.", Origin::Fresh)]), folder)
        .expect("a run")
        .0
        .settings
        .data
        .channels;
    let all = vec![
        tensor("linear.weight", &[WIDTH, inputs]),
        tensor("linear.bias", &[WIDTH]),
        tensor("head.weight", &[3, WIDTH]),
    ];
    std::fs::write(folder.join(TEACHER), safetensors::write(all, metadata).expect("bytes")).expect("written");
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write_teacher(folder.path(), 0.1, &BTreeMap::new());
    folder
}

fn all(weights: &Weights) -> Vec<(String, Vec<f32>)> {
    let values = block_on(readback::many(weights.list.iter().map(|w| w.value.clone()).collect())).expect("values");
    weights.list.iter().map(|w| w.name.clone()).zip(values).collect()
}

fn some(weights: &Weights, prefix: &str) -> Vec<(String, Vec<f32>)> {
    all(weights).into_iter().filter(|(name, _)| name.starts_with(prefix)).collect()
}

fn train(run: &mut Run, steps: usize) -> Vec<f32> {
    (0..steps).for_each(|_| drop(block_on(run.train_step()).expect("a step")));
    block_on(run.losses()).expect("losses").iter().map(|loss| loss.total).collect()
}

#[test]
fn a_teacher_is_loaded_and_never_changes() {
    let folder = folder();
    let (mut run, reports) = open(&entry(of_file), folder.path()).expect("a run");
    let mapped = |name: &str| (format!("linear.{name}"), format!("teacher.linear.{name}"));
    let [report] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!(report.mapped, [mapped("weight"), mapped("bias")]);
    assert_eq!(report.unexpected, ["head.weight"]);
    assert!(report.missing.is_empty() && report.wrong_shape.is_empty() && report.applied, "{report:?}");
    let before = some(&run.weights, "teacher.");
    assert_eq!(before[1].1, [-0.2, -0.1, 0.0, 0.1]);
    assert!(run.weights.list.iter().all(|w| (w.upkeep == Upkeep::Frozen) == w.name.starts_with("teacher.")));
    let losses = train(&mut run, 150);
    let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
    assert!(mean(&losses[140..]) < 0.9 * mean(&losses[..10]), "{losses:?}");
    assert_eq!(some(&run.weights, "teacher."), before);
    let count = run.weights.count();
    assert_eq!((count.trained, count.frozen), (count.frozen - 4, count.trained + 4));
    assert_eq!(count.kept, count.trained + LENGTH * WIDTH);
}

#[test]
fn the_copy_settles_and_the_queue_rolls_after_each_step() {
    let folder = folder();
    let (mut run, _) = open(&entry(of_file), folder.path()).expect("a run");
    assert_eq!(some(&run.weights, "target.")[0].1, some(&run.weights, "student.")[0].1);
    for _ in 0..3 {
        let (copy, queue) = (some(&run.weights, "target."), some(&run.weights, "queue").remove(0).1);
        let batch = run.loader.train_batch(run.context().step).expect("a batch");
        let x: Tensor<2> = batch.tensor(batch::Role::Vectors, &Device::flex()).expect("vectors");
        let linear = |name: &str| run.weights.by_name(name).expect("a weight").value.clone().inner();
        let matrix = linear("target.linear.weight").reshape([WIDTH, x.dims()[1]]);
        let keys = x.clone().matmul(matrix.transpose()) + linear("target.linear.bias").reshape([1, WIDTH]);
        let keys = block_on(readback::floats(keys)).expect("values");
        train(&mut run, 1);
        let student = some(&run.weights, "student.");
        for (((name, new), (_, old)), (_, weight)) in some(&run.weights, "target.").iter().zip(&copy).zip(&student) {
            let m = MOMENTUM as f32;
            let wanted: Vec<f32> = old.iter().zip(weight).map(|(old, new)| m * old + (1.0 - m) * new).collect();
            assert_eq!(*new, wanted, "{name}");
        }
        let rolled = some(&run.weights, "queue").remove(0).1;
        let rows = x.dims()[0].min(LENGTH);
        let near = rolled.iter().zip(&keys).take(rows * WIDTH).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(near, "{rolled:?} begins not with {keys:?}");
        assert_eq!(rolled[rows * WIDTH..], queue[..(LENGTH - rows) * WIDTH]);
    }
}

#[test]
fn a_checkpoint_names_the_teacher_and_leaves_it_out() {
    let folder = folder();
    let (mut run, _) = open(&entry(of_file), folder.path()).expect("a run");
    train(&mut run, 3);
    let session = Session { step: 3, ..Session::default() };
    let bytes = block_on(resume::save(&session, &run.weights, &run.optimiser)).expect("bytes");
    let file = safetensors::read(&bytes).expect("a file");
    assert!(file.tensors.keys().all(|key| !key.starts_with("teacher.")), "{:?}", file.tensors.keys());
    assert!(file.tensors.contains_key("target.linear.bias") && file.tensors.contains_key("queue"));
    let [teacher] = &run.weights.frozen_parts.clone()[..] else { panic!("{:?}", run.weights.frozen_parts) };
    assert!(teacher.origin == TEACHER && teacher.sha256.len() == 64, "{teacher:?}");
    assert!(file.metadata["frozen"].contains(&teacher.sha256) && file.metadata["frozen"].contains(TEACHER));

    // Taken up, it goes on with the same numbers.
    let whole = train(&mut run, 4);
    let read_back = resume::read(&bytes).expect("a checkpoint");
    let (mut resumed, _) = open(&entry(of_file), folder.path()).expect("a run");
    resumed.go_to(3).expect("a step");
    read_back.restore(&mut resumed.weights, &mut resumed.optimiser).expect("restored");
    assert_eq!(train(&mut resumed, 4), whole);
    assert_eq!(all(&resumed.weights), all(&run.weights));

    // Without its momentum copy or its queue, or beside another teacher, it is refused, and nothing changes.
    let mut poor = read_back.clone();
    poor.weights.tensors.remove("queue");
    let before = all(&resumed.weights);
    let refused = poor.restore(&mut resumed.weights, &mut resumed.optimiser).expect_err("refused").report();
    assert!(refused.why.contains("queue"), "{refused:?}");
    write_teacher(folder.path(), 0.2, &BTreeMap::new());
    let (mut other, _) = open(&entry(of_file), folder.path()).expect("a run");
    let refused = read_back.restore(&mut other.weights, &mut other.optimiser).expect_err("refused").report();
    assert!(refused.why.contains(&teacher.sha256) && refused.why.contains(TEACHER), "{refused:?}");
    let mut silent = read_back.clone();
    silent.weights.metadata.remove("frozen");
    assert!(silent.restore(&mut resumed.weights, &mut resumed.optimiser).is_err());
    assert_eq!(all(&resumed.weights), before);

    // Plain and small files leave it out too, and a file that has it does not change it.
    let plain = block_on(safetensors::save(&run.weights, &BTreeMap::new())).expect("bytes");
    let small = block_on(stored::pack(&run.weights, &BTreeMap::new())).expect("bytes");
    for bytes in [plain, small] {
        let mut file = checkpoint::open(&bytes).expect("a file");
        let names: Vec<&str> = file.tensors.keys().map(String::as_str).collect();
        let student = ["student.linear.bias", "student.linear.weight", "target.linear.bias", "target.linear.weight"];
        assert_eq!(names, [&["queue"][..], &student].concat());
        let bias = file.tensors["student.linear.bias"].clone();
        file.tensors.insert("teacher.linear.bias".into(), bias);
        let plan = keys::plan("a file", &file, &run.weights, &[keys::OFFICIAL]);
        assert_eq!(plan.report.unexpected, ["teacher.linear.bias"]);
        assert!(plan.report.missing.is_empty() && plan.lacking.is_empty(), "{plan:?}");
    }
}

#[test]
fn a_loss_that_is_asked_for_leaves_no_trace() {
    let folder = folder();
    let [mut plain, mut warmed] = [0, 1].map(|_| open(&entry(of_file), folder.path()).expect("a run").0);
    for _ in 0..3 {
        let mut weights = warmed.weights.clone();
        let batch = warmed.loader.train_batch(1).expect("a batch");
        let loss = warmed.method.loss(&weights, &batch, &warmed.context()).expect("a loss");
        let gradients = weights.backward(&loss.total);
        Optimiser::new(warmed.recipe()).step(&mut weights, &gradients, 0.0);
        assert_eq!(train(&mut plain, 1), train(&mut warmed, 1));
    }
    assert_eq!(all(&plain.weights), all(&warmed.weights));
}

#[test]
fn parts_that_are_missing_or_do_not_fit_are_refused() {
    let folder = folder();
    let refused = |parts: fn(&Settings) -> Vec<Part>, words: &[&str]| {
        let report = open(&entry(parts), folder.path()).err().expect("refused").report();
        let all = format!("{} {} {}", report.title, report.why, report.what_to_do);
        assert!(words.iter().all(|word| all.contains(word)), "{report:?} lacks one of {words:?}");
    };
    refused(
        |_| vec![Part::frozen("teacher.", Origin::File("absent.safetensors".into()))],
        &["absent.safetensors", "teacher.", "MASQUERADE_DATA"],
    );
    refused(|_| vec![Part::frozen("teacher.", Origin::Stored("mae-nano.safetensors"))], &["mae-nano", "missing"]);
    refused(|_| vec![Part::frozen("teacher.", Origin::Stored("toy-nano.safetensors"))], &["toy-nano"]);
    refused(|_| Vec::new(), &["teacher.linear.weight", "no part"]);
    let of_run = |_: &Settings| vec![Part::frozen("teacher.", Origin::Run { method: "mae", file: TEACHER.into() })];
    refused(of_run, &["run of mae", "does not say"]);
    write_teacher(folder.path(), 0.1, &BTreeMap::from([("method".into(), "scgc".into())]));
    refused(of_run, &["run of mae", "run of scgc"]);
    write_teacher(folder.path(), 0.1, &BTreeMap::from([("method".into(), "mae".into())]));
    let (run, _) = open(&entry(of_run), folder.path()).expect("a run");
    assert_eq!(run.weights.frozen_parts[0].origin, format!("{TEACHER}, a run of mae"));
    // Weights that training starts from are no frozen part; the wrong shape is named.
    let start = |_: &Settings| {
        let file = || Origin::File(TEACHER.into());
        vec![Part::frozen("teacher.", file()), Part::start("student.", file())]
    };
    let (run, reports) = open(&entry(start), folder.path()).expect("a run");
    assert_eq!((reports.len(), run.weights.frozen_parts.len()), (2, 1));
    assert_eq!(some(&run.weights, "student.")[0].1, some(&run.weights, "teacher.")[0].1);
    assert!(run.weights.by_name("student.linear.bias").is_some_and(|w| w.upkeep == Upkeep::Trained));
    let wrong = vec![
        Tensors { name: "linear.weight".into(), shape: vec![1, 2], values: Values::F32(vec![0.0; 2]) },
        Tensors { name: "linear.bias".into(), shape: vec![WIDTH], values: Values::F32(vec![0.0; WIDTH]) },
    ];
    std::fs::write(folder.path().join(TEACHER), safetensors::write(wrong, &BTreeMap::new()).expect("bytes"))
        .expect("written");
    refused(of_file, &["linear.weight", "[1, 2]"]);
    std::fs::write(folder.path().join(TEACHER), b"no weights").expect("written");
    refused(of_file, &["safetensors"]);
}

#[test]
fn a_model_with_parts_is_not_built_without_them() {
    let folder = folder();
    let (run, _) = open(&entry(of_file), folder.path()).expect("a run");
    let report = Run::new(&entry(of_file), run.settings, run.loader, &Device::flex()).err().expect("refused").report();
    assert!(report.why.contains(TEACHER), "{report:?}");
}

/// An engine that knows the toy, and shows it.
fn shown(folder: &Path) -> (Driven, Vec<Event>) {
    let files = Files::in_folders(vec![folder.to_path_buf()]);
    let set_up =
        |host: masquerade_engine::host::Host| host.with_system(entry(of_file)).with_files(files).copying_every(0.0);
    let mut driven = Driven::cpu().with(set_up);
    let session = Session {
        method: "toy".into(),
        preset: "micro".into(),
        data: "spiral".into(),
        stored: false,
        ..Session::default()
    };
    let events = driven.send(Command::Show(Box::new(session)));
    (driven, events)
}

fn refusal(events: &[Event]) -> Option<String> {
    let told = events.iter().find_map(|e| if let Event::Error(report) = e { Some(report) } else { None });
    told.map(|report| format!("{} {} {}", report.title, report.why, report.what_to_do))
}

#[test]
fn a_system_waits_for_its_teacher_and_goes_on_when_it_is_handed_over() {
    let (full, empty) = (folder(), tempfile::tempdir().expect("a folder"));
    let (mut driven, events) = shown(empty.path());
    assert!(
        refusal(&events).is_some_and(|told| told.contains(TEACHER) && told.contains("Open the file")),
        "{events:?}"
    );
    let bytes = std::fs::read(full.path().join(TEACHER)).expect("the teacher");
    let named = |name: &str| NamedBytes { name: name.into(), bytes: bytes.clone() };
    // Another file is not what it waits for.
    let events = driven.send(Command::LoadWeights { file: named("other.safetensors"), apply: true });
    assert!(refusal(&events).is_some(), "{events:?}");
    let events = driven.send(Command::LoadWeights { file: named(&format!("downloads/{TEACHER}")), apply: false });
    assert!(
        events.iter().any(|e| matches!(e, Event::Keys(keys) if keys.applied && keys.mapped.len() == 2)),
        "{events:?}"
    );
    let model = events.iter().find_map(|e| if let Event::Opened { model, .. } = e { Some(model) } else { None });
    let model = model.expect("an open model");
    assert_eq!(model.other_values, 2 * model.parameters + 4 + (LENGTH * WIDTH) as u64);

    // The copies for recovery and the checkpoint leave the teacher out and name it.
    let events = driven.send(Command::Step(3));
    let copy = events.iter().rev().find_map(|e| if let Event::Copied(copy) = e { Some(copy) } else { None });
    let checkpoint = file(driven.send(Command::SaveCheckpoint));
    for bytes in [&copy.expect("a copy").bytes, &checkpoint.bytes] {
        let held = safetensors::read(bytes).expect("a file");
        assert!(held.tensors.contains_key("queue") && held.tensors.keys().all(|key| !key.starts_with("teacher.")));
        assert!(held.metadata["frozen"].contains(TEACHER));
    }
    let whole = losses(&driven.send(Command::Step(4)));
    let (mut other, _) = shown(full.path());
    other.send(Command::LoadCheckpoint(checkpoint.clone()));
    assert_eq!(losses(&other.send(Command::Step(4))), whole);
    write_teacher(full.path(), 0.3, &BTreeMap::new());
    let (mut changed, _) = shown(full.path());
    let events = changed.send(Command::LoadCheckpoint(checkpoint));
    assert!(refusal(&events).is_some_and(|told| told.contains("SHA-256")), "{events:?}");
}
