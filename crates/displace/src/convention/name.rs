//! Conventions as text: `flow`, `torch_grid`, `flow,order=ij,layout=first`.

use crate::axis::Extent;
use crate::convention::{Centre, Convention, Frame, Order, PRESETS, Quantity, Unit};
use crate::error::ConventionError;
use crate::op::points::Direction;
use crate::view::Layout;
use std::fmt;
use std::str::FromStr;

/// The names of one thing that a convention says.
type Names<T> = &'static [(&'static str, T)];

const QUANTITIES: Names<Quantity> =
    &[("location", Quantity::Location), ("displacement", Quantity::Displacement), ("negated", Quantity::Negated)];
const UNITS: Names<Unit> = &[
    ("pixels", Unit::SourcePixels),
    ("destination_pixels_edges", Unit::DestinationPixels(Extent::Edges)),
    ("destination_pixels_centers", Unit::DestinationPixels(Extent::Centers)),
    ("normalized_edges", Unit::Normalised(Extent::Edges)),
    ("normalized_centers", Unit::Normalised(Extent::Centers)),
    ("fraction_edges", Unit::Fraction(Extent::Edges)),
    ("fraction_centers", Unit::Fraction(Extent::Centers)),
    ("mm_lps", Unit::Physical(Frame::Lps)),
    ("mm_ras", Unit::Physical(Frame::Ras)),
    ("mm_fsl", Unit::Physical(Frame::Fsl)),
];
const ORDERS: Names<Order> = &[("xy", Order::Xy), ("ij", Order::Ij)];
const LAYOUTS: Names<Layout> = &[("last", Layout::Interleaved), ("first", Layout::Planar)];
const AXES: Names<bool> = &[("ij", false), ("xy", true)];
const UP: Names<bool> = &[("down", false), ("up", true)];
const DIRECTIONS: Names<Direction> = &[("pull", Direction::Pull), ("push", Direction::Push)];
const CENTRES: Names<Centre> = &[("0", Centre::Zero), ("0.5", Centre::Half), ("1", Centre::One)];

fn named<T: Copy>(key: &str, value: &str, names: Names<T>) -> Result<T, ConventionError> {
    names.iter().find(|(name, _)| *name == value).map(|(_, meaning)| *meaning).ok_or_else(|| ConventionError::Value {
        key: key.into(),
        found: value.into(),
        expected: names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
    })
}

fn name<T: PartialEq>(meaning: &T, names: Names<T>) -> &'static str {
    names.iter().find(|(_, other)| other == meaning).map_or("", |(name, _)| name)
}

impl FromStr for Convention {
    type Err = ConventionError;

    fn from_str(text: &str) -> Result<Self, ConventionError> {
        let mut parts = text.split(',').map(str::trim);
        let preset = parts.next().unwrap_or_default();
        if preset == "stmap" {
            return Err(ConventionError::StMap);
        }
        let mut found = PRESETS
            .iter()
            .find(|p| p.name == preset)
            .map(|p| p.convention)
            .ok_or_else(|| ConventionError::Unknown { found: preset.into() })?;
        for part in parts {
            let (key, value) = part.split_once('=').ok_or_else(|| ConventionError::Part { found: part.into() })?;
            match key {
                "quantity" => found.quantity = named(key, value, QUANTITIES)?,
                "unit" => found.unit = named(key, value, UNITS)?,
                "order" => found.order = named(key, value, ORDERS)?,
                "layout" => found.layout = named(key, value, LAYOUTS)?,
                "axes" => found.x_first = named(key, value, AXES)?,
                "y" => found.y_up = named(key, value, UP)?,
                "direction" => found.direction = named(key, value, DIRECTIONS)?,
                "centre" => found.centre = named(key, value, CENTRES)?,
                _ => return Err(ConventionError::Part { found: part.into() }),
            }
        }
        Ok(found)
    }
}

impl Convention {
    /// What differs from another, as `key=value`.
    #[must_use]
    pub fn differences(&self, from: &Self) -> Vec<String> {
        let mut parts = Vec::new();
        let mut differs = |key: &str, mine: &'static str, theirs: &'static str| {
            if mine != theirs {
                parts.push(format!("{key}={mine}"));
            }
        };
        differs("quantity", name(&self.quantity, QUANTITIES), name(&from.quantity, QUANTITIES));
        differs("unit", name(&self.unit, UNITS), name(&from.unit, UNITS));
        differs("order", name(&self.order, ORDERS), name(&from.order, ORDERS));
        differs("layout", name(&self.layout, LAYOUTS), name(&from.layout, LAYOUTS));
        differs("axes", name(&self.x_first, AXES), name(&from.x_first, AXES));
        differs("y", name(&self.y_up, UP), name(&from.y_up, UP));
        differs("direction", name(&self.direction, DIRECTIONS), name(&from.direction, DIRECTIONS));
        differs("centre", name(&self.centre, CENTRES), name(&from.centre, CENTRES));
        parts
    }

    /// In words: what a line of a report says of the numbers.
    #[must_use]
    pub fn describe(&self) -> String {
        let quantity = match self.quantity {
            Quantity::Location => "locations",
            Quantity::Displacement => "displacements",
            Quantity::Negated => "displacements of the other sign (rest minus location)",
        };
        let unit = match self.unit {
            Unit::SourcePixels => "in pixels of what is read",
            Unit::DestinationPixels(Extent::Edges) => "in pixels of what is written (sizes between edges)",
            Unit::DestinationPixels(Extent::Centers) => "in pixels of what is written (sizes between end centres)",
            Unit::Normalised(Extent::Edges) => "normalised, -1..+1 between the outer edges",
            Unit::Normalised(Extent::Centers) => "normalised, -1..+1 between the end centres",
            Unit::Fraction(Extent::Edges) => "as fractions 0..1 between the outer edges",
            Unit::Fraction(Extent::Centers) => "as fractions 0..1 between the end centres",
            Unit::Physical(Frame::Lps) => "in mm, LPS",
            Unit::Physical(Frame::Ras) => "in mm, RAS",
            Unit::Physical(Frame::Fsl) => "in mm along FSL's voxel axes",
        };
        let order = match self.order {
            Order::Xy => "x first",
            Order::Ij => "first array axis first",
        };
        let layout = match self.layout {
            Layout::Interleaved => "components last",
            Layout::Planar => "components first",
        };
        let direction = match self.direction {
            Direction::Pull => "pull: from a destination pixel to where it is read from",
            Direction::Push => "push: from a source pixel to where it goes",
        };
        let mut text = format!("{quantity} {unit}, {order}, {layout}");
        if self.x_first {
            text += ", array axes x, y(, z)";
        }
        if self.y_up {
            text += ", y upwards from the last row";
        }
        if self.centre != Centre::Zero {
            text += &format!(", first pixel centre at {}", self.centre.offset());
        }
        format!("{text}, {direction}")
    }
}

/// The name of the nearest preset and what differs from it.
impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, mut parts) = PRESETS
            .iter()
            .map(|preset| (preset.name, self.differences(&preset.convention)))
            // A preset in the same unit says more than one that differs in fewer parts.
            .min_by_key(|(_, parts)| (parts.iter().any(|part| part.starts_with("unit=")), parts.len()))
            .unwrap_or_default();
        parts.insert(0, name.into());
        f.pad(&parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_a_name_that_means_it() {
        for preset in PRESETS {
            assert_eq!(preset.name.parse::<Convention>().unwrap(), preset.convention, "{}", preset.name);
            let printed = preset.convention.to_string();
            assert_eq!(printed.parse::<Convention>().unwrap(), preset.convention, "{printed}");
        }
    }

    #[test]
    fn every_part_can_be_said() {
        let text = "pixel_map,quantity=negated,unit=mm_ras,order=ij,layout=first,axes=xy,y=up,direction=push,centre=0.5";
        let all: Convention = text.parse().unwrap();
        assert_eq!(all.to_string().parse::<Convention>().unwrap(), all);
        assert_eq!(all.differences(&"pixel_map".parse().unwrap()).len(), 8);
    }

    #[test]
    fn wrong_names_list_the_right_ones() {
        let error = |text: &str| text.parse::<Convention>().unwrap_err().to_string();
        assert!(error("raft").contains("torch_grid_aligned"));
        assert!(error("stmap").contains("stmap_edges") && error("stmap").contains("stmap_centers"));
        assert!(error("flow,order=yx").contains("xy, ij"));
        assert!(error("flow,colour=red").contains("quantity"));
    }
}
