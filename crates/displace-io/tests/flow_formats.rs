//! Flows, ST maps and pixel maps: `.flo`, KITTI, PFM, OpenEXR, TIFF, OpenCV's matrices.

mod common;

use common::{file, fixture, folder, line};
use displace::{AnyArray, AnyData, Convention, f16};
use displace_io::{
    Contents, Format, ReadOptions, StoredField, WriteOptions, kitti_flow, read, read_image, read_with, st_map, write_field,
};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn named(name: &str) -> Convention {
    name.parse().unwrap()
}

fn fixed(name: &str) -> PathBuf {
    fixture("flow_formats").join(name)
}

fn field(path: &Path) -> StoredField {
    match read(path).unwrap() {
        Contents::Field(field) => field,
        other => panic!("{}: {other:?}", path.display()),
    }
}

fn image(path: &Path) -> AnyArray {
    match read(path).unwrap() {
        Contents::Image(image) => image,
        other => panic!("{}: {other:?}", path.display()),
    }
}

fn f32s(array: &AnyArray) -> &[f32] {
    match array.data() {
        AnyData::F32(v) => v,
        other => panic!("{:?}", other.dtype()),
    }
}

fn bits(array: &AnyArray) -> Vec<u32> {
    f32s(array).iter().map(|v| v.to_bits()).collect()
}

/// A field of one reading.
fn stored(reading: &str, shape: &[usize], numbers: impl Into<AnyData>, valid: Option<Vec<bool>>) -> StoredField {
    let array = AnyArray::new(shape.to_vec(), numbers).unwrap();
    StoredField { array, readings: vec![named(reading)], valid, placement: None, remarks: Vec::new() }
}

fn write(path: &Path, field: &StoredField) -> Result<(), displace_io::WriteError> {
    write_field(path, field, &WriteOptions::default())
}

/// The numbers of the fixtures: 3 rows of 4 pixels.
fn pixels(value: impl Fn(f32, f32) -> [f32; 2]) -> Vec<f32> {
    (0..12u8).flat_map(|k| value(f32::from(k % 4), f32::from(k / 4))).collect()
}

fn fixture_flow() -> Vec<f32> {
    pixels(|x, y| [x + y / 4.0, -y + x / 8.0])
}

fn fixture_map() -> Vec<f32> {
    pixels(|x, y| [x + x + y / 4.0, x / 8.0])
}

fn fixture_st() -> Vec<f32> {
    pixels(|x, y| [(x + 0.5) / 4.0, (1.0 - (f64::from(y) + 0.5) / 3.0) as f32])
}

/// NaN where a pixel of the fixtures has no number.
fn with_hole(mut numbers: Vec<f32>) -> Vec<f32> {
    numbers[12..14].fill(f32::NAN);
    numbers
}

fn hole() -> Vec<bool> {
    (0..12).map(|k| k != 6).collect()
}

fn same(found: &AnyArray, expected: &[f32]) {
    assert_eq!(bits(found), expected.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
}

/// A cut anywhere is an error of one line, or nothing was missing.
fn cut_everywhere(path: &Path) {
    let folder = folder();
    let bytes = std::fs::read(path).unwrap();
    // By their text: NaN are not equal to themselves.
    let whole = format!("{:?}", read(path).unwrap());
    for len in 0..bytes.len() {
        let cut = file(&folder, "cut", &bytes[..len]);
        match read(&cut) {
            Err(_) => drop(line(read(&cut), &cut)),
            Ok(found) => assert_eq!(format!("{found:?}"), whole, "{} cut to {len} of {}", path.display(), bytes.len()),
        }
    }
}

fn flo_bytes(width: i32, height: i32, numbers: &[f32]) -> Vec<u8> {
    let mut bytes = [b"PIEH", &width.to_le_bytes()[..], &height.to_le_bytes()[..]].concat();
    numbers.iter().for_each(|v| bytes.extend(v.to_le_bytes()));
    bytes
}

#[test]
fn flo_by_hand() {
    let folder = folder();
    assert_eq!(202021.25f32.to_le_bytes(), *b"PIEH");
    let numbers = [1.5, -2.0, 1e10, 0.0, 0.0, -1.1e9, 1e9, -1e9, f32::NAN, 3.0, -0.0, 1e-45];
    let found = field(&file(&folder, "a.flo", &flo_bytes(3, 2, &numbers)));
    assert_eq!(found.array.shape(), [2, 3, 2]);
    assert_eq!(found.readings, [named("flow")]);
    assert_eq!(found.valid, Some(vec![true, false, false, true, false, true]));
    let nan = f32::NAN;
    same(&found.array, &[1.5, -2.0, nan, nan, nan, nan, 1e9, -1e9, nan, nan, -0.0, 1e-45]);
    // Written: 1e10 exactly where nothing is known.
    let path = folder.path().join("b.flo");
    write(&path, &found).unwrap();
    let expected = [1.5, -2.0, 1e10, 1e10, 1e10, 1e10, 1e9, -1e9, 1e10, 1e10, -0.0, 1e-45];
    assert_eq!(std::fs::read(path).unwrap(), flo_bytes(3, 2, &expected));
}

#[test]
fn flo_of_opencv() {
    let found = field(&fixed("cv2.flo"));
    same(&found.array, &fixture_flow());
    assert_eq!(found.valid, None);
    let folder = folder();
    let path = folder.path().join("a.flo");
    write(&path, &found).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), std::fs::read(fixed("cv2.flo")).unwrap());
    cut_everywhere(&fixed("cv2.flo"));
}

#[test]
fn flo_that_lies() {
    let folder = folder();
    let refused = |bytes: &[u8]| {
        let path = file(&folder, "a.flo", bytes);
        line(read(&path), &path)
    };
    let says = "is a .flo flow that says";
    assert_eq!(refused(&flo_bytes(-1, 2, &[])), format!("{says} -1 columns and 2 rows: expected 1 to 4194304 of each"));
    assert!(refused(&flo_bytes(0, 0, &[])).contains("says 0 columns and 0 rows"));
    assert!(refused(&flo_bytes(1 << 23, 1, &[])).contains("8388608 columns"));
    let expected = format!("{says} 4194304x4194304 pixels (rows x columns) = 140737488355328 bytes, but 8 follow its header");
    assert_eq!(refused(&flo_bytes(1 << 22, 1 << 22, &[0.0; 2])), expected);
    assert!(refused(&flo_bytes(1, 1, &[0.0; 3])).ends_with("= 8 bytes, but 12 follow its header"));
    assert!(refused(b"PIEH\x01\0\0").contains("ends early: its header needs 12 bytes, but the file has 7"));
}

#[test]
fn flo_holds_only_what_it_can() {
    let folder = folder();
    let path = folder.path().join("a.flo");
    let refused = |field: &StoredField| line(write(&path, field), &path);
    let start = "cannot be written as .flo: ";
    let large = stored("flow", &[1, 2, 2], vec![0f64, 0.0, 2e9, 0.0], None);
    assert_eq!(refused(&large), format!("{start}2e9 px at row 0 column 1: beyond 1e9 means that nothing is known"));
    let infinite = stored("flow", &[1, 1, 2], vec![0f32, f32::INFINITY], None);
    assert!(refused(&infinite).contains("inf px at row 0 column 0"));
    assert!(refused(&stored("flow", &[2, 2, 1, 2], vec![0f32; 8], None)).contains("expected (H, W, 2) of one sample"));
    assert!(refused(&stored("pixel_map", &[1, 1, 2], vec![0f32; 2], None)).contains("not \"pixel_map\""));
    assert!(refused(&stored("flow", &[1, 1, 2], vec![0f32; 2], Some(vec![]))).contains("0 pixels are said to be valid"));
    assert!(refused(&stored("flow,layout=first", &[2, 1, 1], vec![0f32; 2], None)).contains("expected \"flow\""));
    assert!(!path.exists());
    // One sample with an axis of its own, f64 rounded, integers as they are.
    write(&path, &stored("flow", &[1, 1, 1, 2], vec![0.1f64, 2.0], None)).unwrap();
    same(&field(&path).array, &[0.1, 2.0]);
    write(&path, &stored("flow", &[1, 1, 2], vec![-3i16, 2], None)).unwrap();
    same(&field(&path).array, &[-3.0, 2.0]);
}

#[test]
fn conventions_that_formats_take() {
    let takes = |format: Format, asked: Option<&str>, axes| format.convention(asked.map(named).as_ref(), axes);
    for format in [Format::Flo, Format::KittiPng, Format::Pfm] {
        assert_eq!(takes(format, None, 2), Ok(named("flow")));
        // Another layout of the same is converted, not refused.
        assert_eq!(takes(format, Some("flow,layout=first"), 2), Ok(named("flow")));
        assert!(takes(format, Some("pixel_map"), 2).unwrap_err().contains("not \"pixel_map\""));
        assert!(takes(format, None, 3).unwrap_err().contains("2-D fields, not 3-D"));
    }
    for format in [Format::Exr, Format::Tiff] {
        let error = takes(format, None, 2).unwrap_err();
        assert!(error.contains("stmap_edges for (x+1/2)/W") && error.contains("stmap_centers for x/(W-1)"), "{error}");
        assert_eq!(takes(format, Some("voxelmorph"), 2), Ok(named("voxelmorph,layout=last")));
        assert!(takes(format, Some("stmap_edges"), 3).is_err());
    }
    let error = takes(Format::OpenCv, None, 2).unwrap_err();
    assert!(error.contains("pixel_map") && error.contains("flow"), "{error}");
    assert_eq!(takes(Format::OpenCv, Some("pixel_map"), 2), Ok(named("pixel_map")));
    assert!(takes(Format::OpenCv, Some("itk"), 2).unwrap_err().contains("not \"itk\""));
}

#[test]
fn kitti_of_opencv() {
    let found = kitti_flow(&image(&fixed("kitti.png"))).unwrap();
    same(&found.array, &with_hole(fixture_flow()));
    assert_eq!((&found.valid, &found.readings), (&Some(hole()), &vec![named("flow")]));
    let folder = folder();
    let path = folder.path().join("a.png");
    write(&path, &found).unwrap();
    let found = read_image(&path).unwrap();
    let AnyData::U16(v) = found.data() else { panic!("{:?}", found.dtype()) };
    // Row 1, column 0: u = 1/4 and v = -1; column 2 has none.
    assert_eq!(v[12..15], [32768 + 16, 32768 - 64, 1]);
    assert_eq!(v[18..21], [0, 0, 0]);
    assert_eq!(found.shape(), [3, 4, 3]);
}

#[test]
fn kitti_rounds_and_ends() {
    let folder = folder();
    let path = folder.path().join("a.png");
    let numbers = vec![-512.0, 511.984375, 0.007, 0.008, -0.008, f64::NAN];
    write(&path, &stored("flow", &[1, 3, 2], numbers, None)).unwrap();
    let found = kitti_flow(&read_image(&path).unwrap()).unwrap();
    let nan = f32::NAN;
    same(&found.array, &[-512.0, 512.0 - 1.0 / 64.0, 0.0, 1.0 / 64.0, nan, nan]);
    std::fs::remove_file(&path).unwrap();
    for (numbers, said) in [([0.0, 512.0], "512"), ([-600.25, 0.0], "-600.25"), ([f32::INFINITY, 0.0], "inf")] {
        let refused = line(write(&path, &stored("flow", &[1, 1, 2], numbers.to_vec(), None)), &path);
        let start = "cannot be written as a KITTI flow: ";
        let end = "px at row 0 column 0: it holds -512 to 511.984375 px in steps of 1/64";
        assert_eq!(refused, format!("{start}{said} {end}"));
    }
    assert!(!path.exists());
    let other = AnyArray::new(vec![1, 1, 3], vec![0u8; 3]).unwrap();
    assert_eq!(
        kitti_flow(&other).unwrap_err(),
        "a KITTI flow is an image of u16 and shape (H, W, 3), this one is u8 of shape [1, 1, 3]"
    );
}

#[test]
fn pfm_by_hand_and_of_opencv() {
    let folder = folder();
    // Rows from the bottom: 3 and 4 are above 1 and 2.
    for (scale, bytes) in [("-1.0", f32::to_le_bytes as fn(f32) -> [u8; 4]), ("2", f32::to_be_bytes)] {
        let mut file_bytes = format!("Pf\n2 2\n{scale}\n").into_bytes();
        [1.0, 2.0, 3.0, 4.0].iter().for_each(|v| file_bytes.extend(bytes(*v)));
        let found = image(&file(&folder, "a.pfm", &file_bytes));
        assert_eq!(found, AnyArray::new(vec![2, 2], vec![3f32, 4.0, 1.0, 2.0]).unwrap(), "{scale}");
    }
    let found = image(&fixed("grey.pfm"));
    assert_eq!(found.shape(), [3, 4]);
    same(&found, &fixture_flow().chunks(2).map(|pair| pair[0]).collect::<Vec<_>>());
    let found = image(&fixed("rgb.pfm"));
    assert_eq!(found.shape(), [3, 4, 3]);
    same(&st_map(&found, &named("flow")).unwrap().array, &fixture_flow());
    ["grey.pfm", "rgb.pfm"].iter().for_each(|name| cut_everywhere(&fixed(name)));
    // What is written reads back, and is what OpenCV writes but for the text of the scale.
    let path = folder.path().join("b.pfm");
    write(&path, &stored("flow", &[3, 4, 2], with_hole(fixture_flow()), Some(hole()))).unwrap();
    let found = st_map(&image(&path), &named("flow")).unwrap();
    same(&found.array, &with_hole(fixture_flow()));
    assert_eq!(found.valid, Some(hole()));
    assert!(found.remarks.is_empty());
}

#[test]
fn pfm_that_lies() {
    let folder = folder();
    let refused = |header: &str, data: usize| {
        let path = file(&folder, "a.pfm", &[header.as_bytes(), &vec![0; data]].concat());
        line(read(&path), &path)
    };
    let start = "is a PFM image that ";
    assert_eq!(
        refused("Pf\n2 2\n-1\n", 15),
        format!("{start}says 2x2 pixels (rows x columns) of 1 channels = 16 bytes, but 15 follow its header")
    );
    assert!(refused("PF\n2 2\n-1\n", 49).contains("of 3 channels = 48 bytes, but 49"));
    for (scale, said) in [("0", "\"0\""), ("nan", "\"nan\""), ("-inf", "\"-inf\""), ("x", "\"x\"")] {
        let expected = format!("{start}says a scale of {said}: expected a finite number, negative for little endian");
        assert_eq!(refused(&format!("Pf\n1 1\n{scale}\n"), 4), expected);
    }
    assert!(refused("Pf\n0 1\n-1\n", 0).contains("says a width of \"0\": expected a whole number above 0"));
    assert!(refused("Pf\n1 -1\n-1\n", 4).contains("says a height of \"-1\""));
    assert!(refused("Pf\n99999999999 99999999999\n-1\n", 4).contains("needs"));
    assert!(refused("Pf\n4000000000 40000000\n-1\n", 4).contains("but 4 follow"));
    assert!(refused("Pf\n1", 0).contains("no width, height and scale"));
}

#[test]
fn exr_of_openexr() {
    let st = fixture_st();
    let found = image(&fixed("rg.exr"));
    assert_eq!(found.shape(), [3, 4, 2]);
    same(&found, &st);
    let map = st_map(&found, &named("stmap_edges")).unwrap();
    same(&map.array, &st);
    assert_eq!((map.valid, map.readings), (None, vec![named("stmap_edges")]));
    // Half floats: s is exact, t is rounded to 11 bits.
    let found = image(&fixed("rgb_half.exr"));
    assert_eq!(found.shape(), [3, 4, 3]);
    let halves: Vec<f32> = st.iter().map(|v| f16::from_f32(*v).to_f32()).collect();
    same(&st_map(&found, &named("stmap_centers")).unwrap().array, &halves);
    let found = image(&fixed("rgba.exr"));
    assert_eq!(found.shape(), [3, 4, 4]);
    let map = st_map(&found, &named("stmap_edges")).unwrap();
    same(&map.array, &with_hole(st.clone()));
    assert_eq!(map.valid, Some(hole()));
    same(&image(&fixed("layer.exr")), &st);
    same(&image(&fixed("moved.exr")), &st);
    same(&image(&fixed("depth.exr")), &[7.0; 12]);
    let found = image(&fixed("grey.exr"));
    assert_eq!(found.shape(), [3, 4]);
    same(&found, &st.chunks(2).map(|pair| pair[0]).collect::<Vec<_>>());
    let found = image(&fixed("tiles.exr"));
    assert_eq!(found.shape(), [18, 20, 2]);
    assert!((0..360).all(|k| f32s(&found)[2 * k..2 * k + 2] == st[2 * (k / 20 % 3 * 4 + k % 4)..][..2]));
    same(&image(&fixed("u32.exr")), &pixels(|x, y| [4.0 * y + x, 16_777_216.0 + 2.0 * y]));
}

#[test]
fn exr_that_is_refused() {
    let refused = |name: &str| line(read(&fixed(name)), &fixed(name));
    let start = "is an OpenEXR image that ";
    let windows = "a data window of 3x4 pixels from (1, 2) and a display window of 8x10 pixels from (0, 0) (rows, columns)";
    assert_eq!(refused("cropped.exr"), format!("{start}has {windows}: expected the same"));
    assert_eq!(refused("colours.exr"), format!("{start}has the channels \"Q\", \"X\": expected R and G (B, A), or Y"));
    assert_eq!(refused("layers.exr"), format!("{start}has several layers, \"a\", \"b\": expected one, or one without a name"));
    assert!(refused("u32_large.exr").contains("the integer 16777217, which f32 does not hold"));
    // A header that claims pixels that cannot be there: both windows are four i32.
    let folder = folder();
    let bytes = std::fs::read(fixed("rg.exr")).unwrap();
    let window = [0i32, 0, 3, 2].map(i32::to_le_bytes).concat();
    let places: Vec<usize> = (0..bytes.len() - 16).filter(|k| bytes[*k..*k + 16] == window).collect();
    assert_eq!(places.len(), 2);
    let mut lies = bytes.clone();
    for place in places {
        lies[place..place + 16].copy_from_slice(&[0i32, 0, 99_999, 99_999].map(i32::to_le_bytes).concat());
    }
    let path = file(&folder, "lies.exr", &lies);
    let expected = "says 100000x100000 pixels (rows x columns) = 80000000000 bytes, more than its 397 bytes can hold";
    assert_eq!(line(read(&path), &path), format!("{start}{expected}"));
    // Rows that are there twice, so that others are not: the table of three places stands before the first of them.
    let bytes = std::fs::read(fixed("rgba.exr")).unwrap();
    let table = (0..bytes.len() - 24).find(|k| bytes[*k..*k + 8] == (*k as u64 + 24).to_le_bytes()).unwrap();
    let twice = [&bytes[..table + 8], &bytes[table..table + 8], &bytes[table + 16..]].concat();
    let path = file(&folder, "twice.exr", &twice);
    assert_eq!(line(read(&path), &path), format!("{start}cannot be decoded: invalid: rows that are there twice"));
    for name in ["rg.exr", "rgb_half.exr", "rgba.exr", "grey.exr", "tiles.exr"] {
        cut_everywhere(&fixed(name));
    }
}

#[test]
fn st_maps_written_and_read() {
    let folder = folder();
    for end in ["exr", "tif", "tiff"] {
        let path = folder.path().join(format!("a.{end}"));
        // Without a mask: three channels, every bit kept.
        let odd = vec![0.1f32, -0.0, f32::INFINITY, 1e-45, -7.25, 3e38];
        write(&path, &stored("stmap_edges", &[3, 1, 2], odd.clone(), None)).unwrap();
        let found = image(&path);
        assert_eq!(found.shape(), [3, 1, 3]);
        let map = st_map(&found, &named("stmap_edges")).unwrap();
        same(&map.array, &odd);
        assert_eq!(map.valid, None);
        // With one: alpha.
        write(&path, &stored("torch_grid", &[3, 4, 2], with_hole(fixture_st()), Some(hole()))).unwrap();
        let found = image(&path);
        assert_eq!(f32s(&found)[24..28], [0.0; 4]);
        let map = st_map(&found, &named("torch_grid")).unwrap();
        same(&map.array, &with_hole(fixture_st()));
        assert_eq!((map.valid, map.readings), (Some(hole()), vec![named("torch_grid")]));
    }
    // Large enough for several blocks of rows.
    let path = folder.path().join("large.exr");
    let numbers: Vec<f32> = (0..2 * 70 * 33u16).map(|k| f32::from(k) / 7.0).collect();
    write(&path, &stored("flow", &[70, 33, 2], numbers.clone(), None)).unwrap();
    same(&st_map(&image(&path), &named("flow")).unwrap().array, &numbers);
}

#[test]
fn what_is_no_st_map() {
    let map = |shape: &[usize], numbers: AnyData| st_map(&AnyArray::new(shape.to_vec(), numbers).unwrap(), &named("stmap_edges"));
    assert!(map(&[1, 1], vec![0f32].into()).unwrap_err().ends_with("this one is f32 of shape [1, 1]"));
    assert!(map(&[1, 1, 5], vec![0f32; 5].into()).is_err());
    assert!(map(&[1, 1, 3], vec![0u16; 3].into()).unwrap_err().contains("u16"));
    let found = map(&[1, 1, 4], vec![0.5f64, 0.25, 7.0, 0.5].into()).unwrap();
    assert_eq!(found.array.data(), &AnyData::F64(vec![0.5, 0.25]));
    assert_eq!(found.remarks, ["the third channel is left out", "1 pixels have an alpha between 0 and 1: they count as valid"]);
    let odd = map(&[1, 2, 4], vec![0f32, 0.0, 0.0, f32::NAN, 0.0, 0.0, 0.0, -1.0].into()).unwrap();
    assert_eq!(odd.valid, Some(vec![false, true]));
}

const ENDS: [&str; 3] = ["yml", "xml", "json"];

#[test]
fn matrices_of_opencv() {
    for end in ENDS {
        let found = field(&fixed(&format!("map.{end}")));
        assert_eq!(found.array.shape(), [3, 4, 2]);
        same(&found.array, &with_hole(fixture_map()));
        assert_eq!((found.valid, found.readings), (Some(hole()), vec![named("pixel_map"), named("flow")]));
        // y comes first in the file, and is known by its name.
        let found = field(&fixed(&format!("xy.{end}")));
        same(&found.array, &fixture_map());
        assert_eq!(found.remarks, ["x is the matrix \"mapx\", y is \"mapy\""]);
        let found = field(&fixed(&format!("double.{end}")));
        let thirds: Vec<f64> = fixture_map().iter().map(|v| f64::from(*v) / 3.0).collect();
        assert_eq!((found.array.data(), found.valid), (&AnyData::F64(thirds), None));
        // Whole pixels and 32nds: the fixture's numbers are eighths.
        let found = field(&fixed(&format!("fixed.{end}")));
        same(&found.array, &fixture_map());
        assert_eq!(found.readings, [named("pixel_map")]);
        cut_everywhere(&fixed(&format!("map.{end}")));
    }
}

#[test]
fn other_matrices_are_arrays() {
    for end in ENDS {
        let Contents::Archive(arrays) = read(&fixed(&format!("archive.{end}"))).unwrap() else { panic!("{end}") };
        let names: Vec<&str> = arrays.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a_u1", "a_i1", "a_u2", "a_i2", "a_i4", "a_f2", "a_f4", "a_f8", "cube", "colours", "special"]);
        let of = |name: &str| &arrays.iter().find(|(other, _)| other == name).unwrap().1;
        let six = || 0..6u8;
        let expected: [AnyData; 8] = [
            six().collect::<Vec<_>>().into(),
            six().map(i16::from).collect::<Vec<_>>().into(),
            six().map(u16::from).collect::<Vec<_>>().into(),
            six().map(i16::from).collect::<Vec<_>>().into(),
            six().map(f64::from).collect::<Vec<_>>().into(),
            six().map(f16::from).collect::<Vec<_>>().into(),
            six().map(f32::from).collect::<Vec<_>>().into(),
            six().map(f64::from).collect::<Vec<_>>().into(),
        ];
        for ((name, array), expected) in arrays.iter().zip(&expected) {
            assert_eq!((array.shape(), array.data()), (&[2, 3][..], expected), "{name}");
        }
        assert_eq!(of("cube").shape(), [2, 3, 4]);
        assert_eq!(of("colours").shape(), [2, 3, 3]);
        let AnyData::F64(special) = of("special").data() else { panic!("{end}") };
        assert!(special[0].is_nan());
        assert_eq!(special[1..], [f64::INFINITY, f64::NEG_INFINITY, 0.1, 1e-30, 3e38]);
    }
}

#[test]
fn matrices_written_and_read() {
    let folder = folder();
    let odd = vec![0.1f32, -0.0, f32::MAX, 1e-45, 16_777_216.0, f32::INFINITY, f32::NEG_INFINITY, 0.3];
    let wide = vec![0.1f64, -0.0, f64::MAX, 5e-324, 1.0 / 3.0, 1e22, f64::NAN, 2.0];
    for end in ENDS {
        let path = folder.path().join(format!("a.{end}"));
        write(&path, &stored("pixel_map", &[2, 2, 2], odd.clone(), None)).unwrap();
        let found = field(&path);
        same(&found.array, &odd);
        assert_eq!(found.valid, None);
        write(&path, &stored("flow", &[1, 4, 2], wide.clone(), Some(vec![true, false, true, true]))).unwrap();
        let found = field(&path);
        let nan = f64::NAN;
        let expected = [wide[0], wide[1], nan, nan, wide[4], wide[5], nan, nan];
        let AnyData::F64(v) = found.array.data() else { panic!("{:?}", found.array.dtype()) };
        assert!(v.iter().zip(expected).all(|(a, b)| a.to_bits() == b.to_bits()), "{v:?}");
        assert_eq!(found.valid, Some(vec![true, false, true, false]));
        cut_everywhere(&path);
        let numbers: Vec<f32> = (0..2 * 40 * 30u16).map(|k| f32::from(k) / 7.0).collect();
        write(&path, &stored("pixel_map", &[40, 30, 2], numbers.clone(), None)).unwrap();
        same(&field(&path).array, &numbers);
        assert!(std::fs::read_to_string(&path).unwrap().lines().all(|line| line.len() <= 80));
    }
}

/// A file with one matrix.
fn yaml(rows: &str, columns: &str, dtype: &str, data: &str) -> String {
    format!("%YAML:1.0\n---\nm: !!opencv-matrix\n   rows: {rows}\n   cols: {columns}\n   dt: {dtype}\n   data: {data}\n")
}

#[test]
fn matrices_that_lie() {
    let folder = folder();
    let refused = |text: &str| {
        let path = file(&folder, "a.yml", text.as_bytes());
        line(read(&path), &path)
    };
    let start = "is a file of OpenCV matrices that has a matrix \"m\" that ";
    for ((rows, columns, dtype, data), expected) in [
        (("1", "2", "f", "[ 1., 2., 3. ]"), "says 1x2 of 1 channels = 2 numbers, but 3 follow"),
        (("1", "2", "\"2f\"", "[ 1., 2., 3. ]"), "says 1x2 of 2 channels = 4 numbers, but 3 follow"),
        (
            ("9999999", "9999999", "f", "[ 1. ]"),
            "says 9999999x9999999 of 1 channels = 99999980000001 numbers, more than its 2 characters can be",
        ),
        (("1", "-2", "f", "[ 1. ]"), "says a length of \"-2\""),
        (("1", "1", "f", "[ one ]"), "holds \"one\" where a number of type 'f' is expected"),
        (("1", "1", "u", "[ 256 ]"), "holds \"256\" where a number of type 'u' is expected"),
        (("1", "1", "f", "[ 1e39 ]"), "holds \"1e39\" where a number of type 'f' is expected"),
        (("1", "1", "q", "[ 1 ]"), "has the type 'q': expected one of b u c w s I i L U h H f d"),
        (("1", "1", "\"0f\"", "[ ]"), "has the type \"0f\": expected a number of channels and a letter"),
        (("1", "1", "f", "[ 1."), "has a \"data\" that does not end"),
        (("1", "1", "f", "!!binary |\n     AAAA"), "has its numbers in base64: expected text, as FileStorage writes by default"),
        (("1\n   rows: 2", "1", "f", "[ 1. ]"), "has two \"rows\""),
    ] {
        assert_eq!(refused(&yaml(rows, columns, dtype, data)), format!("{start}{expected}"));
    }
    let says = "is a file of OpenCV matrices that ";
    assert_eq!(refused("%YAML:1.0\n---\na: 1\n"), format!("{says}has no matrix at its top level"));
    let twice = yaml("1", "1", "f", "[ 1. ]");
    assert_eq!(refused(&format!("{twice}{}", &twice[14..])), format!("{says}has two matrices called \"m\""));
    assert!(
        refused("{\"a\": {\"type_id\": \"opencv-matrix\", \"rows\": 1")
            .contains("is no JSON of OpenCV: it has its end where '}' is expected")
    );
    assert!(refused("{} x").contains("has \"x\" after its end"));
    assert!(refused(&format!("{{\"a\": {}", "[".repeat(100_000))).contains("ends in the middle of a value"));
    assert!(refused("<?xml version=\"1.0\"?>\n<opencv_storage>").contains("is no XML: "));
    let xml =
        |body: &str| format!("<?xml version=\"1.0\"?><opencv_storage><m type_id=\"opencv-matrix\">{body}</m></opencv_storage>");
    assert!(refused(&xml("<rows>1</rows>")).contains("does not say its size"));
    assert!(refused(&xml("<data><b/></data>")).contains("has other things than text in its \"data\""));
}

#[test]
fn matrices_as_people_write_them() {
    let folder = folder();
    let json = "{\"f\": {\"type_id\": \"opencv-matrix\", \"rows\": 1, \"cols\": 2, \"dt\": \"2f\", \"data\": [1, \"NaN\", 2.5, -Infinity]}}";
    let found = field(&file(&folder, "a.json", json.as_bytes()));
    assert_eq!(found.valid, Some(vec![false, true]));
    assert_eq!(f32s(&found.array)[2..], [2.5, f32::NEG_INFINITY]);
    // CRLF, comments, an entry of several lines before, no line end at last.
    let text = "%YAML:1.0\r\n---\r\n# maps\r\nnames: [ a,\r\n   \"b: c\" ]\r\nm: !!opencv-matrix\r\n   # rows first\r\n   rows: 1\r\n   cols: 1\r\n   dt: \"2s\"\r\n   data: [ 3, -4 ]";
    let found = field(&file(&folder, "a.yml", text.as_bytes()));
    assert_eq!((found.array.data(), found.readings), (&AnyData::I16(vec![3, -4]), vec![named("pixel_map")]));
    let text = "%YAML:1.0\n---\nm: !!opencv-nd-matrix\n   sizes: [ 1, 2, 1 ]\n   dt: d\n   data: [ 1, 2. ]\n...\n";
    let Contents::Archive(arrays) = read(&file(&folder, "b.yml", text.as_bytes())).unwrap() else { panic!() };
    assert_eq!(arrays, [("m".into(), AnyArray::new(vec![1, 2, 1], vec![1f64, 2.0]).unwrap())]);
    // Two maps of other sizes are no pair.
    let two =
        format!("{}n: !!opencv-matrix\n   rows: 1\n   cols: 2\n   dt: f\n   data: [ 1., 2. ]\n", yaml("1", "1", "f", "[ 1. ]"));
    assert!(matches!(read(&file(&folder, "c.yml", two.as_bytes())).unwrap(), Contents::Archive(arrays) if arrays.len() == 2));
}

const WHOLE: [&str; 22] = [
    "cv2.flo",
    "rgb.pfm",
    "grey.pfm",
    "rg.exr",
    "rgb_half.exr",
    "rgba.exr",
    "layer.exr",
    "grey.exr",
    "tiles.exr",
    "u32.exr",
    "map.yml",
    "map.xml",
    "map.json",
    "xy.yml",
    "xy.xml",
    "xy.json",
    "fixed.yml",
    "fixed.xml",
    "fixed.json",
    "archive.yml",
    "archive.xml",
    "archive.json",
];

fn survives(bytes: &[u8]) {
    let folder = folder();
    let path = file(&folder, "random", bytes);
    let options = ReadOptions { memory: Some(1 << 24), bf16: false, progress: None };
    if let Err(error) = read_with(&path, &options) {
        let text = error.to_string();
        assert!(text.starts_with(&path.display().to_string()) && !text.contains('\n') && text.len() < 1000, "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_changed_in_whole_files(
        which in 0..WHOLE.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = std::fs::read(fixed(WHOLE[which])).unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        survives(&bytes);
    }

    #[test]
    fn characters_changed_in_texts(
        which in 10..WHOLE.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), "[-\\[\\]{}<>:,.\"'#!/*0-9a-z \n]"), 1..8),
        end in any::<prop::sample::Index>(),
    ) {
        let mut bytes = std::fs::read(fixed(WHOLE[which])).unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value.as_bytes()[0];
        }
        bytes.truncate(10 + end.index(bytes.len()));
        survives(&bytes);
    }

    #[test]
    fn texts_of_numbers_are_exact(bits in prop::collection::vec(any::<u32>(), 2..20), wide in any::<[u64; 2]>(), end in 0..3usize) {
        let folder = folder();
        let path = folder.path().join(format!("a.{}", ENDS[end]));
        let count = bits.len() / 2;
        let pairs: Vec<f32> = bits.iter().take(count * 2).map(|b| f32::from_bits(*b)).collect();
        write(&path, &stored("pixel_map", &[1, count, 2], pairs.clone(), None)).unwrap();
        for (found, pair) in f32s(&field(&path).array).chunks(2).zip(pairs.chunks(2)) {
            let nan = pair.iter().any(|v| v.is_nan());
            assert!(found.iter().zip(pair).all(|(a, b)| if nan { a.is_nan() } else { a.to_bits() == b.to_bits() }));
        }
        let pair = wide.map(f64::from_bits);
        write(&path, &stored("pixel_map", &[1, 1, 2], pair.to_vec(), None)).unwrap();
        let found = field(&path);
        let AnyData::F64(found) = found.array.data() else { panic!() };
        let nan = pair.iter().any(|v| v.is_nan());
        assert!(found.iter().zip(pair).all(|(a, b)| if nan { a.is_nan() } else { a.to_bits() == b.to_bits() }));
    }
}
