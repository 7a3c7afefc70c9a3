//! Segmentation by a linear layer on frozen patch encodings: how well each patch tells what its pixels are.
//!
//! The layer is trained on the commonest class of each patch; every pixel is then judged by what its patch was taken for.

use burn::tensor::Device;

use crate::error::{Error, Result};
use crate::eval::linear_probe::{Fit, Settings};
use crate::eval::{Features, accuracy};
use crate::readback;
use crate::rng::Rng;

/// Counts of pixels by what they are and what they were taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// [true class, answer]
    counts: Vec<u64>,
}

impl Confusion {
    /// No pixel yet.
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// Count a pixel; what is no class is left out.
    pub fn add(&mut self, truth: usize, answer: usize) {
        if truth < self.classes && answer < self.classes {
            self.counts[truth * self.classes + answer] += 1;
        }
    }

    /// Share of pixels that were taken for what they are.
    pub fn accuracy(&self) -> f64 {
        let right: u64 = (0..self.classes).map(|class| self.counts[class * self.classes + class]).sum();
        right as f64 / self.counts.iter().sum::<u64>().max(1) as f64
    }

    /// Mean over the classes that there are, or were answered, of TP / (TP + FP + FN).
    pub fn mean_iou(&self) -> f64 {
        let of = |class: usize| {
            let right = self.counts[class * self.classes + class];
            let real: u64 = self.counts[class * self.classes..(class + 1) * self.classes].iter().sum();
            let answered: u64 = self.counts.iter().skip(class).step_by(self.classes).sum();
            let union = real + answered - right;
            (union > 0).then(|| right as f64 / union as f64)
        };
        let all: Vec<f64> = (0..self.classes).filter_map(of).collect();
        all.iter().sum::<f64>() / all.len().max(1) as f64
    }
}

/// Encodings of patches and what their pixels are, patch by patch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Patches {
    /// One row a patch.
    pub features: Features,
    /// Class of every pixel, [patches, pixels of one]; what is no class is not known.
    pub pixels: Vec<u8>,
}

impl Patches {
    /// Add a map [samples, side, side], cut into patches of `p` × `p`, to go with as many rows of features.
    pub fn add(&mut self, map: &[u8], side: usize, p: usize) {
        let across = side / p.max(1);
        for sample in map.chunks_exact((side * side).max(1)) {
            for patch in 0..across * across {
                let [row, column] = [patch / across * p, patch % across * p];
                self.pixels.extend((0..p * p).map(|i| sample[(row + i / p) * side + column + i % p]));
            }
        }
    }

    fn each(&self) -> usize {
        (self.pixels.len() / self.features.rows().max(1)).max(1)
    }

    /// The commonest class of every patch; `None` where no pixel has one.
    fn labels(&self, classes: usize) -> Vec<Option<u32>> {
        let commonest = |pixels: &[u8]| {
            let mut counts = vec![0_usize; classes];
            pixels
                .iter()
                .filter(|class| usize::from(**class) < classes)
                .for_each(|class| counts[usize::from(*class)] += 1);
            let (class, count) = counts.iter().enumerate().rev().max_by_key(|(_, count)| **count)?;
            (*count > 0).then_some(class as u32)
        };
        self.pixels.chunks_exact(self.each()).map(commonest).collect()
    }
}

/// A linear layer that has been trained on patches.
#[derive(Debug)]
pub struct Segmenter {
    fit: Fit,
    classes: usize,
}

impl Segmenter {
    /// Train it.
    ///
    /// # Errors
    /// [`Error::Data`] when no pixel has a class, or features and maps do not go together; [`Error::Training`] when
    /// features are not finite; [`Error::Device`] when the device is lost.
    pub async fn train(patches: &Patches, classes: usize, rng: &Rng, device: &Device) -> Result<Self> {
        let labels = patches.labels(classes);
        let known: Vec<usize> = (0..labels.len()).filter(|patch| labels[*patch].is_some()).collect();
        if known.is_empty() || labels.len() != patches.features.rows() {
            let why = format!("{} of {} patches have a class", known.len(), patches.features.rows());
            return Err(Error::data("There is no map to learn", why, "Choose a data set with a map of each sample"));
        }
        let own: Vec<u32> = known.iter().filter_map(|patch| labels[*patch]).collect();
        let how = Settings { epochs: 10, steps: (300, 1200), ..Settings::default() };
        let mut fit = Fit::new(&patches.features.rows_of(&known), &own, classes, &how, rng, device)?;
        while fit.advance(50).await?.is_some() {}
        Ok(Self { fit, classes })
    }

    /// Judge every pixel of other patches.
    ///
    /// # Errors
    /// [`Error::Device`] when the device is lost.
    pub async fn judge(&self, patches: &Patches, device: &Device) -> Result<Confusion> {
        let logits = readback::floats(self.fit.probe.logits(patches.features.tensor(device))).await?;
        let mut confusion = Confusion::new(self.classes);
        for (scores, pixels) in
            logits.chunks_exact(self.classes.max(1)).zip(patches.pixels.chunks_exact(patches.each()))
        {
            let answer = accuracy::best(scores);
            pixels.iter().for_each(|truth| confusion.add(usize::from(*truth), answer));
        }
        Ok(confusion)
    }
}
