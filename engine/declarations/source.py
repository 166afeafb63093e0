# SPDX-License-Identifier: GPL-2.0-or-later
"""How a task names a layer: its path, and what QGIS knows of it. Standard library only: QGIS's side writes it, the engine reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote

# The field that holds a feature's id where QGIS wrote a layer anew.
ID_FIELD = "scarp_id"
# What may follow a `|` at the end of a text: `key=value` or `option:KEY=VALUE`; anything else, pipes too, belongs to the path.
_OPTION = re.compile(r"(name|layername|geometrytype|band|crs|nodata|ownnodata|of|option:[A-Za-z0-9_]+)=(.*)", re.DOTALL)

# What a text begins with, or holds, that names no file of this machine: GDAL's drivers for databases and services, addresses, connections.
_ELSEWHERE = re.compile(
    r"^/vsi(curl|s3|gs|az|adls|oss|swift|webhdfs|hdfs)(_streaming)?/|(?<!\bfile)://|(^|[\s:])(dbname|host|service|table|password)\s*="
    r"|^(pg|postgresql|postgis|mysql|mssql|oci|georaster|oracle|odbc|hana|sde|mongodbv3|ngw|carto|amigocloud|es|couchdb|cloudant|wfs|wfs3|oapif"
    r"|ogcapi|wms|wmts|wcs|csw|eeda|eedai|daas|plscenes|plmosaic|stacit|stacta):",
    re.IGNORECASE,
)
_PASSWORD = re.compile(r"\b(password|passwd|pwd)\s*=\s*(?:'(?:[^'\\]|\\.)*'|\"[^\"]*\"|[^\s'\"|,;&]+)", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(://[^/\s:@]+:)[^/\s@]+@")


@dataclass(frozen=True)
class Source:
    """A raster or vector layer of a task: `path|key=value|…`, with `%` and `|` in values as `%25` and `%7C`.

    Parameters
    ----------
    path
        A file, or whatever else GDAL opens (`GPKG:file:table`, `NETCDF:"file":variable`, `/vsizip/…`).
    name
        What QGIS calls the layer; covariates are named after it.
    layername
        Which layer of a vector file.
    geometrytype
        Which of the geometries of a layer that mixes them, as QGIS writes it: Point, LineString, Polygon.
    band
        Which band of a raster, from 1; 0 where none was chosen.
    crs
        The CRS that counts instead of the file's, as WKT or `EPSG:32639`.
    nodata
        Ranges of values, both ends included, that are no data besides what the file declares.
    own_nodata
        Whether the nodata value that the file declares counts.
    options
        GDAL's open options, `KEY=VALUE`.
    of
        The file that `path` is a copy of, made by QGIS for the task and gone after it.

    Examples
    --------
    >>> source = Source.parse("/data/s2.tif|name=June %7C July|band=3")
    >>> source.path, source.name, source.band
    ('/data/s2.tif', 'June | July', 3)
    >>> str(Source("/data/dem.tif", nodata=((-32768.0, -32768.0), (9000.0, 1e5))))
    '/data/dem.tif|nodata=-32768.0:-32768.0,9000.0:100000.0'
    >>> Source.parse("/data/a|b.tif").path
    '/data/a|b.tif'
    """

    path: str
    name: str = ""
    layername: str = ""
    geometrytype: str = ""
    band: int = 0
    crs: str = ""
    nodata: tuple[tuple[float, float], ...] = ()
    own_nodata: bool = True
    options: tuple[str, ...] = ()
    of: str = ""

    @classmethod
    def parse(cls, text: str) -> Source:
        """Return what a text names.

        Raises
        ------
        ValueError
            If a band is no number, or a range of nodata is not two.
        """
        found: dict[str, str] = {}
        options: list[str] = []
        path, *parts = text.split("|")
        while parts and (match := _OPTION.fullmatch(parts[-1])):
            key, value = match[1], unquote(match[2])
            if key.startswith("option:"):
                options.append(f"{key[len('option:') :]}={value}")
            else:
                found[key] = value
            parts.pop()
        ranges = [part.split(":") for part in found.get("nodata", "").split(",") if part]
        return cls(
            "|".join((path, *parts)),
            found.get("name", ""),
            found.get("layername", ""),
            found.get("geometrytype", ""),
            int(found.get("band", "0")),
            found.get("crs", ""),
            tuple((float(low), float(high)) for low, high in ranges),
            found.get("ownnodata", "yes") != "no",
            tuple(reversed(options)),
            found.get("of", ""),
        )

    def __str__(self) -> str:
        nodata = ",".join(f"{low!r}:{high!r}" for low, high in self.nodata)
        values = {
            "name": self.name,
            "layername": self.layername,
            "geometrytype": self.geometrytype,
            "band": str(self.band) if self.band else "",
            "crs": self.crs,
            "nodata": nodata,
            "ownnodata": "" if self.own_nodata else "no",
            "of": self.of,
            **dict(f"option:{option}".split("=", 1) for option in self.options),
        }
        return self.path + "".join(f"|{key}={_quoted(value)}" for key, value in values.items() if value)

    @property
    def lasting(self) -> Source:
        """The source that is there after the task too: of a copy the file that it was made from.

        Examples
        --------
        >>> str(Source.parse("/tmp/layer0.fgb|name=slides|of=/data/slides.shp").lasting)
        '/data/slides.shp|name=slides'
        """
        return replace(self, path=self.of, of="") if self.of else self

    @property
    def told(self) -> str:
        """What to call the layer where its place helps: as QGIS does, else its path."""
        return self.name or without_password(self.path)

    @property
    def label(self) -> str:
        """What to call the layer: as QGIS does, else its layer or table, else the file without its extension.

        Examples
        --------
        >>> Source("/data/Roads.GPKG", layername="tracks").label, Source("/data/slope.deg.tif").label
        ('tracks', 'slope.deg')
        >>> Source("/data/soil/hdr.adf").label, Source("GPKG:/d/climate.gpkg:rain").label
        ('soil', 'rain')
        """
        if self.name or self.layername:
            return self.name or self.layername
        # A driver's prefix, a file that may have a drive of its own, and what it holds: `GPKG:C:/d/climate.gpkg:rain`.
        part = re.fullmatch(r'[A-Za-z0-9_]{2,}:(?:"[^"]*"|.*?[^:/\\]\.[A-Za-z0-9]+):(?:[^:]*[:/])?([^:/\\]+)', self.path)
        if part:
            return part[1]
        path = Path(without_password(self.path))
        return path.parent.name if path.suffix.lower() == ".adf" and path.parent.name else path.stem


def without_password(text: str) -> str:
    """Return the text of a connection as it may be told and kept: without its password.

    Examples
    --------
    >>> without_password("PG:host='db' password='a b' schema='x'")  # pragma: allowlist secret
    "PG:host='db' password=… schema='x'"
    >>> without_password("https://me:secret@db.org/layer")  # pragma: allowlist secret
    'https://me:…@db.org/layer'
    """
    return _IN_ADDRESS.sub(r"\1…@", _PASSWORD.sub(r"\1=…", text))


def is_elsewhere(path: str) -> bool:
    """Tell whether a text names a table of a database, or an address, rather than a file of this machine.

    Examples
    --------
    >>> is_elsewhere("PG:dbname=gis"), is_elsewhere("https://db.org/a.tif"), is_elsewhere("/vsicurl/https://db.org/a.tif")
    (True, True, True)
    >>> is_elsewhere("C:/data/a.tif"), is_elsewhere("GPKG:/data/a.gpkg:dem"), is_elsewhere("file:///data/a.csv")
    (False, False, False)
    """
    return bool(_ELSEWHERE.search(path))


def unreached(cause: str, form: str) -> str:
    """Return why a layer that lies elsewhere cannot be opened, and what to do: after “cannot be opened: ”.

    Parameters
    ----------
    cause
        In brackets, or empty.
    form
        Of a file, with its article: a GeoPackage.

    Examples
    --------
    >>> unreached(" (no route to host)", "a GeoTIFF")[:89]
    'it is no file but a database or an address that cannot be reached (no route to host), and'
    """
    return (
        f"it is no file but a database or an address that cannot be reached{cause}, and Scarp reads files: load the layer in QGIS and save "
        f"it as one, {form} (Layer > Save As)"
    )


def several_layers(path: str, names: Sequence[str]) -> str:
    """Return the sentence that refuses a file of several layers given by its path alone.

    Examples
    --------
    >>> several_layers("a.kml", ["old", "new"])
    'The file a.kml holds 2 layers (old, new), and its path alone does not tell which: name one (a.kml|layername=old), or merge them first.'
    """
    return (
        f"The file {path} holds {len(names)} layers ({', '.join(names)}), and its path alone does not tell which: name one "
        f"({path}|layername={names[0]}), or merge them first."
    )


def _quoted(text: str) -> str:
    return quote(text, safe="".join(chr(code) for code in range(32, 127) if chr(code) not in "%|"))
