//! From a WGSL template to a launch: expansion, identity, bindings, and the spreading of workgroups.

use std::sync::atomic::{AtomicBool, Ordering};

use std::cell::RefCell;
use std::collections::BTreeMap;

use burn::tensor::{DType, Shape};
use burn_cubecl::kernel::{cast, into_contiguous};
use burn_cubecl::template::{KernelSource, SourceKernel, SourceTemplate};
use burn_cubecl::tensor::CubeTensor;
use cubecl::ir::settings::Dim3;
use cubecl::prelude::{BufferIOAttr, CubeCount, CubeDim, KernelId};
use cubecl::server::{KernelArguments, MetadataBindingInfo};

use crate::error::{Error, Result};

static SOFTWARE: AtomicBool = AtomicBool::new(false);

/// Say whether the adapter is a software one.
pub fn set_software(software: bool) {
    SOFTWARE.store(software, Ordering::Relaxed);
}

/// Whether the adapter is a software one: there every load is slow and registers are plenty, so kernels take larger
/// tiles.
pub(crate) fn software() -> bool {
    SOFTWARE.load(Ordering::Relaxed)
}

/// Invocations that share a row where a kernel sums over rows (`shared/row_sum.wgsl`).
pub(crate) fn row_lanes(workgroup: u32) -> u32 {
    if software() { 1 } else { workgroup }
}

/// Workgroups for `rows` rows, each shared by [`row_lanes`] invocations.
pub(crate) fn row_groups(rows: usize, workgroup: u32) -> usize {
    rows.div_ceil((workgroup / row_lanes(workgroup)) as usize)
}

thread_local! {
    static LAUNCHES: RefCell<BTreeMap<&'static str, u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// How often this thread has launched each kernel of this program so far.
pub fn launches() -> BTreeMap<&'static str, u64> {
    LAUNCHES.with_borrow(Clone::clone)
}

/// Workgroups that WebGPU allows in one dimension.
const GROUPS_PER_DIMENSION: u32 = 65_535;

/// Values that replace the `{{ name }}` of a template.
pub type Values = &'static [(&'static str, u32)];

/// A WGSL kernel: its file stem, its template, and the values it is launched with.
#[derive(Debug, Clone, Copy)]
pub struct KernelInfo {
    /// Stem of the file in `shaders/`.
    pub stem: &'static str,
    /// The template, shared parts included.
    pub template: &'static str,
    /// Sets of values to check the template with (every kernel has at least one).
    pub examples: &'static [Values],
}

impl KernelInfo {
    /// The template with its loops written out and every `{{ name }}` replaced.
    ///
    /// Lines between `//[ i in 0..count` and `//]` are repeated for each number below the value of `count` (or a plain
    /// number), those between `//[ q in x y z w` and `//]` for each word.
    ///
    /// # Errors
    /// [`Error::Device`] when a placeholder has no value.
    pub fn expand(&self, values: &[(&str, u32)]) -> Result<String> {
        let mut text = String::new();
        repeat(&mut self.template.lines(), values, &[], &mut text);
        for (name, value) in values {
            text = text.replace(&format!("{{{{ {name} }}}}"), &value.to_string());
        }
        match text.split_once("{{") {
            None => Ok(text),
            Some((_, rest)) => Err(Error::device(
                format!("The kernel {} cannot be built", self.stem),
                format!("the placeholder{} has no value", rest.split("}}").next().unwrap_or_default().trim_end()),
                "Choose the CPU in the device panel and report this",
            )),
        }
    }
}

/// Append `lines` to `text` up to the end of this loop, with the loop variables in `names` replaced.
fn repeat(lines: &mut std::str::Lines, values: &[(&str, u32)], names: &[(&str, String)], text: &mut String) {
    while let Some(line) = lines.next() {
        if line.trim() == "//]" {
            return;
        }
        let Some((name, range)) = line.trim().strip_prefix("//[ ").and_then(|rest| rest.split_once(" in ")) else {
            let filled = names
                .iter()
                .fold(line.to_owned(), |line, (name, value)| line.replace(&format!("{{{{ {name} }}}}"), value));
            text.push_str(&filled);
            text.push('\n');
            continue;
        };
        let count =
            |bound: &str| bound.parse().ok().or_else(|| values.iter().find(|v| v.0 == bound).map(|v| v.1)).unwrap_or(0);
        let items: Vec<String> = match range.strip_prefix("0..") {
            Some(bound) => (0..count(bound)).map(|i| i.to_string()).collect(),
            None => range.split_whitespace().map(str::to_owned).collect(),
        };
        let start = lines.clone();
        repeat(lines, values, names, &mut String::new());
        for item in items {
            let inner: Vec<_> = names.iter().cloned().chain([(name, item)]).collect();
            repeat(&mut start.clone(), values, &inner, text);
        }
    }
}

/// One expanded kernel, known to the pipeline cache by its stem and all values of its template.
struct Source {
    info: &'static KernelInfo,
    values: Vec<(&'static str, u32)>,
    workgroup: u32,
}

impl KernelSource for Source {
    fn source(&self) -> SourceTemplate {
        let text = self.info.expand(&self.values).unwrap_or_else(|error| {
            // The text is then no WGSL: the pipeline is refused and reading the output back reports it.
            log::error!("{error}");
            self.info.template.to_owned()
        });
        // In a browser a pipeline tells its name only through its text.
        SourceTemplate::new(format!("// {}\n{text}", self.info.stem))
    }

    fn id(&self) -> KernelId {
        KernelId::new::<SourceKernel<Self>>()
            .cube_dim(Dim3::from(CubeDim::new_1d(self.workgroup)))
            .info((self.info.stem, self.values.clone()))
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

/// What a kernel is launched on.
pub(crate) struct Launch<'a> {
    pub info: &'static KernelInfo,
    /// Values of the template besides `workgroup`.
    pub values: &'a [(&'static str, u32)],
    /// Invocations of a workgroup.
    pub workgroup: u32,
    /// Workgroups in all.
    pub groups: usize,
    /// Contiguous tensors that are read, in the order of the bindings.
    pub inputs: &'a [&'a CubeTensor],
    /// Contiguous tensors that are written, after the inputs.
    pub outputs: &'a [&'a CubeTensor],
    /// The fields of `Params`, the last binding; numbers that are not whole as their bits.
    pub params: &'a [u32],
}

impl Launch<'_> {
    /// Put the kernel into the device's queue. A size that does not fit 32 bits or an empty output launches nothing.
    pub fn run(self) {
        let (Some(first), Ok(groups)) = (self.outputs.first(), u32::try_from(self.groups)) else {
            return;
        };
        if groups == 0 {
            return;
        }
        log::trace!("launch {} of {groups} workgroups", self.info.stem);
        LAUNCHES.with_borrow_mut(|launches| *launches.entry(self.info.stem).or_default() += 1);
        let across = groups.min(GROUPS_PER_DIMENSION);
        let count = CubeCount::Static(across, groups.div_ceil(across), 1);
        let mut arguments = KernelArguments::new();
        for tensor in self.inputs {
            arguments = arguments.with_buffer_io(tensor.handle.clone().binding(), BufferIOAttr::ReadOnly);
        }
        for tensor in self.outputs {
            arguments = arguments.with_buffer_io(tensor.handle.clone().binding(), BufferIOAttr::ReadWrite);
        }
        // Equal parameters share one uniform buffer in the runtime's cache; four words make a uniform's unit of 16
        // bytes.
        let words = self.params.len().next_multiple_of(4);
        let word = |i: usize| u64::from(self.params.get(i).copied().unwrap_or(0));
        let packed = (0..words / 2).map(|i| word(2 * i) | word(2 * i + 1) << 32).collect();
        let mut values = self.values.to_vec();
        values.push(("workgroup", self.workgroup));
        let source = Source { info: self.info, values, workgroup: self.workgroup };
        let kernel = SourceKernel::new(source, CubeDim::new_1d(self.workgroup));
        first.client.launch(Box::new(kernel), count, arguments.with_info(MetadataBindingInfo::custom(packed)));
    }
}

/// A new contiguous f32 tensor beside `like`, with undefined content.
pub(crate) fn empty(like: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    let shape = shape.into();
    let bytes = shape.num_elements() * size_of::<f32>();
    CubeTensor::new_contiguous(like.client.clone(), like.device.clone(), shape, like.client.empty(bytes), DType::F32)
}

/// As [`empty`], of i32.
pub(crate) fn empty_integers(like: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    let mut tensor = empty(like, shape);
    tensor.dtype = DType::I32;
    tensor
}

/// The tensor as contiguous f32 values.
pub(crate) fn floats(tensor: CubeTensor) -> CubeTensor {
    contiguous(tensor, DType::F32)
}

/// The tensor as contiguous i32 values.
pub(crate) fn integers(tensor: CubeTensor) -> CubeTensor {
    contiguous(tensor, DType::I32)
}

fn contiguous(tensor: CubeTensor, dtype: DType) -> CubeTensor {
    into_contiguous(if tensor.dtype == dtype { tensor } else { cast(tensor, dtype) })
}

/// A size as a word of `Params`; sizes above 32 bits never reach a kernel because [`Launch::run`] refuses them.
pub(crate) fn word(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
