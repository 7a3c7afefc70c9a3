//! Graphs as papers publish them, out of fetched files, and those of the user in the same forms.

use masquerade_formats::archive::{self, Limits};
use masquerade_formats::networks::{self, Network};

use super::{GraphData, NodeFeatures, citations, neighbours};
use crate::data::files::Files;
use crate::data::{sets, vectors};
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::session::{DataReport, NamedBytes, Reading};

/// The ids of the sets, in the order in which systems list them: single graphs, and sets of many.
pub const GRAPHS: [&str; 8] =
    ["cora", "citeseer", "dblp", "acm", "amazon_photo", "brazil_airports", "europe_airports", "usa_airports"];
pub const COLLECTIONS: [&str; 3] = ["mutag", "proteins", "imdb_binary"];
/// Vectors whose nearest neighbours are a graph.
pub const NEIGHBOURS: [&str; 4] = ["digits-graph", "iris-graph", "wine-graph", "breast-cancer-graph"];

/// Open a set of one of these ids.
///
/// # Errors
/// [`Error::Data`] when it was not fetched or its files cannot be used.
pub async fn open(id: &str, files: &Files, seed: u64) -> Result<GraphData> {
    if NEIGHBOURS.contains(&id) {
        let vectors = vectors::open(id.strip_suffix("-graph").unwrap_or(id), files, seed).await?;
        return Ok(neighbours::of_vectors(id, &vectors));
    }
    let Some(mut here) = sets::here(id, files).await? else {
        return match id {
            "cora" | "citeseer" | "dblp" if files.find(&citations::file(id)).await?.is_some() => {
                citations::open(id, files).await
            }
            _ => Err(sets::missing(id)),
        };
    };
    let (mut report, classes) = (here.report(id), here.set.classes.clone());
    let files = here.named(|file| Some(file.path.clone()));
    let mut graph = if COLLECTIONS.contains(&id) {
        let files = files.into_iter().map(|file| (file.name, file.bytes)).collect();
        let files = archive::unpack(files, &Limits::default()).files;
        let graph = super::from_files(
            files.into_iter().map(|(name, bytes)| NamedBytes { name, bytes }).collect(),
            &Reading::default(),
        )?;
        report.notes.extend(graph.report.notes.iter().cloned());
        GraphData { report: DataReport { classes: graph.report.classes.clone(), ..report }, ..graph }
    } else {
        let named: Vec<(&str, &[u8])> = files.iter().map(|file| (file.name.as_str(), &file.bytes[..])).collect();
        let network = networks::read(&named, &Limits::default()).map_err(|why| unusable(id, why))?;
        of_network(network.ok_or_else(|| unusable(id, "there is no graph in them"))?, report)
    };
    if graph.report.classes.len() == classes.len() {
        graph.report.classes = classes;
    }
    Ok(graph.finished(&Rng::new(0, "split")))
}

fn unusable(id: &str, why: impl ToString) -> Error {
    Error::data(format!("The files of {id} cannot be used"), why, "Fetch the set again, or choose another data set")
}

/// The user's graph, where the files have one of these forms.
///
/// # Errors
/// [`Error::Data`] when they have and do not fit together.
pub fn of_user(files: &[NamedBytes]) -> Result<Option<GraphData>> {
    let named: Vec<(&str, &[u8])> = files.iter().map(|file| (file.name.as_str(), &file.bytes[..])).collect();
    let wrong = |why: String| {
        let mend = "Give features and edges of the same nodes: NAME.feature and NAME.edge, or arrays x and edge_index";
        Error::data("The graph cannot be read", why, mend)
    };
    let Some(mut network) = networks::read(&named, &Limits::default()).map_err(wrong)? else { return Ok(None) };
    let left = std::mem::take(&mut network.left_out);
    let mut notes = std::mem::take(&mut network.notes);
    notes.insert(0, "Features, edges and labels were told by the names of files and arrays".into());
    let report = DataReport {
        id: crate::card::OWN.into(),
        title: "Your graph".into(),
        licence: "yours".into(),
        source: "files that you chose".into(),
        notes,
        skipped: left.into_iter().map(|left| (left.what, left.why)).collect(),
        ..DataReport::default()
    };
    Ok(Some(of_network(network, report).finished(&Rng::new(0, "split"))))
}

/// A graph with every edge in both directions, sorted.
fn of_network(network: Network, mut report: DataReport) -> GraphData {
    report.classes = network.classes;
    let mut edges: Vec<[u32; 2]> = network.edges.iter().flat_map(|[a, b]| [[*a, *b], [*b, *a]]).collect();
    edges.sort_unstable();
    let [train, validation, test] = network.parts;
    GraphData {
        report,
        nodes: network.features.rows(),
        src: edges.iter().map(|[from, _]| *from).collect(),
        dst: edges.iter().map(|[_, to]| *to).collect(),
        features: NodeFeatures {
            width: network.features.width,
            starts: network.features.starts,
            columns: network.features.columns,
            values: network.features.values,
        },
        labels: network.labels,
        train,
        validation,
        test,
        ..GraphData::default()
    }
}
