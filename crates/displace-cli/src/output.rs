//! Fields, arrays and text out.

use crate::failure::{Failure, Result};
use crate::progress::Progress;
use displace::{AnyArray, AnyData, Between, Placement};
use displace_io::{COVERAGE, DISPLACEMENT, FieldNotes, PLACEMENT, WriteOptions, placement_member};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether standard output carries a field, so that reports have to go elsewhere.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// `-`: standard input or output.
pub(crate) fn is_pipe(path: &Path) -> bool {
    path == Path::new("-")
}

/// The extension in lower case.
pub(crate) fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Refuses an output name before the work is done rather than after.
pub(crate) fn expect_extension(path: &Path, what: &str, known: &[&str]) -> Result<()> {
    let piped = is_pipe(path) && known == FIELD;
    if piped || known.contains(&extension(path).as_str()) {
        return Ok(());
    }
    let known = known.iter().map(|e| format!(".{e}")).collect::<Vec<_>>().join(", ");
    Err(Failure::usage(format!("{}: {what} is written as {known}", path.display())))
}

/// Whether all outputs are files of their own in folders that are there, before any work is done.
pub(crate) fn distinct(input: &Path, outputs: &[Option<&PathBuf>]) -> Result<()> {
    let outputs: Vec<_> = outputs.iter().flatten().filter(|path| !is_pipe(path)).collect();
    for (i, path) in outputs.iter().enumerate() {
        if path.as_path() == input {
            return Err(Failure::usage(format!("{} is read and to be written: give the output a file of its own", path.display())));
        }
        if outputs[..i].contains(path) {
            return Err(Failure::usage(format!("{} is to be written twice: give each output a file of its own", path.display())));
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            return Err(Failure::file(path, format!("cannot be written: there is no folder {}", folder.display())));
        }
    }
    Ok(())
}

/// Formats a field can be written in.
pub(crate) const FIELD: &[&str] = &["npy", "npz"];

/// Writes a field: the bare numbers as .npy, with all that gives them meaning as .npz, which is also what goes to standard output.
pub(crate) fn write_field<const D: usize>(
    path: &Path,
    shape: Vec<usize>,
    field: impl Into<AnyData>,
    coverage: Option<AnyData>,
    between: &Between<D>,
    placement: Option<&Placement>,
) -> Result<()> {
    let spatial = shape[..shape.len() - 1].to_vec();
    let field = array(shape, field);
    let progress = Progress::new(format!("writing {}", path.display()));
    let observe = |done, total| progress.at(done, total);
    let options = WriteOptions { progress: Some(&observe), ..WriteOptions::default() };
    if extension(path) == "npy" {
        return Ok(displace_io::write_npy_with(path, &field, &options)?);
    }
    let notes = FieldNotes::of(between).members();
    let coverage = coverage.map(|coverage| array(spatial, coverage));
    let mut members = vec![(DISPLACEMENT, &field)];
    members.extend(notes.iter().map(|(name, array)| (*name, array)));
    let placement = placement.map(placement_member);
    members.extend(placement.as_ref().map(|placement| (PLACEMENT, placement)));
    members.extend(coverage.as_ref().map(|coverage| (COVERAGE, coverage)));
    if is_pipe(path) {
        return piped(|path| Ok(displace_io::write_npz_with(path, &members, &options)?));
    }
    Ok(displace_io::write_npz_with(path, &members, &options)?)
}

/// Sends a file to standard output. Archives are not written in one go, so it is made elsewhere first.
fn piped(write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    TAKEN.store(true, Ordering::Relaxed);
    let folder = tempfile::tempdir().map_err(Failure::Print)?;
    let path = folder.path().join("field.npz");
    write(&path)?;
    let bytes = std::fs::read(&path).map_err(Failure::Print)?;
    send(&mut std::io::stdout().lock(), &bytes)
}

/// An array whose shape is known to fit.
pub(crate) fn array(shape: Vec<usize>, data: impl Into<AnyData>) -> AnyArray {
    AnyArray::new(shape, data).expect("the shape is made from the data's own")
}

/// Text to standard output, or beside it if a field goes there.
pub(crate) fn print(text: &str) -> Result<()> {
    if TAKEN.load(Ordering::Relaxed) {
        return send(&mut std::io::stderr().lock(), text.as_bytes());
    }
    send(&mut std::io::stdout().lock(), text.as_bytes())
}

/// A closed pipe is not an error of ours.
fn send(to: &mut impl Write, bytes: &[u8]) -> Result<()> {
    match to.write_all(bytes).and_then(|()| to.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Print(e)),
        _ => Ok(()),
    }
}
