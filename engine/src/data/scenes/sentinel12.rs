//! Eight aligned scenes of Sentinel-1 and Sentinel-2 out of three published sets.

use masquerade_formats::archive::{self, Limits};

use super::own;
use super::set::Scenes;
use crate::data::files::Files;
use crate::data::sets;
use crate::error::Result;
use crate::session::{DataReport, NamedBytes};

const FOLDER: &str = "sentinel12";
/// Places of TerraMesh: 12 bands, VV and VH, land cover.
const TERRAMESH: [&str; 5] = ["282D_485L_3_3", "38D_378R_2_3", "433D_629L_3_1", "609U_541L_3_0", "637U_59R_1_3"];
const OF_TERRAMESH: [&str; 3] = ["S2L2A", "S1RTC", "LULC"];
/// The place of Sen1Floods11: 13 bands, VV and VH, a flood label.
const OF_FLOODS: [&str; 3] = ["Spain_7370579_S2Hand", "Spain_7370579_S1Hand", "Spain_7370579_LabelHand"];
/// Two seasons of one place of SSL4EO-S12, a file for each band.
const SSL4EO: [[&str; 2]; 2] = [
    ["20200604T054639_20200604T054831_T43RCP", "S1A_IW_GRDH_1SDV_20200607T010800_20200607T010825_032904_03CFBA_D457"],
    ["20200813T054639_20200813T054952_T43RCP", "S1A_IW_GRDH_1SDV_20200903T131212_20200903T131237_034195_03F8F5_AC1C"],
];

/// The names of all files of the set.
pub fn names() -> Vec<String> {
    let of_terramesh =
        TERRAMESH.iter().flat_map(|place| OF_TERRAMESH.map(|part| format!("terramesh/{part}/{place}.tif")));
    let of_floods = OF_FLOODS.iter().map(|name| format!("sen1floods11/{name}.tif"));
    let of_ssl4eo = SSL4EO.iter().flat_map(|[optical, radar]| {
        let bands = super::bands::OPTICAL.map(|band| format!("ssl4eo_s12/s2a/0000200/{optical}/{band}.tif"));
        bands.into_iter().chain(super::bands::RADAR.map(|band| format!("ssl4eo_s12/s1/0000200/{radar}/{band}.tif")))
    });
    of_terramesh.chain(of_floods).chain(of_ssl4eo).collect()
}

/// The set `sentinel12`: those of its scenes whose files are there.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when no file is there; those of reading scenes.
pub async fn load(files: &Files) -> Result<Scenes> {
    let (mut found, mut skipped) = (Vec::new(), Vec::new());
    for name in names() {
        match files.find(&format!("{FOLDER}/{name}")).await? {
            Some(bytes) => found.push(NamedBytes { name, bytes }),
            None => skipped.push((name, "it was not found".to_string())),
        }
    }
    if found.is_empty() {
        return fetched("sentinel12", files).await;
    }
    let report = DataReport {
        id: "sentinel12".into(),
        title: "Sentinel-1 and Sentinel-2".into(),
        licence:
            "CC BY-SA 4.0 (TerraMesh), CC BY 4.0 (SSL4EO-S12, Sen1Floods11); contains modified Copernicus Sentinel data"
                .into(),
        source: "TerraMesh validation samples (5 places), Sen1Floods11 (1 place), SSL4EO-S12 (1 place in 2 seasons)"
            .into(),
        skipped,
        ..DataReport::default()
    };
    own::scenes(found, report)
}

/// Scenes as they were fetched: the set of this id, or, of `sentinel12`, those of its parts that are here.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when none was fetched or can be read.
pub async fn fetched(id: &str, files: &Files) -> Result<Scenes> {
    let (mut found, mut report) = (Vec::new(), None);
    let parts = sets::of_data(id);
    for part in &parts {
        let Some(mut here) = sets::here(part, files).await? else { continue };
        let of_part = here.report(id);
        let folder = if parts.len() > 1 { format!("{part}/") } else { String::new() };
        found.extend(here.named(|file| Some(format!("{folder}{}", file.path))));
        report = Some(match report {
            None => of_part,
            Some(DataReport { title, licence, source, notes, .. }) => DataReport {
                title: format!("{title}; {}", of_part.title),
                licence: format!("{licence}; {}", of_part.licence),
                source: format!("{source}; {}", of_part.source),
                notes: [notes, of_part.notes].concat(),
                ..of_part
            },
        });
    }
    let report = report.ok_or_else(|| sets::missing(id))?;
    let files = found.into_iter().map(|file: NamedBytes| (file.name, file.bytes)).collect();
    let unpacked = archive::unpack(files, &Limits::default()).files;
    own::scenes(unpacked.into_iter().map(|(name, bytes)| NamedBytes { name, bytes }).collect(), report)
}
