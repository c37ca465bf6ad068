//! Which conventions numbers may have, and what speaks for and against the one declared.
//!
//! Every reading of the numbers (a convention that fits the shape, and what else has to be assumed) gets a *cost* in nats: minus
//! the logarithm of how likely it is, up to a constant. It is the sum of
//!
//! - how rare the convention is, and the shape (`reading`): thumb values;
//! - how surprising the numbers are (`look`). Locations lie near the identity, at a distance of unknown size: the length and the
//!   middle of each axis cost the logarithm of that distance in the unit of the numbers, so that a grid that is the
//!   identity up to rounding under one extent decides for it, and one that is half a pixel from it under both decides nothing.
//!   Displacements have no such ramp: each costs the logarithm of their size. Locations outside, folds and displacements as long
//!   as the image cost extra, pixels exactly at rest are a gain;
//! - with two images, how badly what is read fits what it should look like (`picture`): the logarithm of the mean
//!   difference of those that are read inside, times their share and a number of independent pixels.
//!
//! Confidences are those of a softmax over costs divided by [`TEMPERATURE`], as errors of the thumb values are shared by all.

mod judge;
mod look;
mod picture;
mod points;
mod reading;

pub use judge::{Fault, Finding};

use crate::any::AnyArray;
use crate::convention::{Convention, Placement};
use crate::error::SizeText;
use crate::op::points::Direction;
use judge::Judged;
use look::Look;
use picture::Pair;
use points::{Points, Stored};
use reading::{Assumed, Reading};

/// What confidences are softened by.
const TEMPERATURE: f64 = 1.5;
/// Candidates that are named at most.
const MOST: usize = 12;
/// What is less likely is not named.
const LEAST: f64 = 1e-4;

/// Numbers that say where pixels go, and what is known of them.
#[derive(Clone, Copy, Debug)]
pub struct GuessInput<'a> {
    /// The numbers: two or three components on a lattice, with or without an axis of samples, of which the first is looked at.
    pub array: &'a AnyArray,
    /// Size of the image that the numbers speak of, in array order: of the source, for pull.
    pub input_size: Option<&'a [usize]>,
    /// What somebody says it is.
    pub declared: Option<Convention>,
    /// A source image and what it looks like when it is warped by the numbers.
    pub pair: Option<ImagePair<'a>>,
    /// Where the pixels lie that have the numbers; that of `there` if only this is known.
    pub here: Option<&'a Placement>,
    /// Where the pixels lie that the numbers speak of; that of `here` if only this is known. Conventions in mm are considered if one
    /// of the two is known. Of pixels that only have a spacing: [`Placement::new`] with an origin of zeros and the identity.
    pub there: Option<&'a Placement>,
}

impl<'a> GuessInput<'a> {
    /// Numbers of which nothing is known.
    #[must_use]
    pub const fn new(array: &'a AnyArray) -> Self {
        Self { array, input_size: None, declared: None, pair: None, here: None, there: None }
    }
}

/// Two images, `(H, W)`, `(H, W, C)` or `(C, H, W)`, and the same of volumes.
#[derive(Clone, Copy, Debug)]
pub struct ImagePair<'a> {
    /// What is read.
    pub source: &'a AnyArray,
    /// What the warped source should look like.
    pub destination: &'a AnyArray,
    /// Whether the destination is the output of a sampler for these numbers, so that the right reading gives the same numbers.
    pub recorded: bool,
}

/// Conventions that fit, and what speaks against the one declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The best first.
    pub candidates: Vec<Candidate>,
    /// What seems to be wrong with the convention declared; empty if nothing speaks clearly against it.
    pub findings: Vec<Finding>,
}

/// A convention that fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The convention.
    pub convention: Convention,
    /// From 0 to 1; those of all candidates sum to 1 at most. Conventions that the numbers do not tell apart share it.
    pub confidence: f64,
    /// What speaks for and against it, a line each.
    pub evidence: Vec<String>,
}

/// What keeps a guess from being made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuessError {
    /// No axis can be that of components.
    #[error("shape {found:?}: expected (H, W, 2), (2, H, W), (D, H, W, 3) or (3, D, H, W), with or without an axis of samples")]
    Shape {
        /// The shape.
        found: Vec<usize>,
    },
    /// All numbers are NaN, infinite or beyond 1e9, which says "unknown" in flow files.
    #[error("no pixel has finite numbers below 1e9: nothing to guess from")]
    NothingKnown,
    /// A size of another number of axes, or with an empty axis.
    #[error("an input size of {found:?}: expected {expected:?} positive numbers, as many as the array's lattice has axes")]
    InputSize {
        /// The size given.
        found: Vec<usize>,
        /// Axes that lattices of this shape may have.
        expected: Vec<usize>,
    },
    /// Images that no reading of the array can join.
    #[error(
        "a source of shape {source_shape:?} and a destination of {destination_shape:?}: expected one image of the lattice of the array \
         {array:?} (or its transpose), and for pull a source of the input size"
    )]
    Images {
        /// Shape of the source.
        source_shape: Vec<usize>,
        /// Shape of the destination.
        destination_shape: Vec<usize>,
        /// Shape of the array.
        array: Vec<usize>,
    },
}

/// One reading with all that was found out about it.
struct Weighed {
    reading: Reading,
    look: Look,
    /// How badly the images fit, if there are some.
    images: Option<picture::Fit>,
    /// What the numbers, the shape and the images cost.
    cost: f64,
}

impl Weighed {
    /// With how rare the convention is.
    fn total(&self) -> f64 {
        self.cost + self.reading.prior
    }
}

/// Ranks the conventions that numbers may have, and judges the one declared.
///
/// At most 2048 pixels of the first sample are looked at, everything in `f64`. What numbers alone cannot tell (the sign of
/// displacements, pull or push, often the order of components) is told by two images; without them candidates share the confidence and
/// say so. Findings are given only where the margin is clear, and say by how much; without images, not of lattices with an axis of
/// less than three pixels.
///
/// # Errors
/// If no axis can be that of components, nothing is finite, or size and images do not fit the array.
///
/// ```
/// use displace::{AnyArray, Fault, GuessInput, guess};
/// // The identity for an image of 3x4 pixels, align_corners=True, said to be align_corners=False.
/// let grid: Vec<f64> = (0..12).flat_map(|i| [f64::from(i % 4) / 1.5 - 1.0, f64::from(i / 4) - 1.0]).collect();
/// let grid = AnyArray::new(vec![3, 4, 2], grid)?;
/// let found = guess(&GuessInput { declared: Some("torch_grid".parse()?), ..GuessInput::new(&grid) })?;
/// assert_eq!(found.candidates[0].convention.to_string(), "torch_grid_aligned");
/// assert_eq!(found.findings[0].fault, Fault::WrongExtent);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn guess(input: &GuessInput<'_>) -> Result<Guess, GuessError> {
    let stored = Stored::all(input.array.shape());
    if stored.is_empty() {
        return Err(GuessError::Shape { found: input.array.shape().to_vec() });
    }
    let stored: Vec<Stored> = match input.input_size {
        None => stored,
        Some(size) => {
            let mut expected: Vec<usize> = stored.iter().map(|s| s.axes).collect();
            expected.dedup();
            let fitting: Vec<_> = stored.into_iter().filter(|s| s.axes == size.len() && !size.contains(&0)).collect();
            if fitting.is_empty() {
                return Err(GuessError::InputSize { found: size.to_vec(), expected });
            }
            fitting
        }
    };
    let points: Vec<Points> = stored.iter().filter_map(|stored| Points::of(input.array, *stored)).collect();
    if points.is_empty() {
        return Err(GuessError::NothingKnown);
    }
    let smoothest = points.iter().map(Points::roughness_cost).fold(f64::INFINITY, f64::min);
    let mut weighed = Vec::new();
    for points in &points {
        let rough = points.roughness_cost() - smoothest;
        weighed.extend(weigh(input, points, rough));
    }
    if weighed.is_empty() {
        return Err(no_images(input));
    }
    weighed.sort_by(|a, b| a.total().total_cmp(&b.total()));
    // Ramps and folds of two pixels are there by chance.
    let thin = weighed.first().is_some_and(|w| w.reading.here[..w.reading.axes].iter().any(|len| *len < 3));
    let findings = if thin && input.pair.is_none() { Vec::new() } else { judge::findings(&Judged { input, weighed: &weighed }) };
    Ok(Guess { candidates: candidates(input, &weighed), findings })
}

fn no_images(input: &GuessInput<'_>) -> GuessError {
    let shape = |image: Option<&AnyArray>| image.map(|image| image.shape().to_vec()).unwrap_or_default();
    GuessError::Images {
        source_shape: shape(input.pair.map(|pair| pair.source)),
        destination_shape: shape(input.pair.map(|pair| pair.destination)),
        array: input.array.shape().to_vec(),
    }
}

/// All readings of the numbers laid out in one way.
fn weigh(input: &GuessInput<'_>, points: &Points, rough: f64) -> Vec<Weighed> {
    let assumed = Assumed::all(input, points.stored);
    let mut pair = input.pair.map(Pair::new);
    let mut found = Vec::new();
    for reading in assumed {
        let images = match &mut pair {
            None => None,
            Some(pair) => match pair.fit(&reading, points) {
                Some(fit) => Some(fit),
                None => continue,
            },
        };
        let look = Look::at(&reading, points);
        let cost = reading.shape_cost + rough + look.cost + images.as_ref().map_or(0.0, picture::Fit::cost);
        found.push(Weighed { reading, look, images, cost });
    }
    found
}

/// The candidates, sorted; what differs only in what a convention does not say is one.
fn candidates(input: &GuessInput<'_>, weighed: &[Weighed]) -> Vec<Candidate> {
    let Some(best) = weighed.first() else { return Vec::new() };
    let weight = |w: &Weighed| ((best.total() - w.total()) / TEMPERATURE).exp();
    let sum: f64 = weighed.iter().map(weight).sum();
    let mut found: Vec<(Candidate, &Weighed)> = Vec::new();
    for one in weighed {
        let confidence = if one.reading.sizes.own() { weight(one) / sum } else { 0.0 };
        match found.iter_mut().find(|(candidate, _)| candidate.convention == one.reading.convention) {
            Some((candidate, _)) => candidate.confidence += confidence,
            None => {
                found.push((Candidate { convention: one.reading.convention, confidence, evidence: Vec::new() }, one));
            }
        }
    }
    found.sort_by(|(a, _), (b, _)| b.confidence.total_cmp(&a.confidence));
    let kept: Vec<_> = found.into_iter().filter(|(candidate, _)| candidate.confidence > LEAST).take(MOST).collect();
    let all: Vec<&Weighed> = kept.iter().map(|(_, weighed)| *weighed).collect();
    kept.into_iter().map(|(candidate, one)| Candidate { evidence: evidence(input, one, &all), ..candidate }).collect()
}

/// What is known of a reading, a line each.
fn evidence(input: &GuessInput<'_>, one: &Weighed, all: &[&Weighed]) -> Vec<String> {
    let reading = &one.reading;
    let mut lines = vec![shape_line(input, reading), one.look.line()];
    if !reading.sizes.own() {
        lines.push("if each axis was divided by the length of another one".into());
    }
    if reading.convention.is_physical() && input.here.is_none() && input.there.is_none() {
        lines.push("no placement is known: pixels of 1 mm are assumed".into());
    }
    match &one.images {
        Some(images) => lines.push(images.line()),
        None => {
            let twins = all.iter().filter(|other| {
                let other = &other.reading.convention;
                *other != reading.convention && other.unit == reading.convention.unit
            });
            let twins: Vec<String> = twins
                .filter(|other| (other.cost - one.cost).abs() < 1.0)
                .map(|other| other.reading.convention.to_string())
                .collect();
            if !twins.is_empty() {
                lines.push(format!("the numbers alone do not tell it from {}: that needs an image pair", twins.join("; ")));
            }
        }
    }
    lines
}

fn shape_line(input: &GuessInput<'_>, reading: &Reading) -> String {
    let d = reading.axes;
    let (here, there) = (SizeText::from_xy(&reading.here[..d]), SizeText::from_xy(&reading.there[..d]));
    let way = match reading.convention.direction {
        Direction::Pull => "reads",
        Direction::Push => "leads to",
    };
    let known = if input.input_size.is_some() || input.pair.is_some() { "" } else { " (assumed)" };
    format!("shape {:?}: a lattice of {here} that {way} {there}{known}", input.array.shape())
}
