//! What can be wrong with a file of landmarks.

use thiserror::Error;

/// Why a file holds no pairs of points.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LandmarksError {
    /// Not text.
    #[error("holds bytes that are no UTF-8 text: expected landmarks as CSV or JSON")]
    NotText,
    /// Columns that are missing, unknown, or there twice.
    #[error(
        "has the columns {found}: expected x_src, y_src[, z_src], x_dst, y_dst[, z_dst][, weight][, name] in the first line ({why})"
    )]
    Columns {
        /// The columns there are.
        found: String,
        /// What is wrong with them.
        why: String,
    },
    /// A line with more or fewer entries than there are columns.
    #[error("line {line} has {found} entries: expected {expected}")]
    Entries {
        /// Its number, from 1.
        line: u64,
        /// Entries there are.
        found: u64,
        /// Columns there are.
        expected: u64,
    },
    /// Something that is no number.
    #[error("line {line}, column {column}: \"{found}\" is no finite number")]
    Number {
        /// Its number, from 1.
        line: u64,
        /// The column's name.
        column: &'static str,
        /// What is there.
        found: String,
    },
    /// A weight below 0.
    #[error("{at}: the weight is {weight}: expected 0 or more")]
    Weight {
        /// The line, or the entry.
        at: String,
        /// The weight.
        weight: String,
    },
    /// Text that the reader of its format does not take.
    #[error("cannot be read as {format}: {cause}")]
    Syntax {
        /// CSV or JSON.
        format: &'static str,
        /// What the reader says, with line and column.
        cause: String,
    },
    /// JSON of another form.
    #[error(
        "{at}: {what}; expected {{\"source\": [[x, y], ..], \"destination\": [[x, y], ..]}}, in 3-D [x, y, z], and maybe \"weight\": [..]"
    )]
    Form {
        /// The entry.
        at: String,
        /// What is wrong with it.
        what: String,
    },
    /// No pairs at all.
    #[error("holds no landmarks")]
    None,
}
