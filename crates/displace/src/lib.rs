//! The exact displacement of every pixel and voxel under a sampling grid.
//!
//! > A **Field** says, for every pixel of a *destination* lattice, how far from its *rest* place in the *source* lattice
//! > the sampler reads. It is stored in source pixels, x first, pixel centres at integers. Everything else is translation
//! > at the door.
//!
//! ```
//! use displace::{displacement, warp, Arithmetic, Extent, Grid, Lattice, Sampler, Shape, View};
//!
//! // torch: grid of shape (1, 2, 2, 2) for an input of shape (1, 1, 2, 2), align_corners=True.
//! let source = Lattice::from_shape([2, 2], Extent::Centers)?;
//! let grid = [-1.0f32, -1.0, 0.0, -1.0, -1.0, 1.0, 0.0, 1.0];
//! let grid = Grid::new(View::interleaved(&grid, Shape { n: 1, c: 2, size: [2, 2] })?, source)?;
//!
//! // The right column reads half a pixel to its left: g = 0 is pixel 0.5.
//! let field = displacement(&grid, None, Arithmetic::Exact)?;
//! assert_eq!(field.as_slice(), [0.0, 0.0, -0.5, 0.0, 0.0, 0.0, -0.5, 0.0]);
//!
//! let image = View::planar(&[10u8, 20, 30, 40], Shape { n: 1, c: 1, size: [2, 2] })?;
//! assert_eq!(warp(&image, &field.view(), Sampler::default())?.as_slice(), [10, 15, 30, 35]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Names
//!
//! | there | here |
//! |---|---|
//! | torch `F.grid_sample(input, grid, mode, padding_mode, align_corners)` | [`sample`]`(image, &`[`Grid`]`.into(), `[`Sampler`]`)`; `align_corners` is the [`Extent`] of the [`Lattice`] |
//! | torch `F.affine_grid(theta, size, align_corners)` | [`affine_grid`] |
//! | torch `grid_sampler_2d_backward`, `grid_sampler_3d_backward`; their own backward | [`sample_grad_into`]; [`sample_grad_grad_into`] |
//! | torch `affine_grid_generator_backward` | [`affine_grid_grad`] |
//! | torch `mode="bilinear"`, `"nearest"`, `"bicubic"` | [`Interp::Linear`], [`Interp::Nearest`], [`Interp::CUBIC`] |
//! | torch `padding_mode="zeros"`, `"border"`, `"reflection"` | [`Padding::Zeros`], [`Padding::Border`], [`Padding::Reflection`] |
//! | OpenCV `remap(src, map)` | [`sample`]`(src, &`[`Locations::pixels`]`, ..)` |
//! | OpenCV `remap(.., WARP_RELATIVE_MAP)` | [`warp`] |
//! | OpenCV `BORDER_CONSTANT`, `_REPLICATE`, `_REFLECT`, `_REFLECT_101`, `_WRAP` | [`Padding::Constant`], [`Padding::Border`], [`Padding::Reflection`] with [`Extent::Edges`], with [`Extent::Centers`], [`Padding::Wrap`] |
//! | SciPy `map_coordinates`, `spline_filter` | [`map_coordinates`], [`spline_filter`]; the spline alone is [`Interp::BSpline`] |
//! | mip maps, anisotropic filtering, `antialias=True` | [`sample_ewa`] |
//! | OpenCV `INTER_LANCZOS4`, PIL `LANCZOS` | [`Interp::Lanczos4`], [`Interp::Lanczos3`] |
//! | SciPy `map_coordinates(mode="grid-constant" / "nearest" / "reflect" / "mirror" / "grid-wrap")` | the same five; its coordinates are absolute, y first |
//! | optical flow (RAFT, `.flo`): warping frame 2 to frame 1 | [`warp`] with rest [`Rest::Index`] |
//! | ITK `InvertDisplacementField`, SciPy `griddata` for inverses | [`invert`], with [`Inverse::count`], `valid` and `residual` |
//! | VoxelMorph `VecInt`, ITK `ExponentialDisplacementField` | [`exp`]; back: [`log`] |
//! | ITK `DisplacementFieldJacobianDeterminant` | [`jacobian_determinant`]; [`folding`] for every fold |
//! | softmax splatting, `forward_warp`, `grid_push` | [`splat`] |
//! | albumentations key points, boxes, masks | [`transform_points`], [`transform_boxes`], [`transform_labels`] |
//! | ITK, ANTs, FSL, SPM, MRtrix, nitransforms, VoxelMorph, MONAI fields, ST maps | [`convert`] between [`Convention`]s, with [`Placement`]s where they are in mm |
//! | torchvision `ops.deform_conv2d(input, offset, weight, bias, stride, padding, dilation, mask)` | [`deform_conv2d`], [`deform_conv2d_grad_into`] |
//! | OpenCV `warpAffine`, ITK `AffineTransform`, a map by any formula | [`make`] of an [`Affine`] or any [`Formula`] |
//! | ITK `BSplineTransform`, free-form deformation | [`BSpline`] |
//! | multilevel B-splines of scattered data (Lee et al. 1997), ITK `BSplineScatteredDataPointSetToImageFilter` | [`BSpline::fit`] |
//! | torchvision `ElasticTransform`, `gaussian_filter` of noise, elasticdeform | [`elastic`] by an [`Elastic`] recipe |
//! | moving least squares (Schaefer et al. 2006) | [`MovingLeastSquares`] |
//! | SciPy `griddata(method="nearest" / "linear")`, natural neighbours, inverse distances | [`Scattered`] |
//! | OpenCV `getPerspectiveTransform`, `findHomography(method=0)`, `estimateAffine2D`; scikit-image `estimate` | [`fit`] |
//! | OpenCV `warpPerspective`, `warpPolar`, `initUndistortRectifyMap`, `undistortPoints`; scikit-image `swirl`, `PolynomialTransform` | [`Homography`], [`Polar`], [`Lens`], [`LensInverse`]; [`Swirl`], [`Polynomial`] |
//! | NumPy `roll`, `flip`; torch `interpolate` | [`Roll`], [`Flip`], [`Resize`], [`Crop`] |
//! | "what are these numbers?" | [`guess`] |
//!
//! # What it refuses
//!
//! It does not guess unless asked ([`guess`]): sizes, extent and rest are named or known. It holds no files ([`displace-io`]), draws no pictures
//! ([`displace-viz`]) and registers no images. Push maps ("where does this pixel go?") are inverses of
//! fields, not fields: [`invert`].
//!
//! [`displace-io`]: https://docs.rs/displace-io
//! [`displace-viz`]: https://docs.rs/displace-viz

/// The README's Rust compiles and its numbers hold.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

mod any;
mod axis;
mod convention;
mod dtype;
pub mod error;
mod exact;
mod field;
mod grid;
mod interp;
mod kernel;
mod lattice;
mod make;
mod map;
mod op;
mod padding;
pub mod reference;
mod rows;
mod sampler;
mod space;
pub mod torch;
mod view;

pub use any::{AnyArray, AnyData};
pub use axis::{Axis, Extent, Rest};
pub use convention::{Centre, Convention, Frame, Order, PRESETS, Placement, PlacementError, Preset, Quantity, Unit};
pub use dtype::{DType, Location, Real, Sample};
pub use exact::{Ratio, scaled_plus};
pub use field::{Field, FieldView};
pub use grid::{Grid, Locations};
pub use half::{bf16, f16};
pub use interp::{
    Interp, SplineOrder, bspline_weights, cubic_weights, lanczos_weights, linear_weights, mitchell_weights, nearest_offset,
};
pub use kernel::recursion::SplineBoundary;
pub use lattice::{Between, Lattice};
pub use make::affine::{Affine, AffineError, AffineParts};
pub use make::elastic::{Elastic, ElasticError, Noise, elastic, elastic_into};
pub use make::ffd::{BSpline, BSplineBounds, BSplineError, Beyond};
pub use make::ffd_fit::{BSplineFit, BSplineFitError, Coarsest};
pub use make::fit::{Fit, FitError, FitKind, Fitted, fit};
pub use make::frame::{Crop, Flip, Resize, Roll};
pub use make::homography::Homography;
pub use make::lens::{Lens, LensError, LensInverse, LensModel};
pub use make::mls::{MovingError, MovingKind, MovingLeastSquares};
pub use make::polar::{Polar, PolarError, PolarInverse, Radial};
pub use make::polynomial::{Polynomial, PolynomialError};
pub use make::radial::{Kernel, RadialBasis, RadialError, RadialOptions};
pub use make::scattered::{Scattered, ScatteredError, ScatteredMethod};
pub use make::swirl::{Swirl, SwirlError};
pub use make::{Formula, Made, make, make_into};
pub use op::affine_grid::{affine_grid, affine_grid_grad, affine_grid_into};
pub use op::compose::{compose, compose_into};
pub use op::convert::{ArrayAxes, Geometry, convert};
pub use op::deform_conv::{
    DeformConv, DeformConvGrads, DeformGeometry, deform_conv2d, deform_conv2d_grad_into, deform_conv2d_into,
};
pub use op::displacement::{Arithmetic, displacement, displacement_into};
pub use op::effective::{Effective, effective_displacement, effective_displacement_into};
pub use op::ewa::{sample_ewa, sample_ewa_grad_into, sample_ewa_into};
pub use op::exp::{ExpOptions, Exponential, LogOptions, Logarithm, exp, exp_into, exp_plan, log};
pub use op::folding::{Extreme, Folding, folding};
pub use op::grid_from_displacement::{GridError, grid_from_displacement, grid_from_displacement_into};
pub use op::guess::{Candidate, Fault, Finding, Guess, GuessError, GuessInput, ImagePair, guess};
pub use op::invert::{Branch, Convergence, Inverse, InverseMut, InvertOptions, Method, Progress, Stop, invert, invert_into};
pub use op::jacobian::{
    Scheme, Spacing, Strain, curl, divergence, jacobian, jacobian_determinant, jacobian_determinant_into, strain,
};
pub use op::map_coordinates::{MapCoordinates, ScipyMode, map_coordinates, map_coordinates_into};
pub use op::points::{Direction, Points, transform_points};
pub use op::resize::{resize, resize_grid};
pub use op::sample::{sample, sample_into};
pub use op::sample_grad::sample_grad_into;
pub use op::sample_grad_grad::sample_grad_grad_into;
pub use op::shapes::{Bounds, densified, transform_boxes, transform_labels};
pub use op::splat::{Reduce, Splat, splat};
pub use op::spline::{spline_filter, spline_filter_grad};
pub use op::summary::{Largest, Summary, summary};
pub use op::warp::{warp, warp_into};
pub use padding::{Padding, Spot};
pub use rows::{num_threads, set_num_threads};
pub use sampler::Sampler;
pub use space::{Norm, Px, Shift};
pub use view::{Dense, Layout, Shape, Strides, View};
