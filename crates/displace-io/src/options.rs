//! What a caller may choose.

use std::fmt;

/// Called with the bytes done and the bytes in all, now and then while a file is read or written.
pub(crate) type Observer<'a> = &'a dyn Fn(u64, u64);

/// How to read. The default asks for nothing special and takes no more memory than there is.
#[derive(Clone, Copy, Default)]
pub struct ReadOptions<'a> {
    /// Whether 2-byte raw data in `.npy` (type `V2`) is bf16. That is how NumPy writes the bfloat16 of `ml_dtypes` (JAX),
    /// and anything else of two bytes; so it has to be said.
    pub bf16: bool,
    /// The most memory to use, in bytes. `None`: what the system says is available; no limit where it does not say.
    pub memory: Option<u64>,
    /// Told of bytes done and bytes in all.
    pub progress: Option<&'a dyn Fn(u64, u64)>,
}

/// How to write.
#[derive(Clone, Copy, Default)]
pub struct WriteOptions<'a> {
    /// Whether the members of an `.npz` are deflated: smaller and slower.
    pub compress: bool,
    /// Told of bytes done and bytes in all.
    pub progress: Option<&'a dyn Fn(u64, u64)>,
}

impl fmt::Debug for ReadOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bf16, memory, progress } = self;
        f.debug_struct("ReadOptions").field("bf16", bf16).field("memory", memory).field("progress", &progress.is_some()).finish()
    }
}

impl fmt::Debug for WriteOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { compress, progress } = self;
        f.debug_struct("WriteOptions").field("compress", compress).field("progress", &progress.is_some()).finish()
    }
}
