//! CROMA as the rest of the engine sees it.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::{Batch, Role};
use crate::blocks::objectives::info_nce::Targets;
use crate::checkpoint::keys::{Inner, Layout, OFFICIAL};
use crate::error::Result;
use crate::limits::Needs;
use crate::method::{Local, Loss, Method, StepContext, Subject, Tuned};
use crate::methods::croma::config::{Config, Feature, Shown};
use crate::methods::croma::model::{Croma, System};
use crate::methods::croma::scenes::paired;
use crate::methods::croma::{measures, tuned};
use crate::settings::Settings;
use crate::weights::{Weights, plain};

/// Names of the authors' released files, five groups one after the other, and their own of pre-training.
pub(super) const LAYOUTS: &[Layout] = &[OFFICIAL, RELEASED];

const RELEASED: Layout = Layout {
    name: "released",
    optional: &[],
    starts: &[
        ("s1_encoder.", "radar_encoder."),
        ("s2_encoder.", "optical_encoder."),
        ("s1_GAP_FFN.", "GAP_FFN_radar."),
        ("s2_GAP_FFN.", "GAP_FFN_optical."),
        ("joint_encoder.", "cross_encoder."),
    ],
    inner: &[
        whole(".to_qkv.", ".create_qkv."),
        whole(".to_q.", ".create_q."),
        whole(".to_k.", ".create_k."),
        whole(".to_v.", ".create_v."),
        // Cross-attention's own output layer, `1.to_out`, has the same name in both.
        whole(".0.to_out.", ".0.out."),
        whole(".net.3.", ".net.2."),
    ],
};

const fn whole(from: &'static str, to: &'static str) -> Inner {
    Inner { from, to, piece: None }
}

/// Build CROMA from the knobs of a run.
pub(super) fn build(settings: &Settings, weights: &mut Weights) -> Result<Rc<dyn Method>> {
    let shown = Shown::of(settings)?;
    Ok(Rc::new(System { croma: Croma::new(Config::of(settings)?, weights)?, shown }))
}

impl Croma {
    /// What probes and classifiers take: the mean token of the joint encoding, or what a sensor's pooling makes of its
    /// tokens. Samples must have the sensors that it is made from.
    ///
    /// # Shapes
    /// → [batch, dim]
    ///
    /// # Errors
    /// [`Error::Data`] when a sample lacks a sensor.
    pub fn feature(&self, w: &Weights, batch: &Batch, feature: Feature) -> Result<Tensor<2>> {
        let patches = |role| {
            batch.values(role)?;
            self.config.patches(batch, role, w.device())
        };
        let places = &self.places;
        Ok(match feature {
            Feature::Radar => {
                let tokens = self.radar.forward(w, patches(Role::Radar)?, None, places);
                self.gap_radar.forward(w, tokens)
            }
            Feature::Optical => {
                let tokens = self.optical.forward(w, patches(Role::Optical)?, None, places);
                self.gap_optical.forward(w, tokens)
            }
            Feature::Joint => {
                batch.values(Role::Radar)?;
                batch.values(Role::Optical)?;
                let (scenes, _) = self.config.pairs(batch, w.device())?;
                self.encode_all(w, &scenes, places).joint.mean_dim(1).squeeze_dim(1)
            }
        })
    }
}

impl Method for System {
    fn adjusted(&self, settings: &Settings) -> Result<Rc<dyn Method>> {
        let mut turned = self.clone();
        turned.croma.config = Config::of(settings)?;
        turned.shown = Shown::of(settings)?;
        Ok(Rc::new(turned))
    }

    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss> {
        let (croma, device) = (&self.croma, weights.device());
        let places = paired(batch)?;
        let masks = croma.masks(places.len(), &context.rng)?;
        let pairs = Targets::pairs(places.len());
        // All goes up before the first launch.
        croma.places.upload(device);
        masks.radar.upload(device);
        masks.optical.upload(device);
        pairs.upload(device);
        batch.upload(device);
        let losses = croma.forward(weights, &croma.config.scenes(batch, places, device)?, &masks, &pairs)?;
        let contrast = losses.contrast.map(|loss| ("contrast".to_string(), loss));
        let rebuilt = losses.rebuilt.map(|[optical, radar]| {
            [("optical reconstruction".to_string(), optical), ("radar reconstruction".to_string(), radar)]
        });
        Ok(Loss::new(losses.total, contrast.into_iter().chain(rebuilt.into_iter().flatten()).collect()))
    }

    fn whole_batch(&self, _phase: usize) -> Option<&'static str> {
        Some("the negatives of its contrast are the rest of the batch")
    }

    fn embed(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        Ok(plain(self.croma.feature(weights, batch, self.croma.config.feature)?))
    }

    fn metrics(&self) -> &'static [&'static str] {
        &measures::METRICS
    }

    fn measure<'a>(&'a self, metric: &'a str, subject: Subject<'a>) -> Local<'a, Result<f64>> {
        Box::pin(measures::measure(&self.croma, metric, subject))
    }

    fn needs(&self) -> Needs {
        self.croma.config.needs()
    }

    fn layouts(&self) -> &'static [Layout] {
        LAYOUTS
    }

    fn tuned(&self, weights: &Weights, classes: usize, settings: &Settings) -> Result<(Rc<dyn Tuned>, Weights)> {
        tuned::tuned(&self.croma.config, weights, classes, settings)
    }
}
