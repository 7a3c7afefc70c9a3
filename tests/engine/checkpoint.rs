//! Files of weights: round trips, other people's layouts, damaged files, resuming, small stored weights.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use masquerade_engine::checkpoint::atomic::write_atomically;
use masquerade_engine::checkpoint::keys::{self, vit_mae};
use masquerade_engine::checkpoint::safetensors::{self, Entry, File, HostTensor, Values};
use masquerade_engine::checkpoint::{self, resize, resume, stored};
use masquerade_engine::readback;
use masquerade_engine::session::Session;
use masquerade_engine::train::groups::pretrain_groups;
use masquerade_engine::train::optimiser::{AdamW, Optimiser, Sgd};
use masquerade_engine::weights::{Init, Weights};
use masquerade_tests::block_on;

fn golden(name: &str) -> File {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mae").join(name);
    safetensors::read(&std::fs::read(path).expect("the fixture")).expect("tensors")
}

fn declare(weights: &mut Weights, name: &str, shape: &[usize]) {
    let init = Init::Normal(0.5);
    let mut root = weights.root();
    match *shape {
        [a] => {
            root.weight(name, [a], init);
        }
        [a, b] => {
            root.weight(name, [a, b], init);
        }
        [a, b, c] if name.ends_with("pos_embed") => {
            root.fixed(name, [a, b, c], vec![0.25; a * b * c]);
        }
        [a, b, c] => {
            root.weight(name, [a, b, c], init);
        }
        [a, b, c, d] => {
            root.weight(name, [a, b, c, d], init);
        }
        _ => panic!("{name}: {shape:?}"),
    }
}

/// The official weights of the fixture's model, and a model of that shape with other values.
fn model() -> (BTreeMap<String, HostTensor>, Weights) {
    let tensors = golden("golden.safetensors").tensors.into_iter();
    let official: BTreeMap<String, HostTensor> =
        tensors.filter_map(|(k, t)| Some((k.strip_prefix("w/")?.to_string(), t))).collect();
    let mut weights = Weights::new(&Device::flex(), 9);
    for (name, tensor) in &official {
        declare(&mut weights, name, &tensor.shape);
    }
    (official, weights)
}

fn read(weights: &Weights, name: &str) -> Vec<f32> {
    block_on(readback::floats(weights.by_name(name).expect("a weight").value.clone())).expect("values")
}

fn load(file: &File, weights: &mut Weights) -> masquerade_engine::session::KeyReport {
    keys::apply(keys::plan("file", file, weights, vit_mae::LAYOUTS), weights).expect("applied")
}

/// Load `file`, whose keys are `rename`d, and expect the official values.
fn expect_official(file: &File, layout: &str) {
    let (official, mut weights) = model();
    let report = load(file, &mut weights);
    assert_eq!(report.layout, layout);
    assert!(report.missing.is_empty() && report.unexpected.is_empty() && report.wrong_shape.is_empty(), "{report:?}");
    for (name, tensor) in &official {
        assert_eq!(read(&weights, name), tensor.values, "{name}");
    }
}

fn renamed(file: &File, rename: impl Fn(&str) -> String) -> File {
    File { tensors: file.tensors.iter().map(|(k, t)| (rename(k), t.clone())).collect(), ..File::default() }
}

#[test]
fn hugging_face_layouts_become_the_official_one() {
    let file = golden("golden_hf_layout.safetensors");
    expect_official(&file, "Hugging Face");
    // As transformers 5 saves the decoder, and as it names the blocks in memory.
    expect_official(
        &renamed(&file, |k| k.replace("decoder.decoder_layers.", "decoder.decoder_encoder.layer.")),
        "Hugging Face",
    );
    let in_memory = |k: &str| {
        let renames = [
            ("vit.encoder.layer.", "vit.layers."),
            (".attention.attention.query.", ".attention.q_proj."),
            (".attention.attention.key.", ".attention.k_proj."),
            (".attention.attention.value.", ".attention.v_proj."),
            (".attention.output.dense.", ".attention.o_proj."),
        ];
        renames.iter().fold(k.to_string(), |k, (from, to)| k.replace(from, to))
    };
    expect_official(&renamed(&file, in_memory), "Hugging Face");
}

#[test]
fn an_encoder_alone_says_what_is_missing() {
    let mut file = golden("golden_hf_layout.safetensors");
    file.tensors.retain(|k, _| k.starts_with("vit."));
    let mut file = renamed(&file, |k| k.trim_start_matches("vit.").to_string());
    file.tensors.insert("classifier.weight".into(), HostTensor { shape: vec![2, 24], values: vec![0.0; 48] });
    file.tensors.remove("encoder.layer.1.attention.attention.key.bias");
    let (official, mut weights) = model();
    let before = read(&weights, "blocks.1.attn.qkv.bias");
    let report = load(&file, &mut weights);
    assert_eq!(report.unexpected, ["classifier.weight"]);
    assert!(
        report.missing.contains(&"mask_token".to_string())
            && !report.missing.contains(&"decoder_pos_embed".to_string())
    );
    assert!(report.missing.contains(&"blocks.1.attn.qkv.bias (piece 2 of 3)".to_string()), "{:?}", report.missing);
    assert_eq!(read(&weights, "blocks.1.attn.qkv.bias"), before);
    assert_eq!(read(&weights, "norm.weight"), official["norm.weight"].values);
}

#[test]
fn official_files_may_carry_a_wrapper() {
    let (official, _) = model();
    let file = File { tensors: official, ..File::default() };
    expect_official(&file, "official");
    expect_official(&renamed(&file, |k| format!("module.{k}")), "official, keys under `module.`");
    // A start that nobody told of is known by what is under it.
    expect_official(&renamed(&file, |k| format!("trainer.online.{k}")), "official, keys under `trainer.online.`");
    let alone = |k: &str| format!("other.{k}");
    let mut few = renamed(&file, alone);
    few.tensors.retain(|k, _| k.starts_with("other.norm."));
    let (_, weights) = model();
    assert!(keys::plan("file", &few, &weights, vit_mae::LAYOUTS).values.is_empty(), "two keys are no model");
}

#[test]
fn wrong_shapes_are_listed_and_other_models_refused() {
    let (mut tensors, mut weights) = model();
    tensors.insert("norm.weight".into(), HostTensor { shape: vec![3], values: vec![0.0; 3] });
    let report = load(&File { tensors, ..File::default() }, &mut weights);
    assert_eq!(report.wrong_shape, [("norm.weight".to_string(), "[24]".to_string(), "[3]".to_string())]);
    let other = File {
        tensors: BTreeMap::from([("x".into(), HostTensor { shape: vec![1], values: vec![0.0] })]),
        ..File::default()
    };
    let plan = keys::plan("other", &other, &weights, vit_mae::LAYOUTS);
    assert!(keys::apply(plan, &mut weights).is_err());
}

#[test]
fn a_position_table_of_another_grid_is_resized() {
    let table = golden("golden.safetensors").tensors["w/pos_embed"].clone();
    let want = golden("golden_finetune.safetensors").tensors["out/pos_embed_interp"].values.clone();
    let got = resize::positions(&table.values, 1, 4, 6, 24);
    assert_eq!(got.len(), want.len());
    assert!(got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-5));
    let mut weights = Weights::new(&Device::flex(), 1);
    declare(&mut weights, "pos_embed", &[1, 37, 24]);
    let report =
        load(&File { tensors: BTreeMap::from([("pos_embed".into(), table)]), ..File::default() }, &mut weights);
    assert_eq!(report.layout, "official, pos_embed resized from 4 × 4 to 6 × 6");
    assert_eq!(read(&weights, "pos_embed"), got);
    assert_eq!([1, 2, 17, 16, 18].map(resize::grid), [Some((0, 1)), Some((1, 1)), Some((1, 4)), Some((0, 4)), None]);
}

#[test]
fn saving_and_reading_is_exact_and_repeatable() {
    let (official, mut weights) = model();
    load(&File { tensors: official.clone(), ..File::default() }, &mut weights);
    let session = Session { preset: "micro".into(), step: 12, ..Session::default() };
    let metadata = checkpoint::describe(&session, "masquerade train mae").expect("metadata");
    let bytes = block_on(safetensors::save(&weights, &metadata)).expect("bytes");
    assert_eq!(bytes, block_on(safetensors::save(&weights, &metadata)).expect("bytes"));
    let file = checkpoint::open(&bytes).expect("a file");
    assert_eq!(file.tensors, official);
    assert_eq!(file.metadata["steps"], "12");
    assert_eq!(safetensors_crate_names(&bytes), official.keys().cloned().collect::<Vec<_>>());
}

/// Names as the reference reader of the format sees them.
fn safetensors_crate_names(bytes: &[u8]) -> Vec<String> {
    let file = ::safetensors::SafeTensors::deserialize(bytes).expect("a valid file");
    let mut names: Vec<String> = file.names().into_iter().map(String::from).collect();
    names.sort();
    names
}

fn raw(kind: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let header = serde_json::json!({"x": {"dtype": kind, "shape": shape, "data_offsets": [0, data.len()]}}).to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

#[test]
fn every_kind_of_number_is_read() {
    let of =
        |kind: &str, data: &[u8]| safetensors::read(&raw(kind, &[1], data)).expect("a file").tensors["x"].values[0];
    assert_eq!(of("F64", &1.5_f64.to_le_bytes()), 1.5);
    assert_eq!(of("F16", &[0x00, 0x3E]), 1.5);
    assert_eq!(of("BF16", &[0xC0, 0x3F]), 1.5);
    assert_eq!(of("I64", &(-7_i64).to_le_bytes()), -7.0);
    assert_eq!(of("I32", &7_i32.to_le_bytes()), 7.0);
    assert_eq!(of("U8", &[200]), 200.0);
}

#[test]
fn damaged_files_are_refused_with_a_reason() {
    let good = raw("F32", &[2], &[0; 8]);
    assert!(safetensors::read(&good).is_ok());
    for cut in [0, 5, 20, good.len() - 1] {
        assert!(safetensors::read(&good[..cut]).is_err(), "{cut}");
    }
    let huge = [&u64::MAX.to_le_bytes()[..], &[b'{'; 40]].concat();
    assert!(safetensors::read(&huge).is_err());
    assert!(safetensors::read(&raw("F32", &[usize::MAX / 2, 8], &[0; 8])).is_err());
    assert!(safetensors::read(b"PK\x03\x04 a/data.pkl").expect_err("refused").report().why.contains("PyTorch"));
    let nan = safetensors::read(&raw("F32", &[1], &f32::NAN.to_le_bytes())).expect_err("refused");
    assert!(nan.to_string().contains("x holds NaN"), "{nan}");
    let entry = Entry { name: "w".into(), shape: vec![1], values: Values::F32(vec![f32::INFINITY]) };
    assert!(safetensors::write(vec![entry], &BTreeMap::new()).is_err());
}

#[test]
fn a_checkpoint_resumes_exactly() {
    let (_, mut weights) = model();
    let mut adamw = Optimiser::AdamW(Box::new(AdamW::new(0.9, 0.95, pretrain_groups(&weights, 0.05))));
    let gradients = |w: &Weights| {
        w.list.iter().map(|w| w.trains().then(|| w.value.clone().mul_scalar(0.1).add_scalar(0.01))).collect::<Vec<_>>()
    };
    for _ in 0..3 {
        let g = gradients(&weights);
        adamw.step(&mut weights, &g, 1e-2);
    }
    let session = Session { step: 3, seed: u64::MAX, ..Session::default() };
    let bytes = block_on(resume::save(&session, &weights, &adamw)).expect("bytes");
    let read_back = resume::read(&bytes).expect("a checkpoint");
    assert_eq!(read_back.session, session);
    let (_, mut other) = model();
    let mut resumed = Optimiser::AdamW(Box::new(AdamW::new(0.9, 0.95, pretrain_groups(&other, 0.05))));
    // What another optimiser remembers is refused.
    let mut sgd = Optimiser::Sgd(Sgd::new(0.9, pretrain_groups(&other, 0.0)));
    assert!(read_back.restore(&mut other, &mut sgd).is_err());
    read_back.restore(&mut other, &mut resumed).expect("restored");
    for (weights, adamw) in [(&mut weights, &mut adamw), (&mut other, &mut resumed)] {
        let g = gradients(weights);
        adamw.step(weights, &g, 1e-2);
    }
    for weight in &weights.list {
        assert_eq!(read(&weights, &weight.name), read(&other, &weight.name), "{}", weight.name);
    }
    // As plain weights it opens without its optimiser state; plain weights are no checkpoint.
    assert!(checkpoint::open(&bytes).expect("weights").tensors.keys().all(|k| !k.starts_with("optimiser")));
    let plain = block_on(safetensors::save(&weights, &BTreeMap::new())).expect("bytes");
    assert!(resume::read(&plain).is_err());
    let mut small = Weights::new(&Device::flex(), 1);
    declare(&mut small, "norm.weight", &[5]);
    assert!(read_back.restore(&mut small, &mut Optimiser::AdamW(Box::new(AdamW::new(0.9, 0.95, Vec::new())))).is_err());
}

#[test]
fn stored_weights_are_small_and_near() {
    let mut weights = Weights::new(&Device::flex(), 4);
    declare(&mut weights, "matrix", &[700, 800]);
    declare(&mut weights, "zero.weight", &[4, 3]);
    declare(&mut weights, "bias", &[100]);
    declare(&mut weights, "cls_token", &[1, 1, 96]);
    declare(&mut weights, "pos_embed", &[1, 50, 96]);
    weights.root().fixed("running_mean", [5], vec![0.1, 2e-7, -3.0, 4e6, 0.0]);
    weights.set("zero.weight", vec![0.0; 12]).expect("set");
    let metadata = BTreeMap::from([("steps".to_string(), "1500".to_string())]);
    let bytes = block_on(stored::pack(&weights, &metadata)).expect("bytes");
    assert!(bytes.len() < 700_000, "{}", bytes.len());
    let file = stored::unpack(&bytes).expect("a file");
    assert_eq!(file.metadata, metadata);
    assert_eq!(file.tensors.keys().collect::<Vec<_>>(), ["bias", "cls_token", "matrix", "running_mean", "zero.weight"]);
    assert_eq!(file.tensors["running_mean"].values, [0.1, 2e-7, -3.0, 4e6, 0.0]);
    assert_eq!(file.tensors["bias"].values, read(&weights, "bias"));
    assert_eq!(file.tensors["cls_token"].values, read(&weights, "cls_token"));
    let (got, want) = (&file.tensors["matrix"], read(&weights, "matrix"));
    assert_eq!(got.shape, [700, 800]);
    for (got, want) in got.values.chunks(800).zip(want.chunks(800)) {
        let step = want.iter().fold(0.0_f32, |m, v| m.max(v.abs())) / 127.0;
        assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() <= 0.501 * step));
    }
    weights.set("matrix", vec![f32::NAN; 560_000]).expect("set");
    assert!(block_on(stored::pack(&weights, &metadata)).is_err());
}

#[test]
fn an_interrupted_write_leaves_the_old_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("weights.safetensors");
    write_atomically(&path, b"old").expect("written");
    write_atomically(&path, b"new").expect("written");
    assert_eq!(std::fs::read(&path).expect("read"), b"new");
    // A folder stands where the part file would be renamed to: the write fails and nothing is left behind.
    let taken = folder.path().join("taken");
    std::fs::create_dir_all(taken.join("inside")).expect("a folder");
    assert!(write_atomically(&taken, b"x").is_err());
    assert!(write_atomically(&folder.path().join("no/such/folder"), b"x").is_err());
    assert_eq!(std::fs::read(&path).expect("read"), b"new");
    assert_eq!(std::fs::read_dir(folder.path()).expect("read").count(), 2);
}
