//! The verbs, one per file: check, plan, rows, done.

pub(crate) mod affine_grid;
pub(crate) mod displacement;
pub(crate) mod effective;
pub(crate) mod grid_from_displacement;
pub(crate) mod invert;
pub(crate) mod sample;
pub(crate) mod sample_grad;
pub(crate) mod sample_grad_grad;
pub(crate) mod summary;
pub(crate) mod warp;
