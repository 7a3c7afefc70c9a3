//! Every visible string of the app, in English. Sentence case, short verbs, "…" only where a dialog follows.

mod actions;

use masquerade_engine::error::Report;
use masquerade_engine::trace::Source;

pub use actions::{action, action_short, action_tooltip};

pub const APP: &str = "Masquerade";
pub const SYSTEMS: &str = "Systems";
pub const SEARCH: &str = "Search";
pub const NOT_BUILT: &str = "To come";
pub const NOT_BUILT_WHY: &str = "This system is not built yet.";
pub const PRESET: &str = "Preset";
pub const THEME: &str = "Theme";
pub const DATA_SET: &str = "Data set";
pub const STARTING: &str = "Starting the engine";
pub const OPENING: &str = "Building the model";
pub const FIRST_RUN: &str = "The first picture appears as soon as the model is built.";
pub const NOTHING_FOUND: &str = "Nothing found";
pub const LOSS: &str = "Loss";
pub const LOSS_EMPTY: &str = "Press play: the loss of every step is drawn here.";
pub const LOSS_CAPTION: &str = "By term, at each training step";
pub const LOG_SCALE: &str = "Log scale";
pub const TOTAL: &str = "total";
pub const LEARNED: &str = "What has it learned?";
pub const LEARNED_CAPTION: &str = "Tests of the encoder on data it was not trained on";
pub const LEARNED_EMPTY: &str = "Probe the encoder now, train, probe again: the difference is what it has learned.";
pub const NO_CLASSES: &str = "This data has no labels, so there is nothing to test against.";
pub const COPY: &str = "Copy";
pub const COPY_REPORT: &str = "Copy report";
pub const CLOSE: &str = "Close";
pub const RESTART: &str = "Start again";
pub const WHY: &str = "Why";
pub const WHAT_TO_DO: &str = "What to do";
pub const LINK_COPIED: &str = "Link copied. It opens exactly this state.";
pub const COPIED: &str = "Copied";
pub const KNOBS: &str = "Knobs";
pub const DATA: &str = "Data";
pub const WEIGHTS: &str = "Weights";
pub const DEVICE: &str = "Device";
pub const PAPER: &str = "Paper";
pub const TABS: &str = "Inspector";
pub const REBUILDS: &str = "new model";
pub const REBUILDS_TOOLTIP: &str = "Builds the model anew: its weights start again.";
pub const CHANGED_KNOB: &str = "Back to the preset's value";
pub const SEED: &str = "Seed";
pub const SEED_TOOLTIP: &str = "First weights, batches and masks all follow from it. The same seed gives the same run.";
pub const DISPLAY: &str = "Display";
pub const DROP_HERE: &str = "Drop pictures or a folder here";
pub const STAYS: &str = "Your files stay on this computer.";
pub const CHOOSE_FILES: &str = "Choose files…";
pub const PATH: &str = "Folder or file";
pub const OPEN: &str = "Open";
pub const SKIPPED: &str = "Skipped files";
pub const SOURCE: &str = "Source";
pub const LICENCE: &str = "Licence";
pub const SAMPLES: &str = "Samples";
pub const CLASSES: &str = "Classes";
pub const PICTURE_SIZE: &str = "Size";
pub const DROP_WEIGHTS: &str = "Drop a .safetensors file to see which of its keys fit.";
pub const MAPPED: &str = "Mapped";
pub const MISSING: &str = "Missing";
pub const UNEXPECTED: &str = "Unexpected";
pub const WRONG_SHAPE: &str = "Wrong shape";
pub const APPLY: &str = "Apply";
pub const APPLIED: &str = "Applied";
pub const PARAMETERS: &str = "Parameters";
pub const TOKENS: &str = "Tokens";
pub const VISIBLE: &str = "Visible";
pub const TRAINED: &str = "Trained";
pub const FROM: &str = "From";
pub const START_FROM: &str = "Start from the stored weights";
pub const START_FROM_TOOLTIP: &str = "Off: from scratch, with weights that follow from the seed.";
pub const MEMORY: &str = "Memory";
pub const BACKEND: &str = "Backend";
pub const STEP_COST: &str = "Cost of one training step";
pub const KERNELS: &str = "Kernels against their CPU twins";
pub const EQUATIONS: &str = "Equations";
pub const CLAIM: &str = "Claim";
pub const LOG: &str = "Log";
pub const LOG_EMPTY: &str = "Nothing has happened yet.";
pub const PALETTE_HINT: &str = "Type a command";
pub const SHORTCUTS: &str = "Keyboard shortcuts";
pub const HIDDEN: &str = "hidden";
pub const UNDEFINED: &str = "no value here";
pub const LOCK_RANGE: &str = "Lock the range of the colours";
pub const UNLOCK_RANGE: &str = "Let the range follow the values";
pub const WAITING: &str = "Waiting for the first values";
pub const PICTURE_HINT: &str = "Click to pin a patch, drag to paint the mask, Ctrl + wheel or pinch to zoom";
pub const MASK_HINT: &str = "Click or drag to hide and show patches";
pub const HEAT_HINT: &str = "Click to pin a patch, Ctrl + wheel or pinch to zoom";
pub const PROBE_HEAD: [&str; 5] = ["Step", "kNN", "Linear", "Chance", "Time"];
pub const FINE_TUNE_HEAD: [&str; 5] = ["Steps", "Loss", "Accuracy", "Chance", "Time"];
pub const CLAIM_HEAD: [&str; 2] = ["Arm", "Mean"];
pub const KERNEL_HEAD: [&str; 4] = ["Kernel", "Error", "Allowed", ""];
pub const SAME: &str = "fits";
pub const DIFFERS: &str = "differs";
pub const DISPATCHES: &str = "Dispatches";
pub const SUBMITS: &str = "Submits";
pub const PIPELINES: &str = "Pipelines";
pub const UP: &str = "Sent";
pub const BACK: &str = "Read back";
pub const WALL_TIME: &str = "Time";
pub const SOFTWARE: &str = "software";
pub const PINNED: &str = "pinned";

/// The badge of a view's origin, and what it means.
pub fn origin(source: Source) -> (&'static str, &'static str) {
    match source {
        Source::LiveGpu => ("live GPU", "Computed now on the GPU, with the weights of this run."),
        Source::LiveCpu => ("live CPU", "Computed now on the CPU, with the weights of this run."),
        Source::StoredWeightsGpu => ("stored, GPU", "Computed now on the GPU, with weights that came with the program."),
        Source::StoredWeightsCpu => ("stored, CPU", "Computed now on the CPU, with weights that came with the program."),
        Source::StoredPicture => ("stored", "A picture of an earlier run, from a file."),
        Source::Data => ("data", "Data as given: no network has touched it."),
    }
}

/// The badge where there is little room.
pub fn origin_short(source: Source) -> &'static str {
    match source {
        Source::LiveGpu => "GPU",
        Source::LiveCpu => "CPU",
        Source::StoredWeightsGpu | Source::StoredWeightsCpu | Source::StoredPicture => "stored",
        Source::Data => "data",
    }
}

/// What a badge's tooltip says.
pub fn origin_tooltip(meaning: &str, tensor: &str) -> String {
    format!("{meaning}\nTensor: {tensor}")
}

/// The engine has ended.
pub fn engine_lost(why: &str) -> Report {
    Report {
        title: "The engine has stopped".into(),
        why: if why.is_empty() { "It ended without giving a reason.".into() } else { why.into() },
        what_to_do: "Start it again: your settings are kept, training begins anew. If it happens again, choose the CPU.".into(),
        usage: false,
    }
}

/// A dropped or named file cannot be read.
pub fn unreadable(name: &str, why: &str) -> Report {
    Report {
        title: format!("{name} could not be read"),
        why: why.into(),
        what_to_do: "Check that the file exists and that you may read it, then try again.".into(),
        usage: false,
    }
}

/// Why a path does not help in a page.
pub const NO_PATHS: &str = "A page cannot open a path of your computer.";

/// More was dropped than can be held.
pub fn too_much(most: u64) -> Report {
    Report {
        title: "That is too much to read at once".into(),
        why: format!("The files hold more than {}.", bytes(most)),
        what_to_do: "Choose a folder with fewer files.".into(),
        usage: false,
    }
}

/// A file could not be written.
pub fn unwritable(name: &str, why: &str) -> Report {
    Report {
        title: format!("{name} could not be saved"),
        why: why.into(),
        what_to_do: "Check that there is room and that you may write to the folder, then save again.".into(),
        usage: false,
    }
}

/// A file was written there.
pub fn saved(place: &str) -> String {
    format!("Saved {place}")
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

/// `1 234 567` with thin gaps.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

/// Size of a sample.
pub fn picture_size((height, width, channels): (u32, u32, u32)) -> String {
    format!("{height} × {width} × {channels}")
}

/// Pixels and patches of a picture, down and across.
pub fn pixels(height: u32, width: u32, (rows, columns): (u32, u32)) -> String {
    if rows == 0 { format!("{height} × {width}") } else { format!("{height} × {width}, {rows} × {columns} patches") }
}

/// Tokens of a sample.
pub fn grid((rows, columns): (u32, u32)) -> String {
    format!("{rows} × {columns}")
}

/// Steps of training.
pub fn steps(n: u64) -> String {
    format!("{} steps", count(n))
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

/// A claim's seeds and steps.
pub fn claim_run(seeds: usize, steps: u32, metric: &str) -> String {
    format!("{seeds} seeds, {steps} steps each, {}", metric.replace('_', " "))
}

/// Verdict of a claim.
pub fn verdict(verdict: &str) -> String {
    format!("The claim {verdict}")
}

/// How many errors of a kind.
pub fn counted(label: &str, n: usize) -> String {
    format!("{label} ({n})")
}

/// A milliseconds value.
pub fn milliseconds(ms: f64) -> String {
    format!("{ms:.1} ms")
}

/// An error as text for the clipboard.
pub fn report_text(report: &Report) -> String {
    format!("{}\n{WHY}: {}\n{WHAT_TO_DO}: {}", report.title, report.why, report.what_to_do)
}

/// A button with its icon before its text.
pub fn with_icon(icon: &str, label: &str) -> String {
    if icon.is_empty() { label.to_string() } else { format!("{icon}  {label}") }
}

/// A tooltip with its shortcut.
pub fn with_key(tooltip: &str, key: &str) -> String {
    if key.is_empty() { tooltip.to_string() } else { format!("{tooltip}  ({key})") }
}

/// The range, locked.
pub fn two_losses(first: f32, last: f32) -> String {
    format!("{first:.3} → {last:.3}")
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

/// No window can be opened.
pub fn no_window(why: &str) -> String {
    format!("No window can be opened: {why}. The command line works without one: masquerade --help")
}
