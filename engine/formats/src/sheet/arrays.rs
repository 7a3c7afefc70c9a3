//! Tables as NumPy arrays: samples as the rows of one array (`X`, `data`, any name), their classes in another beside it
//! (`y`, `labels`, `target`), names of classes and features in further ones, as `numpy.savez` writes them together.

use super::{Column, Kind, Sheet, roles};
use crate::npy::{self, Array, Values};
use crate::reading::{self, LeftOut, Reading};

/// Words of a name that say what an array holds.
const LABELS: [&str; 8] = ["y", "label", "labels", "target", "targets", "class", "classes", "lbl"];
const SAMPLES: [&str; 12] =
    ["x", "data", "feature", "features", "feat", "feats", "input", "inputs", "images", "samples", "values", "arr"];
/// Rows and columns of a preview.
const PREVIEW: [usize; 2] = [6, 50];
/// Rows that are named one by one.
const NAMED: usize = 8;

/// Whether a file is such an array, by its first bytes.
pub fn is_array(bytes: &[u8]) -> bool {
    bytes.starts_with(npy::MAGIC)
}

/// An array and what its name says.
struct Found {
    name: String,
    folder: String,
    /// What the name says beside what it holds: `train` of `y_train`.
    part: String,
    role: Role,
    array: Array,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Samples,
    Labels,
    ClassNames,
    FeatureNames,
}

/// An array of samples, and the classes of its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    pub name: String,
    /// What the name says beside that these are samples: `train`.
    pub part: String,
    pub array: Array,
    /// A class a row as a word; empty: not known.
    pub classes: Vec<String>,
    /// The array that holds the classes.
    pub labels: Option<String>,
    features: Vec<String>,
}

/// The arrays of samples in these files (names and bytes) with their classes, and what is not used. The column of the
/// class that is said is the array of that name.
pub fn samples(files: &[(&str, &[u8])], reading: &Reading) -> (Vec<Samples>, Vec<LeftOut>) {
    let (mut found, mut left_out) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        match npy::read(bytes) {
            Ok(array) => found.push(Found::new(name, array, reading.label.as_ref())),
            Err(why) => left_out.push(LeftOut { what: (*name).to_string(), why }),
        }
    }
    let of = |role: Role| found.iter().filter(move |one| one.role == role);
    let alone = of(Role::Samples).count() == 1;
    let unwanted = reading.label == Some(reading::Column::None);
    let (mut used, mut all) = (Vec::new(), Vec::new());
    for one in of(Role::Samples) {
        let rows = one.array.shape.first();
        let near = |other: &&Found| other.folder == one.folder && (other.part == one.part || alone);
        let labels = of(Role::Labels).find(|other| near(other) && other.array.shape.first() == rows && !unwanted);
        let names = |role: Role| {
            let words = of(role).find(|other| other.folder == one.folder).map(|other| &other.array.values);
            if let Some(Values::Words(words)) = words { words.clone() } else { Vec::new() }
        };
        let mut samples = Samples {
            name: one.name.clone(),
            part: one.part.clone(),
            array: one.array.clone(),
            classes: Vec::new(),
            labels: None,
            features: names(Role::FeatureNames),
        };
        if let Some(labels) = labels {
            used.push(&labels.name);
            match classes(&labels.array, &names(Role::ClassNames)) {
                Ok(classes) => (samples.classes, samples.labels) = (classes, Some(labels.name.clone())),
                Err(why) => left_out.push(LeftOut { what: labels.name.clone(), why }),
            }
        }
        all.push(samples);
    }
    for one in of(Role::Labels).filter(|one| !used.contains(&&one.name)) {
        let sides = npy::sides(&one.array.shape);
        let why = match unwanted {
            true => "no classes are wanted".to_string(),
            false => format!("it is {sides}, and no array of samples beside it has as many rows"),
        };
        left_out.push(LeftOut { what: one.name.clone(), why });
    }
    (all, left_out)
}

/// The tables in these files (names and bytes), one for every array of samples, each by its name; and what is not used.
pub fn read(files: &[(&str, &[u8])], reading: &Reading) -> (Vec<(String, Sheet)>, Vec<LeftOut>) {
    let (all, mut left_out) = samples(files, reading);
    let mut sheets = Vec::new();
    for samples in all {
        match sheet(&samples.array, &samples.features, &samples.classes) {
            Ok(mut sheet) => {
                sheet.notes.extend(samples.labels.map(|labels| format!("{labels} holds the classes")));
                sheets.push((samples.name, sheet));
            }
            Err(why) => left_out.push(LeftOut { what: samples.name, why }),
        }
    }
    (sheets, left_out)
}

impl Found {
    fn new(name: &str, array: Array, label: Option<&reading::Column>) -> Self {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let file = file.to_lowercase();
        let stem = file.strip_suffix(".npy").unwrap_or(&file);
        let words = words(name);
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        let flat = array.shape.iter().filter(|side| **side != 1).count() <= 1;
        let role = match &array.values {
            Values::Words(_) if has(&["feature", "features", "columns"]) => Role::FeatureNames,
            Values::Words(_) if has(&["names"]) => Role::ClassNames,
            _ if matches!(label, Some(reading::Column::Named(said)) if said.to_lowercase() == stem) => Role::Labels,
            _ if says_labels(name) => Role::Labels,
            Values::Words(_) if flat => Role::Labels,
            _ => Role::Samples,
        };
        let part = part(name);
        Self { name: name.into(), folder: folder.into(), part, role, array }
    }
}

/// The words of a file's name, without folder and ending.
fn words(name: &str) -> Vec<String> {
    let file = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let stem = file.rsplit_once('.').map_or(file.as_str(), |(stem, _)| stem);
    stem.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(String::from).collect()
}

/// What a file's name says beside what it holds: `train` of `y_train.npy`.
pub fn part(name: &str) -> String {
    let mut words = words(name);
    words.retain(|word| !LABELS.contains(&word.as_str()) && !SAMPLES.contains(&word.as_str()));
    words.join(" ")
}

/// Whether a file's name says that it holds classes: `y.csv`, `train_labels.txt`.
pub fn says_labels(name: &str) -> bool {
    words(name).iter().any(|word| LABELS.contains(&word.as_str()))
}

/// The class of every row as a word; of rows that hold one 1, its place.
fn classes(array: &Array, names: &[String]) -> Result<Vec<String>, String> {
    let named = |class: f64| match names.get(class as usize) {
        Some(name) if class >= 0.0 => name.clone(),
        _ => format!("{class:.0}"),
    };
    let numbers = match &array.values {
        Values::Words(words) => return Ok(words.clone()),
        Values::Numbers(numbers) => numbers,
    };
    let width = numbers.len() / array.shape.first().copied().unwrap_or(1).max(1);
    if width > 1 {
        let one_hot = |row: &[f64]| {
            let mut ones = row.iter().enumerate().filter(|(_, value)| **value != 0.0);
            ones.next().filter(|(_, value)| **value == 1.0 && ones.next().is_none()).map(|(place, _)| place as f64)
        };
        let places: Option<Vec<f64>> = numbers.chunks_exact(width).map(one_hot).collect();
        let places = places.ok_or_else(|| format!("its rows hold {width} numbers that are not one 1 among zeros"))?;
        return Ok(places.into_iter().map(named).collect());
    }
    match numbers.iter().find(|value| value.fract() != 0.0 || value.abs() >= 1e15 || value.is_nan()) {
        Some(value) => Err(format!("{value} is in it: a class is a whole number or a word")),
        None => Ok(numbers.iter().copied().map(named).collect()),
    }
}

/// The table of an array of samples; further sides than the first are one after the other in a row.
fn sheet(array: &Array, names: &[String], classes: &[String]) -> Result<Sheet, String> {
    let Values::Numbers(numbers) = &array.values else { return Err("it holds words, not numbers".into()) };
    let rows = array.shape.first().copied().unwrap_or_default();
    let width = array.shape.get(1..).unwrap_or_default().iter().product::<usize>();
    if array.shape.is_empty() || rows == 0 || width == 0 {
        return Err(format!("it is {}: there is no row in it", npy::sides(&array.shape)));
    }
    let mut sheet = Sheet::default();
    if array.shape.len() > 2 {
        sheet.notes.push(format!("{} are {rows} rows of {width} numbers", npy::sides(&array.shape)));
    }
    let mut columns: Vec<Column> = (0..width).map(|place| column(numbers, width, place, names)).collect();
    let kept = |column: &Column| column.kind != Kind::LeftOut;
    for column in columns.iter().filter(|column| !kept(column)) {
        let why = format!("{} of its {rows} numbers are missing", column.missing);
        sheet.left_out.push(LeftOut { what: format!("column {}", column.name), why });
    }
    sheet.features = (0..width).filter(|place| kept(&columns[*place])).collect();
    if sheet.features.is_empty() {
        return Err("no number in it can be used".into());
    }
    let bad: Vec<usize> =
        (0..rows).filter(|row| sheet.features.iter().any(|place| !numbers[row * width + place].is_finite())).collect();
    if bad.len() == rows {
        return Err("every row of it lacks a number".into());
    }
    if !bad.is_empty() {
        let shown: Vec<String> = bad.iter().take(NAMED).map(|row| (row + 1).to_string()).collect();
        let more = if bad.len() > NAMED { " …" } else { "" };
        let what = format!("{} of {rows} rows ({}{more})", bad.len(), shown.join(", "));
        sheet.left_out.push(LeftOut { what, why: "a number is missing in each".into() });
    }
    let known = roles::classes_of(classes);
    let place = roles::places(&known);
    let mut bad = bad.into_iter().peekable();
    for (row, values) in numbers.chunks_exact(width).enumerate() {
        if bad.next_if_eq(&row).is_some() {
            continue;
        }
        sheet.values.extend(sheet.features.iter().map(|place| values[*place]));
        sheet.labels.extend(classes.get(row).and_then(|class| place.get(class.as_str())));
        sheet.lines.push(row as u32 + 1);
    }
    let shown = width.min(PREVIEW[1]);
    for (row, values) in numbers.chunks_exact(width).take(PREVIEW[0]).enumerate() {
        let cells = values.iter().take(shown).map(ToString::to_string);
        sheet.preview.push(cells.chain(classes.get(row).filter(|_| shown == width).cloned()).collect());
    }
    if !classes.is_empty() {
        columns.push(Column { name: "class".into(), kind: Kind::Class, range: None, missing: 0 });
    }
    (sheet.columns, sheet.classes) = (columns, known);
    Ok(sheet)
}

/// Range and gaps of a column; one that lacks most of its numbers is left out.
fn column(numbers: &[f64], width: usize, place: usize, names: &[String]) -> Column {
    let values = || numbers.iter().skip(place).step_by(width).copied();
    let finite = || values().filter(|value| value.is_finite());
    let missing = values().filter(|value| !value.is_finite()).count();
    let least = finite().fold(f64::INFINITY, f64::min);
    let most = finite().fold(f64::NEG_INFINITY, f64::max);
    let kind = match () {
        () if missing * 2 > numbers.len() / width => Kind::LeftOut,
        () if least == most => Kind::Constant,
        () => Kind::Numbers,
    };
    Column {
        name: names.get(place).cloned().unwrap_or_else(|| format!("column {}", place + 1)),
        kind,
        range: (least <= most).then_some((least, most)),
        missing,
    }
}
