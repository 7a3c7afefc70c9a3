//! Reading tensors back from the device: asynchronous everywhere, because a browser cannot wait. The only place that
//! does it.

use burn::tensor::{ElementConversion as _, Tensor, Transaction};

use crate::error::{Error, Result};

fn lost(e: impl ToString) -> Error {
    Error::device(
        "The device did not answer",
        e,
        "The GPU may have been taken away or run out of memory: choose the CPU in the device panel, or a smaller preset",
    )
}

/// A tensor without autodiff and history.
pub fn plain<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    if tensor.is_autodiff() { tensor.inner() } else { tensor }
}

/// The values of one tensor, row-major.
///
/// # Errors
/// [`Error::Device`] when the device is lost or poisoned.
pub async fn floats<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let data = plain(tensor).into_data_async().await.map_err(lost)?;
    data.convert::<f32>().try_into_vec::<f32>().map_err(|e| lost(format!("{e:?}")))
}

/// The values of many flat tensors in one transfer.
///
/// # Errors
/// [`Error::Device`] when the device is lost or poisoned.
pub async fn many(tensors: Vec<Tensor<1>>) -> Result<Vec<Vec<f32>>> {
    let transaction = tensors.into_iter().fold(Transaction::default(), |t, tensor| t.register(plain(tensor)));
    let data = transaction.execute_async().await.map_err(lost)?;
    data.into_iter().map(|d| d.convert::<f32>().try_into_vec::<f32>().map_err(|e| lost(format!("{e:?}")))).collect()
}

/// The value of a tensor with one element.
///
/// # Errors
/// [`Error::Device`] when the device is lost or poisoned.
pub async fn scalar(tensor: Tensor<1>) -> Result<f32> {
    Ok(floats(tensor).await?.first().copied().unwrap_or(f32::NAN).elem())
}
