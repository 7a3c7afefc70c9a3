//! Stages with made-up views: how tests of views open one, and find a view on it.

use egui::Pos2;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use masquerade::app::App;
use masquerade_engine::card::Kind;
use masquerade_engine::session::Event;
use masquerade_engine::trace::{Grid, Legend, Origin, Source, View, ViewKind};

use crate::fake::{Shared, harness, opened};

/// The grid of all views.
pub const GRID: &str = "groups";

pub fn groups() -> Grid {
    Grid::new(GRID, [1, 1, 64], "group of points")
}

/// Numbers that look random and are the same every time.
pub fn noise(n: usize) -> f32 {
    let x = (n as f32 * 12.9898).sin() * 43_758.547;
    x - x.floor()
}

pub fn view(id: &str, title: &str, caption: &str, kind: ViewKind, legend: Option<Legend>) -> View {
    let origin = Origin { tensor: id.into(), source: Source::LiveCpu };
    let about = match &kind {
        ViewKind::Cloud(c) => c.query.is_some(),
        ViewKind::Heat(h) => h.query.is_some(),
        ViewKind::Clip(_) | ViewKind::Words(_) => true,
        _ => false,
    };
    let grid = (!matches!(&kind, ViewKind::Matrix(_))).then(|| GRID.to_string());
    let follows = grid.clone().filter(|_| about);
    View {
        id: id.into(),
        title: title.into(),
        caption: caption.into(),
        kind,
        origin,
        legend,
        window: None,
        grid,
        follows,
    }
}

/// A run of another kind of data, with these views.
fn stage(kind: Kind, views: Vec<View>) -> Vec<Event> {
    let mut events = opened(true);
    for event in &mut events {
        match event {
            Event::Ready { catalogue, .. } => catalogue[0].kind = kind,
            Event::Opened { model, data, .. } => {
                model.views = views.iter().map(|v| (v.id.clone(), v.title.clone())).collect();
                model.grids = vec![groups()];
                data.picture = (0, 0, 0);
                data.detail = "1 024 points".into();
            }
            Event::Views { views: shown, .. } => *shown = views.clone(),
            _ => {}
        }
    }
    events
}

pub type Screen = (Harness<'static, App>, Shared);

pub fn open(size: [f32; 2], dark: bool, kind: Kind, views: Vec<View>) -> Screen {
    let (mut app, wire) = harness(size, dark, stage(kind, views));
    app.run_steps(4);
    wire.borrow_mut().sent.clear();
    (app, wire)
}

/// Middle of the view whose accessible name begins so.
pub fn middle(app: &Harness<'static, App>, title: &str) -> Pos2 {
    app.query_all_by_label_contains(&format!("{title}, "))
        .find(|n| n.accesskit_node().role() == egui::Role::Image)
        .unwrap()
        .rect()
        .center()
}
