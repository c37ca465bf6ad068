//! OME-Zarr folders and Zarr arrays.

mod common;

use common::{array, fixture, folder, line, names};
use displace::{AnyArray, AnyData, Convention, DType, Placement};
use displace_io::{Contents, Format, ReadOptions, StoredField, WriteOptions, read, read_with, write_field};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

fn stored(name: &str) -> PathBuf {
    fixture("transforms/zarr").join(name)
}

fn numbers(path: &Path) -> AnyArray {
    match read(path).unwrap() {
        Contents::Array(array) => array,
        other => panic!("{other:?}"),
    }
}

fn field(path: &Path) -> StoredField {
    match read(path).unwrap() {
        Contents::Field(field) => field,
        other => panic!("{other:?}"),
    }
}

fn convention(text: &str) -> Convention {
    text.parse().unwrap()
}

/// A copy of a stored folder, with a text in one of its files replaced.
fn changed(folder: &Path, name: &str, inner: &str, from: &str, to: &str) -> PathBuf {
    let target = folder.join("changed");
    let _ = fs::remove_dir_all(&target);
    copy(&stored(name), &target);
    let path = target.join(inner);
    let text: String = fs::read_to_string(&path).unwrap();
    // As one line without blanks: replacements need not know how it is laid out.
    let text = serde_json::from_str::<serde_json::Value>(&text).unwrap().to_string();
    assert!(text.contains(from), "{from} is not in {text}");
    fs::write(path, text.replace(from, to)).unwrap();
    target
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { assert!(fs::copy(&path, target).is_ok()) }
    }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn refused(path: &Path) -> String {
    let line = line(read(path), path);
    line.strip_prefix("is an OME-Zarr folder that ").unwrap_or_else(|| panic!("{line}")).to_string()
}

#[test]
fn arrays_of_every_codec() {
    for name in [
        "v3_plain",
        "v3_gzip",
        "v3_zstd",
        "v3_crc32c",
        "v3_blosc",
        "v3_transpose",
        "v3_shards",
        "v3_flat_keys",
        "v2_plain",
        "v2_zlib",
        "v2_gzip",
        "v2_zstd",
        "v2_blosc",
        "v2_nested",
    ] {
        assert_eq!(numbers(&stored(name)), array(DType::F32, &[5, 6], |k| k as f64 / 2.0), "{name}");
    }
    for name in ["v3_big", "v2_big_fortran"] {
        assert_eq!(numbers(&stored(name)), array(DType::F64, &[5, 6], |k| k as f64 / 2.0), "{name}");
    }
    assert_eq!(numbers(&stored("v3_u8")), array(DType::U8, &[5, 6], |k| k as f64));
    for name in ["v2_long_lz4", "v2_long_zstd", "v2_long_zlib"] {
        assert_eq!(numbers(&stored(name)), array(DType::F32, &[3000], |k| (k % 97) as f64), "{name}");
    }
    assert!(refused(&stored("v2_long_blosclz")).ends_with("is packed by blosclz in blosc: those read are lz4, zlib and zstd"));
}

#[test]
fn what_no_chunk_has_is_filled() {
    let AnyData::F32(found) = numbers(&stored("v3_holes")).into_parts().1 else { panic!() };
    assert!(found[..6].iter().all(|v| v.is_nan()) && found[6..] == [7.0, 8.0], "{found:?}");
    assert_eq!(numbers(&stored("v2_empty")), array(DType::I16, &[2, 2], |_| -3.0));
}

/// What is said of all fields: the format knows no bodies.
const LPS: &str = "axes x, y, z are no parts of a body: taken as left, posterior, superior";

#[test]
fn units_and_axes_are_what_they_are_called() {
    let folder = folder();
    let y = r#""name":"y","type":"space","unit":"micrometer""#;
    for (to, said) in [
        (y.replace("micrometer", "furlong"), "has the axis \"y\" in \"furlong\": expected a unit of length"),
        (y.replace("micrometer", "meter"), "has axes in meter and in micrometer: expected one unit"),
    ] {
        let changed = changed(folder.path(), "image", "fields/d/zarr.json", y, &to);
        assert!(refused(&changed).contains(said), "{}", refused(&changed));
    }
}

#[test]
fn the_field_of_an_image() {
    let found = field(&stored("image"));
    // Micrometers: a thousandth of a mm.
    assert_eq!(found.array, array(DType::F64, &[2, 3, 4], |k| k as f64 / 1e3));
    assert_eq!(found.readings, [convention("itk,order=ij,layout=first")]);
    assert_eq!(found.placement, Some(Placement::new(&[0.003, 0.002], &[0.0, 0.0], &[1.0, 0.0, 0.0, 1.0]).unwrap()));
    assert_eq!(found.remarks, ["axes y in micrometer, x in micrometer", LPS]);
    // The group of the field itself says the same.
    assert_eq!(field(&stored("image/fields/d")), found);
    let folder = folder();
    let swapped = changed(
        folder.path(),
        "image",
        "zarr.json",
        r#"{"axes":[{"name":"y","type":"space","unit":"micrometer"},{"name":"x","type":"space","unit":"micrometer"}],"name":"output"}"#,
        r#"{"name":"output","axes":[{"name":"x"},{"name":"y"}]}"#,
    );
    assert_eq!(field(&swapped).readings, [convention("itk,order=xy,layout=first")]);
}

#[test]
fn the_field_of_a_scene() {
    let found = field(&stored("scene"));
    assert_eq!(found.array, array(DType::F64, &[1, 3, 4, 3], |k| k as f64 / 1e3));
    assert_eq!(found.readings, [convention("itk,quantity=location")]);
    let direction = [-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    assert_eq!(found.placement, Some(Placement::new(&[0.004, 0.003, 0.002], &[0.007, 0.006, 0.005], &direction).unwrap()));
    let nearest = "says that it is interpolated by \"nearest\"";
    let half = "the forward half of a bijection; its inverse is not read";
    assert_eq!(found.remarks, [nearest, half, "axes z in micrometer, y in micrometer, x in micrometer", LPS]);
    // Without the other metadata, components are along the array's own axes.
    assert_eq!(field(&stored("scene/there")).readings, [convention("itk,quantity=location,order=ij")]);
    // An array whose own axes run x, y, z.
    let folder = folder();
    let own = r#"{"name":"x","type":"space","unit":"micrometer"},{"name":"y","type":"space","unit":"micrometer"},{"name":"z","type":"space","unit":"micrometer"}"#;
    let axes = r#"{"name":"z","type":"space","unit":"micrometer"},{"name":"y","type":"space","unit":"micrometer"},{"name":"x","type":"space","unit":"micrometer"}"#;
    let x_first = field(&changed(folder.path(), "scene", "there/zarr.json", axes, own));
    assert_eq!(x_first.readings, [convention("itk,quantity=location,axes=xy")]);
    assert_eq!(x_first.placement.unwrap().origin(), [0.005, 0.006, 0.007]);
}

#[test]
fn wrong_metadata_are_told_apart() {
    let folder = folder();
    let image = |inner: &str, from: &str, to: &str| refused(&changed(folder.path(), "image", inner, from, to));
    let root = |from: &str, to: &str| image("zarr.json", from, to);
    let inner = |from: &str, to: &str| image("fields/d/zarr.json", from, to);
    assert!(root("\"0.6\"", "\"0.5\"").starts_with("has OME metadata of the version \"0.5\": expected 0.6"));
    assert!(root("\"0.6\"", "\"0.61\"").starts_with("has OME metadata of the version \"0.61\""));
    assert!(root("\"ome\"", "\"omega\"").starts_with("is a group without OME metadata"));
    assert_eq!(
        root("\"displacements\"", "\"affine\""),
        "has transformations of the types \"affine\": expected \"displacements\" or \"coordinates\""
    );
    assert!(root("\"displacements\"", "\"coordinates\"").starts_with("has coordinates in \"fields/d\", whose axes are none"));
    assert_eq!(root("fields/d", "../d"), "has the path \"../d\": expected one below its folder");
    assert_eq!(root("fields/d", "/tmp"), "has the path \"/tmp\": expected one below its folder");
    assert!(root("fields/d", "fields/e").contains("has no zarr.json in "));
    assert!(root("fields/d", "fields/d/s0").contains("array \"fields/d/s0\", without axes"));
    assert!(
        root(
            "[{\"input\":{\"name\":\"physical\"}",
            "[{\"type\":\"displacements\",\"path\":\"b\"},{\"input\":{\"name\":\"physical\"}"
        )
        .starts_with("has 2 fields: name the folder of one of \"b\", \"fields/d\"")
    );
    assert_eq!(inner("\"displacement\"", "\"displacements\"").split(", ").next(), Some("has displacements in \"fields/d\""));
    assert_eq!(inner("[1.0,2.0,3.0]", "[1.0,2.0]"), "has the scale [1.0,2.0] on 3 axes");
    assert_eq!(inner("[1.0,2.0,3.0]", "[1.0,0.0,3.0]"), "has a spacing of 0: expected a positive finite number");
    assert!(inner("\"type\":\"scale\"", "\"type\":\"rotation\"").starts_with("has its field placed by \"rotation\""));
}

#[test]
fn wrong_arrays_are_told_apart() {
    let folder = folder();
    let v3 = |from: &str, to: &str| refused(&changed(folder.path(), "v3_gzip", "zarr.json", from, to));
    assert!(v3("\"chunk_shape\":[2,4]", "\"chunk_shape\":[2,0]").starts_with("has the chunk shape [2,0]"));
    assert_eq!(v3("\"chunk_shape\":[2,4]", "\"chunk_shape\":[2]"), "has the shape [5, 6] in chunks of [2]");
    assert_eq!(v3("\"chunk_shape\":[2,4]", "\"chunk_shape\":[2,5]"), "has a chunk c/0/0 that holds 32 bytes: expected 40");
    assert_eq!(v3("\"chunk_shape\":[2,4]", "\"chunk_shape\":[2,3]"), "has a chunk c/0/0 that unpacks to more than 24 bytes");
    assert!(v3("\"shape\":[5,6]", "\"shape\":[5000000,6000000]").starts_with("says 3750000000000 chunks of [2, 4]"));
    assert!(v3("\"float32\"", "\"complex64\"").starts_with("holds numbers of the type \"complex64\""));
    assert!(v3("\"gzip\"", "\"lzma\"").starts_with("has the codec \"lzma\": those read are gzip"));
    assert!(v3("\"bytes\"", "\"zip\"").starts_with("has the codec \"zip\" where bytes are expected"));
    assert!(v3("\"little\"", "\"middle\"").starts_with("has the byte order \"middle\""));
    assert!(v3("\"regular\"", "\"odd\"").starts_with("has the chunk grid \"odd\""));
    assert!(v3("\"fill_value\":0.0", "\"fill_value\":\"nil\"").starts_with("has the fill value \"nil\""));
    assert!(v3("\"zarr_format\":3", "\"zarr_format\":4").starts_with("has a zarr.json of the format 4"));
    assert!(v3("\"array\"", "\"tree\"").starts_with("has a node of the type \"tree\""));
    let v2 = |from: &str, to: &str| refused(&changed(folder.path(), "v2_zlib", ".zarray", from, to));
    assert!(v2("\"<f4\"", "\"<c8\"").starts_with("holds numbers of the type \"<c8\": expected such as <f4"));
    assert!(v2("\"zlib\"", "\"lz5\"").starts_with("has the codec \"lz5\""));
    assert!(v2("\"order\":\"C\"", "\"order\":\"K\"").starts_with("has the order \"K\": expected C or F"));
    assert!(v2("\"filters\":null", "\"filters\":[{\"id\":\"delta\"}]").starts_with("has the filters [{\"id\":\"delta\"}]"));
    let target = changed(folder.path(), "v2_plain", ".zarray", "[5,6]", "[5,6]");
    fs::write(target.join(".zarray"), b"{").unwrap();
    assert!(refused(&target).starts_with("has a .zarray that is no JSON: EOF"));
    fs::remove_file(target.join(".zarray")).unwrap();
    fs::write(target.join(".zgroup"), b"{}").unwrap();
    assert!(refused(&target).starts_with("is a group of Zarr 2"));
}

#[test]
fn sums_of_bytes_are_compared() {
    let folder = folder();
    for name in ["v3_zstd", "v3_crc32c", "v3_shards"] {
        let target = folder.path().join(name);
        copy(&stored(name), &target);
        let chunk = files(&target).into_iter().find(|path| path.ends_with("c/0/0")).unwrap();
        let bytes = fs::read(&chunk).unwrap();
        let mut lie = bytes.clone();
        *lie.last_mut().unwrap() ^= 1;
        fs::write(&chunk, lie).unwrap();
        assert!(refused(&target).contains("has a chunk c/0/0 that "), "{name}");
    }
}

#[test]
fn memory_is_asked_for_first() {
    let folder = folder();
    let path = changed(folder.path(), "v3_plain", "zarr.json", "\"shape\":[5,6]", "\"shape\":[1000,1000]");
    let options = ReadOptions { memory: Some(1_000_000), ..ReadOptions::default() };
    assert_eq!(line(read_with(&path, &options), &path), "needs 4000000 bytes of memory, 1000000 are available");
    let path = changed(folder.path(), "v3_plain", "zarr.json", "\"chunk_shape\":[2,4]", "\"chunk_shape\":[200000,400000]");
    assert!(line(read_with(&path, &options), &path).starts_with("needs 640000000"));
}

/// A field to be written.
fn whole(shape: &[usize], dtype: DType, placement: Option<Placement>) -> StoredField {
    let array = array(dtype, shape, |k| (k % 251) as f64 / 4.0);
    let own = Format::OmeZarr.convention(None, shape.len() - 1).unwrap();
    StoredField { array, readings: vec![own], valid: None, placement, remarks: Vec::new() }
}

#[test]
fn fields_come_back() {
    let folder = folder();
    let plane = Placement::new(&[0.1, 0.3], &[-1.7, 2.9], &[-1.0, 0.0, 0.0, 1.0]).unwrap();
    let space = Placement::new(&[0.1, 0.2, 0.7], &[1.0, -2.0, 1e-9], &[1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, -1.0]).unwrap();
    for (k, (shape, dtype, placement)) in [
        (vec![2, 3, 4], DType::F32, plane),
        (vec![3, 2, 3, 4], DType::F64, space.clone()),
        (vec![3, 1, 1, 1], DType::F16, space.clone()),
        // Several chunks, the last one cut.
        (vec![3, 5, 700, 800], DType::F32, space),
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(format!("{k}.ome.zarr"));
        let field = whole(&shape, dtype, Some(placement));
        write_field(&path, &field, &WriteOptions::default()).unwrap();
        let mut found = self::field(&path);
        assert_eq!(found.remarks.len(), 2);
        found.remarks.clear();
        assert!(found == field, "{shape:?}");
    }
    assert_eq!(names(folder.path()), ["0.ome.zarr", "1.ome.zarr", "2.ome.zarr", "3.ome.zarr"]);
    assert!(files(&folder.path().join("3.ome.zarr")).len() > 2 + 1 + 3);
}

#[test]
fn what_cannot_be_written_leaves_nothing() {
    let folder = folder();
    let path = folder.path().join("a.ome.zarr");
    let error = |field: &StoredField| line(write_field(&path, field, &WriteOptions::default()), &path);
    assert!(error(&whole(&[2, 3, 4], DType::F32, None)).contains("its pixels have no places"));
    let good = whole(&[2, 3, 4], DType::F32, Some(Placement::identity(2)));
    let askew = Placement::new(&[1.0, 1.0], &[0.0, 0.0], &[0.8, -0.6, 0.6, 0.8]).unwrap();
    assert!(
        error(&StoredField { placement: Some(askew), ..good.clone() })
            .contains("it lies askew, with the direction [0.8, -0.6, 0.6, 0.8]")
    );
    assert!(
        error(&StoredField { placement: Some(Placement::identity(3)), ..good.clone() }).contains("2 axes and a placement of 3")
    );
    assert!(
        error(&StoredField { readings: vec![convention("itk")], ..good.clone() })
            .contains("in the convention itk: expected itk,order=ij,layout=first")
    );
    assert!(
        error(&StoredField { array: array(DType::F32, &[3, 3, 4], |_| 0.0), ..good.clone() })
            .contains("expected (2, H, W) or (3, D, H, W)")
    );
    assert!(error(&StoredField { array: array(DType::BF16, &[2, 3, 4], |_| 0.0), ..good.clone() }).contains("convert to f32"));
    assert!(Format::OmeZarr.convention(Some(&convention("flow")), 2).unwrap_err().contains("not \"flow\""));
    assert_eq!(names(folder.path()), [""; 0]);
    fs::write(&path, b"x").unwrap();
    assert!(error(&good).contains("there is a file of that name"));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(error(&good), "cannot be written: it is a folder");
    let path = folder.path().join("none/a.ome.zarr");
    assert!(line(write_field(&path, &good, &WriteOptions::default()), &path).contains("does not exist"));
    assert_eq!(names(folder.path()), ["a.ome.zarr"]);
}

const FOLDERS: [&str; 12] = [
    "image",
    "scene",
    "v2_big_fortran",
    "v2_blosc",
    "v2_long_lz4",
    "v2_long_zlib",
    "v2_long_zstd",
    "v3_crc32c",
    "v3_gzip",
    "v3_shards",
    "v3_transpose",
    "v3_zstd",
];

#[test]
fn a_cut_anywhere_is_an_error_or_the_same() {
    let folder = folder();
    for name in FOLDERS {
        let target = folder.path().join(name);
        copy(&stored(name), &target);
        let whole = read(&target).unwrap();
        for path in files(&target) {
            let bytes = fs::read(&path).unwrap();
            for len in (0..bytes.len()).step_by(1 + bytes.len() / 200) {
                fs::write(&path, &bytes[..len]).unwrap();
                match read(&target) {
                    Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
                    Ok(found) => assert_eq!(found, whole, "{} cut to {len}", path.display()),
                }
            }
            fs::write(&path, &bytes).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_changed_in_whole_folders(
        which in 0..FOLDERS.len(),
        file in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let folder = folder();
        let target = folder.path().join("changed");
        copy(&stored(FOLDERS[which]), &target);
        let files = files(&target);
        let path = &files[file.index(files.len())];
        let mut bytes = fs::read(path).unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        fs::write(path, &bytes).unwrap();
        let options = ReadOptions { memory: Some(1 << 24), ..ReadOptions::default() };
        if let Err(error) = read_with(&target, &options) {
            let text = error.to_string();
            prop_assert!(text.starts_with(&target.display().to_string()) && !text.contains('\n') && text.len() < 1000, "{text:?}");
        }
    }
}
