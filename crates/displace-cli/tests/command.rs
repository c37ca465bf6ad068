//! The command as its users meet it: files in, files and lines out, exit codes.

use displace::{AnyArray, AnyData};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn displace(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_displace")).args(arguments).output().expect("the command starts")
}

/// Standard output of a run that must succeed.
fn succeeds(arguments: &[&str]) -> String {
    let output = displace(arguments);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}\n{out}{err}");
    assert!(err.is_empty(), "no bars and no chatter where there is no terminal: {err}");
    out.into_owned()
}

/// The one line on standard error of a run that must fail with `code`.
fn fails(arguments: &[&str], code: i32) -> String {
    let output = displace(arguments);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
    assert!(err.starts_with("error: ") && !err.contains("panicked"), "{err}");
    assert_eq!(err.trim_end().lines().count(), 1, "one clear line: {err}");
    assert!(output.stdout.is_empty(), "nothing is reported of work that failed");
    err
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn save(&self, name: &str, shape: &[usize], data: impl Into<AnyData>) -> String {
        let array = AnyArray::new(shape.to_vec(), data).expect("a matching shape");
        displace_io::write_npy(Path::new(&self.path(name)), &array).expect("a writable folder");
        self.path(name)
    }

    /// That nothing but these files is there: no temporary, nothing half-written.
    fn holds(&self, names: &[&str]) {
        let mut found: Vec<String> = self
            .0
            .path()
            .read_dir()
            .expect("the folder")
            .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        found.sort();
        assert_eq!(found, names);
    }
}

fn floats(path: &str) -> (Vec<usize>, Vec<f32>) {
    match displace_io::read_array(Path::new(path)).expect("a readable array").into_parts() {
        (shape, AnyData::F32(data)) => (shape, data),
        (_, other) => panic!("f32 expected, not {}", other.dtype()),
    }
}

#[test]
fn field_of_a_grid_by_hand() {
    let folder = Folder::new();
    // 1 x 4 pixels between edges: g = 0.25 is pixel 2.
    let grid = folder.save("grid.npy", &[1, 1, 4, 2], vec![-0.75f32, 0.0, 0.0, 0.0, 0.25, 0.0, 1.0, 0.0]);
    let out = folder.path("field.npy");
    let text = succeeds(&["field", &grid, "-s", "1x4", "-o", &out]);
    assert_eq!(floats(&out), (vec![1, 1, 4, 2], vec![0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.5, 0.0]));
    for said in [
        "align_corners=False",
        "source pixels, x first, pull",
        "largest 0.50000 px at x=1 y=0",
        "75.00 % inside, 25.00 % partly",
        "grid noise",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn field_keeps_its_meaning_in_an_archive_and_warps_without_being_told() {
    let folder = Folder::new();
    let (grid, field) = (fixture("grid.npy").display().to_string(), folder.path("field.npz"));
    succeeds(&["field", &grid, "-s", "12x20", "--rest", "extent", "-o", &field]);
    let text = succeeds(&["info", &field]);
    assert!(text.contains("source 12x20, destination 9x16") && text.contains("same place in the extent"), "{text}");
    let (image, by_field, by_grid) = (fixture("image.npy").display().to_string(), folder.path("a.npy"), folder.path("b.npy"));
    succeeds(&["warp", &image, &field, "-o", &by_field]);
    succeeds(&["warp", &image, &grid, "--as", "grid", "-o", &by_grid]);
    // Two roads to the same location, each rounded once to a displacement of less than 8 px: 2^-22 px, times a slope of at most 2.
    let worst = floats(&by_field).1.iter().zip(floats(&by_grid).1).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-6, "{worst}");
}

#[test]
fn warp_gives_what_torch_gives() {
    let folder = Folder::new();
    let (image, grid) = (fixture("image.npy").display().to_string(), fixture("grid.npy").display().to_string());
    for mode in ["nearest", "bilinear", "bicubic"] {
        for padding in ["zeros", "border", "reflection"] {
            let out = folder.path("out.npy");
            succeeds(&["warp", &image, &grid, "--as", "grid", "--mode", mode, "--padding-mode", padding, "-o", &out]);
            let (shape, ours) = floats(&out);
            let (expected, theirs) = floats(&fixture(&format!("warped_{mode}_{padding}.npy")).display().to_string());
            assert_eq!(shape, expected);
            // torch's numbers were made in f64 and rounded: what differs is one f32 fraction and one f32 blend.
            let worst = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 2e-6, "{mode} {padding}: {worst}");
        }
    }
}

#[test]
fn warp_has_splines_and_averages() {
    let folder = Folder::new();
    let stripes: Vec<f32> = (0..64 * 64).map(|i| (i % 2) as f32).collect();
    let image = folder.save("stripes.npy", &[64, 64], stripes);
    let map: Vec<f32> = (0..16 * 16).flat_map(|i| [(i % 16 * 4) as f32, (i / 16 * 4) as f32]).collect();
    let map = folder.save("map.npy", &[1, 16, 16, 2], map);
    let out = folder.path("out.npy");
    let warp = |more: &[&str]| {
        succeeds(&[&["warp", &image, &map, "--as", "pixel", "--padding-mode", "reflection", "-o", &out][..], more].concat());
        floats(&out).1
    };
    // Every fourth pixel is black; a spline passes through them, and what a pixel covers is grey.
    assert!(warp(&["--mode", "bspline3"]).iter().all(|value| value.abs() < 1e-5));
    for mode in ["bilinear", "bspline3", "lanczos3"] {
        let grey = warp(&["--mode", mode, "--antialias"]);
        assert!((grey[8 * 16 + 8] - 0.5).abs() < 5e-3, "{mode} {}", grey[8 * 16 + 8]);
    }
}

#[test]
fn every_way_to_store_a_grid_gives_the_same_field() {
    let folder = Folder::new();
    let field = |name: &str| {
        let out = folder.path("field.npy");
        succeeds(&["field", &fixture(name).display().to_string(), "-s", "12x20", "--rest", "index", "-o", &out]);
        floats(&out)
    };
    let plain = field("grid.npy");
    assert_eq!(plain.0, [1, 9, 16, 2]);
    assert_eq!(plain, field("grid_big_endian.npy"));
    // Half precision keeps 11 bits of |g| < 2: 2^-11 * 20/2 px.
    let half = field("grid_f16_fortran.npy");
    assert!(plain.1.iter().zip(half.1).all(|(a, b)| (a - b).abs() <= 10.0 / 2048.0));
}

#[test]
fn images_are_warped_to_images() {
    let folder = Folder::new();
    let picture = folder.path("in.png");
    let pixels = AnyArray::new(vec![2, 3, 3], (0..18u8).map(|v| v * 10).collect::<Vec<_>>()).expect("a matching shape");
    displace_io::write_image(Path::new(&picture), &pixels).expect("a writable folder");
    // Every pixel reads its right neighbour.
    let field = folder.save("shift.npy", &[2, 3, 2], [1.0f32, 0.0].repeat(6));
    let out = folder.path("out.png");
    succeeds(&["warp", &picture, &field, "--as", "displacement", "--padding-mode", "border", "-o", &out]);
    let read = displace_io::read_image(Path::new(&out)).expect("a readable picture");
    assert_eq!(read.shape(), [2, 3, 3]);
    assert_eq!(*read.data(), AnyData::U8(vec![30, 40, 50, 60, 70, 80, 60, 70, 80, 120, 130, 140, 150, 160, 170, 150, 160, 170]));
}

#[test]
fn volumes_and_pixel_maps() {
    let folder = Folder::new();
    let volume = folder.save("volume.npy", &[2, 2, 2], (0..8u16).collect::<Vec<_>>());
    let map = folder.save("map.npy", &[1, 1, 2, 3], vec![0.5f32, 0.5, 0.5, 1.0, 1.0, 0.0]);
    let out = folder.path("out.npy");
    succeeds(&["warp", &volume, &map, "--as", "pixel", "-o", &out]);
    let read = displace_io::read_array(Path::new(&out)).expect("a readable array");
    // The middle of 0..8 is 3.5, rounded half to even; (1, 1, 0) is 3.
    assert_eq!((read.shape(), read.data()), (&[1, 1, 2][..], &AnyData::U16(vec![4, 3])));
}

#[test]
fn nan_and_infinity_are_worked_on_and_counted() {
    let folder = Folder::new();
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let grid = folder.save("grid.npy", &[1, 1, 4, 2], vec![nan, 0.0, inf, 0.0, 0.25, 0.0, 1e30, nan]);
    let text = succeeds(&["field", &grid, "-s", "1x4"]);
    assert!(text.contains("2 pixels are NaN, 1 infinite, of 4"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&succeeds(&["field", &grid, "-s", "1x4", "--json"])).expect("JSON");
    assert_eq!((json["nan"].as_u64(), json["infinite"].as_u64(), json["pixels"].as_u64()), (Some(2), Some(1), Some(4)));
    let text = succeeds(&["field", &grid, "-s", "1x4", "--effective", "--padding-mode", "border"]);
    assert!(text.contains("2 pixels read inside only, 0 partly, 2 read nothing"), "{text}");
}

#[test]
fn effective_field_with_coverage() {
    let folder = Folder::new();
    // Between edges -1 is half a pixel outside: half of what is read there is image.
    let grid = folder.save("grid.npy", &[1, 1, 2, 2], vec![-1.0f32, 0.0, 3.0, 0.0]);
    let (field, coverage) = (folder.path("field.npz"), folder.path("coverage.npy"));
    succeeds(&["field", &grid, "-s", "1x2", "--effective", "-o", &field, "--coverage", &coverage]);
    assert_eq!(floats(&coverage), (vec![1, 1, 2], vec![0.5, 0.0]));
    assert!(succeeds(&["info", &field]).contains("coverage: f32 (1, 1, 2)"));
}

#[test]
fn pictures_of_every_style() {
    let folder = Folder::new();
    let field = folder.path("field.npz");
    succeeds(&["field", &fixture("grid.npy").display().to_string(), "-s", "12x20", "--rest", "extent", "-o", &field]);
    for style in ["quiver", "wheel", "lattice", "magnitude"] {
        for kind in ["png", "svg"] {
            let picture = folder.path(&format!("{style}.{kind}"));
            assert!(succeeds(&["plot", &field, &picture, "--style", style]).contains("picture"));
            let bytes = std::fs::read(&picture).expect("a picture");
            assert!(bytes.starts_with(if kind == "png" { b"\x89PNG" } else { b"<svg" }), "{style} {kind}");
        }
    }
    let error = fails(&["plot", &field, &folder.path("x.bmp")], 2);
    assert!(error.contains(".png, .svg"), "{error}");
}

#[test]
fn the_demo_shows_the_report_and_writes_its_files() {
    let folder = Folder::new();
    let out = folder.path("demo");
    let text = succeeds(&["demo", "-o", &out]);
    for said in ["source 512x512", "align_corners=True", "its formula ((g+1)W-1)/2", "folds", "grid noise"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    for name in [
        "grid.npy",
        "field.npz",
        "warped.png",
        "quiver.png",
        "wheel.png",
        "lattice.png",
        "magnitude.png",
        "before-after.png",
        "quiver.svg",
    ] {
        assert!(Path::new(&out).join(name).metadata().expect(name).len() > 500, "{name}");
    }
    // The grid varies over rows in y: 0.5 from the linear part, top to bottom.
    let (shape, grid) = floats(&Path::new(&out).join("grid.npy").display().to_string());
    assert_eq!(shape, [1, 512, 512, 2]);
    assert!((grid[511 * 512 * 2 + 1] - grid[1] - 1.0).abs() < 1e-6);
}

#[test]
fn bad_input_is_one_line_and_leaves_nothing() {
    let folder = Folder::new();
    let grid = fixture("grid.npy").display().to_string();
    let image = fixture("image.npy").display().to_string();
    let out = folder.path("out.npy");

    let bytes = std::fs::read(&grid).expect("the fixture");
    let truncated = folder.path("truncated.npy");
    std::fs::write(&truncated, &bytes[..bytes.len() - 7]).expect("a writable folder");
    let error = fails(&["field", &truncated, "-s", "12x20", "-o", &out], 1);
    assert!(error.contains("truncated.npy") && error.contains("1152"), "{error}");

    let flat = folder.save("flat.npy", &[9, 16], vec![0f32; 144]);
    let error = fails(&["field", &flat, "-s", "12x20", "-o", &out], 1);
    assert!(error.contains("[9, 16]") && error.contains("(N, H, W, 2)"), "{error}");

    let whole = folder.save("whole.npy", &[1, 2, 2, 2], vec![0u8; 8]);
    let error = fails(&["field", &whole, "-s", "2x2", "-o", &out], 1);
    assert!(error.contains("u8") && error.contains("f32"), "{error}");

    let empty = folder.save("empty.npy", &[1, 3, 0, 20], Vec::<f32>::new());
    let error = fails(&["warp", &empty, &grid, "--as", "grid", "-o", &out], 1);
    assert!(error.contains("empty.npy") && error.contains("0 pixels"), "{error}");

    let error = fails(&["field", &grid, "-s", "12x20", "-o", &folder.path("no/such/folder/out.npy"), "--rest", "index"], 1);
    assert!(error.contains("no/such/folder"), "{error}");

    let error = fails(&["field", &grid, "-s", "12x20", "-o", &out], 2);
    assert!(error.contains("12x20") && error.contains("9x16") && error.contains("--rest index or --rest extent"), "{error}");

    let error = fails(&["field", &grid, "-o", &out], 2);
    assert!(error.contains("-s HxW"), "{error}");

    let error = fails(&["warp", &image, &grid, "-o", &out], 2);
    assert!(error.contains("--as grid"), "{error}");

    let error = fails(&["warp", &image, &grid, "--as", "grid", "-s", "5x5", "-o", &out], 1);
    assert!(error.contains("5x5") && error.contains("(1, 3, 12, 20)"), "{error}");

    let error = fails(&["warp", &image, &grid, "--as", "grid", "--fill", "3", "-o", &out], 2);
    assert!(error.contains("--padding-mode constant"), "{error}");

    let error = fails(&["field", &folder.path("missing.npy"), "-s", "2x2"], 1);
    assert!(error.contains("missing.npy"), "{error}");

    let error = fails(&["field", &grid, "-s", "12x20x3", "--rest", "index"], 2);
    assert!(error.contains("3 numbers") && error.contains("2 components"), "{error}");

    let error = fails(&["field", &grid, "-s", "0x20", "--rest", "index"], 2);
    assert!(error.contains("0 pixels"), "{error}");

    folder.holds(&["empty.npy", "flat.npy", "truncated.npy", "whole.npy"]);
}

#[test]
fn options_that_do_not_exist_exit_with_2() {
    assert_eq!(displace(&["field"]).status.code(), Some(2));
    assert_eq!(displace(&["field", "x", "--moed", "nearest"]).status.code(), Some(2));
    assert_eq!(displace(&["field", "x", "-s", "5"]).status.code(), Some(2));
}

/// A field of 6 x 4 pixels whose third column reads behind its neighbours: a fold.
fn folded(folder: &Folder) -> String {
    let by: Vec<f32> = (0..24).flat_map(|i| [[0.0, 1.5, -0.5, 0.0, 0.0, 0.0][i % 6], 0.0]).collect();
    folder.save("folded.npy", &[4, 6, 2], by)
}

#[test]
fn an_inverse_is_certified_and_drawn() {
    let folder = Folder::new();
    let field = folded(&folder);
    let [out, count, residual, picture] = ["inverse.npz", "count.svg", "residual.npy", "inverse.png"].map(|name| folder.path(name));
    let as_field = ["--as", "displacement"];
    let outputs = ["--count", &count, "--residual", &residual, "--plot", &picture];
    let text = succeeds(&[&["invert", &field, &out][..], &as_field, &outputs].concat());
    // Columns read 0, 2.5, 1.5, 3, 4, 5: pixel 2 is read three times, by slopes of 2.5, -1 and 1.5.
    for words in ["4x6 source pixels 24 have a certified place", "several (folds): 4, up to 3", "largest 1.19e-7 px", "-> "] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(std::fs::read_to_string(&count).expect("a picture").contains("How many places read each pixel"));
    let (shape, residuals) = floats(&residual);
    assert_eq!((shape, residuals.len()), (vec![4, 6], 24));
    let json = succeeds(&[&["invert", &field, &out, "--method", "newton", "--json"][..], &as_field].concat());
    assert!(json.contains("\"most_places\":null") || json.contains("\"most_places\": null"), "{json}");
    assert!(json.contains("\"converged\"") && json.contains("\"left_after_step\""), "{json}");
    // The archive knows itself, and its inverse is inverted back without being told.
    let back = folder.path("back.npy");
    assert!(succeeds(&["invert", &out, &back]).contains("certified"));
    // What an array holds is asked, what a file says is not overruled.
    assert!(fails(&["invert", &field, &out], 2).contains("add --as grid"));
    assert!(fails(&["invert", &out, &back, "--as", "grid"], 2).contains("leave out --as"));
    fails(&["invert", &field, &folder.path("inverse.txt")], 2);
    fails(&["invert", &field, &out, "--count", &folder.path("count.csv")], 2);
    fails(&["invert", &field, &out, "--as", "grid"], 2);
    assert!(fails(&["invert", &out, &back, "--residual", &back], 2).contains("written twice"));
    assert!(fails(&["invert", &out, &out], 2).contains("is read and to be written"));
    assert!(fails(&["invert", &out, &back, "-s", "5x6"], 2).contains("--input-size 4x6, no --align-corners, --rest index"));
    assert!(fails(&["invert", &out, &back, "--method", "newton", "--tolerance", "-1"], 2).contains("--tolerance -1"));
    // Where the field cannot be written nothing else is.
    let lost = folder.path("lost.svg");
    fails(&["invert", &out, &folder.path("no/such/back.npy"), "--count", &lost], 1);
    assert!(!std::path::Path::new(&lost).exists());
    let fresh = folder.path("fresh.npz");
    assert!(fails(&["invert", &out, &fresh, "--count", &lost, "--sample", "1"], 2).contains("--sample 1: there are 1"));
    fails(&["invert", &out, &fresh, "--count", &folder.path("no/such/count.svg")], 1);
    assert!(!std::path::Path::new(&fresh).exists());
    let nan = folder.save("nan.npy", &[4, 6, 2], [f32::NAN; 48].to_vec());
    assert!(succeeds(&[&["invert", &nan, &fresh][..], &as_field].concat()).contains("none: no place is certified"));
    assert!(succeeds(&["jacobian", "--from", "flow", &nan, &residual]).contains("not known: no cell has finite corners"));
}

#[test]
fn fields_are_composed_and_flow() {
    let folder = Folder::new();
    let shift = folder.save("shift.npy", &[3, 5, 2], [1.0f32, 0.0].repeat(15));
    let out = folder.path("both.npy");
    assert!(succeeds(&["compose", "--from", "flow", &shift, &shift, &out]).contains("padding \"border\""));
    let (shape, by) = floats(&out);
    assert_eq!((shape, by), (vec![3, 5, 2], [2.0f32, 0.0].repeat(15)));
    // Order: outer = (x, 0) stretches, so that inner's shift counts twice. Its edge goes on outside.
    let stretch = folder.save("stretch.npy", &[3, 5, 2], (0..15).flat_map(|i| [(i % 5) as f32, 0.0]).collect::<Vec<f32>>());
    succeeds(&["compose", "--from", "flow", &stretch, &shift, &out]);
    assert_eq!(floats(&out).1[..10], [2.0f32, 0.0, 3.0, 0.0, 4.0, 0.0, 5.0, 0.0, 5.0, 0.0]);
    succeeds(&["compose", "--from", "flow", &shift, &stretch, &out]);
    assert_eq!(floats(&out).1[..10], [1.0f32, 0.0, 2.0, 0.0, 3.0, 0.0, 4.0, 0.0, 5.0, 0.0]);
    assert!(fails(&["exp", "--from", "flow", &shift, &out, "--tolerance", "nan"], 2).contains("--tolerance NaN"));
    let fast = folder.save("fast.npy", &[3, 5, 2], (0..15).flat_map(|i| [(i % 5) as f32 * 1e5, 0.0]).collect::<Vec<f32>>());
    assert!(succeeds(&["exp", "--from", "flow", &fast, &out]).contains("tolerance of 0.01 px is not reached"));
    let text = succeeds(&["exp", "--from", "flow", &shift, &out]);
    assert!(text.contains("0 squarings; off by 0.00e0 px at most"), "{text}");
    assert_eq!(floats(&out).1, [1.0f32, 0.0].repeat(15));
    let double = folder.save("double.npy", &[3, 5, 2], [1.0f64, 0.0].repeat(15));
    assert!(fails(&["compose", "--from", "flow", &shift, &double, &out], 2).contains("both must be of one type"));
    let other = folder.save("other.npy", &[4, 5, 2], [1.0f32, 0.0].repeat(20));
    assert!(fails(&["compose", "--from", "flow", &shift, &other, &out], 2).contains("3x5"));
    let nan = folder.save("nan.npy", &[3, 5, 2], [f32::NAN; 30].to_vec());
    assert!(fails(&["exp", "--from", "flow", &nan, &out], 1).contains("not finite"));
}

#[test]
fn determinants_and_folds() {
    let folder = Folder::new();
    let field = folded(&folder);
    let [array, picture] = ["det.npy", "det.svg"].map(|name| folder.path(name));
    let text = succeeds(&["jacobian", "--from", "flow", &field, &array, "--scheme", "forward"]);
    for words in ["4 of 24 pixels are not positive", "3 of 15 cells", "3 of them turned over", "between pixels smallest -1.0000"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(floats(&array).1[..6], [2.5, -1.0, 1.5, 1.0, 1.0, 1.0]);
    // Pixels twice as high as wide: of both alike nothing changes, of the source alone y slopes count twice.
    succeeds(&["jacobian", "--from", "flow", &field, &array, "--scheme", "forward", "--spacing", "2,1"]);
    assert_eq!(floats(&array).1[..3], [2.5, -1.0, 1.5]);
    succeeds(&["jacobian", "--from", "flow", &field, &array, "--scheme", "forward", "--spacing", "1", "--source-spacing", "2,1"]);
    assert_eq!(floats(&array).1[..3], [5.0, -2.0, 3.0]);
    assert!(
        fails(&["jacobian", "--from", "flow", &field, &array, "--spacing", "1,2,3"], 2)
            .contains("3 lengths: expected one, or 2 for y,x")
    );
    assert!(fails(&["jacobian", "--from", "flow", &field, &array, "--spacing", "0"], 2).contains("0"));
    // Central differences do not see the fold; the report does.
    let central = succeeds(&["jacobian", "--from", "flow", &field, &picture]);
    assert!(central.contains("0 of 24 pixels are not positive") && central.contains("3 of 15 cells"), "{central}");
    succeeds(&["jacobian", "--from", "flow", &field, &picture, "--scheme", "forward"]);
    assert!(std::fs::read_to_string(&picture).expect("a picture").contains("0 or less (red)"));
    let info = succeeds(&["info", &field, "--as", "displacement"]);
    assert!(
        info.contains("3 of 15 cells fold") && info.contains("between pixels smallest -1.0000 in the cell at x=1 y=0"),
        "{info}"
    );
    assert!(info.contains("non-diffeomorphic 3.0000 square source pixels, 3.0000 turned over exactly"), "{info}");
    succeeds(&["plot", "--from", "flow", &field, &folder.path("lattice.png"), "--style", "lattice"]);
}

#[test]
fn points_go_both_ways() {
    let folder = Folder::new();
    let field = folder.save("shift.npy", &[3, 5, 2], [0.5f32, 0.0].repeat(15));
    let points = folder.path("points.txt");
    std::fs::write(&points, "# key points\n2 1\n0.25, 1 # nobody reads this one\n\n").expect("a writable folder");
    let text = succeeds(&["points", "--from", "flow", &field, &points]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("# x y in destination pixels"), "{text}");
    assert_eq!(&lines[1..], ["1.5 1 1 0.0e0", "nan nan 0 nan"]);
    let text = succeeds(&["points", "--from", "flow", &field, &points, "--direction", "pull"]);
    assert_eq!(text.lines().nth(1), Some("2.5 1 1 0.0e0"));
    std::fs::write(&points, "\u{feff}2 1\n").expect("a writable folder");
    assert_eq!(succeeds(&["points", "--from", "flow", &field, &points]).lines().nth(1), Some("1.5 1 1 0.0e0"));
    let batch = folder.save("batch.npy", &[2, 3, 5, 2], [0.5f32, 0.0].repeat(30));
    assert!(fails(&["points", "--from", "flow", &batch, &points], 2).contains("2 samples: add --sample"));
    assert!(fails(&["points", "--from", "flow", &batch, &points, "--sample", "2"], 2).contains("--sample 2: there are 2"));
    succeeds(&["points", "--from", "flow", &batch, &points, "--sample", "1"]);
    std::fs::write(&points, "1 2 3\n").expect("a writable folder");
    assert!(fails(&["points", "--from", "flow", &field, &points], 1).contains("line 1: \"1 2 3\": expected 2 numbers"));
}

#[test]
fn conversions_say_what_they_assume_and_what_they_change() {
    let folder = Folder::new();
    let values: Vec<f32> = (0..96).map(|i| (i as f32 * 0.37).sin() * 3.0).collect();
    let flow = folder.save("flow.npy", &[6, 8, 2], values);
    let [flo, grid, back] = ["a.flo", "grid.npy", "b.flo"].map(|name| folder.path(name));
    // What an array is has to be said, and what torch's grid depends on.
    assert!(fails(&["convert", &flow, &flo], 2).contains("one of flow, torch_grid"));
    let text = succeeds(&["convert", &flow, &flo, "--from", "flow"]);
    assert!(text.contains("flow (as named)") && text.contains("changed  nothing"), "{text}");
    assert!(fails(&["convert", &flo, &grid, "--to", "torch_grid"], 2).contains("-s HxW"));
    assert!(fails(&["convert", &flo, &grid], 2).contains("name the convention"));
    assert!(fails(&["convert", &flo, &grid, "--from", "tfa", "--to", "torch_grid", "-s", "6x8"], 2).contains("contradicts"));
    let text = succeeds(&["convert", &flo, &grid, "--to", "torch_grid", "-s", "6x8"]);
    assert!(text.contains("as the file says") && text.contains("quantity=location, unit=normalized_edges"), "{text}");
    assert!(text.contains("the way back gives the same numbers") && text.contains("f64, since f32"), "{text}");
    succeeds(&["convert", &grid, &back, "--from", "torch_grid", "--source", "same"]);
    assert_eq!(std::fs::read(&flo).unwrap(), std::fs::read(&back).unwrap());
    let text = succeeds(&["convert", &flo, &grid, "--to", "torch_grid", "-s", "6x8", "--dtype", "same"]);
    assert!(text.contains("f32 (6, 8, 2)") && text.contains("the way back differs by"), "{text}");
    // Pull and push.
    let push = folder.path("push.npy");
    let opposite = ["convert", &flo, &push, "--to", "flow,direction=push"];
    assert!(fails(&opposite, 2).contains("--invert"));
    assert!(succeeds(&[&opposite[..], &["--invert", "--source", "same"]].concat()).contains("inverted"));
    assert!(succeeds(&["convert", "--list"]).contains("stmap_centers"));
}

#[test]
fn rest_by_the_frame_needs_its_ends() {
    let folder = Folder::new();
    let shift = folder.save("shift.npy", &[2, 4, 2], vec![0.0f32; 16]);
    let map = folder.path("map.npy");
    let asked = ["convert", &shift, &map, "--from", "flow", "--to", "pixel_map", "-s", "4x8", "--dtype", "same"];
    assert!(fails(&asked, 2).contains("rest \"index\""));
    let by_frame = [&asked[..], &["--rest", "extent"]].concat();
    assert!(fails(&by_frame, 2).contains("--extent edges or"));
    // No displacement in 8 pixels read by 4: 0.5, 2.5, .. between edges, 0, 7/3, .. between end centres.
    succeeds(&[&by_frame[..], &["--extent", "edges"]].concat());
    assert_eq!(floats(&map).1[..3], [0.5, 0.5, 2.5]);
    succeeds(&[&by_frame[..], &["--extent", "centers"]].concat());
    assert_eq!(floats(&map).1[..3], [0.0, 0.0, (7.0f64 / 3.0) as f32]);
    // A field of the library's own keeps them.
    let field = folder.path("field.npz");
    succeeds(&[
        "convert",
        &map,
        &field,
        "--from",
        "pixel_map",
        "-s",
        "4x8",
        "--rest",
        "extent",
        "--extent",
        "centers",
        "--dtype",
        "same",
    ]);
    assert!(succeeds(&["info", &field]).contains("align_corners=True"));
    let again = folder.path("again.npy");
    succeeds(&["convert", &field, &again, "--to", "pixel_map", "--dtype", "same"]);
    assert_eq!(floats(&again), floats(&map));
}

#[test]
fn transforms_go_from_form_to_form() {
    let folder = Folder::new();
    let text = "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_2_2\nParameters: 1 2 3 4 5 6\nFixedParameters: 7 8\n";
    let [tfm, h5, back] = ["a.tfm", "a.h5", "b.tfm"].map(|name| folder.path(name));
    std::fs::write(&tfm, text).unwrap();
    succeeds(&["convert", &tfm, &h5]);
    succeeds(&["convert", &h5, &back]);
    let [first, second] = [&tfm, &back].map(|path| displace_io::read(Path::new(path)).unwrap());
    assert_eq!(first, second);
    assert!(fails(&["convert", &tfm, &folder.path("a.npy"), "--to", "flow"], 2).contains("reference="));
    assert!(fails(&["convert", &tfm, &folder.path("a.bmp")], 2).contains(".nii.gz"));
}

#[test]
fn fields_keep_their_place() {
    let folder = Folder::new();
    let path = |name: &str| PathBuf::from(folder.path(name));
    let placement = displace::Placement::new(&[0.5, 2.0, 1.5], &[-10.0, 5.0, 7.0], &[0., -1., 0., 1., 0., 0., 0., 0., 1.]).unwrap();
    let volume = |value: f32| displace_io::Volume {
        array: AnyArray::new(vec![4, 5, 6], (0..120).map(|i| i as f32 * value).collect::<Vec<_>>()).unwrap(),
        placement: placement.clone(),
        channels: 1,
    };
    displace_io::write_volume(&path("moving.nii.gz"), &volume(1.0)).unwrap();
    let moving = folder.path("moving.nii.gz");
    let still = folder.save("still.npy", &[4, 5, 6, 3], vec![0.0f32; 360]);
    let [field, warped, mm] = ["field.npz", "warped.nii", "mm.mha"].map(|name| folder.path(name));
    // mm along the turned axes: nothing moves, but the place is known from the reference on.
    assert!(fails(&["convert", &still, &field, "--from", "itk"], 2).contains("reference="));
    succeeds(&["convert", &still, &field, "--from", "itk", "--reference", &moving, "--source", &moving]);
    succeeds(&["warp", &moving, &field, "-o", &warped]);
    let displace_io::Contents::Volume(found) = displace_io::read(&path("warped.nii")).unwrap() else { panic!("a volume") };
    assert_eq!(found, volume(1.0));
    succeeds(&["convert", &field, &mm, "--source", &moving]);
    assert!(succeeds(&["info", &mm]).contains("-10, 5, 7; LPS"));
}

#[test]
fn a_wrong_declaration_is_called_out() {
    let folder = Folder::new();
    // The identity between the centres of the end pixels.
    let grid: Vec<f32> = (0..48 * 64).flat_map(|i| [(i % 64) as f32 / 31.5 - 1.0, (i / 64) as f32 / 23.5 - 1.0]).collect();
    let grid = folder.save("grid.npy", &[1, 48, 64, 2], grid);
    let wrong = succeeds(&["info", &grid, "--as", "grid", "-s", "48x64"]);
    assert!(wrong.contains("doubt") && wrong.contains("torch_grid_aligned"), "{wrong}");
    let right = succeeds(&["info", &grid, "--as", "grid", "-s", "48x64", "--align-corners"]);
    assert!(!right.contains("doubt"), "{right}");
    let guessed = succeeds(&["guess", &grid, "-s", "48x64", "--from", "torch_grid"]);
    assert!(guessed.contains("most likely") && guessed.contains("torch_grid_aligned") && guessed.contains("doubt"), "{guessed}");
    assert!(succeeds(&["guess", &grid, "--from", "torch_grid_aligned"]).contains("nothing speaks clearly against it"));
}

/// Runs a command on what another has written to its standard output.
fn piped(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_displace"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    child.stdin.take().expect("a pipe").write_all(input).expect("the command reads");
    child.wait_with_output().expect("the command ends")
}

#[test]
fn fields_go_through_pipes() {
    let folder = Folder::new();
    let (kept, back) = (folder.path("kept.npz"), folder.path("back.npz"));
    let matrix = ["make", "affine", "--matrix", "1.1,0,-2,0,0.9,1", "--size", "20x24"];
    succeeds(&[&matrix[..], &[&kept]].concat());
    let made = displace(&[&matrix[..], &["-"]].concat());
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(made.status.success() && said.contains("-> standard output"), "{said}");
    assert_eq!(made.stdout, std::fs::read(&kept).expect("the same field"), "the file and the pipe carry the same");
    let inverse = piped(&["invert", "-", "-"], &made.stdout);
    assert!(inverse.status.success(), "{}", String::from_utf8_lossy(&inverse.stderr));
    let both = piped(&["compose", &kept, "-", &back], &inverse.stdout);
    assert!(both.status.success(), "{}", String::from_utf8_lossy(&both.stderr));
    let Ok(displace_io::Contents::Archive(members)) = displace_io::read(Path::new(&back)) else { panic!("an archive") };
    let AnyData::F32(by) = members[0].1.data() else { panic!("f32") };
    // Where the inverse has a place, there and back is nowhere.
    let known: Vec<f32> = by.iter().copied().filter(|by| by.is_finite()).collect();
    assert!(known.len() > 400 && known.iter().all(|by| by.abs() < 1e-5), "{} of {}", known.len(), by.len());
    let empty = piped(&["info", "-"], b"");
    let said = String::from_utf8_lossy(&empty.stderr).into_owned();
    assert!(said.starts_with("error: standard input: is empty"), "{said}");
}
