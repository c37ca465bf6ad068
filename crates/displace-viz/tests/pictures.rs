//! Every style, seen from outside: what is in the SVG and what comes out as PNG.

use displace_viz::{
    Arrows, CompareOptions, DrawError, LatticeOptions, MagnitudeOptions, Picture, QuiverOptions, Raster, ShapeError, WheelOptions,
    compare, lattice, magnitude, quiver, wheel,
};

/// A field over a source of its own size.
fn field(width: usize, height: usize, by: impl Fn([f64; 2]) -> [f64; 2]) -> Arrows {
    let rest: Vec<_> = (0..width * height).map(|i| [(i % width) as f64, (i / width) as f64]).collect();
    let by = rest.iter().map(|&p| by(p)).collect();
    Arrows::new(width, height, [width, height], rest, by).unwrap()
}

/// All four styles that draw a field.
fn all(field: &Arrows) -> [Picture; 4] {
    [
        quiver(field, &QuiverOptions::default()).unwrap(),
        wheel(field, &WheelOptions::default()).unwrap(),
        lattice(field, &LatticeOptions::default()).unwrap(),
        magnitude(field, &MagnitudeOptions::default()).unwrap(),
    ]
}

fn attribute<'a>(element: &'a str, name: &str) -> &'a str {
    element.split(&format!(" {name}=\"")).nth(1).unwrap().split('"').next().unwrap()
}

/// The page's place of a pixel place, computed from the frame that the picture declares.
fn page(svg: &str, p: [f64; 2]) -> [f64; 2] {
    let frame = svg.lines().find(|line| line.contains(r#"class="frame""#)).unwrap();
    let number = |name| attribute(frame, name).parse::<f64>().unwrap();
    let view: Vec<f64> = attribute(frame, "data-view").split(' ').map(|v| v.parse().unwrap()).collect();
    let zoom = [number("width") / (view[2] - view[0]), number("height") / (view[3] - view[1])];
    assert!((zoom[0] - zoom[1]).abs() < 0.01 * zoom[0], "pixels are not square: {zoom:?}");
    [number("x") + (p[0] - view[0]) * zoom[0], number("y") + (p[1] - view[1]) * zoom[1]]
}

/// Where each arrow's tip is on the page: its path's first point.
fn tips(svg: &str) -> Vec<[f64; 2]> {
    let arrows = svg.lines().filter(|line| line.contains(r#"class="arrow""#));
    let first = |line: &str| attribute(line, "d")[1..].split('L').next().unwrap().to_owned();
    arrows.map(first).map(|p| p.split_once(' ').map(|(x, y)| [x.parse().unwrap(), y.parse().unwrap()]).unwrap()).collect()
}

/// A decoded PNG: width, height, RGB bytes.
fn decoded(file: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    (info.width as usize, info.height as usize, bytes)
}

/// The colour of a PNG at a page place.
fn seen(picture: &Picture, at: [f64; 2]) -> [u8; 3] {
    let (width, _, bytes) = decoded(&picture.png(2.0).unwrap());
    let i = 3 * ((2.0 * at[1]) as usize * width + (2.0 * at[0]) as usize);
    [bytes[i], bytes[i + 1], bytes[i + 2]]
}

fn close(a: [f64; 2], b: [f64; 2]) -> bool {
    (a[0] - b[0]).abs() < 0.02 && (a[1] - b[1]).abs() < 0.02
}

#[test]
fn a_head_is_where_the_pixel_is_read_from() {
    let one = field(5, 5, |p| if p == [1.0, 3.0] { [2.0, 0.0] } else { [0.0; 2] });
    let picture = quiver(&one, &QuiverOptions::default()).unwrap();
    let found = tips(picture.svg());
    assert_eq!(found.len(), 1);
    assert!(close(found[0], page(picture.svg(), [3.0, 3.0])), "{found:?}");
    assert_eq!(picture.svg().matches(r#"class="zero""#).count(), 24);
    // The shaft is drawn: halfway along it the page is neither white nor a frame.
    assert_ne!(seen(&picture, page(picture.svg(), [2.0, 3.0])), [255; 3]);
    assert_eq!(seen(&picture, page(picture.svg(), [2.0, 1.5])), [255; 3]);
}

#[test]
fn positive_y_points_down_and_the_scale_is_written() {
    let one = field(5, 5, |p| if p == [2.0, 1.0] { [0.0, 1.0] } else { [0.0; 2] });
    let options = QuiverOptions { arrow_scale: 2.5, ..QuiverOptions::default() };
    let picture = quiver(&one, &options).unwrap();
    let tail = page(picture.svg(), [2.0, 1.0]);
    let tip = tips(picture.svg())[0];
    assert!(tip[1] > tail[1] && close(tip, page(picture.svg(), [2.0, 3.5])));
    assert!(picture.svg().contains("arrows ×2.5"));
    let plain = quiver(&one, &QuiverOptions::default()).unwrap();
    assert!(plain.svg().contains("arrows ×1 (true length), from each pixel to where it is read from"));
}

#[test]
fn arrows_of_a_resize_start_at_rest_places() {
    let rest: Vec<_> = (0..4).map(|i| [f64::from(i % 2) * 4.0 + 1.5, f64::from(i / 2) * 4.0 + 1.5]).collect();
    let resize = Arrows::new(2, 2, [8, 8], rest, vec![[1.0, -1.0]; 4]).unwrap();
    let picture = quiver(&resize, &QuiverOptions::default()).unwrap();
    assert!(close(tips(picture.svg())[3], page(picture.svg(), [6.5, 4.5])));
    assert!(picture.svg().contains("source x (px)"));
}

#[test]
fn large_fields_are_thinned_and_say_so() {
    let picture = quiver(&field(400, 100, |_| [3.0, 1.0]), &QuiverOptions { step: Some(1), ..QuiverOptions::default() }).unwrap();
    assert_eq!(tips(picture.svg()).len(), 400);
    assert!(picture.svg().contains("every\u{a0}10th\u{a0}pixel"));
}

#[test]
fn the_wheel_shows_direction_and_white_zero() {
    let four = field(4, 1, |p| [[5.0, 0.0], [-5.0, 0.0], [0.0, 5.0], [0.0, 0.0]][p[0] as usize]);
    let picture = wheel(&four, &WheelOptions::default()).unwrap();
    let colours: Vec<_> = (0..4).map(|x| seen(&picture, page(picture.svg(), [f64::from(x) + 0.3, 0.2]))).collect();
    assert_eq!(colours[3], [255; 3]);
    assert!(colours[0][0] > 200 && colours[0][2] < 150, "right is red: {colours:?}");
    assert!(colours[1][2] > 140 && colours[1][0] < 100, "left is cyan, and not black or white: {colours:?}");
    assert!(colours[2] != colours[0] && colours[2] != colours[1]);
    assert!(picture.svg().contains("full colour = 5 px"));
}

#[test]
fn beyond_a_fixed_scale_is_dark_and_counted() {
    let two = field(2, 1, |p| [1.0 + 3.0 * p[0], 0.0]);
    let options = WheelOptions { scale: Some(2.0), ..WheelOptions::default() };
    let picture = wheel(&two, &options).unwrap();
    let sum = |x: f64| seen(&picture, page(picture.svg(), [x, 0.2])).iter().map(|&v| u32::from(v)).sum::<u32>();
    assert!(sum(1.2) + 150 < sum(0.2));
    assert!(picture.svg().contains("1 of 2 displacements exceed the scale (darkened)"));
    let heat = magnitude(&two, &MagnitudeOptions { scale: Some(2.0), ..MagnitudeOptions::default() }).unwrap();
    assert!(heat.svg().contains("1 of 2 displacements exceed the scale."));
}

#[test]
fn a_folded_cell_is_counted_and_red() {
    // Pixel (2, 2) is read from beyond its right neighbour: the two cells to its left are stretched, the two to its right fold.
    let fold = field(5, 5, |p| if p == [2.0, 2.0] { [1.4, 0.0] } else { [0.0; 2] });
    let picture = lattice(&fold, &LatticeOptions::default()).unwrap();
    assert!(picture.svg().contains("2 of 16 cells\u{a0}folded"));
    let group = picture.svg().split(r#"<g class="folds""#).nth(1).unwrap().split("</g>").next().unwrap();
    assert_eq!(group.matches("<path").count(), 2);
    let [r, g, b] = seen(&picture, page(picture.svg(), [3.1, 1.8]));
    assert!(r > 190 && g < 110 && b < 110, "{:?}", [r, g, b]);
    let none = lattice(&field(5, 5, |_| [0.3, 0.2]), &LatticeOptions::default()).unwrap();
    assert!(none.svg().contains("0 of 16 cells\u{a0}folded") && !none.svg().contains(r#"class="folds""#));
}

#[test]
fn many_folds_are_one_mask() {
    // All columns but the first in reverse: more folded cells than are drawn as polygons.
    let reversed = field(90, 90, |p| if p[0] == 0.0 { [0.0; 2] } else { [89.0 - 2.0 * p[0], 0.0] });
    let picture = lattice(&reversed, &LatticeOptions::default()).unwrap();
    assert!(picture.svg().contains("7\u{2009}832 of 7\u{2009}921 cells\u{a0}folded"));
    assert!(!picture.svg().split(r#"<g class="folds""#).nth(1).unwrap().split("</g>").next().unwrap().contains("<path"));
    let [r, g, _] = seen(&picture, page(picture.svg(), [44.3, 44.4]));
    assert!(r > 150 && g < 120);
    // With the first column too it is a mirror.
    let mirror = lattice(&field(90, 90, |p| [89.0 - 2.0 * p[0], 0.0]), &LatticeOptions::default()).unwrap();
    assert!(
        mirror.svg().contains("a\u{a0}mirror,")
            && mirror.svg().contains("no\u{a0}folds")
            && !mirror.svg().contains(r#"class="folds""#)
    );
}

#[test]
fn what_is_not_finite_is_marked_and_counted() {
    let broken = field(6, 4, |p| match p[0] as usize {
        0 => [f64::NAN, 1.0],
        1 => [f64::INFINITY, 0.0],
        2 => [1e300, -1e300],
        _ => [0.5, 0.5],
    });
    for picture in all(&broken) {
        assert!(picture.svg().contains("not finite"), "{}", picture.svg());
        // Without embedded images, whose letters are arbitrary.
        let drawn: String = picture.svg().lines().filter(|line| !line.starts_with("<image")).collect();
        assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
        picture.png(1.0).unwrap();
    }
    let arrows = quiver(&broken, &QuiverOptions::default()).unwrap();
    assert_eq!(arrows.svg().matches(r#"class="missing""#).count(), 8);
    let hopeless = field(3, 3, |_| [f64::NAN; 2]);
    all(&hopeless).iter().for_each(|picture| assert!(picture.png(1.0).is_ok()));
}

#[test]
fn any_size_draws_the_same_twice_and_fits_its_png() {
    for (width, height) in [(1, 1), (1, 300), (300, 1), (2, 2), (50, 7)] {
        for by in [[0.0, 0.0], [2.5, -1.0], [1e-9, 0.0]] {
            let field = field(width, height, |_| by);
            for (one, again) in all(&field).iter().zip(all(&field)) {
                assert_eq!(*one, again);
                let file = one.png(0.5).unwrap();
                assert_eq!(file, again.png(0.5).unwrap());
                let (w, h, _) = decoded(&file);
                assert_eq!([w as f64, h as f64], [one.width(), one.height()].map(|side| (0.5 * side).ceil()));
                assert!(h < 400 && w < 600, "{width} x {height}: {w} x {h}");
            }
        }
    }
}

#[test]
fn photographs_keep_their_pixels_and_titles_their_letters() {
    let (red, blue) = ([250, 10, 20], [10, 20, 250]);
    let before = Raster::new(2, 1, [red, blue].concat()).unwrap();
    let after = Raster::new(2, 1, [blue, red].concat()).unwrap();
    let options = CompareOptions { title: "a < b & \"c\"\u{7}".to_owned(), ..CompareOptions::default() };
    let picture = compare(&before, &after, &options).unwrap();
    assert!(picture.svg().contains("a &lt; b &amp; \"c\""));
    assert_eq!(seen(&picture, page(picture.svg(), [0.0, 0.0])), red);
    assert_eq!(seen(&picture, page(picture.svg(), [1.0, 0.0])), blue);
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let field = field(3, 2, |_| [1.0, 0.0]);
    let wrong = Raster::new(2, 2, vec![0; 12]).unwrap();
    let error = quiver(&field, &QuiverOptions { background: Some(&wrong), ..QuiverOptions::default() }).unwrap_err();
    assert_eq!(error.to_string(), "the background is 2 x 2 pixels, but the field reads from 3 x 2");
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let options = QuiverOptions { arrow_scale: bad, ..QuiverOptions::default() };
        assert!(matches!(quiver(&field, &options), Err(DrawError::NotPositive { option: "arrow_scale", .. })));
    }
    let picture = quiver(&field, &QuiverOptions::default()).unwrap();
    assert!(matches!(picture.png(0.0), Err(DrawError::NotPositive { .. })));
    assert!(matches!(picture.png(1e6), Err(DrawError::TooLarge { .. })));
    assert!(matches!(Arrows::new(2, 0, [2, 2], vec![], vec![]), Err(ShapeError::Empty { .. })));
    let short = Arrows::new(2, 2, [2, 2], vec![[0.0; 2]; 4], vec![[0.0; 2]; 3]).unwrap_err();
    assert_eq!(short.to_string(), "by holds 3 values, but 2 x 2 pixels need 4");
    assert!(Raster::new(usize::MAX, usize::MAX, vec![]).is_err());
}

#[test]
fn ranks_and_lengths() {
    let field = field(5, 1, |p| if p[0] == 4.0 { [f64::NAN, 0.0] } else { [3.0 * p[0], 4.0 * p[0]] });
    assert_eq!(field.largest(), Some((3, 15.0)));
    assert_eq!([0.0, 50.0, 99.0, 100.0].map(|p| field.percentile(p).unwrap()), [0.0, 5.0, 15.0, 15.0]);
    assert_eq!(field.percentile(101.0), None);
    assert_eq!((field.magnitude(2), field.location(2)), (10.0, [8.0, 8.0]));
}

#[test]
fn heat_maps_say_what_they_count() {
    use displace_viz::{HeatOptions, heat};
    let options = HeatOptions {
        title: "Jacobian determinant".into(),
        label: "area per area".into(),
        caption: "A test.".into(),
        scale: None,
        mark_to: Some(0.0),
    };
    let picture = heat(&[1.0, 2.0, -1.0, f64::NAN, 0.0, 3.0], [3, 2], &options).expect("a picture");
    for words in
        ["Jacobian determinant", "area per area", "2 of 6 pixels are 0 or less (red)", "1 of 6 pixels have no value (grey)"]
    {
        assert!(picture.svg().contains(words), "{words}");
    }
    assert!(picture.png(1.0).expect("a file").starts_with(b"\x89PNG"));
    let capped = HeatOptions { scale: Some(1.5), mark_to: None, ..options.clone() };
    assert!(heat(&[1.0, 2.0], [2, 1], &capped).expect("a picture").svg().contains("1 of 2 pixels exceed the scale"));
    // Nothing to scale by: all the same, or nothing at all.
    for values in [[0.0; 4], [f64::NAN; 4]] {
        heat(&values, [2, 2], &options).expect("a picture");
    }
    assert!(heat(&[1.0], [2, 2], &options).expect_err("too few").to_string().contains("4"));
    assert!(heat(&[1.0], [1, 1], &HeatOptions { scale: Some(-1.0), ..options }).is_err());
}
