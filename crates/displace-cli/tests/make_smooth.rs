//! `displace make bspline | elastic | mls`.

mod common;

use common::{fails, run, succeeds};
use displace::{AnyArray, AnyData};
use std::path::Path;

fn floats(path: &str) -> (Vec<usize>, Vec<f32>) {
    match displace_io::read_array(Path::new(path)).expect("a readable array").into_parts() {
        (shape, AnyData::F32(data)) => (shape, data),
        (_, other) => panic!("f32 expected, not {}", other.dtype()),
    }
}

#[test]
fn a_spline_by_hand() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut control = vec![0.0f64; 50];
    control[2 * 12] = 9.0;
    let array = AnyArray::new(vec![5, 5, 2], control).expect("a matching shape");
    displace_io::write_npy(Path::new(&path("c.npy")), &array).expect("a writable folder");
    let out = path("field.npy");
    let said = succeeds(&["make", "bspline", &out, "--size", "3x3", "--coefficients", &path("c.npy")]);
    assert!(said.contains("[5, 5] control points [1.0, 1.0] px apart") && said.contains("may fold"), "{said}");
    let (shape, field) = floats(&out);
    assert_eq!(shape, [3, 3, 2]);
    let x: Vec<f32> = field.iter().copied().step_by(2).collect();
    assert_eq!(x, [0.25, 1.0, 0.25, 1.0, 4.0, 1.0, 0.25, 1.0, 0.25]);
    let said = fails(&["make", "bspline", &out, "--size", "3x3x3", "--coefficients", &path("c.npy")], 1);
    assert!(said.contains("[5, 5, 2]: expected (d, h, w, 3)"), "{said}");
    let said = fails(&["make", "bspline", &out, "--size", "3x3", "--coefficients", &path("c.npy"), "--spacing", "0"], 2);
    assert!(said.contains("lengths above 0"), "{said}");
}

#[test]
fn a_spline_fitted_to_points() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("p.csv"), "x_src,y_src,x_dst,y_dst\n7,1,1,1\n").expect("a writable folder");
    let out = path("field.npy");
    let fit = ["make", "bspline", &out, "--points", &path("p.csv")];
    let said = succeeds(&[&fit[..], &["--size", "3x3", "--levels", "1"]].concat());
    assert!(said.contains("fitted to 1 pairs on 1 levels: rms 0.000e0 px, largest 0.000e0 px (pair 1), [4, 4] control"), "{said}");
    let field = floats(&out).1;
    // Weights (1, 23, 23, 1)/48 along each axis, and (0, 1, 4, 1)/6 on the next pixel.
    let beside = 6.0 * (23.0 + 4.0 * 23.0 + 1.0) / 6.0 * 48.0 / (2.0 * (23.0f32.powi(2) + 1.0));
    assert!((field[8] - 6.0).abs() < 1e-6 && field[9] == 0.0 && (field[10] - beside).abs() < 1e-6, "{field:?}");
    let said = succeeds(&[&fit[..], &["--size", "9x9", "--spacing", "4,8"]].concat());
    assert!(said.contains("[35, 19] control points [0.25, 0.5] px apart, the first at [-0.25, -0.5]"), "{said}");
    for (more, code, expected) in [
        (&["--size", "9x9", "--levels", "0"][..], 2, "0 levels: expected 1 to 24"),
        (&["--size", "9x9", "--origin", "1"], 2, "cannot be used with"),
        (&["--size", "9x9", "--coefficients", "c.npy"], 2, "cannot be used with"),
        (&["--size", "9x9", "--spacing", "0"], 2, "lengths above 0"),
        (&["--size", "9x9x9"], 2, "3 axes"),
    ] {
        let output = run(&[&fit[..], more].concat());
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(code) && err.contains(expected), "{more:?}: {err}");
    }
    let output = run(&["make", "bspline", &out, "--size", "9x9", "--levels", "2"]);
    assert_eq!(output.status.code(), Some(2), "neither control points nor pairs");
    std::fs::write(path("p.csv"), "x_src,y_src,x_dst,y_dst\n7,1,9,1\n").expect("a writable folder");
    let said = fails(&[&fit[..], &["--size", "3x9"]].concat(), 1);
    assert!(said.contains("pair 0 has its destination at [9.0, 1.0]: expected between 0 and [8.0, 2.0]"), "{said}");
}

#[test]
fn a_seed_makes_the_same_field_without_folds() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let make = |out: &str, more: &[&str]| {
        let mut arguments = vec!["make", "elastic", out, "--size", "40x50", "--alpha", "900", "--sigma", "4"];
        arguments.extend(more);
        succeeds(&arguments)
    };
    let (a, b, c, tame) = (path("a.npy"), path("b.npy"), path("c.npy"), path("tame.npy"));
    make(&a, &["--seed", "5"]);
    make(&b, &["--seed", "5"]);
    make(&c, &["--seed", "6"]);
    assert_eq!(floats(&a), floats(&b));
    assert_ne!(floats(&a), floats(&c));
    let said = make(&tame, &["--seed", "5", "--no-folds", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let factor = report["factor"].as_f64().expect("the factor");
    assert!(factor > 0.0 && factor < 1.0, "{said}");
    let (wild, tame) = (floats(&a).1, floats(&tame).1);
    assert!(wild.iter().zip(&tame).all(|(wild, tame)| (f64::from(*wild) * factor) as f32 == *tame));
    let said = fails(&["make", "elastic", &a, "--size", "4x4", "--noise", "bspline", "--alpha", "3"], 2);
    assert!(said.contains("leave --alpha out"), "{said}");
    let said = fails(&["make", "elastic", &a, "--size", "4x4x4"], 2);
    assert!(said.contains("2-D"), "{said}");
}

#[test]
fn landmarks_are_met() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("p.csv"), "x_src,y_src,x_dst,y_dst\n0,0,0,0\n5,1,2,0\n").expect("a writable folder");
    let out = path("field.npy");
    let said = succeeds(&["make", "mls", &out, "--size", "1x3", "--points", &path("p.csv")]);
    assert!(said.contains("moving least squares, rigid, alpha 1, 2 points"), "{said}");
    assert_eq!(floats(&out), (vec![1, 3, 2], vec![0.0, 0.0, 1.5, 0.5, 3.0, 1.0]));
    let said = fails(&["make", "mls", &out, "--size", "1x3", "--points", &path("p.csv"), "--local", "affine"], 1);
    assert!(said.contains("affine map needs 3"), "{said}");
}
