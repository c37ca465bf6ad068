//! What can go wrong, one small type per cause, each holding the offending values.

use crate::dtype::DType;
use std::fmt;
use thiserror::Error;

/// Sizes as people read them: `512x640` is 512 rows of 640 pixels, torch's order.
#[derive(Clone, PartialEq, Eq)]
pub struct SizeText(String);

impl SizeText {
    /// From axes in x-first order.
    pub fn from_xy(size: &[usize]) -> Self {
        Self(size.iter().rev().map(ToString::to_string).collect::<Vec<_>>().join("x"))
    }
}

impl fmt::Display for SizeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SizeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The shape of a batch as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeText {
    /// Samples.
    pub n: usize,
    /// Components.
    pub c: usize,
    /// Size of the lattice.
    pub size: SizeText,
}

impl ShapeText {
    /// From a shape.
    pub fn new<const D: usize>(shape: &crate::Shape<D>) -> Self {
        Self { n: shape.n, c: shape.c, size: SizeText::from_xy(&shape.size) }
    }
}

/// A B-spline of a degree that is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a B-spline of order {found}: expected 2, 3, 4 or 5; orders 0 and 1 are nearest and linear")]
pub struct OrderError {
    /// The degree asked for.
    pub found: u32,
}

/// An elliptical weighted average is not possible.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EwaError {
    /// A volume.
    #[error("antialiasing of maps with {found} axes: only images, of 2 axes, are averaged over ellipses")]
    Axes {
        /// The number of axes.
        found: usize,
    },
    /// As any other sampling.
    #[error(transparent)]
    Sample(#[from] SampleError),
}

/// Reading as SciPy does is not possible.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MapCoordinatesError {
    /// An order that SciPy has not either.
    #[error("a spline of order {}: expected 0 to 5", .0.found)]
    Order(#[from] OrderError),
    /// The image has an axis that is too short or too long.
    #[error(transparent)]
    Axis(#[from] AxisLenError),
    /// Not as many coordinates as the image has axes.
    #[error(transparent)]
    Components(#[from] ComponentsError),
    /// As any other sampling.
    #[error(transparent)]
    Sample(#[from] SampleError),
}

/// An axis with no pixel, or with more than locations can name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("an axis of {len} pixels: a source axis has between 1 and {max} pixels", max = crate::Axis::MAX_LEN)]
pub struct AxisLenError {
    /// The length asked for.
    pub len: usize,
}

/// A shape that does not fit its buffer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ViewError {
    /// The number of elements is not what the shape says.
    #[error("the shape {shape} (n={n}, c={c}) has {expected} elements, the buffer {found}")]
    Length {
        /// Size of the lattice.
        shape: SizeText,
        /// Number of samples.
        n: usize,
        /// Number of components.
        c: usize,
        /// Elements that the shape needs.
        expected: usize,
        /// Elements that are there.
        found: usize,
    },
    /// The shape has more elements than memory has addresses, or an axis is too long.
    #[error("the shape {shape} (n={n}, c={c}) has more elements than memory has addresses, or an axis of more than 2^30")]
    Overflow {
        /// Size of the lattice.
        shape: SizeText,
        /// Number of samples.
        n: usize,
        /// Number of components.
        c: usize,
    },
    /// The system does not give that much memory.
    #[error("the result of {bytes} bytes does not fit into memory")]
    Memory {
        /// Bytes asked for.
        bytes: usize,
    },
    /// Strides that lead outside the buffer.
    #[error("the strides reach element {reached} of a buffer of {len} elements")]
    Stride {
        /// The outermost element that the strides reach.
        reached: i128,
        /// Elements in the buffer.
        len: usize,
    },
    /// A window that is not inside its view.
    #[error("a window that starts at {start} with size {size} does not fit into {of}")]
    Window {
        /// First pixel.
        start: SizeText,
        /// Size of the window.
        size: SizeText,
        /// Size of the view.
        of: SizeText,
    },
}

/// A grid or field whose last axis does not have one component per source axis.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{found} components per location, but the source has {axes} axes: the last axis of a grid or field must hold {axes}")]
pub struct ComponentsError {
    /// Components found.
    pub found: usize,
    /// Axes of the source lattice.
    pub axes: usize,
}

/// The two sizes differ and the caller has not said where "no displacement" reads.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the source is {source_size} and the destination {destination}: when sizes differ, say what counts as no displacement: \
     rest \"index\" (same pixel index) or \"extent\" (same place in the frame, so that a plain resize has none)"
)]
pub struct RestNeeded {
    /// Source size.
    pub source_size: SizeText,
    /// Destination size.
    pub destination: SizeText,
}

/// A location that no grid value can express.
#[derive(Clone, Debug, PartialEq, Error)]
#[error(
    "axis {axis} of the source has one pixel, so with end pixel centres as extent (align_corners=True) every grid value reads pixel 0: \
     the location {location} px (sample {n}, destination pixel {pixel:?}, x first) cannot be written as a grid value"
)]
pub struct SingletonAxis {
    /// 0 is x.
    pub axis: usize,
    /// The location asked for, in source pixels.
    pub location: f64,
    /// Sample of the batch.
    pub n: usize,
    /// Destination pixel, x first.
    pub pixel: Vec<usize>,
}

/// What keeps an image from being sampled at given locations.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SampleError {
    /// The locations were made for a source of another size.
    #[error("the image is {image}, but the locations are for a source of {source_size}")]
    Source {
        /// Size of the image.
        image: SizeText,
        /// Size the locations address.
        source_size: SizeText,
    },
    /// Neither batch is 1 and they differ.
    #[error("{images} images and {locations} sets of locations: the batches must be equal, or one of them 1")]
    Batch {
        /// Images in the batch.
        images: usize,
        /// Grids or fields in the batch.
        locations: usize,
    },
    /// An output of the wrong shape.
    #[error("the output has {found} elements, the result {expected}")]
    Output {
        /// Elements of the buffer given.
        found: usize,
        /// Elements of the result.
        expected: usize,
    },
    /// An upstream gradient or a tangent of another shape than what it belongs to.
    #[error("the {what} has n={}, c={} and size {}, expected n={}, c={} and size {}", found.n, found.c, found.size, expected.n, expected.c, expected.size)]
    Operand {
        /// What it is.
        what: &'static str,
        /// Its shape.
        found: ShapeText,
        /// The shape it must have.
        expected: ShapeText,
    },
    /// An image so long that it has no room for the pixels that a B-spline's prefilter puts around it.
    #[error("12 pixels more on both sides for the B-spline's prefilter: {0}")]
    Margin(#[from] AxisLenError),
    /// The result cannot be addressed.
    #[error(transparent)]
    View(#[from] ViewError),
}

/// An output buffer of the wrong length.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the output has {found} elements, the result {expected}")]
pub struct OutputLenError {
    /// Elements of the buffer given.
    pub found: usize,
    /// Elements of the result.
    pub expected: usize,
}

/// What keeps a displacement from being computed into a given buffer or allocated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FieldError {
    /// A size that no source has.
    #[error(transparent)]
    Axis(#[from] AxisLenError),
    /// Sizes differ and no rest was named.
    #[error(transparent)]
    Rest(#[from] RestNeeded),
    /// Wrong number of components.
    #[error(transparent)]
    Components(#[from] ComponentsError),
    /// Wrong shape.
    #[error(transparent)]
    View(#[from] ViewError),
    /// Wrong buffer.
    #[error(transparent)]
    Output(#[from] OutputLenError),
}

/// What keeps two fields from being composed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ComposeError {
    /// The inner field reads something of another size than the outer field is on.
    #[error("the outer field is on {outer} pixels, but the inner one reads a source of {inner}: they must be the same")]
    Sizes {
        /// Size of the outer field's destination.
        outer: SizeText,
        /// Size of the inner field's source.
        inner: SizeText,
    },
    /// Neither batch is 1 and they differ.
    #[error("{outer} outer fields and {inner} inner ones: the batches must be equal, or one of them 1")]
    Batch {
        /// Outer fields.
        outer: usize,
        /// Inner fields.
        inner: usize,
    },
    /// No rest is known.
    #[error(transparent)]
    Rest(#[from] RestNeeded),
    /// The outer field cannot be read.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// Wrong buffer.
    #[error(transparent)]
    Output(#[from] OutputLenError),
    /// The result cannot be made.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The result cannot be made.
    #[error(transparent)]
    View(#[from] ViewError),
}

/// What keeps a field from being a velocity, or from having one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VelocityError {
    /// It leads somewhere else than where it starts.
    #[error("a flow goes on from where it led: source {source_size} and destination {destination} must be the same size")]
    Sizes {
        /// Source size.
        source_size: SizeText,
        /// Destination size.
        destination: SizeText,
    },
    /// NaN or infinity.
    #[error("the field has numbers that are not finite: a flow through them leads nowhere")]
    NotFinite,
    /// A step too short for its numbers.
    #[error("squarings={found}: expected at most {most}, from where on a step is smaller than numbers can tell")]
    Squarings {
        /// Squarings asked for.
        found: u32,
        /// The most.
        most: u32,
    },
    /// The field cannot be composed.
    #[error(transparent)]
    Compose(#[from] ComposeError),
}

/// What keeps places from being moved through a map.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PointsError {
    /// There is no such sample.
    #[error("sample {n} of {samples}")]
    Sample {
        /// The sample asked for.
        n: usize,
        /// Samples that there are.
        samples: usize,
    },
    /// The destination has no pixel.
    #[error("the destination has no pixels, so no place leads anywhere")]
    Empty,
    /// No rest is known.
    #[error(transparent)]
    Rest(#[from] RestNeeded),
}

/// What keeps labels from being moved through a map.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LabelsError {
    /// The labels do not fit the map.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The map has no inverse that could be read.
    #[error(transparent)]
    Invert(#[from] InvertError),
}

/// A length of a pixel that is none.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("a spacing of {found}: pixels have a positive, finite length along each axis")]
pub struct SpacingError {
    /// The length given.
    pub found: f64,
}

/// What keeps derivatives from being taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JacobianError {
    /// Wrong buffer.
    #[error(transparent)]
    Output(#[from] OutputLenError),
    /// The result cannot be made.
    #[error(transparent)]
    View(#[from] ViewError),
}

/// What keeps folds from being counted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FoldingError {
    /// No rest is known.
    #[error(transparent)]
    Rest(#[from] RestNeeded),
    /// The mask cannot be made.
    #[error(transparent)]
    View(#[from] ViewError),
}

/// What keeps a map from being inverted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvertError {
    /// Sizes differ and no rest was named.
    #[error(transparent)]
    Rest(#[from] RestNeeded),
    /// The inverse reads the destination, which must be a lattice then.
    #[error("the destination cannot be read by an inverse: {0}")]
    Destination(#[from] AxisLenError),
    /// A buffer has another length.
    #[error(transparent)]
    OutputLength(#[from] OutputLenError),
    /// The result cannot be made.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The result cannot be made.
    #[error(transparent)]
    View(#[from] ViewError),
}

/// A matrix batch that does not have torch's theta shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ThetaError {
    /// Not (N, D, D + 1).
    #[error("theta has {found} numbers, {n} matrices of {rows} x {columns} have {expected}")]
    Length {
        /// Numbers found.
        found: usize,
        /// Matrices in the batch.
        n: usize,
        /// Rows of each: the number of axes.
        rows: usize,
        /// Columns of each.
        columns: usize,
        /// Numbers expected.
        expected: usize,
    },
    /// An upstream gradient that no grid on the destination has.
    #[error("the upstream gradient has {components} components on {size}, a grid on the destination {axes} on {destination}")]
    Gradient {
        /// Components of the gradient.
        components: usize,
        /// Size of the gradient.
        size: SizeText,
        /// Axes of the destination.
        axes: usize,
        /// Size of the destination.
        destination: SizeText,
    },
    /// Wrong buffer.
    #[error(transparent)]
    Output(#[from] OutputLenError),
    /// The grid cannot be addressed.
    #[error(transparent)]
    View(#[from] ViewError),
}

/// A dtype that cannot serve here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what} of dtype {found}: expected {expected}")]
pub struct DTypeError {
    /// What it was to be.
    pub what: &'static str,
    /// What it is.
    pub found: DType,
    /// What would do.
    pub expected: &'static str,
}

/// A name that stands for nothing here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown {what} \"{found}\": expected {expected}")]
pub struct NameError {
    /// What was to be named.
    pub what: &'static str,
    /// The name given.
    pub found: String,
    /// The names there are.
    pub expected: &'static str,
}

/// A text that names no convention.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConventionError {
    /// No preset of that name.
    #[error(
        "unknown convention \"{found}\": expected one of {}, with what differs as in \"flow,order=ij,layout=first\"",
        preset_names()
    )]
    Unknown {
        /// The name.
        found: String,
    },
    /// Two formulas go by this name.
    #[error(
        "ST maps are made by two formulas: name \"stmap_edges\", (x+1/2)/W, or \"stmap_centers\", x/(W-1); \
         they differ by up to half a pixel"
    )]
    StMap,
    /// A part that says nothing known.
    #[error("\"{found}\" is no part of a convention: expected quantity=, unit=, order=, layout=, axes=, y=, direction= or centre=")]
    Part {
        /// The part.
        found: String,
    },
    /// A part with a value that is none of its own.
    #[error("{key}=\"{found}\": expected one of {expected}")]
    Value {
        /// The part.
        key: String,
        /// Its value.
        found: String,
        /// The values it may have.
        expected: String,
    },
}

fn preset_names() -> String {
    crate::convention::PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ")
}

/// Why numbers are not converted.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ConvertError {
    /// A shape that the layout does not have.
    #[error("shape {shape:?}: expected {expected}, or the same with an axis of samples in front")]
    Shape {
        /// The shape.
        shape: Vec<usize>,
        /// The shapes of the layout.
        expected: &'static str,
    },
    /// A shape that the layout has in 2-D and in 3-D.
    #[error(
        "shape {shape:?} with components first may be {} samples of a plane or a volume of {} slices: name the size of the image that \
         is read or a reference, which says how many axes there are", shape.first().unwrap_or(&0), shape.get(1).unwrap_or(&0)
    )]
    Ambiguous {
        /// The shape.
        shape: Vec<usize>,
    },
    /// Another number of pixels than the geometry has.
    #[error("numbers at {found} pixels, where the geometry has {expected}")]
    Size {
        /// Pixels of the array.
        found: SizeText,
        /// Pixels of the geometry.
        expected: SizeText,
    },
    /// A convention in mm without the places of pixels.
    #[error("mm say nothing of pixels without spacing, origin and direction of {of}")]
    Placement {
        /// Which pixels.
        of: &'static str,
    },
    /// Pull and push.
    #[error("numbers that {from} do not become numbers that {to} by arithmetic: that is the inverse map")]
    Direction {
        /// What is given.
        from: &'static str,
        /// What is asked for.
        to: &'static str,
    },
    /// Something of pixels said of mm.
    #[error("\"{convention}\" counts mm, which have no first pixel and no last row: leave out y=up and centre=")]
    NotOfPixels {
        /// The convention.
        convention: crate::Convention,
    },
    /// A location that its unit cannot say.
    #[error(
        "an axis of one pixel between end centres (image {size}) has one location in this unit, and the numbers have others: \
         name a convention between edges"
    )]
    Flat {
        /// Size of what is read.
        size: SizeText,
    },
    /// A buffer that is not what its shape says.
    #[error(transparent)]
    View(#[from] ViewError),
}

/// Why a deformable convolution is not computed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeformError {
    /// A stride or dilation of 0, or a number that no image needs.
    #[error("{what} {found} (height, width): expected numbers from {least} to {most}")]
    Step {
        /// Which.
        what: &'static str,
        /// The two numbers, y first.
        found: SizeText,
        /// The smallest that is allowed.
        least: usize,
        /// The largest that is allowed.
        most: usize,
    },
    /// An array with no numbers where there must be some.
    #[error("{what} has shape {shape:?}: expected no axis of length 0 but the batch's")]
    Empty {
        /// Which array.
        what: &'static str,
        /// Its shape.
        shape: [usize; 4],
    },
    /// The kernel reaches further than the padded image.
    #[error(
        "a kernel of {kernel} taps with dilation {dilation} does not fit an input of {input} pixels with padding {padding}: there would be no output"
    )]
    Kernel {
        /// Taps along each axis.
        kernel: SizeText,
        /// Pixels from tap to tap.
        dilation: SizeText,
        /// Size of the image.
        input: SizeText,
        /// Pixels of zeros on each side.
        padding: SizeText,
    },
    /// Channels that cannot be shared evenly.
    #[error("{what}: {parts} does not divide {channels} {of}")]
    Groups {
        /// What the groups are.
        what: &'static str,
        /// How many there are, or how many channels each has.
        parts: usize,
        /// What they must share.
        channels: usize,
        /// Of which array.
        of: &'static str,
    },
    /// A number of offset channels that is no number of offsets.
    #[error("offset has {found} channels: expected a multiple of {each}, an y and an x for each of {kernel} taps")]
    Offsets {
        /// Channels of the offset.
        found: usize,
        /// Channels of one group.
        each: usize,
        /// Taps along each axis.
        kernel: SizeText,
    },
    /// An array that does not fit the others.
    #[error("{what} has shape {found:?}: expected {expected:?}")]
    Shape {
        /// Which array.
        what: &'static str,
        /// Its shape.
        found: [usize; 4],
        /// The shape that fits.
        expected: [usize; 4],
    },
    /// A bias or output of another length.
    #[error("{what} has {found} numbers: expected {expected}")]
    Length {
        /// Which array.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length that fits.
        expected: usize,
    },
    /// A buffer that is not what its shape says.
    #[error(transparent)]
    View(#[from] ViewError),
}
