# SPDX-License-Identifier: GPL-2.0-or-later
"""The shape of the CNN–DNN. Standard library only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .errors import EngineError

# A stage (convolution, pooling) needs a map of at least this side.
_LEAST_SIDE = 5


@dataclass(frozen=True)
class Architecture:
    """What shapes the network: see `Recipe`, which makes one, for the meaning of each value.

    Stages of 3×3 valid convolution, batch normalisation (or a bias), ReLU and 2×2 max-pooling follow while at least 5 cells remain, with
    filters doubling; then the maps are flattened, joined with the centre cell's own covariates, and pass dense
    layers with units halving.

    Raises
    ------
    EngineError
        If the side of a patch is even, or there is nothing to see with: no channel, filter or unit.

    Examples
    --------
    Fifteen cells become 13 by the convolution and 6 by pooling; those become 4 and 2.

    >>> from scarp.models.recipe import Recipe
    >>> architecture = Recipe(patch_size=15).architecture(channels=9)
    >>> architecture.stages, architecture.last_side, architecture.margin_px
    ([16, 32], 2, 7)
    >>> architecture.dense_units, architecture.shapes["dense0"]
    ([64, 32], (137, 64))
    """

    channels: int
    patch_size_px: int
    filters: int
    hidden_layers: int
    units: int
    dropout: float
    batch_normalisation: bool

    def __post_init__(self) -> None:
        if self.patch_size_px < 1 or self.patch_size_px % 2 == 0:
            raise EngineError(
                f"The patch size must be odd, so that a patch has a centre cell; found {self.patch_size_px}, try {self.patch_size_px + 1}."
            )
        for name in ("channels", "filters", "units"):
            if getattr(self, name) < 1:
                raise EngineError(f"{name} must be at least 1; found {getattr(self, name)}.")

    @property
    def margin_px(self) -> int:
        """Cells that a patch reaches beyond its centre."""
        return self.patch_size_px // 2

    @property
    def stages(self) -> list[int]:
        """Filters of each stage."""
        side, filters, stages = self.patch_size_px, self.filters, []
        while side >= _LEAST_SIDE:
            stages.append(filters)
            side, filters = (side - 2) // 2, filters * 2
        return stages

    @property
    def last_side(self) -> int:
        """Side of the maps that are flattened."""
        side = self.patch_size_px
        for _ in self.stages:
            side = (side - 2) // 2
        return side

    @property
    def dense_units(self) -> list[int]:
        """Units of each dense layer."""
        return [max(self.units >> layer, 1) for layer in range(self.hidden_layers)]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every array of weights, by name."""
        shapes: dict[str, tuple[int, ...]] = {}
        last = self.channels
        for stage, filters in enumerate(self.stages):
            shapes[f"convolution{stage}"] = (3, 3, last, filters)
            shapes.update({f"{name}{stage}": (filters,) for name in ("gamma", "beta", "mean", "variance")})
            last = filters
        last = self.last_side**2 * last + self.channels
        for layer, units in enumerate(self.dense_units):
            shapes.update({f"dense{layer}": (last, units), f"bias{layer}": (units,)})
            last = units
        return {**shapes, "output": (last, 1), "output_bias": (1,), "linear": (self.channels, 1)}

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the manifest."""
        return asdict(self)
