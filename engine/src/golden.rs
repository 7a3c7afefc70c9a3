//! What a system's golden numbers are made of: a case of a fixture, and the answers to it.
//!
//! `verify.rs` reads the fixture and compares; a method's `fixture.rs` says which of its functions gives which number.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use serde_json::Value;

use crate::checkpoint::safetensors::HostTensor;
use crate::error::{Error, Result};
use crate::readback;
use crate::weights::Weights;

/// What a method computed for an expectation.
#[derive(Debug, Clone, PartialEq)]
pub enum Got {
    Tensor(HostTensor),
    Value(f64),
    Table(BTreeMap<String, Vec<f64>>),
}

/// One case as a method sees it.
pub struct Case<'a> {
    pub name: &'a str,
    pub config: &'a Value,
    /// Where it is computed, without autodiff.
    pub device: &'a Device,
    /// Names of what is expected, as the manifest writes them.
    pub expected: Vec<String>,
    /// Keys of the expected tables, by name.
    pub table_keys: BTreeMap<String, Vec<String>>,
    /// What the names of the case's weights begin with in its files.
    pub weights: Option<&'a str>,
    /// Names of tensors by role.
    pub inputs: &'a BTreeMap<String, String>,
    pub tensors: &'a BTreeMap<String, HostTensor>,
}

impl Case<'_> {
    fn lacks(&self, what: &str) -> Error {
        Error::fixture(
            format!("Case {} cannot be run", self.name),
            format!("it has no {what}"),
            "Check the fixture's manifest",
        )
    }

    /// The input of a role.
    ///
    /// # Errors
    /// [`Error::Fixture`] when the case lacks it.
    pub fn input(&self, role: &str) -> Result<&HostTensor> {
        self.inputs
            .get(role)
            .and_then(|name| self.tensors.get(name))
            .ok_or_else(|| self.lacks(&format!("input {role:?}")))
    }

    /// All inputs by role.
    pub fn inputs(&self) -> BTreeMap<String, HostTensor> {
        self.inputs.iter().filter_map(|(role, name)| Some((role.clone(), self.tensors.get(name)?.clone()))).collect()
    }

    /// The weights of the case by official key.
    pub fn weights(&self) -> BTreeMap<String, HostTensor> {
        let Some(prefix) = self.weights else { return BTreeMap::new() };
        self.tensors.iter().filter_map(|(name, t)| Some((name.strip_prefix(prefix)?.to_string(), t.clone()))).collect()
    }

    /// A number of the config.
    ///
    /// # Errors
    /// [`Error::Fixture`] when the config lacks it.
    pub fn number(&self, key: &str) -> Result<f64> {
        self.config.get(key).and_then(Value::as_f64).ok_or_else(|| self.lacks(&format!("config {key:?}")))
    }

    /// A whole number of the config.
    ///
    /// # Errors
    /// [`Error::Fixture`] when the config lacks it.
    pub fn count(&self, key: &str) -> Result<usize> {
        Ok(self.number(key)?.round() as usize)
    }

    /// A switch of the config; off when it is absent.
    pub fn switch(&self, key: &str) -> bool {
        self.config.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A word of the config; empty when it is absent.
    pub fn word(&self, key: &str) -> &str {
        self.config.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// The whole numbers of a list of the config.
    ///
    /// # Errors
    /// [`Error::Fixture`] when the config lacks it.
    pub fn counts(&self, key: &str) -> Result<Vec<usize>> {
        let list =
            self.config.get(key).and_then(Value::as_array).ok_or_else(|| self.lacks(&format!("list {key:?}")))?;
        Ok(list.iter().filter_map(Value::as_u64).map(|n| n as usize).collect())
    }

    /// The whole numbers of an input: labels, places.
    ///
    /// # Errors
    /// [`Error::Fixture`] when the case lacks it.
    pub fn numbers(&self, role: &str) -> Result<Vec<u32>> {
        Ok(self.input(role)?.values.iter().map(|v| *v as u32).collect())
    }

    /// Put the case's weights into those of the same names, `prefix` before them; others stay as they are, and what the
    /// model lacks is left out.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when a weight has another size.
    pub fn fill_under(&self, prefix: &str, weights: &mut Weights) -> Result<()> {
        for (name, tensor) in self.weights() {
            let name = format!("{prefix}{name}");
            if weights.by_name(&name).is_some() {
                weights.set(&name, tensor.values)?;
            }
        }
        Ok(())
    }

    /// As [`Case::fill_under`], without a prefix.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when a weight has another size.
    pub fn fill(&self, weights: &mut Weights) -> Result<()> {
        self.fill_under("", weights)
    }

    /// The error of a case whose `what` (name, task, layer …) is not known.
    pub fn unknown(&self, what: &str, value: &str) -> Error {
        Error::fixture(
            format!("Case {} cannot be run", self.name),
            format!("its {what} {value:?} is not known"),
            "Update the program, or check the manifest",
        )
    }

    /// Expected tensors under a leading word (`grad`, `step1`): the manifest's full name and the rest after the first
    /// `/`.
    pub fn expected_under<'s>(&'s self, word: &'s str) -> impl Iterator<Item = (&'s str, &'s str)> {
        self.expected.iter().filter_map(move |full| {
            let (head, rest) = full.split_once('/')?;
            head.starts_with(word).then_some((full.as_str(), rest))
        })
    }
}

/// Collects what a method computed; tensors are read back as they come.
#[derive(Debug, Default)]
pub struct Answers {
    pub got: BTreeMap<String, Got>,
}

impl Answers {
    /// A tensor of the device.
    ///
    /// # Errors
    /// [`Error::Device`] when the device is lost.
    pub async fn tensor<const D: usize>(&mut self, name: &str, tensor: Tensor<D>) -> Result<()> {
        let shape = tensor.dims().to_vec();
        let values = readback::floats(tensor).await?;
        self.got.insert(name.into(), Got::Tensor(HostTensor { shape, values }));
        Ok(())
    }

    /// An array of the host.
    pub fn host(&mut self, name: &str, shape: impl Into<Vec<usize>>, values: Vec<f32>) {
        self.got.insert(name.into(), Got::Tensor(HostTensor::new(shape, values)));
    }

    /// A number.
    pub fn value(&mut self, name: &str, value: f64) {
        self.got.insert(name.into(), Got::Value(value));
    }

    /// A weight, or what belongs to it, in its shape.
    ///
    /// # Errors
    /// [`Error::Device`] when the device is lost.
    pub async fn flat(&mut self, name: &str, shape: &[usize], value: Tensor<1>) -> Result<()> {
        self.host(name, shape, readback::floats(value).await?);
        Ok(())
    }

    /// The gradients of a loss under every expected name `grad…/PARAMETER` or `grad…/CASE.PARAMETER`; a weight that the
    /// loss does not reach has zeros.
    ///
    /// # Errors
    /// [`Error::Device`] when the device is lost.
    pub async fn gradients(&mut self, case: &Case<'_>, w: &Weights, loss: &Tensor<1>) -> Result<()> {
        self.gradients_under(case, w, loss, "grad").await
    }

    /// As [`Answers::gradients`], under every expected name `under…/PARAMETER`.
    ///
    /// # Errors
    /// [`Error::Device`] when the device is lost.
    pub async fn gradients_under(&mut self, case: &Case<'_>, w: &Weights, loss: &Tensor<1>, under: &str) -> Result<()> {
        let rest = |full: &'_ String| Some((full.clone(), full.strip_prefix(under)?.split_once('/')?.1.to_string()));
        let wanted: Vec<(String, String)> = case.expected.iter().filter_map(rest).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let all = w.backward(loss);
        for (full, rest) in wanted {
            let parameter = rest.strip_prefix(case.name).and_then(|rest| rest.strip_prefix('.')).unwrap_or(&rest);
            let Some(index) = w.list.iter().position(|weight| weight.name == parameter) else { continue };
            let shape = w.list[index].shape.clone();
            match &all[index] {
                Some(gradient) => self.flat(&full, &shape, gradient.clone()).await?,
                None => self.host(&full, shape.clone(), vec![0.0; shape.iter().product()]),
            }
        }
        Ok(())
    }
}
