//! The engine as a front end sees it.

mod data;
