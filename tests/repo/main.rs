//! The house rules that a machine can read: sizes, names, arrows, twins, and documents that tell the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository")
}

/// Every file below `folder` with this extension, as path and text.
fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join(folder)];
    while let Some(path) = waiting.pop() {
        for entry in fs::read_dir(&path).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir()
                && path.file_name().is_some_and(|n| n != "target" && n != "node_modules" && n != "dist" && n != ".git")
            {
                waiting.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                let name = path.strip_prefix(root()).expect("inside").to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).expect("text")));
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(String, String)> {
    ["engine/src", "engine/formats/src", "engine/twins/src", "app/src"]
        .iter()
        .flat_map(|folder| files(folder, "rs"))
        .collect()
}

#[test]
fn files_stay_small() {
    let limit = |name: &str| match name {
        // Register tiles are written out line by line.
        name if name.starts_with("shaders/") => 200,
        _ => 500,
    };
    let everything =
        sources().into_iter().chain(files("shaders", "wgsl")).chain(files("tests", "rs")).chain(files("web", "mjs"));
    let long: Vec<String> = everything
        .filter(|(n, t)| t.lines().count() > limit(n))
        .map(|(n, t)| format!("{n}: {}", t.lines().count()))
        .collect();
    assert!(long.is_empty(), "split these: {long:?}");
}

#[test]
fn no_file_has_an_empty_name() {
    let vague = ["utils", "util", "common", "helpers", "helper", "misc", "base"];
    let bad: Vec<String> = sources()
        .into_iter()
        .map(|(n, _)| n)
        .filter(|n| vague.iter().any(|v| n.ends_with(&format!("/{v}.rs"))))
        .collect();
    assert!(bad.is_empty(), "name the noun: {bad:?}");
}

#[test]
fn nothing_is_left_to_chance_or_undone() {
    let forbidden = [".unwrap()", ".expect(", "todo!(", "unimplemented!(", "dbg!(", "allow(dead_code)", "#[ignore"];
    let mut found = Vec::new();
    for (name, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            found.extend(forbidden.iter().filter(|f| code.contains(**f)).map(|f| format!("{name}:{} {f}", number + 1)));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Which rooms of the engine a file may not reach.
const ARROWS: [(&str, &[&str]); 15] = [
    (
        "engine/src/kernels/",
        &["blocks", "methods", "train", "eval", "host", "registry", "checkpoint", "data", "run", "jobs"],
    ),
    ("engine/src/blocks/", &["methods", "train", "eval", "host", "registry", "checkpoint", "data", "run", "jobs"]),
    ("engine/src/methods/", &["host", "registry", "run", "jobs", "data"]),
    ("engine/src/train/", &["methods", "host", "registry", "run", "jobs"]),
    ("engine/src/eval/", &["methods", "host", "registry", "run", "jobs"]),
    ("engine/src/checkpoint/", &["methods", "host", "registry", "run", "jobs"]),
    ("engine/src/data/", &["methods", "host", "registry", "run", "jobs", "blocks", "kernels", "loader", "method"]),
    ("engine/src/batch.rs", &["data", "loader", "method", "methods", "host", "registry", "run", "jobs", "session"]),
    ("engine/src/batch/", &["data", "loader", "method", "methods", "host", "registry", "run", "jobs", "session"]),
    ("engine/src/shape.rs", &["data", "loader", "method", "methods", "host", "registry", "run", "jobs", "session"]),
    ("engine/src/graph/", &["data", "loader", "method", "methods", "host", "registry", "run", "jobs"]),
    ("engine/src/density/", &["data", "loader", "method", "methods", "host", "registry", "run", "jobs"]),
    ("engine/src/loader.rs", &["method", "methods", "host", "registry", "run", "jobs"]),
    ("engine/src/method.rs", &["data", "methods", "host", "registry", "run", "jobs"]),
    ("engine/src/method/", &["data", "methods", "host", "registry", "run", "jobs"]),
];

/// Whether a text reaches into a room of the engine, written in any way.
fn reaches(text: &str, room: &str) -> bool {
    text.match_indices("crate::").any(|(at, m)| {
        let rest = &text[at + m.len()..];
        let names = |part: &str| {
            part.strip_prefix(room).is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        };
        match rest.strip_prefix('{') {
            // `use crate::{data::Cut, rng::Rng};`
            Some(list) => {
                let mut depth = 0;
                let ends = |c: char| {
                    depth += match c {
                        '{' => 1,
                        '}' => -1,
                        _ => 0,
                    };
                    depth < 0
                };
                let list = &list[..list.find(ends).unwrap_or(list.len())];
                let mut depth = 0;
                let between = |c: char| {
                    let top = depth == 0 && c == ',';
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    top
                };
                list.split(between).any(|part| names(part.trim()))
            }
            None => names(rest),
        }
    })
}

#[test]
fn every_way_of_reaching_into_a_room_is_seen() {
    for text in
        ["use crate::data::Cut;", "use crate::data;", "crate::data::open()", "use crate::{rng::Rng, data::Cut};"]
    {
        assert!(reaches(text, "data"), "{text}");
    }
    assert!(reaches("use crate::{\n    a::{b, c},\n    data,\n};", "data"));
    for text in
        ["use crate::database::X;", "use crate::{rng::{data, Rng}};", "use crate::graph::data::X;", "use data::X;"]
    {
        assert!(!reaches(text, "data"), "{text}");
    }
}

/// What a room hands on of another would be a way around the arrows.
#[test]
fn data_is_handed_on_by_nobody() {
    let own = |name: &str| name.starts_with("engine/src/data/");
    let handed = |text: &str| {
        // An item may go over several lines.
        text.match_indices("pub").map(|(at, _)| text[at..].split(';').next().unwrap_or("")).any(|item| {
            let word = item.split_whitespace().nth(1);
            matches!(word, Some("use" | "type")) && reaches(item, "data")
        })
    };
    let wrong: Vec<String> =
        files("engine/src", "rs").into_iter().filter(|(n, t)| !own(n) && handed(t)).map(|(n, _)| n).collect();
    assert!(wrong.is_empty(), "{wrong:?} hand on what is in data/");
}

/// A new kind of data must need no change outside `data/`.
#[test]
fn nobody_outside_data_asks_for_the_kind() {
    let named = ["PictureData", "CloudData", "VectorData", "GraphSet"];
    let asks = |text: &str| {
        named.iter().any(|n| text.contains(n)) || text.contains("match") && text.contains("Kind::Clouds =>")
    };
    let outside = files("engine/src", "rs")
        .into_iter()
        .filter(|(n, _)| !n.starts_with("engine/src/data/") && n != "engine/src/card.rs");
    let wrong: Vec<String> = outside.filter(|(_, text)| asks(text)).map(|(n, _)| n).collect();
    assert!(wrong.is_empty(), "{wrong:?} ask what kind of data there is");
}

#[test]
fn nothing_points_up() {
    let mut wrong = Vec::new();
    for (name, text) in files("engine/src", "rs") {
        for (place, forbidden) in ARROWS.iter().filter(|(place, _)| name.starts_with(place)) {
            let _ = place;
            wrong.extend(forbidden.iter().filter(|f| reaches(&text, f)).map(|f| format!("{name} uses {f}")));
        }
    }
    // Methods never import one another.
    for (name, text) in files("engine/src/methods", "rs") {
        let own = name.trim_start_matches("engine/src/methods/").split(['/', '.']).next().unwrap_or("").to_string();
        let others = text.match_indices("crate::methods::").filter(|(at, m)| !text[at + m.len()..].starts_with(&own));
        wrong.extend(others.map(|_| format!("{name} imports another method")));
    }
    for (name, text) in files("app/src", "rs") {
        let inner = ["methods", "blocks", "kernels", "train", "eval", "weights", "run", "jobs"];
        wrong.extend(
            inner
                .iter()
                .filter(|f| text.contains(&format!("masquerade_engine::{f}")))
                .map(|f| format!("{name} uses {f}")),
        );
        if text.contains("burn::") {
            wrong.push(format!("{name} holds tensors"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn methods_read_their_knobs_from_their_tables() {
    let by_name = [
        "settings.get",
        "settings.find",
        "settings.number(",
        "settings.count(",
        "settings.switch(",
        "settings.choice(",
    ];
    let mut wrong = Vec::new();
    for (name, text) in files("engine/src/methods", "rs") {
        wrong.extend(by_name.iter().filter(|by| text.contains(**by)).map(|by| format!("{name}: {by}")));
    }
    assert!(wrong.is_empty(), "take these from the system's table of knobs: {wrong:?}");
}

#[test]
fn the_front_end_names_no_system() {
    let ids: Vec<String> =
        masquerade_engine::registry::cards().into_iter().map(|c| c.id).filter(|id| id != "mae").collect();
    let mut named = Vec::new();
    for (name, text) in files("app/src", "rs") {
        named
            .extend(ids.iter().filter(|id| text.contains(&format!("\"{id}\""))).map(|id| format!("{name} names {id}")));
    }
    assert!(named.is_empty(), "{named:?}");
}

#[test]
fn every_shader_has_its_twin() {
    let stems: Vec<String> = files("engine/src/kernels", "rs").into_iter().map(|(n, t)| n + &t).collect();
    let named = |file: &str| format!("\"{}\"", file.trim_start_matches("shaders/").trim_end_matches(".wgsl"));
    let alone: Vec<String> = files("shaders", "wgsl")
        .into_iter()
        .map(|(n, _)| n)
        .filter(|n| !n.contains("/shared/") && !n.contains("/display/"))
        .filter(|n| !stems.iter().any(|s| s.contains(&named(n))))
        .collect();
    assert!(alone.is_empty(), "no kernel includes {alone:?}");
}

#[test]
fn the_readme_lists_the_systems_of_the_registry() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let table = masquerade_engine::registry::markdown();
    assert!(readme.contains(&table), "put this table between the marks of README.md:\n{table}");
}

#[test]
fn links_between_documents_are_alive() {
    let mut dead = Vec::new();
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "shaders/README.md"] {
        let text = fs::read_to_string(root().join(name)).unwrap_or_else(|_| panic!("{name} is missing"));
        let folder = root().join(name).parent().expect("a folder").to_path_buf();
        for part in text.split("](").skip(1) {
            let target = part.split(')').next().unwrap_or("").split('#').next().unwrap_or("");
            if !target.is_empty() && !target.contains("://") && !folder.join(target).exists() {
                dead.push(format!("{name} → {target}"));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:?}");
}

/// Names that stand after every `start` in the code of a file (tests in it are left out): `start::NAME` and `start::{NAME,
/// NAME::…}`.
fn named_after(text: &str, start: &str) -> BTreeSet<String> {
    let code: String = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    let code = code.split("#[cfg(test)]").next().unwrap_or("");
    let name = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let mut found = BTreeSet::new();
    for rest in code.split(start).skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            found.insert(name(rest));
            continue;
        };
        let (mut depth, mut fresh) = (0, true);
        for (at, c) in list.char_indices() {
            if fresh && !c.is_whitespace() {
                found.insert(name(&list[at..]));
                fresh = false;
            }
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => fresh = true,
                _ => (),
            }
        }
    }
    found
}

/// Groups of rooms that reach one another, where `ways` are the rooms that each one names.
fn circles(ways: &BTreeMap<String, BTreeSet<String>>) -> Vec<BTreeSet<&str>> {
    let reach = |from: &str| {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![from]);
        while let Some(room) = waiting.pop() {
            for next in ways.get(room).into_iter().flatten().filter(|next| ways.contains_key(*next)) {
                if seen.insert(next.as_str()) {
                    waiting.push(next);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> = ways.keys().map(|room| (room.as_str(), reach(room))).collect();
    let mut found: Vec<BTreeSet<&str>> = Vec::new();
    for (room, there) in &reached {
        let group: BTreeSet<&str> = there.iter().copied().filter(|other| reached[other].contains(room)).collect();
        if group.len() > 1 && !found.contains(&group) {
            found.push(group);
        }
    }
    found
}

/// Rooms of a folder (its files and folders) and what each names after `start`.
fn rooms(folder: &str, start: &str, beside: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let mut ways: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, text) in files(folder, "rs") {
        let place = name.trim_start_matches(folder).trim_start_matches('/');
        let room = place.split('/').next().unwrap_or("").trim_end_matches(".rs").to_string();
        if !beside.contains(&room.as_str()) {
            let mut named = named_after(&text, start);
            named.retain(|other| *other != room);
            ways.entry(room).or_default().extend(named);
        }
    }
    ways
}

#[test]
fn no_rooms_go_in_a_circle() {
    let outside = ["lib", "main", "bin", "mod"];
    let mut places: Vec<(String, String)> =
        ["engine/src", "app/src"].map(|folder| (folder.to_string(), "crate::".to_string())).to_vec();
    for method in rooms("engine/src/methods", "crate::methods::", &outside).into_keys() {
        places.push((format!("engine/src/methods/{method}"), format!("crate::methods::{method}::")));
    }
    for (folder, start) in places {
        let ways = rooms(&folder, &start, &outside);
        assert!(circles(&ways).is_empty(), "{folder}: {:?} need one another", circles(&ways));
    }
}

#[test]
fn a_circle_of_rooms_is_found() {
    let text = "use crate::{b::C, d::{e, f}, g};\nuse crate::h;\n// use crate::i;\n#[cfg(test)]\nuse crate::j;";
    let names: Vec<String> = named_after(text, "crate::").into_iter().collect();
    assert_eq!(names, ["b", "d", "g", "h"]);
    let way = |room: &str, others: &[&str]| (room.to_string(), others.iter().map(|o| (*o).to_string()).collect());
    let ways = BTreeMap::from([way("a", &["b"]), way("b", &["c"]), way("c", &["b", "std"]), way("d", &["a"])]);
    assert_eq!(circles(&ways), [BTreeSet::from(["b", "c"])]);
}
