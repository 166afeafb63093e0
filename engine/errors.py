# SPDX-License-Identifier: GPL-2.0-or-later
"""The error for the user to read, which models raise too and so is theirs, and what it may hold of a library's words."""

from __future__ import annotations

import re

from ..models.errors import EngineError

__all__ = ["EngineError", "without_workings"]
# What GDAL says of its own workings, which tells a user nothing.
_WORKINGS = re.compile(
    r"(\S+, band \d+: )?IReadBlock failed at X offset \d+, Y offset \d+:? ?"
    r"|_?(TIFF|tiff)\w+: ?|\w+Decode: ?|Read error at \w+ \d+; ?|Failed to read directory at offset \d+"
    r"|TIFFRead\w+\(\) failed\.?|In \w+\(\): |sqlite3_\w+\(\)( failed)? ?:? ?"
)


def without_workings(text: str) -> str:
    """Return the cause that a library gives, on one line, without the names of its functions; empty where it told no more.

    >>> from scarp.engine.errors import without_workings
    >>> without_workings("In GetNextRawFeature(): sqlite3_step() : database disk image is malformed.")
    'database disk image is malformed'
    >>> without_workings("_tiffWriteProc:File too large"), without_workings("Failed to read directory at offset 4700")
    ('File too large', '')
    """
    return " ".join(_WORKINGS.sub("", text).split()).strip(" .:;")
