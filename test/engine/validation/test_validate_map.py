# SPDX-License-Identifier: GPL-2.0-or-later
import json
import re

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.reporting.figures import class_map
from scarp.engine.reporting.numbers import number
from scarp.engine.tasks.classify_susceptibility import run as classify
from scarp.engine.tasks.validate_map import run
from scarp.engine.validation import report
from small_maps import UTM, box, rows_of

# One row of ten cells; the landslide a covers cells 7 and 8, b cell 3.
VALUES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


@pytest.fixture
def slides(layer_of):
    return layer_of([box(UTM, 0, 7, 1, 2), box(UTM, 0, 3)], day=["2019-05-01", "2021"], kind=["x", "y"])


def validate(tmp_path, listener=None, **given):
    return run(listener or Feedback(), output=str(tmp_path / "t.csv"), **{"classes": 2, "method": "equal_intervals", **given})


def test_figures_by_hand(map_of, slides, tmp_path):
    """Others: .1 .2 .3 .5 .6 .7 1.0. Cells 7 and 8 are above six of seven, cell 3 above three of seven."""
    listener = Listener()
    result = validate(
        tmp_path,
        listener,
        susceptibility=map_of(VALUES),
        inventory=slides,
        class_table=str(tmp_path / "c.csv"),
        report=str(tmp_path / "r.html"),
    )
    (row,) = rows_of(tmp_path / "t.csv")
    by_cells, by_landslides = (6 + 6 + 3) / 21, (6 + 3) / 14
    assert result["auc"] == pytest.approx(by_cells)
    assert float(row["auc_by_cells"]) == pytest.approx(by_cells, abs=1e-6)
    assert float(row["auc_by_landslides"]) == pytest.approx(by_landslides, abs=1e-6)
    assert (row["landslides"], row["landslide_cells"], row["other_cells"], row["area_km2"]) == ("2", "3", "7", "0.004")
    assert row["rate"] == "rate curve" and row["landslides_are"].startswith("Not known")
    # Area under the rate curve: with a third of the cells in tenths 2, 3 and 7 from the top, each climbing within its tenth.
    assert float(row["rate_by_cells"]) == pytest.approx((0.85 + 0.75 + 0.35) / 3, abs=1e-6)
    assert float(row["rate_by_landslides"]) == pytest.approx((0.85 + 0.75) / 4 + 0.35 / 2, abs=1e-6)
    # Thresholds .9, .8, .4 with 1, 2, 6 cells above that are others … (1/2, 2/3, 3/7).
    assert float(row["average_precision"]) == pytest.approx((1 / 2 + 2 / 3 + 3 / 7) / 3, abs=1e-6)
    assert float(row["prevalence"]) == pytest.approx(0.3)
    wrong = 0.1**2 + 0.2**2 + 0.6**2, 0.1**2 + 0.2**2 + 0.3**2 + 0.5**2 + 0.6**2 + 0.7**2 + 1
    assert float(row["brier"]) == pytest.approx(sum(wrong) / 10, abs=1e-6)
    assert float(row["brier_balanced"]) == pytest.approx(wrong[0] / 6 + wrong[1] / 14, abs=1e-6)
    # Two units: DeLong with clusters, and each other cell its own.
    theta = by_cells
    units = np.array([2 * (6 / 7 - theta), 3 / 7 - theta]) / 3
    others = np.array([1, 1, 1, 2 / 3, 2 / 3, 2 / 3, 0]) - theta
    error = (2 * (units**2).sum() + (others**2).sum() / 7 / 6) ** 0.5
    assert float(row["auc_by_cells_low"]) == pytest.approx(1 / (1 + 0.4 * np.exp(12.706205 * error / (theta * (1 - theta)))), abs=1e-5)
    low, high = rows_of(tmp_path / "c.csv")
    assert (low["class"], low["cells"], low["landslide_cells"], low["landslides"]) == ("low", "5", "1", "1.0")
    assert (high["class"], high["cells"], high["landslide_cells"], high["frequency_ratio"]) == ("high", "5", "2", "1.3333")
    assert high["density_percent"] == "40.0" and high["landslides_per_km2"] == "500.0"
    assert listener.percents == sorted(listener.percents) and listener.percents[-1] == 100
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Chung" in page and "0.714" in page and "no more than" not in page
    assert json.loads((tmp_path / "r.html.run.json").read_text(encoding="utf-8"))["task"] == "validate_map"


@pytest.mark.parametrize("change", [lambda x: 100 * x, lambda x: 9 * x - 4, lambda x: x**3, lambda x: np.rint(10 * x)])
def test_only_the_order_of_values_counts(map_of, slides, tmp_path, change):
    result = validate(tmp_path, susceptibility=map_of(change(np.array(VALUES))), inventory=slides)
    assert result["auc"] == pytest.approx(15 / 21)
    (row,) = rows_of(tmp_path / "t.csv")
    assert ("brier" in row) == (change(1.0) == 1.0)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (gdal.GDT_Float64, lambda x: 1e8 + x),
        (gdal.GDT_Float64, lambda x: 1 - 1e-12 * (2 - x)),
        (gdal.GDT_Float64, lambda x: np.exp(700 * (x - 1))),
        (gdal.GDT_Int32, lambda x: 100_000_000 + np.rint(10 * x)),
    ],
)
def test_values_that_32_bits_do_not_tell_apart_are_told_apart(map_of, slides, tmp_path, kind, change):
    """Saturated probabilities, a naïve Bayes far below 0, an index with an offset: they were all equal, an AUC of 0.5 without a word."""
    values = change(np.array(VALUES))
    first = map_of(values, kind=kind)
    other = map_of(values[::-1], "other.tif", kind=kind)
    given = {"inventory": slides, "susceptibility_2": other, "difference": str(tmp_path / "d.tif")}
    result = validate(tmp_path, susceptibility=first, method="quantiles", **given)
    assert result["auc"] == pytest.approx(15 / 21)
    whole, pair = rows_of(tmp_path / "t.csv")
    assert float(whole["rate_by_cells"]) == pytest.approx((0.85 + 0.75 + 0.35) / 3, abs=1e-6)
    assert float(pair["auc_by_cells"]) == pytest.approx(2 * 15 / 21 - 1, abs=1e-6)


def test_integers_and_an_undeclared_void(map_of, slides, tmp_path):
    listener = Listener()
    values = np.array([*(10.0 * np.array(VALUES)), -9999.0])
    path = map_of(values, kind=gdal.GDT_Int16, nodata=None)
    result = validate(tmp_path, listener, susceptibility=path, inventory=slides)
    assert result["auc"] == pytest.approx(15 / 21)
    assert any("nodata that nobody declared" in each for each in listener.warnings)


def test_a_lone_minus_one_is_told_and_counts(map_of, slides, tmp_path):
    listener = Listener()
    values = np.array([*VALUES, -1.0])
    result = validate(tmp_path, listener, susceptibility=map_of(values, nodata=None), inventory=slides)
    assert result["auc"] == pytest.approx(18 / 24)  # one more cell without a landslide, below all three with one
    assert [
        text for text in listener.warnings if text.startswith("The raster map.tif holds -1 on 1 of 11 cells and no other value below 0")
    ]
    listener = Listener()
    validate(tmp_path, listener, susceptibility=map_of(values, "declared.tif", nodata=-1.0), inventory=slides)
    assert not [text for text in listener.warnings if "-1" in text]


@pytest.mark.parametrize(
    "first, last, nodata, told", [(0, 1, None, True), (1, 0, None, True), (1, 1, None, False), (0, 1, -9999.0, False), (0, 1, -5.0, True)]
)
def test_zero_in_a_corner_where_no_nodata_is_declared_is_told_and_counts(map_of, slides, tmp_path, first, last, nodata, told):
    """As outside a study area; a map with cells of the nodata that it declares, or 0 in its midst alone, says what it means."""
    values, listener = np.array([first / 8, *VALUES[1:5], 0.0, *VALUES[6:9], last / 2]), Listener()
    path = map_of(np.r_[values, nodata] if nodata == -9999.0 else values, nodata=nodata)
    assert validate(tmp_path, listener, susceptibility=path, inventory=slides)["auc"] < 1
    zeros = np.count_nonzero(values == 0)
    said = [each for each in listener.warnings if f"0 stands on {zeros} of 10 cells, a corner among them" in each]
    assert len(said) == told


def test_percents_of_bytes_and_an_undeclared_255(map_of, slides, tmp_path):
    """The nodata that most tools give bytes; beside 0 alone it is a value, as in a mask."""
    listener = Listener()
    values = np.array([*(100.0 * np.array(VALUES)), 255])
    result = validate(tmp_path, listener, susceptibility=map_of(values, kind=gdal.GDT_Byte, nodata=None), inventory=slides)
    assert result["auc"] == pytest.approx(15 / 21)
    assert [text for text in listener.warnings if text.startswith("The raster map.tif holds 255 on 1 of 11 cells, which looks like nodata")]
    mask = map_of([0, 0, 0, 255, 0, 0, 0, 255, 255, 0], "mask.tif", kind=gdal.GDT_Byte, nodata=None)
    assert validate(tmp_path, susceptibility=mask, inventory=slides)["auc"] == 1


def test_infinite_values_are_told(map_of, slides, tmp_path):
    """Log odds of 1 are infinite: the cell of a landslide that is lost so is not lost in silence."""
    listener = Listener()
    values = np.array(VALUES)
    values[7], values[0] = np.inf, -np.inf
    validate(tmp_path, listener, susceptibility=map_of(values), inventory=slides)
    assert [text for text in listener.warnings if text.startswith("The raster map.tif holds a number beyond 1e+19 on 2 of 10 cells")]


def test_a_map_that_ranks_the_other_way_is_told_so(map_of, layer_of, tmp_path):
    """As classes do of which 1 is the highest; by chance alone it is not said."""
    slides = layer_of([box(UTM, 0, col) for col in (0, 1, 2, 3)])
    listener = Listener()
    validate(tmp_path, listener, susceptibility=map_of(VALUES), inventory=slides)
    assert "An AUC below 0.5 ranks landslides lower than other ground. If low numbers mean" in listener.messages[-1]
    listener = Listener()
    validate(tmp_path, listener, susceptibility=map_of([0.1, 0.9, 0.5, 0.2, 0.6, 0.3, 0.7, 0.8, 0.4, 1.0]), inventory=slides)
    assert "below 0.5" not in listener.messages[-1]


def test_one_landslide_is_not_called_some(map_of, layer_of, tmp_path):
    one, other = layer_of([box(UTM, 0, 7, 1, 2)]), layer_of([box(UTM, 0, 3)], "other.gpkg")
    listener, given = (
        Listener(),
        {"susceptibility": map_of(VALUES), "training_inventory": other, "susceptibility_2": map_of(VALUES, "b.tif")},
    )
    validate(tmp_path, listener, **given, inventory=one, report=str(tmp_path / "r.html"))
    words = listener.messages[-1]
    assert "of 1 held-out landslide on 2 cells." in words and "Of the 1 landslide that the map was made from it reaches" in words
    assert not re.search(r"(?<![\d,.])1 (held-out )?(landslides|cells)", (tmp_path / "r.html").read_text(encoding="utf-8"))


def test_sub_areas_without_figures_are_named(map_of, slides, layer_of, tmp_path):
    """The landslides lie on cells 3, 7 and 8, so not in the first, and nothing else is in the third; the last are not on the map."""
    boxes = [box(UTM, 0, 0, 1, 2), box(UTM, 0, 2, 1, 4), box(UTM, 0, 7, 1, 2), box(UTM, 90, 7), "POINT EMPTY"]
    slope, far = "slope" * 100, "far" * 100
    zones = layer_of(boxes, "zones.gpkg", name=["plain", slope, "scar", far, "nowhere"])
    listener = Listener()
    given = {"susceptibility": map_of(VALUES), "inventory": slides, "zones": zones, "zone_field": "name"}
    validate(tmp_path, listener, **given, report=str(tmp_path / "r.html"))
    told = (
        "Sub-areas without figures, since no landslide or no other cell of the map lies in them: 2 (plain, scar); since they lie beyond "
        f"the map or have no area: 2 ({far[:40]}…{far[-39:]}, nowhere)."
    )
    words = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert [each for each in listener.messages if each.startswith("Sub-areas")] == [told] and told in words
    assert [row["name"] for row in rows_of(tmp_path / "t.csv") if row["part"] == "sub-area"] == [slope], "whole in the table"
    assert slope not in words and f"<td>{slope[:40]}…" in words


def test_perfect_and_noise(map_of, layer_of, tmp_path):
    rng = np.random.default_rng(3)
    grid = Grid(UTM.crs, UTM.transform, (100, 100))
    where = rng.choice(10_000, 400, replace=False)
    points = ["POINT ({} {})".format(*grid.centres(*divmod(int(cell), 100))) for cell in where]
    slides = layer_of(points)
    truth = np.zeros(10_000)
    truth[where] = 1
    perfect = map_of((truth + 0.5 * rng.random(10_000)).reshape(100, 100), "perfect.tif", grid)
    assert validate(tmp_path, susceptibility=perfect, inventory=slides)["auc"] == pytest.approx(1)
    noise = map_of(rng.random((100, 100)), "noise.tif", grid)
    result = validate(tmp_path, susceptibility=noise, inventory=slides)
    (row,) = rows_of(tmp_path / "t.csv")
    assert float(row["auc_by_cells_low"]) < 0.5 < float(row["auc_by_cells_high"])
    assert result["auc"] == pytest.approx(0.5, abs=0.06)
    assert float(row["rate_by_cells"]) == pytest.approx(0.5, abs=0.06)


def test_windows_give_what_the_whole_gives(map_of, layer_of, tmp_path, monkeypatch):
    rng = np.random.default_rng(4)
    grid = Grid(UTM.crs, UTM.transform, (60, 50))
    slides = layer_of(["POINT ({} {})".format(*grid.centres(*divmod(int(cell), 50))) for cell in rng.choice(3000, 50, replace=False)])
    zones = layer_of([box(grid, 0, 0, 60, 20), box(grid, 0, 20, 60, 30)], "zones.gpkg", name=["west", "east"])
    given = {"susceptibility": map_of(rng.random((60, 50)), "m.tif", grid), "inventory": slides, "zones": zones, "zone_field": "name"}
    given |= {"susceptibility_2": map_of(rng.random((60, 50)), "n.tif", grid)}
    validate(tmp_path, **given)
    whole = rows_of(tmp_path / "t.csv")
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 7)
    validate(tmp_path, **given)
    assert rows_of(tmp_path / "t.csv") == whole and len(whole) == 4


def test_roles_are_kept_apart_by_name(map_of, slides, layer_of, tmp_path):
    """The training landslide on cell 9 is no ground without landslides for the held-out ones."""
    training = layer_of([box(UTM, 0, 9)], "training.gpkg")
    listener = Listener()
    result = validate(tmp_path, listener, susceptibility=map_of(VALUES), inventory=slides, training_inventory=training)
    held_out, trained = rows_of(tmp_path / "t.csv")
    assert held_out["rate"] == "prediction rate" and trained["rate"] == "success rate"
    assert result["auc"] == pytest.approx((6 + 6 + 3) / 18)
    assert float(trained["auc_by_cells"]) == 1 and trained["landslides"] == "1" and trained["auc_by_cells_low"] == ""
    assert any("one landslide, and has no interval" in each for each in listener.warnings)
    told = json.loads((tmp_path / "t.csv.run.json").read_text(encoding="utf-8"))["results"]
    assert (told["role"], told["are_samples"]) == ("held_out", False)
    validate(tmp_path, listener, susceptibility=map_of(VALUES), inventory=slides, training_inventory=slides)
    assert any("lie on cells of the training inventory: 2 of 2." in each for each in listener.warnings)
    assert json.loads((tmp_path / "t.csv.run.json").read_text())["results"]["shared"] == 2


def test_labelled_cells(map_of, layer_of, tmp_path):
    """Only labelled cells are told apart; the rate curve still goes by the whole area."""
    cells = [box(UTM, 0, each) for each in (8, 3, 2, 5)]
    labelled = layer_of(cells, label=[1, 1, 0, 0])
    result = validate(tmp_path, susceptibility=map_of(VALUES), inventory=labelled, label_field="label", role="held_out")
    (row,) = rows_of(tmp_path / "t.csv")
    assert result["auc"] == pytest.approx(3 / 4) and row["other_cells"] == "2" and row["rate"] == "prediction rate"
    assert float(row["rate_by_cells"]) == pytest.approx((0.85 + 0.35) / 2, abs=1e-6)


def sample_cells(layer_of):
    """Write eight cells as “Sample cells” does, four of landslides, half of either kind for the test; return the path."""
    return layer_of(
        ["POINT ({} {})".format(*UTM.centres(0, each)) for each in range(8)],
        landslide=[0, 0, 1, 0, 1, 0, 1, 1],
        subset=["test", "train", "test", "train", "train", "test", "train", "test"],
        fold=[-1, 0, -1, 0, 1, -1, 1, -1],
        origin=["random", "random", "1", "random", "2", "random", "3", "4"],
    )


def test_sample_cells_bring_their_roles(map_of, layer_of, tmp_path):
    cells, susceptibility = sample_cells(layer_of), map_of(VALUES)
    for model in ("", "CNN–DNN"):
        listener = Listener()
        if model:
            gdal.Open(susceptibility, gdal.GA_Update).SetMetadataItem("model", model)
        validate(tmp_path, listener, susceptibility=susceptibility, inventory=cells, label_field="landslide")
        told = any("The map does not say which model it is of." in each for each in listener.warnings)
        assert told != bool(model), "a map that went through other tools"
    test, train = rows_of(tmp_path / "t.csv")
    assert (test["rate"], train["rate"]) == ("prediction rate", "success rate")
    assert float(test["auc_by_cells"]) == pytest.approx(3 / 4) and float(train["auc_by_cells"]) == 1


@pytest.mark.parametrize(("role", "rate", "told"), [(None, "success rate", 1), ("held_out", "prediction rate", 0)])
def test_test_cells_that_the_model_was_fitted_to_are_not_held_out(map_of, layer_of, tmp_path, role, rate, told):
    """Noise had a prediction rate of 0.94, where few landslides were tested by folds and the model was fitted to all."""
    susceptibility = map_of(VALUES)
    gdal.Open(susceptibility, gdal.GA_Update).SetMetadataItem("fitted_to", "all cells")
    cells = sample_cells(layer_of)
    listener = Listener()
    given = {"role": role} if role else {}
    result = validate(tmp_path, listener, susceptibility=susceptibility, inventory=cells, label_field="landslide", **given)
    (row,) = rows_of(tmp_path / "t.csv")
    assert (row["rate"], row["landslides"], row["other_cells"]) == (rate, "4", "4")
    assert result["auc"] == pytest.approx((2 + 3 + 4 + 4) / 16), "cells 2, 4, 6 and 7 against 0, 1, 3 and 5"
    assert sum("was fitted to all of its sample cells" in each for each in listener.warnings) == told
    run = json.loads((tmp_path / "t.csv.run.json").read_text())
    assert run["results"]["are_samples"] is False


def test_sample_cells_that_the_user_says_made_the_map_are_all_training(map_of, layer_of, tmp_path):
    validate(tmp_path, susceptibility=map_of(VALUES), inventory=sample_cells(layer_of), label_field="landslide", role="training")
    (row,) = rows_of(tmp_path / "t.csv")
    assert (row["rate"], row["landslides"], row["other_cells"]) == ("success rate", "4", "4")


def test_sub_areas_and_dates(map_of, slides, layer_of, tmp_path):
    zones = layer_of([box(UTM, 0, 0, 1, 5), box(UTM, 0, 5, 1, 5)], "zones.gpkg", name=["west", "east"])
    given = {"zones": zones, "zone_field": "name", "date_field": "day", "class_table": str(tmp_path / "c.csv")}
    validate(tmp_path, susceptibility=map_of(VALUES), inventory=slides, report=str(tmp_path / "r.html"), **given)
    rows = {row["name"]: row for row in rows_of(tmp_path / "t.csv")}
    assert list(rows) == ["all", "west", "east", "2019", "2021"]
    assert float(rows["west"]["auc_by_cells"]) == pytest.approx(3 / 4)  # .4 against .1 .2 .3 .5
    assert float(rows["east"]["auc_by_cells"]) == pytest.approx(2 / 3)  # .8 and .9 against .6 .7 1.0
    assert rows["east"]["other_cells"] == "3" and rows["east"]["area_km2"] == "0.002"
    assert float(rows["2019"]["auc_by_cells"]) == pytest.approx(6 / 7)
    assert float(rows["2021"]["auc_by_cells"]) == pytest.approx(3 / 7)
    classes = [row for row in rows_of(tmp_path / "c.csv") if row["name"] in ("west", "2019")]
    assert [(row["name"], row["class"], row["cells"], row["landslide_cells"]) for row in classes] == [
        ("west", "low", "5", "1"), ("west", "high", "0", "0"), ("2019", "low", "5", "0"), ("2019", "high", "5", "2")
    ]  # fmt: skip


def test_what_may_be_earlier_or_later_is_no_ground_for_two_maps_either(map_of, layer_of, tmp_path):
    """Cells 7 and 8 are later; cell 3 of an open date is not among the seven others: 6 of 7 by the first map, 1 of 7 by the second."""
    slides = layer_of([box(UTM, 0, 7, 1, 2), box(UTM, 0, 3)], day=["2021", "2019"])
    given = {"date_field": "day", "split_date": "2019-06-01", "susceptibility_2": map_of(VALUES[::-1], "other.tif")}
    validate(tmp_path, susceptibility=map_of(VALUES), inventory=slides, **given)
    assert float(rows_of(tmp_path / "t.csv")[-1]["auc_by_cells"]) == pytest.approx(6 / 7 - 1 / 7, abs=1e-6)


FEW_VALUES = [0.1, 0.1, 0.1, 0.5, 0.5, 0.5, 0.5, 0.9, 0.9, 0.9]


@pytest.mark.parametrize("method", ["natural_breaks", "quantiles", "equal_intervals", "geometric", "standard_deviation"])
def test_a_map_of_few_values_is_validated_with_a_class_a_value(map_of, slides, tmp_path, method):
    """Others: three of 0.1, three of 0.5, one of 0.9; a landslide cell of 0.5 and two of 0.9. It was refused, AUC and all."""
    listener = Listener()
    given = {"susceptibility": map_of(FEW_VALUES), "inventory": slides, "method": method, "classes": 5}
    result = validate(tmp_path, listener, **given, class_table=str(tmp_path / "c.csv"), report=str(tmp_path / "r.html"))
    assert result["auc"] == pytest.approx((6.5 + 6.5 + 4.5) / 21)
    assert [row["cells"] for row in rows_of(tmp_path / "c.csv")] == ["3", "4", "3"]
    assert [text for text in listener.warnings if "map.tif has only 3 different values" in text and "3 classes instead of 5" in text]


def test_where_a_method_leaves_classes_empty_they_are_natural_breaks(map_of, slides, tmp_path):
    """Seven of ten cells share the highest value, so no three classes have equal areas."""
    listener = Listener()
    given = {"susceptibility": map_of([0.1, 0.5, 0.8] + [0.9] * 7), "inventory": slides, "method": "quantiles", "classes": 3}
    assert validate(tmp_path, listener, **given, class_table=str(tmp_path / "c.csv"))["auc"] == pytest.approx(15 / 21)
    assert [row["cells"] for row in rows_of(tmp_path / "c.csv")] == ["1", "1", "8"]
    assert [text for text in listener.warnings if "divided by natural breaks: too many of its cells share a value for 3 classes" in text]


def test_a_second_map_of_fewer_values_is_compared_by_as_many_classes(map_of, slides, tmp_path):
    """Thirds of ten values, and three values: 3 of 3, 3 or 4 of 4, 3 of 3 cells agree. Their agreement was not told, or the run refused."""
    listener = Listener()
    given = {"susceptibility": map_of(VALUES), "inventory": slides, "susceptibility_2": map_of(FEW_VALUES, "few.tif"), "classes": 5}
    validate(tmp_path, listener, **given, method="quantiles", class_table=str(tmp_path / "c.csv"))
    assert float(rows_of(tmp_path / "t.csv")[-1]["agreement"]) == pytest.approx(0.9)
    assert len(rows_of(tmp_path / "c.csv")) == 5
    assert any("both maps are divided into 3" in text for text in listener.messages)


def test_breaks_of_the_first_map_need_not_fit_the_second(map_of, slides, tmp_path):
    listener = Listener()
    other = map_of(1000 * np.array(VALUES), "index.tif")
    validate(
        tmp_path, listener, susceptibility=map_of(VALUES), inventory=slides, susceptibility_2=other, method="manual", breaks="0.25, 0.65"
    )
    assert [text for text in listener.warnings if "do not lie among the values of index.tif" in text and "own natural breaks" in text]
    assert rows_of(tmp_path / "t.csv")[-1]["agreement"]
    assert not any("both maps are divided" in text for text in listener.messages), "the first one keeps its three classes"


@pytest.mark.parametrize("lowest", [0.5, 20.0])
def test_breaks_that_end_where_the_second_map_begins_do_not_divide_it(map_of, slides, tmp_path, lowest):
    """All its cells would be of the highest class, or but for those of the break itself."""
    listener, other = Listener(), map_of(lowest + np.array(VALUES) - 0.1, "index.tif")
    first, classes = map_of(VALUES), {"method": "manual", "breaks": "0.25, 0.5"}
    validate(tmp_path, listener, susceptibility=first, inventory=slides, susceptibility_2=other, **classes)
    assert [text for text in listener.warnings if "do not lie among the values of index.tif" in text]


def test_breaks_need_not_fit_a_second_map_of_classes_either(map_of, slides, tmp_path):
    """Codes 1 to 3 by breaks of their own against codes 5, 6 and 7, which are three classes as they are."""
    first = map_of([1, 1, 2, 2, 2, 2, 3, 3, 3, 3], "first.tif", kind=gdal.GDT_Byte, nodata=0)
    other = map_of([5, 5, 5, 6, 6, 6, 7, 7, 7, 7], "other.tif", kind=gdal.GDT_Byte, nodata=0)
    listener, given = Listener(), {"inventory": slides, "method": "manual", "breaks": "1.5, 2.5"}
    validate(tmp_path, listener, susceptibility=first, susceptibility_2=other, **given)
    assert [text for text in listener.warnings if "do not lie among the values of other.tif" in text]
    assert float(rows_of(tmp_path / "t.csv")[-1]["agreement"]) == pytest.approx(0.9)


def test_a_class_that_one_of_two_maps_lacks_is_a_class_of_both(map_of, slides, tmp_path):
    """Classes 1, 2 and 4 of the one are 1, 2 and 4 of the other, not 1, 2 and 3; that the highest agree was not told."""
    first = map_of([1, 1, 2, 2, 2, 3, 3, 4, 4, 4], "first.tif", kind=gdal.GDT_Byte, nodata=0)
    other = map_of([1, 1, 2, 2, 2, 2, 2, 4, 4, 4], "other.tif", kind=gdal.GDT_Byte, nodata=0)
    validate(tmp_path, susceptibility=first, inventory=slides, susceptibility_2=other)
    assert float(rows_of(tmp_path / "t.csv")[-1]["agreement"]) == pytest.approx(0.8)


def test_two_maps(map_of, slides, tmp_path):
    """The second map is the first one turned round: 0.714 against 0.286."""
    listener = Listener()
    other = map_of(VALUES[::-1], "other.tif")
    result = validate(
        tmp_path, listener, susceptibility=map_of(VALUES), inventory=slides, susceptibility_2=other, difference=str(tmp_path / "d.tif"),
        report=str(tmp_path / "r.html"),
    )  # fmt: skip
    row = rows_of(tmp_path / "t.csv")[-1]
    assert row["part"] == "comparison"
    assert float(row["auc_by_cells"]) == pytest.approx(15 / 21 - 6 / 21, abs=1e-6)
    assert (float(row["agreement"]), float(row["kappa"])) == (0, -1)
    np.testing.assert_allclose(gdal.Open(result["difference"]).ReadAsArray()[0], np.array(VALUES) - VALUES[::-1], atol=1e-6)
    # The same map twice does not differ.
    validate(tmp_path, susceptibility=map_of(VALUES), inventory=slides, susceptibility_2=map_of(100 * np.array(VALUES), "percent.tif"))
    row = rows_of(tmp_path / "t.csv")[-1]
    assert (float(row["auc_by_cells"]), float(row["p_value_by_cells"]), float(row["kappa"])) == (0, 1, 1)


def test_the_paired_test_is_delongs(map_of, layer_of, tmp_path):
    """Against the covariance written out from all pairs."""
    rng = np.random.default_rng(6)
    grid = Grid(UTM.crs, UTM.transform, (20, 20))
    where = rng.choice(400, 60, replace=False)
    slides = layer_of(["POINT ({} {})".format(*grid.centres(*divmod(int(cell), 20))) for cell in where])
    one, two = (rng.random(400).astype(np.float32) for _ in range(2))
    one[where] += 0.3
    inside = np.isin(np.arange(400), where)
    kernels = [(each[inside][:, None] > each[~inside]).astype(float) for each in (one, two)]
    apart = kernels[0] - kernels[1]
    error = (apart.mean(axis=1).var(ddof=1) / 60 + apart.mean(axis=0).var(ddof=1) / 340) ** 0.5
    first, second = (map_of(each.reshape(20, 20), name, grid) for each, name in ((one, "1.tif"), (two, "2.tif")))
    validate(tmp_path, susceptibility=first, inventory=slides, susceptibility_2=second)
    row = rows_of(tmp_path / "t.csv")[-1]
    assert float(row["auc_by_cells"]) == pytest.approx(apart.mean(), abs=1e-6)
    assert float(row["auc_by_cells_low"]) == pytest.approx(apart.mean() - 2.000995 * error, abs=1e-5), "of 60 landslides"


def test_a_second_map_on_another_grid_and_with_gaps(map_of, slides, tmp_path):
    coarse = Grid(UTM.crs, (499_980.0, 40.0, 0.0, 3_600_020.0, 0.0, -40.0), (2, 6))
    values = np.tile([0.1, 0.2, 0.3, 0.4, 0.5, np.nan], (2, 1))
    result = validate(tmp_path, susceptibility=map_of(VALUES), inventory=slides, susceptibility_2=map_of(values, "coarse.tif", coarse))
    assert "auc" in result
    assert rows_of(tmp_path / "t.csv")[-1]["landslides"] == "2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["coarse.tif", "map.tif", "slides.gpkg", "t.csv", "t.csv.run.json", "t.csvt"]


def test_degrees_are_weighted_by_area(map_of, layer_of, tmp_path):
    """Two rows, at the equator and at 60°: other cells of the northern one count half."""
    grid = Grid(reference_of(4326).ExportToWkt(), (0.0, 1.0, 0.0, 61.0, 0.0, -1.0), (61, 2))
    values = np.full((61, 2), np.nan)
    values[0], values[60] = [0.9, 0.1], [0.2, 0.5]
    slides = layer_of(["POINT (1.5 0.5)"], crs=4326)
    result = validate(tmp_path, susceptibility=map_of(values, grid=grid), inventory=slides)
    north, south = 6123.14, 12308.46
    assert result["auc"] == pytest.approx((north + south) / (2 * north + south), abs=1e-5)


def test_classes_as_a_map(map_of, slides, tmp_path):
    path = map_of([1, 1, 1, 1, 1, 2, 2, 2, 3, 3], kind=gdal.GDT_Byte, nodata=0)
    validate(tmp_path, susceptibility=path, inventory=slides, class_table=str(tmp_path / "c.csv"), classes=5)
    assert [(row["class"], row["cells"], row["landslide_cells"]) for row in rows_of(tmp_path / "c.csv")] == [
        ("1", "5", "1"), ("2", "3", "1"), ("3", "2", "1")
    ]  # fmt: skip


def test_what_is_of_no_use_is_one_sentence(map_of, slides, layer_of, tmp_path):
    good = map_of(VALUES)
    bands = str(tmp_path / "bands.tif")
    gdal.Translate(bands, good, bandList=[1, 1])
    constant, empty = map_of([0.5] * 10, "constant.tif"), map_of([np.nan] * 10, "empty.tif")
    far = layer_of(["POINT (0 0)"], "far.gpkg")
    labels = layer_of([box(UTM, 0, 1), box(UTM, 0, 2)], "labels.gpkg", label=[1, 1], mixed=[1, 0])
    elsewhere = map_of(VALUES, "elsewhere.tif", Grid(UTM.crs, (700_000.0, 20.0, 0.0, 3_600_000.0, 0.0, -20.0), (1, 10)))
    for changed, said in (
        ({"susceptibility": bands}, r"2 bands.*name it \(SUSCEPTIBILITY_BAND\)"),
        ({"susceptibility": constant}, "one value only"),
        ({"susceptibility": empty}, "holds no data"),
        ({"inventory": far}, "wholly outside"),
        ({"inventory": str(tmp_path / "none.gpkg")}, "cannot be opened"),
        ({"inventory": layer_of([box(UTM, 0, 0, 1, 10)], "everywhere.gpkg")}, "All 10 cells .* are cells of landslides"),
        ({"susceptibility_2": map_of([np.nan] * 7 + [1, 2, np.nan], "there.tif")}, "only cells of landslides"),
        ({"susceptibility_2": map_of([1, 2] + [np.nan] * 8, "gone.tif")}, "No landslide lies where both maps"),
        ({"inventory": labels, "label_field": "label"}, "both are needed"),
        ({"inventory": labels, "label_field": "kind"}, "no field 'kind'"),
        ({"date_field": "month"}, "no field 'month'"),
        ({"date_field": "kind"}, "date field kind holds"),
        ({"zones": slides, "zone_field": "none"}, "no field 'none'"),
        ({"zones": far}, r"No polygon|hold"),
        ({"zone_field": "kind"}, r"\(ZONES\)"),
        ({"method": "manual", "breaks": "3, 2"}, "must rise"),
        ({"method": "manual", "breaks": "3, 4"}, "do not lie among the values"),
        ({"breaks": "0.2, 0.4"}, "not “manual”"),
        ({"susceptibility_2": elsewhere}, "does not reach"),
        ({"difference": str(tmp_path / "d.tif")}, r"\(SUSCEPTIBILITY_2\)"),
        ({"susceptibility_2": bands}, r"SUSCEPTIBILITY_2_BAND"),
    ):
        before = set(tmp_path.iterdir())
        with pytest.raises(EngineError, match=said) as told:
            validate(tmp_path, **{"susceptibility": good, "inventory": slides, "classes": 2, **changed})
        assert "\n" not in str(told.value)
        assert set(tmp_path.iterdir()) == before
    assert validate(tmp_path, susceptibility=bands, susceptibility_band=2, inventory=slides)["auc"] == pytest.approx(15 / 21)


def test_success_on_later_landslides(map_of, layer_of, tmp_path):
    """Of cells .1 to 1.0 those of .9 (2019), .8 (June 2021), .4 (2022) and .6 (2020 or 2021: open, so aside) are landslides."""
    slides = layer_of([box(UTM, 0, col) for col in (8, 7, 3, 5)], day=["2019-05-01", "June 2021", "2022", "2020-2021"])
    listener = Listener()
    given = {"susceptibility": map_of(VALUES), "inventory": slides, "date_field": "day", "split_date": "2021-01-01"}
    result = validate(tmp_path, listener, **given, class_table=str(tmp_path / "c.csv"), report=str(tmp_path / "r.html"))
    later, earlier, *years = rows_of(tmp_path / "t.csv")
    # The others are .1 .2 .3 .5 .7 1.0: .8 is above five of six, .4 above three, and .9 above five.
    assert (later["name"], later["rate"], later["landslides"], later["other_cells"]) == ("from 2021-01-01 on", "prediction rate", "2", "6")
    assert float(later["auc_by_landslides"]) == pytest.approx((5 + 3) / 12, abs=1e-6) and result["auc"] == pytest.approx(8 / 12)
    assert (earlier["name"], earlier["rate"]) == ("before 2021-01-01", "rate curve")
    assert float(earlier["auc_by_cells"]) == pytest.approx(5 / 6, abs=1e-6)
    assert [row["name"] for row in years] == ["2021", "2022", "2019"]
    assert "Landslides that take no part, since whether they happened before 2021-01-01 or later is not known: 1." in listener.warnings
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "from 2021-01-01 on" in page and "0.667" in page
    words = listener.messages[-1]
    assert "of 2 held-out landslides (from 2021-01-01 on), each on one cell." in words
    assert "Of the 1 landslide (before 2021-01-01) it reaches 0.833 by landslides" in words
    with pytest.raises(EngineError, match=r"known to be of 2030-01-01 or later \(SPLIT_DATE\); their dates are 2019-05-01 to 2022-12-31"):
        validate(tmp_path, **{**given, "split_date": "2030-01-01"})
    with pytest.raises(EngineError, match="are told by the field that holds the landslides’ dates"):
        validate(tmp_path, **{**given, "date_field": None})


@pytest.mark.parametrize("method", ["natural_breaks", "quantiles", "equal_intervals", "geometric", "standard_deviation"])
def test_the_classes_are_those_of_classify(map_of, layer_of, tmp_path, method):
    """Whose bins go from 0 to 1, though the map does not; in a narrow range, where these would be few, the map's own ends count."""
    values = np.random.default_rng(3).beta(2, 4, (40, 50)).astype(np.float32) * 0.9 + 0.03
    inventory = layer_of([box(UTM, 3, 7), box(UTM, 9, 3)])
    given = {"method": method, "classes": 5}
    mapped = map_of(values)
    breaks = classify(Feedback(), susceptibility=mapped, **given, output=str(tmp_path / "c.tif"))["breaks"]
    validate(tmp_path, susceptibility=mapped, inventory=inventory, **given, class_table=str(tmp_path / "c.csv"))
    assert [float(row["to"]) for row in rows_of(tmp_path / "c.csv")][:4] == pytest.approx(breaks, abs=5e-5)
    narrow = map_of(values / 1000, "narrow.tif")
    validate(tmp_path, susceptibility=narrow, inventory=inventory, **given, class_table=str(tmp_path / "c.csv"))
    assert len(rows_of(tmp_path / "c.csv")) == 5


def test_landslides_that_share_a_cell_are_one_unit(map_of, slides, layer_of, tmp_path):
    """The landslide on cells 7 and 8 is mapped again on cell 8, and once more on cell 3: all figures and intervals stay those of two."""
    again = layer_of([box(UTM, 0, 7, 1, 2), box(UTM, 0, 3), box(UTM, 0, 8), box(UTM, 0, 3)], "again.gpkg")
    tables = []
    for inventory in (slides, again):
        listener = Listener()
        validate(tmp_path, listener, susceptibility=map_of(VALUES), inventory=inventory, class_table=str(tmp_path / "c.csv"))
        tables.append((rows_of(tmp_path / "t.csv"), rows_of(tmp_path / "c.csv")))
    assert tables[0] == tables[1]
    assert tables[1][0][0]["landslides"] == "2"
    assert "Some of the 4 landslides share cells and count as one, so that there are 2." in listener.messages


def split_in_2021(tmp_path, susceptibility, slides):
    """Validate by a date; return what was heard, and the page."""
    listener, page = Listener(), tmp_path / "r.html"
    given = {"date_field": "day", "split_date": "2021-01-01", "report": str(page)}
    validate(tmp_path, listener, susceptibility=susceptibility, inventory=slides, **given)
    return listener, page


def test_the_first_date_counts_of_landslides_that_share_a_cell(map_of, layer_of, tmp_path):
    """Cells 7 and 8 slid in 2019, cell 8 once more in 2021: no later landslide. Cell 3, of 2022, is above three of the seven others."""
    slides = layer_of([box(UTM, 0, 7, 1, 2), box(UTM, 0, 8), box(UTM, 0, 3)], day=["2019-05-01", "2021-06-01", "2022-01-01"])
    listener, page = split_in_2021(tmp_path, map_of(VALUES), slides)
    told = (
        "Of 2 landslides of 2021-01-01 or later 1 shares cells with an earlier one (or is kept together with it) and counts as one "
        "landslide with it, which is no later one."
    )
    assert told in listener.warnings and told in page.read_text(encoding="utf-8")
    later, earlier, *years = rows_of(tmp_path / "t.csv")
    assert (later["landslides"], later["landslide_cells"], earlier["landslides"], earlier["landslide_cells"]) == ("1", "1", "1", "2")
    assert float(later["auc_by_cells"]) == pytest.approx(3 / 7, abs=1e-6)
    assert [row["name"] for row in years] == ["2022", "2019"]


def test_an_undated_landslide_goes_by_the_date_of_one_on_its_cells_and_that_is_told(map_of, layer_of, tmp_path):
    """Cells 8 and 3 slid on an unknown day too: one counts as earlier, the other as later. Cell 5 is left out."""
    boxes = [box(UTM, 0, 7, 1, 2), box(UTM, 0, 8), box(UTM, 0, 3), box(UTM, 0, 3), box(UTM, 0, 5)]
    slides = layer_of(boxes, day=["2019-05-01", "", "2022-01-01", "", ""])
    listener, page = split_in_2021(tmp_path, map_of(VALUES), slides)
    told = (
        "Landslides whose own date does not say whether they are from before 2021-01-01 or later, and that count as one landslide with a "
        "dated one (cells shared, or kept together): 1 as later, 1 as earlier."
    )
    assert told in listener.warnings and told in page.read_text(encoding="utf-8")
    assert any("is not known: 1." in each for each in listener.warnings)
    later, earlier, *_ = rows_of(tmp_path / "t.csv")
    assert (later["landslides"], later["landslide_cells"], earlier["landslides"], earlier["landslide_cells"]) == ("1", "1", "1", "2")


def test_landslides_of_other_types_that_share_a_cell_are_not_one_with_it(map_of, layer_of, tmp_path):
    """Of type y are cells 8 and 3, two landslides; the one of type x lies over both of them and is no unit with either."""
    slides = layer_of([box(UTM, 0, 3, 1, 6), box(UTM, 0, 8), box(UTM, 0, 3)], kind=["x", "y", "y"])
    validate(tmp_path, susceptibility=map_of(VALUES), inventory=slides, type_field="kind", types="y")
    (row,) = rows_of(tmp_path / "t.csv")
    assert (row["landslides"], row["landslide_cells"], row["other_cells"]) == ("2", "2", "4")


def test_landslides_of_a_type(map_of, slides, tmp_path):
    """Cell 3 alone is of type y; cells 7 and 8, of another landslide, are not what it is told from."""
    validate(tmp_path, susceptibility=map_of(VALUES), inventory=slides, type_field="kind", types="Y")
    (row,) = rows_of(tmp_path / "t.csv")
    assert (row["landslides"], row["other_cells"]) == ("1", "7")
    assert float(row["auc_by_cells"]) == pytest.approx(3 / 7, abs=1e-6)
    with pytest.raises(EngineError, match=r"are named, and no field that tells them \(TYPE_FIELD\)"):
        validate(tmp_path, susceptibility=map_of(VALUES), inventory=slides, types="y")


@pytest.mark.parametrize(("types", "is_told", "shown"), [(None, True, "x"), ("x", False, "x"), ("y", True, "y")])
def test_a_map_for_some_types_is_told_apart_from_landslides_of_others(map_of, slides, tmp_path, types, is_told, shown):
    path = map_of(VALUES)
    gdal.Open(path, gdal.GA_Update).SetMetadataItem("landslide_type", "x")
    listener, chosen = Listener(), {"type_field": "kind", "types": types} if types else {}
    validate(tmp_path, listener, susceptibility=path, inventory=slides, report=str(tmp_path / "r.html"), **chosen)
    assert any(text.startswith("The map is for landslides of the type x, and those given are of") for text in listener.warnings) is is_told
    page = re.sub(r"<[^>]*>", "|", (tmp_path / "r.html").read_text(encoding="utf-8"))
    assert re.search(r"Types of movement[|\s]+(\w+)", page)[1] == shown


def test_a_class_that_holds_fewer_landslides_than_the_one_below_is_told(map_of, layer_of, tmp_path):
    """Of a map turned round: two of three landslides lie where it is lowest."""
    slides = layer_of([box(UTM, 0, each) for each in (3, 7, 8)])
    for values, is_told in ((VALUES, False), (VALUES[::-1], True)):
        listener = Listener()
        validate(tmp_path, listener, susceptibility=map_of(values), inventory=slides, class_table=str(tmp_path / "c.csv"))
        told = [text for text in listener.warnings if "no denser in the class high than in low (20.000 % against 40.000 %" in text]
        assert bool(told) is is_told


def test_the_report_names_each_file_by_what_it_is_for(map_of, slides, layer_of, tmp_path):
    """Nine cells of 400 m² have a value."""
    others = {"susceptibility_2": map_of(VALUES[::-1], "second.tif"), "training_inventory": layer_of([box(UTM, 0, 9)], "training.gpkg")}
    others |= {"zones": layer_of([box(UTM, 0, 0, 1, 5)], "parts.gpkg"), "report": str(tmp_path / "r.html")}
    validate(tmp_path, susceptibility=map_of([np.nan, *VALUES[1:]]), inventory=slides, **others)
    page = re.sub(r"(<[^>]*>|\s)+", "|", (tmp_path / "r.html").read_text(encoding="utf-8"))
    shown = {"Susceptibility|map": "map.tif", "Landslides": "slides.gpkg", "Landslides|that|the|map|was|made|from": "training.gpkg"}
    shown |= {"Second|map": "second.tif", "Sub-areas": "parts.gpkg", "Area|of|the|cells|with|data": number(9 * 400 / 1e6)}
    for name, value in shown.items():
        assert f"|{name}|{value}|" in page, name


def test_the_report_says_what_landslides_are_told_from(map_of, slides, layer_of, tmp_path):
    given = {"susceptibility": map_of(VALUES), "report": str(tmp_path / "r.html")}
    validate(tmp_path, inventory=slides, **given)
    assert "Landslides are told from all other cells of the map, 7, by their area" in (tmp_path / "r.html").read_text(encoding="utf-8")
    labelled = layer_of([box(UTM, 0, each) for each in (8, 3, 2, 5)], "labelled.gpkg", label=[1, 1, 0, 0])
    validate(tmp_path, inventory=labelled, label_field="label", **given)
    assert "Landslides are told from the 2 cells that are labelled as no landslide" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_the_report_shows_the_map_and_its_landslides(map_of, slides, tmp_path, monkeypatch):
    """Ten cells in two classes of equal width, and the three cells of landslides, each in the middle of its pixel."""
    drawn = {}
    monkeypatch.setattr(report, "class_map", lambda *given, **more: drawn.update(given=given, **more) or class_map(*given, **more))
    for at_once in (1024, 3):
        monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", at_once)
        validate(tmp_path, susceptibility=map_of(VALUES), inventory=slides, report=str(tmp_path / "r.html"))
        classes, names, colours, shares, cell = drawn["given"]
        assert classes.tolist() == [[1] * 5 + [2] * 5] and names == ["low", "high"] and shares == [0.5, 0.5]
        assert cell == (20.0, 20.0) and drawn["frame"].west == UTM.bounds[0]
        rows, cols = drawn["landslides"]
        assert sorted(cols.tolist()) == [3.0, 7.0, 8.0] and set(rows.tolist()) == {0.0}
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "The map in classes, and the landslides that test it. Coordinates: WGS 84 / UTM zone 39N." in page
