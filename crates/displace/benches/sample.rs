//! Sampling a 2048 x 2048 image through a grid near the identity, and a 128^3 volume.

use displace::{Extent, Grid, Interp, Lattice, Padding, Sample, Sampler, Shape, View, sample};

fn main() {
    divan::main();
}

/// An identity grid with waves of a few pixels.
fn numbers<const D: usize>(size: [usize; D]) -> Vec<f32> {
    let pixels: usize = size.iter().product();
    let mut numbers = Vec::with_capacity(pixels * D);
    for position in 0..pixels {
        let mut rest = position;
        for (k, len) in size.iter().enumerate() {
            let j = rest % len;
            rest /= len;
            let wave = ((position / size[0] + k) as f32 * 0.02).sin() * 0.01;
            numbers.push((2 * j + 1) as f32 / *len as f32 - 1.0 + wave);
        }
    }
    numbers
}

fn run<T: Sample, const D: usize>(bencher: divan::Bencher, size: [usize; D], channels: usize, interp: Interp, padding: Padding) {
    let numbers = numbers(size);
    let source = Lattice::from_xy(size, Extent::Edges).expect("a legal size");
    let grid =
        Grid::new(View::interleaved(&numbers, Shape { n: 1, c: D, size }).expect("a matching buffer"), source).expect("components");
    let shape = Shape { n: 1, c: channels, size };
    let pixels: Vec<T> = (0..shape.elements().expect("a small shape")).map(|i| T::narrow((i * 7919 % 251) as f32)).collect();
    let image = View::planar(&pixels, shape).expect("a matching buffer");
    bencher
        .counter(divan::counter::ItemsCount::new(pixels.len()))
        .bench_local(|| sample(&image, &grid.into(), Sampler::new(interp, padding)));
}

const IMAGE: [usize; 2] = [2048, 2048];
const VOLUME: [usize; 3] = [128, 128, 128];

#[divan::bench]
fn nearest(bencher: divan::Bencher) {
    run::<f32, 2>(bencher, IMAGE, 1, Interp::Nearest, Padding::Zeros);
}

#[divan::bench(args = [1, 3])]
fn linear(bencher: divan::Bencher, channels: usize) {
    run::<f32, 2>(bencher, IMAGE, channels, Interp::Linear, Padding::Zeros);
}

#[divan::bench]
fn linear_border(bencher: divan::Bencher) {
    run::<f32, 2>(bencher, IMAGE, 1, Interp::Linear, Padding::Border);
}

#[divan::bench]
fn linear_bytes(bencher: divan::Bencher) {
    run::<u8, 2>(bencher, IMAGE, 3, Interp::Linear, Padding::Zeros);
}

#[divan::bench]
fn cubic(bencher: divan::Bencher) {
    run::<f32, 2>(bencher, IMAGE, 1, Interp::CUBIC, Padding::Zeros);
}

#[divan::bench]
fn trilinear(bencher: divan::Bencher) {
    run::<f32, 3>(bencher, VOLUME, 1, Interp::Linear, Padding::Zeros);
}
