# SPDX-License-Identifier: GPL-2.0-or-later
"""The error that a model raises for the user to read."""

from __future__ import annotations


class ModelError(Exception):
    """One sentence or two: what was found, what was expected, what to do."""
