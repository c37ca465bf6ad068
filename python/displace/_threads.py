"""How many threads share large work."""

from __future__ import annotations

import os
import sys

from . import _core
from ._errors import DisplaceError, DTypeError

# More than rayon makes.
_MOST = 2**16 - 1


def set_num_threads(n):
    """From now on, large work is shared among `n` threads.

    The default is the environment's `RAYON_NUM_THREADS`, else one thread for each processor. In the worker processes of
    multiprocessing and of torch's data loaders, and after any fork, it is `RAYON_NUM_THREADS`, else 1: there are many of them
    at once. What is asked for here comes before both, in this process.

    Results do not depend on it. Work on fewer than 32768 numbers is done by the calling thread alone, and with `n=1` all is.

    Parameters
    ----------
    n : int
        At least 1.

    Raises
    ------
    DTypeError, DisplaceError
        If `n` is not an int, or less than 1 or more than 65535.

    Examples
    --------
    >>> import displace
    >>> before = displace.get_num_threads()
    >>> displace.set_num_threads(2)
    >>> displace.get_num_threads()
    2
    >>> displace.set_num_threads(before)
    """
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise DTypeError(f"n is {n!r}: expected a number of threads, a whole number")
    if not 1 <= n <= _MOST:
        raise DisplaceError(f"n is {n!r}: expected a number of threads, 1 to {_MOST}")
    _core.set_num_threads(n)


def get_num_threads():
    """How many threads share large work: see `set_num_threads`.

    Parameters
    ----------
    None

    Returns
    -------
    int

    Raises
    ------
    Nothing

    Examples
    --------
    >>> import displace
    >>> displace.get_num_threads() >= 1
    True
    """
    return _core.get_num_threads()


def _among_others() -> None:
    """Makes this process one of many at once: a thread each, unless the environment says how many."""
    said = os.environ.get("RAYON_NUM_THREADS", "")
    # 0 is the default, which rayon finds itself.
    _core.set_num_threads(0 if said.isdecimal() and int(said) > 0 else 1)


# Who is a worker has been started through this module. A spawned one has no parent yet while it is handed what it works with,
# which is when it imports this package; until then it is marked as inheriting.
_process = sys.modules.get("multiprocessing.process")
if _process is not None and (_process.parent_process() or getattr(_process.current_process(), "_inheriting", False)):
    _among_others()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_among_others)
