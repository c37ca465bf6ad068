//! Forward splatting: values pushed to the places that a sampler would read.

use crate::dtype::{Location, Sample};
use crate::error::{NameError, SampleError, ShapeText};
use crate::grid::Locations;
use crate::op::compose::planar;
use crate::op::sample_grad::sample_grad_into;
use crate::rows::{for_each_band, row_index, zip_each};
use crate::sampler::Sampler;
use crate::view::{Dense, Layout, Shape, Strides, View};
use std::str::FromStr;

/// What becomes of values that fall onto the same pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduce {
    /// They are added: what is splat is conserved.
    #[default]
    Sum,
    /// Their weighted mean.
    Average,
}

impl FromStr for Reduce {
    type Err = NameError;
    fn from_str(name: &str) -> Result<Self, NameError> {
        match name {
            "sum" => Ok(Self::Sum),
            "average" => Ok(Self::Average),
            _ => Err(NameError { what: "reduce", found: name.into(), expected: "\"sum\" or \"average\"" }),
        }
    }
}

/// Values that were splat, and how much fell onto each pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct Splat<T, const D: usize> {
    /// On the source lattice, `(N, C, [D,] H, W)`.
    pub values: Dense<T, D>,
    /// The sum of the weights that fell onto each pixel, `(N, 1, [D,] H, W)`: 0 in holes.
    pub coverage: Dense<T, D>,
}

/// Pushes each destination pixel's values to the place in the source that `at` reads for it:
/// `out(q) = sum over x of b(q - phi(x)) w(x) values(x)`, with `b` what the sampler weighs pixel `q` by when it reads at `phi(x)`.
///
/// The sum is the adjoint of [`sample`](crate::sample): `<sample(a), v> = <a, splat(v)>`, gradients of one are the other. To move
/// frame 1 to frame 2 along an optical flow from 1 to 2, splat frame 1's values at the flow's locations. With [`Reduce::Average`]
/// sums are divided by `coverage`, the sum of all weights, which is 0 in holes; there the average is 0 too. Weights
/// `exp(Z)` make it softmax splatting (Niklaus and Liu, CVPR 2020).
///
/// *Shapes*: `values` are `(N, C, [D,] H, W)` on the destination, `weights` one component there; either batch may be one, as for
/// sampling. *Exactness*: sums in the order of the destination, in `f64` if values or locations are, else in `f32`, rounded once to
/// the values' type: no bit depends on the number of threads. *Locations* that read nothing give nothing; what falls
/// outside is lost under [`Padding::Zeros`](crate::Padding::Zeros), and goes where it would be read from under others.
///
/// # Errors
/// If values or weights do not have the destination's size, or batches do not fit.
///
/// ```
/// use displace::{splat, Extent, Locations, Lattice, Reduce, Sampler, Shape, View};
/// let source = Lattice::from_shape([1, 3], Extent::Edges)?;
/// // 8 falls a quarter of the way from pixel 0 to 1, and 4 onto pixel 1.
/// let places = [0.25f32, 0.0, 1.0, 0.0];
/// let at = Locations::pixels(View::interleaved(&places, Shape { n: 1, c: 2, size: [2, 1] })?, source)?;
/// let values = View::planar(&[8.0f32, 4.0], Shape { n: 1, c: 1, size: [2, 1] })?;
/// let sum = splat(&values, None, &at, Sampler::default(), Reduce::Sum)?;
/// assert_eq!((sum.values.as_slice(), sum.coverage.as_slice()), (&[6.0, 6.0, 0.0][..], &[0.75, 1.25, 0.0][..]));
/// let mean = splat(&values, None, &at, Sampler::default(), Reduce::Average)?;
/// assert_eq!(mean.values.as_slice(), [8.0, 4.8, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn splat<T: Sample + Location, L: Location, const D: usize>(
    values: &View<'_, T, D>,
    weights: Option<&View<'_, T, D>>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
    reduce: Reduce,
) -> Result<Splat<T, D>, SampleError> {
    let shape = values.shape();
    let size = at.destination();
    if shape.size != size {
        let expected = ShapeText::new(&Shape { size, ..shape });
        return Err(SampleError::Operand { what: "splat array", found: ShapeText::new(&shape), expected });
    }
    let n = batch(shape.n, at.at.shape().n)?;
    if <T as Sample>::DTYPE.is_half() {
        // Sums and weights keep their digits until the mean is taken.
        let wide = |view: &View<'_, T, D>| planar(view, <T as Sample>::widen::<f32>);
        let (values, weights) = (wide(values)?, weights.map(wide).transpose()?);
        let all = splat(&values.view(), weights.as_ref().map(Dense::view).as_ref(), at, sampler, reduce)?;
        return Ok(Splat { values: narrowed(&all.values)?, coverage: narrowed(&all.coverage)? });
    }
    let ones = [T::narrow(1.0f64)];
    let flat = Strides { n: 0, c: 0, size: [0; D] };
    let one = Shape { n: shape.n, c: 1, size };
    let Some(weights) = weights else {
        let ones = View::strided(&ones, 0, one, flat)?;
        return finish(sum(values, at, sampler, n)?, sum(&ones, at, sampler, n)?, reduce);
    };
    let found = weights.shape();
    if found.size != size || found.c != 1 || batch(found.n, shape.n).is_err() {
        let (found, expected) = (ShapeText::new(&found), ShapeText::new(&one));
        return Err(SampleError::Operand { what: "weights", found, expected });
    }
    let both = Shape { n: batch(found.n, shape.n)?, ..shape };
    let mut weighted = Dense::zeroed(both, Layout::Planar)?;
    for_each_band(weighted.as_mut_slice(), both, Layout::Planar, |band| {
        for row in 0..band.rows {
            let index = row_index(band.first_row + row, &size);
            let weight = weights.plane(band.n, 0);
            for c in 0..both.c {
                let value = values.plane(band.n, c);
                let (to, _) = band.row(row, c);
                for (x, to) in to.iter_mut().enumerate() {
                    let mut pixel = index;
                    pixel[0] = x;
                    let pixel = pixel.map(|i| i as i32);
                    *to = T::narrow(Sample::widen::<f64>(value.at(pixel)) * Sample::widen::<f64>(weight.at(pixel)));
                }
            }
        }
    });
    let n = batch(both.n, at.at.shape().n)?;
    finish(sum(&weighted.view(), at, sampler, n)?, sum(weights, at, sampler, n)?, reduce)
}

fn narrowed<T: Sample, const D: usize>(wide: &Dense<f32, D>) -> Result<Dense<T, D>, SampleError> {
    let mut narrow = Dense::zeroed(wide.shape(), Layout::Planar)?;
    zip_each(narrow.as_mut_slice(), wide.as_slice(), |to, wide| *to = T::narrow(wide));
    Ok(narrow)
}

fn batch(a: usize, b: usize) -> Result<usize, SampleError> {
    match (a, b) {
        (a, b) if a == b => Ok(a),
        (1, n) | (n, 1) => Ok(n),
        (images, locations) => Err(SampleError::Batch { images, locations }),
    }
}

/// The adjoint of sampling images of `n` samples.
fn sum<T: Sample + Location, L: Location, const D: usize>(
    values: &View<'_, T, D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
    n: usize,
) -> Result<Dense<T, D>, SampleError> {
    let shape = Shape { n, c: values.shape().c, size: at.source().size() };
    let mut sum = Dense::zeroed(shape, Layout::Planar)?;
    // The adjoint reads no image; a view of one number has its shape.
    let nothing = [T::default()];
    let image = View::strided(&nothing, 0, shape, Strides { n: 0, c: 0, size: [0; D] })?;
    let values = values.repeated(n);
    sample_grad_into(&values, &image, at, sampler, Some(sum.as_mut_slice()), None)?;
    Ok(sum)
}

fn finish<T: Sample, const D: usize>(
    mut values: Dense<T, D>,
    mut coverage: Dense<T, D>,
    reduce: Reduce,
) -> Result<Splat<T, D>, SampleError> {
    let shape = values.shape();
    if coverage.shape().n < shape.n {
        let one = coverage.as_slice().to_vec();
        coverage = Dense::from_vec(one.repeat(shape.n), Shape { c: 1, ..shape }, Layout::Planar)?;
    }
    if reduce == Reduce::Average {
        let pixels = shape.pixels();
        let covered = coverage.as_slice();
        for_each_band(values.as_mut_slice(), shape, Layout::Planar, |band| {
            for row in 0..band.rows {
                let first = band.n * pixels + (band.first_row + row) * shape.size[0];
                let covered = &covered[first..][..shape.size[0]];
                for c in 0..shape.c {
                    for (to, covered) in band.row(row, c).0.iter_mut().zip(covered) {
                        let covered = Sample::widen::<f64>(*covered);
                        let mean = if covered == 0.0 { 0.0 } else { Sample::widen::<f64>(*to) / covered };
                        *to = T::narrow(mean);
                    }
                }
            }
        });
    }
    Ok(Splat { values, coverage })
}
