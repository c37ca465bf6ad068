//! Places, boxes and labels on their way.

use crate::common::Rng;
use crate::make::{exact, field, noise, pixels, waves};
use displace::{
    Branch, Direction, Field, InvertOptions, Shape, View, densified, transform_boxes, transform_labels, transform_points,
};

#[test]
fn pixels_go_where_the_inverse_says() {
    let mut rng = Rng::new(40);
    for field in [noise::<f64, 2>([40, 33], 1.5, &mut rng), waves([40, 33], 20.0, 30.0, &mut rng)] {
        let inverse = exact(&field);
        let points: Vec<[f64; 2]> = pixels([40, 33]).into_iter().map(|p| p.map(|i| i as f64)).collect();
        let pushed = transform_points(&points, &field.view().into(), 0, Direction::Push, Branch::default()).expect("places");
        assert_eq!(pushed.count, inverse.count.as_slice());
        for ((point, place), (by, residual)) in
            points.iter().zip(&pushed.places).zip(inverse.field.as_slice().chunks(2).zip(&pushed.residual))
        {
            if place[0].is_nan() {
                assert!(by[0].is_nan() && residual.is_nan());
            } else {
                assert!((0..2).all(|k| (place[k] - point[k] - by[k]).abs() < 1e-9), "{point:?}: {place:?} {by:?}");
                assert!(*residual < 1e-9);
            }
        }
    }
    let volume: Field<f32, 3> = waves([14, 9, 11], 3.0, 9.0, &mut rng);
    let points: Vec<[f64; 3]> = pixels([14, 9, 11]).into_iter().map(|p| p.map(|i| i as f64)).collect();
    let pushed = transform_points(&points, &volume.view().into(), 0, Direction::Push, Branch::default()).expect("places");
    assert_eq!(pushed.count, exact(&volume).count.as_slice());
}

#[test]
fn there_and_back() {
    let mut rng = Rng::new(41);
    let map: Field<f32, 2> = waves([64, 64], 3.0, 40.0, &mut rng);
    let at = map.view().into();
    let points: Vec<[f64; 2]> = (0..500).map(|_| [rng.within(0.0, 63.0), rng.within(0.0, 63.0)]).collect();
    let pulled = transform_points(&points, &at, 0, Direction::Pull, Branch::default()).expect("places");
    assert!(pulled.count.iter().all(|count| *count == 1));
    let back = transform_points(&pulled.places, &at, 0, Direction::Push, Branch::default()).expect("places");
    for (place, point) in back.places.iter().zip(&points) {
        assert!((0..2).all(|k| (place[k] - point[k]).abs() < 1e-10), "{place:?} {point:?}");
    }
    let outside = [[-0.25, 3.0], [63.01, 0.0], [f64::NAN, 1.0], [f64::INFINITY, 1.0]];
    for direction in [Direction::Pull, Direction::Push] {
        let moved = transform_points(&outside[2..], &at, 0, direction, Branch::default()).expect("places");
        assert_eq!(moved.count, [0, 0]);
    }
    let moved = transform_points(&outside, &at, 0, Direction::Pull, Branch::default()).expect("places");
    assert!(moved.count.iter().all(|count| *count == 0) && moved.places.iter().all(|place| place[0].is_nan()));
    let error = transform_points(&points, &at, 1, Direction::Pull, Branch::default()).expect_err("one sample").to_string();
    assert_eq!(error, "sample 1 of 1");
}

#[test]
fn boxes() {
    // A quarter turn about the middle of 11 x 11 pixels: (x, y) reads (y, 10 - x).
    let turn: Field<f64, 2> = field([11, 11], |[x, y]| [y as f64 - x as f64, 10.0 - x as f64 - y as f64]);
    let at = turn.view().into();
    let moved = |boxes: &[[[f64; 2]; 2]], direction| transform_boxes(boxes, &at, 0, direction, Branch::default()).expect("boxes");
    // One inside, one half outside, of which the rest is boxed, and one outside.
    let boxes = [[[1.0, 2.0], [4.0, 3.5]], [[-5.0, 0.0], [3.0, 1.0]], [[-5.0, 0.0], [-3.0, 1.0]]];
    let pulled = moved(&boxes, Direction::Pull);
    assert_eq!(pulled, [Some([[2.0, 6.0], [3.5, 9.0]]), Some([[0.0, 7.0], [1.0, 10.0]]), None]);
    let back = moved(&[pulled[0].expect("inside")], Direction::Push)[0].expect("inside");
    assert!((0..2).all(|i| (0..2).all(|k| (back[i][k] - boxes[0][i][k]).abs() < 1e-9)), "{back:?}");
    assert_eq!(moved(&[], Direction::Push), []);
    assert_eq!(densified::<2>(&[], 1.0), [[0.0; 2]; 0]);
    assert_eq!(densified(&[[0.0, 0.0], [3.0, 4.0]], 2.0).len(), 6);
    assert_eq!(densified(&[[0.0, 0.0], [3.0, 4.0]], 0.0).len(), 2);
    assert_eq!(densified(&[[0.0, f64::NAN], [3.0, 4.0]], 1.0).len(), 2);
}

/// What comes through of a box that reaches over the map ends where the map does.
#[test]
fn boxes_that_reach_over_the_border() {
    let shift: Field<f32, 2> = field([1000, 300], |_| [3.0, 0.0]);
    let moved = |boxes, direction| {
        let moved = transform_boxes(&[boxes], &shift.view().into(), 0, direction, Branch::default()).expect("boxes");
        moved[0]
    };
    assert_eq!(moved([[0.0, 0.0], [999.0, 299.0]], Direction::Push), Some([[0.0, 0.0], [996.0, 299.0]]));
    assert_eq!(moved([[-1e6, -1e6], [1e6, 1e6]], Direction::Push), Some([[0.0, 0.0], [999.0, 299.0]]));
    assert_eq!(moved([[-9.5, 10.25], [20.5, 400.0]], Direction::Push), Some([[0.0, 10.25], [17.5, 299.0]]));
    assert_eq!(moved([[-9.5, 10.25], [20.5, 400.0]], Direction::Pull), Some([[3.0, 10.25], [23.5, 299.0]]));
    assert_eq!(moved([[-9.0, 0.0], [2.0, 5.0]], Direction::Push), None);
    assert_eq!(moved([[1000.0, 0.0], [1010.0, 5.0]], Direction::Pull), None);
}

#[test]
fn places_beside_nan_have_no_answer() {
    let broken: Field<f64, 2> = field([4, 4], |pixel| if pixel == [1, 1] { [f64::NAN; 2] } else { [0.0; 2] });
    for direction in [Direction::Pull, Direction::Push] {
        let moved = transform_points(&[[1.0, 1.0], [0.5, 0.5], [2.5, 2.5]], &broken.view().into(), 0, direction, Branch::default());
        let moved = moved.expect("places");
        assert_eq!(moved.count, [0, 0, 1], "{direction:?}");
        assert!(moved.places[..2].iter().flatten().chain(&moved.residual[..2]).all(|number| number.is_nan()));
    }
}

#[test]
fn labels() {
    let shift: Field<f32, 2> = field([5, 2], |_| [2.0, 0.0]);
    let labels = [1u16, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    let view = View::planar(&labels, Shape { n: 1, c: 1, size: [5, 2] }).expect("a view");
    let moved = |direction| {
        let options = InvertOptions::default();
        transform_labels(&view, &shift.view().into(), direction, options).expect("labels").as_slice().to_vec()
    };
    assert_eq!(moved(Direction::Push), [3, 4, 5, 0, 0, 8, 9, 10, 0, 0]);
    assert_eq!(moved(Direction::Pull), [0, 0, 1, 2, 3, 0, 0, 6, 7, 8]);
    // Types that have NaN get 0 as well.
    let labels = labels.map(f32::from);
    let view = View::planar(&labels, Shape { n: 1, c: 1, size: [5, 2] }).expect("a view");
    let moved = transform_labels(&view, &shift.view().into(), Direction::Pull, InvertOptions::default()).expect("labels");
    assert_eq!(moved.as_slice(), [0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0, 6.0, 7.0, 8.0]);
}
