//! Random images, locations, upstream gradients and tangents.

use crate::common::{Float, Rng, Value};
use displace::{Extent, FieldView, Grid, Lattice, Locations, Real, Rest, Sample, Shape, View};

/// What blends are computed in: f64 if either is.
pub(crate) type Acc<T, L> = <<T as Sample>::Acc as Real>::With<<L as displace::Location>::Real>;

/// Grid, pixel map, displacements from either rest.
pub(crate) const KINDS: usize = 4;

pub(crate) struct Case<T, L, const D: usize> {
    pub(crate) kind: usize,
    pub(crate) lattice: Lattice<D>,
    pub(crate) image_shape: Shape<D>,
    pub(crate) at_shape: Shape<D>,
    /// Of the result.
    pub(crate) shape: Shape<D>,
    pub(crate) image: Vec<T>,
    /// Interleaved.
    pub(crate) at: Vec<L>,
    pub(crate) grad: Vec<T>,
    pub(crate) tangent_image: Vec<T>,
    /// Interleaved.
    pub(crate) tangent_at: Vec<L>,
}

/// How many images and how many sets of locations.
pub(crate) const BATCHES: [[usize; 2]; 4] = [[1, 1], [2, 2], [1, 3], [3, 1]];

impl<T: Value, L: Float, const D: usize> Case<T, L, D> {
    /// `place` picks a location in pixels on an axis.
    pub(crate) fn new(
        [images, sets]: [usize; 2],
        source: [usize; D],
        destination: [usize; D],
        extent: Extent,
        kind: usize,
        rng: &mut Rng,
        place: impl Fn(usize, &mut Rng) -> f64,
    ) -> Self {
        let lattice = Lattice::from_xy(source, extent).unwrap();
        let image_shape = Shape { n: images, c: 1 + rng.below(3), size: source };
        let at_shape = Shape { n: sets, c: D, size: destination };
        let shape = Shape { n: images.max(sets), c: image_shape.c, size: destination };
        let mut at = Vec::new();
        for pixel in 0..at_shape.n * at_shape.pixels() {
            let mut rest = pixel % at_shape.pixels();
            for k in 0..D {
                let j = rest % destination[k];
                rest /= destination[k];
                let axis = lattice.axes()[k];
                let p = place(source[k], rng);
                at.push(L::near(match kind {
                    0 if axis.span() == 0 => p,
                    0 => (p - axis.middle::<f64>()) / axis.slope::<f64>(),
                    1 => p,
                    2 => p - axis.rest_place(Rest::Index, destination[k], j).to_f64(),
                    _ => p - axis.rest_place(Rest::Extent, destination[k], j).to_f64(),
                }));
            }
        }
        let values = |shape: Shape<D>, rng: &mut Rng| {
            (0..shape.elements().unwrap())
                .map(|_| if rng.below(12) == 0 { T::default() } else { T::narrow(rng.within(-2.0, 2.0)) })
                .collect()
        };
        let (image, grad, tangent_image) = (values(image_shape, rng), values(shape, rng), values(image_shape, rng));
        let tangent_at = at.iter().map(|_| L::near(rng.within(-1.0, 1.0))).collect();
        Self { kind, lattice, image_shape, at_shape, shape, image, at, grad, tangent_image, tangent_at }
    }

    pub(crate) fn image(&self) -> View<'_, T, D> {
        View::planar(&self.image, self.image_shape).unwrap()
    }

    pub(crate) fn grad(&self) -> View<'_, T, D> {
        View::planar(&self.grad, self.shape).unwrap()
    }

    pub(crate) fn tangent_image(&self) -> View<'_, T, D> {
        View::planar(&self.tangent_image, self.image_shape).unwrap()
    }

    pub(crate) fn tangent_at(&self) -> View<'_, L, D> {
        View::interleaved(&self.tangent_at, self.at_shape).unwrap()
    }

    pub(crate) fn locations(&self) -> Locations<'_, L, D> {
        self.read(View::interleaved(&self.at, self.at_shape).unwrap())
    }

    /// The same kind of locations from other numbers.
    pub(crate) fn read<'a>(&self, at: View<'a, L, D>) -> Locations<'a, L, D> {
        match self.kind {
            0 => Grid::new(at, self.lattice).unwrap().into(),
            1 => Locations::pixels(at, self.lattice).unwrap(),
            2 => FieldView::new(at, self.lattice, Some(Rest::Index)).unwrap().into(),
            _ => FieldView::new(at, self.lattice, Some(Rest::Extent)).unwrap().into(),
        }
    }
}
