//! From the files of a place to a scene: bands in order and on one grid, values in the units that are kept.

use std::collections::BTreeMap;

use super::bands::{Band, OPTICAL, RADAR, TEN_THOUSAND, of_decibels, of_reflectance};
use super::geotiff;
use super::grid::{Grid, Plane, blended, nearest, shared};
use super::legend::Numbers;
use super::scene::Scene;
use super::sheets::{Content, Place, Sheet, Skipped, Take};
use crate::data::resample::Raster;

/// Reflectances up to this are told as fractions, not in ten-thousandths.
const FRACTION: f32 = 10.0;
/// Radar values above this are neither decibels nor power.
const LOUDEST: f32 = 1000.0;
/// A sensor that misses more than this share of its pixels is left out.
const MOST_MISSING: f64 = 0.5;

/// Where the bands of a sensor come from, in words, and how often that was so.
#[derive(Debug, Clone, Default)]
pub struct Findings(BTreeMap<String, (usize, String, [f32; 2])>);

impl Findings {
    fn add(&mut self, words: String, name: &str, [low, high]: [f32; 2]) {
        let (count, _, range) = self.0.entry(words).or_insert_with(|| (0, name.to_string(), [low, high]));
        *count += 1;
        *range = [range[0].min(low), range[1].max(high)];
    }

    /// One line for each kind of file.
    pub fn lines(&self) -> Vec<String> {
        let line = |(words, (count, first, [low, high])): (&String, &(usize, String, [f32; 2]))| {
            let times = if *count == 1 { first.clone() } else { format!("{count} times, first {first}") };
            if low.is_nan() {
                format!("{words} ({times})")
            } else {
                format!("{words}; values {low} … {high} ({times})")
            }
        };
        self.0.iter().map(line).collect()
    }
}

/// All bands of a sensor, each on its own grid.
struct Seen {
    grid: Grid,
    planes: Vec<Plane>,
}

/// A scene of these files, with its cover map as numbers. What cannot be used goes to `skipped`; `None` when nothing is
/// left.
pub fn scene(
    place: &Place,
    sheets: &mut [Sheet],
    findings: &mut Findings,
    skipped: &mut Skipped,
) -> Option<(Scene, Option<Numbers>)> {
    let mut sensor = |take: &Option<Take>, radar: bool| {
        let take = take.as_ref()?;
        let name = &sheets[*take.sheets.first()?].file.name.clone();
        match seen(take, sheets, radar, findings) {
            Ok(seen) => Some((seen, name.clone())),
            Err(why) => {
                let files = if take.sheets.len() > 1 {
                    format!("{name} and {} more", take.sheets.len() - 1)
                } else {
                    name.clone()
                };
                skipped.push((files, why));
                None
            }
        }
    };
    let (optical, mut radar) = (sensor(&place.optical, false), sensor(&place.radar, true));
    let grid = match (&optical, &radar) {
        (Some((optical, _)), Some((of_radar, name))) => match shared(&optical.grid, &of_radar.grid) {
            Ok(shared) => {
                shared
                    .notes
                    .into_iter()
                    .for_each(|note| findings.add(format!("Both sensors: {note}"), &place.name, NONE));
                (shared.grid, shared.whole)
            }
            Err(why) => {
                skipped.push((name.clone(), why));
                let grid = optical.grid.clone();
                radar = None;
                (grid, [true; 2])
            }
        },
        (Some((seen, _)), None) | (None, Some((seen, _))) => (seen.grid.clone(), [true; 2]),
        (None, None) => return None,
    };
    let (grid, whole) = grid;
    let picture = |seen: Option<(Seen, String)>, whole: bool, kept: fn(f32) -> u16| {
        seen.map(|(seen, _)| raster(&seen, &grid, whole, kept))
    };
    let optical = picture(optical, whole[0], of_reflectance);
    let radar = picture(radar, whole[1], of_decibels);
    let cover = place.cover.and_then(|number| match map(&sheets[number], &grid) {
        Ok(map) => Some(map),
        Err(why) => {
            skipped.push((sheets[number].file.name.clone(), why));
            None
        }
    });
    let scene = Scene {
        name: place.name.clone(),
        site: place.site.clone(),
        half: None,
        sides: grid.sides.map(|side| side as u32),
        optical,
        radar,
        cover: None,
        class: None,
        ground: grid.ground,
    };
    Some((scene, cover))
}

/// A range that is not told.
const NONE: [f32; 2] = [f32::NAN; 2];

/// The bytes of a sheet's file, read and let go.
fn read(sheet: &mut Sheet) -> Result<geotiff::GeoTiff, String> {
    geotiff::read(&std::mem::take(&mut sheet.file.bytes))
}

fn seen(take: &Take, sheets: &mut [Sheet], radar: bool, findings: &mut Findings) -> Result<Seen, String> {
    let names: &[&str] = if radar { &RADAR } else { &OPTICAL };
    let mut planes: Vec<Option<Plane>> = vec![None; names.len()];
    let mut grid: Option<Grid> = None;
    let (mut words, mut whole, mut bits) = (Vec::new(), true, 0);
    let first = take.sheets.first().copied().unwrap_or_default();
    for number in &take.sheets {
        let sheet = &mut sheets[*number];
        let file = read(sheet)?;
        let sides = [file.header.width, file.header.height];
        (whole, bits) = (whole && file.header.whole, bits.max(file.header.bits));
        let (order, said) = order(&sheet.content, &file);
        if take.sheets.len() == 1 {
            words.push(format!("{}{said}", file.header.words()));
        }
        for (band, values) in order.into_iter().zip(file.bands) {
            let place = match band {
                Band::Optical(place) if !radar => place,
                Band::Radar(place) if radar => place,
                _ => continue,
            };
            if planes[place].is_some() {
                return Err(format!("there are two pictures of {} for it", names[place]));
            }
            planes[place] = Some(Plane { sides, values });
        }
        if grid.as_ref().is_none_or(|grid| sides[0] > grid.sides[0]) {
            grid = Some(Grid { sides, ground: file.header.ground });
        }
    }
    let lacking: Vec<&str> =
        names.iter().zip(&planes).filter(|(_, plane)| plane.is_none()).map(|(name, _)| *name).collect();
    let (Some(grid), true) = (grid, lacking.is_empty()) else {
        return Err(format!("the bands {} are missing", lacking.join(", ")));
    };
    if take.sheets.len() > 1 {
        let mut sizes: Vec<usize> = planes.iter().flatten().map(|plane| plane.sides[0]).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        sizes.dedup();
        let kind = if whole { "whole" } else { "real" };
        let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
        let finest = if sizes.len() > 1 { ", brought to the finest" } else { "" };
        words.push(format!(
            "{} files of one band, {bits}-bit {kind} numbers, {} pixels wide{finest}",
            take.sheets.len(),
            sizes.join(", ")
        ));
    }
    let mut seen = Seen { grid, planes: planes.into_iter().flatten().collect() };
    let range = range(&seen.planes).ok_or("all of it is missing")?;
    let unit = if radar {
        to_decibels(&mut seen.planes, range)?
    } else {
        to_reflectance(&mut seen.planes, range, whole, bits)?
    };
    let all: usize = seen.planes.iter().map(|plane| plane.values.len()).sum();
    let missing =
        seen.planes.iter().flat_map(|plane| &plane.values).filter(|v| v.is_nan()).count() as f64 / all.max(1) as f64;
    if missing > MOST_MISSING {
        return Err(format!("{:.0} % of it is missing", 100.0 * missing));
    }
    let sensor = if radar { "Radar" } else { "Optical" };
    findings.add(format!("{sensor}: {}; {unit}", words.join(", ")), &sheets[first].file.name, range);
    Ok(seen)
}

/// What each band of a file is, and how that was found, in words.
fn order(content: &Content, file: &geotiff::GeoTiff) -> (Vec<Band>, &'static str) {
    match content {
        Content::Bands(bands) => {
            let said = if !file.header.names.is_empty() && bands.len() > 1 && described(file) {
                ", bands as the file names them"
            } else if bands.len() > 1 && matches!(bands[0], Band::Optical(_)) {
                ", taken for B1 … B8, B8A, B9, B11, B12"
            } else if bands.len() > 1 {
                ", taken for VV and VH"
            } else {
                ""
            };
            (bands.clone(), said)
        }
        Content::Thirteen => {
            let mut bands: Vec<Band> = (0..OPTICAL.len()).map(Band::Optical).collect();
            // High clouds apart the cirrus band is almost black: darker than water vapour (B9) and than B11.
            if mean(&file.bands[9]) < mean(&file.bands[10]) {
                let narrow = bands.remove(8);
                bands.insert(9, Band::Cirrus);
                bands.push(narrow);
                return (bands, ", the dark tenth one is B10: taken for B1 … B9, B10, B11, B12, B8A; B10 is left out");
            }
            bands.insert(10, Band::Cirrus);
            (bands, ", the dark eleventh one is B10: taken for B1 … B8, B8A, B9, B10, B11, B12; B10 is left out")
        }
        Content::Cover(_) => (Vec::new(), ""),
    }
}

/// Whether the file's own names say which bands it has.
fn described(file: &geotiff::GeoTiff) -> bool {
    file.header
        .names
        .iter()
        .all(|name| name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| super::bands::band(word).is_some()))
}

fn mean(values: &[f32]) -> f64 {
    let known = values.iter().filter(|v| !v.is_nan());
    let (sum, count) = known.fold((0.0, 0_usize), |(sum, count), v| (sum + f64::from(*v), count + 1));
    sum / count.max(1) as f64
}

fn range(planes: &[Plane]) -> Option<[f32; 2]> {
    let known = planes.iter().flat_map(|plane| plane.values.iter().copied()).filter(|v| !v.is_nan());
    known.fold(None, |range: Option<[f32; 2]>, v| {
        let [low, high] = range.unwrap_or([v, v]);
        Some([low.min(v), high.max(v)])
    })
}

/// Reflectance in ten-thousandths; pixels that are 0 in all bands are missing.
fn to_reflectance(planes: &mut [Plane], [_, high]: [f32; 2], whole: bool, bits: u8) -> Result<&'static str, String> {
    if bits <= 8 {
        return Err("its values have 8 bits: a picture to look at, no reflectance".into());
    }
    let same = planes.iter().all(|plane| plane.sides == planes[0].sides);
    for pixel in 0..if same { planes[0].values.len() } else { 0 } {
        if planes.iter().all(|plane| plane.values[pixel] == 0.0) {
            planes.iter_mut().for_each(|plane| plane.values[pixel] = f32::NAN);
        }
    }
    if !whole && high <= FRACTION {
        planes.iter_mut().flat_map(|plane| &mut plane.values).for_each(|v| *v *= TEN_THOUSAND);
        return Ok("reflectance as fractions");
    }
    Ok("reflectance × 10,000")
}

/// Decibels; power, which is never negative, becomes decibels.
fn to_decibels(planes: &mut [Plane], [low, high]: [f32; 2]) -> Result<&'static str, String> {
    if low < 0.0 {
        return Ok("decibels");
    }
    if high > LOUDEST {
        return Err(format!("values up to {high} are neither decibels nor power: bring them to sigma or gamma nought"));
    }
    let decibels = |v: f32| if v > 0.0 { 10.0 * v.log10() } else { f32::NAN };
    planes.iter_mut().flat_map(|plane| &mut plane.values).for_each(|v| *v = decibels(*v));
    Ok("power, which is never negative: turned into decibels")
}

/// A sensor's bands on the scene's grid.
fn raster(seen: &Seen, grid: &Grid, whole: bool, kept: fn(f32) -> u16) -> Raster<u16> {
    let channels = seen.planes.len();
    let [width, height] = grid.sides;
    let mut pixels = vec![0; width * height * channels];
    for (band, plane) in seen.planes.iter().enumerate() {
        // Bands of other sizes show the same ground as the finest one.
        let step = seen.grid.sides[0] as f64 / plane.sides[0] as f64;
        let ground = seen.grid.ground.as_ref().map(|ground| ground.part(0.0, 0.0, step));
        let values = blended(plane, &Grid { sides: plane.sides, ground }, grid, whole);
        pixels.iter_mut().skip(band).step_by(channels).zip(values).for_each(|(out, value)| *out = kept(value));
    }
    Raster { width: width as u32, height: height as u32, channels: channels as u32, pixels }
}

fn map(sheet: &Sheet, grid: &Grid) -> Result<Numbers, String> {
    let Content::Cover(family) = sheet.content else { return Err("it is no map".into()) };
    // Scenes of one place share their map: its bytes stay.
    let mut file = geotiff::read(&sheet.file.bytes)?;
    let from = Grid { sides: [file.header.width, file.header.height], ground: file.header.ground };
    let plane = Plane { sides: from.sides, values: file.bands.pop().unwrap_or_default() };
    let values = nearest(&plane, &from, grid).ok_or("it does not show the ground of its picture")?;
    Ok((family, values))
}
