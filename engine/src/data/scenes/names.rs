//! What the name of a file says: which sensor, which band, which place, when.

use super::bands::{Band, band};

/// Words that say which sensor or product a file is of, and nothing about its place.
const SENSOR_WORDS: [&str; 38] = [
    "S1",
    "S2",
    "S1A",
    "S1B",
    "S1C",
    "S2A",
    "S2B",
    "S2C",
    "S1RTC",
    "S1GRD",
    "S2L1C",
    "S2L2A",
    "S2RGB",
    "S1HAND",
    "S2HAND",
    "SENTINEL",
    "SENTINEL1",
    "SENTINEL2",
    "SAR",
    "RADAR",
    "OPTICAL",
    "MSI",
    "GRD",
    "RTC",
    "L1C",
    "L2A",
    "IW",
    "GRDH",
    "1SDV",
    "MSIL1C",
    "MSIL2A",
    "ALL",
    "BANDS",
    "STACK",
    "VVVH",
    "DB",
    "LINEAR",
    "ASC",
];
/// Words of maps of what covers the ground.
const COVER_WORDS: [&str; 16] = [
    "LULC",
    "LABEL",
    "LABELS",
    "LABELHAND",
    "LANDCOVER",
    "LAND",
    "COVER",
    "MASK",
    "MASKS",
    "REFERENCE",
    "MAP",
    "MAPS",
    "DFC",
    "GT",
    "WORLDCOVER",
    "ANNOTATION",
];
/// Of these, the ones that say it alone.
const COVER_ALONE: [&str; 10] =
    ["LULC", "LABEL", "LABELS", "LABELHAND", "LANDCOVER", "MASK", "MASKS", "GT", "WORLDCOVER", "ANNOTATION"];
/// Words of height maps, which are passed over.
const HEIGHT_WORDS: [&str; 5] = ["DEM", "DSM", "DTM", "ELEVATION", "SRTM"];

/// A family of cover maps: whose values mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Land use and land cover.
    LandCover,
    /// Flood labels: −1 unknown, 0 dry, 1 water.
    Flood,
    /// Numbers without names.
    Numbers,
}

/// What a name says of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Place and folders above it, without what belongs to sensors, bands and dates.
    pub place: Vec<String>,
    /// The same with all folders, for classes and halves that folders tell.
    pub path: String,
    /// Whether the file's own name, not only its folders, says which place it is.
    pub told: bool,
    /// Day of the picture (`20200604`), where the name has one.
    pub day: Option<String>,
    pub band: Option<Band>,
    pub cover: Option<Family>,
    pub height: bool,
    /// Words of the whole path, in capitals.
    words: Vec<String>,
}

impl Named {
    /// Read a name with its folders, `/` between them.
    pub fn of(name: &str) -> Self {
        let mut parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
        let stem = parts.pop().unwrap_or_default();
        let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
        let words: Vec<String> = parts.iter().chain([&stem]).flat_map(|part| words_of(part)).collect();
        let last = words_of(stem).last().and_then(|word| band(word));
        let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        let pair = |a: &str, b: &str| words.windows(2).any(|two| two[0] == a && two[1].trim_end_matches('S') == b);
        let cover = if has(&["LABELHAND"]) {
            Some(Family::Flood)
        } else if has(&["LULC", "LANDCOVER", "WORLDCOVER"]) || pair("LAND", "COVER") {
            Some(Family::LandCover)
        } else if has(&COVER_ALONE) || pair("REFERENCE", "MAP") {
            Some(Family::Numbers)
        } else {
            None
        };
        let is_cover = cover.is_some();
        let (mut place, mut path): (Vec<String>, Vec<String>) = Default::default();
        let (mut day, mut told) = (None, false);
        let last_part = parts.len();
        for (number, part) in parts.into_iter().chain([stem]).enumerate() {
            let (rest, found) = of_place(part, is_cover, number == last_part && last.is_some());
            day = found.or(day);
            told = rest.is_some();
            path.push(rest.clone().unwrap_or_else(|| if number == last_part { "scene".into() } else { String::new() }));
            // A folder whose name the next one begins with says nothing more.
            if let Some(rest) = rest {
                if place.last().is_some_and(|above| rest.starts_with(above.as_str())) && number > 0 {
                    place.pop();
                }
                place.push(rest);
            }
        }
        path.retain(|part| !part.is_empty());
        Self { place, path: path.join("/"), told, day, band: last, cover, height: has(&HEIGHT_WORDS), words }
    }

    /// Whether the path names Sentinel-1, and whether it names Sentinel-2.
    pub fn sensors(&self) -> [bool; 2] {
        ["S1", "S2"].map(|sensor| {
            let long = sensor.replace('S', "SENTINEL");
            self.words
                .iter()
                .any(|word| word.starts_with(sensor) && SENSOR_WORDS.contains(&word.as_str()) || *word == long)
        })
    }

    /// The place in one line.
    pub fn key(&self) -> String {
        self.place.join("/")
    }
}

fn words_of(part: &str) -> Vec<String> {
    let words = part.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_uppercase).collect()
}

/// What is left of a folder's or file's name for its place, and the day in it. A name with two times is that of a whole
/// acquisition and says nothing of the place.
fn of_place(part: &str, cover: bool, banded: bool) -> (Option<String>, Option<String>) {
    let mut words: Vec<&str> = part.split(['_', '-', ' ']).filter(|word| !word.is_empty()).collect();
    if banded {
        words.pop();
    }
    let times: Vec<&str> = words.iter().filter_map(|word| time(word)).collect();
    let day = times.first().map(|time| (*time).to_string());
    let of_place = |word: &&str| {
        let upper = word.to_ascii_uppercase();
        let known = SENSOR_WORDS.contains(&upper.as_str())
            || cover && COVER_WORDS.contains(&upper.as_str())
            || HEIGHT_WORDS.contains(&upper.as_str());
        !known && time(word).is_none() && !is_orbit(&upper)
    };
    if times.len() > 1 {
        return (None, day);
    }
    let rest: Vec<&str> = words.into_iter().filter(of_place).map(tile).collect();
    ((!rest.is_empty()).then(|| rest.join("_")), day)
}

/// The day of a time as products write it: `20200604T054639`, `20200604`.
fn time(word: &str) -> Option<&str> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let day = word.get(..8).filter(|day| digits(day) && (day.starts_with("20") || day.starts_with("19")))?;
    let rest = &word[8..];
    (rest.is_empty() || rest.len() == 7 && rest.starts_with('T') && digits(&rest[1..])).then_some(day)
}

/// Numbers of an orbit or a processing baseline: `R022`, `N9999`.
fn is_orbit(word: &str) -> bool {
    let number = |first: char, length: usize| {
        word.strip_prefix(first).is_some_and(|rest| rest.len() == length && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    number('R', 3) || number('N', 4)
}

/// A tile of the Sentinel-2 grid with or without its letter: `T33UUP` is `33UUP`.
fn tile(word: &str) -> &str {
    let rest = word.strip_prefix('T').unwrap_or(word);
    let bytes = rest.as_bytes();
    let is_tile =
        bytes.len() == 5 && bytes[..2].iter().all(u8::is_ascii_digit) && bytes[2..].iter().all(u8::is_ascii_uppercase);
    if is_tile { rest } else { word }
}
