//! Data sets by id: where they come from, how they are read, and how batches are cut from them.
//!
//! * [`Dataset`]: a set of any kind, [`Cut`]: how samples of it become a batch
//! * [`pictures`]: what a picture set is; [`fashion_mnist`], [`photos`], [`procedural::shapes`], [`user_files`]: one
//!   file a source
//! * [`clouds`], [`graphs`], [`scenes`], [`vectors`]: the other kinds, each with its sources
//! * [`table_report`]: what is told of a table of the user's
//! * [`sets`]: sets that anybody can fetch
//! * [`files`], [`decode`]: where bytes come from, and what those of pictures mean
//! * [`crops`] on [`resample`]: from pictures to batches; [`clips`]: from films to clips with their sound

pub mod clips;
pub mod clouds;
pub mod crops;
pub mod decode;
pub mod fashion_mnist;
pub mod files;
pub mod graphs;
mod idx_pictures;
#[cfg(target_arch = "wasm32")]
mod kept;
pub mod photos;
pub mod pictures;
pub mod procedural;
pub mod resample;
pub mod scenes;
pub mod sets;
mod table_report;
pub mod user_files;
pub mod vectors;

use std::collections::BTreeMap;
use std::rc::Rc;

use masquerade_formats::archive::{self, Limits};

use crate::batch::{Batch, CLASS, Half, Role, Target, Track};
use crate::card::{Kind, OWN};
use crate::data::crops::Augment;
use crate::data::files::Files;
use crate::data::graphs::GraphSet;
use crate::data::scenes::ground::Ground;
use crate::density::mixture::Mixture;
use crate::error::{Error, Result};
use crate::fingerprint::Fingerprint;
use crate::graph::featured::GraphData;
use crate::host_tensor::HostTensor;
use crate::rng::Rng;
use crate::session::{DataReport, NamedBytes, UserFiles};
use crate::shape::{Input, Shape, TrackNames};

/// How samples become a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Side of pictures and frames, in pixels.
    pub side: usize,
    /// Frames of a clip, and every how many stored frames one is taken; sound is cut to the same seconds.
    pub frames: usize,
    pub stride: usize,
    /// How training samples differ from those of evaluation; `None`: these are for evaluation.
    pub augment: Option<Augment>,
}

impl Cut {
    /// Samples as evaluation sees them, pictures of this side.
    pub fn evaluation(side: usize) -> Self {
        Self { side, frames: 1, stride: 1, augment: None }
    }

    /// Whether the samples are for training.
    pub fn trains(&self) -> bool {
        self.augment.is_some()
    }
}

/// A set of samples, each with values in one or more roles.
pub trait Dataset: std::fmt::Debug {
    /// Facts for the data panel: counts, names of the classes, what was read and what was left out.
    fn report(&self) -> &DataReport;

    /// What a sample has, the main role first.
    fn inputs(&self) -> Vec<Input>;

    /// Number of samples of a half; of a graph, its labelled nodes.
    fn count(&self, half: Half) -> usize;

    /// Cut samples into a batch. For training, `at` counts the samples of [`Dataset::pool`], else those of the half.
    /// What is random about it comes from `rng`, for each sample from its own stream `rng.at(place in the batch)`; a
    /// crop or a clip is the same part of the sample in all roles that show the same place or time.
    ///
    /// # Errors
    /// [`Error::Data`] when samples cannot be read or do not fit together.
    fn cut(&self, half: Half, at: &[usize], how: &Cut, rng: &Rng) -> Result<Batch>;

    /// Hand over all that training draws from, values and classes in their order, for a
    /// [`Fingerprint`].
    fn content(&self, take: &mut dyn FnMut(&[u8]));

    /// Number of samples that training draws from.
    fn pool(&self) -> usize {
        self.count(Half::Train)
    }

    /// What is known of samples, by track: the report's classes if nothing else is said.
    fn tracks(&self) -> BTreeMap<Track, TrackNames> {
        let classes = &self.report().classes;
        let known = (!classes.is_empty()).then(|| (CLASS.to_string(), TrackNames::Classes(classes.clone())));
        known.into_iter().collect()
    }

    /// The classes of all samples of a half on a track; empty when they are not known.
    fn classes(&self, half: Half, track: &str) -> &[u32];

    /// The numbers of all samples of a half on a track, [samples, …].
    fn numbers(&self, _half: Half, _track: &str) -> Option<&HostTensor> {
        None
    }

    /// Whether samples belong together, as the nodes of a graph: they are then evaluated all at once.
    fn joined(&self) -> bool {
        self.graph().is_some()
    }

    /// The graph whose nodes the samples are.
    fn graph(&self) -> Option<Rc<GraphData>> {
        None
    }

    /// What the samples were drawn from, where that is known exactly.
    fn density(&self) -> Option<&Mixture> {
        None
    }

    /// The same data in samples of `side` × `side` pixels, where samples are parts of larger pictures.
    ///
    /// # Errors
    /// [`Error::Data`] when no picture is so large.
    fn resized(&self, _side: usize) -> Result<Option<Rc<dyn Dataset>>> {
        Ok(None)
    }

    /// Samples of a half whose windows of this side show every place once: fewer than all where windows are larger than
    /// samples.
    fn windows(&self, half: Half, _side: usize) -> Vec<usize> {
        (0..self.count(half)).collect()
    }

    /// Side of the largest square window that every sample can be shown in, in pixels; 0: samples are whole.
    fn room(&self) -> usize {
        0
    }

    /// Where on the Earth the window of this side around a sample of a half lies, where that is known.
    fn ground(&self, _half: Half, _sample: usize, _side: usize) -> Option<Ground> {
        None
    }

    /// What a checkpoint remembers of it. All of what is trained on is read once for that.
    fn fingerprint(&self) -> Fingerprint {
        let report = self.report();
        Fingerprint {
            id: report.id.clone(),
            title: report.title.clone(),
            samples: report.samples,
            test_samples: report.test_samples,
            inputs: self.inputs().iter().map(|input| (input.role.name().to_string(), input.channels())).collect(),
            classes: report.classes.clone(),
            sha256: Fingerprint::hash(|take| self.content(take)),
        }
    }

    /// What a model has to know of the set before it is built.
    fn shape(&self) -> Shape {
        let (inputs, tracks) = (self.inputs(), self.tracks());
        let size = |names: &TrackNames| names.names().len();
        let graph = self.graph();
        Shape {
            edges: graph.as_ref().map_or(0, |graph| graph.undirected_edges()),
            graphs: graph.as_ref().map_or(0, |graph| graph.graphs.len().saturating_sub(1)),
            channels: inputs.first().map_or(0, Input::channels),
            classes: tracks.get(CLASS).map_or(0, size),
            samples: self.pool(),
            room: self.room(),
            tracks: tracks.iter().map(|(track, names)| (track.clone(), size(names))).collect(),
            inputs,
        }
    }
}

/// A batch with the numbers of its samples and, where there are any, their classes out of `labels`.
pub fn labelled(mut batch: Batch, labels: &[u32], at: &[usize]) -> Batch {
    if !labels.is_empty() {
        let classes = at.iter().filter_map(|sample| labels.get(*sample).copied()).collect();
        batch.targets.insert(CLASS.into(), Target::Class(classes));
    }
    batch.indices = at.to_vec();
    batch
}

/// Open the set of this id. `size` is the side of the model's input, in pixels (drawn pictures are drawn that large),
/// `user` the data added by the user (the set `folder`), `seed` that of drawn sets.
///
/// # Errors
/// [`Error::Request`] when there is no such set of this kind or nothing was added; those of the set's own loader.
pub async fn open(
    id: &str,
    kind: Kind,
    size: u32,
    files: &Files,
    user: Option<&Rc<dyn Dataset>>,
    seed: u64,
) -> Result<Rc<dyn Dataset>> {
    if id == OWN {
        return own(kind, user, size as usize);
    }
    let data: Rc<dyn Dataset> = match kind {
        Kind::Pictures => Rc::new(pictures::open(id, size, files, seed).await?),
        Kind::Clouds => Rc::new(clouds::open(id, files, seed).await?),
        Kind::Graphs => Rc::new(GraphSet::new(graphs::open(id, files, seed).await?)),
        Kind::Vectors => Rc::new(vectors::open(id, files, seed).await?),
        Kind::Scenes => Rc::new(scenes::open(id, size as usize, files, seed).await?),
    };
    Ok(data)
}

/// The user's own data, where they have the roles that are asked for; parts of larger pictures are `side` pixels wide.
fn own(kind: Kind, user: Option<&Rc<dyn Dataset>>, side: usize) -> Result<Rc<dyn Dataset>> {
    let why = match user {
        Some(data) => {
            let has: Vec<Role> = data.inputs().iter().map(|input| input.role).collect();
            if kind.roles().iter().all(|role| has.contains(role)) {
                return Ok(data.resized(side)?.unwrap_or_else(|| data.clone()));
            }
            let has: Vec<&str> = has.into_iter().map(Role::name).collect();
            format!("you added {}, and this system takes {}", has.join(", "), kind.name())
        }
        None => "none were added".into(),
    };
    Err(Error::request(format!("There are no {} of your own yet", kind.name()), why, format!("Add {}", kind.files())))
}

/// The user's own files as a set of this kind. Pictures keep their shorter side at `keep` pixels at most.
///
/// # Errors
/// [`Error::Data`] when no file can be used; it names what was passed over on the way, too.
pub fn of_user(user: UserFiles, kind: Kind, keep: u32) -> Result<Rc<dyn Dataset>> {
    let UserFiles { files, mut left_out, reading } = user;
    if let (Kind::Graphs, Some(mut graph)) = (kind, graphs::published::of_user(&files)?) {
        graph.report.skipped.extend(left_out);
        return Ok(Rc::new(GraphSet::new(graph)));
    }
    let files = unpacked(files, &mut left_out);
    if files.is_empty() {
        let why = match left_out.first() {
            Some((name, why)) => format!("none of {} files could be read; {name}: {why}", left_out.len()),
            None => "it is empty: there is no file in it".into(),
        };
        let what = format!("There are no {} to train on", kind.name());
        return Err(Error::data(what, why, format!("Choose {}", kind.files())));
    }
    let also = |report: &mut DataReport, left_out| {
        report.skipped.extend(left_out);
        report.skipped.sort();
    };
    Ok(match kind {
        Kind::Pictures => {
            let mut data = user_files::from_files(files, keep)?;
            also(&mut data.report, left_out);
            Rc::new(data)
        }
        Kind::Clouds => {
            let mut data = clouds::from_files(files, &reading)?;
            also(&mut data.report, left_out);
            Rc::new(data)
        }
        Kind::Graphs => {
            let mut data = graphs::from_files(files, &reading)?;
            also(&mut data.report, left_out);
            Rc::new(GraphSet::new(data))
        }
        Kind::Vectors => {
            let mut data = vectors::from_files(files, &reading)?;
            also(&mut data.report, left_out);
            Rc::new(data)
        }
        Kind::Scenes => Rc::new(scenes::from_files(files, left_out)?),
    })
}

/// Whether some of these files may be text, which can be read otherwise than was guessed ([`UserFiles::reading`]). Of
/// clouds only as many as are worth being kept in memory for it.
pub fn may_be_text(user: &UserFiles, kind: Kind) -> bool {
    /// Bytes of clouds.
    const MOST: usize = 64 << 20;
    match kind {
        Kind::Vectors | Kind::Graphs => true,
        Kind::Clouds => user.files.iter().map(|file| file.bytes.len()).sum::<usize>() <= MOST,
        Kind::Pictures | Kind::Scenes => false,
    }
}

/// These files, archives replaced by what is inside of them.
fn unpacked(files: Vec<NamedBytes>, left_out: &mut Vec<(String, String)>) -> Vec<NamedBytes> {
    let files = files.into_iter().map(|file| (file.name, file.bytes)).collect();
    let unpacked = archive::unpack(files, &Limits::default());
    left_out.extend(unpacked.left_out.into_iter().map(|left| (left.what, left.why)));
    unpacked.files.into_iter().map(|(name, bytes)| NamedBytes { name, bytes }).collect()
}

/// What is told of a set: its own report, with the samples of each class.
pub fn report(data: &dyn Dataset) -> DataReport {
    let mut report = data.report().clone();
    report.class_sizes = vec![0; report.classes.len()];
    let classes: Vec<u32> = match data.graph() {
        // The halves of a graph are the nodes whose labels are used; every graph of many has one class.
        Some(graph) if graph.graphs.len() > 1 => {
            let first = graph.graphs.iter().take(graph.graphs.len() - 1);
            first.filter_map(|node| graph.labels.get(*node).copied()).collect()
        }
        Some(graph) => graph.labels.clone(),
        None => [Half::Train, Half::Test].iter().flat_map(|half| data.classes(*half, CLASS)).copied().collect(),
    };
    for class in classes {
        if let Some(size) = report.class_sizes.get_mut(class as usize) {
            *size += 1;
        }
    }
    report
}

fn unknown(id: &str, known: &[&str]) -> Error {
    let why = format!("the sets of this kind are {}", known.join(", "));
    Error::request(format!("There is no data set {id:?}"), why, "Choose one of them")
}
