"""What can go wrong. Every error of this package is a `DisplaceError`, and a `ValueError`."""


class DisplaceError(ValueError):
    """An argument that cannot serve; the message has its value and what was expected."""


class ShapeError(DisplaceError, RuntimeError):
    """Shapes, strides or sizes that do not fit. Also a `RuntimeError`, which torch raises there."""


class DTypeError(DisplaceError, TypeError, RuntimeError):
    """A number type that cannot serve. Also a `RuntimeError`, which torch raises there."""


class DeviceError(DisplaceError, RuntimeError):
    """An array that does not lie in the processor's own memory."""


class RestError(DisplaceError):
    """Source and destination differ in size and nobody has said where "no displacement" reads."""


class FileFormatError(DisplaceError):
    """A file that is not what it says, or of no known kind."""
