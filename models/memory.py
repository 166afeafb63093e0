# SPDX-License-Identifier: GPL-2.0-or-later
"""Too little memory, told as such: libraries say it in a hundred ways, or wait for ever. Standard library only."""

from __future__ import annotations

import errno
import mmap
import re

from .errors import EngineError

SENTENCE = "There is too little memory: close other programs, or use a smaller area, smaller patches, fewer members or fewer cells."
# Address space, measured: below, libraries fail to load at any place, or wait for ever for what they cannot get (OpenBLAS in 500 MB,
# TensorFlow 2.21 in 2,200 and 2,800 MB).
LEAST_BYTES, TENSORFLOW_BYTES = 800_000_000, 3_000_000_000
# Where so much cannot be had, whatever failed just now failed for want of memory.
_LITTLE_BYTES = 512 << 20
_NAMES = {"ResourceExhaustedError", "OperatorNotAllowedInGraphError"}  # the latter: functions could not be compiled
_WORDS = re.compile(
    r"failed to map segment|cannot allocate memory|out of memory|bad_alloc|unable to allocate|not enough memory|insufficient memory"
    r"|can't start new thread|resource temporarily unavailable|allocation fail|memory allocation",
    re.IGNORECASE,
)


def is_shortage(error: BaseException | None) -> bool:
    """Tell whether an error, or one that it came from, is for want of memory.

    >>> from scarp.models.memory import is_shortage
    >>> is_shortage(ImportError("libx.so: failed to map segment from shared object")), is_shortage(KeyError("x"))
    (True, False)
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, MemoryError) or type(error).__name__ in _NAMES or getattr(error, "errno", None) == errno.ENOMEM:
            return True
        if is_shortage_told(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return not _can_have(_LITTLE_BYTES)


def is_shortage_told(text: str) -> bool:
    """Tell whether a library's words are of too little memory."""
    return bool(_WORDS.search(text))


def has_room(size: int) -> bool:
    """Tell whether this process may have so many bytes; a limit of a queue or of `ulimit` may allow less."""
    try:
        import resource
    except ImportError:  # Windows
        return True
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    return most == resource.RLIM_INFINITY or most >= size


def check_room(size: int) -> None:
    """Raise EngineError if this process may not have so many bytes."""
    if not has_room(size):
        raise EngineError(f"{SENTENCE} This process is limited to less than the {size / 1e9:g} GB that are needed.")


def _can_have(size: int) -> bool:
    try:
        mmap.mmap(-1, size).close()  # asked for and not touched
    except (OSError, MemoryError, ValueError):
        return False
    return True
