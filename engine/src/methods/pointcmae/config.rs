//! Every size and switch of Point-MAE and Point-CMAE.

use crate::blocks::encoders::transformer::TransformerConfig;
use crate::blocks::objectives::agreement::Agreement;
use crate::blocks::objectives::chamfer::Chamfer;
use crate::blocks::tokenizers::point_groups::Normalising;
use crate::error::{Error, Result};
use crate::kernels::attention::MAX_DIM;
use crate::knobs::KnobTable;
use crate::limits::{Need, Needs};
pub use crate::methods::pointcmae::card::System;
use crate::methods::pointcmae::card::{Contrast, Distance, PointCmaeKnobs};
use crate::settings::Settings;

/// Radius² around the origin in which the authors' sampling chooses no centre.
pub const ORIGIN: f32 = 1e-3;

/// Every size and switch.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub system: System,
    /// Points of a cloud.
    pub points: usize,
    pub groups: usize,
    pub group_size: usize,
    pub encoder: TransformerConfig,
    pub decoder: TransformerConfig,
    /// Widths of the PointNet's first two layers.
    pub widths: [usize; 2],
    /// Width of the position networks' hidden layer.
    pub position_hidden: usize,
    /// Width of the class token's projection, which no loss uses; 0: there is none.
    pub projection: usize,
    pub mask_ratio: f64,
    pub chamfer: Chamfer,
    /// `None`: no contrast.
    pub agreement: Option<Agreement>,
    pub reconstruction_weight: f64,
    pub agreement_weight: f64,
    /// Radius² around the origin in which no centre lies.
    pub origin: Option<f32>,
    pub drop_path: f64,
    pub normalising: Normalising,
}

impl Config {
    /// The sizes and switches of a run's knobs.
    ///
    /// # Errors
    /// [`Error::Request`] when the sizes do not fit one another.
    pub fn of(settings: &Settings) -> Result<Self> {
        let knobs = PointCmaeKnobs::of(settings)?;
        let stack = |depth, heads| TransformerConfig { dim: knobs.dim, depth, heads, mlp_ratio: 4.0, ln_eps: 1e-5 };
        let config = Self {
            system: knobs.system,
            points: knobs.points,
            groups: knobs.groups,
            group_size: knobs.group_size,
            encoder: stack(knobs.depth, knobs.heads),
            decoder: stack(knobs.dec_depth, knobs.dec_heads),
            widths: [knobs.point_width, 2 * knobs.point_width],
            position_hidden: knobs.position_width,
            projection: 0,
            mask_ratio: knobs.mask_ratio,
            chamfer: match knobs.chamfer {
                Distance::L2 => Chamfer::L2,
                Distance::L1 => Chamfer::L1,
            },
            agreement: match knobs.contrast {
                Contrast::WholeRow => Some(Agreement::WholeRow),
                Contrast::SameToken => Some(Agreement::SameToken),
                Contrast::Off => None,
            },
            reconstruction_weight: 1000.0,
            agreement_weight: knobs.contrast_weight,
            origin: Some(ORIGIN),
            drop_path: knobs.drop_path,
            normalising: Normalising { eps: 1e-5, momentum: 0.1 },
        };
        config.check()?;
        Ok(config)
    }

    /// How many masks and decoders there are.
    pub fn branches(&self) -> usize {
        match self.system {
            System::PointMae => 1,
            System::PointCmae => 2,
        }
    }

    /// Hidden groups of each mask: ⌊ratio · groups⌋ in f64.
    pub fn hidden(&self) -> usize {
        ((self.mask_ratio * self.groups as f64) as usize).min(self.groups)
    }

    /// Whether the sizes fit one another.
    ///
    /// # Errors
    /// [`Error::Request`] naming the sizes that do not.
    pub fn check(&self) -> Result<()> {
        let refuse = |why: String| Err(Error::request("These sizes do not fit together", why, "Change one of them"));
        let (groups, size, points) = (self.groups, self.group_size, self.points);
        if groups == 0 || size == 0 || groups > points || size > points {
            return refuse(format!("{groups} groups of {size} cannot be taken from {points} points"));
        }
        let hidden = self.hidden();
        if hidden == 0 || hidden == groups {
            return refuse(format!(
                "a mask ratio of {} hides {hidden} of {groups} groups; some must be hidden, some seen",
                self.mask_ratio
            ));
        }
        for (name, part) in [("encoder", self.encoder), ("decoder", self.decoder)] {
            if part.heads == 0 || part.dim == 0 || !part.dim.is_multiple_of(part.heads) {
                return refuse(format!(
                    "the {name}'s width {} must be a multiple of its {} heads",
                    part.dim, part.heads
                ));
            }
            if part.dim / part.heads > MAX_DIM {
                return refuse(format!("{} numbers in {} heads are more than {MAX_DIM} a head", part.dim, part.heads));
            }
            if part.depth == 0 {
                return refuse(format!("the {name} has no blocks"));
            }
        }
        if self.widths.contains(&0) || self.position_hidden == 0 {
            return refuse("the PointNet and the position networks need a width".into());
        }
        if self.encoder.dim * self.encoder.dim * self.encoder.depth * 12 > 2_000_000_000 {
            return refuse("the encoder would have over two billion weights".into());
        }
        Ok(())
    }

    /// What a training step needs: its largest tensors, and an estimate of all that is held until the backward pass has
    /// used it.
    pub fn needs(&self) -> Needs {
        let (groups, hidden) = (self.groups, self.hidden());
        let members = groups * self.group_size;
        let wide = 2 * self.widths[1];
        let dim = self.encoder.dim;
        let branches = self.branches();
        let mlp = |stack: &TransformerConfig| (dim as f64 * stack.mlp_ratio) as usize;
        let stacks = [("encoder", self.encoder, 1 + groups - hidden), ("decoder", self.decoder, groups)];
        let points = vec![
            Need::of_samples("the PointNet's features of all members", members * wide.max(dim)),
            Need::of_samples("the clouds", self.points * 3),
        ];
        // Of the PointNet: the narrow layer before and after it is normalised, the wide ones twice as often, the
        // tokens.
        let net = members * (6 * self.widths[0] + 2 * self.widths[1] + 7 * wide + dim);
        let mut together = Need { what: "training".into(), fixed: 0, per_sample: 4 * net as u64 };
        let (mut tensors, mut unmasked) = (points.clone(), points);
        for (name, stack, rows) in stacks {
            let hidden_layer = mlp(&stack);
            tensors.push(Need::of_samples(format!("the hidden layer of the {name}"), rows * hidden_layer));
            tensors.push(Need::of_weights(format!("a weight of the {name}"), dim * hidden_layer));
            // Of each block: queries, keys and values, the hidden layer before and after GELU, eight more of its width.
            together.per_sample += 4 * (branches * stack.depth * rows * (11 * dim + 2 * hidden_layer)) as u64;
            // Weights, gradients and two moments; each branch has a decoder of its own.
            let copies = if name == "decoder" { branches } else { 1 };
            together.fixed += 16 * (copies * stack.depth * dim * (4 * dim + 2 * hidden_layer)) as u64;
        }
        unmasked.push(Need::of_samples("the hidden layer of the encoder", (1 + groups) * mlp(&self.encoder)));
        Needs { tensors, unmasked, together }
    }
}
