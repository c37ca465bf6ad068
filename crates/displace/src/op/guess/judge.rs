//! What speaks clearly against the convention declared.

use super::look::px;
use super::{GuessInput, Weighed};
use crate::convention::{Convention, Frame, Quantity, Unit};
use crate::error::SizeText;
use crate::op::points::Direction;
use std::fmt;

/// The least margin of a finding, in nats.
const CLEAR: f64 = 8.0;
/// The least margin where locations would be displacements or another unit: ramps may be there by chance.
const CLEARER: f64 = 11.0;
/// The least margin with the rarity of conventions counted in.
const WORTH: f64 = 4.0;
/// By how much less images must differ, if there are some.
const RATIO: f64 = 1.25;
/// What each further mistake adds to the margin.
const AGAIN: f64 = 4.0;
/// By how much nearer to the identity numbers must be, where this alone decides.
const NEARER: f64 = 4.0;
/// How near to the identity displacements are that are locations, as a share of the size.
const CLOSE: f64 = 0.08;
/// Readings within this of the best are as good: the one nearest to the declared is believed.
const AS_GOOD: f64 = 4.0;

/// What is wrong with a declared convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Between the outer edges for between the end centres, or the other way round.
    WrongExtent,
    /// x and y (in volumes, x and z) components in the other order.
    SwappedComponents,
    /// Each axis normalised by the length of another one.
    SwappedSizes,
    /// Displacements of the other sign.
    FlippedSign,
    /// The array's axes run x, y(, z), or (z, )y, x after all.
    Transposed,
    /// Push for pull or pull for push.
    WrongDirection,
    /// Pixels for millimetres, normalised for pixels and so on.
    WrongUnit,
    /// Millimetres in the axes of another frame.
    WrongFrame,
    /// Locations for displacements or displacements for locations.
    WrongQuantity,
    /// Components first for last or last for first.
    WrongLayout,
    /// y counted from the other end.
    UpsideDown,
    /// The first pixel's centre at another number.
    WrongCentre,
}

/// Something that speaks clearly against the declared convention.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What is wrong.
    pub fault: Fault,
    /// What was declared.
    pub declared: Convention,
    /// What fits better; for [`Fault::SwappedSizes`] the same in this respect, as no convention divides by the length of another axis.
    pub better: Convention,
    /// The numbers that say so.
    pub evidence: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "declared {}, but {}: {}", self.declared, self.evidence, self.fault.verdict(&self.declared, &self.better))
    }
}

impl Fault {
    fn verdict(self, declared: &Convention, better: &Convention) -> String {
        let unit = |convention: &Convention| match convention.unit {
            Unit::SourcePixels | Unit::DestinationPixels(_) => "pixels",
            Unit::Normalised(_) => "normalised",
            Unit::Fraction(_) => "fractions of the size",
            Unit::Physical(_) => "millimetres",
        };
        let quantity = |convention: &Convention| match convention.quantity {
            Quantity::Location => "locations",
            Quantity::Displacement | Quantity::Negated => "displacements",
        };
        match self {
            Self::WrongExtent => "the extent is wrong".into(),
            Self::SwappedComponents => "the components are in the other order".into(),
            Self::SwappedSizes => "each axis is normalised by the length of another one".into(),
            Self::FlippedSign => "the sign is flipped".into(),
            Self::Transposed if better.x_first => "the array's axes run x first: it is transposed".into(),
            Self::Transposed => "the array's axes do not run x first".into(),
            Self::WrongDirection => match better.direction {
                Direction::Push => "the numbers push, they do not pull".into(),
                Direction::Pull => "the numbers pull, they do not push".into(),
            },
            Self::WrongUnit => format!("the unit is wrong, {} and not {}", unit(better), unit(declared)),
            Self::WrongFrame => "the axes are those of another frame".into(),
            Self::WrongQuantity => format!("these are {} and not {}", quantity(better), quantity(declared)),
            Self::WrongLayout => "the components are on the other side of the lattice's axes".into(),
            Self::UpsideDown => "y counts from the other end".into(),
            Self::WrongCentre => format!("the first pixel's centre is at {}", better.centre.offset()),
        }
    }

    /// Whether numbers alone say it by being nearer to the identity.
    const fn is_nearness(self) -> bool {
        matches!(self, Self::WrongExtent | Self::SwappedSizes | Self::WrongCentre | Self::WrongFrame)
    }

    /// How clear it must be.
    fn margin(self, images: bool) -> f64 {
        match self {
            Self::WrongUnit | Self::WrongQuantity if !images => CLEARER,
            _ => CLEAR,
        }
    }
}

/// All readings, the best first.
pub(super) struct Judged<'a> {
    pub(super) input: &'a GuessInput<'a>,
    pub(super) weighed: &'a [Weighed],
}

/// What differs from a convention to a reading.
fn faults(declared: &Convention, one: &Weighed) -> Vec<Fault> {
    let better = &one.reading.convention;
    let moved = |convention: &Convention| convention.quantity != Quantity::Location;
    let mut found = Vec::new();
    let mut add = |wrong: bool, fault: Fault| {
        if wrong {
            found.push(fault);
        }
    };
    add(declared.layout != better.layout, Fault::WrongLayout);
    add(declared.x_first != better.x_first, Fault::Transposed);
    add(moved(declared) != moved(better), Fault::WrongQuantity);
    add(moved(declared) == moved(better) && declared.quantity != better.quantity, Fault::FlippedSign);
    add(declared.unit != better.unit, unit_fault(declared.unit, better.unit));
    add(!one.reading.sizes.own(), Fault::SwappedSizes);
    add(declared.order != better.order, Fault::SwappedComponents);
    add(declared.direction != better.direction, Fault::WrongDirection);
    add(declared.y_up != better.y_up, Fault::UpsideDown);
    add(declared.centre != better.centre, Fault::WrongCentre);
    found
}

fn unit_fault(declared: Unit, better: Unit) -> Fault {
    match (declared, better) {
        (Unit::Normalised(_), Unit::Normalised(_)) | (Unit::Fraction(_), Unit::Fraction(_)) => Fault::WrongExtent,
        (Unit::DestinationPixels(_), Unit::DestinationPixels(_)) => Fault::WrongExtent,
        (Unit::Physical(Frame::Lps | Frame::Ras | Frame::Fsl), Unit::Physical(_)) => Fault::WrongFrame,
        _ => Fault::WrongUnit,
    }
}

/// What speaks clearly against the declared convention, if one was.
pub(super) fn findings(judged: &Judged<'_>) -> Vec<Finding> {
    let Some(declared) = judged.input.declared else { return Vec::new() };
    // The declared one, or what is nearest to it that fits shape and images at all.
    let differences = |one: &Weighed| faults(&declared, one).len();
    let nearest = |a: &&Weighed, b: &&Weighed| differences(a).cmp(&differences(b)).then(a.total().total_cmp(&b.total()));
    let Some(mine) = judged.weighed.iter().min_by(nearest) else { return Vec::new() };
    let unavoidable = faults(&declared, mine);
    let evidence_of = |better: &Weighed| {
        let shape = judged.input.array.shape();
        match unavoidable.is_empty() {
            true => evidence(judged, mine, better),
            false => {
                format!("it does not fit the shape {shape:?}{}", if judged.input.pair.is_some() { " and the images" } else { "" })
            }
        }
    };
    let better = believed(judged, &mine.reading.convention, mine).filter(|better| is_clear(mine, better)).unwrap_or(mine);
    let text = evidence_of(better);
    let finding = |fault| Finding { fault, declared, better: better.reading.convention, evidence: text.clone() };
    faults(&declared, better).into_iter().map(finding).collect()
}

/// Whether one reading is better than another beyond doubt.
fn is_clear(mine: &Weighed, better: &Weighed) -> bool {
    let images = mine.images.as_ref().zip(better.images.as_ref()).filter(|(mine, _)| !mine.says_nothing());
    let wrong = faults(&mine.reading.convention, better);
    // Several mistakes at once are rarer than one: they may undo each other. A grid taken for a flow is one mistake.
    let one = usize::from(wrong.contains(&Fault::WrongQuantity) && wrong.contains(&Fault::WrongUnit));
    let more = wrong.len().saturating_sub(1 + one) as f64;
    let margin = wrong.iter().map(|fault| fault.margin(images.is_some())).fold(CLEAR, f64::max) + AGAIN * more;
    let ratio = RATIO * (1.0 + more / 3.0);
    mine.cost - better.cost >= margin
        && mine.total() - better.total() >= WORTH
        && images.is_none_or(|(mine, better)| better.clearly_better(mine, ratio))
        && (images.is_some() || !wrong.iter().any(|fault| fault.is_nearness()) || is_nearer(mine, better))
        && (images.is_some() || is_ramp(mine, better))
}

/// Whether numbers said to be something else are this near the identity only as locations: a zoom by the right factor is nearly that.
fn is_ramp(mine: &Weighed, better: &Weighed) -> bool {
    let axes = better.reading.axes;
    let size = better.reading.there[..axes].iter().map(|len| *len as f64).sum::<f64>() / axes as f64;
    mine.reading.convention.quantity == better.reading.convention.quantity
        || better.reading.convention.quantity != Quantity::Location
        || better.look.from_rest < CLOSE * size
}

/// Whether a reading is so much nearer to the identity that this is no chance.
fn is_nearer(mine: &Weighed, better: &Weighed) -> bool {
    mine.look.from_rest >= NEARER * better.look.from_rest || better.look.still > mine.look.still + 0.05
}

/// Of the readings that are as good as the best, the one that differs least from the declared.
fn believed<'a>(judged: &Judged<'a>, declared: &Convention, mine: &Weighed) -> Option<&'a Weighed> {
    let best = judged.weighed.first()?;
    let as_good = judged.weighed.iter().filter(|one| one.total() - best.total() <= AS_GOOD && !std::ptr::eq(*one, mine));
    as_good.min_by(|a, b| {
        let (few, many) = (faults(declared, a).len(), faults(declared, b).len());
        few.cmp(&many).then(a.total().total_cmp(&b.total()))
    })
}

/// The numbers that differ most.
fn evidence(judged: &Judged<'_>, mine: &Weighed, better: &Weighed) -> String {
    let name = match better.reading.sizes.own() {
        true => format!("under {}", better.reading.convention),
        false => "if the lengths are exchanged".to_string(),
    };
    let mut parts = Vec::new();
    let d = mine.reading.axes;
    if mine.reading.here != mine.reading.there && better.reading.here == better.reading.there {
        let text = |size: &[usize; 3]| SizeText::from_xy(&size[..d]);
        parts.push(format!("the lattice is {} and the input {}", text(&mine.reading.here), text(&mine.reading.there)));
    }
    if let Some((mine, better)) = mine.images.as_ref().zip(better.images.as_ref()).filter(|(mine, _)| !mine.says_nothing()) {
        let to = if judged.input.pair.is_some_and(|pair| pair.recorded) { "the recorded output" } else { "the other image" };
        parts.push(format!("what is read differs from {to} by {:.3} there and by {:.3e} {name}", mine.error, better.error));
    }
    let (a, b) = (&mine.look, &better.look);
    if mine.reading.convention.quantity == better.reading.convention.quantity && differ(a.from_rest, b.from_rest) {
        parts.push(format!("the distance from the identity is {} px there and {} px {name}", px(a.from_rest), px(b.from_rest)));
    }
    if differ(a.inside, b.inside) {
        parts.push(format!("{:.0}% of pixels lead inside there and {:.0}% {name}", 100.0 * a.inside, 100.0 * b.inside));
    }
    if differ(a.folds, b.folds) && a.folds.max(b.folds) > 0.02 {
        parts.push(format!("{:.0}% of pixels are folded there and {:.0}% {name}", 100.0 * a.folds, 100.0 * b.folds));
    }
    if parts.is_empty() {
        let margin = (mine.cost - better.cost).min(999.0);
        parts.push(format!("the numbers are e^{margin:.0} times likelier {name}"));
    }
    parts.join(", ")
}

/// Whether two numbers differ enough to be shown.
fn differ(a: f64, b: f64) -> bool {
    (a - b).abs() > 0.2 * a.max(b)
}
