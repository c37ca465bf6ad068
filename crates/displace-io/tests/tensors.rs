//! Tensors: safetensors and what torch saves.

mod common;

use common::{array, counted, file, fixture, folder, line};
use displace::{AnyArray, AnyData, Convention, DType, Placement, f16};
use displace_io::{Contents, Format, ReadOptions, StoredField, WriteOptions, read, read_array, read_npz, read_with, write_field};
use proptest::prelude::*;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

fn tensors(name: &str) -> PathBuf {
    fixture("tensors").join(name)
}

fn convention(name: &str) -> Convention {
    name.parse().unwrap()
}

/// What the script calls `counted`.
fn eighths(shape: &[usize]) -> AnyArray {
    array(DType::F32, shape, |k| k as f64 / 8.0)
}

fn one(data: impl Into<AnyData>) -> AnyArray {
    let data = data.into();
    AnyArray::new(vec![data.len()], data).unwrap()
}

fn field(array: AnyArray, name: &str) -> StoredField {
    StoredField { array, readings: vec![convention(name)], valid: None, placement: None, remarks: Vec::new() }
}

fn archive_of(path: &Path) -> Vec<(String, AnyArray)> {
    match read(path).unwrap() {
        Contents::Archive(arrays) => arrays,
        other => panic!("{other:?}"),
    }
}

/// A safetensors file of any header.
fn headed(folder: &tempfile::TempDir, header: &str, data: &[u8]) -> PathBuf {
    let len = (header.len() as u64).to_le_bytes();
    file(folder, "made.safetensors", &[&len, header.as_bytes(), data].concat())
}

/// A torch file of any members.
fn zipped(folder: &tempfile::TempDir, members: &[(&str, &[u8])], method: CompressionMethod) -> PathBuf {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    file(folder, "made.pt", &zip.finish().unwrap().into_inner())
}

/// The pickle of one f32 tensor.
fn pickle(len: u8, offset: u8, shape: &[u8], strides: &[u8]) -> Vec<u8> {
    let tuple = |numbers: &[u8]| [b"(", numbers.iter().flat_map(|v| [b'K', *v]).collect::<Vec<_>>().as_slice(), b"t"].concat();
    let start =
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK";
    let end = b"\x89ccollections\nOrderedDict\n)RtR.";
    [start.as_slice(), &[len], b"tQK", &[offset], &tuple(shape), &tuple(strides), end].concat()
}

fn pickled(folder: &tempfile::TempDir, pickle: &[u8], data: &[u8]) -> PathBuf {
    zipped(folder, &[("a/data.pkl", pickle), ("a/data/0", data)], CompressionMethod::Stored)
}

#[test]
fn safetensors_of_every_type() {
    assert_eq!(read(&tensors("one.safetensors")).unwrap(), Contents::Array(eighths(&[2, 3])));
    let mut arrays = archive_of(&tensors("many.safetensors"));
    arrays.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("bool", one(vec![1u8, 0])),
        ("f64", one(vec![0.0, 0.125])),
        ("i1", one(vec![-1i16, 2])),
        ("i8", one(vec![1_099_511_627_776.0])),
        ("u2", one(vec![65535u16])),
    ];
    assert_eq!(arrays, expected.map(|(name, array)| (name.to_string(), array)));
    let halves = archive_of(&tensors("halves.safetensors"));
    assert_eq!(halves[0], ("half".into(), array(DType::BF16, &[2], |k| [0.5, -2.0][k])));
    assert_eq!(halves[1], ("f16".into(), AnyArray::new(vec![1, 1], vec![f16::from_f32(1.5)]).unwrap()));
    let path = tensors("f8.safetensors");
    assert!(
        line(read(&path), &path)
            .starts_with("member \"tiny\": is a safetensors file that holds F8_E4M3 numbers: supported are BOOL,")
    );
}

#[test]
fn safetensors_by_hand() {
    let folder = folder();
    let path = headed(&folder, r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, &[0, 0, 128, 63, 0, 0, 0, 192]);
    assert_eq!(read(&path).unwrap(), Contents::Array(one(vec![1.0f32, -2.0])));
}

#[test]
fn conventions_stand_beside_tensors() {
    let folder = folder();
    let Contents::Field(found) = read(&tensors("field.safetensors")).unwrap() else { panic!("no field") };
    assert_eq!(found, field(eighths(&[2, 3, 2]), "torch_grid_aligned"));
    let header = |convention: &str| {
        format!(
            r#"{{"__metadata__":{{"convention":"{convention}"}},"field":{{"dtype":"F32","shape":[1,1,2],"data_offsets":[0,8]}}}}"#
        )
    };
    // One that says nothing known is a plain tensor.
    let path = headed(&folder, &header("mine"), &[0; 8]);
    assert!(matches!(read(&path).unwrap(), Contents::Array(_)));
    let path = headed(&folder, &header("flow,layout=first"), &[0; 8]);
    let text = line(read(&path), &path);
    assert_eq!(
        text,
        "is a safetensors file that says its field of shape [1, 1, 2] is \"sofima\": expected 2 or 3 components and as many axes"
    );
}

#[test]
fn fields_come_back_from_safetensors() {
    let folder = folder();
    let path = folder.path().join("a.safetensors");
    for dtype in [DType::F16, DType::BF16, DType::F32, DType::F64] {
        for (shape, name) in [
            (&[2, 3, 2][..], "flow"),
            (&[4, 2, 2, 3], "scipy,layout=last"),
            (&[2, 2, 3, 5], "sofima"),
            (&[3, 2, 3, 5], "voxelmorph"),
        ] {
            let mut field = field(counted(dtype, shape), name);
            write_field(&path, &field, &WriteOptions::default()).unwrap();
            assert_eq!(read(&path).unwrap(), Contents::Field(field.clone()), "{dtype} {shape:?}");
            field.placement = Some(Placement::new(&[0.1, 1.0 / 3.0], &[-1e-9, 7.0], &[0.6, -0.8, 0.8, 0.6]).unwrap());
            write_field(&path, &field, &WriteOptions::default()).unwrap();
            assert_eq!(read(&path).unwrap(), Contents::Field(field));
        }
    }
}

#[test]
fn masks_stand_beside_fields() {
    let folder = folder();
    let path = folder.path().join("a.safetensors");
    for (shape, name) in [([2, 3, 2], "flow"), ([2, 2, 3], "sofima")] {
        let mut field = field(counted(DType::F32, &shape), name);
        field.valid = Some(vec![true, true, false, true, true, true]);
        write_field(&path, &field, &WriteOptions::default()).unwrap();
        let Contents::Field(found) = read(&path).unwrap() else { panic!("no field") };
        let AnyData::F32(numbers) = found.array.data() else { panic!("{:?}", found.array) };
        let nans: Vec<usize> = (0..12).filter(|k| numbers[*k].is_nan()).collect();
        assert_eq!(nans, if name == "flow" { [4, 5] } else { [2, 8] });
        assert_eq!(found.valid, field.valid);
    }
    let mut field = field(counted(DType::F32, &[2, 3, 2]), "flow");
    field.valid = Some(vec![true]);
    assert!(line(write_field(&path, &field, &WriteOptions::default()), &path).contains("its mask of 1 pixels does not fit"));
    let header = r#"{"__metadata__":{"convention":"flow"},"field":{"dtype":"F32","shape":[1,1,2],"data_offsets":[0,8]},"valid":{"dtype":"U8","shape":[2],"data_offsets":[8,10]}}"#;
    let path = headed(&folder, header, &[0; 10]);
    assert!(line(read(&path), &path).contains("has a mask of shape [2] for a field of [1, 1, 2]: expected [1, 1]"));
}

#[test]
fn safetensors_that_lie_are_refused() {
    let folder = folder();
    let refused = |header: &str, data: &[u8]| {
        let path = headed(&folder, header, data);
        line(read(&path), &path)
    };
    let text = refused(r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, &[0; 9]);
    assert_eq!(text, "is a safetensors file that has another length than its header says: 71 bytes in all, 54 of them the header");
    assert!(refused(r#"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, &[0; 8]).contains("has a bad header"));
    assert!(
        refused(r#"{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#, &[0; 8]).contains("bad header")
    );
    assert!(refused(r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#, &[0; 16]).contains("not next to another's"));
    assert!(refused("{}", &[]).contains("holds no tensors"));
    let path = file(&folder, "a.safetensors", &[&99_000_000u64.to_le_bytes()[..], b"{}"].concat());
    assert_eq!(line(read(&path), &path), "is a safetensors file that says a header of 99000000 bytes, but has 10 bytes in all");
}

#[test]
fn tensors_of_torch() {
    assert_eq!(read(&tensors("tensor.pt")).unwrap(), Contents::Array(eighths(&[2, 3, 4])));
    assert_eq!(read(&tensors("no_sums.pt")).unwrap(), Contents::Array(eighths(&[2, 3, 4])));
    let views = archive_of(&tensors("views.pt"));
    let at = |k: usize, i: usize, j: usize| (k * 12 + i * 4 + j) as f64 / 8.0;
    let expected = [
        ("views.turned", array(DType::F32, &[4, 2, 3], |k| at(k / 3 % 2, k % 3, k / 6))),
        ("views.part", array(DType::F32, &[2, 2], |k| at(1, 1 + k / 2, k % 2 * 2))),
        ("views.row", array(DType::F32, &[2, 4], |k| at(0, 0, k % 4))),
        ("views.none", counted(DType::F32, &[0, 3, 4])),
        ("list.0", AnyArray::new(vec![], vec![3.0]).unwrap()),
        ("list.1.0", one(vec![1u8, 0])),
        ("epoch", AnyArray::new(vec![], vec![7.0]).unwrap()),
        ("rate", AnyArray::new(vec![], vec![0.5]).unwrap()),
    ];
    assert_eq!(views, expected.map(|(name, array)| (name.to_string(), array)));
    let kinds: Vec<DType> = archive_of(&tensors("kinds.pt"))
        .into_iter()
        .map(|(_, array)| {
            assert_eq!(array, array_of_one_two(array.dtype()));
            array.dtype()
        })
        .collect();
    use DType::{BF16, F16, F64, I16, U8, U16};
    assert_eq!(kinds, [BF16, F16, F64, I16, I16, U8, U16, F64]);
    let expected = [("weight", AnyArray::new(vec![1, 2], vec![0.25f32, 0.5]).unwrap()), ("bias", one(vec![1.0f32]))];
    assert_eq!(archive_of(&tensors("state.pt")), expected.clone().map(|(name, array)| (name.to_string(), array)));
    assert_eq!(archive_of(&tensors("parameter.pt")), [("parameter".to_string(), expected[0].1.clone())]);
}

fn array_of_one_two(dtype: DType) -> AnyArray {
    array(dtype, &[2], |k| k as f64 + 1.0)
}

#[test]
fn nothing_else_is_read_from_torch() {
    let path = tensors("module.pt");
    assert_eq!(
        line(read(&path), &path),
        "is a torch file that asks for torch.nn.modules.linear.Linear, which is never run here: only tensors, numbers, lists and \
         dictionaries are read"
    );
    let path = tensors("old.pt");
    assert!(line(read(&path), &path).starts_with("is a torch file that is of before torch 1.6: "));
    let folder = folder();
    let path = pickled(&folder, b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R.", &[]);
    assert!(line(read(&path), &path).contains("asks for posix.system, which is never run here"));
    // Neither an array nor an archive of arrays, by those who ask for one.
    let path = tensors("tensor.pt");
    assert!(line(read_npz(&path), &path).contains("without arrays"));
    assert!(line(read_array(&path), &path).contains("expected an .npy array"));
}

#[test]
fn tensors_by_hand() {
    let folder = folder();
    let data: Vec<u8> = (0..6).flat_map(|k| (k as f32).to_le_bytes()).collect();
    let path = pickled(&folder, &pickle(6, 1, &[2, 2], &[1, 2]), &data);
    let expected = AnyArray::new(vec![2, 2], vec![1.0f32, 3.0, 2.0, 4.0]).unwrap();
    assert_eq!(read(&path).unwrap(), Contents::Array(expected.clone()));
    let swapped: Vec<u8> = (0..6).flat_map(|k| (k as f32).to_be_bytes()).collect();
    let plain = pickle(6, 1, &[2, 2], &[1, 2]);
    let mut members = [("a/data.pkl", plain.as_slice()), ("a/byteorder", b"big"), ("a/data/0", &swapped)];
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        assert_eq!(read(&zipped(&folder, &members, method)).unwrap(), Contents::Array(expected.clone()));
    }
    members[1].1 = b"middle";
    let path = zipped(&folder, &members, CompressionMethod::Stored);
    assert!(line(read(&path), &path).contains("byte order \"middle\": expected \"little\" or \"big\""));
}

#[test]
fn tensors_outside_their_bytes_are_refused() {
    let folder = folder();
    let refused = |pickle: &[u8], len: usize| {
        let path = pickled(&folder, pickle, &vec![0; len]);
        line(read(&path), &path)
    };
    read(&pickled(&folder, &pickle(6, 0, &[2, 3], &[3, 1]), &[0; 24])).unwrap();
    assert_eq!(
        refused(&pickle(6, 1, &[2, 3], &[3, 1]), 24),
        "is a torch file that has a tensor of shape [2, 3], offset 1 and strides [3, 1], outside its 24 bytes"
    );
    assert!(refused(&pickle(6, 0, &[2, 3], &[4, 1]), 24).contains("outside its 24 bytes"));
    assert!(refused(&pickle(6, 0, &[2, 3], &[3]), 24).contains("from what makes none"));
    assert!(
        refused(&pickle(6, 0, &[2, 3], &[3, 1]), 20).contains("says a storage of 6 numbers, but member \"data/0\" has 20 bytes")
    );
    // Much of nothing.
    assert!(refused(&pickle(1, 0, &[255, 255, 255, 255], &[0, 0, 0, 0]), 4).contains("more than 1032 bytes for each of its own"));
    assert!(refused(&pickle(1, 0, &[255; 60], &[0; 60]), 4).contains("memory"));
    let path = zipped(&folder, &[("a/data.pkl", &pickle(6, 0, &[6], &[1]))], CompressionMethod::Stored);
    assert!(line(read(&path), &path).starts_with("member \"data/0\": "));
    let path = zipped(&folder, &[("a/data.pkl", b"\x80\x02}.")], CompressionMethod::Stored);
    assert_eq!(line(read(&path), &path), "is a torch file that holds no tensors");
    let path = zipped(&folder, &[("a/data.pkl", b"\x80\x02}X\x01\0\0\0aK\x01sX\x01\0\0\0b")], CompressionMethod::Stored);
    assert!(line(read(&path), &path).contains("has a pickle that ends early (byte "));
}

#[test]
fn fields_come_back_from_torch() {
    let folder = folder();
    let path = folder.path().join("a.pt");
    for dtype in [DType::U8, DType::I16, DType::F16, DType::BF16, DType::F32, DType::F64] {
        for shape in [&[2, 3, 2][..], &[1, 3, 2, 2, 3], &[0, 3, 2]] {
            let array = counted(dtype, shape);
            write_field(&path, &field(array.clone(), "flow"), &WriteOptions::default()).unwrap();
            assert_eq!(read(&path).unwrap(), Contents::Array(array));
        }
    }
    let unsigned = field(counted(DType::U16, &[2, 3, 2]), "flow");
    assert!(line(write_field(&path, &unsigned, &WriteOptions::default()), &path).contains("u16 numbers have no storage type"));
    for format in [Format::Torch, Format::Safetensors] {
        assert!(format.convention(None, 2).unwrap_err().contains("name the convention"));
        assert_eq!(format.convention(Some(&convention("scipy")), 2).unwrap(), convention("scipy"));
    }
}

const WHOLE: [&str; 9] = [
    "one.safetensors",
    "many.safetensors",
    "halves.safetensors",
    "field.safetensors",
    "tensor.pt",
    "views.pt",
    "kinds.pt",
    "state.pt",
    "no_sums.pt",
];

fn survives(path: &Path) {
    let options = ReadOptions { memory: Some(1 << 24), bf16: true, progress: None };
    if let Err(error) = read_with(path, &options) {
        let text = error.to_string();
        assert!(text.starts_with(&path.display().to_string()) && !text.contains('\n') && text.len() < 1000, "{text:?}");
    }
}

#[test]
fn a_cut_anywhere_is_an_error() {
    let folder = folder();
    for name in WHOLE {
        let bytes = std::fs::read(tensors(name)).unwrap();
        for len in 0..bytes.len() {
            let cut = file(&folder, "cut", &bytes[..len]);
            match read(&cut) {
                Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
                Ok(found) => panic!("{name} cut to {len} of {} bytes was accepted: {found:?}", bytes.len()),
            }
        }
    }
}

/// The pickle of a torch file.
fn pickle_of(name: &str) -> Vec<u8> {
    let mut zip = ZipArchive::new(Cursor::new(std::fs::read(tensors(name)).unwrap())).unwrap();
    let member = format!("{}/data.pkl", name.strip_suffix(".pt").unwrap());
    let mut bytes = Vec::new();
    zip.by_name(&member).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_pickle_cut_anywhere_is_an_error() {
    let folder = folder();
    let bytes = pickle_of("views.pt");
    for len in 0..bytes.len() {
        let path = pickled(&folder, &bytes[..len], &[0; 96]);
        assert!(read(&path).is_err(), "{len}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_changed_in_whole_files(
        which in 0..WHOLE.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = std::fs::read(tensors(WHOLE[which])).unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let folder = folder();
        survives(&file(&folder, "changed", &bytes));
    }

    #[test]
    fn bytes_changed_in_pickles(
        which in prop::sample::select(vec!["tensor.pt", "views.pt", "kinds.pt", "state.pt"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        more in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        let mut bytes = pickle_of(which);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let at = cut.index(bytes.len());
        bytes.splice(at..at, more);
        let folder = folder();
        survives(&pickled(&folder, &bytes, &[0; 96]));
    }

    #[test]
    fn random_pickles(codes in prop::collection::vec(prop::sample::select(b"().]}tldasuehqRbQNKJX\x85\x86\x87\x88\x89\x94\x00\x01c\n".to_vec()), 0..60)) {
        let folder = folder();
        survives(&pickled(&folder, &[b"\x80\x02", codes.as_slice(), b"."].concat(), &[0; 8]));
    }

    #[test]
    fn headers_of_any_text(text in r#"\{"[a-z]":\{"dtype":"(F32|U8|F8|)","shape":\[[0-9,-]{0,30}\],"data_offsets":\[[0-9]{0,20},[0-9]{0,20}\]\}\}"#) {
        let folder = folder();
        survives(&headed(&folder, &text, &[0; 8]));
    }
}
