# SPDX-License-Identifier: GPL-2.0-or-later
"""The error for the user to read, raised by models and engine alike. Standard library only."""

from __future__ import annotations


class EngineError(Exception):
    """One sentence or two: what was found, what was expected, what to do.

    It defines no behaviour of its own: the worker shows its text alone, where any other error shows a traceback in the log.
    """
