//! Images and fields that know where their pixels lie: NIfTI, MetaImage, NRRD.

mod common;

use common::{file, fixture, folder, line, names};
use displace::{AnyArray, AnyData, Convention, DType, Layout, Placement};
use displace_io::{Contents, Format, ReadOptions, StoredField, Volume, WriteOptions, read, read_with, write_field, write_volume};
use proptest::prelude::*;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

const SPACING: [f64; 3] = [0.5, 1.25, 3.0];
const ORIGIN: [f64; 3] = [-10.0, 20.5, 7.0];

/// A turn by 0.3 about z after a tilt by 0.5 about x: the direction of the files that ITK wrote, row by row.
fn direction() -> Vec<f64> {
    let ((s, c), (t, u)) = (0.3f64.sin_cos(), 0.5f64.sin_cos());
    vec![c, -s * u, s * t, s, c * u, -c * t, 0.0, t, u]
}

fn placement() -> Placement {
    Placement::new(&SPACING, &ORIGIN, &direction()).unwrap()
}

fn flat_placement() -> Placement {
    let (s, c) = 0.3f64.sin_cos();
    Placement::new(&SPACING[..2], &ORIGIN[..2], &[c, -s, s, c]).unwrap()
}

/// NIfTI-1 keeps places as f32.
fn assert_near(found: &Placement, expected: &Placement, tolerance: f64) {
    let all = |p: &Placement| [p.spacing(), p.origin(), p.direction()].concat();
    let (found, expected) = (all(found), all(expected));
    assert_eq!(found.len(), expected.len());
    let near = found.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= tolerance);
    assert!(near, "{found:?}\n{expected:?}");
}

fn volumes(name: &str) -> PathBuf {
    fixture("volumes").join(name)
}

fn field(path: &Path) -> StoredField {
    match read(path).unwrap() {
        Contents::Field(field) => field,
        other => panic!("{}: {other:?}", path.display()),
    }
}

fn volume(path: &Path) -> Volume {
    match read(path).unwrap() {
        Contents::Volume(volume) => volume,
        other => panic!("{}: {other:?}", path.display()),
    }
}

/// Conventions with the components first.
fn planar(texts: &[&str]) -> Vec<Convention> {
    texts.iter().map(|text| Convention { layout: Layout::Planar, ..text.parse().unwrap() }).collect()
}

fn values(array: &AnyArray) -> Vec<f64> {
    fn wide<T: Copy + Into<f64>>(numbers: &[T]) -> Vec<f64> {
        numbers.iter().map(|v| (*v).into()).collect()
    }
    displace::with_data!(array.data(), numbers => wide(numbers))
}

/// What the files of fields hold: component c of a pixel is k / 4 - 7, k its index in an array with the components last.
fn expected(lattice: &[usize], layout: Layout) -> (Vec<usize>, Vec<f64>) {
    let (components, pixels) = (lattice.len(), lattice.iter().product::<usize>());
    let number = |pixel: usize, component: usize| (pixel * components + component) as f64 / 4.0 - 7.0;
    match layout {
        Layout::Interleaved => {
            let all = (0..pixels).flat_map(|p| (0..components).map(move |c| number(p, c))).collect();
            ([lattice, &[components]].concat(), all)
        }
        Layout::Planar => {
            let all = (0..components).flat_map(|c| (0..pixels).map(move |p| number(p, c))).collect();
            ([&[components], lattice].concat(), all)
        }
    }
}

fn assert_field(name: &str, lattice: &[usize], layout: Layout) -> StoredField {
    let found = field(&volumes(name));
    let (shape, numbers) = expected(lattice, layout);
    assert_eq!(found.array.shape(), shape, "{name}");
    assert_eq!(values(&found.array), numbers, "{name}");
    assert!(found.readings.iter().all(|reading| reading.layout == layout && !reading.x_first), "{name}");
    assert_eq!(found.valid, None);
    found
}

#[test]
fn fields_that_itk_wrote() {
    for name in [
        "field.mha",
        "field_zlib.mha",
        "field.mhd",
        "field_zlib.mhd",
        "field.nrrd",
        "field_gzip.nrrd",
        "field.nhdr",
        "field_f8.mha",
    ] {
        let found = assert_field(name, &[2, 3, 4], Layout::Interleaved);
        assert_eq!(found.readings, ["itk".parse().unwrap()], "{name}");
        assert_near(found.placement.as_ref().unwrap(), &placement(), 1e-14);
        assert_eq!(found.array.dtype(), if name == "field_f8.mha" { DType::F64 } else { DType::F32 });
        assert!(found.remarks.is_empty(), "{:?}", found.remarks);
    }
    for name in ["field.nii", "field.nii.gz"] {
        let found = assert_field(name, &[2, 3, 4], Layout::Planar);
        assert_eq!(found.readings, planar(&["itk", "spm", "nitransforms,axes=ij"]));
        assert_near(found.placement.as_ref().unwrap(), &placement(), 1e-6);
        assert_eq!(found.remarks, ["its header has intent 1007"]);
    }
    for (name, layout) in [("plane.mha", Layout::Interleaved), ("plane.nrrd", Layout::Interleaved), ("plane.nii", Layout::Planar)] {
        let found = assert_field(name, &[3, 4], layout);
        assert_near(found.placement.as_ref().unwrap(), &flat_placement(), 1e-6);
    }
}

#[test]
fn images_that_itk_wrote() {
    for end in ["mha", "nrrd", "nii"] {
        let found = volume(&volumes(&format!("image.{end}")));
        assert_eq!((found.array.shape(), found.array.dtype(), found.channels), (&[2, 3, 4][..], DType::I16, 1));
        assert!(values(&found.array).into_iter().eq((-5..19).map(f64::from)), "{end}");
        assert_near(&found.placement, &placement(), 1e-6);

        let found = volume(&volumes(&format!("colours.{end}")));
        assert_eq!((found.array.shape(), found.array.dtype(), found.channels), (&[2, 3, 4, 3][..], DType::U8, 3));
        assert!(values(&found.array).into_iter().eq((0..72u8).map(|k| f64::from(k.wrapping_sub(5)))), "{end}");

        let found = volume(&volumes(&format!("flat.{end}")));
        assert_eq!((found.array.shape(), found.array.dtype(), found.channels), (&[3, 4][..], DType::U8, 1));
        assert_near(&found.placement, &flat_placement(), 1e-6);
    }
}

/// The placement of the files that nibabel wrote.
fn nibabel_placement() -> Placement {
    let rows = [[-2.0, 0.0, 0.0, 90.0], [0.0, 2.5, 0.0, -126.0], [0.0, 0.0, 3.0, -72.0]];
    Placement::from_ras_matrix(&rows.map(Vec::from)).unwrap()
}

#[test]
fn fields_that_nibabel_wrote() {
    let five = ["itk", "spm", "nitransforms,axes=ij"];
    let mrtrix = ["mrtrix", "mrtrix,quantity=displacement", "fsl", "fsl,quantity=location"];
    let cases: [(&str, &[&str], &str); 7] = [
        ("fsl.nii", &mrtrix[2..], "its header has intent 2006"),
        ("no_intent.nii.gz", &mrtrix, "its header has intent 0"),
        ("spm.nii", &five, "its header has intent 1007, intent name \"Mapping\", description \"Deformation\""),
        ("big.nii", &five, "its header has intent 1006"),
        ("second.nii", &five, "its header has intent 1007"),
        ("second_big.nii.gz", &five, "its header has intent 1007"),
        ("pair.hdr", &five, "its header has intent 1007"),
    ];
    for (name, texts, remark) in cases {
        let found = assert_field(name, &[2, 3, 4], Layout::Planar);
        assert_eq!(found.readings, planar(texts), "{name}");
        assert_near(found.placement.as_ref().unwrap(), &nibabel_placement(), 0.0);
        assert_eq!(found.remarks, [remark], "{name}");
    }
}

#[test]
fn images_of_every_type() {
    for (code, dtype) in [
        ("u1", DType::U8),
        ("i1", DType::I16),
        ("u2", DType::U16),
        ("i2", DType::I16),
        ("u4", DType::F64),
        ("i4", DType::F64),
        ("i8", DType::F64),
        ("u8", DType::F64),
        ("f4", DType::F32),
        ("f8", DType::F64),
    ] {
        let found = volume(&volumes(&format!("{code}.nii")));
        assert_eq!((found.array.shape(), found.array.dtype()), (&[2, 3, 4][..], dtype), "{code}");
        assert!(values(&found.array).into_iter().eq((0..24).map(f64::from)), "{code}");
        assert_eq!(found.placement, nibabel_placement());
    }
}

#[test]
fn slopes_quaternions_units() {
    let found = volume(&volumes("scaled.nii"));
    assert!(values(&found.array).into_iter().eq((-5..19).map(|k| f64::from(k) * 0.5 + 100.0)));
    // RAS: the columns times 0.5, 1.25 and -3, the offset 1, 2, 3. LPS: the first two rows negated.
    let mut direction = direction();
    (0..9).filter(|k| k % 3 == 2).for_each(|k| direction[k] *= -1.0);
    direction[..6].iter_mut().for_each(|v| *v *= -1.0);
    assert_near(&found.placement, &Placement::new(&SPACING, &[-1.0, -2.0, 3.0], &direction).unwrap(), 1e-6);

    assert_eq!(volume(&volumes("metres.nii")).placement.spacing(), [2000.0, 2500.0, 3000.0]);
    assert_eq!(volume(&volumes("nowhere.nii")).placement.origin(), [0.0; 3]);
}

#[test]
fn what_is_no_field_and_no_image_says_so() {
    let path = volumes("coefficients.nii.gz");
    assert!(line(read(&path), &path).starts_with("is a NIfTI image that has intent 2007, coefficients of splines"));
    let path = volumes("series.nii.gz");
    assert!(
        line(read(&path), &path).starts_with("is a NIfTI image that has 4 axes of sizes 4x3x2x5 and intent 0: expected an image")
    );
}

/// A NIfTI-1 header by hand: a field of 2 x 1 x 1 pixels with intent 1007.
fn by_hand(big: bool) -> Vec<u8> {
    let mut bytes = vec![0; 352];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    let short = |v: i16| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let float = |v: f32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    put(0, &if big { 348i32.to_be_bytes() } else { 348i32.to_le_bytes() });
    [5, 2, 1, 1, 1, 3].iter().enumerate().for_each(|(k, v)| put(40 + 2 * k, &short(*v)));
    put(68, &short(1007));
    put(70, &short(16));
    [1.0, 2.0, 3.0, 4.0].iter().enumerate().for_each(|(k, v)| put(76 + 4 * k, &float(*v)));
    put(108, &float(352.0));
    put(344, b"n+1");
    (0..6).for_each(|k| bytes.extend(float(k as f32)));
    bytes
}

#[test]
fn a_nifti_by_hand() {
    let folder = folder();
    for big in [false, true] {
        let found = field(&file(&folder, "a.nii", &by_hand(big)));
        assert_eq!(found.array, AnyArray::new(vec![3, 1, 1, 2], vec![0.0f32, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap());
        let placement = found.placement.unwrap();
        assert_eq!(placement.place(&[1.0, 0.0, 0.0]), [-2.0, 0.0, 0.0]);
        assert_eq!(found.remarks[0], "neither sform nor qform places its pixels: they lie pixdim apart along x, y, z, from 0");
    }
}

#[test]
fn fields_of_scaled_whole_numbers() {
    let folder = folder();
    let whole = |intent: i16, slope: f32, dims: [i16; 6]| {
        let mut bytes = by_hand(false);
        dims.iter().enumerate().for_each(|(k, v)| bytes[40 + 2 * k..][..2].copy_from_slice(&v.to_le_bytes()));
        bytes[68..70].copy_from_slice(&intent.to_le_bytes());
        bytes[70..72].copy_from_slice(&4i16.to_le_bytes());
        bytes[112..116].copy_from_slice(&slope.to_le_bytes());
        bytes.truncate(352);
        (0..6i16).for_each(|v| bytes.extend(v.to_le_bytes()));
        file(&folder, "a.nii", &bytes)
    };
    let (five, four) = ([5, 2, 1, 1, 1, 3], [4, 2, 1, 1, 3, 1]);
    let by = |slope: f64| (0..6).map(|v| f64::from(v) * slope).collect::<Vec<_>>();
    for (intent, slope, dims) in [(1007, 0.5, five), (1006, 0.5, four), (2006, 0.25, five), (0, 0.5, five), (1006, 1.0, four)] {
        let found = field(&whole(intent, slope, dims));
        assert_eq!(found.array, AnyArray::new(vec![3, 1, 1, 2], by(slope.into())).unwrap(), "{intent} {slope}");
    }
    // Whole numbers that are not scaled, or only a series of three, are images.
    for (intent, slope, dims) in [(1007, 1.0, five), (0, 0.0, five)] {
        assert_eq!(volume(&whole(intent, slope, dims)).channels, 3, "{intent} {slope}");
    }
    assert!(read(&whole(0, 0.5, four)).is_err());
}

#[test]
fn the_sform_goes_before_the_qform() {
    let folder = folder();
    let mut bytes = by_hand(false);
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    // Half a turn about y, at (5, 6, 7); and pixels of 4, 5 and 6 from 0.
    put(252, &1i16.to_le_bytes());
    put(260, &1f32.to_le_bytes());
    [5.0f32, 6.0, 7.0].iter().enumerate().for_each(|(k, v)| put(268 + 4 * k, &v.to_le_bytes()));
    [4.0f32, 5.0, 6.0].iter().enumerate().for_each(|(k, v)| put(280 + 20 * k, &v.to_le_bytes()));
    let by_qform = field(&file(&folder, "q.nii", &bytes)).placement.unwrap();
    assert_eq!(by_qform.ras_matrix(), [[-2.0, 0.0, 0.0, 5.0], [0.0, 3.0, 0.0, 6.0], [0.0, 0.0, -4.0, 7.0]]);
    bytes[254] = 1;
    let by_sform = field(&file(&folder, "s.nii", &bytes)).placement.unwrap();
    assert_eq!(by_sform.ras_matrix(), [[4.0, 0.0, 0.0, 0.0], [0.0, 5.0, 0.0, 0.0], [0.0, 0.0, 6.0, 0.0]]);
}

#[test]
fn pairs_may_be_compressed() {
    let folder = folder();
    let [header, data] = ["pair.hdr", "pair.img"].map(|name| std::fs::read(volumes(name)).unwrap());
    let whole = field(&volumes("pair.hdr"));
    file(&folder, "pair.img.gz", &gzip(&data));
    assert_eq!(field(&file(&folder, "pair.hdr", &header)), whole);
    assert_eq!(field(&file(&folder, "pair.hdr.gz", &gzip(&header))), whole);
    let path = file(&folder, "pair.hdr.gz", &gzip(&[&header[..], &[0; 5]].concat()));
    assert!(line(read(&path), &path).contains("goes on after the header of a pair"));
    let path = file(&folder, "pair.nii", &header);
    assert!(line(read(&path), &path).contains("is the header of a pair: expected a name that ends in .hdr"));
    let path = file(&folder, "other.hdr", &header);
    assert!(line(read(&path), &path).contains("has its data in \"other.img\", which cannot be read"));
}

#[test]
fn niftis_that_lie_are_refused() {
    let folder = folder();
    let refused = |at: usize, value: &[u8]| {
        let mut bytes = by_hand(false);
        bytes[at..at + value.len()].copy_from_slice(value);
        let path = file(&folder, "a.nii", &bytes);
        let plain = line(read(&path), &path);
        let packed = file(&folder, "a.nii.gz", &gzip(&bytes));
        assert!(line(read(&packed), &packed).starts_with("is a NIfTI image that "));
        plain.strip_prefix("is a NIfTI image that ").unwrap_or_else(|| panic!("{plain}")).to_owned()
    };
    assert_eq!(refused(0, &[1]), "says a header of 257 bytes: expected 348");
    assert_eq!(refused(40, &8i16.to_le_bytes()), "says 8 axes: expected 1 to 7");
    assert_eq!(refused(42, &(-2i16).to_le_bytes()), "says a length of -2 along axis 1: expected 1 or more");
    assert_eq!(refused(42, &3i16.to_le_bytes()), "says 3x1x1x1x3 numbers of f4 = 36 bytes, but 24 bytes of data are there");
    assert!(refused(42, &[255, 127].repeat(5)).contains("more than memory has addresses"));
    assert!(refused(70, &32i16.to_le_bytes()).starts_with("has datatype 32 (complex numbers): expected"));
    assert_eq!(refused(108, &1e9f32.to_le_bytes()), "says its data begin at byte 1000000000: it has 376");
    assert_eq!(refused(108, &100f32.to_le_bytes()), "says its data begin at byte 100: expected a whole number of at least 352");
    assert_eq!(refused(80, &0f32.to_le_bytes()), "cannot be placed: a spacing of 0: expected a positive finite number");
    assert!(refused(254, &1i16.to_le_bytes()).starts_with("cannot be placed: a spacing of 0"));
    assert!(
        refused(112, &[2f32.to_le_bytes(), f32::NAN.to_le_bytes()].concat()).starts_with("scales its numbers by 2 and adds NaN")
    );
}

/// A header that claims 32767^3 pixels over a stream that would hold them is stopped by the limit, not by the machine.
#[test]
fn absurd_claims_cost_nothing() {
    let folder = folder();
    let mut bytes = by_hand(false);
    bytes[42..48].copy_from_slice(&[0, 16].repeat(3));
    bytes.resize(1 << 22, 0);
    let path = file(&folder, "a.nii.gz", &gzip(&bytes));
    assert!(line(read(&path), &path).contains("compressed bytes can hold"));
    bytes[46..48].copy_from_slice(&[1, 0]);
    bytes.resize(1 << 26, 0);
    let path = file(&folder, "b.nii.gz", &gzip(&bytes));
    let limited = ReadOptions { memory: Some(1 << 20), ..ReadOptions::default() };
    assert!(line(read_with(&path, &limited), &path).contains("bytes of memory"));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut stream = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    stream.write_all(bytes).unwrap();
    stream.finish().unwrap()
}

#[test]
fn streams_that_are_damaged_are_refused() {
    let folder = folder();
    let good = std::fs::read(volumes("field.nii.gz")).unwrap();
    let refused = |bytes: &[u8]| {
        let path = file(&folder, "a.nii.gz", bytes);
        line(read(&path), &path)
    };
    let garbage = refused(&[&good[..], b"garbage"].concat());
    assert_eq!(garbage, "is a gzip stream that cannot be inflated: the data ends early");
    let garbage = refused(&[&good[..], b"more than a header"].concat());
    assert_eq!(garbage, "is a gzip stream that cannot be inflated: invalid gzip header");
    let mut checksum = good.clone();
    let at = good.len() - 8;
    checksum[at] ^= 1;
    assert!(refused(&checksum).contains("corrupt gzip stream"), "{}", refused(&checksum));
    let mut longer = Vec::new();
    flate2::read::GzDecoder::new(&good[..]).read_to_end(&mut longer).unwrap();
    longer.push(0);
    assert!(refused(&gzip(&longer)).contains("but its compressed data go on after them"));
    assert!(refused(&gzip(&good)).contains("holds another gzip stream"));
    assert!(refused(&gzip(b"\x93NUMPY")).contains("holds an .npy array: such a file is read only as it is"));
    assert!(refused(&gzip(b"")).contains("is empty"));
    // Two members one after the other are one stream.
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&good[..]).read_to_end(&mut plain).unwrap();
    let two = [gzip(&plain[..300]), gzip(&plain[300..])].concat();
    assert_eq!(field(&file(&folder, "b.nii.gz", &two)), field(&volumes("field.nii.gz")));
}

#[test]
fn other_kinds_are_inflated_whole() {
    let folder = folder();
    for name in ["field.mha", "field.nrrd", "image.nrrd"] {
        let path = file(&folder, &format!("{name}.gz"), &gzip(&std::fs::read(volumes(name)).unwrap()));
        assert_eq!(read(&path).unwrap(), read(&volumes(name)).unwrap());
    }
    let bomb = gzip(&[b"NRRD0004\n".to_vec(), vec![b'#'; 50_000_000]].concat());
    let path = file(&folder, "bomb.gz", &bomb);
    let limited = ReadOptions { memory: Some(1 << 22), ..ReadOptions::default() };
    assert!(line(read_with(&path, &limited), &path).contains("bytes of memory"));
}

const MHA: &str = "ObjectType = Image\nNDims = 2\nBinaryData = True\nBinaryDataByteOrderMSB = True\nTransformMatrix = 0 1 -1 0\n\
                   Offset = 5 6\nElementSpacing = 2 3\nDimSize = 2 1\nElementType = MET_SHORT\n";

#[test]
fn a_metaimage_by_hand() {
    let folder = folder();
    let text = |header: &str, data: &[u8]| [header.as_bytes(), data].concat();
    let expected = Volume {
        array: AnyArray::new(vec![1, 2], vec![258i16, -1]).unwrap(),
        // The first axis runs along y: the file's first two numbers are the matrix' first column.
        placement: Placement::new(&[2.0, 3.0], &[5.0, 6.0], &[0.0, -1.0, 1.0, 0.0]).unwrap(),
        channels: 1,
    };
    assert_eq!(expected.placement.place(&[1.0, 0.0]), [5.0, 8.0]);
    let local = text(&format!("{MHA}ElementDataFile = LOCAL\n"), &[1, 2, 255, 255]);
    assert_eq!(volume(&file(&folder, "a.mha", &local)), expected);
    let ascii = text(&format!("{}ElementDataFile = LOCAL\n", MHA.replace("BinaryData = True", "BinaryData = False")), b"258 -1\n");
    assert_eq!(volume(&file(&folder, "a.mha", &ascii)), expected);
    file(&folder, "a.raw", &[7, 7, 1, 2, 255, 255]);
    for skip in ["2", "-1"] {
        let header = format!("{MHA}HeaderSize = {skip}\nElementDataFile = a.raw\n");
        assert_eq!(volume(&file(&folder, "a.mhd", header.as_bytes())), expected);
    }
}

#[test]
fn metaimages_that_lie_are_refused() {
    let folder = folder();
    let refused = |header: &str| {
        let path = file(&folder, "a.mha", &[header.as_bytes(), &[0; 4]].concat());
        line(read(&path), &path).strip_prefix("is a MetaImage that ").unwrap().to_owned()
    };
    let with = |from: &str, to: &str| refused(&format!("{}ElementDataFile = LOCAL\n", MHA.replace(from, to)));
    assert_eq!(with("2 1\n", "2 2\n"), "says 2x2 numbers of i2 = 8 bytes, but 4 bytes of data are there");
    assert_eq!(with("2 1\n", "0 2\n"), "says a size of 0x2: expected 1 or more pixels along each axis");
    assert_eq!(with("2 1\n", "2 1 1\n"), "says DimSize = \"2 1 1\": expected numbers, 2 of them");
    assert!(with("2 1\n", "9999999999999 9999999999999\n").contains("more than memory has addresses"));
    assert_eq!(with("NDims = 2", "NDims = 4"), "has 4 axes (NDims): expected 2 or 3");
    assert_eq!(with("MET_SHORT", "MET_STRING"), "says ElementType = \"MET_STRING\": expected MET_UCHAR to MET_DOUBLE");
    assert_eq!(with("= 2 3", "= 2 -3"), "cannot be placed: a spacing of -3: expected a positive finite number");
    assert!(with("0 1 -1 0", "1 1 1 1").starts_with("cannot be placed: the direction [1.0, 1.0, 1.0, 1.0] is singular"));
    assert_eq!(with("MSB = True", "MSB = Yes"), "says BinaryDataByteOrderMSB = \"yes\": expected True or False");
    assert!(with("DimSize", "CompressedData = True\nDimSize").contains("its compressed data fail"));
    let data = |name: &str| {
        let path = file(&folder, "a.mhd", format!("{MHA}ElementDataFile = {name}\n").as_bytes());
        line(read(&path), &path).strip_prefix("is a MetaImage that ").unwrap().to_owned()
    };
    assert_eq!(data("/etc/hosts"), "has its data in \"/etc/hosts\": expected a name relative to the header");
    assert_eq!(data("LIST"), "has its data in several files (\"LIST\"): expected one");
    assert_eq!(data("slice%03d.raw 1 2 1"), "has its data in several files (\"slice%03d.raw 1 2 1\"): expected one");
    assert_eq!(data("none.raw"), "has its data in \"none.raw\", which cannot be read: there is no such file or folder");
    assert_eq!(data("."), "has its data in \".\", which is no file");
}

const NRRD: &str = "NRRD0004\n# a comment\ntype: short\ndimension: 2\nsizes: 2 1\nendian: big\nencoding: raw\nkey:=value\n";

#[test]
fn an_nrrd_by_hand() {
    let folder = folder();
    let data = [1, 2, 255, 255];
    let found = |fields: &str, data: &[u8]| {
        let bytes = [format!("{NRRD}{fields}\n").as_bytes(), data].concat();
        volume(&file(&folder, "a.nrrd", &bytes))
    };
    let plain = found("", &data);
    assert_eq!(plain.array, AnyArray::new(vec![1, 2], vec![258i16, -1]).unwrap());
    assert_eq!(plain.placement, Placement::identity(2));
    assert_eq!(found("byte skip: 3\n", &[&[0; 3][..], &data].concat()), plain);
    assert_eq!(found("byte skip: -1\n", &[&[0; 5][..], &data].concat()), plain);
    assert_eq!(found("line skip: 1\nbyteskip: 1\n", &[b"some line\n.", &data[..]].concat()), plain);
    let spaced = found("spacings: 2 3\naxis mins: 10 20\n", &data).placement;
    assert_eq!((spaced.spacing(), spaced.origin()), (&[2.0, 3.0][..], &[11.0, 21.5][..]));
    let spaced = found("spacings: 2 3\naxis mins: 10 20\ncenters: node cell\n", &data).placement;
    assert_eq!(spaced.origin(), [10.0, 21.5]);

    let text = NRRD.replace("raw", "ascii").replace('\n', "\r\n");
    assert_eq!(volume(&file(&folder, "a.nrrd", format!("{text}\r\n258\n-1\n").as_bytes())), plain);
    let packed = [format!("{}\n", NRRD.replace("raw", "gz")).as_bytes(), &gzip(&data)].concat();
    assert_eq!(volume(&file(&folder, "a.nrrd", &packed)), plain);
    // A header without an empty line at its end, and the numbers in another file.
    file(&folder, "b.gz", &gzip(&[&[9][..], &data].concat()));
    let detached = format!("{}byte skip: 1\ndata file: ./b.gz", NRRD.replace("raw", "gzip"));
    assert_eq!(volume(&file(&folder, "a.nhdr", detached.as_bytes())), plain);
}

#[test]
fn spaces_of_nrrd_become_lps() {
    let folder = folder();
    let header = "NRRD0005\ntype: float\ndimension: 4\nsizes: 1 1 1 3\nendian: little\nencoding: raw\nkinds: domain domain domain vector\n\
                  space directions: (2,0,0) (0,3,0) (0,0,4) none\nspace origin: (1,2,3)\n";
    let found = |space: &str| {
        let numbers: Vec<u8> = [1f32, 2.0, 3.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        field(&file(&folder, "a.nrrd", &[format!("{header}space: {space}\n\n").as_bytes(), &numbers].concat()))
    };
    let diagonal = |signs: [f64; 3]| vec![signs[0], 0.0, 0.0, 0.0, signs[1], 0.0, 0.0, 0.0, signs[2]];
    for (space, signs, texts) in [
        ("LPS", [1.0, 1.0, 1.0], &["itk"][..]),
        ("right-anterior-superior", [-1.0, -1.0, 1.0], &["itk", "nitransforms,axes=ij"]),
        ("LAS", [1.0, -1.0, 1.0], &["itk"]),
    ] {
        let found = found(space);
        let origin = [signs[0], 2.0 * signs[1], 3.0];
        assert_eq!(found.placement, Some(Placement::new(&[2.0, 3.0, 4.0], &origin, &diagonal(signs)).unwrap()));
        assert_eq!(found.array.shape(), [3, 1, 1, 1]);
        assert_eq!(found.readings, planar(texts));
    }
    let remarks = found("LPS\nmeasurement frame: (1,0,0) (0,-1,0) (0,0,1)\nspace units: \"mm\" \"mm\" \"um\"").remarks;
    assert_eq!(remarks[0], "its measurement frame is (1,0,0) (0,-1,0) (0,0,1): the numbers are not turned by it");
    assert_eq!(remarks[1], "its space units are \"mm\" \"mm\" \"um\": they are taken as mm");
    assert!(found("LPS\nmeasurement frame: (1,0,0) (0,1,0) (0,0,1)").remarks.is_empty());
}

#[test]
fn nrrds_that_lie_are_refused() {
    let folder = folder();
    let refused = |header: &str| {
        let path = file(&folder, "a.nrrd", &[header.as_bytes(), b"\n", &[0; 4]].concat());
        line(read(&path), &path).strip_prefix("is an NRRD image that ").unwrap().to_owned()
    };
    let with = |from: &str, to: &str| refused(&NRRD.replace(from, to));
    assert_eq!(with("2 1\n", "2 2\n"), "says 2x2 numbers of i2 = 8 bytes, but 4 bytes of data are there");
    assert!(with("2 1\n", "9999999999999 9999999999999\n").contains("more than memory has addresses"));
    assert_eq!(with("2 1\n", "2 0\n"), "says \"sizes: 2 0\": expected whole numbers above 0");
    assert_eq!(with("0004", "0006"), "starts with \"NRRD0006\": expected NRRD0001 to NRRD0005");
    assert_eq!(with("raw", "bzip2"), "says \"encoding: bzip2\": expected raw, gzip or ascii");
    assert_eq!(with("endian: big\n", ""), "does not say \"endian: little\" or \"endian: big\"");
    assert_eq!(with("short", "block"), "says \"type: block\": expected integers of 8 to 64 bits, float or double");
    assert_eq!(with("encoding: raw\n", ""), "has no field \"encoding\"");
    assert_eq!(with("key:=value", "sizes: 2 1"), "says \"sizes\" twice");
    assert_eq!(with("key:=value", "nonsense"), "has the line \"nonsense\": expected \"field: value\"");
    assert_eq!(with("key:=value", "byte skip: 5"), "says \"byteskip: 5\": expected -1 or less than its 4 bytes of data");
    assert!(with("key:=value", "byte skip: 9999999999999999999").starts_with("says \"byteskip: 9"));
    assert!(with("key:=value", "data file: a%d.raw 1 2 1").contains("in several files"));
    assert!(with("key:=value", "space: MNI").starts_with("says \"space: MNI\": expected left-posterior-superior"));
    assert!(with("key:=value", "space directions: (1,0)").contains("expected none or (a,b,..) for each of 2 axes"));
    assert!(with("key:=value", "space directions: (1,0,0) (0,1,0)").contains("expected 2 vectors of 2 numbers"));
    assert!(with("2\nsizes: 2 1", "4\nsizes: 1 1 2 1").contains("has 4 axes in space, of 1x1x2x1: expected 2 or 3"));
}

#[test]
fn endless_headers_are_refused() {
    let folder = folder();
    let refused = |start: &str, line: &str, count: usize| {
        let path = file(&folder, "a", format!("{start}\n{}", line.repeat(count)).as_bytes());
        self::line(read(&path), &path)
    };
    assert!(refused("NRRD0001", "#", 2_000_000).contains("has a line of more than 1048576 bytes"));
    assert!(refused("ObjectType = Image", "=", 2_000_000).contains("has a line of more than 1048576 bytes"));
    assert!(refused("ObjectType = Image", "a=b\n", 20_000).contains("names no data in its 10001 lines"));
    let fields: String = (0..2000).map(|k| format!("f{k}: 1\n")).collect();
    assert!(refused("NRRD0001", &fields, 1).contains("has more than 1000 fields"));
}

/// A field as written: numbers that no format changes, one of them NaN, and a placement of odd numbers.
fn stored(axes: usize, convention: Convention, dtype: DType) -> StoredField {
    let lattice = if axes == 3 { vec![2, 3, 4] } else { vec![3, 4] };
    let (shape, mut numbers) = expected(&lattice, convention.layout);
    numbers[5] = f64::NAN;
    StoredField {
        array: AnyArray::new(shape, common::numbers(dtype, numbers.into_iter())).unwrap(),
        readings: vec![convention],
        valid: None,
        placement: Some(if axes == 3 { placement() } else { flat_placement() }),
        remarks: Vec::new(),
    }
}

fn bits(array: &AnyArray) -> Vec<u64> {
    values(array).into_iter().map(f64::to_bits).collect()
}

#[test]
fn fields_come_back_as_written() {
    let folder = folder();
    let cases = [
        ("a.mha", "itk", 0),
        ("a.mhd", "itk", 0),
        ("a.nrrd", "itk", 0),
        ("a.nii", "itk", 0),
        ("a.nii.gz", "ants", 0),
        ("b.nii", "spm", 1),
        ("c.nii.gz", "nitransforms", 2),
        ("d.nii", "fsl", 0),
        ("e.nii", "fsl,quantity=location", 1),
    ];
    for (name, text, reading) in cases {
        let path = folder.path().join(name);
        let format = Format::of(&path).unwrap();
        for (axes, dtype) in [(3, DType::F32), (3, DType::F64), (2, DType::F32), (2, DType::F64)] {
            let asked = text.parse().unwrap();
            let taken = format.convention(Some(&asked), axes);
            if axes == 2 && text.starts_with("fsl") {
                assert!(taken.unwrap_err().starts_with("NIfTI fields of 2 axes are in one of"));
                continue;
            }
            let written = stored(axes, taken.unwrap(), dtype);
            write_field(&path, &written, &WriteOptions::default()).unwrap();
            let found = field(&path);
            assert_eq!((found.array.shape(), found.array.dtype()), (written.array.shape(), dtype));
            assert_eq!(bits(&found.array), bits(&written.array), "{name}");
            assert_eq!(found.readings[reading], written.readings[0], "{name}");
            let tolerance = if name.contains("nii") { 2e-6 } else { 1e-14 };
            assert_near(found.placement.as_ref().unwrap(), written.placement.as_ref().unwrap(), tolerance);
            if name.contains("nii") {
                let says = format!("description \"displace: {}\"", text.replace("ants", "itk"));
                assert!(found.remarks[0].ends_with(&says), "{:?}", found.remarks);
            }
        }
    }
    assert_eq!(
        names(folder.path()),
        ["a.mha", "a.mhd", "a.nii", "a.nii.gz", "a.nrrd", "a.raw", "b.nii", "c.nii.gz", "d.nii", "e.nii"]
    );
}

#[test]
fn sheared_placements_have_an_sform_only() {
    let folder = folder();
    let path = folder.path().join("a.nii");
    let mut written = stored(3, Convention { layout: Layout::Planar, ..displace::PRESETS[7].convention }, DType::F32);
    let sheared = Placement::new(&[1.0, 2.0, 4.0], &[0.0; 3], &[1.0, 0.6, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0, -1.0]).unwrap();
    written.placement = Some(sheared.clone());
    write_field(&path, &written, &WriteOptions::default()).unwrap();
    assert_near(field(&path).placement.as_ref().unwrap(), &sheared, 1e-6);
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes[252..256], [0, 0, 1, 0]);
    // With the sform's code taken away, the quaternion of a placement at right angles says the same, left-handed too.
    let (s, c) = 0.7f64.sin_cos();
    let left = Placement::new(&[1.0, 2.0, 4.0], &[9.0, 8.0, 7.0], &[c, -s, 0.0, -s, -c, 0.0, 0.0, 0.0, 1.0]).unwrap();
    written.placement = Some(left.clone());
    write_field(&path, &written, &WriteOptions::default()).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes[252..256], [1, 0, 1, 0]);
    bytes[254] = 0;
    assert_near(field(&file(&folder, "b.nii", &bytes)).placement.as_ref().unwrap(), &left, 1e-6);
}

#[test]
fn what_cannot_be_written_says_so() {
    let folder = folder();
    let asked = |name: &str, text: Option<&str>| {
        let asked: Option<Convention> = text.map(|text| text.parse().unwrap());
        Format::of(Path::new(name)).unwrap().convention(asked.as_ref(), 3)
    };
    let choices = "\"itk\" (also \"ants\", \"afni\"), \"spm\" (locations in mm, RAS), \"nitransforms\" (displacements in mm, RAS) or, for volumes, \"fsl\"";
    assert_eq!(
        asked("a.nii", None).unwrap_err(),
        format!("NIfTI holds fields of several conventions, and does not say which: name {choices}")
    );
    assert_eq!(
        asked("a.nii", Some("flow")).unwrap_err(),
        format!("NIfTI fields of 3 axes are in one of the conventions {choices}, not in \"flow\"")
    );
    assert_eq!(asked("a.mha", Some("spm")).unwrap_err(), "MetaImage vectors are in the convention \"itk\", not \"spm\"");
    assert_eq!(asked("a.nrrd", None).unwrap(), "itk".parse().unwrap());

    let path = folder.path().join("a.nii");
    let planar: Convention = "itk,layout=first".parse().unwrap();
    let refused = |field: &StoredField| line(write_field(&path, field, &WriteOptions::default()), &path);
    let good = stored(3, planar, DType::F32);
    let mut halves = good.clone();
    halves.array = common::counted(DType::F16, &[3, 2, 3, 4]);
    assert_eq!(refused(&halves), "cannot be written as NIfTI: its numbers are f16: expected f32 or f64");
    let mut wide = good.clone();
    wide.array = common::counted(DType::F32, &[3, 1, 1, 40_000]);
    assert!(refused(&wide).ends_with("40000x1x1x1x3 pixels: NIfTI-1 has at most 32767 along an axis"));
    let mut shape = good.clone();
    shape.array = common::counted(DType::F32, &[2, 3, 4, 3]);
    assert!(refused(&shape).contains("its array has the shape [2, 3, 4, 3]: expected (3, D, H, W) or (2, H, W)"));
    let mut several = good.clone();
    several.readings.push(planar);
    assert!(refused(&several).contains("its numbers have 2 readings: expected one"));
    let mut flat = good;
    flat.placement = Some(flat_placement());
    assert!(refused(&flat).contains("a lattice of [2, 3, 4], placed along 2 axes"));
    assert!(names(folder.path()).is_empty());
    let path = Path::new("nowhere/a.mhd");
    let field = stored(3, "itk".parse().unwrap(), DType::F32);
    assert!(
        write_field(path, &field, &WriteOptions::default())
            .unwrap_err()
            .to_string()
            .contains("the folder \"nowhere\" does not exist")
    );
}

#[test]
fn images_come_back_as_written() {
    let folder = folder();
    for name in ["a.nii", "a.nii.gz", "a.mha", "a.mhd", "a.nrrd"] {
        let path = folder.path().join(name);
        for dtype in [DType::U8, DType::U16, DType::I16, DType::F32, DType::F64] {
            for (shape, channels) in [(&[2, 3, 4][..], 1), (&[3, 4], 1), (&[2, 3, 4, 3], 3), (&[3, 4, 4], 4), (&[3, 4, 5], 5)] {
                let placement = if shape.len() - usize::from(channels > 1) == 3 { placement() } else { flat_placement() };
                let written = Volume { array: common::counted(dtype, shape), placement, channels };
                let done = write_volume(&path, &written);
                if name.contains("nii") && channels > 1 && (dtype != DType::U8 || channels == 5) {
                    assert!(line(done, &path).contains("it holds one of u8, u16, i16, f32 or f64, or 3 or 4 of u8"));
                    continue;
                }
                done.unwrap();
                // Floats of as many channels as axes are vectors to ITK's formats.
                if name.starts_with("a.mh") && channels == 3 && matches!(dtype, DType::F32 | DType::F64) {
                    assert_eq!(field(&path).array, written.array);
                    continue;
                }
                let found = volume(&path);
                assert_eq!((&found.array, found.channels), (&written.array, channels), "{name}");
                assert_near(&found.placement, &written.placement, 2e-6);
            }
        }
    }
    let path = folder.path().join("a.png");
    let image = Volume { array: AnyArray::new(vec![1, 1], vec![0u8]).unwrap(), placement: Placement::identity(2), channels: 1 };
    assert_eq!(
        line(write_volume(&path, &image), &path),
        "cannot be written as an image with a place: \"a.png\" ends in none of .nii, .nii.gz, .mha, .mhd, .nrrd"
    );
    let halves = Volume { array: AnyArray::new(vec![1, 1], AnyData::F16(vec![displace::f16::ONE])).unwrap(), ..image };
    for name in ["a.nii", "a.mha", "a.nrrd"] {
        let path = folder.path().join(name);
        assert!(line(write_volume(&path, &halves), &path).contains("f16"));
    }
}

#[test]
fn the_same_field_gives_the_same_bytes() {
    let folder = folder();
    for name in ["nii.gz", "nrrd"] {
        let written = ["a", "b"].map(|stem| {
            let path = folder.path().join(format!("{stem}.{name}"));
            let convention = Format::of(&path).unwrap().convention(Some(&"itk".parse().unwrap()), 3).unwrap();
            write_field(&path, &stored(3, convention, DType::F32), &WriteOptions::default()).unwrap();
            std::fs::read(path).unwrap()
        });
        assert_eq!(written[0], written[1], "{name}");
    }
}

/// Files whose ends all matter: a detached header may lose its last letters and mean the same.
const WHOLE: [&str; 14] = [
    "field.nii",
    "field.nii.gz",
    "second.nii",
    "second_big.nii.gz",
    "scaled.nii",
    "pair.hdr",
    "field.mha",
    "field_zlib.mha",
    "field.mhd",
    "field.nrrd",
    "field_gzip.nrrd",
    "field.nhdr",
    "colours.nii",
    "plane.nrrd",
];

/// A folder with the files that headers name, so that damaged headers find them.
fn beside() -> tempfile::TempDir {
    let folder = folder();
    for name in ["field.raw", "field_zlib.zraw", "pair.img"] {
        std::fs::copy(volumes(name), folder.path().join(name)).unwrap();
    }
    folder
}

#[test]
fn a_cut_anywhere_is_an_error_or_the_same() {
    let folder = beside();
    for name in WHOLE {
        let (bytes, whole) = (std::fs::read(volumes(name)).unwrap(), read(&volumes(name)).unwrap());
        let detached = ["field.mhd", "field.nhdr"].contains(&name);
        for len in 0..bytes.len() {
            let path = file(&folder, if name == "pair.hdr" { name } else { "cut" }, &bytes[..len]);
            match read(&path) {
                Ok(found) => assert!(detached && found == whole, "{name} cut to {len} of {}", bytes.len()),
                Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_changed_in_whole_files(
        which in 0..WHOLE.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        packed in any::<bool>(),
    ) {
        let folder = beside();
        let mut bytes = std::fs::read(volumes(WHOLE[which])).unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len().min(400));
            bytes[at] = value;
        }
        survives(&folder, WHOLE[which], &if packed { gzip(&bytes) } else { bytes });
    }

    #[test]
    fn headers_of_likely_words(words in prop::collection::vec(0..LIKELY.len(), 0..30), nrrd in any::<bool>()) {
        let start = if nrrd { "NRRD0004\n" } else { "ObjectType = Image\n" };
        let text: String = words.into_iter().map(|k| LIKELY[k]).collect();
        survives(&beside(), "a", [start, &text].concat().as_bytes());
    }
}

const LIKELY: [&str; 40] = [
    "\n",
    "\n",
    "\n",
    " ",
    "=",
    ": ",
    "0",
    "1",
    "2",
    "3",
    "-1",
    "(",
    ")",
    ",",
    "none ",
    "9223372036854775807",
    "nan",
    "NDims = 2\n",
    "NDims = 3\n",
    "DimSize = 1 2\n",
    "DimSize",
    "ElementType = MET_FLOAT\n",
    "ElementType = MET_UCHAR\n",
    "ElementDataFile = LOCAL\n",
    "ElementDataFile = field.raw\n",
    "CompressedData = True\n",
    "BinaryData = False\n",
    "HeaderSize = ",
    "TransformMatrix = ",
    "ElementNumberOfChannels = 2\n",
    "type: float\n",
    "type: uchar\n",
    "dimension: 2\n",
    "sizes: 1 2\n",
    "encoding: raw\n",
    "encoding: gzip\n",
    "endian: little\n",
    "kinds: vector domain\n",
    "space directions: (1,0) (0,1)\n",
    "line skip: ",
];

fn survives(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) {
    let path = file(folder, name, bytes);
    let options = ReadOptions { memory: Some(1 << 24), ..ReadOptions::default() };
    if let Err(error) = read_with(&path, &options) {
        let text = error.to_string();
        assert!(text.starts_with(&path.display().to_string()) && !text.contains('\n') && text.len() < 1200, "{text:?}");
    }
}
