//! HDF5: Spring's flows, transforms of ITK and of nitransforms, arrays.

mod common;

use common::{array, file, fixture, folder, line, numbers};
use displace::{AnyArray, AnyData, Convention, DType, Layout, Placement, Quantity};
use displace_io::{
    Affine, Contents, Format, ReadOptions, StoredField, Transform, WriteOptions, read, read_with, write_field, write_transform,
};
use hdf5_pure::FileBuilder;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn tensors(name: &str) -> PathBuf {
    fixture("tensors").join(name)
}

fn convention(name: &str) -> Convention {
    name.parse().unwrap()
}

/// What the script calls `counted`.
fn eighths(dtype: DType, shape: &[usize]) -> AnyArray {
    array(dtype, shape, |k| k as f64 / 8.0)
}

fn field_of(path: &Path) -> StoredField {
    match read(path).unwrap() {
        Contents::Field(field) => field,
        other => panic!("{other:?}"),
    }
}

fn transform_of(path: &Path) -> Transform {
    match read(path).unwrap() {
        Contents::Transform(transform) => transform,
        other => panic!("{other:?}"),
    }
}

/// Writes datasets and reads the file.
fn built(folder: &tempfile::TempDir, build: impl FnOnce(&mut FileBuilder)) -> PathBuf {
    let mut builder = FileBuilder::new();
    build(&mut builder);
    file(folder, "built.h5", &builder.finish().unwrap())
}

/// An ITK file of any type and numbers.
fn itk_file(folder: &tempfile::TempDir, transforms: &[(&str, &[f64], &[f64])]) -> PathBuf {
    built(folder, |file| {
        let mut all = file.create_group("TransformGroup");
        for (k, (kind, fixed, parameters)) in transforms.iter().enumerate() {
            let mut group = all.create_group(&k.to_string());
            group.create_dataset("TransformType").with_vlen_strings(&[kind]).with_shape(&[1]);
            group.create_dataset("TransformFixedParameters").with_f64_data(fixed);
            group.create_dataset("TransformParameters").with_f64_data(parameters);
            all.add_group(group.finish());
        }
        file.add_group(all.finish());
    })
}

#[test]
fn springs_flows() {
    let field = field_of(&tensors("spring.flo5"));
    let AnyData::F32(numbers) = field.array.data() else { panic!("{:?}", field.array) };
    assert_eq!(field.array.shape(), [3, 4, 2]);
    assert_eq!(numbers[..4], [0.0, 0.125, 0.25, 0.375]);
    // Row 1, column 2 has one NaN: nothing is known there.
    assert!(numbers[12].is_nan() && numbers[13].is_nan() && numbers.iter().filter(|v| v.is_nan()).count() == 2);
    assert_eq!(field.valid.unwrap().iter().position(|known| !known), Some(6));
    assert_eq!(field.readings, [convention("flow")]);
    assert!(field.remarks.is_empty());
    assert_eq!(read(&tensors("spring.dsp5")).unwrap(), Contents::Image(eighths(DType::F32, &[3, 4])));
}

#[test]
fn flows_come_back() {
    let folder = folder();
    let path = folder.path().join("a.flo5");
    let valid: Vec<bool> = (0..300 * 500).map(|k| k % 7 != 3).collect();
    let value = |k: usize| if valid[k / 2] { (k % 1000) as f64 / 8.0 - 60.0 } else { f64::NAN };
    let mut field = StoredField {
        array: array(DType::F32, &[300, 500, 2], value),
        readings: vec![convention("flow")],
        valid: Some(valid.clone()),
        placement: None,
        remarks: Vec::new(),
    };
    write_field(&path, &field, &WriteOptions::default()).unwrap();
    let found = field_of(&path);
    assert_eq!(found.valid, field.valid);
    let same = |a: &AnyArray, b: &AnyArray| format!("{a:?}") == format!("{b:?}");
    assert!(same(&found.array, &field.array));
    assert!(std::fs::metadata(&path).unwrap().len() < 300_000, "it is not deflated");
    field.array = array(DType::F64, &[2, 3, 4, 2], |_| 0.0);
    assert_eq!(
        line(write_field(&path, &field, &WriteOptions::default()), &path),
        "cannot be written as .flo5: shape [2, 3, 4, 2]: it holds (height, width, 2)"
    );
    assert_eq!(Format::Flo5.convention(None, 2).unwrap(), convention("flow"));
    assert!(Format::Flo5.convention(None, 3).unwrap_err().contains("2 axes, not 3"));
    assert!(Format::Flo5.convention(Some(&convention("torch_grid")), 2).unwrap_err().contains("\"flow\""));
    assert_eq!(Format::Flo5.convention(Some(&convention("flow,layout=first")), 2).unwrap(), convention("flow"));
}

#[test]
fn springs_ground_truth_is_known_by_its_size() {
    let folder = folder();
    let path = built(&folder, |file| {
        let zeros = vec![0f32; 2160 * 3840 * 2];
        file.create_dataset("flow").with_f32_data(&zeros).with_shape(&[2160, 3840, 2]).with_chunks(&[108, 3840, 2]).with_deflate(1);
    });
    let field = field_of(&path);
    assert!(field.remarks[0].contains("2x2 for each pixel of its 1080x1920 images"), "{:?}", field.remarks);
    assert_eq!(field.valid, None);
}

#[test]
fn flows_of_other_shapes_are_refused() {
    let folder = folder();
    let path = built(&folder, |file| {
        file.create_dataset("flow").with_f32_data(&[0.0; 6]).with_shape(&[2, 3]);
    });
    assert_eq!(
        line(read(&path), &path),
        "is an HDF5 file that has a dataset \"flow\" of shape [2, 3]: expected (height, width, 2)"
    );
    let path = built(&folder, |file| {
        file.create_dataset("flow").with_i32_data(&[0; 4]).with_shape(&[1, 2, 2]);
    });
    // i32 is read as f64, as everywhere.
    assert_eq!(field_of(&path).array.dtype(), DType::F64);
    let path = built(&folder, |file| {
        file.create_dataset("flow").with_u8_data(&[0; 4]).with_shape(&[1, 2, 2]);
    });
    assert!(line(read(&path), &path).contains("\"flow\" of u8: expected f32"));
}

#[test]
fn arrays_of_every_kind() {
    let Contents::Archive(arrays) = read(&tensors("arrays.h5")).unwrap() else { panic!("no archive") };
    let expected = [
        ("big", array(DType::F64, &[2, 3], |k| k as f64)),
        ("bool", AnyArray::new(vec![3], vec![1u8, 0, 1]).unwrap()),
        ("half", eighths(DType::F16, &[5])),
        ("i1", AnyArray::new(vec![2], vec![-1i16, 127]).unwrap()),
        ("one", AnyArray::new(vec![], vec![-7.0]).unwrap()),
        ("inner/most/lzf", eighths(DType::F32, &[40, 30])),
        ("inner/most/sum", array(DType::U16, &[20], |k| k as f64)),
    ];
    assert_eq!(arrays, expected.map(|(name, array)| (name.to_string(), array)));
    assert_eq!(read(&tensors("v110.h5")).unwrap(), Contents::Array(eighths(DType::F32, &[30, 20])));
}

#[test]
fn structures_of_hdf5_2_are_refused() {
    let path = tensors("latest.h5");
    assert!(line(read(&path), &path).contains("invalid data layout version: 5"));
}

#[test]
fn files_without_numbers_say_what_they_hold() {
    let folder = folder();
    let path = built(&folder, |file| {
        file.create_dataset("name").with_vlen_strings(&["x"]);
    });
    assert_eq!(line(read(&path), &path), "is an HDF5 file that holds no arrays of numbers: its datasets are \"name\"");
    let path = built(&folder, |_| {});
    assert_eq!(line(read(&path), &path), "is an HDF5 file that holds no arrays of numbers: its datasets are none");
}

#[test]
fn itk_fields() {
    let field = field_of(&tensors("field3.h5"));
    assert_eq!(field.array, eighths(DType::F64, &[2, 3, 4, 3]));
    assert_eq!(field.readings, [convention("itk")]);
    let turned = [0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    assert_eq!(field.placement, Some(Placement::new(&[0.5, 1.0, 2.0], &[10.0, 20.0, 30.0], &turned).unwrap()));
    let field = field_of(&tensors("field2.h5"));
    assert_eq!((field.array, field.placement), (eighths(DType::F64, &[3, 4, 2]), Some(Placement::identity(2))));
}

#[test]
fn itk_fields_of_old_spelling_and_single_precision() {
    let field = field_of(&tensors("old.h5"));
    assert_eq!(field.array, AnyArray::new(vec![1, 2, 2], vec![0.5f32, 1.5, 2.5, 3.5]).unwrap());
    assert_eq!(field.placement, Some(Placement::new(&[1.0, 2.0], &[5.0, 6.0], &[1.0, 0.0, 0.0, 1.0]).unwrap()));
}

/// x -> (2x, 3y, 4z) about (10, 20, 30), moved by (1, 2, 3).
fn scaling() -> Affine {
    Affine { matrix: vec![2.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 4.0], offset: vec![-9.0, -38.0, -87.0] }
}

#[test]
fn itk_affine_maps_and_composites() {
    assert_eq!(transform_of(&tensors("affine.h5")), Transform::Affine(scaling()));
    let Transform::Composite(parts) = transform_of(&tensors("composite.h5")) else { panic!("no composite") };
    let [affine, field] = parts.as_slice() else { panic!("{parts:?}") };
    assert_eq!(*affine, Transform::Affine(scaling()));
    assert_eq!(*field, Transform::Field(field_of(&tensors("field3.h5"))));
}

#[test]
fn itk_transforms_come_back() {
    let folder = folder();
    let path = folder.path().join("a.h5");
    let field = field_of(&tensors("field3.h5"));
    write_field(&path, &field, &WriteOptions::default()).unwrap();
    assert_eq!(field_of(&path), field);
    let affine = Transform::Affine(scaling());
    let transform = Transform::Composite(vec![affine.clone(), Transform::Field(field.clone())]);
    write_transform(&path, &transform).unwrap();
    assert_eq!(transform_of(&path), transform);
    // Composites in composites are one.
    let nested = Transform::Composite(vec![Transform::Composite(vec![affine.clone()]), Transform::Field(field.clone())]);
    write_transform(&path, &nested).unwrap();
    assert_eq!(transform_of(&path), transform);
    write_transform(&path, &affine).unwrap();
    assert_eq!(transform_of(&path), affine);
    let flat = field_of(&tensors("old.h5"));
    write_field(&path, &flat, &WriteOptions::default()).unwrap();
    let found = field_of(&path);
    assert_eq!((found.array.dtype(), &found.placement), (DType::F64, &flat.placement));
}

#[test]
fn texts_are_of_the_types_that_readers_ask_for() {
    use hdf5_pure::{AttrValue, CharacterSet, Datatype, File};
    let folder = folder();
    let [itk, x5] = ["a.h5", "a.x5"].map(|name| folder.path().join(name));
    // ITK's reader takes texts of any length and ASCII alone.
    write_field(&itk, &field_of(&tensors("field2.h5")), &WriteOptions::default()).unwrap();
    let dataset = File::open(&itk).unwrap().dataset("TransformGroup/0/TransformType").unwrap();
    let Datatype::VariableLength { is_string: true, charset, .. } = dataset.datatype().unwrap() else { panic!("no text") };
    assert_eq!(charset, Some(CharacterSet::Ascii));
    assert_eq!(dataset.shape().unwrap(), [1]);
    // nitransforms compares texts of any length and UTF-8.
    write_field(&x5, &field_of(&tensors("dense.x5")), &WriteOptions::default()).unwrap();
    let file = File::open(&x5).unwrap();
    assert_eq!(file.root().attrs().unwrap().get("Format"), Some(&AttrValue::VarLenString("X5".into())));
    let kind = file.group("TransformGroup/0").unwrap().attrs().unwrap().remove("Type");
    assert_eq!(kind, Some(AttrValue::VarLenString("nonlinear".into())));
}

#[test]
fn what_itk_does_not_hold_is_refused() {
    let folder = folder();
    let path = folder.path().join("a.h5");
    let refused = |transform: &Transform| line(write_transform(&path, transform), &path);
    assert!(refused(&Transform::Composite(Vec::new())).contains("a composite of no transforms"));
    let field = field_of(&tensors("field2.h5"));
    let mixed = Transform::Composite(vec![Transform::Affine(scaling()), Transform::Field(field.clone())]);
    assert!(refused(&mixed).contains("2 and of 3 axes do not join"));
    let odd = Transform::Affine(Affine { matrix: vec![1.0; 4], offset: vec![0.0; 3] });
    assert!(refused(&odd).contains("an affine map of 4 entries and an offset of 3"));
    let placeless = StoredField { placement: None, ..field.clone() };
    assert!(refused(&Transform::Field(placeless)).contains("its pixels have no places"));
    let other = StoredField { readings: vec![convention("flow")], ..field };
    assert!(refused(&Transform::Field(other)).contains("are not displacements in mm, LPS"));
    assert!(!path.exists());
    assert_eq!(Format::ItkHdf5.convention(Some(&convention("ants,layout=first")), 3).unwrap(), convention("itk"));
    assert!(Format::ItkHdf5.convention(Some(&convention("nitransforms")), 3).is_err());
}

#[test]
fn itk_files_that_lie_are_refused() {
    let folder = folder();
    let refused = |transforms: &[(&str, &[f64], &[f64])]| {
        let path = itk_file(&folder, transforms);
        line(read(&path), &path)
    };
    let field = "DisplacementFieldTransform_double_2_2";
    let good = [2.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0];
    let with = |at: usize, value: f64| {
        let mut numbers = good;
        numbers[at] = value;
        numbers
    };
    read(&itk_file(&folder, &[(field, &good, &[0.0; 4])])).unwrap();
    assert_eq!(
        refused(&[(field, &good, &[0.0; 5])]),
        "is an HDF5 file that has a DisplacementFieldTransform_double_2_2 of size [2.0, 1.0] = 4 numbers, but 5 parameters"
    );
    assert!(refused(&[(field, &with(0, 1e18), &[0.0; 4])]).contains("expected whole numbers of at least 1"));
    assert!(refused(&[(field, &with(0, 1e15), &[0.0; 4])]).contains("= 2000000000000000 numbers, but 4 parameters"));
    assert!(refused(&[(field, &with(1, 0.5), &[0.0; 4])]).contains("expected whole numbers"));
    assert!(refused(&[(field, &with(4, 0.0), &[0.0; 4])]).contains("a spacing of 0"));
    assert!(refused(&[(field, &with(9, 0.0), &[0.0; 4])]).contains("singular"));
    assert!(refused(&[(field, &good[..9], &[0.0; 4])]).contains("with 9 fixed parameters"));
    assert!(refused(&[(field, &good, &[0.0; 4]), (field, &good, &[0.0; 4])]).contains("2 ITK transforms that no composite joins"));
    assert!(refused(&[("CompositeTransform_double_2_2", &[0.0], &[0.0])]).contains("composite of no transforms"));
}

/// nitransforms' place of the fixtures.
fn place() -> Placement {
    let rows = [[2.0, 0.0, 0.0, -4.0], [0.0, 3.0, 0.0, 5.0], [0.0, 0.0, 1.0, 6.0]];
    Placement::from_ras_matrix(&rows.map(|row| row.to_vec())).unwrap()
}

#[test]
fn x5_fields_and_matrices() {
    let field = field_of(&tensors("dense.x5"));
    assert_eq!(field.array, eighths(DType::F32, &[4, 3, 2, 3]));
    assert_eq!((field.readings, field.placement), (vec![convention("nitransforms")], Some(place())));
    let field = field_of(&tensors("places.x5"));
    assert_eq!(field.readings, [convention("nitransforms,quantity=location")]);
    // At index (0, 0, 0) the place is (-4, 5, 6), and the displacement (0, 1/8, 2/8).
    let AnyData::F32(numbers) = field.array.data() else { panic!("{:?}", field.array) };
    assert_eq!(numbers[..3], [-4.0, 5.125, 6.25]);
    // In RAS x' = x + y/2 + z/4 + 1, y' = y + 2, z' = z + 3; x and y change their signs.
    let matrix = vec![1.0, 0.5, -0.25, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    assert_eq!(transform_of(&tensors("linear.x5")), Transform::Affine(Affine { matrix, offset: vec![-1.0, -2.0, 3.0] }));
}

#[test]
fn x5_chains_are_composites_in_lps() {
    let Transform::Composite(parts) = transform_of(&tensors("chain.x5")) else { panic!("no composite") };
    let [Transform::Field(field), affine] = parts.as_slice() else { panic!("{parts:?}") };
    // "0/1": the matrix first, so it stands last.
    assert_eq!(*affine, transform_of(&tensors("linear.x5")));
    assert_eq!((field.readings.as_slice(), &field.placement), ([convention("itk")].as_slice(), &Some(place())));
    // What is (x, y, z, c) there is (z, y, x, c) here, and the first two components have the other sign.
    let expected = array(DType::F64, &[2, 3, 4, 3], |k| {
        let (c, x, y, z) = (k % 3, k / 3 % 4, k / 12 % 3, k / 36);
        let ras = (((x * 3 + y) * 2 + z) * 3 + c) as f64 / 8.0;
        if c < 2 { -ras } else { ras }
    });
    assert_eq!(field.array, expected);
}

#[test]
fn x5_fields_come_back() {
    let folder = folder();
    let path = folder.path().join("a.x5");
    for name in ["dense.x5", "places.x5"] {
        let field = field_of(&tensors(name));
        write_field(&path, &field, &WriteOptions::default()).unwrap();
        assert_eq!(field_of(&path), field);
    }
    let flat = StoredField {
        array: eighths(DType::F64, &[4, 3, 2]),
        readings: vec![convention("nitransforms")],
        valid: None,
        placement: Some(Placement::new(&[2.0, 3.0], &[1.0, -1.0], &[0.0, 1.0, -1.0, 0.0]).unwrap()),
        remarks: Vec::new(),
    };
    write_field(&path, &flat, &WriteOptions::default()).unwrap();
    assert_eq!(field_of(&path), flat);
    let refused = |field: &StoredField| line(write_field(&path, field, &WriteOptions::default()), &path);
    assert!(refused(&StoredField { readings: vec![convention("itk")], ..flat.clone() }).contains("mm, RAS"));
    assert!(refused(&StoredField { placement: None, ..flat.clone() }).contains("no places"));
    assert!(refused(&StoredField { placement: Some(Placement::identity(3)), ..flat }).contains("placed along 3 axes"));
}

#[test]
fn x5_takes_displacements_and_places_in_ras() {
    let takes = |name: &str| Format::X5.convention(Some(&convention(name)), 3);
    assert_eq!(Format::X5.convention(None, 3).unwrap(), convention("nitransforms"));
    assert_eq!(takes("nitransforms,layout=first").unwrap().layout, Layout::Interleaved);
    let spm = takes("spm").unwrap();
    assert!(spm.x_first && spm.quantity == Quantity::Location);
    for other in ["itk", "flow", "nitransforms,quantity=negated", "nitransforms,direction=push"] {
        assert!(takes(other).unwrap_err().contains("nitransforms,quantity=location"), "{other}");
    }
}

#[test]
fn x5_files_of_other_things_are_refused() {
    use hdf5_pure::AttrValue;
    let folder = folder();
    let refused = |kind: &str, model: &str, count: i64, number: usize| {
        let path = built(&folder, |file| {
            file.set_attr("Format", AttrValue::String("X5".into()));
            let mut all = file.create_group("TransformGroup");
            for k in 0..number {
                let mut group = all.create_group(&k.to_string());
                group.set_attr("Type", AttrValue::String(kind.into()));
                group.set_attr("SubType", AttrValue::String(model.into()));
                group.set_attr("ArrayLength", AttrValue::I64(count));
                group.create_dataset("Transform").with_f64_data(&[0.0; 16]).with_shape(&[4, 4]);
                all.add_group(group.finish());
            }
            file.add_group(all.finish());
        });
        line(read(&path), &path)
    };
    assert!(refused("linear", "affine", 1, 1).contains("with the last row [0.0, 0.0, 0.0, 0.0]: expected zeros and 1"));
    assert!(refused("linear", "affine", 3, 1).contains("a series of 3 transforms"));
    assert!(refused("linear", "affine", 1, 2).contains("2 transforms that no chain joins"));
    assert!(refused("nonlinear", "bspline", 1, 1).contains("of type \"bspline\": expected \"densefield\""));
    assert!(refused("nonlinear", "densefield", 1, 1).contains("a field of shape [4, 4]"));
    assert!(refused("composite", "", 1, 1).contains("of type \"composite\""));
}

#[test]
fn claims_are_checked_before_memory_is_taken() {
    let folder = folder();
    let bytes = std::fs::read(tensors("v110.h5")).unwrap();
    // The length 30 of the first axis stands in the dataspace, and nowhere else as 8 bytes next to the 20.
    let shape = [30u64.to_le_bytes(), 20u64.to_le_bytes()].concat();
    let at = bytes.windows(16).position(|window| window == shape).unwrap();
    for claim in [1u64 << 32, 1 << 40, u64::MAX / 20, u64::MAX] {
        let mut lie = bytes.clone();
        lie[at..at + 8].copy_from_slice(&claim.to_le_bytes());
        let path = file(&folder, "lie.h5", &lie);
        let text = line(read(&path), &path);
        assert!(text.len() < 400, "{text}");
    }
    let path = tensors("v110.h5");
    let options = ReadOptions { memory: Some(bytes.len() as u64 + 100), ..ReadOptions::default() };
    assert!(line(read_with(&path, &options), &path).contains("bytes of memory"));
}

#[test]
fn chunks_outside_their_dataset_are_refused() {
    let folder = folder();
    let mut bytes = std::fs::read(tensors("arrays.h5")).unwrap();
    // The chunk at (16, 16), in a list of chunks that says so once.
    let offset = [16u64.to_le_bytes(), 16u64.to_le_bytes(), 0u64.to_le_bytes()].concat();
    let at = bytes.windows(24).position(|window| window == offset).unwrap();
    for (value, shown) in [(u64::MAX, "18446744073709551615"), (48, "48"), (17, "17")] {
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        let path = file(&folder, "a.h5", &bytes);
        assert_eq!(
            line(read(&path), &path),
            format!(
                "member \"inner/most/lzf\": is an HDF5 file that has a chunk at [{shown}, 16] of shape [40, 30] in chunks of [16, 16]"
            )
        );
    }
}

const WHOLE: [&str; 12] = [
    "spring.flo5",
    "spring.dsp5",
    "arrays.h5",
    "v110.h5",
    "latest.h5",
    "field2.h5",
    "field3.h5",
    "affine.h5",
    "composite.h5",
    "dense.x5",
    "chain.x5",
    "old.h5",
];

fn survives(path: &Path) {
    let options = ReadOptions { memory: Some(1 << 26), bf16: true, progress: None };
    if let Err(error) = read_with(path, &options) {
        let text = error.to_string();
        assert!(text.starts_with(&path.display().to_string()) && !text.contains('\n') && text.len() < 1000, "{text:?}");
    }
}

#[test]
fn a_cut_anywhere_is_an_error_or_the_same() {
    let folder = folder();
    for name in ["spring.flo5", "field2.h5", "dense.x5", "v110.h5"] {
        let bytes = std::fs::read(tensors(name)).unwrap();
        let whole = format!("{:?}", read(&tensors(name)).unwrap());
        for len in (0..bytes.len()).rev() {
            let cut = file(&folder, "cut", &bytes[..len]);
            match read(&cut) {
                Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
                Ok(found) => assert_eq!(format!("{found:?}"), whole, "{name} cut to {len}"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_changed_in_whole_files(
        which in 0..WHOLE.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec![0u8, 1, 2, 8, 0x7f, 0x80, 0xff])), 1..6),
    ) {
        let mut bytes = std::fs::read(tensors(WHOLE[which])).unwrap();
        // What is not zero is where the structures are.
        let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        for (at, value) in changes {
            bytes[places[at.index(places.len())]] = value;
        }
        let folder = folder();
        survives(&file(&folder, "changed", &bytes));
    }

    #[test]
    fn random_bytes_after_the_mark(rest in prop::collection::vec(any::<u8>(), 0..300)) {
        let folder = folder();
        survives(&file(&folder, "random", &[b"\x89HDF\r\n\x1a\n", rest.as_slice()].concat()));
    }
}

#[test]
fn integers_that_f64_does_not_hold_are_refused() {
    let folder = folder();
    let path = built(&folder, |file| {
        file.create_dataset("x").with_i64_data(&[(1 << 53) + 1]);
    });
    assert!(line(read(&path), &path).contains("beyond 2^53"));
    let path = built(&folder, |file| {
        file.create_dataset("x").with_i64_data(&[-5]);
    });
    assert_eq!(read(&path).unwrap(), Contents::Array(AnyArray::new(vec![1], numbers(DType::F64, [-5.0].into_iter())).unwrap()));
}
