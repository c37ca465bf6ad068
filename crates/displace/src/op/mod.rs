//! The verbs, one per file: check, plan, rows, done.

pub(crate) mod affine_grid;
pub(crate) mod compose;
pub(crate) mod convert;
pub(crate) mod deform_conv;
pub(crate) mod displacement;
pub(crate) mod effective;
pub(crate) mod ewa;
pub(crate) mod exp;
pub(crate) mod folding;
pub(crate) mod grid_from_displacement;
pub(crate) mod guess;
pub(crate) mod invert;
pub(crate) mod jacobian;
pub(crate) mod map_coordinates;
pub(crate) mod points;
pub(crate) mod resize;
pub(crate) mod sample;
pub(crate) mod sample_grad;
pub(crate) mod sample_grad_grad;
pub(crate) mod shapes;
pub(crate) mod splat;
pub(crate) mod spline;
pub(crate) mod summary;
pub(crate) mod warp;
