//! Linear backward to image and grid: batches as they occur in training, and a volume.

use displace::{Extent, Grid, Interp, Lattice, Padding, Sampler, Shape, View, sample, sample_grad_into};

fn main() {
    divan::main();
}

#[derive(Clone, Copy, Debug)]
enum Of {
    Both,
    Image,
    Grid,
    Forward,
}

/// An identity grid with waves of a few pixels.
fn numbers<const D: usize>(n: usize, size: [usize; D]) -> Vec<f32> {
    let pixels: usize = size.iter().product();
    let mut numbers = Vec::with_capacity(n * pixels * D);
    for position in 0..n * pixels {
        let mut rest = position % pixels;
        for (k, len) in size.iter().enumerate() {
            let j = rest % len;
            rest /= len;
            let wave = ((position / size[0] + k) as f32 * 0.02).sin() * 0.01;
            numbers.push((2 * j + 1) as f32 / *len as f32 - 1.0 + wave);
        }
    }
    numbers
}

fn run<const D: usize>(bencher: divan::Bencher, n: usize, channels: usize, size: [usize; D], interp: Interp, of: Of, smooth: bool) {
    let mut numbers = numbers(n, size);
    if !smooth {
        // Every place anywhere.
        for (i, number) in numbers.iter_mut().enumerate() {
            *number = (i as u32).wrapping_mul(2_654_435_761) as f32 / u32::MAX as f32 * 2.0 - 1.0;
        }
    }
    let source = Lattice::from_xy(size, Extent::Edges).expect("a legal size");
    let at = View::interleaved(&numbers, Shape { n, c: D, size }).expect("a matching buffer");
    let at = Grid::new(at, source).expect("components").into();
    let shape = Shape { n, c: channels, size };
    let pixels: Vec<f32> = (0..shape.elements().expect("a small shape")).map(|i| (i * 7919 % 251) as f32).collect();
    let upstream: Vec<f32> = pixels.iter().map(|v| v / 251.0 - 0.5).collect();
    let image = View::planar(&pixels, shape).expect("a matching buffer");
    let grad = View::planar(&upstream, shape).expect("a matching buffer");
    let sampler = Sampler::new(interp, Padding::Zeros);
    let (mut to_image, mut to_grid) = (vec![0.0f32; pixels.len()], vec![0.0f32; numbers.len()]);
    bencher.counter(divan::counter::ItemsCount::new(pixels.len())).bench_local(|| {
        let (image_out, grid_out) = match of {
            Of::Both => (Some(to_image.as_mut_slice()), Some(to_grid.as_mut_slice())),
            Of::Image => (Some(to_image.as_mut_slice()), None),
            Of::Grid => (None, Some(to_grid.as_mut_slice())),
            Of::Forward => {
                divan::black_box(sample(&image, &at, sampler).expect("shapes that fit"));
                return;
            }
        };
        sample_grad_into(&grad, &image, &at, sampler, image_out, grid_out).expect("shapes that fit");
    });
}

#[divan::bench(args = [Of::Both, Of::Image, Of::Grid, Of::Forward])]
fn images_8x3x512x512(bencher: divan::Bencher, of: Of) {
    run(bencher, 8, 3, [512, 512], Interp::Linear, of, true);
}

#[divan::bench(args = [Of::Both, Of::Image, Of::Grid, Of::Forward])]
fn features_4x64x128x128(bencher: divan::Bencher, of: Of) {
    run(bencher, 4, 64, [128, 128], Interp::Linear, of, true);
}

#[divan::bench(args = [Of::Both, Of::Image, Of::Grid, Of::Forward])]
fn volume_1x1x96x96x96(bencher: divan::Bencher, of: Of) {
    run(bencher, 1, 1, [96, 96, 96], Interp::Linear, of, true);
}

#[divan::bench(args = [Of::Both, Of::Image, Of::Grid, Of::Forward])]
fn scrambled_1x3x512x512(bencher: divan::Bencher, of: Of) {
    run(bencher, 1, 3, [512, 512], Interp::Linear, of, false);
}

#[divan::bench(args = [Of::Both, Of::Image, Of::Grid, Of::Forward])]
fn cubic_1x3x512x512(bencher: divan::Bencher, of: Of) {
    run(bencher, 1, 3, [512, 512], Interp::CUBIC, of, true);
}
