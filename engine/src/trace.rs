//! What a method lets people look at: named views, each drawn from a tensor that the engine computed, each saying
//! which.

mod kinds;

use serde::{Deserialize, Serialize};

pub use kinds::{
    Board, Clip, Cloud, Curve, Curves, Field, Heat, Mask, Matrix, Picture, Trajectories, Volume, Wave, Words,
};

/// Where the numbers of a view come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The tensor, in the words of the method (`pred`, `latent`, `mask` …).
    pub tensor: String,
    /// Computed when, by what.
    pub source: Source,
}

/// Who computed a view, and with which weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Computed now on the GPU with the weights of this run.
    LiveGpu,
    /// Computed now on the CPU with the weights of this run.
    LiveCpu,
    /// Computed now on the GPU, with the weights that came with the program.
    StoredWeightsGpu,
    /// Computed now on the CPU, with the weights that came with the program.
    StoredWeightsCpu,
    /// A picture from a file, made by an earlier run.
    StoredPicture,
    /// Data as given: no network has touched it.
    Data,
}

/// The scale of the numbers in a heat map or matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Legend {
    pub low: f32,
    pub high: f32,
    /// True: blue – neutral – orange with zero in the middle. False: one perceptual ramp.
    pub signed: bool,
    /// Unit or meaning of a value ("cosine", "mean squared error").
    pub unit: String,
}

/// A named picture, map, matrix or number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Stable name that lessons, links and tests refer to (`input`, `mask`, `reconstruction`, `error`, `similarity`).
    pub id: String,
    pub title: String,
    /// One line that explains what is seen.
    pub caption: String,
    pub kind: ViewKind,
    pub origin: Origin,
    pub legend: Option<Legend>,
}

/// The shapes a view can have; one widget of the front end for each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewKind {
    Picture(Picture),
    Mask(Mask),
    Heat(Heat),
    Matrix(Matrix),
    Curves(Curves),
    Number(f64),
    Cloud(Cloud),
    Field(Field),
    Trajectories(Trajectories),
    Board(Board),
    Clip(Clip),
    Wave(Wave),
    Words(Words),
    Volume(Volume),
}

impl View {
    /// Bytes of numbers this view carries (what was read back for it).
    pub fn bytes(&self) -> usize {
        match &self.kind {
            ViewKind::Picture(p) => p.rgba.len(),
            ViewKind::Mask(m) => m.hidden.len(),
            ViewKind::Heat(h) => h.values.len() * 4,
            ViewKind::Matrix(m) => m.values.len() * 4,
            ViewKind::Curves(s) => s.curves.iter().map(|c| (c.points.len() + c.spread.len()) * 16).sum(),
            ViewKind::Number(_) => 8,
            ViewKind::Cloud(c) => (c.points.len() + c.token.len() + c.edges.len() + c.values.len() + c.class.len()) * 4,
            ViewKind::Field(f) => {
                (f.arrows.len() + f.reference.len() + f.weight.len() + f.ground.len() + f.points.len()) * 4
            }
            ViewKind::Trajectories(f) => (f.frames.len() + f.points.len()) * 4,
            ViewKind::Board(b) => b.pictures.iter().map(|p| p.rgba.len()).sum(),
            ViewKind::Clip(c) => c.rgba.len() + c.hidden.len() + c.values.len() * 4,
            ViewKind::Wave(w) => w.samples.len() * 4,
            ViewKind::Words(w) => {
                w.tokens.iter().map(String::len).sum::<usize>() + w.weights.len() * 4 + w.hidden.len()
            }
            ViewKind::Volume(v) => {
                (v.scan.len() + v.values.len() + v.token.len()) * 4 + v.undefined.len() + v.hidden.len()
            }
        }
    }
}
