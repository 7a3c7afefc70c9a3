//! The walk through the user's folders: nothing costs the rest, nothing is read twice, nothing is passed over unsaid.

use std::fs;
use std::path::Path;

use masquerade::folder::{Limits, read};
use masquerade_engine::session::UserFiles;

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    fs::write(path, bytes).expect("written");
}

fn names(files: &UserFiles) -> Vec<&str> {
    files.files.iter().map(|file| file.name.as_str()).collect()
}

fn why<'a>(files: &'a UserFiles, what: &str) -> &'a str {
    let found = files.left_out.iter().find(|(name, _)| name == what);
    &found.unwrap_or_else(|| panic!("{what} is not in {:?}", files.left_out)).1
}

#[test]
fn hidden_files_and_those_of_systems_are_not_looked_at() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in [
        "b/2.png",
        "b/1.png",
        "a.png",
        ".DS_Store",
        "b/._1.png",
        ".git/HEAD",
        "__MACOSX/b/1.png",
        "Thumbs.db",
        "a.png~",
    ] {
        put(folder.path(), name, b"x");
    }
    let files = read(&[folder.path().to_path_buf()], Limits::default());
    assert_eq!(names(&files), ["a.png", "b/1.png", "b/2.png"]);
    assert!(files.left_out.is_empty(), "{:?}", files.left_out);
}

#[cfg(unix)]
#[test]
fn links_are_followed_once() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("a folder");
    let other = tempfile::tempdir().expect("another");
    put(folder.path(), "a/1.png", b"x");
    put(other.path(), "2.png", b"y");
    put(other.path(), "deep/3.png", b"z");
    let link = |to: &Path, name: &str| symlink(to, folder.path().join(name)).expect("a link");
    link(folder.path(), "a/up");
    link(other.path(), "linked");
    link(other.path(), "linked again");
    link(&other.path().join("2.png"), "file.png");
    link(Path::new("nowhere"), "broken.png");
    let files = read(&[folder.path().to_path_buf()], Limits::default());
    assert_eq!(names(&files), ["a/1.png", "file.png", "linked/2.png", "linked/deep/3.png"]);
    assert!(why(&files, "a/up").contains("already"));
    assert!(why(&files, "linked again").contains("already"));
    assert!(why(&files, "broken.png").contains("leads nowhere"));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_named_and_never_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "1.png", b"x");
    // Opening a pipe that nobody writes to would wait for ever.
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.png")).status();
    assert!(made.is_ok_and(|status| status.success()), "a pipe");
    let files = read(&[folder.path().to_path_buf()], Limits::default());
    assert_eq!(names(&files), ["1.png"]);
    assert!(why(&files, "pipe.png").contains("neither"));
}

#[test]
fn limits_name_what_they_cost() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, length) in [("1.bin", 10), ("2.bin", 100), ("3.bin", 10), ("4.bin", 10), ("a/b/c/5.bin", 1)] {
        put(folder.path(), name, &vec![0; length]);
    }
    let limits = Limits { file: 50, bytes: 25, files: 9, depth: 2 };
    let files = read(&[folder.path().to_path_buf()], limits);
    assert_eq!(names(&files), ["1.bin", "3.bin"]);
    assert!(why(&files, "2.bin").contains("100 bytes are more than the 50"));
    assert!(why(&files, "4.bin").contains("25 bytes"));
    assert!(why(&files, "a/b/c").contains("2 folders deep"));
    let few = read(&[folder.path().to_path_buf()], Limits { files: 1, ..Limits::default() });
    assert_eq!(names(&few), ["1.bin"]);
    assert!(why(&few, "2.bin").contains("1 files"));
}

#[test]
fn several_things_keep_their_own_names() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "cats/1.png", b"x");
    put(folder.path(), "dogs/1.png", b"y");
    let of = |name: &str| folder.path().join(name);
    let files = read(&[of("cats"), of("dogs"), of("none")], Limits::default());
    assert_eq!(names(&files), ["cats/1.png", "dogs/1.png"]);
    assert!(why(&files, "none").contains("no such file"));
    let one = read(&[of("cats/1.png")], Limits::default());
    assert_eq!(names(&one), ["1.png"]);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_costs_only_itself() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "1.png", b"x");
    put(folder.path(), "secret.png", b"y");
    put(folder.path(), "lost+found/2.png", b"z");
    let lock = |name: &str| {
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o0)).expect("rights");
    };
    lock("secret.png");
    lock("lost+found");
    let files = read(&[folder.path().to_path_buf()], Limits::default());
    // Rights do not bind the administrator.
    if fs::read(folder.path().join("secret.png")).is_err() {
        assert_eq!(names(&files), ["1.png"]);
        assert!(why(&files, "secret.png").contains("may not read"));
        assert!(why(&files, "lost+found").contains("may not read"));
    } else {
        assert_eq!(names(&files), ["1.png", "lost+found/2.png", "secret.png"]);
    }
    fs::set_permissions(folder.path().join("lost+found"), fs::Permissions::from_mode(0o700)).expect("rights");
}
