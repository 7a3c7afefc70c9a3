//! The native program: a window without arguments, else the command line.

/// The CPU path asks for large blocks of memory many times a step; the system's allocator gives such blocks back to the
/// system every time and gets them back page by page.
#[cfg(not(target_arch = "wasm32"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    use std::io::Write as _;

    use masquerade_engine::session::{DeviceChoice, Session};

    if std::env::args_os().len() > 1 {
        std::process::exit(masquerade::cli::run(std::env::args_os()));
    }
    if let Err(why) = masquerade::window::run(Session::default(), DeviceChoice::Auto) {
        // Without a standard error there is nobody left to tell.
        let _ = writeln!(std::io::stderr(), "{why}");
        std::process::exit(3);
    }
}

// The page calls the functions of `masquerade::page`; naming the library links it.
#[cfg(target_arch = "wasm32")]
use masquerade as _;

#[cfg(target_arch = "wasm32")]
fn main() {}
