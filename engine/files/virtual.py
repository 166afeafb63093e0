# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual rasters and layers (VRT) of others: their text is looked at before GDAL opens it, and with it whatever it names."""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path

from ...models.errors import short
from ..declarations.outputs import odd_kind
from ..errors import EngineError

# GDAL looks for these anywhere in the first bytes of a file, so a comment may come before.
_START, _MOST_BYTES = re.compile(rb"<(VRTDataset|OGRVRTDataSource)\b", re.IGNORECASE), 256 << 20
_SOURCE = re.compile(r"<(?:SourceFilename|SourceDataset|SrcDataSource)\b([^>]*)>([^<]*)<", re.IGNORECASE)
_IN_PLACE = re.compile(r"relativeToVRT\s*=\s*[\"']?1", re.IGNORECASE)
# What XML leaves out, and what it takes as it stands.
_COMMENT_OR_PLAIN = re.compile(r"<!--.*?-->|<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
# How files begin that tell GDAL of a service.
_SERVICE = re.compile(rb"\s*(<\?xml[^>]*>\s*)?<(GDAL_WMS|GDAL_WMTS|WCS_GDAL|OGRWFSDataSource|OGROAPIFDataSource|OGRCSWDataSource)\b")
# What GDAL would fetch from another machine.
_REMOTE = re.compile(
    r"/vsi(curl|s3|gs|az|adls|oss|swift|webhdfs|hdfs)|\b(https?|ftp)://|^(WMS|WFS|WCS|WMTS|OGCAPI|STACIT|STACTA|DAAS|EEDAI?|PLMOSAIC):",
    re.IGNORECASE,
)
_PYTHON = re.compile(r"<PixelFunctionLanguage>\s*Python\s*<", re.IGNORECASE)


def check_virtual(path: str) -> None:
    """Raise EngineError if a virtual raster or layer, or one that it names, names itself or a pipe, runs Python or asks the network.

    A raster that the user names with an address of the network is the user's own wish; that of a virtual raster is that of who made it.
    Any other file passes, one that cannot be read too: whoever opens it says so.
    """
    seen: set[Path] = set()
    waiting: list[tuple[Path, tuple[Path, ...]]] = [(Path(path), ())]
    while waiting:
        file, above = waiting.pop()
        if above and (kind := odd_kind(str(file))):
            raise EngineError(
                f"The file {short(str(file))} of the virtual file {path} cannot be opened: it is {kind}, no file; give a file."
            )
        if above and _SERVICE.match(_start(file)):
            raise EngineError(
                f"The virtual file {path} names a service of the network ({short(str(file))}); download it and build it anew."
            )
        text = _text(file)
        real = file.resolve() if text is not None else file
        if real in above:
            raise EngineError(f"The virtual file {path} is made of itself; build it anew from the files that hold the values.")
        if text is None or real in seen:
            continue
        seen.add(real)
        if _PYTHON.search(text):
            raise EngineError(f"The virtual raster {file} has a pixel function in Python, which is never run; export it as a GeoTIFF.")
        for attributes, told in _SOURCE.findall(text):
            name = unescape(told).strip()
            if _REMOTE.search(name):
                raise EngineError(f"The virtual file {file} names a file of the network ({short(name)}); download it and build it anew.")
            waiting.append((file.parent / name if _IN_PLACE.search(attributes) else Path(name), (*above, real)))


def _start(path: Path) -> bytes:
    """Return how a file begins; nothing of what is none."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as stream:
            return stream.read(2048)
    except (OSError, ValueError):  # ValueError: a name with a zero byte
        return b""


def _text(path: Path) -> str | None:
    """Return the text of a virtual raster or layer without comments, as GDAL reads it; None for anything else."""
    if not _START.search(_start(path)) or path.stat().st_size > _MOST_BYTES:
        return None
    return _COMMENT_OR_PLAIN.sub(lambda found: escape(found[1] or ""), path.read_bytes().decode("utf-8", "replace"))
