//! What the numbers of cover maps stand for.

use std::collections::{BTreeMap, BTreeSet};

use super::names::Family;
use super::scene::UNKNOWN;

/// Land cover as TerraMesh numbers it, from 1.
const LAND_COVER: [&str; 9] = [
    "water",
    "trees",
    "flooded vegetation",
    "crops",
    "built area",
    "bare ground",
    "snow and ice",
    "clouds",
    "rangeland",
];
/// The same covers in the numbers of the ESRI map it comes from.
const ESRI: [i32; 9] = [1, 2, 4, 5, 7, 8, 9, 10, 11];
/// Flood labels, from 0.
const FLOOD: [&str; 2] = ["dry", "water"];
/// More covers than these have no place in a map.
const MOST: usize = 250;

/// A map as its file holds it; NaN where nothing is known.
pub type Numbers = (Family, Vec<f32>);

/// The names of all covers of a set, and every map in their places. The family that most maps are of gives the names; of
/// the others only what bears one of these names is known.
pub fn settle(maps: &[Option<Numbers>], notes: &mut Vec<String>) -> (Vec<String>, Vec<Option<Vec<u8>>>) {
    let mut counts: BTreeMap<Family, (usize, BTreeSet<i32>)> = BTreeMap::new();
    for (family, values) in maps.iter().flatten() {
        let (count, seen) = counts.entry(*family).or_default();
        *count += 1;
        seen.extend(values.iter().filter_map(|value| number(*family, *value)));
    }
    let Some(main) = counts.iter().rev().max_by_key(|(_, (count, _))| *count).map(|(family, _)| *family) else {
        return (Vec::new(), vec![None; maps.len()]);
    };
    let named: BTreeMap<Family, BTreeMap<i32, String>> =
        counts.iter().map(|(family, (_, seen))| (*family, names(*family, seen))).collect();
    let mut covers: Vec<String> = named[&main].values().cloned().collect();
    if main == Family::LandCover {
        covers = LAND_COVER.map(String::from).to_vec();
    }
    covers.truncate(MOST);
    for (family, (count, seen)) in &counts {
        let words: Vec<String> = seen
            .iter()
            .map(|value| match named[family].get(value).filter(|name| covers.contains(name)) {
                Some(name) => format!("{value} {name}"),
                None => format!("{value} not known"),
            })
            .collect();
        let how = match family {
            Family::LandCover => "land use and land cover",
            Family::Flood => "flood labels",
            Family::Numbers => "numbers without names",
        };
        notes.push(format!("Cover maps: {count} of {how}: {}", words.join(", ")));
    }
    let place = |family: Family, value: f32| {
        let name = number(family, value).and_then(|value| named[&family].get(&value));
        name.and_then(|name| covers.iter().position(|cover| cover == name)).map_or(UNKNOWN, |place| place as u8)
    };
    let settled = maps.iter().map(|map| {
        let (family, values) = map.as_ref()?;
        Some(values.iter().map(|value| place(*family, *value)).collect())
    });
    let settled = settled.collect();
    (covers, settled)
}

/// A value of a map as a whole number; `None`: it says that nothing is known.
fn number(family: Family, value: f32) -> Option<i32> {
    let number = value.round() as i32;
    let unknown = value.is_nan() || matches!(number, -1 | 255) || family == Family::LandCover && number == 0;
    (!unknown).then_some(number)
}

fn names(family: Family, seen: &BTreeSet<i32>) -> BTreeMap<i32, String> {
    let table = |numbers: &[i32], names: &[&str]| {
        numbers.iter().copied().zip(names.iter().map(|name| (*name).to_string())).collect()
    };
    match family {
        Family::LandCover if seen.iter().any(|value| *value > LAND_COVER.len() as i32) => table(&ESRI, &LAND_COVER),
        Family::LandCover => table(&[1, 2, 3, 4, 5, 6, 7, 8, 9], &LAND_COVER),
        Family::Flood => table(&[0, 1], &FLOOD),
        Family::Numbers => seen.iter().take(MOST).map(|value| (*value, format!("cover {value}"))).collect(),
    }
}
