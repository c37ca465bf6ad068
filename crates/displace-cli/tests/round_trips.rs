//! `displace make KIND - | displace invert - - | displace compose`: there and back is nowhere, for every kind.
//!
//! Two orders. *By the inverse, then by the field*, at the image's pixels: the inverse solves the very map that `compose` reads between pixels, so
//! that every pixel with a place comes back within the inverse's certificate. *By the field, then by the inverse*, at the field's pixels:
//! there the inverse is read between its own pixels, and what is off is how much it bends within one. Pixels that read outside the image,
//! beside pixels without a place, or beside a seam do not come back, and a table says how many do.

use displace::AnyData;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A kind of `displace make`, and what is expected of it.
struct Row {
    /// What comes after `make`; `@name` is a file of [`files`].
    make: &'static str,
    /// The least share of the image's pixels that have a place: what the field covers of the image.
    placed: f64,
    /// The least share of the field's pixels that come back within `bent` through the inverse read between its pixels.
    met: f64,
    /// In pixels of the field.
    bent: f64,
}

const fn row(make: &'static str, placed: f64, met: f64, bent: f64) -> Row {
    Row { make, placed, met, bent }
}

/// The certificate of an inverse in f64 (CONVENTIONS 13), in source pixels.
const CERTIFIED: f64 = 1e-9;
/// Of maps that take straight lines to straight lines: interpolation adds rounding only.
const STRAIGHT: f64 = 1e-12;

/// One row for each kind at least ([`every_kind_has_a_row`]), and one of each number of axes it has. Shares are what geometry says, rounded down to a
/// twentieth: the affine maps below see 0.85 and 0.79 of their images.
const ROWS: &[Row] = &[
    row("affine --matrix 1.1,0.1,-2,-0.1,0.9,1 --size 40x48", 0.80, 0.80, STRAIGHT),
    row("affine --matrix 1.1,0.1,0,-2,-0.1,0.9,0,1,0,0.1,1,-0.5 --size 14x16x18", 0.75, 0.65, STRAIGHT),
    row("similarity --angle 20 --scaling 1.1 --size 40x48", 0.90, 0.70, STRAIGHT),
    row("similarity --angle 20,10,5 --scaling 0.9 --size 14x16x18", 0.55, 0.55, STRAIGHT),
    row("similarity --points @pairs.csv --size 40x48", 0.90, 0.90, STRAIGHT),
    row("homography --matrix 1,0.05,-1,0.02,1,0,0.001,0.002,1 --size 40x48", 0.75, 0.85, 5e-3),
    row("polynomial --coefficients 1,1,0.05,0.001,0.001,0,-1,0.02,1,0,-0.001,0.001 --size 40x48", 0.90, 0.80, 5e-3),
    row("polynomial --points @pairs3.csv --order 1 --size 14x16x18", 0.75, 0.60, STRAIGHT),
    // The disc is pi/4 of its square; between the last angle and the first one nothing is read. Near the centre angles turn within a pixel.
    row("polar --size 180x60 -s 41x41 --rest index --radius 20", 0.70, 0.75, 0.1),
    row("polar --spacing log --size 180x60 -s 41x41 --rest index --radius 20", 0.65, 0.55, 0.1),
    row("polar --inverse --size 41x41 -s 90x60 --rest index --radius 20", 0.90, 0.60, 0.1),
    row("swirl --strength 1 --radius 40 --size 41x41", 0.90, 0.80, 0.01),
    row("lens --camera 40,40,23.5,19.5 --distortion=-0.2,0.05,0.01,-0.01 --size 40x48", 0.80, 0.85, 0.01),
    row("lens --camera 40,40,23.5,19.5 --distortion=-0.2,0.05,0.01,-0.01 --direction distort --size 40x48", 1.0, 0.80, 0.01),
    row("lens --model fisheye --camera 40,40,23.5,19.5 --distortion 0.1,0.01,0,0 --size 40x48", 0.80, 0.85, 0.01),
    row(
        "lens --model fisheye --camera 40,40,23.5,19.5 --distortion 0.1,0.01,0,0 --direction distort --size 40x48",
        1.0,
        0.80,
        0.01,
    ),
    // What is placed is what the crop holds: 20 x 23 of 40 x 48, since it begins between two columns, and 10 x 11 x 12 of 14 x 16 x 18.
    row("crop --start 10.5,5 --size 20x24 -s 40x48 --rest index", 0.2395, 0.91, STRAIGHT),
    row("crop --start 3,2,1 --size 10x11x12 -s 14x16x18 --rest index", 0.3273, 1.0, STRAIGHT),
    row("flip --axis x --size 40x48", 1.0, 1.0, STRAIGHT),
    row("flip --axis x,z --size 14x16x18", 1.0, 1.0, STRAIGHT),
    // Between the pixels of its seam a roll leads back across the whole image, mirrored: the largest Jacobian is the right place.
    row("roll --shift 7,0 --size 40x48", 1.0, 1.0, STRAIGHT),
    row("roll --shift 0,0,3 --size 14x16x18", 1.0, 1.0, STRAIGHT),
    // Where two seams cross, two mirrors make no mirror: the crossing's cell reads every pixel with the largest Jacobian, and is named.
    row("roll --shift 7,-3 --size 40x48", 1.0, 0.0, STRAIGHT),
    row("resize --size 40x48 -s 31x60 --rest extent", 0.95, 0.95, STRAIGHT),
    row("resize --size 40x48 -s 31x60 --rest index --align-corners", 1.0, 1.0, STRAIGHT),
    row("resize --size 14x16x18 -s 10x20x20 --rest index", 0.80, 0.65, STRAIGHT),
    row("bspline --coefficients @control.npy --size 40x48", 0.90, 0.90, 0.03),
    row("bspline --points @pairs.csv --spacing 24 --size 40x48", 0.90, 0.85, 0.05),
    row("bspline --points @pairs3.csv --levels 2 --size 14x16x18", 0.75, 0.70, 0.05),
    row("elastic --alpha 60 --sigma 5 --seed 3 --size 40x48", 0.90, 0.85, 0.05),
    row("elastic --noise simard --sigma 4 --seed 5 --size 14x16x18", 0.75, 0.70, 0.05),
    row("elastic --noise bspline --sigma 1 --seed 4 --size 14x16x18", 0.75, 0.65, 0.1),
    row("mls --points @pairs.csv --size 40x48", 0.95, 0.90, 0.05),
    row("mls --points @pairs3.csv --local affine --size 14x16x18", 0.75, 0.65, 0.05),
    row("tps --points @pairs.csv --size 40x48", 0.90, 0.90, 0.05),
    row("tps --points @pairs3.csv --size 14x16x18", 0.75, 0.65, 0.05),
    row("rbf --kernel linear --points @pairs3.csv --size 14x16x18", 0.75, 0.65, 0.05),
    // Of the hull of the points, which is 0.55 of the image.
    row("scattered --points @pairs.csv --size 40x48", 0.50, 0.45, 0.1),
    row("scattered --points @pairs.csv --method natural --size 40x48", 0.50, 0.45, 0.1),
    row("scattered --points @pairs3.csv --method inverse-distance --size 14x16x18", 0.75, 0.65, 0.1),
    row("rbf --kernel gaussian --epsilon 0.05 --points @pairs.csv --size 40x48", 0.90, 0.90, 0.05),
];

/// Control points and pairs of points that some kinds need.
fn files(folder: &Path) {
    let control: Vec<f64> = (0..7 * 8 * 2).map(|i| 2.0 * (f64::from(i) * 1.7).sin()).collect();
    let array = displace::AnyArray::new(vec![7, 8, 2], control).expect("a matching shape");
    displace_io::write_npy(&folder.join("control.npy"), &array).expect("a writable folder");
    let pairs = "x_src,y_src,x_dst,y_dst\n6,5,5,5\n41,4,42,6\n5,33,4,34\n42,34,41,33\n22,21,24,20\n";
    std::fs::write(folder.join("pairs.csv"), pairs).expect("a writable folder");
    let pairs =
        "x_src,y_src,z_src,x_dst,y_dst,z_dst\n3,2,3,2,2,2\n15,3,2,15,2,2\n2,13,2,2,13,3\n3,2,11,2,3,11\n15,13,10,14,13,11\n";
    std::fs::write(folder.join("pairs3.csv"), pairs).expect("a writable folder");
}

/// What a command writes to standard output from what it is given on standard input.
fn piped(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_displace"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    child.stdin.take().expect("a pipe").write_all(input).expect("the command reads");
    let output = child.wait_with_output().expect("the command ends");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A field as it is written: its axes and displacements.
fn stored(folder: &Path, bytes: &[u8]) -> (usize, Vec<f64>) {
    let path = folder.join("read.npz");
    std::fs::write(&path, bytes).expect("a writable folder");
    let Ok(displace_io::Contents::Archive(members)) = displace_io::read(&path) else { panic!("an archive") };
    let (_, array) = members.into_iter().find(|(name, _)| name == displace_io::DISPLACEMENT).expect("displacements");
    match array.into_parts() {
        (shape, AnyData::F64(data)) => (shape.last().copied().unwrap_or(0), data),
        (_, other) => panic!("f64 expected, not {}", other.dtype()),
    }
}

/// The lengths of a field's displacements, NaN where there is none.
fn lengths(folder: &Path, bytes: &[u8]) -> Vec<f64> {
    let (axes, by) = stored(folder, bytes);
    by.chunks_exact(axes).map(|by| by.iter().map(|by| by * by).sum::<f64>().sqrt()).collect()
}

/// Of how many, as a share, it holds.
fn share(lengths: &[f64], holds: impl Fn(f64) -> bool) -> f64 {
    lengths.iter().filter(|length| holds(**length)).count() as f64 / lengths.len() as f64
}

#[test]
fn there_and_back_is_nowhere() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    files(folder);
    let path = |name: &str| folder.join(name).display().to_string();
    let mut wrong = Vec::new();
    for Row { make, placed, met, bent } in ROWS {
        let words: Vec<String> = make.split(' ').map(|word| word.strip_prefix('@').map_or(word.to_owned(), &path)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let made = piped(&[&["make"], &words[..], &["-", "--dtype", "f64"]].concat(), b"");
        let inverse = piped(&["invert", "-", "-"], &made);
        let (field, back) = (path("field.npz"), path("inverse.npz"));
        std::fs::write(&field, &made).expect("a writable folder");
        std::fs::write(&back, &inverse).expect("a writable folder");
        // The first of the two files is read second.
        let there = lengths(folder, &piped(&["compose", &field, "-", "-"], &inverse));
        let forth = lengths(folder, &piped(&["compose", &back, "-", "-"], &made));
        let (known, longest) = (share(&there, f64::is_finite), there.iter().copied().fold(0.0, f64::max));
        let found = share(&forth, |length| length <= *bent);
        if known < *placed || longest > CERTIFIED || found < *met {
            wrong.push(format!("{make}: {known:.3} placed, at most {longest:.1e} px off; {found:.3} met"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_kind_has_a_row() {
    let output = Command::new(env!("CARGO_BIN_EXE_displace")).args(["make", "--help"]).output().expect("the command starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let (_, kinds) = said.split_once("Commands:\n").expect("a list of kinds");
    // Longer lines go on farther to the right.
    let kinds = kinds.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    let kinds: Vec<&str> = kinds.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next()).collect();
    assert!(kinds.contains(&"mls"), "{kinds:?}");
    for kind in kinds.into_iter().filter(|kind| *kind != "help") {
        assert!(ROWS.iter().any(|row| row.make.split(' ').next() == Some(kind)), "no round trip of {kind}: add a row to ROWS");
    }
}
