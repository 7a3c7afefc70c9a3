//! Weights files (safetensors) before any value is read: their header checked in words, files in several parts put
//! together, and whether one is a whole checkpoint.
//!
//! Layout: the header's length (u64, little endian), the header (JSON: name → kind, shape, place), the values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::sniff::{holds, sniff};

/// A header is no longer, by the format's specification.
const LONGEST_HEADER: u64 = 100_000_000;
/// Name in the header of what the file says about itself.
const METADATA: &str = "__metadata__";
/// What a file that resumes says about itself, beside its weights.
const RESUMES: [&str; 2] = ["session", "optimiser_steps"];

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// In the order of their values.
    pub tensors: Vec<Tensor>,
    /// What the file says about itself, name → text.
    pub metadata: BTreeMap<String, String>,
}

/// A tensor of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    pub name: String,
    /// Kind of its values as the file writes it ("F32", "BF16").
    pub kind: String,
    pub shape: Vec<usize>,
    /// Where its values lie, in bytes from the start of the file; within it.
    pub at: Range<usize>,
}

/// A file by its name and content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    pub name: String,
    pub bytes: Vec<u8>,
}

#[derive(Deserialize, Serialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

/// The entries of a JSON object with those that stand in it twice.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Pairs;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        from.deserialize_map(Each)
    }
}

/// The header of a file, every place in it checked against the file's length.
///
/// # Errors
/// In words: what is wrong, or what the file is in the place of a weights file.
pub fn header(bytes: &[u8]) -> Result<Header, String> {
    // A few odd bytes may look like text of another encoding; what is text without a doubt is no damaged header.
    let told =
        |name: &str| name != "safetensors" && (name != "text" || bytes.len() > 8 && str::from_utf8(bytes).is_ok());
    if let Some(found) = sniff(bytes).filter(|found| told(found.name)) {
        return Err(format!("{found}, not a weights file (safetensors)"));
    }
    checked(bytes)
}

/// The header of a file that is taken for safetensors, every place in it checked against the file's length.
///
/// # Errors
/// In words: what is wrong.
pub fn checked(bytes: &[u8]) -> Result<Header, String> {
    let cut = "it is cut off, or no safetensors file";
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or(format!("it has {} bytes: {cut}", bytes.len()))?;
    let length = u64::from_le_bytes(*length);
    if length > (rest.len() as u64).min(LONGEST_HEADER) {
        return Err(format!("its header would have {length} bytes, and the file has {}: {cut}", bytes.len()));
    }
    let (text, values) = rest.split_at(length as usize);
    let damaged = |e: serde_json::Error| format!("its header is damaged, from byte {} of it on", e.column());
    let Pairs(pairs) = serde_json::from_slice(text).map_err(damaged)?;
    let (mut header, mut names) = (Header::default(), BTreeSet::new());
    let first = bytes.len() - values.len();
    for (name, value) in pairs {
        if !names.insert(name.clone()) {
            return Err(format!("{name} stands in it twice"));
        }
        if name == METADATA {
            let told = value.as_object().into_iter().flatten();
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
            header.metadata = told.map(|(name, value)| (name.clone(), text(value))).collect();
            continue;
        }
        let entry = Entry::deserialize(value)
            .map_err(|_| format!("{name} is not told whole: a kind, a shape and a place are expected"))?;
        header.tensors.push(placed(name, entry, first, values.len())?);
    }
    header.tensors.sort_by_key(|tensor| (tensor.at.start, tensor.at.end));
    for pair in header.tensors.windows(2) {
        if let [one, other] = pair
            && other.at.start < one.at.end
        {
            return Err(format!("the values of {} and {} overlap", one.name, other.name));
        }
    }
    Ok(header)
}

fn placed(name: String, entry: Entry, first: usize, length: usize) -> Result<Tensor, String> {
    let Entry { dtype: kind, shape, data_offsets: [start, end] } = entry;
    if start > end {
        return Err(format!("the values of {name} end before they begin (at {end}, from {start})"));
    }
    if end > length {
        return Err(format!("the values of {name} end at byte {end}, and the file has {length}: it is cut off"));
    }
    let count = shape.iter().try_fold(1_usize, |count, side| count.checked_mul(*side));
    let bytes = count.and_then(|count| Some(count.checked_mul(bits(&kind)?)?.div_ceil(8)));
    if bits(&kind).is_some() && bytes != Some(end - start) {
        return Err(format!("{name} has {} bytes for a shape of {shape:?} in {kind}", end - start));
    }
    Ok(Tensor { name, kind, shape, at: first + start..first + end })
}

/// Bits of a value; `None`: a kind that is not known here.
fn bits(kind: &str) -> Option<usize> {
    Some(match kind {
        "F64" | "I64" | "U64" | "C64" => 64,
        "F32" | "I32" | "U32" => 32,
        "F16" | "BF16" | "I16" | "U16" => 16,
        "BOOL" | "U8" | "I8" => 8,
        kind if kind.starts_with("F8_") => 8,
        _ => return None,
    })
}

/// Whether a file begins as safetensors does.
fn is_safetensors(bytes: &[u8]) -> bool {
    let length = bytes.first_chunk::<8>().map(|length| u64::from_le_bytes(*length));
    length.is_some_and(|length| length <= bytes.len() as u64) && bytes.get(8) == Some(&b'{')
}

/// Whether a file is the index of weights in several parts.
fn is_index(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'{') && holds(bytes, "\"weight_map\"")
}

/// Whether it is weights: safetensors, or an index of its parts.
pub fn is_weights(bytes: &[u8]) -> bool {
    is_safetensors(bytes) || is_index(bytes)
}

/// Whether a file resumes a run: it holds weights, the optimiser's state and the session.
pub fn is_checkpoint(bytes: &[u8]) -> bool {
    checked(bytes).is_ok_and(|header| RESUMES.iter().all(|name| header.metadata.contains_key(*name)))
}

/// The names of all files that belong together with this one, itself among them unless it is their index; empty: it is
/// whole. An index names its files; a part is known by its name (`model-00002-of-00003.safetensors`).
pub fn parts_of(name: &str, bytes: &[u8]) -> Vec<String> {
    if is_index(bytes) {
        let map = serde_json::from_slice::<Value>(bytes).ok();
        let names = map.as_ref().and_then(|map| map.get("weight_map")?.as_object());
        let plain = |name: &&str| !name.contains(['/', '\\']);
        let files: BTreeSet<&str> =
            names.into_iter().flatten().filter_map(|(_, file)| file.as_str()).filter(plain).collect();
        return files.into_iter().map(String::from).collect();
    }
    numbered(name).unwrap_or_default()
}

fn numbered(name: &str) -> Option<Vec<String>> {
    let (stem, rest) = name.rsplit_once("-of-")?;
    let (start, number) = stem.rsplit_once('-')?;
    let (count, ending) = rest.split_once('.')?;
    let digits = |text: &str| text.len() == 5 && text.bytes().all(|c| c.is_ascii_digit());
    let count: usize = (digits(number) && digits(count)).then(|| count.parse().ok())??;
    let names = (1..=count).map(|part| format!("{start}-{part:05}-of-{count:05}.{ending}"));
    (2..=1000).contains(&count).then(|| names.collect())
}

/// Weights files with those in several parts put together into one, under the name of the first part without its number.
///
/// # Errors
/// The name of the file and why it cannot be used: parts that are missing, two that hold the same key, a damaged one.
pub fn joined(files: Vec<Named>) -> Vec<Result<Named, (String, String)>> {
    let mut left: BTreeMap<String, Vec<u8>> = files.into_iter().map(|file| (file.name, file.bytes)).collect();
    let mut found = Vec::new();
    // An index comes before its parts, which belong to it then.
    let bare = |name: &str| name.rsplit(['/', '\\']).next().unwrap_or(name).to_string();
    let mut names: Vec<String> = left.keys().cloned().collect();
    names.sort_by_key(|name| left.get(name).is_some_and(|bytes| is_safetensors(bytes)));
    for name in names {
        let Some(bytes) = left.remove(&name) else { continue };
        let folder = name[..name.len() - bare(&name).len()].to_string();
        let parts = parts_of(&bare(&name), &bytes);
        if parts.is_empty() {
            found.push(Ok(Named { name, bytes }));
            continue;
        }
        let mut have = vec![(name.clone(), bytes)];
        let mut missing = Vec::new();
        for part in parts.into_iter().map(|part| format!("{folder}{part}")).filter(|part| *part != name) {
            match left.remove(&part) {
                Some(bytes) => have.push((part, bytes)),
                None => missing.push(bare(&part)),
            }
        }
        have.retain(|(_, bytes)| !is_index(bytes));
        found.push(if missing.is_empty() {
            let whole = bare(&name).split("-0").next().unwrap_or("weights").trim_end_matches(".index.json").to_string();
            let name = format!("{folder}{}.safetensors", whole.trim_end_matches(".safetensors"));
            one(&have).map(|bytes| Named { name: name.clone(), bytes }).map_err(|why| (name, why))
        } else {
            let why = format!("it is one of several parts, and {} {} missing", listed(&missing), are(missing.len()));
            Err((name, why))
        });
    }
    found
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn listed(names: &[String]) -> String {
    /// Names before the rest is only counted.
    const SHOWN: usize = 4;
    let more = names.len().saturating_sub(SHOWN);
    let first = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}

/// One file of all tensors of several.
fn one(parts: &[(String, Vec<u8>)]) -> Result<Vec<u8>, String> {
    let (mut entries, mut metadata, mut values) = (Map::new(), BTreeMap::new(), Vec::new());
    for (name, bytes) in parts {
        let header = checked(bytes).map_err(|why| format!("{name}: {why}"))?;
        for (key, text) in header.metadata {
            metadata.entry(key).or_insert(text);
        }
        for tensor in header.tensors {
            let start = values.len();
            values.extend_from_slice(&bytes[tensor.at.clone()]);
            let entry = json!({"dtype": tensor.kind, "shape": tensor.shape, "data_offsets": [start, values.len()]});
            if entries.insert(tensor.name.clone(), entry).is_some() {
                return Err(format!("{} stands in two of its parts", tensor.name));
            }
        }
    }
    if !metadata.is_empty() {
        entries.insert(METADATA.into(), json!(metadata));
    }
    let mut text = Value::Object(entries).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text);
    bytes.extend(values);
    Ok(bytes)
}
