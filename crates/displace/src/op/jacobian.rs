//! How a map stretches, turns and shears: derivatives of fields by differences of pixels.

use crate::dtype::Real;
use crate::error::{JacobianError, NameError, OutputLenError, SpacingError};
use crate::field::FieldView;
use crate::kernel::determinant::determinants;
use crate::kernel::level::{in_lanes, vectorised};
use crate::rows::{Band, for_each_band, row_index};
use crate::view::{Dense, Layout, Plane, Shape};
use std::str::FromStr;

/// Which pixels a derivative is taken between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Half the difference of both neighbours, as ITK; at the ends of an axis the difference to the only one there is. It does not
    /// see the pixel itself: folds of single pixels escape it (`folding` finds them).
    #[default]
    Central,
    /// The next pixel minus this one; at the last one, as before it.
    Forward,
    /// This pixel minus the one before; at the first one, as after it.
    Backward,
}

impl FromStr for Scheme {
    type Err = NameError;
    fn from_str(name: &str) -> Result<Self, NameError> {
        match name {
            "central" => Ok(Self::Central),
            "forward" => Ok(Self::Forward),
            "backward" => Ok(Self::Backward),
            _ => Err(NameError { what: "scheme", found: name.into(), expected: "\"central\", \"forward\" or \"backward\"" }),
        }
    }
}

impl Scheme {
    /// The pixels on an axis of `len` between which the slope at `j` is taken, and what their difference is multiplied by; none on
    /// an axis of one pixel.
    fn ends(self, j: usize, len: usize) -> Option<(usize, usize, f64)> {
        let last = len.checked_sub(2)? + 1;
        Some(match self {
            Self::Central if j > 0 && j < last => (j - 1, j + 1, 0.5),
            Self::Central | Self::Forward if j == 0 => (0, 1, 1.0),
            Self::Forward if j < last => (j, j + 1, 1.0),
            Self::Backward if j == 0 => (0, 1, 1.0),
            _ => (j - 1, j, 1.0),
        })
    }
}

/// How large pixels are, x first, in any unit of length: what turns derivatives per pixel into physical ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spacing<const D: usize> {
    source: [f64; D],
    destination: [f64; D],
}

impl<const D: usize> Spacing<D> {
    /// Of source and destination pixels.
    ///
    /// # Errors
    /// If a length is not positive and finite.
    pub fn new(source: [f64; D], destination: [f64; D]) -> Result<Self, SpacingError> {
        match source.iter().chain(&destination).find(|length| !(length.is_finite() && **length > 0.0)) {
            Some(found) => Err(SpacingError { found: *found }),
            None => Ok(Self { source, destination }),
        }
    }

    /// The same for both.
    ///
    /// # Errors
    /// As [`Spacing::new`].
    pub fn same(pixel: [f64; D]) -> Result<Self, SpacingError> {
        Self::new(pixel, pixel)
    }

    /// Pixels as they are: derivatives in source pixels per destination pixel.
    #[must_use]
    pub const fn pixels() -> Self {
        Self { source: [1.0; D], destination: [1.0; D] }
    }

    /// What a slope of component `i` along axis `k` is multiplied by.
    fn factor(&self, i: usize, k: usize) -> f64 {
        self.source[i] / self.destination[k]
    }
}

/// Measures of deformation, of the map's Jacobian matrix `F`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strain {
    /// `(F + F^T)/2 - 1`: for small deformations; turns count as strain.
    #[default]
    Small,
    /// Green and Lagrange's `(F^T F - 1)/2`: a turn has none.
    GreenLagrange,
}

impl FromStr for Strain {
    type Err = NameError;
    fn from_str(name: &str) -> Result<Self, NameError> {
        match name {
            "small" => Ok(Self::Small),
            "green_lagrange" => Ok(Self::GreenLagrange),
            _ => Err(NameError { what: "strain", found: name.into(), expected: "\"small\" or \"green_lagrange\"" }),
        }
    }
}

/// The Jacobian matrix of the map at every destination pixel: row `i` holds the slopes of source component `i` along the
/// destination axes, x first.
///
/// It is that of the map `phi(j) = rest(j) + d(j)`, not of the displacement: no displacement gives the identity matrix, or under the
/// rest `extent` between different sizes their ratio. *Shapes*: `(N, [D,] H, W, D D)`, matrices row by row. *Units*: source pixels
/// per destination pixel, or by `spacing` lengths per length: `source_i / destination_k` times that. *Exactness*: differences,
/// products and sums of numbers of the field's type, rounded one by one. Where a pixel that a difference reads is not finite neither is
/// what comes out (central differences do not read the pixel itself); along an axis of one pixel the displacement does not change.
///
/// # Errors
/// If the result cannot be addressed.
///
/// ```
/// use displace::{jacobian, Between, Extent, Field, Lattice, Scheme, Spacing};
/// let between = Between::new(Lattice::from_shape([2, 3], Extent::Edges)?, [3, 2], None)?;
/// // d = (x/2, 0): x reads one and a half times as far.
/// let field = Field::from_vec([0.0f32, 0.0, 0.5, 0.0, 1.0, 0.0].repeat(2), 1, between)?;
/// let matrices = jacobian(&field.view(), Spacing::pixels(), Scheme::Central)?;
/// assert_eq!(matrices.as_slice()[..4], [1.5, 0.0, 0.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn jacobian<R: Real, const D: usize>(
    field: &FieldView<'_, R, D>,
    spacing: Spacing<D>,
    scheme: Scheme,
) -> Result<Dense<R, D>, JacobianError> {
    derived(field, spacing, scheme, D * D, true, |matrix, to| {
        for i in 0..D {
            to[i * D..][..D].copy_from_slice(&matrix[i]);
        }
    })
}

/// The determinant of [`jacobian`] at every destination pixel, `(N, [D,] H, W)`: by how much the map stretches areas (volumes);
/// 1 where it does not, negative where it turns them over.
///
/// In the interior and with [`Scheme::Central`] this is ITK's `DisplacementFieldJacobianDeterminantFilter`; at the border ITK
/// halves one-sided differences. *Exactness, errors*: as there.
///
/// ```
/// use displace::{jacobian_determinant, Between, Extent, Field, Lattice, Scheme, Spacing};
/// let between = Between::new(Lattice::from_shape([2, 3], Extent::Edges)?, [3, 2], None)?;
/// let field = Field::from_vec([0.0f32, 0.0, 0.5, 0.0, 1.0, 0.0].repeat(2), 1, between)?;
/// assert_eq!(jacobian_determinant(&field.view(), Spacing::pixels(), Scheme::Central)?.as_slice(), [1.5; 6]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn jacobian_determinant<R: Real, const D: usize>(
    field: &FieldView<'_, R, D>,
    spacing: Spacing<D>,
    scheme: Scheme,
) -> Result<Dense<R, D>, JacobianError> {
    let shape = Shape { n: field.by().shape().n, c: 1, size: field.between().destination() };
    let mut out = Dense::zeroed(shape, Layout::Planar)?;
    jacobian_determinant_into(field, spacing, scheme, out.as_mut_slice())?;
    Ok(out)
}

/// [`jacobian_determinant`] into a buffer of `(N, [D,] H, W)`.
///
/// # Errors
/// As there, and if the buffer has another length.
pub fn jacobian_determinant_into<R: Real, const D: usize>(
    field: &FieldView<'_, R, D>,
    spacing: Spacing<D>,
    scheme: Scheme,
    out: &mut [R],
) -> Result<(), JacobianError> {
    derive(field, spacing, scheme, 1, true, out, determinants_of_volumes, |matrix, to| to[0] = determinant(matrix))
}

/// The determinants of a row's first pixels, in lanes, and how many those are: in volumes of `f32`.
#[inline(always)]
fn determinants_of_volumes<R: Real, const D: usize>(slopes: &Slopes<'_, '_, R, D>, along: &[Vec<R>; D], to: &mut [R]) -> usize {
    if D != 3 {
        return 0;
    }
    let single = |k: usize| R::as_f32(&along[k]);
    let (Some(x), Some(y), Some(z)) = (single(0), single(1), single(2)) else { return 0 };
    // All are `f32`: no digit is lost.
    let number = |number: R| number.to_f64() as f32;
    let matrix = |m: &[[R; D]; D]| std::array::from_fn(|i| std::array::from_fn(|k| number(m[i][k])));
    let own = std::array::from_fn(|k| number(slopes.own[k]));
    let scale: Option<[[f32; 3]; 3]> = slopes.scale.as_ref().map(matrix);
    let Some(to) = R::as_f32_mut(to) else { return 0 };
    in_lanes!(simd => determinants(simd, [x, y, z], own, scale.as_ref(), to))
}

/// No pixels at once.
fn none<R: Real, const D: usize>(_: &Slopes<'_, '_, R, D>, _: &[Vec<R>; D], _: &mut [R]) -> usize {
    0
}

/// The divergence of the displacement, `(N, [D,] H, W)`: the sum of the slopes of each component along its own axis. 0 where
/// nothing is displaced; the first order of the determinant minus 1.
///
/// *Units, exactness, errors*: as [`jacobian`].
pub fn divergence<R: Real, const D: usize>(
    field: &FieldView<'_, R, D>,
    spacing: Spacing<D>,
    scheme: Scheme,
) -> Result<Dense<R, D>, JacobianError> {
    derived(field, spacing, scheme, 1, false, |slopes, to| {
        to[0] = (1..D).fold(slopes[0][0], |sum, k| sum + slopes[k][k]);
    })
}

/// The curl of the displacement: in 2-D `d_y/dx - d_x/dy`, `(N, H, W, 1)`; in 3-D the vector
/// `(d_z/dy - d_y/dz, d_x/dz - d_z/dx, d_y/dx - d_x/dy)`, `(N, D, H, W, 3)`. Twice the angle of a small turn.
///
/// *Units, exactness, errors*: as [`jacobian`].
pub fn curl<R: Real, const D: usize>(
    field: &FieldView<'_, R, D>,
    spacing: Spacing<D>,
    scheme: Scheme,
) -> Result<Dense<R, D>, JacobianError> {
    derived(field, spacing, scheme, if D == 2 { 1 } else { 3 }, false, |slopes, to| {
        if D == 2 {
            to[0] = slopes[1][0] - slopes[0][1];
        } else {
            for (k, to) in to.iter_mut().enumerate() {
                let (a, b) = ((k + 1) % D, (k + 2) % D);
                *to = slopes[b][a] - slopes[a][b];
            }
        }
    })
}

/// The strain of the map at every destination pixel, a symmetric matrix row by row, `(N, [D,] H, W, D D)`.
///
/// *Units*: none; `F` is the matrix of [`jacobian`], so between different sizes a plain resize is strain unless `spacing` says
/// that its pixels are of other lengths. *Exactness, errors*: as there.
pub fn strain<R: Real, const D: usize>(
    field: &FieldView<'_, R, D>,
    spacing: Spacing<D>,
    scheme: Scheme,
    kind: Strain,
) -> Result<Dense<R, D>, JacobianError> {
    derived(field, spacing, scheme, D * D, true, |f, to| {
        for i in 0..D {
            for k in 0..D {
                let one = if i == k { R::ONE } else { R::ZERO };
                to[i * D + k] = match kind {
                    Strain::Small => (f[i][k] + f[k][i]) * R::HALF - one,
                    Strain::GreenLagrange => ((1..D).fold(f[0][i] * f[0][k], |sum, m| sum + f[m][i] * f[m][k]) - one) * R::HALF,
                };
            }
        }
    })
}

#[inline(always)]
fn determinant<R: Real, const D: usize>(m: &[[R; D]; D]) -> R {
    if D == 2 {
        return m[0][0] * m[1][1] - m[0][1] * m[1][0];
    }
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
}

/// [`derive`] into a new array, interleaved.
fn derived<R: Real, const D: usize>(
    field: &FieldView<'_, R, D>,
    spacing: Spacing<D>,
    scheme: Scheme,
    components: usize,
    of_map: bool,
    value: impl Fn(&[[R; D]; D], &mut [R]) + Sync,
) -> Result<Dense<R, D>, JacobianError> {
    let shape = Shape { n: field.by().shape().n, c: components, size: field.between().destination() };
    let mut out = Dense::zeroed(shape, Layout::Interleaved)?;
    derive(field, spacing, scheme, components, of_map, out.as_mut_slice(), none, value)?;
    Ok(out)
}

/// What `value` makes of the slopes at every pixel: those of the map, or those of the displacement. `first` does as many of a row as
/// it can at once.
#[allow(clippy::too_many_arguments)] // Two ways for each thing to be derived.
fn derive<R: Real, const D: usize>(
    field: &FieldView<'_, R, D>,
    spacing: Spacing<D>,
    scheme: Scheme,
    components: usize,
    of_map: bool,
    out: &mut [R],
    first: impl Fn(&Slopes<'_, '_, R, D>, &[Vec<R>; D], &mut [R]) -> usize + Sync,
    value: impl Fn(&[[R; D]; D], &mut [R]) + Sync,
) -> Result<(), JacobianError> {
    let between = field.between();
    let shape = Shape { n: field.by().shape().n, c: components, size: between.destination() };
    let expected = shape.elements()?;
    if out.len() != expected {
        return Err(OutputLenError { found: out.len(), expected }.into());
    }
    let rest = |k: usize| between.source().axes()[k].rest_line(between.rest(), shape.size[k]).slope;
    let own = std::array::from_fn(|k| R::from_f64(if of_map { rest(k) } else { 0.0 }));
    let factors = std::array::from_fn(|i| std::array::from_fn(|k| R::from_f64(spacing.factor(i, k))));
    let scale = (spacing != Spacing::pixels()).then_some(factors);
    let slopes = Slopes { field, scheme, own, scale };
    for_each_band(out, shape, Layout::Interleaved, |band| slopes.band(band, components, &first, &value));
    Ok(())
}

struct Slopes<'f, 'a, R, const D: usize> {
    field: &'f FieldView<'a, R, D>,
    scheme: Scheme,
    /// What each component changes by along its own axis besides its displacement.
    own: [R; D],
    scale: Option<[[R; D]; D]>,
}

impl<R: Real, const D: usize> Slopes<'_, '_, R, D> {
    fn band(
        &self,
        band: &mut Band<'_, R>,
        components: usize,
        first: &impl Fn(&Self, &[Vec<R>; D], &mut [R]) -> usize,
        value: &impl Fn(&[[R; D]; D], &mut [R]),
    ) {
        let size = self.field.between().destination();
        let planes: [_; D] = std::array::from_fn(|k| self.field.by().plane(band.n, k));
        let dense = self.field.by().side_by_side();
        let mut rows: [Vec<R>; 2] = std::array::from_fn(|_| Vec::new());
        let mut slopes: [Vec<R>; D] = std::array::from_fn(|_| vec![R::ZERO; size[0] * D]);
        for row in 0..band.rows {
            let index = row_index(band.first_row + row, &size);
            for k in 1..D {
                let Some((low, high, factor)) = self.scheme.ends(index[k], size[k]) else { continue };
                let at = |j: usize| {
                    let mut index = index;
                    index[k] = j;
                    index
                };
                let [one, other] = &mut rows;
                let low = numbers(&planes, at(low), dense, size[0], one);
                let high = numbers(&planes, at(high), dense, size[0], other);
                let factor = R::from_f64(factor);
                vectorised(
                    #[inline(always)]
                    || {
                        for ((to, low), high) in slopes[k].iter_mut().zip(low).zip(high) {
                            *to = (*high - *low) * factor;
                        }
                    },
                );
            }
            let along = numbers(&planes, index, dense, size[0], &mut rows[0]);
            self.along(along, &mut slopes[0]);
            let to = band.interleaved_row(row);
            let done = first(self, &slopes, to);
            vectorised(
                #[inline(always)]
                || self.values(&slopes, components, done, to, value),
            );
        }
    }

    /// The slopes along x of a row.
    fn along(&self, row: &[R], to: &mut [R]) {
        let len = row.len() / D;
        let mut one = |x: usize| {
            let Some((low, high, factor)) = self.scheme.ends(x, len) else { return };
            for i in 0..D {
                to[x * D + i] = (row[high * D + i] - row[low * D + i]) * R::from_f64(factor);
            }
        };
        if len < 3 {
            (0..len).for_each(one);
            return;
        }
        one(0);
        one(len - 1);
        // All between alike.
        let (back, ahead, factor) = match self.scheme {
            Scheme::Central => (1, 1, R::HALF),
            Scheme::Forward => (0, 1, R::ONE),
            Scheme::Backward => (1, 0, R::ONE),
        };
        let inner = (len - 2) * D;
        let (low, high) = (&row[(1 - back) * D..][..inner], &row[(1 + ahead) * D..][..inner]);
        vectorised(
            #[inline(always)]
            || {
                for ((to, low), high) in to[D..][..inner].iter_mut().zip(low).zip(high) {
                    *to = (*high - *low) * factor;
                }
            },
        );
    }

    /// What is made of the slopes of a row from the pixel `done` on.
    #[inline(always)]
    fn values(&self, slopes: &[Vec<R>; D], components: usize, done: usize, to: &mut [R], value: &impl Fn(&[[R; D]; D], &mut [R])) {
        let len = to.len() / components;
        let slopes: [&[R]; D] = std::array::from_fn(|k| &slopes[k][..len * D]);
        for x in done..len {
            let mut matrix = [[R::ZERO; D]; D];
            for i in 0..D {
                for k in 0..D {
                    matrix[i][k] = slopes[k][x * D + i];
                }
                matrix[i][i] = matrix[i][i] + self.own[i];
                for k in 0..D {
                    if let Some(scale) = &self.scale {
                        matrix[i][k] = matrix[i][k] * scale[i][k];
                    }
                }
            }
            value(&matrix, &mut to[x * components..][..components]);
        }
    }
}

/// The numbers of a row, components side by side: where they lie, if they lie so.
fn numbers<'r, R: Real, const D: usize>(
    planes: &[Plane<'r, R, D>; D],
    index: [usize; D],
    dense: bool,
    len: usize,
    copy: &'r mut Vec<R>,
) -> &'r [R] {
    if dense {
        return &planes[0].data[planes[0].row(index) as usize..][..len * D];
    }
    copy.clear();
    for x in 0..len {
        for plane in planes {
            copy.push(plane.data[(plane.row(index) + x as isize * plane.strides[0]) as usize]);
        }
    }
    copy
}
