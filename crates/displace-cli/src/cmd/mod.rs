//! One verb per file: its options and what it does.

pub(crate) mod compose;
pub(crate) mod convert;
pub(crate) mod demo;
pub(crate) mod exp;
pub(crate) mod field;
pub(crate) mod guess;
pub(crate) mod info;
pub(crate) mod invert;
pub(crate) mod jacobian;
pub(crate) mod make;
pub(crate) mod plot;
pub(crate) mod points;
pub(crate) mod warp;
