//! The command line as its users meet it: the program itself, its two outputs and its exit code.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use assert_cmd::Command;
use masquerade_engine::card::Card;
use masquerade_engine::registry;
use serde_json::Value;

/// The smallest model on data that need no download, on the processor that every machine has.
const SMALL: [&str; 7] = ["mae", "--preset", "micro", "--data", "shapes", "--device", "cpu"];

/// The program, which the build puts beside the folder of the test programs.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path =
        test.parent().and_then(Path::parent).unwrap().join(format!("masquerade{}", std::env::consts::EXE_SUFFIX));
    assert!(path.is_file(), "{} is missing: run `cargo build --release --workspace` before the tests", path.display());
    path
}

pub fn masquerade(args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(args);
    command
}

pub fn small(task: &str, more: &[&str]) -> Command {
    let mut command = masquerade(&[task]);
    command.args(SMALL).args(more);
    command
}

/// Run it, expect this exit code and give back standard output and standard error.
pub fn outcome(command: &mut Command, code: i32) -> (String, String) {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "standard error: {err}");
    (out, err)
}

pub fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in {line:?}"))).collect()
}

pub fn steps(lines: &[Value]) -> Vec<u64> {
    lines.iter().map(|line| line["step"].as_u64().unwrap()).collect()
}

/// A failure is told in three lines and names what the user can do.
pub fn assert_helpful(err: &str, word: &str) {
    for start in ["Error: ", "Why: ", "Try: "] {
        assert!(err.lines().any(|line| line.starts_with(start) && line.len() > start.len()), "no {start:?} in {err:?}");
    }
    assert!(err.contains(word), "{word:?} is not in {err:?}");
}

#[test]
fn list_is_the_registry() {
    let (out, err) = outcome(&mut masquerade(&["list", "--json"]), 0);
    let cards: Vec<Card> = serde_json::from_str(&out).unwrap();
    assert_eq!(cards, registry::cards());
    assert_eq!(out, serde_json::to_string_pretty(&registry::cards()).unwrap() + "\n");
    assert_eq!(err, "");
    let (table, _) = outcome(&mut masquerade(&["list"]), 0);
    for card in registry::cards() {
        assert!(table.lines().any(|line| line.starts_with(&card.id)), "{} is not listed", card.id);
    }
}

#[test]
fn wrong_usage_is_2_and_says_what_there_is() {
    let (out, err) = outcome(&mut masquerade(&["train", "no-such-system"]), 2);
    assert_eq!(out, "");
    assert_helpful(&err, "mae");
    assert_helpful(&outcome(&mut masquerade(&["train", "mae", "--preset", "huge"]), 2).1, "micro");
    assert_helpful(&outcome(&mut masquerade(&["train", "mae", "--set", "mask_ration=0.5"]), 2).1, "mask_ratio");
    assert_helpful(&outcome(&mut masquerade(&["train", "mae", "--set", "mask_ratio=2"]), 2).1, "0.95");
    assert_helpful(&outcome(&mut masquerade(&["train", "mae", "--set", "mask_ratio"]), 2).1, "KNOB=VALUE");
    assert_helpful(&outcome(&mut masquerade(&["train", "mae", "--data", "cifar"]), 2).1, "shapes");
    assert_helpful(&outcome(&mut masquerade(&["view", "#x=mae&mask_ratio=lots", "--out", "x.png"]), 2).1, "mask_ratio");
    // 28 pixels are not a whole number of patches of 5: only the engine can know.
    assert_helpful(&outcome(&mut small("train", &["--set", "patch_size=5"]), 2).1, "5");
    let map = ["view", "croma", "--preset", "micro", "--data", "places", "--device", "cpu", "--geotiff", "x.tif"];
    assert_helpful(&outcome(&mut masquerade(&map), 2).1, "where on the Earth");
    outcome(&mut masquerade(&["no-such-command"]), 2);
    outcome(&mut masquerade(&["train", "mae", "--steps", "0"]), 2);
}

#[test]
fn unbuilt_systems_say_so() {
    if let Some(card) = registry::cards().iter().find(|card| !card.built) {
        assert_helpful(&outcome(&mut masquerade(&["train", &card.id]), 2).1, "not built");
    }
}

#[test]
fn data_that_cannot_be_used_is_3() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    assert_helpful(&outcome(&mut masquerade(&["train", "mae", "--data", path]), 3).1, "empty");
    assert_helpful(&outcome(&mut masquerade(&["train", "mae", "--data", "no/such/folder"]), 3).1, "no/such/folder");
    assert_helpful(
        &outcome(&mut masquerade(&["train", "mae", "--resume", "no/such/run"]), 3).1,
        "checkpoint.safetensors",
    );
    assert!(!Path::new("no").exists());
    fs::write(folder.path().join("cut.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    assert_helpful(
        &outcome(&mut masquerade(&["train", "mae", "--preset", "micro", "--device", "cpu", "--data", path]), 3).1,
        "PNG",
    );
}

#[test]
fn verify_refuses_a_broken_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    assert_helpful(&outcome(&mut masquerade(&["verify", "mae", path]), 3).1, "manifest.json");
    let manifest = folder.path().join("manifest.json");
    fs::write(&manifest, "{").unwrap();
    assert_helpful(&outcome(&mut masquerade(&["verify", "mae", path]), 3).1, "manifest.json");
    fs::write(&manifest, r#"{"schema": 1, "system": "tgm", "cases": []}"#).unwrap();
    assert_helpful(&outcome(&mut masquerade(&["verify", "mae", path]), 3).1, "tgm");
}

#[test]
fn verify_prints_every_tensor() {
    let folder = format!("{}/fixtures/mae", env!("CARGO_MANIFEST_DIR"));
    let (out, err) = outcome(&mut masquerade(&["verify", "mae", &folder, "--device", "cpu", "--json"]), 0);
    let lines = lines(&out);
    assert!(!lines.is_empty());
    for line in &lines {
        assert!(line["case"].is_string() && line["tensor"].is_string(), "{line}");
        assert!(line["error"].as_f64() <= line["allowed"].as_f64() && line["ok"] == true, "{line}");
    }
    assert!(err.contains(&format!("{} of {0} tensors", lines.len())), "{err}");
}

#[test]
fn training_prints_a_line_a_step_and_resumes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let (out, _) = outcome(&mut small("train", &["--steps", "5", "--seed", "3", "--out", path, "--json"]), 0);
    let first = lines(&out);
    assert_eq!(steps(&first), [1, 2, 3, 4, 5]);
    for line in &first {
        assert!(line["loss"].as_f64().is_some_and(f64::is_finite), "{line}");
        assert!(line["terms"].is_object() && line["steps_per_second"].is_number(), "{line}");
    }
    assert_eq!(first[4]["mean_loss"].as_f64().map(|m| m as f32), first[4]["loss"].as_f64().map(|l| l as f32));
    assert!(folder.path().join("weights.safetensors").is_file());

    let (out, _) =
        outcome(&mut masquerade(&["train", "mae", "--resume", path, "--steps", "8", "--device", "cpu", "--json"]), 0);
    assert_eq!(steps(&lines(&out)), [6, 7, 8]);
    let (text, _) = outcome(&mut masquerade(&["train", "mae", "--resume", path, "--steps", "8", "--device", "cpu"]), 0);
    assert!(text.starts_with("Step 8 of 8"), "{text}");
}

#[test]
fn steps_are_those_of_the_last_phase() {
    let small = ["train", "gsimclr", "--preset", "micro", "--data", "shapes", "--device", "cpu"];
    let train = |more: &[&str], code| outcome(masquerade(&small).args(more), code);
    let (out, err) = train(&["--steps", "3"], 0);
    assert!(
        out.starts_with("Step 9 of 9 (autoencoder 6 + contrast 3 steps), mean loss over the last 1 steps"),
        "{out}"
    );
    assert!(err.contains("autoencoder 6 + contrast 3 steps"), "{err}");
    let (out, _) = train(&["--phase", "autoencoder=2", "--steps", "3", "--json"], 0);
    let terms: Vec<String> =
        lines(&out).iter().map(|line| line["terms"].as_object().unwrap().keys().cloned().collect()).collect();
    assert_eq!(terms, ["reconstruction", "reconstruction", "contrast", "contrast", "contrast"]);
    let err = train(&["--phase", "decoder=2"], 2).1;
    assert_helpful(&err, "autoencoder, contrast");
    assert_helpful(&train(&["--phase", "autoencoder"], 2).1, "NAME=STEPS");
    assert_helpful(&train(&["--phase", "autoencoder=0"], 2).1, "NAME=STEPS");
    // A link may ask for a part of the run.
    let (_, err) = outcome(&mut masquerade(&["train", "x=gsimclr&p=micro&data=shapes&step=4", "--device", "cpu"]), 0);
    assert!(err.contains("ended in the phase autoencoder (4 of 6 steps); not trained at all: contrast"), "{err}");
}

#[test]
fn the_same_seed_gives_the_same_losses() {
    let run = || {
        let (out, _) = outcome(&mut small("train", &["--steps", "3", "--seed", "11", "--json"]), 0);
        lines(&out).iter().map(|line| line["loss"].as_f64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn weights_can_be_probed_and_viewed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    outcome(&mut small("train", &["--steps", "2", "--out", path]), 0);
    for file in ["weights.safetensors", "checkpoint.safetensors"] {
        let file = folder.path().join(file);
        let (file, picture) = (file.to_str().unwrap(), folder.path().join("view.png"));
        let args = ["view", "mae", "--checkpoint", file, "--device", "cpu", "--out", picture.to_str().unwrap()];
        let (out, _) = outcome(&mut masquerade(&args), 0);
        assert!(out.lines().count() >= 4, "{out}");
        let sheet = image::open(&picture).unwrap();
        assert!(sheet.width() > sheet.height());
    }
    let weights = folder.path().join("weights.safetensors");
    let args = [
        "probe",
        "mae",
        "--checkpoint",
        weights.to_str().unwrap(),
        "--train",
        "200",
        "--test",
        "100",
        "--device",
        "cpu",
        "--json",
    ];
    let report = &lines(&outcome(&mut masquerade(&args), 0).0)[0];
    for accuracy in ["linear_accuracy", "knn_accuracy"] {
        assert!(report[accuracy].as_f64().is_some_and(|a| (0.0..=1.0).contains(&a)), "{report}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_a_checkpoint_that_resumes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut run = Process::new(program())
        .arg("train")
        .args(SMALL)
        .args(["--steps", "100000", "--out", path, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(run.stdout.take().unwrap());
    let mut text = String::new();
    out.read_line(&mut text).unwrap();
    assert!(Process::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap().success());
    out.read_to_string(&mut text).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(0));

    let done = steps(&lines(&text));
    assert_eq!(done, (1..=done.len() as u64).collect::<Vec<_>>());
    let last = done.len() as u64;
    let to = (last + 2).to_string();
    let (out, _) =
        outcome(&mut masquerade(&["train", "mae", "--resume", path, "--steps", &to, "--device", "cpu", "--json"]), 0);
    assert_eq!(steps(&lines(&out)), [last + 1, last + 2]);
}

#[test]
fn bench_gives_a_line_for_a_workload_and_the_same_answer_by_both_kinds_of_kernels() {
    for kernels in ["fused", "stock"] {
        let args =
            ["bench", "--peer", "here", "w5-simmap-14", "no-such-workload", "--device", "cpu", "--kernels", kernels];
        let lines = lines(&outcome(&mut masquerade(&args), 0).0);
        let [line, unknown] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line["peer"], "here");
        assert_eq!(line["info"]["kernels"], kernels);
        assert!((line["check"].as_f64().unwrap() / 8.204_829_3 - 1.0).abs() < 2e-4, "{line}");
        assert_eq!(line["ms"].as_array().unwrap().len(), 7);
        assert_eq!(unknown["unsupported"], true);
    }
}

#[test]
fn bench_compares_both_kinds_of_kernels() {
    let args = ["bench", "--compare", "w5-simmap-14", "--device", "cpu"];
    let report = &lines(&outcome(masquerade(&args).arg("--json"), 0).0)[0];
    for side in ["fused", "stock"] {
        assert!((report[side]["check"].as_f64().unwrap() / 8.204_829_3 - 1.0).abs() < 2e-4, "{report}");
        assert!(report[side]["best_ms"].as_f64().unwrap() > 0.0, "{report}");
    }
    assert!(report["wall_ratio"].as_f64().unwrap() > 0.0, "{report}");
    let (table, _) = outcome(&mut masquerade(&args), 0);
    assert!(table.starts_with("WORKLOAD") && table.contains("\nw5-simmap-14"), "{table}");
}

#[test]
fn bench_counts_a_step() {
    let args = ["bench", "--step", "--json"];
    let report = &lines(&outcome(masquerade(&args).args(["--device", "cpu"]), 0).0)[0];
    assert!(report["wall_ms"].as_f64().unwrap() > 0.0 && report["dispatches"].is_null(), "{report}");
    if masquerade_tests::gpu().is_none() {
        return;
    }
    let report = &lines(&outcome(masquerade(&args).args(["--device", "gpu"]), 0).0)[0];
    let own = report["launches"].as_array().unwrap().iter().map(|l| l[1].as_u64().unwrap()).sum::<u64>();
    let all = report["dispatches"].as_u64().unwrap();
    assert!(own > 100 && own <= all, "{own} of {all}");
    assert!(report["submits"].as_u64().unwrap() <= 4, "{report}");
}
