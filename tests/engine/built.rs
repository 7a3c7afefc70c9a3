//! The built systems as runs, for tests that loop over all of them.

use masquerade_engine::card::{Card, KnobKind, KnobValue};
use masquerade_engine::loader::Loader;
use masquerade_engine::method::Entry;
use masquerade_engine::run::Run;
use masquerade_engine::session::Session;
use masquerade_engine::settings::Settings;
use masquerade_engine::shape::Shape;

use crate::methods::drawn;

/// Every option of every menu of a system, one at a time, and none; but for those that need others beside them.
pub fn kinds(entry: &Entry) -> Vec<Vec<(String, KnobValue)>> {
    let card = (entry.card)();
    let mut kinds = vec![Vec::new()];
    for knob in &card.knobs {
        if let KnobKind::Choice { options } = &knob.kind {
            kinds.extend(options.iter().map(|option| vec![(knob.name.clone(), KnobValue::Choice(option.clone()))]));
        }
    }
    kinds.retain(|knobs| tried(entry, knobs, 7).is_ok());
    assert!(kinds.len() > 1 || card.knobs.iter().all(|knob| !matches!(knob.kind, KnobKind::Choice { .. })));
    kinds
}

fn settings(card: &Card, knobs: Vec<(String, KnobValue)>, shape: Shape, seed: u64) -> Settings {
    let knobs = knobs.into_iter().collect();
    let session = Session { method: card.id.clone(), preset: "micro".into(), seed, knobs, ..Session::default() };
    Settings::of(&session, card, shape).expect("settings")
}

/// The smallest run of a system on drawn data.
pub fn run(entry: &Entry, knobs: &[(String, KnobValue)]) -> Run {
    seeded(entry, knobs, 7)
}

/// The same from another seed.
pub fn seeded(entry: &Entry, knobs: &[(String, KnobValue)], seed: u64) -> Run {
    tried(entry, knobs, seed).expect("a run")
}

fn tried(entry: &Entry, knobs: &[(String, KnobValue)], seed: u64) -> masquerade_engine::error::Result<Run> {
    let card = (entry.card)();
    let size = settings(&card, knobs.to_vec(), Shape { channels: 1, ..Shape::default() }, seed)
        .find::<usize>("img_size")
        .unwrap_or(0);
    let data = drawn(card.kind, size as u32);
    let settings = settings(&card, knobs.to_vec(), data.shape(), seed);
    let loader = Loader::new(data, &settings);
    Run::new(entry, settings, loader, &burn::tensor::Device::flex())
}

/// Knobs that give every phase of a run this many steps, those of fine-tuning too.
pub fn lengths(entry: &Entry, steps: u64) -> Vec<(String, KnobValue)> {
    let card = (entry.card)();
    let built = run(entry, &[]);
    let names = built.phases().iter().filter_map(|phase| phase.knob).chain(["tune_steps"]);
    let known = names.filter(|name| card.knob(name).is_some());
    known.map(|name| (name.to_string(), KnobValue::Number(steps as f64))).collect()
}
