# SPDX-License-Identifier: GPL-2.0-or-later
"""A small area with everything that tasks read, and files that are damaged, odd, or something else than they are called."""

import json
import os
import random
import re
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
from osgeo import gdal, ogr, osr
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.stack import StackWriter
from scarp.models.applicability import Applicability
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.model_file import save_model
from scarp.models.recipe import Recipe

for _library in (gdal, ogr, osr):
    _library.UseExceptions()

SIDE, CELL = 48, 30.0
WEST, NORTH = 500_000.0, 3_600_000.0
EAST, SOUTH = WEST + SIDE * CELL, NORTH - SIDE * CELL
UTM = reference_of(32639).ExportToWkt()
TRANSFORM = (WEST, CELL, 0.0, NORTH, 0.0, -CELL)
COVARIATES = (Covariate("slope"), Covariate("geology", "categorical", classes={1: "marl", 2: "lime"}))
# What a function of this module makes, by its name.
RASTERS, VECTORS = {}, {}


def surface(shape=(SIDE, SIDE)):
    """Numbers from 0 to 1 that rise from the west to the east, with some noise."""
    noise = np.random.default_rng(7).random(shape)
    return (np.linspace(0.05, 0.9, shape[1])[None, :] + 0.1 * noise).astype(np.float32)


def write_raster(path, values=None, *, transform=TRANSFORM, crs=UTM, kind=gdal.GDT_Float32, nodata=None, driver="GTiff", options=()):
    """Write an array (rows, cols), or (bands, rows, cols), as a raster; return its path."""
    values = surface() if values is None else np.asarray(values)
    values = values if values.ndim == 3 else values[None]
    made = gdal.GetDriverByName(driver).Create(str(path), values.shape[2], values.shape[1], len(values), kind, list(options))
    if transform is not None:
        made.SetGeoTransform(transform)
    if crs:
        made.SetProjection(crs)
    for number, band in enumerate(values, 1):
        if nodata is not None:
            made.GetRasterBand(number).SetNoDataValue(nodata)
        made.GetRasterBand(number).WriteArray(band)
    made.FlushCache()
    del made
    return str(path)


def write_layer(path, geometries, kind=ogr.wkbUnknown, *, crs=32639, fields=None, name="layer", driver="GPKG"):
    """Write geometries (WKT, or None) with the values of fields, {name: (OGR type, list)}, as a layer; return its path."""
    made = ogr.GetDriverByName(driver).CreateDataSource(str(path))
    layer = made.CreateLayer(name, reference_of(crs) if crs else None, kind)
    fields = fields or {}
    for field, (of_field, _) in fields.items():
        layer.CreateField(ogr.FieldDefn(field, of_field))
    layer.StartTransaction()
    for number, wkt in enumerate(geometries):
        feature = ogr.Feature(layer.GetLayerDefn())
        for field, (_, values) in fields.items():
            if values[number] is not None:
                feature.SetField(field, values[number])
        if wkt is not None:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt) if isinstance(wkt, str) else wkt)
        layer.CreateFeature(feature)
    layer.CommitTransaction()
    del layer, made
    return str(path)


def places(count, seed=3, low=0.5):
    """Points in the eastern part of the area, where the surface is high; [(x, y)]."""
    rng = np.random.default_rng(seed)
    return [(WEST + (low + (1 - low) * rng.random()) * SIDE * CELL, SOUTH + rng.random() * SIDE * CELL) for _ in range(count)]


def point(x, y):
    return f"POINT ({x} {y})"


def square(x, y, half=45.0):
    return f"POLYGON (({x - half} {y - half}, {x + half} {y - half}, {x + half} {y + half}, {x - half} {y + half}, {x - half} {y - half}))"


def write_area(folder):
    """Write the good inputs of all tasks into a folder; return their paths by what they are."""
    folder = Path(folder)
    rows, cols = np.mgrid[0:SIDE, 0:SIDE]
    height = 400 + 300 * surface() + 20 * np.sin(rows / 5) + 10 * np.cos(cols / 3)
    good = {"dem": write_raster(folder / "dem.tif", height), "map": write_raster(folder / "map.tif", surface(), nodata=-9999.0)}
    good["pair"] = write_raster(folder / "pair.tif", np.stack([0.1 * surface(), surface()]), nodata=-9999.0)
    good["band"] = write_raster(folder / "red.tif", 0.2 + 0.3 * surface())
    good["classes"] = write_raster(folder / "classes.tif", 1 + (surface() * 4.9).astype(np.uint8), kind=gdal.GDT_Byte, nodata=0)
    values = np.stack([45 * surface(), 1 + (rows + cols) % 2], axis=-1).astype(np.float32)
    good["stack"] = write_stack(folder / "stack.tif", values)
    slides = places(60)
    good["landslides"] = write_layer(folder / "landslides.gpkg", [point(*each) for each in slides], ogr.wkbPoint, name="landslides")
    good["polygons"] = write_layer(folder / "polygons.gpkg", [square(*each) for each in slides[:40]], ogr.wkbPolygon, name="polygons")
    cells = places(40) + places(40, 4, 0.0)
    label = {"landslide": (ogr.OFTInteger, [1] * 40 + [0] * 40)}
    good["cells"] = write_layer(folder / "cells.gpkg", [point(*each) for each in cells], ogr.wkbPoint, fields=label, name="cells")
    zones = [square(WEST + (i + 0.5) * 360, NORTH - (j + 0.5) * 360, 180) for i in range(4) for j in range(4)]
    names = {"name": (ogr.OFTString, [f"zone {number}" for number in range(16)])}
    good["zones"] = write_layer(folder / "zones.gpkg", zones, ogr.wkbPolygon, fields=names, name="zones")
    good["table"] = str(folder / "table.csv")
    counts = np.bincount(gdal.Open(good["classes"]).ReadAsArray().ravel(), minlength=6)[1:]
    areas, shares = counts * CELL**2 / 1e6, 100 * counts / counts.sum()
    rows = [f"{n},{n},0.{n},0.{n + 1},{counts[n - 1]},{areas[n - 1]:.4f},{shares[n - 1]:.2f}" for n in range(1, 6)]
    Path(good["table"]).write_text("\n".join(["number,class,from,to,cells,area_km2,share_percent", *rows]) + "\n", encoding="utf-8")
    good["model"] = str(folder / "model.scarp")
    write_model(good["model"])
    return good


def write_model(path, covariates=COVARIATES, patch_px=9, told=None):
    """Write an untrained network for two covariates, the second of two classes; `told` is what it tells of its training."""
    codes = sorted(covariates[1].classes)
    encoder = Encoder.fit(np.array([[10.0, codes[0]], [30, codes[1]]]), covariates)
    architecture = Recipe(patch_px, 4).architecture(3)
    rng = np.random.default_rng(1)
    weights = {
        name: (rng.uniform(0.5, 1.5, shape) if name.startswith(("gamma", "variance")) else rng.normal(0, 0.2, shape)).astype(np.float32)
        for name, shape in architecture.shapes.items()
    }
    told = {"cell_size": [CELL, CELL], "crs": UTM} if told is None else told
    network = CnnDnn(encoder, architecture, [weights], told, "numpy")
    network.applicability = Applicability.fit(encoder, np.array([[10.0, codes[0]], [12, codes[1]], [30, codes[1]]]), [1, 1], [])
    save_model(path, network)


def write_stack(path, values, *, transform=TRANSFORM, crs=UTM, covariates=COVARIATES):
    """Write a stack of values (rows, cols, bands)."""
    rows, cols, _ = values.shape
    with StackWriter(str(path), Grid(crs, transform, (rows, cols)), covariates) as writer:
        for number, covariate in enumerate(covariates):
            writer.write(covariate.name, Window(0, 0, rows, cols), values[..., number])
    return str(path)


def damaged(make):
    """Count a function as one that damages any file: it is given a folder and a good file, and returns what to open."""
    RASTERS[make.__name__] = VECTORS[make.__name__] = make
    return make


def raster(make):
    """Count a function as one that makes an odd raster: it is given a folder and a good one."""
    RASTERS[make.__name__] = make
    return make


def vector(make):
    """Count a function as one that makes an odd layer: it is given a folder and a good one."""
    VECTORS[make.__name__] = make
    return make


def _copy(folder, good, content):
    path = folder / ("bad" + Path(good).suffix)
    path.write_bytes(content)
    return str(path)


@damaged
def half(folder, good):
    content = Path(good).read_bytes()
    return _copy(folder, good, content[: len(content) // 2])


@damaged
def tail_cut(folder, good):
    content = Path(good).read_bytes()
    return _copy(folder, good, content[: len(content) * 9 // 10])


@damaged
def first_100_bytes(folder, good):
    return _copy(folder, good, Path(good).read_bytes()[:100])


@damaged
def no_bytes(folder, good):
    return _copy(folder, good, b"")


@damaged
def zero_bytes(folder, good):
    return _copy(folder, good, bytes(5000))


@damaged
def random_bytes(folder, good):
    return _copy(folder, good, random.Random(1).randbytes(5000))


@damaged
def flipped_head(folder, good):
    """Every seventh byte of the first hundred, but the first eight, has its bits flipped."""
    content = bytearray(Path(good).read_bytes())
    for place in range(8, 108, 7):
        content[place] ^= 0xFF
    return _copy(folder, good, bytes(content))


@damaged
def flipped_all_over(folder, good):
    content = bytearray(Path(good).read_bytes())
    for place in random.Random(2).sample(range(200, len(content)), len(content) // 50):
        content[place] ^= 1 << (place % 8)
    return _copy(folder, good, bytes(content))


@damaged
def fifo(folder, good):
    path = folder / ("bad" + Path(good).suffix)
    os.mkfifo(path)
    return str(path)


@damaged
def web_page(folder, good):
    return _copy(folder, good, b"<!DOCTYPE html><html><body>Please log in to download.</body></html>\n" * 40)


@damaged
def some_text(folder, good):
    return _copy(folder, good, b"slope,geology\n1,2\n3,4\n")


@damaged
def archive(folder, good):
    path = folder / ("bad" + Path(good).suffix)
    with zipfile.ZipFile(path, "w") as made:
        made.write(good, "readme.txt")
    return str(path)


@damaged
def a_folder(folder, good):
    path = folder / ("bad" + Path(good).suffix)
    path.mkdir()
    return str(path)


@damaged
def missing(folder, good):
    return str(folder / ("bad" + Path(good).suffix))


@damaged
def in_no_folder(folder, good):
    return str(folder / "nowhere" / ("bad" + Path(good).suffix))


@damaged
def link_to_itself(folder, good):
    path = folder / ("bad" + Path(good).suffix)
    path.symlink_to(path)
    return str(path)


@damaged
def a_device(folder, good):
    return "/dev/null"


@damaged
def endless_device(folder, good):
    path = folder / ("bad" + Path(good).suffix)
    path.symlink_to("/dev/zero")
    return str(path)


@damaged
def name_too_long(folder, good):
    return str(folder / ("x" * 300 + Path(good).suffix))


@damaged
def name_of_nothing(folder, good):
    return "   "


@damaged
def nul_in_name(folder, good):
    return str(folder / "bad\0name.tif")


@damaged
def of_a_database(folder, good):
    return "PG:dbname=slides host=localhost port=1"


@damaged
def of_a_database_as_qgis_writes_it(folder, good):
    return "postgresql://localhost:1/slides"


@damaged
def of_an_address(folder, good):
    return "http://127.0.0.1:9/bad.tif"


@damaged
def of_a_service(folder, good):
    return "WFS:http://127.0.0.1:9/wfs"


@damaged
def odd_crs_given(folder, good):
    return f"{good}|crs=EPSG:999999"


@damaged
def wrong_extension(folder, good):
    path = folder / "bad.pdf"
    path.write_bytes(Path(good).read_bytes())
    return str(path)


@damaged
def no_extension(folder, good):
    path = folder / "bad"
    path.write_bytes(Path(good).read_bytes())
    return str(path)


@damaged
def odd_folder(folder, good):
    inner = folder / "a 'b\" ; 100% & <c> – \u200fپوشه 日本"
    inner.mkdir()
    path = inner / f"the\nfile{Path(good).suffix}"
    path.write_bytes(Path(good).read_bytes())
    return str(path)


def _values(good):
    return gdal.Open(good).ReadAsArray()


def _like(folder, good, values=None, **changes):
    """Write a raster like a good one, with other values or another place; the descriptions and metadata of its bands stay."""
    source = gdal.Open(good)
    path = folder / "bad.tif"
    settings = {"kind": source.GetRasterBand(1).DataType, "nodata": source.GetRasterBand(1).GetNoDataValue(), **changes}
    write_raster(path, source.ReadAsArray() if values is None else values, **settings)
    made = gdal.Open(str(path), gdal.GA_Update)
    for number in range(1, min(made.RasterCount, source.RasterCount) + 1):
        made.GetRasterBand(number).SetDescription(source.GetRasterBand(number).GetDescription())
        made.GetRasterBand(number).SetMetadata(source.GetRasterBand(number).GetMetadata())
    del made
    return str(path)


def _resized(values, rows, cols):
    picked = np.ix_(np.arange(rows) % values.shape[-2], np.arange(cols) % values.shape[-1])
    return values[(..., *picked)] if values.ndim == 2 else np.stack([band[picked] for band in values])


@raster
def one_cell(folder, good):
    return _like(folder, good, _resized(_values(good), 1, 1))


@raster
def one_row(folder, good):
    return _like(folder, good, _resized(_values(good), 1, 60_000), transform=(WEST, CELL / 1250, 0.0, NORTH, 0.0, -CELL * SIDE))


@raster
def one_column(folder, good):
    return _like(folder, good, _resized(_values(good), 60_000, 1), transform=(WEST, CELL * SIDE, 0.0, NORTH, 0.0, -CELL / 1250))


@raster
def negative_width(folder, good):
    return _like(folder, good, _values(good)[..., ::-1], transform=(EAST, -CELL, 0.0, NORTH, 0.0, -CELL))


@raster
def south_up(folder, good):
    return _like(folder, good, _values(good)[..., ::-1, :], transform=(WEST, CELL, 0.0, SOUTH, 0.0, CELL))


@raster
def rotated(folder, good):
    return _like(folder, good, transform=(WEST, CELL, 5.0, NORTH, 5.0, -CELL))


@raster
def tiny_cells(folder, good):
    return _like(folder, good, transform=(WEST, 1e-9, 0.0, NORTH, 0.0, -1e-9))


@raster
def huge_cells(folder, good):
    return _like(folder, good, transform=(WEST, 1e9, 0.0, NORTH, 0.0, -1e9))


@raster
def cells_of_no_size(folder, good):
    return _like(folder, good, transform=(WEST, 0.0, 0.0, NORTH, 0.0, 0.0))


@raster
def place_is_nan(folder, good):
    nan = float("nan")
    return _vrt(folder, good, lambda text: text.replace(f"{WEST:.16e}", "nan").replace(f"{CELL:.16e}", "nan"), nan)


@raster
def no_place(folder, good):
    return _like(folder, good, transform=None)


@raster
def no_crs(folder, good):
    return _like(folder, good, crs="")


@raster
def local_crs(folder, good):
    return _like(folder, good, crs='LOCAL_CS["mine",UNIT["metre",1]]')


@raster
def geocentric_crs(folder, good):
    return _like(folder, good, crs=reference_of(4978).ExportToWkt())


@raster
def metres_called_degrees(folder, good):
    return _like(folder, good, crs=reference_of(4326).ExportToWkt())


@raster
def far_away(folder, good):
    return _like(folder, good, transform=(WEST + 2e5, CELL, 0.0, NORTH + 1e6, 0.0, -CELL))


@raster
def one_valid_cell(folder, good):
    values = _values(good).astype(np.float64)
    blank = np.full_like(values, -9999.0)
    blank[..., 5, 40] = values[..., 5, 40]
    return _like(folder, good, blank, kind=gdal.GDT_Float32, nodata=-9999.0)


@raster
def all_nodata(folder, good):
    return _like(folder, good, np.full_like(_values(good), -9999.0, dtype=np.float32), kind=gdal.GDT_Float32, nodata=-9999.0)


@raster
def all_nan(folder, good):
    return _like(folder, good, np.full(_values(good).shape, np.nan, np.float32), kind=gdal.GDT_Float32, nodata=None)


@raster
def infinite(folder, good):
    values = _values(good).astype(np.float32)
    values[..., :, :6] = np.inf
    values[..., :, 6:9] = -np.inf
    return _like(folder, good, values, kind=gdal.GDT_Float32)


@raster
def all_infinite(folder, good):
    return _like(folder, good, np.full(_values(good).shape, np.inf, np.float32), kind=gdal.GDT_Float32)


@raster
def constant(folder, good):
    return _like(folder, good, np.ones_like(_values(good)))


@raster
def of_1e30(folder, good):
    return _like(folder, good, (_values(good) * 1e30).astype(np.float32), kind=gdal.GDT_Float32)


@raster
def complex_numbers(folder, good):
    return _like(folder, good, _values(good).astype(np.complex64), kind=gdal.GDT_CFloat32, nodata=None)


@raster
def complex_integers(folder, good):
    return _like(folder, good, _values(good).astype(np.complex64), kind=gdal.GDT_CInt16, nodata=None)


@raster
def doubles(folder, good):
    return _like(folder, good, _values(good).astype(np.float64), kind=gdal.GDT_Float64)


@raster
def mask_of_nothing(folder, good):
    path = _like(folder, good)
    made = gdal.Open(path, gdal.GA_Update)
    made.CreateMaskBand(gdal.GMF_PER_DATASET)
    made.GetRasterBand(1).GetMaskBand().Fill(0)
    del made
    return path


def _told_of(folder, good, tell):
    """Change what each band of a copy tells of itself."""
    path = _like(folder, good)
    made = gdal.Open(path, gdal.GA_Update)
    for number in range(1, made.RasterCount + 1):
        tell(made.GetRasterBand(number))
    del made
    return path


@raster
def scale_of_zero(folder, good):
    return _told_of(folder, good, lambda band: band.SetScale(0.0))


@raster
def scale_is_no_number(folder, good):
    return _told_of(folder, good, lambda band: band.SetScale(float("nan")))


@raster
def offset_is_infinite(folder, good):
    return _told_of(folder, good, lambda band: band.SetOffset(float("inf")))


@raster
def numbers_of_colours(folder, good):
    colours = gdal.ColorTable()
    for number in range(256):
        colours.SetColorEntry(number, (number, 0, 255 - number, 255))
    values = (surface() * 250).astype(np.uint8)
    path = write_raster(folder / "bad.tif", values, kind=gdal.GDT_Byte)
    made = gdal.Open(path, gdal.GA_Update)
    made.GetRasterBand(1).SetColorTable(colours)
    del made
    return path


@raster
def numbers_of_64_bits(folder, good):
    return write_raster(folder / "bad.tif", (surface() * 2**62).astype(np.int64), kind=gdal.GDT_Int64)


@raster
def ones_and_zeros_of_one_bit(folder, good):
    return write_raster(folder / "bad.tif", (surface() > 0.5).astype(np.uint8), kind=gdal.GDT_Byte, options=["NBITS=1"])


@raster
def unknown_compression(folder, good):
    """Tag 259 of the TIFF says a number that no library knows."""
    path = Path(_like(folder, good))
    content = bytearray(path.read_bytes())
    place = content.index(bytes((3, 1, 3, 0, 1, 0, 0, 0))) + 8
    content[place : place + 2] = (64_999).to_bytes(2, "little")
    path.write_bytes(content)
    return str(path)


@raster
def two_pages(folder, good):
    path = folder / "bad.tif"
    for options in ([], ["APPEND_SUBDATASET=YES"]):
        gdal.GetDriverByName("GTiff").CreateCopy(str(path), gdal.Open(good), options=options)
    return str(path)


@raster
def across_the_date_line(folder, good):
    return _like(folder, good, transform=(179.99, 0.0005, 0.0, 10.0, 0.0, -0.0005), crs=reference_of(4326).ExportToWkt())


@raster
def at_the_pole(folder, good):
    return _like(folder, good, transform=(-700.0, CELL, 0.0, 700.0, 0.0, -CELL), crs=reference_of(3995).ExportToWkt())


@raster
def in_feet(folder, good):
    return _like(folder, good, transform=(980_000.0, CELL, 0.0, 200_000.0, 0.0, -CELL), crs=reference_of(2263).ExportToWkt())


@raster
def bands_of_one_name(folder, good):
    return _told_of(folder, good, lambda band: band.SetDescription("slope"))


@raster
def bands_of_an_unknown_kind(folder, good):
    return _told_of(folder, good, lambda band: band.SetMetadata({"kind": "beautiful", "classes": "{", "unit": "\n" * 99}))


@raster
def bands_of_odd_classes(folder, good):
    classes = '{"one": 1, "2": {"a": []}, "3": null}'
    return _told_of(folder, good, lambda band: band.SetMetadata({"kind": "categorical", "classes": classes}))


@raster
def bands_warped_by_means(folder, good):
    values = _values(good)
    values[1, :, 20] += 0.5
    return _like(folder, good, values)


@raster
def pipe_beside_a_raster(folder, good):
    path = _like(folder, good)
    os.mkfifo(f"{path}.msk")
    return path


@raster
def names_of_classes_that_are_none(folder, good):
    path = _like(folder, good)
    Path(f"{path}.vat.dbf").write_text("Value,Name")
    return path


@raster
def band_name_of_a_million_letters(folder, good):
    return _told_of(folder, good, lambda band: band.SetDescription("x" * 1_000_000))


@raster
def model_of_other_covariates(folder, good):
    write_model(folder / "bad.scarp", (Covariate("rain"), Covariate("geology", "categorical", classes={1: "marl", 2: "lime"})))
    return str(folder / "bad.scarp")


@raster
def model_of_other_classes(folder, good):
    write_model(folder / "bad.scarp", (Covariate("slope"), Covariate("geology", "categorical", classes={7: "tuff", 9: "basalt"})))
    return str(folder / "bad.scarp")


@raster
def model_of_a_patch_wider_than_the_area(folder, good):
    write_model(folder / "bad.scarp", patch_px=2 * SIDE + 1)
    return str(folder / "bad.scarp")


@raster
def model_of_cells_in_degrees(folder, good):
    write_model(folder / "bad.scarp", told={"cell_size": [3e-4, 3e-4], "crs": reference_of(4326).ExportToWkt()})
    return str(folder / "bad.scarp")


@raster
def model_that_tells_nothing_of_itself(folder, good):
    write_model(folder / "bad.scarp", told={})
    return str(folder / "bad.scarp")


@raster
def model_of_a_garbage_crs(folder, good):
    write_model(folder / "bad.scarp", told={"cell_size": [CELL, CELL], "crs": "PROJCS[garbage"})
    return str(folder / "bad.scarp")


@raster
def model_within_an_archive(folder, good):
    path = folder / "bad.scarp"
    with zipfile.ZipFile(path, "w") as made:
        made.write(good, "model.scarp")
    return str(path)


@raster
def picture(folder, good):
    grey = np.random.default_rng(1).integers(0, 255, (3, SIDE, SIDE)).astype(np.uint8)
    return write_raster(folder / "bad.tif", grey, kind=gdal.GDT_Byte, options=["PHOTOMETRIC=RGB"])


@raster
def two_bands(folder, good):
    return write_raster(folder / "bad.tif", np.stack([surface(), surface()]))


@raster
def png_called_tif(folder, good):
    path = folder / "bad.tif"
    memory = gdal.GetDriverByName("MEM").Create("", SIDE, SIDE, 1, gdal.GDT_Byte)
    memory.GetRasterBand(1).WriteArray((surface() * 200).astype(np.uint8))
    gdal.GetDriverByName("PNG").CreateCopy(str(path), memory)
    return str(path)


@raster
def layer_called_tif(folder, good):
    made = write_layer(folder / "made.gpkg", [point(*each) for each in places(5)], ogr.wkbPoint)
    path = folder / "bad.tif"
    path.write_bytes(Path(made).read_bytes())
    return str(path)


@raster
def grid_of_text_cut_off(folder, good):
    path = folder / "bad.asc"
    path.write_text(f"ncols {SIDE}\nnrows {SIDE}\nxllcorner {WEST}\nyllcorner {SOUTH}\ncellsize {CELL}\n" + "0.5 0.25 " * 500)
    return f"{path}|crs=EPSG:32639"


@raster
def grid_of_text_with_words(folder, good):
    path = folder / "bad.asc"
    path.write_text(f"ncols 4\nnrows 4\nxllcorner {WEST}\nyllcorner {SOUTH}\ncellsize {CELL}\n" + "0.5 high 0.25 low\n" * 4)
    return f"{path}|crs=EPSG:32639"


def _vrt(folder, good, change, *_):
    path = folder / "bad.vrt"
    gdal.Translate(str(path), good, format="VRT")
    path.write_text(change(path.read_text()))
    return str(path)


@raster
def mosaic_without_its_file(folder, good):
    return _vrt(folder, good, lambda text: text.replace(Path(good).name, "gone.tif"))


def _source(text, name):
    """Return the text of a VRT with another file beside it as its source."""
    return re.sub("<SourceFilename[^>]*>[^<]*</SourceFilename>", f'<SourceFilename relativeToVRT="1">{name}</SourceFilename>', text)


@raster
def mosaic_of_itself(folder, good):
    return _vrt(folder, good, lambda text: _source(text, "bad.vrt"))


@raster
def mosaic_with_python(folder, good):
    code = (
        '<VRTRasterBand dataType="Float32" band="1" subClass="VRTDerivedRasterBand"><PixelFunctionType>f</PixelFunctionType>'
        "<PixelFunctionLanguage>Python</PixelFunctionLanguage><PixelFunctionCode><![CDATA[\n"
        f"open({str(folder / 'executed')!r}, 'w')\ndef f(*a, **k): pass\n]]></PixelFunctionCode></VRTRasterBand></VRTDataset>"
    )
    return _vrt(folder, good, lambda text: text[: text.index("<VRTRasterBand")] + code)


@raster
def mosaic_cut_off(folder, good):
    return _vrt(folder, good, lambda text: text[: len(text) // 2])


@raster
def mosaic_of_a_fifo(folder, good):
    os.mkfifo(folder / "pipe.tif")
    return _vrt(folder, good, lambda text: _source(text, "pipe.tif"))


@raster
def band_999(folder, good):
    return f"{good}|band=999"


@raster
def band_of_words(folder, good):
    return f"{good}|band=red"


def _lines(folder, geometries, kind=ogr.wkbUnknown, **more):
    return write_layer(folder / "bad.gpkg", geometries, kind, **more)


@vector
def no_features(folder, good):
    return _lines(folder, [], ogr.wkbPoint)


@vector
def null_geometries(folder, good):
    return _lines(folder, [None] * 30, ogr.wkbPoint)


@vector
def empty_geometries(folder, good):
    return _lines(folder, ["POINT EMPTY", "POLYGON EMPTY", "GEOMETRYCOLLECTION EMPTY"] * 10)


@vector
def some_null_and_empty(folder, good):
    return _lines(folder, [*(square(*each) for each in places(40)), None, "POLYGON EMPTY", None])


@vector
def mixed_geometries(folder, good):
    wkt = [point(*each) for each in places(20)] + [square(*each) for each in places(20, 5)]
    return _lines(folder, [*wkt, f"LINESTRING ({WEST} {SOUTH}, {EAST} {NORTH})"])


@vector
def curves(folder, good):
    wkt = [f"CURVEPOLYGON (CIRCULARSTRING ({x - 60} {y}, {x} {y + 60}, {x + 60} {y}, {x} {y - 60}, {x - 60} {y}))" for x, y in places(40)]
    return _lines(folder, wkt)


@vector
def curved_lines(folder, good):
    return _lines(folder, [f"COMPOUNDCURVE (CIRCULARSTRING ({x} {y}, {x + 30} {y + 30}, {x + 60} {y}))" for x, y in places(40)])


@vector
def tin(folder, good):
    wkt = [f"TIN Z ((({x} {y} 1, {x + 90} {y} 1, {x} {y + 90} 1, {x} {y} 1)))" for x, y in places(40)]
    return _lines(folder, wkt, ogr.wkbTINZ)


@vector
def solids(folder, good):
    wkt = [f"POLYHEDRALSURFACE Z ((({x} {y} 1, {x + 90} {y} 1, {x + 90} {y + 90} 2, {x} {y + 90} 1, {x} {y} 1)))" for x, y in places(40)]
    return _lines(folder, wkt, ogr.wkbPolyhedralSurfaceZ)


@vector
def points_of_zm(folder, good):
    return _lines(folder, [f"POINT ZM ({x} {y} 3 4)" for x, y in places(40)], ogr.wkbPointZM)


@vector
def multipoints(folder, good):
    found = places(40)
    return _lines(folder, [f"MULTIPOINT (({a} {b}),({c} {d}))" for (a, b), (c, d) in zip(found[:20], found[20:])], ogr.wkbMultiPoint)


@vector
def lines_only(folder, good):
    return _lines(folder, [f"LINESTRING ({x} {y}, {x + 50} {y + 50})" for x, y in places(20)], ogr.wkbLineString)


@vector
def not_numbers(folder, good):
    geometry = ogr.Geometry(ogr.wkbPoint)
    geometry.AddPoint_2D(float("nan"), float("nan"))
    infinite = ogr.Geometry(ogr.wkbPoint)
    infinite.AddPoint_2D(float("inf"), 0.0)
    return _lines(folder, [geometry, infinite] * 10, ogr.wkbPoint)


@vector
def some_not_numbers(folder, good):
    geometry = ogr.Geometry(ogr.wkbPoint)
    geometry.AddPoint_2D(float("nan"), NORTH)
    return _lines(folder, [*(point(*each) for each in places(40)), geometry], ogr.wkbPoint)


@vector
def coordinates_of_1e300(folder, good):
    return _lines(folder, [point(1e300, -1e300)] * 10 + [square(1e300, 1e300)])


@vector
def polygons_that_cross_themselves(folder, good):
    return _lines(folder, [f"POLYGON (({x} {y}, {x + 90} {y + 90}, {x + 90} {y}, {x} {y + 90}, {x} {y}))" for x, y in places(40)])


@vector
def polygons_of_no_area(folder, good):
    return _lines(folder, [f"POLYGON (({x} {y}, {x + 9} {y}, {x} {y}, {x} {y}))" for x, y in places(40)], ogr.wkbPolygon)


@vector
def open_rings(folder, good):
    return _lines(folder, [f"POLYGON (({x} {y}, {x + 90} {y}, {x + 90} {y + 90}, {x} {y + 90}))" for x, y in places(40)], ogr.wkbPolygon)


@vector
def one_feature(folder, good):
    return _lines(folder, [square(*places(1)[0])])


@vector
def one_point(folder, good):
    return _lines(folder, [point(*places(1)[0])], ogr.wkbPoint)


@vector
def all_in_one_cell(folder, good):
    x, y = places(1)[0]
    return _lines(folder, [point(x, y)] * 50, ogr.wkbPoint)


@vector
def everywhere(folder, good):
    return _lines(folder, [square((WEST + EAST) / 2, (NORTH + SOUTH) / 2, SIDE * CELL)], ogr.wkbPolygon)


@vector
def elsewhere(folder, good):
    return _lines(folder, [point(x + 3e5, y - 9e5) for x, y in places(40)], ogr.wkbPoint)


@vector
def layer_without_crs(folder, good):
    return _lines(folder, [point(*each) for each in places(40)], ogr.wkbPoint, crs=None)


@vector
def degrees_swapped(folder, good):
    return _lines(folder, [point(32.5 + i / 1000, 51.0) for i in range(40)], ogr.wkbPoint, crs=4326)


@vector
def moon(folder, good):
    path = folder / "bad.gpkg"
    made = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    crs = osr.SpatialReference()
    crs.SetFromUserInput('GEOGCS["Moon",DATUM["Moon",SPHEROID["Moon",1737400,0]],PRIMEM["Reference",0],UNIT["degree",0.0174532925199433]]')
    layer = made.CreateLayer("moon", crs, ogr.wkbPoint)
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(ogr.CreateGeometryFromWkt("POINT (51.001 32.53)"))
    layer.CreateFeature(feature)
    del layer, made
    return str(path)


@vector
def table_only(folder, good):
    return _lines(folder, [None] * 5, ogr.wkbNone, crs=None, fields={"name": (ogr.OFTString, list("abcde"))})


@vector
def raster_for_layer(folder, good):
    return write_raster(folder / "bad.tif")


@vector
def two_layers(folder, good):
    path = write_layer(folder / "bad.gpkg", [point(*each) for each in places(40)], ogr.wkbPoint, name="old")
    made = ogr.Open(path, update=1)
    layer = made.CreateLayer("new", reference_of(32639), ogr.wkbPoint)
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(ogr.CreateGeometryFromWkt(point(*places(1)[0])))
    layer.CreateFeature(feature)
    del layer, made
    return path


@vector
def no_such_layer(folder, good):
    return f"{good}|layername=nothing"


def _fields(folder, fields, driver="GeoJSON"):
    """Zones with odd fields, {name: values of all}; GeoJSON takes any name twice but for its letters' case."""
    features = [
        {"type": "Feature", "properties": fields, "geometry": json.loads(ogr.CreateGeometryFromWkt(square(*each)).ExportToJson())}
        for each in places(40)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32639"}}
    path = folder / "bad.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}), encoding="utf-8")
    return str(path)


@vector
def fields_of_one_name_but_for_case(folder, good):
    return _fields(folder, {"Name": "a", "NAME": "b", "name": "c"})


@vector
def fields_called_as_databases_call_theirs(folder, good):
    names = ("fid", "FID_1", "fid_1", "geom", "GEOM", "rowid", "ogc_fid", "susc_mean", "SUSC_MEAN", "select", 'a"b', " ", "x" * 300)
    return _fields(folder, {name: number for number, name in enumerate(names)})


@vector
def fields_of_all_kinds(folder, good):
    values = {"list": [1, 2], "texts": ["a", "b"], "none": None, "yes": True, "object": {"a": [1]}, "date": "2020-01-01", "big": 2**62}
    return _fields(folder, values | {"time": "12:30:00", "html": "<b>&</b>", "nul": "a\0b", "long": "x" * 200_000})


@vector
def fields_without_number(folder, good):
    return _fields(folder, {f"f{number}": number for number in range(2100)})


# What holds a file until the test ends, as another program would.
_HELD = []


@vector
def locked_by_another_program(folder, good):
    path = _lines(folder, [square(*each) for each in places(40)], ogr.wkbPolygon)
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("BEGIN EXCLUSIVE")
    _HELD.append(database)
    return path


def _left_midway(folder, ending, *statements):
    """Return a GeoPackage as a program leaves it that was killed after some statements, with what lies beside it then."""
    path = Path(_lines(folder, [square(*each) for each in places(40)], ogr.wkbPolygon))
    other = folder / "other.gpkg"
    other.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(other, isolation_level=None)) as database:
        for each in statements:
            database.execute(each)
        path.write_bytes(other.read_bytes())
        Path(f"{path}{ending}").write_bytes(Path(f"{other}{ending}").read_bytes())
    other.unlink()
    return str(path)


@vector
def with_writings_to_be_taken_back(folder, good):
    """As a program leaves it that was killed in the middle of a change."""
    numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 20000)"
    more = f"CREATE TABLE more AS {numbers} SELECT x, randomblob(200) FROM c"
    return _left_midway(folder, "-journal", "PRAGMA cache_size=1", "BEGIN", more)


@vector
def with_writings_ahead(folder, good):
    """As a program leaves it that was killed while it wrote: what is new lies beside it."""
    return _left_midway(folder, "-wal", "PRAGMA journal_mode=WAL", "CREATE TABLE more (a)")


@vector
def numbered_below_zero(folder, good):
    path = _lines(folder, [square(*each) for each in places(40)], ogr.wkbPolygon)
    with closing(sqlite3.connect(path)) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE layer SET fid = -fid * 100000000000")
    return path


@vector
def the_whole_globe(folder, good):
    return _lines(folder, ["POLYGON ((-180 -90, 180 -90, 180 90, -180 90, -180 -90))"], ogr.wkbPolygon, crs=4326)


@vector
def a_polygon_of_a_million_corners(folder, good):
    turns = np.linspace(0, 2 * np.pi, 1_000_000)
    x, y = (WEST + EAST) / 2 + 500 * np.cos(turns), (NORTH + SOUTH) / 2 + 500 * np.sin(turns)
    ring = ogr.Geometry(ogr.wkbLinearRing)
    for each in zip(x, y):
        ring.AddPoint_2D(*each)
    ring.CloseRings()
    polygon = ogr.Geometry(ogr.wkbPolygon)
    polygon.AddGeometry(ring)
    return _lines(folder, [polygon], ogr.wkbPolygon)


@vector
def holes_around_their_polygons(folder, good):
    wkt = [square(x, y)[:-1] + ", " + square(x, y, 200.0)[len("POLYGON (") :] for x, y in places(40)]
    return _lines(folder, wkt, ogr.wkbPolygon)


@vector
def each_five_times(folder, good):
    return _lines(folder, [square(*each) for each in places(12)] * 5, ogr.wkbPolygon)


@vector
def lines_that_are_closed(folder, good):
    return _lines(folder, [square(*each).replace("POLYGON ((", "LINESTRING (").replace("))", ")") for each in places(40)])


@vector
def text_in_utf_16(folder, good):
    path = Path(write_layer(folder / "bad.geojson", [square(*each) for each in places(40)], driver="GeoJSON", name="bad"))
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    return str(path)


def _shapefile(folder):
    return write_layer(folder / "bad.shp", [square(*each) for each in places(40)], ogr.wkbPolygon, driver="ESRI Shapefile", name="bad")


@vector
def shapefile_without_index(folder, good):
    path = _shapefile(folder)
    Path(path).with_suffix(".shx").unlink()
    return path


@vector
def pipe_beside_a_shapefile(folder, good):
    path = _shapefile(folder)
    Path(path).with_suffix(".cpg").unlink(missing_ok=True)
    os.mkfifo(Path(path).with_suffix(".cpg"))
    return path


@vector
def shapefile_without_attributes(folder, good):
    path = _shapefile(folder)
    Path(path).with_suffix(".dbf").unlink()
    return path


@vector
def shapefile_without_projection(folder, good):
    path = _shapefile(folder)
    Path(path).with_suffix(".prj").unlink()
    return path


@vector
def shapefile_cut_off(folder, good):
    path = Path(_shapefile(folder))
    path.write_bytes(path.read_bytes()[:1000])
    return str(path)


@vector
def shapefile_attributes_cut_off(folder, good):
    path = Path(_shapefile(folder))
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes()[:40])
    return str(path)


@vector
def shapefile_of_an_unknown_encoding(folder, good):
    path = _shapefile(folder)
    Path(path).with_suffix(".cpg").write_text("KLINGON-8")
    return path


@vector
def shapefile_whose_projection_is_words(folder, good):
    path = _shapefile(folder)
    Path(path).with_suffix(".prj").write_text("the usual one")
    return path


@vector
def tracks_of_a_receiver(folder, good):
    path = folder / "bad.gpx"
    path.write_text('<?xml version="1.0"?><gpx version="1.1" creator="x"><wpt lat="32.5" lon="51.0"/><wpt lat="91" lon="400"/></gpx>')
    return str(path)


@vector
def drawing(folder, good):
    path = folder / "bad.dxf"
    path.write_text("0\nSECTION\n2\nENTITIES\n0\nPOINT\n8\n0\n10\n500000\n20\n3600000\n0\nENDSEC\n0\nEOF\n")
    return str(path)


@vector
def json_cut_off(folder, good):
    path = write_layer(folder / "bad.geojson", [square(*each) for each in places(40)], driver="GeoJSON", name="bad")
    content = Path(path).read_text()
    Path(path).write_text(content[: len(content) // 2])
    return path


@vector
def json_of_other_things(folder, good):
    path = folder / "bad.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": "many"}))
    return str(path)


@vector
def json_without_places(folder, good):
    path = folder / "bad.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": None}]}))
    return str(path)


@vector
def csv_without_places(folder, good):
    path = folder / "bad.csv"
    path.write_text("name,value\na,1\n")
    return str(path)


@vector
def geometry_that_is_no_wkb(folder, good):
    path = _lines(folder, [point(*each) for each in places(40)], ogr.wkbPoint)
    with closing(sqlite3.connect(path)) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')  # they need functions that SQLite alone lacks
        database.execute("UPDATE layer SET geom = x'0102' WHERE fid % 2 = 0")
    return path


@vector
def tables_gone(folder, good):
    path = _lines(folder, [point(*each) for each in places(40)], ogr.wkbPoint)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE gpkg_spatial_ref_sys")
        database.execute("DELETE FROM gpkg_geometry_columns")
    return path


@vector
def a_million_points(folder, good):
    """In a FlatGeobuf, which is written in a second."""
    path = folder / "bad.fgb"
    rng = np.random.default_rng(1)
    x, y = WEST + rng.random(1_000_000) * SIDE * CELL, SOUTH + rng.random(1_000_000) * SIDE * CELL
    table = folder / "points.csv"
    with table.open("w") as stream:
        stream.write("x,y\n")
        np.savetxt(stream, np.stack([x, y], axis=1), fmt="%.1f", delimiter=",")
    source = gdal.OpenEx(str(table), open_options=["X_POSSIBLE_NAMES=x", "Y_POSSIBLE_NAMES=y"])
    gdal.VectorTranslate(str(path), source, format="FlatGeobuf", dstSRS=UTM, reproject=False, layerCreationOptions=["SPATIAL_INDEX=NO"])
    return str(path)


def with_labels(folder, kind, values):
    """Write sample cells whose field `landslide` has another type and other values, repeated."""
    cells = places(40) + places(40, 4, 0.0)
    several = [values[0]] * 40 + [values[-1]] * 40 if len(values) == 2 else [values[number % len(values)] for number in range(80)]
    return write_layer(folder / "bad.gpkg", [point(*each) for each in cells], ogr.wkbPoint, fields={"landslide": (kind, several)})


OUTPUTS = {}
LABELS = {
    "labels_missing": (ogr.OFTInteger, [None]),
    "labels_of_one_kind": (ogr.OFTInteger, [1]),
    "labels_2_and_0": (ogr.OFTInteger, [2, 0]),
    "labels_minus_1": (ogr.OFTInteger, [1, -1]),
    "labels_of_halves": (ogr.OFTReal, [1.0, 0.5]),
    "labels_not_numbers": (ogr.OFTReal, [float("nan")]),
    "labels_infinite": (ogr.OFTReal, [float("inf"), 0.0]),
    "labels_as_text": (ogr.OFTString, ["yes", "no"]),
    "labels_as_digits": (ogr.OFTString, ["1", "0"]),
    "labels_as_reals": (ogr.OFTReal, [1.0, 0.0]),
    "labels_empty_text": (ogr.OFTString, [""]),
    "labels_as_dates": (ogr.OFTDate, ["2021/04/30", "2020/01/01"]),
    "labels_huge": (ogr.OFTInteger64, [2**62, 0]),
}
for _name, _field in LABELS.items():
    VECTORS[_name] = lambda folder, good, field=_field: with_labels(folder, *field)


# Landslides with a field `told`: its type and values, repeated, and what else is asked.
_TYPED, _DATED = {"type_field": "told", "types": "slide"}, {"date_field": "told", "split_date": "2015-01-01"}
TOLD = {
    "types_not_chosen": (ogr.OFTString, ["slide", "flow"], {**_TYPED, "types": None}),
    "types_without_field": (ogr.OFTString, ["slide"], {**_TYPED, "type_field": None}),
    "types_of_no_such_field": (ogr.OFTString, ["slide"], {**_TYPED, "type_field": "kind"}),
    "types_missing": (ogr.OFTString, [None], _TYPED),
    "types_of_others": (ogr.OFTString, ["flow", "fall"], _TYPED),
    "types_few": (ogr.OFTString, ["slide", "flow"], _TYPED),
    "types_as_codes": (ogr.OFTReal, [1.0], {**_TYPED, "types": "1"}),
    "dates_missing": (ogr.OFTString, [None], _DATED),
    "dates_of_words": (ogr.OFTString, ["soon", "2014"], _DATED),
    "dates_of_spreadsheets": (ogr.OFTInteger, [41790, 41791], _DATED),
    "dates_of_short_years": (ogr.OFTString, ["31/05/14"], _DATED),
    "dates_of_either_order": (ogr.OFTString, ["01/02/2014", "03/02/2014"], _DATED),
    "dates_of_both_orders": (ogr.OFTString, ["31/05/2014", "05/31/2014"], _DATED),
    "dates_without_field": (ogr.OFTString, ["2014"], {**_DATED, "date_field": None}),
    "dates_all_before": (ogr.OFTString, ["before 1998", "May 2014"], _DATED),
    "dates_that_are_open": (ogr.OFTString, ["2010-2016", "2016", "2014"], _DATED),
    "dates_about": (ogr.OFTString, ["ca. 2005", "2016", "2014"], _DATED),
}
for _name, (_kind, _column, _) in TOLD.items():
    VECTORS[_name] = lambda folder, good, kind=_kind, values=_column: write_layer(
        folder / "bad.gpkg",
        [point(*each) for each in places(40)],
        ogr.wkbPoint,
        fields={"told": (kind, [values[number % len(values)] for number in range(40)])},
    )


@vector
def no_label_field(folder, good):
    return _lines(folder, [point(*each) for each in places(40)], ogr.wkbPoint)


def output(make):
    """Count a function as one that gives an odd place for an output: it is given a folder and the good name of the output."""
    OUTPUTS[make.__name__] = make
    return make


@output
def into_a_file(folder, name):
    (folder / "file").write_text("a file, no folder")
    return str(folder / "file" / name)


@output
def onto_a_folder(folder, name):
    (folder / name).mkdir()
    return str(folder / name)


@output
def onto_a_pipe(folder, name):
    os.mkfifo(folder / name)
    return str(folder / name)


@output
def into_a_device(folder, name):
    return f"/dev/null/{name}"


@output
def into_the_kernel(folder, name):
    return f"/proc/{name}"


@output
def under_a_long_name(folder, name):
    return str(folder / ("y" * 250 + name))


@output
def in_another_format(folder, name):
    return str(folder / (Path(name).stem + ".docx"))


@output
def without_an_ending(folder, name):
    return str(folder / Path(name).stem)


@output
def at_an_address(folder, name):
    return f"https://example.org/{name}"


@output
def in_a_database(folder, name):
    return f"PG:dbname='maps' tables={name}"


@output
def read_only(folder, name):
    (folder / name).write_text("old")
    (folder / name).chmod(0o444)
    return str(folder / name)


@output
def with_nul(folder, name):
    return str(folder / f"a\0{name}")


@output
def in_a_loop_of_links(folder, name):
    (folder / "loop").symlink_to(folder / "loop")
    return str(folder / "loop" / name)
