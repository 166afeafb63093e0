# SPDX-License-Identifier: GPL-2.0-or-later
"""How the area of a map is spread over its values, its classes and its sub-areas, on a row of ten cells of 400 m²."""

from types import SimpleNamespace

import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.mapping.maps import open_map
from scarp.engine.validation import survey as module
from scarp.engine.validation.ranking import Cuts
from scarp.engine.validation.survey import Classes, classes_of, count_classes, survey

VALUES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
# The first six cells are of a sub-area.
ZONE = np.array([[1] * 6 + [0] * 4])
AREA = 0.0004


@pytest.fixture
def seen(map_of):
    return open_map(map_of(VALUES), None, "SUSCEPTIBILITY_BAND", Feedback())


@pytest.fixture
def zones():
    def read(window):
        return ZONE[window.row : window.row + window.rows, window.col : window.col + window.cols]

    return SimpleNamespace(names=["west"], read=read)


def cuts(*values):
    return Cuts.of(np.array(values, np.float32))


def test_sub_areas_go_by_fewer_thresholds_than_the_whole(seen, zones):
    """Below 0.3, at it, between it and 0.8, at that, and above; the whole is told apart at every value."""
    found = survey(seen, cuts(*VALUES), cuts(0.3, 0.8), zones, Feedback())
    assert found.of_zones / AREA == pytest.approx(np.array([[0, 0, 1, 1, 2], [2, 1, 3, 0, 0]]))
    assert found.zone_cells.tolist() == [4, 6] and found.of_cuts[1::2] / AREA == pytest.approx(np.ones(10))
    assert (found.cells, found.area) == (10, pytest.approx(10 * AREA))


def test_squares_and_tenths_are_those_of_probabilities(seen, map_of):
    found = survey(seen, cuts(0.5), cuts(0.5), None, Feedback())
    assert found.squares / AREA == pytest.approx(sum(each**2 for each in VALUES), rel=1e-5)
    # 0.1 begins the second tenth; 0.9 and 1.0 share the last one.
    area, weighted = found.reliability.T / AREA
    assert area == pytest.approx([0, 1, 1, 1, 1, 1, 1, 1, 1, 2]) and weighted[9] == pytest.approx(1.9) and weighted[1] == pytest.approx(0.1)
    other = open_map(map_of([10 * each for each in VALUES], "other.tif"), None, "SUSCEPTIBILITY_BAND", Feedback())
    assert not survey(other, cuts(5.0), cuts(5.0), None, Feedback()).reliability.any()


def test_a_value_on_a_break_is_of_the_class_above():
    assert Classes(["low", "high"], [0.5]).of(np.array([0.25, 0.5, 0.75])).tolist() == [0, 1, 1]


def test_breaks_may_lie_partly_beyond_the_values(seen):
    """So that maps of several areas have the same classes."""
    found = survey(seen, cuts(0.5), cuts(0.5), None, Feedback())
    for breaks in ([0.05, 0.5], [0.5, 2.0], [0.05, 0.5, 2.0]):
        assert classes_of(seen, found, "manual", 5, breaks, Feedback()).breaks == breaks
    for breaks in ([0.01, 0.05], [1.5, 2.0]):
        with pytest.raises(EngineError, match="do not lie among the values"):
            classes_of(seen, found, "manual", 5, breaks, Feedback())


def test_classes_are_counted_by_sub_areas_and_kept_for_the_picture(seen, zones):
    kept = []
    picture = SimpleNamespace(keep=lambda window, numbers: kept.append(numbers))
    cells, area = count_classes(seen, Classes(["low", "high"], [0.45]), zones, Feedback(), picture)
    assert cells.tolist() == [[0, 4], [4, 2]] and area / AREA == pytest.approx(cells)
    assert np.concatenate(kept, axis=1).tolist() == [[0] * 4 + [1] * 6]


def test_where_there_is_no_value_there_is_no_class(map_of):
    seen = open_map(map_of([0.1, np.nan, 0.9], "gap.tif"), None, "SUSCEPTIBILITY_BAND", Feedback())
    kept = []
    picture = SimpleNamespace(keep=lambda window, numbers: kept.append(numbers))
    count_classes(seen, Classes(["low", "high"], [0.45]), None, Feedback(), picture)
    assert kept[0].tolist() == [[0, -1, 1]]


def test_equal_intervals_lie_between_the_least_and_the_greatest_value(map_of):
    """Of 10 to 30 in four classes, from 10 up."""
    seen = open_map(map_of([10.0, 20.5, 24.5, 30.0], "more.tif"), None, "SUSCEPTIBILITY_BAND", Feedback())
    found = survey(seen, cuts(20.5), cuts(20.5), None, Feedback())
    assert classes_of(seen, found, "equal_intervals", 4, [], Feedback()).breaks == pytest.approx([15, 20, 25])


def test_more_sub_areas_than_anybody_reads_are_refused(monkeypatch, seen):
    monkeypatch.setattr(module.ZoneRaster, "lay", lambda *_: SimpleNamespace(names=["a", "b"]))
    assert module.lay_zones("z.gpkg", None, seen.grid, None).names == ["a", "b"] and module.lay_zones(None, None, seen.grid, None) is None
    monkeypatch.setattr(module, "_MOST_ZONES", 1)
    with pytest.raises(EngineError, match=r"There are 2 sub-areas, and at most 1 are allowed; name a field .*\(ZONE_FIELD\)"):
        module.lay_zones("z.gpkg", None, seen.grid, None)
