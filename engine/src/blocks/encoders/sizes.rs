//! Whether the sizes of a stack of transformer blocks fit one another, and what a training step needs for it.

use crate::blocks::encoders::transformer::TransformerConfig;
use crate::error::{Error, Result};
use crate::kernels::attention::MAX_DIM;
use crate::limits::{Need, Needs};

/// Weights of a model that no device here holds.
const MOST_WEIGHTS: usize = 2_000_000_000;

impl TransformerConfig {
    /// Whether the sizes of the stack that is called `name` fit one another.
    ///
    /// # Errors
    /// [`Error::Request`] naming the sizes that do not.
    pub fn check(&self, name: &str) -> Result<()> {
        let Self { dim, depth, heads, .. } = *self;
        let refuse = |why: String| Err(Error::request("These sizes do not fit together", why, "Change one of them"));
        if heads == 0 || dim == 0 || !dim.is_multiple_of(heads) || !dim.is_multiple_of(4) {
            return refuse(format!("the {name}'s width {dim} must be a multiple of 4 and of its {heads} heads"));
        }
        if dim / heads > MAX_DIM {
            return refuse(format!("{dim} numbers in {heads} heads are more than {MAX_DIM} a head"));
        }
        if dim.saturating_mul(dim).saturating_mul(depth).saturating_mul(12) > MOST_WEIGHTS {
            return refuse(format!("the {name} would have over two billion weights"));
        }
        Ok(())
    }

    fn hidden(&self) -> usize {
        (self.dim as f64 * self.mlp_ratio) as usize
    }

    /// The largest tensors of the stack that is called `name` with so many tokens a sample.
    pub fn tensors(&self, name: &str, tokens: usize) -> Vec<Need> {
        vec![
            Need::of_samples(format!("the hidden layer of the {name}"), tokens * self.hidden()),
            Need::of_samples(format!("queries, keys and values of the {name}"), tokens * 3 * self.dim),
        ]
    }

    /// Add what a training step with so many tokens a sample needs of the stack.
    pub fn add_needs(&self, name: &str, tokens: usize, needs: &mut Needs) {
        if self.depth == 0 {
            return;
        }
        needs.tensors.extend(self.tensors(name, tokens));
        needs.tensors.push(Need::of_weights(format!("a weight of the {name}"), self.dim * self.hidden()));
        // Of each block: queries, keys and values, the hidden layer before and after GELU, six more of its width.
        let block = tokens * (9 * self.dim + 2 * self.hidden());
        // Weights, gradients and two moments.
        let weights = self.dim * (4 * self.dim + 2 * self.hidden());
        needs.together.per_sample += 4 * (self.depth * block) as u64;
        needs.together.fixed += 16 * (self.depth * weights) as u64;
    }
}
