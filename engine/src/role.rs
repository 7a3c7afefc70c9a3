//! What the parts of a sample are called: the nouns of the papers.

use serde::{Deserialize, Serialize};

/// A part of a sample. A sample has one of each of its roles, and may lack some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Pictures.
    Imgs,
    /// Multispectral pictures of a satellite.
    Optical,
    /// Radar pictures of the same place.
    Radar,
    /// A clip: pictures one after the other.
    Video,
    /// Single pictures that stand for a clip.
    Frames,
    /// Sound.
    Audio,
    /// Words, as the numbers of tokens.
    Caption,
    /// Activity of a brain, place by place.
    Voxels,
    /// A cloud of points.
    Points,
    /// Nodes of a graph.
    Nodes,
    /// Plain numbers.
    Vectors,
}

impl Role {
    /// The name in fixtures and messages (`imgs`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Imgs => "imgs",
            Self::Optical => "optical",
            Self::Radar => "radar",
            Self::Video => "video",
            Self::Frames => "frames",
            Self::Audio => "audio",
            Self::Caption => "caption",
            Self::Voxels => "voxels",
            Self::Points => "points",
            Self::Nodes => "nodes",
            Self::Vectors => "vectors",
        }
    }
}
