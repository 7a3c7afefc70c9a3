//! Which function does which operation on which backend; nothing else.

mod autodiff;
mod cpu;
mod gpu;
