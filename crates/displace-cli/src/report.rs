//! Reports on the terminal.

use crate::failure::Result;
use crate::output::{is_pipe, print};
use crate::progress::Progress;
use displace::{FieldView, Location, summary};
pub(crate) use displace_report::{Report, extent_text, px, shape_text, sizes};
use serde_json::json;
use std::path::Path;

/// What only a terminal needs of a report.
pub(crate) trait OnTerminal {
    /// Prints the lines or the JSON.
    fn print(&self, as_json: bool) -> Result<()>;
    /// What was written where.
    fn wrote(&mut self, what: &'static str, path: &Path);
    /// Everything about a field, with a spinner while it is summed up.
    fn sum_up<L: Location, const D: usize>(&mut self, field: &FieldView<'_, L, D>);
}

impl OnTerminal for Report {
    fn print(&self, as_json: bool) -> Result<()> {
        if as_json { print(&format!("{:#}\n", self.json())) } else { print(&self.text()) }
    }

    fn wrote(&mut self, what: &'static str, path: &Path) {
        let name = if is_pipe(path) { "standard output".into() } else { path.display().to_string() };
        self.line(what, format!("-> {name}"));
        self.fact(what, json!(name));
    }

    fn sum_up<L: Location, const D: usize>(&mut self, field: &FieldView<'_, L, D>) {
        let summary = Progress::spin("summing up", || summary(field));
        self.field(field, &summary);
    }
}
