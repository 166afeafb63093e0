# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions compiled to machine code, kept on disk between runs where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(*, parallel: bool = False) -> Callable[[F], F]:
    """Compile a function with numba when it is first called.

    The machine code is kept beside the source or, where that folder is read-only, in the user's cache folder; where neither can be
    written, each run compiles anew. Numba compiles again when the file of a function changes, not when those it calls in other
    files do: touch it then. Division by zero gives infinity or NaN, as with numpy: a look at each divisor would keep the compiler from
    using vectors.
    """

    def decorate(function: F) -> F:
        try:
            return numba.njit(cache=True, parallel=parallel, nogil=True, error_model="numpy")(function)  # type: ignore[return-value]
        except RuntimeError:  # numba found no folder to keep it in
            return numba.njit(parallel=parallel, nogil=True, error_model="numpy")(function)  # type: ignore[return-value]

    return decorate
