//! What a method lets people look at: named views, each drawn from a tensor that the engine computed, each saying which.

use serde::{Deserialize, Serialize};

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
    Series(Series),
    Number(f64),
}

/// An RGBA picture with the grid of its tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// RGBA, row-major, 4 bytes a pixel.
    pub rgba: Vec<u8>,
    /// Tokens down and across; (0, 0) when the picture has none.
    pub grid: (u32, u32),
    /// Token index → true = hidden. The front end hatches hidden tokens; empty = nothing hidden.
    pub hidden: Vec<bool>,
}

/// A mask over a grid of tokens, true = hidden; the picture it lies on is the `input` view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mask {
    pub rows: u32,
    pub columns: u32,
    pub hidden: Vec<bool>,
    /// Whether the user may paint it.
    pub paintable: bool,
}

/// One value for each token of a grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heat {
    pub rows: u32,
    pub columns: u32,
    pub values: Vec<f32>,
    /// Tokens for which the value has no meaning (no loss on visible patches): drawn hatched.
    pub undefined: Vec<bool>,
    /// The token the map belongs to (cosine with this one).
    pub query: Option<u32>,
}

/// A matrix of values, row-major.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    pub rows: u32,
    pub columns: u32,
    pub values: Vec<f32>,
}

/// Curves over training steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub curves: Vec<Curve>,
}

/// One named curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

impl View {
    /// Bytes of numbers this view carries (what was read back for it).
    pub fn bytes(&self) -> usize {
        match &self.kind {
            ViewKind::Picture(p) => p.rgba.len(),
            ViewKind::Mask(m) => m.hidden.len(),
            ViewKind::Heat(h) => h.values.len() * 4,
            ViewKind::Matrix(m) => m.values.len() * 4,
            ViewKind::Series(s) => s.curves.iter().map(|c| c.points.len() * 16).sum(),
            ViewKind::Number(_) => 8,
        }
    }
}
