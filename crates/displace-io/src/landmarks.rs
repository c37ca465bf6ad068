//! Pairs of points, as CSV or JSON.

use crate::error::landmarks::LandmarksError;
use crate::error::read::{ReadCause, ReadError, one_line};
use crate::memory::Memory;
use crate::source::at;
use csv::{ReaderBuilder, StringRecord, Trim};
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Pairs of points in pixels, x first: what lies at `source[i]` of the image that is read comes to `destination[i]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Landmarks<const D: usize> {
    /// Places in the source.
    pub source: Vec<[f64; D]>,
    /// Places in the destination, as many.
    pub destination: Vec<[f64; D]>,
    /// How much each pair counts, 0 or more, if the file says so.
    pub weight: Option<Vec<f64>>,
}

/// Landmarks in a plane or in space.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyLandmarks {
    /// x and y.
    Two(Landmarks<2>),
    /// x, y and z.
    Three(Landmarks<3>),
}

/// Reads pairs of points.
///
/// CSV has its columns' names in the first line, in any order: `x_src`, `y_src`, `x_dst`, `y_dst`, in 3-D `z_src` and `z_dst`; maybe `weight`,
/// and `name`, which is passed over. Lines that start with `#` are comments. JSON is `{"source": [[x, y], ..], "destination": [[x, y], ..]}`,
/// maybe with `"weight": [..]`; points of three numbers make it 3-D.
///
/// # Errors
/// If the file cannot be read, or holds anything else; the message names line and column, or the entry.
///
/// ```
/// use displace_io::{AnyLandmarks, read_landmarks};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("pairs.csv");
/// std::fs::write(&path, "x_src,y_src,x_dst,y_dst\n1,2,3.5,4\n")?;
/// let AnyLandmarks::Two(pairs) = read_landmarks(&path)? else { panic!("two axes") };
/// assert_eq!((pairs.source[0], pairs.destination[0]), ([1.0, 2.0], [3.5, 4.0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_landmarks(path: &Path) -> Result<AnyLandmarks, ReadError> {
    read(path).map_err(at(path))
}

/// What numbers take in memory for each byte of text: `[1,1],` becomes two values of 32 bytes and a list.
const GROWTH: u64 = 32;

fn read(path: &Path) -> Result<AnyLandmarks, ReadCause> {
    let file = File::open(path).map_err(ReadCause::Open)?;
    let metadata = file.metadata().map_err(ReadCause::Open)?;
    if metadata.is_dir() {
        return Err(ReadCause::NotAFile { found: "a folder" });
    }
    Memory::new(None).check(metadata.len().saturating_mul(GROWTH))?;
    let mut bytes = Vec::new();
    file.take(metadata.len()).read_to_end(&mut bytes)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| LandmarksError::NotText)?.trim_start_matches('\u{feff}');
    Ok(if text.trim_start().starts_with(['{', '[']) { json(text)? } else { csv(text)? })
}

const COLUMNS: [&str; 8] = ["x_src", "y_src", "z_src", "x_dst", "y_dst", "z_dst", "weight", "name"];

fn csv(text: &str) -> Result<AnyLandmarks, LandmarksError> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).comment(Some(b'#')).flexible(true).from_reader(text.as_bytes());
    let syntax = |e: csv::Error| LandmarksError::Syntax { format: "CSV", cause: one_line(&e.to_string()) };
    let header = reader.headers().map_err(syntax)?.clone();
    let columns = |why: String| LandmarksError::Columns { found: one_line(&header.iter().collect::<Vec<_>>().join(", ")), why };
    let mut seat = [None; COLUMNS.len()];
    for (j, name) in header.iter().enumerate() {
        let known =
            COLUMNS.iter().position(|column| *column == name).ok_or_else(|| columns(format!("\"{}\" is none", one_line(name))))?;
        if seat[known].replace(j).is_some() {
            return Err(columns(format!("\"{name}\" is there twice")));
        }
    }
    let three = seat[2].is_some() || seat[5].is_some();
    for k in (0..6).filter(|k| three || k % 3 != 2) {
        if seat[k].is_none() {
            return Err(columns(format!("\"{}\" is missing", COLUMNS[k])));
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(syntax)?;
        rows.push(row(&record, &seat, header.len())?);
    }
    let place = |row: &[f64; 7], from: usize| [row[from], row[from + 1], row[from + 2]];
    let source = rows.iter().map(|row| place(row, 0)).collect();
    let destination = rows.iter().map(|row| place(row, 3)).collect();
    finish(source, destination, seat[6].map(|_| rows.iter().map(|row| row[6]).collect()), three)
}

/// The numbers of a line, 0 where there is no column.
fn row(record: &StringRecord, seat: &[Option<usize>; COLUMNS.len()], expected: usize) -> Result<[f64; 7], LandmarksError> {
    let line = record.position().map_or(0, csv::Position::line);
    if record.len() != expected {
        return Err(LandmarksError::Entries { line, found: record.len() as u64, expected: expected as u64 });
    }
    let mut numbers = [0.0; 7];
    for (k, number) in numbers.iter_mut().enumerate() {
        let Some(j) = seat[k] else { continue };
        let word = &record[j];
        *number = word.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| LandmarksError::Number {
            line,
            column: COLUMNS[k],
            found: one_line(word),
        })?;
    }
    if numbers[6] < 0.0 {
        return Err(LandmarksError::Weight { at: format!("line {line}"), weight: numbers[6].to_string() });
    }
    Ok(numbers)
}

fn json(text: &str) -> Result<AnyLandmarks, LandmarksError> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| LandmarksError::Syntax { format: "JSON", cause: one_line(&e.to_string()) })?;
    let form = |at: &str, what: String| LandmarksError::Form { at: at.to_owned(), what };
    let object = value.as_object().ok_or_else(|| form("the document", "is no object".into()))?;
    if let Some(other) = object.keys().find(|key| !["source", "destination", "weight", "name"].contains(&key.as_str())) {
        return Err(form(&format!("\"{}\"", one_line(other)), "is no known entry".into()));
    }
    let list = |name: &str| match object.get(name) {
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(form(name, "is no list".into())),
        None => Err(form(name, "is missing".into())),
    };
    let (source, destination) = (list("source")?, list("destination")?);
    if source.len() != destination.len() {
        return Err(form("destination", format!("has {} points, source {}", destination.len(), source.len())));
    }
    let axes = source.first().and_then(Value::as_array).map_or(2, Vec::len);
    if !matches!(axes, 2 | 3) {
        return Err(form("source[0]", format!("has {axes} numbers")));
    }
    let points = |name: &str, list: &[Value]| {
        let point = |(i, value): (usize, &Value)| {
            let numbers = value.as_array().map(|list| list.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>());
            match numbers.flatten().filter(|numbers| numbers.len() == axes && numbers.iter().all(|x| x.is_finite())) {
                Some(numbers) => Ok(std::array::from_fn(|k| numbers.get(k).copied().unwrap_or(0.0))),
                None => Err(form(&format!("{name}[{i}]"), format!("is {}, not {axes} numbers", one_line(&value.to_string())))),
            }
        };
        list.iter().enumerate().map(point).collect::<Result<Vec<[f64; 3]>, _>>()
    };
    let weight = object.contains_key("weight").then(|| {
        let list = list("weight")?;
        if list.len() != source.len() {
            return Err(form("weight", format!("has {} numbers for {} points", list.len(), source.len())));
        }
        let number = |(i, value): (usize, &Value)| {
            let wrong = || form(&format!("weight[{i}]"), format!("is {}, not a number", one_line(&value.to_string())));
            let weight = value.as_f64().ok_or_else(wrong)?;
            if weight >= 0.0 {
                Ok(weight)
            } else {
                Err(LandmarksError::Weight { at: format!("weight[{i}]"), weight: weight.to_string() })
            }
        };
        list.iter().enumerate().map(number).collect::<Result<Vec<f64>, _>>()
    });
    finish(points("source", source)?, points("destination", destination)?, weight.transpose()?, axes == 3)
}

/// Points with as many axes as they have.
fn finish(
    source: Vec<[f64; 3]>,
    destination: Vec<[f64; 3]>,
    weight: Option<Vec<f64>>,
    three: bool,
) -> Result<AnyLandmarks, LandmarksError> {
    if source.is_empty() {
        return Err(LandmarksError::None);
    }
    if three {
        return Ok(AnyLandmarks::Three(Landmarks { source, destination, weight }));
    }
    let flat = |points: Vec<[f64; 3]>| points.into_iter().map(|[x, y, _]| [x, y]).collect();
    Ok(AnyLandmarks::Two(Landmarks { source: flat(source), destination: flat(destination), weight }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(text: &str) -> Landmarks<2> {
        let found = if text.trim_start().starts_with('{') { json(text) } else { csv(text) };
        match found {
            Ok(AnyLandmarks::Two(pairs)) => pairs,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn columns_go_by_name() {
        let pairs = two("# by hand\nname, x_dst,y_dst,weight,x_src,y_src\n\"a, b\", 3, 4 ,0.5,1,2\n\n# end\nc,7,8,1,5,-6e0\n");
        assert_eq!(pairs.source, [[1.0, 2.0], [5.0, -6.0]]);
        assert_eq!(pairs.destination, [[3.0, 4.0], [7.0, 8.0]]);
        assert_eq!(pairs.weight, Some(vec![0.5, 1.0]));
    }

    #[test]
    fn volumes_have_six_columns() {
        let Ok(AnyLandmarks::Three(pairs)) = csv("x_src,y_src,z_src,x_dst,y_dst,z_dst\n1,2,3,4,5,6\n") else {
            panic!("three axes")
        };
        assert_eq!((pairs.source, pairs.destination, pairs.weight), (vec![[1.0, 2.0, 3.0]], vec![[4.0, 5.0, 6.0]], None));
    }

    #[test]
    fn json_is_the_same() {
        let pairs = two(r#"{"source": [[1, 2], [5, -6]], "destination": [[3, 4], [7, 8]], "weight": [0.5, 1]}"#);
        assert_eq!(pairs, two("x_src,y_src,x_dst,y_dst,weight\n1,2,3,4,0.5\n5,-6,7,8,1\n"));
        assert!(matches!(json(r#"{"source": [[1, 2, 3]], "destination": [[3, 4, 5]]}"#), Ok(AnyLandmarks::Three(_))));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let said = |text: &str| {
            let found = if text.trim_start().starts_with(['{', '[']) { json(text) } else { csv(text) };
            found.expect_err(text).to_string()
        };
        let head = "x_src,y_src,x_dst,y_dst\n";
        for (text, expected) in [
            (format!("{head}1,2,3,4\n1,2,x,4\n"), "line 3, column x_dst: \"x\" is no finite number"),
            (format!("{head}1,2,3,nan\n"), "line 2, column y_dst: \"nan\" is no finite number"),
            (format!("{head}1,2,3\n"), "line 2 has 3 entries: expected 4"),
            (head.to_owned(), "holds no landmarks"),
            (String::new(), "\"x_src\" is missing"),
            ("x_src,y_src,x_dst,y_dst,z_dst\n1,2,3,4,5\n".into(), "\"z_src\" is missing"),
            ("x_src,y_src,x_dst,y_dst,y_dst\n1,2,3,4,5\n".into(), "\"y_dst\" is there twice"),
            ("1,2,3,4\n".into(), "\"1\" is none"),
            ("x_src,y_src,x_dst,y_dst,weight\n1,2,3,4,-1\n".into(), "line 2: the weight is -1: expected 0 or more"),
            ("{\"source\": [[1, 2]],\n \"destination\": [[1, 2]".into(), "line 2 column 23"),
            ("[1, 2]".into(), "the document: is no object"),
            (r#"{"source": [[1, 2]]}"#.into(), "destination: is missing"),
            (r#"{"source": [[1, 2]], "destination": []}"#.into(), "destination: has 0 points, source 1"),
            (r#"{"source": [[1, 2]], "destination": [[1, "a"]]}"#.into(), "destination[0]: is [1,\"a\"], not 2 numbers"),
            (r#"{"source": [[1]], "destination": [[1]]}"#.into(), "source[0]: has 1 numbers"),
            (r#"{"source": [[1, 2]], "destination": [[1, 2]], "weights": [1]}"#.into(), "\"weights\": is no known entry"),
            (r#"{"source": [[1, 2]], "destination": [[1, 2]], "weight": [-1]}"#.into(), "weight[0]: the weight is -1"),
        ] {
            let said = said(&text);
            assert!(said.contains(expected), "{text}: {said}");
        }
    }
}
