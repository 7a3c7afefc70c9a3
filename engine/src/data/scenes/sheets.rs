//! From files to places: what each file holds, which files belong together, what is left out and why.

use std::collections::BTreeMap;

use masquerade_formats::sniff::{Kind, sniff};

use super::bands::{Band, OPTICAL, RADAR, band};
use super::geotiff::{self, Header};
use super::names::{Family, Named};
use crate::session::NamedBytes;

/// What the bands of a file are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Each band of the file.
    Bands(Vec<Band>),
    /// The thirteen bands of Sentinel-2 in one of two orders, which the values tell.
    Thirteen,
    Cover(Family),
}

/// A file that can be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    pub file: NamedBytes,
    pub named: Named,
    pub header: Header,
    pub content: Content,
}

/// The files of one sensor at one place and time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Take {
    pub day: Option<String>,
    /// Numbers of its sheets.
    pub sheets: Vec<usize>,
}

/// The files of one scene.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Place {
    pub site: String,
    pub name: String,
    pub optical: Option<Take>,
    pub radar: Option<Take>,
    pub cover: Option<usize>,
}

/// What was left out: name and reason.
pub type Skipped = Vec<(String, String)>;

/// Endings of files that lie beside pictures and are not needed.
const BESIDE: [&str; 14] =
    ["json", "xml", "csv", "txt", "md", "html", "tfw", "prj", "aux", "ovr", "geojson", "pdf", "yaml", "safe"];

/// Look at all files.
pub fn look(mut files: Vec<NamedBytes>) -> (Vec<Sheet>, Skipped) {
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let (mut sheets, mut skipped) = (Vec::new(), Skipped::new());
    for mut file in files {
        file.name = file.name.replace('\\', "/");
        let ending = file.name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let found = sniff(&file.bytes);
        let tiff = found.as_ref().is_some_and(|found| found.name == "TIFF");
        if BESIDE.contains(&ending.as_str()) && !tiff {
            continue;
        }
        let named = Named::of(&file.name);
        let looked = match found {
            _ if tiff => geotiff::header(&file.bytes),
            Some(found) if found.name == "JPEG 2000" => Err("JPEG 2000 is not read: turn it into GeoTIFF".into()),
            Some(found) if found.kind == Kind::Picture => {
                Err(format!("{found} of three colours; scenes need the bands of the sensors as GeoTIFF"))
            }
            Some(found) => Err(format!("it is {}, not a TIFF file", found.what)),
            None => Err("it is not a TIFF file".into()),
        };
        let known = looked.and_then(|header| content(&named, &header).map(|content| (header, content)));
        match known {
            Ok((header, content)) => sheets.push(Sheet { file, named, header, content }),
            Err(why) => skipped.push((file.name, why)),
        }
    }
    (sheets, skipped)
}

fn content(named: &Named, header: &Header) -> Result<Content, String> {
    if named.height {
        return Err("it is a map of heights, which are not used".into());
    }
    if let (Some(family), 1) = (named.cover, header.bands) {
        return Ok(Content::Cover(family));
    }
    let described: Option<Vec<Band>> = header.names.iter().map(|name| band_in(name)).collect();
    if let Some(bands) = described.filter(|bands| !bands.is_empty()) {
        return Ok(Content::Bands(bands));
    }
    let [_, names_optical] = named.sensors();
    match header.bands {
        12 => Ok(Content::Bands((0..OPTICAL.len()).map(Band::Optical).collect())),
        13 => Ok(Content::Thirteen),
        2 if !names_optical => Ok(Content::Bands((0..RADAR.len()).map(Band::Radar).collect())),
        1 => match named.band {
            Some(band) => Ok(Content::Bands(vec![band])),
            None => Err("it has one band, and its name does not say which (B02, VV, LULC)".into()),
        },
        count => Err(format!(
            "it has {count} bands: optical files have 12 or 13, radar files 2, or each band is a file of its own (B02, VV)"
        )),
    }
}

/// The band that a description names: `B2, blue`.
fn band_in(description: &str) -> Option<Band> {
    description.split(|c: char| !c.is_ascii_alphanumeric()).find_map(band)
}

impl Sheet {
    /// Whether it is of the radar; `None`: it is a map.
    fn of_radar(&self) -> Option<bool> {
        match &self.content {
            Content::Bands(bands) => Some(matches!(bands.first(), Some(Band::Radar(_)))),
            Content::Thirteen => Some(false),
            Content::Cover(_) => None,
        }
    }
}

/// Put the sheets together: by place and day, then by the ground they lie on.
pub fn places(sheets: &[Sheet], skipped: &mut Skipped) -> Vec<Place> {
    type Takes = BTreeMap<Option<String>, Take>;
    let mut found: BTreeMap<String, ([Takes; 2], Vec<usize>)> = BTreeMap::new();
    for (number, sheet) in sheets.iter().enumerate() {
        let (takes, covers) = found.entry(sheet.named.key()).or_default();
        match sheet.of_radar() {
            None => covers.push(number),
            Some(radar) => {
                let day = sheet.named.day.clone();
                let take =
                    takes[usize::from(radar)].entry(day.clone()).or_insert_with(|| Take { day, ..Take::default() });
                take.sheets.push(number);
            }
        }
    }
    let mut places = Vec::new();
    for (site, ([optical, radar], covers)) in found {
        let first = places.len();
        let (optical, radar): (Vec<Take>, Vec<Take>) = (optical.into_values().collect(), radar.into_values().collect());
        for (optical, radar) in paired(optical, radar) {
            let day = optical.as_ref().or(radar.as_ref()).and_then(|take| take.day.clone());
            let name = if site.is_empty() { "scene".into() } else { site.clone() };
            places.push(Place { site: site.clone(), name: named(&name, day), optical, radar, cover: None });
        }
        let here = places.len() - first;
        if here == 1 {
            // Without a day in it the name of a place is enough.
            places[first].name = if site.is_empty() { "scene".into() } else { site.clone() };
        }
        for (number, cover) in covers.into_iter().enumerate() {
            if number == 0 && here > 0 {
                places[first..].iter_mut().for_each(|place| place.cover = Some(cover));
            } else {
                let why =
                    if here == 0 { "no picture of its place is there" } else { "there is another map of its place" };
                skipped.push((sheets[cover].file.name.clone(), why.into()));
            }
        }
    }
    by_ground(sheets, places)
}

fn named(site: &str, day: Option<String>) -> String {
    day.map_or_else(|| site.to_string(), |day| format!("{site} {day}"))
}

/// Takes of both sensors with the nearest days together.
fn paired(optical: Vec<Take>, radar: Vec<Take>) -> Vec<(Option<Take>, Option<Take>)> {
    let mut apart: Vec<(i64, usize, usize)> = Vec::new();
    for (a, one) in optical.iter().enumerate() {
        for (b, other) in radar.iter().enumerate() {
            apart.push((days(one.day.as_deref(), other.day.as_deref()), a, b));
        }
    }
    apart.sort_unstable();
    let mut partner: Vec<Option<usize>> = vec![None; optical.len()];
    let mut radar: Vec<Option<Take>> = radar.into_iter().map(Some).collect();
    let mut taken = vec![false; radar.len()];
    for (_, a, b) in apart {
        if partner[a].is_none() && !taken[b] {
            (partner[a], taken[b]) = (Some(b), true);
        }
    }
    let with = optical.into_iter().zip(partner).map(|(take, partner)| (take, partner.and_then(|b| radar[b].take())));
    let with: Vec<(Option<Take>, Option<Take>)> = with.map(|(take, radar)| (Some(take), radar)).collect();
    with.into_iter().chain(radar.into_iter().flatten().map(|take| (None, Some(take)))).collect()
}

/// Days between two days, near enough to compare; 0 where one is not known.
fn days(one: Option<&str>, other: Option<&str>) -> i64 {
    let count = |day: &str| {
        let number: i64 = day.parse().unwrap_or(0);
        number / 10_000 * 365 + number / 100 % 100 * 30 + number % 100
    };
    match (one, other) {
        (Some(one), Some(other)) => (count(one) - count(other)).abs(),
        _ => 0,
    }
}

/// Join places that have one sensor each and lie on the same ground.
fn by_ground(sheets: &[Sheet], places: Vec<Place>) -> Vec<Place> {
    let header = |take: &Option<Take>| take.as_ref().and_then(|take| take.sheets.first()).map(|s| &sheets[*s].header);
    let (mut alone, mut joined): (Vec<Place>, Vec<Place>) =
        places.into_iter().partition(|place| place.optical.is_none() && place.radar.is_some());
    for place in joined.iter_mut().filter(|place| place.radar.is_none()) {
        let Some(optical) = header(&place.optical) else { continue };
        let share = |other: &Place| header(&other.radar).map_or(0.0, |radar| overlap(optical, radar));
        let best = (0..alone.len()).max_by(|a, b| share(&alone[*a]).total_cmp(&share(&alone[*b])));
        if let Some(best) = best.filter(|best| share(&alone[*best]) > 0.5) {
            let other = alone.remove(best);
            place.radar = other.radar;
            place.cover = place.cover.or(other.cover);
        }
    }
    joined.extend(alone);
    joined.sort_by(|a, b| a.name.cmp(&b.name));
    joined
}

/// How much of a picture's ground another one shows.
fn overlap(one: &Header, other: &Header) -> f64 {
    let (Some(here), Some(there)) = (&one.ground, &other.ground) else { return 0.0 };
    if !here.same_system(there) {
        return 0.0;
    }
    let [left, top, right, bottom] = here.frame_of(there, [other.width, other.height]);
    let (width, height) = (one.width as f64, one.height as f64);
    let along = |low: f64, high: f64, length: f64| ((high.min(length) - low.max(0.0)) / length).max(0.0);
    along(left, right, width) * along(top, bottom, height)
}
