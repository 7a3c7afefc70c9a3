//! From an address to a training step: every set whose original files are here, by every system that takes it.

use masquerade_engine::data::{self, files::Files, graphs, sets};
use masquerade_engine::host::Host;
use masquerade_engine::session::{Command, DeviceChoice, Event, NamedBytes, Session};
use masquerade_tests::block_on;
use masquerade_tests::server::{Answer, Server};

use super::{fetch, made_up, originals, set};
use crate::data::encode;

/// One training step on what is in a folder; the loss, and what was told of the data.
fn step(files: Files, method: &str, data: &str) -> (f32, masquerade_engine::session::DataReport) {
    let events = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let inbox = events.clone();
    let mut host = Host::new(DeviceChoice::Cpu, move |event| inbox.borrow_mut().push(event)).with_files(files);
    let session = Session {
        method: method.into(),
        preset: "micro".into(),
        data: data.into(),
        stored: false,
        ..Session::default()
    };
    block_on(host.start());
    for command in [Command::Show(Box::new(session)), Command::Step(1)] {
        block_on(host.handle(command));
        while block_on(host.tick()) {}
    }
    let events = events.take();
    let error = events.iter().find_map(|event| if let Event::Error(report) = event { Some(report) } else { None });
    assert!(error.is_none(), "{method} on {data}: {error:?}");
    let mut losses =
        events.iter().filter_map(|event| if let Event::Progress(p) = event { p.losses.last() } else { None });
    let loss = losses.next_back().unwrap_or_else(|| panic!("{method} on {data}: no step")).total;
    let opened = |event: Event| if let Event::Opened { data, .. } = event { Some(*data) } else { None };
    (loss, events.into_iter().find_map(opened).unwrap())
}

#[test]
fn every_set_leads_to_a_training_step() {
    let Some(server) = originals() else { return };
    let folder = tempfile::tempdir().unwrap();
    // Set of the list; the data sets it gives, with the systems that take them; samples.
    let graph = |id| (id, vec![(id, vec!["graphmae", "scgc"])]);
    let scenes = |id| (id, vec![(id, vec!["croma"])]);
    type Systems<'a> = Vec<&'a str>;
    let sets: Vec<(&str, Vec<(&str, Systems)>)> = vec![
        graph("cora"),
        graph("citeseer"),
        graph("dblp"),
        graph("acm"),
        graph("amazon_photo"),
        graph("brazil_airports"),
        graph("europe_airports"),
        graph("usa_airports"),
        ("mutag", vec![("mutag", vec!["graphmae"])]),
        ("digits", vec![("digits", vec!["rae"]), ("digits-graph", vec!["scgc"])]),
        (
            "tables",
            vec![
                ("iris", vec!["rae"]),
                ("wine", vec!["rae"]),
                ("breast-cancer", vec!["rae"]),
                ("iris-graph", vec!["scgc"]),
            ],
        ),
        scenes("bigearthnet6"),
        scenes("terramesh5"),
        scenes("ssl4eo2"),
        scenes("sen1floods11_1"),
        // Some of its files are here alone: a part is used, and said to be one.
        ("kaykit120", vec![("kaykit120", vec!["pointcmae"])]),
    ];
    for (id, gives) in sets {
        let fetched = fetch(&set(id), folder.path(), &server.address).unwrap();
        assert!(fetched.here > 0 && (fetched.here == fetched.of || id == "kaykit120"), "{fetched:?}");
        let files = Files::in_folders(vec![folder.path().to_path_buf()]);
        for (data, methods) in gives {
            for method in methods {
                let begun = std::time::Instant::now();
                let (loss, report) = step(files.clone(), method, data);
                assert!(loss.is_finite(), "{method} on {data}: {loss}");
                assert_eq!(report.id, data);
                assert!(!report.licence.is_empty() && report.source.contains("github.com"), "{report:?}");
                let part = report.notes.iter().any(|note| note.starts_with("A part of the set"));
                assert_eq!(part, id == "kaykit120", "{:?}", report.notes);
                eprintln!(
                    "{method} on {data}: {} + {}, {:.1} s",
                    report.samples,
                    report.test_samples,
                    begun.elapsed().as_secs_f64()
                );
            }
        }
    }
}

#[test]
fn fetched_graphs_are_those_of_the_earlier_conversion() {
    let (Some(server), Some(real)) = (originals(), masquerade_tests::real_data()) else { return };
    for id in ["cora", "citeseer", "dblp"] {
        let folder = tempfile::tempdir().unwrap();
        fetch(&set(id), folder.path(), &server.address).unwrap();
        let open = |folder| block_on(graphs::open(id, &Files::in_folders(vec![folder]), 0)).unwrap();
        let (fetched, converted) = (open(folder.path().to_path_buf()), open(real.clone()));
        let edges = |graph: &graphs::GraphData| {
            let mut edges: Vec<(u32, u32)> = graph.src.iter().copied().zip(graph.dst.iter().copied()).collect();
            edges.sort_unstable();
            edges
        };
        assert_eq!(edges(&fetched), edges(&converted), "{id}");
        assert_eq!((&fetched.features, &fetched.labels), (&converted.features, &converted.labels), "{id}");
        assert_eq!((&fetched.train, &fetched.test), (&converted.train, &converted.test), "{id}");
        assert_eq!(fetched.report.classes, converted.report.classes, "{id}");
    }
}

#[test]
fn pictures_in_folders_of_parts_and_classes_train_every_system_of_pictures() {
    let picture = |v: u8| {
        let image = image::DynamicImage::ImageRgb8(image::RgbImage::from_fn(40, 30, |x, y| {
            image::Rgb([v, (x * 6) as u8, (y * 8) as u8])
        }));
        encode(&image, image::ImageFormat::Jpeg)
    };
    let pictures: Vec<(String, Vec<u8>)> = (0..24_u8)
        .map(|i| {
            let (part, class) = (["train", "train", "test"][usize::from(i) % 3], ["hat", "shoe"][usize::from(i) % 2]);
            (format!("{part}/{class}/{i}.jpg"), picture(i * 10))
        })
        .collect();
    let files: Vec<(&str, &[u8])> = pictures.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let clothing = made_up("clothing10", "pictures", &files);
    let served = pictures.clone();
    let server = Server::start(move |request| {
        let found = served.iter().find(|(name, _)| request.path.ends_with(name.as_str()));
        found.map_or(Answer::Status(404, Vec::new()), |(_, bytes)| Answer::File(bytes.clone()))
    });
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(fetch(&clothing, folder.path(), &server.address).unwrap().here, 24);
    // One that was damaged afterwards is left out.
    std::fs::write(folder.path().join("clothing10/train/hat/0.jpg"), b"no").unwrap();
    let rows: Vec<serde_json::Value> = pictures
        .iter()
        .map(|(name, bytes)| serde_json::json!([0, name, name, bytes.len(), sets::sha256(bytes), "", ""]))
        .collect();
    let list = serde_json::json!([{
        "id": "clothing10", "title": "Clothes", "kind": "pictures", "systems": [], "samples": 24, "licence": "CC0",
        "terms": "free", "credit": "nobody", "people": "none", "classes": [], "bases": ["o/r/c"], "files": rows,
    }]);
    let mut files = Files::in_folders(vec![folder.path().to_path_buf()]);
    files.give(NamedBytes { name: "sets/sets.json".into(), bytes: list.to_string().into_bytes() });
    for method in ["mae", "mixedae", "gsimclr"] {
        let (loss, report) = step(files.clone(), method, "clothing10");
        assert!(loss.is_finite());
        assert_eq!((report.samples, report.test_samples), (15, 8));
        assert_eq!(report.classes, ["hat", "shoe"]);
        assert!(report.notes[0].contains("23 of 24 files"), "{:?}", report.notes);
    }
}

#[test]
fn what_is_not_here_says_how_to_get_it() {
    let empty = tempfile::tempdir().unwrap();
    let files = Files::in_folders(vec![empty.path().to_path_buf()]);
    for (id, kind, wanted) in [
        ("cora", masquerade_engine::card::Kind::Graphs, "masquerade fetch cora"),
        ("iris", masquerade_engine::card::Kind::Vectors, "masquerade fetch tables"),
        ("kaykit", masquerade_engine::card::Kind::Clouds, "masquerade fetch kaykit120"),
        ("sentinel12", masquerade_engine::card::Kind::Scenes, "masquerade fetch terramesh5"),
        ("openimages60", masquerade_engine::card::Kind::Pictures, "masquerade fetch openimages60"),
    ] {
        let error = block_on(data::open(id, kind, 32, &files, None, 0)).map(|data| data.report().clone()).unwrap_err();
        assert!(error.report().what_to_do.contains(wanted), "{id}: {:?}", error.report());
    }
}
