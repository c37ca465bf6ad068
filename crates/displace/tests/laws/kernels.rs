//! The kernels are the specification, bit for bit: `sample` against `reference::sample` in the same float types, for
//! every image type, location type, mode, padding, extent and language of locations.

use crate::common::{EXTENTS, Float, Rng, Value, bits, interleaved, samplers};
use crate::for_every_image;
use displace::{Dense, Extent, FieldView, Grid, Lattice, Layout, Locations, Real, Rest, Sampler, Shape, View};
use displace::{bf16, f16, reference, sample, sample_into};

/// What blends are computed in: f64 if either is.
type Acc<T, L> = <<T as displace::Sample>::Acc as Real>::With<<L as displace::Location>::Real>;

/// A place in source pixels: anywhere near the image, and where rules change.
fn place(len: usize, rng: &mut Rng) -> f64 {
    let whole = rng.below(len) as f64;
    let sign = if rng.below(2) == 0 { 1.0 } else { -1.0 };
    match rng.below(24) {
        0 => whole,
        1 => whole + 0.5,
        // As near below a whole number, or half-way, as a float comes.
        2 => f64::from((whole as f32).next_down()),
        3 => whole.next_down(),
        4 => f64::from((whole as f32 + 0.5).next_down()),
        5 => -0.5,
        6 => len as f64 - 0.5,
        7 => -1.0,
        8 => len as f64,
        9 => f64::from(rng.pick(&[-1e-30f32, 1e-30, -1e-7, 1e-7])),
        10 => sign * rng.within(1.0, 12.0) * len as f64,
        11 => sign * (rng.below(1000) as f64 / 2.0),
        12 => sign * rng.pick(&[1e5, 4_194_304.0, 8_388_607.5, 1e10, 1e17, 3e38, 1e300]),
        13 => sign * f64::INFINITY,
        14 => f64::NAN,
        15 => -0.0,
        _ => rng.within(-2.0, len as f64 + 1.0),
    }
}

fn destination<const D: usize>(rng: &mut Rng) -> [usize; D] {
    // Now and then longer than any block that a kernel may cut rows into.
    let long = if rng.below(6) == 0 { 300 + rng.below(40) } else { 1 + rng.below(40) };
    let mut size = [0; D];
    for (k, len) in size.iter_mut().enumerate() {
        *len = if k == 0 { long } else { 1 + rng.below(3) };
    }
    size
}

fn agree<T: Value, L: Float, const D: usize>(rng: &mut Rng) -> usize {
    let mut values = 0;
    for sampler in samplers() {
        for extent in EXTENTS {
            for kind in 0..4 {
                let source: [usize; D] = std::array::from_fn(|_| 1 + rng.bits() as usize % rng.pick(&[2, 11, 11, 11]));
                let image_shape = Shape { n: 1, c: rng.pick(&[1, 2, 2, 3, 4, 9]), size: source };
                // Half of the images hold infinities and NaN.
                let strange = rng.below(2) == 0;
                // A third of the locations do not leave the image: kernels have a short way for them.
                let calm = rng.below(3) == 0;
                let pixels: Vec<T> = (0..image_shape.elements().unwrap())
                    .map(|_| if strange && rng.below(4) == 0 { T::any(rng) } else { T::ordinary(rng) })
                    .collect();
                let image = View::planar(&pixels, image_shape).unwrap();
                let size = destination(rng);
                let numbers = numbers::<L, D>(kind, source, size, extent, calm, rng);
                let shape = Shape { n: 1, c: D, size };
                let at = View::interleaved(&numbers, shape).unwrap();
                let lattice = Lattice::from_xy(source, extent).unwrap();
                let locations: Locations<'_, L, D> = match kind {
                    0 => Grid::new(at, lattice).unwrap().into(),
                    1 => Locations::pixels(at, lattice).unwrap(),
                    2 => FieldView::new(at, lattice, Some(Rest::Index)).unwrap().into(),
                    _ => FieldView::new(at, lattice, Some(Rest::Extent)).unwrap().into(),
                };
                let fast = sample(&image, &locations, sampler).unwrap();
                let plain = reference::sample::<T, L, L::Real, Acc<T, L>, D>(&image, &locations, sampler).unwrap();
                for (i, (a, b)) in bits(fast.as_slice()).into_iter().zip(bits(plain.as_slice())).enumerate() {
                    let pixel = i % shape.pixels();
                    let read: Vec<f64> = numbers[pixel * D..][..D].iter().map(|g| g.f64()).collect();
                    assert!(
                        a == b,
                        "{:?} at {:?}: {sampler:?} {extent:?} kind {kind} source {source:?} destination {size:?} pixel {pixel} \
                         number {read:?}: kernel {:?}, reference {:?}",
                        T::DTYPE,
                        L::DTYPE,
                        fast.as_slice()[i],
                        plain.as_slice()[i],
                    );
                }
                values += fast.as_slice().len();
                side_by_side(&pixels, image_shape, &locations, sampler, &fast);
            }
        }
    }
    values
}

/// The same with the channels of the image side by side, into either layout.
fn side_by_side<T: Value, L: Float, const D: usize>(
    planar: &[T],
    shape: Shape<D>,
    at: &Locations<'_, L, D>,
    sampler: Sampler,
    expected: &Dense<T, D>,
) {
    let mixed = interleaved(planar, shape);
    let image = View::interleaved(&mixed, shape).unwrap();
    let mut out = vec![T::default(); expected.as_slice().len()];
    sample_into(&image, at, sampler, Layout::Planar, &mut out).unwrap();
    assert_eq!(bits(&out), bits(expected.as_slice()), "{:?} {sampler:?} {shape:?} to planar", T::DTYPE);
    sample_into(&image, at, sampler, Layout::Interleaved, &mut out).unwrap();
    assert_eq!(bits(&out), bits(&interleaved(expected.as_slice(), expected.shape())), "{:?} {sampler:?} {shape:?}", T::DTYPE);
}

/// Many planes, more blocks than are worked on together: the one that follows a batch must not be lost or read twice.
#[test]
fn batches_of_blocks_are_the_reference() {
    let mut rng = Rng::new(92);
    let rng = &mut rng;
    for (size, calm) in [([70, 40], false), ([300, 12], true), ([513, 7], false), ([5, 33], false)] {
        for sampler in samplers() {
            let (source, extent) = ([23, 17], Extent::Edges);
            let image_shape = Shape { n: 2, c: 9, size: source };
            let pixels: Vec<f32> = (0..image_shape.elements().unwrap()).map(|_| f32::ordinary(rng)).collect();
            let image = View::planar(&pixels, image_shape).unwrap();
            let numbers = numbers::<f32, 2>(1, source, size, extent, calm, rng);
            let at = View::interleaved(&numbers, Shape { n: 1, c: 2, size }).unwrap();
            let locations = Locations::pixels(at, Lattice::from_xy(source, extent).unwrap()).unwrap();
            let fast = sample(&image, &locations, sampler).unwrap();
            let plain = reference::sample::<f32, f32, f32, f32, 2>(&image, &locations, sampler).unwrap();
            let (fast, plain) = (bits(fast.as_slice()), bits(plain.as_slice()));
            let wrong = (0..fast.len()).find(|i| fast[*i] != plain[*i]);
            let places = wrong.map(|i| &numbers[i % (size[0] * size[1]) * 2..][..2]);
            assert_eq!(wrong, None, "{sampler:?} {size:?} at {places:?}");
        }
    }
}

/// Places as the numbers of a grid, of absolute pixels, or of displacements from either rest.
fn numbers<L: Float, const D: usize>(
    kind: usize,
    source: [usize; D],
    size: [usize; D],
    extent: Extent,
    calm: bool,
    rng: &mut Rng,
) -> Vec<L> {
    let lattice = Lattice::from_xy(source, extent).unwrap();
    let mut numbers = Vec::new();
    for pixel in 0..size.iter().product() {
        let mut rest = pixel;
        for k in 0..D {
            let j = rest % size[k];
            rest /= size[k];
            let axis = lattice.axes()[k];
            let last = source[k] as f64 - 1.0;
            let p = if calm { (last + 1e-3) * rng.unit() } else { place(source[k], rng) };
            let number = match kind {
                0 if axis.span() == 0 => p,
                0 => (p - axis.middle::<f64>()) / axis.slope::<f64>(),
                1 => p,
                2 => p - axis.rest_place(Rest::Index, size[k], j).to_f64(),
                _ => p - axis.rest_place(Rest::Extent, size[k], j).to_f64(),
            };
            numbers.push(L::near(number));
        }
    }
    numbers
}

fn every<T: Value>() -> usize {
    let mut rng = Rng::new(91);
    let rng = &mut rng;
    let mut values = 0;
    for _ in 0..2 {
        values += agree::<T, f32, 2>(rng) + agree::<T, f64, 2>(rng) + agree::<T, f16, 2>(rng) + agree::<T, bf16, 2>(rng);
        values += agree::<T, f32, 3>(rng) + agree::<T, f64, 3>(rng) + agree::<T, f16, 3>(rng) + agree::<T, bf16, 3>(rng);
    }
    values
}

#[test]
fn kernels_are_the_reference() {
    let values = for_every_image!(every());
    println!("{values} values");
    assert!(values > 4_000_000, "{values}");
}
