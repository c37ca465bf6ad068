//! `displace make scattered`.

mod common;

use common::{fails, succeeds};
use displace::AnyData;
use std::path::Path;

/// The x components.
fn columns(path: &str) -> Vec<f32> {
    match displace_io::read_array(Path::new(path)).expect("a readable array").into_parts() {
        (_, AnyData::F32(data)) => data.into_iter().step_by(2).collect(),
        (_, other) => panic!("f32 expected, not {}", other.dtype()),
    }
}

#[test]
fn methods_by_hand() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("p.csv"), "x_src,y_src,x_dst,y_dst\n0,0,0,0\n8,0,4,0\n0,4,0,4\n").expect("a writable folder");
    let (out, points) = (path("field.npy"), path("p.csv"));
    let make = |more: &[&str]| {
        let mut arguments = vec!["make", "scattered", &out, "--size", "2x5", "--points", &points];
        arguments.extend(more);
        succeeds(&arguments)
    };
    let said = make(&[]);
    assert!(said.contains("scattered, linear, 3 points") && said.contains("1 of 10 pixels: NaN"), "{said}");
    let found = columns(&out);
    assert_eq!(found[..9], [0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 1.0, 2.0, 3.0]);
    assert!(found[9].is_nan());
    // The middle between two points goes with the first.
    make(&["--method", "nearest"]);
    assert_eq!(columns(&out), [0.0, 0.0, 0.0, 4.0, 4.0, 0.0, 0.0, 0.0, 4.0, 4.0]);
    let said = make(&["--method", "nearest", "--reach", "1", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(report["pixels_without_place"], 4, "{said}");
    assert_eq!(report["made"], "scattered, nearest, reach 1 px, 3 points");
    // Border of the hull: halfway.
    make(&["--method", "natural"]);
    assert_eq!(columns(&out)[2], 2.0);
    // Inverse distances 1, 1/3 and, of the third, 1/sqrt(17).
    make(&["--method", "inverse-distance", "--power", "1"]);
    let expected = 4.0 / 3.0 / (1.0 + 1.0 / 3.0 + 1.0 / 17f64.sqrt());
    assert_eq!(columns(&out)[1], expected as f32);
}

#[test]
fn mistakes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("p.csv"), "x_src,y_src,x_dst,y_dst\n0,0,0,0\n8,0,4,0\n9,0,4,0\n").expect("a writable folder");
    std::fs::write(path("line.csv"), "x_src,y_src,x_dst,y_dst\n0,0,0,0\n8,0,4,0\n").expect("a writable folder");
    let space = r#"{"source": [[0, 0, 1], [3, 2, 1]], "destination": [[0, 0, 0], [3, 2, 0]]}"#;
    std::fs::write(path("space.json"), space).expect("a writable folder");
    let out = path("field.npy");
    let fails = |points: &str, more: &[&str], code| {
        let points = path(points);
        let mut arguments = vec!["make", "scattered", &out, "--points", &points];
        arguments.extend(more);
        fails(&arguments, code)
    };
    let said = fails("p.csv", &["--size", "2x5"], 1);
    assert!(said.contains("p.csv") && said.contains("points 1 and 2 are both at destination [4.0, 0.0]"), "{said}");
    let said = fails("line.csv", &["--size", "2x5"], 1);
    assert!(said.contains("lie on one line, from [0.0, 0.0] to [4.0, 0.0]"), "{said}");
    let said = fails("line.csv", &["--size", "2x5", "--method", "nearest", "--reach=-3"], 2);
    assert!(said.contains("reach is -3"), "{said}");
    let said = fails("line.csv", &["--size", "2x5", "--method", "nearest", "--power", "3"], 2);
    assert!(said.contains("--method inverse-distance"), "{said}");
    let said = fails("line.csv", &["--size", "2x5", "--method", "inverse-distance", "--neighbours", "0"], 2);
    assert!(said.contains("1 or more"), "{said}");
    let said = fails("space.json", &["--size", "2x5x5"], 1);
    assert!(said.contains("take nearest or inverse distance"), "{said}");
    let volume = folder.path().join("volume.npy").display().to_string();
    succeeds(&["make", "scattered", &volume, "--points", &path("space.json"), "--size", "2x5x5", "--method", "nearest"]);
}
