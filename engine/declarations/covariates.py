# SPDX-License-Identifier: GPL-2.0-or-later
"""Every covariate that Scarp can compute, declared once. Standard library only: QGIS's dialogs read these tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

GROUPS = ("geomorphologic", "geological", "environmental", "human", "extra")
# How a covariate is computed: from the cells around (terrain) or upstream (flow), as a distance to features, as classes, from bands.
FAMILIES = ("terrain", "flow", "distance", "classes", "spectral")


@dataclass(frozen=True)
class Declaration:
    """What a covariate is, and what it is computed from (`requires`: a task parameter).

    Its values lie between `low` and `high`; `default` tells whether it is computed unless the user chooses otherwise.
    """

    name: str
    label: str
    group: str
    kind: str
    unit: str
    family: str
    requires: str
    source: str
    low: float = -inf
    high: float = inf
    default: bool = True


def _terrain(name: str, label: str, unit: str, source: str, low: float = -inf, high: float = inf, default: bool = False) -> Declaration:
    return Declaration(name, label, "geomorphologic", "continuous", unit, "terrain", "dem", source, low, high, default)


def _flow(name: str, label: str, unit: str, source: str, low: float = -inf, high: float = inf, default: bool = False) -> Declaration:
    return Declaration(name, label, "environmental", "continuous", unit, "flow", "dem", source, low, high, default)


def _distance(requires: str, label: str, group: str) -> Declaration:
    name = f"distance_to_{requires}"
    return Declaration(name, label, group, "continuous", "m", "distance", requires, "Euclidean distance between cell centres", 0)


def _classes(name: str, label: str, group: str) -> Declaration:
    return Declaration(name, label, group, "categorical", "", "classes", name, "classes of the layer")


_ZT = "Zevenbergen and Thorne (1987)"
SLOPE_SOURCE = f"Horn (1981) or {_ZT}"
# What the method of flow stands for in these sources, until one is chosen.
FLOW_SOURCE = "D8, multiple flow or D∞"
# … and what area is divided by.
_CONTOURS = "the contours that it crosses, Quinn et al. (1991)"
WIDTH_SOURCE = f"cell size, by multiple flow over {_CONTOURS}"
_AREA_OVER = "a: contributing area over cell size"
_FULL = f"{_ZT}, full second derivatives, convex positive"
DECLARATIONS = (
    _terrain("altitude", "Altitude", "m", "the DEM itself", default=True),
    _terrain("slope", "Slope", "degree", SLOPE_SOURCE, 0, 90, default=True),
    Declaration("aspect", "Aspect", "geomorphologic", "circular", "degree", "terrain", "dem", f"{SLOPE_SOURCE}; -1 where flat", -1, 360),
    _terrain("northness", "Northness", "", "cosine of the aspect, 0 where flat", -1, 1),
    _terrain("eastness", "Eastness", "", "sine of the aspect, 0 where flat", -1, 1),
    _terrain("plan_curvature", "Plan curvature", "1/m", _FULL, default=True),
    _terrain("profile_curvature", "Profile curvature", "1/m", _FULL, default=True),
    _terrain("general_curvature", "General curvature", "1/m", _FULL),
    _terrain("topographic_position", "Topographic position", "m", "altitude less its mean in the window, Weiss (2001)", default=True),
    _terrain("local_relief", "Local relief", "m", "highest less lowest altitude in the window", 0, default=True),
    _terrain("ruggedness", "Terrain ruggedness", "m", "root of the summed squared differences from 8 neighbours, Riley et al. (1999)", 0),
    _terrain("roughness", "Roughness", "m", "highest less lowest of 3×3 cells, Wilson et al. (2007)", 0),
    _terrain("vector_ruggedness", "Vector ruggedness", "", "1 less the length of the mean normal, Sappington et al. (2007)", 0, 1, True),
    _flow("flow_accumulation", "Flow accumulation", "log10 m²", f"contributing area; {FLOW_SOURCE}"),
    _flow(
        "specific_catchment_area",
        "Specific catchment area",
        "log10 m",
        f"contributing area over {WIDTH_SOURCE}; {FLOW_SOURCE}",
        default=True,
    ),
    _flow(
        "topographic_wetness",
        "Topographic wetness",
        "ln m",
        f"ln(a / tan β), Beven and Kirkby (1979), {_AREA_OVER}; {FLOW_SOURCE}",
        default=True,
    ),
    _flow("stream_power", "Stream power", "ln m", f"ln(a · tan β), Moore et al. (1991), {_AREA_OVER}; {FLOW_SOURCE}"),
    _flow("distance_to_drainage", "Distance to drainage", "m", "Euclidean distance to the drainage network", 0, default=True),
    _flow("height_above_drainage", "Height above drainage", "m", "along the flow, Rennó et al. (2008)", 0, default=True),
    _flow("drainage_density", "Drainage density", "km/km²", "drainage length in a circle of 1 km, Horton (1932)", 0),
    Declaration(
        "watershed",
        "Watershed",
        "environmental",
        "categorical",
        "",
        "flow",
        "dem",
        "what drains through one outlet of the DEM; the largest apart",
        default=False,
    ),
    _distance("faults", "Distance to faults", "geological"),
    _distance("roads", "Distance to roads", "human"),
    _distance("settlements", "Distance to settlements", "human"),
    _distance("streams", "Distance to streams", "environmental"),
    _classes("geology", "Geology", "geological"),
    _classes("land_use", "Land use", "geological"),
    _classes("soil", "Soil type", "geological"),
    _classes("climate", "Climate", "environmental"),
    Declaration(
        "ndvi",
        "NDVI",
        "environmental",
        "continuous",
        "",
        "spectral",
        "red",
        "(NIR - red) / (NIR + red), Rouse et al. (1974)",
        -1,
        1,
    ),
)
BY_NAME = {declaration.name: declaration for declaration in DECLARATIONS}

# What the bands of maps that Scarp makes are called.
MAP_BANDS = ("susceptibility", "susceptibility class")
# What the DEM alone gives: names and labels, and those computed by default.
TERRAIN = {declaration.name: declaration.label for declaration in DECLARATIONS if declaration.requires == "dem"}
TERRAIN_DEFAULT = tuple(name for name in TERRAIN if BY_NAME[name].default)
SLOPE_METHODS = {"horn": "Horn (1981), as GDAL does", "zevenbergen_thorne": _ZT}
FLOW_METHODS = {
    "d8": "D8, O'Callaghan and Mark (1984)",
    "mfd": "Multiple flow, Freeman (1991)",
    "dinf": "D∞, Tarboton (1997)",
}
WIDTHS = {"d8": "cell size", "mfd": _CONTOURS, "dinf": "cell size"}
UNKNOWN = {"class": "A class of their own", "nodata": "Nodata"}


def label_of(name: str) -> str:
    """Return a covariate's name as people read it: its label if it is declared, else the name.

    >>> from scarp.engine.declarations.covariates import label_of
    >>> label_of("distance_to_faults"), label_of("my_raster")
    ('Distance to faults', 'my_raster')
    """
    return BY_NAME[name].label if name in BY_NAME else name


def labels_of(names: Iterable[str]) -> list[str]:
    """Return `label_of` of each name."""
    return [label_of(name) for name in names]


def spoken(name: str) -> str:
    """Return a covariate's name as people read it inside a sentence.

    >>> from scarp.engine.declarations.covariates import spoken
    >>> spoken("distance_to_faults"), spoken("ndvi"), spoken("Rain_1990")
    ('distance to faults', 'NDVI', 'Rain_1990')
    """
    label = label_of(name)
    return label if name not in BY_NAME or label.isupper() else f"{label[:1].lower()}{label[1:]}"
