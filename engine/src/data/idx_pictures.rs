//! The user's own pictures out of IDX files, as MNIST and its kin have them: a file with many pictures and one with
//! their labels, matched by their numbers and names.

use std::collections::BTreeSet;

use masquerade_formats::idx::{self, Idx};

use crate::data::pictures::{Picture, PictureData, Split};
use crate::data::resample::shrink;
use crate::data::user_files::{Place, for_testing};
use crate::error::{Error, Result};
use crate::session::{DataReport, NamedBytes};

/// Below this deviation pictures are all alike, and are not divided by it.
const LEAST_DEVIATION: f32 = 1e-6;

/// Pictures of a file, and the classes of all of them where they are known.
struct Part {
    name: String,
    pictures: Vec<Picture>,
    labels: Option<Vec<u8>>,
}

/// Whether this is an IDX file, by its content.
pub(super) fn is_idx(file: &NamedBytes) -> bool {
    idx::is_idx(&file.bytes)
}

/// A data set from IDX files; `others` lie beside them. Each picture keeps its shorter side at `keep` pixels at most.
///
/// # Errors
/// [`Error::Data`] when none of them holds pictures.
pub(super) fn data_set(files: Vec<NamedBytes>, others: Vec<NamedBytes>, keep: u32) -> Result<PictureData> {
    let beside = |file: NamedBytes| (file.name, "it lies beside IDX files, which are the pictures".to_string());
    let mut skipped: Vec<(String, String)> = others.into_iter().map(beside).collect();
    let (mut parts, mut labels, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for NamedBytes { name, bytes } in files {
        let read = idx::read(&bytes).and_then(|idx| {
            notes.extend(idx.notes.iter().map(|note| format!("{name}: {note}")));
            if idx.sides.len() == 1 { Ok((Vec::new(), idx.values)) } else { Ok((pictures(&idx, keep)?, Vec::new())) }
        });
        match read {
            Ok((pictures, values)) if pictures.is_empty() => labels.push((name, values)),
            Ok((pictures, _)) => parts.push(Part { name, pictures, labels: None }),
            Err(why) => skipped.push((name, why)),
        }
    }
    matched(&mut parts, &mut labels, &mut notes);
    skipped.extend(labels.into_iter().map(|(name, values)| {
        (name, format!("it holds {} labels, and no file holds as many pictures that have none yet", values.len()))
    }));
    if parts.iter().any(|part| part.labels.is_some()) {
        let unlabelled = parts.extract_if(.., |part| part.labels.is_none());
        skipped.extend(unlabelled.map(|part| {
            (
                part.name,
                format!("no labels are there for its {} pictures, and for others there are", part.pictures.len()),
            )
        }));
    }
    let Some(first) = parts.first() else {
        let why =
            skipped.first().map_or_else(|| "there are labels alone".into(), |(name, why)| format!("{name}: {why}"));
        let mend = "Give the file with the pictures and the one with their labels";
        return Err(Error::data("There is no picture to train on", why, mend));
    };
    let colour = parts.iter().flat_map(|part| &part.pictures).any(|picture| picture.channels == 3);
    notes.push(format!(
        "{}: {} pictures of {} × {}",
        first.name,
        first.pictures.len(),
        first.pictures[0].width,
        first.pictures[0].height
    ));
    let (classes, train, test) = halves(parts, colour);
    let report = DataReport {
        id: "folder".into(),
        title: "Your pictures".into(),
        classes,
        licence: "yours".into(),
        source: "files that you chose".into(),
        notes,
        skipped,
        ..DataReport::default()
    };
    if colour {
        return Ok(PictureData::colour(report, train, test));
    }
    let (mean, deviation) = statistics(&train.pictures);
    Ok(PictureData::grey(report, mean, deviation, train, test))
}

/// The pictures of a file: [count, height, width], or with colours as the last side or the second.
fn pictures(idx: &Idx, keep: u32) -> std::result::Result<Vec<Picture>, String> {
    let (height, width, channels, planes) = match idx.sides[..] {
        [_, height, width] => (height, width, 1, false),
        [_, height, width, channels @ (1 | 3)] => (height, width, channels, false),
        [_, channels @ (1 | 3), height, width] => (height, width, channels, true),
        _ => return Err(format!("its sides are {:?}, and pictures have [count, height, width]", idx.sides)),
    };
    let size = height * width * channels;
    if size == 0 || idx.values.is_empty() {
        return Err(format!("its sides are {:?}: there is no picture in it", idx.sides));
    }
    let picture = |values: &[u8]| {
        let in_turn = |at: usize| values[at % channels * height * width + at / channels];
        let pixels = if planes { (0..size).map(in_turn).collect() } else { values.to_vec() };
        Picture::new(width as u32, height as u32, channels as u32, pixels)
            .map(|p| shrink(p, keep))
            .map_err(|e| e.to_string())
    };
    idx.values.chunks_exact(size).map(picture).collect()
}

/// Give each file of pictures the labels that are as many and whose file has the most alike name.
fn matched(parts: &mut [Part], labels: &mut Vec<(String, Vec<u8>)>, notes: &mut Vec<String>) {
    let mut pairs = Vec::new();
    for (part, pictures) in parts.iter().enumerate() {
        for (file, (name, values)) in labels.iter().enumerate() {
            if values.len() == pictures.pictures.len() {
                pairs.push((alike(&pictures.name, name), part, file));
            }
        }
    }
    pairs.sort_by_key(|(alike, part, file)| (std::cmp::Reverse(*alike), *part, *file));
    let mut taken = BTreeSet::new();
    for (_, part, file) in pairs {
        if parts[part].labels.is_none() && taken.insert(file) {
            let (name, values) = &mut labels[file];
            notes.push(format!("{}: labels from {name}", parts[part].name));
            parts[part].labels = Some(std::mem::take(values));
        }
    }
    let mut file = 0;
    labels.retain(|_| {
        file += 1;
        !taken.contains(&(file - 1))
    });
}

/// Letters that two names begin and end with alike.
fn alike(a: &str, b: &str) -> usize {
    let same = |(a, b): &(char, char)| a == b;
    a.chars().zip(b.chars()).take_while(same).count() + a.chars().rev().zip(b.chars().rev()).take_while(same).count()
}

/// The names of the classes and the halves: by the names of the files where these tell both, else every fifth picture of
/// each class is for testing.
fn halves(parts: Vec<Part>, colour: bool) -> (Vec<String>, Split, Split) {
    let classes: BTreeSet<u8> = parts.iter().flat_map(|part| part.labels.iter().flatten()).copied().collect();
    let place = |part: &Part, at: usize| Place {
        test: part.name.rsplit(['/', '\\']).find_map(is_for_testing),
        class: part.labels.as_ref().map(|labels| labels[at].to_string()),
    };
    let places: Vec<Place> =
        parts.iter().flat_map(|part| (0..part.pictures.len()).map(move |at| place(part, at))).collect();
    let (mut train, mut held) = (Split::default(), Split::default());
    let pictures = parts.into_iter().flat_map(|part| part.pictures);
    for ((picture, place), for_testing) in pictures.zip(&places).zip(for_testing(&places)) {
        let split = if for_testing { &mut held } else { &mut train };
        split.pictures.push(if colour { in_colour(picture) } else { picture });
        let class = place.class.as_ref().and_then(|class| class.parse::<u8>().ok());
        split.labels.extend(class.and_then(|class| classes.iter().position(|c| *c == class)).map(|class| class as u32));
    }
    (classes.iter().map(u8::to_string).collect(), train, held)
}

/// Whether a file or folder of this name is for testing (`Some(true)`) or for training.
fn is_for_testing(name: &str) -> Option<bool> {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["test", "t10k", "valid"]) { Some(true) } else { has(&["train"]).then_some(false) }
}

fn in_colour(picture: Picture) -> Picture {
    if picture.channels == 3 {
        return picture;
    }
    Picture { channels: 3, pixels: picture.pixels.iter().flat_map(|grey| [*grey; 3]).collect(), ..picture }
}

/// Mean and deviation of all pixels, 0 … 1.
fn statistics(pictures: &[Picture]) -> (f32, f32) {
    let mut counts = [0_u64; 256];
    pictures.iter().flat_map(|picture| &picture.pixels).for_each(|value| counts[usize::from(*value)] += 1);
    let all = counts.iter().sum::<u64>().max(1) as f64;
    let moment = |of: &dyn Fn(f64) -> f64| {
        counts.iter().zip(0..).map(|(n, v)| *n as f64 * of(f64::from(v) / 255.0)).sum::<f64>() / all
    };
    let mean = moment(&|v| v);
    let deviation = moment(&|v| (v - mean).powi(2)).sqrt() as f32;
    (mean as f32, if deviation < LEAST_DEVIATION { 1.0 } else { deviation })
}
