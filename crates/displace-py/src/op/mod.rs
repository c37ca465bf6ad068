//! One file per verb: arrays in, one call of the core without the GIL, the result into an array the caller made.

pub(crate) mod affine_grid;
pub(crate) mod compose;
pub(crate) mod convert;
pub(crate) mod displacement;
pub(crate) mod effective_displacement;
pub(crate) mod exp;
pub(crate) mod files;
pub(crate) mod folding;
pub(crate) mod grid_from_displacement;
pub(crate) mod guess;
pub(crate) mod inspect;
pub(crate) mod invert;
pub(crate) mod jacobian;
pub(crate) mod make;
pub(crate) mod maps;
pub(crate) mod picture;
pub(crate) mod points;
pub(crate) mod resize;
pub(crate) mod sample;
pub(crate) mod sample_grad;
pub(crate) mod small;
pub(crate) mod splat;
pub(crate) mod threads;
