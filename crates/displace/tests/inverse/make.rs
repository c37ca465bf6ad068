//! Fields to invert.

use crate::common::{Float, Rng};
use displace::{Between, Extent, Field, Inverse, InvertOptions, Lattice, Rest, invert};

/// A field between lattices of one size (x first), from the displacement of each pixel.
pub(crate) fn field<T: Float, const D: usize>(size: [usize; D], by: impl FnMut([usize; D]) -> [f64; D]) -> Field<T, D> {
    between(size, size, Extent::Edges, None, by)
}

/// A field that reads a source of another size.
pub(crate) fn between<T: Float, const D: usize>(
    source: [usize; D],
    destination: [usize; D],
    extent: Extent,
    rest: Option<Rest>,
    mut by: impl FnMut([usize; D]) -> [f64; D],
) -> Field<T, D> {
    let numbers = pixels(destination).into_iter().flat_map(|pixel| by(pixel).map(T::near)).collect();
    let source = Lattice::from_xy(source, extent).expect("a lattice");
    Field::from_vec(numbers, 1, Between::new(source, destination, rest).expect("a rest")).expect("a field")
}

/// All pixels in order.
pub(crate) fn pixels<const D: usize>(size: [usize; D]) -> Vec<[usize; D]> {
    let index = |mut at: usize| {
        std::array::from_fn(|k| {
            let index = at % size[k];
            at /= size[k];
            index
        })
    };
    (0..size.iter().product()).map(index).collect()
}

/// Random displacements, each at most `amplitude` along each axis.
pub(crate) fn noise<T: Float, const D: usize>(size: [usize; D], amplitude: f64, rng: &mut Rng) -> Field<T, D> {
    field(size, |_| std::array::from_fn(|_| rng.within(-amplitude, amplitude)))
}

/// A sum of waves of `period` pixels.
pub(crate) fn waves<T: Float, const D: usize>(size: [usize; D], amplitude: f64, period: f64, rng: &mut Rng) -> Field<T, D> {
    let phase: [[f64; D]; D] = std::array::from_fn(|_| std::array::from_fn(|_| rng.within(0.0, 6.0)));
    field(size, |pixel| {
        std::array::from_fn(|i| {
            let wave = |k: usize| (pixel[k] as f64 * std::f64::consts::TAU / period + phase[i][k]).sin();
            amplitude * (0..D).map(wave).sum::<f64>() / D as f64
        })
    })
}

/// The exact inverse with all options left alone.
pub(crate) fn exact<T: Float, const D: usize>(field: &Field<T, D>) -> Inverse<T::Real, D> {
    invert(&field.view().into(), InvertOptions::default()).expect("an inverse")
}
