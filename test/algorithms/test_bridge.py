# SPDX-License-Identifier: GPL-2.0-or-later
"""The bridge: progress, cancel, error, a killed worker, a missing engine."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest


def workers():
    """Process ids of the workers that this process has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            is_worker = b"engine/__main__.py" in (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == os.getpid() and is_worker:
            found.append(int(folder.name))
    return found


def when_busy(feedback, action):
    """Do `action` as soon as the worker has reported progress."""

    def wait():
        deadline = time.monotonic() + 60
        while not feedback.percents and time.monotonic() < deadline:
            time.sleep(0.05)
        action()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def left_over(folder):
    return sorted(path.name for path in Path(folder).rglob("*") if path.is_file())


@pytest.fixture
def long_task(tmp_path):
    return {"SIZE": 3000, "LANDSLIDES": 1000, "SEED": 1, "FOLDER": str(tmp_path)}


def test_progress_rises_to_the_end(run, feedback, tmp_path):
    run("samplelandscape", {"SIZE": 64, "LANDSLIDES": 20, "SEED": 1, "FOLDER": str(tmp_path)}, feedback)
    assert feedback.percents == sorted(feedback.percents)
    assert feedback.percents[-1] == 100


def test_cancel_takes_two_seconds_and_leaves_nothing_half(provider, feedback, long_task, tmp_path):
    from qgis.core import QgsProcessingContext

    cancelled = []
    thread = when_busy(feedback, lambda: (cancelled.append(time.monotonic()), feedback.cancel()))
    results, ok = provider.algorithm("samplelandscape").run(long_task, QgsProcessingContext(), feedback)
    thread.join()
    assert time.monotonic() - cancelled[0] < 2.0
    assert results == {}
    assert not [name for name in left_over(tmp_path) if "scarp-part" in name]
    assert "truth.tif" not in left_over(tmp_path)
    assert workers() == []


def test_a_killed_worker_is_reported_and_qgis_lives(run, feedback, long_task, tmp_path):
    from qgis.core import QgsProcessingException

    thread = when_busy(feedback, lambda: [os.kill(pid, signal.SIGKILL) for pid in workers()])
    with pytest.raises(QgsProcessingException, match="ended by the system"):
        run("samplelandscape", long_task, feedback)
    thread.join()
    run("samplelandscape", {**long_task, "SIZE": 64, "LANDSLIDES": 5})
    assert not [name for name in left_over(tmp_path) if "scarp-part" in name]


def test_a_worker_that_was_told_to_end_had_memory_enough(run, feedback, long_task):
    from qgis.core import QgsProcessingException

    thread = when_busy(feedback, lambda: [os.kill(pid, signal.SIGTERM) for pid in workers()])
    with pytest.raises(QgsProcessingException, match="told to end") as caught:
        run("samplelandscape", long_task, feedback)
    thread.join()
    assert "memory" not in str(caught.value)


def test_an_error_is_one_sentence(run, tmp_path):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as raised:
        run("samplelandscape", {"SIZE": 64, "LANDSLIDES": 100000, "SEED": 1, "FOLDER": str(tmp_path)})
    assert "100000" in str(raised.value).replace(",", "")
    assert "Traceback" not in str(raised.value)


def test_an_unwritable_output_is_named_before_any_work(run, landscape):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="/proc/stack.tif"):
        run("preparecovariates", {"DEM": landscape["DEM"], "OUTPUT": "/proc/stack.tif"})


def test_a_missing_interpreter_is_named(provider, monkeypatch):
    monkeypatch.setenv("SCARP_PYTHON", "/nowhere/python")
    can, message = provider.algorithm("traincnndnn").canExecute()
    assert not can
    assert "/nowhere/python" in message


def test_a_missing_engine_names_the_algorithm_that_installs_it(provider, monkeypatch, tmp_path):
    monkeypatch.delenv("SCARP_PYTHON", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    can, message = provider.algorithm("traincnndnn").canExecute()
    assert not can
    assert "scarp:installengine" in message
    assert provider.algorithm("installengine").canExecute()[0]
    # Mapping with a network needs no more than QGIS's own Python has.
    assert provider.algorithm("mapsusceptibility").canExecute()[0]


def test_an_interrupted_installation_counts_as_none(provider, monkeypatch, tmp_path):
    from scarp.engine.environment import UNFINISHED, environment_folder, environment_python, is_complete

    folder = environment_folder()
    assert is_complete(folder)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    copy = environment_folder()
    environment_python(copy).parent.mkdir(parents=True)
    environment_python(copy).symlink_to(environment_python(folder))
    assert is_complete(copy)
    (copy / UNFINISHED).touch()
    assert not is_complete(copy)
    assert "incomplete" in provider.algorithm("traincnndnn").canExecute()[1]


def test_what_libraries_print_goes_to_a_file(provider, feedback, monkeypatch, tmp_path):
    """The user's log has what the worker tells, and no line of TensorFlow or GDAL."""
    from qgis.core import QgsProcessingException
    from scarp.algorithms import bridge

    texts = []
    feedback.setProgressText = texts.append
    feedback.pushDebugInfo = feedback.pushConsoleInfo = feedback.reportError = lambda *told: pytest.fail(str(told))
    monkeypatch.setattr(bridge, "log_file", lambda: tmp_path / "scarp" / "engine.log")
    worker = tmp_path / "python"
    worker.write_text(
        "#!/bin/sh\necho 'I0000 cuda_executor.cc: retracing' >&2\n"
        """echo '{"type": "status", "text": "Training member 1 of 3"}'\n"""
        """echo '{"type": "error", "text": "Scarp failed unexpectedly.", "unexpected": true}'\nexit 1\n"""
    )
    worker.chmod(0o755)
    for _ in range(2):
        with pytest.raises(QgsProcessingException, match=r"Scarp failed unexpectedly. The details are in .*engine.log\."):
            bridge.run_with(worker, "train_cnn_dnn", {}, feedback)
    assert texts == ["Training member 1 of 3"] * 2
    assert feedback.messages == feedback.warnings == []
    lines = (tmp_path / "scarp" / "engine.log").read_text().splitlines()
    assert [line.split()[-1] for line in lines] == ["train_cnn_dnn", "retracing"] * 2


def test_the_proxy_of_qgis_is_handed_to_pip(provider, monkeypatch):
    from qgis.core import QgsNetworkAccessManager
    from qgis.PyQt.QtNetwork import QNetworkProxy
    from scarp.algorithms import install_engine

    network = QgsNetworkAccessManager.instance()
    before = network.fallbackProxy(), network.excludeList(), network.noProxyList()
    assert install_engine.proxy() is None
    kind = QNetworkProxy.ProxyType.HttpProxy
    try:
        network.setFallbackProxyAndExcludes(QNetworkProxy(kind, "proxy.example", 3128, "me@here", "p:w"), [], [])
        assert install_engine.proxy() == "http://me%40here:p%3Aw@proxy.example:3128"  # pragma: allowlist secret
        given = {}
        monkeypatch.setattr(install_engine, "run_with", lambda python, task, values, feedback: given.update(values))
        provider.algorithm("installengine").create().processAlgorithm({}, *contexts())
        assert given["proxy"] == install_engine.proxy()
    finally:
        network.setFallbackProxyAndExcludes(*before)


def contexts():
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    return QgsProcessingContext(), QgsProcessingFeedback()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'terminate called after throwing an instance of std::bad_alloc' >&2; exit 3", "too little memory"),
        ("echo 'python3: error while loading shared libraries: failed to map segment' >&2; exit 127", "too little memory"),
        ("echo 'E0000 cuda_executor.cc:1228] no CUDA' >&2; exit 134", "too little memory"),
        ("echo 'E0000 cuda_executor.cc:1228] no CUDA' >&2; kill -KILL $$", "ended by the system"),
        ("exit 143", "told to end"),
    ],
)
def test_what_is_said_of_a_worker_without_last_words(provider, feedback, tmp_path, script, words):
    from qgis.core import QgsProcessingException
    from scarp.algorithms import bridge

    worker = tmp_path / "python"
    worker.write_text(f"#!/bin/sh\n{script}\n")
    worker.chmod(0o755)
    with pytest.raises(QgsProcessingException, match=words) as caught:
        bridge.run_with(worker, "train_cnn_dnn", {}, feedback)
    assert "cuda" not in str(caught.value).lower()
    assert "no half-written" in str(caught.value).lower() or "143" in script


def test_cancel_ends_a_worker_that_keeps_its_lock(provider, feedback, tmp_path):
    """In compiled code that no signal interrupts; QGIS has its window back within 5 s."""
    from scarp.algorithms import bridge

    root = Path(bridge.__file__).resolve().parents[1]
    worker = tmp_path / "python"
    worker.write_text(f"""#!{bridge.find_python()}
import ctypes, runpy, signal
runpy.run_path({str(root / "engine" / "__main__.py")!r}, run_name="launch")["register_package"]()
from scarp.engine import worker
worker.end_when_told(worker._end)
signal.alarm(30)
print('{{"type": "progress", "percent": 1}}', flush=True)
mutex, libc = ctypes.create_string_buffer(64), ctypes.PyDLL(None)
for _ in range(2):
    libc.pthread_mutex_lock(mutex)
""")
    worker.chmod(0o755)
    cancelled = []
    thread = when_busy(feedback, lambda: (cancelled.append(time.monotonic()), feedback.cancel()))
    assert bridge.run_with(worker, "train_cnn_dnn", {}, feedback) == {}
    thread.join()
    assert time.monotonic() - cancelled[0] < 5.0
    assert workers() == []
