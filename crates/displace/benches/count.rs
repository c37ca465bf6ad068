//! Instructions for eight numbers of a result, on one thread, counted by valgrind: the same in every run on a machine, whatever
//! else it does.
//!
//! `cargo bench -p displace --bench count`, with valgrind installed. Each case runs in a process of its own under callgrind, with
//! one call and with three; half the difference is a call.

use displace::{
    Arithmetic, Extent, Grid, Interp, Lattice, Layout, Locations, Padding, Sample, Sampler, Shape, View, displacement_into,
    sample_grad_into, sample_into,
};
use std::process::Command;

const IMAGE: [usize; 2] = [1024, 1024];
const FEATURES: [usize; 2] = [128, 128];
const VOLUME: [usize; 3] = [96, 96, 96];

/// What is counted, and how many numbers its result has.
type Case = (&'static str, usize, fn(usize));

const CASES: [Case; 13] = [
    ("displacement, per pixel", 1024 * 1024, displacement),
    ("pixel map, nearest", 1024 * 1024, |calls| pixel_map(Interp::Nearest, calls)),
    ("pixel map, linear", 1024 * 1024, |calls| pixel_map(Interp::Linear, calls)),
    ("pixel map, cubic", 1024 * 1024, |calls| pixel_map(Interp::CUBIC, calls)),
    ("grid, nearest", 1024 * 1024, |calls| grid::<f32, 2>(IMAGE, 1, Layout::Planar, Interp::Nearest, calls)),
    ("grid, linear", 1024 * 1024, |calls| grid::<f32, 2>(IMAGE, 1, Layout::Planar, Interp::Linear, calls)),
    ("grid, linear, f32 HWC x 3", 3 * 1024 * 1024, |calls| grid::<f32, 2>(IMAGE, 3, Layout::Interleaved, Interp::Linear, calls)),
    ("grid, linear, u8 HWC x 3", 3 * 1024 * 1024, |calls| grid::<u8, 2>(IMAGE, 3, Layout::Interleaved, Interp::Linear, calls)),
    ("grid, linear, CHW x 64", 64 * 128 * 128, |calls| grid::<f32, 2>(FEATURES, 64, Layout::Planar, Interp::Linear, calls)),
    ("grid, linear, HWC x 64", 64 * 128 * 128, |calls| grid::<f32, 2>(FEATURES, 64, Layout::Interleaved, Interp::Linear, calls)),
    ("grid, trilinear", 96 * 96 * 96, |calls| grid::<f32, 3>(VOLUME, 1, Layout::Planar, Interp::Linear, calls)),
    ("backward, linear, CHW x 3", 3 * 1024 * 1024, |calls| backward(IMAGE, 3, calls)),
    ("backward, trilinear", 96 * 96 * 96, |calls| backward(VOLUME, 1, calls)),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, case, calls] = &arguments[..]
        && flag == "--calls"
    {
        let [case, calls]: [usize; 2] = [case, calls].map(|number| number.parse().expect("a number"));
        CASES[case].2(calls);
        return;
    }
    println!("instructions for eight numbers");
    for (case, (name, numbers, _)) in CASES.iter().enumerate() {
        let instructions = (counted(case, 3) - counted(case, 1)) / 2;
        println!("{name:26} {:7.1}", instructions as f64 * 8.0 / *numbers as f64);
    }
}

/// What a process executes that makes so many calls.
fn counted(case: usize, calls: usize) -> u64 {
    let out = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().expect("a path of its own"))
        .args(["--calls", &case.to_string(), &calls.to_string()])
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .expect("valgrind is installed");
    let said = String::from_utf8_lossy(&out.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected :")).expect("a count from callgrind");
    collected.1.trim().parse().expect("a number")
}

/// Where each pixel reads, in pixels: 0.3 further and up to 6 pixels away, in waves.
fn places<const D: usize>(size: [usize; D]) -> Vec<f32> {
    let pixels: usize = size.iter().product();
    let mut places = Vec::with_capacity(pixels * D);
    for position in 0..pixels {
        let (mut rest, mut index) = (position, [0; D]);
        for (j, len) in index.iter_mut().zip(size) {
            (*j, rest) = (rest % len, rest / len);
        }
        for k in 0..D {
            let next = (k + 1) % D;
            let turns = (3 + next) as f32 * index[next] as f32 / size[next] as f32;
            places.push(index[k] as f32 + 0.3 + 6.0 * (std::f32::consts::TAU * turns).sin());
        }
    }
    places
}

fn normalised<const D: usize>(size: [usize; D]) -> Vec<f32> {
    let mut places = places(size);
    for place in places.as_chunks_mut::<D>().0 {
        for (x, len) in place.iter_mut().zip(size) {
            *x = (2.0 * *x + 1.0) / len as f32 - 1.0;
        }
    }
    places
}

fn pixels<T: Sample>(count: usize) -> Vec<T> {
    (0..count).map(|i| T::narrow((i * 7919 % 251) as f32)).collect()
}

fn displacement(calls: usize) {
    let numbers = normalised(IMAGE);
    let source = Lattice::from_xy(IMAGE, Extent::Edges).expect("a legal size");
    let grid = Grid::new(View::interleaved(&numbers, Shape { n: 1, c: 2, size: IMAGE }).expect("a buffer that fits"), source)
        .expect("two components");
    let mut out = vec![0.0f32; numbers.len()];
    for _ in 0..calls {
        displacement_into(&grid, None, Arithmetic::Exact, &mut out).expect("a buffer that fits");
    }
}

fn pixel_map(interp: Interp, calls: usize) {
    let numbers = places(IMAGE);
    let source = Lattice::from_xy(IMAGE, Extent::Edges).expect("a legal size");
    let at = View::interleaved(&numbers, Shape { n: 1, c: 2, size: IMAGE }).expect("a buffer that fits");
    let at = Locations::pixels(at, source).expect("two components");
    forward::<f32, 2>(&at, IMAGE, 1, Layout::Planar, interp, calls);
}

fn grid<T: Sample, const D: usize>(size: [usize; D], channels: usize, layout: Layout, interp: Interp, calls: usize) {
    let numbers = normalised(size);
    let source = Lattice::from_xy(size, Extent::Edges).expect("a legal size");
    let at = View::interleaved(&numbers, Shape { n: 1, c: D, size }).expect("a buffer that fits");
    let at = Grid::new(at, source).expect("a component for each axis").into();
    forward::<T, D>(&at, size, channels, layout, interp, calls);
}

fn forward<T: Sample, const D: usize>(
    at: &Locations<'_, f32, D>,
    size: [usize; D],
    channels: usize,
    layout: Layout,
    interp: Interp,
    calls: usize,
) {
    let shape = Shape { n: 1, c: channels, size };
    let pixels: Vec<T> = pixels(shape.elements().expect("a small shape"));
    let image = View::dense(&pixels, shape, layout).expect("a buffer that fits");
    let mut out = vec![T::default(); pixels.len()];
    for _ in 0..calls {
        sample_into(&image, at, Sampler::new(interp, Padding::Zeros), layout, &mut out).expect("a buffer that fits");
    }
}

fn backward<const D: usize>(size: [usize; D], channels: usize, calls: usize) {
    let numbers = normalised(size);
    let source = Lattice::from_xy(size, Extent::Edges).expect("a legal size");
    let at = View::interleaved(&numbers, Shape { n: 1, c: D, size }).expect("a buffer that fits");
    let at = Grid::new(at, source).expect("a component for each axis").into();
    let shape = Shape { n: 1, c: channels, size };
    let pixels: Vec<f32> = pixels(shape.elements().expect("a small shape"));
    let image = View::planar(&pixels, shape).expect("a buffer that fits");
    let (mut to_image, mut to_grid) = (vec![0.0f32; pixels.len()], vec![0.0f32; numbers.len()]);
    for _ in 0..calls {
        let out = (Some(to_image.as_mut_slice()), Some(to_grid.as_mut_slice()));
        sample_grad_into(&image, &image, &at, Sampler::default(), out.0, out.1).expect("buffers that fit");
    }
}
