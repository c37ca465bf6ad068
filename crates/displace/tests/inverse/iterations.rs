//! The iterations: the exact inverse where they converge, and a report that says where they do not.

use crate::common::Rng;
use crate::make::{exact, field, noise, waves};
use displace::{Field, InvertOptions, Method, Stop, invert};

fn by<const D: usize>(map: &Field<f64, D>, method: Method) -> displace::Inverse<f64, D> {
    invert(&map.view().into(), InvertOptions { method, ..InvertOptions::default() }).expect("an inverse")
}

#[test]
fn they_find_the_exact_inverse() {
    let mut rng = Rng::new(6);
    let map: Field<f64, 2> = waves([64, 50], 3.0, 40.0, &mut rng);
    let volume: Field<f64, 3> = waves([14, 15, 16], 1.0, 20.0, &mut rng);
    for method in [Method::FixedPoint(Stop::default()), Method::Newton(Stop::default())] {
        for (found, exact) in [
            (by(&map, method).field.into_vec(), exact(&map).field.into_vec()),
            (by(&volume, method).field.into_vec(), exact(&volume).field.into_vec()),
        ] {
            let both = found.iter().zip(&exact).filter(|(found, _)| !found.is_nan());
            assert!(both.clone().count() > exact.len() / 2);
            for (found, exact) in both {
                assert!((found - exact).abs() < 1e-8, "{method:?}: {found} for {exact}");
            }
        }
    }
}

#[test]
fn they_report_how_they_went() {
    let mut rng = Rng::new(7);
    let map: Field<f64, 2> = waves([64, 50], 3.0, 40.0, &mut rng);
    let newton = by(&map, Method::Newton(Stop::default())).convergence.expect("a report");
    let slow = by(&map, Method::FixedPoint(Stop::default())).convergence.expect("a report");
    assert_eq!(newton.pixels, 64 * 50);
    assert!(newton.steps[6].left < slow.steps[6].left, "{:?} and {:?}", newton.steps[6], slow.steps[6]);
    for report in [&newton, &slow] {
        let last = report.steps.last().expect("a start");
        assert_eq!(last.left, report.pixels - report.converged);
        assert!(report.steps[0].largest >= last.largest);
    }
    // Folds: not everything converges, and it says so.
    let folded: Field<f64, 2> = noise([40, 40], 2.0, &mut rng);
    let inverse = by(&folded, Method::FixedPoint(Stop { tolerance: None, steps: 30 }));
    let report = inverse.convergence.expect("a report");
    assert!(report.converged < report.pixels && report.steps.len() <= 31);
    let valid = inverse.valid.as_slice().iter().filter(|valid| **valid).count();
    assert!(inverse.count.as_slice().iter().filter(|count| **count == 1).count() == valid, "{valid}");
    for (residual, valid) in inverse.residual.as_slice().iter().zip(inverse.valid.as_slice()) {
        assert_eq!(*residual <= 1e-9, *valid);
    }
    assert_eq!(exact(&folded).convergence, None);
}

#[test]
fn nan_and_no_steps() {
    let broken: Field<f64, 2> = field([6, 6], |[x, _]| [if x == 2 { f64::NAN } else { 0.5 }, 0.0]);
    for method in [Method::FixedPoint(Stop::default()), Method::Newton(Stop::default())] {
        let inverse = by(&broken, method);
        assert!(inverse.residual.as_slice().iter().zip(inverse.valid.as_slice()).all(|(r, valid)| *valid == (*r <= 1e-9)));
    }
    let still = by(&broken, Method::Newton(Stop { tolerance: Some(0.6), steps: 0 }));
    assert_eq!(still.convergence.expect("a report").steps.len(), 1);
}
