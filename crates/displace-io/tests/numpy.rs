//! Files that NumPy wrote (`fixtures/make.py`).

mod common;

use common::{array, counted, fixture, folder, line};
use displace::DType;
use displace_io::{Contents, ReadOptions, read, read_array, read_array_with, read_npz, read_npz_member, write_npy};

const CODES: [(&str, DType); 6] =
    [("u1", DType::U8), ("u2", DType::U16), ("i2", DType::I16), ("f2", DType::F16), ("f4", DType::F32), ("f8", DType::F64)];

fn arrays(name: &str) -> std::path::PathBuf {
    fixture("arrays").join(name)
}

#[test]
fn every_dtype_order_and_byte_order_is_read() {
    for (code, dtype) in CODES {
        for kind in ["", "_big", "_fortran"] {
            assert_eq!(read_array(&arrays(&format!("{code}{kind}.npy"))).unwrap(), counted(dtype, &[2, 3, 4]), "{code}{kind}");
        }
    }
    assert_eq!(read_array(&arrays("big_fortran.npy")).unwrap(), counted(DType::F32, &[3, 1, 5]));
    for version in 1..=3 {
        assert_eq!(read_array(&arrays(&format!("version{version}.npy"))).unwrap(), counted(DType::F32, &[2, 3]));
    }
}

#[test]
fn the_same_bytes_are_written() {
    let folder = folder();
    let path = folder.path().join("a.npy");
    let plain = CODES.map(|(code, _)| format!("{code}.npy"));
    for name in plain.iter().map(String::as_str).chain(["scalar.npy", "line.npy", "empty.npy"]) {
        let theirs = arrays(name);
        write_npy(&path, &read_array(&theirs).unwrap()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&theirs).unwrap(), "{name}");
    }
}

#[test]
fn scalars_and_empty_arrays_are_read() {
    assert_eq!(read_array(&arrays("scalar.npy")).unwrap(), counted(DType::F32, &[]));
    assert_eq!(read_array(&arrays("empty.npy")).unwrap(), counted(DType::F32, &[3, 0, 2]));
}

#[test]
fn raw_data_is_bf16_on_request() {
    let options = ReadOptions { bf16: true, ..ReadOptions::default() };
    let smallest = f64::from(displace::bf16::from_bits(1).to_f32());
    assert_eq!(read_array_with(&arrays("raw2.npy"), &options).unwrap(), array(DType::BF16, &[2, 3], |k| k as f64 * smallest));
    assert!(line(read_array(&arrays("raw2.npy")), &arrays("raw2.npy")).contains("('|V2')"));
}

#[test]
fn other_types_are_refused_by_name() {
    for (name, what) in [
        ("i8", "64-bit signed integers ('<i8')"),
        ("i4", "32-bit signed integers ('<i4')"),
        ("u4", "32-bit unsigned integers ('<u4')"),
        ("b1", "booleans ('|b1')"),
        ("c8", "64-bit complex numbers ('<c8')"),
        ("U3", "text ('<U3')"),
        ("M8_D", "dates or times ('<M8[D]')"),
        ("object", "Python objects ('|O')"),
        ("struct", "structured elements ([('a', '<f4'), ('b\u{e9}', '|u1', (2, 3))])"),
    ] {
        let path = arrays(&format!("refused_{name}.npy"));
        let supported = "supported are u1, u2, i2, f2, f4 and f8 (uint8, uint16, int16, float16, float32, float64)";
        assert_eq!(line(read_array(&path), &path), format!("holds {what}: {supported}"));
    }
}

#[test]
fn archives_are_read_stored_and_deflated() {
    for name in ["stored.npz", "deflated.npz"] {
        let expected = [
            ("a".to_string(), counted(DType::F32, &[2, 3])),
            ("b/c".to_string(), counted(DType::U8, &[4])),
            ("\u{e9}".to_string(), counted(DType::F64, &[])),
        ];
        assert_eq!(read_npz(&arrays(name)).unwrap(), expected, "{name}");
        assert_eq!(read(&arrays(name)).unwrap(), Contents::Archive(expected.to_vec()));
        for (member, array) in expected {
            assert_eq!(read_npz_member(&arrays(name), &member).unwrap(), array);
        }
    }
    let positional = read_npz(&arrays("positional.npz")).unwrap();
    assert_eq!(positional, [("arr_0".to_string(), counted(DType::F16, &[2])), ("arr_1".to_string(), counted(DType::I16, &[2, 2]))]);
    assert_eq!(read_npz(&arrays("none.npz")).unwrap(), []);
}

#[test]
fn members_that_cannot_be_read_do_not_hide_those_that_can() {
    let path = arrays("mixed.npz");
    assert!(line(read_npz(&path), &path).starts_with("member \"bad\": holds 64-bit signed integers ('<i8')"));
    assert_eq!(read_npz_member(&path, "good").unwrap(), counted(DType::F32, &[2]));
    assert_eq!(line(read_npz_member(&path, "other"), &path), "has no array \"other\": it holds \"good\", \"bad\"");
}
