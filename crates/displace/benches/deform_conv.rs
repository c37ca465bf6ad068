//! Deformable convolution of a feature map as in a ResNet's stage, forward and backward.

use displace::{DeformConv, DeformConvGrads, DeformGeometry, Shape, View, deform_conv2d_grad_into, deform_conv2d_into};

fn main() {
    divan::main();
}

fn numbers(shape: Shape<2>, seed: u32, scale: f32) -> Vec<f32> {
    let number = |i: usize| (i as u32 ^ seed).wrapping_mul(2_654_435_761).rotate_left(13).wrapping_mul(2_246_822_519);
    (0..shape.elements().expect("a small shape")).map(|i| (number(i) as f32 / u32::MAX as f32 - 0.5) * scale).collect()
}

#[divan::bench(args = [false, true])]
fn features_2x64x56x56(bencher: divan::Bencher, backward: bool) {
    let shape = Shape { n: 2, c: 64, size: [56, 56] };
    let (offsets, masks, weights) = (Shape { c: 18, ..shape }, Shape { c: 9, ..shape }, Shape { n: 64, c: 64, size: [3, 3] });
    let [input, offset, mask] = [(shape, 2.0), (offsets, 8.0), (masks, 1.0)].map(|(shape, scale)| numbers(shape, 1, scale));
    let (weight, grad) = (numbers(weights, 5, 0.1), numbers(shape, 7, 1.0));
    let view = |data, shape| View::planar(data, shape).expect("a matching buffer");
    let conv = DeformConv {
        input: view(&input, shape),
        offset: view(&offset, offsets),
        weight: view(&weight, weights),
        mask: Some(view(&mask, masks)),
        bias: None,
        geometry: DeformGeometry { padding: [1, 1], ..DeformGeometry::default() },
    };
    let mut out = vec![0.0f32; input.len()];
    let mut outs = [input.len(), offset.len(), mask.len(), weight.len(), 64].map(|len| vec![0.0f32; len]);
    bencher.counter(divan::counter::ItemsCount::new(2usize * 56 * 56)).bench_local(|| {
        if backward {
            let [input, offset, mask, weight, bias] = outs.each_mut().map(|out| Some(out.as_mut_slice()));
            let to = DeformConvGrads { input, offset, mask, weight, bias };
            deform_conv2d_grad_into(&view(&grad, shape), &conv, to).expect("shapes that fit");
        } else {
            deform_conv2d_into(&conv, &mut out).expect("shapes that fit");
        }
    });
}
