//! Golden numbers: run any fixture folder (schema 1) against a method and compare every tensor.
//!
//! A tensor passes if max|got − ref| ≤ rtol · max|ref| + atol, or is equal where `exact`. On the WGSL path, where exp,
//! sqrt and division may round more, outputs get max(rtol, 1e-4) and gradients max(rtol, 2e-3); how many entries miss
//! the strict limit is reported too. A case or tensor that is not reached is a failure, never a skip.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::checkpoint::safetensors;
use crate::device::Compute;
use crate::error::{Error, Result};
use crate::golden::{Case, Got};
use crate::host_tensor::HostTensor;
use crate::method::Entry;
use crate::session::{NamedBytes, VerifyLine, VerifyReport};

#[derive(Debug, Deserialize)]
struct Manifest {
    schema: u32,
    system: String,
    cases: Vec<ManifestCase>,
}

#[derive(Debug, Deserialize)]
struct ManifestCase {
    name: String,
    #[serde(default)]
    files: Vec<String>,
    weights: Option<String>,
    #[serde(default)]
    config: Value,
    #[serde(default)]
    inputs: BTreeMap<String, String>,
    #[serde(default)]
    expect: Vec<Expectation>,
    #[serde(default)]
    skip: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Expectation {
    tensor: Option<String>,
    name: Option<String>,
    value: Option<f64>,
    table: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    exact: bool,
    #[serde(default)]
    rtol: f64,
    #[serde(default)]
    atol: f64,
}

impl Expectation {
    fn label(&self) -> &str {
        self.tensor.as_deref().or(self.name.as_deref()).unwrap_or("?")
    }
}

/// Run every case of a fixture folder.
///
/// # Errors
/// [`Error::Fixture`] when the folder is not a fixture of this schema. A case that fails is a failed line, not an
/// error.
pub async fn run(
    entries: &[Entry],
    files: &[NamedBytes],
    compute: &Compute,
    mut told: impl FnMut(u64, u64, &str),
) -> Result<VerifyReport> {
    let find = |name: &str| files.iter().find(|f| f.name == name || f.name.ends_with(&format!("/{name}")));
    let broken = |why: String| {
        Error::fixture(
            "The fixture folder cannot be read",
            why,
            "Give a folder with a manifest.json of schema 1 and its tensors",
        )
    };
    let manifest = find("manifest.json").ok_or_else(|| broken("it has no manifest.json".into()))?;
    let manifest: Manifest =
        serde_json::from_slice(&manifest.bytes).map_err(|e| broken(format!("manifest.json: {e}")))?;
    if manifest.schema != 1 {
        return Err(broken(format!("schema {} is not known", manifest.schema)));
    }
    let entry = entries.iter().find(|e| (e.card)().id == manifest.system);
    let entry = entry.ok_or_else(|| broken(format!("no system {:?} is built here", manifest.system)))?;
    let mut report =
        VerifyReport { system: manifest.system.clone(), device: compute.report.name.clone(), lines: Vec::new() };
    let total = manifest.cases.len() as u64;
    for (done, case) in manifest.cases.iter().enumerate() {
        told(done as u64, total, &case.name);
        let lines = match tensors_of(case, &find) {
            Ok(tensors) => run_case(entry, case, &tensors, compute).await,
            Err(error) => vec![failure(case, "files", &error.report().why)],
        };
        report.lines.extend(lines);
    }
    told(total, total, "");
    Ok(report)
}

fn tensors_of<'a>(
    case: &ManifestCase,
    find: &impl Fn(&str) -> Option<&'a NamedBytes>,
) -> Result<BTreeMap<String, HostTensor>> {
    let mut tensors = BTreeMap::new();
    // The file a case names first wins where two hold a tensor of the same name.
    for name in case.files.iter().rev() {
        let file = find(name).ok_or_else(|| {
            Error::fixture("A fixture file is missing", format!("{name} is not in the folder"), "Copy the whole folder")
        })?;
        tensors.extend(safetensors::read(&file.bytes)?.tensors);
    }
    Ok(tensors)
}

fn failure(case: &ManifestCase, tensor: &str, why: &str) -> VerifyLine {
    VerifyLine {
        case: case.name.clone(),
        tensor: tensor.into(),
        error: f64::INFINITY,
        allowed: 0.0,
        over_strict: 0,
        ok: false,
        note: why.into(),
    }
}

async fn run_case(
    entry: &Entry,
    case: &ManifestCase,
    tensors: &BTreeMap<String, HostTensor>,
    compute: &Compute,
) -> Vec<VerifyLine> {
    let keys = |t: &BTreeMap<String, Value>| t.keys().cloned().collect();
    let seen = Case {
        name: &case.name,
        config: &case.config,
        device: &compute.device,
        expected: case.expect.iter().map(|e| e.label().to_string()).collect(),
        table_keys: case.expect.iter().filter_map(|e| Some((e.label().to_string(), keys(e.table.as_ref()?)))).collect(),
        weights: case.weights.as_deref(),
        inputs: &case.inputs,
        tensors,
    };
    let got = match (entry.verify)(&seen).await {
        Ok(got) => got,
        Err(error) => return vec![failure(case, "*", &format!("{error}"))],
    };
    if case.expect.is_empty() {
        return vec![failure(case, "*", "the case expects nothing")];
    }
    let skipped: Vec<&str> =
        case.skip.iter().filter_map(|s| s.as_str().or_else(|| s.get("tensor")?.as_str())).collect();
    let wanted = case.expect.iter().filter(|e| !skipped.contains(&e.label()));
    wanted.map(|e| compare(case, e, got.get(e.label()), tensors, compute.report.gpu)).collect()
}

/// The reference and the computed numbers side by side, or why there are none.
fn paired(
    e: &Expectation,
    got: Option<&Got>,
    tensors: &BTreeMap<String, HostTensor>,
) -> std::result::Result<(Vec<f64>, Vec<f64>), String> {
    let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    match (got.ok_or("not reached")?, e) {
        (Got::Tensor(got), Expectation { tensor: Some(name), .. }) => {
            let reference = tensors.get(name).ok_or("the files lack the reference tensor")?;
            // A loss is [] in the files and [1] here; otherwise shapes must agree.
            if got.shape != reference.shape && (got.values.len() != 1 || reference.values.len() != 1) {
                return Err(format!("shape {:?}, expected {:?}", got.shape, reference.shape));
            }
            Ok((wide(&reference.values), wide(&got.values)))
        }
        (Got::Value(got), Expectation { value: Some(value), .. }) => Ok((vec![*value], vec![*got])),
        (Got::Table(got), Expectation { table: Some(table), .. }) => {
            let (mut reference, mut computed) = (Vec::new(), Vec::new());
            for (key, value) in table {
                let row = match value {
                    Value::Array(row) => row.iter().filter_map(Value::as_f64).collect(),
                    one => one.as_f64().into_iter().collect::<Vec<_>>(),
                };
                let own = got.get(key).ok_or(format!("no entry {key:?}"))?;
                if own.len() != row.len() {
                    return Err(format!("entry {key:?} has {} numbers, expected {}", own.len(), row.len()));
                }
                reference.extend(row);
                computed.extend(own);
            }
            Ok((reference, computed))
        }
        _ => Err("another kind of answer was computed".into()),
    }
}

fn compare(
    case: &ManifestCase,
    e: &Expectation,
    got: Option<&Got>,
    tensors: &BTreeMap<String, HostTensor>,
    gpu: bool,
) -> VerifyLine {
    let (reference, computed) = match paired(e, got, tensors) {
        Ok(pair) => pair,
        Err(why) => return failure(case, e.label(), &why),
    };
    let largest = reference.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let errors: Vec<f64> =
        reference.iter().zip(&computed).map(|(r, c)| if r == c { 0.0 } else { (r - c).abs() }).collect();
    let error = errors.iter().fold(0.0_f64, |m, e| if e.is_nan() { f64::INFINITY } else { m.max(*e) });
    let strict = if e.exact { 0.0 } else { e.rtol * largest + e.atol };
    let is_gradient = e.label().starts_with("grad");
    let loosened = if is_gradient { 2e-3 } else { 1e-4 };
    let allowed = if e.exact || !gpu { strict } else { e.rtol.max(loosened) * largest + e.atol };
    let over_strict = errors.iter().filter(|e| **e > strict || e.is_nan()).count() as u64;
    let ok = error <= allowed && !computed.is_empty();
    VerifyLine {
        case: case.name.clone(),
        tensor: e.label().into(),
        error,
        allowed,
        over_strict,
        ok,
        note: String::new(),
    }
}
