# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
from scarp.engine.screening.binning import Classing
from scarp.engine.screening.figures import map_panel
from scarp.models.covariate import Covariate


def test_maps_show_the_largest_classes_and_the_rest_alike():
    codes = np.arange(15, dtype=np.float32)
    classing = Classing.of(Covariate("geology", "categorical"), np.empty(0), codes, "quantiles", 5)
    values = np.repeat(codes, codes.astype(int) + 1)
    panel = map_panel("Geology", classing, np.r_[values, np.nan, 99].astype(np.float32)[None])
    assert list(panel.names) == [*(str(code) for code in range(4, 15)), "4 others"] and len(set(panel.colours)) == 12
    shown = [panel.names[number] if number >= 0 else None for number in panel.numbers[0]]
    assert shown == [str(int(value)) if value >= 4 else "4 others" for value in values] + [None, None]
