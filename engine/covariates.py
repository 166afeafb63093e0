# SPDX-License-Identifier: GPL-2.0-or-later
"""Every covariate that Scarp can compute, declared once. Standard library only: QGIS's dialogs read these tables."""

from __future__ import annotations

from dataclasses import dataclass

GROUPS = ("geomorphologic", "geological", "environmental", "human", "extra")


@dataclass(frozen=True)
class Declaration:
    """What a covariate is, and what it is computed from (`requires`: a task parameter)."""

    name: str
    label: str
    group: str
    kind: str
    unit: str
    requires: str
    source: str


_ZT = "Zevenbergen and Thorne (1987)"
DECLARATIONS = (
    Declaration("altitude", "Altitude", "geomorphologic", "continuous", "m", "dem", "the DEM itself"),
    Declaration("slope", "Slope", "geomorphologic", "continuous", "degree", "dem", f"Horn (1981) or {_ZT}"),
    Declaration("aspect", "Aspect", "geomorphologic", "circular", "degree", "dem", f"Horn (1981) or {_ZT}"),
    Declaration(
        "plan_curvature",
        "Plan curvature",
        "geomorphologic",
        "continuous",
        "1/m",
        "dem",
        f"{_ZT}, full second derivatives",
    ),
    Declaration(
        "profile_curvature",
        "Profile curvature",
        "geomorphologic",
        "continuous",
        "1/m",
        "dem",
        f"{_ZT}, full second derivatives",
    ),
    Declaration("distance_to_faults", "Distance to faults", "geological", "continuous", "m", "faults", "Euclidean distance"),
    Declaration("distance_to_roads", "Distance to roads", "human", "continuous", "m", "roads", "Euclidean distance"),
    Declaration(
        "distance_to_settlements",
        "Distance to settlements",
        "human",
        "continuous",
        "m",
        "settlements",
        "Euclidean distance",
    ),
    Declaration(
        "distance_to_streams",
        "Distance to streams",
        "environmental",
        "continuous",
        "m",
        "streams",
        "Euclidean distance",
    ),
    Declaration("geology", "Geology", "geological", "categorical", "", "geology", "classes of the layer"),
    Declaration("land_use", "Land use", "geological", "categorical", "", "land_use", "classes of the layer"),
    Declaration("soil", "Soil type", "geological", "categorical", "", "soil", "classes of the layer"),
    Declaration("climate", "Climate", "environmental", "categorical", "", "climate", "classes of the layer"),
    Declaration("ndvi", "NDVI", "environmental", "continuous", "", "red", "(NIR - red) / (NIR + red), Rouse et al. (1974)"),
)
BY_NAME = {declaration.name: declaration for declaration in DECLARATIONS}

TERRAIN = {declaration.name: declaration.label for declaration in DECLARATIONS if declaration.requires == "dem"}
TERRAIN_DEFAULT = tuple(TERRAIN)
SLOPE_METHODS = {"horn": "Horn (1981), as GDAL does", "zevenbergen_thorne": _ZT}
UNKNOWN = {"class": "A class of their own", "nodata": "Nodata"}
