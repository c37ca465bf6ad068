//! The displacement of a 4096 x 4096 `f32` grid beside a copy of the same bytes by the same threads, into memory that is
//! mapped already and into fresh memory.

use displace::{Arithmetic, Extent, Grid, Lattice, Rest, Shape, View, displacement, displacement_into};
use rayon::prelude::*;

const SIDE: usize = 4096;

fn main() {
    divan::main();
}

/// A grid near the identity, `(1, SIDE, SIDE, 2)`.
fn numbers() -> Vec<f32> {
    let place = |i: usize| (2 * i + 1) as f32 / SIDE as f32 - 1.0;
    (0..SIDE * SIDE).flat_map(|i| [place(i % SIDE) * 0.99, place(i / SIDE) * 1.01]).collect()
}

fn grid(numbers: &[f32]) -> Grid<'_, f32, 2> {
    let source = Lattice::from_shape([SIDE, SIDE], Extent::Edges).expect("a legal size");
    Grid::new(View::interleaved(numbers, Shape { n: 1, c: 2, size: [SIDE; 2] }).expect("a matching buffer"), source)
        .expect("two components")
}

/// What the memory allows: every row read once and written once.
#[divan::bench]
fn copy_into(bencher: divan::Bencher) {
    let (from, mut to) = (numbers(), vec![0f32; 2 * SIDE * SIDE]);
    bencher.bench_local(|| {
        to.par_chunks_mut(1 << 15).zip(from.par_chunks(1 << 15)).for_each(|(to, from)| to.copy_from_slice(from));
    });
}

#[divan::bench]
fn displacement_into_memory(bencher: divan::Bencher) {
    let (from, mut to) = (numbers(), vec![0f32; 2 * SIDE * SIDE]);
    let grid = grid(&from);
    bencher.bench_local(|| displacement_into(&grid, None, Arithmetic::Exact, &mut to));
}

/// A copy that also has to fetch its memory.
#[divan::bench]
fn copy_allocating(bencher: divan::Bencher) {
    let from = numbers();
    bencher.bench_local(|| {
        let mut to = vec![0f32; from.len()];
        to.par_chunks_mut(1 << 15).zip(from.par_chunks(1 << 15)).for_each(|(to, from)| to.copy_from_slice(from));
        to
    });
}

#[divan::bench]
fn displacement_allocating(bencher: divan::Bencher) {
    let from = numbers();
    let grid = grid(&from);
    bencher.bench_local(|| displacement(&grid, None, Arithmetic::Exact));
}

/// Rest `extent` between different sizes has constants that no float holds: compensated arithmetic, number by number.
#[divan::bench]
fn displacement_from_a_resize(bencher: divan::Bencher) {
    let from = numbers();
    let source = Lattice::from_shape([3000, 5000], Extent::Edges).expect("a legal size");
    let view = View::interleaved(&from, Shape { n: 1, c: 2, size: [SIDE; 2] }).expect("a matching buffer");
    let grid = Grid::new(view, source).expect("two components");
    bencher.bench_local(|| displacement(&grid, Some(Rest::Extent), Arithmetic::Exact));
}

#[divan::bench]
fn displacement_torch(bencher: divan::Bencher) {
    let from = numbers();
    let grid = grid(&from);
    bencher.bench_local(|| displacement(&grid, None, Arithmetic::Torch));
}
