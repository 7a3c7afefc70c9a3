//! `masquerade fetch` as a program: proxies of the environment, folders that cannot be written.

use masquerade_tests::server::{Answer, Server};

use crate::cli::{masquerade, outcome};

/// A host that no network knows.
const NOWHERE: &str = "http://sets.invalid/all";

#[test]
fn a_proxy_of_the_environment_is_asked() {
    let proxy = Server::start(|_| Answer::Status(404, Vec::new()));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_string_lossy().into_owned();
    let fetch = |name: &str, not: &str| {
        let mut command = masquerade(&["fetch", "cora", "--first", "1", "--from", NOWHERE, "--out", &out]);
        for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        command.env(name, &proxy.address).env("NO_PROXY", not);
        command.output().unwrap()
    };
    for (number, name) in ["ALL_PROXY", "HTTPS_PROXY"].into_iter().enumerate() {
        let said = fetch(name, "");
        let asked = proxy.asked();
        assert!(asked.len() > number, "{name}: {}", String::from_utf8_lossy(&said.stderr));
        let last = &asked[asked.len() - 1];
        assert!(last.through.starts_with("sets.invalid") && last.path.starts_with("all/cora/"), "{last:?}");
        assert!(!said.status.success() && String::from_utf8_lossy(&said.stderr).contains("404"), "{said:?}");
    }
    let before = proxy.asked().len();
    let said = fetch("ALL_PROXY", "sets.invalid");
    assert!(!said.status.success() && proxy.asked().len() == before, "{said:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named_before_anything_is_asked_for() {
    let server = Server::start(|_| Answer::Status(404, Vec::new()));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    std::fs::write(&file, "in the way").unwrap();
    let inside = file.join("sets").to_string_lossy().into_owned();
    let (_, said) = outcome(&mut masquerade(&["fetch", "cora", "--from", &server.address, "--out", &inside]), 3);
    assert!(said.contains("a file") && server.asked().is_empty(), "{said}");
}
