# SPDX-License-Identifier: GPL-2.0-or-later
"""How far an area lies from a model's training cells, by hand: shares, classes, sentences, and silence where it is the model's own."""

import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.files.stack import Stack
from scarp.engine.mapping import likeness as likenesses
from scarp.engine.mapping.likeness import differences, likeness
from scarp.models.cell_model import CellModel
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder

COVARIATES = (Covariate("slope", unit="degree"), Covariate("geology", "categorical", classes={1: "marl", 2: "lime", 3: "clay"}))


def model_of(slopes, classes=(1, 2)):
    values = np.column_stack([slopes, np.resize(classes, len(slopes))])
    return CellModel(Encoder.fit(values, COVARIATES), None)


def stack_of(write_stack, slopes, classes):
    """Return a stack of ten rows; a NaN is no cell."""
    values = np.stack([np.asarray(slopes, float).reshape(10, -1), np.asarray(classes, float).reshape(10, -1)], axis=-1)
    return Stack.open(write_stack("here.tif", values.shape[:2], COVARIATES, values=values))


def test_shares_outside_by_hand(write_stack):
    """100 training cells of 0 to 30; of 100 cells here 12 are steeper, 8 are of clay, and ten lack a class and count for nothing."""
    slopes, classes = np.tile(15.0, 110), np.tile([1.0, 2.0], 55)
    slopes[:12], classes[12:20], classes[100:] = 31.0, 3, np.nan
    slopes[100:] = 80.0
    model = model_of(np.linspace(0, 30, 100))
    slope, geology = likeness(stack_of(write_stack, slopes, classes), model)
    assert slope.outside == pytest.approx(0.12) and slope.known[0] == 0 and slope.known[-1] == 30 and slope.found[3] == 15
    assert geology.outside == pytest.approx(0.08) and geology.unknown == {"clay": pytest.approx(0.08)}
    told = differences([slope, geology])
    assert told[0] == "Slope: 12 % of the cells lie outside what the model has seen (0 to 30 degree)."
    assert told[1] == "Geology: 8 % of the cells are of class clay, which is unknown to the model."
    assert "adapt the model" in told[2] and len(told) == 3


def test_little_is_not_told(write_stack):
    """Five of a hundred are within what is not worth a word, and six are not; with 30 training cells chance alone brings as much."""
    for outside, cells, told in ((5, 1000, 0), (6, 1000, 1), (19, 30, 0), (20, 30, 1)):
        slopes = np.tile(15.0, 100)
        slopes[:outside] = -3.0
        (slope, _) = likeness(stack_of(write_stack, slopes, np.ones(100)), model_of(np.linspace(0, 30, cells)))
        assert slope.outside == pytest.approx(outside / 100)
        assert len(differences([slope])) == 2 * told, (outside, cells)


def test_ground_at_the_edge_of_what_was_seen_is_told(write_stack):
    """All cells are within 0 to 30, but half of them above 28.5, where 5 % of the training cells are."""
    slopes = np.resize([28.6, 10.0, 29.0], 100)
    (slope, _) = likeness(stack_of(write_stack, slopes, np.ones(100)), model_of(np.linspace(0, 30, 101)))
    assert slope.outside == 0
    assert differences([slope])[0] == "Slope: half of the cells lie above 28.5 degree, where only 5 % of the training cells do."
    (slope, _) = likeness(stack_of(write_stack, 30 - slopes, np.ones(100)), model_of(np.linspace(0, 30, 101)))
    assert "half of the cells lie below 1.5 degree" in differences([slope])[0]


def test_the_own_area_is_silent(write_stack):
    rng = np.random.default_rng(3)
    slopes, classes = rng.gamma(2, 8, 2500), rng.integers(1, 4, 2500).astype(float)
    stack = stack_of(write_stack, slopes, classes)
    for cells in (60, 200, 1000):
        some = rng.permutation(2500)[:cells]
        model = CellModel(Encoder.fit(np.column_stack([slopes, classes])[some], COVARIATES), None)
        assert differences(likeness(stack, model)) == [], cells


def test_five_are_told_and_the_others_counted(write_stack):
    slopes = np.tile(50.0, 100)
    (slope, _) = likeness(stack_of(write_stack, slopes, np.ones(100)), model_of(np.linspace(0, 30, 101)))
    told = differences([slope] * 8)
    assert len(told) == 7 and told[5] == "3 more covariates differ likewise."


def test_codes_between_two_classes_are_refused(write_stack):
    """One cell between marl and lime, as warping by means leaves: it counted as marl in name, and as nothing in the map."""
    classes = np.ones(100)
    classes[42] = 1.5
    with pytest.raises(EngineError, match="geology holds 1.5, and codes of classes are whole numbers"):
        likeness(stack_of(write_stack, np.tile(15.0, 100), classes), model_of(np.linspace(0, 30, 100)))


def test_older_files_tell_classes_alone(write_stack):
    model = model_of(np.linspace(0, 30, 100))
    model.encoder = Encoder.from_json(model.encoder.to_json())
    (geology,) = likeness(stack_of(write_stack, np.tile(80.0, 100), np.resize([1, 3.0], 100)), model)
    assert geology.sentence == "Geology: 50 % of the cells are of class clay, which is unknown to the model"


def test_windows_stand_for_a_large_raster(write_stack, monkeypatch):
    """Half of the area, from left to right, is steep: so is half of what 36 windows of 2 × 3 cells see of it."""
    monkeypatch.setattr(likenesses, "_ALL_CELLS", 1000)
    monkeypatch.setattr(likenesses, "_ROWS", 2)
    monkeypatch.setattr(likenesses, "_COLS", 3)
    slopes = np.full((60, 84), 10.0)
    slopes[:, 42:] = 40.0
    values = np.stack([slopes, np.ones((60, 84))], axis=-1)
    stack = Stack.open(write_stack("large.tif", (60, 84), COVARIATES, values=values))
    assert len(likenesses._sample(stack, ["slope", "geology"])) == 36 * 6
    (slope, _) = likeness(stack, model_of(np.linspace(0, 30, 100)))
    assert slope.outside == pytest.approx(0.5)
    assert slope.sentence.startswith("Slope: 50 % of the sampled cells lie outside"), "it has seen no others"
    (_, geology) = likeness(stack, model_of(np.linspace(0, 30, 100), [2]))
    assert geology.sentence.startswith("Geology: 100 % of the sampled cells are of class marl")
    slopes[:, 28:] = 28.5
    stack = Stack.open(write_stack("near.tif", (60, 84), COVARIATES, values=np.stack([slopes + 0.5, np.ones((60, 84))], axis=-1)))
    (slope, _) = likeness(stack, model_of(np.linspace(0, 30, 100)))
    assert slope.sentence.startswith("Slope: half of the sampled cells lie above")


def test_a_stack_without_a_valid_cell_says_nothing(write_stack):
    assert likeness(stack_of(write_stack, np.full(100, np.nan), np.ones(100)), model_of(np.linspace(0, 30, 100))) == []


def test_the_least_and_the_greatest_that_were_seen_are_inside(write_stack):
    (slope, _) = likeness(stack_of(write_stack, np.resize([0.0, 30.0], 100), np.ones(100)), model_of(np.linspace(0, 30, 100)))
    assert slope.outside == 0


def test_unknown_classes_add_up_and_the_largest_is_told_first(write_stack):
    """Of 100 cells 10 are of clay, 20 and 5 of codes without a name."""
    classes = np.repeat([1.0, 3, 7, 8], [65, 10, 20, 5])
    (_, geology) = likeness(stack_of(write_stack, np.tile(15.0, 100), classes), model_of(np.linspace(0, 30, 100)))
    assert geology.outside == pytest.approx(0.35)
    assert geology.sentence == "Geology: 35 % of the cells are of classes 7, clay, 8, which are unknown to the model"
    many = np.repeat([1.0, *range(10, 17)], [30, *[10] * 7])
    (_, geology) = likeness(stack_of(write_stack, np.tile(15.0, 100), many), model_of(np.linspace(0, 30, 100)))
    assert geology.sentence == "Geology: 70 % of the cells are of classes 10, 11, 12, 13, 14 and 2 more, which are unknown to the model"


def test_exactly_five_are_all_there_is(write_stack):
    (slope, _) = likeness(stack_of(write_stack, np.tile(50.0, 100), np.ones(100)), model_of(np.linspace(0, 30, 101)))
    told = differences([slope] * 5)
    assert len(told) == 6 and not any("more covariates" in text for text in told)


def test_covariates_are_found_by_name_and_circular_ones_left_out(write_stack):
    """The stack has them the other way round, with another one between; aspect has no least and greatest value."""
    covariates = (COVARIATES[1], Covariate("aspect", "circular"), Covariate("rain"), COVARIATES[0])
    values = np.stack([np.full((10, 10), each) for each in (3.0, 350.0, 9999.0, 40.0)], axis=-1)
    stack = Stack.open(write_stack("turned.tif", (10, 10), covariates, values=values))
    known = np.column_stack([np.linspace(0, 30, 100), np.linspace(0, 90, 100), np.resize([1, 2], 100)])
    encoder = Encoder.fit(known, (COVARIATES[0], Covariate("aspect", "circular"), COVARIATES[1]))
    slope, geology = likeness(stack, CellModel(encoder, None))
    assert (slope.name, slope.outside, slope.found[3]) == ("slope", 1.0, 40.0)
    assert (geology.name, geology.unknown) == ("geology", {"clay": 1.0})
