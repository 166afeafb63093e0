# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window
from scarp.engine.screening.survey import class_areas, survey
from scipy import stats


def test_windows_do_not_change_the_counts(stack, whole, classings_of, monkeypatch):
    found = survey(stack, 1, Feedback())
    classings = classings_of(found)
    values = whole
    expected = [np.bincount(each.number(column), minlength=len(each.names)) for each, column in zip(classings, values.T)]
    for window_px in (7, 128, 1024):
        monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", window_px)
        for counts, right in zip(class_areas(stack, classings, Feedback()), expected):
            np.testing.assert_array_equal(counts, right)
    assert found.cells == len(values) == 300 * 260 - 50 * 70


def test_the_survey_samples_valid_cells_at_random(stack):
    found = survey(stack, 1, Feedback(), 5000)
    assert found.sample.shape == (5000, 6) and np.isfinite(found.sample).all()
    np.testing.assert_array_equal(found.sample, survey(stack, 1, Feedback(), 5000).sample)
    assert stats.kstest(found.sample[:, 0], "uniform", (0, 50)).pvalue > 0.001
    everything = survey(stack, 1, Feedback()).sample
    assert len(everything) == 300 * 260 - 50 * 70  # all there are, each once
    values = stack.read(Window(0, 0, 300, 260)).reshape(-1, 6)
    right = values[np.isfinite(values).all(axis=1)]
    order = np.argsort(right[:, 0])
    places = order[np.searchsorted(right[order, 0], found.sample[:, 0])]  # from north-west to south-east
    assert stats.kstest(places / len(right), "uniform").pvalue > 0.001
    np.testing.assert_array_equal(everything[np.lexsort(everything.T)], right[np.lexsort(right.T)])
    assert found.codes["geology"].tolist() == [1, 2]
    np.testing.assert_array_equal(found.picture, stack.read(Window(0, 0, 300, 260)))


def test_the_picture_is_every_nth_cell_across_windows(stack, monkeypatch):
    monkeypatch.setattr("scarp.engine.screening.survey._PICTURE_PX", 70)
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 64)
    found = survey(stack, 1, Feedback())
    assert found.step == 5
    np.testing.assert_array_equal(found.picture, stack.read(Window(0, 0, 300, 260))[::5, ::5])
