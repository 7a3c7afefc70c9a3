//! The words of the views: what a kind of data is made of, and what is said of clouds, fields, trajectories and boards.

use masquerade_engine::card::Kind;
use masquerade_engine::trace::Grid;

use super::{count, duration, value};

/// What one token of a grid is called, and many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nouns {
    pub token: String,
    pub tokens: String,
    /// Number of the first one.
    pub first: u32,
}

/// The words for the tokens of a grid.
pub fn nouns(grid: Option<&Grid>) -> Nouns {
    match grid {
        Some(grid) => Nouns { token: grid.noun.clone(), tokens: grid.nouns(), first: grid.first },
        None => Nouns { token: "token".into(), tokens: "tokens".into(), first: 1 },
    }
}

/// Where own files are dropped, and which ones.
pub fn drop_here(kind: Kind) -> String {
    format!("Drop here {}", kind.files())
}

/// Over a picture whose mask can be painted.
pub fn picture_hint(nouns: &Nouns) -> String {
    format!("Click to pin a {}, drag to paint the mask, Ctrl + wheel or pinch to zoom", nouns.token)
}

/// Over a mask that can be painted.
pub fn mask_hint(nouns: &Nouns) -> String {
    format!("Click or drag to hide and show {}", nouns.tokens)
}

/// Over a map.
pub fn heat_hint(nouns: &Nouns) -> String {
    format!("Click to pin a {}, Ctrl + wheel or pinch to zoom", nouns.token)
}

/// Over a cloud.
pub fn cloud_hint(turns: bool, nouns: &Nouns) -> String {
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
pub const PLAY_CLIP: &str = "Play the clip";
pub const STOP_CLIP: &str = "Stop the clip";
/// Over a volume.
pub const VOLUME_HINT: &str = "Slider or arrow keys leaf through the slices, Ctrl + wheel or pinch to zoom";
pub const SLICE: &str = "Slice";
/// Over a wave.
pub const WAVE_HINT: &str = "Ctrl + wheel or pinch to zoom, drag to move, double click to go back";
pub const PLAY_SOUND: &str = "Play the sound";
pub const STOP_SOUND: &str = "Stop the sound";
/// The slider of a map over a picture.
pub const OPACITY: &str = "How strong the map is over the picture";
pub const LOG_X: &str = "Log scale across";
pub const ROW: &str = "row";
pub const COLUMN: &str = "column";

/// What a screen reader says of a cloud.
pub fn cloud_name(title: &str, points: usize, tokens: usize, hidden: usize, nouns: &Nouns) -> String {
    let hidden = if hidden == 0 { String::new() } else { format!(", {hidden} hidden") };
    format!("{title}, cloud of {}{hidden}", cloud_count(points, tokens, nouns))
}

/// How much a cloud holds.
pub fn cloud_count(points: usize, tokens: usize, nouns: &Nouns) -> String {
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
pub fn token_words(token: u32, nouns: &Nouns, of: Option<f32>, class: Option<&str>, hidden: bool) -> String {
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

/// Over a clip.
pub fn clip_hint(nouns: &Nouns) -> String {
    format!("Arrow keys leaf through the frames, click to pin a {}, Ctrl + wheel or pinch to zoom", nouns.token)
}

/// Which frame of a clip is shown, and when it is.
pub fn clip_frame(frame: usize, frames: usize, rate: f32) -> String {
    let at = if rate > 0.0 { format!(", {:.2} s", frame as f32 / rate) } else { String::new() };
    format!("frame {} of {frames}{at}", (frame + 1).min(frames))
}

/// What a screen reader says of a clip.
pub fn clip_name(title: &str, frame: &str, hidden: usize, of: usize) -> String {
    let hidden = if hidden == 0 { String::new() } else { format!(", {}", super::hidden_share(hidden, of)) };
    format!("{title}, clip, {frame}{hidden}")
}

/// The value of a token of a clip.
pub fn at_time(token: u32, [_, rows, columns]: [u32; 3], what: &str) -> String {
    let (rows, columns) = (rows.max(1), columns.max(1));
    let (time, place) = (token / (rows * columns), token % (rows * columns));
    format!("{what}  at time {}, row {}, column {}", time + 1, place / columns + 1, place % columns + 1)
}

/// Which slice of a volume is shown, and how deep it lies.
pub fn slice(slice: usize, slices: usize, thickness: f32) -> String {
    let deep = if thickness > 0.0 { format!(", {:.0} mm", slice as f32 * thickness) } else { String::new() };
    format!("slice {} of {slices}{deep}", (slice + 1).min(slices))
}

/// What a screen reader says of a volume.
pub fn volume_name(title: &str, [slices, rows, columns]: [u32; 3], slice: &str) -> String {
    format!("{title}, volume of {slices} × {rows} × {columns} voxels, {slice}")
}

/// The range of a scan.
pub fn scan(low: f32, high: f32) -> String {
    format!("scan from {} to {}", value(low), value(high))
}

/// A voxel: its value, what the scan has there, and where it is.
pub fn voxel(voxel: usize, [_, rows, columns]: [u32; 3], of: Option<f32>, scan: Option<f32>) -> String {
    let (rows, columns) = (rows.max(1) as usize, columns.max(1) as usize);
    let place = (voxel / (rows * columns) + 1, voxel / columns % rows + 1, voxel % columns + 1);
    let of = of.map(value).or_else(|| scan.is_none().then(|| super::UNDEFINED.to_string()));
    let scan = scan.map(|v| format!("scan {}", value(v)));
    let values: Vec<String> = of.into_iter().chain(scan).collect();
    format!("{}  at slice {}, row {}, column {}", values.join(" · "), place.0, place.1, place.2)
}

/// How long a wave is, and how it was sampled.
pub fn wave(seconds: f64, rate: u32, channels: u32) -> String {
    let channels = if channels > 1 { "stereo" } else { "mono" };
    format!("{} at {} Hz, {channels}", duration(seconds), count(u64::from(rate)))
}

/// The part of a wave that is shown.
pub fn part(from: f64, to: f64, whole: &str) -> String {
    format!("{from:.3} to {to:.3} s of {whole}")
}

/// The samples under the pointer.
pub fn sample(second: f64, values: &[f32]) -> String {
    let values: Vec<String> = values.iter().map(|v| value(*v)).collect();
    format!("{}  at {second:.3} s", values.join(", "))
}

/// What a screen reader says of a wave.
pub fn wave_name(title: &str, words: &str) -> String {
    format!("{title}, sound, {words}")
}

/// Over a text.
pub const WORDS_HINT: &str = "Click to pin a token";

/// A token of a text: its weight, itself, its number.
pub fn word(token: &str, number: usize, weight: Option<f32>, hidden: bool) -> String {
    let weight = weight.map(|w| format!("{} · ", value(w))).unwrap_or_default();
    let hidden = if hidden { format!(" · {}", super::HIDDEN) } else { String::new() };
    format!("{weight}“{token}” · token {}{hidden}", number + 1)
}

/// What a screen reader says of a text.
pub fn words_name(title: &str, spoken: &str, hidden: usize, of: usize) -> String {
    let hidden = if hidden == 0 { String::new() } else { format!(", {}", super::hidden_share(hidden, of)) };
    format!("{title}, text: {spoken}{hidden}")
}

/// What a screen reader says of a matrix.
pub fn matrix_name(title: &str, rows: u32, columns: u32) -> String {
    format!("{title}, matrix of {rows} × {columns}")
}

/// What the rows and columns of a matrix are.
pub fn axes(rows: &str, columns: &str) -> String {
    match (rows.is_empty(), columns.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!("rows: {rows}"),
        (true, false) => format!("columns: {columns}"),
        (false, false) if rows == columns => format!("rows and columns: {rows}"),
        (false, false) => format!("rows: {rows} · columns: {columns}"),
    }
}

/// A row or column without a name.
pub fn numbered(noun: &str, n: u32) -> String {
    format!("{noun} {}", n + 1)
}

/// The value of a cell of a matrix, and whose it is.
pub fn matrix_cell(of: f32, row: &str, column: &str) -> String {
    let of = if of.is_finite() { value(of) } else { super::UNDEFINED.into() };
    format!("{of} · {row} × {column}")
}

/// A quantity along an axis: as many digits as it needs.
pub fn quantity(v: f64) -> String {
    match v.abs() {
        0.0 => "0".into(),
        a if !(0.001..1e6).contains(&a) => format!("{v:.0e}"),
        a if a >= 100.0 || (v - v.round()).abs() < 1e-9 => format!("{v:.0}"),
        a if a >= 1.0 => format!("{v:.1}"),
        _ => format!("{v:.3}").trim_end_matches('0').to_string(),
    }
    .replace('-', "−")
}

/// A point of a curve.
pub fn curve_point(name: &str, x: &str, y: &str) -> String {
    format!("{name}\n{x}: {y}")
}

/// The tab of a phase's loss.
pub fn phase_tab(number: usize, title: &str) -> String {
    format!("{} {title}", number + 1)
}
