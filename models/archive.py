# SPDX-License-Identifier: GPL-2.0-or-later
"""Zip files of others, read without trust: no entry is taken apart before it is known how large it becomes."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

# What an archive may become, all entries together: so much, and so many times its own size. Weights shrink to nine tenths, scikit-learn's
# trees to a fifth; zeros, which are how a small file becomes a huge one, to a thousandth.
_MOST_BYTES, _MOST_TIMES = 64 << 20, 12
# Lists and objects of an entry of JSON: a million take seconds to make.
_MOST_PARTS = 400_000
_MOST_ENTRIES, _MOST_DIRECTORY = 20_000, 4 << 20
_END, _END_BYTES = b"PK\x05\x06", 22
_LARGE, _LARGE_BYTES = b"PK\x06\x07", 20
_HEADER_BYTES = 1000
# As numpy writes it, of plain numbers and at most five axes; what else a header could tell is not read.
_TOLD = re.compile(r"\{'descr': '([<>|][iuf][1248])', 'fortran_order': (True|False), 'shape': \(((?:\d{1,10},? ?){0,5})\), \}\s*")
_ENCRYPTED = 1


@contextmanager
def opened(file: str | Path | IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """Open a zip file whose entries, all together, are of a size that can be.

    Raises
    ------
    ValueError
        If it has more entries than any of Scarp's, they are packed by a method of which the size cannot be bounded, or become too large.
    OSError, zipfile.BadZipFile
        If it cannot be read, or is no zip file.
    """
    if isinstance(file, (str, Path)):
        path = Path(file)
        path.stat()  # a missing one is said to be missing
        if not path.is_file():  # a pipe would wait for ever
            raise ValueError("it is no file")
        with path.open("rb") as stream, opened(stream) as archive:
            yield archive
        return
    _check_end(file)
    with zipfile.ZipFile(file) as archive:
        size = file.seek(0, io.SEEK_END)
        entries = archive.infolist()
        for entry in entries:
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & _ENCRYPTED:
                raise ValueError("an entry is encrypted or packed in an unknown way")
        if sum(entry.file_size for entry in entries) > _MOST_BYTES + _MOST_TIMES * size:
            raise ValueError("its entries are larger than those of any model")
        yield archive


def _check_end(file: IO[bytes]) -> None:
    """Raise if the list of entries is longer than any of Scarp's; it is read as a whole before any entry is."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(size - _END_BYTES - _LARGE_BYTES, 0))
    tail = file.read()
    end = tail[-_END_BYTES:]
    if len(end) < _END_BYTES or not end.startswith(_END) or end[-2:] != b"\0\0":
        raise zipfile.BadZipFile("it does not end as a zip file does")
    count, length = int.from_bytes(end[10:12], "little"), int.from_bytes(end[12:16], "little")
    if tail[:-_END_BYTES].startswith(_LARGE) or count > _MOST_ENTRIES or length > _MOST_DIRECTORY:
        raise ValueError("it has more entries than any model")


def read_json(archive: zipfile.ZipFile, name: str, most_bytes: int) -> Any:
    """Return what an entry of JSON holds, which is refused if it is longer.

    Raises
    ------
    ValueError, KeyError
        If it is longer, no JSON, holds more parts or longer numbers than any of Scarp's, or is not there.
    """
    entry = archive.getinfo(name)
    if entry.file_size > most_bytes:
        raise ValueError(f"its {name} has {entry.file_size:,} bytes, more than {most_bytes:,}")
    content = archive.read(entry)
    if content.count(b"[") + content.count(b"{") > _MOST_PARTS:
        raise ValueError(f"its {name} has more parts than any")
    return json.loads(content, parse_int=_whole)


def _whole(text: str) -> int:
    if len(text) > 60:  # reading takes the square of the digits
        raise ValueError("a number has more digits than any")
    return int(text)


def read_arrays(content: bytes, shapes: dict[str, tuple[int, ...]] | None = None, names: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Return the arrays of an `.npz` file: plain numbers only, and of no more bytes than they tell.

    Parameters
    ----------
    content
        The file.
    shapes
        The arrays that it must hold, and their shapes. None: the arrays of `names`, of any shape.
    names
        See `shapes`.

    Raises
    ------
    ValueError
        If it holds other arrays, or anything but plain numbers.
    """
    wanted = set(shapes if shapes is not None else names)
    with opened(io.BytesIO(content)) as archive:
        entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        wrong = sorted(wanted ^ set(entries))
        if wrong:
            raise ValueError(f"unexpected weights {', '.join(repr(name)[1:-1][:30] for name in wrong[:3])}")
        found = {}
        for name, entry in entries.items():
            with archive.open(entry) as stream:
                kind, in_columns, shape = _header(stream)
                if shapes is not None and shape != shapes[name]:
                    raise ValueError(f"unexpected weights {name}")
                count = int(np.prod(shape, dtype=object)) if shape else 1
                if count * kind.itemsize > entry.file_size:
                    raise ValueError(f"the array {name} has fewer numbers than it tells")
                values = np.frombuffer(stream.read(count * kind.itemsize), kind)
            found[name] = values.reshape(shape[::-1]).T if in_columns else values.reshape(shape)
    return found


def _header(stream: IO[bytes]) -> tuple[np.dtype[Any], bool, tuple[int, ...]]:
    """Return the type, the order and the shape of an array in numpy's format, of which the stream then holds the numbers."""
    if stream.read(6) != b"\x93NUMPY":
        raise ValueError("an array is no array")
    major = stream.read(2)[:1]
    length = int.from_bytes(stream.read(2 if major == b"\1" else 4), "little")
    if length > _HEADER_BYTES:
        raise ValueError("an array has a longer header than any")
    told = _TOLD.fullmatch(stream.read(length).decode("latin-1"))
    if not told:
        raise ValueError("an array holds other things than plain numbers")
    return np.dtype(told[1]), told[2] == "True", tuple(int(side) for side in told[3].replace(",", " ").split())
