//! What was read is said in the same words by every command and in the window.

use std::fs;
use std::path::Path;

use masquerade::app::App;
use masquerade::folder::{self, Limits};
use masquerade::text;
use masquerade_engine::card::Kind;
use masquerade_engine::data;
use masquerade_engine::session::{Column, Command, DataReport, Event};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use serde_json::Value;

use crate::cli::{masquerade, outcome};
use crate::fake::{Shared, harness, opened};

fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn cloud(seed: f32) -> String {
    let axis = |i: i32, axis: f32| ((i as f32 + 1.0) * (axis + 1.3) + seed).sin();
    (0..96).map(|i| format!("{} {} {}\n", axis(i, 0.0), axis(i, 1.0), axis(i, 2.0))).collect()
}

fn picture(shade: u8) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(32, 32, image::Rgb([shade, 90, 200]))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    png.into_inner()
}

/// Folders of every kind that is made of few files, each with something that cannot be used, and a system that takes it.
fn folders(at: &Path) -> [(Kind, &'static str); 4] {
    for i in 0..12 {
        put(at, &format!("clouds/{}/{i}.xyz", ["even", "odd"][i % 2]), cloud(i as f32));
        put(at, &format!("pictures/{}/{i}.png", ["even", "odd"][i % 2]), picture(i as u8 * 20));
    }
    put(at, "clouds/notes.txt", "no cloud");
    put(at, "pictures/odd/cut.jpg", b"\xff\xd8\xff\xe0 cut");
    let row = |i: usize| format!("{},{},{}\n", i % 7, (i * 5) % 11, ["x", "y"][i % 2]);
    put(at, "table/own.csv", format!("a,b,kind\n{}1,2,3,4\n", (0..20).map(row).collect::<String>()));
    let edges: String = (0..40).map(|i| format!("{i},{}\n", (i * 7 + 1) % 40)).collect();
    put(at, "graph/edges.csv", format!("source,target\n{edges}7,900\n"));
    put(
        at,
        "graph/nodes.csv",
        format!("id,{}", "a,b,kind\n") + &(0..40).map(|i| format!("{i},{}", row(i))).collect::<String>(),
    );
    [(Kind::Clouds, "pointcmae"), (Kind::Pictures, "mae"), (Kind::Vectors, "rae"), (Kind::Graphs, "graphmae")]
}

/// The data panel of the window with these data under this system, and what it sends.
fn panel(method: &str, report: &DataReport) -> (Harness<'static, App>, Shared) {
    let mut events = opened(true);
    for event in &mut events {
        if let Event::Opened { session, data, .. } = event {
            session.method = method.into();
            **data = report.clone();
        }
    }
    let (mut app, wire) = harness([1280.0, 2400.0], true, events);
    app.run();
    app.get_all_by_label(text::DATA).next().unwrap().click();
    app.run();
    (app, wire)
}

/// What the data panel says.
fn window(method: &str, report: &DataReport) -> Vec<String> {
    let (app, _) = panel(method, report);
    let words = |node: egui_kittest::Node<'_>| node.accesskit_node().label().or_else(|| node.accesskit_node().value());
    app.root().children_recursive().filter_map(words).collect()
}

#[test]
fn a_folder_gives_the_same_line_everywhere() {
    let place = tempfile::tempdir().unwrap();
    for (kind, method) in folders(place.path()) {
        let name = match kind {
            Kind::Clouds => "clouds",
            Kind::Pictures => "pictures",
            Kind::Vectors => "table",
            _ => "graph",
        };
        let folder = place.path().join(name);
        let path = folder.to_str().unwrap();
        let answer: Value = serde_json::from_str(&outcome(&mut masquerade(&["data", path, "--json"]), 0).0).unwrap();
        let read = answer["read"].as_array().unwrap();
        let found = read.iter().find(|found| found["kind"] == serde_json::to_value(kind).unwrap()).unwrap();
        let line = found["line"].as_str().unwrap();
        assert!(line.contains("1 left out: "), "{line}");

        let out = place.path().join("run").join(name);
        let small = ["--preset", "micro", "--device", "cpu", "--steps", "1", "--data", path, "--out"];
        let said = outcome(masquerade(&["train", method]).args(small).arg(&out), 0).1;
        assert!(said.lines().any(|said| said == format!("Read {line}")), "{method}: {line:?} is not in\n{said}");

        let files = folder::read(&[folder], Limits::default());
        let report = data::report(&*data::of_user(files, kind, 64).unwrap());
        let shown = window(method, &report);
        assert!(shown.iter().any(|words| words == line), "{method}: {line:?} is not in {shown:?}");
    }
}

#[test]
fn the_coordinates_of_a_text_are_said_in_command_line_and_window() {
    let place = tempfile::tempdir().unwrap();
    let row = |i: usize| format!("{},{},{},{i},{}\n", i % 7, i * 3, i % 11, i * i);
    put(place.path(), "cloud.csv", format!("red,width,green,length,depth\n{}", (0..90).map(row).collect::<String>()));
    let kinds = |options: &[&str]| {
        let mut command = masquerade(&["data", place.path().to_str().unwrap(), "--json"]);
        let answer: Value = serde_json::from_str(&outcome(command.args(options), 0).0).unwrap();
        let read = answer["read"].as_array().unwrap();
        let clouds = read.iter().find(|found| found["kind"] == serde_json::to_value(Kind::Clouds).unwrap()).unwrap();
        let columns = clouds["report"]["columns"].as_array().unwrap().clone();
        columns.iter().map(|column| column["kind"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&[]), ["x", "y", "z", "left out", "left out"]);
    // A table that loses no column comes before a cloud that does.
    let (said, _) = outcome(&mut masquerade(&["data", place.path().to_str().unwrap()]), 0);
    assert!(said.starts_with("As vectors (rae): 90 vectors"), "{said}");
    assert_eq!(kinds(&["--xyz", "width,length,depth"]), ["left out", "x", "left out", "y", "z"]);
    for wrong in ["1,2", "1,2,none", "0,1,2"] {
        let mut command = masquerade(&["data", place.path().to_str().unwrap(), "--xyz", wrong]);
        assert!(outcome(&mut command, 2).1.contains("--xyz"), "{wrong}");
    }

    let files = folder::read(&[place.path().to_path_buf()], Limits::default());
    let report = data::report(&*data::of_user(files, Kind::Clouds, 64).unwrap());
    let (mut app, wire) = panel("pointcmae", &report);
    app.get_by_role_and_label(Role::ComboBox, "x").click();
    app.run();
    app.get_by_role_and_label(Role::Button, "green").click();
    app.run();
    let said = wire.borrow().sent.iter().rev().find_map(|command| match command {
        Command::ReadAgain(reading) => reading.axes.clone(),
        _ => None,
    });
    // The column that z had is free now, and the one that x had is z's.
    assert_eq!(said, Some([3, 2, 1].map(Column::At)));
}

#[test]
fn what_is_not_read_as_anything_says_why_for_every_kind() {
    let place = tempfile::tempdir().unwrap();
    put(place.path(), "model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
    let (out, said) = outcome(&mut masquerade(&["data", place.path().to_str().unwrap()]), 3);
    assert!(out.is_empty() && said.contains("Git LFS") && said.contains("as graphs"), "{said}");
}
