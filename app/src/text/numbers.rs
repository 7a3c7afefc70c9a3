//! Phrases with values in them: counts, ranges, times, what a screen reader says.

use masquerade_engine::session::Kernels;
pub use masquerade_engine::session::grouped as count;
use masquerade_engine::trace::{Grid, Source};

use super::Nouns;

/// The badge of a view's origin, and what it means.
pub fn origin(source: Source) -> (&'static str, &'static str) {
    match source {
        Source::LiveGpu => ("live GPU", "Computed now on the GPU, with the weights of this run."),
        Source::LiveCpu => ("live CPU", "Computed now on the CPU, with the weights of this run."),
        Source::StoredWeightsGpu => ("stored", "Computed now on the GPU, with weights that came with the program."),
        Source::StoredWeightsCpu => ("stored", "Computed now on the CPU, with weights that came with the program."),
        Source::StoredPicture => ("stored", "A picture of an earlier run, from a file."),
        Source::Data => ("data", "Data as given: no network has touched it."),
        Source::Formula => ("formula", "Computed from what is known, a density or a rule: nothing is learnt."),
    }
}

/// The badge where there is little room.
pub fn origin_short(source: Source) -> &'static str {
    match source {
        Source::LiveGpu => "GPU",
        Source::LiveCpu => "CPU",
        Source::StoredWeightsGpu | Source::StoredWeightsCpu | Source::StoredPicture => "stored",
        Source::Data => "data",
        Source::Formula => "formula",
    }
}

/// What a badge's tooltip says.
pub fn origin_tooltip(meaning: &str, tensor: &str) -> String {
    format!("{meaning}\nTensor: {tensor}")
}

/// `step 120 / 400`.
pub fn step_of(step: u64, of: u64) -> String {
    if of == 0 { format!("step {step}") } else { format!("step {step} / {of}") }
}

/// `31.2 it/s`.
pub fn rate(steps_per_second: f64) -> String {
    if steps_per_second >= 10.0 { format!("{steps_per_second:.0} it/s") } else { format!("{steps_per_second:.1} it/s") }
}

/// `9 s left`, `3 min left`.
pub fn time_left(seconds: f64) -> String {
    format!("{} left", duration(seconds))
}

/// `9 s`, `3 min`, `2.5 h`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() || s < 0.0 => "–".into(),
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// `12.5 MB`, and how much of it is in use where that is known.
pub fn memory(held: u64, used: Option<u64>) -> String {
    used.map_or_else(|| bytes(held), |used| format!("{} held, {} of it in use", bytes(held), bytes(used)))
}

/// `12.5 MB`.
pub fn bytes(n: u64) -> String {
    match n as f64 {
        b if b < 1e3 => format!("{n} B"),
        b if b < 1e6 => format!("{:.1} kB", b / 1e3),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.2} GB", b / 1e9),
    }
}

/// `3 / 12`, or only what is done where the total is not known.
pub fn done_of(done: u64, total: u64) -> String {
    if total == 0 { format!("{done}") } else { format!("{done} / {total}") }
}

/// `87.4 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A share in percent, or a dash where it was not measured.
pub fn percent_or_none(share: Option<f64>) -> String {
    share.map_or_else(|| "–".into(), percent)
}

/// The phase a run is in (`2/2 contrast`).
pub fn phase(title: &str, (number, of): (u32, u32)) -> String {
    format!("{number}/{of} {title}")
}

/// A number that a system measures of itself (`svm_accuracy`).
pub fn own_metric(name: &str, value: f64) -> String {
    format!("{}: {value:.4}", name.replace('_', " "))
}

/// A value in a legend: short, but never a wrong zero.
pub fn value(v: f32) -> String {
    match v.abs() {
        0.0 => "0".into(),
        a if !(0.001..1e4).contains(&a) => format!("{v:.1e}").replace('-', "−"),
        a if a < 10.0 => format!("{v:.2}").replace('-', "−"),
        _ => format!("{v:.0}").replace('-', "−"),
    }
}

/// A knob's value with as many digits as its step has; on a logarithmic slider as `1.5e-3`.
pub fn knob_value(v: f64, step: f64, logarithmic: bool) -> String {
    if logarithmic && v.abs() < 0.01 {
        let short = format!("{v:.1e}");
        return short.replace(".0e", "e");
    }
    let decimals = (-step.log10()).ceil().clamp(0.0, 8.0) as usize;
    format!("{v:.decimals$}")
}

/// Size of a sample.
pub fn picture_size((height, width, channels): (u32, u32, u32)) -> String {
    format!("{height} × {width} × {channels}")
}

/// Pixels and patches of a picture, down and across.
pub fn pixels(height: u32, width: u32, (rows, columns): (u32, u32), nouns: &Nouns) -> String {
    if rows == 0 || (rows, columns) == (height, width) {
        format!("{height} × {width}")
    } else {
        format!("{height} × {width}, {rows} × {columns} {}", nouns.tokens)
    }
}

/// Tokens of a sample.
pub fn grid(grid: &Grid) -> String {
    let sides: Vec<String> = grid.shape.iter().skip_while(|n| **n == 1).map(|n| count(u64::from(*n))).collect();
    if sides.is_empty() { count(1) } else { sides.join(" × ") }
}

/// Steps of training.
pub fn steps(n: u64) -> String {
    format!("{} steps", count(n))
}

/// How many values a model has: those that train, and beside them those that do not.
pub fn parameters(trained: u64, others: u64) -> String {
    match others {
        0 => count(trained),
        _ => format!("{} + {} that do not train", count(trained), count(others)),
    }
}

/// What a screen reader says of a picture.
pub fn picture_name(title: &str) -> String {
    format!("{title}, picture")
}

/// What a screen reader says of a mask.
pub fn mask_name(title: &str, hidden: usize, of: usize) -> String {
    format!("{title}, {hidden} of {of} hidden")
}

/// What a screen reader says of a map: title, greatest value and where it is.
pub fn heat_name(title: &str, greatest: Option<(f32, u32, u32)>) -> String {
    match greatest {
        Some((v, row, column)) => format!("{title}, greatest {} in row {row}, column {column}", value(v)),
        None => format!("{title}, no values"),
    }
}

/// The share of hidden tokens.
pub fn hidden_share(hidden: usize, of: usize) -> String {
    format!("{hidden} of {of} hidden")
}

/// The range of a map and its unit.
pub fn range(low: f32, high: f32, unit: &str) -> String {
    format!("{} … {}  {unit}", value(low), value(high)).trim_end().to_string()
}

/// The value under the cursor.
pub fn at_cursor(row: u32, column: u32, what: &str) -> String {
    format!("{what}  at row {}, column {}", row + 1, column + 1)
}

/// Authors and year.
pub fn cited(authors: &str, year: u32) -> String {
    format!("{authors}, {year}")
}

/// A study's seeds and steps.
pub fn study_run(seeds: usize, steps: u32, metric: &str) -> String {
    format!("{seeds} seeds, {steps} steps each, {}", metric.replace('_', " "))
}

/// Another metric of a study's arms.
pub fn study_other<'a>(metric: &str, arms: impl Iterator<Item = (&'a str, &'a f64)>) -> String {
    let arms: Vec<String> = arms.map(|(arm, mean)| format!("{arm} {mean:.4}")).collect();
    format!("{}: {}", metric.replace('_', " "), arms.join(", "))
}

/// An arm that may use a share of the labels.
pub fn with_labels(arm: &str, share: f64) -> String {
    format!("{arm}, {} % of the labels", 100.0 * share)
}

/// Mean and standard deviation over seeds.
pub fn mean_and_spread(mean: f64, spread: f64) -> String {
    format!("{mean:.4} ± {spread:.4}")
}

/// Verdict of a claim.
pub fn verdict(verdict: &str) -> String {
    format!("The claim {verdict}")
}

/// How many errors of a kind.
pub fn counted(label: &str, n: usize) -> String {
    format!("{label} ({n})")
}

/// Which kernels compute.
pub fn kernels(kernels: Kernels) -> &'static str {
    match kernels {
        Kernels::Fused => "fused",
        Kernels::Stock => "stock",
    }
}

/// A milliseconds value.
pub fn milliseconds(ms: f64) -> String {
    format!("{ms:.1} ms")
}

/// A button with its icon before its text.
pub fn with_icon(icon: &str, label: &str) -> String {
    if icon.is_empty() { label.to_string() } else { format!("{icon}  {label}") }
}

/// A tooltip with its shortcut.
pub fn with_key(tooltip: &str, key: &str) -> String {
    if key.is_empty() { tooltip.to_string() } else { format!("{tooltip}  ({key})") }
}

/// The loss before and after.
pub fn two_losses(first: f32, last: f32) -> String {
    format!("{first:.3} → {last:.3}")
}

/// Names of classes with the number of their samples.
pub fn classes(names: &[String], sizes: &[u64]) -> String {
    if names.is_empty() {
        return "–".into();
    }
    let sized = |(place, name): (usize, &String)| match sizes.get(place) {
        Some(size) => format!("{name} ({})", count(*size)),
        None => name.clone(),
    };
    names.iter().enumerate().map(sized).collect::<Vec<_>>().join(", ")
}

/// Smallest and largest number.
pub fn column_range(range: Option<(f64, f64)>) -> String {
    range.map_or_else(String::new, |(low, high)| format!("{low:.4} … {high:.4}"))
}

/// What parts two cells.
pub fn separator(character: char) -> String {
    match character {
        ',' => "comma".into(),
        ';' => "semicolon".into(),
        '\t' => "tab".into(),
        ' ' => "space".into(),
        other => other.to_string(),
    }
}

/// What parts a number's fraction.
pub fn decimal(character: char) -> String {
    if character == '.' { "point".into() } else { "comma".into() }
}

/// Yes or no.
pub fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// Why a file was skipped.
pub fn skipped(name: &str, why: &str) -> String {
    format!("{name}: {why}")
}

/// Shapes that do not fit.
pub fn shapes(key: &str, wants: &str, has: &str) -> String {
    format!("{key}: the model wants {wants}, the file has {has}")
}

/// One key onto another.
pub fn maps_to(file: &str, model: &str) -> String {
    format!("{file} → {model}")
}
