# SPDX-License-Identifier: GPL-2.0-or-later
"""Sentences that others copy: each fact stands where it belongs, and what was not found is not claimed."""

from types import SimpleNamespace

import numpy as np
import pytest
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.mapping.counting import Landslides
from scarp.engine.project import gather, words
from scarp.engine.project.found import Project
from scarp.engine.project.gather import Facts
from scarp.engine.project.landslides import Inventory
from scarp.engine.project.runs import Run
from scarp.engine.project.words import adapted_for, limits, methods, methods_references
from scarp.models.covariate import Covariate

GRID = Grid(reference_of(32639).ExportToWkt(), (5e5, 20.0, 0.0, 3.6e6, 0.0, -20.0), (50, 40))
SPATIAL = gather.Tested("spatial", "Spatial folds", "Blocks of 300 m.", 0.8125, 0.75, 0.875, 48)
RANDOM = gather.Tested("test", "Test cells", "", 0.9, None, None, 12)
NUMBERS = np.arange(3)


def inventory(**changed):
    slides = Landslides.of(NUMBERS, NUMBERS, NUMBERS, NUMBERS.astype(np.float32))
    given = {"types": None, "period": "", "undated": 0, "by_year": {}, "copies": 0, "sharing": 0, "left_out": [], "are_polygons": False}
    return Inventory(slides, 3, **{**given, **changed})


def facts(**changed):
    """A project of which everything is known that is not changed."""
    runs, results = {}, changed.pop("results", {})
    model = changed.get("model")
    if results or model:
        runs["model"] = Run("train_cnn_dnn", None, {}, results=results)
    if settings := changed.pop("settings", None):
        runs["classes"] = Run("classify_susceptibility", None, {}, settings=settings)
    project = Project(runs=runs)
    given = {"grid": GRID, "cells": 1800, "area_km2": 0.72, "inventory": inventory(), "tests": [SPATIAL, RANDOM], "outside_percent": 12.5}
    return Facts(project, {"completeness": changed.pop("completeness", "All of them.")}, **{**given, **changed})


def test_a_test_is_told_with_its_interval_and_where_it_holds():
    told = words.tested_in_words(SPATIAL)
    assert told.startswith(
        "By spatial folds the area under the ROC curve (AUC) is 0.812 (95 % interval 0.750 to 0.875); that is what to expect of other"
    )
    assert told.endswith("expect less. Blocks of 300 m.")
    assert words.tested_in_words(RANDOM).startswith(
        "By test cells the area under the ROC curve (AUC) is 0.900; that is what to expect of other"
    )


INVENTORY_LACKS = "Kinds of movement are not told"
ERROR_LACKS, ERROR_TRIED = (
    "What a positional error of the landslides would do to the figures was not looked at",
    "How far landslides may lie from where",
)


@pytest.mark.parametrize(
    ("changed", "said", "unsaid"),
    [
        ({"inventory": None}, "The quality of the inventory is not known.", INVENTORY_LACKS),
        ({}, INVENTORY_LACKS, "The quality of the inventory"),
        ({"inventory": inventory(types={"slide": 3})}, "The period of the inventory is not told", INVENTORY_LACKS),
        ({"of_type": "slide"}, "It is for landslides of the type slide alone", INVENTORY_LACKS),
        (
            {"inventory": inventory(period="2011 to 2014", copies=1200)},
            "The inventory holds 1,200 features twice",
            "The period of the inventory",
        ),
        ({"inventory": inventory(sharing=7)}, INVENTORY_LACKS, "features twice"),
        ({"completeness": ""}, "How complete the inventory is, is not told", "was told"),
        ({}, ERROR_LACKS, "How complete the inventory is"),
        ({"moved": "somewhere"}, ERROR_TRIED, ERROR_LACKS),
        ({"moved": "somewhere", "is_error_told": True}, INVENTORY_LACKS, ERROR_TRIED),
        ({"tests": []}, "No test on landslides that took no part in the model was found", "The test goes by"),
        ({"tests": [RANDOM]}, "The test lies among the landslides of the training", "The test lies beside"),
        ({}, "The test lies beside the landslides of the training", "The test lies among"),
        ({}, "The test goes by 48 landslides; its interval tells how uncertain it is.", "No test on landslides"),
        ({"tests": [gather.Tested("held_out", "Held-out landslides", "", 0.8, 0.7, 0.9, 60)]}, INVENTORY_LACKS, "The test "),
        ({}, "On 12 % of the area the model was asked of ground unlike any it knows.", "was not looked at (APPLICABILITY"),
        ({"outside_percent": 10.0}, INVENTORY_LACKS, "unlike"),
        (
            {"outside_percent": None},
            "Where the ground is unlike that of the training was not looked at (APPLICABILITY",
            "unlike any it knows",
        ),
    ],
)
def test_limits_are_those_of_what_was_found(changed, said, unsaid):
    told = " ".join(limits(facts(**changed)))
    assert said in told and unsaid not in told
    assert told.startswith("The map ranks ground by how like it is to ground that slid.")


def network(monkeypatch, *, members=3, trees=64, share=0.25, manifest=()):
    """A model that counts as a network, of two covariates."""

    class Network:
        covariates = (Covariate("slope"), Covariate("geology", "categorical"))
        architecture = SimpleNamespace(patch_size_px=15)
        name = "CNN–DNN"

    made = Network()
    made.members, made.trees, made.share, made.manifest = (
        [{}] * members,
        SimpleNamespace(count=trees) if trees else None,
        share,
        dict(manifest),
    )
    monkeypatch.setattr(words, "CnnDnn", Network)
    return made


def test_the_methods_have_each_number_in_its_place(monkeypatch):
    rows = [
        {"class": name, "share_percent": area, "percent_of_landslides": held}
        for name, area, held in (("low", 60.0, 5.0), ("moderate", 25.0, 15.0), ("high", 10.0, 30.0), ("very high", 5.0, 50.0))
    ]
    screened = [{"covariate": "slope", "vif": 1.25}, {"covariate": "geology", "vif": 1.5}, {"covariate": "twi", "vif": 9.0}]
    told = methods(
        facts(
            model=network(monkeypatch),
            inventory=inventory(types={"slide": 2, "flow": 1}, period="2011 to 2014", are_polygons=True),
            results={"cells": {"training": [46, 228], "test": [11, 57], "none": [0, 0]}, "tried": 12},
            tables={"screening": screened, "class_table": rows},
            settings={"Method": "Natural breaks"},
        )
    )
    for sentence in (
        "was mapped for 0.72 km² (1,800 cells of 20 m, WGS 84 / UTM zone 39N (EPSG:32639)) with Scarp",
        "The inventory has 3 landslides on the map, mapped as polygons and dated 2011 to 2014; kinds of movement: slide (2) and flow (1).",
        "2 conditioning factors were used: slope and geology. The variance inflation factors of those are at most 1.500.",
        "The sample has 46 landslide and 228 non-landslide cells for training and 11 landslide and 57 non-landslide cells for the test;",
        "reads patches of 15 × 15 cells and the cell's own covariates; ",
        "susceptibility is the mean of 3 networks and, with a weight of 0.75, of a random forest",
        "Hyper-parameters were chosen among 12 candidates on folds inside the training cells.",
        "The area under the ROC curve is, by spatial folds: 0.812 (95 % interval 0.750 to 0.875); by test cells: 0.900 (intervals after",
        "The map was divided into 4 classes (natural breaks); the two highest hold 80 % of the landslides on 15 % of the area.",
        "12.5 % of the area lie outside the area of applicability (Meyer & Pebesma 2021).",
    ):
        assert sentence in told, sentence


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ({**dict.fromkeys("abcde", 2), "not told": 24}, "a (2), b (2), c (2), d (2), e (2) and not told of 24."),
        (dict.fromkeys("abcdef", 1), "a (1), b (1), c (1), d (1), e (1) and others."),
    ],
)
def test_others_are_claimed_only_where_there_are_some(types, said):
    assert f"; kinds of movement: {said}" in methods(facts(inventory=inventory(types=types)))


def test_methods_claim_no_more_than_is_there(monkeypatch):
    told = methods(facts(model=network(monkeypatch, members=1, trees=0), tests=[], outside_percent=None, inventory=None))
    assert "that of one network." in told and "random forest" not in told and "candidates" not in told and "ROC" not in told
    assert "applicability" not in told and "inventory" not in told and "classes" not in told and "factors of those" not in told
    alone = methods(facts(model=SimpleNamespace(name="Random forest", covariates=(), manifest={})))
    assert "The classifier is Random forest." in alone
    two = [{"class": name, "share_percent": 50.0, "percent_of_landslides": 50.0} for name in ("low", "high")]
    assert "divided into 2 classes." in methods(facts(tables={"class_table": two})), "of two classes the two highest are all"
    assert "mapped as points." in methods(facts())


def test_a_model_of_another_area_is_told_as_such(monkeypatch):
    adapted = network(monkeypatch, manifest={"adapted_from": {"epochs": 20}})
    assert adapted_for(adapted) == 20 and "trained on for 20 epochs on landslides of this one" in methods(facts(model=adapted))
    assert [adapted_for(SimpleNamespace(manifest=each)) for each in ({}, {"adapted_from": 3}, {"adapted_from": {"epochs": 0}})] == [
        None
    ] * 3
    assert methods_references(facts(model=adapted)) == [words._BREIMAN]
    assert methods_references(facts(model=network(monkeypatch, trees=0))) == []
