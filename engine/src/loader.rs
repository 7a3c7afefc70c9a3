//! The data loader: from a data set to the batches a method takes, which samples, in which order, cut how.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use crate::batch::{Batch, CLASS, Half, Nodes, Role, lacking};
use crate::data::crops::Augment;
use crate::data::scenes::ground::Ground;
use crate::data::{self, Cut, Dataset};
use crate::density::mixture::Mixture;
use crate::error::Result;
use crate::fingerprint::Fingerprint;
use crate::graph::featured::GraphData;
use crate::host_tensor::HostTensor;
use crate::rng::Rng;
use crate::session::DataReport;
use crate::settings::Settings;
use crate::shape::Shape;

/// A data set with the run's batch size, crop and order.
#[derive(Debug, Clone)]
pub struct Loader {
    data: Rc<dyn Dataset>,
    /// How training samples are cut.
    cut: Cut,
    batch: usize,
    rng: Rng,
    plan: Plan,
    /// The order of the epoch that was asked for last, and its number.
    order: RefCell<Option<(u64, Rc<Vec<usize>>)>>,
    /// The clusters that the plan was made from.
    clusters: Option<Rc<Clusters>>,
    /// What a checkpoint remembers of the data, once it was asked for.
    fingerprint: Rc<OnceCell<Fingerprint>>,
}

/// Which samples make the batches.
#[derive(Debug, Clone)]
enum Plan {
    /// Random ones.
    Random,
    /// These batches in turn.
    Batches(Rc<Vec<Vec<usize>>>),
    /// Samples that stay together, so many groups a batch; each epoch takes them in an order of its own.
    Groups { groups: Rc<Vec<Range<usize>>>, count: usize, rng: Rng },
}

/// The cluster of every sample that takes part, by its number in the data.
pub type Clusters = BTreeMap<usize, u32>;

impl Loader {
    /// Load `data` by the run's knobs.
    pub fn new(data: Rc<dyn Dataset>, settings: &Settings) -> Self {
        let (cut, rng) = (Cut::evaluation(0), Rng::new(settings.seed, "batches"));
        let (plan, order) = (Plan::Random, RefCell::default());
        let mut loader = Self { data, cut, batch: 1, rng, plan, order, clusters: None, fingerprint: Rc::default() };
        loader.adjust(settings);
        loader
    }

    /// Take the knobs that act at once.
    pub fn adjust(&mut self, settings: &Settings) {
        let count = |name: &str| settings.find(name).unwrap_or(1_usize);
        // A system without the knobs for crops makes its own views.
        let smallest_crop = settings.find("crop").unwrap_or(1.0_f64) as f32;
        self.cut = Cut {
            side: settings.find("img_size").unwrap_or_default(),
            frames: count("frames"),
            stride: count("stride"),
            augment: Some(Augment {
                smallest_crop,
                flip: settings.find("flip").unwrap_or(false),
                turns: settings.find("turns").unwrap_or(false),
            }),
        };
        self.resize(settings.find("batch").unwrap_or_default());
        self.rng = Rng::new(settings.seed, "batches");
        self.order.take();
    }

    /// The data set.
    pub fn data(&self) -> &Rc<dyn Dataset> {
        &self.data
    }

    /// What a checkpoint remembers of the data set. The first call reads all of it.
    pub fn fingerprint(&self) -> &Fingerprint {
        self.fingerprint.get_or_init(|| self.data.fingerprint())
    }

    /// Take a fingerprint of the data that was made already.
    pub fn know(&mut self, fingerprint: Fingerprint) {
        self.fingerprint = Rc::new(OnceCell::from(fingerprint));
    }

    /// Take this many samples a step; 0: all.
    pub fn resize(&mut self, batch: usize) {
        self.batch = Self::most(&*self.data, batch);
    }

    /// Samples of a step when this many are asked for.
    pub fn most(data: &dyn Dataset, batch: usize) -> usize {
        let pool = data.pool().max(1);
        if batch == 0 { pool } else { batch.min(pool) }
    }

    /// Take these batches in turn from now on, the first at step 0, instead of random ones; `None`: random ones again.
    pub fn follow(&mut self, plan: Option<Vec<Vec<usize>>>) {
        self.plan = plan.filter(|plan| !plan.is_empty()).map_or(Plan::Random, |plan| Plan::Batches(Rc::new(plan)));
        self.clusters = None;
        self.order.take();
    }

    /// Make batches of `count` groups of samples from now on; each epoch takes all groups in an order of its own from
    /// `rng`.
    pub fn follow_groups(&mut self, groups: Vec<Range<usize>>, count: usize, rng: Rng) {
        self.follow(None);
        self.plan = Plan::Groups { groups: Rc::new(groups), count: count.max(1), rng };
    }

    /// As [`Loader::follow`], with the clusters that these batches were made from.
    pub fn follow_clusters(&mut self, plan: Vec<Vec<usize>>, clusters: Clusters) {
        self.follow(Some(plan));
        self.clusters = Some(Rc::new(clusters));
    }

    /// The clusters that the batches are made from, once they are found.
    pub fn clusters(&self) -> Option<&Clusters> {
        self.clusters.as_deref()
    }

    /// The batches that are taken in turn.
    pub fn plan(&self) -> Option<&[Vec<usize>]> {
        match &self.plan {
            Plan::Batches(plan) => Some(plan),
            _ => None,
        }
    }

    /// Steps in which every sample comes once.
    pub fn epoch(&self) -> u64 {
        let steps = match &self.plan {
            Plan::Random => self.data.pool() / self.batch,
            Plan::Batches(plan) => plan.len(),
            Plan::Groups { groups, count, .. } => groups.len().div_ceil(*count),
        };
        steps.max(1) as u64
    }

    /// Samples of one step.
    pub fn batch_size(&self) -> usize {
        self.batch
    }

    /// Facts for the data panel.
    pub fn report(&self) -> DataReport {
        data::report(&*self.data)
    }

    /// What a model has to know of the data.
    pub fn shape(&self) -> Shape {
        self.data.shape()
    }

    /// Number of samples of a half.
    pub fn len(&self, half: Half) -> usize {
        self.data.count(half)
    }

    /// Whether there is nothing to train on.
    pub fn is_empty(&self) -> bool {
        self.data.pool() == 0
    }

    /// The classes of all samples of a half on the track [`CLASS`]; empty when the data has none.
    pub fn labels(&self, half: Half) -> &[u32] {
        self.data.classes(half, CLASS)
    }

    /// The classes of all samples of a half on a track; empty when the data has none.
    pub fn classes(&self, half: Half, track: &str) -> &[u32] {
        self.data.classes(half, track)
    }

    /// The numbers of all samples of a half on a track, [samples, …].
    pub fn numbers(&self, half: Half, track: &str) -> Option<&HostTensor> {
        self.data.numbers(half, track)
    }

    /// Whether samples belong together, as the nodes of a graph: they are then evaluated all at once.
    pub fn joined(&self) -> bool {
        self.data.joined()
    }

    /// The graph whose nodes the samples are.
    ///
    /// # Errors
    /// [`Error::Data`](crate::error::Error::Data) when they are none.
    pub fn graph(&self) -> Result<Rc<GraphData>> {
        self.data.graph().ok_or_else(|| lacking(Role::Nodes))
    }

    /// All nodes of the graph.
    ///
    /// # Errors
    /// As [`Loader::graph`].
    pub fn nodes(&self) -> Result<Nodes> {
        self.graph().map(Nodes::all)
    }

    /// What the samples were drawn from, where that is known exactly.
    pub fn density(&self) -> Option<&Mixture> {
        self.data.density()
    }

    /// Indices of the samples of step number `step`: a fresh random order every epoch, incomplete batches dropped, or
    /// the plan's.
    pub fn indices(&self, step: u64) -> Vec<usize> {
        let (epoch, place) = (step / self.epoch(), (step % self.epoch()) as usize);
        match &self.plan {
            Plan::Batches(plan) => plan[place].clone(),
            Plan::Groups { groups, count, rng } => self.in_order(epoch, rng, groups.len(), place, *count, |chosen| {
                chosen.iter().flat_map(|group| groups[*group].clone()).collect()
            }),
            Plan::Random => match self.data.pool() {
                // The nodes of a whole graph stay in their order.
                count if self.batch >= count && self.data.joined() => (0..count).collect(),
                count => self.in_order(epoch, &self.rng, count, place, self.batch, <[usize]>::to_vec),
            },
        }
    }

    /// Piece number `place` of `size` numbers of an epoch's order of the numbers below `count`.
    fn in_order(
        &self,
        epoch: u64,
        rng: &Rng,
        count: usize,
        place: usize,
        size: usize,
        take: impl Fn(&[usize]) -> Vec<usize>,
    ) -> Vec<usize> {
        let mut kept = self.order.borrow_mut();
        let (_, order) = match kept.take().filter(|(of, order)| *of == epoch && order.len() == count) {
            Some(order) => kept.insert(order),
            None => kept.insert((epoch, Rc::new(rng.at(epoch).permutation(count)))),
        };
        take(&order[(place * size).min(count)..((place + 1) * size).min(count)])
    }

    /// The training batch of step number `step`; pictures are augmented.
    ///
    /// # Errors
    /// [`Error::Data`](crate::error::Error::Data) when there is nothing to train on.
    pub fn train_batch(&self, step: u64) -> Result<Batch> {
        self.data.cut(Half::Train, &self.indices(step), &self.cut, &self.rng.at(step).at(1))
    }

    /// Samples as evaluation sees them; of a graph the labelled nodes of the half by their place among these.
    ///
    /// # Errors
    /// [`Error::Data`](crate::error::Error::Data) when there are no samples.
    pub fn evaluation_batch(&self, half: Half, indices: &[usize]) -> Result<Batch> {
        self.data.cut(half, indices, &Cut { augment: None, ..self.cut }, &self.rng)
    }

    /// As [`Loader::evaluation_batch`], in windows of another side: more of what lies around the samples.
    ///
    /// # Errors
    /// As [`Loader::evaluation_batch`]; also when the data has no windows so large.
    pub fn window_batch(&self, half: Half, indices: &[usize], side: usize) -> Result<Batch> {
        self.data.cut(half, indices, &Cut { augment: None, side, ..self.cut }, &self.rng)
    }

    /// Samples whose windows of this side show every place once.
    pub fn windows(&self, half: Half, side: usize) -> Vec<usize> {
        self.data.windows(half, side)
    }

    /// Where on the Earth the window of this side around a sample lies.
    pub fn ground(&self, half: Half, sample: usize, side: usize) -> Option<Ground> {
        self.data.ground(half, sample, side)
    }
}
