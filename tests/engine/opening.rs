//! What an exhibit opens with: the phase its stored weights come from, and a sample that says something.

use masquerade_engine::session::{Command, Event, Session};
use masquerade_engine::trace::{View, ViewKind};

use crate::methods::Driven;

fn open(method: &str, data: &str) -> Driven {
    let mut driven = Driven::cpu();
    let session = Session { method: method.into(), data: data.into(), ..Session::default() };
    let events = driven.send(Command::Show(Box::new(session)));
    let stored = events.iter().any(|e| matches!(e, Event::Opened { model, .. } if model.stored));
    assert!(stored, "with stored weights: {events:?}");
    driven
}

fn look(driven: &mut Driven, views: &[&str]) -> Vec<View> {
    let views = views.iter().map(|v| (*v).to_string()).collect();
    let events = driven.send(Command::Look { request: 1, views, cursor: None });
    events.into_iter().find_map(|e| if let Event::Views { views, .. } = e { Some(views) } else { None }).expect("views")
}

#[test]
fn stored_weights_are_shown_in_the_phase_they_come_from() {
    let mut driven = open("gsimclr", "shapes");
    // The first views do not wait for clusters; the engine says at once that there is more to see.
    let views = vec!["input".into(), "batch".into()];
    let events = driven.send(Command::Look { request: 1, views, cursor: None });
    assert!(matches!(&events[..], [Event::Views { .. }, Event::Opened { .. }]), "{events:?}");
    let before = look(&mut driven, &["batch", "latent"]);
    assert!(before[0].caption.contains("clusters"), "{}", before[0].caption);
    let ViewKind::Cloud(cloud) = &before[1].kind else { panic!("the latent is a cloud") };
    assert!(cloud.classes.iter().all(|name| name.starts_with("cluster")), "{:?}", cloud.classes);
    assert_eq!(look(&mut driven, &["batch", "latent"]), before, "clusters are found once and for all");

    // Training begins with the first phase all the same, with the numbers of a run that nobody looked at.
    let losses = |driven: &mut Driven| crate::methods::losses(&driven.send(Command::Step(3)));
    let looked_at = losses(&mut driven);
    assert_eq!(looked_at, losses(&mut open("gsimclr", "shapes")), "looking changes no number");
    let live = look(&mut driven, &["batch"]);
    assert!(live[0].caption.contains("at random"), "{}", live[0].caption);
}

#[test]
fn point_clouds_open_with_seat_and_back() {
    let mut driven = open("pointcmae", "solids");
    let events = driven.show(|s| s.sample = 0);
    assert!(events.iter().any(|e| matches!(e, Event::State { session, .. } if session.sample == 0)));
    let points = |driven: &mut Driven| {
        let ViewKind::Cloud(cloud) = look(driven, &["input"]).remove(0).kind else { panic!("a cloud") };
        cloud.points
    };
    let first = points(&mut driven);
    // A ball's points are all as far from its middle; those of a seat with a back are not.
    let radius = |p: &[f32]| p.iter().map(|v| v * v).sum::<f32>().sqrt();
    let (near, far) = first.chunks_exact(3).map(radius).fold((f32::MAX, 0.0_f32), |(l, h), r| (l.min(r), h.max(r)));
    assert!(near < 0.4 * far, "from {near} to {far}");
    driven.show(|s| s.sample = 8);
    assert_ne!(points(&mut driven), first);
    // The set's last sample is followed by its own first ones: none is left out.
    driven.show(|s| s.sample = 399);
    assert!(!points(&mut driven).is_empty());
}
