//! Images: ours and those of other programs (`fixtures/make.py`).

mod common;

use common::{array, counted, file, fixture, folder, line};
use displace::{AnyArray, AnyData, DType};
use displace_io::{Contents, ReadOptions, image_from_bytes, read, read_image, read_image_with, write_image, write_npy};

/// The numbers of the fixtures.
fn pixels(dtype: DType, shape: &[usize]) -> AnyArray {
    array(dtype, shape, |k| (7 * k % 251) as f64)
}

fn image(name: &str) -> AnyArray {
    let path = fixture("images").join(name);
    let found = read_image(&path).unwrap();
    assert_eq!(read(&path).unwrap(), Contents::Image(found.clone()));
    assert_eq!(image_from_bytes(&std::fs::read(&path).unwrap()).unwrap(), found);
    found
}

fn largest_difference(a: &AnyArray, b: &AnyArray) -> u8 {
    assert_eq!(a.shape(), b.shape());
    let (AnyData::U8(a), AnyData::U8(b)) = (a.data(), b.data()) else { panic!("not u8") };
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

#[test]
fn pngs_come_back() {
    let folder = folder();
    let path = folder.path().join("a.PNG");
    for shape in [&[5, 7][..], &[5, 7, 2], &[5, 7, 3], &[5, 7, 4], &[1, 1]] {
        for (dtype, scale) in [(DType::U8, 1.0), (DType::U16, 257.0)] {
            let array = array(dtype, shape, |k| (k % 256) as f64 * scale);
            write_image(&path, &array).unwrap();
            assert_eq!(read_image(&path).unwrap(), array, "{dtype} {shape:?}");
        }
    }
    write_image(&path, &counted(DType::U8, &[2, 3, 1])).unwrap();
    assert_eq!(read_image(&path).unwrap(), counted(DType::U8, &[2, 3]));
}

#[test]
fn tiffs_come_back() {
    let folder = folder();
    for shape in [&[5, 7][..], &[5, 7, 3], &[5, 7, 4]] {
        for dtype in [DType::U8, DType::U16, DType::F32] {
            let array = array(dtype, shape, |k| k as f64 + if dtype == DType::F32 { -0.25 } else { 0.0 });
            for name in ["a.tif", "a.tiff"] {
                let path = folder.path().join(name);
                write_image(&path, &array).unwrap();
                assert_eq!(read_image(&path).unwrap(), array, "{dtype} {shape:?}");
            }
        }
    }
}

#[test]
fn jpegs_come_back_nearly() {
    let folder = folder();
    let smooth = |shape: &[usize]| array(DType::U8, shape, |k| 40.0 + (k % shape[1]) as f64);
    for array in [smooth(&[24, 32]), smooth(&[24, 32, 3])] {
        for name in ["a.jpg", "a.jpeg"] {
            let path = folder.path().join(name);
            write_image(&path, &array).unwrap();
            assert!(largest_difference(&read_image(&path).unwrap(), &array) <= 4);
        }
    }
}

#[test]
fn pngs_of_others_are_read() {
    assert_eq!(image("grey.png"), pixels(DType::U8, &[5, 6]));
    assert_eq!(image("grey_alpha.png"), pixels(DType::U8, &[5, 6, 2]));
    assert_eq!(image("rgb.png"), pixels(DType::U8, &[5, 6, 3]));
    assert_eq!(image("rgba.png"), pixels(DType::U8, &[5, 6, 4]));
    assert_eq!(image("grey16.png"), pixels(DType::U16, &[5, 6]));
    assert_eq!(image("bits.png"), array(DType::U8, &[5, 6], |k| if 7 * k % 251 > 99 { 255.0 } else { 0.0 }));
    assert_eq!(image("palette.png").shape(), [5, 6, 3]);
}

#[test]
fn jpegs_of_others_are_read() {
    let smooth = |c: usize| move |k: usize| ((k / c / 32 + k / c % 32) * 4) as f64;
    assert!(largest_difference(&image("smooth_grey.jpg"), &array(DType::U8, &[24, 32], smooth(1))) <= 4);
    assert!(largest_difference(&image("smooth_rgb.jpg"), &array(DType::U8, &[24, 32, 3], smooth(3))) <= 6);
}

#[test]
fn tiffs_of_others_are_read() {
    for (code, dtype) in
        [("u1", DType::U8), ("u2", DType::U16), ("i2", DType::I16), ("f2", DType::F16), ("f4", DType::F32), ("f8", DType::F64)]
    {
        assert_eq!(image(&format!("{code}.tif")), pixels(dtype, &[5, 6]));
    }
    // Written plane by plane: element (y, x, c) is number (c, y, x).
    let planes = |k: usize| (7 * (k % 3 * 30 + k / 3) % 251) as f64;
    assert_eq!(image("rgb_planar.tif"), array(DType::U16, &[5, 6, 3], planes));
    assert_eq!(image("rgb_big.tif"), pixels(DType::F32, &[5, 6, 3]));
    assert_eq!(image("lzw.tif"), pixels(DType::U8, &[5, 6, 3]));
    assert_eq!(image("deflate.tif"), pixels(DType::F32, &[5, 6]));
    assert_eq!(image("tiles.tif"), pixels(DType::U8, &[40, 50]));
    assert_eq!(image("large.tif"), pixels(DType::F32, &[5, 6]));
    for (name, found) in [("refused_u4.tif", "Gray(32) pixels of Uint samples"), ("refused_bands.tif", "Multiband")] {
        let path = fixture("images").join(name);
        let line = line(read_image(&path), &path);
        assert!(line.starts_with(&format!("is a TIFF image of {found}")) && line.contains("supported are grey"), "{line}");
    }
}

#[test]
fn what_a_format_cannot_hold_is_refused() {
    let folder = folder();
    for (name, dtype, shape, expected) in [
        ("a.png", DType::F32, &[2, 3][..], "f32 of shape [2, 3] is not an image that .png can hold: expected u8 or u16 of"),
        ("a.png", DType::U8, &[2, 3, 5], "u8 of shape [2, 3, 5] is not an image that .png can hold"),
        ("a.png", DType::U8, &[0, 3], "u8 of shape [0, 3] is not"),
        ("a.png", DType::U8, &[3], "u8 of shape [3] is not"),
        ("a.jpg", DType::U16, &[2, 3], "u16 of shape [2, 3] is not an image that .jpg can hold: expected u8 of"),
        ("a.jpg", DType::U8, &[2, 3, 4], "u8 of shape [2, 3, 4] is not"),
        ("a.jpg", DType::U8, &[1, 65536], "u8 of shape [1, 65536] is not"),
        ("a.tif", DType::F64, &[2, 3], "f64 of shape [2, 3] is not an image that .tif can hold: expected u8, u16 or f32"),
        ("a.tif", DType::U8, &[2, 3, 2], "u8 of shape [2, 3, 2] is not"),
        ("a.bmp", DType::U8, &[2, 3], "images are written as .png, .jpg, .jpeg, .tif or .tiff, not as \"bmp\""),
        ("a", DType::U8, &[2, 3], "images are written as .png, .jpg, .jpeg, .tif or .tiff, not as \"\""),
    ] {
        let path = folder.path().join(name);
        let line = line(write_image(&path, &counted(dtype, shape)), &path);
        assert!(line.starts_with(expected), "{line}");
        assert_eq!(common::names(folder.path()), [""; 0]);
    }
}

#[test]
fn content_counts_not_names() {
    let folder = folder();
    let bytes = std::fs::read(fixture("images/grey.png")).unwrap();
    let path = file(&folder, "a.jpg", &bytes);
    assert_eq!(read_image(&path).unwrap(), pixels(DType::U8, &[5, 6]));
    let path = folder.path().join("a.png");
    write_npy(&path, &counted(DType::U8, &[2, 2])).unwrap();
    assert_eq!(line(read_image(&path), &path), "is an .npy array: expected a PNG, JPEG or TIFF image");
    let path = file(&folder, "b.png", b"GIF89a....");
    assert_eq!(
        line(read_image(&path), &path),
        "starts with the bytes 47 49 46 38 39 61 2e 2e (\"GIF89a..\"): that is none of .npy, .npz, safetensors, .pt, PNG, JPEG, TIFF, EXR, PFM, .flo, HDF5, OpenCV's matrices, NIfTI, MetaImage, NRRD, ITK's transforms, matrices of numbers"
    );
    let path = file(&folder, "c.png", b"");
    assert_eq!(
        line(read(&path), &path),
        "is empty (0 bytes): expected an array, an image or a field (.npy, .npz, safetensors, .pt, PNG, JPEG, TIFF, EXR, PFM, .flo, HDF5, OpenCV's matrices, NIfTI, MetaImage, NRRD, ITK's transforms, matrices of numbers)"
    );
    assert_eq!(line(read(folder.path()), folder.path()), "is a folder: expected a file");
    let path = folder.path().join("d.png");
    assert_eq!(line(read(&path), &path), "cannot be opened: there is no such file or folder");
}

#[test]
fn decoded_sizes_are_limited() {
    let with = |memory| ReadOptions { memory: Some(memory), ..ReadOptions::default() };
    for name in ["grey16.png", "smooth_rgb.jpg", "f8.tif"] {
        let path = fixture("images").join(name);
        let bytes = read_image(&path).unwrap().data().len() as u64;
        assert!(line(read_image_with(&path, &with(bytes / 2)), &path).contains(" bytes of memory, "), "{name}");
    }
    // A PNG header that says 2^31 - 1 pixels a side, its checksum right, and nothing behind it.
    let folder = folder();
    let bytes = [
        &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\0\0\0\0"[..],
        b"\x31\xa2\x54\xba\0\0\0\0IEND\xae\x42\x60\x82",
    ]
    .concat();
    let path = file(&folder, "a.png", &bytes);
    let expected = "is a PNG image that says 2147483647x2147483647 pixels, more than its 45 bytes can hold";
    assert_eq!(line(read_image(&path), &path), expected);
    let grey = std::fs::read(fixture("images/u1.tif")).unwrap();
    // The width of the first directory entry that holds it, as a 4-byte number.
    let at = grey.windows(12).position(|w| w[..2] == [0, 1] && w[8..] == [6, 0, 0, 0]).expect("the width");
    let path = file(&folder, "a.tif", &[&grey[..at + 8], &[0xff, 0xff, 0xff, 0x7f], &grey[at + 12..]].concat());
    assert!(line(read_image(&path), &path).contains("more than its"));
}
