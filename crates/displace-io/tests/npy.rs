//! `.npy` files made by hand.

mod common;

use common::{array, counted, dictionary, file, folder, line, npy_bytes};
use displace::{AnyArray, DType};
use displace_io::{ReadOptions, WriteOptions, read_array, read_array_with, write_npy, write_npy_with};
use std::cell::RefCell;

const WRITABLE: [DType; 6] = [DType::U8, DType::U16, DType::I16, DType::F16, DType::F32, DType::F64];

#[test]
fn every_dtype_and_shape_comes_back() {
    let folder = folder();
    let path = folder.path().join("a.npy");
    for dtype in WRITABLE {
        for shape in [&[][..], &[0], &[1], &[7], &[2, 0, 3], &[2, 3, 4], &[1, 1, 2, 1, 3], &[5; 5]] {
            let array = counted(dtype, shape);
            write_npy(&path, &array).unwrap();
            assert_eq!(read_array(&path).unwrap(), array, "{dtype} {shape:?}");
        }
    }
}

#[test]
fn special_numbers_come_back_bit_for_bit() {
    let folder = folder();
    let path = folder.path().join("a.npy");
    let bits = [0x7fc0_1234, 0xff80_0000, 0x8000_0000, 1u32];
    let array = AnyArray::new(vec![4], bits.map(f32::from_bits).to_vec()).unwrap();
    write_npy(&path, &array).unwrap();
    let displace::AnyData::F32(found) = read_array(&path).unwrap().into_parts().1 else { panic!("another dtype") };
    assert_eq!(found.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), bits);
}

#[test]
fn arrays_longer_than_a_chunk_come_back() {
    let folder = folder();
    let path = folder.path().join("a.npy");
    let value = |k: usize| (k % 2039) as f64;
    for (descr, dtype) in [("'>f8'", DType::F64), ("'>i2'", DType::I16), ("'>f4'", DType::F32)] {
        let array = array(dtype, &[300, 1001], value);
        write_npy(&path, &array).unwrap();
        assert_eq!(read_array(&path).unwrap(), array);
        let native = std::fs::read(&path).unwrap();
        let mut data = native[native.len() - 300_300 * dtype.bytes()..].to_vec();
        data.chunks_exact_mut(dtype.bytes()).for_each(<[u8]>::reverse);
        let path = file(&folder, "big.npy", &npy_bytes(1, &dictionary(descr, false, "(300, 1001)"), &data));
        assert_eq!(read_array(&path).unwrap(), array);
    }
}

#[test]
fn orders_and_versions_are_understood() {
    let folder = folder();
    let expected = AnyArray::new(vec![2, 3], vec![1u16, 2, 3, 4, 5, 6]).unwrap();
    for version in [1, 2, 3] {
        for (descr, fortran, data) in [
            ("'<u2'", false, [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]),
            ("'>u2'", false, [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6]),
            ("'<u2'", true, [1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6, 0]),
            ("\">u2\"", true, [0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6]),
        ] {
            for shape in ["(2, 3)", "(2,3,)", "( 2L, 3L )"] {
                let path = file(&folder, "a.npy", &npy_bytes(version, &dictionary(descr, fortran, shape), &data));
                assert_eq!(read_array(&path).unwrap(), expected, "{version} {descr} {fortran} {shape}");
            }
        }
    }
}

#[test]
fn raw_data_is_bf16_only_on_request() {
    let folder = folder();
    let data = [0x80, 0x3f, 0x00, 0xc0];
    let expected = array(DType::BF16, &[2], |k| [1.0, -2.0][k]);
    let path = file(&folder, "a.npy", &npy_bytes(1, &dictionary("'<V2'", false, "(2,)"), &data));
    assert_eq!(read_array_with(&path, &ReadOptions { bf16: true, ..ReadOptions::default() }).unwrap(), expected);
    assert!(line(read_array(&path), &path).contains("ask for it to be read as bf16 (ReadOptions::bf16)"));
    let path = file(&folder, "b.npy", &npy_bytes(1, &dictionary("'bfloat16'", false, "(2,)"), &data));
    assert_eq!(read_array(&path).unwrap(), expected);
    assert_eq!(
        line(write_npy(&path, &expected), &path),
        "bf16 cannot be written: .npy has no name for it; convert to f32, which holds every bf16 exactly"
    );
}

#[test]
fn headers_that_lie_are_refused_with_both_numbers() {
    let folder = folder();
    let said = |shape: &str, len: usize| {
        let path = file(&folder, "a.npy", &npy_bytes(1, &dictionary("'<f4'", false, shape), &vec![0; len]));
        line(read_array(&path), &path)
    };
    assert_eq!(said("(2, 3)", 23), "has a header that says shape (2, 3) of f4 = 24 bytes, but 23 bytes follow it");
    assert_eq!(said("(2, 3)", 25), "has a header that says shape (2, 3) of f4 = 24 bytes, but 25 bytes follow it");
    assert_eq!(
        said("(1000000, 1000000)", 8),
        "has a header that says shape (1000000, 1000000) of f4 = 4000000000000 bytes, but 8 bytes follow it"
    );
    for shape in ["(4294967296, 4294967296)", "(99999999999999999999999,)", "(4294967296, 4294967296, 0)", "(4611686018427387904,)"]
    {
        assert_eq!(said(shape, 0), format!("has a header that says shape {shape}: more elements than memory has addresses"));
    }
    assert_eq!(said(&format!("({})", "1, ".repeat(65)), 4), "has 65 axes: expected at most 64");
    assert!(said("(-1,)", 4).contains("a whole number for each axis"));
    assert!(said("(1.5,)", 4).contains("a whole number for each axis"));
    assert!(said("3", 12).contains("expected a shape like (2, 3), found \"3\""));
}

#[test]
fn malformed_headers_are_refused() {
    let folder = folder();
    for (text, expected) in [
        ("", "expected '{' at the start"),
        ("{}", "expected the keys descr, fortran_order and shape"),
        ("{'descr': '<f4', 'shape': (1,)}", "expected the keys descr, fortran_order and shape"),
        ("{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}", "expected True or False for fortran_order, found \"1\""),
        ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "expected each key once, found \"descr\""),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
            "expected only the keys descr, fortran_order and shape, found \"x\"",
        ),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + os", "expected nothing after the dictionary, found \"+ os\""),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,\n", "found \"\""),
    ] {
        let path = file(&folder, "a.npy", &npy_bytes(1, text, &[0; 4]));
        let line = line(read_array(&path), &path);
        assert!(line.starts_with("has a malformed header: ") && line.contains(expected), "{text:?}: {line}");
    }
    let nested = file(&folder, "nested.npy", &npy_bytes(2, &dictionary(&"[".repeat(60_000), false, "(1,)"), &[0; 4]));
    assert!(line(read_array(&nested), &nested).contains("malformed"));
    let long = file(&folder, "long.npy", &npy_bytes(2, &" ".repeat(70_000), &[]));
    assert_eq!(line(read_array(&long), &long), "has a header of 70000 bytes: expected at most 65536");
    let future = file(&folder, "future.npy", &npy_bytes(9, "{}", &[]));
    assert_eq!(line(read_array(&future), &future), "is .npy version 9.0: supported are 1.0, 2.0 and 3.0");
    let cut = file(&folder, "cut.npy", &[&b"\x93NUMPY\x02\x00"[..], &[0xff; 4], b"{'descr"].concat());
    assert_eq!(line(read_array(&cut), &cut), "ends inside its header: 19 bytes, at least 4294967307 are needed");
}

#[test]
fn memory_is_counted_before_it_is_taken() {
    let folder = folder();
    let with = |memory| ReadOptions { memory: Some(memory), ..ReadOptions::default() };
    let path = folder.path().join("a.npy");
    write_npy(&path, &counted(DType::F32, &[10, 10])).unwrap();
    assert_eq!(line(read_array_with(&path, &with(399)), &path), "needs 400 bytes of memory, 399 are available");
    read_array_with(&path, &with(400)).unwrap();
    let path = file(&folder, "f.npy", &npy_bytes(1, &dictionary("'<f4'", true, "(10, 10)"), &[0; 400]));
    assert_eq!(line(read_array_with(&path, &with(799)), &path), "needs 800 bytes of memory, 799 are available");
    read_array_with(&path, &with(800)).unwrap();
}

#[test]
fn sparse_files_larger_than_memory_are_refused() {
    let folder = folder();
    let elements = 1u64 << 50;
    let header = npy_bytes(1, &dictionary("'|u1'", false, &format!("({elements},)")), &[]);
    let path = file(&folder, "a.npy", &header);
    // Some file systems refuse files of that size: then there is nothing to test.
    if std::fs::File::options().write(true).open(&path).unwrap().set_len(header.len() as u64 + elements).is_ok() {
        assert!(line(read_array(&path), &path).starts_with(&format!("needs {elements} bytes of memory, ")));
    }
}

#[test]
fn progress_ends_at_the_total() {
    let folder = folder();
    let path = folder.path().join("a.npy");
    let seen = RefCell::new(Vec::new());
    let observe = |done, total| seen.borrow_mut().push((done, total));
    let array = counted(DType::F64, &[400, 500]);
    write_npy_with(&path, &array, &WriteOptions { progress: Some(&observe), ..WriteOptions::default() }).unwrap();
    let len = std::fs::metadata(&path).unwrap().len();
    let check = |seen: Vec<(u64, u64)>| {
        assert!(seen.len() > 3 && seen.windows(2).all(|w| w[0].0 <= w[1].0) && seen.iter().all(|(_, total)| *total == len));
        assert_eq!(seen.last(), Some(&(len, len)));
    };
    check(seen.take());
    read_array_with(&path, &ReadOptions { progress: Some(&observe), ..ReadOptions::default() }).unwrap();
    check(seen.take());
}
