# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions compiled to machine code: those of `models.compiled`, since models walk their trees by it too."""

from __future__ import annotations

from ..models.compiled import compiled

__all__ = ["compiled"]
