//! Small trained weights that come with the program: one byte a value, one scale a row.
//!
//! A matrix row x is kept as `q = round(x / s)` with `s = max|x| / 127`, so no value moves by more than s / 2. Vectors
//! (biases, norms and their running statistics, tokens) stay f32. Fixed tables are left out: the model makes them
//! itself; so are frozen parts, which come from elsewhere. 560,000 parameters take about 0.6 MB.

use crate::checkpoint::safetensors::{self, Entry, File, Metadata, Values};
use crate::error::{Error, Result};
use crate::weights::{Upkeep, Weights};

/// Metadata key that marks a quantised file.
const MARK: &str = "quantised";
/// End of the name of a matrix's row scales.
const SCALE: &str = ".scale";

/// The weights as a small file. `metadata` should hold method, preset, steps, seed and command ([`super::describe`]).
///
/// # Errors
/// [`Error::Device`] when the device is lost, [`Error::Training`] when a weight is not finite.
pub async fn pack(weights: &Weights, metadata: &Metadata) -> Result<Vec<u8>> {
    let mut small = Vec::new();
    for entry in safetensors::entries(weights).await? {
        let rows = rows_of(&entry.shape);
        let fixed = weights.by_name(&entry.name).is_some_and(|weight| weight.upkeep == Upkeep::Fixed);
        if fixed && rows.is_some() {
            continue;
        }
        match (rows, entry.values) {
            (Some(rows), Values::F32(values)) => {
                safetensors::check_finite(&entry.name, &values)?;
                let (scales, bytes) = quantise(&values, rows);
                small.push(Entry {
                    name: format!("{}{SCALE}", entry.name),
                    shape: vec![rows],
                    values: Values::F32(scales),
                });
                small.push(Entry { name: entry.name, shape: entry.shape, values: Values::I8(bytes) });
            }
            (_, values) => small.push(Entry { values, name: entry.name, shape: entry.shape }),
        }
    }
    let mut metadata = metadata.clone();
    metadata.insert(MARK.into(), "int8 rows".into());
    safetensors::write(small, &metadata)
}

/// Read a small file back to f32 with the official names and shapes; a file that is not quantised is read as it is.
///
/// # Errors
/// [`Error::Checkpoint`] when the file is damaged or a matrix lacks its scales.
pub fn unpack(bytes: &[u8]) -> Result<File> {
    let mut file = safetensors::read_any(bytes)?;
    if file.metadata.remove(MARK).is_none() {
        return Ok(file);
    }
    let scaled: Vec<String> = file.tensors.keys().filter_map(|k| k.strip_suffix(SCALE)).map(String::from).collect();
    for name in scaled {
        let scales = file.tensors.remove(&format!("{name}{SCALE}")).map(|t| t.values).unwrap_or_default();
        let damaged = || {
            Error::checkpoint(
                "The stored weights are damaged",
                format!("{name} and its scales differ"),
                "Fetch the program again",
            )
        };
        let tensor = file.tensors.get_mut(&name).ok_or_else(damaged)?;
        if scales.is_empty() || tensor.values.len() % scales.len() != 0 || tensor.values.is_empty() {
            return Err(damaged());
        }
        let width = tensor.values.len() / scales.len();
        for (row, scale) in tensor.values.chunks_mut(width).zip(scales) {
            row.iter_mut().for_each(|v| *v *= scale);
        }
    }
    Ok(file)
}

/// Rows of a weight that is worth quantising: the first side longer than one, where there is a second one.
fn rows_of(shape: &[usize]) -> Option<usize> {
    let mut sides = shape.iter().copied().filter(|n| *n > 1);
    let rows = sides.next()?;
    sides.next().map(|_| rows)
}

fn quantise(values: &[f32], rows: usize) -> (Vec<f32>, Vec<i8>) {
    let width = values.len() / rows;
    let scales: Vec<f32> =
        values.chunks(width).map(|row| row.iter().fold(0.0_f32, |m, v| m.max(v.abs())) / 127.0).collect();
    let whole = |(row, scale): (&[f32], &f32)| -> Vec<i8> {
        let per_step = if *scale > 0.0 { scale.recip() } else { 0.0 };
        row.iter().map(|v| (v * per_step).round().clamp(-127.0, 127.0) as i8).collect()
    };
    let bytes = values.chunks(width).zip(&scales).flat_map(whole).collect();
    (scales, bytes)
}
