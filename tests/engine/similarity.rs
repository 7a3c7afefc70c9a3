//! What similarity views show: tokens centred over the sample, colours over their own range, and captions and legends
//! that say which.

use masquerade_engine::card::Card;
use masquerade_engine::eval::Features;
use masquerade_engine::registry;
use masquerade_engine::session::{Command, Event, Session};
use masquerade_engine::similarity::{NOT_CENTRED, Similarity, WHOLE_RANGE};
use masquerade_engine::trace::{View, ViewKind};

use crate::methods::Driven;

/// All four ways to show similarities.
const WAYS: [Similarity; 4] = [
    Similarity { centred: true, whole_range: false },
    Similarity { centred: true, whole_range: true },
    Similarity { centred: false, whole_range: false },
    Similarity { centred: false, whole_range: true },
];

#[test]
fn legend_and_words_say_what_is_shown() {
    let cosines = [1.0, 0.5, -0.25, f32::NAN, 0.1];
    for way in WAYS {
        let (legend, words) = way.legend(&cosines, |i| i == 0);
        assert_eq!(words.starts_with("Centred"), way.centred, "{words}");
        assert_eq!(words.contains("Not centred"), !way.centred, "{words}");
        assert_eq!(legend.unit.contains("not centred"), !way.centred);
        assert_eq!(words.contains("−1 to 1"), way.whole_range, "{words}");
        let range = if way.whole_range { (-1.0, 1.0) } else { (-0.25, 0.5) };
        assert_eq!((legend.low, legend.high), range, "the query's own cosine has no say");
        assert!(legend.signed && !words.contains("nearly alike"));
        assert_eq!(way.tensor("latent"), if way.centred { "latent − mean" } else { "latent" });
    }
}

#[test]
fn a_flat_map_says_why_and_has_a_range() {
    for way in WAYS {
        let (legend, words) = way.legend(&[1.0, 0.991, 0.992, 0.9905], |i| i == 0);
        assert!(words.contains("nearly alike here (0.99 to 0.99)"), "{words}");
        assert_eq!(words.contains("common mean"), !way.centred);
        assert!(legend.low < legend.high && (way.whole_range || !legend.signed));
        let (alone, _) = way.legend(&[1.0], |_| true);
        assert!(alone.low < alone.high);
        let (same, _) = way.legend(&[0.3, 0.3], |_| false);
        assert!(same.low < 0.3 && 0.3 < same.high);
    }
}

#[test]
fn rows_are_centred_together() {
    let rows = Features { dim: 2, values: vec![10.0, 1.0, 12.0, 3.0, 11.0, 5.0] };
    let centred = WAYS[0].features(&rows);
    assert_eq!(centred.values, [-1.0, -2.0, 1.0, 0.0, 0.0, 2.0]);
    assert_eq!(WAYS[2].features(&rows), rows);
    assert_eq!(WAYS[0].features(&Features::default()), Features::default());
}

/// The ids that views of cosines have.
const IDS: [&str; 7] =
    ["similarity", "cosine", "pairs", "contrast", "optical_similarity", "radar_similarity", "across"];

/// Stored weights of a system on a set that the program draws.
fn open(card: &Card) -> Driven {
    let data = ["shapes", "solids", "blocks", "places"].into_iter().find(|id| card.data.iter().any(|d| d == id));
    let mut driven = Driven::cpu();
    let data = data.unwrap_or_default().to_string();
    driven.send(Command::Show(Box::new(Session { method: card.id.clone(), data, ..Session::default() })));
    driven
}

/// The views of cosines, shown this way.
fn look(driven: &mut Driven, way: Similarity) -> Vec<View> {
    let on = [(!way.centred, NOT_CENTRED), (way.whole_range, WHOLE_RANGE)];
    let switches = on.iter().filter(|(on, _)| *on).map(|(_, id)| (*id).to_string()).collect();
    driven.show(|session| session.switches = switches);
    let views = IDS.map(String::from).to_vec();
    let events = driven.send(Command::Look { request: 1, views, cursor: None });
    events.into_iter().find_map(|e| if let Event::Views { views, .. } = e { Some(views) } else { None }).expect("views")
}

/// The cosines of a view, and which of them compare a token with itself.
fn cosines(view: &View) -> (Vec<f32>, Vec<bool>) {
    let queried = |values: &[f32], query: Option<u32>| (0..values.len()).map(|i| Some(i as u32) == query).collect();
    match &view.kind {
        ViewKind::Heat(heat) => (heat.values.clone(), queried(&heat.values, heat.query)),
        ViewKind::Cloud(cloud) => (cloud.values.clone(), queried(&cloud.values, cloud.query)),
        ViewKind::Matrix(matrix) => {
            let same = matrix.row_title == matrix.column_title;
            let columns = matrix.columns as usize;
            let own = (0..matrix.values.len()).map(|i| same && i / columns == i % columns).collect();
            (matrix.values.clone(), own)
        }
        other => panic!("{} holds no cosines: {other:?}", view.id),
    }
}

#[test]
fn every_similarity_view_says_what_it_shows_however_it_is_shown() {
    let mut found = 0;
    for card in registry::cards().into_iter().filter(|card| card.built) {
        let mut driven = open(&card);
        for way in WAYS {
            for view in look(&mut driven, way) {
                found += 1;
                let name = format!("{} {} {way:?}", card.id, view.id);
                let (values, own) = cosines(&view);
                assert!(values.iter().all(|v| (-1.001..=1.001).contains(v)), "{name}");
                let others = || values.iter().zip(&own).filter(|(_, own)| !**own).map(|(v, _)| *v);
                let range = others().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
                let legend = view.legend.as_ref().expect("a legend");
                if way.whole_range {
                    assert_eq!((legend.low, legend.high, legend.signed), (-1.0, 1.0, true), "{name}");
                } else if range.1 - range.0 >= 1e-3 {
                    assert_eq!((legend.low, legend.high), range, "{name}: the true range");
                    assert_eq!(legend.signed, range.0 < 0.0 && range.1 > 0.0, "{name}");
                }
                assert_eq!(view.caption.contains("Not centred"), !way.centred, "{name}: {}", view.caption);
                assert_eq!(view.caption.contains("−1 to 1"), way.whole_range, "{name}: {}", view.caption);
                assert_eq!(view.caption.contains("nearly alike"), range.1 - range.0 < 0.02, "{name}: {}", view.caption);
                assert_eq!(legend.unit, if way.centred { "cosine, centred" } else { "cosine, not centred" }, "{name}");
                assert_eq!(view.origin.tensor.contains("mean"), way.centred, "{name}: {}", view.origin.tensor);
                // Centred rows point away from one another as well as together.
                assert!(!way.centred || range.0 < 0.0 && range.1 > 0.0, "{name}: from {} to {}", range.0, range.1);
            }
        }
    }
    assert_eq!(found, 13 * WAYS.len(), "views of cosines of all systems");
}

#[test]
fn centring_brings_out_what_tokens_differ_in() {
    let card = registry::cards().into_iter().find(|card| card.id == "mae").expect("the card");
    let mut driven = open(&card);
    for sample in 0..6 {
        driven.show(|session| session.sample = sample);
        let mut deviation = |way: Similarity| {
            let view = look(&mut driven, way).remove(0);
            let (values, _) = cosines(&view);
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / values.len() as f32).sqrt()
        };
        let (centred, raw) = (deviation(WAYS[0]), deviation(WAYS[2]));
        assert!(centred > raw && centred > 0.15, "sample {sample}: {centred} centred, {raw} not");
    }
}
