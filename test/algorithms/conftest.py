# SPDX-License-Identifier: GPL-2.0-or-later
"""A running QGIS with Processing and the Scarp provider, in this process; the worker is another one."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.append("/usr/share/qgis/python/plugins")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# A short training.
SHORT = {"EPOCHS": 3, "MEMBERS": 1, "PATCH_SIZE": 9}
SHORTEST = {"EPOCHS": 2, "MEMBERS": 1, "PATCH_SIZE": 5}
# The number of this process among those that pytest-xdist shares the tests out to.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])


@pytest.fixture(scope="session")
def provider(tmp_path_factory):
    # A copy of the profile: processes side by side would write into one.
    profile = os.environ.get("QGIS_CUSTOM_CONFIG_PATH")
    if profile and "PYTEST_XDIST_WORKER" in os.environ:
        copy = tmp_path_factory.mktemp("home") / "profile"
        shutil.copytree(profile, copy, symlinks=True)
        os.environ["QGIS_CUSTOM_CONFIG_PATH"] = str(copy)
    from qgis.core import QgsApplication

    application = QgsApplication([], True)
    application.initQgis()
    from processing.core.Processing import Processing

    Processing.initialize()
    from scarp import classFactory

    plugin = classFactory(None)
    plugin.initProcessing()
    yield QgsApplication.processingRegistry().providerById("scarp")
    plugin.unload()


@pytest.fixture
def project(provider):
    """The project of this QGIS, empty at first."""
    from qgis.core import QgsProject

    project = QgsProject.instance()
    project.clear()
    yield project
    project.clear()


@pytest.fixture
def feedback(provider):
    """Feedback that keeps what it is told."""
    from qgis.core import QgsProcessingFeedback
    from qgis.PyQt.QtCore import Qt

    class Recorder(QgsProcessingFeedback):
        def __init__(self):
            super().__init__(False)
            self.warnings, self.messages, self.percents = [], [], []
            self.progressChanged.connect(self.percents.append, Qt.ConnectionType.DirectConnection)

        def pushWarning(self, text):
            self.warnings.append(text)

        def pushInfo(self, text):
            self.messages.append(text)

    return Recorder()


@pytest.fixture(scope="session")
def run(provider):
    """Run an algorithm of Scarp as a script would; return its results."""
    import processing

    def run_algorithm(name, parameters, feedback=None):
        return processing.run(f"scarp:{name}", parameters, feedback=feedback)

    return run_algorithm


@pytest.fixture(scope="session")
def landscape(run, tmp_path_factory):
    """A small sample landscape: the folder and the outputs of the algorithm."""
    folder = tmp_path_factory.mktemp("landscape")
    return run("samplelandscape", {"SIZE": 192, "LANDSLIDES": 400, "SEED": 3, "FOLDER": str(folder)})


@pytest.fixture(scope="session")
def stack(run, landscape, tmp_path_factory):
    """The covariate stack of the landscape, with every kind of layer."""
    output = tmp_path_factory.mktemp("stack") / "stack.tif"
    run(
        "preparecovariates",
        {
            "DEM": landscape["DEM"],
            "FAULTS": landscape["FAULTS"],
            "ROADS": landscape["ROADS"],
            "SETTLEMENTS": landscape["SETTLEMENTS"],
            "GEOLOGY": landscape["GEOLOGY"],
            "GEOLOGY_FIELD": "unit",
            "RED": landscape["RED"],
            "NIR": landscape["NIR"],
            "OUTPUT": str(output),
        },
    )
    return str(output)


@pytest.fixture(scope="session")
def small(run, tmp_path_factory):
    """The outputs of a landscape where every run is short, its stack by terrain alone, and a model file and map of it."""
    folder = tmp_path_factory.mktemp("small")
    made = run("samplelandscape", {"SIZE": 96, "LANDSLIDES": 150, "SEED": 3, "FOLDER": str(folder)})
    stack = run("preparecovariates", {"DEM": made["DEM"], "OUTPUT": str(folder / "stack.tif")})["OUTPUT"]
    training = {**SHORTEST, "MODEL": str(folder / "m.scarp"), "REPORT": str(folder / "r.html")}
    model = run("traincnndnn", {"COVARIATES": stack, "INVENTORY": made["INVENTORY"], **training})["MODEL"]
    susceptibility = run("mapsusceptibility", {"COVARIATES": stack, "MODEL": model, "OUTPUT": str(folder / "map.tif")})["OUTPUT"]
    return {**made, "COVARIATES": stack, "MODEL": model, "SUSCEPTIBILITY": susceptibility}


@pytest.fixture(scope="session")
def root():
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def profile(root, tmp_path_factory):
    """Environment of a QGIS with a profile of its own, where the plugin is an enabled plain folder."""
    folder = tmp_path_factory.mktemp("profile")
    plugins = folder / "profiles" / "default" / "python" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "scarp").symlink_to(root)
    environment = {**os.environ, "QGIS_CUSTOM_CONFIG_PATH": str(folder), "QT_QPA_PLATFORM": "offscreen"}
    subprocess.run(["qgis_process", "plugins", "enable", "scarp"], env=environment, check=True, capture_output=True)
    return environment


@pytest.fixture(scope="session")
def qgis_process(profile):
    """Run an algorithm by qgis_process; return its results, or its words if it fails."""

    def run_algorithm(name, inputs):
        run = subprocess.run(
            ["qgis_process", "run", f"scarp:{name}", "-"],
            input=json.dumps({"inputs": inputs}),
            env=profile,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            return run.stdout + run.stderr
        return json.loads(run.stdout)["results"]

    return run_algorithm


@pytest.fixture(scope="session")
def mapped(run, landscape, stack, tmp_path_factory):
    """A model and a map of the sample landscape."""
    folder = tmp_path_factory.mktemp("mapped")
    model = run(
        "traincnndnn",
        {
            "COVARIATES": stack,
            "INVENTORY": landscape["INVENTORY"],
            **SHORT,
            "MODEL": f"{folder}/m.scarp",
            "REPORT": f"{folder}/r.html",
        },
    )
    output = run("mapsusceptibility", {"COVARIATES": stack, "MODEL": model["MODEL"], "OUTPUT": f"{folder}/map.tif"})["OUTPUT"]
    return {"model": model["MODEL"], "map": output}


@pytest.fixture(scope="session")
def window(root):
    """Run a script of this folder inside a QGIS window, with this environment; return how QGIS ended."""

    scripts = root / "test" / "algorithms"

    def run_in_window(script, environment, timeout, size="1400x900", number=0):
        # `timeout` ends the window too, where ending xvfb-run alone would leave it.
        # Two that look for a free display at once would find the same: each window of each process begins elsewhere.
        display = str(99 + 100 * (2 * WORKER + number))
        command = ["timeout", str(timeout), "xvfb-run", "-a", "-n", display, "-s", f"-screen 0 {size}x24"]
        command += ["qgis", "--nologo", "--noversioncheck", "--code", str(scripts / script)]
        return subprocess.run(
            command, env={**environment, "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(scripts)}, check=False, capture_output=True
        )

    return run_in_window


@pytest.fixture(scope="session")
def click(window, profile, tmp_path_factory):
    """Click Run in the dialogs of some orders, one after the other; return what was seen of each."""

    def click_in_one(runs, layers, size, number):
        folder = tmp_path_factory.mktemp("clicks")
        (folder / "orders.json").write_text(json.dumps({"runs": runs, "layers": dict(layers)}), encoding="utf-8")
        # A copy: windows side by side would write into one profile.
        shutil.copytree(profile["QGIS_CUSTOM_CONFIG_PATH"], folder / "profile", symlinks=True)
        environment = {**profile, "QGIS_CUSTOM_CONFIG_PATH": str(folder / "profile"), "SCARP_WINDOW": str(folder)}
        run = window("clicks.py", environment, 1500, size, number)
        assert (folder / "seen.json").exists(), (run.returncode, run.stderr[-2000:])
        seen = json.loads((folder / "seen.json").read_text(encoding="utf-8"))
        assert "error" not in seen[-1], seen[-1]["error"]
        assert len(seen) == len(runs), f"QGIS was ended while {runs[len(seen)]} ran"
        return seen

    def click_all(runs, layers=(), size="1400x900", windows=1):
        """Click in one window, or deal the orders among several side by side."""
        shares = [runs[number::windows] for number in range(windows)]
        with ThreadPoolExecutor(windows) as threads:
            seen = list(threads.map(lambda number: click_in_one(shares[number], layers, size, number), range(windows)))
        return [seen[number % windows][number // windows] for number in range(len(runs))]

    return click_all
