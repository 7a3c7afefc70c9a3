//! Slices of Flex tensors for the CPU twins, whose loops are in `masquerade_twins`, and tensors of what these give.

use burn::tensor::{Shape, TensorData};
use burn_backend::TensorMetadata as _;
use burn_flex::FlexTensor;

/// A Flex tensor whose f32 values lie in row-major order.
pub(crate) struct Floats(FlexTensor);

impl Floats {
    /// Copies only what is not contiguous.
    pub fn new(tensor: FlexTensor) -> Self {
        Self(if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() })
    }
}

impl std::ops::Deref for Floats {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.0.as_slice().unwrap_or_default()
    }
}

/// The values of an integer tensor; `None` where one is negative.
pub(crate) fn indices(tensor: FlexTensor) -> Vec<Option<usize>> {
    let tensor = if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() };
    if let Some(values) = tensor.as_slice::<i32>() {
        return values.iter().map(|v| usize::try_from(*v).ok()).collect();
    }
    tensor.as_slice::<i64>().unwrap_or_default().iter().map(|v| usize::try_from(*v).ok()).collect()
}

/// The bytes of an integer tensor that holds four in each value, the first one lowest.
pub(crate) fn bytes(tensor: FlexTensor) -> Vec<u8> {
    let tensor = if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() };
    if let Some(words) = tensor.as_slice::<i32>() {
        return words.iter().flat_map(|w| w.to_le_bytes()).collect();
    }
    tensor.as_slice::<i64>().unwrap_or_default().iter().flat_map(|w| (*w as i32).to_le_bytes()).collect()
}

/// The tensor as one that lies in row-major order and fills its memory, to be changed in place.
pub(crate) fn owned(whole: FlexTensor) -> FlexTensor {
    match whole.as_slice::<f32>() {
        Some(values) if size_of_val(values) == whole.bytes().len() => whole,
        _ => {
            let shape = whole.shape();
            tensor(Floats::new(whole).to_vec(), shape)
        }
    }
}

/// A Flex tensor of these values.
pub(crate) fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.into()))
}

/// A Flex tensor of these whole numbers.
pub(crate) fn integers(values: Vec<i32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.into()))
}
