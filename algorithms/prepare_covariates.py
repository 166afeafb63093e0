# SPDX-License-Identifier: GPL-2.0-or-later
"""Prepare covariates."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingParameterDistance,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsRasterLayer,
)

from ..engine.declarations.covariates import DECLARATIONS, DRAINAGE_AREA_KM2, SLOPE_METHODS, TERRAIN, TERRAIN_DEFAULT, UNKNOWN, WINDOW_M
from .base import ScarpAlgorithm

DISTANCES = {each.requires.upper(): each for each in DECLARATIONS if each.family == "distance"}
CLASSES = {each.requires.upper(): each for each in DECLARATIONS if each.family == "classes"}


class PrepareCovariates(ScarpAlgorithm):
    """Turn a DEM and whatever other layers there are into one covariate stack."""

    ID = "preparecovariates"
    TITLE = "Prepare covariates"
    GROUP = "data"
    TAGS = "conditioning factors covariate stack terrain slope aspect curvature hydrology distance ndvi geology dem"
    TASK = "prepare_covariates"
    HELP = (
        "Computes the conditioning factors (covariates) of landslides on the grid of the DEM and writes them as the bands of one raster, "
        "the covariate stack. A DEM is enough; every further layer adds covariates. Layers may have "
        "any coordinate reference system, cell size and extent: they are laid over the DEM's grid, and the log says how.\n\n"
        "A cell is valid where every covariate is; the log says how many cells each layer costs."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        number = QgsProcessingParameterNumber.Type
        vector = QgsProcessing.SourceType.TypeVectorAnyGeometry
        self.add(
            QgsProcessingParameterRasterLayer("DEM", self.tr("Elevation (DEM)")),
            self.tr("A digital elevation model in a projected coordinate reference system (metres)."),
        )
        self.add(
            QgsProcessingParameterFeatureSource("AREA", self.tr("Study area"), [QgsProcessing.SourceType.TypeVectorPolygon], optional=True),
            self.tr("Polygons that bound the study area; cells outside them become nodata. Empty: the whole DEM."),
        )
        self.add(
            QgsProcessingParameterDistance("CELL_SIZE", self.tr("Cell size"), parentParameterName="DEM", optional=True, minValue=0),
            self.tr("Cell size of the stack, in the DEM's units. Empty: the DEM's own."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber("Z_FACTOR", self.tr("Z factor"), number.Double, 1.0, minValue=1e-6),
            self.tr("What one unit of elevation is in metres: 1 for metres, 0.3048 for feet."),
            advanced=True,
        )
        self.add_choice(
            "TERRAIN",
            self.tr("Covariates from the DEM"),
            {name: self.tr(label) for name, label in TERRAIN.items()},
            self.tr("Which covariates to compute from the DEM. Those of flow, from flow accumulation on, need the whole DEM in memory."),
            default=list(TERRAIN_DEFAULT),
        )
        self.add_choice(
            "SLOPE_METHOD",
            self.tr("Slope and aspect by"),
            SLOPE_METHODS,
            self.tr("The formula for slope and aspect: Horn (1981), as GDAL does, or Zevenbergen and Thorne (1987)."),
            default=next(iter(SLOPE_METHODS)),
            advanced=True,
        )
        self.add_number(
            "WINDOW",
            "Window radius (m)",
            WINDOW_M,
            0.0,
            None,
            "Radius in metres of the window of topographic position, local relief and vector ruggedness; at least the neighbours count.",
            advanced=True,
        )
        self.add_number(
            "DRAINAGE_AREA",
            "Contributing area of drainage (km²)",
            DRAINAGE_AREA_KM2,
            0.0,
            None,
            "A cell belongs to the drainage network from this contributing area on; for the distance to, the height above and the "
            "density of drainage.",
            advanced=True,
        )
        for name, declared in DISTANCES.items():
            self.add(
                QgsProcessingParameterFeatureSource(name, self.tr(name.capitalize()), [vector], optional=True),
                self.tr("Points, lines or polygons; gives “{}” in metres.").format(self.tr(declared.label)),
            )
        for name, declared in CLASSES.items():
            title = declared.label
            self.add(
                QgsProcessingParameterMapLayer(
                    name,
                    self.tr(title),
                    optional=True,
                    types=[QgsProcessing.SourceType.TypeVectorPolygon, QgsProcessing.SourceType.TypeRaster],
                ),
                self.tr("Polygons with a field that names the class, or a raster of class codes."),
            )
            self.add(
                QgsProcessingParameterField(
                    f"{name}_FIELD",
                    self.tr("{}: field with the class").format(self.tr(title)),
                    parentLayerParameterName=name,
                    optional=True,
                ),
                self.tr("The field of the polygons that names the class; not needed for a raster."),
            )
        self.add(
            QgsProcessingParameterRasterLayer("RED", self.tr("Red band"), optional=True),
            self.tr("Reflectance in red; together with the near-infrared band it gives NDVI."),
        )
        self.add(
            QgsProcessingParameterRasterLayer("NIR", self.tr("Near-infrared band"), optional=True),
            self.tr("Reflectance in the near infrared."),
        )
        self.add(
            QgsProcessingParameterMultipleLayers(
                "EXTRA_CONTINUOUS",
                self.tr("Further continuous rasters"),
                QgsProcessing.SourceType.TypeRaster,
                optional=True,
            ),
            self.tr("Rasters of quantities (rainfall, say); each becomes a covariate with the layer's file name."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterMultipleLayers(
                "EXTRA_CATEGORICAL",
                self.tr("Further categorical rasters"),
                QgsProcessing.SourceType.TypeRaster,
                optional=True,
            ),
            self.tr("Rasters of class codes; each becomes a categorical covariate with the layer's file name."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterMultipleLayers("EXTRA_DISTANCES", self.tr("Further layers for distances"), vector, optional=True),
            self.tr("Vector layers (power lines, say); each gives the distance to its features, named after the layer."),
            advanced=True,
        )
        self.add_choice(
            "UNKNOWN",
            self.tr("Cells without a class"),
            UNKNOWN,
            self.tr("What becomes of cells that no polygon covers, or that the raster has no class for."),
            default=next(iter(UNKNOWN)),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Covariate stack")),
            self.tr("One band per covariate, with its name, kind and unit."),
        )

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        for name, declared in CLASSES.items():
            layer = self.parameterAsLayer(parameters, name, context)
            is_vector = layer is not None and not isinstance(layer, QgsRasterLayer)
            if is_vector and not self.parameterAsString(parameters, f"{name}_FIELD", context):
                return False, self.tr("{} is a polygon layer: choose the field that names the class ({}_FIELD).").format(
                    self.tr(declared.label), name
                )
        if (parameters.get("RED") is None) != (parameters.get("NIR") is None):
            return False, self.tr("NDVI needs both the red and the near-infrared band; only one was given.")
        return super().checkParameterValues(parameters, context)
