//! What is splat is conserved, and splatting is the adjoint of sampling.

use crate::common::Rng;
use crate::make::{between, field, noise};
use displace::{
    Extent, Field, Interp, Location, Padding, Reduce, Rest, Sample, Sampler, Shape, View, sample, set_num_threads, splat,
};
use std::num::NonZeroUsize;

fn random(shape: Shape<2>, rng: &mut Rng) -> Vec<f64> {
    (0..shape.elements().expect("small")).map(|_| rng.within(-1.0, 1.0)).collect()
}

#[test]
fn nothing_is_lost_inside() {
    let mut rng = Rng::new(70);
    let shape = Shape { n: 1, c: 3, size: [20, 14] };
    let values = random(shape, &mut rng);
    // Everything stays inside: the middle of a larger source.
    let at: Field<f64, 2> =
        between([40, 30], [20, 14], Extent::Edges, Some(Rest::Index), |_| [rng.within(4.0, 15.0), rng.within(4.0, 12.0)]);
    let view = View::planar(&values, shape).expect("a view");
    for interp in [Interp::Linear, Interp::Nearest, Interp::CUBIC] {
        let sampler = Sampler::new(interp, Padding::Zeros);
        let pushed = splat(&view, None, &at.view().into(), sampler, Reduce::Sum).expect("fits");
        let (before, after): (f64, f64) = (values.iter().sum(), pushed.values.as_slice().iter().sum());
        assert!((before - after).abs() < 1e-12 * 280.0, "{interp:?}: {before} {after}");
        let covered: f64 = pushed.coverage.as_slice().iter().sum();
        assert!((covered - 280.0).abs() < 1e-10, "{covered}");
    }
    // What leaves is what the same ones read of an image of ones: the rest of it.
    let away: Field<f64, 2> = noise([20, 14], 9.0, &mut rng);
    let pushed = splat(&view, None, &away.view().into(), Sampler::default(), Reduce::Sum).expect("fits");
    let ones = vec![1.0f64; 280];
    let ones = View::planar(&ones, Shape { n: 1, c: 1, size: [20, 14] }).expect("a view");
    let seen = sample(&ones, &away.view().into(), Sampler::default()).expect("fits");
    for c in 0..3 {
        let kept: f64 = values[c * 280..][..280].iter().zip(seen.as_slice()).map(|(v, seen)| v * seen).sum();
        let after: f64 = pushed.values.as_slice()[c * 280..][..280].iter().sum();
        assert!((kept - after).abs() < 1e-12 * 280.0, "{kept} {after}");
    }
}

#[test]
fn the_adjoint_of_sampling() {
    let mut rng = Rng::new(71);
    let (source, destination) = ([11usize, 17], [20usize, 14]);
    let at: Field<f64, 2> =
        between(source, destination, Extent::Centers, Some(Rest::Extent), |_| [rng.within(-3.0, 3.0), rng.within(-3.0, 3.0)]);
    let (a, b) = (Shape { n: 1, c: 2, size: source }, Shape { n: 1, c: 2, size: destination });
    let (image, values) = (random(a, &mut rng), random(b, &mut rng));
    let (image, view) = (View::planar(&image, a).expect("a view"), View::planar(&values, b).expect("a view"));
    for padding in [Padding::Zeros, Padding::Border, Padding::Reflection, Padding::Wrap] {
        for interp in [Interp::Linear, Interp::Nearest, Interp::CUBIC] {
            let sampler = Sampler::new(interp, padding);
            let read = sample(&image, &at.view().into(), sampler).expect("fits");
            let pushed = splat(&view, None, &at.view().into(), sampler, Reduce::Sum).expect("fits");
            let left: f64 = read.as_slice().iter().zip(&values).map(|(a, b)| a * b).sum();
            let dense = |c: usize, x: usize, y: usize| *image.get(0, c, [x, y]).expect("inside");
            let right: f64 =
                pushed.values.as_slice().iter().enumerate().map(|(at, v)| v * dense(at / 187, at % 11, at / 11 % 17)).sum();
            assert!((left - right).abs() < 1e-12 * 560.0, "{padding:?} {interp:?}: {left} {right}");
        }
    }
}

#[test]
fn averages_and_weights() {
    let mut rng = Rng::new(72);
    let shape = Shape { n: 2, c: 1, size: [15, 16] };
    let constant = vec![0.75f32; 480];
    let weights: Vec<f32> = (0..240).map(|_| rng.within(0.1, 3.0) as f32).collect();
    let at: Field<f32, 2> = noise([15, 16], 4.0, &mut rng);
    let view = View::planar(&constant, shape).expect("a view");
    let weight = View::planar(&weights, Shape { n: 1, ..shape }).expect("a view");
    let mean = splat(&view, Some(&weight), &at.view().into(), Sampler::default(), Reduce::Average).expect("fits");
    let mut holes = 0;
    assert_eq!(mean.values.as_slice().len(), mean.coverage.as_slice().len());
    for (value, covered) in mean.values.as_slice().iter().zip(mean.coverage.as_slice()) {
        holes += usize::from(*covered == 0.0);
        assert!(if *covered == 0.0 { *value == 0.0 } else { (value - 0.75).abs() < 1e-5 }, "{value} {covered}");
    }
    assert!(holes > 0);
    let wrong = View::planar(&weights[..30], Shape { n: 1, c: 2, size: [15, 1] }).expect("a view");
    let error = splat(&view, Some(&wrong), &at.view().into(), Sampler::default(), Reduce::Sum).expect_err("weights");
    assert!(error.to_string().contains("weights") && error.to_string().contains("1x15"), "{error}");
    assert!(splat(&wrong, None, &at.view().into(), Sampler::default(), Reduce::Sum).is_err());
}

/// Sums of half types may leave their range, or lose ones, before the mean is taken.
#[test]
fn means_of_half_types_keep_their_digits() {
    fn mean<T: Location + Sample>(value: f32, times: usize) -> f64 {
        let at: Field<f32, 2> = field([times, 1], |[x, _]| [-(x as f64), 0.0]);
        let values = vec![<T as Sample>::narrow(value); times];
        let view = View::planar(&values, Shape { n: 1, c: 1, size: [times, 1] }).expect("a view");
        let mean = splat(&view, None, &at.view().into(), Sampler::default(), Reduce::Average).expect("fits");
        Sample::widen(mean.values.as_slice()[0])
    }
    assert_eq!(mean::<half::f16>(1000.0, 100), 1000.0);
    assert_eq!(mean::<half::bf16>(3.0, 257), 3.0);
}

#[test]
fn threads_and_nothing() {
    let mut rng = Rng::new(73);
    let shape = Shape { n: 1, c: 2, size: [300, 200] };
    let values: Vec<f32> = (0..120_000).map(|_| rng.within(-1.0, 1.0) as f32).collect();
    let view = View::planar(&values, shape).expect("a view");
    let at: Field<f32, 2> = noise([300, 200], 30.0, &mut rng);
    let runs = [1, 2, 3].map(|threads| {
        set_num_threads(NonZeroUsize::new(threads));
        let pushed = splat(&view, None, &at.view().into(), Sampler::default(), Reduce::Sum).expect("fits");
        set_num_threads(None);
        pushed
    });
    assert!(runs[0] == runs[1] && runs[0] == runs[2]);
    let still: Field<f32, 2> = field([300, 200], |_| [0.0; 2]);
    assert_eq!(
        splat(&view, None, &still.view().into(), Sampler::default(), Reduce::Average).expect("fits").values.as_slice(),
        values
    );
    let nowhere: Field<f32, 2> = field([300, 200], |_| [f64::NAN; 2]);
    let pushed = splat(&view, None, &nowhere.view().into(), Sampler::default(), Reduce::Average).expect("fits");
    assert!(pushed.values.as_slice().iter().chain(pushed.coverage.as_slice()).all(|v| *v == 0.0));
}
