# SPDX-License-Identifier: GPL-2.0-or-later
"""What the bridge hands to a worker, and what it makes of what a worker tells; workers here are a few lines of shell."""

import json
from types import SimpleNamespace

import pytest


@pytest.fixture
def bridge(provider, monkeypatch, tmp_path):
    from scarp.algorithms import bridge

    monkeypatch.setattr(bridge, "log_file", lambda: tmp_path / "scarp" / "engine.log")
    return bridge


@pytest.fixture
def worker(tmp_path):
    """Write a worker, whose third argument is the description of its task; return it."""

    def write(script):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return write


def test_lines_are_understood_in_whatever_pieces_they_come(bridge, feedback):
    """Letters of several bytes are cut too."""
    texts = []
    feedback.setProgressText = texts.append
    told = [
        {"type": "progress", "percent": 12.5},
        {"type": "message", "text": "Größe"},
        {"type": "warning", "text": "Vorsicht – fällt"},
        {"type": "status", "text": "Trägt ein"},
        {"type": "progress", "percent": 90},
        {"type": "result", "value": {"output": "/tmp/ä.tif", "auc": 0.75}},
    ]
    written = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in told).encode()
    for size in (1, 7, len(written)):
        listener = bridge._Listener(feedback, "map_susceptibility")
        for start in range(0, len(written), size):
            listener.stdout(written[start : start + size])
        assert listener.result == {"output": "/tmp/ä.tif", "auc": 0.75} and not listener.error
    assert feedback.percents == [12.5, 90] * 3 and texts == ["Trägt ein"] * 3
    assert feedback.messages == ["Größe"] * 3 and feedback.warnings == ["Vorsicht – fällt"] * 3
    listener.stdout(b'{"type": "error", "text": "No.", "unexpected": true}\n')
    assert (listener.error, listener.unexpected) == ("No.", True)


def test_a_task_is_described_to_its_worker_alone(bridge, worker, feedback, tmp_path):
    """By a file that only its user may read, which is gone afterwards."""
    script = f'stat -c %a "$3" >{tmp_path}/mode; cp "$3" {tmp_path}/task.json; echo "$1 $3" >{tmp_path}/arguments\n'
    script += """echo '{"type": "result", "value": {"output": "x"}}'"""
    assert bridge.run_with(worker(script), "map_susceptibility", {"output": "ä.tif", "seed": 1}, feedback) == {"output": "x"}
    assert (tmp_path / "mode").read_text() == "600\n"
    assert json.loads((tmp_path / "task.json").read_text(encoding="utf-8")) == {
        "task": "map_susceptibility", "parameters": {"output": "ä.tif", "seed": 1}
    }  # fmt: skip
    isolated, path = (tmp_path / "arguments").read_text().split()
    assert isolated == "-I" and not (tmp_path / path).exists()


def test_what_is_done_counts_whatever_came_after(bridge, worker, feedback):
    """The outputs are in place, so that a crash on the way out changes nothing."""
    done = worker("""echo '{"type": "result", "value": {"output": "x"}}'; exit 3""")
    assert bridge.run_with(done, "map_susceptibility", {}, feedback) == {"output": "x"}


def test_an_error_that_was_foreseen_names_no_log(bridge, worker, feedback):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as caught:
        bridge.run_with(worker("""echo '{"type": "error", "text": "The disk is full."}'; exit 1"""), "map_susceptibility", {}, feedback)
    assert str(caught.value) == "The disk is full."


def test_a_worker_that_cannot_be_started_is_named(bridge, feedback, tmp_path):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match=r"The worker .*nothing could not be started; run “Install or repair the engine”"):
        bridge.run_with(tmp_path / "nothing", "map_susceptibility", {}, feedback)


def test_a_log_that_is_large_is_begun_anew(bridge, feedback, monkeypatch, tmp_path):
    monkeypatch.setattr(bridge, "_LOG_BYTES", 50)
    for number in range(3):
        bridge._Listener(feedback, f"task {number}").stderr(b"library says\nmore of it\n")
    log, old = (tmp_path / "scarp" / name for name in ("engine.log", "engine.old.log"))
    for path, number in ((old, 1), (log, 2)):
        first, *lines = path.read_text().splitlines()
        assert first.startswith("== ") and first.endswith(f" task {number}") and lines == ["library says", "more of it"]


def test_an_interpreter_that_does_not_answer_lacks_everything(provider, worker, monkeypatch):
    from scarp.algorithms import bridge

    monkeypatch.setenv("SCARP_PYTHON", str(worker("exit 1")))
    with pytest.raises(bridge.WorkerMissingError, match="which lacks numpy, osgeo;"):
        bridge.find_python(("numpy", "osgeo"))


@pytest.mark.parametrize(
    ("kind", "host", "user", "is_system", "told"),
    [
        ("HttpProxy", "proxy.example", "", False, "http://proxy.example:3128"),
        ("Socks5Proxy", "proxy.example", "me", False, "socks5://me:p%2Fw@proxy.example:3128"),  # pragma: allowlist secret
        ("HttpProxy", "", "", False, None),
        ("NoProxy", "proxy.example", "", False, None),
        ("HttpProxy", "proxy.example", "", True, None),
    ],
)
def test_pip_hears_of_the_proxy_that_qgis_is_set_to(provider, monkeypatch, kind, host, user, is_system, told):
    """That of the system pip finds by itself."""
    from qgis.PyQt.QtNetwork import QNetworkProxy
    from scarp.algorithms import install_engine

    chosen = QNetworkProxy(getattr(QNetworkProxy.ProxyType, kind), host, 3128, user, "p/w" if user else "")
    network = SimpleNamespace(fallbackProxy=lambda: chosen, useSystemProxy=lambda: is_system)
    monkeypatch.setattr(install_engine, "QgsNetworkAccessManager", SimpleNamespace(instance=lambda: network))
    assert install_engine.proxy() == told
