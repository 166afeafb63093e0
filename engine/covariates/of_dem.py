# SPDX-License-Identifier: GPL-2.0-or-later
"""All covariates that follow from elevation: of the terrain window by window, of the flow from arrays made beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ...models.covariate import Covariate
from ..declarations.covariates import BY_NAME, FLOW_METHODS, FLOW_SOURCE, SLOPE_METHODS, SLOPE_SOURCE, TERRAIN, WIDTH_SOURCE, WIDTHS
from ..errors import EngineError
from ..feedback import Feedback, counted
from ..files.grid import Window
from ..files.kept import Kept
from .disc import MOST_PX, disc_mean, half_widths, halo_px
from .distance import distances
from .elevation import Elevation
from .flow import NO_CELLS, Flow
from .terrain import OF_DISC, derive, halo_of

# Radius of the circle that drainage density is counted in.
_DENSITY_RADIUS_M = 1000.0
# Level ground would be infinitely wet: the slope's tangent counts as at least this.
_LEAST_GRADIENT = 0.001
# Where a DEM is too small for the drainage area, a cell of this share of the largest catchment belongs to the network.
_SMALL_DRAINAGE = 0.1
_ACCUMULATED = {"flow_accumulation", "specific_catchment_area", "topographic_wetness", "stream_power"}
_NETWORK = {"distance_to_drainage", "height_above_drainage", "drainage_density"}
# What is read with what lies around a window.
_IN_DISCS = {"stream_length"}
_WITH_GRADIENT = {"topographic_wetness", "stream_power"}


class Ground:
    """The chosen covariates of a DEM.

    Parameters
    ----------
    names
        Of `covariates.TERRAIN`.
    method
        Of `covariates.SLOPE_METHODS`.
    flow_method
        Of `covariates.FLOW_METHODS`.
    window_m
        Radius of the window of topographic position, local relief and vector ruggedness.
    drainage_area_km2
        Contributing area from which on a cell belongs to the drainage network.
    folder
        Where what the flow leads to is kept.

    Raises
    ------
    EngineError
        If a name is unknown.
    """

    def __init__(
        self,
        elevation: Elevation,
        names: Sequence[str],
        method: str,
        flow_method: str,
        window_m: float,
        drainage_area_km2: float,
        folder: Path,
    ) -> None:
        unknown = [name for name in names if name not in TERRAIN]
        if unknown:
            raise EngineError(f"No terrain covariate is called {', '.join(unknown)}; there are {', '.join(TERRAIN)}.")
        names = list(dict.fromkeys(names))
        self._elevation, self._names, self._method, self._flow_method = elevation, names, method, flow_method
        self._drainage_area_km2, self._folder = drainage_area_km2, folder
        # Those that are not needed could be too wide for the cells.
        self._disc = half_widths(window_m if OF_DISC & set(names) else 0.0, *elevation.grid.cell_size_m)
        most_m = MOST_PX * min(elevation.grid.cell_size_m)
        if "drainage_density" in names and most_m < _DENSITY_RADIUS_M:
            raise EngineError(
                f"Drainage density is counted in a circle of {_DENSITY_RADIUS_M:g} m, which may reach at most {MOST_PX} cells, "
                f"{most_m:g} m on this grid; leave it out (TERRAIN), or choose larger cells (CELL_SIZE)."
            )
        self._wide_disc = half_widths(_DENSITY_RADIUS_M if "drainage_density" in names else 0.0, *elevation.grid.cell_size_m)
        self._local = [name for name in names if BY_NAME[name].family == "terrain"]
        if _WITH_GRADIENT & set(names):
            self._local.append("gradient")
        self._rasters: dict[str, Kept] = {}
        self._classes: dict[int, str] = {}
        self._has_flow = any(BY_NAME[name].family == "flow" for name in names)

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """The chosen ones, in their order; watersheds have their names once the flow was followed."""
        chosen = [BY_NAME[name] for name in self._names]
        return tuple(
            Covariate(
                each.name, each.kind, each.unit, each.group, self._source(each.source), self._classes if each.name == "watershed" else {}
            )
            for each in chosen
        )

    def flow(self) -> Callable[[Feedback], None] | None:
        """Return what prepares the covariates of the flow, which must be done before windows are read; None where none is chosen.

        It takes a feedback and uses no GDAL, so that a thread of its own may call it while others do.
        """
        if not self._has_flow:
            return None
        # Taken out when it is needed: nothing else holds on to it.
        elevation = [self._elevation.whole()]
        return lambda feedback: self._keep_flow(Flow(elevation.pop(), self._elevation.grid.cell_size_m, self._flow_method), feedback)

    def _source(self, source: str) -> str:
        """Return the source of a covariate with the methods that were chosen."""
        source = source.replace(SLOPE_SOURCE, SLOPE_METHODS[self._method]).replace(WIDTH_SOURCE, WIDTHS[self._flow_method])
        return source.replace(FLOW_SOURCE, FLOW_METHODS[self._flow_method])

    def read(self, window: Window) -> Callable[[], list[np.ndarray]]:
        """Read what a window needs; return what computes the covariates of it, each float32 (rows, cols)."""
        elevation = self._elevation.read(window, halo_of(self._local, self._disc)) if self._local else None
        width, height = self._elevation.grid.cell_size_m
        rasters = {name: kept.read(window) for name, kept in self._rasters.items() if name not in _IN_DISCS}
        if "drainage_density" in self._names:
            rasters["stream_length"] = self._rasters["stream_length"].read(window, halo_px(self._wide_disc))

        def compute() -> list[np.ndarray]:
            found = dict(rasters)
            if elevation is not None:
                found |= derive(elevation, self._local, (width, height), self._method, self._disc)
            if "accumulated" in found:
                found |= self._accumulated(found)
            if "stream_length" in found:
                density = 1000 * disc_mean(found["stream_length"], self._wide_disc) / (width * height)
                found["drainage_density"] = density.astype(np.float32)
            return [found[name] for name in self._names]

        return compute

    def _accumulated(self, found: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the covariates that follow from the number of cells upstream, in logarithms: they span many orders of magnitude."""
        width, height = self._elevation.grid.cell_size_m
        area_m2 = found["accumulated"] * np.float32(width * height)
        specific_m = area_m2 / np.float32(np.sqrt(width * height))
        by_width = area_m2 / found["outflow"] if "outflow" in found else specific_m
        logarithms = {"flow_accumulation": np.log10(area_m2), "specific_catchment_area": np.log10(by_width)}
        if "gradient" in found:
            gradient = np.maximum(found["gradient"], np.float32(_LEAST_GRADIENT))
            logarithms |= {"topographic_wetness": np.log(specific_m / gradient), "stream_power": np.log(specific_m * gradient)}
        return logarithms

    def _keep_flow(self, flow: Flow, feedback: Feedback) -> None:
        """Keep what the chosen covariates of the flow are read from, and the names of the watersheds."""
        chosen, area_km2 = set(self._names), self._drainage_area_km2
        if chosen & _ACCUMULATED:
            feedback.message(f"Contributing area: {FLOW_METHODS[self._flow_method]}.")
            self._keep("accumulated", flow.accumulated(), np.int32 if self._flow_method == "d8" else np.float32, NO_CELLS)
        if "specific_catchment_area" in chosen and self._flow_method == "mfd":
            self._keep("outflow", flow.outflow_m())
        if "watershed" in chosen:
            labels, self._classes = flow.watersheds()
            self._keep("watershed", labels)
            del labels
        if chosen & _NETWORK:
            if area_km2 > flow.most_km2:
                asked, area_km2 = area_km2, flow.most_km2 * _SMALL_DRAINAGE
                feedback.warning(
                    f"No cell of the DEM drains {asked:g} km²; the drainage network begins at {area_km2:.3g} km² instead, a tenth "
                    "of the most that a cell drains (DRAINAGE_AREA)."
                )
            network = flow.drainage(area_km2)
            feedback.message(f"The drainage network ({area_km2:g} km² and more) has {counted(int(network.sum()), 'cell')}.")
            del flow.cells  # large, and no longer needed
            if "height_above_drainage" in chosen:
                self._keep("height_above_drainage", flow.height_above(network))
            if "drainage_density" in chosen:
                self._keep("stream_length", flow.stream_length(network))
            if "distance_to_drainage" in chosen:
                shape, kept = self._elevation.grid.shape, self._kept("distance_to_drainage", np.float32, None)
                distances(
                    lambda row, count: network[row : row + count], shape, Window(0, 0, *shape), self._elevation.grid.cell_size_m, kept.write
                )

    def _keep(self, name: str, values: np.ndarray, kind: type[np.number] = np.float32, nothing: float | None = None) -> None:
        self._kept(name, kind, nothing).write(0, values)

    def _kept(self, name: str, kind: type[np.number], nothing: float | None) -> Kept:
        kept = self._rasters[name] = Kept(self._folder / name, self._elevation.grid.shape, kind, nothing)
        return kept
