//! Tensors as the kernels of attention read them: heads in multiples of four, what one binding holds put together.

use burn_backend::ops::FloatTensorOps;
use burn_backend::{Slice, TensorMetadata as _};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use crate::kernels::launch::{empty, floats};

/// The values of two contiguous tensors, one after the other.
pub(super) fn joined(a: &CubeTensor, b: &CubeTensor) -> CubeTensor {
    let flat = [a, b].map(|tensor| {
        let count = tensor.shape().num_elements();
        CubeBackend::float_reshape(tensor.clone(), [count].into())
    });
    floats(CubeBackend::float_cat(flat.into(), 0))
}

/// From [B, T, groups · dim] to the next multiple of four for dim, with zeros: kernels read four values at once.
pub(super) fn widened(tensor: CubeTensor, dim: usize) -> CubeTensor {
    let tensor = floats(tensor);
    let wide = dim.next_multiple_of(4);
    if wide == dim {
        return tensor;
    }
    let [batch, tokens, width] = tensor.shape().dims();
    let groups = width / dim.max(1);
    let zeros = empty(&tensor, [batch, tokens, groups, wide - dim]);
    let zeros = CubeBackend::float_zeros(zeros.shape(), &zeros.device, zeros.dtype.into());
    let tensor = CubeBackend::float_reshape(tensor, [batch, tokens, groups, dim].into());
    let tensor = CubeBackend::float_cat(vec![tensor, zeros], 3);
    floats(CubeBackend::float_reshape(tensor, [batch, tokens, groups * wide].into()))
}

/// Back from what [`widened`] gives.
pub(super) fn narrowed(tensor: CubeTensor, wide: usize, dim: usize) -> CubeTensor {
    if wide == dim {
        return tensor;
    }
    let [batch, tokens, width] = tensor.shape().dims();
    let groups = width / wide;
    let tensor = CubeBackend::float_reshape(tensor, [batch, tokens, groups, wide].into());
    let all = |count: usize| Slice::from(0..count);
    let tensor = CubeBackend::float_slice(tensor, &[all(batch), all(tokens), all(groups), all(dim)]);
    CubeBackend::float_reshape(into_contiguous(tensor), [batch, tokens, groups * dim].into())
}
