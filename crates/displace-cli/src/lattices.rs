//! Stored numbers as fields: what commands that take fields share.

use crate::args::LatticeArgs;
use crate::failure::{Failure, Result};
use crate::figure::PartArgs;
use crate::input::Stored;
use displace::{AnyArray, AnyData, FieldView, Location, View};
use displace_viz::{HeatOptions, Picture, heat};
use std::path::Path;

/// A displacement field in what is stored, with the lattices that the file or the options name.
pub(crate) fn field<'a, L: Location, const D: usize>(
    stored: &Stored,
    numbers: &'a [L],
    args: &LatticeArgs,
) -> Result<FieldView<'a, L, D>> {
    let fail = |e: &dyn std::fmt::Display| Failure::file(&stored.path, e);
    let shape = stored.shape::<D>();
    let view = View::interleaved(numbers, shape).map_err(|e| fail(&e))?;
    let lattice = stored.complete(args)?;
    let source = lattice.lattice(Some(shape.size)).map_err(|e| fail(&e))?;
    FieldView::new(view, source, lattice.rest).map_err(|e| Failure::usage(format!("{e}: add --rest index or --rest extent")))
}

/// What is stored with half types widened, for what is computed in the fields' own type.
pub(crate) fn widened(mut stored: Stored) -> Stored {
    fn single<L: Location>(numbers: &[L]) -> AnyData {
        numbers.iter().map(|n| displace::Real::to_f64(n.widen()) as f32).collect::<Vec<f32>>().into()
    }
    let (shape, data) = stored.array.into_parts();
    let data = match &data {
        AnyData::F16(numbers) => single(numbers),
        AnyData::BF16(numbers) => single(numbers),
        _ => data,
    };
    stored.array = AnyArray::new(shape, data).expect("the same shape");
    stored
}

/// Runs an expression with the numbers of what is stored, which must be f32 or f64.
macro_rules! with_reals {
    ($stored:expr, $v:ident => $use:expr) => {
        match $stored.array.data() {
            displace::AnyData::F32($v) => $use,
            displace::AnyData::F64($v) => $use,
            other => Err($stored.not_floats(other.dtype())),
        }
    };
}
pub(crate) use with_reals;

/// Numbers at the pixels of a source or destination: as an array, or as a heat map of one sample and slice.
pub(crate) struct Numbers {
    /// In array order, the samples first.
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f64>,
    /// Whether the samples get an axis in arrays: where what was given had one.
    pub(crate) batch: bool,
}

impl Numbers {
    /// What is to be written, by the file's name: a picture of a part, or an array of `data`, the same numbers in their own type.
    pub(crate) fn ready(&self, path: &Path, data: AnyData, mut options: HeatOptions, part: &PartArgs) -> Result<Ready> {
        if crate::output::extension(path) == "npy" {
            let shape = self.shape[usize::from(!self.batch)..].to_vec();
            return Ok(Ready::Array(crate::output::array(shape, data)));
        }
        let [height, width] = [self.shape.len() - 2, self.shape.len() - 1].map(|axis| self.shape[axis]);
        let slices: usize = self.shape[1..self.shape.len() - 2].iter().product();
        let (at, said) = part.of(self.shape[0], slices)?;
        options.caption += &said;
        let first = at * width * height;
        let Some(slice) = self.values.get(first..first + width * height) else {
            return Err(Failure::usage("no pixels to draw"));
        };
        Ok(Ready::Picture(heat(slice, [width, height], &options)?))
    }
}

/// What only has to be written.
pub(crate) enum Ready {
    Array(AnyArray),
    Picture(Picture),
}

impl Ready {
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        match self {
            Self::Array(array) => Ok(displace_io::write_npy(path, array)?),
            Self::Picture(picture) => crate::figure::save(picture, path),
        }
    }
}

/// Files that numbers at pixels are written to.
pub(crate) const NUMBERS: &[&str] = &["npy", "png", "svg"];
