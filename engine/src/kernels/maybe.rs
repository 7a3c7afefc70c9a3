//! A tensor that an operation may be given or not.

use burn::backend::ExtensionType;
use burn_backend::Backend;
use burn_backend::tensor::FloatTensor;

/// An option that operations of [`super::KernelOps`] can take: the dispatch knows no other.
#[derive(Debug, ExtensionType)]
pub enum Maybe<B: Backend> {
    No,
    Yes(FloatTensor<B>),
}

impl<B: Backend> Maybe<B> {
    /// As an ordinary option.
    pub fn option(self) -> Option<FloatTensor<B>> {
        match self {
            Self::No => None,
            Self::Yes(tensor) => Some(tensor),
        }
    }
}

impl<B: Backend> From<Option<FloatTensor<B>>> for Maybe<B> {
    fn from(tensor: Option<FloatTensor<B>>) -> Self {
        tensor.map_or(Self::No, Self::Yes)
    }
}
