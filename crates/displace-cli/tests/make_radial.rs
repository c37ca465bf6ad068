//! `displace make tps | rbf`.

mod common;

use common::{fails, succeeds};
use displace::{AnyArray, AnyData};
use std::path::Path;

fn read(path: &str) -> AnyArray {
    displace_io::read_array(Path::new(path)).expect("a readable array")
}

#[test]
fn landmarks_make_plates_and_other_maps() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let points = path("p.csv");
    std::fs::write(&points, "x_src,y_src,x_dst,y_dst\n0,0,0,0\n16,0,16,0\n0,16,0,16\n16,16,16,16\n16,8,8,8\n")
        .expect("a writable folder");
    let out = path("field.npy");
    let said = succeeds(&["make", "tps", &out, "--size", "17x17", "--points", &points]);
    assert!(said.contains("thin-plate spline, 5 points, smoothing 0, bending energy 1.2086e1, largest residual"), "{said}");
    assert!(said.contains("nothing but rounding"), "{said}");
    let (shape, data) = read(&out).into_parts();
    let AnyData::F32(data) = data else { panic!("f32 expected") };
    assert_eq!(shape, [17, 17, 2]);
    assert!((data[2 * (8 * 17 + 8)] - 8.0).abs() < 1e-6 && data[0].abs() < 1e-6);
    for (kernel, more) in [("linear", vec![]), ("gaussian", vec!["--epsilon", "0.1"]), ("cubic", vec!["--degree", "2"])] {
        let arguments = ["make", "rbf", &out, "--size", "17x17", "--points", &points, "--kernel", kernel, "--dtype", "f64"];
        let mut arguments = arguments.to_vec();
        arguments.extend(more);
        // Five points are fewer than a polynomial of degree 2 needs.
        if kernel == "cubic" {
            assert!(fails(&arguments, 1).contains("expected 6 points or more, not all on one conic"));
            continue;
        }
        let said = succeeds(&arguments);
        assert!(said.contains(&format!("radial basis functions, {kernel}, 5 points")), "{said}");
        let (_, data) = read(&out).into_parts();
        let AnyData::F64(data) = data else { panic!("f64 expected") };
        assert!((data[2 * (8 * 17 + 8)] - 8.0).abs() < 1e-9, "{kernel}");
    }
}

#[test]
fn large_fields_say_their_bound() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut text = String::from("x_src,y_src,x_dst,y_dst,weight\n");
    for i in 0..200 {
        let (x, y) = (i * 7919 % 499, i * 104_729 % 503);
        text.push_str(&format!("{},{y},{x},{y},{}\n", x + i % 3, 1 + i % 2));
    }
    std::fs::write(path("p.csv"), text).expect("a writable folder");
    let (points, out) = (path("p.csv"), path("field.npz"));
    let mut arguments = vec!["make", "tps", &out, "--size", "500x500", "--points", &points, "--tolerance", "0.001", "--json"];
    assert!(fails(&arguments, 1).contains("weights, which have no meaning where points are met: add --smoothing"));
    arguments.extend(["--smoothing", "0.5"]);
    let report: serde_json::Value = serde_json::from_str(&succeeds(&arguments)).expect("JSON");
    let off = report["off"].as_f64().expect("a bound");
    assert!(off > 0.0 && off <= 0.001, "{report}");
}

#[test]
fn what_does_not_fit_is_said() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (points, out) = (path("p.csv"), path("field.npy"));
    std::fs::write(&points, "x_src,y_src,x_dst,y_dst\n0,0,0,0\n1,1,1,1\n2,2,2,2\n").expect("a writable folder");
    let with = |more: &[&str]| {
        let mut arguments = vec!["make", "tps", &out, "--points", &points];
        arguments.extend(more);
        fails(&arguments, if more.contains(&"--tolerance=-1") { 2 } else { 1 })
    };
    assert!(with(&["--size", "4x4"]).contains("not all on one line"));
    assert!(with(&["--size", "4x4x4"]).contains("its points have 2 coordinates, the field 3 axes"));
    assert!(with(&["--size", "4x4", "--tolerance=-1"]).contains("--tolerance takes 0 or more pixels"));
    assert!(!Path::new(&out).exists(), "nothing is written");
}
