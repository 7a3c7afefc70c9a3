//! What a step works on: samples by role, what is known of them by track, and which ones they are.

mod values;

use std::collections::BTreeMap;
use std::ops::Range;

use burn::tensor::{Device, Int, Tensor};

use crate::blocks::tokenizers::image_patches::Pictures;
use crate::error::{Error, Result};
use crate::host_tensor::HostTensor;
use crate::pixel_bytes::PixelBytes;
pub use crate::role::Role;
pub use values::{Nodes, Target, Values};

/// What is known of samples under one name: their class, who made them, how pleasant they are.
pub type Track = String;

/// The track of the classes that a data set's report lists.
pub const CLASS: &str = "class";

/// Which half of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    Train,
    Test,
}

/// Samples of one step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    pub inputs: BTreeMap<Role, Values>,
    /// What is known of the samples, where anything is.
    pub targets: BTreeMap<Track, Target>,
    /// Which samples these are of those they were cut from.
    pub indices: Vec<usize>,
    /// Samples that have no value in a role, by their place in the batch; what stands there instead means nothing.
    pub without: BTreeMap<Role, Vec<usize>>,
}

impl Batch {
    /// A batch with values in one role.
    pub fn of(role: Role, values: Values) -> Self {
        Self { inputs: BTreeMap::from([(role, values)]), ..Self::default() }
    }

    /// A batch of pictures, to be normalised on the device.
    pub fn bytes(pictures: PixelBytes) -> Self {
        Self::of(Role::Imgs, Values::Bytes(pictures))
    }

    /// Put all pixels on a device now: a step uploads everything before its first launch.
    pub fn upload(&self, device: &Device) {
        for values in self.inputs.values() {
            if let Values::Bytes(pixels) = values {
                pixels.upload(device);
            }
        }
    }

    /// Number of samples.
    ///
    /// # Errors
    /// [`Error::Data`] when the batch has no values.
    pub fn samples(&self) -> Result<usize> {
        self.inputs
            .values()
            .next()
            .map(Values::samples)
            .ok_or_else(|| Error::data("The batch is empty", "it has no values in any role", "Choose another data set"))
    }

    /// The samples at these places.
    ///
    /// # Errors
    /// [`Error::Data`] when there are not so many.
    pub fn part(&self, range: Range<usize>) -> Result<Self> {
        let inputs = self.inputs.iter().map(|(role, values)| Ok((*role, values.part(range.clone())?)));
        let targets = self.targets.iter().map(|(track, target)| Ok((track.clone(), target.part(range.clone())?)));
        let without = self.without.iter().map(|(role, places)| {
            let inside = places.iter().filter(|place| range.contains(place));
            (*role, inside.map(|place| place - range.start).collect())
        });
        Ok(Self {
            inputs: inputs.collect::<Result<_>>()?,
            targets: targets.collect::<Result<_>>()?,
            indices: self.indices.get(range.clone()).unwrap_or_default().to_vec(),
            without: without.collect(),
        })
    }

    /// Whether the batch has the role at all.
    pub fn has(&self, role: Role) -> bool {
        self.inputs.contains_key(&role)
    }

    /// For every sample, whether it has a value in the role.
    pub fn present(&self, role: Role) -> Vec<bool> {
        let count = self.samples().unwrap_or(0);
        let without = self.without.get(&role).map(Vec::as_slice).unwrap_or_default();
        (0..count).map(|sample| self.has(role) && !without.contains(&sample)).collect()
    }

    /// The values of a role, whichever samples lack them ([`Batch::present`]).
    ///
    /// # Errors
    /// [`Error::Data`] when the batch has no such role.
    pub fn some(&self, role: Role) -> Result<&Values> {
        self.inputs.get(&role).ok_or_else(|| lacking(role))
    }

    /// The values of a role, which every sample has.
    ///
    /// # Errors
    /// [`Error::Data`] when the batch has no such role, or a sample lacks it.
    pub fn values(&self, role: Role) -> Result<&Values> {
        let values = self.some(role)?;
        match self.without.get(&role).map_or(0, Vec::len) {
            0 => Ok(values),
            count => Err(Error::data(
                format!("{count} of {} samples have no {:?}", values.samples(), role.name()),
                "the system needs it of every sample",
                "Leave these samples out, or choose another data set",
            )),
        }
    }

    /// The values of a role on a device; pixels are normalised.
    ///
    /// # Shapes
    /// pixels → [batch, …, channels, height, width]; others as they are
    ///
    /// # Errors
    /// As [`Batch::values`]; [`Error::Data`] too when there are not `D` axes.
    pub fn tensor<const D: usize>(&self, role: Role, device: &Device) -> Result<Tensor<D>> {
        on_device(self.values(role)?, role, device)
    }

    /// As [`Batch::tensor`], with whatever stands in the place of what samples lack.
    ///
    /// # Errors
    /// [`Error::Data`] when the batch has no such role, or there are not `D` axes.
    pub fn some_tensor<const D: usize>(&self, role: Role, device: &Device) -> Result<Tensor<D>> {
        on_device(self.some(role)?, role, device)
    }

    /// Tokens of a role on a device.
    ///
    /// # Shapes
    /// → [batch, tokens]
    ///
    /// # Errors
    /// As [`Batch::tensor`].
    pub fn ids<const D: usize>(&self, role: Role, device: &Device) -> Result<Tensor<D, Int>> {
        match self.values(role)? {
            Values::Ids(array) => array.tensor(device),
            _ => Err(other_kind(role, "whole numbers")),
        }
    }

    /// The pictures of a role on a device, to be taken whole or in patches; pixels go up now, so that a step uploads
    /// everything before its first launch.
    ///
    /// # Errors
    /// As [`Batch::tensor`].
    pub fn pictures(&self, role: Role, device: &Device) -> Result<Pictures> {
        self.values(role)?;
        self.some_pictures(role, device)
    }

    /// As [`Batch::pictures`], with whatever stands in the place of what samples lack.
    ///
    /// # Errors
    /// As [`Batch::some_tensor`].
    pub fn some_pictures(&self, role: Role, device: &Device) -> Result<Pictures> {
        match self.some(role)? {
            Values::Bytes(pixels) => Ok(Pictures::of_pixels(pixels.clone(), device)),
            _ => Ok(Pictures::from(self.some_tensor::<4>(role, device)?)),
        }
    }

    /// The pixels of a role, where they came as such.
    ///
    /// # Errors
    /// As [`Batch::values`]; [`Error::Data`] too when it holds other values.
    pub fn pixels(&self, role: Role) -> Result<&PixelBytes> {
        match self.values(role)? {
            Values::Bytes(pixels) => Ok(pixels),
            _ => Err(other_kind(role, "pixels")),
        }
    }

    /// The numbers of a role on the host.
    ///
    /// # Errors
    /// As [`Batch::values`]; [`Error::Data`] too when it holds other values.
    pub fn floats(&self, role: Role) -> Result<&HostTensor> {
        match self.values(role)? {
            Values::Floats(array) => Ok(array),
            _ => Err(other_kind(role, "numbers")),
        }
    }

    /// The numbers of a role on the host, to be changed there; pixels become normalised numbers.
    ///
    /// # Errors
    /// As [`Batch::floats`].
    pub fn floats_mut(&mut self, role: Role) -> Result<&mut HostTensor> {
        self.values(role)?;
        if let Some(values) = self.inputs.get_mut(&role) {
            if let Values::Bytes(pixels) = values {
                *values = Values::Floats(pixels.values());
            }
            if let Values::Floats(array) = values {
                return Ok(array);
            }
        }
        Err(other_kind(role, "numbers"))
    }

    /// The nodes, with their graph.
    ///
    /// # Errors
    /// [`Error::Data`] when the samples are no nodes.
    pub fn nodes(&self) -> Result<&Nodes> {
        match self.values(Role::Nodes)? {
            Values::Nodes(nodes) => Ok(nodes),
            _ => Err(other_kind(Role::Nodes, "nodes of a graph")),
        }
    }

    /// The classes of a track; empty where they are not known.
    pub fn classes(&self, track: &str) -> &[u32] {
        match self.targets.get(track) {
            Some(Target::Class(classes)) => classes,
            _ => &[],
        }
    }

    /// What is known on a track.
    ///
    /// # Errors
    /// [`Error::Data`] when nothing is.
    pub fn target(&self, track: &str) -> Result<&Target> {
        self.targets.get(track).ok_or_else(|| {
            let known: Vec<&str> = self.targets.keys().map(String::as_str).collect();
            let why = if known.is_empty() {
                "nothing is known of these samples".into()
            } else {
                format!("known are {}", known.join(", "))
            };
            Error::data(format!("The data has no {track:?} to learn"), why, "Choose a data set that has it")
        })
    }
}

fn on_device<const D: usize>(values: &Values, role: Role, device: &Device) -> Result<Tensor<D>> {
    match values {
        Values::Bytes(pixels) => pixels.tensor(device),
        Values::Floats(array) => array.tensor(device),
        Values::Ids(_) | Values::Nodes(_) => Err(other_kind(role, "numbers")),
    }
}

/// That the data has no such role.
pub fn lacking(role: Role) -> Error {
    Error::data(
        format!("The data has no {:?}", role.name()),
        "the system needs it",
        "Choose one of the data sets the system lists",
    )
}

fn other_kind(role: Role, wanted: &str) -> Error {
    let why = format!("the system takes {wanted}, and they came as something else");
    Error::data(
        format!("The {} do not fit the system", role.name()),
        why,
        "Choose one of the data sets the system lists",
    )
}
