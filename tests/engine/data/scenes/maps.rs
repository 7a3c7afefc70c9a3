//! Maps that are saved over the ground of the scenes they show.

use masquerade_engine::card::KnobValue;
use masquerade_engine::data::scenes::geotiff::{GeoTiff, read};
use masquerade_engine::session::{Command, Event, Session};

use super::{Tiff, file};
use crate::methods::Driven;

/// Corner of the scene in metres, and the side of a pixel.
const CORNER: [f64; 2] = [600_000.0, 4_800_000.0];
const PIXEL: f64 = 10.0;

fn saved(driven: &mut Driven, view: &str) -> GeoTiff {
    let events = driven.send(Command::SaveMap { view: view.into() });
    let file = events.iter().find_map(|e| if let Event::File(file) = e { Some(file) } else { None });
    let file = file.unwrap_or_else(|| panic!("no file: {events:?}"));
    assert_eq!(file.name, format!("croma-{view}-0.tif"));
    read(&file.bytes).expect("a readable map")
}

#[test]
fn a_saved_map_of_croma_lies_over_the_ground_of_its_window() {
    let place = |name: &str, kind, bands, value: fn(usize, usize, usize) -> f64| {
        file(name, Tiff::new(64, 64, kind).at(CORNER, PIXEL, 32635).write(bands, value))
    };
    let optical = place("a_S2.tif", (2, 1), 12, |band, x, y| (400 + 50 * band + (x * y * (band + 3)) % 900) as f64);
    let radar =
        place("a_S1.tif", (4, 3), 2, |band, x, y| -6.0 - 7.0 * band as f64 - ((x * 7 + y * y) % 50) as f64 / 5.0);
    let mut driven = Driven::cpu();
    driven.send(Command::AddUserData(vec![optical, radar].into()));
    let events = driven.send(Command::Show(Box::new(Session {
        method: "croma".into(),
        preset: "micro".into(),
        data: "folder".into(),
        stored: false,
        ..Session::default()
    })));
    assert!(events.iter().any(|e| matches!(e, Event::Opened { .. })), "{events:?}");
    // One input: 16 pixels in patches of 4.
    let error = saved(&mut driven, "optical_error");
    assert_eq!((error.header.width, error.header.height), (4, 4));
    let ground = error.header.ground.expect("a ground");
    assert_eq!((ground.right, ground.down), ([40.0, 0.0], [0.0, -40.0]));
    let tile = [ground.origin[0] - CORNER[0], CORNER[1] - ground.origin[1]];
    assert!(tile.iter().all(|metres| metres % 160.0 == 0.0 && (0.0..640.0).contains(metres)), "{tile:?}");
    assert_eq!(tile[1], 480.0, "the lowest tiles are those to test on");
    assert_eq!(error.bands[0].iter().filter(|v| v.is_nan()).count(), 4, "what is seen has no error");
    // The whole scene, though a strip of it is for testing only.
    driven.show(|s| drop(s.knobs.insert("extent".into(), KnobValue::Choice("scene".into()))));
    for view in ["radar_similarity", "optical_similarity", "across"] {
        let map = saved(&mut driven, view);
        assert_eq!((map.header.width, map.header.height), (16, 16), "{view}");
        let ground = map.header.ground.expect("a ground");
        assert_eq!((ground.origin, ground.right, ground.down), (CORNER, [40.0, 0.0], [0.0, -40.0]), "{view}");
        assert!(ground.keys.contains(&32635), "{view}");
        assert!(map.bands[0].iter().all(|v| v.is_finite()), "{view}");
    }
}
