//! Every error, made as a user would make it, names the values at fault.

use displace::error::{FieldError, SampleError, ThetaError, ViewError};
use displace::{
    Arithmetic, Axis, Between, Dense, Extent, Field, FieldView, Grid, GridError, Interp, Lattice, Layout, Locations, Padding, Rest,
    Sampler, Shape, Strides, View, affine_grid, displacement, displacement_into, effective_displacement, grid_from_displacement,
    sample, sample_into,
};
use std::error::Error;

/// The text of an error holds all of these.
fn says(error: &dyn Error, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
}

fn lattice(height: usize, width: usize) -> Lattice<2> {
    Lattice::from_shape([height, width], Extent::Edges).unwrap()
}

#[test]
fn axes_of_no_or_too_many_pixels() {
    says(&Axis::new(0, Extent::Edges).unwrap_err(), &["axis of 0 pixels", "between 1 and 4194304"]);
    says(&Lattice::from_shape([4, 4_194_305], Extent::Centers).unwrap_err(), &["axis of 4194305 pixels"]);
    says(&Lattice::<3>::from_xy([1, 1, usize::MAX], Extent::Centers).unwrap_err(), &[&usize::MAX.to_string()]);
}

#[test]
fn a_buffer_of_another_length() {
    let error = View::planar(&[0u8; 5], Shape { n: 2, c: 3, size: [4, 5] }).unwrap_err();
    assert!(matches!(error, ViewError::Length { expected: 120, found: 5, n: 2, c: 3, .. }));
    says(&error, &["5x4", "n=2", "c=3", "120", "5"]);
    says(&Dense::from_vec(vec![0f32; 7], Shape { n: 1, c: 1, size: [3, 2] }, Layout::Planar).unwrap_err(), &["2x3", "6", "7"]);
    let between = Between::new(lattice(2, 3), [3, 2], None).unwrap();
    let error = Field::from_vec(vec![0f32; 7], 1, between).unwrap_err();
    assert!(matches!(error, FieldError::View(ViewError::Length { expected: 12, found: 7, .. })));
    says(&error, &["2x3", "12", "7"]);
}

#[test]
fn more_elements_than_addresses() {
    let huge = usize::MAX / 2;
    let error = View::planar(&[0u8], Shape { n: 3, c: 5, size: [huge, 2] }).unwrap_err();
    assert!(matches!(error, ViewError::Overflow { n: 3, c: 5, .. }));
    says(&error, &[&format!("2x{huge}"), "n=3", "c=5", "more elements than memory has addresses"]);
    let long = Shape::<2>::MAX_LEN + 1;
    says(
        &View::strided(&[0u8], 0, Shape { n: 1, c: 1, size: [long, 1] }, Strides { n: 0, c: 0, size: [0, 0] }).unwrap_err(),
        &[&format!("1x{long}"), "2^30"],
    );
}

#[test]
fn strides_that_leave_the_buffer() {
    let shape = Shape { n: 1, c: 1, size: [3, 2] };
    let error = View::strided(&[0u8; 10], 4, shape, Strides { n: 0, c: 0, size: [1, 5] }).unwrap_err();
    assert_eq!(error, ViewError::Stride { reached: 11, len: 10 });
    says(&error, &["element 11", "10 elements"]);
    let error = View::strided(&[0u8; 10], 4, shape, Strides { n: 0, c: 0, size: [-1, -5] }).unwrap_err();
    assert_eq!(error, ViewError::Stride { reached: -3, len: 10 });
    says(&error, &["element -3"]);
    let error = View::strided(&[0u8; 10], usize::MAX, shape, Strides { n: 0, c: 0, size: [isize::MAX, isize::MAX] }).unwrap_err();
    assert!(matches!(error, ViewError::Stride { .. }));
}

#[test]
fn windows_that_do_not_fit() {
    let view = View::planar(&[0u8; 12], Shape { n: 1, c: 1, size: [4, 3] }).unwrap();
    let error = view.crop([2, 0], [3, 1]).unwrap_err();
    assert!(matches!(error, ViewError::Window { .. }));
    // In array order: row 0, column 2.
    says(&error, &["starts at 0x2", "size 1x3", "into 3x4"]);
    assert!(view.crop([usize::MAX, 0], [1, 1]).is_err());
    assert!(view.crop([4, 3], [0, 0]).is_ok());
}

#[test]
fn components_that_are_not_one_per_axis() {
    let numbers = [0f32; 12];
    let at = View::interleaved(&numbers, Shape { n: 1, c: 3, size: [2, 2] }).unwrap();
    let parts = ["3 components", "2 axes", "must hold 2"];
    says(&Grid::new(at, lattice(2, 2)).unwrap_err(), &parts);
    says(&Locations::pixels(at, lattice(2, 2)).unwrap_err(), &parts);
    let error = FieldView::new(at, lattice(2, 2), None).unwrap_err();
    assert!(matches!(error, FieldError::Components(_)));
    says(&error, &parts);
}

#[test]
fn a_rest_that_must_be_named() {
    let numbers = [0f32; 12];
    let at = View::interleaved(&numbers, Shape { n: 1, c: 2, size: [3, 2] }).unwrap();
    let grid = Grid::new(at, lattice(7, 5)).unwrap();
    let parts = ["source is 7x5", "destination 2x3", "\"index\"", "\"extent\""];
    let error = displacement(&grid, None, Arithmetic::Exact).unwrap_err();
    assert!(matches!(error, FieldError::Rest(_)));
    says(&error, &parts);
    says(&effective_displacement(&grid, None, Sampler::default()).unwrap_err(), &parts);
    says(&FieldView::new(at, lattice(7, 5), None).unwrap_err(), &parts);
    says(&Between::new(lattice(7, 5), [3, 2], None).unwrap_err(), &parts);
    says(&"middle".parse::<Rest>().unwrap_err(), &["rest", "\"middle\"", "\"index\" or \"extent\""]);
}

#[test]
fn output_buffers_of_another_length() {
    let numbers = [0f32; 12];
    let grid = Grid::new(View::interleaved(&numbers, Shape { n: 1, c: 2, size: [3, 2] }).unwrap(), lattice(2, 3)).unwrap();
    let error = displacement_into(&grid, None, Arithmetic::Exact, &mut [0.0; 11]).unwrap_err();
    assert!(matches!(error, FieldError::Output(_)));
    says(&error, &["output has 11", "result 12"]);
    let image = View::planar(&[0u8; 6], Shape { n: 1, c: 1, size: [3, 2] }).unwrap();
    let error = sample_into(&image, &grid.into(), Sampler::default(), Layout::Planar, &mut [0; 7]).unwrap_err();
    assert_eq!(error, SampleError::Output { found: 7, expected: 6 });
    says(&error, &["output has 7", "result 6"]);
}

#[test]
fn images_that_the_locations_do_not_address() {
    let numbers = [0f32; 24];
    let image = [0u8; 24];
    let grid = |n, size| Grid::new(View::interleaved(&numbers[..n * 12], Shape { n, c: 2, size }).unwrap(), lattice(2, 3)).unwrap();
    let other = View::planar(&image, Shape { n: 2, c: 2, size: [2, 3] }).unwrap();
    let error = sample(&other, &grid(1, [3, 2]).into(), Sampler::default()).unwrap_err();
    assert!(matches!(error, SampleError::Source { .. }));
    says(&error, &["image is 3x2", "source of 2x3"]);
    let three = View::planar(&image[..18], Shape { n: 3, c: 1, size: [3, 2] }).unwrap();
    let error = sample(&three, &grid(2, [3, 2]).into(), Sampler::default()).unwrap_err();
    assert_eq!(error, SampleError::Batch { images: 3, locations: 2 });
    says(&error, &["3 images", "2 sets"]);
}

#[test]
fn results_that_cannot_be_addressed() {
    // Strides of zero make views far larger than memory; their results cannot be.
    let longest = Shape::<2>::MAX_LEN;
    let at =
        View::strided(&[0f32; 2], 0, Shape { n: 1 << 20, c: 2, size: [longest, 2] }, Strides { n: 0, c: 1, size: [0, 0] }).unwrap();
    let image = View::strided(&[0u8], 0, Shape { n: 1, c: 1 << 40, size: [1, 1] }, Strides { n: 0, c: 0, size: [0, 0] }).unwrap();
    let error = sample(&image, &Grid::new(at, lattice(1, 1)).unwrap().into(), Sampler::default()).unwrap_err();
    assert!(matches!(error, SampleError::View(ViewError::Overflow { .. })));
    says(&error, &["2x1073741824", "n=1048576", "c=1099511627776"]);
    let between = Between::new(lattice(1, 1), [longest + 1, 1], Some(Rest::Index)).unwrap();
    let error = Field::<f32, 2>::zeroed(1, between).unwrap_err();
    assert!(matches!(error, FieldError::View(ViewError::Overflow { .. })));
}

#[test]
fn thetas_of_another_length_or_size() {
    let error = affine_grid(&[0f32; 7], 2, &lattice(3, 4)).unwrap_err();
    assert!(matches!(error, ThetaError::Length { found: 7, n: 2, rows: 2, columns: 3, expected: 12 }));
    says(&error, &["7 numbers", "2 matrices of 2 x 3", "12"]);
    let volume = Lattice::from_shape([2, 3, 4], Extent::Edges).unwrap();
    says(&affine_grid(&[0f64; 11], 1, &volume).unwrap_err(), &["11 numbers", "1 matrices of 3 x 4", "12"]);
    says(&affine_grid(&[0f64; 11], usize::MAX, &volume).unwrap_err(), &["11 numbers"]);
    // 2^66 pixels.
    let longest = Lattice::from_xy([Axis::MAX_LEN; 3], Extent::Edges).unwrap();
    let error = affine_grid(&[0f32; 12], 1, &longest).unwrap_err();
    assert!(matches!(error, ThetaError::View(ViewError::Overflow { .. })));
    says(&error, &["4194304x4194304x4194304"]);
}

#[test]
fn locations_that_no_grid_can_hold() {
    // One pixel along y between centres: every grid value reads row 0.
    let source = Lattice::from_shape([1, 3], Extent::Centers).unwrap();
    let by = [0f32, 0.0, 1.0, 0.0, 0.0, -0.25, 0.0, 9.0];
    let field =
        FieldView::new(View::interleaved(&by, Shape { n: 1, c: 2, size: [4, 1] }).unwrap(), source, Some(Rest::Index)).unwrap();
    let error = grid_from_displacement(&field).unwrap_err();
    let GridError::Singleton(first) = &error else { panic!("{error}") };
    assert_eq!((first.axis, first.location, first.n, first.pixel.as_slice()), (1, -0.25, 0, &[2usize, 0][..]));
    says(&error, &["axis 1", "-0.25 px", "sample 0", "[2, 0]", "align_corners=True"]);
    // Between edges it can.
    let source = Lattice::from_shape([1, 3], Extent::Edges).unwrap();
    let field = FieldView::new(field.by(), source, Some(Rest::Index)).unwrap();
    assert!(grid_from_displacement(&field).is_ok());
}

#[test]
fn a_grid_error_passes_a_field_error_on() {
    // A field whose grid cannot be addressed cannot be made either: only the conversion can be seen from outside.
    let error = GridError::from(FieldError::from(ViewError::Stride { reached: 3, len: 2 }));
    assert!(matches!(error, GridError::Field(FieldError::View(_))));
    says(&error, &["element 3", "2 elements"]);
}

#[test]
fn names_that_stand_for_nothing() {
    says(&"lanczos".parse::<Interp>().unwrap_err(), &["mode", "\"lanczos\"", "bilinear"]);
    says(&"mirror".parse::<Padding>().unwrap_err(), &["padding", "\"mirror\"", "reflection"]);
}
