# SPDX-License-Identifier: GPL-2.0-or-later
"""Response curves of functions whose curves are known."""

import numpy as np
import pytest
from scarp.engine.explanation.response import all_responses, response
from scarp.engine.feedback import Feedback
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.patches import Patches

ROCK = Covariate("rock", "categorical", classes={2: "marl", 7: "lime"})
COVARIATES = (Covariate("slope", unit="degree"), Covariate("aspect", "circular"), ROCK, Covariate("twin"))


@pytest.fixture(scope="module")
def ground():
    """Patches with a texture of their own; the last covariate repeats the first."""
    rng = np.random.default_rng(4)
    patches = np.empty((500, 3, 3, 4))
    patches[..., 0] = rng.uniform(0, 40, (500, 1, 1)) + rng.normal(0, 2, (500, 3, 3))
    patches[..., 1] = rng.uniform(0, 360, (500, 3, 3))
    patches[..., 2] = rng.choice([2, 7], (500, 1, 1))
    patches[..., 3] = patches[..., 0]
    patches = Patches.of(patches.astype(np.float32))
    return Encoder.fit(patches.centres(), COVARIATES), patches


def raw(encoder, encoded, channel=0):
    """A continuous covariate, back from its channel."""
    column = encoder.to_json()["columns"][0 if channel == 0 else 3]
    return encoded[..., channel] * column["deviation"] + column["mean"]


def test_a_square_gives_a_square(ground):
    encoder, patches = ground
    found = response(lambda each: (raw(encoder, each)[:, 1, 1] / 100) ** 2, encoder, patches, 0, 100)
    assert found.dependence == pytest.approx((found.values / 100) ** 2, abs=1e-5)
    assert np.diff(found.effect) == pytest.approx(np.diff((found.edges / 100) ** 2), abs=1e-5)
    assert found.values[0] == pytest.approx(np.percentile(found.cells, 1)) and len(found.values) == 15


def test_the_patch_rises_with_its_cell_and_keeps_its_texture(ground):
    encoder, patches = ground
    around = patches.take()[:100, ..., 0].astype(float)
    texture = around.std(axis=(1, 2)).mean()
    found = response(lambda each: raw(encoder, each).std(axis=(1, 2)), encoder, patches, 0, 100)
    assert found.dependence == pytest.approx(np.full(15, texture), rel=1e-3)
    assert found.effect == pytest.approx(np.zeros(len(found.edges)), abs=1e-3)


def test_what_a_model_does_not_look_at_has_no_effect(ground):
    encoder, patches = ground
    found = response(lambda each: raw(encoder, each)[:, 1, 1], encoder, patches, 3, 100)
    assert found.span == pytest.approx(0, abs=1e-5) and found.effect == pytest.approx(np.zeros(len(found.edges)), abs=1e-5)


def test_only_accumulated_effects_keep_twins_apart(ground):
    """How far its twin is from it: no cell has any of that, and nor do effects near the cells; dependence "
    "invents it."""
    encoder, patches = ground

    def apart(each):
        one, twin = raw(encoder, each)[:, 1, 1], raw(encoder, each, 5)[:, 1, 1]
        return np.minimum(np.abs(one - twin) / 40, 1.0)

    found = response(apart, encoder, patches, 0, 300)
    assert found.dependence.min() > 0.2
    assert np.ptp(found.effect) < 0.1


def test_directions_and_classes(ground):
    encoder, patches = ground
    aspect = response(lambda each: each[:, 1, 1, 1], encoder, patches, 1, 50)
    assert aspect.values.tolist() == [0, 45, 90, 135, 180, 225, 270, 315] and not len(aspect.edges)
    assert aspect.dependence == pytest.approx(np.sin(np.radians(aspect.values)), abs=1e-5)
    rock = response(lambda each: 0.1 + 0.6 * each[..., 4].mean(axis=(1, 2)), encoder, patches, 2, 50)
    assert rock.values.tolist() == [2, 7] and rock.dependence == pytest.approx([0.1, 0.7])


def test_dependence_is_the_mean_over_the_first_cells_and_effects_are_centred_on_all(ground):
    """What a cell's class adds stays its own."""
    encoder, patches = ground
    own, rock = patches.centres()[:, 0].astype(float), patches.centres()[:, 2]
    found = response(lambda each: raw(encoder, each)[:, 1, 1] / 100 + (each[:, 1, 1, 4] > 0.5), encoder, patches, 0, 60)
    assert found.dependence == pytest.approx(found.values / 100 + (rock[:60] == 7).mean(), abs=1e-5)
    assert found.values[-1] == pytest.approx(np.percentile(own, 99)) and len(found.edges) == 16
    assert found.edges == pytest.approx(np.percentile(own, np.linspace(1, 99, 16)))
    inside = own[(own >= found.edges[0]) & (own <= found.edges[-1])]
    count = np.histogram(inside, found.edges)[0]
    middle = (found.effect[1:] + found.effect[:-1]) / 2
    assert np.average(middle, weights=count) == pytest.approx(0, abs=1e-4)
    assert np.ptp(found.effect) == pytest.approx(np.ptp(found.edges) / 100, abs=1e-5)
    assert found.span == pytest.approx(np.ptp(found.values) / 100, abs=1e-5)


def test_the_patch_turns_with_its_cell_and_flat_ground_stays_flat(ground):
    """Ground that lies 90° from its cell does so whichever way the cell is turned; flat neighbours have no direction."""
    patches = np.zeros((20, 3, 3, 4))
    patches[..., 1] = 30.0
    patches[:, 0, 0, 1], patches[:, 0, 1, 1], patches[:, 0, 2, 1] = 300.0, -1.0, 10.0
    patches[10:, 1, 1, 1] = -1.0  # the cell itself is flat
    patches[..., 2] = np.resize([2, 7], 20)[:, None, None]
    patches = Patches.of(patches.astype(np.float32))
    encoder = ground[0]
    sine = response(lambda each: each[:, 0, 0, 1], encoder, patches.only(np.arange(10)), 1, 10)
    assert sine.dependence == pytest.approx(np.sin(np.radians(sine.values - 90)), abs=1e-5)
    beyond = response(lambda each: each[:, 0, 2, 2], encoder, patches.only(np.arange(10)), 1, 10)
    assert beyond.dependence == pytest.approx(np.cos(np.radians(beyond.values - 20)), abs=1e-5), "past north it goes on"
    flat = response(lambda each: np.hypot(each[:, 0, 1, 1], each[:, 0, 1, 2]), encoder, patches.only(np.arange(10)), 1, 10)
    assert flat.dependence == pytest.approx(np.zeros(8), abs=1e-6)
    own = response(lambda each: each[:, 1, 1, 2], encoder, patches.only(np.arange(10, 20)), 1, 10)
    assert own.dependence == pytest.approx(np.cos(np.radians(own.values)), abs=1e-5)


def test_curves_go_by_cells_drawn_at_random(ground):
    encoder, patches = ground

    def of(seed):
        return all_responses(lambda each: raw(encoder, each)[:, 1, 1] ** 2, encoder, patches, seed, Feedback())[2]

    first, again, other = of(1), of(1), of(2)
    assert first.dependence.tolist() == again.dependence.tolist() != other.dependence.tolist()
    assert len(first.cells) == 500
