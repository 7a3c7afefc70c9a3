//! The safetensors format: reading every float kind as f32, writing f32 and int8.
//!
//! Layout: the header's length (u64, little endian), the header (JSON: name → kind, shape, place), the values.

use std::collections::BTreeMap;

use burn::tensor::{bf16, f16};
use masquerade_formats::sniff::sniff;
use masquerade_formats::weights::{self, Tensor};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
pub use crate::host_tensor::HostTensor;
use crate::readback;
use crate::weights::{Upkeep, Weights};

/// What a file says about itself, name → text.
pub type Metadata = BTreeMap<String, String>;

/// The content of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct File {
    pub tensors: BTreeMap<String, HostTensor>,
    pub metadata: Metadata,
    /// Tensors whose kind of number is not read (of 8 bits or fewer, complex ones): name and kind.
    pub unread: BTreeMap<String, String>,
}

/// A tensor to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Values,
}

/// The kinds of values this program writes.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    F32(Vec<f32>),
    I8(Vec<i8>),
}

const UNUSABLE: &str = "The weights file cannot be used";

fn wrong(why: impl ToString) -> Error {
    Error::checkpoint(UNUSABLE, why, "Choose a whole .safetensors file; a cut-off download must be fetched again")
}

/// Read a file. All floats of 16 bits and more and all whole numbers become f32.
///
/// # Errors
/// [`Error::Checkpoint`] when the file is cut off, is no safetensors file, or holds a value that is not a number (the
/// key is named) or of a kind that is not read.
pub fn read(bytes: &[u8]) -> Result<File> {
    let file = read_any(bytes)?;
    if let Some((name, kind)) = file.unread.first_key_value() {
        return Err(wrong(format!("{name} has values of kind {kind}")));
    }
    for (name, tensor) in &file.tensors {
        if let Some(place) = tensor.values.iter().position(|v| !v.is_finite()) {
            return Err(wrong(format!("{name} holds {} at place {place}", tensor.values[place])));
        }
    }
    Ok(file)
}

/// As [`read`], of which not everything may be used: with values that are not numbers, and a list of tensors of kinds that
/// are not read.
///
/// # Errors
/// [`Error::Checkpoint`] when the file is cut off or is no safetensors file; what it is instead is said.
pub fn read_any(bytes: &[u8]) -> Result<File> {
    let header = weights::header(bytes).map_err(|why| match sniff(bytes).filter(|found| !found.advice.is_empty()) {
        Some(found) => Error::checkpoint(UNUSABLE, why, found.advice),
        None => wrong(why),
    })?;
    let mut file = File { metadata: header.metadata, ..File::default() };
    for Tensor { name, kind, shape, at } in header.tensors {
        match as_f32(&kind, &bytes[at]) {
            Some(values) => drop(file.tensors.insert(name, HostTensor { shape, values })),
            None => drop(file.unread.insert(name, kind)),
        }
    }
    Ok(file)
}

fn as_f32(kind: &str, data: &[u8]) -> Option<Vec<f32>> {
    fn each<const N: usize>(data: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        data.as_chunks::<N>().0.iter().map(|b| number(*b)).collect()
    }
    Some(match kind {
        "F64" => each(data, |b| f64::from_le_bytes(b) as f32),
        "F32" => each(data, f32::from_le_bytes),
        "F16" => each(data, |b| f16::from_le_bytes(b).to_f32()),
        "BF16" => each(data, |b| bf16::from_le_bytes(b).to_f32()),
        "I64" => each(data, |b| i64::from_le_bytes(b) as f32),
        "U64" => each(data, |b| u64::from_le_bytes(b) as f32),
        "I32" => each(data, |b| i32::from_le_bytes(b) as f32),
        "U32" => each(data, |b| u32::from_le_bytes(b) as f32),
        "I16" => each(data, |b| f32::from(i16::from_le_bytes(b))),
        "U16" => each(data, |b| f32::from(u16::from_le_bytes(b))),
        "I8" => each(data, |b| f32::from(i8::from_le_bytes(b))),
        "U8" | "BOOL" => each(data, |b: [u8; 1]| f32::from(b[0])),
        _ => return None,
    })
}

/// Write a file. The same content always gives the same bytes: entries in the given order after a sort by kind (f32
/// first, which keeps them aligned), metadata by name.
///
/// # Errors
/// [`Error::Checkpoint`] when a shape and its number of values differ or a value is not finite.
pub fn write(mut entries: Vec<Entry>, metadata: &Metadata) -> Result<Vec<u8>> {
    entries.sort_by_key(|e| matches!(e.values, Values::I8(_)));
    let mut header = Map::new();
    if !metadata.is_empty() {
        header.insert("__metadata__".into(), json!(metadata));
    }
    let mut data = Vec::new();
    for entry in &entries {
        let start = data.len();
        let (kind, count) = append(entry, &mut data)?;
        if entry.shape.iter().product::<usize>() != count {
            return Err(wrong(format!("{} has {count} values for a shape of {:?}", entry.name, entry.shape)));
        }
        header.insert(
            entry.name.clone(),
            json!({"dtype": kind, "shape": entry.shape, "data_offsets": [start, data.len()]}),
        );
    }
    let mut text = Value::Object(header).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text);
    bytes.extend(data);
    Ok(bytes)
}

fn append(entry: &Entry, data: &mut Vec<u8>) -> Result<(&'static str, usize)> {
    match &entry.values {
        Values::F32(values) => {
            check_finite(&entry.name, values)?;
            data.extend(values.iter().flat_map(|v| v.to_le_bytes()));
            Ok(("F32", values.len()))
        }
        Values::I8(values) => {
            data.extend(values.iter().flat_map(|v| v.to_le_bytes()));
            Ok(("I8", values.len()))
        }
    }
}

/// Refuse to save a weight that is not a number.
///
/// # Errors
/// [`Error::Training`] naming the weight.
pub fn check_finite(name: &str, values: &[f32]) -> Result<()> {
    let advice = "Go back to an earlier checkpoint and train with a smaller learning rate";
    match values.iter().find(|v| !v.is_finite()) {
        Some(value) => Err(Error::training("The weights cannot be saved", format!("{name} holds {value}"), advice)),
        None => Ok(()),
    }
}

/// All weights but the frozen ones as entries, fixed tables included, in the order of declaration; one transfer.
///
/// # Errors
/// [`Error::Device`] when the device is lost.
pub async fn entries(weights: &Weights) -> Result<Vec<Entry>> {
    let own = || weights.list.iter().filter(|w| w.upkeep != Upkeep::Frozen);
    let values = readback::many(own().map(|w| w.value.clone()).collect()).await?;
    Ok(own()
        .zip(values)
        .map(|(w, values)| Entry { name: w.name.clone(), shape: w.shape.clone(), values: Values::F32(values) })
        .collect())
}

/// The weights as a file: f32, official names and shapes.
///
/// # Errors
/// [`Error::Device`] when the device is lost, [`Error::Training`] when a weight is not finite.
pub async fn save(weights: &Weights, metadata: &Metadata) -> Result<Vec<u8>> {
    write(entries(weights).await?, metadata)
}
