# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of few cells, by hand: areas, sub-areas, reliability, dates, roles, and two maps."""

from types import SimpleNamespace

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.mapping.maps import open_map
from scarp.engine.samples.dates import dates
from scarp.engine.samples.types import Types
from scarp.engine.tasks import validate_map
from scarp.engine.validation.assessment import Assessor, periods, warn_of_few
from scarp.engine.validation.landslides import read_parts
from scarp.engine.validation.survey import cuts_of, survey
from scipy import stats
from small_maps import UTM, box, rows_of

VALUES = np.arange(1, 11) / 10


def validate(tmp_path, listener=None, **given):
    return validate_map.run(listener or Feedback(), output=str(tmp_path / "t.csv"), **{"classes": 2, "method": "equal_intervals", **given})


def test_by_cells_each_counts_by_its_area(map_of, layer_of, tmp_path):
    """At 60° a landslide above nothing, at the equator one above the cell beside it; a cell there is twice as large."""
    grid = Grid(reference_of(4326).ExportToWkt(), (0.0, 1.0, 0.0, 61.0, 0.0, -1.0), (61, 2))
    values = np.full((61, 2), np.nan)
    values[0], values[60] = [0.9, 0.1], [0.2, 0.5]
    slides = layer_of(["POINT (1.5 60.5)", "POINT (1.5 0.5)"], crs=4326)
    result = validate(tmp_path, susceptibility=map_of(values, grid=grid), inventory=slides)
    north, south = 6123.14, 12308.46
    above = south / (north + south)
    assert result["auc"] == pytest.approx(south * above / (north + south), abs=1e-5)
    (row,) = rows_of(tmp_path / "t.csv")
    assert float(row["auc_by_landslides"]) == pytest.approx(above / 2, abs=1e-5)
    assert float(row["prevalence"]) == pytest.approx(0.5, abs=1e-5)
    assert float(row["area_km2"]) == pytest.approx(2 * (north + south), rel=1e-5)


def test_sub_areas_without_landslides_or_without_other_cells_are_left_out(map_of, layer_of, tmp_path):
    slides = layer_of([box(UTM, 0, 7, 1, 2), box(UTM, 0, 3)])
    shapes = [box(UTM, 0, 0, 1, 3), box(UTM, 0, 7, 1, 2), box(UTM, 0, 3, 1, 4)]
    zones = layer_of(shapes, "zones.gpkg", name=["quiet", "all slid", "both"])
    classes = str(tmp_path / "c.csv")
    validate(tmp_path, susceptibility=map_of(VALUES), inventory=slides, zones=zones, zone_field="name", class_table=classes)
    _, row = rows_of(tmp_path / "t.csv")
    assert (row["name"], row["landslides"], row["landslide_cells"], row["other_cells"]) == ("both", "1", "1", "3")
    assert float(row["auc_by_cells"]) == 0 and float(row["area_km2"]) == pytest.approx(0.0016)
    rows = rows_of(classes)
    middle = round((102 / 1024 + 1) / 2, 4)  # of the bins of susceptibility, the first of which that is used begins at 102 of 1,024
    assert [(each["from"], each["to"]) for each in rows[:2]] == [("0.1", str(middle)), (str(middle), "1.0")]
    areas = {(each["name"], each["class"]): float(each["area_km2"]) for each in rows}
    assert areas["quiet", "low"] == pytest.approx(0.0012) and areas["quiet", "high"] == 0 and areas["both", "low"] == pytest.approx(0.0008)


def assessed(path, slides):
    seen = open_map(path, None, "BAND", Feedback())
    tested = read_parts(seen.raster, slides, None, None, "unknown", None, None, None, Feedback())
    found = survey(seen, *cuts_of(tested.parts), None, Feedback())
    return Assessor(seen, found, tested, None).whole(tested.parts[0])


def test_reliability_by_hand(map_of, layer_of):
    """Landslides at .12 and .55, others at .18, .35 and .75: one of two in the second bin, two thirds where both kinds weigh alike."""
    path = map_of([0.12, 0.18, 0.35, 0.55, 0.75, 1.0])
    found = assessed(path, layer_of([box(UTM, 0, 0), box(UTM, 0, 3)])).calibration
    expected = [[0.15, 0.35, 0.55, 0.75, 1.0], [0.5, 0, 1, 0, 0]]
    np.testing.assert_allclose(found.reliability, expected, atol=1e-6)
    np.testing.assert_allclose(found.cells, [2, 1, 1, 1, 1], rtol=1e-3)
    slide, other = 1 / 2, 1 / 4
    expected[0][0], expected[1][0] = (0.12 * slide + 0.18 * other) / (slide + other), slide / (slide + other)
    np.testing.assert_allclose(found.balanced_reliability, expected, atol=1e-6)
    wrong = 0.88**2 + 0.45**2, 0.18**2 + 0.35**2 + 0.75**2 + 1
    assert found.brier == pytest.approx(sum(wrong) / 6, abs=1e-6) and found.balanced == pytest.approx(wrong[0] / 4 + wrong[1] / 8, abs=1e-6)


def test_of_more_than_twelve_years_tens_are_told():
    twelve = [str(year) for year in range(2001, 2013)]
    spans = dates(np.array([*twelve, "2003-2008", "2008-2011", None], object), "day")
    found = periods(spans)
    assert [name for name, _ in found] == [*twelve, "unknown"]
    assert np.flatnonzero(found[-1][1]).tolist() == [12, 13, 14]
    spans = dates(np.array([*twelve, "2003-2008", "2008-2011", None, "2013"], object), "day")
    assert [(name, np.flatnonzero(here).tolist()) for name, here in periods(spans)] == [
        ("2000–2009", [*range(9), 12]), ("2010–2019", [9, 10, 11, 15]), ("unknown", [13, 14])
    ]  # fmt: skip


def test_fewer_than_ten_landslides_are_told():
    def told(*made):
        listener = Listener()
        warn_of_few([SimpleNamespace(kind=kind, name=name, role="held_out", landslides=count) for kind, name, count in made], listener)
        return listener.warnings

    assert told(("all", "all", 10), ("date", "2019", 10)) == []
    assert told(("all", "all", 9), ("date", "2019", 9)) == [
        "The prediction rate is that of 9 landslides: it is chance to a large part.",
        "Fewer than 10 landslides make the figures of 2019: they are chance to a large part.",
    ]


def test_the_share_on_the_best_tenth(map_of, layer_of, tmp_path):
    """Landslides on the best two cells of ten: half of them on a tenth, in percent."""
    validate(tmp_path, susceptibility=map_of(VALUES), inventory=layer_of([box(UTM, 0, 9), box(UTM, 0, 8)]))
    (row,) = rows_of(tmp_path / "t.csv")
    assert float(row["top_10_percent_by_landslides"]) == float(row["top_10_percent_by_cells"]) == 50


def test_labelled_cells_have_the_interval_of_both_kinds(map_of, layer_of, tmp_path):
    """Landslides at .9 and .4, others at .3 and .6: each kind adds a variance of a sixteenth."""
    labelled = layer_of([box(UTM, 0, each) for each in (8, 3, 2, 5)], label=[1, 1, 0, 0])
    given = {"susceptibility": map_of(VALUES), "inventory": labelled, "label_field": "label"}
    validate(tmp_path, **given)
    (row,) = rows_of(tmp_path / "t.csv")
    assert float(row["auc_by_cells_low"]) == pytest.approx(1 / (1 + np.exp(12.706205 * np.sqrt(1 / 8) / (0.75 * 0.25)) / 3), abs=1e-5)
    validate(tmp_path, **given, susceptibility_2=map_of(VALUES[::-1], "b.tif"))
    row = rows_of(tmp_path / "t.csv")[-1]
    # The second map turns all pairs round: differences of twice the placements less one, so of twice the error.
    assert float(row["auc_by_cells"]) == pytest.approx(0.5)
    assert (float(row["auc_by_cells_low"]), float(row["auc_by_cells_high"])) == (-1, 1), "two of each kind tell next to nothing"
    assert float(row["p_value_by_cells"]) == pytest.approx(2 * stats.t.sf(0.5 / (2 * np.sqrt(1 / 8)), 1), abs=1e-5)


def test_a_role_that_is_told_is_kept_and_types_count_in_both_inventories(map_of, layer_of, tmp_path):
    slides = layer_of([box(UTM, 0, 7), box(UTM, 0, 3)], kind=["x", "y"])
    training = layer_of([box(UTM, 0, 9), box(UTM, 0, 0)], "training.gpkg", kind=["y", "x"])
    listener = Listener()
    given = {"susceptibility": map_of(VALUES), "inventory": slides, "training_inventory": training, "type_field": "kind", "types": "x"}
    validate(tmp_path, listener, **given)
    tested, trained = rows_of(tmp_path / "t.csv")
    assert (tested["rate"], trained["rate"], trained["landslides"]) == ("prediction rate", "success rate", "1")
    # Neither landslides of y nor the other inventory's are ground without: .2 .3 .5 .6 .7 .9 are left.
    assert tested["other_cells"] == "6" and float(tested["auc_by_cells"]) == pytest.approx(5 / 6, abs=1e-6)
    assert float(trained["auc_by_cells"]) == 0
    assert not any("too few to tell its conditions" in text for text in listener.warnings)
    validate(tmp_path, **given, role="training")
    assert rows_of(tmp_path / "t.csv")[0]["rate"] == "success rate"


def test_labelled_landslides_of_a_sub_area_are_told_from_the_cells_of_it(map_of, layer_of, tmp_path):
    """West .4 from .1 and .5, east .9 from .6 and 1.0; from all four it would be a quarter and three quarters."""
    zones = layer_of([box(UTM, 0, 0, 1, 5), box(UTM, 0, 5, 1, 5)], "zones.gpkg", name=["west", "east"])
    labelled = layer_of([box(UTM, 0, each) for each in (3, 8, 0, 4, 5, 9)], label=[1, 1, 0, 0, 0, 0])
    given = {"inventory": labelled, "label_field": "label", "zones": zones, "zone_field": "name"}
    validate(tmp_path, susceptibility=map_of(VALUES), **given)
    found = {row["name"]: (float(row["auc_by_cells"]), row["other_cells"]) for row in rows_of(tmp_path / "t.csv")}
    assert found == {"all": (0.5, "4"), "west": (0.5, "2"), "east": (0.5, "2")}


def test_landslides_of_the_test_on_one_of_the_training_count_each(map_of, layer_of, tmp_path):
    slides, training = layer_of([box(UTM, 0, 6), box(UTM, 0, 7), box(UTM, 0, 2)]), layer_of([box(UTM, 0, 6, 1, 2)], "training.gpkg")
    listener = Listener()
    validate(tmp_path, listener, susceptibility=map_of(VALUES), inventory=slides, training_inventory=training)
    assert any("on cells of the training inventory: 2 of 3." in each for each in listener.warnings)


def test_a_test_better_than_the_training_is_no_chance_where_it_is_the_training(map_of, layer_of, tmp_path):
    """The test on cells 9 and 8 ranks above the training on 9 and 4: by chance if none were shared."""
    inventory, other = layer_of([box(UTM, 0, 9), box(UTM, 0, 8)]), layer_of([box(UTM, 0, 7), box(UTM, 0, 4)], "other.gpkg")
    same = layer_of([box(UTM, 0, 9), box(UTM, 0, 4)], "same.gpkg")
    for training, told in ((other, True), (same, False)):
        listener = Listener()
        validate(tmp_path, listener, susceptibility=map_of(VALUES), inventory=inventory, training_inventory=training)
        assert ("is chance of which landslides it holds" in listener.messages[-1]) == told
        assert any("1 of 2" in each and "memory" in each for each in listener.warnings) != told


def test_landslides_in_both_inventories_are_counted_once_each(map_of, layer_of, tmp_path):
    """One of two lies on two cells of the training landslides."""
    slides, training = layer_of([box(UTM, 0, 6, 1, 3), box(UTM, 0, 2)]), layer_of([box(UTM, 0, 7, 1, 3)], "training.gpkg")
    listener, zone = Listener(), layer_of([box(UTM, 0, 0, 1, 10)], "zone.gpkg", name=["everywhere"])
    given = {"susceptibility": map_of(VALUES), "inventory": slides, "training_inventory": training}
    validate(tmp_path, listener, **given, zones=zone, zone_field="name")
    assert any("lie on cells of the training inventory: 1 of 2." in text for text in listener.warnings)
    rows = [(row["name"], row["landslides"], row["other_cells"]) for row in rows_of(tmp_path / "t.csv")]
    assert rows == [("all", "2", "5"), ("all", "1", "5"), ("everywhere", "2", "5")], "five cells are of some landslide"


def test_maps_of_other_numbers_are_compared_by_the_area_that_ranks_lower(map_of, layer_of, tmp_path):
    """The second map, in percent, is the first one turned round: cell k has k + ½ tenths below it, and 9 − k + ½."""
    second = map_of(100 * VALUES[::-1], "percent.tif")
    given = {"susceptibility": map_of(VALUES), "inventory": layer_of([box(UTM, 0, 8)]), "susceptibility_2": second}
    result = validate(tmp_path, **given, difference=str(tmp_path / "d.tif"))
    number = np.arange(10)
    difference = gdal.Open(result["difference"])
    np.testing.assert_allclose(difference.ReadAsArray()[0], (2 * number - 9) / 10, atol=1e-6)
    assert "share of the area that ranks lower" in difference.GetRasterBand(1).GetDescription()


def test_two_maps_on_cells_that_both_have(map_of, layer_of, tmp_path, monkeypatch):
    """Cells 0 and 9 lack the second map: their landslide does not count. Classes by square kilometres, the first map's in rows."""
    second = np.array([np.nan, 0.9, 0.8, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, np.nan])
    slides = layer_of([box(UTM, 0, 9), box(UTM, 0, 8), box(UTM, 0, 4)])
    seen = []
    monkeypatch.setattr(validate_map, "make_report", lambda *told: seen.append(told[4]) or SimpleNamespace(write=lambda *_: None))
    result = validate(
        tmp_path, susceptibility=map_of(VALUES), inventory=slides, susceptibility_2=map_of(second, "second.tif"),
        difference=str(tmp_path / "d.tif"), report=str(tmp_path / "r.html"), method="manual", breaks="0.25, 0.55",
    )  # fmt: skip
    (pair,) = seen
    assert (pair.cells, pair.landslides) == (8, 2)
    # Others: .2 .3 .4 .6 .7 .8 by the first map; .9 .8 .1 .3 .4 .5 by the second.
    assert pair.aucs["cells"] == pytest.approx(((6 + 3) / 12, (4 + 1) / 12))
    np.testing.assert_allclose(pair.table * 2500, [[0, 0, 1], [2, 0, 1], [0, 3, 1]], atol=1e-3)
    assert pair.agreement == pytest.approx(1 / 8)
    difference = gdal.Open(result["difference"])
    apart = difference.ReadAsArray()[0]
    assert difference.GetRasterBand(1).GetDescription() == "susceptibility of the first map minus that of the second"
    assert apart[0] == apart[9] == -9999
    np.testing.assert_allclose(apart[1:9], VALUES[1:9] - second[1:9], atol=1e-6)
    # Of single cells: how each landslide's placement differs, and each other cell's.
    slide = np.array([6 - 4, 3 - 1]) / 6
    other = np.array([1, 1, 1, 0.5, 0.5, 0.5]) - np.array([0, 0, 1, 0.5, 0.5, 0.5])
    error = np.sqrt(slide.var(ddof=1) / 2 + other.var(ddof=1) / 6)
    row = rows_of(tmp_path / "t.csv")[-1]
    assert float(row["p_value_by_cells"]) == 0.5, "both landslides differ alike, as two coins fall"
    assert float(row["auc_by_cells_low"]) == pytest.approx(max(slide.mean() - 12.706205 * error, -1), abs=1e-5)


def test_cells_of_one_feature_are_one_whether_it_is_a_landslide_or_none(map_of, layer_of):
    labelled = layer_of([box(UTM, 0, 7, 1, 2), box(UTM, 0, 5), box(UTM, 0, 0, 1, 3), box(UTM, 0, 4)], label=[1, 1, 0, 0])
    seen = open_map(map_of(VALUES), None, "BAND", Feedback())
    (part,) = read_parts(seen.raster, labelled, "label", None, "unknown", None, None, None, Feedback()).parts
    for kind, sizes in ((part.landslides, [1, 2]), (part.others, [1, 3])):
        assert sorted(np.unique(kind.unit, return_counts=True)[1].tolist()) == sizes


def test_landslides_of_a_day_and_of_none(map_of, layer_of):
    """Of three one has no date, on two cells; the others are later than the day that is asked for."""
    slides = layer_of([box(UTM, 0, 7, 1, 2), box(UTM, 0, 3), box(UTM, 0, 5)], day=[None, "2020-01-01", "2021-05-01"])
    seen, listener = open_map(map_of(VALUES), None, "BAND", Feedback()), Listener()
    tested = read_parts(seen.raster, slides, None, None, "training", "day", "2019-01-01", None, listener)
    (part,) = tested.parts
    assert (part.name, part.role, part.landslides.count) == ("from 2019-01-01 on", "held_out", 2)
    assert [each.cells for each in tested.aside] == [2]
    assert listener.warnings == ["Landslides that take no part, since whether they happened before 2019-01-01 or later is not known: 1."]
    tested = read_parts(seen.raster, slides, None, None, "training", "day", "2020-06-01", None, Listener())
    assert [(each.name, each.role, each.landslides.cols.tolist()) for each in tested.parts] == [
        ("from 2020-06-01 on", "held_out", [5]), ("before 2020-06-01", "training", [3])
    ]  # fmt: skip
    assert [str(each.spans[0, 0]) for each in tested.parts] == ["2021-05-01", "2020-01-01"]


def test_sample_cells_of_one_landslide_are_one_and_need_both_kinds_in_both_parts(map_of, layer_of):
    points = ["POINT ({} {})".format(*UTM.centres(0, each)) for each in range(8)]
    fields = {
        "landslide": [1, 1, 1, 0, 0, 1, 0, 0],
        "fold": [0] * 8,
        "origin": ["7", "7", "8", "random", "random", "9", "random", "random"],
    }
    seen = open_map(map_of(VALUES), None, "BAND", Feedback())

    def parts(*subset):
        cells = layer_of(points, **fields, subset=list(subset))
        return read_parts(seen.raster, cells, "landslide", None, "unknown", None, None, None, Feedback()).parts

    test, train = parts(*["train"] * 5, *["test"] * 3)
    assert (test.role, train.role) == ("held_out", "training")
    assert (train.landslides.count, train.landslides.cells, test.landslides.count) == (2, 3, 1)
    assert train.landslides.of_landslides.tolist() == [0.5, 0.5, 1.0]
    (alone,) = parts(*["train"] * 5, "test", "train", "train")
    assert alone.role == "unknown" and alone.landslides.count == 3, "a part of landslides alone is no test"
    del fields["fold"]
    (alone,) = parts(*["train"] * 5, *["test"] * 3)
    assert alone.role == "unknown", "a field subset of another tool"


def test_training_landslides_are_told_from_the_cells_that_are_labelled(map_of, layer_of):
    labelled = layer_of([box(UTM, 0, each) for each in (8, 3, 2, 5)], label=[1, 1, 0, 0], kind=["x", "y", "x", "y"])
    training = layer_of([box(UTM, 0, 9), box(UTM, 0, 0)], "training.gpkg", kind=["X", "y"])
    seen = open_map(map_of(VALUES), None, "BAND", Feedback())
    tested = read_parts(seen.raster, labelled, "label", training, "unknown", None, None, Types("kind", "x"), Feedback())
    first, trained = tested.parts
    assert trained.others is first.others and sorted(first.others.cols.tolist()) == [2, 5]
    assert (first.landslides.cols.tolist(), trained.landslides.cols.tolist(), tested.types) == ([8], [9], "x")
    assert [each.cols.tolist() for each in tested.aside] == [[3], [0]]


@pytest.mark.parametrize("width", [1024, 7])
def test_two_maps_in_degrees_count_cells_by_their_area(map_of, layer_of, tmp_path, monkeypatch, width):
    """At 60.5° north a landslide above all others by the first map, at 0.5° one above one of each; by the second above one, and none."""
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", width)
    grid = Grid(reference_of(4326).ExportToWkt(), (0.0, 1.0, 0.0, 61.0, 0.0, -1.0), (61, 3))
    one, two = np.full((61, 3), np.nan), np.full((61, 3), np.nan)
    one[0], one[60] = [0.9, 0.1, 0.5], [0.2, 0.25, 0.3]
    two[0], two[60] = [0.3, 0.4, 0.2], [0.8, 0.1, 0.4]
    slides = layer_of(["POINT (0.5 60.5)", "POINT (1.5 0.5)"], crs=4326)
    maps = {"susceptibility": map_of(one, grid=grid), "susceptibility_2": map_of(two, "two.tif", grid)}
    validate(tmp_path, **maps, inventory=slides, method="manual", breaks="0.45")
    row = rows_of(tmp_path / "t.csv")[-1]
    north = 6123.14 / (6123.14 + 12308.46)
    first, second = north + (1 - north) / 2, north * north / 2
    assert float(row["auc_by_cells"]) == pytest.approx(first - second, abs=1e-5)
    assert float(row["auc_by_landslides"]) == pytest.approx(0.75 - north / 4, abs=1e-5)
    # Both below 0.45: the middle cell of the northern row, and two of the southern one.
    assert float(row["agreement"]) == pytest.approx((north + 2 * (1 - north)) / 3, abs=1e-4)


def test_cells_of_one_feature_are_one_witness_for_two_maps(map_of, layer_of, tmp_path):
    """Landslides on cells 8 and 9, and 3; others on 0, 1 and 2, and 5. The second map is the first one turned round."""
    labelled = layer_of([box(UTM, 0, 8, 1, 2), box(UTM, 0, 3), box(UTM, 0, 0, 1, 3), box(UTM, 0, 5)], label=[1, 1, 0, 0])
    maps = {"susceptibility": map_of(VALUES), "susceptibility_2": map_of(VALUES[::-1], "b.tif")}
    validate(tmp_path, **maps, inventory=labelled, label_field="label")
    row = rows_of(tmp_path / "t.csv")[-1]
    # Differences of 1, 1 and 1/2 over three cells of two landslides; of 1, 1, 1 and 1/3 over four cells of two others: 5/6 on average.
    slide, other = np.array([2 / 6, -2 / 6]) / 3, np.array([3 / 6, -3 / 6]) / 4
    error = np.sqrt(2 * (slide**2).sum() + 2 * (other**2).sum())
    assert float(row["auc_by_cells"]) == pytest.approx(5 / 6, abs=1e-6)
    assert float(row["auc_by_cells_low"]) == pytest.approx(max(5 / 6 - 12.706205 * error, -1), abs=1e-5)
    assert float(row["p_value_by_cells"]) == pytest.approx(2 * stats.t.sf(5 / 6 / error, 1), abs=1e-5)


def test_maps_of_unlike_numbers_of_classes_agree_on_nothing(map_of, layer_of, tmp_path, monkeypatch):
    classes, seen = map_of([1, 1, 1, 2, 2, 2, 3, 3, 3, 3], "classes.tif", kind=gdal.GDT_Byte, nodata=0), []
    monkeypatch.setattr(validate_map, "make_report", lambda *told: seen.append(told[4]) or SimpleNamespace(write=lambda *_: None))
    given = {"susceptibility": map_of(VALUES), "inventory": layer_of([box(UTM, 0, 8)]), "susceptibility_2": classes}
    validate(tmp_path, **given, report=str(tmp_path / "r.html"))
    assert (seen[0].names, seen[0].classes) == (("map.tif", "classes.tif"), (["low", "high"], ["1", "2", "3"]))
    np.testing.assert_allclose(seen[0].table * 2500, [[3, 2, 0], [0, 1, 4]], atol=1e-3)
    row = rows_of(tmp_path / "t.csv")[-1]
    assert (row["agreement"], row["kappa"]) == ("", "") and row["auc_by_cells"]


def test_landslides_of_both_inventories_are_no_others_for_two_maps(map_of, layer_of, tmp_path):
    """The landslide on cell 8 lies above cells 1 to 7 by the first map and below all of them by the second, which is turned round."""
    slides, training = layer_of([box(UTM, 0, 8)]), layer_of([box(UTM, 0, 9), box(UTM, 0, 0)], "training.gpkg")
    maps = {"susceptibility": map_of(VALUES), "susceptibility_2": map_of(VALUES[::-1], "b.tif")}
    validate(tmp_path, **maps, inventory=slides, training_inventory=training)
    assert float(rows_of(tmp_path / "t.csv")[-1]["auc_by_cells"]) == 1
