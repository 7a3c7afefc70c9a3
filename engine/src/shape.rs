//! What a data set gives: the roles of its samples, and what is known of them.

use std::collections::BTreeMap;

use crate::batch::{Role, Track, lacking};
use crate::error::Result;

/// The names of what is told on one track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackNames {
    /// Of the classes.
    Classes(Vec<String>),
    /// Of the numbers.
    Numbers(Vec<String>),
    /// Of what the values of a map stand for.
    Maps(Vec<String>),
}

impl TrackNames {
    /// The names alone.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Classes(names) | Self::Numbers(names) | Self::Maps(names) => names,
        }
    }
}

/// What a data set gives in one role.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    pub role: Role,
    /// Axes of a sample as it is stored, channels or numbers last; 0 where samples differ.
    pub shape: Vec<usize>,
    /// Mean and deviation of each channel, pixels counted 0 … 1; empty: values are taken as they are.
    pub mean: Vec<f32>,
    pub std: Vec<f32>,
    /// Frames or values a second, where the role has a time.
    pub rate: Option<f64>,
}

impl Input {
    /// A role whose values are taken as they are.
    pub fn new(role: Role, shape: impl Into<Vec<usize>>) -> Self {
        Self { role, shape: shape.into(), mean: Vec::new(), std: Vec::new(), rate: None }
    }

    /// Channels of a pixel, coordinates of a point, features of a node, numbers of a vector.
    pub fn channels(&self) -> usize {
        self.shape.last().copied().unwrap_or(0)
    }
}

/// What a model has to know of its data before it is built.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shape {
    /// Channels of the first role.
    pub channels: usize,
    /// Classes of the track [`CLASS`].
    pub classes: usize,
    /// Samples to train on; all nodes of a graph.
    pub samples: usize,
    /// Side of the largest square window that every sample can be shown in, in pixels; 0: samples are whole.
    pub room: usize,
    /// Edges of a graph, each counted once, and graphs of a set of several; 0 for other data.
    pub edges: usize,
    pub graphs: usize,
    /// Every role.
    pub inputs: Vec<Input>,
    /// Classes, or numbers a sample, of every track.
    pub tracks: BTreeMap<Track, usize>,
}

impl Shape {
    /// What the data gives in a role.
    ///
    /// # Errors
    /// [`Error::Data`] when it lacks the role.
    pub fn input(&self, role: Role) -> Result<&Input> {
        self.inputs.iter().find(|input| input.role == role).ok_or_else(|| lacking(role))
    }
}
