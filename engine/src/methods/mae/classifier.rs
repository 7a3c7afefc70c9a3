//! Fine-tuning: MAE's encoder with a class head.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::{Batch, CLASS, Role};
use crate::blocks::dropout::DropPath;
use crate::blocks::encoders::transformer::{Block, stack};
use crate::blocks::linear::{LayerNorm, Linear};
use crate::blocks::tokenizers::image_patches::{PatchEmbed, patches_channel_first};
use crate::error::Result;
use crate::knobs::KnobTable;
use crate::method::{Loss, StepContext, Tuned};
use crate::methods::mae::card::{MaeKnobs, Pool};
use crate::methods::mae::model::Config;
use crate::rng::Rng;
use crate::settings::Settings;
use crate::train::groups::layer_decay_groups;
use crate::train::losses::{cross_entropy, target_tensor};
use crate::train::mix::{Mix, mix};
use crate::train::recipe::Recipe;
use crate::train::schedule::scaled_by_batch;
use crate::weights::{Init, Slot, Weights, plain};

/// The fine-tuned classifier; here the position table is trained too.
#[derive(Debug, Clone)]
pub struct MaeClassifier {
    patch_embed: PatchEmbed,
    cls_token: Slot<3>,
    pos_embed: Slot<3>,
    blocks: Vec<Block>,
    /// `fc_norm` after global pooling, `norm` before taking the class token.
    norm: LayerNorm,
    head: Linear,
    global_pool: bool,
    drop_path: f64,
}

impl MaeClassifier {
    /// Declare the weights under their official names; the position table starts as the given one and is trained.
    pub fn new(config: &Config, classes: usize, global_pool: bool, drop_path: f64, weights: &mut Weights) -> Self {
        let (dim, tokens) = (config.encoder.dim, config.side() * config.side());
        let table = crate::blocks::positions::sincos::sincos_2d(dim, config.side(), config.side());
        let mut scope = weights.root();
        Self {
            cls_token: scope.layer(0).weight("cls_token", [1, 1, dim], Init::Normal(0.02)),
            pos_embed: scope.layer(0).weight("pos_embed", [1, 1 + tokens, dim], Init::Values(table)),
            patch_embed: PatchEmbed::new(scope.at("patch_embed").layer(0), config.in_chans, config.patch_size, dim),
            blocks: stack(&mut scope, "blocks", config.encoder),
            norm: LayerNorm::new(scope.at(if global_pool { "fc_norm" } else { "norm" }), dim, config.encoder.ln_eps),
            head: Linear::with(scope.at("head"), dim, classes, Init::TruncatedNormal(2e-5)),
            global_pool,
            drop_path,
        }
    }

    /// The vector the head sees: the normalised mean of the patch tokens (class token excluded), or the class token of
    /// the normalised tokens.
    ///
    /// # Shapes
    /// [batch, channels, height, width] → [batch, dim]
    pub fn feature(&self, w: &Weights, pictures: Tensor<4>, rng: Option<&Rng>) -> Tensor<2> {
        let batch = pictures.dims()[0];
        let tokens = self.patch_embed.forward(w, patches_channel_first(pictures, self.patch_embed.patch()));
        let [_, count, dim] = tokens.dims();
        let class = w.get(self.cls_token).expand([batch, 1, dim]);
        let mut x = Tensor::cat(vec![class, tokens], 1) + w.get(self.pos_embed);
        let drop = DropPath::training(self.drop_path, rng);
        for (block, mut drop) in self.blocks.iter().zip(DropPath::ramp(drop.as_ref(), self.blocks.len())) {
            x = block.forward_dropping(w, x, &mut drop);
        }
        if self.global_pool {
            self.norm.forward(w, x.narrow(1, 1, count).mean_dim(1).squeeze_dim(1))
        } else {
            self.norm.forward(w, x).narrow(1, 0, 1).squeeze_dim(1)
        }
    }

    /// # Shapes
    /// feature [batch, dim] → [batch, classes]
    pub fn scores(&self, w: &Weights, feature: Tensor<2>) -> Tensor<2> {
        self.head.forward(w, feature)
    }
}

/// The classifier while it is fine-tuned on pictures that are mixed.
struct FineTuned {
    model: MaeClassifier,
    classes: usize,
    how: Mix,
}

/// A classifier on MAE's encoder.
pub(super) fn tuned(
    config: &Config,
    weights: &Weights,
    classes: usize,
    settings: &Settings,
) -> Result<(Rc<dyn Tuned>, Weights)> {
    let mut own = Weights::new(weights.device(), settings.seed);
    let knobs = MaeKnobs::of(settings)?;
    let model = MaeClassifier::new(config, classes, knobs.pool == Pool::Mean, knobs.drop_path, &mut own);
    for index in 0..own.list.len() {
        if let Some(source) = weights.by_name(&own.list[index].name) {
            own.replace(index, plain(source.value.clone()));
        }
    }
    let how = Mix { mixup_alpha: knobs.mixup, cutmix_alpha: knobs.cutmix, smoothing: knobs.smoothing };
    Ok((Rc::new(FineTuned { model, classes, how }), own))
}

impl Tuned for FineTuned {
    fn recipe(&self, _phase: usize, settings: &Settings, weights: &Weights, batch: usize) -> Result<Recipe> {
        let knobs = MaeKnobs::of(settings)?;
        let groups = layer_decay_groups(weights, knobs.layer_decay, knobs.weight_decay, &["pos_embed", "cls_token"]);
        Ok(Recipe::fine_tuning(scaled_by_batch(knobs.tune_lr, batch), knobs.tune_steps as u64, groups))
    }

    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss> {
        let (mut batch, device) = (batch.clone(), weights.device());
        let labels = batch.classes(CLASS).to_vec();
        let pictures = batch.floats_mut(Role::Imgs)?;
        let shape = [0, 1, 2, 3].map(|axis| pictures.shape.get(axis).copied().unwrap_or(1));
        let targets = mix(&mut pictures.values, shape, &labels, self.classes, self.how, &mut context.rng.clone())?;
        // The targets go up before the first launch, with the pictures.
        let targets = target_tensor(targets, self.classes, device);
        let feature = self.model.feature(weights, batch.tensor(Role::Imgs, device)?, Some(&context.rng.at(1)));
        let total = cross_entropy(self.model.scores(weights, feature), targets);
        Ok(Loss::new(total.clone(), vec![("cross entropy".into(), total)]))
    }

    fn answer(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        let feature = self.model.feature(weights, batch.tensor(Role::Imgs, weights.device())?, None);
        Ok(self.model.scores(weights, feature))
    }
}
