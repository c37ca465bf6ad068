//! The compiled half of the Python package `displace`: arrays in, one call of the core, results into the caller's arrays.
//!
//! What users see, with its documentation, is in `python/displace`.

mod buffer;
mod dispatch;
mod error;
mod op;
mod options;
mod tensor;

/// `displace._core`.
#[pyo3::pymodule(gil_used = false, name = "_core")]
mod core_module {
    /// Version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals)] // Python's name.
    const __version__: &str = env!("CARGO_PKG_VERSION");
    #[pymodule_export]
    use crate::op::affine_grid::{affine_grid, affine_grid_grad};
    #[pymodule_export]
    use crate::op::compose::compose;
    #[pymodule_export]
    use crate::op::convert::{Held, axes_of, conventions, convert, hold, hold_file, hold_volume, write_held};
    #[pymodule_export]
    use crate::op::deform::{bspline_bounds, bspline_determinants, fit_bspline, make_bspline, make_elastic, make_moving};
    #[pymodule_export]
    use crate::op::deform_conv::{deform_conv2d, deform_conv2d_grad, deform_conv2d_shape};
    #[pymodule_export]
    use crate::op::displacement::displacement;
    #[pymodule_export]
    use crate::op::effective_displacement::effective_displacement;
    #[pymodule_export]
    use crate::op::ewa::{sample_ewa, sample_ewa_grad};
    #[pymodule_export]
    use crate::op::exp::{exp, exp_plan, log};
    #[pymodule_export]
    use crate::op::files::{Stored, read, write};
    #[pymodule_export]
    use crate::op::folding::folding;
    #[pymodule_export]
    use crate::op::grid_from_displacement::grid_from_displacement;
    #[pymodule_export]
    use crate::op::guess::guess;
    #[pymodule_export]
    use crate::op::inspect::inspect;
    #[pymodule_export]
    use crate::op::invert::invert;
    #[pymodule_export]
    use crate::op::jacobian::jacobian;
    #[pymodule_export]
    use crate::op::make::make_affine;
    #[pymodule_export]
    use crate::op::maps::{
        affine_about, affine_of_parts, affine_of_theta, fit, make_crop, make_flip, make_homography, make_lens, make_polar,
        make_polynomial, make_resize, make_roll, make_swirl,
    };
    #[pymodule_export]
    use crate::op::picture::picture;
    #[pymodule_export]
    use crate::op::points::{densified, transform_boxes, transform_points};
    #[pymodule_export]
    use crate::op::radial::{Radial, fit_radial};
    #[pymodule_export]
    use crate::op::resize::{resize, resize_grid};
    #[pymodule_export]
    use crate::op::sample::sample;
    #[pymodule_export]
    use crate::op::sample_grad::{sample_grad, sample_grad_grad};
    #[pymodule_export]
    use crate::op::scattered::make_scattered;
    #[pymodule_export]
    use crate::op::small::{sample_grads_small, sample_small, use_torch};
    #[pymodule_export]
    use crate::op::splat::splat;
    #[pymodule_export]
    use crate::op::spline::{map_coordinates, spline_filter};
    #[pymodule_export]
    use crate::op::threads::{get_num_threads, set_num_threads};
    #[pymodule_export]
    use crate::tensor::{ask_for_large_pages, overlap};
}
