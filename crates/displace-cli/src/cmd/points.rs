//! Places through a field.

use crate::args::{FromArgs, LatticeArgs};
use crate::failure::{Failure, Result};
use crate::input::{Stored, read_field};
use crate::lattices::field;
use crate::output::print;
use displace::{Branch, Direction, Location, transform_points, with_floats};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Key points through a field, either way
///
/// POINTS has one point a line, x y (z) in pixels, centres at integers, separated by spaces, commas or tabs; # starts a comment; -
/// reads standard input. Each line of the answer has the new place, the number of answers, and by how much the map misses (px);
/// nan where there is none.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The field (.npz, .flo, .flo5, or any file that displace convert reads, with --from)
    field: PathBuf,

    /// The points, a text file or - for standard input
    points: PathBuf,

    /// With the image, from source to destination (push), or from the destination back to the source (pull)
    #[arg(long, value_name = "push|pull", default_value = "push", value_parser = ["push", "pull"])]
    direction: String,

    /// Which of several answers: the largest Jacobian, the shortest displacement, or the first
    #[arg(long, value_name = "BRANCH", default_value = "largest_jacobian", value_parser = ["largest_jacobian", "nearest", "first"])]
    branch: String,

    /// Sample of a batch; needed if there are several
    #[arg(long, value_name = "N")]
    sample: Option<usize>,

    #[command(flatten)]
    from: FromArgs,

    #[command(flatten)]
    lattice: LatticeArgs,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let stored = read_field(&args.field, &args.from, &args.lattice)?;
    match stored.components()? {
        2 => with_floats!(stored.array.data(), v => args.work::<_, 2>(&stored, v), found => Err(stored.not_floats(found))),
        _ => with_floats!(stored.array.data(), v => args.work::<_, 3>(&stored, v), found => Err(stored.not_floats(found))),
    }
}

impl Args {
    fn work<L: Location, const D: usize>(&self, stored: &Stored, numbers: &[L]) -> Result<()> {
        let by = field::<L, D>(stored, numbers, &self.lattice)?;
        let direction: Direction = self.direction.parse().map_err(Failure::usage)?;
        let branch: Branch = self.branch.parse().map_err(Failure::usage)?;
        let points = read::<D>(&self.points)?;
        let samples = by.by().shape().n;
        let sample = match self.sample {
            None if samples != 1 => {
                return Err(Failure::usage(format!("{} has {samples} samples: add --sample", self.field.display())));
            }
            Some(sample) if sample >= samples => return Err(Failure::usage(format!("--sample {sample}: there are {samples}"))),
            sample => sample.unwrap_or(0),
        };
        let moved = transform_points(&points, &by.into(), sample, direction, branch).map_err(Failure::usage)?;
        let axes = if D == 2 { "x y" } else { "x y z" };
        let (from, to) = if direction == Direction::Push { ("source", "destination") } else { ("destination", "source") };
        let mut text =
            format!("# {axes} in {to} pixels ({} of points in {from} pixels), answers, residual in px\n", self.direction);
        for ((place, count), residual) in moved.places.iter().zip(&moved.count).zip(&moved.residual) {
            for number in place {
                text += &format!("{} ", tidy(*number));
            }
            text += &format!("{count} {}\n", if residual.is_nan() { "nan".into() } else { format!("{residual:.1e}") });
        }
        print(&text)
    }
}

/// Every digit of a number, and none that says nothing.
fn tidy(number: f64) -> String {
    if number.is_nan() { "nan".into() } else { format!("{number}") }
}

fn read<const D: usize>(path: &Path) -> Result<Vec<[f64; D]>> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|e| Failure::file(path, format!("cannot be read: {e}")))?;
        text
    } else {
        std::fs::read_to_string(path).map_err(|e| Failure::file(path, format!("cannot be read: {e}")))?
    };
    let mut points = Vec::new();
    // Some editors begin a file with a mark that nobody sees.
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let words = line.split([' ', ',', '\t', ';']).filter(|word| !word.is_empty());
        let point = words.map(str::parse).collect::<std::result::Result<Vec<f64>, _>>().ok().and_then(|p| p.try_into().ok());
        let wrong = || Failure::file(path, format!("line {}: \"{line}\": expected {D} numbers", number + 1));
        points.push(point.ok_or_else(wrong)?);
    }
    Ok(points)
}
