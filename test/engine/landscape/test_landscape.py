# SPDX-License-Identifier: GPL-2.0-or-later
"""The sample landscape: it drains, repeats itself, and its landslides follow a truth that needs context."""

import numpy as np
import pytest
from osgeo import gdal, ogr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid
from scarp.engine.landscape import structure as landscape
from scarp.engine.landscape import truth as landslides
from scarp.engine.landscape.cover import CLIMATES, LAND_USES, SOILS
from scarp.engine.landscape.erosion import drainage_area
from scarp.engine.tasks import sample_landscape
from scipy import ndimage
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SIZE, LANDSLIDES = 256, 1500
RASTERS = ("dem", "land_use", "red", "nir", "truth")
VECTORS = ("geology", "soil", "climate", "faults", "roads", "settlements", "inventory")


def make(folder, **changes):
    parameters = {"size": SIZE, "cell_size": 30.0, "landslides": LANDSLIDES, "seed": 1, "folder": str(folder)}
    return sample_landscape.run(Feedback(), **{**parameters, **changes})


def read(path):
    return gdal.Open(path).ReadAsArray()


def points(path):
    dataset = ogr.Open(path)
    return np.array([feature.GetGeometryRef().GetPoint()[:2] for feature in dataset.GetLayer(0)])


def cells(made):
    grid = Grid.of(gdal.Open(made["dem"]))
    rows, cols, inside = grid.cells(*points(made["inventory"]).T)
    assert inside.all()
    return rows, cols


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("landscape"))


def test_every_layer_opens_with_the_same_crs_and_grid(made):
    grids = {Grid.of(gdal.Open(made[name])) for name in RASTERS}
    assert len(grids) == 1
    grid = grids.pop()
    assert grid.shape == (SIZE, SIZE)
    assert grid.spatial_reference.GetAuthorityCode(None) == "32639"
    west, south, east, north = grid.bounds
    for name in VECTORS:
        dataset = ogr.Open(made[name])
        layer = dataset.GetLayer(0)
        assert layer.GetSpatialRef().GetAuthorityCode(None) == "32639"
        assert layer.GetFeatureCount() > 0
        left, right, bottom, top = layer.GetExtent()
        assert west - 1e-6 <= left <= right <= east + 1e-6
        assert south - 1e-6 <= bottom <= top <= north + 1e-6


def test_rasters_are_tiled_compressed_and_declare_nodata(made):
    for name in RASTERS:
        raster = gdal.Open(made[name])
        band = raster.GetRasterBand(1)
        assert band.GetBlockSize() == [256, 256]
        assert band.GetNoDataValue() == (0 if name == "land_use" else -9999)
        assert raster.GetMetadataItem("COMPRESSION", "IMAGE_STRUCTURE") in ("ZSTD", "DEFLATE")


def test_classes_keep_their_names(made):
    raster = gdal.Open(made["land_use"])
    band = raster.GetRasterBand(1)
    assert band.GetNoDataValue() == 0  # asked first: GDAL 3.6 reads the sidecar file only then
    assert band.GetCategoryNames()[1:] == list(LAND_USES)
    assert set(np.unique(band.ReadAsArray())) <= set(range(1, len(LAND_USES) + 1))
    for name, known in (("geology", [r.name for r in landscape.ROCKS]), ("soil", SOILS), ("climate", CLIMATES)):
        dataset = ogr.Open(made[name])
        layer = dataset.GetLayer(0)
        units = {feature["unit"] for feature in layer}
        layer.ResetReading()
        assert len(units) >= 3
        assert units <= set(known)
        area = sum(feature.GetGeometryRef().Area() for feature in layer)
        assert area == pytest.approx((SIZE * 30.0) ** 2)


def test_same_seed_same_landscape(made, tmp_path):
    again, other = make(tmp_path / "again"), make(tmp_path / "other", seed=2)
    for name in RASTERS:
        np.testing.assert_array_equal(read(made[name]), read(again[name]))
        assert not np.array_equal(read(made[name]), read(other[name]))
    np.testing.assert_array_equal(points(made["inventory"]), points(again["inventory"]))
    assert made["best_auc"] == again["best_auc"]


def test_every_cell_drains_to_the_edge(made):
    dem = read(made["dem"])
    lowest = ndimage.minimum_filter(dem, 3)
    assert not (lowest == dem)[1:-1, 1:-1].any()


def test_rivers_join(made):
    area = drainage_area(read(made["dem"]), 30.0)
    assert area.max() > 0.05 * (SIZE * 30.0) ** 2
    assert 0.005 < np.mean(area > 2e5) < 0.1


def test_it_has_mountains_and_a_plain(made):
    dem = read(made["dem"])
    slope = np.degrees(np.arctan(np.hypot(*np.gradient(dem, 30.0))))
    assert np.ptp(dem) > 400
    assert np.mean(slope > 20) > 0.15
    assert np.mean(slope < 3) > 0.05
    assert slope.max() < 60


def test_strong_rock_stands_steeper_than_weak_rock():
    side = 256
    structure = landscape.draw_structure(np.random.default_rng(1), landscape.padded(side), 30.0)
    dem = landscape.shape_terrain(np.random.default_rng(2), structure, side, 30.0, Feedback())
    rock = structure.crop(side).rock
    names = [r.name for r in landscape.ROCKS]
    slope = np.hypot(*np.gradient(dem, 30.0))
    assert np.median(slope[rock == names.index("limestone")]) > 1.3 * np.median(slope[rock == names.index("marl")])


def test_faults_bound_rock_units():
    side = 256
    rock = landscape.draw_structure(np.random.default_rng(1), side, 30.0)
    border = ndimage.maximum_filter(rock.rock, 3) != ndimage.minimum_filter(rock.rock, 3)
    on_fault = rock.damage > 0.9
    assert border[on_fault].mean() > 1.3 * border[~on_fault].mean()


def test_settlements_lie_on_gentle_ground_and_roads_reach_them(made):
    dem = read(made["dem"])
    slope = np.degrees(np.arctan(np.hypot(*np.gradient(ndimage.gaussian_filter(dem, 2), 30.0))))
    grid = Grid.of(gdal.Open(made["dem"]))
    towns = points(made["settlements"])
    rows, cols, _ = grid.cells(*towns.T)
    assert np.median(slope[rows, cols]) < 0.7 * np.median(slope)
    roads = ogr.Open(made["roads"])
    lines = [feature.GetGeometryRef().Clone() for feature in roads.GetLayer(0)]
    for x, y in towns:
        town = ogr.CreateGeometryFromWkt(f"POINT ({x} {y})")
        assert min(line.Distance(town) for line in lines) < 60


def test_inventory_has_one_landslide_a_cell_with_a_date(made):
    rows, cols = cells(made)
    assert len(set(zip(rows, cols))) == LANDSLIDES
    dataset = ogr.Open(made["inventory"])
    features = [(feature["id"], feature["date"]) for feature in dataset.GetLayer(0)]
    assert [number for number, _ in features] == list(range(1, LANDSLIDES + 1))
    years = {int(day[:4]) for _, day in features}
    assert years == set(range(2005, 2025))


def test_density_of_landslides_follows_the_truth(made):
    truth = read(made["truth"])
    rows, cols = cells(made)
    edges = np.quantile(truth, [0, 0.5, 0.8, 0.9, 0.97, 1])
    edges[-1] = 1
    share = np.histogram(truth, edges, weights=truth)[0] / truth.sum()
    found = np.histogram(truth[rows, cols], edges)[0] / LANDSLIDES
    np.testing.assert_allclose(found, share, atol=0.05)


def test_best_auc_is_that_of_the_truth_on_fresh_draws(made):
    truth = read(made["truth"]).ravel()
    rng = np.random.default_rng(0)
    presence = rng.choice(truth, 20_000, p=truth.astype(float) / truth.sum(dtype=float))
    absence = rng.choice(truth, 20_000)
    labels = np.repeat([1, 0], 20_000)
    assert made["best_auc"] == pytest.approx(roc_auc_score(labels, np.concatenate([presence, absence])), abs=0.005)
    assert 0.88 < made["best_auc"] < 0.97


def test_best_auc_by_hand():
    best = landslides.BestAuc()
    best.add(np.array([[0.1], [0.3]]))
    best.add(np.array([[0.6]]))
    # weights 0.1, 0.3, 0.6; below each (ties half) 0.5, 1.5, 2.5 of 3 cells
    assert best.value() == pytest.approx((0.1 * 0.5 + 0.3 * 1.5 + 0.6 * 2.5) / 3)


def test_the_auc_varies_as_it_says():
    rng = np.random.default_rng(0)
    truth = rng.beta(0.3, 3, 5000)
    best = landslides.BestAuc()
    best.add(truth)
    labels = np.repeat([1, 0], [60, 90])
    found = []
    for _ in range(500):
        drawn = np.concatenate([rng.choice(truth, 60, p=truth / truth.sum()), rng.choice(truth, 90)])
        found.append(roc_auc_score(labels, drawn))
    assert np.mean(found) == pytest.approx(best.value(), abs=0.005)
    assert np.std(found) == pytest.approx(best.standard_error(60, 90), rel=0.1)


def test_keys_draw_in_proportion():
    rng = np.random.default_rng(0)
    truth = np.array([0.1, 0.2, 0.7])
    first = [np.argmin(landslides.draw_keys(rng, truth)) for _ in range(20_000)]
    np.testing.assert_allclose(np.bincount(first) / 20_000, truth, atol=0.012)


def truth_of(altitude, **changes):
    shape = tuple(side - 2 * landslides.MARGIN_PX for side in altitude.shape)
    layers = {"weakness": 0.5, "fault_m": 1e4, "road_m": 1e4, "ndvi": 0.3, **changes}
    return landslides.true_susceptibility(altitude, 30.0, **{name: np.full(shape, value) for name, value in layers.items()})


def test_truth_of_an_even_slope_in_closed_form():
    altitude = np.tile(np.arange(20) * 30.0 * np.tan(np.radians(18)), (20, 1))
    odds = -9 + 0.5 * 3 + 0.5 / (1 + np.exp(-3 / 4)) + 1.2 * 0.5
    np.testing.assert_allclose(truth_of(altitude), 1 / (1 + np.exp(-odds)), rtol=1e-5)


def test_truth_rises_where_the_hillside_converges_though_the_cell_is_the_same():
    rows, cols = np.mgrid[:15, :15] - 7.0
    plane = rows * 30.0 * 0.5
    ring = np.where(np.abs(cols) > 1.5, (np.abs(cols) - 1.5) * 15.0, 0.0)  # leaves the 3×3 around the centre as it is
    hollow, even, spur = (truth_of(plane + sign * ring)[0, 0] for sign in (1, 0, -1))
    assert hollow > 3 * even > 9 * spur


def test_truth_rises_with_weak_rock_faults_and_roads_and_falls_with_greenness():
    altitude = np.tile(np.arange(20) * 12.0, (20, 1))
    base = truth_of(altitude).mean()
    assert truth_of(altitude, weakness=1.0).mean() > base
    assert truth_of(altitude, fault_m=0.0).mean() > base
    assert truth_of(altitude, road_m=0.0).mean() > base
    assert truth_of(altitude, ndvi=0.6).mean() < base


def test_single_cells_do_not_tell_what_their_surroundings_tell(made):
    dem, truth = read(made["dem"]).astype(float), read(made["truth"])
    red, nir = read(made["red"]), read(made["nir"])
    south, east = np.gradient(dem, 30.0)
    slope, laplacian = np.hypot(south, east), ndimage.laplace(dem)
    land_use = read(made["land_use"])
    own = [dem, slope, south, east, laplacian, (nir - red) / (nir + red), *(land_use == k for k in range(1, 7))]
    around = [ndimage.gaussian_filter(each, sigma) for each in (slope, laplacian) for sigma in (1, 2, 3)]
    rng = np.random.default_rng(0)
    rows, cols = cells(made)
    presence = rows * SIZE + cols
    absence = rng.choice(np.setdiff1d(np.arange(SIZE * SIZE), presence), LANDSLIDES, replace=False)
    where = np.concatenate([presence, absence])
    labels = np.repeat([1, 0], LANDSLIDES)
    test = rng.random(len(where)) < 0.3

    def auc(layers, model):
        values = np.stack([layer.ravel()[where] for layer in layers], axis=1)
        model.fit(values[~test], labels[~test])
        return roc_auc_score(labels[test], model.predict_proba(values[test])[:, 1])

    best = roc_auc_score(labels[test], truth.ravel()[where][test])
    single = auc(own, make_pipeline(StandardScaler(), LogisticRegression()))
    context = auc([*own, *around], HistGradientBoostingClassifier(learning_rate=0.05, random_state=0))
    assert single < best - 0.06
    assert context - 0.5 > 0.92 * (best - 0.5)
    assert context > single + 0.04


def test_windows_do_not_show(made, tmp_path, monkeypatch):
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 100)
    windowed = make(tmp_path)
    np.testing.assert_array_equal(read(made["dem"]), read(windowed["dem"]))
    # only the speckle of NDVI is drawn window by window
    difference = np.abs(read(made["truth"]) - read(windowed["truth"]))
    assert difference.max() < 0.2
    assert difference.mean() < 0.01


def test_a_control_grid_coarser_than_the_landscape(tmp_path, monkeypatch):
    for module in (landscape, sample_landscape):
        monkeypatch.setattr(module, "CONTROL_PX", 100)
    coarse = make(tmp_path, size=220)
    assert read(coarse["truth"]).shape == (220, 220)
    assert 0.85 < coarse["best_auc"] < 0.98
    assert not (ndimage.minimum_filter(read(coarse["dem"]), 3) == read(coarse["dem"]))[1:-1, 1:-1].any()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": 20}, "from 64 to 20000; found 20"),
        ({"size": 50_000}, "from 64 to 20000; found 50000"),
        ({"cell_size": 0.0}, "from 1 to 1000 m; found 0.0"),
        ({"size": 64, "landslides": 1025}, "at most 1024 on 4096 cells.*found 1025"),
        ({"landslides": 0}, "found 0"),
        ({"seed": -1}, "from 0 to .*; found -1"),
    ],
)
def test_wrong_input_is_named(tmp_path, changes, words):
    with pytest.raises(EngineError, match=words):
        make(tmp_path, **changes)
    assert not list(tmp_path.iterdir())


def test_progress_rises_to_the_end(tmp_path):
    percents = []

    class Recording(Feedback):
        def progress(self, percent):
            percents.append(percent)

    sample_landscape.run(Recording(), size=64, cell_size=30.0, landslides=10, seed=1, folder=str(tmp_path))
    assert percents == sorted(percents)
    assert percents[-1] == 100
