//! Errors of the core as Python exceptions of `displace._errors`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

macro_rules! exceptions {
    ($($function:ident $name:literal),*) => {$(
        #[doc = concat!("`displace.", $name, "`")]
        pub(crate) fn $function(message: impl Into<String>) -> PyErr {
            static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
            Python::attach(|py| match CLASS.import(py, "displace._errors", $name) {
                Ok(class) => PyErr::from_type(class.clone(), (message.into(),)),
                Err(error) => error,
            })
        }
    )*};
}
exceptions!(
    displace_error "DisplaceError",
    shape_error "ShapeError",
    raw_dtype_error "DTypeError",
    device_error "DeviceError",
    rest_error "RestError",
    format_error "FileFormatError"
);

/// A dtype that nothing here is made of.
pub(crate) fn dtype_error(what: &str, found: &str) -> PyErr {
    raw_dtype_error(format!(
        "{what} {found}: expected uint8, uint16, int16, float16, bfloat16, float32 or float64; convert it first, for example with \
         .astype('float32') or .float()"
    ))
}

/// A number type that cannot hold locations or gradients.
pub(crate) fn float_error(what: &str, found: displace::DType) -> PyErr {
    raw_dtype_error(format!("{what} holds {found}: expected float16, bfloat16, float32 or float64"))
}

/// As the exceptions that fit.
pub(crate) trait Raise<T> {
    fn raise(self) -> PyResult<T>;
}

macro_rules! raise {
    ($($error:ty => $class:ident),* $(,)?) => {$(
        impl<T> Raise<T> for Result<T, $error> {
            fn raise(self) -> PyResult<T> {
                self.map_err(|e| $class(e.to_string()))
            }
        }
    )*};
}
raise! {
    displace::error::NameError => displace_error,
    displace::error::ConventionError => displace_error,
    displace::error::ConvertError => displace_error,
    displace::PlacementError => displace_error,
    displace::AffineError => displace_error,
    displace::BSplineError => displace_error,
    displace::FitError => displace_error,
    displace::LensError => displace_error,
    displace::PolarError => displace_error,
    displace::PolynomialError => displace_error,
    displace::SwirlError => displace_error,
    displace::error::AxisLenError => shape_error,
    displace::error::JacobianError => shape_error,
    displace::error::DeformError => shape_error,
    displace::error::EwaError => shape_error,
    displace::error::FoldingError => shape_error,
    displace::error::OrderError => displace_error,
    displace::error::PointsError => shape_error,
    displace::error::SpacingError => displace_error,
    displace::error::ComponentsError => shape_error,
    displace::error::SampleError => shape_error,
    displace::error::ThetaError => shape_error,
    displace::error::ViewError => shape_error,
    displace::error::RestNeeded => rest_error,
}

impl<T> Raise<T> for Result<T, displace::error::FieldError> {
    fn raise(self) -> PyResult<T> {
        use displace::error::FieldError;
        self.map_err(|e| match &e {
            FieldError::Rest(_) => rest_error(e.to_string()),
            FieldError::Axis(_) | FieldError::Components(_) | FieldError::View(_) | FieldError::Output(_) => {
                shape_error(e.to_string())
            }
        })
    }
}

impl<T> Raise<T> for Result<T, displace::error::InvertError> {
    fn raise(self) -> PyResult<T> {
        use displace::error::{FieldError, InvertError};
        self.map_err(|e| match &e {
            InvertError::Rest(_) | InvertError::Field(FieldError::Rest(_)) => rest_error(e.to_string()),
            _ => shape_error(e.to_string()),
        })
    }
}

impl<T> Raise<T> for Result<T, displace::error::ComposeError> {
    fn raise(self) -> PyResult<T> {
        use displace::error::ComposeError;
        self.map_err(|e| match &e {
            ComposeError::Rest(_) => rest_error(e.to_string()),
            _ => shape_error(e.to_string()),
        })
    }
}

impl<T> Raise<T> for Result<T, displace::error::VelocityError> {
    fn raise(self) -> PyResult<T> {
        use displace::error::VelocityError;
        self.map_err(|e| match &e {
            VelocityError::NotFinite | VelocityError::Squarings { .. } => displace_error(e.to_string()),
            _ => shape_error(e.to_string()),
        })
    }
}

impl<T> Raise<T> for Result<T, displace::GridError> {
    fn raise(self) -> PyResult<T> {
        self.map_err(|e| displace_error(e.to_string()))
    }
}

impl<T> Raise<T> for Result<T, displace::error::MapCoordinatesError> {
    fn raise(self) -> PyResult<T> {
        use displace::error::MapCoordinatesError;
        self.map_err(|e| match &e {
            MapCoordinatesError::Order(_) => displace_error(e.to_string()),
            _ => shape_error(e.to_string()),
        })
    }
}
