//! No memory is taken before it is known to be there.

use crate::error::read::ReadCause;

/// What may still be taken; without a limit if the system does not say.
pub(crate) struct Memory {
    left: Option<u64>,
}

impl Memory {
    /// `limit` bytes, or those available now.
    pub(crate) fn new(limit: Option<u64>) -> Self {
        Self { left: limit.or_else(available) }
    }

    /// The limit for decoders that take memory themselves.
    pub(crate) fn left(&self) -> Option<u64> {
        self.left
    }

    /// Whether `bytes` could be taken.
    pub(crate) fn check(&self, bytes: u64) -> Result<(), ReadCause> {
        match self.left {
            Some(available) if bytes > available => Err(ReadCause::Memory { needed: bytes, available }),
            _ => Ok(()),
        }
    }

    /// Counts `bytes` as taken.
    pub(crate) fn take(&mut self, bytes: u64) -> Result<(), ReadCause> {
        self.check(bytes)?;
        self.left = self.left.map(|left| left - bytes);
        Ok(())
    }

    /// Counts `bytes` as free again.
    pub(crate) fn give_back(&mut self, bytes: u64) {
        self.left = self.left.map(|left| left.saturating_add(bytes));
    }
}

/// Room for `count` numbers more; an error where the allocator has none.
pub(crate) fn reserve<T>(numbers: &mut Vec<T>, count: usize) -> Result<(), ReadCause> {
    let bytes = (count as u64).saturating_mul(size_of::<T>() as u64);
    numbers.try_reserve_exact(count).map_err(|_| ReadCause::Allocation { bytes })
}

/// `count` zeros.
pub(crate) fn zeros<T: Clone + Default>(count: usize) -> Result<Vec<T>, ReadCause> {
    let mut numbers = Vec::new();
    reserve(&mut numbers, count)?;
    numbers.resize(count, T::default());
    Ok(numbers)
}

/// Bytes that the system can give without swapping, where it says so.
#[cfg(target_os = "linux")]
fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(not(target_os = "linux"))]
fn available() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_gone_until_given_back() {
        let mut memory = Memory::new(Some(10));
        memory.take(7).unwrap();
        assert!(matches!(memory.take(4), Err(ReadCause::Memory { needed: 4, available: 3 })));
        memory.give_back(1);
        memory.take(4).unwrap();
        assert_eq!(memory.left(), Some(0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_says_what_is_available() {
        assert!(available().is_some_and(|bytes| bytes > 1 << 20));
    }

    #[test]
    fn impossible_reservations_are_errors() {
        assert!(matches!(zeros::<f64>(usize::MAX / 8), Err(ReadCause::Allocation { .. })));
    }
}
