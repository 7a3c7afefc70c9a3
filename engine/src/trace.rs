//! What a method lets people look at: named views, each drawn from a tensor that the engine computed, each saying
//! which.

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
    Cloud(Cloud),
    Field(Field),
    Trajectories(Trajectories),
    Board(Board),
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

/// Points in the plane or in space, in groups that are the tokens: a point cloud, the nodes of a graph, an embedding.
///
/// A token is coloured by its value where there are values (with the view's legend), else by its class; hidden tokens
/// look hidden in either case. Every token can be pointed at and pinned.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Cloud {
    /// 2: seen from above, moved and zoomed. 3: turned too.
    pub dims: u32,
    /// Coordinates, `dims` a point, about the unit sphere.
    pub points: Vec<f32>,
    /// Token of each point; `u32::MAX`: none (drawn muted). Empty: every point is its own token.
    pub token: Vec<u32>,
    /// Pairs of points that a line joins.
    pub edges: Vec<u32>,
    /// One value a token, or empty.
    pub values: Vec<f32>,
    /// Class of each token, an index into `classes`, or empty.
    pub class: Vec<u32>,
    /// Names of the classes for the legend ("visible", "hidden twice", a label …).
    pub classes: Vec<String>,
    /// Token → true = hidden, or empty.
    pub hidden: Vec<bool>,
    /// The token the values belong to (cosine with this one).
    pub query: Option<u32>,
}

/// Arrows on a regular grid over a part of the plane, with the data they belong to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Field {
    pub rows: u32,
    pub columns: u32,
    /// Lower and upper corner of the grid: its outermost arrows start there. Row 0 is at the lower edge.
    pub low: [f32; 2],
    pub high: [f32; 2],
    /// Two components an arrow, row-major, in the units of the plane.
    pub arrows: Vec<f32>,
    /// A second field to compare with (the true one), drawn fainter; empty: none.
    pub reference: Vec<f32>,
    /// How much each arrow counts, 0 … 1 (density): drawn as opacity. Empty: all alike.
    pub weight: Vec<f32>,
    /// A value under each arrow as the ground's colour (with the view's legend); empty: none.
    pub ground: Vec<f32>,
    /// Points of the data, x and y.
    pub points: Vec<f32>,
}

/// Walkers in the plane, frame by frame: played as a trajectories over the points they should settle on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trajectories {
    /// Walkers of each frame.
    pub walkers: u32,
    /// x and y of every walker, frame after frame.
    pub frames: Vec<f32>,
    /// What a frame is ("sampler step"), and how many lie between two frames.
    pub unit: String,
    pub every: u32,
    pub low: [f32; 2],
    pub high: [f32; 2],
    /// Points of the data, x and y.
    pub points: Vec<f32>,
}

/// Pictures side by side, each with its group: the samples of a batch.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Board {
    pub pictures: Vec<Picture>,
    /// Group of each picture (its cluster): the colour of its frame.
    pub group: Vec<u32>,
    /// One line a picture ("cluster 3 · Sneaker").
    pub words: Vec<String>,
    /// Pictures that share something with another that they should not: outlined.
    pub clashes: Vec<bool>,
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
            ViewKind::Cloud(c) => (c.points.len() + c.token.len() + c.edges.len() + c.values.len() + c.class.len()) * 4,
            ViewKind::Field(f) => {
                (f.arrows.len() + f.reference.len() + f.weight.len() + f.ground.len() + f.points.len()) * 4
            }
            ViewKind::Trajectories(f) => (f.frames.len() + f.points.len()) * 4,
            ViewKind::Board(b) => b.pictures.iter().map(|p| p.rgba.len()).sum(),
        }
    }
}
