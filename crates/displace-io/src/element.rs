//! Numbers as bytes.

use displace::{bf16, f16};

/// A number that files hold, by its bytes.
pub(crate) trait Element: bytemuck::Pod + Default {
    /// NumPy's name for it, without the byte order; bf16 has none.
    const CODE: Option<&'static str>;
}

macro_rules! element {
    ($($t:ty => $code:expr),* $(,)?) => {$(
        impl Element for $t {
            const CODE: Option<&'static str> = $code;
        }
    )*};
}
element!(
    u8 => Some("u1"),
    u16 => Some("u2"),
    i16 => Some("i2"),
    f16 => Some("f2"),
    bf16 => None,
    f32 => Some("f4"),
    f64 => Some("f8"),
);

/// Reverses the bytes of each number of `size` bytes.
pub(crate) fn swap_bytes(bytes: &mut [u8], size: usize) {
    match size {
        2 => bytes
            .as_chunks_mut::<2>()
            .0
            .iter_mut()
            .for_each(|number| *number = u16::from_ne_bytes(*number).swap_bytes().to_ne_bytes()),
        4 => bytes
            .as_chunks_mut::<4>()
            .0
            .iter_mut()
            .for_each(|number| *number = u32::from_ne_bytes(*number).swap_bytes().to_ne_bytes()),
        8 => bytes
            .as_chunks_mut::<8>()
            .0
            .iter_mut()
            .for_each(|number| *number = u64::from_ne_bytes(*number).swap_bytes().to_ne_bytes()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::swap_bytes;

    #[test]
    fn every_size_is_reversed() {
        for (size, expected) in [
            (1, [1, 2, 3, 4, 5, 6, 7, 8]),
            (2, [2, 1, 4, 3, 6, 5, 8, 7]),
            (4, [4, 3, 2, 1, 8, 7, 6, 5]),
            (8, [8, 7, 6, 5, 4, 3, 2, 1]),
        ] {
            let mut bytes = [1, 2, 3, 4, 5, 6, 7, 8];
            swap_bytes(&mut bytes, size);
            assert_eq!(bytes, expected);
        }
    }
}
