//! Conventions: each preset's worked number (CONVENTIONS.md 16), there and back, and against the library's own `displacement`.

use displace::error::ConvertError;
use displace::{
    Arithmetic, Between, Convention, Extent, Geometry, Grid, Lattice, PRESETS, Placement, Rest, Shape, View, convert, displacement,
};
use proptest::prelude::*;

fn named(name: &str) -> Convention {
    name.parse().unwrap()
}

/// The case of the tables: 4 rows and 6 columns; row 2, column 1 reads half a pixel to the right and one above.
fn case() -> (Geometry<2>, Vec<f64>) {
    let lattice = Lattice::from_shape([4, 6], Extent::Edges).unwrap();
    let placement = Placement::new(&[0.5, 2.0], &[-10.0, 5.0], &[1.0, 0.0, 0.0, 1.0]).unwrap();
    let between = Between::new(lattice, [6, 4], None).unwrap();
    let mut flow = vec![0.0; 4 * 6 * 2];
    flow[(2 * 6 + 1) * 2] = 0.5;
    flow[(2 * 6 + 1) * 2 + 1] = -1.0;
    (Geometry { between, here: Some(placement.clone()), there: Some(placement) }, flow)
}

/// The numbers at row 2, column 1, in the order of components.
fn at(convention: &Convention, shape: &[usize], numbers: &[f64]) -> Vec<f64> {
    let axes = convention.axes(shape).unwrap();
    assert_eq!(axes.size, [6, 4, 1]);
    let pixel = if convention.x_first { 4 + 2 } else { 2 * 6 + 1 };
    (0..2).map(|c| if shape[0] == 2 { numbers[c * 24 + pixel] } else { numbers[pixel * 2 + c] }).collect()
}

#[test]
fn every_preset_has_its_worked_number() {
    let (geometry, flow) = case();
    let third = 1.0 / 3.0;
    for (name, expected) in [
        ("flow", [0.5, -1.0]),
        ("torch_grid", [-third, -0.25]),
        ("torch_grid_aligned", [-0.4, -third]),
        ("pixel_map", [1.5, 1.0]),
        ("scipy", [1.0, 1.5]),
        ("voxelmorph", [-1.0, 0.5]),
        ("monai", [-1.0, 0.5]),
        ("itk", [0.25, -2.0]),
        ("ants", [0.25, -2.0]),
        ("afni", [0.25, -2.0]),
        // Directions of +1 in LPS are right-handed in RAS too: FSL counts x from the right.
        ("fsl", [-0.25, -2.0]),
        ("nitransforms", [-0.25, 2.0]),
        ("spm", [9.25, -7.0]),
        ("mrtrix", [9.25, -7.0]),
        ("sofima", [0.5, -1.0]),
        ("stmap_edges", [third, 0.625]),
        ("stmap_centers", [0.3, 2.0 * third]),
        ("tfa", [1.0, -0.5]),
    ] {
        let convention = named(name);
        let (shape, numbers) = convert::<f64, f64, 2>(&flow, &[4, 6, 2], &named("flow"), &convention, &geometry).unwrap();
        assert_eq!(at(&convention, &shape, &numbers), expected, "{name}");
        let (shape, back) = convert::<f64, f64, 2>(&numbers, &shape, &convention, &named("flow"), &geometry).unwrap();
        assert_eq!(shape, [4, 6, 2]);
        for (a, b) in back.iter().zip(&flow) {
            assert!((a - b).abs() <= 2e-15, "{name}: {a} for {b}");
        }
    }
    assert_eq!(PRESETS.len(), 18, "a new preset has a worked number here and in CONVENTIONS.md");
}

#[test]
fn destination_pixels_are_as_long_as_the_sizes_say() {
    // 8 pixels read by 4: between edges a destination pixel is 2 source pixels, and its first centre lies at 0.5.
    let lattice = Lattice::from_shape([1, 8], Extent::Edges).unwrap();
    let geometry = |rest| Geometry { between: Between::new(lattice, [4, 1], Some(rest)).unwrap(), here: None, there: None };
    let ones = [1.0f64, 0.0].repeat(4);
    let go = |from: &str, to: &str, rest| {
        let (_, numbers) = convert::<f64, f64, 2>(&ones, &[1, 4, 2], &named(from), &named(to), &geometry(rest)).unwrap();
        numbers.iter().step_by(2).copied().collect::<Vec<_>>()
    };
    assert_eq!(go("flow,unit=destination_pixels_edges", "flow", Rest::Extent), [2.0; 4]);
    assert_eq!(go("pixel_map,unit=destination_pixels_edges", "pixel_map", Rest::Index), [2.5; 4]);
    assert_eq!(go("pixel_map,unit=destination_pixels_centers", "pixel_map", Rest::Index), [7.0 / 3.0; 4]);
    assert_eq!(go("flow", "pixel_map", Rest::Extent), [1.5, 3.5, 5.5, 7.5]);
    assert_eq!(go("flow", "pixel_map,centre=0.5", Rest::Index), [1.5, 2.5, 3.5, 4.5]);
    assert_eq!(go("flow", "pixel_map,centre=1", Rest::Index), [2.0, 3.0, 4.0, 5.0]);
}

#[test]
fn two_geometries_and_a_turn() {
    // docs/conventions/itk.md: x, y, z = 2, 1, 0 lies at 3, 3, 3 mm, 6 mm left of the moving origin and 1 mm beyond in y.
    let fixed = Placement::new(&[1.0, 1.0, 2.5], &[1.0, 2.0, 3.0], &[1., 0., 0., 0., 1., 0., 0., 0., 1.]).unwrap();
    let moving = Placement::new(&[0.5, 1.0, 2.5], &[9.0, 2.0, 3.0], &[0., -1., 0., 1., 0., 0., 0., 0., 1.]).unwrap();
    let lattice = Lattice::from_shape([3, 9, 9], Extent::Edges).unwrap();
    let between = Between::new(lattice, [5, 4, 3], Some(Rest::Index)).unwrap();
    let geometry = Geometry { between, here: Some(fixed), there: Some(moving) };
    let still = vec![0f32; 3 * 4 * 5 * 3];
    let (_, map) = convert::<f32, f32, 3>(&still, &[3, 4, 5, 3], &named("itk"), &named("pixel_map"), &geometry).unwrap();
    assert_eq!(map[(5 + 2) * 3..][..3], [2.0, 6.0, 0.0]);
    let (_, spm) = convert::<f32, f32, 3>(&still, &[3, 4, 5, 3], &named("itk"), &named("spm"), &geometry).unwrap();
    assert_eq!(spm[(5 + 2) * 3..][..3], [-3.0, -3.0, 3.0]);
}

#[test]
fn what_is_missing_is_named() {
    let (mut geometry, flow) = case();
    let go = |from: &str, to: &str, shape: &[usize], geometry: &Geometry<2>| {
        convert::<f64, f64, 2>(&flow, shape, &named(from), &named(to), geometry).unwrap_err()
    };
    assert!(matches!(go("flow", "flow,direction=push", &[4, 6, 2], &geometry), ConvertError::Direction { .. }));
    assert!(go("voxelmorph", "flow", &[4, 6, 2], &geometry).to_string().contains("components first"));
    assert!(matches!(go("flow", "flow", &[6, 4, 2], &geometry), ConvertError::Size { .. }));
    assert!(matches!(go("itk,y=up", "flow", &[4, 6, 2], &geometry), ConvertError::NotOfPixels { .. }));
    geometry.there = None;
    assert!(go("flow", "itk", &[4, 6, 2], &geometry).to_string().contains("moving image"));
}

#[test]
fn an_axis_of_one_pixel_says_only_its_own_location() {
    let lattice = Lattice::from_shape([1, 4], Extent::Edges).unwrap();
    let geometry = Geometry { between: Between::new(lattice, [4, 1], None).unwrap(), here: None, there: None };
    let go =
        |y: f32| convert::<f32, f32, 2>(&[0.5, y].repeat(4), &[1, 4, 2], &named("flow"), &named("torch_grid_aligned"), &geometry);
    assert_eq!(go(0.0).unwrap().1[..2], [-2.0 / 3.0, 0.0]);
    assert!(matches!(go(0.5), Err(ConvertError::Flat { .. })));
}

#[test]
fn signs_infinities_and_nan_stay() {
    let (geometry, _) = case();
    let mut flow = vec![-0.0f32; 48];
    (flow[1], flow[2], flow[3]) = (f32::NAN, f32::INFINITY, f32::NEG_INFINITY);
    let (_, same) = convert::<f32, f32, 2>(&flow, &[4, 6, 2], &named("flow"), &named("flow"), &geometry).unwrap();
    assert!(same.iter().zip(&flow).all(|(a, b)| a.to_bits() == b.to_bits()));
    let (_, grid) = convert::<f32, f32, 2>(&flow, &[4, 6, 2], &named("flow"), &named("torch_grid"), &geometry).unwrap();
    assert!(grid[1].is_nan() && grid[2] == f32::INFINITY && grid[3] == f32::NEG_INFINITY);
}

#[test]
fn volumes_of_every_layout() {
    // 2 x 3 x 4 voxels; a number for each component and voxel.
    let lattice = Lattice::from_shape([2, 3, 4], Extent::Edges).unwrap();
    let geometry = Geometry { between: Between::new(lattice, [4, 3, 2], None).unwrap(), here: None, there: None };
    let flow: Vec<f64> = (0..72).map(f64::from).collect();
    let go = |to: &str| convert::<f64, f64, 3>(&flow, &[2, 3, 4, 3], &named("flow"), &named(to), &geometry).unwrap();
    // Voxel z, y, x = 1, 2, 3 is the last: 69, 70, 71.
    let (shape, numbers) = go("voxelmorph");
    assert_eq!((shape, numbers[23], numbers[47], numbers[71]), (vec![3, 2, 3, 4], 71.0, 70.0, 69.0));
    // (X, Y, Z, 3): voxel z, y, x = 0, 1, 2 is number 6, and lies at (2, 1, 0).
    let (shape, numbers) = go("flow,axes=xy");
    assert_eq!(shape, [4, 3, 2, 3]);
    assert_eq!(numbers[((2 * 3 + 1) * 2) * 3..][..3], [18.0, 19.0, 20.0]);
    let (_, back) = convert::<f64, f64, 3>(&numbers, &shape, &named("flow,axes=xy"), &named("flow"), &geometry).unwrap();
    assert_eq!(back, flow);
    let (shape, numbers) = go("flow,axes=xy,layout=first");
    assert_eq!((shape, numbers[(2 * 3 + 1) * 2 + 24]), (vec![3, 4, 3, 2], 19.0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Grids become the very displacements that `displacement` gives, in both extents and rests.
    #[test]
    fn grids_are_the_librarys_own_displacements(
        height in 1usize..5, width in 1usize..6, h in 1usize..6, w in 1usize..6, aligned: bool, by_extent: bool,
        values in prop::collection::vec(-1.5f32..1.5, 72),
    ) {
        let extent = Extent::from_align_corners(aligned);
        let lattice = Lattice::from_shape([h, w], extent).unwrap();
        let rest = if by_extent { Rest::Extent } else { Rest::Index };
        let numbers = &values[..height * width * 2];
        let grid = Grid::new(View::interleaved(numbers, Shape { n: 1, c: 2, size: [width, height] }).unwrap(), lattice).unwrap();
        let ours = displacement(&grid, Some(rest), Arithmetic::Exact).unwrap();
        let geometry = Geometry { between: *ours.between(), here: None, there: None };
        let from = if aligned { "torch_grid_aligned" } else { "torch_grid" };
        let (_, found) = convert::<f32, f32, 2>(numbers, &[height, width, 2], &named(from), &named("flow"), &geometry).unwrap();
        prop_assert_eq!(found, ours.as_slice());
    }

    /// There and back through f64 gives f32 numbers of some size bit for bit, whatever the conventions.
    #[test]
    fn there_and_back(
        a in 0usize..18, b in 0usize..18, values in prop::collection::vec(0.01f32..0.9, 48), turn in 0.0f64..6.0, shift in -5.0f64..5.0,
    ) {
        let lattice = Lattice::from_shape([4, 6], Extent::Centers).unwrap();
        let (sin, cos) = turn.sin_cos();
        let here = Placement::new(&[0.5, 2.0], &[shift, 5.0], &[1.0, 0.0, 0.0, 1.0]).unwrap();
        let there = Placement::new(&[0.7, 1.5], &[-1.0, 3.0], &[cos, -sin, sin, cos]).unwrap();
        let geometry = Geometry { between: Between::new(lattice, [6, 4], None).unwrap(), here: Some(here), there: Some(there) };
        let (a, b) = (PRESETS[a].convention, PRESETS[b].convention);
        let shape = a.shape(&displace::ArrayAxes { axes: 2, samples: 1, batched: false, size: [6, 4, 1] });
        let (middle_shape, middle) = convert::<f32, f64, 2>(&values, &shape, &a, &b, &geometry).unwrap();
        let (back_shape, back) = convert::<f64, f32, 2>(&middle, &middle_shape, &b, &a, &geometry).unwrap();
        prop_assert_eq!(back_shape, shape);
        prop_assert_eq!(back, values);
    }
}
