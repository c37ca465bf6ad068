//! Strided views: where in a buffer each number of a batch of images, grids or fields lies. The only home of strides.

use crate::error::{SizeText, ViewError};

/// The shape of a batch: `n` samples of `c` components on a lattice of `size` pixels, x first.
///
/// An image has channels as components, a grid or field one component per source axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape<const D: usize> {
    /// Samples.
    pub n: usize,
    /// Components.
    pub c: usize,
    /// Pixels along each axis, x first.
    pub size: [usize; D],
}

impl<const D: usize> Shape<D> {
    /// The longest axis of a destination: indices and distances of indices fit 32 bits.
    pub const MAX_LEN: usize = 1 << 30;

    /// Number of elements.
    pub fn elements(&self) -> Result<usize, ViewError> {
        // An empty batch of absurd size is still empty.
        if self.n == 0 || self.c == 0 || self.size.contains(&0) {
            return Ok(0);
        }
        let count = self.size.iter().try_fold(self.n.checked_mul(self.c), |count, len| Some(count?.checked_mul(*len)));
        match count.flatten() {
            Some(count) if count <= isize::MAX as usize / 8 && self.size.iter().all(|len| *len <= Self::MAX_LEN) => Ok(count),
            _ => Err(ViewError::Overflow { shape: SizeText::from_xy(&self.size), n: self.n, c: self.c }),
        }
    }

    /// Pixels of one component of one sample.
    #[must_use]
    pub fn pixels(&self) -> usize {
        self.size.iter().product()
    }
}

/// Steps in elements between neighbours along each direction; any sign, 0 to repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strides<const D: usize> {
    /// From sample to sample.
    pub n: isize,
    /// From component to component.
    pub c: isize,
    /// From pixel to pixel along each axis, x first.
    pub size: [isize; D],
}

/// The two dense orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Component planes one after the other: `(N, C, [D,] H, W)`, torch's images.
    Planar,
    /// Components side by side at each pixel: `(N, [D,] H, W, C)`, grids, fields and most image files.
    Interleaved,
}

impl Layout {
    /// The strides of a dense buffer.
    #[must_use]
    pub fn strides<const D: usize>(self, shape: &Shape<D>) -> Strides<D> {
        let mut step = match self {
            Self::Planar => 1,
            Self::Interleaved => shape.c as isize,
        };
        let size = shape.size.map(|len| {
            let this = step;
            step = step.wrapping_mul(len as isize);
            this
        });
        match self {
            Self::Planar => Strides { n: step.wrapping_mul(shape.c as isize), c: step, size },
            Self::Interleaved => Strides { n: step, c: 1, size },
        }
    }
}

/// A view into a buffer, checked once at birth: any strides, so that planar, interleaved, cropped, transposed and
/// mirrored data are read where they lie.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T, const D: usize> {
    data: &'a [T],
    origin: usize,
    shape: Shape<D>,
    strides: Strides<D>,
}

impl<'a, T, const D: usize> View<'a, T, D> {
    /// A dense buffer.
    pub fn dense(data: &'a [T], shape: Shape<D>, layout: Layout) -> Result<Self, ViewError> {
        let expected = shape.elements()?;
        if data.len() != expected {
            return Err(ViewError::Length {
                shape: SizeText::from_xy(&shape.size),
                n: shape.n,
                c: shape.c,
                expected,
                found: data.len(),
            });
        }
        Ok(Self { data, origin: 0, shape, strides: layout.strides(&shape) })
    }

    /// `(N, C, [D,] H, W)`, torch's order of an image.
    pub fn planar(data: &'a [T], shape: Shape<D>) -> Result<Self, ViewError> {
        Self::dense(data, shape, Layout::Planar)
    }

    /// `(N, [D,] H, W, C)`, torch's order of a grid.
    pub fn interleaved(data: &'a [T], shape: Shape<D>) -> Result<Self, ViewError> {
        Self::dense(data, shape, Layout::Interleaved)
    }

    /// Any strides: the first element of the first sample is at `origin`.
    pub fn strided(data: &'a [T], origin: usize, shape: Shape<D>, strides: Strides<D>) -> Result<Self, ViewError> {
        let mut low = origin as i128;
        let mut high = low;
        if shape.elements()? > 0 {
            let steps = strides.size.iter().zip(&shape.size).chain([(&strides.n, &shape.n), (&strides.c, &shape.c)]);
            for (step, len) in steps {
                let reach = *step as i128 * (*len as i128 - 1);
                if reach < 0 { low += reach } else { high += reach }
            }
            if low < 0 || high >= data.len() as i128 {
                return Err(ViewError::Stride { reached: if low < 0 { low } else { high }, len: data.len() });
            }
        }
        Ok(Self { data, origin, shape, strides })
    }

    /// The shape.
    #[must_use]
    pub const fn shape(&self) -> Shape<D> {
        self.shape
    }

    /// The window of `size` pixels that starts at `start`, x first.
    pub fn crop(&self, start: [usize; D], size: [usize; D]) -> Result<Self, ViewError> {
        let inside = (0..D).all(|k| start[k].checked_add(size[k]).is_some_and(|end| end <= self.shape.size[k]));
        if !inside {
            let text = SizeText::from_xy;
            return Err(ViewError::Window { start: text(&start), size: text(&size), of: text(&self.shape.size) });
        }
        let shape = Shape { size, ..self.shape };
        let mut origin = self.origin as isize;
        if shape.elements()? > 0 {
            origin += (0..D).map(|k| start[k] as isize * self.strides.size[k]).sum::<isize>();
        }
        Ok(Self { origin: origin as usize, shape, ..*self })
    }

    /// The same pixels with x and y exchanged.
    #[must_use]
    pub fn transposed(mut self) -> Self {
        self.shape.size.swap(0, 1);
        self.strides.size.swap(0, 1);
        self
    }

    /// One sample, or the only one.
    pub(crate) fn sample(&self, n: usize) -> Self {
        let origin = if self.shape.n == 1 { self.origin } else { (self.origin as isize + n as isize * self.strides.n) as usize };
        Self { origin, shape: Shape { n: 1, ..self.shape }, ..*self }
    }

    /// A batch of one for `n` samples: the same numbers again for each.
    pub(crate) fn repeated(mut self, n: usize) -> Self {
        if self.shape.n == 1 {
            self.shape.n = n;
            self.strides.n = 0;
        }
        self
    }

    /// One number.
    #[must_use]
    pub fn get(&self, n: usize, c: usize, at: [usize; D]) -> Option<&'a T> {
        let inside = n < self.shape.n && c < self.shape.c && (0..D).all(|k| at[k] < self.shape.size[k]);
        let plane = inside.then(|| self.plane(n, c))?;
        let offset: isize = (0..D).map(|k| at[k] as isize * plane.strides[k]).sum();
        self.data.get((plane.origin + offset) as usize)
    }

    /// Whether the components of a pixel lie side by side, pixels next to each other.
    pub(crate) const fn side_by_side(&self) -> bool {
        self.strides.c == 1 && self.strides.size[0] == self.shape.c as isize
    }

    /// One component of one sample; a batch of one serves every `n`.
    pub(crate) fn plane(&self, n: usize, c: usize) -> Plane<'a, T, D> {
        let n = if self.shape.n == 1 { 0 } else { n };
        let origin = self.origin as isize + n as isize * self.strides.n + c as isize * self.strides.c;
        Plane { data: self.data, origin, strides: self.strides.size, size: self.shape.size }
    }
}

/// One component of one sample.
#[derive(Clone, Copy)]
pub(crate) struct Plane<'a, T, const D: usize> {
    pub(crate) data: &'a [T],
    pub(crate) origin: isize,
    pub(crate) strides: [isize; D],
    pub(crate) size: [usize; D],
}

impl<T: Copy, const D: usize> Plane<'_, T, D> {
    /// The value at a pixel inside.
    #[inline(always)]
    pub(crate) fn at(&self, pixel: [i32; D]) -> T {
        let mut index = self.origin;
        for k in 0..D {
            index += pixel[k] as isize * self.strides[k];
        }
        self.data[index as usize]
    }

    /// The position of a row's first pixel, given the row's indices from y on.
    #[inline(always)]
    pub(crate) fn row(&self, row: [usize; D]) -> isize {
        let mut index = self.origin;
        for k in 1..D {
            index += row[k] as isize * self.strides[k];
        }
        index
    }
}

/// An owned dense batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense<T, const D: usize> {
    data: Vec<T>,
    shape: Shape<D>,
    layout: Layout,
}

impl<T: Copy + Default, const D: usize> Dense<T, D> {
    /// All default (zero).
    pub fn zeroed(shape: Shape<D>, layout: Layout) -> Result<Self, ViewError> {
        let elements = shape.elements()?;
        // Asked for first, so that a refusal is an error and not an abort; the zeroed allocation itself costs no pass.
        if Vec::<T>::new().try_reserve_exact(elements).is_err() {
            return Err(ViewError::Memory { bytes: elements * size_of::<T>() });
        }
        Ok(Self { data: vec![T::default(); elements], shape, layout })
    }
}

impl<T, const D: usize> Dense<T, D> {
    /// A buffer with its shape.
    pub fn from_vec(data: Vec<T>, shape: Shape<D>, layout: Layout) -> Result<Self, ViewError> {
        View::dense(&data, shape, layout)?;
        Ok(Self { data, shape, layout })
    }

    /// Everything.
    #[must_use]
    pub fn view(&self) -> View<'_, T, D> {
        View { data: &self.data, origin: 0, shape: self.shape, strides: self.layout.strides(&self.shape) }
    }

    /// The numbers in their order.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.data
    }

    /// The numbers in their order.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// The buffer itself.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.data
    }

    /// The shape.
    #[must_use]
    pub const fn shape(&self) -> Shape<D> {
        self.shape
    }

    /// The order.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.layout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_of_one_buffer_agree() {
        // 1 sample, 2 components, 3 wide, 2 high.
        let shape = Shape { n: 1, c: 2, size: [3, 2] };
        let data: Vec<i32> = (0..12).collect();
        let planar = View::planar(&data, shape).unwrap();
        assert_eq!(planar.get(0, 1, [2, 1]), Some(&11));
        let interleaved = View::interleaved(&data, shape).unwrap();
        assert_eq!(interleaved.get(0, 1, [2, 1]), Some(&11));
        assert_eq!(interleaved.get(0, 1, [1, 0]), Some(&3));
        assert_eq!(planar.crop([1, 1], [2, 1]).unwrap().get(0, 0, [0, 0]), Some(&4));
        assert_eq!(planar.transposed().get(0, 0, [1, 2]), Some(&5));
        let flipped = View::strided(&data, 5, Shape { n: 1, c: 1, size: [3, 2] }, Strides { n: 0, c: 0, size: [-1, -3] }).unwrap();
        assert_eq!(flipped.get(0, 0, [0, 0]), Some(&5));
        assert_eq!(flipped.get(0, 0, [2, 1]), Some(&0));
    }

    #[test]
    fn wrong_shapes_are_refused() {
        let data = [0u8; 5];
        assert!(
            View::planar(&data, Shape { n: 1, c: 1, size: [2, 3] })
                .unwrap_err()
                .to_string()
                .contains("has 6 elements, the buffer 5")
        );
        assert!(View::planar(&data, Shape { n: usize::MAX, c: 9, size: [2, 3] }).is_err());
        let strides = Strides { n: 0, c: 0, size: [2, 1] };
        assert!(View::strided(&data, 0, Shape { n: 1, c: 1, size: [3, 2] }, strides).is_err());
        assert!(View::strided(&data, 1, Shape { n: 1, c: 1, size: [2, 1] }, Strides { n: 0, c: 0, size: [-2, 1] }).is_err());
        assert!(View::planar(&data[..0], Shape { n: 0, c: 3, size: [2, 3] }).is_ok());
    }
}
