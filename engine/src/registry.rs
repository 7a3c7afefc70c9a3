//! The list of systems, in teaching order: the only place that names them all.
//!
//! The app's list, the command line, the README table, share links and the loop tests come from here.

use crate::card::{Card, Idea, Kind};
use crate::error::Error;
use crate::methods;

/// Every built system, by the name of its folder in `methods`.
macro_rules! built {
    ($($system:ident),+ $(,)?) => {
        /// The systems that are built, in teaching order.
        #[cfg(feature = "compute")]
        pub const BUILT: [crate::method::Entry; [$(stringify!($system)),+].len()] = [$(methods::$system::ENTRY),+];

        fn built_cards() -> Vec<Card> {
            vec![$(methods::$system::card()),+]
        }
    };
}

built! {
    mae,
    rae,
    mixedae,
    graphmae,
    gsimclr,
    scgc,
    pointcmae,
    croma,
}

/// What the engine knows of a built system.
///
/// # Errors
/// [`crate::error::Error::Request`] when there is no such system or it is not built yet.
#[cfg(feature = "compute")]
pub fn entry(id: &str) -> crate::error::Result<crate::method::Entry> {
    BUILT.iter().find(|e| (e.card)().id == id).copied().ok_or_else(|| refused(id, &cards()))
}

/// Why a system cannot be opened, and what to open instead.
pub fn refused(id: &str, cards: &[Card]) -> Error {
    let built = || cards.iter().filter(|c| c.built);
    let names = built().map(|c| format!("{} ({})", c.title, c.id)).collect::<Vec<_>>().join(", ");
    let Some(card) = cards.iter().find(|c| c.id == id) else {
        return Error::request(
            format!("There is no system {id:?}"),
            "the list of systems has none of that name",
            format!("Open one of {names}"),
        );
    };
    let like = built().find(|c| c.idea == card.idea).or_else(|| built().next());
    let instead = like.map_or_else(String::new, |c| format!("Open {} ({}) instead. ", c.title, c.id));
    Error::request(
        format!("{} cannot be opened yet", card.title),
        "it is not built yet",
        format!("{instead}The systems that can be opened are {names}"),
    )
}

/// All cards, in teaching order: the base, then the sixteen by idea.
pub fn cards() -> Vec<Card> {
    let mut cards = built_cards();
    for (id, title, paper, authors, year, modality, idea, sentence) in PLANNED {
        cards.push(Card {
            id: id.into(),
            title: title.into(),
            paper: paper.into(),
            authors: authors.into(),
            year,
            modality: modality.into(),
            kind: Kind::Pictures,
            idea,
            sentence: sentence.into(),
            equations: Vec::new(),
            built: false,
            presets: Vec::new(),
            knobs: Vec::new(),
            data: Vec::new(),
            claim: None,
        });
    }
    cards
}

/// The card of this id.
pub fn card(id: &str) -> Option<Card> {
    cards().into_iter().find(|c| c.id == id)
}

/// The systems as the table of the README.
pub fn markdown() -> String {
    let rows = cards().into_iter().map(|c| {
        let state = if c.built { "built, reference-checked" } else { "to come" };
        format!("| {} | `{}` | {} | {} | {} |\n", c.title, c.id, c.modality, c.idea.title(), state)
    });
    std::iter::once("| system | id | data | idea | state |\n|---|---|---|---|---|\n".to_string()).chain(rows).collect()
}

type Planned = (&'static str, &'static str, &'static str, &'static str, u32, &'static str, Idea, &'static str);

/// The systems that are to come: their cards say so. Whoever builds one takes its lines out.
const PLANNED: [Planned; 9] = [
    (
        "mrmae",
        "MR-MAE",
        "Mimic before Reconstruct: Enhancing Masked Autoencoders with Feature Mimicking",
        "Gao, Lin, Zhang, Fang, Ma, Li, Qiao",
        2023,
        "pictures",
        Idea::HideAndFill,
        "Mimic a teacher's features on the visible patches, then reconstruct the pixels of the hidden ones.",
    ),
    (
        "spark",
        "SparK on CT",
        "Self-supervised pre-training for CT: masked autoencoders against contrastive learning",
        "Wolf, Payer, Lisson, Lisson, Beer, Götz, Ropinski",
        2023,
        "CT slices",
        Idea::HideAndFill,
        "Masked modelling for convolutional networks: hidden patches are skipped by sparse convolution, compared with contrastive baselines on CT.",
    ),
    (
        "imaginet",
        "ImagiNet / SelfCon",
        "ImagiNet: A Multi-Content Benchmark for Synthetic Image Detection",
        "Boychev, Cholakov",
        2024,
        "pictures",
        Idea::PullAndPush,
        "Tell made pictures from taken ones: two exits of one network are each other's positives in a supervised contrast.",
    ),
    (
        "hicmae",
        "HiCMAE",
        "HiCMAE: Hierarchical Contrastive Masked Autoencoder for Self-Supervised Audio-Visual Emotion Recognition",
        "Sun, Lian, Liu, Tao",
        2024,
        "sound and faces",
        Idea::BothAtOnce,
        "Rebuild a face's video and its sound from a few tokens while the two are contrasted at every depth.",
    ),
    (
        "hybriddistill",
        "Hybrid Distillation",
        "Hybrid Distillation: Connecting Masked Autoencoders with Contrastive Learners",
        "Shi, Zhang, Li, Zhang, Fan, Guo, Ding, Tang, Xie, Wang",
        2023,
        "pictures",
        Idea::BothAtOnce,
        "One student learns token relations from a masked teacher and features from a contrastive one.",
    ),
    (
        "crossvideomae",
        "CrossVideoMAE",
        "CrossVideoMAE: Self-Supervised Image-Video Representation Learning with Masked Autoencoders",
        "Ahamed, Gunawardhana, David, Sidorov, Harari, Khan",
        2025,
        "video and frames",
        Idea::BothAtOnce,
        "Learn video and single frames together: rebuild both, and contrast the clip with its own frames.",
    ),
    (
        "tgm",
        "Text-guided video MAE",
        "Text-Guided Video Masked Autoencoder",
        "Fan, Wang, Liao, Zhang, Bhat, Li",
        2024,
        "video and captions",
        Idea::BothAtOnce,
        "Hide exactly the patches that the caption speaks of, and rebuild them.",
    ),
    (
        "mindeye",
        "MindEye",
        "Reconstructing the Mind's Eye: fMRI-to-Image with Contrastive Learning and Diffusion Priors",
        "Scotti, Banerjee, Goode, Shabalin, Nguyen, Cohen, Dempster, Verlinde, Yundler, Weisberg, Norman, Abraham",
        2023,
        "brain scans",
        Idea::DecodeAndDetect,
        "From the brain's response to a picture, find that picture: voxels are contrasted with picture embeddings.",
    ),
    (
        "opensdi",
        "OpenSDI / MaskCLIP",
        "OpenSDI: Spotting Diffusion-Generated Images in the Open World",
        "Wang, Huang, Hong",
        2025,
        "pictures",
        Idea::DecodeAndDetect,
        "Is the picture edited, and where: a frozen CLIP and a masked autoencoder answer together.",
    ),
];
