//! How good frozen features are: neighbours, a linear probe, and whether they have collapsed.

pub mod accuracy;
pub mod clustering;
pub mod collapse;
pub mod few_shot;
pub mod kernel_svm;
pub mod kmeans;
pub mod labels;
pub mod linear_probe;
pub mod linear_svm;
pub mod logistic;
pub mod mlp_probe;
pub mod nearest;
pub mod principal;
pub mod segmentation;

use burn::tensor::{Device, Tensor, TensorData};

use crate::error::{Error, Result};

/// Features of many samples on the host, row-major [samples, dim].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Features {
    pub dim: usize,
    pub values: Vec<f32>,
}

impl Features {
    /// Number of samples.
    pub fn rows(&self) -> usize {
        self.values.len() / self.dim.max(1)
    }

    /// The features of one sample.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.dim..(index + 1) * self.dim]
    }

    /// Some rows, in this order.
    #[must_use]
    pub fn rows_of(&self, rows: &[usize]) -> Self {
        Self { dim: self.dim, values: rows.iter().flat_map(|row| self.row(*row)).copied().collect() }
    }

    /// Some rows and their labels; rows or labels that are not there are left out.
    pub fn picked(&self, rows: impl Iterator<Item = usize>, labels: &[u32]) -> (Self, Vec<u32>) {
        let (mut values, mut own) = (Vec::new(), Vec::new());
        for row in rows {
            if let (Some(label), true) = (labels.get(row), row < self.rows()) {
                values.extend_from_slice(self.row(row));
                own.push(*label);
            }
        }
        (Self { dim: self.dim, values }, own)
    }

    /// Every row divided by max(its norm, 1e-12).
    pub fn normalised(&self) -> Self {
        let mut values = self.values.clone();
        for row in values.chunks_mut(self.dim.max(1)) {
            let norm = row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt().max(1e-12);
            row.iter_mut().for_each(|v| *v = (f64::from(*v) / norm) as f32);
        }
        Self { dim: self.dim, values }
    }

    /// The features as a tensor [samples, dim] without autodiff.
    pub fn tensor(&self, device: &Device) -> Tensor<2> {
        Tensor::from_data(
            TensorData::new(self.values.clone(), [self.rows(), self.dim]),
            &device.clone().without_autodiff(),
        )
    }

    /// Check that there is one label a sample, below `classes`, and that all numbers are finite.
    ///
    /// # Errors
    /// [`Error::Data`] for labels that do not fit, [`Error::Training`] for features that are not numbers.
    pub fn check(&self, labels: &[u32], classes: usize) -> Result<()> {
        let unfit = |why: String| {
            Err(Error::data("The probe cannot be run", why, "Choose a data set with labels, or more samples"))
        };
        if self.dim == 0 || self.values.is_empty() || !self.values.len().is_multiple_of(self.dim) {
            return unfit(format!("{} feature values of width {}", self.values.len(), self.dim));
        }
        if labels.len() != self.rows() {
            return unfit(format!("{} labels for {} samples", labels.len(), self.rows()));
        }
        if let Some(label) = labels.iter().find(|l| **l as usize >= classes) {
            return unfit(format!("label {label} where there are {classes} classes"));
        }
        if self.values.iter().any(|v| !v.is_finite()) {
            let advice = "Reset, or train with a smaller learning rate";
            return Err(Error::training(
                "The probe cannot be run",
                "the encoder's features are not finite numbers",
                advice,
            ));
        }
        Ok(())
    }
}
