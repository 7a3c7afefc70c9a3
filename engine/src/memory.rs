//! How much memory the process has: the CPU path computes in it.

/// Bytes that the process holds: its resident memory, in a browser all of the module's. `None` where the system does
/// not say.
pub fn of_process() -> Option<u64> {
    #[cfg(target_arch = "wasm32")]
    return Some(core::arch::wasm32::memory_size(0) as u64 * 65_536);
    #[cfg(not(target_arch = "wasm32"))]
    kibibytes("/proc/self/status", "VmRSS:")
}

/// Bytes that there are for the process in all. `None` where the system does not say.
pub fn of_machine() -> Option<u64> {
    // A module addresses 4 GiB; the browser's own share and the gaps between blocks leave about three quarters of that.
    #[cfg(target_arch = "wasm32")]
    return Some(3 << 30);
    #[cfg(not(target_arch = "wasm32"))]
    kibibytes("/proc/meminfo", "MemTotal:")
}

#[cfg(not(target_arch = "wasm32"))]
fn kibibytes(path: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes << 10)
}
