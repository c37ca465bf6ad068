//! What numbers may mean: the mistakes that are made are found, and nothing is found where none was made.

#![allow(clippy::collapsible_if)] // One question a line reads better here.

use displace::{
    AnyArray, AnyData, Convention, Extent, Fault, Frame, Guess, GuessError, GuessInput, ImagePair, Layout, Order, Placement,
    Quantity, Unit, f16, guess,
};

/// Places of up to three axes, x first.
type At = [f64; 3];

/// A generator that is good enough for textures.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as f64) / f64::from(1u32 << 31)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }
}

/// A sum of waves.
#[derive(Clone)]
struct Waves(Vec<(At, f64, f64)>);

impl Waves {
    /// Of lengths between two numbers of pixels.
    fn new(seed: u64, axes: usize, count: usize, lengths: [f64; 2]) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            random.next();
        }
        let wave = |random: &mut Random| {
            let mut k = [0.0; 3];
            for k in &mut k[..axes] {
                *k = random.between(-1.0, 1.0);
            }
            let norm = k.iter().map(|k| k * k).sum::<f64>().sqrt().max(0.1);
            let length = random.between(lengths[0], lengths[1]);
            (k.map(|k| k / norm * std::f64::consts::TAU / length), random.between(0.0, 6.3), random.between(0.5, 1.0))
        };
        Self((0..count).map(|_| wave(&mut random)).collect())
    }

    fn at(&self, place: &At) -> f64 {
        let wave =
            |(k, phase, height): &(At, f64, f64)| (k[0] * place[0] + k[1] * place[1] + k[2] * place[2] + phase).sin() * height;
        self.0.iter().map(wave).sum::<f64>() / (self.0.len() as f64).sqrt()
    }
}

/// Where each destination pixel is read.
#[derive(Clone)]
enum Map {
    Identity,
    /// So many pixels of smooth displacement.
    Elastic(f64),
    /// About the centre: turned by degrees, and so many times longer.
    Similar(f64, f64),
    /// A window of the source: where it starts and how much of it.
    Crop(f64, f64),
    /// Source of another size, resized between the ends of an extent.
    Resize(Extent),
    /// A mirror image in x.
    Mirror,
    /// Half of the image at rest, the other displaced.
    Half(f64),
}

/// A map on lattices, both x first.
#[derive(Clone)]
struct Case {
    map: Map,
    axes: usize,
    n: [usize; 3],
    source: [usize; 3],
    waves: [Waves; 3],
    texture: Waves,
}

const FLAT: [usize; 3] = [64, 48, 1];
const VOLUME: [usize; 3] = [20, 16, 12];

impl Case {
    fn new(map: Map, n: [usize; 3]) -> Self {
        Self::between(map, n, n, 1)
    }

    fn between(map: Map, n: [usize; 3], source: [usize; 3], seed: u64) -> Self {
        let axes = if n[2] == 1 { 2 } else { 3 };
        let long = if axes == 2 { [30.0, 70.0] } else { [14.0, 30.0] };
        let waves = std::array::from_fn(|k| Waves::new(seed * 10 + k as u64, axes, 6, long));
        Self { map, axes, n, source, waves, texture: Waves::new(seed * 77 + 5, axes, 24, [7.0, 20.0]) }
    }

    /// Where a destination place reads.
    fn reads(&self, at: &At) -> At {
        let centre = |size: [usize; 3], k: usize| (size[k] as f64 - 1.0) / 2.0;
        let mut place = *at;
        match self.map {
            Map::Identity => {}
            Map::Elastic(by) => place.iter_mut().zip(&self.waves).for_each(|(p, waves)| *p += by * waves.at(at)),
            Map::Half(by) if at[0] > centre(self.n, 0) => {
                let ease = ((at[0] - centre(self.n, 0)) / 8.0).min(1.0);
                place.iter_mut().zip(&self.waves).for_each(|(p, waves)| *p += ease * by * waves.at(at));
            }
            Map::Half(_) => {}
            Map::Similar(degrees, zoom) => {
                let (sin, cos) = degrees.to_radians().sin_cos();
                let by: At = std::array::from_fn(|k| at[k] - centre(self.n, k));
                let turned = [cos * by[0] - sin * by[1], sin * by[0] + cos * by[1], by[2]];
                place = std::array::from_fn(|k| centre(self.source, k) + zoom * turned[k]);
            }
            Map::Crop(start, share) => {
                place = std::array::from_fn(|k| (self.source[k] as f64 - 1.0) * start + share * at[k]);
            }
            Map::Mirror => place[0] = self.source[0] as f64 - 1.0 - at[0],
            Map::Resize(extent) => {
                for k in 0..3 {
                    let (n, len) = (self.n[k] as f64, self.source[k] as f64);
                    place[k] = match extent {
                        Extent::Edges => (at[k] + 0.5) * len / n - 0.5,
                        Extent::Centers => at[k] * (len - 1.0) / (n - 1.0).max(1.0),
                    };
                }
            }
        }
        place
    }

    /// Where a source place goes: the inverse of where is read.
    fn goes(&self, at: &At) -> At {
        let mut place = *at;
        for _ in 0..200 {
            let read = self.reads(&place);
            place = std::array::from_fn(|k| place[k] + 0.7 * (at[k] - read[k]));
        }
        place
    }

    fn pixels(size: [usize; 3]) -> impl Iterator<Item = At> {
        let all = (0..size[2]).flat_map(move |z| (0..size[1]).flat_map(move |y| (0..size[0]).map(move |x| [x, y, z])));
        all.map(|at| at.map(|i| i as f64))
    }

    fn shape(&self, size: [usize; 3]) -> Vec<usize> {
        size[..self.axes].iter().rev().copied().collect()
    }

    fn source(&self) -> AnyArray {
        let values: Vec<f32> = Self::pixels(self.source).map(|at| self.texture.at(&at) as f32).collect();
        AnyArray::new(self.shape(self.source), values).unwrap()
    }

    fn destination(&self) -> AnyArray {
        let values: Vec<f32> = Self::pixels(self.n).map(|at| self.texture.at(&self.reads(&at)) as f32).collect();
        AnyArray::new(self.shape(self.n), values).unwrap()
    }

    /// The map in a convention's numbers, by formulas of its own; `lengths` are what normalised numbers are divided by.
    fn numbers(&self, convention: &Convention, lengths: [usize; 3], spacing: At) -> AnyArray {
        let d = self.axes;
        let push = convention.direction == displace::Direction::Push;
        let here = if push { self.source } else { self.n };
        let there = if push { self.n } else { self.source };
        let number = |k: usize, at: &At| -> f64 {
            let place = if push { self.goes(at) } else { self.reads(at) };
            let (len, last) = (lengths[k] as f64, there[k] as f64 - 1.0);
            let up = convention.y_up && k == 1;
            let place = if up { last - place[k] } else { place[k] };
            let rest = if up { last - at[k] } else { at[k] };
            let ras = if convention.unit == Unit::Physical(Frame::Ras) && k < 2 { -1.0 } else { 1.0 };
            let sign = if convention.quantity == Quantity::Negated { -1.0 } else { 1.0 };
            match (convention.quantity, convention.unit) {
                (Quantity::Location, Unit::SourcePixels) => place + convention.centre.offset(),
                (Quantity::Location, Unit::Normalised(Extent::Edges)) => (2.0 * place + 1.0) / len - 1.0,
                (Quantity::Location, Unit::Normalised(Extent::Centers)) => 2.0 * place / (len - 1.0) - 1.0,
                (Quantity::Location, Unit::Fraction(Extent::Edges)) => (place + 0.5) / len,
                (Quantity::Location, Unit::Fraction(Extent::Centers)) => place / (len - 1.0),
                (Quantity::Location, Unit::Physical(_)) => ras * place * spacing[k],
                (_, Unit::SourcePixels) => sign * (place - rest),
                (_, Unit::Normalised(Extent::Edges)) => sign * (place - rest) * 2.0 / len,
                (_, Unit::Normalised(Extent::Centers)) => sign * (place - rest) * 2.0 / (len - 1.0),
                (_, Unit::Physical(_)) => sign * ras * (place - rest) * spacing[k],
                _ => unreachable!("not among the cases"),
            }
        };
        let mut size = here[..d].to_vec();
        if !convention.x_first {
            size.reverse();
        }
        let pixels: usize = size.iter().product();
        let mut values = vec![0f32; pixels * d];
        for at in Self::pixels(here) {
            let index = (0..d).fold(0, |index, a| index * size[a] + at[if convention.x_first { a } else { d - 1 - a }] as usize);
            for c in 0..d {
                let k = if convention.order == Order::Xy { c } else { d - 1 - c };
                let position = if convention.layout == Layout::Interleaved { index * d + c } else { c * pixels + index };
                values[position] = number(k, &at) as f32;
            }
        }
        match convention.layout {
            Layout::Interleaved => size.push(d),
            Layout::Planar => size.insert(0, d),
        }
        AnyArray::new(size, values).unwrap()
    }

    fn plain(&self, convention: &str) -> AnyArray {
        self.numbers(&named(convention), self.source, [1.0; 3])
    }
}

fn named(text: &str) -> Convention {
    text.parse().unwrap()
}

/// The guess, with the images or without.
fn judged(case: &Case, array: &AnyArray, declared: &str, images: bool) -> Guess {
    let (source, destination) = (case.source(), case.destination());
    let size = case.shape(case.source);
    let pair = images.then_some(ImagePair { source: &source, destination: &destination, recorded: false });
    let declared = Some(named(declared));
    guess(&GuessInput { input_size: Some(&size), declared, pair, ..GuessInput::new(array) }).unwrap()
}

fn faults(guess: &Guess) -> Vec<Fault> {
    guess.findings.iter().map(|finding| finding.fault).collect()
}

/// What is declared as `said` and is `is`: exactly this fault, and the right convention first.
#[track_caller]
fn found(case: &Case, is: &str, said: &str, images: bool, fault: Fault) {
    let array = case.plain(is);
    let guess = judged(case, &array, said, images);
    assert_eq!(
        faults(&guess),
        [fault],
        "{is} said to be {said}: {:#?}",
        guess.findings.iter().map(ToString::to_string).collect::<Vec<_>>()
    );
    let line = guess.findings[0].to_string();
    assert!(!line.contains('\n') && line.starts_with("declared "), "{line}");
    assert_eq!(guess.findings[0].better, named(is), "{line}");
    sums_to_one_at_most(&guess);
}

fn sums_to_one_at_most(guess: &Guess) {
    let sum: f64 = guess.candidates.iter().map(|candidate| candidate.confidence).sum();
    assert!(sum <= 1.0 + 1e-9 && guess.candidates.iter().all(|c| c.confidence >= 0.0), "{sum}");
    assert!(guess.candidates.windows(2).all(|two| two[0].confidence >= two[1].confidence));
    assert!(
        guess.candidates.iter().all(|candidate| candidate.evidence.iter().all(|line| !line.contains('\n') && !line.is_empty()))
    );
}

#[test]
fn wrong_extents_are_found() {
    for size in [FLAT, VOLUME] {
        for (is, said) in [("torch_grid", "torch_grid_aligned"), ("torch_grid_aligned", "torch_grid")] {
            // Alone where the grid is near the identity, and with images where it is not.
            for map in [Map::Identity, Map::Elastic(0.02), Map::Half(2.0)] {
                found(&Case::new(map, size), is, said, false, Fault::WrongExtent);
            }
            for map in [Map::Identity, Map::Elastic(2.0), Map::Half(2.0), Map::Similar(20.0, 0.9)] {
                found(&Case::new(map, size), is, said, true, Fault::WrongExtent);
            }
        }
        found(&Case::new(Map::Identity, size), "stmap_edges", "stmap_centers", false, Fault::WrongExtent);
        found(&Case::new(Map::Elastic(1.5), size), "stmap_centers", "stmap_edges", true, Fault::WrongExtent);
    }
    let resized = |extent| Case::between(Map::Resize(extent), [64, 48, 1], [100, 60, 1], 3);
    found(&resized(Extent::Edges), "torch_grid", "torch_grid_aligned", false, Fault::WrongExtent);
    found(&resized(Extent::Centers), "torch_grid_aligned", "torch_grid", false, Fault::WrongExtent);
    found(&resized(Extent::Edges), "torch_grid", "torch_grid_aligned", true, Fault::WrongExtent);
}

#[test]
fn swapped_components_are_found() {
    for size in [FLAT, VOLUME] {
        for map in [Map::Identity, Map::Elastic(1.5), Map::Similar(10.0, 0.9)] {
            let case = Case::new(map, size);
            for name in ["torch_grid", "torch_grid_aligned", "pixel_map"] {
                for images in [false, true] {
                    found(&case, &format!("{name},order=ij"), name, images, Fault::SwappedComponents);
                }
            }
            for images in [false, true] {
                found(&case, "scipy,order=xy", "scipy", images, Fault::SwappedComponents);
            }
        }
        // Displacements have no ramp: images tell.
        let case = Case::new(Map::Elastic(2.0), size);
        found(&case, "flow,order=ij", "flow", true, Fault::SwappedComponents);
        found(&case, "voxelmorph,order=xy", "voxelmorph", true, Fault::SwappedComponents);
        let alone = judged(&case, &case.plain("flow,order=ij"), "flow", false);
        assert_eq!(alone.findings, []);
        let lines: Vec<&String> = alone.candidates.iter().flat_map(|c| &c.evidence).collect();
        assert!(lines.iter().any(|line| line.contains("needs an image pair")), "{lines:#?}");
        assert!(alone.candidates[0].confidence < 0.9, "{:#?}", alone.candidates);
    }
}

#[test]
fn exchanged_lengths_are_found() {
    for size in [FLAT, VOLUME] {
        let little = Map::Elastic(if size == FLAT { 0.7 } else { 0.3 });
        for (map, images) in [(Map::Identity, false), (Map::Identity, true), (little, false), (Map::Elastic(2.0), true)] {
            let case = Case::new(map, size);
            for name in ["torch_grid", "torch_grid_aligned"] {
                let mut exchanges = vec![[size[1], size[0], size[2]]];
                if size[2] > 1 {
                    exchanges.push([size[2], size[1], size[0]]);
                }
                for lengths in exchanges {
                    let array = case.numbers(&named(name), lengths, [1.0; 3]);
                    let guess = judged(&case, &array, name, images);
                    let lines: Vec<String> = guess.findings.iter().map(ToString::to_string).collect();
                    assert_eq!(faults(&guess), [Fault::SwappedSizes], "{name} {lengths:?} {images}: {lines:#?}");
                    sums_to_one_at_most(&guess);
                }
            }
        }
    }
    // A normalised displacement has to be seen at work.
    let case = Case::new(Map::Elastic(3.0), FLAT);
    let name = "torch_grid,quantity=displacement";
    let array = case.numbers(&named(name), [48, 64, 1], [1.0; 3]);
    assert_eq!(faults(&judged(&case, &array, name, true)), [Fault::SwappedSizes]);
}

#[test]
fn flipped_signs_are_found() {
    for size in [FLAT, VOLUME] {
        let case = Case::new(Map::Elastic(2.0), size);
        for name in ["flow", "voxelmorph", "sofima"] {
            found(&case, &format!("{name},quantity=negated"), name, true, Fault::FlippedSign);
        }
        found(&case, "tfa,quantity=displacement", "tfa", true, Fault::FlippedSign);
    }
}

#[test]
fn transposed_arrays_are_found() {
    for size in [FLAT, VOLUME] {
        for map in [Map::Identity, Map::Elastic(1.5)] {
            let case = Case::new(map, size);
            for name in ["torch_grid", "pixel_map"] {
                for images in [false, true] {
                    found(&case, &format!("{name},axes=xy"), name, images, Fault::Transposed);
                }
            }
        }
        found(&Case::new(Map::Elastic(1.5), size), "flow,axes=xy", "flow", false, Fault::Transposed);
        found(&Case::new(Map::Elastic(1.5), size), "flow,axes=xy", "flow", true, Fault::Transposed);
    }
    // A square says it by its images alone.
    let square = Case::new(Map::Elastic(2.0), [56, 56, 1]);
    found(&square, "flow,axes=xy", "flow", true, Fault::Transposed);
}

#[test]
fn push_and_pull_are_told_apart() {
    for size in [FLAT, VOLUME] {
        let case = Case::new(Map::Elastic(if size[2] == 1 { 4.0 } else { 1.5 }), size);
        for name in ["pixel_map", "flow", "torch_grid"] {
            let push = format!("{name},direction=push");
            found(&case, &push, name, true, Fault::WrongDirection);
            found(&case, name, &push, true, Fault::WrongDirection);
        }
    }
}

#[test]
fn other_layouts_are_found() {
    let case = Case::new(Map::Elastic(2.0), FLAT);
    found(&case, "sofima", "flow", false, Fault::WrongLayout);
    found(&case, "sofima", "flow", true, Fault::WrongLayout);
    let array = case.plain("voxelmorph");
    assert_eq!(faults(&judged(&case, &array, "flow", true)), [Fault::WrongLayout, Fault::SwappedComponents]);
}

#[test]
fn units_are_told_apart() {
    for size in [FLAT, VOLUME] {
        for map in [Map::Identity, Map::Elastic(1.5)] {
            let case = Case::new(map, size);
            for images in [false, true] {
                found(&case, "pixel_map", "torch_grid", images, Fault::WrongUnit);
                // The unit needs no images, the extent may.
                let guess = judged(&case, &case.plain("torch_grid"), "pixel_map", images);
                assert_eq!(faults(&guess), [Fault::WrongUnit], "{size:?} {images} {:#?}", guess.candidates);
                assert!(matches!(guess.findings[0].better.unit, Unit::Normalised(_)));
                let guess = judged(&case, &case.plain("torch_grid"), "flow", images);
                assert_eq!(faults(&guess), [Fault::WrongQuantity, Fault::WrongUnit], "{size:?} {images} {:#?}", guess.candidates);
            }
        }
    }
}

/// Numbers in mm said to be pixels and the other way round, with the spacing known.
#[test]
fn millimetres_and_pixels_are_told_apart() {
    for (size, spacing) in [(FLAT, [0.6, 1.7, 1.0]), (VOLUME, [0.5, 0.5, 2.5])] {
        let case = Case::new(Map::Elastic(1.5), size);
        let d = case.axes;
        let direction: Vec<f64> = (0..d * d).map(|i| f64::from(u8::from(i % (d + 1) == 0))).collect();
        let placement = Placement::new(&spacing[..d], &[0.0; 3][..d], &direction).unwrap();
        let (source, destination) = (case.source(), case.destination());
        let pair = Some(ImagePair { source: &source, destination: &destination, recorded: false });
        let judge = |is: &str, said: &str| {
            let array = case.numbers(&named(is), case.source, spacing);
            let guess =
                guess(&GuessInput { declared: Some(named(said)), pair, there: Some(&placement), ..GuessInput::new(&array) })
                    .unwrap();
            (faults(&guess), guess.candidates[0].convention)
        };
        assert_eq!(judge("itk", "flow"), (vec![Fault::WrongUnit], named("itk")));
        assert_eq!(judge("flow", "itk"), (vec![Fault::WrongUnit], named("flow")));
        assert_eq!(judge("itk,unit=mm_ras", "itk"), (vec![Fault::WrongFrame], named("itk,unit=mm_ras")));
        assert_eq!(judge("itk", "itk"), (vec![], named("itk")));
        assert_eq!(judge("nitransforms", "nitransforms"), (vec![], named("nitransforms")));
        // Locations have ramps and need no images.
        let array = case.numbers(&named("spm"), case.source, spacing);
        let alone = |said: &str| {
            guess(&GuessInput { declared: Some(named(said)), here: Some(&placement), ..GuessInput::new(&array) }).unwrap()
        };
        assert_eq!(faults(&alone("spm")), []);
        assert_eq!(alone("spm").candidates[0].convention, named("spm"));
        assert_eq!(faults(&alone("spm,unit=mm_lps")), [Fault::WrongFrame]);
        assert!(faults(&alone("pixel_map")).contains(&Fault::WrongUnit));
    }
}

/// All that is right, in all kinds of motion, alone and with images.
#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let names = [
        "torch_grid",
        "torch_grid_aligned",
        "pixel_map",
        "scipy",
        "flow",
        "voxelmorph",
        "tfa",
        "sofima",
        "stmap_edges",
        "stmap_centers",
        "torch_grid,quantity=displacement",
        "torch_grid_aligned,layout=first",
        "pixel_map,centre=1",
        "flow,direction=push",
    ];
    let mut wrong = Vec::new();
    let mut maps: Vec<Map> = vec![Map::Identity, Map::Half(2.0), Map::Mirror, Map::Crop(0.3, 0.45), Map::Crop(0.0, 0.5)];
    maps.extend([0.01, 0.1, 0.5, 1.0, 2.0, 4.0].map(Map::Elastic));
    maps.extend(
        [(30.0, 1.0), (-30.0, 1.0), (0.0, 2.0), (0.0, 0.5), (0.0, 1.1), (5.0, 0.97), (45.0, 0.8), (180.0, 1.0)]
            .map(|(a, z)| Map::Similar(a, z)),
    );
    for size in [FLAT, VOLUME, [56, 56, 1]] {
        // Squares are like other lattices: some maps do.
        let every = if size[0] == size[1] { 4 } else { 1 };
        for (seed, map) in maps.iter().enumerate().step_by(every) {
            for name in names {
                let invertible =
                    !matches!(map, Map::Similar(..) | Map::Mirror | Map::Crop(..)) && !matches!(map, Map::Elastic(by) if *by > 2.0);
                if name.contains("push") && !invertible {
                    continue;
                }
                let case = Case::between(map.clone(), size, size, seed as u64 + 1);
                let array = case.plain(name);
                for images in [false, true] {
                    // A normalised displacement that is the identity grid to the digit cannot be told from it.
                    if name.starts_with("torch_grid,") && matches!(map, Map::Similar(_, 2.0)) && !images {
                        continue;
                    }
                    let guess = judged(&case, &array, name, images);
                    wrong.extend(guess.findings.iter().map(|finding| format!("{size:?} {seed} {images}: {finding}")));
                    sums_to_one_at_most(&guess);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
}

/// Strong displacements, many seeds.
#[test]
fn strong_elastic_fields_raise_no_alarm() {
    let mut wrong = Vec::new();
    for seed in 1..12 {
        for by in [3.0, 6.0] {
            let case = Case::between(Map::Elastic(by), FLAT, FLAT, seed);
            for name in ["torch_grid", "torch_grid_aligned", "pixel_map", "scipy", "flow", "voxelmorph", "tfa", "stmap_edges"] {
                for images in [false, true] {
                    let guess = judged(&case, &case.plain(name), name, images);
                    wrong.extend(guess.findings.iter().map(|finding| format!("{seed} {by} {images}: {finding}")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
}

#[test]
fn other_sizes_raise_no_alarm() {
    let mut wrong = Vec::new();
    for extent in [Extent::Edges, Extent::Centers] {
        for (n, source) in [(FLAT, [128, 96, 1]), (FLAT, [30, 70, 1]), (FLAT, [48, 64, 1]), (VOLUME, [40, 24, 18])] {
            let case = Case::between(Map::Resize(extent), n, source, 4);
            let own = if extent == Extent::Edges { ["torch_grid", "stmap_edges"] } else { ["torch_grid_aligned", "stmap_centers"] };
            for name in ["pixel_map", "scipy"].into_iter().chain(own) {
                for images in [false, true] {
                    let guess = judged(&case, &case.plain(name), name, images);
                    wrong.extend(guess.findings.iter().map(|finding| format!("{n:?} {source:?} {images}: {finding}")));
                    assert_eq!(guess.candidates[0].convention, named(name), "{n:?} {source:?} {images}");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
}

/// Nobody said anything: the best candidate is the right one.
#[test]
fn the_best_candidate_is_the_right_one() {
    for size in [FLAT, VOLUME] {
        for map in
            [Map::Identity, Map::Half(1.5), Map::Elastic(0.05), Map::Elastic(2.0), Map::Similar(30.0, 1.0), Map::Crop(0.3, 0.45)]
        {
            let case = Case::new(map.clone(), size);
            let (source, destination) = (case.source(), case.destination());
            let pair = Some(ImagePair { source: &source, destination: &destination, recorded: false });
            let smooth = matches!(map, Map::Elastic(_) | Map::Half(_));
            for name in ["torch_grid", "torch_grid_aligned", "pixel_map", "scipy", "flow", "voxelmorph", "tfa", "stmap_edges"] {
                let array = case.plain(name);
                let alone = guess(&GuessInput::new(&array)).unwrap();
                sums_to_one_at_most(&alone);
                let quantity = alone.candidates[0].convention.quantity;
                let displacement = ["flow", "voxelmorph", "tfa"].contains(&name);
                let still = matches!(map, Map::Identity);
                assert_eq!(displacement, quantity != Quantity::Location, "{name} {size:?}: {:#?}", alone.candidates[0]);
                let resting = still || matches!(map, Map::Elastic(by) if by < 1.0) || matches!(map, Map::Half(_));
                if resting && !displacement {
                    assert_eq!(alone.candidates[0].convention, named(name), "{size:?}");
                    assert!(alone.candidates[0].confidence > 0.8, "{name} {:#?}", alone.candidates);
                }
                if smooth && !matches!(map, Map::Elastic(by) if by < 1.0) {
                    let seen = guess(&GuessInput { pair, ..GuessInput::new(&array) }).unwrap();
                    assert_eq!(seen.candidates[0].convention, named(name), "{size:?}: {:#?}", seen.candidates);
                    assert!(seen.candidates[0].confidence > 0.5, "{name} {:#?}", seen.candidates);
                }
            }
        }
    }
}

/// A recorded output of a sampler decides between extents however large the motion is.
#[test]
fn recorded_outputs_decide() {
    use displace::{Grid, Interp, Lattice, Padding, Sampler, Shape, View, sample};
    let case = Case::new(Map::Similar(25.0, 1.3), FLAT);
    let array = case.plain("torch_grid");
    let source = case.source();
    let (AnyData::F32(numbers), AnyData::F32(image)) = (array.data(), source.data()) else { panic!("both are f32") };
    for (extent, said) in [(Extent::Edges, "torch_grid"), (Extent::Centers, "torch_grid_aligned")] {
        for padding in [Padding::Zeros, Padding::Border, Padding::Reflection] {
            for interp in [Interp::Linear, Interp::Nearest, Interp::CUBIC] {
                let lattice = Lattice::from_shape([48, 64], extent).unwrap();
                let grid = Grid::new(View::interleaved(numbers, Shape { n: 1, c: 2, size: [64, 48] }).unwrap(), lattice).unwrap();
                let image = View::planar(image, Shape { n: 1, c: 1, size: [64, 48] }).unwrap();
                let output = sample(&image, &grid.into(), Sampler::new(interp, padding)).unwrap();
                let output = AnyArray::new(vec![1, 48, 64], output.as_slice().to_vec()).unwrap();
                let source = AnyArray::new(vec![1, 48, 64], source.data().clone()).unwrap();
                let pair = Some(ImagePair { source: &source, destination: &output, recorded: true });
                let judge =
                    |said: &str| guess(&GuessInput { pair, declared: Some(named(said)), ..GuessInput::new(&array) }).unwrap();
                let right = judge(said);
                assert_eq!((faults(&right), right.candidates[0].convention), (vec![], named(said)), "{padding:?} {interp:?}");
                let other = if extent == Extent::Edges { "torch_grid_aligned" } else { "torch_grid" };
                assert_eq!(faults(&judge(other)), [Fault::WrongExtent], "{padding:?} {interp:?}");
                assert!(right.candidates[0].confidence > 0.99);
            }
        }
    }
}

#[test]
fn noisy_images_decide_too() {
    let case = Case::new(Map::Elastic(2.0), FLAT);
    let mut random = Random(9);
    let mut noisy = |image: AnyArray| {
        let AnyData::F32(values) = image.data() else { panic!("f32") };
        let bytes: Vec<u8> = values.iter().map(|v| (f64::from(*v) * 40.0 + 128.0 + random.between(-12.0, 12.0)) as u8).collect();
        AnyArray::new(image.shape().to_vec(), bytes).unwrap()
    };
    let (source, destination) = (noisy(case.source()), noisy(case.destination()));
    let pair = Some(ImagePair { source: &source, destination: &destination, recorded: false });
    for (is, said, wrong) in [
        ("flow", "flow", None),
        ("flow,quantity=negated", "flow", Some(Fault::FlippedSign)),
        ("flow,order=ij", "flow", Some(Fault::SwappedComponents)),
        ("torch_grid", "torch_grid", None),
        ("torch_grid_aligned", "torch_grid_aligned", None),
        ("pixel_map", "pixel_map", None),
    ] {
        let array = case.plain(is);
        let guess = guess(&GuessInput { pair, declared: Some(named(said)), ..GuessInput::new(&array) }).unwrap();
        assert_eq!(faults(&guess), wrong.into_iter().collect::<Vec<_>>(), "{is} as {said}: {:#?}", guess.findings);
    }
}

#[test]
fn flat_images_and_unknown_pixels_do_no_harm() {
    let case = Case::new(Map::Elastic(2.0), FLAT);
    let black = AnyArray::new(vec![48, 64], vec![0u8; 48 * 64]).unwrap();
    let pair = Some(ImagePair { source: &black, destination: &black, recorded: false });
    for name in ["flow", "torch_grid", "scipy"] {
        let array = case.plain(name);
        let guess = guess(&GuessInput { pair, declared: Some(named(name)), ..GuessInput::new(&array) }).unwrap();
        assert_eq!(guess.findings, [], "{name}");
        assert!(guess.candidates[0].evidence.iter().any(|line| line.contains("flat")));
    }
    let AnyData::F32(mut values) = case.plain("torch_grid").data().clone() else { panic!("f32") };
    for i in (0..values.len()).step_by(7) {
        values[i] = [f32::NAN, f32::INFINITY, 1e10][i % 3];
    }
    let array = AnyArray::new(vec![1, 48, 64, 2], values).unwrap();
    let found = guess(&GuessInput { declared: Some(named("torch_grid")), ..GuessInput::new(&array) }).unwrap();
    assert_eq!(found.findings, []);
    let nothing = AnyArray::new(vec![4, 4, 2], vec![f32::NAN; 32]).unwrap();
    assert_eq!(guess(&GuessInput::new(&nothing)), Err(GuessError::NothingKnown));
}

#[test]
fn other_dtypes_and_batches() {
    let case = Case::new(Map::Identity, FLAT);
    let AnyData::F32(values) = case.plain("torch_grid_aligned").data().clone() else { panic!("f32") };
    let halves: Vec<f16> = values.iter().map(|v| f16::from_f32(*v)).collect();
    let twice: Vec<f16> = halves.iter().chain(&halves).copied().collect();
    let array = AnyArray::new(vec![2, 48, 64, 2], twice).unwrap();
    let found = guess(&GuessInput { declared: Some(named("torch_grid")), ..GuessInput::new(&array) }).unwrap();
    assert_eq!((faults(&found), found.candidates[0].convention), (vec![Fault::WrongExtent], named("torch_grid_aligned")));
    // OpenCV's fixed-point maps begin with whole pixels.
    let whole: Vec<i16> = Case::pixels(FLAT).flat_map(|at| [at[0] as i16 + 1, at[1] as i16]).collect();
    let array = AnyArray::new(vec![48, 64, 2], whole).unwrap();
    let found = guess(&GuessInput { declared: Some(named("pixel_map")), ..GuessInput::new(&array) }).unwrap();
    assert_eq!((faults(&found), found.candidates[0].convention), (vec![], named("pixel_map")));
}

#[test]
fn tiny_and_long_lattices() {
    for shape in [vec![1, 1, 2], vec![1, 9, 2], vec![2, 2, 2], vec![3, 3, 3, 3], vec![1, 1, 1, 3], vec![2, 1, 1], vec![1, 2, 3, 2]]
    {
        let count: usize = shape.iter().product();
        for fill in [0.0, 1.0, -1.0, 1e-30, 1e8] {
            let array = AnyArray::new(shape.clone(), vec![fill; count]).unwrap();
            let found = guess(&GuessInput { declared: Some(named("torch_grid")), ..GuessInput::new(&array) }).unwrap();
            assert!(!found.candidates.is_empty(), "{shape:?}");
            sums_to_one_at_most(&found);
            assert!(found.candidates.iter().all(|c| c.confidence.is_finite()));
        }
    }
    let long = AnyArray::new(vec![3, 200_000, 2], vec![0.25f32; 1_200_000]).unwrap();
    assert!(!guess(&GuessInput::new(&long)).unwrap().candidates.is_empty());
    // Nothing moves: a displacement of some kind.
    let still = AnyArray::new(vec![48, 64, 2], vec![0f32; 48 * 64 * 2]).unwrap();
    let found = guess(&GuessInput { declared: Some(named("flow")), ..GuessInput::new(&still) }).unwrap();
    assert_eq!((faults(&found), found.candidates[0].convention), (vec![], named("flow")));
}

#[test]
fn what_fits_nothing_is_refused() {
    let array = |shape: Vec<usize>| {
        let count = shape.iter().product();
        AnyArray::new(shape, vec![0f32; count]).unwrap()
    };
    for shape in [vec![], vec![2], vec![48, 64], vec![48, 64, 4], vec![0, 64, 2], vec![1, 1, 1, 4, 4, 2]] {
        assert!(matches!(guess(&GuessInput::new(&array(shape))), Err(GuessError::Shape { .. })));
    }
    let flow = array(vec![48, 64, 2]);
    for size in [&[48][..], &[0, 64], &[4, 48, 64]] {
        let error = guess(&GuessInput { input_size: Some(size), ..GuessInput::new(&flow) }).unwrap_err();
        assert!(matches!(error, GuessError::InputSize { .. }) && !error.to_string().contains('\n'), "{error}");
    }
    let (small, image) = (array(vec![5, 5]), array(vec![48, 64]));
    let pair = Some(ImagePair { source: &small, destination: &small, recorded: false });
    let error = guess(&GuessInput { pair, ..GuessInput::new(&flow) }).unwrap_err();
    assert!(error.to_string().contains("[5, 5]"), "{error}");
    let volume = array(vec![3, 3, 3, 3, 3, 3]);
    let pair = Some(ImagePair { source: &volume, destination: &image, recorded: false });
    assert!(matches!(guess(&GuessInput { pair, ..GuessInput::new(&flow) }), Err(GuessError::Images { .. })));
}
