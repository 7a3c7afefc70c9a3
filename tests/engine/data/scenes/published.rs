//! The files of published sets, where they are on this computer.

use std::path::PathBuf;

use masquerade_engine::batch::{CLASS, Half, Role};
use masquerade_engine::data::files::Files;
use masquerade_engine::data::scenes::geotiff::{GeoTiff, read};
use masquerade_engine::data::scenes::{self, SceneData, sentinel12};
use masquerade_engine::data::{Cut, Dataset};
use masquerade_engine::rng::Rng;
use masquerade_engine::session::NamedBytes;

use crate::data::ready;

/// The folder that holds `sentinel12`; `None`: it is not here.
fn folder() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let named = std::env::var_os("MASQUERADE_DATA").map(PathBuf::from);
    named.into_iter().chain([beside]).find(|folder| folder.join("sentinel12/terramesh").is_dir())
}

fn files(under: &str) -> Option<Vec<NamedBytes>> {
    fn walk(folder: &std::path::Path, name: &str, out: &mut Vec<NamedBytes>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let name = format!("{name}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), out);
            } else {
                out.push(NamedBytes { name, bytes: std::fs::read(entry.path()).expect("a file") });
            }
        }
    }
    let folder = folder()?.join("sentinel12").join(under);
    let mut out = Vec::new();
    walk(&folder, "", &mut out);
    out.sort_by(|a, b| a.name.cmp(&b.name));
    Some(out)
}

fn own(under: &str) -> Option<SceneData> {
    files(under).map(|files| scenes::from_files(files, Vec::new()).expect("scenes"))
}

#[test]
fn every_file_is_read() {
    let Some(all) = files("") else { return };
    let mut seen = 0;
    for file in all.iter().filter(|file| file.name.ends_with(".tif")) {
        let GeoTiff { header, bands } = read(&file.bytes).unwrap_or_else(|e| panic!("{}: {e}", file.name));
        let has = |part: &str| file.name.contains(part);
        let sides = match () {
            () if has("terramesh") => 224,
            () if has("sen1floods11") => 512,
            () if has("EuroSAT_MS") => 64,
            () if has("ssl4eo") && (has("/B1.tif") || has("/B9.tif")) => 44,
            () if has("ssl4eo") && ["B5.", "B6.", "B7.", "B8A.", "B11.", "B12."].iter().any(|band| has(band)) => 132,
            () if has("ssl4eo") => 264,
            () if has("_B01") || has("_B09") => 20,
            () if ["_B05", "_B06", "_B07", "_B8A", "_B11", "_B12"].iter().any(|band| has(band)) => 60,
            () => 120,
        };
        let count = match () {
            () if has("S2L2A/") => 12,
            () if has("S2Hand") || has("EuroSAT_MS") => 13,
            () if has("S1RTC") || has("S1Hand") => 2,
            () => 1,
        };
        assert_eq!(
            (header.width, header.height, header.bands, bands.len()),
            (sides, sides, count, count),
            "{}",
            file.name
        );
        assert!(header.ground.as_ref().is_some_and(|ground| ground.is_upright()), "{}", file.name);
        let missing = bands.iter().flatten().filter(|v| v.is_nan()).count();
        assert_eq!(missing > 0, has("reference_map") && missing > 0, "{}", file.name);
        let radar = has("S1RTC") || has("S1Hand") || has("VV.tif") || has("VH.tif");
        let mut check = GeoTiff { header, bands };
        let [low, high] = check.range().expect("values");
        if radar {
            assert!(
                !check.header.whole && (-50.0..-15.0).contains(&low) && (-8.0..30.0).contains(&high),
                "{}",
                file.name
            );
        } else {
            assert!(
                check.header.whole && (-1.0..=4000.0).contains(&low) && high <= 15_000.0 || has("DEM"),
                "{}",
                file.name
            );
        }
        // Values that another reader found.
        let band = check.bands.remove(0);
        let mean = band.iter().map(|v| f64::from(*v)).filter(|v| !v.is_nan()).sum::<f64>() / band.len() as f64;
        for (name, wanted) in [
            ("S2L2A/282D", 636.04),
            ("S1RTC/282D", -13.29),
            ("LULC/282D", 2.05),
            ("Spain_7370579_S2Hand", 1483.02),
            ("Spain_7370579_S1Hand", -11.36),
            ("Spain_7370579_LabelHand", 0.27),
            ("20200604T054639_20200604T054831_T43RCP/B8A", 3136.89),
            ("AnnualCrop_1.tif", 1323.20),
            ("75_43_B02", 595.09),
            ("70_48_VH", -17.51),
        ] {
            if has(name) {
                assert!((mean - wanted).abs() < 0.006, "{}: {mean}, not {wanted}", file.name);
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 10);
}

#[test]
fn the_set_has_eight_scenes_of_both_sensors() {
    let Some(folder) = folder() else { return };
    let files = Files::in_folders(vec![folder]);
    let data = ready(scenes::open("sentinel12", 32, &files, 0)).expect("the set");
    let report = data.report();
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    let all = data.scenes();
    assert_eq!(all.scenes.len(), 8, "{:?}", all.scenes.iter().map(|s| &s.name).collect::<Vec<_>>());
    assert!(all.scenes.iter().all(|scene| scene.optical.is_some() && scene.radar.is_some()));
    let names: Vec<&str> = all.scenes.iter().map(|scene| scene.name.as_str()).collect();
    assert!(names.contains(&"ssl4eo_s12/0000200 20200604") && names.contains(&"terramesh/282D_485L_3_3"), "{names:?}");
    let sides: Vec<u32> = all.scenes.iter().map(|scene| scene.sides[0]).collect();
    assert_eq!((sides.iter().filter(|s| **s == 224).count(), sides.iter().filter(|s| **s == 264).count()), (5, 2));
    assert_eq!(sides.iter().filter(|s| **s == 512).count(), 1);
    // 49 tiles of five places, 256 of one, 64 of two; two places are for testing.
    assert_eq!((data.pool(), data.count(Half::Test)), (3 * 49 + 256 + 2 * 64, 2 * 49));
    assert!(data.count(Half::Train) < data.pool(), "two scenes have no map, and dry land says no cover");
    assert_eq!(report.classes[..2], ["water", "trees"]);
    assert!((data.classes(Half::Test, CLASS)).iter().all(|class| *class < 9));
    let lines = report.notes.join("\n");
    for part in [
        "12 bands of 16-bit whole numbers, 224 × 224 pixels, taken for B1",
        "512 × 512 pixels, bands as the file names them",
        "12 files of one band, 16-bit whole numbers, 264, 132, 44 pixels wide, brought to the finest",
        "decibels",
        "reflectance × 10,000",
        "taken as aligned pixel by pixel",
        "flood labels: 0 not known, 1 water",
        "land use and land cover: 1 water, 2 trees",
    ] {
        assert!(lines.contains(part), "{part:?} is not in\n{lines}");
    }
    let batch = data.cut(Half::Test, &[0, 5], &Cut::evaluation(32), &Rng::new(0, "")).expect("a batch");
    assert_eq!((batch.present(Role::Optical), batch.present(Role::Radar)), (vec![true; 2], vec![true; 2]));
    let values = batch.pixels(Role::Optical).expect("pixels").values();
    assert!(values.values.iter().all(|v| v.abs() < 15.0));
    let ground = data.ground(Half::Test, 1, 32).expect("a ground");
    assert_eq!(ground.right, [10.0, 0.0]);
    // The second tile begins 320 m east of the first.
    let first = data.ground(Half::Test, 0, 32).expect("a ground");
    assert!((ground.origin[0] - first.origin[0] - 320.0).abs() < 1e-6 && ground.origin[1] == first.origin[1]);
    assert!(ready(scenes::open("sentinel12", 600, &files, 0)).is_err(), "no scene is so large");
    let nowhere =
        ready(scenes::open("sentinel12", 32, &Files::in_folders(Vec::new()), 0)).expect_err("no files").report();
    assert!(nowhere.what_to_do.contains("fetch terramesh5"), "{nowhere:?}");
    assert_eq!(sentinel12::names().len(), 15 + 3 + 28);
}

#[test]
fn both_orders_of_thirteen_bands_give_the_same_twelve() {
    let (Some(eurosat), Some(floods)) = (own("EuroSAT_MS"), own("sen1floods11")) else { return };
    assert_eq!(eurosat.report().classes, ["AnnualCrop", "Pasture", "SeaLake"]);
    assert!(
        eurosat.report().notes.iter().any(|line| line.contains("the dark tenth one is B10")),
        "{:?}",
        eurosat.report().notes
    );
    assert_eq!(floods.report().classes, ["dry", "water"]);
    for (data, first) in [(&eurosat, [1323.2, 2030.55, 484.06, 2715.4]), (&floods, [1483.02, 2129.69, 344.25, 1467.55])]
    {
        let optical = data.scenes().scenes[0].optical.as_ref().expect("an optical picture");
        let mean = |band: usize| {
            let values = optical.pixels.iter().skip(band).step_by(12);
            values.map(|v| f64::from(*v)).sum::<f64>() / (optical.width * optical.height) as f64
        };
        // B1, B8A, B9, B11: vegetation and soil are bright in B8A, and dark in B9.
        for (band, wanted) in [0, 8, 9, 10].into_iter().zip(first) {
            assert!((mean(band) - wanted).abs() < 0.01, "band {band}: {}, not {wanted}", mean(band));
        }
    }
    let batch = eurosat.cut(Half::Train, &[0, 1], &Cut::evaluation(32), &Rng::new(0, "")).expect("a batch");
    assert_eq!(batch.present(Role::Radar), [false, false]);
}

#[test]
fn pairs_and_classes_of_whole_folders() {
    let (Some(seasons), Some(bigearth), Some(all)) = (own("ssl4eo_s12"), own("BigEarthNet"), own("")) else { return };
    let names: Vec<&str> = seasons.scenes().scenes.iter().map(|scene| scene.name.as_str()).collect();
    assert_eq!(names, ["0000200 20200604", "0000200 20200813"]);
    assert!(seasons.scenes().scenes.iter().all(|scene| scene.radar.is_some()));
    assert!(seasons.report().classes.is_empty() && seasons.tracks().is_empty());
    // One site: each scene is split, its lowest rows are for testing.
    assert_eq!((seasons.pool(), seasons.count(Half::Test)), (2 * 48, 2 * 16));
    let bigearth = bigearth.scenes();
    let sensors: Vec<[bool; 2]> =
        bigearth.scenes.iter().map(|scene| [scene.optical.is_some(), scene.radar.is_some()]).collect();
    assert_eq!(sensors, [[false, true], [true, false]], "they are of different places");
    let report = all.report();
    assert_eq!(all.scenes().scenes.len(), 8 + 3 + 2);
    let skipped: Vec<&str> = report.skipped.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(skipped.iter().filter(|name| name.contains("DEM")).count(), 5);
    assert_eq!(skipped.iter().filter(|name| name.ends_with(".jpg")).count(), 3);
    assert_eq!(skipped.iter().filter(|name| name.contains("reference_map")).count(), 1);
    assert_eq!(skipped.len(), 9, "{skipped:?}");
    assert!(report.notes.iter().any(|line| line.starts_with("4 scenes have no radar picture")), "{:?}", report.notes);
}

#[test]
fn pictures_of_three_colours_are_refused() {
    let Some(files) = files("EuroSAT_RGB") else { return };
    let error = scenes::from_files(files, Vec::new()).expect_err("no bands").report();
    assert!(error.why.contains("AnnualCrop_1.jpg") && error.why.contains("three colours"), "{error:?}");
}
