//! Words and sizes as Python gives them.

use crate::error::{Raise, displace_error, shape_error};
use crate::tensor::{Element, Tensor};
use displace::{Between, Extent, FieldView, Grid, Interp, Lattice, Location, Locations, Padding, Rest, Sampler};
use pyo3::prelude::*;

/// How an image is read: `(mode, padding_mode, fill, coords, align_corners, rest)`.
#[derive(FromPyObject)]
pub(crate) struct Sampling(String, String, f64, String, bool, Option<String>);

impl Sampling {
    pub(crate) fn new(
        mode: String,
        padding_mode: String,
        fill: f64,
        coords: String,
        align_corners: bool,
        rest: Option<String>,
    ) -> Self {
        Self(mode, padding_mode, fill, coords, align_corners, rest)
    }

    pub(crate) fn sampler(&self) -> PyResult<Sampler> {
        sampler(&self.0, &self.1, self.2)
    }

    pub(crate) fn extent(&self) -> Extent {
        Extent::from_align_corners(self.4)
    }

    /// Locations in the language that `coords` names, for a source of the image's size.
    pub(crate) fn locations<'a, L: Location + Element, const D: usize>(
        &self,
        tensor: &'a Tensor,
        image_size: [usize; D],
    ) -> PyResult<Locations<'a, L, D>> {
        let source = Lattice::from_xy(image_size, self.extent()).raise()?;
        let at = tensor.locations::<L, D>("grid")?;
        match self.3.as_str() {
            "normalized" => Ok(Grid::new(at, source).raise()?.into()),
            "pixel" => Locations::pixels(at, source).raise(),
            "displacement" => Ok(FieldView::new(at, source, rest(self.5.as_deref())?).raise()?.into()),
            found => {
                Err(displace_error(format!("unknown coords \"{found}\": expected \"normalized\", \"pixel\" or \"displacement\"")))
            }
        }
    }
}

/// What gives locations meaning: `(input_size, coords, align_corners, rest)`, the size in array order.
#[derive(FromPyObject)]
pub(crate) struct Frame(Vec<usize>, String, bool, Option<String>);

impl Frame {
    pub(crate) fn rest(&self) -> PyResult<Option<Rest>> {
        rest(self.3.as_deref())
    }

    /// Locations in the language that the frame names.
    pub(crate) fn locations<'a, L: Location + Element, const D: usize>(&self, tensor: &'a Tensor) -> PyResult<Locations<'a, L, D>> {
        let Self(size, coords, align_corners, rest) = self;
        let sampling = Sampling(String::new(), String::new(), 0.0, coords.clone(), *align_corners, rest.clone());
        sampling.locations(tensor, size_xy(size)?)
    }

    /// The image that is read.
    pub(crate) fn source<const D: usize>(&self) -> PyResult<Lattice<D>> {
        lattice(&self.0, self.2)
    }

    /// The lattices between which a field on `destination`, in array order, leads.
    pub(crate) fn between<const D: usize>(&self, destination: &[usize]) -> PyResult<Between<D>> {
        Between::new(lattice(&self.0, self.2)?, size_xy(destination)?, self.rest()?).raise()
    }

    /// A displacement field.
    pub(crate) fn field<'a, L: Location + Element, const D: usize>(&self, tensor: &'a Tensor) -> PyResult<FieldView<'a, L, D>> {
        FieldView::new(tensor.locations::<L, D>("field")?, lattice(&self.0, self.2)?, self.rest()?).raise()
    }
}

/// A size in array order, x first.
pub(crate) fn size_xy<const D: usize>(size: &[usize]) -> PyResult<[usize; D]> {
    let mut size: [usize; D] = size.try_into().map_err(|_| {
        let expected = if D == 2 { "(H, W)" } else { "(D, H, W)" };
        shape_error(format!("size {size:?} for locations with {D} components: expected {expected}"))
    })?;
    size.reverse();
    Ok(size)
}

pub(crate) fn sampler(mode: &str, padding_mode: &str, fill: f64) -> PyResult<Sampler> {
    let interp = mode.parse::<Interp>().raise()?;
    let padding = padding_mode.parse::<Padding>().raise()?;
    let padding = match padding {
        Padding::Zeros | Padding::Constant(_) if fill != 0.0 => Padding::Constant(fill),
        Padding::Zeros | Padding::Constant(_) => padding,
        _ if fill != 0.0 => {
            return Err(displace_error(format!(
                "fill={fill} with padding_mode \"{padding_mode}\", which reads no fill value: use \"zeros\" or \"constant\""
            )));
        }
        _ => padding,
    };
    Ok(Sampler::new(interp, padding))
}

pub(crate) fn rest(name: Option<&str>) -> PyResult<Option<Rest>> {
    name.map(str::parse::<Rest>).transpose().raise()
}

/// A lattice of `size` in array order, which must have one entry for each component of the locations.
pub(crate) fn lattice<const D: usize>(size: &[usize], align_corners: bool) -> PyResult<Lattice<D>> {
    Lattice::from_xy(size_xy(size)?, Extent::from_align_corners(align_corners)).raise()
}

/// Components of each location: the length of the last axis.
pub(crate) fn components(tensor: &Tensor) -> usize {
    tensor.shape().last().copied().unwrap_or(0)
}

/// That an output has the shape of the result.
pub(crate) fn check_shape(out: &Tensor, expected: &[usize]) -> PyResult<()> {
    if out.shape() == expected {
        return Ok(());
    }
    Err(shape_error(format!("out has shape {:?}, the result {expected:?}", out.shape())))
}

/// That an output has the dtype of the result.
pub(crate) fn check_dtype(out: &Tensor, expected: displace::DType) -> PyResult<()> {
    if out.dtype() == expected {
        return Ok(());
    }
    Err(crate::error::raw_dtype_error(format!("out holds {}, the result {expected}", out.dtype())))
}
