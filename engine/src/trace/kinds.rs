//! What each kind of view holds: plain numbers, drawn by one widget of the front end each.

use serde::{Deserialize, Serialize};

use super::Cursor;

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
}

/// One value for each token of a grid.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Heat {
    pub rows: u32,
    pub columns: u32,
    pub values: Vec<f32>,
    /// Tokens for which the value has no meaning (no loss on visible patches): drawn hatched.
    pub undefined: Vec<bool>,
    /// The token the map belongs to (cosine with this one).
    pub query: Option<u32>,
    /// Id of the picture view that the map is laid over, if any: the front end draws that picture in grey below it.
    pub over: Option<String>,
}

/// A matrix of values, row-major. Where its rows or columns are tokens of a grid, the cursor lights up there too.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Matrix {
    pub rows: u32,
    pub columns: u32,
    pub values: Vec<f32>,
    /// What a row is called, one name each or none ("head 3", "a dog", a time).
    pub row_names: Vec<String>,
    /// What a column is called, one name each or none.
    pub column_names: Vec<String>,
    /// What the rows and the columns are, for the axes ("first branch", "optical patches"); empty: not said.
    pub row_title: String,
    pub column_title: String,
    /// Id of the grid that the rows are tokens of, and the token of each row; empty: row i is token i.
    pub row_grid: Option<String>,
    pub row_tokens: Vec<u32>,
    /// The same of the columns.
    pub column_grid: Option<String>,
    pub column_tokens: Vec<u32>,
}

impl Matrix {
    /// A square matrix that compares the same things with one another: their names, their title, and the tokens of a
    /// grid that they are.
    pub fn of_pairs(values: Vec<f32>, names: Vec<String>, title: &str, grid: &str, tokens: Vec<u32>) -> Self {
        let (count, title, grid) = (names.len() as u32, title.to_string(), Some(grid.to_string()));
        Self {
            rows: count,
            columns: count,
            values,
            row_names: names.clone(),
            column_names: names,
            row_title: title.clone(),
            column_title: title,
            row_grid: grid.clone(),
            row_tokens: tokens.clone(),
            column_grid: grid,
            column_tokens: tokens,
        }
    }
}

/// Curves over one quantity, each with its spread where it has one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Curves {
    pub curves: Vec<Curve>,
    /// What is along the axes, with its unit ("labels a class", "accuracy"); empty: not said.
    pub x_title: String,
    pub y_title: String,
    /// Opens with a logarithmic scale across; only drawn so while all x are above zero.
    pub log_x: bool,
}

/// One named curve.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Curve {
    pub name: String,
    /// x and the value there: of several runs the mean.
    pub points: Vec<(f64, f64)>,
    /// Lower and upper end of the spread at each point (of the seeds, of the folds), or empty.
    pub spread: Vec<(f64, f64)>,
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

/// Pictures one after another, all of one size: a film with the grid of its tokens.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Clip {
    pub width: u32,
    pub height: u32,
    /// RGBA, frame after frame, row-major, 4 bytes a pixel.
    pub rgba: Vec<u8>,
    /// Frames a second.
    pub rate: f32,
    /// Tokens in time, down and across; zeros where there are none. A token may span several frames.
    pub grid: [u32; 3],
    /// Token → true = hidden, in the order time, row, column; empty = nothing hidden.
    pub hidden: Vec<bool>,
    /// One value a token, laid over the frames in the colours of the view's legend; empty: none.
    pub values: Vec<f32>,
    /// The token the values belong to (cosine with this one).
    pub query: Option<u32>,
}

/// Sound as samples.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Wave {
    /// 1: mono, 2: stereo.
    pub channels: u32,
    /// From −1 to 1, channel by channel: all of the first, then all of the second.
    pub samples: Vec<f32>,
    /// Samples a second of each channel, in Hz.
    pub rate: u32,
}

/// The tokens of a text, in order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Words {
    /// The text of each token as it is read: a part of a word carries no mark of its tokenizer.
    pub tokens: Vec<String>,
    /// Whether a token goes on without a blank after the one before; empty: none does.
    pub joined: Vec<bool>,
    /// One value a token, as its ground's colour (with the view's legend), or empty.
    pub weights: Vec<f32>,
    /// Token → true = hidden, or empty.
    pub hidden: Vec<bool>,
    /// The token the weights belong to.
    pub query: Option<u32>,
}

/// A block of voxels, seen slice by slice: a brain, a CT.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Volume {
    /// Slices, rows of a slice, columns of a slice.
    pub shape: [u32; 3],
    /// Size of a voxel the same way, in millimetres; zeros: not known, drawn as cubes.
    pub spacing: [f32; 3],
    /// What is measured (a CT, an anatomical scan), one value a voxel, drawn in grey from its least to its greatest;
    /// empty: none.
    pub scan: Vec<f32>,
    /// One value a voxel, laid over the scan in the colours of the view's legend; empty: none.
    pub values: Vec<f32>,
    /// Voxels without a value (outside of the brain), or empty.
    pub undefined: Vec<bool>,
    /// Token of each voxel; `u32::MAX`: none. Empty: voxels have no tokens.
    pub token: Vec<u32>,
    /// Token → true = hidden, or empty.
    pub hidden: Vec<bool>,
}

impl Matrix {
    /// The rows that a cursor is on.
    pub fn rows_at(&self, cursor: &Cursor) -> Vec<u32> {
        places(cursor, self.row_grid.as_deref(), &self.row_tokens, self.rows)
    }

    /// The columns that a cursor is on.
    pub fn columns_at(&self, cursor: &Cursor) -> Vec<u32> {
        places(cursor, self.column_grid.as_deref(), &self.column_tokens, self.columns)
    }

    /// The tokens of a row and of a column, each where it is one.
    pub fn tokens_at(&self, row: u32, column: u32) -> [Option<Cursor>; 2] {
        let token = |grid: &Option<String>, tokens: &[u32], place: u32| {
            let token = if tokens.is_empty() { place } else { *tokens.get(place as usize)? };
            grid.as_deref().map(|grid| Cursor::new(grid, token))
        };
        [token(&self.row_grid, &self.row_tokens, row), token(&self.column_grid, &self.column_tokens, column)]
    }
}

fn places(cursor: &Cursor, grid: Option<&str>, tokens: &[u32], count: u32) -> Vec<u32> {
    match grid.and_then(|grid| cursor.on(grid)) {
        None => Vec::new(),
        Some(token) if tokens.is_empty() => (token < count).then_some(token).into_iter().collect(),
        Some(token) => (0..count).zip(tokens).filter(|(_, own)| **own == token).map(|(place, _)| place).collect(),
    }
}

impl Curve {
    /// A curve without spread.
    pub fn line(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, spread: Vec::new() }
    }
}

impl Clip {
    /// Number of whole frames.
    pub fn frames(&self) -> usize {
        self.rgba.len() / (4 * self.width as usize * self.height as usize).max(1)
    }
}

impl Wave {
    /// Samples of one channel.
    pub fn length(&self) -> usize {
        self.samples.len() / self.channels.max(1) as usize
    }

    /// One channel.
    pub fn channel(&self, index: usize) -> &[f32] {
        self.samples.get(index * self.length()..(index + 1) * self.length()).unwrap_or_default()
    }

    /// How long it is, in seconds.
    pub fn seconds(&self) -> f64 {
        self.length() as f64 / f64::from(self.rate.max(1))
    }
}
