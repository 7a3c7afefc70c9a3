//! Which file is which part of which set, by the ends of their names; folders, capitals and packing make no difference.

use std::collections::BTreeMap;

use super::GraphSet;
use crate::Reading;
use crate::reading::LeftOut;
use crate::sheet::{self, rows::Rows};
use crate::text;

/// A part of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Edges,
    Graphs,
    Classes,
    GraphAttributes,
    NodeLabels,
    NodeAttributes,
    EdgeLabels,
    EdgeAttributes,
}

/// How the names of parts end.
const ENDS: [(&str, Part); 8] = [
    ("_a", Part::Edges),
    ("_graph_indicator", Part::Graphs),
    ("_graph_labels", Part::Classes),
    ("_graph_attributes", Part::GraphAttributes),
    ("_node_labels", Part::NodeLabels),
    ("_node_attributes", Part::NodeAttributes),
    ("_edge_labels", Part::EdgeLabels),
    ("_edge_attributes", Part::EdgeAttributes),
];

/// The set and the part that a file is by its name, the set as written.
fn part_of(path: &str) -> Option<(&str, Part)> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let bare = |name: &'_ str| {
        let low = name.to_ascii_lowercase();
        let ending = [".gz", ".txt", ".csv"].iter().find(|ending| low.ends_with(**ending));
        name.len() - ending.map_or(0, |ending| ending.len())
    };
    let name = &name[..bare(name)];
    let name = &name[..bare(name)];
    let low = name.to_ascii_lowercase();
    ENDS.iter().find(|(end, _)| low.ends_with(end)).map(|(end, part)| (&name[..name.len() - end.len()], *part))
}

/// Whether files of these names are a set of graphs.
pub fn is_set<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let parts: Vec<Part> = names.filter_map(part_of).map(|(_, part)| part).collect();
    parts.contains(&Part::Edges) && parts.contains(&Part::Graphs)
}

/// The parts of one set, as rows.
#[derive(Debug, Default)]
pub struct Parts {
    parts: BTreeMap<Part, (String, Rows)>,
}

impl Parts {
    /// The rows of a part.
    pub fn rows(&self, part: Part) -> Option<&Rows> {
        self.parts.get(&part).map(|(_, rows)| rows)
    }

    /// The rows of a part that a set cannot do without.
    pub fn needed(&self, part: Part) -> Result<&Rows, String> {
        let end = ENDS.iter().find(|(_, known)| *known == part).map_or("", |(end, _)| end);
        self.rows(part).ok_or_else(|| format!("there is no file whose name ends with {}.txt", end.replace("_a", "_A")))
    }

    /// The name of a part's file.
    pub fn name(&self, part: Part) -> &str {
        self.parts.get(&part).map_or("", |(name, _)| name)
    }
}

/// The parts of the one set among these files. What is none is left out.
///
/// # Errors
/// When there are several sets, or a file of the set cannot be read.
pub fn of(files: &[(&str, &[u8])], set: &mut GraphSet) -> Result<Parts, String> {
    let found: Vec<Option<(&str, Part)>> = files.iter().map(|(name, _)| part_of(name)).collect();
    let mut sets = BTreeMap::<String, Vec<Part>>::new();
    for (name, part) in found.iter().flatten() {
        sets.entry(name.to_ascii_lowercase()).or_default().push(*part);
    }
    let whole = |parts: &[Part]| parts.contains(&Part::Edges) && parts.contains(&Part::Graphs);
    let complete: Vec<&String> = sets.iter().filter(|(_, parts)| whole(parts)).map(|(name, _)| name).collect();
    let once = |wanted: Part| found.iter().flatten().filter(|(_, part)| *part == wanted).count() == 1;
    let chosen = match complete[..] {
        [one] => Some(one.clone()),
        // Parts that are called otherwise and still can only be one set.
        [] if once(Part::Edges) && once(Part::Graphs) => None,
        [] => return Err("edges and graphs are of sets of different names".into()),
        _ => {
            let names: Vec<&str> = complete.iter().filter_map(|low| written(&found, low)).collect();
            return Err(format!("these are {} sets: {}", names.len(), names.join(", ")));
        }
    };
    let mut parts = Parts::default();
    for ((path, bytes), part) in files.iter().zip(&found) {
        let mut leave = |why: String| set.left_out.push(LeftOut { what: (*path).to_string(), why });
        let Some((name, part)) = part else {
            leave("it is not needed".into());
            continue;
        };
        if chosen.as_ref().is_some_and(|chosen| *chosen != name.to_ascii_lowercase()) {
            leave("it is of another set".into());
        } else if parts.parts.contains_key(part) {
            leave("there is one of its kind already".into());
        } else if matches!(part, Part::EdgeLabels | Part::EdgeAttributes | Part::GraphAttributes) {
            leave("what edges and graphs have of their own is not used, nodes' labels and attributes are".into());
        } else {
            let text = text::read(bytes).map_err(|why| format!("{path}: {why}"))?.text;
            let rows = sheet::rows_of(&text, &Reading::default()).map_err(|why| format!("{path}: {why}"))?;
            if *part == Part::Edges {
                set.title = (*name).to_string();
            }
            parts.parts.insert(*part, ((*path).to_string(), rows));
        }
    }
    Ok(parts)
}

/// A set's name as the first of its files has it.
fn written<'a>(found: &[Option<(&'a str, Part)>], low: &str) -> Option<&'a str> {
    found.iter().flatten().map(|(name, _)| *name).find(|name| name.eq_ignore_ascii_case(low))
}
