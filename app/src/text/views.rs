//! The words of the views: what a kind of data is made of, and what is said of clouds, fields, trajectories and boards.

use masquerade_engine::card::Kind;

use super::{count, value};

/// What one part of a sample is called, and many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nouns {
    pub token: &'static str,
    pub tokens: &'static str,
    /// Number of the first one: nodes are counted as in their files.
    pub first: u32,
}

/// The words for a kind of data.
pub fn nouns(kind: Kind) -> Nouns {
    let (token, tokens) = match kind {
        Kind::Pictures => ("patch", "patches"),
        Kind::Clouds => ("group", "groups"),
        Kind::Graphs => ("node", "nodes"),
        Kind::Vectors => ("point", "points"),
    };
    Nouns { token, tokens, first: u32::from(kind != Kind::Graphs) }
}

/// Where own files are dropped, and which ones.
pub fn drop_here(kind: Kind) -> String {
    format!("Drop here {}", kind.files())
}

/// Over a picture whose mask can be painted.
pub fn picture_hint(nouns: Nouns) -> String {
    format!("Click to pin a {}, drag to paint the mask, Ctrl + wheel or pinch to zoom", nouns.token)
}

/// Over a mask that can be painted.
pub fn mask_hint(nouns: Nouns) -> String {
    format!("Click or drag to hide and show {}", nouns.tokens)
}

/// Over a map.
pub fn heat_hint(nouns: Nouns) -> String {
    format!("Click to pin a {}, Ctrl + wheel or pinch to zoom", nouns.token)
}

/// Over a cloud.
pub fn cloud_hint(turns: bool, nouns: Nouns) -> String {
    let drag = if turns { "Drag to turn" } else { "Drag to move" };
    format!("{drag}, Ctrl + wheel or pinch to zoom, double click to go back, click to pin a {}", nouns.token)
}

/// Over a field.
pub const PLANE_HINT: &str = "Drag to move, Ctrl + wheel or pinch to zoom, double click to go back";
/// Over a trajectories.
pub const FILM_HINT: &str = "Click to play or stop, drag to move, Ctrl + wheel or pinch to zoom";
pub const PLAY_FILM: &str = "Play the trajectories";
pub const STOP_FILM: &str = "Stop the trajectories";
pub const FRAME: &str = "Frame";

/// What a screen reader says of a cloud.
pub fn cloud_name(title: &str, points: usize, tokens: usize, hidden: usize, nouns: Nouns) -> String {
    let hidden = if hidden == 0 { String::new() } else { format!(", {hidden} hidden") };
    format!("{title}, cloud of {}{hidden}", cloud_count(points, tokens, nouns))
}

/// How much a cloud holds.
pub fn cloud_count(points: usize, tokens: usize, nouns: Nouns) -> String {
    let (points, tokens) = (count(points as u64), count(tokens as u64));
    if points == tokens {
        format!("{tokens} {}", nouns.tokens)
    } else {
        format!("{points} points in {tokens} {}", nouns.tokens)
    }
}

/// Not all edges are drawn.
pub fn edges_thinned(drawn: &str, edges: usize) -> String {
    format!("{drawn}, some of {} edges", count(edges as u64))
}

/// A token: its value, number, class, and whether it is hidden.
pub fn token_words(token: u32, nouns: Nouns, of: Option<f32>, class: Option<&str>, hidden: bool) -> String {
    let value = of.map(|v| if v.is_finite() { value(v) } else { super::UNDEFINED.into() });
    let name = format!("{} {}", nouns.token, u64::from(token) + u64::from(nouns.first));
    let class = class.map(str::to_string);
    // A class says itself whether it is hidden.
    let hidden =
        (hidden && !class.as_ref().is_some_and(|c| c.contains(super::HIDDEN))).then(|| super::HIDDEN.to_string());
    value.into_iter().chain([name]).chain(class).chain(hidden).collect::<Vec<_>>().join(" · ")
}

/// Classes that have no room in a legend.
pub fn more(n: usize) -> String {
    format!("+ {n}")
}

/// What a screen reader says of a field.
pub fn field_name(title: &str, rows: u32, columns: u32) -> String {
    format!("{title}, field of {columns} × {rows} arrows")
}

/// How long the arrows are.
pub fn field_scale(length_of_a_cell: f32, compared: bool) -> String {
    let faint = if compared { " · faint: reference" } else { "" };
    format!("arrow of a cell: {}{faint}", value(length_of_a_cell))
}

/// The arrow under the pointer, the one it is compared with, and the value under both.
pub fn arrow_words(arrow: [f32; 2], reference: Option<[f32; 2]>, ground: Option<f32>) -> String {
    let pair = |[x, y]: [f32; 2]| format!("({}, {})", value(x), value(y));
    let against = reference.map(|r| format!(" · reference {}", pair(r)));
    let ground = ground.map(|g| format!("{} · ", value(g)));
    format!("{}{}{}", ground.unwrap_or_default(), pair(arrow), against.unwrap_or_default())
}

/// Which frame of a trajectories is shown, and what it is.
pub fn frame(frame: usize, frames: usize, every: u32, unit: &str) -> String {
    let every = u64::from(every.max(1));
    let (at, last) = (frame as u64 * every, frames.saturating_sub(1) as u64 * every);
    format!("{unit} {} of {}, frame {} of {frames}", count(at), count(last), (frame + 1).min(frames))
}

/// What a screen reader says of a trajectories.
pub fn trajectories_name(title: &str, walkers: u32, frame: &str) -> String {
    format!("{title}, trajectories of {} walkers, {frame}", count(u64::from(walkers)))
}

/// Pictures of a board, how many of them have room, and how many clash.
pub fn board_count(pictures: usize, shown: usize, clashes: usize) -> String {
    let rest = if shown < pictures { format!(", the first {} shown", count(shown as u64)) } else { String::new() };
    let clashes = if clashes > 0 { format!(", {clashes} clash") } else { String::new() };
    format!("{} pictures{rest}{clashes}", count(pictures as u64))
}

/// What a screen reader says of a board.
pub fn board_name(title: &str, count: &str) -> String {
    format!("{title}, board of {count}")
}

/// The button that lets a finger paint.
pub fn brush(on: bool) -> &'static str {
    if on { "Put the brush away: a finger scrolls again" } else { "Take the brush: a finger paints the mask" }
}

/// The button that lets a finger turn or move.
pub fn hand(on: bool) -> &'static str {
    if on { "Let go: a finger scrolls again" } else { "Take hold: a finger turns and moves" }
}
