//! Weights files of other programs and of other sizes: starts of keys, copies, kinds of numbers, sizes told by shapes; and
//! checkpoints that meet other data than their own.

use std::collections::BTreeMap;

use masquerade_engine::card::{Kind, KnobValue, OWN};
use masquerade_engine::checkpoint::keys::{self, Plan};
use masquerade_engine::checkpoint::safetensors::{self, File, HostTensor, Values};
use masquerade_engine::registry;
use masquerade_engine::run::Run;
use masquerade_engine::session::{Command, Event, KeyReport, LogLevel, NamedBytes, Session};
use masquerade_tests::block_on;

use crate::built::{run, seeded};
use crate::methods::Driven;

/// The weights of a run as a file without metadata.
fn file_of(run: &Run) -> File {
    let entries = block_on(safetensors::entries(&run.weights)).expect("entries");
    let tensor = |values| match values {
        Values::F32(values) => values,
        Values::I8(_) => panic!("whole numbers"),
    };
    let tensors = entries.into_iter().map(|e| (e.name, HostTensor { shape: e.shape, values: tensor(e.values) }));
    File { tensors: tensors.collect(), ..File::default() }
}

fn renamed(file: &File, rename: impl Fn(&str) -> String) -> File {
    File { tensors: file.tensors.iter().map(|(k, t)| (rename(k), t.clone())).collect(), ..File::default() }
}

fn planned(file: &File, run: &Run) -> Plan {
    keys::plan("file", file, &run.weights, run.method.layouts())
}

fn assert_whole(plan: &Plan, file: &File, name: &str) {
    let KeyReport { mapped, missing, wrong_shape, .. } = &plan.report;
    assert!(missing.is_empty() && wrong_shape.is_empty() && plan.lacking.is_empty(), "{name}: {:?}", plan.report);
    assert_eq!(mapped.len(), file.tensors.len(), "{name}");
    for (key, values) in &plan.values {
        let (from, _) = mapped.iter().find(|(_, to)| to == key).expect("mapped");
        assert_eq!(values, &file.tensors[from].values, "{name}: {from}");
    }
}

#[test]
fn any_start_is_taken_off_and_told_by_every_system() {
    let starts = [
        "_orig_mod.",
        "model._orig_mod.",
        "state_dict.",
        "model_ema.",
        "encoder.",
        "backbone.",
        "student.",
        "module.",
        "net.",
        "0.",
        "trainer.model.module.encoder._orig_mod.",
    ];
    for entry in registry::BUILT {
        let id = (entry.card)().id;
        let (trained, other) = (run(&entry, &[]), seeded(&entry, &[], 8));
        let own = file_of(&trained);
        assert_whole(&planned(&own, &other), &own, &id);
        for start in starts {
            let mut file = renamed(&own, |key| format!("{start}{key}"));
            let plan = planned(&file, &other);
            assert_whole(&plan, &file, &format!("{id} under {start}"));
            assert!(plan.report.layout.ends_with(&format!(", keys under `{start}`")), "{}", plan.report.layout);
            for extra in ["head_of_another.weight", "some.num_batches_tracked", "epoch"] {
                file.tensors.insert(extra.into(), HostTensor { shape: vec![], values: vec![7.0] });
            }
            assert_eq!(planned(&file, &other).report.unexpected.len(), 3, "{id} under {start}");
        }
    }
}

#[test]
fn wrappers_in_the_midst_of_keys_are_passed_over() {
    let mae = registry::entry("mae").expect("mae");
    let (trained, other) = (run(&mae, &[]), seeded(&mae, &[], 8));
    let own = file_of(&trained);
    for (from, to) in [
        ("blocks.0.", "blocks.0._orig_mod."),
        ("blocks.0.", "blocks.0._fsdp_wrapped_module._checkpoint_wrapped_module."),
        (".attn.", ".attn.module."),
    ] {
        for start in ["", "model."] {
            let file = renamed(&own, |key| format!("{start}{}", key.replace(from, to)));
            let plan = planned(&file, &other);
            assert_whole(&plan, &file, to);
            assert!(plan.report.notes.iter().any(|note| note.starts_with("Passed over")), "{:?}", plan.report.notes);
        }
    }
    // Halves of a model under starts of their own.
    let half = |key: &str| if key.contains("decoder") || key == "mask_token" { "dec." } else { "enc.module." };
    let file = renamed(&own, |key| format!("{}{key}", half(key)));
    let plan = planned(&file, &other);
    assert_whole(&plan, &file, "halves");
    assert_eq!(plan.report.notes, ["Passed over within keys: `dec`, `enc`, `module`"]);
    // As averages are kept by some trainers: names without dots.
    let file = renamed(&own, |key| format!("model_ema.{}", key.replace('.', "")));
    assert_whole(&planned(&file, &other), &file, "without dots");
    // What only looks like a part of the model stays out.
    let mut file = own.clone();
    let norm = file.tensors.remove("norm.weight").expect("a norm");
    file.tensors.insert("head.norm.weight".into(), norm);
    let report = planned(&file, &other).report;
    assert_eq!((report.missing, report.unexpected), (vec!["norm.weight".into()], vec!["head.norm.weight".into()]));
}

#[test]
fn of_two_copies_the_one_that_fits_is_taken_and_both_are_told() {
    let mae = registry::entry("mae").expect("mae");
    let (trained, other) = (run(&mae, &[]), seeded(&mae, &[], 8));
    let large = run(&mae, &[("dim".into(), KnobValue::Number(48.0)), ("heads".into(), KnobValue::Number(2.0))]);
    let both = |one: &str, other: &str, of: &Run| {
        let mut file = renamed(&file_of(&trained), |key| format!("{one}{key}"));
        file.tensors.extend(renamed(&file_of(of), |key| format!("{other}{key}")).tensors);
        file
    };
    let report = planned(&both("student.", "teacher.", &large), &other).report;
    assert!(report.layout.ends_with("keys under `student.`") && report.missing.is_empty(), "{report:?}");
    assert!(report.wrong_shape.is_empty() && report.unexpected.iter().all(|key| key.starts_with("teacher.")));
    let raw = file_of(&trained).tensors.len();
    assert_eq!(report.unexpected.len(), raw);
    // The same sizes twice: the average is what authors evaluate.
    let report = planned(&both("model.", "model_ema.", &other), &other).report;
    assert!(report.layout.ends_with("keys under `model_ema.`"), "{}", report.layout);
    let told = |words: &str| report.notes.iter().any(|note| note.contains(words));
    assert!(told("(EMA)") && told("`model.`"), "{:?}", report.notes);
    assert_eq!(report.unexpected.len(), raw);
}

fn raw(kind: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let header = serde_json::json!({"norm.weight": {"dtype": kind, "shape": shape, "data_offsets": [0, data.len()]}});
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

#[test]
fn numbers_that_are_not_read_and_values_that_are_none_are_told() {
    let mae = registry::entry("mae").expect("mae");
    let other = run(&mae, &[]);
    let plan = |bytes: &[u8]| planned(&masquerade_engine::checkpoint::open(bytes).expect("a file"), &other);
    let dim = other.weights.by_name("norm.weight").expect("a norm").len();
    let eight = plan(&raw("F8_E4M3", &[dim], &vec![0x38; dim])).report;
    assert!(eight.unexpected[0].contains("norm.weight (F8_E4M3") && eight.mapped.is_empty(), "{eight:?}");
    let nan = vec![0xFF; 2 * dim];
    let nan = plan(&raw("BF16", &[dim], &nan)).report;
    assert!(nan.wrong_shape[0].2.contains("NaN at place 0") && nan.mapped.is_empty(), "{nan:?}");
    let mut one = vec![0_u8; 2 * dim];
    one.chunks_mut(2).for_each(|value| value.copy_from_slice(&[0x80, 0x3F]));
    assert_eq!(plan(&raw("BF16", &[dim], &one)).values[0].1, vec![1.0; dim]);
    let pointer = masquerade_engine::checkpoint::open(b"version https://git-lfs.github.com/spec/v1\nsize 9\n");
    let report = pointer.expect_err("a pointer").report();
    assert!(report.why.contains("Git LFS") && report.what_to_do.contains("git lfs pull"), "{report:?}");
}

/// A set of each kind that needs no file.
fn drawn_id(kind: Kind) -> &'static str {
    match kind {
        Kind::Pictures => "shapes",
        Kind::Clouds => "solids",
        Kind::Graphs => "blocks",
        Kind::Vectors => "spiral",
        Kind::Scenes => "places",
    }
}

fn opened(id: &str, preset: &str, knobs: &[(&str, f64)]) -> Driven {
    let kind = registry::card(id).expect("a card").kind;
    let session = Session {
        method: id.into(),
        preset: preset.into(),
        data: drawn_id(kind).into(),
        knobs: knobs.iter().map(|(name, value)| ((*name).into(), KnobValue::Number(*value))).collect(),
        stored: false,
        ..Session::default()
    };
    let mut driven = Driven::cpu();
    let events = driven.send(Command::Show(Box::new(session)));
    assert!(events.iter().any(|e| matches!(e, Event::Opened { .. })), "{events:?}");
    driven
}

/// The weights of the open model, as a file that says nothing of itself.
fn bare(driven: &mut Driven) -> NamedBytes {
    let events = driven.send(Command::SaveWeights);
    let saved = events.into_iter().find_map(|e| if let Event::File(file) = e { Some(file) } else { None });
    let file = safetensors::read(&saved.expect("a file").bytes).expect("weights");
    let entries = file.tensors.into_iter().map(|(name, tensor)| safetensors::Entry {
        name,
        shape: tensor.shape,
        values: Values::F32(tensor.values),
    });
    let bytes = safetensors::write(entries.collect(), &BTreeMap::new()).expect("bytes");
    NamedBytes { name: "found.safetensors".into(), bytes }
}

fn keys_of(events: &[Event]) -> KeyReport {
    let keys = events.iter().find_map(|e| if let Event::Keys(keys) = e { Some(keys.clone()) } else { None });
    keys.unwrap_or_else(|| panic!("{events:?}"))
}

/// Show the model that `file` is of in an engine that has another one open, and load it there.
fn built_for(driven: &mut Driven, file: &NamedBytes) -> KeyReport {
    let load = |apply| Command::LoadWeights { file: file.clone(), apply };
    let sizes = keys_of(&driven.send(load(false))).sizes.expect("sizes");
    assert_eq!(sizes.refused, "");
    let refused = driven.send(load(true));
    let told = |e: &Event| matches!(e, Event::Error(r) if r.why.contains(&sizes.words));
    assert!(refused.iter().any(told), "{refused:?}");
    driven.show(|session| (session.preset, session.knobs) = (sizes.preset.clone(), sizes.knobs.clone()));
    let keys = keys_of(&driven.send(load(true)));
    assert!(keys.applied && keys.missing.is_empty() && keys.unexpected.is_empty(), "{keys:?}");
    KeyReport { sizes: Some(sizes), ..keys }
}

#[test]
fn shapes_tell_the_preset_of_every_system() {
    for card in registry::cards().into_iter().filter(|card| card.built) {
        let file = bare(&mut opened(&card.id, "micro", &[]));
        let sizes = built_for(&mut opened(&card.id, "nano", &[]), &file).sizes.expect("sizes");
        assert_eq!((sizes.preset.as_str(), sizes.knobs.len()), ("micro", 0), "{}: {sizes:?}", card.id);
        assert!(sizes.sentence().starts_with("It is the preset micro"), "{}", sizes.sentence());
    }
}

#[test]
fn shapes_tell_sizes_that_no_preset_has() {
    let odd: [(&str, &[(&str, f64)]); 7] = [
        (
            "mae",
            &[
                ("dim", 64.0),
                ("heads", 1.0),
                ("depth", 3.0),
                ("patch_size", 7.0),
                ("dec_dim", 32.0),
                ("dec_heads", 1.0),
            ],
        ),
        ("rae", &[("hidden", 40.0), ("layers", 4.0)]),
        ("graphmae", &[("hidden", 24.0), ("heads", 3.0), ("layers", 3.0)]),
        ("gsimclr", &[("ae_width", 6.0), ("ae_depth", 2.0), ("width_2", 10.0), ("n_blocks", 2.0), ("head_3", 12.0)]),
        ("scgc", &[("hidden_1", 20.0), ("hidden_3", 28.0), ("width", 6.0)]),
        ("pointcmae", &[("dim", 64.0), ("heads", 1.0), ("dec_heads", 1.0), ("depth", 4.0), ("group_size", 12.0)]),
        (
            "croma",
            &[
                ("dim", 48.0),
                ("heads", 1.0),
                ("depth", 4.0),
                ("patch_size", 8.0),
                ("dec_dim", 32.0),
                ("dec_heads", 1.0),
            ],
        ),
    ];
    for (id, knobs) in odd {
        let file = bare(&mut opened(id, "nano", knobs));
        let sizes = built_for(&mut opened(id, "micro", &[]), &file).sizes.expect("sizes");
        assert!(sizes.sentence().contains(": build it with --preset"), "{id}: {}", sizes.sentence());
        let heads = knobs.iter().any(|(name, _)| *name == "heads") && id != "graphmae";
        assert_eq!(
            sizes.notes.iter().any(|note| note.contains("No shape tells heads")),
            heads,
            "{id}: {:?}",
            sizes.notes
        );
    }
}

/// A table of so many rows of so many columns, and a class in its last one.
fn table(rows: usize, columns: usize, classes: usize, shift: f64) -> NamedBytes {
    let mut text = (0..columns).map(|c| format!("x{c},")).collect::<String>() + "label\n";
    for row in 0..rows {
        let value = |c: usize| format!("{:.2},", ((row * (c + 2)) % 17) as f64 / 17.0 + shift);
        text += &(0..columns).map(value).collect::<String>();
        text += &format!("c{}\n", row % classes);
    }
    NamedBytes { name: "table.csv".into(), bytes: text.into_bytes() }
}

/// What an engine says that is given data, or none, and then a checkpoint.
fn resumed(data: Option<NamedBytes>, checkpoint: &NamedBytes) -> (Session, Vec<Event>) {
    let mut driven = Driven::cpu();
    data.into_iter().for_each(|file| drop(driven.send(Command::AddUserData(vec![file].into()))));
    let events = driven.send(Command::LoadCheckpoint(checkpoint.clone()));
    (driven.session.clone(), events)
}

fn warnings(events: &[Event]) -> Vec<&str> {
    let warning = |e| match e {
        &Event::Log { level: LogLevel::Warning, ref text } => Some(text.as_str()),
        _ => None,
    };
    events.iter().filter_map(warning).collect()
}

fn refusal(events: &[Event]) -> String {
    let told = events
        .iter()
        .find_map(|e| if let Event::Error(r) = e { Some(format!("{}: {}", r.title, r.why)) } else { None });
    told.unwrap_or_else(|| panic!("{events:?}"))
}

fn checkpoint_of(driven: &mut Driven) -> NamedBytes {
    let events = driven.send(Command::SaveCheckpoint);
    events.into_iter().find_map(|e| if let Event::File(file) = e { Some(file) } else { None }).expect("a file")
}

#[test]
fn a_checkpoint_knows_its_own_data_from_others() {
    let mut driven = Driven::cpu();
    driven.send(Command::AddUserData(vec![table(40, 4, 3, 0.0)].into()));
    let session = Session { method: "rae".into(), preset: "micro".into(), data: OWN.into(), ..Session::default() };
    driven.send(Command::Show(Box::new(Session { stored: false, ..session })));
    driven.send(Command::Step(3));
    let checkpoint = checkpoint_of(&mut driven);
    let (session, same) = resumed(Some(table(40, 4, 3, 0.0)), &checkpoint);
    assert_eq!((session.step, warnings(&same).len()), (3, 0), "{same:?}");
    let (session, rows) = resumed(Some(table(35, 4, 3, 0.5)), &checkpoint);
    let told = warnings(&rows).join(" ");
    assert_eq!(session.step, 3);
    assert!(told.contains("32 + 8 samples then") && told.contains("28 + 7 samples now"), "{told}");
    let (session, columns) = resumed(Some(table(40, 5, 3, 0.0)), &checkpoint);
    let told = refusal(&columns);
    assert!(session.step == 0 && told.contains("4 columns") && told.contains("5 columns"), "{told}");
    let told = refusal(&resumed(Some(table(40, 4, 2, 0.0)), &checkpoint).1);
    assert!(told.contains("3 classes") && told.contains("have 2"), "{told}");
    let told = refusal(&resumed(None, &checkpoint).1);
    assert!(told.contains("data of your own") && told.contains("32 samples"), "{told}");
    // A checkpoint of before, which does not tell.
    let old = safetensors::read(&checkpoint.bytes).expect("a file");
    let metadata = old.metadata.iter().filter(|(name, _)| *name != "fingerprint");
    let entries = old.tensors.iter().map(|(name, tensor)| safetensors::Entry {
        name: name.clone(),
        shape: tensor.shape.clone(),
        values: Values::F32(tensor.values.clone()),
    });
    let metadata = metadata.map(|(name, text)| (name.clone(), text.clone())).collect();
    let bytes = safetensors::write(entries.collect(), &metadata).expect("bytes");
    let old = NamedBytes { bytes, ..checkpoint };
    let told = warnings(&resumed(Some(table(40, 4, 3, 0.0)), &old).1).join(" ");
    assert!(told.contains("could not be compared"), "{told}");
}

#[test]
fn every_system_goes_on_with_its_own_data_without_a_word() {
    for card in registry::cards().into_iter().filter(|card| card.built) {
        let mut driven = opened(&card.id, "micro", &[]);
        driven.send(Command::Step(1));
        let checkpoint = checkpoint_of(&mut driven);
        let (session, events) = resumed(None, &checkpoint);
        assert_eq!((session.step, warnings(&events)), (1, Vec::new()), "{}: {events:?}", card.id);
    }
}
