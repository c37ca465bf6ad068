//! Flows against closed forms, their bound, and back.

use crate::common::Rng;
use crate::make::{field, pixels, waves};
use displace::{ExpOptions, Field, Interp, LogOptions, Padding, Sampler, compose, exp, log};

/// `v = m (x - c)` flows to `expm(m) (x - c)`; for a turn and shrinking that is a rotation by the angle times a scale.
#[test]
fn a_linear_velocity() {
    let (angle, shrink, middle) = (0.3f64, -0.2f64, 20.0);
    let velocity: Field<f64, 2> = field([41, 41], |p| {
        let [x, y] = p.map(|i| i as f64 - middle);
        [shrink * x - angle * y, angle * x + shrink * y]
    });
    for squarings in [6, 10] {
        let flow = exp(&velocity.view(), ExpOptions { squarings: Some(squarings), ..ExpOptions::default() }).expect("a flow");
        let mut worst = 0.0f64;
        for pixel in pixels([41, 41]) {
            let [x, y] = pixel.map(|i| i as f64 - middle);
            if x.hypot(y) > 15.0 {
                continue;
            }
            let (sin, cos) = angle.sin_cos();
            let scale = shrink.exp();
            let expected = [scale * (cos * x - sin * y) - x, scale * (sin * x + cos * y) - y];
            for k in 0..2 {
                worst = worst.max((flow.field.by().get(0, k, pixel).expect("inside") - expected[k]).abs());
            }
        }
        assert!(worst <= flow.bound, "{worst} of {}", flow.bound);
        // A midpoint step of a linear velocity misses by h^3: four times less for every halving.
        assert!(worst < 0.3 * 0.25f64.powi(squarings as i32), "{squarings}: {worst}");
    }
    let volume: Field<f64, 3> = field([9, 9, 9], |p| p.map(|i| -0.5 * (i as f64 - 4.0)));
    let flow = exp(&volume.view(), ExpOptions { squarings: Some(12), ..ExpOptions::default() }).expect("a flow");
    let by = *flow.field.by().get(0, 2, [4, 4, 8]).expect("inside");
    assert!((by - 4.0 * ((-0.5f64).exp() - 1.0)).abs() < 1e-7, "{by}");
}

#[test]
fn the_number_of_squarings_follows_from_the_bound() {
    let mut rng = Rng::new(30);
    let velocity: Field<f32, 2> = waves([60, 60], 4.0, 40.0, &mut rng);
    let mut before = 0;
    for tolerance in [1.0, 0.1, 0.01, 1e-3] {
        let flow = exp(&velocity.view(), ExpOptions { tolerance, ..ExpOptions::default() }).expect("a flow");
        assert!(flow.bound <= tolerance && flow.squarings >= before, "{flow:?}");
        if flow.squarings > 0 {
            let fewer = ExpOptions { squarings: Some(flow.squarings - 1), ..ExpOptions::default() };
            assert!(exp(&velocity.view(), fewer).expect("a flow").bound > tolerance);
        }
        before = flow.squarings;
    }
    let zero: Field<f32, 2> = field([7, 7], |_| [0.0; 2]);
    assert_eq!(exp(&zero.view(), ExpOptions::default()).expect("a flow").squarings, 0);
}

/// Against Runge and Kutta's method on the same interpolated velocity: without interpolation between squarings they would agree
/// to the bound, with it to second differences of the displacement.
#[test]
fn a_flow_by_small_steps() {
    let mut rng = Rng::new(31);
    let size = [64usize, 64];
    let velocity: Field<f64, 2> = waves(size, 2.0, 32.0, &mut rng);
    let at = |x: [f64; 2]| {
        let x = x.map(|x| x.clamp(0.0, 63.0));
        let cell = x.map(|x| (x as usize).min(62));
        std::array::from_fn::<f64, 2, _>(|k| {
            let value = |dx: usize, dy: usize| *velocity.by().get(0, k, [cell[0] + dx, cell[1] + dy]).expect("inside");
            let (u, v) = (x[0] - cell[0] as f64, x[1] - cell[1] as f64);
            (1.0 - v) * ((1.0 - u) * value(0, 0) + u * value(1, 0)) + v * ((1.0 - u) * value(0, 1) + u * value(1, 1))
        })
    };
    let linear = exp(&velocity.view(), ExpOptions { tolerance: 1e-4, ..ExpOptions::default() }).expect("a flow");
    let cubic = ExpOptions { tolerance: 1e-4, interp: Interp::Cubic { a: -0.5 }, ..ExpOptions::default() };
    let cubic = exp(&velocity.view(), cubic).expect("a flow");
    let (mut worst, mut other) = (0.0f64, 0.0f64);
    for pixel in pixels(size).into_iter().filter(|p| p.iter().all(|i| (8..56).contains(i))) {
        let start = pixel.map(|i| i as f64);
        let mut x = start;
        let h = 1.0 / 200.0;
        for _ in 0..200 {
            let along = |x: [f64; 2], v: [f64; 2], h: f64| [x[0] + h * v[0], x[1] + h * v[1]];
            let a = at(x);
            let b = at(along(x, a, h / 2.0));
            let c = at(along(x, b, h / 2.0));
            let d = at(along(x, c, h));
            x = std::array::from_fn(|k| x[k] + h / 6.0 * (a[k] + 2.0 * b[k] + 2.0 * c[k] + d[k]));
        }
        for k in 0..2 {
            worst = worst.max((linear.field.by().get(0, k, pixel).expect("inside") - (x[k] - start[k])).abs());
            other = other.max((cubic.field.by().get(0, k, pixel).expect("inside") - (x[k] - start[k])).abs());
        }
    }
    assert!(worst < 0.03, "{worst}");
    assert!(other < 0.03, "{other}");
}

#[test]
fn there_and_back() {
    let mut rng = Rng::new(32);
    let velocity: Field<f64, 2> = waves([60, 60], 2.0, 40.0, &mut rng);
    let opposite: Field<f64, 2> =
        Field::from_vec(velocity.as_slice().iter().map(|v| -v).collect(), 1, *velocity.between()).expect("a field");
    let options = ExpOptions { tolerance: 1e-4, ..ExpOptions::default() };
    let there = exp(&velocity.view(), options).expect("a flow").field;
    let back = exp(&opposite.view(), options).expect("a flow").field;
    let both = compose(&back.view(), &there.view(), Sampler::new(Interp::Linear, Padding::Border), None).expect("fits");
    for pixel in pixels([60, 60]).into_iter().filter(|p| p.iter().all(|i| (6..54).contains(i))) {
        assert!((0..2).all(|k| both.by().get(0, k, pixel).expect("inside").abs() < 0.03));
    }
}

#[test]
fn the_logarithm_of_a_flow() {
    // At rest on the border, so that nothing leaves.
    let velocity: Field<f64, 2> = field([60, 60], |[x, y]| {
        let bump = |i: usize| (i as f64 * std::f64::consts::PI / 59.0).sin();
        [3.0 * bump(x) * bump(y), -2.0 * bump(x) * bump(y) * (y as f64 / 9.0).cos()]
    });
    let options = ExpOptions { tolerance: 1e-4, ..ExpOptions::default() };
    let there = exp(&velocity.view(), options).expect("a flow").field;
    // The logarithm of a flow is the velocity, as far as the flow tells.
    let found = log(&there.view(), LogOptions::default()).expect("a velocity");
    assert!(found.converged && found.residual <= 1e-3, "{:?}", found.residuals);
    assert!(found.residuals.len() > 1 && found.residuals[0] > found.residual);
    let again = exp(&found.velocity.view(), options).expect("a flow").field;
    let worst = again.as_slice().iter().zip(there.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst < 3e-3, "{worst}");
}

#[test]
fn a_mirror_has_no_logarithm() {
    let mirror: Field<f64, 2> = field([20, 20], |[x, _]| [19.0 - 2.0 * x as f64, 0.0]);
    let found = log(&mirror.view(), LogOptions { steps: 10, ..LogOptions::default() }).expect("a try");
    assert!(!found.converged && found.residual > 1e-3);
    assert_eq!(found.residual, found.residuals.iter().copied().fold(f64::INFINITY, f64::min));
}

#[test]
fn what_cannot_flow() {
    let nan: Field<f64, 2> = field([4, 4], |[x, _]| [if x == 1 { f64::NAN } else { 0.0 }, 0.0]);
    assert!(exp(&nan.view(), ExpOptions::default()).expect_err("NaN").to_string().contains("not finite"));
    assert!(log(&nan.view(), LogOptions::default()).is_err());
    let elsewhere: Field<f64, 2> =
        crate::make::between([4, 4], [5, 4], displace::Extent::Edges, Some(displace::Rest::Index), |_| [0.0; 2]);
    let error = exp(&elsewhere.view(), ExpOptions::default()).expect_err("sizes").to_string();
    assert!(error.contains("4x4") && error.contains("4x5"), "{error}");
    let fast: Field<f32, 2> = field([4, 4], |[x, _]| [1e6 * x as f64, 0.0]);
    let flow = exp(&fast.view(), ExpOptions::default()).expect("a flow");
    assert_eq!(flow.squarings, ExpOptions::MAX_SQUARINGS);
    assert!(flow.bound > 1.0);
    // A first step of 2^-64 still is a number of f32; shorter ones would vanish and the flow with them.
    let even: Field<f32, 2> = field([4, 4], |_| [1.5, 0.0]);
    let by = |squarings| exp(&even.view(), ExpOptions { squarings: Some(squarings), ..ExpOptions::default() });
    for squarings in [0, 1, 2, 7, 64] {
        let flow = by(squarings).expect("a flow");
        assert!(flow.field.as_slice().chunks(2).all(|by| by == [1.5, 0.0]), "{squarings}");
    }
    for squarings in [65, 160, u32::MAX] {
        let error = by(squarings).expect_err("too many").to_string();
        assert!(error.contains(&squarings.to_string()) && error.contains("64"), "{error}");
    }
}
