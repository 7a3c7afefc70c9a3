//! Fine-tuning as a task of the session: it plays, pauses, resumes, shows a loss, is tested at its end, and leaves
//! pre-training where it was.

use masquerade_engine::card::KnobValue;
use masquerade_engine::registry;
use masquerade_engine::session::{Command, Event, FineTuneReport, Session, Task};

use crate::built::run;
use crate::methods::{Driven, file, losses};

fn tuned(events: &[Event]) -> Option<FineTuneReport> {
    events.iter().find_map(|e| if let Event::FineTuned(report) = e { Some(report.clone()) } else { None })
}

fn errors(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .filter_map(|e| if let Event::Error(r) = e { Some(format!("{} {}", r.title, r.why)) } else { None })
        .collect()
}

/// The session in the last event that tells it.
fn session(events: &[Event]) -> Session {
    let told = events.iter().rev().find_map(|e| match e {
        Event::Opened { session, .. } | Event::State { session, .. } => Some((**session).clone()),
        _ => None,
    });
    told.expect("a session")
}

fn opened(knobs: &[(&str, KnobValue)]) -> (Driven, Session) {
    let mut driven = Driven::micro(5);
    let mut events = driven.send(Command::Step(6));
    let mut open = session(&events);
    open.knobs.insert("tune_steps".into(), KnobValue::Number(8.0));
    open.knobs.extend(knobs.iter().map(|(name, value)| ((*name).to_string(), value.clone())));
    events = driven.send(Command::Show(Box::new(open)));
    (driven, session(&events))
}

fn fine_tune(driven: &mut Driven, session: &Session) -> Vec<Event> {
    driven.send(Command::Show(Box::new(Session { task: Task::FineTune, ..session.clone() })))
}

#[test]
fn it_plays_to_its_end_and_is_tested_there() {
    let (mut driven, pretrain) = opened(&[]);
    let events = fine_tune(&mut driven, &pretrain);
    assert_eq!((session(&events).task, session(&events).step), (Task::FineTune, 0));
    let model = events.iter().find_map(|e| if let Event::Opened { model, .. } = e { Some(model) } else { None });
    let model = model.expect("a model");
    assert_eq!((model.phases[0].title.as_str(), model.phases[0].steps), ("fine-tuning", 8));
    assert!(model.weights.contains("after 6 steps of pre-training"), "{}", model.weights);
    let events = driven.send(Command::Play);
    assert_eq!(losses(&events).len(), 8);
    assert!(events.iter().any(|e| matches!(e, Event::Progress(p) if p.phase == "fine-tuning" && p.of == 8)));
    let report = tuned(&events).expect("a test");
    assert_eq!((report.steps, report.first_loss, report.last_loss), (8, losses(&events)[0], losses(&events)[7]));
    assert!((0.0..=1.0).contains(&report.test_accuracy) && report.from.contains("6 steps"), "{report:?}");
    if let Some(five) = report.top5_accuracy {
        assert!(five >= report.test_accuracy);
    }
    // Asked for again, the test gives the same.
    let again = tuned(&driven.send(Command::RunProbe { train: 1, test: 1 })).expect("a test");
    assert_eq!(again.test_accuracy, report.test_accuracy);
}

#[test]
fn pre_training_stays_where_it_was() {
    let (mut driven, pretrain) = opened(&[]);
    fine_tune(&mut driven, &pretrain);
    driven.send(Command::Step(3));
    let look = |driven: &mut Driven| {
        let events = driven.send(Command::Look { request: 1, views: vec!["reconstruction".into()], cursor: None });
        events
            .into_iter()
            .find_map(|e| if let Event::Views { views, .. } = e { Some(views) } else { None })
            .expect("views")
    };
    let seen = look(&mut driven);
    let events = driven.send(Command::Show(Box::new(pretrain.clone())));
    assert_eq!((session(&events).task, session(&events).step), (Task::Pretrain, 6));
    assert_eq!(look(&mut driven), seen, "views show the system that fine-tuning started from");
    let rest = losses(&driven.send(Command::Step(4)));
    let (mut other, _) = opened(&[]);
    assert_eq!(rest, losses(&other.send(Command::Step(4))), "pre-training goes on as if nothing had been between");
}

#[test]
fn its_checkpoint_resumes_and_says_what_it_is_from() {
    let (mut driven, pretrain) = opened(&[]);
    fine_tune(&mut driven, &pretrain);
    driven.send(Command::Step(3));
    let saved = file(driven.send(Command::SaveCheckpoint));
    let rest = losses(&driven.send(Command::Step(5)));
    let mut resumed = Driven::cpu();
    let events = resumed.send(Command::LoadCheckpoint(saved.clone()));
    assert_eq!((session(&events).task, session(&events).step), (Task::FineTune, 3));
    assert_eq!(losses(&resumed.send(Command::Step(5))), rest);
    let metadata = masquerade_engine::checkpoint::safetensors::read(&saved.bytes).expect("a file").metadata;
    assert_eq!(metadata["task"], "finetune");
    assert!(metadata["from"].contains("6 steps"), "{metadata:?}");
    // As plain weights it is the classifier alone.
    let weights = masquerade_engine::checkpoint::open(&saved.bytes).expect("weights");
    assert!(
        weights.tensors.contains_key("head.weight") && weights.tensors.keys().all(|name| !name.contains("pretrained"))
    );
    // Back to the encoder it is from.
    let look =
        |driven: &mut Driven| driven.send(Command::Look { request: 1, views: vec!["error".into()], cursor: None });
    let seen = look(&mut driven);
    let same = |a: &[Event], b: &[Event]| format!("{a:?}") == format!("{b:?}");
    assert!(same(&seen, &look(&mut resumed)));
}

#[test]
fn a_reset_begins_fine_tuning_again_and_a_new_form_says_so() {
    let (mut driven, pretrain) = opened(&[]);
    fine_tune(&mut driven, &pretrain);
    let first = losses(&driven.send(Command::Step(3)));
    let events = driven.send(Command::Reset);
    assert_eq!((session(&events).task, session(&events).step), (Task::FineTune, 0));
    assert_eq!(losses(&driven.send(Command::Step(3))), first);
    let mut other = Session { task: Task::FineTune, ..pretrain };
    other.knobs.insert("drop_path".into(), KnobValue::Number(0.2));
    assert_eq!(session(&driven.send(Command::Show(Box::new(other.clone())))).step, 3, "drop path acts at once");
    other.knobs.insert("pool".into(), KnobValue::Choice("class".into()));
    let events = driven.send(Command::Show(Box::new(other)));
    assert_eq!(session(&events).step, 0);
    assert!(events.iter().any(|e| matches!(e, Event::Log { text, .. } if text.contains("begins again"))), "{events:?}");
}

#[test]
fn systems_without_a_head_say_so_and_stay_open() {
    for entry in registry::BUILT {
        let Err((kept, error)) = run(&entry, &[]).turned_to(Task::FineTune) else { continue };
        assert_eq!(kept.task(), Task::Pretrain);
        assert!(!error.report().why.is_empty(), "{error:?}");
    }
    let mut driven = Driven::cpu();
    let pretrain = Session {
        method: "rae".into(),
        preset: "micro".into(),
        data: "spiral".into(),
        stored: false,
        ..Session::default()
    };
    driven.send(Command::Show(Box::new(pretrain.clone())));
    let events = fine_tune(&mut driven, &pretrain);
    assert!(!errors(&events).is_empty());
    assert_eq!(losses(&driven.send(Command::Step(2))).len(), 2);
}

#[test]
fn what_is_shown_is_fine_tuned_and_the_run_beside_it_waits() {
    let mut driven = Driven::cpu();
    driven.send(Command::Show(Box::new(Session { method: "mae".into(), ..Session::default() })));
    let first = losses(&driven.send(Command::Step(2)));
    assert_eq!((first.len(), driven.session.stored), (2, false), "from scratch, the stored weights beside");
    driven.show(|s| s.stored = true);
    for task in [Task::FineTune, Task::Pretrain, Task::FineTune] {
        let events = driven.show(|s| s.task = task);
        let model =
            events.iter().rev().find_map(|e| if let Event::Opened { model, .. } = e { Some(model) } else { None });
        let model = model.expect("a model");
        assert_eq!(model.phases[0].title == "fine-tuning", task == Task::FineTune);
        assert_eq!(model.weights.starts_with("fine-tuned from stored weights"), task == Task::FineTune, "{model:?}");
        assert_eq!(driven.session.step, if task == Task::FineTune { 0 } else { 2 });
    }
    let tuned = losses(&driven.send(Command::Step(1)));
    driven.send(Command::Reset);
    assert_eq!(losses(&driven.send(Command::Step(1))), tuned, "the same head on the same weights");
    driven.show(|s| s.task = Task::Pretrain);
    driven.show(|s| s.stored = false);
    let rest = losses(&driven.send(Command::Step(1)));
    let mut plain = Driven::cpu();
    plain.send(Command::Show(Box::new(Session { method: "mae".into(), stored: false, ..Session::default() })));
    assert_eq!([first, rest].concat(), losses(&plain.send(Command::Step(3))), "as if nothing had been between");
}

#[test]
fn a_job_that_another_task_ends_says_so() {
    let (mut driven, pretrain) = opened(&[]);
    driven.begin(Command::RunProbe { train: 400, test: 200 });
    let events = fine_tune(&mut driven, &pretrain);
    assert!(events.iter().any(|e| matches!(e, Event::Job { total: 0, .. })), "{events:?}");
    assert!(!events.iter().any(|e| matches!(e, Event::Probe(_))));
}
