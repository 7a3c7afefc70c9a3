//! A control is there only if it acts: every action that the front end offers, over the real engine, for every system.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use masquerade::app::App;
use masquerade::commands::Action;
use masquerade::link::Link;
use masquerade::selection::Selection;
use masquerade::undo::Undo;
use masquerade_engine::card::Kind;
use masquerade_engine::host::Host;
use masquerade_engine::registry;
use masquerade_engine::session::{Command, DeviceChoice, Event, ModelReport, Session};
use masquerade_engine::trace::{Cursor, Matrix, View};
use masquerade_tests::block_on;

/// The engine itself, which has answered a command when it was sent.
struct Direct {
    host: Host,
    events: Rc<RefCell<VecDeque<Event>>>,
}

impl Direct {
    fn new() -> Self {
        let events = Rc::new(RefCell::new(VecDeque::new()));
        let told = Rc::clone(&events);
        let mut host = Host::new(DeviceChoice::Cpu, move |event| told.borrow_mut().push_back(event));
        block_on(host.start());
        Self { host, events }
    }
}

impl Link for Direct {
    fn send(&mut self, command: Command) {
        block_on(self.host.handle(command));
        while block_on(self.host.tick()) {}
    }

    fn poll(&mut self) -> Vec<Event> {
        self.events.take().into()
    }
}

/// What the engine has answered: the views, the report, the session.
fn answered(app: &App) -> (BTreeMap<String, View>, Option<ModelReport>, Session) {
    let state = app.state();
    let views = state.views.iter().map(|(id, shown)| (id.clone(), shown.view.clone())).collect();
    (views, state.model.clone(), state.session.clone())
}

/// The app over a small model of a system, and a way to let it answer.
pub fn app(method: &str, kind: Kind) -> (App, egui::Context) {
    let data = match kind {
        Kind::Pictures => "shapes",
        Kind::Clouds => "solids",
        Kind::Graphs => "blocks",
        Kind::Vectors => "spiral",
        Kind::Scenes => "places",
    };
    let session = Session {
        method: method.into(),
        preset: "micro".into(),
        data: data.into(),
        seed: 3,
        stored: false,
        ..Session::default()
    };
    let (mut app, ctx) = (over(session), egui::Context::default());
    settle(&mut app, &ctx);
    (app, ctx)
}

/// The app over the engine, showing a session.
pub fn over(session: Session) -> App {
    App::over(Box::new(Direct::new()), session)
}

pub fn settle(app: &mut App, ctx: &egui::Context) {
    for _ in 0..4 {
        app.update(ctx);
    }
    assert_eq!(app.state().error, None);
}

#[test]
fn every_action_that_is_offered_changes_what_the_engine_answers() {
    let undo = Undo::default();
    for card in registry::cards().into_iter().filter(|card| card.built) {
        let (mut app, ctx) = app(&card.id, card.kind);
        let fresh = app.session().clone();
        // Something to take back.
        if let Some(grid) = app.state().model.as_ref().and_then(|model| model.grids.first()).cloned() {
            let mut session = app.session().clone();
            session.pinned = Some(Cursor::new(&grid.id, grid.tokens() - 1));
            if grid.paintable {
                session.painted.insert(grid.id.clone(), (0..grid.tokens()).map(|token| token % 3 == 1).collect());
            }
            app.open(session);
            settle(&mut app, &ctx);
        }
        let touched = app.session().clone();
        let on_stage = |action: &Action| {
            matches!(
                action,
                Action::NewMask
                    | Action::RuleMask
                    | Action::MoreMask
                    | Action::LessMask
                    | Action::NextSample
                    | Action::PreviousSample
                    | Action::Unpin
                    | Action::Switch(_)
            )
        };
        let mut acted = 0;
        for action in Action::all().into_iter().filter(on_stage) {
            app.open(touched.clone());
            settle(&mut app, &ctx);
            if !action.offered(app.state()) || !action.enabled(app.state(), &undo) {
                continue;
            }
            // A pinned node stands for the sample of a graph.
            let samples = matches!(action, Action::NextSample | Action::PreviousSample);
            let start = if samples { &fresh } else { &touched };
            app.open(start.clone());
            settle(&mut app, &ctx);
            let (views, model, session) = answered(&app);
            // A few groups more or less need more than one turn of the ratio.
            let turns = match action {
                // One more would hide everything.
                Action::MoreMask => 3,
                Action::LessMask => 4,
                _ => 1,
            };
            (0..turns).for_each(|_| app.run(&ctx, action));
            settle(&mut app, &ctx);
            let (views_now, model_now, session_now) = answered(&app);
            let title = action.title(app.state());
            assert_ne!(session, session_now, "{title} of {}", card.id);
            // Without a view about one token a pin is a mark on the screen.
            assert!(
                views != views_now || model != model_now || action == Action::Unpin,
                "{title} of {} changes nothing",
                card.id
            );
            assert!(!title.is_empty() && !action.tooltip(app.state()).is_empty());
            acted += 1;
            app.open(start.clone());
            settle(&mut app, &ctx);
            assert_eq!(app.session(), start, "after {title} of {}", card.id);
        }
        assert!(acted > 0, "{} offers nothing", card.id);
    }
}

#[test]
fn what_only_one_system_has_is_not_offered_by_the_others() {
    for card in registry::cards().into_iter().filter(|card| card.built) {
        let (app, _) = app(&card.id, card.kind);
        let abilities = app.state().model.as_ref().map(|model| model.abilities.clone()).unwrap();
        for (action, able) in [
            (Action::NewMask, abilities.draws.is_some()),
            (Action::MoreMask, abilities.mask_knob.is_some()),
            (Action::NextSample, abilities.samples),
            (Action::FineTune, abilities.fine_tunes && app.state().labelled()),
            (Action::LabelBudget, app.state().labelled()),
            (Action::Pretrain, false),
            // Drawn scenes lie nowhere on the Earth.
            (Action::SaveMap(0), false),
            (Action::Switch(0), !abilities.switches.is_empty()),
            (Action::Claim, card.claim.is_some()),
        ] {
            assert_eq!(action.offered(app.state()), able, "{action:?} of {}", card.id);
        }
    }
}

#[test]
fn a_cursor_is_of_one_grid() {
    let mut selection = Selection::default();
    selection.hover(Cursor::new("latent", 318), None);
    assert_eq!(selection.turn(), BTreeSet::from(["latent".to_string()]));
    assert_eq!(selection.hovered_on(Some("latent")), Some(318));
    assert_eq!(selection.hovered_on(Some("pixels")), None, "a picture of the latent is no pixel");
    assert_eq!(selection.hovered_on(None), None);
    selection.hover(Cursor::new("pixels", 318), None);
    let both = ["latent", "pixels"].map(String::from);
    assert_eq!(selection.turn(), BTreeSet::from(both), "views about either are asked for");
    selection.hover(Cursor::new("pixels", 318), None);
    assert!(selection.turn().is_empty());

    let pairs = Matrix {
        rows: 4,
        columns: 3,
        row_grid: Some("batch".into()),
        row_tokens: vec![0, 1, 0, 1],
        column_grid: Some("latent".into()),
        ..Matrix::default()
    };
    assert_eq!(pairs.rows_at(&Cursor::new("batch", 1)), [1, 3], "both views of a picture");
    assert_eq!(pairs.columns_at(&Cursor::new("latent", 2)), [2]);
    assert!(pairs.rows_at(&Cursor::new("latent", 1)).is_empty());
    assert!(pairs.columns_at(&Cursor::new("latent", 3)).is_empty(), "there is no such column");
    assert_eq!(pairs.tokens_at(2, 1), [Some(Cursor::new("batch", 0)), Some(Cursor::new("latent", 1))]);
}
