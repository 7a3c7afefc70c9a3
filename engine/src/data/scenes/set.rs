//! The set: scenes cut into samples, the same ground in both sensors.
//!
//! A sample is a tile of a scene. Evaluation sees it as it is, or a larger window that shows it; training takes windows at
//! random places near it, in random sizes about the input's, mirrored and turned.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::bands::{OPTICAL, RADAR};
use super::ground::Ground;
use super::scene::{Scene, Statistics, UNKNOWN, USUAL_OPTICAL, usual_radar};
use crate::batch::{Batch, CLASS, Half, Role, Target, Track, Values};
use crate::data::crops::{Augment, Part, stacked};
use crate::data::resample::{Area, Raster};
use crate::data::{Cut, Dataset};
use crate::error::{Error, Result};
use crate::fingerprint::feed;
use crate::pixel_bytes::PixelBytes;
use crate::rng::Rng;
use crate::session::DataReport;
use crate::shape::{Input, TrackNames};

/// The track of the cover of every pixel.
pub const COVER: &str = "cover";
/// With fewer sites every scene is split into a part for training and a part for testing.
const FEWEST_SITES: usize = 4;
/// Every how many sites, or rows of a scene, one is for testing.
const TEST_EVERY: usize = 4;
/// Which one of the sites: the third.
const TEST_PLACE: usize = 2;
/// A cover that takes this share of a tile counts for how telling it is.
const TELLING: f64 = 0.08;

/// The scenes of a set and what is known of them all.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenes {
    pub scenes: Vec<Scene>,
    /// What cover maps say, by value.
    pub covers: Vec<String>,
    optical: Statistics,
    radar: Statistics,
    /// Whether halves are parts of every scene.
    by_region: bool,
    report: DataReport,
}

/// A part of a scene and what is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tile {
    scene: usize,
    area: Area,
    /// The part of the scene that belongs to this half: windows stay inside.
    within: Area,
    class: Option<u32>,
}

/// Scenes in tiles of one size.
#[derive(Debug, Clone)]
pub struct SceneData {
    scenes: Rc<Scenes>,
    side: usize,
    /// All tiles of the halves.
    tiles: [Vec<Tile>; 2],
    /// Those whose class is known, where classes are: what probes go by.
    known: [Vec<usize>; 2],
    classes: [Vec<u32>; 2],
    report: DataReport,
}

impl Scenes {
    /// A set of these scenes; missing pixels are filled with the mean of their band over the training half. The report's
    /// classes are those of the scenes' `class`, or else become the covers.
    ///
    /// # Errors
    /// [`Error::Data`] when there is no scene.
    pub fn new(mut scenes: Vec<Scene>, covers: Vec<String>, mut report: DataReport) -> Result<Self> {
        if scenes.is_empty() {
            let why = match report.skipped.first() {
                Some((name, why)) => format!("of no file a scene could be made; {name}: {why}"),
                None => "there is no file in it".into(),
            };
            let mend =
                "Choose GeoTIFF files of Sentinel-2 (12 or 13 bands) and Sentinel-1 (VV and VH), or a folder of them";
            return Err(Error::data("There is no scene to train on", why, mend));
        }
        let by_region = !halves(&mut scenes);
        if report.classes.is_empty() {
            report.classes.clone_from(&covers);
        }
        let trained = |scene: &Scene| {
            // As far as tiles of any size are for training where scenes are split by region.
            let [width, height] = scene.sides;
            let rows = if by_region { height - height / TEST_EVERY as u32 } else { height };
            (scene.half != Some(Half::Test)).then_some(Area { x: 0, y: 0, width, height: rows })
        };
        let parts = |picture: fn(&Scene) -> Option<&Raster<u16>>| {
            scenes.iter().filter_map(|scene| Some((picture(scene)?, trained(scene)?))).collect::<Vec<_>>()
        };
        let [optical, radar] = [parts(|s| s.optical.as_ref()), parts(|s| s.radar.as_ref())];
        let optical = Statistics::of(optical.into_iter(), OPTICAL.len(), USUAL_OPTICAL);
        let radar = Statistics::of(radar.into_iter(), RADAR.len(), usual_radar());
        for (sensor, statistics) in [("Optical", &optical), ("Radar", &radar)] {
            if statistics.missing > 0.0 {
                report.notes.push(format!(
                    "{sensor}: {:.2} % of the values to train on are missing; the mean of their band stands there",
                    100.0 * statistics.missing
                ));
            }
        }
        for scene in &mut scenes {
            scene.optical.iter_mut().for_each(|picture| optical.fill(picture));
            scene.radar.iter_mut().for_each(|picture| radar.fill(picture));
        }
        Ok(Self { scenes, covers, optical, radar, by_region, report })
    }

    /// The shortest side of all scenes, in pixels.
    pub fn shortest(&self) -> usize {
        self.scenes.iter().flat_map(|scene| scene.sides).min().unwrap_or(0) as usize
    }

    /// The parts of a scene that belong to each half, whole tiles of `side`.
    fn parts(&self, scene: &Scene, side: u32) -> Vec<(Half, Area)> {
        let [width, height] = scene.sides;
        let [columns, rows] = [width / side, height / side];
        if columns * rows == 0 {
            return Vec::new();
        }
        let whole = Area { x: 0, y: 0, width, height };
        if !self.by_region {
            return vec![(scene.half.unwrap_or(Half::Train), whole)];
        }
        // Where there is one tile only, it is for training.
        let held = |count: u32| (count / TEST_EVERY as u32).max(1);
        if rows > 1 {
            let first = (rows - held(rows)) * side;
            let test = Area { y: first, height: height - first, ..whole };
            vec![(Half::Train, Area { height: first, ..whole }), (Half::Test, test)]
        } else if columns > 1 {
            let first = (columns - held(columns)) * side;
            let test = Area { x: first, width: width - first, ..whole };
            vec![(Half::Train, Area { width: first, ..whole }), (Half::Test, test)]
        } else {
            vec![(Half::Train, whole)]
        }
    }
}

/// Give every scene its half: by what was said, else every fourth site. False: there are too few sites, and scenes have
/// to be split themselves.
fn halves(scenes: &mut [Scene]) -> bool {
    let said = |half| scenes.iter().any(|scene| scene.half == Some(half));
    if said(Half::Train) && said(Half::Test) {
        return true;
    }
    let sites: BTreeSet<&String> = scenes.iter().map(|scene| &scene.site).collect();
    if sites.len() < FEWEST_SITES {
        scenes.iter_mut().for_each(|scene| scene.half = None);
        return false;
    }
    // Every fourth of each class, so that both halves have all.
    let mut seen: BTreeMap<Option<u32>, usize> = BTreeMap::new();
    let mut chosen: BTreeMap<String, Half> = BTreeMap::new();
    scenes.sort_by(|a, b| (&a.site, &a.name).cmp(&(&b.site, &b.name)));
    for scene in scenes {
        let half = *chosen.entry(scene.site.clone()).or_insert_with(|| {
            let count = seen.entry(scene.class).or_default();
            *count += 1;
            if (*count - 1) % TEST_EVERY == TEST_PLACE { Half::Test } else { Half::Train }
        });
        scene.half = Some(half);
    }
    true
}

impl SceneData {
    /// The scenes in samples of `side` × `side` pixels.
    ///
    /// # Errors
    /// [`Error::Data`] when no scene is so large.
    pub fn new(scenes: Rc<Scenes>, side: usize) -> Result<Self> {
        let mut tiles = [Vec::new(), Vec::new()];
        let step = side.max(1) as u32;
        for (number, scene) in scenes.scenes.iter().enumerate() {
            for (half, within) in scenes.parts(scene, step) {
                for row in 0..within.height / step {
                    for column in 0..within.width / step {
                        let [x, y] = [within.x + column * step, within.y + row * step];
                        let area = Area { x, y, width: step, height: step };
                        let class = scene.class.or_else(|| scene.dominant(area));
                        tiles[half as usize].push(Tile { scene: number, area, within, class });
                    }
                }
            }
        }
        if tiles[Half::Train as usize].is_empty() {
            let why = format!("the input has {side} × {side} pixels, and no scene for training is so large");
            return Err(Error::data("The scenes are too small", why, "Choose a smaller input, or larger scenes"));
        }
        // Without any class every tile is evaluated.
        let told = tiles.iter().flatten().any(|tile| tile.class.is_some());
        let known = tiles
            .each_ref()
            .map(|tiles| (0..tiles.len()).filter(|tile| !told || tiles[*tile].class.is_some()).collect::<Vec<usize>>());
        let classes = [Half::Train, Half::Test].map(|half| {
            let tiles = &tiles[half as usize];
            known[half as usize].iter().filter_map(|tile| tiles[*tile].class).collect::<Vec<u32>>()
        });
        let mut data = Self { report: scenes.report.clone(), scenes, side, tiles, known, classes };
        data.tell(told);
        Ok(data)
    }

    fn tell(&mut self, told: bool) {
        let (scenes, side) = (&self.scenes, self.side);
        let report = &mut self.report;
        (report.samples, report.test_samples) = (self.tiles[0].len() as u64, self.known[1].len() as u64);
        report.picture = (side as u32, side as u32, OPTICAL.len() as u32);
        let count = scenes.scenes.len();
        let many = if count == 1 { "1 scene".into() } else { format!("{count} scenes") };
        report.detail = format!("tiles of {side} × {side} pixels out of {many}: 12 optical bands, 2 of radar");
        if !told {
            report.classes.clear();
        }
        let unlabelled =
            self.tiles.iter().map(Vec::len).sum::<usize>() - self.known.iter().map(Vec::len).sum::<usize>();
        if unlabelled > 0 {
            report.notes.push(format!(
                "{unlabelled} tiles have no class: they are trained on where they are for training, and not probed"
            ));
        }
        let (tiles, known) = (&self.tiles[1], &self.known[1]);
        let variety = |sample: &usize| {
            let tile = tiles[known[*sample]];
            (scenes.scenes[tile.scene].variety(tile.area, TELLING), usize::MAX - sample)
        };
        report.first = (0..known.len()).max_by_key(variety).unwrap_or(0) as u64;
    }

    /// The set's scenes.
    pub fn scenes(&self) -> &Scenes {
        &self.scenes
    }

    /// Side of a sample, in pixels.
    pub fn side(&self) -> usize {
        self.side
    }

    /// A sample of a half as evaluation counts them.
    fn tile(&self, half: Half, sample: usize) -> Option<&Tile> {
        self.tiles[half as usize].get(*self.known[half as usize].get(sample)?)
    }
}

impl Tile {
    /// The window of `side` pixels that shows the tile: that of a grid over its part of the scene in which the tile begins,
    /// moved inside where it would stand out. A part that is too small for it has the whole scene's instead, which is for
    /// looking only: [`Dataset::windows`] has none of these.
    fn window(&self, side: usize, scene: &Scene) -> Result<Area> {
        let (side, [width, height]) = (side as u32, scene.sides);
        if side == self.area.width {
            return Ok(self.area);
        }
        let roomy = side <= self.within.width.min(self.within.height);
        let within = if roomy { self.within } else { Area { x: 0, y: 0, width, height } };
        if side > within.width.min(within.height) {
            let why = format!("{} has {width} × {height} pixels", scene.name);
            let what = format!("A window of {side} × {side} pixels is larger than a scene");
            return Err(Error::data(what, why, "Choose smaller windows, or a data set of larger scenes"));
        }
        let start = |first: u32, begin: u32, length: u32| {
            (begin + (first - begin) / side.max(1) * side).min(begin + length - side)
        };
        let x = start(self.area.x, within.x, within.width);
        let y = start(self.area.y, within.y, within.height);
        Ok(Area { x, y, width: side, height: side })
    }

    /// A random window for training: its side is drawn evenly between √c and 2 − √c of the sample's, c the smallest crop
    /// (¼: between half of it and one and a half), its middle in the tile.
    fn drawn(&self, augment: Augment, rng: &mut Rng) -> Area {
        if augment.smallest_crop >= 1.0 {
            return self.area;
        }
        let (own, least) = (self.area.width as f32, augment.smallest_crop.max(0.0).sqrt());
        let side = (own * rng.between(least, 2.0 - least)).round() as u32;
        let side = side.clamp(1, self.within.width.min(self.within.height));
        let middle = [self.area.x, self.area.y].map(|first| first as f32 + own * rng.uniform());
        placed(middle, side, self.within)
    }

    /// What a batch shows of the tile.
    fn cut(&self, scene: &Scene, how: &Cut, mut rng: Rng) -> Result<Piece> {
        let side = how.side;
        let area = match how.augment {
            Some(augment) => self.drawn(augment, &mut rng),
            None => self.window(side, scene)?,
        };
        let part = Part::window(area, scene.sides, how.augment, &mut rng);
        Ok(Piece {
            pictures: [&scene.optical, &scene.radar]
                .map(|picture| picture.as_ref().map(|picture| part.of(picture, side))),
            cover: match &scene.cover {
                Some(cover) => part.of_map(cover, side).pixels,
                None => vec![UNKNOWN; side * side],
            },
            class: if area == self.area { self.class } else { scene.class.or_else(|| scene.dominant(area)) },
        })
    }
}

/// A sample of a batch: optical and radar, the cover of its pixels, its class.
struct Piece {
    pictures: [Option<Raster<u16>>; 2],
    cover: Vec<u8>,
    class: Option<u32>,
}

/// The window around a place, moved into `within` where it would stand out.
fn placed([x, y]: [f32; 2], side: u32, within: Area) -> Area {
    let start = |middle: f32, first: u32, length: u32| {
        (middle - side as f32 / 2.0).round().clamp(first as f32, (first + length - side) as f32) as u32
    };
    let [x, y] = [start(x, within.x, within.width), start(y, within.y, within.height)];
    Area { x, y, width: side, height: side }
}

impl Dataset for SceneData {
    fn report(&self) -> &DataReport {
        &self.report
    }

    fn inputs(&self) -> Vec<Input> {
        let input = |role, bands: usize, statistics: &Statistics| {
            let share = |values: &[f32]| values.iter().map(|v| v / f32::from(u16::MAX)).collect();
            let (mean, std) = (share(&statistics.mean), share(&statistics.std));
            Input { mean, std, ..Input::new(role, [0, 0, bands]) }
        };
        vec![
            input(Role::Optical, OPTICAL.len(), &self.scenes.optical),
            input(Role::Radar, RADAR.len(), &self.scenes.radar),
        ]
    }

    fn content(&self, take: &mut dyn FnMut(&[u8])) {
        for scene in self.scenes.scenes.iter().filter(|scene| scene.half != Some(Half::Test)) {
            feed(&scene.sides, u32::to_le_bytes, take);
            for sensor in [&scene.optical, &scene.radar].into_iter().flatten() {
                feed(&sensor.pixels, u16::to_le_bytes, take);
            }
            scene.cover.iter().for_each(|cover| take(&cover.pixels));
            feed(&[scene.class.unwrap_or(u32::MAX)], u32::to_le_bytes, take);
        }
    }

    fn count(&self, half: Half) -> usize {
        self.known[half as usize].len()
    }

    fn pool(&self) -> usize {
        self.tiles[Half::Train as usize].len()
    }

    fn tracks(&self) -> BTreeMap<Track, TrackNames> {
        let classes = &self.report.classes;
        let class = (!classes.is_empty()).then(|| (CLASS.to_string(), TrackNames::Classes(classes.clone())));
        let covers = &self.scenes.covers;
        let cover = (!covers.is_empty()).then(|| (COVER.to_string(), TrackNames::Maps(covers.clone())));
        class.into_iter().chain(cover).collect()
    }

    fn classes(&self, half: Half, track: &str) -> &[u32] {
        if track == CLASS { &self.classes[half as usize] } else { &[] }
    }

    fn cut(&self, half: Half, at: &[usize], how: &Cut, rng: &Rng) -> Result<Batch> {
        let (side, scenes) = (how.side, &self.scenes.scenes);
        let tiles = at.iter().enumerate().map(|(place, sample)| {
            let tile = if how.trains() { self.tiles[half as usize].get(*sample) } else { self.tile(half, *sample) };
            Ok((*tile.ok_or_else(|| no_sample(*sample))?, rng.at(place as u64)))
        });
        let tiles: Vec<(Tile, Rng)> = tiles.collect::<Result<_>>()?;
        let piece = |(tile, rng): (Tile, Rng)| tile.cut(&scenes[tile.scene], how, rng);
        #[cfg(not(target_arch = "wasm32"))]
        let pieces: Result<Vec<Piece>> = {
            use rayon::prelude::*;
            tiles.into_par_iter().map(piece).collect()
        };
        #[cfg(target_arch = "wasm32")]
        let pieces: Result<Vec<Piece>> = tiles.into_iter().map(piece).collect();
        let (mut pictures, mut cover, mut classes) = ([Vec::new(), Vec::new()], Vec::new(), Vec::new());
        for piece in pieces? {
            pictures.iter_mut().zip(piece.pictures).for_each(|(all, picture)| all.push(picture));
            cover.extend(piece.cover);
            classes.push(piece.class);
        }
        let mut batch = Batch { indices: at.to_vec(), ..Batch::default() };
        for (input, pictures) in self.inputs().into_iter().zip(pictures) {
            let bands = input.channels();
            let (pixels, without) = stacked(&pictures, [side, side, bands]);
            let pixels = PixelBytes::new([at.len(), side, side, bands], pixels, &input.mean, &input.std)?;
            batch.inputs.insert(input.role, Values::Bytes(pixels));
            if !without.is_empty() {
                batch.without.insert(input.role, without);
            }
        }
        if !self.scenes.covers.is_empty() {
            let maps = PixelBytes::new([at.len(), side, side, 1], cover, &[0.0], &[1.0])?;
            batch.targets.insert(COVER.into(), Target::Maps(maps));
        }
        // A window may show a cover that its sample does not: a class is told where all have one.
        if let (false, Some(classes)) = (self.report.classes.is_empty(), classes.into_iter().collect()) {
            batch.targets.insert(CLASS.into(), Target::Class(classes));
        }
        Ok(batch)
    }

    fn resized(&self, side: usize) -> Result<Option<Rc<dyn Dataset>>> {
        Ok(Some(Rc::new(Self::new(self.scenes.clone(), side)?)))
    }

    fn windows(&self, half: Half, side: usize) -> Vec<usize> {
        let mut taken: BTreeSet<(usize, u32, u32)> = BTreeSet::new();
        let step = side.max(1) as u32;
        let first_of_its_cell = |sample: &usize| {
            self.tile(half, *sample).is_some_and(|tile| {
                let [x, y] = [tile.area.x - tile.within.x, tile.area.y - tile.within.y].map(|first| first / step);
                let fits = |cell: u32, length: u32| (cell + 1) * step <= length;
                fits(x, tile.within.width) && fits(y, tile.within.height) && taken.insert((tile.scene, x, y))
            })
        };
        (0..self.count(half)).filter(first_of_its_cell).collect()
    }

    fn room(&self) -> usize {
        self.scenes.shortest()
    }

    fn ground(&self, half: Half, sample: usize, side: usize) -> Option<Ground> {
        let tile = self.tile(half, sample)?;
        let scene = &self.scenes.scenes[tile.scene];
        let (area, ground) = (tile.window(side, scene).ok()?, scene.ground.as_ref()?);
        Some(ground.part(f64::from(area.x), f64::from(area.y), 1.0))
    }
}

fn no_sample(sample: usize) -> Error {
    Error::data(format!("There is no sample {sample}"), "the half has fewer tiles", "Please report this")
}
