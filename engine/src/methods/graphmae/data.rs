//! A graph of the data set as the model takes it: prepared edges, normalised features.

use std::cell::RefCell;
use std::rc::Rc;

use crate::blocks::tokenizers::node_features::FeatureRows;
use crate::error::Result;
use crate::graph::Graph;
use crate::graph::featured::GraphData;

/// A graph with features that a step or a look takes as a whole.
#[derive(Debug)]
pub struct Prepared {
    /// Every edge both ways, one loop at each node.
    pub graph: Graph,
    pub features: FeatureRows,
    /// What it was made from, if it is a whole one: as long as this is held, nothing else has its address.
    of: Option<Rc<GraphData>>,
}

impl Prepared {
    fn new(data: &Rc<GraphData>) -> Result<Self> {
        let mut values = data.features.values.clone();
        if values.iter().all(|value| *value >= 0.0) {
            rows_to_one(&data.features.starts, &mut values);
        } else {
            standardise(data.features.width, data.nodes, &data.features.columns, &mut values);
        }
        let (starts, columns) = (data.features.starts.clone(), data.features.columns.clone());
        Ok(Self {
            graph: Graph::prepared(data.nodes, &data.src, &data.dst)?,
            features: FeatureRows::from_entries(data.features.width, starts, columns, values)?,
            of: Some(data.clone()),
        })
    }

    /// The graph between some nodes, with their features; nodes take the order of the list.
    ///
    /// # Errors
    /// As [`Graph::new`].
    pub fn part(&self, nodes: &[usize]) -> Result<Self> {
        let mut place = vec![u32::MAX; self.graph.nodes()];
        for (new, old) in nodes.iter().enumerate() {
            if let Some(place) = place.get_mut(*old) {
                *place = new as u32;
            }
        }
        let (mut src, mut dst) = (Vec::new(), Vec::new());
        for (new, old) in nodes.iter().enumerate() {
            for source in self.graph.neighbours(*old).filter_map(|u| place.get(u).copied()).filter(|u| *u != u32::MAX) {
                src.push(source);
                dst.push(new as u32);
            }
        }
        let (mut starts, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
        for node in nodes {
            for (column, value) in self.features.row(*node) {
                columns.push(column);
                values.push(value);
            }
            starts.push(columns.len());
        }
        Ok(Self {
            graph: Graph::new(nodes.len(), &src, &dst)?,
            features: FeatureRows::from_entries(self.features.width, starts, columns, values)?,
            of: None,
        })
    }
}

/// Divide every row by its sum: word counts become shares.
fn rows_to_one(starts: &[usize], values: &mut [f32]) {
    for bounds in starts.windows(2) {
        let Some(row) = values.get_mut(bounds[0]..bounds[1]) else { continue };
        let sum = row.iter().map(|v| f64::from(*v)).sum::<f64>();
        if sum > 0.0 {
            row.iter_mut().for_each(|v| *v = (f64::from(*v) / sum) as f32);
        }
    }
}

/// Take each feature's mean away and divide by its deviation. Zeros that are not listed would become other numbers, so
/// this is for features that list all values; where they do not, they are divided alone. A feature that is the same at
/// all nodes has no deviation to divide by and says nothing: it becomes 0.
fn standardise(width: usize, nodes: usize, columns: &[u32], values: &mut [f32]) {
    let count = nodes.max(1) as f64;
    let mut of_columns = vec![Spread::default(); width];
    for (column, value) in columns.iter().zip(&*values) {
        if let Some(column) = of_columns.get_mut(*column as usize) {
            column.mean += f64::from(*value) / count;
            column.listed += 1;
            (column.least, column.most) = (column.least.min(*value), column.most.max(*value));
        }
    }
    for (column, value) in columns.iter().zip(&*values) {
        if let Some(column) = of_columns.get_mut(*column as usize) {
            column.squares += (f64::from(*value) - column.mean).powi(2);
        }
    }
    let full = values.len() == width * nodes;
    for (column, value) in columns.iter().zip(values) {
        let Some(column) = of_columns.get(*column as usize) else { continue };
        let unlisted = nodes.saturating_sub(column.listed) as f64 * column.mean.powi(2);
        let deviation = ((column.squares + unlisted) / count).sqrt();
        let constant = column.listed == nodes && column.least == column.most;
        *value = match constant || deviation == 0.0 {
            true => 0.0,
            false => ((f64::from(*value) - if full { column.mean } else { 0.0 }) / deviation) as f32,
        };
    }
}

/// Mean and spread of a feature.
#[derive(Clone)]
struct Spread {
    mean: f64,
    /// Squares of what listed values are off the mean, added up.
    squares: f64,
    /// Values that are not left out as zeros.
    listed: usize,
    least: f32,
    most: f32,
}

impl Default for Spread {
    fn default() -> Self {
        Self { mean: 0.0, squares: 0.0, listed: 0, least: f32::INFINITY, most: f32::NEG_INFINITY }
    }
}

/// The graph of the data set in use, prepared once.
///
/// No number depends on whether it was: what is held follows from the data alone, and another set (another address, as
/// what is held keeps its own alive) is prepared anew.
#[derive(Debug, Clone, Default)]
pub struct Cache(Rc<RefCell<Option<Rc<Prepared>>>>);

impl Cache {
    /// The whole graph, prepared.
    ///
    /// # Errors
    /// [`crate::error::Error::Data`] when its edges or features are broken.
    pub fn whole(&self, data: &Rc<GraphData>) -> Result<Rc<Prepared>> {
        let same = |held: &&Rc<Prepared>| held.of.as_ref().is_some_and(|of| Rc::ptr_eq(of, data));
        if let Some(held) = self.0.borrow().as_ref().filter(same) {
            return Ok(held.clone());
        }
        let prepared = Rc::new(Prepared::new(data)?);
        self.0.replace(Some(prepared.clone()));
        Ok(prepared)
    }
}
