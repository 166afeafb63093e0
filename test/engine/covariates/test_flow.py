# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.covariates.disc import half_widths
from scarp.engine.covariates.flow import NO_CELLS, Flow
from scarp.engine.covariates.terrain import derive
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window
from scarp.engine.files.stack import Stack
from scarp.engine.tasks.prepare_covariates import run

gdal.UseExceptions()


def valley(rows=21, cols=30, cell=10.0):
    """A valley that falls to the east along its middle row; sides fall to it."""
    row, col = np.mgrid[:rows, :cols]
    return (1000 + 5.0 * np.abs(row - rows // 2) - 1.0 * col).astype(np.float32)


def rough(rows=80, cols=90, seed=1):
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 10, (rows, cols)).cumsum(axis=0).cumsum(axis=1) / 30
    z[30:45, 20:50] = z.min() - 5  # a lake without an outlet
    z[60:70, 60:90] = 0.0  # a flat at the edge
    z[10:14, 70:75] = np.nan
    return z.astype(np.float32)


def follow(flow):
    """Walk down from every cell at once; return the outlet that each reaches."""
    steps = {1: (0, 1), 2: (1, 1), 4: (1, 0), 8: (1, -1), 16: (0, -1), 32: (-1, -1), 64: (-1, 0), 128: (-1, 1)}
    rows, cols = flow.directions.shape
    at = np.flatnonzero(flow.directions.ravel() != 247)
    start = at.copy()
    offset = np.zeros(256, int)
    for code, (down, right) in steps.items():
        offset[code] = down * cols + right
    for _ in range(rows * cols):
        moved = at + offset[flow.directions.ravel()[at]]
        if (moved == at).all():
            return start, at
        at = moved
    raise AssertionError("the flow runs in a loop")


def test_a_valley_gathers_its_sides():
    flow = Flow(valley(), (10.0, 10.0))
    rows, cols = flow.directions.shape
    assert (flow.directions[10, :-1] == 1).all()
    assert flow.directions[10, -1] == 0
    # Sides of one in two across, one in ten along: straight down (0.5) beats the diagonal (0.6 / √2).
    assert (flow.directions[1:10, 1:-1] == 4).all()
    assert (flow.directions[11:-1, 1:-1] == 64).all()
    np.testing.assert_array_equal(flow.cells[10], rows * np.arange(1, cols + 1))
    np.testing.assert_array_equal(flow.cells[:10, 5], np.arange(1, 11))
    network = flow.drainage(21 * 100 / 1e6 * 3)
    assert network[10, 2:].all()
    assert network.sum() == cols - 2
    np.testing.assert_allclose(flow.height_above(network)[:, 7], 5.0 * np.abs(np.arange(rows) - 10), atol=1e-3)
    np.testing.assert_allclose(flow.stream_length(network)[10, 2:], 10.0)
    assert flow.stream_length(network)[9].max() == 0


@pytest.mark.parametrize("seed", range(4))
def test_every_cell_drains_and_nothing_is_lost(seed):
    z = rough(seed=seed)
    flow = Flow(z, (30.0, 20.0))
    valid = np.isfinite(z)
    start, outlet = follow(flow)
    assert len(start) == valid.sum()
    assert (flow.cells[~valid] == 0).all()
    counted = np.bincount(outlet, minlength=z.size)
    outlets = flow.directions.ravel() == 0
    np.testing.assert_array_equal(flow.cells.ravel()[outlets], counted[outlets])
    padded = np.pad(valid, 1)
    edge = valid & ~np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).all(axis=(2, 3))
    assert edge.ravel()[outlets].all()
    filled = flow.filled
    assert (filled[valid] >= z[valid] - 1e-4).all()
    assert (flow.height_above(flow.drainage(0.05))[valid] >= 0).all()


def test_depressions_are_filled_as_by_pyflwdir():
    from pyflwdir import dem

    for seed in range(3):
        z = rough(seed=seed)
        expected, _ = dem.fill_depressions(z, nodata=np.nan)
        np.testing.assert_allclose(Flow(z, (30.0, 30.0)).filled, expected, atol=1e-3)


def test_flats_drain_by_the_shortest_way():
    z = np.full((31, 31), 5.0, np.float32)
    z[:, 0] = z[:, -1] = z[0] = z[-1] = 6.0
    z[15, 0] = 4.0  # the only way out
    flow = Flow(z, (10.0, 10.0))
    assert (flow.directions[15, 1:-1] == 16).all()
    assert flow.cells[15, 0] >= 29 * 29


def test_watersheds_are_labelled_from_the_largest_and_capped():
    flow = Flow(np.vstack([valley(), valley()[:, ::-1], valley(11)]), (10.0, 10.0))
    labels, names = flow.watersheds()
    assert set(np.unique(labels)) == set(names)
    assert labels[10, 3] != labels[31, 20]
    assert labels[47, 3] == 3
    sizes = [(labels == code).sum() for code in (1, 2, 3)]
    assert sizes == sorted(sizes, reverse=True)
    few, names = flow.watersheds(most=2)
    assert names == {0: "other watersheds", 1: "watershed 1"}
    np.testing.assert_array_equal(few, np.where(labels == 1, 1, 0))


def test_no_drainage_gets_one_sentence():
    with pytest.raises(EngineError, match=r"No cell of the DEM drains 5 km².*DRAINAGE_AREA"):
        Flow(valley(), (10.0, 10.0)).drainage(5.0)


def read(path):
    dataset = gdal.Open(str(path))
    values, nodata = dataset.ReadAsArray().astype(float), dataset.GetRasterBand(1).GetNoDataValue()
    return np.where(values == nodata, np.nan, values)


def test_area_and_wetness_against_saga(data_folder):
    """SAGA 8.5 on the same DEM, filled by Wang and Liu with a slope of 0.1° across depressions, D8.

    Ours differs where SAGA lets every cell of the edge drain outwards and we follow the border to its lowest cell, in filled
    depressions (0.4 % of the cells) and, from both, downstream: within 20 cells of the edge 1 cell in 6, beyond it 1 in 70.
    """
    folder = data_folder / "ecuador"
    z = read(folder / "dem.tif").astype(np.float32)
    area, wetness = read(folder / "ref_saga850" / "area_d8.tif"), read(folder / "ref_saga850" / "twi_d8_cellsize.tif")
    flow = Flow(z, (10.0, 10.0))
    valid = np.isfinite(z)
    difference = np.abs(flow.cells * 100.0 - area)[valid]
    assert (difference < 1).mean() > 0.955
    inner = valid.copy()
    inner[:20] = inner[-20:] = inner[:, :20] = inner[:, -20:] = False
    assert (np.abs(flow.cells * 100.0 - area)[inner] < 1).mean() > 0.975
    spans = half_widths(10.0, 10.0, 10.0)
    gradient = derive(np.pad(z.astype(float), 1, constant_values=np.nan), ["gradient"], (10.0, 10.0), "zevenbergen_thorne", spans)[
        "gradient"
    ]
    ours = np.log(flow.cells * 10.0 / np.maximum(gradient, 1e-3), where=valid, out=np.full(z.shape, np.nan))
    both = inner & np.isfinite(wetness)
    assert np.corrcoef(ours[both], wetness[both])[0, 1] > 0.99
    assert np.median(np.abs(ours - wetness)[both]) < 1e-5


@pytest.mark.parametrize(("method", "share"), [("mfd", 0.999), ("dinf", None)])
def test_shared_areas_against_saga(data_folder, method, share):
    """SAGA 8.5 on the DEM that it filled, at the cells that no water reaches from the edge, where SAGA lets some out that we keep.

    Multiple flow is the same. SAGA's “Deterministic Infinity” takes the way down from the slope of 3×3 cells, not from Tarboton's
    triangles: written down so, the areas are SAGA's on 98 % of the cells; by triangles half of them differ by more than a fifth.
    """
    folder = data_folder / "ecuador" / "ref_saga850"
    z, area = read(folder / "fill.tif").astype(np.float32), read(folder / f"area_{method}.tif")
    flow = Flow(z, (10.0, 10.0), method)
    known = np.isfinite(z)
    edge = known & ~np.lib.stride_tricks.sliding_window_view(np.pad(known, 1), (3, 3)).all(axis=(2, 3))
    free = known & ~edge & (flow.gathered(edge.astype(float)) < 1e-9)
    assert free.mean() > 0.75
    ours, theirs = flow.accumulated()[free] * 100, area[free]
    if share:
        assert (np.abs(ours / theirs - 1) < 1e-3).mean() > share
        width, gradient = flow.outflow_m()[free], np.tan(np.radians(read(folder / "slope_zt.tif")[free]))
        np.testing.assert_allclose(np.median(np.abs(ours / width / read(folder / "sca_mfd.tif")[free] - 1)), 0, atol=1e-5)
        wetness = np.log(ours / 10 / np.maximum(gradient, 1e-3))
        assert (np.abs(wetness - read(folder / "twi_mfd_cellsize.tif")[free]) < 1e-3).mean() > 0.98
    else:
        assert np.corrcoef(np.log(ours), np.log(theirs))[0, 1] > 0.9
        assert (np.abs(np.log2(ours / theirs)) < 1).mean() > 0.85


def test_chile_runs_whole_with_its_sea_and_drifting_grids(data_folder, tmp_path):
    folder = data_folder / "los_lagos_chile"
    messages, warnings = [], []

    class Listener(Feedback):
        def message(self, text):
            messages.append(text)

        def warning(self, text):
            warnings.append(text)

    output = str(tmp_path / "stack.tif")
    flow = ["topographic_wetness", "distance_to_drainage", "height_above_drainage", "drainage_density", "watershed"]
    parameters = {
        "dem": str(folder / "SRTM_18s_30m.tif"),
        "terrain": ["altitude", "slope", "aspect", *flow],
        "faults": str(folder / "faults.gpkg"),
        "geology": str(folder / "geology.gpkg"),
        "geology_field": "Clase",
        "settlements": f"{folder / 'properties.gpkg'}|layername=Propiedades",
        "extra_categorical": [str(folder / "faults_distance_reclass.tif")],
        "extra_continuous": [str(folder / "landslide_susceptibility.tif")],
        "output": output,
    }
    run(Listener(), **parameters)
    stack = Stack.open(output)
    values = stack.read(Window(0, 0, *stack.grid.shape))
    bands = dict(zip(stack.names, np.moveaxis(values, -1, 0)))
    assert stack.grid.shape == (1389, 1057)
    sea = bands["altitude"] == 0
    assert sea.sum() > 185_000
    assert (bands["slope"][sea] == 0).mean() > 0.9
    assert np.nanmax(bands["height_above_drainage"]) < 2451
    assert np.nanmin(bands["height_above_drainage"]) == 0
    assert not [text for text in warnings if "missing on" in text]
    assert set(stack.covariate("geology").classes.values()) - {"unknown"} <= {"1", "2", "3", "4"}
    assert any(text.startswith("faults_distance_reclass: faults_distance_reclass.tif, cells of 30 × 30, nearest") for text in messages)
    # The publisher's own overlay of fault distance: class 4 within 500 m of a fault.
    near, known = bands["distance_to_faults"] <= 500, np.isfinite(bands["faults_distance_reclass"])
    assert (near == (bands["faults_distance_reclass"] == 4))[known].mean() > 0.99
    with pytest.raises(EngineError, match="output has no features"):
        run(Feedback(), **{**parameters, "settlements": f"{folder / 'properties.gpkg'}|layername=output"})


# Cells as they are in the field: wider or higher, and not as many rows as columns.
WIDTH, HEIGHT = 20.0, 35.0
STEPS = {1: (0, 1), 2: (1, 1), 4: (1, 0), 8: (1, -1), 16: (0, -1), 32: (-1, -1), 64: (-1, 0), 128: (-1, 1)}


def lower(z, row, col):
    """Yield the place of each lower neighbour with its steps down and right."""
    for down, right in STEPS.values():
        to = row + down, col + right
        if 0 <= to[0] < z.shape[0] and 0 <= to[1] < z.shape[1] and z[to] < z[row, col]:
            yield to, down, right


def plain_shares(z, row, col, method, width, height):
    """What each neighbour gets of a cell, from the definitions: Freeman's equation, Tarboton's eight triangles."""
    length = {(down, right): np.hypot(down * height, right * width) for down, right in STEPS.values()}
    if method == "mfd":
        found = {to: ((z[row, col] - z[to]) / length[down, right]) ** 1.1 for to, down, right in lower(z, row, col)}
        return {to: share / sum(found.values()) for to, share in found.items()}
    steepest, best = 0.0, {}
    ring = list(STEPS.values())
    for number, move in enumerate(ring):
        for turn in (-1, 1):
            if 0 in move:
                (d1, r1), (d2, r2) = move, ring[(number + turn) % 8]
                straight, diagonal = (row + d1, col + r1), (row + d2, col + r2)
                if any(not (0 <= to[0] < z.shape[0] and 0 <= to[1] < z.shape[1]) for to in (straight, diagonal)):
                    continue
                out, across = length[d1, r1], length[d2 - d1, r2 - r1]
                s1, s2 = (z[row, col] - z[straight]) / out, (z[straight] - z[diagonal]) / across
                most = np.arctan(across / out)
                angle, slope = np.arctan2(s2, s1), np.hypot(s1, s2)
                if angle < 0:
                    angle, slope = 0.0, s1
                elif angle > most:
                    angle, slope = most, (z[row, col] - z[diagonal]) / np.hypot(out, across)
                if slope > steepest:
                    steepest, best = slope, {straight: 1 - angle / most, diagonal: angle / most}
    return best


@pytest.mark.parametrize("method", ["mfd", "dinf"])
def test_shared_flow_cell_by_cell(method):
    """On a rough slope of oblong cells in a moat, so that all neighbours of the cells inside are there and none hands anything back."""
    z = rough_slope()
    z[0] = z[-1] = z[:, 0] = z[:, -1] = 0.0
    inside = np.zeros(z.shape, bool)
    inside[1:-1, 1:-1] = True
    expected = inside.astype(float)
    for row, col in sorted(map(tuple, np.argwhere(inside)), key=lambda cell: -z[cell]):
        for to, share in plain_shares(z.astype(float), row, col, method, WIDTH, HEIGHT).items():
            expected[to] += share * expected[row, col]
    found = Flow(z, (WIDTH, HEIGHT), method).accumulated()
    np.testing.assert_allclose(found[inside], expected[inside], rtol=1e-3)
    assert expected[inside].max() > 20


def plane(degrees, size=41, cell=10.0):
    """A plane that falls towards an azimuth, one in two."""
    row, col = np.mgrid[:size, :size] * cell
    azimuth = np.radians(degrees)
    return (2000 - 0.5 * (np.sin(azimuth) * col - np.cos(azimuth) * row)).astype(np.float32)


@pytest.mark.parametrize(
    ("degrees", "method", "expected"),
    [
        # To the south: D8 and D∞ straight down; multiple flow to three cells, those across corners 1 / √2 as steep.
        (180, "d8", {(1, 0): 1.0}),
        (180, "dinf", {(1, 0): 1.0}),
        (180, "mfd", {(1, 0): 0.42264, (1, 1): 0.28868, (1, -1): 0.28868}),
        # A third of the way from south to south-east: 165 degrees is 15 of 45 from the straight neighbour.
        (165, "d8", {(1, 0): 1.0}),
        (165, "dinf", {(1, 0): 2 / 3, (1, 1): 1 / 3}),
        (135, "dinf", {(1, 1): 1.0}),
    ],
)
def test_a_plane_at_a_known_angle(degrees, method, expected):
    flow = Flow(plane(degrees), (10.0, 10.0), method)
    if method == "d8":
        assert flow.directions[20, 20] == 4
        assert flow.accumulated()[20, 20] == 21
        return
    amounts = np.zeros((41, 41))
    amounts[20, 20] = 1.0
    found = flow.gathered(amounts)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            if (down, right) != (0, 0):
                assert found[20 + down, 20 + right] == pytest.approx(expected.get((down, right), 0.0), abs=2e-3), (down, right)


@pytest.mark.parametrize("method", ["mfd", "dinf"])
def test_a_cone_spreads_alike_in_all_directions(method):
    """Through a ring of radius r drains what lies within it, π r², over its length 2 π r: r / 2 on each cell, in metres."""
    row, col = np.mgrid[-40:41, -40:41]
    radius = np.hypot(row, col)
    z = (500 - 4 * radius).astype(np.float32)
    flow, ring = Flow(z, (10.0, 10.0), method), (radius > 25) & (radius < 35)
    found = flow.accumulated()
    if method == "mfd":  # D∞ decides between two triangles alike along the axes, by rounding
        np.testing.assert_allclose(found.T[ring], found[ring], rtol=1e-2)
    off = {each: np.abs(cells[ring] / (radius[ring] / 2) - 1).mean() for each, cells in ((method, found), ("d8", flow.cells))}
    assert off[method] < {"mfd": 0.1, "dinf": 0.15}[method]
    assert off["d8"] > 0.4  # eight lines gather all


@pytest.mark.parametrize("method", ["mfd", "dinf"])
@pytest.mark.parametrize("seed", range(3))
def test_shared_flow_loses_nothing(seed, method):
    """All cells leave through the outlets, across filled lakes, flats and gaps; and no cell has less than itself."""
    z = rough(seed=seed)
    flow = Flow(z, (30.0, 20.0), method)
    known, found = np.isfinite(z), flow.accumulated()
    assert found[flow.directions == 0].sum() == pytest.approx(known.sum(), rel=1e-12)
    assert (found[known] >= 1 - 1e-12).all()
    assert (found[~known] == NO_CELLS).all()
    # The lake hands on what it gets by one way: as much as by eight directions, where all of it is level.
    assert found.max() <= known.sum()


def test_on_a_flat_all_methods_go_the_same_way():
    z = np.full((31, 31), 5.0, np.float32)
    z[:, 0] = z[:, -1] = z[0] = z[-1] = 6.0
    z[15, 0] = 4.0
    found = [Flow(z, (10.0, 10.0), method) for method in ("d8", "mfd", "dinf")]
    for each in found[1:]:
        np.testing.assert_allclose(each.accumulated()[3:-3, 3:-3], found[0].cells[3:-3, 3:-3], atol=8)


def test_contours_of_multiple_flow():
    """Half a side of each lower straight neighbour, a quarter of the diagonal of each across a corner; 20 m wide and 35 m high."""
    z = np.full((3, 3), 9.0, np.float32)
    z[1, 1] = 5
    z[1, 2], z[2, 1], z[2, 2] = 4, 3, 2
    found = Flow(z, (WIDTH, HEIGHT), "mfd").outflow_m()
    assert found[1, 1] == pytest.approx(HEIGHT / 2 + WIDTH / 2 + np.hypot(WIDTH, HEIGHT) / 4)
    assert found[2, 2] == pytest.approx(np.sqrt(WIDTH * HEIGHT))
    assert found[1, 2] == pytest.approx(WIDTH / 2 + np.hypot(WIDTH, HEIGHT) / 4)


def plain_flow(z, width=WIDTH, height=HEIGHT):
    """The flow of a DEM without depressions, cell by cell: directions, cells upstream, and each cell's way down."""
    rows, cols = z.shape
    directions = np.zeros(z.shape, np.uint8)
    for row in range(rows):
        for col in range(cols):
            steepest = 0.0
            for code, (down, right) in STEPS.items():
                to = row + down, col + right
                if 0 <= to[0] < rows and 0 <= to[1] < cols:
                    fall = (z[row, col] - z[to]) / np.hypot(down * height, right * width)
                    if fall > steepest:
                        steepest, directions[row, col] = fall, code
    cells = np.zeros(z.shape, int)
    ways = {}
    for row in range(rows):
        for col in range(cols):
            way = [(row, col)]
            while directions[way[-1]]:
                down, right = STEPS[directions[way[-1]]]
                way.append((way[-1][0] + down, way[-1][1] + right))
            ways[row, col] = way
            for cell in way:
                cells[cell] += 1
    return directions, cells, ways


def rough_slope(rows=26, cols=19, seed=2):
    """A rough slope without depressions that falls to the south in several valleys."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[:rows, :cols]
    return (900 - 9.0 * row - 0.5 * col + 6 * np.sin(col / 1.2) + rng.uniform(0, 2.2, (rows, cols))).astype(np.float32)


def test_the_steepest_way_depends_on_width_and_height():
    """From the middle, 2 m down to the east and 3 m to the south: 2/20 beats 3/35, and 5.5/40.3 on the diagonal beats both."""
    z = np.full((3, 3), 100.0, np.float32)
    z[1, 1], z[1, 2], z[2, 1] = 50, 48, 47
    assert Flow(z, (WIDTH, HEIGHT)).directions[1, 1] == 1
    assert Flow(z, (HEIGHT, WIDTH)).directions[1, 1] == 4
    z[2, 2] = 44.5
    assert Flow(z, (WIDTH, HEIGHT)).directions[1, 1] == 2


def test_the_flow_of_oblong_cells_cell_by_cell():
    z = rough_slope()
    directions, cells, ways = plain_flow(z)
    flow = Flow(z, (WIDTH, HEIGHT))
    np.testing.assert_array_equal(flow.cells, cells)
    np.testing.assert_array_equal(flow.directions[1:-1, 1:-1], directions[1:-1, 1:-1])
    np.testing.assert_allclose(flow.filled, z, atol=1e-4)
    area_km2 = 6 * WIDTH * HEIGHT / 1e6  # six cells; exactly six belong to it
    network = flow.drainage(area_km2)
    np.testing.assert_array_equal(network, cells >= 6)
    assert (cells == 6).any()
    length, height = flow.stream_length(network), flow.height_above(network)
    for cell, way in ways.items():
        first = next((each for each in way if network[each]), way[-1])
        assert height[cell] == pytest.approx(z[cell] - z[first], abs=1e-3)
        down, right = STEPS.get(directions[cell], (0, 0))
        step = np.hypot(down * HEIGHT, right * WIDTH) or (WIDTH + HEIGHT) / 2  # where flow leaves the DEM: through half a cell to an edge
        assert length[cell] == pytest.approx(step if network[cell] else 0)
    labels, names = flow.watersheds(most=3)
    outlets = sorted({way[-1] for way in ways.values()}, key=lambda cell: -cells[cell])
    assert len(outlets) > 3
    assert cells[outlets[0]] > cells[outlets[1]] > cells[outlets[2]]
    assert names == {0: "other watersheds", 1: "watershed 1", 2: "watershed 2"}
    for cell, way in ways.items():
        assert labels[cell] == (outlets.index(way[-1]) + 1 if way[-1] in outlets[:2] else 0)


def test_cells_without_elevation_have_no_flow():
    z = rough_slope()
    z[8:11, 5:9] = np.nan
    flow = Flow(z, (WIDTH, HEIGHT))
    gap = np.isnan(z)
    assert (flow.directions[gap] == 247).all()
    assert (flow.cells[gap] == NO_CELLS).all()
    np.testing.assert_array_equal(flow.drainage(0.0), ~gap)
    network = flow.drainage(0.005)
    for values in (flow.filled, flow.height_above(network), flow.stream_length(network), flow.watersheds()[0]):
        np.testing.assert_array_equal(np.isnan(values), gap)


def test_a_pit_is_filled_to_its_spill_point():
    z = np.array([[9, 9, 9, 9, 9], [9, 2, 3, 9, 9], [9, 9, 9, 6, 5], [9, 9, 9, 9, 9]], np.float32)
    flow = Flow(z, (WIDTH, HEIGHT))
    expected = z.copy()
    expected[1, 1:3] = 6
    np.testing.assert_allclose(flow.filled, expected, atol=1e-4)
    assert flow.directions[1, 1] == 1
    assert flow.directions[1, 2] == 2
    assert flow.directions[2, 3] == 1
    assert flow.cells[2, 4] == 13 + 4  # all but what the edge lets out itself


def test_too_many_cells_get_one_sentence(monkeypatch):
    monkeypatch.setattr("scarp.engine.covariates.flow._MOST_CELLS", 493)
    with pytest.raises(EngineError, match="has 494 cells, and flow is derived from at most 493"):
        Flow(rough_slope(), (WIDTH, HEIGHT))
    monkeypatch.setattr("scarp.engine.covariates.flow._MOST_CELLS", 494)
    Flow(rough_slope(), (WIDTH, HEIGHT))


def test_all_watersheds_keep_their_names_where_they_are_few():
    flow = Flow(valley(), (WIDTH, HEIGHT))
    outlets = int((flow.directions == 0).sum())
    labels, names = flow.watersheds(most=outlets)
    assert len(names) == outlets
    assert names == {number: f"watershed {number}" for number in range(1, len(names) + 1)}
    assert set(np.unique(labels)) == set(names)


def test_elevation_is_rounded_to_the_nearest_level():
    """Between 0 and 1000 m a level is 60 µm: no cell moves by more than half of it."""
    z = np.linspace(0.0, 9.0, 121, dtype=np.float32).reshape(11, 11)
    z[0, 0] = 1000.0
    filled = Flow(z, (WIDTH, HEIGHT)).filled
    assert np.abs(filled - z)[1:].max() < 0.52 * 1000 / (2**24 - 1)


def test_the_largest_area_is_that_of_cells_which_are_no_squares():
    """All nine cells of 20 m by 35 m drain through the lowest corner."""
    flow = Flow(np.float32([[9, 8, 7], [8, 6, 4], [7, 4, 1]]), (20.0, 35.0))
    assert flow.most_km2 == pytest.approx(9 * 700 / 1e6)
    assert flow.drainage(0.0063).sum() == 1 and flow.drainage(0.0062).sum() == 1
    with pytest.raises(EngineError, match=r"the most is 0\.0063 km²"):
        flow.drainage(0.0064)
