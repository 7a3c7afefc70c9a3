//! The model on a graph: features of its nodes, and the paper's probes of them.

use std::rc::Rc;

use crate::batch::Nodes;
use crate::error::{Error, Result};
use crate::eval::{Features, kernel_svm, logistic};
use crate::graph::featured::GraphData;
use crate::knobs::KnobTable;
use crate::method::Subject;
use crate::methods::graphmae::card::GraphMaeKnobs;
pub use crate::methods::graphmae::card::Pool;
use crate::methods::graphmae::data::{Cache, Prepared};
use crate::methods::graphmae::model::GraphMae;
use crate::readback;
use crate::rng::Rng;
use crate::weights::Weights;

/// First weights of the probe that its accuracy is the mean over.
const PROBES: u64 = 5;

/// The model and the graph it is used on.
#[derive(Debug, Clone)]
pub struct System {
    pub model: GraphMae,
    pub cache: Cache,
    /// The data set's.
    pub(super) nodes: usize,
    pub(super) edges: usize,
    pub(super) graphs: usize,
    pub(super) pool: Pool,
}

impl System {
    /// The graph between some nodes, which may be all.
    pub(super) fn graph_of(&self, nodes: &Nodes) -> Result<Rc<Prepared>> {
        let whole = self.cache.whole(&nodes.graph)?;
        let all = nodes.numbers.len() == whole.graph.nodes();
        Ok(if all { whole } else { Rc::new(whole.part(&nodes.numbers)?) })
    }

    /// Features of all nodes on the host.
    async fn embedded(&self, weights: &Weights, data: &Rc<GraphData>) -> Result<Features> {
        let whole = self.cache.whole(data)?;
        let all = self.model.embed(weights, &whole.features, &whole.graph.on(weights.device()));
        Ok(Features { dim: self.model.config.hidden, values: readback::floats(all).await? })
    }

    /// The linear probe of the paper: frozen features, the epoch with the best accuracy on the validation nodes, the
    /// accuracy on the test nodes; the mean over first weights of the probe.
    pub(super) async fn node_accuracy(&self, subject: &Subject<'_>) -> Result<f64> {
        let data = subject.loader.graph()?;
        if data.train.is_empty() || data.test.is_empty() {
            return Err(unlabelled("a probe needs nodes to train on and nodes to test"));
        }
        let all = self.embedded(subject.weights, &data).await?;
        let half = |nodes: &[usize]| all.picked(nodes.iter().copied(), &data.labels);
        // Without validation nodes the last epoch counts: it is the latest of equally good ones.
        let halves = [half(&data.train), half(&data.validation), half(&data.test)];
        let [train, validation, test] = halves.each_ref().map(|(features, labels)| (features, labels.as_slice()));
        let validation = if validation.1.is_empty() { None } else { Some(validation) };
        let classes = data.report.classes.len();
        let how = logistic::Settings {
            weight_decay: GraphMaeKnobs::of(subject.settings)?.probe_decay,
            ..logistic::Settings::default()
        };
        let mut sum = 0.0;
        for seed in 0..PROBES {
            let mut rng = Rng::new(subject.settings.seed, "probe").at(seed);
            sum += logistic::fit(train, validation, test, classes, &how, &mut rng)?;
        }
        Ok(sum / PROBES as f64)
    }

    /// The probe of whole graphs of the paper: pooled features, a support vector machine, the mean accuracy over folds.
    pub(super) async fn graph_accuracy(&self, subject: &Subject<'_>) -> Result<f64> {
        let data = subject.loader.graph()?;
        // A graph's class is that of its nodes.
        let labels: Vec<u32> =
            data.graphs.windows(2).filter_map(|bounds| data.labels.get(bounds[0]).copied()).collect();
        if labels.is_empty() || labels.len() + 1 != data.graphs.len() {
            return Err(unlabelled("the set does not hold several labelled graphs"));
        }
        let all = pooled(&self.embedded(subject.weights, &data).await?, &data.graphs, self.pool);
        kernel_svm::cross_validated(
            &all,
            &labels,
            data.report.classes.len(),
            &mut Rng::new(subject.settings.seed, "folds"),
        )
    }
}

fn unlabelled(why: &str) -> Error {
    Error::data("This cannot be measured", why, "Choose a data set with labels, such as cora")
}

/// Pool the rows of each graph: those from one start to the next. A graph without nodes gives zeros.
pub fn pooled(nodes: &Features, starts: &[usize], pool: Pool) -> Features {
    let dim = nodes.dim;
    let mut values = Vec::with_capacity(starts.len().saturating_sub(1) * dim);
    for bounds in starts.windows(2) {
        let rows = nodes.values.get(bounds[0] * dim..bounds[1] * dim).unwrap_or_default();
        let count = rows.len().checked_div(dim).unwrap_or(0).max(1) as f32;
        for column in 0..dim {
            let column = rows.iter().skip(column).step_by(dim).copied();
            values.push(match pool {
                Pool::Mean => column.sum::<f32>() / count,
                Pool::Sum => column.sum(),
                Pool::Max => column.reduce(f32::max).unwrap_or(0.0),
            });
        }
    }
    Features { dim, values }
}
