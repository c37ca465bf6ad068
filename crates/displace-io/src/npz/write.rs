//! Writing `.npz`.

use crate::atomic;
use crate::error::read::one_line;
use crate::error::write::{WriteCause, WriteError};
use crate::npy::write::encoded;
use crate::npz::SUFFIX;
use crate::options::WriteOptions;
use crate::progress::Progress;
use displace::AnyArray;
use std::collections::HashSet;
use std::path::Path;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Writes named arrays as `.npz`, stored, all or nothing. The same arrays give the same bytes: no times are recorded.
///
/// # Errors
/// If the file cannot be written, two names are equal, or an array is bf16 (see [`write_npy`](crate::write_npy)).
pub fn write_npz(path: &Path, arrays: &[(&str, &AnyArray)]) -> Result<(), WriteError> {
    write_npz_with(path, arrays, &WriteOptions::default())
}

/// [`write_npz`] with options.
///
/// # Errors
/// As [`write_npz`].
pub fn write_npz_with(path: &Path, arrays: &[(&str, &AnyArray)], options: &WriteOptions<'_>) -> Result<(), WriteError> {
    let members = arrays.iter().map(|(name, array)| Ok((*name, encoded(array)?))).collect::<Result<Vec<_>, WriteCause>>();
    let members = members.map_err(atomic::at(path))?;
    let mut names = HashSet::new();
    if let Some((name, _)) = members.iter().find(|(name, _)| !names.insert(*name)) {
        return Err(atomic::at(path)(WriteCause::Twice { name: one_line(name) }));
    }
    let mut progress = Progress::new(options.progress, members.iter().map(|(_, bytes)| bytes.len()).sum());
    let method = if options.compress { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    atomic::replace(path, |file| {
        let mut zip = ZipWriter::new(file);
        for (name, bytes) in &members {
            // Deflate may need slightly more than it is given.
            let large = bytes.len() > u64::from(u32::MAX) - (1 << 24);
            let options = SimpleFileOptions::default().compression_method(method).large_file(large);
            zip.start_file(format!("{name}{SUFFIX}"), options).map_err(refused)?;
            bytes.write(&mut zip, &mut progress)?;
        }
        zip.finish().map(drop).map_err(refused)
    })
}

fn refused(error: ZipError) -> WriteCause {
    match error {
        ZipError::Io(error) => WriteCause::Io(error),
        other => WriteCause::Archive { cause: one_line(&other.to_string()) },
    }
}
