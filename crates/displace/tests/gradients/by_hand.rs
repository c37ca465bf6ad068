//! Rules with numbers that can be worked out on paper. Pixels 1, 10, 100, 1000 in a row, read along x.

use displace::{Extent, Grid, Interp, Lattice, Locations, Padding, Sampler, Shape, View, bf16, f16};
use displace::{sample_grad_grad_into, sample_grad_into};

const ROW: [f64; 4] = [1.0, 10.0, 100.0, 1000.0];

/// The gradients of the sum of what is read at `places` of the row, by the row and by each place's x.
fn of_row(places: &[f64], extent: Extent, sampler: Sampler) -> (Vec<f64>, Vec<f64>) {
    let image = View::planar(&ROW, Shape { n: 1, c: 1, size: [4, 1] }).unwrap();
    let numbers: Vec<f64> = places.iter().flat_map(|x| [*x, 0.0]).collect();
    let shape = Shape { n: 1, c: 2, size: [places.len(), 1] };
    let lattice = Lattice::from_xy([4, 1], extent).unwrap();
    let at = Locations::pixels(View::interleaved(&numbers, shape).unwrap(), lattice).unwrap();
    let ones = vec![1.0; places.len()];
    let grad = View::planar(&ones, Shape { c: 1, ..shape }).unwrap();
    let (mut to_image, mut to_at) = (vec![f64::NAN; 4], vec![f64::NAN; numbers.len()]);
    sample_grad_into(&grad, &image, &at, sampler, Some(&mut to_image), Some(&mut to_at)).unwrap();
    (to_image, to_at.chunks_exact(2).map(|g| g[0]).collect())
}

fn along_x(places: &[f64], extent: Extent, interp: Interp, padding: Padding) -> Vec<f64> {
    of_row(places, extent, Sampler::new(interp, padding)).1
}

const ENDS: [f64; 9] = [-1.5, -0.25, 0.0, 0.25, 1.0, 2.5, 3.0, 3.25, 9.0];

#[test]
fn zeros_count_as_neighbours() {
    for extent in [Extent::Edges, Extent::Centers] {
        // Towards pixel 0 from outside the blend grows by 1 a pixel; beyond the last pixel it falls by 1000.
        assert_eq!(
            along_x(&ENDS, extent, Interp::Linear, Padding::Zeros),
            [0.0, 1.0, 9.0, 9.0, 90.0, 900.0, -1000.0, -1000.0, 0.0]
        );
        assert_eq!(
            along_x(&ENDS, extent, Interp::Linear, Padding::Constant(4.0)),
            [0.0, -3.0, 9.0, 9.0, 90.0, 900.0, -996.0, -996.0, 0.0]
        );
    }
}

#[test]
fn the_border_itself_is_outside() {
    for extent in [Extent::Edges, Extent::Centers] {
        assert_eq!(along_x(&ENDS, extent, Interp::Linear, Padding::Border), [0.0, 0.0, 0.0, 9.0, 90.0, 900.0, 0.0, 0.0, 0.0]);
    }
    assert_eq!(along_x(&[f64::NEG_INFINITY, f64::INFINITY], Extent::Edges, Interp::Linear, Padding::Border), [0.0, 0.0]);
}

#[test]
fn mirrors_turn_the_sign() {
    // Between centres the mirrors are at 0 and 3: -0.25 reads 0.25 backwards, 6.25 reads 0.25 forwards.
    let places = [-6.25, -5.5, -1.25, -0.25, 0.0, 0.25, 2.5, 3.0, 3.25, 5.5, 6.0, 6.25];
    assert_eq!(
        along_x(&places, Extent::Centers, Interp::Linear, Padding::Reflection),
        [-9.0, 9.0, -90.0, -9.0, 0.0, 9.0, 900.0, 0.0, -900.0, -9.0, 0.0, 9.0]
    );
    // Between edges they are at -0.5 and 3.5, and within half a pixel of them the end pixel is read whatever happens.
    let places = [-4.75, -4.25, -1.25, -1.0, -0.75, -0.25, 0.0, 0.25, 3.0, 3.25, 3.75, 4.0, 4.25, 7.25, 8.0, 8.25];
    assert_eq!(
        along_x(&places, Extent::Edges, Interp::Linear, Padding::Reflection),
        [0.0, 0.0, -9.0, 0.0, 0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0, -900.0, 0.0, 0.0, 9.0]
    );
    // -4.75 mirrors to 3.75 and is clipped; a whole number of pixels mirrored has the slope before it: -2 reads 1.
    assert_eq!(along_x(&[-2.0, 5.0], Extent::Edges, Interp::Linear, Padding::Reflection), [-90.0, -900.0]);
}

#[test]
fn an_axis_of_one_pixel_under_reflection() {
    let image = View::planar(&[5.0f64], Shape { n: 1, c: 1, size: [1, 1] }).unwrap();
    let grad = View::planar(&[1.0], Shape { n: 1, c: 1, size: [1, 1] }).unwrap();
    for extent in [Extent::Edges, Extent::Centers] {
        let lattice = Lattice::from_xy([1, 1], extent).unwrap();
        for place in [[0.0, 0.0], [0.25, -0.75], [7.25, -3.0]] {
            let at = View::interleaved(&place, Shape { n: 1, c: 2, size: [1, 1] }).unwrap();
            let mut to_at = [f64::NAN; 2];
            let sampler = Sampler::new(Interp::Linear, Padding::Reflection);
            sample_grad_into(&grad, &image, &Locations::pixels(at, lattice).unwrap(), sampler, None, Some(&mut to_at)).unwrap();
            assert_eq!(to_at, [0.0, 0.0]);
        }
    }
}

#[test]
fn wrap_goes_from_the_last_pixel_to_the_first() {
    assert_eq!(
        along_x(&[3.0, 3.75, -0.25, 4.0, -3.5], Extent::Edges, Interp::Linear, Padding::Wrap),
        [-999.0, -999.0, -999.0, 9.0, 9.0]
    );
    let (to_image, _) = of_row(&[3.75], Extent::Edges, Sampler::new(Interp::Linear, Padding::Wrap));
    assert_eq!(to_image, [0.75, 0.0, 0.0, 0.25]);
}

#[test]
fn nearest_has_no_slope() {
    let places = [-9.0, -0.5, 0.5, 1.25, 3.5, f64::NAN, f64::INFINITY];
    for padding in [Padding::Zeros, Padding::Border, Padding::Reflection, Padding::Wrap, Padding::Constant(3.0)] {
        assert_eq!(along_x(&places, Extent::Edges, Interp::Nearest, padding), [0.0; 7]);
    }
    // -0.5 and 0.5 round to the even 0, 1.5 and 2.5 to 2; beyond lie zeros.
    let (to_image, _) = of_row(&[-0.5, 0.5, 1.5, 2.5, 3.25, 3.75], Extent::Edges, Sampler::new(Interp::Nearest, Padding::Zeros));
    assert_eq!(to_image, [2.0, 0.0, 2.0, 1.0]);
}

#[test]
fn cubic_slopes_by_hand() {
    // On a pixel the slope is 0.75 (next - previous). Half-way the weights' slopes are 0.1875, -1.3125, 1.3125, -0.1875.
    assert_eq!(
        along_x(&[1.0, 1.5], Extent::Edges, Interp::CUBIC, Padding::Border),
        [0.75 * (100.0 - 1.0), 0.1875 * (1.0 - 1000.0) + 1.3125 * (100.0 - 10.0)]
    );
    // Outside, taps are clamped one by one: at -0.5 they are pixels 0, 0, 0, 1 and the slope is not 0.
    assert_eq!(along_x(&[-0.5], Extent::Edges, Interp::CUBIC, Padding::Border), [-0.1875 * (10.0 - 1.0)]);
    assert_eq!(along_x(&[0.0], Extent::Edges, Interp::CUBIC, Padding::Border), [0.75 * (10.0 - 1.0)]);
    assert_eq!(along_x(&[-0.5], Extent::Edges, Interp::CUBIC, Padding::Reflection), [0.0]);
}

#[test]
fn a_grid_is_differentiated_by_its_own_unit() {
    let image = View::planar(&[0.0f32, 1.0, 2.0, 3.0, 4.0], Shape { n: 1, c: 1, size: [5, 1] }).unwrap();
    let grad = View::planar(&[2.0f32], Shape { n: 1, c: 1, size: [1, 1] }).unwrap();
    for (extent, expected) in [(Extent::Edges, 5.0), (Extent::Centers, 4.0)] {
        let numbers = [0.25f32, 0.0];
        let at = View::interleaved(&numbers, Shape { n: 1, c: 2, size: [1, 1] }).unwrap();
        let grid = Grid::new(at, Lattice::from_xy([5, 1], extent).unwrap()).unwrap();
        let mut to_grid = [f32::NAN; 2];
        let sampler = Sampler::new(Interp::Linear, Padding::Border);
        sample_grad_into(&grad, &image, &grid.into(), sampler, None, Some(&mut to_grid)).unwrap();
        assert_eq!(to_grid, [expected, 0.0]);
    }
}

/// The gradients by image and locations at one place of a 2 x 2 image, two channels.
fn at_one_place(pixels: &[f32; 8], grad: [f32; 2], place: [f32; 2], sampler: Sampler) -> ([f32; 8], [f32; 2]) {
    let image = View::planar(pixels, Shape { n: 1, c: 2, size: [2, 2] }).unwrap();
    let grad = View::planar(&grad, Shape { n: 1, c: 2, size: [1, 1] }).unwrap();
    let at = View::interleaved(&place, Shape { n: 1, c: 2, size: [1, 1] }).unwrap();
    let at = Locations::pixels(at, Lattice::from_xy([2, 2], Extent::Edges).unwrap()).unwrap();
    let (mut to_image, mut to_at) = ([f32::NAN; 8], [f32::NAN; 2]);
    sample_grad_into(&grad, &image, &at, sampler, Some(&mut to_image), Some(&mut to_at)).unwrap();
    (to_image, to_at)
}

#[test]
fn a_location_that_is_not_a_number() {
    let pixels = [1.0; 8];
    for interp in [Interp::Linear, Interp::CUBIC] {
        let sampler = Sampler::new(interp, Padding::Zeros);
        let (to_image, to_at) = at_one_place(&pixels, [0.0, 1.0], [f32::NAN, 0.5], sampler);
        assert_eq!(to_image, [0.0; 8]);
        assert!(to_at.iter().all(|g| g.is_nan()));
        assert_eq!(at_one_place(&pixels, [0.0, 0.0], [f32::NAN, 0.5], sampler), ([0.0; 8], [0.0; 2]));
    }
    let reflection = Sampler::new(Interp::Linear, Padding::Reflection);
    assert!(at_one_place(&pixels, [1.0, 0.0], [f32::INFINITY, 0.5], reflection).1[0].is_nan());
    assert_eq!(at_one_place(&pixels, [1.0, 1.0], [f32::INFINITY, 0.5], Sampler::default()), ([0.0; 8], [0.0; 2]));
}

#[test]
fn an_infinity_is_seen_where_it_has_weight() {
    // Rows 1 2 and inf 4. On the upper row the slope along x does not see the lower; that along y does.
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let pixels = [1.0, 2.0, inf, 4.0, 1.0, 1.0, 1.0, 1.0];
    let sampler = Sampler::new(Interp::Linear, Padding::Zeros);
    assert_eq!(at_one_place(&pixels, [3.0, 1.0], [0.5, 0.0], sampler).1, [3.0, inf]);
    // Without upstream gradient nothing of that channel is seen.
    assert_eq!(at_one_place(&pixels, [0.0, 1.0], [0.5, 0.5], sampler).1, [0.0, 0.0]);
    // Clamped along y: no weight along y, and along x only that of the row read.
    let border = Sampler::new(Interp::Linear, Padding::Border);
    assert_eq!(at_one_place(&pixels, [1.0, 1.0], [0.5, -3.0], border).1, [1.0, 0.0]);
    // An infinite upstream gradient goes to the pixel that is read and to no other.
    let (to_image, _) = at_one_place(&[1.0; 8], [inf, nan], [1.0, 0.0], sampler);
    assert_eq!(to_image[..4], [0.0, inf, 0.0, 0.0]);
    assert!(to_image[5].is_nan() && to_image[4] == 0.0 && to_image[6..] == [0.0, 0.0]);
}

#[test]
fn half_types_are_summed_in_single_precision() {
    // 4000 ones onto one pixel. Summed in f16 they would stop at 2048, in bf16 at 256.
    let places = [0.0f32; 8000];
    let at = View::interleaved(&places, Shape { n: 1, c: 2, size: [4000, 1] }).unwrap();
    let at = Locations::pixels(at, Lattice::from_xy([2, 1], Extent::Edges).unwrap()).unwrap();
    let (shape, all) = (Shape { n: 1, c: 1, size: [2, 1] }, Shape { n: 1, c: 1, size: [4000, 1] });
    let ones = vec![f16::ONE; 4000];
    let mut to_image = [f16::NAN; 2];
    let image = [f16::ZERO; 2];
    sample_grad_into(
        &View::planar(&ones, all).unwrap(),
        &View::planar(&image, shape).unwrap(),
        &at,
        Sampler::default(),
        Some(&mut to_image),
        None,
    )
    .unwrap();
    assert_eq!(to_image.map(f16::to_f32), [4000.0, 0.0]);
    let ones = vec![bf16::ONE; 4000];
    let mut to_image = [bf16::NAN; 2];
    let image = [bf16::ZERO; 2];
    sample_grad_into(
        &View::planar(&ones, all).unwrap(),
        &View::planar(&image, shape).unwrap(),
        &at,
        Sampler::default(),
        Some(&mut to_image),
        None,
    )
    .unwrap();
    assert_eq!(to_image.map(bf16::to_f32), [4000.0, 0.0]);
}

#[test]
fn linear_blends_bend_between_axes_only() {
    // Rows 0 1 and 2 7: v = x + 2y + 4xy, mirrored along x about 0 (between centres): d/dx d/dy is 4, turned.
    let pixels = [0.0f64, 1.0, 2.0, 7.0];
    let image = View::planar(&pixels, Shape { n: 1, c: 1, size: [2, 2] }).unwrap();
    let lattice = Lattice::from_xy([2, 2], Extent::Centers).unwrap();
    let grad = View::planar(&[3.0], Shape { n: 1, c: 1, size: [1, 1] }).unwrap();
    let shape = Shape { n: 1, c: 2, size: [1, 1] };
    for (place, turn) in [([0.25, 0.5], 1.0), ([-0.25, 0.5], -1.0), ([-0.25, 1.5], 1.0)] {
        let at = Locations::pixels(View::interleaved(&place, shape).unwrap(), lattice).unwrap();
        let tangent = [10.0, 0.0];
        let mut to_at = [f64::NAN; 2];
        sample_grad_grad_into(
            None,
            Some(&View::interleaved(&tangent, shape).unwrap()),
            &grad,
            &image,
            &at,
            Sampler::new(Interp::Linear, Padding::Reflection),
            None,
            None,
            Some(&mut to_at),
        )
        .unwrap();
        assert_eq!(to_at, [0.0, 3.0 * 10.0 * 4.0 * turn]);
    }
}

#[test]
fn equal_pixels_have_no_slope_inside() {
    let pixels = vec![0.1f32; 8 * 8];
    let image = View::planar(&pixels, Shape { n: 1, c: 1, size: [8, 8] }).unwrap();
    let numbers: Vec<f32> = (0..200).map(|i| 1.0 + (i * 37 % 199) as f32 / 40.0).collect();
    let at = View::interleaved(&numbers, Shape { n: 1, c: 2, size: [100, 1] }).unwrap();
    let at = Locations::pixels(at, Lattice::from_xy([8, 8], Extent::Edges).unwrap()).unwrap();
    let ones = vec![1.0; 100];
    let grad = View::planar(&ones, Shape { n: 1, c: 1, size: [100, 1] }).unwrap();
    for interp in [Interp::Linear, Interp::CUBIC] {
        let mut to_at = vec![f32::NAN; 200];
        sample_grad_into(&grad, &image, &at, Sampler::new(interp, Padding::Zeros), None, Some(&mut to_at)).unwrap();
        assert!(to_at.iter().all(|g| *g == 0.0));
    }
}
