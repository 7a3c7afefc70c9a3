//! What similarity views show: tokens centred over the sample, colours over their own range, and captions and legends
//! that say which.

use masquerade_engine::card::Card;
use masquerade_engine::eval::Features;
use masquerade_engine::registry;
use masquerade_engine::session::{Command, Event, Session};
use masquerade_engine::similarity::Similarity;
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
