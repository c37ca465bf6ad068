//! Conventions that have a name. A new one is one line here and one row in CONVENTIONS.md.

use crate::axis::Extent;
use crate::convention::{Centre, Convention, Frame, Order, Quantity, Unit};
use crate::op::points::Direction;
use crate::view::Layout;

/// A named convention.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// The name.
    pub name: &'static str,
    /// What it says.
    pub convention: Convention,
    /// Whose it is, in a line.
    pub about: &'static str,
}

/// Displacements in source pixels, x first, components last, pull: the library's own.
const FLOW: Convention = Convention {
    quantity: Quantity::Displacement,
    unit: Unit::SourcePixels,
    order: Order::Xy,
    layout: Layout::Interleaved,
    x_first: false,
    y_up: false,
    direction: Direction::Pull,
    centre: Centre::Zero,
};

const VOXELS: Convention = Convention { order: Order::Ij, layout: Layout::Planar, ..FLOW };
const LPS: Convention = Convention { unit: Unit::Physical(Frame::Lps), ..FLOW };
const RAS: Convention = Convention { unit: Unit::Physical(Frame::Ras), ..FLOW };

const fn location(unit: Unit) -> Convention {
    Convention { quantity: Quantity::Location, unit, ..FLOW }
}

const fn preset(name: &'static str, convention: Convention, about: &'static str) -> Preset {
    Preset { name, convention, about }
}

/// All conventions that have a name. Where two are the same, the first is the one printed.
pub const PRESETS: &[Preset] = &[
    preset("flow", FLOW, "optical flow (RAFT, .flo, KITTI) and this library's fields: displacement in source pixels, x first"),
    preset(
        "torch_grid",
        location(Unit::Normalised(Extent::Edges)),
        "torch grid_sample with align_corners=False: -1..+1 between the outer edges, x first",
    ),
    preset(
        "torch_grid_aligned",
        location(Unit::Normalised(Extent::Centers)),
        "torch grid_sample with align_corners=True: -1..+1 between the centres of the end pixels, x first",
    ),
    preset("pixel_map", location(Unit::SourcePixels), "OpenCV remap: absolute source pixels, x first"),
    preset(
        "scipy",
        Convention { order: Order::Ij, layout: Layout::Planar, ..location(Unit::SourcePixels) },
        "SciPy map_coordinates: absolute source pixels, row first, components first",
    ),
    preset("voxelmorph", VOXELS, "VoxelMorph: displacement in voxels, first axis first, components first"),
    preset("monai", VOXELS, "MONAI Warp: displacement in voxels, first axis first, components first"),
    preset("itk", LPS, "ITK displacement field: mm, LPS, x first"),
    preset("ants", LPS, "ANTs warp: mm, LPS, x first"),
    preset("afni", LPS, "AFNI 3dQwarp: mm, LPS (DICOM order), x first"),
    preset(
        "fsl",
        Convention { unit: Unit::Physical(Frame::Fsl), ..FLOW },
        "FSL relative warp: mm along the voxel axes, x from the other end where axes are right-handed",
    ),
    preset("nitransforms", Convention { x_first: true, ..RAS }, "nitransforms: displacement in mm, RAS, arrays (X, Y, Z, 3)"),
    preset("spm", Convention { quantity: Quantity::Location, ..RAS }, "SPM y_ file: absolute mm, RAS"),
    preset(
        "mrtrix",
        Convention { quantity: Quantity::Location, ..RAS },
        "MRtrix deformation: absolute mm, RAS (its displacements are mrtrix,quantity=displacement)",
    ),
    preset(
        "sofima",
        Convention { layout: Layout::Planar, ..FLOW },
        "SOFIMA relative map at stride 1: displacement in pixels, x first, components first",
    ),
    preset(
        "stmap_edges",
        Convention { y_up: true, ..location(Unit::Fraction(Extent::Edges)) },
        "ST map by (x+1/2)/W, from the bottom left corner",
    ),
    preset(
        "stmap_centers",
        Convention { y_up: true, ..location(Unit::Fraction(Extent::Centers)) },
        "ST map by x/(W-1), from the bottom left pixel",
    ),
    preset(
        "tfa",
        Convention { quantity: Quantity::Negated, order: Order::Ij, ..FLOW },
        "TensorFlow Addons dense_image_warp: reads at rest minus flow, row first",
    ),
];
