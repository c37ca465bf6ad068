//! From dtypes known at run time to types: the one table of this crate.

/// Runs an expression with the element type of any dtype.
macro_rules! with_sample {
    ($dtype:expr, $T:ident => $use:expr) => {
        match $dtype {
            displace::DType::U8 => {
                type $T = u8;
                $use
            }
            displace::DType::U16 => {
                type $T = u16;
                $use
            }
            displace::DType::I16 => {
                type $T = i16;
                $use
            }
            displace::DType::F16 => {
                type $T = displace::f16;
                $use
            }
            displace::DType::BF16 => {
                type $T = displace::bf16;
                $use
            }
            displace::DType::F32 => {
                type $T = f32;
                $use
            }
            displace::DType::F64 => {
                type $T = f64;
                $use
            }
            other => Err($crate::error::dtype_error("array", &other.to_string())),
        }
    };
}

/// As `with_sample`, for float types; others are an error about `what`.
macro_rules! with_float {
    ($dtype:expr, $what:expr, $T:ident => $use:expr) => {
        match $dtype {
            displace::DType::F16 => {
                type $T = displace::f16;
                $use
            }
            displace::DType::BF16 => {
                type $T = displace::bf16;
                $use
            }
            displace::DType::F32 => {
                type $T = f32;
                $use
            }
            displace::DType::F64 => {
                type $T = f64;
                $use
            }
            other => Err($crate::error::float_error($what, other)),
        }
    };
}

/// As `with_float`, for what is computed in itself.
macro_rules! with_real {
    ($dtype:expr, $what:expr, $T:ident => $use:expr) => {
        match $dtype {
            displace::DType::F32 => {
                type $T = f32;
                $use
            }
            displace::DType::F64 => {
                type $T = f64;
                $use
            }
            other => Err($crate::error::float_error($what, other)),
        }
    };
}

/// Runs an expression with the number of axes of locations, two or three.
macro_rules! with_axes {
    ($axes:expr, $what:expr, $D:ident => $use:expr) => {
        match $axes {
            2 => {
                const $D: usize = 2;
                $use
            }
            3 => {
                const $D: usize = 3;
                $use
            }
            other => Err($crate::error::shape_error(format!(
                "{} has {other} components per location: expected 2 (x, y) or 3 (x, y, z)",
                $what
            ))),
        }
    };
}
pub(crate) use {with_axes, with_float, with_real, with_sample};
