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
    /// Computed from what is known, by a formula or a rule: nothing learnt, no data as such.
    Formula,
}

/// Tokens of what is on the stage. A system has one for each thing that its views are divided into: the patches of a
/// picture, the nodes of a graph, the pictures of a batch.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Grid {
    /// Stable name that views, masks, cursors and links refer to (`patches`). Letters, digits and `_` only.
    pub id: String,
    /// Frames, rows and columns; of a sound 1, mel bands and times; of what has no order 1, 1 and their number.
    pub shape: [u32; 3],
    /// How many of its tokens the encoder sees.
    pub visible: u32,
    /// What one token is called ("patch", "group of points").
    pub noun: String,
    /// Number of the first token where tokens are named: nodes are counted from 0, as in their files.
    pub first: u32,
    /// Whether the user may paint its mask.
    pub paintable: bool,
}

impl Grid {
    /// A grid all of whose tokens are visible, and which nobody paints.
    pub fn new(id: &str, shape: [u32; 3], noun: &str) -> Self {
        let visible = shape.iter().product();
        Self { id: id.into(), shape, visible, noun: noun.into(), first: 1, paintable: false }
    }

    /// The same with a mask that the user may paint; `visible` tokens of the rule's own are seen.
    #[must_use]
    pub fn painted(self, visible: u32) -> Self {
        Self { visible, paintable: true, ..self }
    }

    /// The same with its tokens counted from 0.
    #[must_use]
    pub fn from_zero(self) -> Self {
        Self { first: 0, ..self }
    }

    /// Number of tokens.
    pub fn tokens(&self) -> u32 {
        self.shape.iter().product()
    }

    /// Its token as it is called: "patch 12".
    pub fn name(&self, token: u32) -> String {
        format!("{} {}", self.noun, u64::from(token) + u64::from(self.first))
    }

    /// What many of its tokens are called ("patches", "groups of points").
    pub fn nouns(&self) -> String {
        let (head, rest) = self.noun.split_once(' ').unwrap_or((&self.noun, ""));
        let ending = if head.ends_with(['s', 'x', 'h']) { "es" } else { "s" };
        format!("{head}{ending} {rest}").trim_end().to_string()
    }
}

/// A token of a grid: what the pointer is on, or what is pinned.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cursor {
    /// Id of the [`Grid`]; empty: the system's first one.
    pub grid: String,
    pub token: u32,
}

impl Cursor {
    /// A token of a grid.
    pub fn new(grid: &str, token: u32) -> Self {
        Self { grid: grid.into(), token }
    }

    /// Its token if it is of this grid.
    pub fn on(&self, grid: &str) -> Option<u32> {
        (self.grid == grid).then_some(self.token)
    }
}

/// The least upper end of a scale that begins at zero.
const LEAST_HIGH: f32 = 1e-6;

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

impl Legend {
    /// What is never below zero, up to the largest of `values` (of those that count).
    pub fn up_to(values: impl IntoIterator<Item = f32>, unit: impl Into<String>) -> Self {
        Self { low: 0.0, high: values.into_iter().fold(LEAST_HIGH, f32::max), signed: false, unit: unit.into() }
    }
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
    /// Id of the grid whose tokens it shows: the cursor lights up in every view of its grid.
    pub grid: Option<String>,
    /// Of a map: side in pixels of the window of the sample that it covers, where it is known where on the Earth that lies.
    /// It can then be saved over its ground.
    pub window: Option<u32>,
    /// Id of the grid whose cursor it is about: it is computed anew when that moves.
    pub follows: Option<String>,
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

/// Ids and titles of a system's views as the protocol has them.
pub fn titled(titles: &[(&str, &str)]) -> Vec<(String, String)> {
    titles.iter().map(|(id, title)| ((*id).to_string(), (*title).to_string())).collect()
}

impl View {
    /// A view without a legend, its title from the system's list of ids and titles.
    pub fn new(
        titles: &[(&str, &str)],
        id: &str,
        caption: String,
        kind: ViewKind,
        tensor: &str,
        source: Source,
    ) -> Self {
        let title = titles.iter().find(|(known, _)| *known == id).map_or("", |(_, title)| title);
        let origin = Origin { tensor: tensor.into(), source };
        Self {
            id: id.into(),
            title: title.into(),
            caption,
            kind,
            origin,
            legend: None,
            window: None,
            grid: None,
            follows: None,
        }
    }

    /// The same with a legend.
    pub fn legend(mut self, legend: Legend) -> Self {
        self.legend = Some(legend);
        self
    }

    /// The same, a map over the window of this side around the sample, in pixels.
    pub fn over_window(mut self, side: usize) -> Self {
        self.window = u32::try_from(side).ok();
        self
    }

    /// The same, of data as given, which no network has touched.
    pub fn of_data(mut self) -> Self {
        self.origin.source = Source::Data;
        self
    }

    /// The same, computed from what is known, by a formula or a rule: nothing is learnt.
    pub fn of_formula(mut self) -> Self {
        self.origin.source = Source::Formula;
        self
    }

    /// The same as tokens of a grid, and about the cursor of one, where it is.
    pub fn of_grid(mut self, grid: Option<&str>, follows: Option<&str>) -> Self {
        (self.grid, self.follows) = (grid.map(Into::into), follows.map(Into::into));
        self
    }

    /// The same, computed by the processor from the weights of the stage.
    pub fn of_cpu(mut self) -> Self {
        self.origin.source = match self.origin.source {
            Source::LiveGpu => Source::LiveCpu,
            Source::StoredWeightsGpu => Source::StoredWeightsCpu,
            other => other,
        };
        self
    }

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
