# SPDX-License-Identifier: GPL-2.0-or-later
"""Mapping on a real Dask scheduler with two worker processes on this machine."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack

import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.mapping import windows as mapping
from scarp.engine.tasks import map_susceptibility as task
from scarp.models.applicability import Applicability
from scarp.models.model_file import load_model, save_model

QUICK = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "10s", "TF_CPP_MIN_LOG_LEVEL": "3"}


class Cluster:
    """A scheduler and two worker processes of one thread each."""

    def __init__(self, folder, processes, *, tls=()):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"{'tls' if tls else 'tcp'}://127.0.0.1:{port}"
        start = [sys.executable, "-m"]
        place = ["--host", "127.0.0.1", *tls]
        scheduler = [*start, "distributed.cli.dask_scheduler", "--port", str(port), "--no-dashboard", *place]
        if tls:
            scheduler += ["--protocol", "tls"]
        worker = [*start, "distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", *place]
        self._processes = processes
        self._start(scheduler, folder)
        self.workers = [self._start([*worker, "--local-directory", str(folder / str(number))], folder) for number in range(2)]

    def _start(self, command, folder):
        process = subprocess.Popen(command, cwd=folder, env=QUICK, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._processes.callback(process.wait)
        self._processes.callback(process.kill)
        return process

    def wait(self, **options):
        """Wait until both workers are there."""
        from distributed import Client

        with Client(self.address, timeout=60, set_as_default=False, **options) as client:
            client.wait_for_workers(2, timeout=60)


@pytest.fixture
def processes():
    with ExitStack() as stack:
        yield stack


class Killing(Feedback):
    """Feedback that kills a worker once some windows are mapped."""

    def __init__(self, worker):
        self.worker, self.told = worker, []

    def progress(self, percent):
        if percent > 20:
            self.worker.kill()

    def message(self, text):
        self.told.append(text)


def test_a_worker_dies_and_the_map_is_the_same(tmp_path, write_stack, model_file, processes, monkeypatch):
    monkeypatch.setattr(mapping, "WINDOW_PX", 32)
    stack = write_stack("stack.tif", (300, 290))
    given = {"covariates": stack, "model": model_file, "dropout_passes": 2}
    task.run(Feedback(), **given, output=str(tmp_path / "here.tif"), uncertainty=str(tmp_path / "here_u.tif"))
    cluster = Cluster(tmp_path, processes)
    cluster.wait()
    feedback = Killing(cluster.workers[0])
    there = {"output": str(tmp_path / "there.tif"), "uncertainty": str(tmp_path / "there_u.tif"), "scheduler": cluster.address}
    task.run(feedback, **given, **there)
    assert any("2 Dask workers" in text for text in feedback.told)
    assert cluster.workers[0].poll() is not None
    found, expected = (gdal.Open(str(tmp_path / f"{name}.tif")).ReadAsArray() for name in ("there", "here"))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    found, expected = (gdal.Open(str(tmp_path / f"{name}_u.tif")).ReadAsArray()[0] for name in ("there", "here"))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert expected.max() > 0.01


def test_the_area_of_applicability_is_the_same(tmp_path, write_stack, model_file, processes, monkeypatch):
    """A model that was trained on gentle ground, mapped by the workers and here."""
    monkeypatch.setattr(mapping, "WINDOW_PX", 32)
    model, rng = load_model(model_file, "numpy"), np.random.default_rng(3)
    cells = np.stack([rng.uniform(8, 24, 200), rng.integers(1, 3, 200)], axis=1)
    folds = [(np.flatnonzero(np.arange(200) % 4 != k), np.flatnonzero(np.arange(200) % 4 == k)) for k in range(4)]
    model.applicability = Applicability.fit(model.encoder, cells, [1.0, 0.3], folds)
    save_model(model_file, model)
    given = {"covariates": write_stack("stack.tif", (90, 80)), "model": model_file}
    cluster = Cluster(tmp_path, processes)
    cluster.wait()
    found = {}
    for name, scheduler in (("here", None), ("there", cluster.address)):
        outputs = {"output": str(tmp_path / f"{name}.tif"), "applicability": str(tmp_path / f"{name}_a.tif")}
        found[name] = task.run(Feedback(), **given, **outputs, scheduler=scheduler)
    here, there = (gdal.Open(found[name]["applicability"]).ReadAsArray() for name in ("here", "there"))
    np.testing.assert_allclose(there[0], here[0], atol=1e-6)
    np.testing.assert_array_equal(there[1], here[1])
    assert 10 < found["here"]["outside_percent"] < 90 and found["there"]["outside_percent"] == found["here"]["outside_percent"]


def test_a_stack_that_workers_do_not_see(tmp_path, write_stack, model_file, processes):
    stack = write_stack("stack.tif", (30, 30))
    memory = gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/stack.tif", gdal.Open(stack))
    memory.FlushCache()
    cluster = Cluster(tmp_path, processes)
    cluster.wait()
    with pytest.raises(EngineError, match="On a Dask worker: The covariate stack /vsimem/stack.tif cannot be opened"):
        task.run(Feedback(), covariates="/vsimem/stack.tif", model=model_file, output=str(tmp_path / "map.tif"), scheduler=cluster.address)
    assert not list(tmp_path.glob("*map*"))


def test_tls(tmp_path, write_stack, model_file, processes):
    """Certificates come from Dask's own configuration, here the environment's."""
    import dask

    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "1", "-keyout", key]
    subprocess.run([*make, "-out", certificate], check=True, capture_output=True)
    cluster = Cluster(tmp_path, processes, tls=["--tls-ca-file", certificate, "--tls-cert", certificate, "--tls-key", key])
    settings = {"ca-file": certificate, "client.cert": certificate, "client.key": key}
    with dask.config.set({f"distributed.comm.tls.{name}": value for name, value in settings.items()}):
        cluster.wait()
        stack = write_stack("stack.tif", (60, 60))
        task.run(Feedback(), covariates=stack, model=model_file, output=str(tmp_path / "map.tif"), scheduler=cluster.address)
    assert gdal.Open(str(tmp_path / "map.tif")).RasterXSize == 60


def test_the_benchmark_gives_the_same(tmp_path, processes):
    from scarp.engine.benchmark.comparison import Data, Validation, compare
    from scarp.engine.files.grid import Grid
    from scarp.engine.samples.cells import SampleCells
    from scarp.models.covariate import Covariate
    from scarp.models.patches import Patches
    from scarp.models.recipe import Recipe

    rng = np.random.default_rng(1)
    count = 120
    rows, cols, landslide = rng.integers(0, 50, count), rng.integers(0, 50, count), np.arange(count) % 2
    cells = SampleCells(rows, cols, landslide, np.full(count, "train"), np.zeros(count), np.arange(count).astype(str))
    values = (rng.normal(size=(count, 2)) + landslide[:, None]).astype(np.float32)
    days = np.full(count, np.datetime64("NaT"), "datetime64[D]")
    grid = Grid("", (0.0, 1.0, 0.0, 0.0, 0.0, -1.0), (50, 50))
    data = Data(cells, grid, (Covariate("slope"), Covariate("relief")), values, np.stack([cols, rows], 1).astype(float), days)
    folds = Validation("random", 3).make(data, 1)

    class Around:
        """A stack whose patches are all like their centre."""

        covariates, grid = data.covariates, data.grid

        def patches(self, rows, cols, size_px, names=None):
            return Patches.of(np.broadcast_to(values[:, None, None], (count, size_px, size_px, 2)).copy())

    recipe = Recipe(5, members=1, epochs=5)  # few, since each amplifies the last digit, which depends on how many threads sum up
    cluster = Cluster(tmp_path, processes)
    cluster.wait()
    names = ["cnn_dnn", "lr", "dt"]
    here, there = (compare(Around(), data, folds, names, 1, recipe, Feedback(), address) for address in (None, cluster.address))
    assert len(here) == 9
    for own, other in zip(here, there):
        assert (own.classifier, own.fold.number) == (other.classifier, other.fold.number)
        tolerance = 0.05 if own.classifier == "cnn_dnn" else 1e-5
        np.testing.assert_allclose(own.susceptibility, other.susceptibility, atol=tolerance)


def test_a_scheduler_that_is_not_there(tmp_path, write_stack, model_file, monkeypatch):
    """Last of all, since Dask goes on closing what failed for a moment."""
    from scarp.engine import cluster

    monkeypatch.setattr(cluster, "_CONNECT_S", 1)
    stack = write_stack("stack.tif", (30, 30))
    for address in ("tcp://127.0.0.1:9", "nonsense"):
        with pytest.raises(EngineError, match="cannot be reached"):
            task.run(Feedback(), covariates=stack, model=model_file, output=str(tmp_path / "map.tif"), scheduler=address)


def test_workers_are_told_where_a_stack_lies_whatever_their_folder(tmp_path, monkeypatch):
    from scarp.engine.mapping.on_cluster import _everywhere

    (tmp_path / "stack.tif").touch()
    monkeypatch.chdir(tmp_path)
    assert _everywhere("stack.tif|name=Stack") == f"{tmp_path.resolve()}/stack.tif|name=Stack"
    assert _everywhere("GPKG:stack.gpkg:table") == "GPKG:stack.gpkg:table"
