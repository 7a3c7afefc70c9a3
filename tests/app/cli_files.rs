//! The command line and what lies on a disk: weights of any name and form, folders that cannot be written, runs that are
//! gone on with on other data.

use std::fs;
use std::path::Path;

use masquerade_engine::checkpoint::safetensors::{self, Entry, Values};

use crate::cli::{assert_helpful, lines, masquerade, outcome, program, small, steps};

const PROBE: [&str; 8] = ["probe", "mae", "--data", "shapes", "--device", "cpu", "--train", "60"];

/// The weights of a file again, under other names and with nothing said of them.
fn renamed(from: &Path, to: &Path, keep: impl Fn(&str) -> bool, rename: impl Fn(&str) -> String) {
    let file = safetensors::read(&fs::read(from).unwrap()).unwrap();
    let kept = file.tensors.into_iter().filter(|(name, _)| keep(name));
    let entries = kept.map(|(name, tensor)| Entry {
        name: rename(&name),
        shape: tensor.shape,
        values: Values::F32(tensor.values),
    });
    fs::write(to, safetensors::write(entries.collect(), &Default::default()).unwrap()).unwrap();
}

fn probed(file: &Path, code: i32) -> (String, String) {
    let file = file.to_str().unwrap();
    outcome(masquerade(&PROBE).args(["--test", "40", "--json", "--checkpoint", file]), code)
}

#[test]
fn weights_of_any_name_start_and_form_are_taken_for_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    outcome(&mut small("train", &["--steps", "2", "--out", path.to_str().unwrap()]), 0);
    let own = path.join("weights.safetensors");
    let (plain, _) = probed(&own, 0);
    let answer = |out: &str| lines(out)[0]["linear_accuracy"].as_f64();
    // The name says checkpoint, the content is plain weights of other keys; their shapes tell the preset.
    let wrapped = path.join("my checkpoint.safetensors");
    renamed(&own, &wrapped, |_| true, |key| format!("model._orig_mod.{key}"));
    let (out, err) = probed(&wrapped, 0);
    assert_eq!(answer(&out), answer(&plain));
    assert!(err.contains("keys under `model._orig_mod.`") && err.contains("It is the preset micro"), "{err}");
    // In two parts, by their index, by one of them, and by their folder.
    let parts = path.join("parts");
    fs::create_dir(&parts).unwrap();
    let name = |part: usize| parts.join(format!("model-0000{part}-of-00002.safetensors"));
    let decoder = |key: &str| key.starts_with("decoder");
    renamed(&own, &name(1), |key| !decoder(key), str::to_string);
    renamed(&own, &name(2), decoder, str::to_string);
    let index = r#"{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}"#;
    for given in [name(1), name(2), parts.clone(), parts.join("model.safetensors.index.json")] {
        let (out, err) = probed(&given, 0);
        assert!(answer(&out) == answer(&plain) && !err.contains("Missing"), "{}: {err}", given.display());
        fs::write(parts.join("model.safetensors.index.json"), index).unwrap();
    }
    fs::remove_file(name(2)).unwrap();
    assert_helpful(&probed(&name(1), 3).1, "model-00002-of-00002.safetensors is missing");
    // Sizes that were asked for are kept, and the others told.
    let args = ["--preset", "nano", "--checkpoint", wrapped.to_str().unwrap()];
    assert_helpful(&outcome(masquerade(&PROBE).args(args), 3).1, "--preset micro");
    for (content, word) in [
        (&b"version https://git-lfs.github.com/spec/v1\nsize 9\n"[..], "git lfs pull"),
        (b"<!DOCTYPE html><title>Log in</title>", "web page"),
        (b"PK\x03\x04..........................archive/data.pkl", "save_file"),
        (b"", "empty file"),
    ] {
        fs::write(&wrapped, content).unwrap();
        assert_helpful(&probed(&wrapped, 3).1, word);
    }
}

#[test]
fn training_starts_from_weights_and_goes_on_from_a_checkpoint_of_any_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    outcome(&mut small("train", &["--steps", "3", "--out", path]), 0);
    let weights = folder.path().join("weights.safetensors");
    let args = ["--steps", "1", "--json", "--weights", weights.to_str().unwrap()];
    let (out, err) = outcome(&mut small("train", &args), 0);
    assert!(steps(&lines(&out)) == [1] && err.contains("loaded from weights.safetensors"), "{err}");
    let moved = folder.path().join("of yesterday.bin");
    fs::rename(folder.path().join("checkpoint.safetensors"), &moved).unwrap();
    let args = ["train", "mae", "--device", "cpu", "--steps", "5", "--json", "--resume", moved.to_str().unwrap()];
    assert_eq!(steps(&lines(&outcome(&mut masquerade(&args), 0).0)), [4, 5]);
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "content").unwrap();
    let below = file.join("run");
    let out = below.to_str().unwrap();
    // The data do not exist either: nothing looked for them.
    let train = ["train", "mae", "--data", "no/such/folder", "--device", "cpu", "--out", out];
    assert_helpful(&outcome(&mut masquerade(&train), 3).1, out);
    let tune = ["finetune", "mae", "--data", "no/such/folder", "--device", "cpu", "--out", out];
    assert_helpful(&outcome(&mut masquerade(&tune), 3).1, out);
    let view = ["view", "mae", "--data", "no/such/folder", "--device", "cpu", "--out", out];
    assert_helpful(&outcome(&mut masquerade(&view), 3).1, file.to_str().unwrap());
    #[cfg(target_os = "linux")]
    assert_helpful(&outcome(&mut small("train", &["--steps", "1", "--out", "/proc/run"]), 3).1, "/proc/run");
    assert_eq!(fs::read(&file).unwrap(), b"content");
}

#[test]
fn two_runs_do_not_write_into_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join(".masquerade.running");
    let held = fs::File::create(&lock).unwrap();
    held.lock().unwrap();
    let path = folder.path().to_str().unwrap();
    assert_helpful(&outcome(&mut small("train", &["--steps", "1", "--out", path]), 3).1, "in use");
    drop(held);
    outcome(&mut small("train", &["--steps", "1", "--out", path]), 0);
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["checkpoint.safetensors", "weights.safetensors"]);
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_older_checkpoint_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    outcome(&mut small("train", &["--steps", "2", "--out", path]), 0);
    let before = fs::read(folder.path().join("checkpoint.safetensors")).unwrap();
    // No file may grow beyond 4 KiB: enough to prove that the folder can be written, too little for a checkpoint.
    let script = format!("trap '' XFSZ; ulimit -f 8; exec '{}' \"$@\"", program().display());
    let mut run = assert_cmd::Command::new("sh");
    run.args(["-c", &script, "sh", "train", "mae", "--device", "cpu", "--steps", "4", "--resume", path]);
    assert_helpful(&outcome(&mut run, 3).1, "checkpoint.safetensors cannot be written");
    assert_eq!(fs::read(folder.path().join("checkpoint.safetensors")).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// A table of so many rows and columns, and a class in its last one.
fn table(rows: usize, columns: usize) -> String {
    let head = (0..columns).map(|c| format!("x{c},")).collect::<String>() + "label\n";
    let value = |row: usize, column: usize| format!("{:.2},", ((row * (column + 2)) % 17) as f64 / 17.0);
    let row = |row| (0..columns).map(|column| value(row, column)).collect::<String>() + &format!("c{}\n", row % 3);
    head + &(0..rows).map(row).collect::<String>()
}

#[test]
fn going_on_with_other_data_is_told_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (run, data) = (folder.path().join("run"), folder.path().join("table.csv"));
    let (run, file) = (run.to_str().unwrap(), data.to_str().unwrap());
    fs::write(&data, table(40, 4)).unwrap();
    let small = ["train", "rae", "--device", "cpu"];
    outcome(masquerade(&small).args(["--preset", "micro", "--data", file, "--steps", "6", "--out", run]), 0);
    let resume =
        |more: &[&str], code| outcome(masquerade(&small).args(["--resume", run, "--steps", "7"]).args(more), code);
    assert_helpful(&resume(&[], 2).1, "32 samples to train on");
    fs::write(&data, table(40, 5)).unwrap();
    let err = resume(&["--data", file], 3).1;
    assert_helpful(&err, "4 columns");
    assert!(err.contains("5 columns"), "{err}");
    fs::write(&data, table(35, 4)).unwrap();
    let err = resume(&["--data", file], 0).1;
    assert!(err.contains("Warning: The data differ") && err.contains("28 + 7 samples now"), "{err}");
    // The run has learnt from both; what it saved last is of the new ones.
    let err = resume(&["--data", file], 0).1;
    assert!(!err.contains("Warning"), "{err}");
    // A run on a set of the program is not gone on with on data of one's own.
    let other = folder.path().join("other");
    let other = other.to_str().unwrap();
    outcome(masquerade(&small).args(["--preset", "micro", "--data", "spiral", "--steps", "1", "--out", other]), 0);
    let args = ["--resume", other, "--steps", "2", "--data", file];
    assert_helpful(&outcome(masquerade(&small).args(args), 2).1, "spiral");
    fs::write(Path::new(other).join("checkpoint.safetensors"), "cut").unwrap();
    let args = ["--resume", other, "--steps", "2", "--data", "no/such/table.csv"];
    assert_helpful(&outcome(masquerade(&small).args(args), 3).1, "safetensors");
}
