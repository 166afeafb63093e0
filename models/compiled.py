# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions compiled to machine code, kept on disk between runs where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])
# Where neither TBB nor OpenMP is at hand, numba's own threads end the process that two of its threads ask at once.
_parallel = Lock()


def compiled(*, parallel: bool = False) -> Callable[[F], F]:
    """Compile a function with numba when it is first called.

    The machine code is kept beside the source or, where that folder is read-only, in the user's cache folder; where neither can be
    written, each run compiles anew. Numba compiles again when the file of a function changes, not when those it calls in other
    files do: touch it then. Division by zero gives infinity or NaN, as with numpy: a look at each divisor would keep the compiler from
    using vectors. Of parallel ones the threads of a process call one at a time.
    """

    def decorate(function: F) -> F:
        try:
            made: Any = numba.njit(cache=True, parallel=parallel, nogil=True, error_model="numpy")(function)
        except RuntimeError:  # numba found no folder to keep it in
            made = numba.njit(parallel=parallel, nogil=True, error_model="numpy")(function)
        return _one_at_a_time(made) if parallel else made  # type: ignore[no-any-return]

    return decorate


def _one_at_a_time(function: F) -> F:
    @wraps(function)
    def call(*values: Any) -> Any:
        with _parallel:
            return function(*values)

    return call  # type: ignore[return-value]
