//! What two images say: the one read at where the numbers lead, against what it should look like.

use super::ImagePair;
use super::points::{Point, Points, number};
use super::reading::Reading;
use crate::any::AnyArray;
use crate::axis::Extent;
use crate::convention::Unit;
use crate::dtype::Sample;
use crate::grid::Locations;
use crate::interp::Interp;
use crate::lattice::Lattice;
use crate::op::points::Direction;
use crate::op::sample::sample;
use crate::padding::Padding;
use crate::sampler::Sampler;
use crate::view::{Shape, Strides, View};
use crate::with_data;

/// Pixels that are compared with the output of a sampler, at most.
const RECORDED: usize = 1024;

/// Axes of the lattice, after samples and channels; whether channels come first.
fn lattice(shape: &[usize], d: usize, planar: bool) -> Option<(&[usize], usize)> {
    // A batch of one image is an image.
    let shape = if shape.len() == d + 2 && shape.first() == Some(&1) { shape.get(1..)? } else { shape };
    match shape.len().checked_sub(d)? {
        0 => Some((shape, 1)),
        1 if planar => Some((&shape[1..], shape[0])),
        1 => Some((&shape[..d], shape[d])),
        _ => None,
    }
}

/// Pixels of an image, x first; `None` if it has not that many axes.
pub(super) fn size(shape: &[usize], d: usize, planar: bool) -> Option<[usize; 3]> {
    let (axes, _) = lattice(shape, d, planar)?;
    let mut size = [1; 3];
    for k in 0..d {
        size[k] = axes[d - 1 - k];
    }
    Some(size)
}

/// Whether an image has the size asked for only if its channels come first.
pub(super) fn planar(shape: &[usize], d: usize, asked: &[usize; 3]) -> bool {
    size(shape, d, false).as_ref() != Some(asked) && size(shape, d, true).as_ref() == Some(asked)
}

/// An image, as far as its axes are known.
#[derive(Clone, Copy)]
struct Image<'a> {
    array: &'a AnyArray,
    axes: usize,
    size: [usize; 3],
    channels: usize,
    /// Steps from pixel to pixel, x first, and from channel to channel.
    steps: [usize; 3],
    channel: usize,
}

impl<'a> Image<'a> {
    fn new(array: &'a AnyArray, axes: usize, planar: bool) -> Option<Self> {
        let (_, channels) = lattice(array.shape(), axes, planar)?;
        let size = size(array.shape(), axes, planar)?;
        let (mut step, channel) = if planar { (1, size.iter().product()) } else { (channels, 1) };
        let mut steps = [0; 3];
        for k in 0..axes {
            steps[k] = step;
            step *= size[k];
        }
        (!array.data().is_empty()).then_some(Self { array, axes, size, channels, steps, channel })
    }

    /// The values of a pixel's channels.
    fn pixel(&self, index: &[f64; 3]) -> impl Iterator<Item = f64> {
        let first: usize = (0..self.axes).map(|k| index[k] as usize * self.steps[k]).sum();
        (0..self.channels).map(move |c| number(self.array.data(), first + c * self.channel))
    }

    /// The values read at places, x first: channel by channel.
    fn read(&self, places: &[[f64; 3]], sampler: Sampler, extent: Extent) -> Option<Vec<f64>> {
        match self.axes {
            2 => self.read_in::<2>(places, sampler, extent),
            _ => self.read_in::<3>(places, sampler, extent),
        }
    }

    fn read_in<const D: usize>(&self, places: &[[f64; 3]], sampler: Sampler, extent: Extent) -> Option<Vec<f64>> {
        let source = Lattice::from_xy(std::array::from_fn::<_, D, _>(|k| self.size[k]), extent).ok()?;
        let at: Vec<f64> = places.iter().flat_map(|place| place[..D].to_vec()).collect();
        let mut size = [1; D];
        size[0] = places.len();
        let at = View::interleaved(&at, Shape { n: 1, c: D, size }).ok()?;
        let at = Locations::pixels(at, source).ok()?;
        let shape = Shape { n: 1, c: self.channels, size: source.size() };
        let strides = Strides { n: 0, c: self.channel as isize, size: std::array::from_fn(|k| self.steps[k] as isize) };
        with_data!(self.array.data(), values => {
            let image = View::strided(values, 0, shape, strides).ok()?;
            let read = sample(&image, &at, sampler).ok()?;
            Some(read.as_slice().iter().map(|value| Sample::widen::<f64>(*value)).collect())
        })
    }
}

/// How well the images fit under a reading.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fit {
    /// The mean difference of pixels that are read inside.
    pub(super) error: f64,
    /// Their share.
    share: f64,
    /// The same without motion.
    pub(super) unmoved: f64,
    /// That of an image to its own mean.
    pub(super) spread: f64,
    /// The smallest difference that means something.
    floor: f64,
    points: usize,
    /// How the sampler is set that gives the recorded output best.
    sampler: Option<String>,
}

impl Fit {
    /// In nats.
    pub(super) fn cost(&self) -> f64 {
        // Neighbours are alike: far fewer pixels than there are say something of their own.
        self.score() * (self.points as f64 / 20.0).clamp(10.0, 60.0)
    }

    /// The logarithm of the difference that is left, of a pixel in the mean: pixels read outside say nothing.
    pub(super) fn score(&self) -> f64 {
        if self.says_nothing() { 0.0 } else { self.share * (self.least() / self.spread).ln() }
    }

    /// Whether it is by a ratio better than another, where both are seen at pixels enough.
    pub(super) fn clearly_better(&self, other: &Self, ratio: f64) -> bool {
        let seen = other.share >= 0.3 * self.share;
        other.score() - self.score() >= ratio.ln() && (!seen || other.least() >= ratio * self.least())
    }

    /// The difference, or what cannot be told from none; no more than nonsense differs by.
    fn least(&self) -> f64 {
        self.error.max(self.floor).min(10.0 * self.spread)
    }

    /// Whether all pixels are alike.
    pub(super) fn says_nothing(&self) -> bool {
        self.spread <= 2.0 * self.floor
    }

    /// In a line.
    pub(super) fn line(&self) -> String {
        let Self { error, share, unmoved, spread, .. } = self;
        let share = 100.0 * share;
        if self.says_nothing() {
            return "the images are flat and say nothing".into();
        }
        match &self.sampler {
            Some(sampler) => {
                format!("differs by {error:.3e} from the recorded output ({sampler}); without motion by {unmoved:.3e}")
            }
            None => format!(
                "images differ by {error:.3e} in the mean of the {share:.0}% read inside; without motion by {unmoved:.3e}, \
                 from their mean by {spread:.3e}"
            ),
        }
    }
}

/// Where no displacement leads, and how badly the images fit there.
type Unmoved = ((bool, Direction, [f64; 3], [[f64; 3]; 3]), f64);

/// Two images to compare.
pub(super) struct Pair<'a> {
    images: ImagePair<'a>,
    unmoved: Vec<Unmoved>,
}

impl<'a> Pair<'a> {
    pub(super) const fn new(images: ImagePair<'a>) -> Self {
        Self { images, unmoved: Vec::new() }
    }

    /// How well the images fit; `None` if their sizes do not.
    pub(super) fn fit(&mut self, reading: &Reading, points: &Points) -> Option<Fit> {
        let ImagePair { source, destination, recorded } = self.images;
        let direction = reading.convention.direction;
        let (compared, read) = match direction {
            Direction::Pull => (destination, source),
            // Samplers pull.
            Direction::Push if recorded => return None,
            Direction::Push => (source, destination),
        };
        let planes = planar(compared.shape(), reading.axes, &reading.here);
        let (compared, read) = (Image::new(compared, reading.axes, planes)?, Image::new(read, reading.axes, planes)?);
        if compared.size != reading.here || read.size != reading.there || compared.channels != read.channels {
            return None;
        }
        let every = if recorded { points.all.len().div_ceil(RECORDED) } else { 1 };
        let chosen: Vec<&Point> = points.all.iter().step_by(every).collect();
        let values: Vec<Vec<f64>> = chosen.iter().map(|point| compared.pixel(&reading.index(point)).collect()).collect();
        let spread = spread(&values);
        let places: Vec<[f64; 3]> = chosen.iter().map(|point| reading.place_of(point)).collect();
        let rests: Vec<[f64; 3]> = chosen.iter().map(|point| reading.rest_of(point)).collect();
        let key = (reading.convention.x_first, direction, reading.rest.start, reading.rest.steps);
        let unmoved = match self.unmoved.iter().find(|(known, _)| *known == key) {
            Some((_, error)) => *error,
            None => {
                let error = compare(&values, &rests, &read)?.0;
                self.unmoved.push((key, error));
                error
            }
        };
        let whole = !compared.array.dtype().is_float();
        let least = if whole { 0.3 } else { 1e-30 };
        let floor = (spread * if recorded { 1e-6 } else { 1e-3 }).max(least);
        let (error, share, sampler) = if recorded {
            let (error, sampler) = reproduce(&values, &places, &read, reading)?;
            (error, 1.0, Some(sampler))
        } else {
            let (error, share) = compare(&values, &places, &read)?;
            (error, share, None)
        };
        Some(Fit { error, share, unmoved, spread, floor, points: chosen.len(), sampler })
    }
}

/// The mean difference of values to their mean.
fn spread(values: &[Vec<f64>]) -> f64 {
    let channels = values.first().map_or(0, Vec::len);
    let mut sum = 0.0;
    for c in 0..channels {
        let finite = || values.iter().map(|value| value[c]).filter(|v| v.is_finite());
        let count = finite().count().max(1) as f64;
        let mean = finite().sum::<f64>() / count;
        sum += finite().map(|v| (v - mean).abs()).sum::<f64>() / count;
    }
    sum / channels.max(1) as f64
}

/// The mean difference of values to what is read at places inside, and the share of these.
fn compare(values: &[Vec<f64>], places: &[[f64; 3]], read: &Image<'_>) -> Option<(f64, f64)> {
    let found = read.read(places, Sampler::new(Interp::Linear, Padding::Border), Extent::Edges)?;
    let inside: Vec<bool> =
        places.iter().map(|place| (0..read.axes).all(|k| (-0.5..=read.size[k] as f64 - 0.5).contains(&place[k]))).collect();
    let share = inside.iter().filter(|inside| **inside).count() as f64 / inside.len().max(1) as f64;
    Some((mean_difference(values, &found, |i| inside[i]), share))
}

/// Mean of the differences that are finite, of some pixels.
fn mean_difference(values: &[Vec<f64>], found: &[f64], counts: impl Fn(usize) -> bool) -> f64 {
    let (mut sum, mut count) = (0.0, 0usize);
    for (i, value) in values.iter().enumerate().filter(|(i, _)| counts(*i)) {
        for (c, value) in value.iter().enumerate() {
            let difference = found.get(c * values.len() + i).map_or(f64::NAN, |f| (f - value).abs());
            if difference.is_finite() {
                sum += difference;
                count += 1;
            }
        }
    }
    if count > 0 { sum / count as f64 } else { f64::MAX }
}

/// The smallest mean difference to what samplers read, and the sampler.
fn reproduce(values: &[Vec<f64>], places: &[[f64; 3]], read: &Image<'_>, reading: &Reading) -> Option<(f64, String)> {
    let extent = match reading.convention.unit {
        Unit::Normalised(extent) | Unit::Fraction(extent) => extent,
        _ => Extent::Edges,
    };
    let mut best: Option<(f64, String)> = None;
    for (interp, between) in [(Interp::Linear, "linear"), (Interp::Nearest, "nearest"), (Interp::CUBIC, "cubic")] {
        if interp == Interp::CUBIC && read.axes == 3 {
            continue;
        }
        for (padding, outside) in
            [(Padding::Zeros, "zeros"), (Padding::Border, "border"), (Padding::Reflection, "reflection"), (Padding::Wrap, "wrap")]
        {
            let found = read.read(places, Sampler::new(interp, padding), extent)?;
            let error = mean_difference(values, &found, |_| true);
            if best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, format!("{between}, {outside}")));
            }
        }
    }
    best
}
