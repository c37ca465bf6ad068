//! Eight pixels at a time and one at a time give the same bits.

use super::*;
use crate::axis::Extent;
use crate::grid::Grid;
use crate::lattice::Lattice;
use crate::view::Strides;
use half::{bf16, f16};

/// SplitMix64, as in the integration tests.
struct Rng(u64);

impl Rng {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.bits() % end as u64) as usize
    }

    fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 * 2f64.powi(-53)
    }
}

/// What a case is made of besides its sizes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Numbers {
    /// Near the identity, at most a few pixels outside.
    Near,
    /// Anywhere, half of it on pixels, at ends and outside.
    Anywhere,
    /// Anywhere, and infinities and NaN in images, locations and upstream gradients.
    Strange,
}

/// A place in pixels.
fn place(numbers: Numbers, k: usize, index: usize, destination: usize, len: usize, rng: &mut Rng) -> f64 {
    let (whole, far) = (rng.below(len) as f64, len as f64);
    let anywhere = match rng.below(if k == 0 { 12 } else { 24 }) {
        0 => whole,
        1 => [0.0, far - 1.0, -1.0, far, -0.5, far - 0.5][rng.below(6)],
        2 => rng.within(-4.0, 4.0) * far,
        3 => whole + 0.5,
        4 if numbers == Numbers::Strange => [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e12][rng.below(4)],
        _ => rng.within(-1.5, far + 0.5),
    };
    if numbers == Numbers::Near { (index as f64 + 0.5) / destination as f64 * far - 0.5 + rng.within(-2.5, 2.5) } else { anywhere }
}

fn bits<T: Sample>(values: &[T]) -> Vec<u64> {
    values.iter().map(|value| value.widen::<f64>()).map(|v| if v.is_nan() { u64::MAX } else { v.to_bits() }).collect()
}

fn agree<T: Sample + Location, const D: usize>(
    padding: Padding,
    extent: Extent,
    [images, sets]: [usize; 2],
    source: [usize; D],
    destination: [usize; D],
    numbers: Numbers,
    rng: &mut Rng,
) {
    let lattice = Lattice::from_xy(source, extent).unwrap();
    let image_shape = Shape { n: images, c: 1 + rng.below(3), size: source };
    let shape = Shape { n: images.max(sets), c: image_shape.c, size: destination };
    let at_shape = Shape { n: sets, c: D, size: destination };
    let mut values = |len: usize| -> Vec<T> {
        let strange = |rng: &mut Rng| numbers == Numbers::Strange && rng.below(40) == 0;
        (0..len)
            .map(|_| if strange(rng) { [f64::NAN, f64::INFINITY, 0.0][rng.below(3)] } else { rng.within(-2.0, 2.0) })
            .map(T::narrow)
            .collect()
    };
    let (image, grad) = (values(image_shape.elements().unwrap()), values(shape.elements().unwrap()));
    let mut at = Vec::new();
    for pixel in 0..at_shape.n * at_shape.pixels() {
        let mut rest = pixel % at_shape.pixels();
        for k in 0..D {
            let p = place(numbers, k, rest % destination[k], destination[k], source[k], rng);
            rest /= destination[k];
            let axis = lattice.axes()[k];
            at.push(if axis.span() == 0 { p } else { (p - axis.middle::<f64>()) / axis.slope::<f64>() } as f32);
        }
    }
    let at: Locations<'_, f32, D> = Grid::new(View::interleaved(&at, at_shape).unwrap(), lattice).unwrap().into();
    // Channels first or last; one number for all upstream gradients now and then.
    let layout = [Layout::Planar, Layout::Planar, Layout::Interleaved][rng.below(3)];
    let image = View::dense(&image, image_shape, layout).unwrap();
    let mut upstream = View::planar(&grad, shape).unwrap();
    if rng.below(4) == 0 {
        upstream = View::strided(&grad, 0, shape, Strides { n: 0, c: 0, size: [0; D] }).unwrap();
    }
    let mut plan = Plan::new(&upstream, &image, &at, None, Sampler { interp: Interp::Linear, padding }).unwrap();
    assert!(plan.lanes && plan.terrain.is_some());
    let both = |plan: &Plan<'_, '_, T, f32, D>| {
        let mut to_image = vec![T::narrow(f64::NAN); image_shape.elements().unwrap()];
        let mut to_at = vec![f32::NAN; at_shape.elements().unwrap()];
        plan.gradients(Some(&mut to_image), Some(&mut to_at)).unwrap();
        [bits(&to_image), bits(&to_at)]
    };
    let found = both(&plan);
    let shared = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap().install(|| both(&plan));
    (plan.lanes, plan.terrain) = (false, None);
    let what = format!("{padding:?} {extent:?} {images} {sets} {source:?} {destination:?} {layout:?} {numbers:?}");
    for (expected, (found, shared)) in both(&plan).iter().zip(found.iter().zip(&shared)) {
        assert!(found == expected, "{what}: {:?}", (0..found.len()).find(|i| found[*i] != expected[*i]));
        assert!(found == shared, "{what}: by three threads");
    }
}

const PADDINGS: [Padding; 5] = [Padding::Zeros, Padding::Constant(1.5), Padding::Border, Padding::Reflection, Padding::Wrap];
const WIDTHS: [usize; 9] = [1, 2, 3, 7, 8, 9, 31, 64, 257];

fn all<T: Sample + Location>(seed: u64) {
    let mut rng = Rng(seed);
    for padding in PADDINGS {
        for extent in [Extent::Edges, Extent::Centers] {
            for numbers in [Numbers::Near, Numbers::Anywhere, Numbers::Strange] {
                for width in WIDTHS {
                    let batches = [[1, 1], [3, 3], [1, 3], [3, 1]][rng.below(4)];
                    let (mut any, height) = (|| WIDTHS[Rng::below(&mut rng, 8)], 1 + width % 5);
                    let (source, destination) = ([any(), any()], [width, height]);
                    let volume = [1 + any() % 9, 1 + any() % 9, 1 + any() % 9];
                    agree::<T, 2>(padding, extent, batches, source, destination, numbers, &mut rng);
                    agree::<T, 2>(padding, extent, batches, destination, destination, numbers, &mut rng);
                    agree::<T, 3>(padding, extent, batches, volume, [width, height, 2], numbers, &mut rng);
                }
            }
        }
    }
}

#[test]
fn single() {
    all::<f32>(1);
}

#[test]
fn half() {
    all::<f16>(2);
    all::<bf16>(3);
}

/// Slabs of the source, each with a thread.
#[test]
fn shared_among_threads() {
    let mut rng = Rng(4);
    for padding in PADDINGS {
        for numbers in [Numbers::Near, Numbers::Anywhere, Numbers::Strange] {
            agree::<f32, 2>(padding, Extent::Edges, [1, 1], [120, 90], [257, 140], numbers, &mut rng);
            agree::<f32, 3>(padding, Extent::Centers, [1, 1], [40, 30, 10], [40, 50, 20], numbers, &mut rng);
            agree::<f32, 3>(padding, Extent::Edges, [1, 2], [17, 8, 4], [40, 30, 17], numbers, &mut rng);
        }
    }
}
