//! Transforms: ITK's as text and as Matlab files, matrices of AFNI and FSL, and what they do to a lattice.

mod common;

use common::{file, fixture, folder, line, names};
use displace::{AnyArray, AnyData, Placement};
use displace_io::{Affine, Contents, StoredField, Transform, flirt, read, render, write_transform};
use proptest::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixture("transforms").join(name)).unwrap()).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn transform(path: &Path) -> Transform {
    match read(path).unwrap() {
        Contents::Transform(transform) => transform,
        other => panic!("{other:?}"),
    }
}

fn stored(name: &str) -> PathBuf {
    fixture("transforms").join(name)
}

/// The lattice at whose pixels the fixtures say where SimpleITK goes.
fn lattice(axes: usize) -> (Vec<usize>, Placement) {
    let placement = if axes == 2 {
        Placement::new(&[4.0, 5.0], &[1.0, -2.0], &[0.8, -0.6, 0.6, 0.8])
    } else {
        Placement::new(&[4.0, 5.0, 6.0], &[1.0, -2.0, 3.0], &[0.0, -1.0, 0.0, 0.6, 0.0, 0.8, -0.8, 0.0, 0.6])
    };
    (if axes == 2 { vec![2, 3] } else { vec![2, 2, 3] }, placement.unwrap())
}

fn values(field: &StoredField) -> &[f64] {
    match field.array.data() {
        AnyData::F64(values) => values,
        other => panic!("{other:?}"),
    }
}

fn near(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (k, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= 1e-9, "{what}, number {k}: {a} instead of {b}\n{found:?}\n{expected:?}");
    }
}

/// Checks what a transform does against what SimpleITK said.
fn does(transform: &Transform, expected: &[f64], what: &str) {
    let (size, placement) = lattice(if expected.len() == 12 { 2 } else { 3 });
    let field = render(transform, &size, &placement).unwrap();
    assert_eq!((&field.array.shape()[..size.len()], field.placement.as_ref()), (&size[..], Some(&placement)));
    near(values(&field), expected, what);
}

fn affine(matrix: &[f64], offset: &[f64]) -> Transform {
    Transform::Affine(Affine { matrix: matrix.to_vec(), offset: offset.to_vec() })
}

#[test]
fn every_type_goes_where_itk_goes() {
    let folder = folder();
    for case in json("types.json").as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        let transform = transform(&file(&folder, "one.tfm", text.as_bytes()));
        does(&transform, &floats(&case["moved"]), text);
    }
}

#[test]
fn every_file_goes_where_itk_goes() {
    let expected = json("moved.json");
    for (name, moved) in expected.as_object().unwrap().iter().filter(|(name, _)| *name != "border") {
        does(&transform(&stored(name)), &floats(moved), name);
    }
}

#[test]
fn a_field_ends_where_it_ends_in_itk() {
    let field = transform(&stored("field2.tfm"));
    let placement = Placement::new(&[0.5, 0.75], &[-5.0, -9.0], &[0.96, -0.28, 0.28, 0.96]).unwrap();
    let rendered = render(&field, &[23, 27], &placement).unwrap();
    let expected = floats(&json("moved.json")["border"]);
    assert!(expected.iter().filter(|v| **v == 0.0).count() > 200, "part of the lattice lies outside");
    near(values(&rendered), &expected, "border");
}

/// A field of two pixels in a row at 0 and 1, with the displacements (1, 0) and (3, 0).
fn two() -> Transform {
    Transform::Field(StoredField {
        array: AnyArray::new(vec![1, 2, 2], vec![1.0, 0.0, 3.0, 0.0]).unwrap(),
        readings: vec!["itk".parse().unwrap()],
        valid: None,
        placement: Some(Placement::identity(2)),
        remarks: Vec::new(),
    })
}

#[test]
fn between_and_beside_pixels_by_hand() {
    // Pixels at -0.75, -0.5, -0.25, .. 1.5: half a pixel before the first is inside, half a pixel after the last is not.
    let placement = Placement::new(&[0.25, 1.0], &[-0.75, 0.0], &[1.0, 0.0, 0.0, 1.0]).unwrap();
    let rendered = render(&two(), &[1, 10], &placement).unwrap();
    let x: Vec<f64> = values(&rendered).iter().step_by(2).copied().collect();
    assert_eq!(x, [0.0, 1.0, 1.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.0, 0.0]);
}

#[test]
fn composites_go_from_the_last_to_the_first() {
    let doubled = affine(&[2.0, 0.0, 0.0, 2.0], &[0.0, 0.0]);
    let shifted = affine(&[1.0, 0.0, 0.0, 1.0], &[10.0, 0.0]);
    let one = Placement::new(&[1.0, 1.0], &[1.0, 0.0], &[1.0, 0.0, 0.0, 1.0]).unwrap();
    let at = |parts: Vec<Transform>| values(&render(&Transform::Composite(parts), &[1, 1], &one).unwrap())[0];
    assert_eq!(at(vec![doubled.clone(), shifted.clone()]), 2.0 * 11.0 - 1.0);
    assert_eq!(at(vec![shifted.clone(), doubled.clone()]), 12.0 - 1.0);
    assert_eq!(at(vec![Transform::Composite(vec![shifted, doubled.clone()]), doubled]), 14.0 - 1.0);
    assert_eq!(at(vec![two(), affine(&[1.0, 0.0, 0.0, 1.0], &[-0.5, 0.0])]), -0.5 + 2.0);
}

#[test]
fn what_cannot_be_rendered_is_said() {
    let plane = Placement::identity(2);
    let error = |transform: &Transform, size: &[usize], placement: &Placement| render(transform, size, placement).unwrap_err();
    assert_eq!(error(&two(), &[1, 1, 1], &plane), "a lattice of 3 axes with a placement of 2");
    let space = affine(&[1.0; 9], &[0.0; 3]);
    assert_eq!(error(&space, &[1, 1], &plane), "an affine transform of 3 axes (9 numbers) on a lattice of 2");
    assert!(error(&two(), &[usize::MAX, 9], &plane).contains("more than memory holds"));
    let Transform::Field(mut field) = two() else { panic!() };
    field.readings = vec!["flow".parse().unwrap()];
    assert!(error(&Transform::Field(field.clone()), &[1, 1], &plane).contains("convention flow in a transform: expected itk"));
    field.readings = vec!["itk".parse().unwrap()];
    field.placement = None;
    assert!(error(&Transform::Field(field), &[1, 1], &plane).contains("nothing of its place"));
    assert_eq!(values(&render(&two(), &[0, 5], &plane).unwrap()), [0.0; 0]);
}

const AFFINE: &str = "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_2_2\n\
                      Parameters: 1 2 3 4 5 6\nFixedParameters: 7 8\n";

#[test]
fn centres_by_hand() {
    let folder = folder();
    let found = transform(&file(&folder, "a.tfm", AFFINE.as_bytes()));
    // 5 + 7 - (1 * 7 + 2 * 8), 6 + 8 - (3 * 7 + 4 * 8).
    assert_eq!(found, affine(&[1.0, 2.0, 3.0, 4.0], &[-11.0, -39.0]));
}

#[test]
fn texts_come_back() {
    let folder = folder();
    let path = folder.path().join("a.tfm");
    let parts = [affine(&[1.0, 1e-300, -0.1, 1.0 / 3.0], &[1e22, -7.25]), affine(&[0.0, 1.0, 1.0, 0.0], &[0.0, 5e-324])];
    write_transform(&path, &parts[0]).unwrap();
    assert_eq!(transform(&path), parts[0]);
    let composite = Transform::Composite(parts.to_vec());
    write_transform(&path, &composite).unwrap();
    assert_eq!(transform(&path), composite);
    // A composite inside is written as its parts: text holds none.
    let nested = Transform::Composite(vec![parts[1].clone(), composite]);
    write_transform(&path, &nested).unwrap();
    let [a, b] = parts;
    assert_eq!(transform(&path), Transform::Composite(vec![b.clone(), a.clone(), b]));
    for (wrong, what) in [
        (two(), "it holds a displacement field: write .h5"),
        (Transform::Composite(Vec::new()), "it is a composite of no transforms"),
        (Transform::Composite(vec![a, affine(&[1.0; 9], &[0.0; 3])]), "it has parts of 2 and 3 axes"),
        (affine(&[1.0; 4], &[f64::NAN, 0.0]), "it has the number NaN: expected finite ones"),
        (affine(&[1.0; 3], &[0.0; 2]), "it has a matrix of 3 numbers and an offset of 2"),
    ] {
        let path = folder.path().join("b.tfm");
        let expected = format!("cannot be written as an ITK transform (text): {what}");
        assert_eq!(line(write_transform(&path, &wrong), &path), expected);
    }
    assert_eq!(names(folder.path()), ["a.tfm"]);
}

#[test]
fn wrong_texts_are_told_apart() {
    let folder = folder();
    let refused = |text: &str| {
        let path = file(&folder, "a.tfm", text.as_bytes());
        let line = line(read(&path), &path);
        line.strip_prefix("is an ITK transform (text) that ").unwrap_or_else(|| panic!("{line}")).to_string()
    };
    let with = |from: &str, to: &str| refused(&AFFINE.replace(from, to));
    assert_eq!(with("5 6\n", "5\n"), "has 5 parameters for AffineTransform of 2 axes: expected 6");
    assert_eq!(with("7 8\n", "7\n"), "has 1 fixed parameters for AffineTransform: expected the 2 numbers of its centre");
    assert_eq!(with("5 6\n", "5 six\n"), "has \"six\" in line 4: expected a number");
    assert!(with("5 6\n", "5 nan\n").starts_with("has the parameter NaN for Aff"));
    assert!(with("7 8\n", "7 inf\n").starts_with("has the fixed parameter inf for Aff"));
    assert!(with("1 2 3 4", "1e308 1e308 3 4").ends_with("that are too large to compute with"));
    assert_eq!(
        with("\nFixedParameters: 7 8", ""),
        "has no line \"FixedParameters: \" after \"Transform: AffineTransform_double_2_2\""
    );
    assert_eq!(with("FixedParameters", "Parameters"), "says Parameters twice for one transform, again in line 5");
    assert_eq!(with("Fixed", "Other"), "has the line 5 \"OtherParameters: 7 8\": expected \"Name: values\"");
    assert!(with("_double_2_2", "").contains("expected a name such as AffineTransform_double_3_3"));
    assert!(with("_double_2_2", "_double_2_3").contains("expected 2 axes to 2, or 3 to 3"));
    assert!(with("AffineT", "Euler3DT").contains("says 2 axes of Euler3DTransform: that type has 3"));
    assert!(
        with("AffineT", "ThinPlateSplineKernelT").contains("type ThinPlateSplineKernelTransform: those read are AffineTransform, ")
    );
    assert!(with("\nTransform:", "\n#").contains("has the line 4 \"Parameters: 1 2 3 4 5 6\""));
    let twice = format!("{AFFINE}{}", AFFINE.split_once('\n').unwrap().1);
    assert_eq!(refused(&twice), "holds 2 transforms side by side: expected one, or a CompositeTransform before them");
    assert!(refused("#Insight Transform File V1.0\n").starts_with("holds no transform"));
    assert!(
        refused("#Insight Transform File V1.0\nTransform: CompositeTransform_double_2_2\n").contains("composite of no transforms")
    );
    let path = stored("bspline.tfm");
    assert!(line(read(&path), &path).contains("type BSplineTransform: those read are AffineTransform, "));
    let field = std::fs::read_to_string(stored("field2.tfm")).unwrap();
    let lie = |from: &str, to: &str| refused(&field.replace(from, to));
    assert!(
        lie("meters: 4 3 ", "meters: 4 4 ")
            .contains("has 24 parameters for DisplacementFieldTransform of the size [4.0, 4.0]: expected 32")
    );
    assert!(lie("meters: 4 3 ", "meters: 1e9 1e9 ").ends_with("expected 2000000000000000000"));
    assert!(lie("meters: 4 3 ", "meters: 0 3 ").ends_with("expected whole numbers from 1"));
    assert!(lie("meters: 4 3 ", "meters: 4 2.5 ").ends_with("expected whole numbers from 1"));
    assert!(lie("meters: 4 3 ", "meters: 4 3 1 ").contains("has 11 fixed parameters for Disp"));
    assert!(lie("0.8 -0.6 0.6 0.8", "1 1 1 1").contains("singular"));
}

/// A Matlab 4 matrix.
fn mat(kind: u32, big: bool, name: &str, values: &[f64]) -> Vec<u8> {
    let word = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let header = [kind, values.len() as u32, 1, 0, name.len() as u32 + 1];
    let mut bytes: Vec<u8> = header.iter().flat_map(|v| word(*v)).collect();
    bytes.extend(name.as_bytes());
    bytes.push(0);
    for value in values {
        match (kind / 10 % 10, big) {
            (1, false) => bytes.extend((*value as f32).to_le_bytes()),
            (1, true) => bytes.extend((*value as f32).to_be_bytes()),
            (_, false) => bytes.extend(value.to_le_bytes()),
            (_, true) => bytes.extend(value.to_be_bytes()),
        }
    }
    bytes
}

#[test]
fn mat_files_of_both_orders_and_types() {
    let folder = folder();
    for (kind, big, name) in [
        (0, false, "AffineTransform_double_2_2"),
        (10, false, "MatrixOffsetTransformBase_float_2_2"),
        (110, false, "AffineTransform_float_2_2"),
        (1000, true, "AffineTransform_double_2_2"),
        (1010, true, "AffineTransform_float_2_2"),
        (1100, true, "AffineTransform_double_2_2"),
    ] {
        let parts = [mat(kind, big, name, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), mat(kind, big, "fixed", &[7.0, 8.0])];
        let found = transform(&file(&folder, "a.mat", &parts.concat()));
        assert_eq!(found, affine(&[1.0, 2.0, 3.0, 4.0], &[-11.0, -39.0]), "{kind}");
    }
}

#[test]
fn wrong_mat_files_are_told_apart() {
    let folder = folder();
    let refused = |bytes: &[u8]| {
        let path = file(&folder, "a.mat", bytes);
        let line = line(read(&path), &path);
        line.strip_prefix("is an ITK transform (.mat) that ").unwrap_or_else(|| panic!("{line}")).to_string()
    };
    let first = mat(0, false, "AffineTransform_double_2_2", &[1.0; 6]);
    let fixed = mat(0, false, "fixed", &[0.0; 2]);
    let changed = |at: usize, value: u8| {
        let mut bytes = [first.clone(), fixed.clone()].concat();
        bytes[at] = value;
        refused(&bytes)
    };
    assert_eq!(refused(&first), "ends inside the header of a matrix");
    assert_eq!(refused(&[&first[..], &first].concat()), "has the matrix \"AffineTransform_double_2_2\" second: expected \"fixed\"");
    assert_eq!(refused(&[&first[..], &fixed, b"x"].concat()), "goes on for 1 bytes after its two matrices");
    assert!(changed(0, 20).starts_with("has a matrix of the Matlab type 20 (or 335544320)"));
    assert_eq!(changed(8, 2), "has a real matrix of 6x2: expected one column of real numbers");
    assert!(changed(7, 0xff).contains("has 4278190086 numbers = 34225520688 bytes, but "));
    assert_eq!(changed(19, 0xff), "ends inside the name of a matrix");
    assert!(changed(16, 20).contains("whose name is no text with a zero after it"));
    let path = stored("composite_lost.mat");
    assert!(line(read(&path), &path).contains("is a composite, whose parts .mat files do not hold"));
}

#[test]
fn afni_matrices_map_the_base_to_the_source() {
    let Transform::Affine(found) = transform(&stored("base.aff12.1D")) else { panic!() };
    let ras = floats(&json("afni.json"));
    for i in 0..3 {
        let sign = |k: usize| if k < 2 { -1.0 } else { 1.0 };
        let row: Vec<f64> = (0..3).map(|k| sign(i) * sign(k) * ras[4 * i + k]).collect();
        near(&found.matrix[3 * i..3 * i + 3], &row, "matrix");
        near(&found.offset[i..=i], &[sign(i) * ras[4 * i + 3]], "offset");
    }
}

fn placement(image: &Value) -> (Placement, [usize; 3]) {
    let ras = floats(&image["ras"]);
    let rows: Vec<Vec<f64>> = ras.chunks(4).take(3).map(<[f64]>::to_vec).collect();
    let shape: Vec<usize> = image["shape"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
    (Placement::from_ras_matrix(&rows).unwrap(), shape.try_into().unwrap())
}

#[test]
fn fsl_matrices_go_where_nitransforms_goes() {
    let cases = json("fsl.json");
    let signs = [1.0, 1.0, -1.0];
    for case in cases.as_array().unwrap() {
        let ((reference, reference_size), (moving, moving_size)) = (placement(&case["reference"]), placement(&case["moving"]));
        let matrix: [f64; 16] = floats(&case["fsl"]).try_into().unwrap();
        let found = flirt(&matrix, (&reference, reference_size), (&moving, moving_size)).unwrap();
        let Transform::Affine(found) = found else { panic!() };
        let ras = floats(&case["ras"]);
        for i in 0..3 {
            let row: Vec<f64> = (0..3).map(|k| signs[i] * signs[k] * ras[4 * i + k]).collect();
            near(&found.matrix[3 * i..3 * i + 3], &row, "matrix");
            near(&found.offset[i..=i], &[-signs[i] * ras[4 * i + 3]], "offset");
        }
    }
    let Contents::Array(bare) = read(&stored("fsl.mat.txt")).unwrap() else { panic!() };
    assert_eq!(bare.shape(), [4, 4]);
    let AnyData::F64(bare) = bare.data() else { panic!() };
    near(bare, &floats(&cases[0]["fsl"]), "a bare matrix");
}

#[test]
fn fsl_matrices_by_hand() {
    // Shifts by 3 mm along x, of images that lie alike: FSL's +x is LPS's +x where the axes are left-handed.
    let image = Placement::new(&[2.0, 2.0, 2.0], &[0.0; 3], &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0]).unwrap();
    let mut matrix = [1.0, 0.0, 0.0, 3.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    assert_eq!(flirt(&matrix, (&image, [5; 3]), (&image, [5; 3])), Ok(affine(&identity, &[-3.0, 0.0, 0.0])));
    let right = Placement::identity(3).clone();
    assert_eq!(flirt(&matrix, (&right, [5; 3]), (&right, [5; 3])), Ok(affine(&identity, &[3.0, 0.0, 0.0])));
    // Of unlike widths: x counts from ends that are 4 pixels apart.
    assert_eq!(flirt(&matrix, (&right, [5, 5, 5]), (&right, [5, 5, 9])), Ok(affine(&identity, &[7.0, 0.0, 0.0])));
    matrix[15] = 2.0;
    assert!(flirt(&matrix, (&right, [5; 3]), (&right, [5; 3])).unwrap_err().contains("last row [0.0, 0.0, 0.0, 2.0]"));
    matrix[15] = 1.0;
    matrix[0] = 0.0;
    assert!(flirt(&matrix, (&right, [5; 3]), (&right, [5; 3])).unwrap_err().contains("without inverse"));
    matrix[0] = f64::NAN;
    assert!(flirt(&matrix, (&right, [5; 3]), (&right, [5; 3])).unwrap_err().contains("the number NaN"));
    let flat = Placement::identity(2);
    matrix[0] = 1.0;
    assert!(flirt(&matrix, (&right, [5; 3]), (&flat, [5; 3])).unwrap_err().contains("an image of 2 axes"));
}

#[test]
fn matrices_of_other_shapes_are_refused() {
    let folder = folder();
    let found = |text: &str| read(&file(&folder, "a.txt", text.as_bytes()));
    let refused = |text: &str| {
        let path = folder.path().join("a.txt");
        let line = line(found(text), &path);
        line.strip_prefix("is a text of numbers that ").unwrap_or_else(|| panic!("{line}")).to_string()
    };
    let row = "1 0 0 5 0 1 0 6 0 0 1 7\n";
    let expected = AnyArray::new(vec![3, 4], vec![1.0, 0.0, 0.0, 5.0, 0.0, 1.0, 0.0, 6.0, 0.0, 0.0, 1.0, 7.0]).unwrap();
    assert_eq!(found(row).unwrap(), Contents::Array(expected));
    let afni = "# 3dAllineate matrices (DICOM-to-DICOM, row-by-row):\n";
    let shift = affine(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], &[5.0, 6.0, 7.0]);
    assert_eq!(found(&format!("{afni}{row}")).unwrap(), Contents::Transform(shift.clone()));
    assert_eq!(found(&format!("{afni}1 0 0 5\n0 1 0 6\n0 0 1 7\n")).unwrap(), Contents::Transform(shift));
    assert!(refused(&format!("{afni}{row}{row}")).contains("has 2x12 numbers: expected one matrix"));
    assert_eq!(refused("1 2\n3 4\n"), "has 2x2 numbers: expected an affine matrix, 4x4 or 12 in a row");
    // Three rows may be a 4x4 matrix without its last one.
    assert!(refused("1 0 0 5\n0 1 0 6\n0 0 1 7\n").starts_with("has 3x4 numbers"));
    assert!(refused("1 2\n3 4 5\n").contains("2 rows of different lengths"));
    assert!(refused("1 2 3 4\n1 2 3 x\n").contains("has \"x\" among its numbers"));
    assert!(refused("1 2 3 4\n1 2 3 inf\n").contains("has \"inf\" among its numbers"));
    assert!(refused("1 2").contains("ends inside a line"));
    assert!(refused(&"1 2 3 4\n".repeat(10_000)).contains("has 80000 bytes: expected an affine matrix"));
}

const FILES: [&str; 10] = [
    "euler.tfm",
    "affine.mat",
    "euler.mat",
    "plane.mat",
    "composite.tfm",
    "field2.tfm",
    "field2.mat",
    "mixed2.tfm",
    "base.aff12.1D",
    "fsl.mat.txt",
];

#[test]
fn a_cut_anywhere_is_an_error_or_the_same() {
    let folder = folder();
    for name in FILES {
        let bytes = std::fs::read(stored(name)).unwrap();
        let whole = read(&stored(name)).unwrap();
        for len in 0..bytes.len() {
            match read(&file(&folder, "cut", &bytes[..len])) {
                Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
                // A text does not say how many parts its composite has: cut between two of them it is a shorter one.
                Ok(Contents::Transform(Transform::Composite(parts))) => {
                    let Contents::Transform(Transform::Composite(all)) = &whole else { panic!() };
                    assert!(all.starts_with(&parts), "{name} cut to {len}");
                }
                Ok(found) => assert_eq!(found, whole, "{name} cut to {len}"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_changed_in_whole_files(
        which in 0..FILES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = std::fs::read(stored(FILES[which])).unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let folder = folder();
        let path = file(&folder, "random", &bytes);
        match read(&path) {
            Err(error) => {
                let text = error.to_string();
                prop_assert!(text.starts_with(&path.display().to_string()) && !text.contains('\n') && text.len() < 1500, "{text:?}");
            }
            // What is read can also be used.
            Ok(Contents::Transform(transform)) => {
                for axes in [2, 3] {
                    let (size, placement) = lattice(axes);
                    let _ = render(&transform, &size, &placement);
                }
            }
            Ok(_) => {}
        }
    }

    #[test]
    fn rendering_survives_any_numbers(
        matrix in prop::collection::vec(any::<f64>(), 4),
        numbers in prop::collection::vec(any::<f64>(), 12),
        origin in prop::collection::vec(-1e300f64..1e300, 2),
        spacing in prop::collection::vec(1e-300f64..1e300, 2),
    ) {
        let Ok(placed) = Placement::new(&spacing, &origin, &[1.0, 0.0, 0.0, 1.0]) else { return Ok(()) };
        let field = Transform::Field(StoredField {
            array: AnyArray::new(vec![2, 3, 2], numbers).unwrap(),
            readings: vec!["itk".parse().unwrap()],
            valid: None,
            placement: Some(placed.clone()),
            remarks: Vec::new(),
        });
        let whole = Transform::Composite(vec![field.clone(), affine(&matrix, &[0.0, 1.0]), field]);
        let (size, placement) = lattice(2);
        let _ = render(&whole, &size, &placement);
        let _ = render(&whole, &size, &placed);
    }
}
