//! Reading `.npz`.

use crate::error::npz::NpzError;
use crate::error::read::{ReadCause, ReadError, one_line};
use crate::kind::{Kind, MAGIC};
use crate::memory::Memory;
use crate::npy;
use crate::npz::SUFFIX;
use crate::options::ReadOptions;
use crate::progress::Progress;
use crate::source::{Source, at, sniff};
use displace::AnyArray;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use zip::result::ZipError;

/// Reads all arrays of an `.npz`, in the order of its directory. Members that are not `.npy` are no arrays and left out.
///
/// # Errors
/// If the file cannot be read, is of another kind, holds no arrays but other things, or is not what it says.
pub fn read_npz(path: &Path) -> Result<Vec<(String, AnyArray)>, ReadError> {
    read_npz_with(path, &ReadOptions::default())
}

/// [`read_npz`] with options.
///
/// # Errors
/// As [`read_npz`].
pub fn read_npz_with(path: &Path, options: &ReadOptions<'_>) -> Result<Vec<(String, AnyArray)>, ReadError> {
    let read = || from_source(Source::open(path)?.expect(Kind::Zip)?, options);
    read().map_err(at(path))
}

/// Reads one array of an `.npz` by its name.
///
/// # Errors
/// As [`read_npz`], and if there is no array of that name.
pub fn read_npz_member(path: &Path, name: &str) -> Result<AnyArray, ReadError> {
    read_npz_member_with(path, name, &ReadOptions::default())
}

/// [`read_npz_member`] with options.
///
/// # Errors
/// As [`read_npz_member`].
pub fn read_npz_member_with(path: &Path, name: &str, options: &ReadOptions<'_>) -> Result<AnyArray, ReadError> {
    let read = || {
        let mut archive = Archive::open(Source::open(path)?.expect(Kind::Zip)?)?;
        let Some(found) = archive.members.iter().position(|member| member.name == name) else {
            let names = listed(archive.members.iter().map(|member| member.name.as_str()));
            return Err(NpzError::Missing { name: one_line(name), names }.into());
        };
        let member = archive.members.swap_remove(found);
        let mut progress = Progress::new(options.progress, member.bytes);
        archive.array(&member, options.bf16, &mut Memory::new(options.memory), &mut progress)
    };
    read().map_err(at(path))
}

pub(crate) fn from_source(source: Source, options: &ReadOptions<'_>) -> Result<Vec<(String, AnyArray)>, ReadCause> {
    let mut archive = Archive::open(source)?;
    let members = std::mem::take(&mut archive.members);
    let total = members.iter().fold(0u64, |sum, member| sum.saturating_add(member.bytes));
    let mut memory = Memory::new(options.memory);
    memory.check(total)?;
    let mut progress = Progress::new(options.progress, total);
    let mut named = |member: Member| {
        let array = archive.array(&member, options.bf16, &mut memory, &mut progress)?;
        Ok((member.name, array))
    };
    members.into_iter().map(&mut named).collect()
}

struct Archive {
    zip: zip::ZipArchive<BufReader<File>>,
    members: Vec<Member>,
}

struct Member {
    index: usize,
    name: String,
    bytes: u64,
}

impl Archive {
    /// Opens an archive and checks its directory.
    fn open(source: Source) -> Result<Self, ReadCause> {
        let len = source.len;
        let mut zip = zip::ZipArchive::new(BufReader::new(source.file)).map_err(refused)?;
        if zip.has_duplicate_names() {
            return Err(NpzError::Twice.into());
        }
        let (mut members, mut others) = (Vec::new(), Vec::new());
        for index in 0..zip.len() {
            let file = zip.by_index_raw(index).map_err(refused)?;
            let name = file.name().map_err(refused)?.into_owned();
            let Some(name) = name.strip_suffix(SUFFIX) else {
                others.push(name);
                continue;
            };
            let (bytes, stored) = (file.size(), file.compressed_size());
            if stored > len || bytes > most(stored) {
                return Err(in_member(name, NpzError::Claim { said: bytes, stored, file: len }.into()));
            }
            members.push(Member { index, name: name.into(), bytes });
        }
        if members.is_empty() && !others.is_empty() {
            return Err(NpzError::NoArrays { names: listed(others.iter().map(String::as_str)) }.into());
        }
        Ok(Self { zip, members })
    }

    fn array(
        &mut self,
        member: &Member,
        bf16: bool,
        memory: &mut Memory,
        progress: &mut Progress<'_>,
    ) -> Result<AnyArray, ReadCause> {
        let opened = self.zip.by_index(member.index).map_err(refused);
        opened
            .and_then(|mut file| npy_member(&mut file, member.bytes, bf16, memory, progress))
            .map_err(|cause| in_member(&member.name, cause))
    }
}

fn in_member(name: &str, cause: ReadCause) -> ReadCause {
    ReadCause::Member { name: one_line(name), cause: Box::new(cause) }
}

fn npy_member(
    file: &mut impl Read,
    bytes: u64,
    bf16: bool,
    memory: &mut Memory,
    progress: &mut Progress<'_>,
) -> Result<AnyArray, ReadCause> {
    let mut start = Vec::new();
    file.by_ref().take(MAGIC as u64).read_to_end(&mut start)?;
    let found = sniff(&start)?;
    if found != Kind::Npy {
        return Err(ReadCause::Kind { found, expected: Kind::Npy.to_string() });
    }
    let array = npy::read::from_reader(&mut start.as_slice().chain(file.by_ref()), bytes, bf16, memory, progress)?;
    // Reading on to the end is also what makes the archive compare the checksum.
    match file.read(&mut [0])? {
        0 => Ok(array),
        _ => Err(NpzError::TooLong { said: bytes }.into()),
    }
}

/// The most bytes that deflate makes of `stored` ones: 258 for every two bits.
fn most(stored: u64) -> u64 {
    stored.saturating_mul(1032).saturating_add(1032)
}

fn refused(error: ZipError) -> ReadCause {
    match error {
        ZipError::Io(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => ReadCause::Io(error),
        ZipError::Io(_) => NpzError::Zip { cause: "it ends early".into() }.into(),
        ZipError::InvalidArchive(cause) => NpzError::Zip { cause: one_line(&cause) }.into(),
        other => NpzError::Zip { cause: one_line(&other.to_string()) }.into(),
    }
}

/// Some names, for people.
fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const MOST: usize = 10;
    let more = names.len().saturating_sub(MOST);
    let text = names.take(MOST).map(|name| format!("\"{}\"", one_line(name))).collect::<Vec<_>>().join(", ");
    match (text.is_empty(), more) {
        (true, _) => "nothing".into(),
        (_, 0) => text,
        _ => format!("{text} and {more} more"),
    }
}
