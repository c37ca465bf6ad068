//! `.npz` archives.

mod common;

use common::{array, counted, dictionary, file, folder, line, npy_bytes};
use displace::{AnyArray, DType};
use displace_io::{ReadOptions, WriteOptions, read_array, read_npz, read_npz_member, read_npz_with, write_npz, write_npz_with};
use std::cell::Cell;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A zip archive of any members.
fn zipped(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Replaces a number of four bytes wherever it stands.
fn replaced(bytes: &[u8], from: u32, to: u32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> = (0..bytes.len() - 3).filter(|k| bytes[*k..*k + 4] == from.to_le_bytes()).collect();
    assert!(places.len() >= 2, "{from} is not in the directory and the header");
    places.into_iter().for_each(|k| bytes[k..k + 4].copy_from_slice(&to.to_le_bytes()));
    bytes
}

#[test]
fn archives_come_back_in_order() {
    let folder = folder();
    let path = folder.path().join("a.npz");
    let arrays = [
        ("z", counted(DType::F32, &[2, 3])),
        ("a b/\u{e9}", counted(DType::U8, &[0])),
        ("", counted(DType::F64, &[])),
        ("long", array(DType::F16, &[1000, 300], |k| (k % 7) as f64)),
    ];
    let named: Vec<(&str, &AnyArray)> = arrays.iter().map(|(name, array)| (*name, array)).collect();
    let mut sizes = Vec::new();
    for compress in [false, true] {
        write_npz_with(&path, &named, &WriteOptions { compress, ..WriteOptions::default() }).unwrap();
        let found = read_npz(&path).unwrap();
        assert!(found.iter().map(|(name, array)| (name.as_str(), array)).eq(named.iter().copied()));
        assert_eq!(read_npz_member(&path, "long").unwrap(), arrays[3].1);
        sizes.push(std::fs::metadata(&path).unwrap().len());
    }
    assert!(sizes[1] * 10 < sizes[0], "{sizes:?}");
}

#[test]
fn the_same_arrays_give_the_same_bytes() {
    let folder = folder();
    let array = counted(DType::F32, &[4]);
    let written = ["a.npz", "b.npz"].map(|name| {
        let path = folder.path().join(name);
        write_npz(&path, &[("x", &array)]).unwrap();
        std::fs::read(path).unwrap()
    });
    assert_eq!(written[0], written[1]);
}

#[test]
fn names_must_differ_and_exist() {
    let folder = folder();
    let path = folder.path().join("a.npz");
    let array = counted(DType::F32, &[1]);
    assert_eq!(
        line(write_npz(&path, &[("x", &array), ("x", &array)]), &path),
        "two arrays are called \"x\": each needs a name of its own"
    );
    assert!(!path.exists());
    let many: Vec<String> = (0..12).map(|k| format!("m{k}")).collect();
    write_npz(&path, &many.iter().map(|name| (name.as_str(), &array)).collect::<Vec<_>>()).unwrap();
    let line = line(read_npz_member(&path, "x\n"), &path);
    assert!(line.starts_with("has no array \"x\\n\": it holds \"m0\", ") && line.ends_with("\"m9\" and 2 more"), "{line}");
}

#[test]
fn archives_of_other_things_are_refused() {
    let folder = folder();
    let path = file(&folder, "a.pt", &zipped(&[("archive/data.pkl", b"x"), ("archive/version", b"3")], CompressionMethod::Stored));
    assert_eq!(
        line(read_npz(&path), &path),
        "is a zip archive without arrays: it holds \"archive/data.pkl\", \"archive/version\" and no .npy"
    );
    let path = file(&folder, "b.npz", &zipped(&[("x.npy", b"hello")], CompressionMethod::Stored));
    let expected = "member \"x\": starts with the bytes 68 65 6c 6c 6f (\"hello\"): that is none of .npy, .npz, safetensors, .pt, PNG, JPEG, TIFF, EXR, PFM, .flo, HDF5, OpenCV's matrices, NIfTI, MetaImage, NRRD, ITK's transforms, matrices of numbers";
    assert_eq!(line(read_npz(&path), &path), expected);
    assert_eq!(line(read_array(&path), &path), "is a zip archive (.npz): expected an .npy array");
}

#[test]
fn directories_that_lie_are_refused() {
    let folder = folder();
    let member = npy_bytes(1, &dictionary("'<f4'", false, "(1000,)"), &[0; 4000]);
    let len = member.len() as u32;
    let refused = |bytes: &[u8]| {
        let path = file(&folder, "a.npz", bytes);
        line(read_npz(&path), &path)
    };
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let good = zipped(&[("x.npy", &member)], method);
        read_npz(&file(&folder, "good.npz", &good)).unwrap();
        assert!(refused(&replaced(&good, len, 0x7000_0000)).contains("its directory says 1879048192 bytes, more than"));
        assert!(refused(&replaced(&good, len, len - 1)).contains("member \"x\": "));
        assert!(refused(&replaced(&good, len, len + 1)).contains("member \"x\": "));
        let mut damaged = good.clone();
        damaged[0x60] ^= 0x55;
        assert!(refused(&damaged).contains("member \"x\": "), "{method:?}");
    }
    let short = npy_bytes(1, &dictionary("'<f4'", false, "(1000,)"), &[0; 3999]);
    let expected = "member \"x\": has a header that says shape (1000,) of f4 = 4000 bytes, but 3999 bytes follow it";
    assert_eq!(refused(&zipped(&[("x.npy", &short)], CompressionMethod::Deflated)), expected);
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    let folder = folder();
    let bomb = npy_bytes(1, &dictionary("'|u1'", false, "(50000000,)"), &vec![0; 50_000_000]);
    let path = file(&folder, "a.npz", &zipped(&[("x.npy", &bomb), ("y.npy", &bomb)], CompressionMethod::Deflated));
    assert!(std::fs::metadata(&path).unwrap().len() < 200_000);
    let options = ReadOptions { memory: Some(60_000_000), ..ReadOptions::default() };
    let total = bomb.len() * 2;
    assert_eq!(line(read_npz_with(&path, &options), &path), format!("needs {total} bytes of memory, 60000000 are available"));
}

#[test]
fn progress_ends_at_the_total() {
    let folder = folder();
    let path = folder.path().join("a.npz");
    let last = Cell::new((0, 1));
    let observe = |done, total| last.set((done, total));
    let array = counted(DType::F32, &[100, 100]);
    for compress in [false, true] {
        let options = WriteOptions { compress, progress: Some(&observe) };
        write_npz_with(&path, &[("x", &array), ("y", &array)], &options).unwrap();
        assert_eq!(last.replace((0, 1)), (80_256, 80_256));
        read_npz_with(&path, &ReadOptions { progress: Some(&observe), ..ReadOptions::default() }).unwrap();
        assert_eq!(last.replace((0, 1)), (80_256, 80_256));
    }
}
