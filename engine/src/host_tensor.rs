//! Arrays in the host's memory.

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::error::{Error, Result};

/// Numbers on the host, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct HostTensor {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// The rows `range` of row-major values whose first axis counts them.
///
/// # Errors
/// [`Error::Data`] when there are not so many.
pub fn rows<T: Clone>(values: &[T], shape: &[usize], range: Range<usize>) -> Result<Vec<T>> {
    let size: usize = shape.iter().skip(1).product();
    let found = values.get(range.start * size..range.end * size).filter(|_| range.start <= range.end);
    found.map(<[T]>::to_vec).ok_or_else(|| {
        let why = format!("rows {range:?} of {shape:?} are asked for");
        Error::data("A part of a batch is not there", why, "Please report this")
    })
}

/// The shape of such rows.
pub fn shortened(shape: &[usize], range: &Range<usize>) -> Vec<usize> {
    std::iter::once(range.len()).chain(shape.iter().skip(1).copied()).collect()
}

impl HostTensor {
    /// The rows `range`.
    ///
    /// # Errors
    /// [`Error::Data`] when there are not so many.
    pub fn part(&self, range: Range<usize>) -> Result<Self> {
        Ok(Self { shape: shortened(&self.shape, &range), values: rows(&self.values, &self.shape, range)? })
    }

    /// An array from its shape and row-major values.
    pub fn new(shape: impl Into<Vec<usize>>, values: Vec<f32>) -> Self {
        Self { shape: shape.into(), values }
    }

    /// The array on a device.
    ///
    /// # Errors
    /// [`Error::Data`] when the rank or the number of values is not as asked.
    pub fn tensor<const D: usize>(&self, device: &Device) -> Result<Tensor<D>> {
        let shape = ranked::<D>(&self.shape, self.values.len())?;
        Ok(Tensor::from_data(TensorData::new(self.values.clone(), shape), device))
    }
}

/// Whole numbers on the host, row-major: tokens of a caption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostIds {
    pub shape: Vec<usize>,
    pub values: Vec<i32>,
}

impl HostIds {
    /// An array from its shape and row-major values.
    pub fn new(shape: impl Into<Vec<usize>>, values: Vec<i32>) -> Self {
        Self { shape: shape.into(), values }
    }

    /// The array on a device.
    ///
    /// # Errors
    /// [`Error::Data`] when the rank or the number of values is not as asked.
    pub fn tensor<const D: usize>(&self, device: &Device) -> Result<Tensor<D, Int>> {
        let shape = ranked::<D>(&self.shape, self.values.len())?;
        Ok(Tensor::from_data(TensorData::new(self.values.clone(), shape), device))
    }
}

/// A shape of `D` axes that holds `count` values.
pub(crate) fn ranked<const D: usize>(shape: &[usize], count: usize) -> Result<[usize; D]> {
    let wrong = |why: String| Error::data("An array has the wrong shape", why, "Check the data set or the fixture");
    let ranked = <[usize; D]>::try_from(shape).map_err(|_| wrong(format!("{shape:?} has not {D} axes")))?;
    if ranked.iter().product::<usize>() != count {
        return Err(wrong(format!("{count} values for {shape:?}")));
    }
    Ok(ranked)
}
