//! The table that tells optimisers on the GPU which weight a block of a sheet belongs to and how to treat it.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;

use crate::kernels::sheet::layout::{BLOCK, Layout, Place};

/// Words of a weight: first block, values, flags, scale, decay, two corrections, nothing.
const WORDS: usize = 8;
const LIVE: u32 = 1;
const ADAPTS: u32 = 2;

/// How one weight of a sheet is treated. The default has no gradient: it is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Entry {
    /// It has a gradient.
    pub live: bool,
    /// Its change is scaled by the ratio of norms.
    pub adapts: bool,
    /// Factor on the learning rate.
    pub scale: f32,
    pub decay: f32,
    /// 1 − βˢ of the two moments where its steps differ from those of other weights, else zeros.
    pub corrections: [f32; 2],
}

/// A table on the device, with what it was made from.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    words: Vec<u32>,
    /// Weights of the sheet, and one more that nothing is done to.
    pub weights: usize,
    pub on_device: CubeTensor,
}

impl Table {
    /// The table of sheet number `sheet`; `old` if it says the same, so that nothing is uploaded while nothing changes.
    pub fn of(layout: &Layout, sheet: usize, entries: &[Entry], old: Option<Self>, like: &CubeTensor) -> Self {
        let words = words(layout, sheet, entries);
        if let Some(same) = old.filter(|old| old.words == words) {
            return same;
        }
        let handle = like.client.create_from_slice(bytemuck::cast_slice(&words));
        let shape = [words.len()].into();
        let on_device = CubeTensor::new_contiguous(like.client.clone(), like.device.clone(), shape, handle, DType::U32);
        let blocks = layout.sheets.get(sheet).map_or(0, |values| values / BLOCK);
        Self { weights: (words.len() - blocks) / WORDS, words, on_device }
    }
}

fn words(layout: &Layout, sheet: usize, entries: &[Entry]) -> Vec<u32> {
    let blocks = layout.sheets.get(sheet).map_or(0, |values| values / BLOCK);
    let here: Vec<(Place, Entry)> = layout
        .places
        .iter()
        .zip(entries)
        .filter_map(|(p, e)| p.filter(|p| p.sheet == sheet).map(|p| (p, *e)))
        .collect();
    let mut words = Vec::with_capacity(WORDS * (here.len() + 1) + blocks);
    for (place, entry) in &here {
        let flags = (u32::from(entry.live) * LIVE) | (u32::from(entry.adapts) * ADAPTS);
        let [first, second] = entry.corrections.map(f32::to_bits);
        words.extend([(place.start / BLOCK) as u32, place.count as u32, flags]);
        words.extend([entry.scale.to_bits(), entry.decay.to_bits(), first, second, 0]);
    }
    words.extend([0; WORDS]);
    let index = words.len();
    words.resize(index + blocks, here.len() as u32);
    for (number, (place, _)) in here.iter().enumerate() {
        let start = index + place.start / BLOCK;
        words[start..start + place.count.div_ceil(BLOCK)].fill(number as u32);
    }
    words
}
