//! Steps of optimisers on sheets of weights: AdamW is one launch a sheet, LAMB and LARS are three.

use burn::tensor::{DType, Tensor};
use burn_backend::TensorMetadata as _;
use burn_backend::ops::FloatTensorOps as _;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::norms::{self, LANES, Limit};
use super::weight_table::{Entry, Table};
use super::{Rule, Step};
use crate::kernels::launch::{KernelInfo, Launch, empty, word};
use crate::kernels::sheet::{self, BLOCK, Layout};

/// `optimisers_adamw.wgsl`
pub const ADAMW: KernelInfo = KernelInfo {
    stem: "optimisers_adamw",
    template: shader!("optimisers/optimisers_adamw", "shared/weights", "shared/gradients", "shared/moments"),
    examples: &[&[("workgroup", LANES)]],
};

/// `optimisers_lamb_moments.wgsl`
pub const LAMB_MOMENTS: KernelInfo = KernelInfo {
    stem: "optimisers_lamb_moments",
    template: shader!(
        "optimisers/optimisers_lamb_moments",
        "shared/weights",
        "shared/gradients",
        "shared/moments",
        "shared/pair_sum"
    ),
    examples: &[&[("workgroup", LANES)]],
};

/// `optimisers_lamb.wgsl`
pub const LAMB: KernelInfo = KernelInfo {
    stem: "optimisers_lamb",
    template: shader!("optimisers/optimisers_lamb", "shared/weights", "shared/moments"),
    examples: &[&[("workgroup", LANES)]],
};

/// `optimisers_lars.wgsl`
pub const LARS: KernelInfo = KernelInfo {
    stem: "optimisers_lars",
    template: shader!("optimisers/optimisers_lars", "shared/weights", "shared/gradients"),
    examples: &[&[("workgroup", LANES)]],
};

/// Moments of weights in sheets of the weights' layout, and the tables of the last step.
#[derive(Debug, Clone)]
pub(crate) struct Sheets<const N: usize> {
    layout: Layout,
    moments: [Vec<CubeTensor>; N],
    /// Moments of weights that take no part at present.
    apart: Vec<Option<[CubeTensor; N]>>,
    tables: Vec<Table>,
}

fn layout(weights: &[Option<CubeTensor>]) -> Layout {
    Layout::new(weights.iter().map(|w| w.as_ref().map(|w| w.shape().num_elements())))
}

impl<const N: usize> Sheets<N> {
    /// Sheets for these weights with the moments that there are, zeros for the others.
    pub fn new(weights: &[Option<CubeTensor>], each: Vec<Option<[Tensor<1>; N]>>) -> Self {
        let layout = layout(weights);
        let on_gpu = |m: &[Tensor<1>; N]| m.iter().map(sheet::on_gpu).collect::<Option<Vec<_>>>()?.try_into().ok();
        let mut known: Vec<Option<[CubeTensor; N]>> = each.iter().map(|m| m.as_ref().and_then(on_gpu)).collect();
        known.resize(layout.places.len(), None);
        let zeros = |like: &CubeTensor, values: &usize| {
            CubeBackend::float_zeros([*values].into(), &like.device(), DType::F32.into())
        };
        let moments = std::array::from_fn(|n| {
            let Some(like) = weights.iter().flatten().next() else { return Vec::new() };
            let sheets: Vec<CubeTensor> = layout.sheets.iter().map(|values| zeros(like, values)).collect();
            sheet::pack(&layout, &sheets, &known.iter().map(|m| m.as_ref().map(|m| m[n].clone())).collect::<Vec<_>>());
            sheets
        });
        // Copied, so that the old sheet as a whole is not kept for them.
        let apart = |(moments, place): (Option<[CubeTensor; N]>, &Option<_>)| {
            moments.filter(|_| place.is_none()).map(|m| m.map(|m| m.copy()))
        };
        let apart = known.into_iter().zip(&layout.places).map(apart).collect();
        Self { layout, moments, apart, tables: Vec::new() }
    }

    /// These sheets, or others where the weights that take part have changed.
    pub fn fitted(self, weights: &[Option<CubeTensor>]) -> Self {
        if layout(weights) == self.layout { self } else { Self::new(weights, self.each()) }
    }

    /// The moments of every weight, in the sheets' own memory.
    pub fn each(&self) -> Vec<Option<[Tensor<1>; N]>> {
        let mut views = self.moments.each_ref().map(|sheets| sheet::views(&self.layout, sheets));
        let mut placed =
            || views.each_mut().map(|v| v.next().flatten()).into_iter().collect::<Option<Vec<_>>>()?.try_into().ok();
        let all = self.apart.iter().map(|apart: &Option<[CubeTensor; N]>| placed().or_else(|| apart.clone()));
        all.map(|m: Option<[CubeTensor; N]>| m.map(|m| m.map(Tensor::from_primitive::<CubeBackend>))).collect()
    }
}

/// New weights in sheets of their own, and the norm of all gradients where a limit is set. The moments change in place.
pub(crate) fn step<const N: usize>(
    state: &mut Sheets<N>,
    step: &Step<'_>,
    steps: &[u64],
    weights: Vec<Option<CubeTensor>>,
    gradients: Vec<Option<CubeTensor>>,
) -> (Vec<Option<CubeTensor>>, Option<CubeTensor>) {
    let Some(like) = weights.iter().flatten().next().cloned() else { return (weights, None) };
    let old = sheet::gather(&state.layout, &weights, &like);
    drop(weights);
    let slopes = sheet::gather(&state.layout, &gradients, &like);
    let common = common_steps(steps, &gradients);
    let entries: Vec<Entry> =
        (0..state.layout.places.len()).map(|i| entry(step, steps[i], gradients.get(i), common, i)).collect();
    let mut before = std::mem::take(&mut state.tables).into_iter();
    let table = |sheet| Table::of(&state.layout, sheet, &entries, before.next(), &like);
    state.tables = (0..state.layout.sheets.len()).map(table).collect();
    let norm = step.max_norm.map(|_| norms::of_sheets(&slopes, &state.tables, &like));
    let limit = norm.as_ref().zip(step.max_norm);
    let corrections = step.rule.corrections(common.unwrap_or(1));
    // Whoever shares the moments, as a copy of the optimiser does, keeps them as they are.
    state.moments.iter_mut().flatten().filter(|sheet| !sheet.handle.can_mut()).for_each(|sheet| *sheet = sheet.copy());
    let new = (0..old.len()).map(|i| {
        let moments = state.moments.each_ref().map(|sheets| &sheets[i]);
        let one = OneSheet { p: &old[i], g: &slopes[i], table: &state.tables[i], limit, corrections };
        match (step.rule, &moments[..]) {
            (Rule::AdamW { .. }, [m, v]) => one.adamw(step, m, v),
            (Rule::Lamb { .. }, [m, v]) => one.lamb(step, m, v),
            (Rule::Lars { .. }, [speed]) => one.lars(step, speed),
            _ => old[i].clone(),
        }
    });
    let new: Vec<CubeTensor> = new.collect();
    (sheet::views(&state.layout, &new).collect(), norm)
}

/// The number of steps that all weights with a gradient have made, if it is one number.
fn common_steps(steps: &[u64], gradients: &[Option<CubeTensor>]) -> Option<u64> {
    let mut made = steps.iter().zip(gradients).filter(|(_, g)| g.is_some()).map(|(steps, _)| *steps);
    let first = made.next()?;
    made.all(|other| other == first).then_some(first)
}

fn entry(
    step: &Step<'_>,
    steps: u64,
    gradient: Option<&Option<CubeTensor>>,
    common: Option<u64>,
    index: usize,
) -> Entry {
    let (Some(Some(_)), Some(treatment)) = (gradient, step.treatments.get(index)) else { return Entry::default() };
    let corrections = if common.is_some() { [0.0; 2] } else { step.rule.corrections(steps) };
    Entry { live: true, adapts: treatment.adapts, scale: treatment.scale, decay: treatment.decay, corrections }
}

/// What the launches of one sheet read.
struct OneSheet<'a> {
    p: &'a CubeTensor,
    g: &'a CubeTensor,
    table: &'a Table,
    limit: Limit<'a>,
    corrections: [f32; 2],
}

impl OneSheet<'_> {
    fn adamw(&self, step: &Step<'_>, m: &CubeTensor, v: &CubeTensor) -> CubeTensor {
        let Rule::AdamW { beta1, beta2, eps, coupled } = step.rule else { return self.p.clone() };
        let new = empty(self.p, self.p.shape());
        let (norm, most) = norms::bound(self.limit, self.table);
        for (first, [p, g, m, v, new]) in sheet::ranges([self.p, self.g, m, v, &new]) {
            let coupled = f32::from(u8::from(coupled));
            let numbers =
                [step.rate, beta1, beta2, eps, self.corrections[0], self.corrections[1], coupled].map(f32::to_bits);
            let sizes = [word(first), word(sheet::blocks(&p)), word(self.table.weights), most];
            self.launch(
                &ADAMW,
                &p,
                &[&p, &g, &self.table.on_device, norm],
                &[&new, &m, &v],
                &[&sizes[..], &numbers[..]].concat(),
            );
        }
        new
    }

    fn lamb(&self, step: &Step<'_>, m: &CubeTensor, v: &CubeTensor) -> CubeTensor {
        let Rule::Lamb { beta1, beta2, eps } = step.rule else { return self.p.clone() };
        let sums = empty(self.p, [sheet::blocks(self.p), 2]);
        let (norm, most) = norms::bound(self.limit, self.table);
        let [correction1, correction2] = self.corrections;
        let numbers = [beta1, beta2, eps, correction1, correction2].map(f32::to_bits);
        for (first, [p, g, m, v]) in sheet::ranges([self.p, self.g, m, v]) {
            let sizes = [word(first), word(sheet::blocks(&p)), word(self.table.weights), most];
            let inputs = [&p, &g, &self.table.on_device, norm];
            self.launch(&LAMB_MOMENTS, &p, &inputs, &[&m, &v, &sums], &[&sizes[..], &numbers[..]].concat());
        }
        let squares = norms::weight_sums(&sums, self.table);
        let new = empty(self.p, self.p.shape());
        let numbers = [step.rate, eps, correction1, correction2].map(f32::to_bits);
        for (first, [p, m, v, new]) in sheet::ranges([self.p, m, v, &new]) {
            let sizes = [word(first), word(sheet::blocks(&p)), word(self.table.weights)];
            let inputs = [&p, &m, &v, &self.table.on_device, &squares];
            self.launch(&LAMB, &p, &inputs, &[&new], &[&sizes[..], &numbers[..]].concat());
        }
        new
    }

    fn lars(&self, step: &Step<'_>, speed: &CubeTensor) -> CubeTensor {
        let Rule::Lars { momentum, trust } = step.rule else { return self.p.clone() };
        let sums = empty(self.p, [sheet::blocks(self.p), 2]);
        norms::block_sums([self.p, self.g], self.table, self.limit, &sums, 0);
        let squares = norms::weight_sums(&sums, self.table);
        let new = empty(self.p, self.p.shape());
        let (norm, most) = norms::bound(self.limit, self.table);
        for (first, [p, g, speed, new]) in sheet::ranges([self.p, self.g, speed, &new]) {
            let numbers = [step.rate, momentum, trust].map(f32::to_bits);
            let sizes = [word(first), word(sheet::blocks(&p)), word(self.table.weights), most];
            let inputs = [&p, &g, &self.table.on_device, norm, &squares];
            self.launch(&LARS, &p, &inputs, &[&new, &speed], &[&sizes[..], &numbers[..]].concat());
        }
        new
    }

    fn launch(
        &self,
        info: &'static KernelInfo,
        p: &CubeTensor,
        inputs: &[&CubeTensor],
        outputs: &[&CubeTensor],
        params: &[u32],
    ) {
        Launch {
            info,
            values: &[],
            workgroup: LANES,
            groups: p.shape().num_elements() / BLOCK,
            inputs,
            outputs,
            params,
        }
        .run();
    }
}
