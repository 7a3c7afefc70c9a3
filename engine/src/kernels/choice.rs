//! Whether operations run as kernels of our own or as burn's stock ones.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::session::Kernels;

static STOCK: AtomicBool = AtomicBool::new(false);

/// Compute every operation of this module by burn's own operations (`--kernels stock`), to compare both and to work
/// around a bad driver. It holds for the whole process.
pub fn use_stock(stock: bool) {
    STOCK.store(stock, Ordering::Relaxed);
}

/// Whether burn's own operations are asked for.
pub fn stock() -> bool {
    STOCK.load(Ordering::Relaxed)
}

/// What [`stock`] says, as messages carry it.
pub fn kernels() -> Kernels {
    if stock() { Kernels::Stock } else { Kernels::Fused }
}
