//! Tables of knobs: names, defaults and ranges; presets and arms by name; what comes from outside is checked.

use std::collections::BTreeMap;

use masquerade_engine::card::{Card, Knob, KnobKind, KnobValue};
use masquerade_engine::error::Error;
use masquerade_engine::knobs::shared::Training;
use masquerade_engine::knobs::{Choice, KnobTable};
use masquerade_engine::link;
use masquerade_engine::methods::mae::card::{MaeKnobs, Pool, Sampling};
use masquerade_engine::registry;
use masquerade_engine::role::Role;
use masquerade_engine::session::Session;
use masquerade_engine::settings::Settings;
use masquerade_engine::shape::{Input, Shape};
use masquerade_engine::weights::Weights;

fn built() -> Vec<Card> {
    registry::cards().into_iter().filter(|card| card.built).collect()
}

fn shape() -> Shape {
    // What every system takes: CROMA looks for its sensors.
    let sensors = [(Role::Optical, 12), (Role::Radar, 2)].map(|(role, bands)| Input::new(role, [32, 32, bands]));
    Shape { channels: 1, inputs: sensors.to_vec(), ..Shape::default() }
}

fn settings(session: &Session) -> Result<Settings, Error> {
    let card = registry::card(&session.method).expect("a card");
    Settings::of(session, &card, shape())
}

fn said(error: &Error) -> String {
    let report = error.report();
    format!("{} {} {}", report.title, report.why, report.what_to_do)
}

#[test]
fn a_table_says_name_default_range_unit_and_words() {
    let knobs = MaeKnobs::default();
    assert_eq!((knobs.mask_ratio, knobs.batch, knobs.flip), (0.75, 128, false));
    assert_eq!((knobs.sampling, knobs.pool), (Sampling::Random, Pool::Mean));
    let table = MaeKnobs::table();
    let knob = |name: &str| table.iter().find(|knob| knob.name == name).expect("a knob");
    let batch = knob("batch");
    assert_eq!((batch.title.as_str(), batch.group.as_str(), batch.live), ("Batch", "Training", true));
    let KnobKind::Number { low, high, step, unit, .. } = &batch.kind else { panic!("{batch:?}") };
    assert_eq!((*low, *high, *step, unit.as_str()), (2.0, 4096.0, 1.0, "pictures"));
    assert!(!knob("dim").live && knob("norm_pix").kind == KnobKind::Switch);
    assert!(matches!(&knob("sampling").kind, KnobKind::Choice { options } if options == &["random", "block", "grid"]));
    assert!(matches!(knob("steps").kind, KnobKind::Number { logarithmic: true, .. }));
}

#[test]
fn a_shared_row_keeps_its_words_and_may_have_a_range_of_its_own() {
    let shared = Training::table();
    let of = |table: &[Knob], name: &str| table.iter().find(|knob| knob.name == name).cloned().expect("a knob");
    assert_eq!(of(&shared, "lr"), of(&MaeKnobs::table(), "lr"));
    let points = registry::card("pointcmae").expect("a card").knobs;
    let (steps, own) = (of(&shared, "steps"), of(&points, "steps"));
    assert_eq!((&steps.title, &steps.tooltip), (&own.title, &own.tooltip));
    assert!(matches!(own.kind, KnobKind::Number { high: 200_000.0, .. }) && own.kind != steps.kind);
}

#[test]
fn values_survive_a_table_and_are_rounded_where_they_are_whole() {
    let mut knobs = MaeKnobs { mask_ratio: 0.5, sampling: Sampling::Grid, flip: true, dim: 64, ..MaeKnobs::default() };
    assert_eq!(MaeKnobs::of_values(&knobs.values()).expect("values"), knobs);
    let mut values = knobs.values();
    values.insert("batch".into(), KnobValue::Number(15.6));
    knobs.batch = 16;
    assert_eq!(MaeKnobs::of_values(&values).expect("values"), knobs);
}

#[test]
fn a_missing_name_and_a_value_of_another_kind_are_errors_not_zero() {
    let mut values = MaeKnobs::default().values();
    values.remove("lr");
    let error = said(&MaeKnobs::of_values(&values).expect_err("no rate"));
    assert!(error.contains("\"lr\"") && error.contains("mask_ratio") && error.contains("weight_decay"), "{error}");
    for value in [KnobValue::Switch(true), KnobValue::Choice("much".into())] {
        values.insert("lr".into(), value);
        assert!(said(&MaeKnobs::of_values(&values).expect_err("no number")).contains("\"lr\""));
    }
    values.insert("lr".into(), KnobValue::Number(1e-3));
    values.insert("sampling".into(), KnobValue::Choice("stripes".into()));
    assert!(said(&MaeKnobs::of_values(&values).expect_err("no such rule")).contains("stripes"));
}

#[test]
fn settings_refuse_names_they_do_not_have() {
    let session = Session::default();
    let run = settings(&session).expect("settings");
    assert_eq!(run.get::<f64>("mask_ratio").expect("a number"), 0.75);
    assert_eq!((run.find::<usize>("img_size"), run.find::<usize>("walkers")), (Some(28), None));
    let error = said(&run.get::<f64>("masc_ratio").expect_err("no knob"));
    assert!(error.contains("masc_ratio") && error.contains("mask_ratio"), "{error}");
    assert!(run.get::<bool>("mask_ratio").is_err());
    let knobs = |name: &str, value| Session { knobs: BTreeMap::from([(name.to_string(), value)]), ..session.clone() };
    let unknown = said(&settings(&knobs("masc_ratio", KnobValue::Number(0.5))).expect_err("no knob"));
    assert!(unknown.contains("masc_ratio") && unknown.contains("mask_ratio"), "{unknown}");
    assert!(said(&settings(&knobs("mask_ratio", KnobValue::Number(7.0))).expect_err("too much")).contains("between"));
    assert!(settings(&knobs("flip", KnobValue::Number(1.0))).is_err());
    // A preset that gives no value for a knob is refused, not filled up.
    let mut card = registry::card("mae").expect("a card");
    card.presets[0].knobs.remove("depth");
    let error = said(&Settings::of(&session, &card, shape()).expect_err("no depth"));
    assert!(error.contains("Encoder depth"), "{error}");
}

#[test]
fn every_system_is_listed_once() {
    let mut ids: Vec<String> = registry::cards().into_iter().map(|card| card.id).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "take a built system out of the planned ones");
    assert_eq!(registry::BUILT.len(), built().len());
}

#[test]
fn presets_and_arms_name_knobs_and_stay_in_their_ranges() {
    for card in built() {
        let check = |values: &BTreeMap<String, KnobValue>, of: &str| {
            for (name, value) in values {
                let knob = card.knob(name).unwrap_or_else(|| panic!("{}: {of} names {name}", card.id));
                assert_eq!(knob.refuses(value), None, "{}: {of}, {name}", card.id);
            }
        };
        for preset in &card.presets {
            check(&preset.knobs, &preset.id);
            let lacking: Vec<&String> =
                card.knobs.iter().map(|knob| &knob.name).filter(|name| !preset.knobs.contains_key(*name)).collect();
            assert!(lacking.is_empty(), "{} of {} lacks {lacking:?}", preset.id, card.id);
        }
        for arm in card.claim.iter().flat_map(|claim| &claim.arms) {
            check(&arm.knobs, &arm.name);
        }
        let mut names: Vec<&String> = card.knobs.iter().map(|knob| &knob.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), card.knobs.len(), "{} has a knob twice", card.id);
    }
}

#[test]
fn stored_weights_are_those_that_presets_name() {
    for entry in registry::BUILT {
        let named: Vec<String> =
            (entry.card)().presets.into_iter().filter_map(|preset| preset.stored_weights).collect();
        let stored: Vec<&str> = entry.stored.iter().map(|(name, _)| *name).collect();
        assert_eq!(named, stored);
        assert!(entry.stored.iter().all(|(_, bytes)| !bytes.is_empty()));
    }
}

#[test]
fn every_preset_becomes_a_model_with_phases_and_recipes() {
    for entry in registry::BUILT {
        let card = (entry.card)();
        for preset in &card.presets {
            let session = Session { method: card.id.clone(), preset: preset.id.clone(), ..Session::default() };
            let settings = settings(&session).unwrap_or_else(|error| panic!("{} {}: {error:?}", card.id, preset.id));
            assert_eq!(settings.values(), &preset.knobs);
            let mut weights = Weights::new(&burn::tensor::Device::flex(), 0);
            let method = (entry.build)(&settings, &mut weights)
                .unwrap_or_else(|error| panic!("{} {}: {error:?}", card.id, preset.id));
            for (number, phase) in method.phases(&settings).expect("phases").iter().enumerate() {
                let recipe = method.recipe(number, &settings, &weights).expect("a recipe");
                assert_eq!(recipe.groups.len(), weights.list.len(), "{}: {}", card.id, phase.title);
            }
        }
    }
}

#[test]
fn every_knob_comes_back_from_a_link() {
    let cards = registry::cards();
    for card in built() {
        let mut session = Session {
            method: card.id.clone(),
            preset: card.presets[0].id.clone(),
            data: card.data[0].clone(),
            ..Session::default()
        };
        for knob in &card.knobs {
            let value = match &knob.kind {
                KnobKind::Number { low, high, .. } => KnobValue::Number(if knob.live { *high } else { *low }),
                KnobKind::Switch => KnobValue::Switch(true),
                KnobKind::Choice { options } => KnobValue::Choice(options.last().cloned().expect("options")),
            };
            session.knobs.insert(knob.name.clone(), value);
        }
        let read = link::from_text(&link::to_text(&session), &cards).expect("a session");
        assert_eq!(read, session);
        Settings::of(&read, &card, shape()).expect("settings");
    }
}

#[test]
fn menus_name_their_choices() {
    for choice in Sampling::ALL {
        assert_eq!(Sampling::named(choice.name()), Some(*choice));
    }
    assert_eq!(Sampling::named("stripes"), None);
}
