//! One verb per file: its options and what it does.

pub(crate) mod demo;
pub(crate) mod field;
pub(crate) mod info;
pub(crate) mod plot;
pub(crate) mod warp;
