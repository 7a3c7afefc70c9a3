//! What goes wrong on the way.

use std::time::Instant;

use masquerade_engine::data::sets::download;
use masquerade_tests::server::{Answer, Server};

use super::{fetch, made_up, names};

fn noise(length: usize) -> Vec<u8> {
    (0..length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}

#[test]
fn a_set_arrives_whole_and_is_not_asked_for_again() {
    let (a, b) = (noise(200_000), b"small".to_vec());
    let set = made_up("two", "graphs", &[("deep/a file.bin", &a), ("b", &b)]);
    let served = [a.clone(), b];
    let server = Server::start(move |request| Answer::File(served[usize::from(request.path.ends_with("/b"))].clone()));
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    let fetched = download::fetch(&set, folder.path(), Some(&server.address), usize::MAX, &mut |now| {
        told.push((now.number, now.done));
        true
    });
    let summary = fetched.unwrap();
    assert_eq!((summary.here, summary.of, summary.fetched), (2, 2, 2));
    assert_eq!(names(folder.path()), ["two/b", "two/deep/a file.bin"]);
    assert_eq!(std::fs::read(folder.path().join("two/deep/a file.bin")).unwrap(), a);
    assert!(told.is_sorted() && told.contains(&(1, 0)) && told.contains(&(2, 200_005)), "{told:?}");
    assert_eq!(server.asked().len(), 2);
    let again = fetch(&set, folder.path(), &server.address).unwrap();
    assert_eq!((again.here, again.fetched, server.asked().len()), (2, 0, 2));
}

#[test]
fn the_first_files_alone_are_a_part() {
    let set = made_up("part", "graphs", &[("a", b"1"), ("b", b"2"), ("c", b"3")]);
    let server = Server::start(|request| Answer::File(vec![b'1' + (request.path.as_bytes()[5] - b'a')]));
    let folder = tempfile::tempdir().unwrap();
    let part = download::fetch(&set, folder.path(), Some(&server.address), 2, &mut |_| true).unwrap();
    assert_eq!((part.here, part.of), (2, 3));
    assert_eq!(names(folder.path()), ["part/a", "part/b"]);
}

#[test]
fn a_cut_connection_is_taken_up_where_it_ended() {
    let bytes = noise(300_000);
    let set = made_up("cut", "graphs", &[("a", &bytes)]);
    let served = bytes.clone();
    let server = Server::start(move |request| match request.before {
        0 => Answer::Cut(served.clone(), 100_000),
        _ => Answer::File(served.clone()),
    });
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(fetch(&set, folder.path(), &server.address).unwrap().here, 1);
    assert_eq!(std::fs::read(folder.path().join("cut/a")).unwrap(), bytes);
    assert_eq!(server.asked().iter().map(|request| request.from).collect::<Vec<_>>(), [None, Some(100_000)]);
}

#[test]
fn what_is_stopped_goes_on_later_and_a_server_may_send_all_again() {
    let bytes = noise(400_000);
    let set = made_up("stop", "graphs", &[("a", &bytes)]);
    let served = bytes.clone();
    let server = Server::start(move |request| match request.before {
        0 => Answer::File(served.clone()),
        _ => Answer::Whole(served.clone()),
    });
    let folder = tempfile::tempdir().unwrap();
    let stopped = download::fetch(&set, folder.path(), Some(&server.address), 1, &mut |told| told.done < 100_000);
    let stopped = stopped.unwrap();
    assert!(stopped.stopped && stopped.here == 0);
    assert_eq!(names(folder.path()), ["stop/a.part"]);
    assert_eq!(fetch(&set, folder.path(), &server.address).unwrap().here, 1);
    assert!(server.asked()[1].from.is_some_and(|from| from >= 100_000));
    assert_eq!(names(folder.path()), ["stop/a"]);
    assert_eq!(std::fs::read(folder.path().join("stop/a")).unwrap(), bytes);
}

#[test]
fn wrong_bytes_are_never_kept_and_the_mirror_is_tried() {
    let set = made_up("wrong", "graphs", &[("a", b"right")]);
    let wrong = Server::start(|_| Answer::File(b"WRONG".to_vec()));
    let longer = Server::start(|_| Answer::File(b"rightly".to_vec()));
    let right = Server::start(|_| Answer::File(b"right".to_vec()));
    let folder = tempfile::tempdir().unwrap();
    let both = fetch(&set, folder.path(), &format!("{},{}", wrong.address, longer.address)).unwrap();
    assert_eq!((both.here, both.failed.len()), (0, 1));
    let why = &both.failed[0].1;
    assert!(why.contains(&set.files[0].sha256) && why.contains("the SHA-256 is"), "{why}");
    assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
    let mirrored = fetch(&set, folder.path(), &format!("{},{}", wrong.address, right.address)).unwrap();
    assert_eq!((mirrored.here, std::fs::read(folder.path().join("wrong/a")).unwrap()), (1, b"right".to_vec()));
}

#[test]
fn a_damaged_file_that_is_there_is_fetched_again() {
    let set = made_up("damaged", "graphs", &[("a", b"right"), ("b", b"also right")]);
    let served = |path: &str| if path.ends_with("/a") { b"right".to_vec() } else { b"also right".to_vec() };
    let server = Server::start(move |request| Answer::File(served(&request.path)));
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("damaged")).unwrap();
    std::fs::write(folder.path().join("damaged/a"), b"wrong").unwrap();
    std::fs::write(folder.path().join("damaged/b"), b"also").unwrap();
    // A part that is not the beginning of the file.
    std::fs::write(folder.path().join("damaged/b.part"), b"nonsense").unwrap();
    let summary = fetch(&set, folder.path(), &server.address).unwrap();
    assert_eq!((summary.here, summary.fetched), (2, 2));
    assert_eq!(std::fs::read(folder.path().join("damaged/a")).unwrap(), b"right");
    assert_eq!(std::fs::read(folder.path().join("damaged/b")).unwrap(), b"also right");
    assert_eq!(names(folder.path()), ["damaged/a", "damaged/b"]);
}

#[test]
fn limits_are_waited_for_and_what_has_arrived_stays() {
    let set = made_up("limited", "graphs", &[("a", b"1"), ("b", b"2")]);
    let server = Server::start(|request| match (request.path.as_str(), request.before) {
        ("limited/a", 0) => Answer::Status(429, vec!["Retry-After: 2".into()]),
        ("limited/a", _) => Answer::File(b"1".to_vec()),
        _ => Answer::Status(403, vec!["Retry-After: 5000".into()]),
    });
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let mut notes = Vec::new();
    let fetched = download::fetch(&set, folder.path(), Some(&server.address), 2, &mut |told| {
        notes.push(told.note.clone());
        true
    });
    let report = fetched.unwrap_err().report();
    assert!(begun.elapsed().as_secs_f64() >= 2.0);
    assert!(notes.iter().any(|note| note.contains("limits downloads: going on in 2 s")), "{notes:?}");
    assert!(report.why.contains("come back in 5000 s") && report.why.contains("1 of 2 files of limited"), "{report:?}");
    assert_eq!(names(folder.path()), ["limited/a"]);
    // The mirror is asked at once where the source names no time.
    let limited = Server::start(|_| Answer::Status(429, Vec::new()));
    let mirror = Server::start(|_| Answer::File(b"2".to_vec()));
    let whole = fetch(&set, folder.path(), &format!("{},{}", limited.address, mirror.address)).unwrap();
    assert_eq!((whole.here, whole.fetched), (2, 1));
}

#[test]
fn a_file_that_is_gone_leaves_the_others() {
    let set = made_up("gone", "graphs", &[("a", b"1"), ("b", b"2")]);
    let server = Server::start(|request| match request.path.as_str() {
        "gone/a" => Answer::Status(404, Vec::new()),
        "gone/b" => Answer::Status(302, vec!["Location: /elsewhere".into()]),
        _ => Answer::File(b"2".to_vec()),
    });
    let folder = tempfile::tempdir().unwrap();
    let summary = fetch(&set, folder.path(), &server.address).unwrap();
    assert_eq!((summary.here, summary.failed.len()), (1, 1));
    assert!(summary.failed[0].0 == "a" && summary.failed[0].1.contains("answered 404"), "{:?}", summary.failed);
    assert_eq!(names(folder.path()), ["gone/b"]);
}

#[test]
fn offline_says_so() {
    let set = made_up("offline", "graphs", &[("a", b"1")]);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let report = fetch(&set, folder.path(), &format!("http://{closed}")).unwrap_err().report();
    assert!(report.what_to_do.contains("online"), "{report:?}");
    assert!(names(folder.path()).is_empty());
}

/// The device that is always full stands in for a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_says_so_and_keeps_the_older_files() {
    let set = made_up("full", "graphs", &[("a", b"1"), ("b", &noise(100_000))]);
    let served = noise(100_000);
    let server = Server::start(move |request| match request.path.as_str() {
        "full/a" => Answer::File(b"1".to_vec()),
        _ => Answer::File(served.clone()),
    });
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("full")).unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.path().join("full/b.part")).unwrap();
    let report = fetch(&set, folder.path(), &server.address).unwrap_err().report();
    assert!(report.title.contains("disk is full") && report.why.contains("1 of 2 files"), "{report:?}");
    assert_eq!(names(folder.path()), ["full/a"]);
    // And a folder that is none.
    std::fs::write(folder.path().join("plain"), b"").unwrap();
    let report = fetch(&set, &folder.path().join("plain"), &server.address).unwrap_err().report();
    assert!(report.title.contains("cannot be written"), "{report:?}");
}
