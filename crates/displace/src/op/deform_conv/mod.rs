//! Deformable convolution: a matrix product behind taps that read where offsets move them.

mod backward;
mod forward;
mod plan;

pub use backward::{DeformConvGrads, deform_conv2d_grad_into};
pub use forward::{deform_conv2d, deform_conv2d_into};
pub use plan::{DeformConv, DeformGeometry};
