//! What does not fit is refused, with the numbers in the message; what is empty is not.

use displace::error::{SampleError, ThetaError};
use displace::{Extent, Grid, Lattice, Sampler, Shape, View, affine_grid_grad, sample_grad_grad_into, sample_grad_into};

#[test]
fn shapes_that_do_not_fit() {
    let lattice = Lattice::from_xy([2, 1], Extent::Edges).unwrap();
    let image = View::planar(&[1.0f32, 2.0], Shape { n: 1, c: 1, size: [2, 1] }).unwrap();
    let at_shape = Shape { n: 1, c: 2, size: [3, 1] };
    let at = View::interleaved(&[0.0f32; 6], at_shape).unwrap();
    let locations = Grid::new(at, lattice).unwrap().into();
    let grad = View::planar(&[0.0f32; 3], Shape { n: 1, c: 1, size: [3, 1] }).unwrap();
    let wrong = View::planar(&[0.0f32; 6], Shape { n: 2, c: 1, size: [3, 1] }).unwrap();
    let sampler = Sampler::default();
    let error = sample_grad_into(&wrong, &image, &locations, sampler, None, None).unwrap_err();
    assert_eq!(error.to_string(), "the upstream gradient has n=2, c=1 and size 1x3, expected n=1, c=1 and size 1x3");
    let error = sample_grad_into(&grad, &image, &locations, sampler, Some(&mut [0.0; 3]), None).unwrap_err();
    assert_eq!(error, SampleError::Output { found: 3, expected: 2 });
    let error = sample_grad_into(&grad, &image, &locations, sampler, None, Some(&mut [0.0; 5])).unwrap_err();
    assert_eq!(error, SampleError::Output { found: 5, expected: 6 });
    let tangent = |image, at| sample_grad_grad_into(image, at, &grad, &image_of(), &locations, sampler, None, None, None);
    fn image_of() -> View<'static, f32, 2> {
        View::planar(&[1.0, 2.0], Shape { n: 1, c: 1, size: [2, 1] }).unwrap()
    }
    let error = tangent(Some(&grad), None).unwrap_err();
    assert_eq!(error.to_string(), "the tangent of the image has n=1, c=1 and size 1x3, expected n=1, c=1 and size 1x2");
    assert!(matches!(tangent(None, Some(&grad)).unwrap_err(), SampleError::Operand { what: "tangent of the locations", .. }));
    for [grad_len, image_len, at_len] in [[2, 2, 6], [3, 1, 6], [3, 2, 7]] {
        let (mut a, mut b, mut c) = (vec![0.0f32; grad_len], vec![0.0f32; image_len], vec![0.0f32; at_len]);
        let outputs = (Some(a.as_mut_slice()), Some(b.as_mut_slice()), Some(c.as_mut_slice()));
        let error = sample_grad_grad_into(None, None, &grad, &image, &locations, sampler, outputs.0, outputs.1, outputs.2);
        assert!(matches!(error, Err(SampleError::Output { .. })));
    }
    let error = affine_grid_grad(&at, &lattice).unwrap_err();
    assert!(matches!(error, ThetaError::Gradient { .. }));
    assert_eq!(error.to_string(), "the upstream gradient has 2 components on 1x3, a grid on the destination 2 on 1x2");
}

#[test]
fn empty_batches_and_destinations() {
    let lattice = Lattice::from_xy([2, 2], Extent::Edges).unwrap();
    // No samples, no channels, no destination: every gradient that has numbers is 0.
    for (images, channels, sets, size) in
        [(0, 1, 0, [3, 1]), (0, 1, 1, [3, 1]), (1, 0, 1, [3, 1]), (1, 2, 0, [3, 1]), (1, 2, 1, [0, 5]), (1, 2, 1, [5, 0])]
    {
        let image_shape = Shape { n: images, c: channels, size: [2, 2] };
        let at_shape = Shape { n: sets, c: 2, size };
        let shape = Shape { n: images.min(sets), c: channels, size };
        let (pixels, numbers) = (vec![1.0f32; image_shape.elements().unwrap()], vec![0.5f32; at_shape.elements().unwrap()]);
        let upstream = vec![1.0f32; shape.elements().unwrap()];
        let image = View::planar(&pixels, image_shape).unwrap();
        let at = View::interleaved(&numbers, at_shape).unwrap();
        let grad = View::planar(&upstream, shape).unwrap();
        let locations = Grid::new(at, lattice).unwrap().into();
        let (mut to_image, mut to_at) = (pixels.clone(), numbers.clone());
        sample_grad_into(&grad, &image, &locations, Sampler::default(), Some(&mut to_image), Some(&mut to_at)).unwrap();
        assert!(to_image.iter().chain(&to_at).all(|g| *g == 0.0), "{images} {channels} {sets} {size:?}");
        let (mut to_grad, mut to_image, mut to_at) = (upstream.clone(), pixels.clone(), numbers.clone());
        sample_grad_grad_into(
            Some(&image),
            Some(&at),
            &grad,
            &image,
            &locations,
            Sampler::default(),
            Some(&mut to_grad),
            Some(&mut to_image),
            Some(&mut to_at),
        )
        .unwrap();
        assert!(to_grad.iter().chain(&to_image).chain(&to_at).all(|g| *g == 0.0));
    }
}
