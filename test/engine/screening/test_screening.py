# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from osgeo import gdal, ogr, osr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.files.tables import write_table
from scarp.engine.screening.advice import screen, table_rows
from scarp.engine.screening.binning import DIRECTIONS, Classing, class_limits
from scarp.engine.screening.figures import map_panel
from scarp.engine.screening.statistics import (
    Collinearity,
    class_relation,
    columns_of,
    correlation_with,
    cramers_v,
    explained_by,
    information_gain,
    stepwise,
)
from scarp.engine.screening.survey import class_areas, survey
from scarp.engine.tasks import screen_covariates
from scarp.models.covariate import Covariate
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.outliers_influence import variance_inflation_factor

# Five rows by five columns; L marks the landslide cells: 1 in class 1, 4 in class 2, none in class 3.
CLASSES = np.array(
    [
        [1, 1, 2, 2, 3],
        [1, 1, 2, 2, 3],
        [1, 1, 2, 2, 3],
        [1, 1, 2, 2, 3],
        [1, 1, 2, 2, 3],
    ]
)
LANDSLIDES = np.array(
    [
        [0, 1, 1, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0],
    ]
)
ROW, COL = (each.ravel().astype(float) for each in np.indices((5, 5)))


def vifs(*columns):
    collinearity = Collinearity([np.asarray(each, float).reshape(len(each), -1) for each in columns])
    return [each.vif for each in collinearity.inflation(range(len(columns)))]


def relation_5x5():
    area, slides = (np.bincount(CLASSES.ravel(), weights)[1:] for weights in (None, LANDSLIDES.ravel()))
    return class_relation(area, slides)


def test_frequency_ratio_and_weights_of_evidence_by_hand():
    """Class 2 has 10 of 25 cells and 4 of 5 landslide cells; class 1 has 10 and 1."""
    found = relation_5x5()
    np.testing.assert_allclose(found.frequency_ratio, [0.5, 2.0, 0.0])
    np.testing.assert_allclose(found.information_value[:2], [-0.693147, 0.693147], atol=1e-6)
    np.testing.assert_allclose(found.w_plus[1], 0.980829, atol=1e-6)  # ln((4/5) / (6/20))
    np.testing.assert_allclose(found.w_minus[1], -1.252763, atol=1e-6)  # ln((1/5) / (14/20))
    np.testing.assert_allclose(found.w_plus_variance[1], 1 / 4 + 1 / 6)
    np.testing.assert_allclose(found.w_minus_variance[1], 1 / 1 + 1 / 14)
    np.testing.assert_allclose(found.contrast[1], 2.233592, atol=1e-6)
    np.testing.assert_allclose(found.studentised_contrast[1], 2.233592 / np.sqrt(1.488095), rtol=1e-5)


def test_a_class_without_landslides_gets_a_half_added_to_each_count():
    """Class 3: 0, 5, 5 and 15 become 0.5, 5.5, 5.5 and 15.5."""
    found = relation_5x5()
    assert found.corrected.tolist() == [False, False, True]
    np.testing.assert_allclose(found.information_value[2], np.log(0.375))  # (0.5/6) / (6/27)
    np.testing.assert_allclose(found.w_plus[2], np.log((0.5 / 6) / (5.5 / 21)))
    np.testing.assert_allclose(found.w_minus[2], np.log((5.5 / 6) / (15.5 / 21)))
    np.testing.assert_allclose(found.w_plus_variance[2], 1 / 0.5 + 1 / 5.5)


def test_a_class_of_nothing_but_landslides_and_one_that_covers_all():
    found = class_relation([4, 21], [4, 1])
    assert np.isfinite(found.contrast).all() and found.corrected.all()
    alone = class_relation([25], [5])
    assert alone.frequency_ratio == [1.0] and np.isnan(alone.contrast).all() and not alone.corrected.any()


def test_vif_by_hand():
    """Column numbers and column plus row number share half of their variance: R² = 1/2, VIF = 2. Row and column share nothing."""
    assert vifs(COL, COL + ROW) == pytest.approx([2, 2])
    assert vifs(COL, ROW) == pytest.approx([1, 1])
    assert vifs(COL) == [1]


def test_vif_agrees_with_statsmodels():
    rng = np.random.default_rng(0)
    mix = [[1, 0, 0, 3], [0, 1, 2, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    x = rng.normal(size=(500, 4)) @ mix * [1e-5, 1, 1e3, 1] + [0, 5, 1e6, 0]
    design = np.c_[np.ones(500), x]
    expected = [variance_inflation_factor(design, column) for column in range(1, 5)]
    assert max(expected) > 8
    assert vifs(*x.T) == pytest.approx(expected)


def test_gvif_is_the_ratio_of_determinants_whatever_the_coding():
    """Fox & Monette (1992), eq. 10: det(R11) det(R22) / det(R)."""
    rng = np.random.default_rng(1)
    x, angle = rng.normal(size=400), rng.uniform(0, 360, 400)
    geology = np.digitize(x + rng.normal(size=400), [-1, 0, 1]) + 1.0
    blocks = [
        columns_of(x, Covariate("x")),
        columns_of(angle, Covariate("aspect", "circular")),
        columns_of(geology, Covariate("geology", "categorical")),
    ]
    assert [block.shape[1] for block in blocks] == [1, 2, 3]
    other_coding = [*blocks[:2], (geology[:, None] == [1, 2, 3]).astype(float)]
    for coded in (blocks, other_coding):
        found = Collinearity(coded).inflation(range(3))
        for index in range(3):
            rest = np.hstack([block for number, block in enumerate(coded) if number != index])
            one, two, both = (
                np.linalg.det(np.atleast_2d(np.corrcoef(each, rowvar=False))) for each in (coded[index], rest, np.hstack(coded))
            )
            assert found[index].gvif == pytest.approx(one * two / both)
            comparable = found[index].gvif ** (1 / (2 * coded[index].shape[1]))
            assert found[index].vif == pytest.approx(comparable**2)
            assert found[index].tolerance == pytest.approx(1 / found[index].vif)


def test_perfect_collinearity_is_infinite_for_those_concerned_only():
    rng = np.random.default_rng(2)
    a, b, c = rng.normal(100, 1, size=(3, 1000)).astype(np.float32)
    assert vifs(a, b, c, a * np.float32(2) + np.float32(1)) == pytest.approx([np.inf, 1, 1, np.inf], abs=0.02)
    assert vifs(a, b, c, a + b) == pytest.approx([np.inf, np.inf, 1, np.inf], abs=0.02)


def test_likeness_is_the_correlation_of_pairs():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(300, 2)) @ [[1, 0.5], [0, 1]]
    code = (x[:, 0] > 0).astype(float) + (x[:, 0] > 1)
    found = Collinearity([x[:, :1], x[:, 1:], columns_of(code, Covariate("c", "categorical"))]).likeness()
    assert found[0, 1] == pytest.approx(abs(np.corrcoef(x.T)[0, 1]))
    between = sum((code == k).mean() * (x[code == k, 0].mean() - x[:, 0].mean()) ** 2 for k in range(3)) / x[:, 0].var()
    assert found[2, 0] == pytest.approx(np.sqrt(between))  # the correlation ratio


def test_constant_covariates_have_no_columns():
    for kind in ("continuous", "circular", "categorical"):
        assert columns_of(np.full(9, 7.0), Covariate("c", kind)).shape == (9, 0)
    (constant, other) = Collinearity([np.empty((25, 0)), COL[:, None]]).inflation(range(2))
    assert np.isnan(constant.vif) and constant.df == 0 and other.vif == 1


def test_flat_ground_has_no_direction():
    np.testing.assert_allclose(
        columns_of(np.array([-1.0, 0.0, 90.0]), Covariate("aspect", "circular")), [[0, 0], [0, 1], [1, 0]], atol=1e-9
    )


def test_steps_drop_what_is_missed_least_and_no_more():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(2, 1000))
    collinearity = Collinearity([each[:, None] for each in (a, b, a + 0.1 * rng.normal(size=1000))])
    for worth in ([3, 1, 2], [2, 1, 3]):
        dropped = [step[0] for step in stepwise(collinearity, range(3), 5, lambda members, worth=worth: sum(worth[m] for m in members))]
        assert dropped == [worth.index(2)]
    assert stepwise(collinearity, range(3), 1000, len) == []


def test_steps_rather_drop_a_cause_than_the_covariate_that_landslides_need():
    """x is the sum of two others and a little more; each of these has a VIF below 5, and the loss of either cures x."""
    rng = np.random.default_rng(11)
    a, b, rest = rng.normal(size=(3, 2000))
    x = a + 0.5 * b + 0.4 * rest
    collinearity = Collinearity([each[:, None] for each in (x, a, b)])
    assert [each.vif > 5 for each in collinearity.inflation(range(3))] == [True, True, False]
    explained = explained_by([x[:, None], a[:, None], b[:, None]], (x + a > 0).astype(int))
    assert stepwise(collinearity, range(3), 5, explained) == [(2, 0)]


def test_explained_is_the_adjusted_r_squared():
    rng = np.random.default_rng(12)
    x, y = rng.normal(size=(60, 3)), rng.integers(0, 2, 60)
    model = OLS(y, np.c_[np.ones(60), x[:, :2]]).fit()
    assert explained_by([x[:, :1], x[:, 1:2], x[:, 2:]], y)([0, 1]) == pytest.approx(model.rsquared_adj)


def test_correlation_with_occurrence():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=200), rng.integers(0, 2, 200)
    expected = stats.pearsonr(-x + y, y)
    found = correlation_with(y, (-x + y)[:, None])
    assert (found.r, found.p_value) == (pytest.approx(expected[0]), pytest.approx(expected[1]))
    assert correlation_with(y, -3.0 * y[:, None]).r == pytest.approx(-1)
    noise = correlation_with(y, x[:, None])
    assert abs(noise.r) < 0.15 and noise.p_value > 0.05
    code = rng.integers(0, 3, 200)
    table = stats.contingency.crosstab(code, y).count
    categorical = correlation_with(y, columns_of(code, Covariate("c", "categorical")))
    assert categorical.r == pytest.approx(np.sqrt(stats.chi2_contingency(table, correction=False)[0] / 200))
    assert np.isnan(correlation_with(y, np.empty((200, 0))).r)


def test_cramers_v_by_hand():
    """Counts [[20, 5], [10, 15]]: chi² = 50 (20·15 − 5·10)² / (25·25·30·20) = 8.3333, φ² = 1/6."""
    first = np.repeat([0, 0, 1, 1], [20, 5, 10, 15])
    second = np.repeat([0, 1, 0, 1], [20, 5, 10, 15])
    assert cramers_v(first, second) == pytest.approx(np.sqrt((1 / 6 - 1 / 49) / ((2 - 1 / 49) - 1)))
    assert cramers_v(first, first) == pytest.approx(1)
    assert np.isnan(cramers_v(first, np.ones(50)))


def test_cramers_v_of_independent_classes_is_near_zero():
    rng = np.random.default_rng(6)
    found = [cramers_v(rng.integers(0, 8, 200), rng.integers(0, 8, 200)) for _ in range(50)]
    assert np.mean(found) < 0.07  # uncorrected: 0.18


def test_information_gain_by_hand():
    """Of 8 cells in two halves, one is all landslides, the other a quarter: 1·0.954434 − ½·0.811278 = 0.548795 bits."""
    classes, labels = np.repeat([0, 1], 4), np.array([1, 1, 1, 1, 1, 0, 0, 0])
    found = information_gain(classes, labels)
    assert found.bits == pytest.approx(0.954434 - 0.5 * 0.811278, abs=1e-6)
    table = stats.contingency.crosstab(classes, labels).count
    assert found.p_value == pytest.approx(stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")[1])
    assert information_gain(classes, classes).bits == pytest.approx(1)
    assert information_gain(np.zeros(8), labels).bits == 0


def test_class_limits_share_the_cells():
    values = np.random.default_rng(7).lognormal(size=100_000).astype(np.float32)
    limits, _ = class_limits(values, "quantiles", 8)
    shares = np.bincount(np.searchsorted(limits, values, side="right")) / len(values)
    assert shares == pytest.approx(np.full(8, 0.125), abs=0.01)
    limits, _ = class_limits(np.r_[values, 1e9].astype(np.float32), "natural_breaks", 8)
    assert len(limits) == 7 and limits.max() < 20


@pytest.mark.parametrize("method", ["quantiles", "natural_breaks"])
def test_class_limits_of_odd_values(method):
    assert not len(class_limits(np.full(100, 3, np.float32), method, 8)[0])
    assert class_limits(np.repeat(np.float32([0, 1]), [99, 1]), method, 8)[0].tolist() == [0.5]
    mostly_zero = np.r_[np.zeros(9990), np.arange(1, 11)].astype(np.float32)
    limits, _ = class_limits(mostly_zero, method, 5)
    assert len(limits) >= 1 and limits[0] > 0
    tiny = (np.linspace(-1, 1, 1000) * 1e-9).astype(np.float32)
    assert len(class_limits(tiny, method, 4)[0]) == 3


def test_labels_of_classes_tell_their_limits():
    values = np.linspace(0, 100, 1001, dtype=np.float32)
    classing = Classing.of(Covariate("slope"), values, np.empty(0), "quantiles", 4)
    assert classing.names == ("< 25", "25 to 50", "50 to 75", "≥ 75")
    assert Classing.of(Covariate("x"), values - 50, np.empty(0), "quantiles", 2).names == ("< 0", "≥ 0")
    assert classing.number(np.float32([24.9, 25, 75, np.nan])).tolist() == [0, 1, 3, -1]


def test_codes_that_are_no_class_are_told_apart():
    classing = Classing.of(Covariate("soil", "categorical", classes={3: "marl"}), np.empty(0), np.float32([3, 7]), "quantiles", 4)
    assert classing.names == ("marl", "7")
    assert classing.number(np.float32([3, 7, 5, 9, 1, np.nan])).tolist() == [0, 1, -1, -1, -1, -1]


def test_directions_are_eight_and_flat():
    classing = Classing.of(Covariate("aspect", "circular"), np.empty(0), np.empty(0), "quantiles", 4)
    angles = np.float32([0, 22, 23, 90, 180, 270, 337, 338, 360, -1, np.nan])
    assert [DIRECTIONS[number] if number >= 0 else None for number in classing.number(angles)] == [
        "N", "N", "NE", "E", "S", "W", "NW", "N", "N", "flat", None
    ]  # fmt: skip


COVARIATES = (
    Covariate("slope", unit="degree"),
    Covariate("twice"),
    Covariate("aspect", "circular", "degree"),
    Covariate("geology", "categorical", classes={1: "marl", 2: "granite", 9: "absent"}),
    Covariate("constant"),
    Covariate("noise"),
)
SIZE = 300


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """300 × 300 cells of 30 m, one corner without data; landslides are where slope is above 40."""
    rng = np.random.default_rng(8)
    crs = 'PROJCS["flat",GEOGCS["g",DATUM["d",SPHEROID["s",6378137,298.25]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925]],'
    crs += 'PROJECTION["Transverse_Mercator"],PARAMETER["scale_factor",1],UNIT["metre",1]]'
    slope = rng.uniform(0, 50, (SIZE, SIZE))
    bands = {
        "slope": slope,
        "twice": 2 * slope + 1,
        "aspect": np.where(rng.uniform(size=(SIZE, SIZE)) < 0.1, -1, rng.uniform(0, 360, (SIZE, SIZE))),
        "geology": np.repeat([[1.0, 2.0]], SIZE, 0).repeat(SIZE // 2, 1),
        "constant": np.full((SIZE, SIZE), 4.0),
        "noise": rng.normal(size=(SIZE, SIZE)),
    }
    bands["noise"][:50, :70] = np.nan
    path = str(tmp_path_factory.mktemp("stack") / "stack.tif")
    with StackWriter(path, Grid(crs, (0.0, 30.0, 0.0, 9000.0, 0.0, -30.0), (SIZE, SIZE)), COVARIATES) as writer:
        for name, values in bands.items():
            writer.write(name, Window(0, 0, SIZE, SIZE), values.astype(np.float32))
    return Stack.open(path)


def whole(stack):
    values = stack.read(Window(0, 0, SIZE, SIZE))
    return values[np.isfinite(values).all(axis=-1)]


def classings_of(stack, found):
    return [
        Classing.of(covariate, found.sample[:, index], found.codes.get(covariate.name, np.empty(0)), "quantiles", 5)
        for index, covariate in enumerate(stack.covariates)
    ]


def test_windows_do_not_change_the_counts(stack, monkeypatch):
    found = survey(stack, 1, Feedback())
    classings = classings_of(stack, found)
    values = whole(stack)
    expected = [np.bincount(each.number(column), minlength=len(each.names)) for each, column in zip(classings, values.T)]
    for window_px in (7, 128, 1024):
        monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", window_px)
        for counts, right in zip(class_areas(stack, classings, Feedback()), expected):
            np.testing.assert_array_equal(counts, right)
    assert found.cells == len(values) == SIZE * SIZE - 50 * 70


def test_the_survey_samples_valid_cells_at_random(stack):
    found = survey(stack, 1, Feedback(), 5000)
    assert found.sample.shape == (5000, 6) and np.isfinite(found.sample).all()
    np.testing.assert_array_equal(found.sample, survey(stack, 1, Feedback(), 5000).sample)
    assert stats.kstest(found.sample[:, 0], "uniform", (0, 50)).pvalue > 0.001
    assert len(survey(stack, 1, Feedback()).sample) == SIZE * SIZE - 50 * 70  # all there are
    assert found.codes["geology"].tolist() == [1, 2]
    np.testing.assert_array_equal(found.picture, stack.read(Window(0, 0, SIZE, SIZE)))


def test_the_picture_is_every_nth_cell_across_windows(stack, monkeypatch):
    monkeypatch.setattr("scarp.engine.screening.survey._PICTURE_PX", 70)
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 64)
    found = survey(stack, 1, Feedback())
    assert found.step == 5
    np.testing.assert_array_equal(found.picture, stack.read(Window(0, 0, SIZE, SIZE))[::5, ::5])


def test_a_perfect_covariate_and_noise(stack):
    rng = np.random.default_rng(10)
    values = whole(stack)
    labels = (values[:, 0] > 40).astype(int)
    chosen = np.r_[rng.choice(np.flatnonzero(labels), 500), rng.choice(np.flatnonzero(1 - labels), 500)]
    found = survey(stack, 1, Feedback())
    classings = classings_of(stack, found)
    screening = screen(found.sample, values[chosen], labels[chosen], classings, class_areas(stack, classings, Feedback()), 5.0)
    slope, twice, aspect, geology, constant, noise = screening.summaries
    assert slope.gain.bits == pytest.approx(1, abs=0.05)  # the limits are near 10, 20, 30 and 40
    assert slope.relation.frequency_ratio == pytest.approx([0, 0, 0, 0, 5], abs=0.05)
    assert noise.gain.bits < 0.01 and abs(noise.pearson.r) < 0.1
    assert {slope.advice, twice.advice} == {"keep", "drop"} and screening.dropped == (("slope",) if slope.advice == "drop" else ("twice",))
    assert constant.advice == "drop" and "one value" in constant.reason
    assert noise.advice == geology.advice == aspect.advice == "doubtful"
    assert "exactly" in (twice if twice.advice == "drop" else slope).reason
    assert geology.class_names == ("marl", "granite") and aspect.class_names == DIRECTIONS
    rows = {row["covariate"]: row for row in table_rows(screening)}
    assert rows["constant"]["vif"] is None and rows["twice"]["vif"] == np.inf and rows["twice"]["tolerance"] == 0
    assert rows["slope"]["highest_class"].startswith("≥ ")


def test_one_covariate_only(stack):
    values = whole(stack)[:, :1]
    labels = (values[:, 0] > 25).astype(int)
    classing = Classing.of(COVARIATES[0], values[:, 0], np.empty(0), "quantiles", 5)
    areas = [np.bincount(classing.number(values[:, 0]))]
    (only,) = screen(values[:2000], values[:2000], labels[:2000], [classing], areas, 5.0).summaries
    assert only.inflation.vif == 1 and only.alike == "" and only.advice == "keep"


def test_maps_show_the_largest_classes_and_the_rest_alike():
    codes = np.arange(15, dtype=np.float32)
    classing = Classing.of(Covariate("geology", "categorical"), np.empty(0), codes, "quantiles", 5)
    values = np.repeat(codes, codes.astype(int) + 1)
    panel = map_panel("Geology", classing, np.r_[values, np.nan, 99].astype(np.float32)[None])
    assert list(panel.names) == [*(str(code) for code in range(4, 15)), "4 others"] and len(set(panel.colours)) == 12
    shown = [panel.names[number] if number >= 0 else None for number in panel.numbers[0]]
    assert shown == [str(int(value)) if value >= 4 else "4 others" for value in values] + [None, None]


class Listener(Feedback):
    def __init__(self):
        self.warnings, self.messages = [], []

    def warning(self, text):
        self.warnings.append(text)

    def message(self, text):
        self.messages.append(text)


def made(tmp_path, covariates, bands):
    """Write bands of 30 × 30 cells in degrees as a stack, and ten landslide and ten other cells; return the task's parameters."""
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    grid = Grid(reference.ExportToWkt(), (10.0, 0.001, 0.0, 46.03, 0.0, -0.001), (30, 30))
    path, inventory = str(tmp_path / "s.tif"), str(tmp_path / "i.gpkg")
    with StackWriter(path, grid, covariates) as writer:
        for covariate, values in zip(covariates, bands):
            writer.write(covariate.name, Window(0, 0, 30, 30), np.broadcast_to(np.asarray(values, np.float32), (30, 30)))
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(inventory)
    layer = dataset.CreateLayer("slides", grid.spatial_reference, ogr.wkbPoint)
    layer.CreateField(ogr.FieldDefn("slide", ogr.OFTInteger))
    for number in range(20):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature["slide"] = number % 2
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POINT({10.0055 + 0.001 * number} {46.0155})"))
        layer.CreateFeature(feature)
    outputs = {"output": str(tmp_path / "t.csv"), "report": str(tmp_path / "r.html")}
    return {"covariates": path, "inventory": inventory, "label_field": "slide", **outputs}


def test_one_covariate_few_landslides_and_degrees(tmp_path):
    """A geographic grid, one covariate with one class, and ten landslides: a result, with warnings."""
    listener = Listener()
    screen_covariates.run(listener, **made(tmp_path, [Covariate("geology", "categorical", classes={3: "marl"})], [3]))
    assert any("only 10 landslide cells" in text for text in listener.warnings)
    assert any("geology has one value only" in text for text in listener.warnings)
    assert "Drop geology: it has one value only" in listener.messages[-1]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "There are only 10 landslide cells" in page and "one value only" in page


def test_equal_covariates_are_named(tmp_path):
    values = np.random.default_rng(13).normal(size=(30, 30))
    listener = Listener()
    screen_covariates.run(listener, **made(tmp_path, [Covariate("a"), Covariate("b")], [values, 3 * values]))
    assert "Drop a: b tells it exactly (VIF infinite)" in listener.messages[-1]
    assert "∞" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_what_cannot_be_screened_is_told(tmp_path):
    amounts = np.arange(900).reshape(30, 30)
    given = made(tmp_path, [Covariate("rain", "categorical")], [amounts])
    with pytest.raises(EngineError, match="rain has more than 200 classes; merge classes"):
        screen_covariates.run(Feedback(), **given)
    with pytest.raises(EngineError, match="no method 'jenks'"):
        screen_covariates.run(Feedback(), **given, method="jenks")
    with pytest.raises(EngineError, match="only on cells without data"):
        screen_covariates.run(Feedback(), **made(tmp_path, [Covariate("a")], [np.nan]))
    assert not (tmp_path / "t.csv").exists() and not (tmp_path / "r.html").exists()


@pytest.mark.parametrize("ending", ["csv", "gpkg"])
def test_tables_keep_their_values_and_types(tmp_path, ending):
    path = str(tmp_path / f"t.{ending}")
    write_table(path, [{"name": "a", "n": 3, "x": None}, {"name": "b, c", "n": 4, "x": 0.25}])
    layer = (dataset := gdal.OpenEx(path)).GetLayer(0)
    assert layer.GetGeomType() == ogr.wkbNone
    assert [(each["name"], each["n"], each["x"]) for each in layer] == [("a", 3, None), ("b, c", 4, 0.25)]
    del dataset


def test_tables_of_other_formats_are_refused(tmp_path):
    with pytest.raises(EngineError, match=r"must end in .csv or .gpkg"):
        write_table(str(tmp_path / "t.shp"), [{"a": 1}])
