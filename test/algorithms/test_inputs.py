# SPDX-License-Identifier: GPL-2.0-or-later
"""Layers go into tasks as QGIS shows them; read back in this process by the engine's own code, without a worker."""

import os
import zipfile

import numpy as np
import pytest
from osgeo import gdal, ogr, osr
from scarp.engine.files.grid import Grid, Window
from scarp.engine.files.raster import open_raster
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.files.vectors import feature_id, open_layer
from scarp.engine.samples.inventory import read_inventory
from scarp.models.covariate import Covariate

CODE = 32717
SHAPE = (60, 70)
CELL = (30.0, 20.0)
WEST, NORTH = 600007.0, 9559989.0


def reference(code):
    found = osr.SpatialReference()
    found.ImportFromEPSG(code)
    found.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return found


GRID = Grid(reference(CODE).ExportToWkt(), (WEST, CELL[0], 0.0, NORTH, 0.0, -CELL[1]), SHAPE)
CELLS = np.sort(np.random.default_rng(5).choice(SHAPE[0] * SHAPE[1], 40, replace=False))
EAST_M, NORTH_M = GRID.centres(*np.divmod(CELLS, SHAPE[1]))
POINTS = list(zip(EAST_M.tolist(), NORTH_M.tolist()))


def write(path, driver, points, *, code=CODE, own_crs=True, name="inv"):
    """Write points with their number as `nr` and its parity as `kind`; in degrees where `code` is 4326."""
    dataset = ogr.GetDriverByName(driver).CreateDataSource(str(path), ["SPATIALITE=YES"] if driver == "SQLite" else [])
    layer = dataset.CreateLayer(name, reference(code) if own_crs else None, ogr.wkbPoint)
    layer.CreateField(ogr.FieldDefn("nr", ogr.OFTInteger))
    layer.CreateField(ogr.FieldDefn("kind", ogr.OFTString))
    to_target = osr.CoordinateTransformation(reference(CODE), reference(code))
    for number, (x, y) in enumerate(points):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature["nr"], feature["kind"] = number, "even" if number % 2 == 0 else "odd"
        point = ogr.Geometry(ogr.wkbPoint)
        point.AddPoint_2D(x, y)
        if code != CODE:
            point.Transform(to_target)
        feature.SetGeometry(point)
        layer.CreateFeature(feature)
    return str(path)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("stack") / "stack.tif")
    with StackWriter(path, GRID, [Covariate("slope")]) as writer:
        writer.write("slope", Window(0, 0, *SHAPE), np.ones(SHAPE, np.float32))
    return path


@pytest.fixture
def take(provider, tmp_path):
    """Return the sources that an algorithm's parameters give; raise what the algorithm refuses."""
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject
    from scarp.algorithms.inputs import refuse_layers, take_layers

    def taken(algorithm, **parameters):
        made = provider.algorithm(algorithm).create()
        context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
        context.setProject(QgsProject.instance())
        refuse_layers(made, parameters, context)
        folder = tmp_path / f"taken{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return {name: [each(folder, feedback) for each in made_of] for name, made_of in take_layers(made, parameters, context).items()}

    yield taken
    QgsProject.instance().clear()


@pytest.fixture
def refusal(take):
    """Return the sentence by which parameters are refused."""
    from scarp.engine.errors import EngineError

    def sentence(algorithm, **parameters):
        with pytest.raises(EngineError) as caught:
            take(algorithm, **parameters)
        return str(caught.value)

    return sentence


def shown(layer):
    """Add a layer to the project."""
    from qgis.core import QgsProject

    assert layer.isValid(), layer.error().message()
    return QgsProject.instance().addMapLayer(layer, False)


def vector(path, name="Slides of 2014", provider="ogr"):
    from qgis.core import QgsVectorLayer

    return shown(QgsVectorLayer(path, name, provider))


def areas(folder):
    """The points of `gpkg` as discs."""
    sql = "SELECT ST_Buffer(geom, 10) AS geom, nr, kind FROM inv"
    path = str(folder / "areas.gpkg")
    gdal.VectorTranslate(path, gpkg(folder, None), format="GPKG", SQLStatement=sql, SQLDialect="SQLITE", geometryType="POLYGON")
    return path


def gpkg(folder, _stack):
    return write(folder / "slides.gpkg", "GPKG", POINTS)


def geojson(folder, _stack):
    return write(folder / "slides.geojson", "GeoJSON", POINTS, code=4326)


def kml(folder, _stack):
    return write(folder / "slides.kml", "KML", POINTS, code=4326)


def delimited_text(folder, _stack):
    lines = [f"{x},{y},text {number}" for number, (x, y) in enumerate(POINTS)]
    (folder / "slides.csv").write_text("\n".join(["X,Y,geom", *lines]) + "\n", encoding="utf-8")
    return vector(f"file://{folder}/slides.csv?type=csv&detectTypes=yes&xField=X&yField=Y&crs=EPSG:{CODE}", provider="delimitedtext")


def spatialite(folder, _stack):
    path = write(folder / "slides.sqlite", "SQLite", POINTS)
    return vector(f"dbname='{path}' table=\"inv\" (geometry)", provider="spatialite")


def zipped(folder, _stack):
    write(folder / "slides.shp", "ESRI Shapefile", POINTS)
    with zipfile.ZipFile(folder / "slides.zip", "w") as archive:
        for part in folder.glob("slides.*"):
            if part.suffix != ".zip":
                archive.write(part, part.name)
    return f"/vsizip/{folder}/slides.zip/slides.shp"


def memory(folder, _stack, fid="string"):
    from qgis.core import QgsVectorLayer

    layer = vector(gpkg(folder, None))
    copy = QgsVectorLayer(f"Point?crs=EPSG:{CODE}&field=fid:{fid}&field=more:map", "Scratch", "memory")
    with_fid = []
    for feature in layer.getFeatures():
        feature.setAttributes(["7" if fid == "string" else 7, {"a": [1, 2]}])  # the same in each
        with_fid.append(feature)
    copy.dataProvider().addFeatures(with_fid)
    return shown(copy)


def memory_with_repeated_fid(folder, stack):
    return memory(folder, stack, "integer")


def joined(folder, _stack):
    from qgis.core import QgsVectorLayerJoinInfo

    layer, table = vector(gpkg(folder, None)), folder / "table.csv"
    table.write_text("nr,when\n" + "\n".join(f"{number},20{number:02}" for number in range(40)), encoding="utf-8")
    join = QgsVectorLayerJoinInfo()
    join.setJoinLayer(vector(str(table), "table"))
    join.setJoinFieldName("nr")
    join.setTargetFieldName("nr")
    assert layer.addJoin(join)
    return layer


MORE = [*POINTS, *((x + CELL[0], y) for x, y in POINTS[:20])]


def filtered(folder, _stack):
    layer = vector(write(folder / "more.gpkg", "GPKG", MORE))
    assert layer.setSubsetString("nr < 40")
    return layer


def filtered_by_path(folder, _stack):
    return write(folder / "more.geojson", "GeoJSON", MORE, code=4326) + "|subset=nr < 40"


def selected(folder, _stack):
    from qgis.core import QgsProcessingFeatureSourceDefinition

    layer = vector(write(folder / "more.gpkg", "GPKG", MORE))
    layer.selectByExpression("nr < 40")
    return QgsProcessingFeatureSourceDefinition(layer.id(), True)


def chosen_by_expression(folder, _stack):
    from qgis.core import QgsProcessingFeatureSourceDefinition

    layer = vector(write(folder / "more.gpkg", "GPKG", MORE))
    return QgsProcessingFeatureSourceDefinition(layer.id(), filterExpression='to_int("nr") + 1 <= 40')


def limited(folder, _stack):
    from qgis.core import QgsProcessingFeatureSourceDefinition

    layer = vector(write(folder / "more.gpkg", "GPKG", MORE))
    return QgsProcessingFeatureSourceDefinition(layer.id(), featureLimit=40)


def merged(folder, _stack):
    import processing

    parts = [write(folder / "a.gpkg", "GPKG", POINTS[:15]), write(folder / "b.gpkg", "GPKG", POINTS[15:])]
    return processing.run("native:mergevectorlayers", {"LAYERS": parts, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]


def edited(folder, _stack):
    layer = vector(write(folder / "more.gpkg", "GPKG", MORE))
    assert layer.startEditing()
    assert layer.deleteFeatures([feature.id() for feature in layer.getFeatures("nr >= 40")])
    return layer


def with_crs_set(folder, _stack):
    from qgis.core import QgsCoordinateReferenceSystem

    layer = vector(write(folder / "bare.shp", "ESRI Shapefile", POINTS, own_crs=False))
    layer.setCrs(QgsCoordinateReferenceSystem(f"EPSG:{CODE}"))
    return layer


def with_crs_corrected(folder, _stack):
    from qgis.core import QgsCoordinateReferenceSystem

    layer = vector(write(folder / "wrong.gpkg", "GPKG", POINTS))
    path = write(folder / "wrong2.gpkg", "GPKG", POINTS)
    dataset = gdal.OpenEx(path, gdal.OF_VECTOR | gdal.OF_UPDATE)
    dataset.ExecuteSQL("UPDATE gpkg_geometry_columns SET srs_id = 4326")
    dataset.ExecuteSQL("UPDATE gpkg_contents SET srs_id = 4326")
    dataset = None
    layer = vector(path)
    assert layer.crs().authid() == "EPSG:4326"
    layer.setCrs(QgsCoordinateReferenceSystem(f"EPSG:{CODE}"))
    return layer


def sublayer(folder, _stack):
    path = write(folder / "mixed.geojson", "GeoJSON", POINTS, code=4326)
    dataset = ogr.Open(path, 1)
    layer = dataset.GetLayer(0)
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(ogr.CreateGeometryFromWkt("POLYGON ((-81 -4.1, -79 -4.1, -79 -3.9, -81 -3.9, -81 -4.1))"))
    layer.CreateFeature(feature)
    dataset = layer = None
    return f"{path}|layername=inv|geometrytype=Point"


def layer_by_number(folder, _stack):
    path = write(folder / "several.gpkg", "GPKG", POINTS[:3], name="first")
    dataset = ogr.Open(path, 1)
    other = ogr.Open(write(folder / "slides.gpkg", "GPKG", POINTS))
    dataset.CopyLayer(other.GetLayer(0), "second")
    dataset = other = None
    return vector(f"{path}|layerid=1")


def virtual(folder, _stack):
    layer = vector(gpkg(folder, None))
    return vector(f"?query=SELECT * FROM {layer.id()}&geometry=geometry:1:{CODE}", provider="virtual")


def waypoints(folder, _stack):
    """By the path alone: the file has layers of routes and tracks too, which are empty."""
    to_degrees = osr.CoordinateTransformation(reference(CODE), reference(4326))
    places = (to_degrees.TransformPoint(x, y)[:2] for x, y in POINTS)
    text = "".join(f'<wpt lat="{north}" lon="{east}"></wpt>' for east, north in places)
    path = folder / "slides.gpx"
    path.write_text(f'<gpx version="1.1" creator="none" xmlns="http://www.topografix.com/GPX/1/1">{text}</gpx>')
    return str(path)


def collections(folder, _stack):
    """Each point as a collection of geometries: QGIS takes such a layer for one without a place on Earth."""
    path = write(folder / "plain.gpkg", "GPKG", POINTS)
    source = ogr.Open(path)
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(folder / "collected.gpkg"))
    layer = dataset.CreateLayer("collected", reference(CODE), ogr.wkbGeometryCollection)
    layer.CreateField(ogr.FieldDefn("nr", ogr.OFTInteger))
    for number, each in enumerate(source.GetLayer(0)):
        feature = ogr.Feature(layer.GetLayerDefn())
        collection = ogr.Geometry(ogr.wkbGeometryCollection)
        collection.AddGeometry(each.GetGeometryRef())
        feature.SetGeometry(collection)
        feature["nr"] = number
        layer.CreateFeature(feature)
    return str(folder / "collected.gpkg")


def collections_filtered(folder, _stack):
    layer = vector(collections(folder, None))
    assert layer.setSubsetString("nr < 100")
    return layer


WAYS = (
    gpkg, geojson, kml, delimited_text, spatialite, zipped, memory, memory_with_repeated_fid, joined, filtered, filtered_by_path, selected,
    chosen_by_expression, limited, merged, edited, with_crs_set, with_crs_corrected, sublayer, layer_by_number, virtual, waypoints,
    collections, collections_filtered,
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_same_landslides_lie_in_the_same_cells(take, tmp_path, stack, way):
    source = take("samplecells", COVARIATES=stack, INVENTORY=way(tmp_path, stack))["INVENTORY"][0]
    found = read_inventory(source, Stack.open(stack))
    assert sorted(found.rows * SHAPE[1] + found.cols) == CELLS.tolist()
    assert len(set(found.origin)) == 40


def test_features_keep_their_ids(take, tmp_path, stack):
    layer = filtered(tmp_path, None)
    layer.setSubsetString("nr in (7, 9, 11)")
    source = take("samplecells", COVARIATES=stack, INVENTORY=layer)["INVENTORY"][0]
    dataset, opened = open_layer(source)
    assert [feature_id(feature) for feature in opened] == ["8", "10", "12"]
    assert opened.GetName() == "Slides of 2014"


def values(source, field):
    dataset, layer = open_layer(source)
    return [feature[field] for feature in layer]


def test_joins_virtual_fields_and_edits_give_their_values(take, tmp_path, stack):
    from qgis.core import QgsField
    from qgis.PyQt.QtCore import QVariant

    layer = joined(tmp_path, None)
    layer.addExpressionField("CASE WHEN nr < 5 THEN 'hard' ELSE 'söft' END", QgsField("strength", QVariant.String))
    made = {"COVARIATES": stack, "INVENTORY": layer}
    assert values(take("samplecells", **made, TYPE_FIELD="strength")["INVENTORY"][0], "strength") == ["hard"] * 5 + ["söft"] * 35
    assert values(take("samplecells", **made, TYPE_FIELD="table_when")["INVENTORY"][0], "table_when") == [f"20{n:02}" for n in range(40)]
    layer.startEditing()
    layer.changeAttributeValue(1, layer.fields().indexOf("kind"), "typed just now")
    assert values(take("samplecells", **made, TYPE_FIELD="kind")["INVENTORY"][0], "kind")[:2] == ["typed just now", "odd"]


def test_the_encoding_set_in_qgis_counts(take, tmp_path, stack):
    path = write(tmp_path / "geo.shp", "ESRI Shapefile", POINTS[:1])
    (tmp_path / "geo.cpg").unlink(missing_ok=True)
    dbf = bytearray((tmp_path / "geo.dbf").read_bytes())
    dbf[29] = 0  # no language driver
    start = dbf.index(b"even")
    dbf[start : start + 4] = "Глей".encode("cp1251")
    (tmp_path / "geo.dbf").write_bytes(dbf)
    layer = vector(path)
    layer.setProviderEncoding("windows-1251")
    source = take("samplecells", COVARIATES=stack, INVENTORY=layer, TYPE_FIELD="kind")["INVENTORY"][0]
    assert values(source, "kind") == ["Глей"]
    assert source.endswith(f".fgb|name=Slides of 2014|of={path}"), "reports name the file, which is still there"


def test_dates_become_text_and_truth_numbers(take, stack):
    from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsVectorLayer
    from qgis.PyQt.QtCore import QDate

    fields = "&field=day:date&field=is:bool&field=big:int8&field=share:double&field=no:map"
    layer = QgsVectorLayer(f"Point?crs=EPSG:{CODE}{fields}", "Dated", "memory")
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(*POINTS[0])))
    feature.setAttributes([QDate(2014, 5, 31), True, 5_000_000_000, 0.25, {}])
    empty = QgsFeature(layer.fields())
    empty.setGeometry(feature.geometry())
    layer.dataProvider().addFeatures([feature, empty])
    made = {"COVARIATES": stack, "INVENTORY": shown(layer), "LABEL_FIELD": "is", "DATE_FIELD": "day"}
    source = take("benchmarkclassifiers", **made)["INVENTORY"][0]
    for field, expected in (("day", "2014-05-31"), ("is", 1), ("big", 5_000_000_000), ("share", 0.25)):
        assert values(source, field) == [expected, None]
    dataset, opened = open_layer(source)
    assert opened.GetLayerDefn().GetFieldIndex("no") < 0


@pytest.mark.parametrize(("kind", "pair"), [("string", ("yes", "no")), ("bool", (True, False)), ("double", (1.0, 0.0))])
def test_labels_that_were_overlooked_are_noticed_whatever_the_format(take, tmp_path, stack, kind, pair):
    from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsVectorLayer
    from scarp.engine.errors import EngineError
    from scarp.engine.samples.labels import check_no_labels

    layer = QgsVectorLayer(f"Point?crs=EPSG:{CODE}&field=slid:{kind}&field=day:date", "Slides", "memory")
    made = []
    for number, (x, y) in enumerate(POINTS):
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(x, y)))
        feature["slid"] = pair[number % 2]
        made.append(feature)
    layer.dataProvider().addFeatures(made)
    source = take("samplecells", COVARIATES=stack, INVENTORY=shown(layer))["INVENTORY"][0]
    with pytest.raises(EngineError, match="'slid' of the landslide inventory holds both yes and no"):
        check_no_labels(source)
    given = {"COVARIATES": stack, "INVENTORY": write(tmp_path / "plain.gpkg", "GPKG", POINTS), "TEST_INVENTORY": layer}
    with pytest.raises(EngineError, match="'slid' of the landslide inventory holds both yes and no"):
        check_no_labels(take("traincnndnn", **given)["TEST_INVENTORY"][0])


def test_a_filter_of_a_run_may_ask_for_the_layer_and_leaves_no_file_for_damaged(take, tmp_path, stack):
    from qgis.core import QgsProcessingFeatureSourceDefinition, QgsVectorLayer

    layer = shown(QgsVectorLayer(write(tmp_path / "points.fgb", "FlatGeobuf", POINTS), "Points", "ogr"))
    some = QgsProcessingFeatureSourceDefinition(layer.id())
    some.filterExpression = "@layer_name = 'Points' and \"nr\" < 10"
    source = take("samplecells", COVARIATES=stack, INVENTORY=some)["INVENTORY"][0]
    assert sorted(values(source, "nr")) == list(range(10))


def test_a_field_of_the_name_alone_makes_no_sample_cells(take, stack):
    from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsVectorLayer

    layer = QgsVectorLayer(f"Point?crs=EPSG:{CODE}&field=fold:integer&field=names:stringlist", "Slides", "memory")
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(*POINTS[0])))
    feature.setAttributes([3, ["a", "ü"]])
    layer.dataProvider().addFeatures([feature])
    source = take("samplecells", COVARIATES=stack, INVENTORY=shown(layer), TYPE_FIELD="names")["INVENTORY"][0]
    assert values(source, "fold") == [3] and values(source, "names") == ['["a", "ü"]']


def test_a_raster_of_landslides_is_told_what_to_do_with_it(refusal, tmp_path, stack):
    given = {"COVARIATES": stack, "INVENTORY": write(tmp_path / "inv.gpkg", "GPKG", POINTS)}
    for name in ("INVENTORY", "TEST_INVENTORY"):
        said = refusal("traincnndnn", **{**given, name: raster_file(tmp_path / "r.tif")})
        assert "is a raster, and a vector layer is needed;" in said and "or points (native:pixelstopoints), and keep the landslides" in said


def test_zones_keep_all_of_their_fields_and_an_inventory_those_that_are_asked_for(take, tmp_path, stack):
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer(f"Polygon?crs=EPSG:{CODE}&field=name:string&field=when:date&field=nr:integer", "Districts", "memory")
    feature = QgsFeature(layer.fields())
    (x, y), *_ = POINTS
    feature.setGeometry(QgsGeometry.fromWkt(f"POLYGON (({x} {y}, {x + 90} {y}, {x + 90} {y + 90}, {x} {y}))"))
    layer.dataProvider().addFeatures([feature])

    def fields(source):
        dataset, opened = open_layer(source)
        definition = opened.GetLayerDefn()
        return {definition.GetFieldDefn(number).GetName() for number in range(definition.GetFieldCount())} - {"scarp_id"}

    given = {"SUSCEPTIBILITY": raster_file(tmp_path / "s.tif"), "ZONES": shown(layer)}
    assert fields(take("zonalsusceptibility", **given)["ZONES"][0]) == {"name", "when", "nr"}
    given = {**given, "INVENTORY": write(tmp_path / "inv.gpkg", "GPKG", POINTS), "ZONE_FIELD": "name"}
    assert fields(take("validatemap", **given)["ZONES"][0]) == {"name"}


def test_bands_whose_nodata_differ_in_qgis_are_refused(refusal, take, tmp_path):
    from qgis.core import QgsRasterRange

    grid = gdal.GetDriverByName("GTiff").Create(str(tmp_path / "two.tif"), SHAPE[1], SHAPE[0], 2, gdal.GDT_Int16)
    grid.SetGeoTransform(GRID.transform)
    grid.SetProjection(reference(CODE).ExportToWkt())
    del grid
    layer = raster(str(tmp_path / "two.tif"), "Two")
    given = {"DEM": layer, "DEM_BAND": 1}
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(1, 1)])
    assert "“Two” (Elevation (DEM)) have different nodata values set in QGIS; save it as GeoTIFF and use that." in refusal(
        "preparecovariates", **given
    )
    layer.dataProvider().setUserNoDataValue(2, [QgsRasterRange(1, 1)])
    assert take("preparecovariates", **given)["DEM"] == [f"{tmp_path}/two.tif|name=Two|nodata=1.0:1.0"]


def test_a_vector_file_that_is_cut_off_is_named(take, tmp_path, stack):
    from qgis.core import QgsField, QgsProcessingException, QgsVectorLayer
    from qgis.PyQt.QtCore import QVariant
    from scarp.engine.errors import EngineError

    path = write(tmp_path / "cut.fgb", "FlatGeobuf", POINTS)
    whole = (tmp_path / "cut.fgb").read_bytes()
    (tmp_path / "cut.fgb").write_bytes(whole[: -len(whole) // 4])
    source = take("samplecells", COVARIATES=stack, INVENTORY=path)["INVENTORY"][0]
    with pytest.raises(EngineError, match=r"The layer inv cannot be read to its end \(.*\); its file is damaged"):
        read_inventory(source, Stack.open(stack))
    layer = QgsVectorLayer(path, "Cut", "ogr")
    layer.addExpressionField("1", QgsField("one", QVariant.String))  # so that QGIS reads it
    with pytest.raises(QgsProcessingException, match=r"Only \d+ of the 40 features of the layer “Cut” can be read; its file is damaged"):
        take("samplecells", COVARIATES=stack, INVENTORY=shown(layer))


def test_a_file_that_qgis_shows_as_it_is_goes_in_itself(take, tmp_path, stack):
    path = gpkg(tmp_path, None)
    assert take("samplecells", COVARIATES=stack, INVENTORY=path)["INVENTORY"] == [f"{path}|name=slides|layername=inv"]
    layer = vector(f"{path}|layername=inv")
    assert take("samplecells", COVARIATES=stack, INVENTORY=layer)["INVENTORY"] == [f"{path}|name=Slides of 2014|layername=inv"]
    assert take("samplecells", COVARIATES=stack, INVENTORY=layer)["COVARIATES"] == [stack]


def test_invalid_geometries_are_met_as_the_user_asks(take, tmp_path, stack):
    from qgis.core import Qgis, QgsProcessingException, QgsProcessingFeatureSourceDefinition

    path = str(tmp_path / "areas.gpkg")
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    layer = dataset.CreateLayer("areas", reference(CODE), ogr.wkbPolygon)
    x, y = POINTS[0]
    for wkt in (
        f"POLYGON (({x} {y}, {x + 90} {y + 90}, {x + 90} {y}, {x} {y + 90}, {x} {y}))",
        f"POLYGON (({x} {y}, {x + 90} {y}, {x} {y + 90}, {x} {y}))",
    ):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(feature)
    dataset = layer = None
    shown_layer = vector(path)
    override = Qgis.ProcessingFeatureSourceDefinitionFlag.OverrideDefaultGeometryCheck

    def asked(check):
        given = QgsProcessingFeatureSourceDefinition(shown_layer.id(), flags=override, geometryCheck=check)
        return take("samplecells", COVARIATES=stack, INVENTORY=given)["INVENTORY"][0]

    dataset, opened = open_layer(asked(Qgis.InvalidGeometryCheck.NoCheck))
    assert opened.GetFeatureCount() == 2
    dataset, opened = open_layer(asked(Qgis.InvalidGeometryCheck.SkipInvalid))
    assert [feature_id(each) for each in opened] == ["2"]
    with pytest.raises(QgsProcessingException, match="feature 1 of the layer “Slides of 2014” has an invalid geometry"):
        asked(Qgis.InvalidGeometryCheck.AbortOnInvalid)


def raster_file(path, fill=5, nodata=None, code=CODE):
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), SHAPE[1], SHAPE[0], 1, gdal.GDT_Int16)
    dataset.SetGeoTransform(GRID.transform)
    if code:
        dataset.SetProjection(reference(code).ExportToWkt())
    band = dataset.GetRasterBand(1)
    band.Fill(fill)
    band.WriteArray(np.array([[-9999, 0, 1]], np.int16))
    if nodata is not None:
        band.SetNoDataValue(nodata)
    return str(path)


def first_cells(source):
    return open_raster(source).read(Window(0, 0, 1, 4))[0].tolist()


def raster(path, name="Elevation", provider="gdal"):
    from qgis.core import QgsRasterLayer

    return shown(QgsRasterLayer(path, name, provider))


def test_crs_and_nodata_of_a_raster_count_as_set_in_qgis(take, tmp_path):
    from qgis.core import QgsCoordinateReferenceSystem, QgsRasterRange

    layer = raster(raster_file(tmp_path / "dem.tif", nodata=1, code=None))
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:3116"))
    source = take("preparecovariates", DEM=layer)["DEM"][0]
    assert source == f"{tmp_path}/dem.tif|name=Elevation|crs=EPSG:3116"
    assert first_cells(source) == pytest.approx([-9999, 0, np.nan, 5], nan_ok=True)
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(-9999, -9999)])
    assert first_cells(take("preparecovariates", DEM=layer)["DEM"][0]) == pytest.approx([np.nan, 0, np.nan, 5], nan_ok=True)
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(-9999, -9999), QgsRasterRange(4, 6)])
    assert first_cells(take("preparecovariates", DEM=layer)["DEM"][0]) == pytest.approx([np.nan, 0, np.nan, np.nan], nan_ok=True)
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(-9999, -9999)])
    layer.dataProvider().setUseSourceNoDataValue(1, False)
    assert first_cells(take("preparecovariates", DEM=layer)["DEM"][0]) == pytest.approx([np.nan, 0, 1, 5], nan_ok=True)


def test_open_options_of_a_raster_count_as_set_in_qgis(take, tmp_path):
    path = raster_file(tmp_path / "dem.tif")
    layer = raster(f"{path}|option:NUM_THREADS=2|option:IGNORE_COG_LAYOUT_BREAK=YES")
    (source,) = take("preparecovariates", DEM=layer)["DEM"]
    assert source == f"{path}|name=Elevation|option:NUM_THREADS=2|option:IGNORE_COG_LAYOUT_BREAK=YES"


def test_a_raster_without_a_file_is_written(take, tmp_path):
    base = raster(raster_file(tmp_path / "dem.tif"), "base")
    uri = f'?crs=EPSG:{CODE}&extent={base.extent().toString(6).replace(" : ", ",")}&width={SHAPE[1]}&height={SHAPE[0]}&formula="base@1" + 2'
    uri += f"&base:uri={base.source()}&base:provider=gdal"
    layer = raster(uri, "Raised", "virtualraster")
    source = take("preparecovariates", DEM=layer)["DEM"][0]
    assert source.endswith(".tif|name=Raised"), "nor is there one that it is a copy of"
    assert first_cells(source)[1:] == [2, 3, 7]


def test_names_come_from_qgis_or_from_the_file(take, tmp_path, stack):
    path = raster_file(tmp_path / "rain.june.tif")
    given = [raster(path, "Rain | June"), path, raster_file(tmp_path / "a|b.tif")]
    from scarp.engine.declarations.source import Source

    found = take("preparecovariates", DEM=stack, EXTRA_CONTINUOUS=given)["EXTRA_CONTINUOUS"]
    assert [Source.parse(each).label for each in found] == ["Rain | June", "rain.june", "a|b"]
    assert all(first_cells(each)[3] == 5 for each in found)


def test_what_cannot_go_in_is_refused_by_name(refusal, tmp_path, stack):
    from qgis.core import QgsMeshLayer, QgsProcessingFeatureSourceDefinition, QgsProject, QgsVectorLayer

    def inventory(given):
        return refusal("samplecells", COVARIATES=stack, INVENTORY=given)

    gone = QgsVectorLayer(str(tmp_path / "gone.gpkg"), "Old roads", "ogr")
    QgsProject.instance().addMapLayer(gone, False)
    for given in (gone, gone.id()):
        text = refusal("preparecovariates", DEM=stack, ROADS=given)
        assert text.startswith(f"The layer “Old roads” (Roads) is broken: its file {tmp_path}/gone.gpkg does not exist.")
    assert f"The layer “nowhere” (Roads) cannot be opened: its file {tmp_path}/nowhere.shp does not exist" in refusal(
        "preparecovariates", DEM=stack, ROADS=f"{tmp_path}/nowhere.shp"
    )
    assert "nowhere.tif does not exist" in refusal("preparecovariates", DEM=stack, EXTRA_CONTINUOUS=[stack, f"{tmp_path}/nowhere.tif"])
    (tmp_path / "torn.shp").write_bytes(b"no shapefile")
    assert "torn.shp cannot be read" in inventory(f"{tmp_path}/torn.shp")
    assert "no coordinate reference system; assign one (Layer > Set Layer CRS)" in inventory(
        write(tmp_path / "bare.shp", "ESRI Shapefile", POINTS, own_crs=False)
    )
    (tmp_path / "table.csv").write_text("X,Y\n1,2\n", encoding="utf-8")
    assert "is a table without geometries; load it with “Add Delimited Text Layer”" in inventory(f"{tmp_path}/table.csv")
    assert "“stack” (Landslide inventory) is a raster" in inventory(stack)
    slides = gpkg(tmp_path, None)
    assert "“slides” (Elevation (DEM)) is a vector layer, and a raster is needed" in refusal("preparecovariates", DEM=slides)
    (tmp_path / "mesh.2dm").write_text("MESH2D\nND 1 0 0 0\nND 2 1 0 0\nND 3 0 1 0\nE3T 1 1 2 3 1\n", encoding="utf-8")
    mesh = QgsMeshLayer(str(tmp_path / "mesh.2dm"), "Terrain mesh", "mdal")
    assert "“Terrain mesh” (Elevation (DEM)) is a mesh; make a raster of it first (native:meshrasterize)" in refusal(
        "preparecovariates", DEM=mesh
    )
    layer = vector(slides)
    assert "No feature of the layer “Slides of 2014” (Landslide inventory) is selected" in inventory(
        QgsProcessingFeatureSourceDefinition(layer.id(), True)
    )


@pytest.mark.parametrize(
    ("algorithm", "parameter", "kind", "needed"),
    [
        ("preparecovariates", "AREA", "LineString", "polygons"),
        ("preparecovariates", "AREA", "MultiPoint", "polygons"),
        ("preparecovariates", "GEOLOGY", "Point", "polygons or a raster"),
        ("preparecovariates", "GEOLOGY", "Polygon", None),
        ("preparecovariates", "FAULTS", "Point", None),
        ("samplecells", "INVENTORY", "LineString", "points or polygons"),
        ("samplecells", "INVENTORY", "MultiPolygon", None),
        ("zonalsusceptibility", "ZONES", "Point", "polygons"),
        ("susceptibilityfromdemandlandslides", "INVENTORY", "LineString", "points or polygons"),
    ],
)
def test_shapes_that_cannot_be_right_are_refused_before_any_work(provider, algorithm, parameter, kind, needed):
    from qgis.core import QgsProcessingContext, QgsVectorLayer
    from scarp.algorithms.inputs import refusal

    layer = QgsVectorLayer(f"{kind}?crs=EPSG:32639&field=unit:string", "drawn", "memory")
    said = refusal(provider.algorithm(algorithm), {parameter: layer, "GEOLOGY_FIELD": "unit"}, QgsProcessingContext())
    holds = {"Line": "lines", "Poin": "points"}.get(kind.replace("Multi", "")[:4])
    assert (f"holds {holds}, and {needed} are needed; choose another" in said) if needed else not said


@pytest.mark.parametrize(("name", "right"), [("report.html", False), ("m.scarp", True), ("m.scarp.run.json", False)])
def test_a_file_of_another_kind_is_told_with_the_kinds_that_are_taken(provider, stack, tmp_path, name, right):
    """QGIS would say “Incorrect parameter value for MODEL”."""
    from qgis.core import QgsProcessingContext

    (tmp_path / name).touch()
    values = {"COVARIATES": stack, "MODEL": str(tmp_path / name), "OUTPUT": "TEMPORARY_OUTPUT"}
    can, why = provider.algorithm("mapsusceptibility").create().checkParameterValues(values, QgsProcessingContext())
    assert can is right and (right or why == f"“{name}” (Model file) is none of these files: Scarp model (*.scarp); choose another.")


@pytest.mark.parametrize(
    ("parameter", "given", "found"),
    [
        ("TERRAIN", "slope, Aspect", None),
        ("TERRAIN", "slope;aspect", None),
        ("TERRAIN", "1,2", None),
        ("TERRAIN", ["slope", 2], None),
        ("TERRAIN", "slope,,aspect", None),
        ("TERRAIN", ", slope; ;", None),
        ("TERRAIN", ["slope", ""], None),
        ("TERRAIN", "3.0;1", None),
        ("TERRAIN", "03", None),
        ("TERRAIN", ["2.0", 1.0], None),
        ("TERRAIN", "1.5", '["1.5"]'),
        ("TERRAIN", "slope,,aspects", '["aspects"]'),
        ("TERRAIN", "slopes,aspect", '["slopes"]'),
        ("TERRAIN", ["slope", 99], '["99"]'),
        ("FLOW_METHOD", "DINF", None),
        ("FLOW_METHOD", 1, None),
        ("FLOW_METHOD", " 01", None),
        ("FLOW_METHOD", "1.0", None),
        ("FLOW_METHOD", "foo", '"foo"'),
        ("FLOW_METHOD", "nan", '"nan"'),
        ("FLOW_METHOD", "-1", '"-1"'),
        ("FLOW_METHOD", 7, '"7"'),
    ],
)
def test_choices_are_named_by_number_or_id_and_what_is_none_is_told_with_those_there_are(
    provider, stack, tmp_path, parameter, given, found
):
    """QGIS would say “Incorrect parameter value”, or take a number too high for none or for the default."""
    from qgis.core import QgsProcessingContext
    from scarp.algorithms.definitions import numbered

    values = {"DEM": stack, "OUTPUT": str(tmp_path / "out.tif"), parameter: given}
    algorithm = provider.algorithm("preparecovariates").create()
    can, why = algorithm.checkParameterValues(values, QgsProcessingContext())
    assert can is (found is None), why
    asked = numbered(algorithm, values)[parameter]
    assert not can or all(isinstance(each, int) for each in (asked if isinstance(asked, list) else [asked]))
    first = {"TERRAIN": "must be a list of some of altitude, slope", "FLOW_METHOD": "must be one of d8, mfd, dinf"}[parameter]
    assert can or (f"({parameter}) {first}" in why and why.endswith(f"; found {found}."))


def test_a_pipe_or_a_device_is_told_and_not_waited_for(refusal, tmp_path, stack):
    os.mkfifo(tmp_path / "pipe.tif")
    os.mkfifo(tmp_path / "pipe.gpkg")
    assert "“pipe” (Elevation (DEM)) cannot be opened: it is a pipe, no file; give a file" in refusal(
        "preparecovariates", DEM=f"{tmp_path}/pipe.tif"
    )
    for given in (f"{tmp_path}/pipe.gpkg", f"{tmp_path}/pipe.gpkg|layername=slides"):
        assert "it is a pipe, no file; give a file" in refusal("samplecells", COVARIATES=stack, INVENTORY=given)
    assert "it is a device, no file" in refusal("preparecovariates", DEM=stack, EXTRA_CONTINUOUS=["/dev/zero"])


@pytest.mark.parametrize("way", [memory, filtered, chosen_by_expression])
def test_a_layer_that_nothing_is_left_of_is_told(take, tmp_path, stack, way):
    from qgis.core import QgsProcessingException, QgsProcessingFeatureSourceDefinition

    given = way(tmp_path, stack)
    if isinstance(given, QgsProcessingFeatureSourceDefinition):
        given.filterExpression = "false"
    elif way is filtered:
        given.setSubsetString("nr > 100")
    else:
        given.dataProvider().truncate()
    with pytest.raises(QgsProcessingException, match=r"has no features, or a filter leaves none"):
        take("samplecells", COVARIATES=stack, INVENTORY=given)


def test_no_sentence_tells_the_password_of_a_database(refusal, stack):
    from qgis.core import QgsProject, QgsVectorLayer

    # pragma: allowlist nextline secret
    uri = "dbname='x' host=127.0.0.1 port=9 user='me' password='geheim' key='id' type=Point srid=32717 table=\"public\".\"slides\" (geom)"
    layer = QgsVectorLayer(uri, "Slides", "postgres")
    QgsProject.instance().addMapLayer(layer, False)
    for given, name in ((layer, "Slides"), (f"postgres://{uri}", "slides"), (uri, "slides")):
        text = refusal("samplecells", COVARIATES=stack, INVENTORY=given)
        assert text.startswith(f"The layer “{name}” (Landslide inventory) ")
        assert "cannot be read; its server may be out of reach." in text
        assert "geheim" not in text


@pytest.mark.parametrize("given", ["PG:dbname=gis", "MySQL:gis,host=127.0.0.1,port=9", "/vsicurl/http://127.0.0.1:9/slides.gpkg"])
def test_what_lies_elsewhere_is_no_missing_file(refusal, stack, given):
    assert f"its source {given} cannot be read; its server may be out of reach" in refusal("samplecells", COVARIATES=stack, INVENTORY=given)


def test_a_path_that_does_not_tell_the_layer_is_refused(take, refusal, tmp_path, stack):
    path = layer_by_number(tmp_path, None).source().split("|")[0]
    text = refusal("samplecells", COVARIATES=stack, INVENTORY=path)
    assert f"The file {path} holds 2 layers (first, second)" in text
    assert f"{path}|layername=first" in text
    mixed = sublayer(tmp_path, None).split("|")[0]
    text = refusal("samplecells", COVARIATES=stack, INVENTORY=mixed)
    assert f"mixes geometries (Point, Polygon); name those that count: {mixed}|layername=inv|geometrytype=Point or " in text
    both = str(tmp_path / "both.gpkg")
    gdal.Translate(both, raster_file(tmp_path / "elev.tif"), format="GPKG", outputType=gdal.GDT_Byte, creationOptions=["RASTER_TABLE=elev"])
    gdal.VectorTranslate(both, areas(tmp_path), format="GPKG", accessMode="update", layerName="units")
    assert "both.gpkg holds 2 layers" in refusal("preparecovariates", DEM=stack, GEOLOGY=both)
    source = take("preparecovariates", DEM=stack, GEOLOGY=both, GEOLOGY_FIELD="kind")["GEOLOGY"][0]
    assert source == f"{both}|name=both|layername=units"
    assert first_cells(take("preparecovariates", DEM=both)["DEM"][0])[3] == 5


def test_fields_are_told_where_none_or_a_wrong_one_is_named(take, refusal, tmp_path, stack):
    slides = gpkg(tmp_path, None)
    text = refusal("preparecovariates", DEM=stack, SOIL=areas(tmp_path))
    assert text == "The layer “areas” (Soil type) is a polygon layer; name the field with the class (SOIL_FIELD): fid, nr, kind."
    text = refusal("benchmarkclassifiers", COVARIATES=stack, INVENTORY=slides, DATE_FIELD="when")
    assert text.endswith("has no field “when” (DATE_FIELD); its fields are fid, nr, kind.")
    take("preparecovariates", DEM=stack, SOIL=stack)


def test_sample_cells_without_a_label_field_are_noticed(take, refusal, tmp_path, stack):
    path = write(tmp_path / "cells.gpkg", "GPKG", POINTS)
    dataset = ogr.Open(path, 1)
    for name in ("landslide", "subset", "fold"):
        dataset.GetLayer(0).CreateField(ogr.FieldDefn(name, ogr.OFTString))
    dataset = None
    made = {"COVARIATES": stack, "INVENTORY": path}
    assert "“cells” (Landslide inventory) holds sample cells" in refusal("samplecells", **made)
    assert "choose “landslide” (LABEL_FIELD)" in refusal("traincnndnn", **made)
    assert take("traincnndnn", **made, LABEL_FIELD="landslide")["INVENTORY"] == [f"{path}|name=cells|layername=inv"]


def test_a_temporary_layer_of_a_native_algorithm_goes_into_a_model(provider, run, tmp_path, stack):
    import processing
    from qgis.core import (
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelChildParameterSource,
        QgsProcessingModelOutput,
    )

    model = QgsProcessingModelAlgorithm()
    parts = [write(tmp_path / "a.gpkg", "GPKG", POINTS[:15]), write(tmp_path / "b.gpkg", "GPKG", POINTS[15:])]
    source = QgsProcessingModelChildParameterSource
    merge, sample = QgsProcessingModelChildAlgorithm("native:mergevectorlayers"), QgsProcessingModelChildAlgorithm("scarp:samplecells")
    merge.setChildId("merge")
    merge.addParameterSources("LAYERS", [source.fromStaticValue(parts)])
    model.addChildAlgorithm(merge)
    sample.setChildId("sample")
    for name, value in (("COVARIATES", stack), ("BUFFER", 0), ("FOLDS", 2)):
        sample.addParameterSources(name, [source.fromStaticValue(value)])
    sample.addParameterSources("INVENTORY", [source.fromChildOutput("merge", "OUTPUT")])
    output = QgsProcessingModelOutput("cells")
    output.setChildId("sample")
    output.setChildOutputName("OUTPUT")
    sample.setModelOutputs({"cells": output})
    model.addChildAlgorithm(sample)
    found = processing.run(model, {"sample:cells": str(tmp_path / "cells.gpkg")})
    dataset = ogr.Open(found["sample:cells"])
    assert sum(feature["landslide"] for feature in dataset.GetLayer(0)) == 40


def test_a_model_hears_why_a_layer_was_refused(provider, tmp_path, stack):
    """QGIS does not check the parameters of a model's children."""
    from qgis.core import QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback

    algorithm = provider.algorithm("samplecells").create()
    given = {"COVARIATES": stack, "INVENTORY": f"{tmp_path}/nowhere.shp", "OUTPUT": f"{tmp_path}/cells.gpkg"}
    with pytest.raises(QgsProcessingException, match="“nowhere” \\(Landslide inventory\\) cannot be opened"):
        algorithm.run(given, QgsProcessingContext(), QgsProcessingFeedback(), catchExceptions=False)


def test_features_without_a_geometry_are_counted(take, feedback, tmp_path, stack):
    from qgis.core import QgsApplication, QgsFeature, QgsProcessingContext, QgsProcessingException, QgsProject, QgsVectorLayer
    from scarp.algorithms.inputs import take_layers

    layer = QgsVectorLayer(f"Point?crs=EPSG:{CODE}&field=nr:integer", "Scratch", "memory")
    source = vector(write(tmp_path / "slides.gpkg", "GPKG", POINTS[:3]))
    layer.dataProvider().addFeatures([*source.getFeatures(), QgsFeature(), QgsFeature()])
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("scarp:samplecells")
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    (written,) = take_layers(algorithm, {"INVENTORY": shown(layer)}, context)["INVENTORY"]
    dataset, opened = open_layer(written(tmp_path, feedback))
    assert opened.GetFeatureCount() == 3
    assert feedback.warnings == ["2 of 5 features of the layer “Scratch” have no geometry and are left out."]
    layer.dataProvider().deleteFeatures([1, 2, 3])
    with pytest.raises(QgsProcessingException, match="None of the 2 features of the layer “Scratch” has a geometry"):
        take("samplecells", COVARIATES=stack, INVENTORY=layer)


def test_an_output_is_never_what_a_layer_of_the_project_is_read_from(provider, tmp_path, stack):
    from qgis.core import QgsProcessing, QgsProcessingContext, QgsProcessingOutputLayerDefinition, QgsProject

    layer, context = filtered(tmp_path, None), QgsProcessingContext()
    context.setProject(QgsProject.instance())
    algorithm = provider.algorithm("samplecells").create()
    path = layer.source().split("|")[0]
    (tmp_path / "link.gpkg").symlink_to(path)

    def told(output):
        found, text = algorithm.checkParameterValues({"COVARIATES": stack, "INVENTORY": layer.id(), "OUTPUT": output}, context)
        assert found == (not text)
        return text

    for output in (path, str(tmp_path / "link.gpkg"), QgsProcessingOutputLayerDefinition(path)):
        assert f"would replace “Slides of 2014” (Landslide inventory), which is read from {path}" in told(output)
    assert "its name must end in .gpkg" in told(str(tmp_path / "cells.shp"))
    for output in (str(tmp_path / "cells.gpkg"), QgsProcessing.TEMPORARY_OUTPUT, "memory:"):
        assert told(output) == ""
    QgsProject.instance().clear()


def test_a_temporary_layer_is_written_to_a_temporary_file(run, tmp_path, stack):
    found = run("samplecells", {"COVARIATES": stack, "INVENTORY": gpkg(tmp_path, None), "BUFFER": 0, "FOLDS": 2, "OUTPUT": "memory:"})
    path = found["OUTPUT"] if isinstance(found["OUTPUT"], str) else found["OUTPUT"].source()
    dataset, layer = open_layer(path.split("|")[0])
    assert sum(feature["landslide"] for feature in layer) == 40
