//! Arrays whose dtype is known only at run time: what files hold.

use crate::dtype::DType;
use crate::error::{SizeText, ViewError};
use half::{bf16, f16};

/// Numbers of any supported dtype.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // One variant per dtype, named like it.
pub enum AnyData {
    U8(Vec<u8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    F16(Vec<f16>),
    BF16(Vec<bf16>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// Runs an expression with the vector inside an [`AnyData`] bound to a name: the one table from tags to types.
#[macro_export]
macro_rules! with_data {
    ($data:expr, $name:ident => $use:expr) => {
        match $data {
            $crate::AnyData::U8($name) => $use,
            $crate::AnyData::U16($name) => $use,
            $crate::AnyData::I16($name) => $use,
            $crate::AnyData::F16($name) => $use,
            $crate::AnyData::BF16($name) => $use,
            $crate::AnyData::F32($name) => $use,
            $crate::AnyData::F64($name) => $use,
        }
    };
}

/// As [`with_data!`], for float types only; the second expression is for the others, with their [`DType`] bound.
#[macro_export]
macro_rules! with_floats {
    ($data:expr, $name:ident => $use:expr, $other:ident => $refuse:expr) => {
        match $data {
            $crate::AnyData::F16($name) => $use,
            $crate::AnyData::BF16($name) => $use,
            $crate::AnyData::F32($name) => $use,
            $crate::AnyData::F64($name) => $use,
            integers => {
                let $other = integers.dtype();
                $refuse
            }
        }
    };
}

impl AnyData {
    /// The dtype.
    #[must_use]
    pub const fn dtype(&self) -> DType {
        match self {
            Self::U8(_) => DType::U8,
            Self::U16(_) => DType::U16,
            Self::I16(_) => DType::I16,
            Self::F16(_) => DType::F16,
            Self::BF16(_) => DType::BF16,
            Self::F32(_) => DType::F32,
            Self::F64(_) => DType::F64,
        }
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        with_data!(self, v => v.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

macro_rules! from_vec {
    ($($t:ident $variant:ident),*) => {$(
        impl From<Vec<$t>> for AnyData {
            fn from(data: Vec<$t>) -> Self {
                Self::$variant(data)
            }
        }
    )*};
}
from_vec!(u8 U8, u16 U16, i16 I16, f16 F16, bf16 BF16, f32 F32, f64 F64);

/// A dense array in C order, its shape in array order (`[height, width]`, not x first).
#[derive(Clone, Debug, PartialEq)]
pub struct AnyArray {
    shape: Vec<usize>,
    data: AnyData,
}

impl AnyArray {
    /// An array of `shape`.
    ///
    /// # Errors
    /// If the number of elements is another.
    pub fn new(shape: Vec<usize>, data: impl Into<AnyData>) -> Result<Self, ViewError> {
        let data = data.into();
        let expected = shape.iter().try_fold(1usize, |product, len| product.checked_mul(*len));
        let text = SizeText::from_xy(&shape.iter().rev().copied().collect::<Vec<_>>());
        match expected {
            Some(expected) if expected == data.len() => Ok(Self { shape, data }),
            Some(expected) => Err(ViewError::Length { shape: text, n: 1, c: 1, expected, found: data.len() }),
            None => Err(ViewError::Overflow { shape: text, n: 1, c: 1 }),
        }
    }

    /// Lengths of the axes, outermost first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers.
    #[must_use]
    pub const fn data(&self) -> &AnyData {
        &self.data
    }

    /// The dtype.
    #[must_use]
    pub const fn dtype(&self) -> DType {
        self.data.dtype()
    }

    /// The parts.
    #[must_use]
    pub fn into_parts(self) -> (Vec<usize>, AnyData) {
        (self.shape, self.data)
    }
}
