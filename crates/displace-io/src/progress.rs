//! Counting bytes for those who watch.

use crate::options::Observer;
use std::io::{self, Read, Seek, SeekFrom};

/// Bytes done, of how many.
pub(crate) struct Progress<'a> {
    observer: Option<Observer<'a>>,
    done: u64,
    total: u64,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(observer: Option<Observer<'a>>, total: u64) -> Self {
        Self { observer, done: 0, total }
    }

    /// `bytes` more are done. Never tells of more than the total.
    pub(crate) fn advance(&mut self, bytes: u64) {
        self.done = self.done.saturating_add(bytes).min(self.total);
        if let Some(observer) = self.observer {
            observer(self.done, self.total);
        }
    }
}

/// A reader that counts.
pub(crate) struct Watched<'a, R> {
    pub(crate) inner: R,
    pub(crate) progress: Progress<'a>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        self.progress.advance(bytes as u64);
        Ok(bytes)
    }
}

impl<R: Seek> Seek for Watched<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
