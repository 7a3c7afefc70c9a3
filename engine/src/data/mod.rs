//! Data sets by id: where they come from, how they are read, and how batches are cut from them.
//!
//! * [`Data`]: a set of any kind
//! * [`pictures`]: what a picture set is; [`fashion_mnist`], [`photos`], [`procedural::shapes`], [`user_files`]: one
//!   file a source
//! * [`clouds`], [`graphs`], [`vectors`]: the other kinds, each with its sources
//! * [`files`], [`idx`], [`decode`]: where bytes come from and what they mean
//! * [`crops`] on [`resample`]: from pictures to normalised batches

pub mod clouds;
pub mod crops;
pub mod decode;
pub mod fashion_mnist;
pub mod files;
#[cfg(not(target_arch = "wasm32"))]
mod folders;
pub mod graphs;
pub mod idx;
pub mod photos;
pub mod pictures;
pub mod procedural;
pub mod resample;
pub mod user_files;
pub mod vectors;

use crate::card::{Kind, OWN};
use crate::data::clouds::CloudData;
use crate::data::files::Files;
use crate::data::graphs::GraphData;
use crate::data::pictures::PictureData;
use crate::data::vectors::VectorData;
use crate::error::{Error, Result};
use crate::session::{DataReport, NamedBytes};

/// The ids of all picture sets.
pub const IDS: [&str; 3] = ["fashion-mnist", "shapes", "photos"];

/// A set of samples.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    Pictures(PictureData),
    Clouds(CloudData),
    Graph(GraphData),
    Vectors(VectorData),
}

/// Which half of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    Train,
    Test,
}

/// What a model has to know of its data before it is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    /// Channels of a picture (1 or 3), coordinates of a point (3), features of a node, numbers of a vector.
    pub channels: usize,
    pub classes: usize,
    /// Samples to train on; all nodes of a graph.
    pub samples: usize,
    /// Edges of a graph, each counted once, and graphs of a set of several; 0 for other data.
    pub edges: usize,
    pub graphs: usize,
}

impl Data {
    /// Facts for the data panel.
    pub fn report(&self) -> &DataReport {
        match self {
            Self::Pictures(data) => &data.report,
            Self::Clouds(data) => &data.report,
            Self::Graph(data) => &data.report,
            Self::Vectors(data) => &data.report,
        }
    }

    /// What a model has to know of it.
    pub fn shape(&self) -> Shape {
        let channels = match self {
            Self::Pictures(data) => data.channels,
            Self::Clouds(_) => 3,
            Self::Graph(data) => data.features.width,
            Self::Vectors(data) => data.dims,
        };
        let (edges, graphs) = match self {
            Self::Graph(data) => (data.undirected_edges(), data.graphs.len().saturating_sub(1)),
            _ => (0, 0),
        };
        Shape { channels, classes: self.report().classes.len(), samples: self.pool(), edges, graphs }
    }

    /// Number of samples that training draws from.
    pub fn pool(&self) -> usize {
        match self {
            Self::Graph(data) => data.nodes,
            _ => self.count(Half::Train),
        }
    }

    /// Number of samples of a half; of a graph, its labelled nodes.
    pub fn count(&self, half: Half) -> usize {
        let train = half == Half::Train;
        match self {
            Self::Pictures(data) => (if train { &data.train } else { &data.test }).len(),
            Self::Clouds(data) => {
                (if train { &data.train } else { &data.test }).points.len() / (data.points * 3).max(1)
            }
            Self::Graph(data) => (if train { &data.train } else { &data.test }).len(),
            Self::Vectors(data) => (if train { &data.train } else { &data.test }).len() / data.dims.max(1),
        }
    }

    /// Labels of a half; empty when the data has none.
    pub fn labels(&self, half: Half) -> &[u32] {
        let train = half == Half::Train;
        match self {
            Self::Pictures(data) => &(if train { &data.train } else { &data.test }).labels,
            Self::Clouds(data) => &(if train { &data.train } else { &data.test }).labels,
            Self::Graph(data) if train => &data.train_labels,
            Self::Graph(data) => &data.test_labels,
            Self::Vectors(data) if train => &data.train_labels,
            Self::Vectors(data) => &data.test_labels,
        }
    }

    /// The pictures, where it is a set of pictures.
    pub fn pictures(&self) -> Option<&PictureData> {
        if let Self::Pictures(data) = self { Some(data) } else { None }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Pictures(_) => Kind::Pictures,
            Self::Clouds(_) => Kind::Clouds,
            Self::Graph(_) => Kind::Graphs,
            Self::Vectors(_) => Kind::Vectors,
        }
    }
}

/// Open the set of this id. `size` is the side of the model's input, in pixels (drawn pictures are drawn that large),
/// `user` the data added by the user (the set `folder`), `seed` that of drawn sets.
///
/// # Errors
/// [`Error::Request`] when there is no such set of this kind or nothing was added; those of the set's own loader.
pub async fn open(id: &str, kind: Kind, size: u32, files: &Files, user: Option<&Data>, seed: u64) -> Result<Data> {
    if id == OWN {
        let own = user.filter(|data| data.kind() == kind).cloned();
        return own.ok_or_else(|| {
            let why = match user {
                Some(data) => format!("your data are {}, and this system takes {}", data.kind().name(), kind.name()),
                None => "none were added".into(),
            };
            Error::request(
                format!("There are no {} of your own yet", kind.name()),
                why,
                format!("Add {}", kind.files()),
            )
        });
    }
    Ok(match kind {
        Kind::Pictures => Data::Pictures(match id {
            "fashion-mnist" => fashion_mnist::load(files).await?,
            "photos" => photos::load(files).await?,
            "shapes" => procedural::shapes::load(size, seed),
            _ => return Err(unknown(id, &IDS)),
        }),
        Kind::Clouds => Data::Clouds(clouds::open(id, files, seed).await?),
        Kind::Graphs => Data::Graph(graphs::open(id, files, seed).await?),
        Kind::Vectors => Data::Vectors(vectors::open(id, files, seed).await?),
    })
}

/// The user's own files as a set of this kind. Pictures keep their shorter side at `keep` pixels at most.
///
/// # Errors
/// [`Error::Data`] when no file can be used.
pub fn of_user(files: Vec<NamedBytes>, kind: Kind, keep: u32) -> Result<Data> {
    Ok(match kind {
        Kind::Pictures => Data::Pictures(user_files::from_files(files, keep)?),
        Kind::Clouds => Data::Clouds(clouds::from_files(files)?),
        Kind::Graphs => Data::Graph(graphs::from_files(files)?),
        Kind::Vectors => Data::Vectors(vectors::from_files(files)?),
    })
}

fn unknown(id: &str, known: &[&str]) -> Error {
    let why = format!("the sets of this kind are {}", known.join(", "));
    Error::request(format!("There is no data set {id:?}"), why, "Choose one of them")
}
