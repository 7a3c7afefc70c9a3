//! Link text, messages, masks and positions: the parts that must never depend on the machine.

use std::collections::BTreeMap;

use masquerade_engine::blocks::masks::{Mask, block, grid, visible_tokens};
use masquerade_engine::card::KnobValue;
use masquerade_engine::checkpoint::resume;
use masquerade_engine::rng::Rng;
use masquerade_engine::session::{Command, Session, Task, decode, encode};
use masquerade_engine::trace::Cursor;
use masquerade_engine::{link, registry};
use proptest::prelude::*;

#[test]
fn a_session_survives_its_link() {
    let session = Session {
        preset: "nano".into(),
        data: "shapes".into(),
        seed: 99,
        knobs: BTreeMap::from([
            ("mask_ratio".to_string(), KnobValue::Number(0.5)),
            ("norm_pix".to_string(), KnobValue::Switch(false)),
            ("sampling".to_string(), KnobValue::Choice("block".into())),
        ]),
        sample: 12,
        mask_seed: 3,
        painted: BTreeMap::from([
            ("patches".to_string(), (0..49).map(|i| i % 3 == 0).collect()),
            ("times".to_string(), vec![true, false]),
        ]),
        pinned: Some(Cursor::new("patches", 7)),
        switches: ["raw_prediction", "true_patch_mean", "whole_range"].map(String::from).into(),
        task: Task::FineTune,
        stored: false,
        step: 40,
        first_loss: Some(1.234_567),
        ..Session::default()
    };
    let text = link::to_text(&session);
    assert_eq!(
        link::from_text(&format!("https://example.org/page/#{text}"), &registry::cards()).expect("a session"),
        session
    );
}

#[test]
fn links_of_before_grids_had_names_still_open() {
    let text = "v=1&x=mae&mask=9.FQE&pin=4&raw=1&leak=1&stored=0";
    let session = link::from_text(text, &registry::cards()).expect("a session");
    assert_eq!(session.painted[""], [true, false, true, false, true, false, false, false, true]);
    assert_eq!(session.pinned, Some(Cursor::new("", 4)));
    assert_eq!(session.switches, ["raw_prediction", "true_patch_mean"].map(String::from).into());
    assert_eq!(link::to_text(&session), text.replace("v=1", "v=2"));
}

#[test]
fn a_session_of_an_earlier_checkpoint_is_read() {
    let text = r#"{"method":"mae","preset":"nano","data":"shapes","seed":9,"knobs":{},"sample":2,"mask_seed":0,
        "painted":[true,false],"pinned":3,"raw_prediction":true,"true_patch_mean":false,"stored":true,"step":5,
        "first_loss":null,"unknown":{}}"#;
    let session = resume::session(text).expect("a session");
    assert_eq!((session.seed, session.sample, session.step), (9, 2, 5));
    assert_eq!(session.painted[""], [true, false]);
    assert_eq!(session.pinned, Some(Cursor::new("", 3)));
    assert_eq!(session.switches, ["raw_prediction".to_string()].into());
}

#[test]
fn a_link_to_a_system_that_is_not_built_names_what_to_open_instead() {
    let cards = registry::cards();
    for card in cards.iter().filter(|card| !card.built) {
        let report = link::from_text(&format!("v=1&x={}", card.id), &cards).expect_err("not built").report();
        assert!(report.title.contains(&card.title) && report.why.contains("not built"), "{report:?}");
        let instead = cards.iter().find(|c| c.built && report.what_to_do.starts_with(&format!("Open {} ", c.title)));
        assert!(instead.is_some(), "{report:?}");
    }
}

#[test]
fn unknown_keys_of_a_link_are_kept() {
    let session = link::from_text("v=9&x=mae&hologram=3%20d", &registry::cards()).expect("a session");
    assert!(link::to_text(&session).contains("hologram=3%20d"));
}

#[test]
fn a_bad_link_names_the_key() {
    for (text, key) in [
        ("x=mea", "mea"),
        ("x=mae&seed=many", "seed"),
        ("x=mae&task=sleep", "task"),
        ("x=mae&mask=9.AA", "mask"),
        ("x=mae&mask_ratio=7", "mask_ratio"),
        ("x=mae&p=huge", "p"),
    ] {
        let error = link::from_text(text, &registry::cards()).expect_err(text);
        assert!(error.report().title.contains(key), "{error:?}");
    }
}

#[test]
fn the_catalogue_file_is_what_the_registry_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../engine/catalogue.json");
    let file = std::fs::read_to_string(path).expect("the catalogue");
    let fresh = serde_json::to_string_pretty(&registry::cards()).expect("json") + "\n";
    assert!(file == fresh, "write it anew: masquerade list --json > engine/catalogue.json");
}

#[test]
fn visible_tokens_are_truncated_in_f64() {
    assert_eq!(visible_tokens(25, 0.8).expect("tokens"), 4);
    assert_eq!(visible_tokens(196, 0.75).expect("tokens"), 49);
    assert!(visible_tokens(10, 0.9).is_err());
}

#[test]
fn grid_keeps_the_top_left_of_every_square() {
    let mask = grid::grid(1, 4, 4, grid::stride_for(0.75));
    let kept: Vec<usize> = mask.hidden.iter().enumerate().filter(|(_, h)| !**h).map(|(i, _)| i).collect();
    assert_eq!(kept, [0, 2, 8, 10]);
}

proptest! {
    #[test]
    fn masks_keep_their_promises(samples in 1_usize..4, rows in 2_usize..9, columns in 2_usize..9, ratio in 0.0_f64..0.9, seed in 0_u64..1000) {
        let tokens = rows * columns;
        let Ok(kept) = visible_tokens(tokens, ratio) else { return Ok(()) };
        let rng = Rng::new(seed, "masks");
        for mask in [Mask::random(samples, tokens, kept, &rng), block::block(samples, rows, columns, kept, &rng)] {
            prop_assert_eq!(mask.ids_keep.len(), samples * kept);
            for sample in 0..samples {
                let hidden = &mask.hidden[sample * tokens..(sample + 1) * tokens];
                let keep = &mask.ids_keep[sample * kept..(sample + 1) * kept];
                let restore = &mask.ids_restore[sample * tokens..(sample + 1) * tokens];
                prop_assert_eq!(hidden.iter().filter(|h| !**h).count(), kept);
                prop_assert!(keep.iter().all(|k| !hidden[*k as usize]));
                prop_assert!(keep.iter().enumerate().all(|(place, token)| restore[*token as usize] as usize == place));
                let mut sorted = restore.to_vec();
                sorted.sort_unstable();
                prop_assert_eq!(sorted, (0..tokens as i32).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn messages_of_any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode::<Command>(&bytes);
    }
}

#[test]
fn commands_survive_both_codings() {
    let command = Command::Look { request: 3, views: vec!["mask".into()], cursor: Some(Cursor::new("patches", 4)) };
    assert_eq!(decode::<Command>(&encode(&command).expect("bytes")).expect("a command"), command);
    let json = r#"{"show":{"method":"mae","sample":3,"knobs":{"mask_ratio":{"number":0.5}}}}"#;
    let read: Command = serde_json::from_str(json).expect("a command");
    let knobs = BTreeMap::from([("mask_ratio".to_string(), KnobValue::Number(0.5))]);
    let shown = Command::Show(Box::new(Session { sample: 3, knobs, ..Session::default() }));
    assert_eq!(read, shown);
    assert_eq!(decode::<Command>(&encode(&shown).expect("bytes")).expect("a command"), shown);
}
