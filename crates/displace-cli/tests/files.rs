//! Files of every format, through the commands that take them.

use displace::{AnyArray, AnyData, Placement};
use displace_io::{Affine, Contents, Format, StoredField, Transform, Volume, WriteOptions, read, write_field, write_volume};
use std::path::PathBuf;
use std::process::{Command, Output};

fn displace(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_displace")).args(arguments).output().expect("the command starts")
}

fn succeeds(arguments: &[&str]) -> String {
    let output = displace(arguments);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}\n{out}{err}");
    out.into_owned()
}

/// The one line of a run that must fail.
fn fails(arguments: &[&str]) -> String {
    let output = displace(arguments);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && !err.contains("panicked"), "{arguments:?}: {err}");
    assert_eq!(err.trim_end().lines().count(), 1, "one clear line: {err}");
    err
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn path(&self, name: &str) -> String {
        self.at(name).display().to_string()
    }
}

fn place() -> Placement {
    Placement::new(&[0.5, 2.0, 1.5], &[-10.0, 5.0, 7.0], &[0., -1., 0., 1., 0., 0., 0., 0., 1.]).unwrap()
}

/// A field of ITK's of (3, 4, 5) pixels that leads one pixel along each axis, in mm; and the same in pixels.
fn field_in_mm(folder: &Folder, name: &str) -> String {
    let numbers: Vec<f32> = (0..60).flat_map(|_| [-2.0, 0.5, 1.5]).collect();
    let array = AnyArray::new(vec![3, 4, 5, 3], numbers).unwrap();
    let itk = Format::of(&folder.at(name)).unwrap().convention(Some(&"itk".parse().unwrap()), 3).unwrap();
    let stored = StoredField { array, readings: vec![itk], valid: None, placement: Some(place()), remarks: Vec::new() };
    write_field(&folder.at(name), &stored, &WriteOptions::default()).unwrap();
    folder.path(name)
}

fn volume(folder: &Folder, name: &str, shape: &[usize], channels: usize) -> String {
    let count = shape.iter().product::<usize>();
    let array = AnyArray::new(shape.to_vec(), (0..count).map(|i| i as f32).collect::<Vec<_>>()).unwrap();
    write_volume(&folder.at(name), &Volume { array, placement: place(), channels }).unwrap();
    folder.path(name)
}

// Each axis' mm go along its own direction: x of the index runs along +y of the world, y along -x.
#[test]
fn every_command_takes_fields_in_mm() {
    let folder = Folder::new();
    let field = field_in_mm(&folder, "field.mha");
    let image = volume(&folder, "image.nii", &[3, 4, 5], 1);
    let out = |name: &str| folder.path(name);
    for source in ["same", &image] {
        let inverse = ["invert", &field, &out("inverse.npz"), "--source", source];
        let determinant = ["jacobian", &field, &out("j.npy"), "--source", source];
        let flown = ["exp", &field, &out("exp.npz"), "--source", source];
        let both = ["compose", &field, &field, &out("both.npz"), "--source", source];
        let drawn = ["plot", &field, &out("p.svg"), "--source", source];
        for arguments in [&inverse[..], &determinant, &flown, &both, &drawn] {
            assert!(fails(&arguments[..arguments.len() - 2]).contains("--source"), "{arguments:?}");
            succeeds(arguments);
        }
        let Contents::Archive(members) = read(&folder.at("exp.npz")).unwrap() else { panic!("an archive") };
        let found = &members.iter().find(|(name, _)| name == "displacement").unwrap().1;
        // A velocity of one pixel along each axis everywhere: where it leads inside is one pixel along each.
        let AnyData::F32(numbers) = found.data() else { panic!("f32, not {}", found.dtype()) };
        assert!(numbers[..3].iter().all(|v| (v - 1.0).abs() < 1e-5), "{:?}", &numbers[..3]);
        assert!(succeeds(&["info", &field, "--source", source]).contains("a displacement field"));
    }
    std::fs::write(folder.at("points.txt"), "2 2 2\n").unwrap();
    let moved = succeeds(&["points", &field, &out("points.txt"), "--direction", "pull", "--source", "same"]);
    assert!(moved.lines().nth(1).unwrap().starts_with("3 3 3 "), "{moved}");
}

#[test]
fn arrays_in_mm_and_transforms_take_a_reference() {
    let folder = Folder::new();
    let image = volume(&folder, "image.nii", &[3, 4, 5], 1);
    let still = folder.path("still.npy");
    displace_io::write_npy(&folder.at("still.npy"), &AnyArray::new(vec![3, 4, 5, 3], vec![0.0f32; 180]).unwrap()).unwrap();
    let j = folder.path("j.npy");
    succeeds(&["jacobian", &still, &j, "--from", "itk", "--reference", &image, "--source", "same"]);
    assert!(fails(&["jacobian", &still, &j, "--from", "itk", "--source", "same", "-s", "3x4x5"]).contains("leave out one"));
    let npz = folder.path("pixels.npz");
    succeeds(&["convert", &field_in_mm(&folder, "f.mha"), &npz, "--source", "same"]);
    assert!(fails(&["jacobian", &npz, &j, "--source", "same"]).contains("leave out --source"));
}

// Files of three channels may be images.
#[test]
fn images_that_look_like_fields_are_warped() {
    let folder = Folder::new();
    let still = folder.path("still.npz");
    succeeds(&["convert", &field_in_mm(&folder, "f.mha"), &still, "--source", "same"]);
    // As many channels as axes: MetaImage keeps them at each pixel, NIfTI a volume each.
    let numbers: Vec<f32> = (0..180).map(|i| i as f32).collect();
    let array = AnyArray::new(vec![3, 4, 5, 3], numbers).unwrap();
    let colour = Volume { array, placement: place(), channels: 3 };
    write_volume(&folder.at("colour.mha"), &colour).unwrap();
    let mha = folder.path("colour.mha");
    let nii = folder.path("colour.nii");
    let planes: Vec<f32> = (0..3).flat_map(|c| (0..60).map(move |i| (3 * i + c) as f32)).collect();
    let spm: displace::Convention = Format::Nifti.convention(Some(&"itk".parse().unwrap()), 3).unwrap();
    let stored = StoredField {
        array: AnyArray::new(vec![3, 3, 4, 5], planes).unwrap(),
        readings: vec![spm],
        valid: None,
        placement: Some(place()),
        remarks: Vec::new(),
    };
    write_field(&folder.at("colour.nii"), &stored, &WriteOptions::default()).unwrap();
    for image in [&mha, &nii] {
        assert!(matches!(read(image.as_ref()).unwrap(), Contents::Field(_)), "{image}: what this test is about");
        for out in ["warped.npy", "warped.mha"] {
            succeeds(&["warp", image, &still, "-o", &folder.path(out), "--padding-mode", "border"]);
        }
        let Contents::Array(warped) = read(&folder.at("warped.npy")).unwrap() else { panic!("an array") };
        // Every pixel reads its neighbour along all three axes.
        let at = |z: usize, y: usize, x: usize, c: usize| (((z.min(2) * 4 + y.min(3)) * 5 + x.min(4)) * 3 + c) as f32;
        let expected: Vec<f32> = (0..180).map(|i| at(i / 60 + 1, i / 15 % 4 + 1, i / 3 % 5 + 1, i % 3)).collect();
        assert_eq!(warped, AnyArray::new(vec![3, 4, 5, 3], expected).unwrap());
    }
    let flo = folder.path("a.flo");
    let flow = AnyArray::new(vec![4, 6, 2], vec![0.0f32; 48]).unwrap();
    let readings = vec!["flow".parse().unwrap()];
    let stored = StoredField { array: flow, readings, valid: None, placement: None, remarks: Vec::new() };
    write_field(flo.as_ref(), &stored, &WriteOptions::default()).unwrap();
    assert!(fails(&["warp", &flo, &flo, "-o", &folder.path("w.npy")]).contains("no image"));
}

// FSL's matrices are between the pixels of two images in mm: with both named they are maps of places.
#[test]
fn a_flirt_matrix_becomes_a_transform_of_itk() {
    let folder = Folder::new();
    let image = volume(&folder, "image.nii", &[3, 4, 5], 1);
    let matrix = folder.path("flirt.mat");
    std::fs::write(&matrix, "1 0 0 1\n0 1 0 2\n0 0 1 3\n0 0 0 1\n").unwrap();
    let images = ["--from", "fsl", "--reference", &image, "--source", &image];
    for name in ["a.tfm", "a.txt", "a.h5"] {
        let out = folder.path(name);
        succeeds(&[&["convert", &matrix, &out], &images[..]].concat());
        let Contents::Transform(Transform::Affine(Affine { matrix, offset })) = read(&folder.at(name)).unwrap() else {
            panic!("{name}: an affine transform")
        };
        assert!(matrix.iter().zip([1., 0., 0., 0., 1., 0., 0., 0., 1.]).all(|(a, b)| (a - b).abs() < 1e-12), "{matrix:?}");
        // Moving to reference by (1, 2, 3) mm along the voxel axes, so back by as much; the axes of this image are (y, -x, z), and FSL's x
        // is reversed where the determinant is positive in RAS, as here.
        let expected = [2.0, 1.0, -3.0];
        assert!(offset.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{offset:?}");
    }
    // As numbers in the same h5, if that is asked for.
    succeeds(&[&["convert", &matrix, &folder.path("b.h5"), "--to", "itk"], &images[..]].concat());
    assert!(matches!(read(&folder.at("b.h5")).unwrap(), Contents::Field(_)));
    assert!(fails(&["convert", &matrix, &folder.path("b.tfm"), "--from", "fsl"]).contains("--reference"));
    assert!(fails(&["convert", &matrix, &folder.path("b.tfm")]).contains("\"fsl\""));
}

#[test]
fn fields_are_not_written_as_text() {
    let folder = Folder::new();
    let field = field_in_mm(&folder, "f.h5");
    for name in ["x.tfm", "x.txt"] {
        let said = fails(&["convert", &field, &folder.path(name)]);
        let end = &name[1..];
        assert!(said.contains(&format!("a field is not written as {end}: use .h5, .mha or .nii.gz")), "{said}");
    }
    assert!(fails(&["convert", &field, &folder.path("x.bmp")]).contains("ends in none of"));
}

// 4x4 pixels that read 64x64.
#[test]
fn guesses_know_what_archives_say() {
    let folder = Folder::new();
    let [bare, archive] = ["bare.npy", "a.npz"].map(|name| folder.path(name));
    displace_io::write_npy(bare.as_ref(), &AnyArray::new(vec![4, 4, 2], vec![30.0f32; 32]).unwrap()).unwrap();
    succeeds(&["convert", &bare, &archive, "--from", "flow", "-s", "64x64", "--rest", "index"]);
    let lines = |text: String| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let said = succeeds(&["guess", &archive]);
    assert!(!said.contains("(assumed)") && said.contains("64x64"), "{said}");
    assert_eq!(lines(said), lines(succeeds(&["guess", &bare, "--from", "flow", "-s", "64x64"])));
}

#[test]
fn options_that_take_no_part_are_refused() {
    let folder = Folder::new();
    let affine = Transform::Affine(Affine { matrix: vec![1.0, 0.0, 0.0, 1.0], offset: vec![1.0, 2.0] });
    displace_io::write_transform(&folder.at("a.tfm"), &affine).unwrap();
    let (from, to) = (folder.path("a.tfm"), folder.path("b.tfm"));
    for option in [&["--invert"][..], &["--dtype", "f32"], &["--rest", "index"], &["-s", "4x4"]] {
        let said = fails(&[&["convert", &from, &to][..], option].concat());
        assert!(said.contains("takes no part"), "{said}");
    }
    assert!(!folder.at("b.tfm").exists());
    succeeds(&["convert", &from, &to]);
}

#[test]
fn archives_are_told_what_they_read() {
    let folder = Folder::new();
    let map = AnyArray::new(vec![4, 5, 2], vec![1.0f32; 40]).unwrap();
    displace_io::write_npy(&folder.at("map.npy"), &map).unwrap();
    let asked = ["convert", &folder.path("map.npy"), &folder.path("map.npz"), "--from", "pixel_map"];
    assert!(fails(&asked).contains("size of the image that is read"));
    succeeds(&[&asked[..], &["-s", "16x20", "--rest", "index"]].concat());
    assert!(succeeds(&["info", &folder.path("map.npz")]).contains("16x20"));
}

#[test]
fn what_a_format_rounds_is_measured() {
    let folder = Folder::new();
    let flow = |name: &str, values: Vec<f64>| {
        displace_io::write_npy(&folder.at(name), &AnyArray::new(vec![1, 2, 2], values).unwrap()).unwrap();
        folder.path(name)
    };
    // A hundredth of a pixel is 0.64 of a KITTI step of 1/64, and is stored as one.
    let fine = flow("fine.npy", vec![0.01, 0.0, 0.0, 0.0]);
    let said = succeeds(&["convert", &fine, &folder.path("a.png"), "--from", "flow", "--json"]);
    let loss = said.split("\"back_differs_by\": ").nth(1).and_then(|rest| rest.split(',').next()).unwrap().trim().to_owned();
    assert!((loss.parse::<f64>().unwrap() - (1.0 / 64.0 - 0.01)).abs() < 1e-12, "{loss}");
    // A tenth is none in single precision.
    let tenth = flow("tenth.npy", vec![0.1, 0.0, 0.0, 0.0]);
    assert!(succeeds(&["convert", &tenth, &folder.path("a.flo"), "--from", "flow"]).contains("differs by 1.490e-9"));
    let far = Placement::new(&[1.0, 1.0, 1.0], &[1_000_000.1, 0.0, 0.0], &[1., 0., 0., 0., 1., 0., 0., 0., 1.]).unwrap();
    let array = AnyArray::new(vec![1, 2, 2, 3], vec![0.0f32; 12]).unwrap();
    let readings = vec!["itk".parse().unwrap()];
    let stored = StoredField { array, readings, valid: None, placement: Some(far), remarks: Vec::new() };
    write_field(&folder.at("far.mha"), &stored, &WriteOptions::default()).unwrap();
    let said = succeeds(&["convert", &folder.path("far.mha"), &folder.path("far.nii"), "--to", "itk"]);
    assert!(said.contains("single precision: off by up to 2.5e-2 mm"), "{said}");
}
