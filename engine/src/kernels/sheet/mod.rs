//! Sheets: flat buffers on the GPU that hold many weights one after the other, so that one launch serves all of them.
//!
//! Every weight starts at a multiple of [`BLOCK`] values: a workgroup belongs to one weight, and the weight's bytes
//! start where WebGPU lets a binding start. A weight's tensor is a range of the sheet's memory, without a copy.
//! Gradients land in a sheet of their own while they are computed ([`collect`], [`claim`]); those that do not are
//! copied there ([`gather`]).

mod collect;
pub(crate) mod layout;

use burn::tensor::{DType, Shape, Tensor};
use burn_backend::TensorMetadata as _;
use burn_backend::ops::FloatTensorOps as _;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

pub(crate) use self::collect::{claim, collect};
pub(crate) use self::layout::{BLOCK, Layout};
use self::layout::{MOST, Place};
use crate::kernels::launch::{KernelInfo, Launch, empty, floats, word};

/// Bytes that the start of a binding is a multiple of.
const ALIGNMENT: u64 = 256;
/// Tensors that one launch copies: with the sheet itself the 8 buffers that WebGPU allows.
const SOURCES: usize = 7;

/// `sheet_pack.wgsl`
pub const PACK: KernelInfo = KernelInfo {
    stem: "sheet_pack",
    template: shader!("sheet/sheet_pack"),
    examples: &[&[("workgroup", BLOCK as u32)]],
};

/// A tensor as one of the GPU's; `None` on the CPU. It must be without autodiff.
pub(crate) fn on_gpu(tensor: &Tensor<1>) -> Option<CubeTensor> {
    tensor.clone().try_into_primitive::<CubeBackend>().ok()
}

/// The memory a tensor lies in and its first byte there.
pub(super) fn position(tensor: &CubeTensor) -> (usize, u64) {
    (tensor.handle.memory.clone().binding().id().value, tensor.handle.offset_start.unwrap_or(0))
}

/// A range of a flat tensor, in values, in the same memory.
pub(crate) fn view(sheet: &CubeTensor, start: usize, shape: impl Into<Shape>) -> CubeTensor {
    let shape = shape.into();
    let bytes = |values: usize| (values * size_of::<f32>()) as u64;
    let (before, used) = (bytes(start), bytes(shape.num_elements()));
    let handle = sheet.handle.clone();
    let after = handle.size_in_used().saturating_sub(before + used);
    let handle = handle.offset_start(before).offset_end(after);
    CubeTensor::new_contiguous(sheet.client.clone(), sheet.device.clone(), shape, handle, DType::F32)
}

/// Every weight's range of `sheets`.
pub(crate) fn views<'a>(layout: &'a Layout, sheets: &'a [CubeTensor]) -> impl Iterator<Item = Option<CubeTensor>> + 'a {
    layout
        .places
        .iter()
        .map(|place| place.and_then(|p| sheets.get(p.sheet).map(|sheet| view(sheet, p.start, [p.count]))))
}

/// New sheets of this layout beside `like`, with undefined content.
pub(crate) fn blank(layout: &Layout, like: &CubeTensor) -> Vec<CubeTensor> {
    layout.sheets.iter().map(|values| empty(like, [*values])).collect()
}

/// Copy the tensors into their places, unless they are there already; 7 a launch. Places of absent tensors stay as they
/// are.
pub(crate) fn pack(layout: &Layout, sheets: &[CubeTensor], tensors: &[Option<CubeTensor>]) {
    for (index, sheet) in sheets.iter().enumerate() {
        let (memory, origin) = position(sheet);
        let mut strays = Vec::new();
        for (tensor, place) in tensors.iter().zip(&layout.places) {
            let (Some(tensor), Some(place)) = (tensor, place.filter(|p| p.sheet == index)) else { continue };
            let tensor = floats(tensor.clone());
            let (held, start) = position(&tensor);
            if (held, start) != (memory, origin + (place.start * size_of::<f32>()) as u64) {
                // One launch cannot read and write the same memory.
                strays.push((if held == memory { tensor.copy() } else { tensor }, place));
            }
        }
        for few in strays.chunks(SOURCES) {
            let Some((first, _)) = few.first() else { continue };
            let inputs: Vec<&CubeTensor> =
                (0..SOURCES).map(|i| few.get(i).map_or(first, |(tensor, _)| tensor)).collect();
            let (mut params, mut groups) = (Vec::with_capacity(4 * SOURCES), 0);
            for i in 0..SOURCES {
                let (start, count) = few.get(i).map_or((0, 0), |(_, place)| (place.start, place.count));
                params.extend([groups, start, count, 0].map(word));
                groups += count.div_ceil(BLOCK);
            }
            Launch {
                info: &PACK,
                values: &[],
                workgroup: BLOCK as u32,
                groups,
                inputs: &inputs,
                outputs: &[sheet],
                params: &params,
            }
            .run();
        }
    }
}

/// The sheets that hold these tensors: those they lie in where all of a sheet do, else new ones that they are copied
/// into.
pub(crate) fn gather(layout: &Layout, tensors: &[Option<CubeTensor>], like: &CubeTensor) -> Vec<CubeTensor> {
    let mut sheets = Vec::with_capacity(layout.sheets.len());
    let mut lacking = tensors.to_vec();
    for (index, values) in layout.sheets.iter().enumerate() {
        let here =
            || tensors.iter().zip(&layout.places).filter_map(|(t, p)| p.filter(|p| p.sheet == index).map(|p| (t, p)));
        let found = here().find_map(|(t, p)| t.as_ref().and_then(|t| around(t, p, *values)));
        let all_in = |sheet: &CubeTensor| here().all(|(t, p)| t.as_ref().is_none_or(|t| lies_in(t, p, sheet)));
        match found.filter(all_in) {
            Some(sheet) => {
                lacking
                    .iter_mut()
                    .zip(&layout.places)
                    .filter(|(_, p)| p.is_some_and(|p| p.sheet == index))
                    .for_each(|(t, _)| *t = None);
                sheets.push(sheet);
            }
            None => sheets.push(empty(like, [*values])),
        }
    }
    pack(layout, &sheets, &lacking);
    sheets
}

/// Sheets that hold all of `tensors`: the memory that many of them share, as after [`collect`], else new ones.
pub(crate) fn found(tensors: Vec<CubeTensor>, like: &CubeTensor) -> (Layout, Vec<CubeTensor>) {
    let packed = Layout::new(tensors.iter().map(|t| Some(t.shape().num_elements())));
    let mut shared = Layout::default();
    let mut sheets: Vec<CubeTensor> = Vec::new();
    for tensor in &tensors {
        let (memory, start) = position(tensor);
        let sheet = sheets.iter().position(|s| position(s).0 == memory).unwrap_or(sheets.len());
        if sheet == sheets.len() {
            let values = tensor.handle.size() as usize / size_of::<f32>() / BLOCK * BLOCK;
            let place = Place { sheet, start: start as usize / size_of::<f32>(), count: 0 };
            sheets.extend(around(tensor, place, values));
            shared.sheets.push(values);
        }
        let place = Place { sheet, start: start as usize / size_of::<f32>(), count: tensor.shape().num_elements() };
        shared.places.push(Some(place));
    }
    let in_place = |(tensor, place): (&CubeTensor, &Option<Place>)| {
        let (Some(place), true) = (place, tensor.dtype == DType::F32 && tensor.is_contiguous()) else { return false };
        place.start.is_multiple_of(BLOCK)
            && place.start + place.count.next_multiple_of(BLOCK) <= shared.sheets[place.sheet]
    };
    let few = sheets.len() == shared.sheets.len() && sheets.len() <= packed.sheets.len();
    let mut spans: Vec<Place> = shared.places.iter().flatten().copied().collect();
    spans.sort_by_key(|p| (p.sheet, p.start));
    let apart = spans.windows(2).all(|w| w[0].sheet != w[1].sheet || w[0].start + w[0].count <= w[1].start);
    if few && apart && tensors.iter().zip(&shared.places).all(in_place) {
        return (shared, sheets);
    }
    let sheets = gather(&packed, &tensors.into_iter().map(Some).collect::<Vec<_>>(), like);
    (packed, sheets)
}

/// The blocks of a sheet or a range of one.
pub(crate) fn blocks(sheet: &CubeTensor) -> usize {
    sheet.shape().num_elements() / BLOCK
}

/// Ranges of sheets of one size that are small enough to be bound, with the number of the first block of each.
pub(crate) fn ranges<const N: usize>(sheets: [&CubeTensor; N]) -> impl Iterator<Item = (usize, [CubeTensor; N])> {
    let values = sheets.first().map_or(0, |s| s.shape().num_elements());
    (0..values)
        .step_by(MOST)
        .map(move |start| (start / BLOCK, sheets.map(|s| view(s, start, [MOST.min(values - start)]))))
}

/// The sheet that a tensor at its place would lie in, if its memory has room for it.
fn around(tensor: &CubeTensor, place: Place, values: usize) -> Option<CubeTensor> {
    let before = (place.start * size_of::<f32>()) as u64;
    let mut handle = tensor.handle.clone();
    let origin = handle.offset_start.unwrap_or(0).checked_sub(before).filter(|o| o.is_multiple_of(ALIGNMENT))?;
    let after = handle.size().checked_sub(origin + (values * size_of::<f32>()) as u64)?;
    (handle.offset_start, handle.offset_end) = (Some(origin), Some(after));
    Some(CubeTensor::new_contiguous(tensor.client.clone(), tensor.device.clone(), [values].into(), handle, DType::F32))
}

fn lies_in(tensor: &CubeTensor, place: Place, sheet: &CubeTensor) -> bool {
    let (memory, origin) = position(sheet);
    let whole = tensor.dtype == DType::F32 && tensor.is_contiguous() && tensor.shape().num_elements() == place.count;
    whole && position(tensor) == (memory, origin + (place.start * size_of::<f32>()) as u64)
}

/// Sums over the rows of [S, D] as [D]; one row is that already and stays where it is.
pub(crate) fn column_sums(rows: CubeTensor, width: usize) -> CubeTensor {
    let sums = if rows.shape()[0] == 1 { rows } else { CubeBackend::float_sum_dim(rows, 0) };
    CubeBackend::float_reshape(sums, [width].into())
}
