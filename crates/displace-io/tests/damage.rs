//! Files that are cut, flipped or random: always an error or an array, never a panic.

mod common;

use common::{counted, file, fixture, folder};
use displace::DType;
use displace_io::{ReadOptions, image_from_bytes, read, read_with, write_image, write_npy, write_npz};
use proptest::prelude::*;
use std::path::Path;

fn cut_everywhere(path: &Path) {
    let folder = folder();
    let bytes = std::fs::read(path).unwrap();
    for len in 0..bytes.len() {
        let cut = file(&folder, "cut", &bytes[..len]);
        match read(&cut) {
            Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
            Ok(_) => panic!("{} cut to {len} of {} bytes was accepted", path.display(), bytes.len()),
        }
    }
}

#[test]
fn a_cut_anywhere_is_an_error() {
    let folder = folder();
    let [npy, npz, png] = ["a.npy", "a.npz", "a.png"].map(|name| folder.path().join(name));
    let array = counted(DType::U8, &[3, 5]);
    write_npy(&npy, &array).unwrap();
    write_npz(&npz, &[("x", &array), ("y", &array)]).unwrap();
    write_image(&png, &array).unwrap();
    for path in [npy, npz, png] {
        cut_everywhere(&path);
    }
    for name in [
        "arrays/deflated.npz",
        "arrays/version3.npy",
        "images/rgb.png",
        "images/palette.png",
        "images/smooth_grey.jpg",
        "images/smooth_rgb.jpg",
    ] {
        cut_everywhere(&fixture(name));
    }
}

#[test]
fn a_cut_tiff_is_an_error_or_whole() {
    // A TIFF says where its parts are; what no part needs may be missing.
    for name in ["u1.tif", "f4.tif", "lzw.tif", "tiles.tif", "large.tif"] {
        let bytes = std::fs::read(fixture("images").join(name)).unwrap();
        let whole = image_from_bytes(&bytes).unwrap();
        for len in 0..bytes.len() {
            if let Ok(found) = image_from_bytes(&bytes[..len]) {
                assert_eq!(found, whole, "{name} cut to {len}");
            }
        }
    }
}

#[test]
fn sizes_that_overflow_are_an_error() {
    let mut bytes = std::fs::read(fixture("images/rgb_planar.tif")).unwrap();
    // ImageLength 2^32 - 1 in strips of one row, three planes of them.
    bytes[0x1e..0x22].copy_from_slice(&u32::MAX.to_le_bytes());
    bytes[0x66] = 1;
    let folder = folder();
    let error = read(&file(&folder, "tall.tif", &bytes)).unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
}

const STARTS: [&[u8]; 9] = [
    b"\x93NUMPY\x01\x00\x76\x00",
    b"\x93NUMPY\x02\x00\x76\x00\x00\x00{'descr': '<f4', 'fortran_order': ",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00",
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    b"\xff\xd8\xff",
    b"II*\x00\x08\x00\x00\x00",
    b"MM\x00*",
];

const WHOLE: [&str; 12] = [
    "arrays/f4.npy",
    "arrays/f2_fortran.npy",
    "arrays/stored.npz",
    "arrays/deflated.npz",
    "images/rgb.png",
    "images/palette.png",
    "images/smooth_grey.jpg",
    "images/smooth_rgb.jpg",
    "images/f4.tif",
    "images/lzw.tif",
    "images/tiles.tif",
    "images/rgb_planar.tif",
];

fn survives(folder: &tempfile::TempDir, bytes: &[u8]) {
    let path = file(folder, "random", bytes);
    let options = ReadOptions { memory: Some(1 << 24), bf16: true, progress: None };
    if let Err(error) = read_with(&path, &options) {
        let text = error.to_string();
        assert!(text.starts_with(&path.display().to_string()) && !text.contains('\n') && text.len() < 1000, "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_after_the_magic(start in 0..STARTS.len(), rest in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&folder(), &[STARTS[start], &rest].concat());
    }

    #[test]
    fn bytes_changed_in_whole_files(
        which in 0..WHOLE.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = std::fs::read(fixture(WHOLE[which])).unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        survives(&folder(), &bytes);
    }

    #[test]
    fn headers_of_python_like_text(text in "[{}()\\[\\],:' 0-9a-zT<>|]{0,80}", version in 1u8..4) {
        survives(&folder(), &common::npy_bytes(version, &text, &[0; 16]));
    }

    #[test]
    fn shapes_of_any_numbers(axes in prop::collection::vec(any::<u64>(), 0..5), order in any::<bool>()) {
        let shape = format!("({})", axes.iter().map(|axis| format!("{axis}, ")).collect::<String>());
        survives(&folder(), &common::npy_bytes(1, &common::dictionary("'>f8'", order, &shape), &[0; 16]));
    }
}
