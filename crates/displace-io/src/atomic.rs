//! Files written whole or not at all.

use crate::error::read::one_line;
use crate::error::write::{WriteCause, WriteError};
use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

/// Writes bytes, all or nothing.
///
/// # Errors
/// If the file cannot be written.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    replace(path, |file| Ok(file.write_all(bytes)?))
}

/// Names the file in an error.
pub(crate) fn at(path: &Path) -> impl FnOnce(WriteCause) -> WriteError {
    move |cause| WriteError { at: one_line(&path.display().to_string()), cause }
}

/// Puts what `write` writes in the place of `path`: through a temporary in the same folder, which is gone on failure.
/// A link is followed, and a file that is replaced keeps its permissions.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<(), WriteCause>,
) -> Result<(), WriteError> {
    through_temporary(path, write).map_err(at(path))
}

fn through_temporary(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<(), WriteCause>,
) -> Result<(), WriteCause> {
    let existing = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Err(WriteCause::IsFolder),
        Ok(metadata) if !metadata.is_file() => return into_device(path, write),
        Ok(metadata) => Some(metadata),
        Err(_) => None,
    };
    let target = if existing.is_some() { fs::canonicalize(path)? } else { path.to_path_buf() };
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let folder_text = || one_line(&folder.display().to_string());
    if !folder.is_dir() {
        return Err(WriteCause::NoFolder { folder: folder_text() });
    }
    if existing.is_some() {
        // A file that may not be written may not be replaced either.
        File::options().append(true).open(&target)?;
    }
    let mut temporary =
        builder(existing.as_ref()).tempfile_in(&folder).map_err(|cause| WriteCause::Folder { folder: folder_text(), cause })?;
    fill(temporary.as_file_mut(), write)?;
    if let Some(metadata) = existing {
        temporary.as_file().set_permissions(metadata.permissions())?;
    }
    temporary.persist(&target).map(drop).map_err(|error| WriteCause::Io(error.error))
}

/// Devices and pipes cannot be replaced; they get the bytes when all of them are there.
fn into_device(path: &Path, write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<(), WriteCause>) -> Result<(), WriteCause> {
    let mut device = File::options().write(true).open(path)?;
    let mut temporary = tempfile::tempfile()?;
    fill(&mut temporary, write)?;
    temporary.rewind()?;
    io::copy(&mut temporary, &mut device)?;
    Ok(())
}

fn fill(file: &mut File, write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<(), WriteCause>) -> Result<(), WriteCause> {
    let mut buffered = BufWriter::with_capacity(1 << 16, file);
    write(&mut buffered)?;
    Ok(buffered.flush()?)
}

/// New files get the permissions that any file would, less those that the system withholds.
#[cfg(unix)]
fn builder(existing: Option<&Metadata>) -> tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt;
    let mut builder = plain_builder();
    let mode = if existing.is_some() { 0o600 } else { 0o666 };
    builder.permissions(fs::Permissions::from_mode(mode));
    builder
}

#[cfg(not(unix))]
fn builder(_: Option<&Metadata>) -> tempfile::Builder<'static, 'static> {
    plain_builder()
}

fn plain_builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".displace-").suffix(".part");
    builder
}
