//! What a conversion took for true, and what it changed.

use crate::{Report, sizes};
use displace::{Placement, with_data};
use displace_io::Converted;
use serde_json::json;

impl Report {
    /// Everything about a conversion.
    pub fn conversion(&mut self, converted: &Converted) {
        let to = converted.field.readings[0];
        for remark in &converted.field.remarks {
            self.line("header", remark.clone());
        }
        let by = if converted.said_by_file { "as the file says" } else { "as named" };
        self.line("from", format!("{} ({by}): {}", converted.from, converted.from.describe()));
        self.line("to", format!("{to}: {}", to.describe()));
        let changes = to.differences(&converted.from);
        self.line("changed", if changes.is_empty() { "nothing".into() } else { changes.join(", ") });
        let here = sizes(&converted.axes.size[..converted.axes.axes]);
        let there = converted.input_size.as_ref().map_or_else(
            || "the size of what they speak of takes no part".into(),
            |size| format!("they speak of {}", size.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")),
        );
        self.line("pixels", format!("numbers at {here}; {there}"));
        if let Some(placement) = &converted.field.placement {
            self.placement(placement);
        }
        with_data!(converted.field.array.data(), v => self.array(converted.field.array.shape(), v));
        if let Some(valid) = &converted.field.valid {
            self.valid(valid);
        }
        if let Some((holes, all)) = converted.holes {
            self.line("inverted", format!("every cell solved; {holes} of {all} pixels are reached by nobody: NaN"));
        }
        match converted.loss {
            Some(0.0) if converted.lost == 0 => self.line("back", "the way back gives the same numbers"),
            Some(_) if converted.lost > 0 => {
                self.line("back", format!("{} numbers do not come back: they become NaN or infinite", converted.lost));
            }
            Some(loss) => self.line("back", format!("the way back differs by {loss:.3e} at most, in the unit it came from")),
            None => {}
        }
        if converted.widened {
            self.line("precision", "f64, since f32 would not give the same numbers back (dtype \"same\" keeps f32)");
        }
        self.fact("from", json!(converted.from.to_string()));
        self.fact("said_by_file", json!(converted.said_by_file));
        self.fact("to", json!(to.to_string()));
        self.fact("changed", json!(changes));
        self.fact("input_size", json!(converted.input_size));
        self.fact("rest", json!(converted.rest.to_string()));
        self.fact("back_differs_by", json!(converted.loss));
        self.fact("numbers_lost", json!(converted.loss.map(|_| converted.lost)));
        self.fact("widened", json!(converted.widened));
        self.fact("holes", json!(converted.holes.map(|(holes, _)| holes)));
    }

    /// Where pixels lie.
    pub fn placement(&mut self, placement: &Placement) {
        let text = |numbers: &[f64]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        self.line("spacing", format!("{}; x first", text(placement.spacing())));
        self.line("origin", format!("{}; LPS", text(placement.origin())));
        self.line("direction", format!("{}; row by row, its columns are the index axes in LPS", text(placement.direction())));
        self.fact("spacing", json!(placement.spacing()));
        self.fact("origin", json!(placement.origin()));
        self.fact("direction", json!(placement.direction()));
    }

    /// How many pixels have numbers that mean something.
    pub fn valid(&mut self, valid: &[bool]) {
        let count = valid.iter().filter(|v| **v).count();
        self.line("valid", format!("{count} of {} pixels", valid.len()));
        self.fact("valid_pixels", json!(count));
    }
}
