//! `displace make` with the kinds of few parameters: files in, fields and lines out.

use displace::AnyData;
use std::path::Path;
use std::process::{Command, Output};

fn displace(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_displace")).args(arguments).output().expect("the command starts")
}

/// The field that a run makes, its numbers, and what it said.
fn made(arguments: &[&str]) -> (Vec<usize>, Vec<f32>, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out.npy").display().to_string();
    let output = displace(&[&["make"], arguments, &[out.as_str()]].concat());
    let (said, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && err.is_empty(), "{arguments:?}\n{said}{err}");
    match displace_io::read_array(Path::new(&out)).expect("a readable array").into_parts() {
        (shape, AnyData::F32(data)) => (shape, data, said.into_owned()),
        (_, other) => panic!("f32 expected, not {}", other.dtype()),
    }
}

/// The one line of a run that must fail with `code`.
fn fails(arguments: &[&str], code: i32) -> String {
    let output = displace(&[&["make"], arguments, &["never.npy"]].concat());
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
    assert!(err.starts_with("error: ") && !err.contains("panicked") && !Path::new("never.npy").exists(), "{err}");
    err
}

#[test]
fn every_kind_by_hand() {
    let near = |found: &[f32], expected: &[f32]| {
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}, not {expected:?}");
    };
    let of = |arguments: &[&str]| made(arguments).1;
    near(&of(&["affine", "--matrix", "1,0,0.5,0,1,0", "--size", "1x2"]), &[0.5, 0.0, 0.5, 0.0]);
    near(&of(&["affine", "--theta", "1,0,0.5,0,1,0", "--size", "1x2"]), &[0.5, 0.0, 0.5, 0.0]);
    near(&of(&["affine", "--matrix", "2,0,0,0,2,0", "--center", "1,0", "--size", "1x2"]), &[-1.0, 0.0, 0.0, 0.0]);
    near(&of(&["affine", "--scaling", "2", "--center", "1,0", "--direction", "push", "--size", "1x2"]), &[0.5, 0.0, 0.0, 0.0]);
    near(&of(&["similarity", "--angle", "180", "--size", "1x2"]), &[1.0, 0.0, -1.0, 0.0]);
    near(&of(&["homography", "--matrix", "1,0,0,0,1,0,1,0,1", "--size", "1x2"]), &[0.0, 0.0, -0.5, 0.0]);
    near(&of(&["polynomial", "--coefficients", "0,1,0,0.5,0,0,0,0,1,0,0,0", "--size", "1x2"]), &[0.0, 0.0, 0.5, 0.0]);
    let polar = ["polar", "--radius", "4", "--center", "4,4", "--size", "4x1", "-s", "9x9", "--rest", "index"];
    near(&of(&polar), &[4.0, 4.0, 4.0, 3.0, 4.0, 2.0, 4.0, 1.0]);
    near(&of(&["swirl", "--strength", "3", "--size", "1x1"]), &[0.0, 0.0]);
    near(&of(&["swirl", "--strength", "0", "--rotation=3.14159265", "--center", "1,0", "--size", "1x1"]), &[2.0, 0.0]);
    near(&of(&["lens", "--camera", "1,1,0,0", "--distortion", "0.1,0,0,0", "--size", "1x2"]), &[0.0, 0.0, 0.1, 0.0]);
    near(&of(&["crop", "--start", "2,1", "--size", "1x1", "-s", "3x3", "--rest", "index"]), &[2.0, 1.0]);
    near(&of(&["flip", "--axis", "x", "--size", "1x2"]), &[1.0, 0.0, -1.0, 0.0]);
    near(&of(&["roll", "--shift", "1,0", "--size", "1x2"]), &[1.0, 0.0, -1.0, 0.0]);
    near(&of(&["resize", "--size", "1x2", "-s", "1x4", "--rest", "index"]), &[0.5, 0.0, 1.5, 0.0]);
    near(&of(&["resize", "--size", "1x2", "-s", "1x4", "--rest", "index", "--align-corners"]), &[0.0, 0.0, 2.0, 0.0]);
    assert_eq!(made(&["roll", "--shift", "1,0,0", "--size", "2x2x2"]).0, [2, 2, 2, 3]);
}

#[test]
fn what_has_no_place_is_said() {
    let (_, field, said) = made(&["homography", "--matrix", "1,0,0,0,1,0,-1,0,1", "--size", "1x2"]);
    assert!(field[..2] == [0.0, 0.0] && field[2].is_nan(), "{field:?}");
    assert!(said.contains("1 of 2 pixels: NaN"), "{said}");
}

#[test]
fn points_are_fitted_and_the_fit_is_reported() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a writable folder");
        path.display().to_string()
    };
    let pairs = file("pairs.csv", "x_src,y_src,x_dst,y_dst\n10,10,0,0\n30,10,10,0\n10,30,0,10\n30,31,10,10\n");
    let (_, field, said) = made(&["affine", "--points", &pairs, "--size", "1x1", "-s", "40x40", "--rest", "index"]);
    assert!((field[0] - 10.0).abs() < 1e-5 && (field[1] - 9.75).abs() < 1e-5, "{field:?}");
    assert!(said.contains("fitted to 4 pairs: rms 2.500e-1 px, largest 2.500e-1 px (pair"), "{said}");
    for kind in [&["homography"][..], &["similarity"], &["similarity", "--rigid"], &["polynomial", "--order", "1"]] {
        let (_, _, said) = made(&[kind, &["--points", &pairs, "--size", "4x4"]].concat());
        assert!(said.contains("fitted to 4 pairs"), "{said}");
    }
    let json =
        file("pairs.json", r#"{"source": [[1,2,3],[2,2,3],[1,3,3],[1,2,4]], "destination": [[0,0,0],[1,0,0],[0,1,0],[0,0,1]]}"#);
    let (shape, field, _) = made(&["affine", "--points", &json, "--size", "1x1x1"]);
    assert_eq!(shape, [1, 1, 1, 3]);
    assert!(field.iter().zip([1.0, 2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-5), "{field:?}");
    assert!(fails(&["affine", "--points", &json, "--size", "4x4"], 1).contains("3 coordinates, the field 2 axes"));
    let wrong = file("wrong.csv", "x_src,y_src,x_dst,y_dst\n1,2,3,four\n");
    assert!(fails(&["affine", "--points", &wrong, "--size", "4x4"], 1).contains("line 2, column y_dst: \"four\""));
    let line = file("line.csv", "x_src,y_src,x_dst,y_dst\n0,0,0,0\n1,1,1,1\n2,2,2,2\n");
    assert!(
        fails(&["affine", "--points", &line, "--size", "4x4"], 1).contains("3 pairs, 3 different points: they do not determine")
    );
}

#[test]
fn mistakes_are_usage() {
    for (arguments, expected) in [
        (&["affine", "--size", "4x4"][..], "required"),
        (&["affine", "--matrix", "1,0", "--size", "4x4"], "expected a matrix of 2 rows and 3 columns"),
        (&["affine", "--matrix", "1,0,0,0,1,0", "--rotation", "3", "--size", "4x4"], "cannot be used with"),
        (&["homography", "--matrix", "1,0,0,0,0,0,0,0,1", "--direction", "push", "--size", "4x4"], "determinant"),
        (&["polar", "--size", "4x4", "-s", "5x5"], "--rest"),
        (&["polar", "--size", "4x4", "--radius", "0"], "radius is 0"),
        (&["lens", "--camera", "1,1,0", "--distortion", "0,0,0,0", "--size", "4x4"], "--camera has 3 numbers"),
        (&["lens", "--camera", "1,1,0,0", "--distortion", "0,0", "--size", "4x4"], "2 distortion coefficients"),
        (&["flip", "--axis", "z", "--size", "4x4"], "the field has 2 axes"),
        (&["roll", "--shift", "1", "--size", "4x4"], "--shift has 1 numbers"),
        (&["swirl", "--strength", "nan", "--size", "4x4"], "finite"),
    ] {
        let said = fails(arguments, 2);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}
