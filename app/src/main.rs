//! The native program: a window without arguments, else the command line.

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
