# SPDX-License-Identifier: GPL-2.0-or-later
"""Installing the engine: what it tells, what it takes from QGIS, and that nothing of it outlives it."""

import os
import signal
import subprocess
import sys
import time

import pytest
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.tasks import install_engine


class Recorder(Feedback):
    def __init__(self):
        self.percents, self.messages, self.doing = [], [], []

    def progress(self, percent):
        self.percents.append(percent)

    def message(self, text):
        self.messages.append(text)

    def status(self, text):
        self.doing.append(text)


def test_downloads_are_followed():
    recorder = Recorder()
    downloads = install_engine.Downloads(recorder)
    assert not downloads.take("Downloading https://index.example/tensorflow-2.21.0-cp311-cp311-manylinux.whl (400.0 MB)")
    assert downloads.take("Progress 200000000 of 400000000")
    assert downloads.take("Progress 400000000 of 400000000")
    assert not downloads.take("Downloading scikit_learn-1.9.0-cp311-cp311-manylinux.whl (9 MB)")
    assert not downloads.take("Installing collected packages: a, b, c")
    assert recorder.doing == [
        "Downloading tensorflow 2.21.0",
        "Downloading tensorflow 2.21.0: 200 of 400 MB",
        "Downloading tensorflow 2.21.0: 400 of 400 MB",
        "Downloading scikit_learn 1.9.0",
        "Unpacking 3 packages",
    ]
    assert recorder.percents == [5 + 65 * 0.25, 5 + 65 * 0.5, 70]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "The disk is full"),
        ("WARNING: … NewConnectionError: [Errno -3] Temporary failure in name resolution", "The package index cannot be reached"),
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407'))", "The proxy refuses"),
        ("ERROR: Could not install requirement because of missing dependencies for SOCKS support.", "QGIS is set to a SOCKS proxy"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))", "The package index shows a certificate"),
        ("ERROR: Could not install packages due to an OSError: [WinError 5] Access is denied", "A file cannot be written"),
    ],
)
def test_the_cause_is_one_sentence(line, said):
    sentence = install_engine.cause(["Collecting numpy", line, "ERROR: No matching distribution found for numpy"])
    assert sentence.startswith(said)
    assert "\n" not in sentence and "{" not in sentence
    assert install_engine.cause(["ERROR: No matching distribution found for numpy"]) == ""


def test_two_at_once_are_refused(tmp_path):
    folder = tmp_path / "engine"
    with install_engine._alone(folder), pytest.raises(EngineError, match="Another installation .* is running"):
        install_engine.run(Recorder(), folder=str(folder), log=str(tmp_path / "log.txt"))
    assert not (tmp_path / "log.txt").exists()
    with install_engine._alone(folder):
        pass


def test_no_room_is_said_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(install_engine.shutil, "disk_usage", lambda _: type("Use", (), {"free": 10**9}))
    with pytest.raises(EngineError, match=r"only 1.0 GB are free; make room"):
        install_engine.run(Recorder(), folder=str(tmp_path / "engine"), log=str(tmp_path / "log.txt"))
    assert not (tmp_path / "engine").exists()
    assert "1 GB are free" in (tmp_path / "installation.log").read_text(encoding="utf-8")


def test_the_proxy_reaches_pip_and_no_log(tmp_path):
    log = (tmp_path / "log.txt").open("w", encoding="utf-8")
    proxy = "http://user:secret@proxy.example:3128"  # pragma: allowlist secret
    shell = install_engine._Shell(Recorder(), log, proxy)
    code = "import os; print(len(os.environ['HTTPS_PROXY']))"
    assert shell.run(sys.executable, ["-"], code) == [str(len(proxy))]
    assert "secret" not in (tmp_path / "log.txt").read_text(encoding="utf-8")


PARENT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import conftest
from scarp.engine.feedback import Feedback
from scarp.engine.tasks import install_engine
code = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
grandchild = "import os, time; open({!r}, 'w').write(str(os.getpid())); time.sleep(60)".format(sys.argv[2])
install_engine._Shell(Feedback(), open(sys.argv[2] + ".log", "w")).run(Path(sys.executable), ["-", grandchild], code)
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups of this kind")
def test_a_cancelled_installation_leaves_no_pip_running(tmp_path):
    told = tmp_path / "pid"
    test = str(install_engine.ROOT / "test")
    parent = subprocess.Popen([sys.executable, "-c", PARENT, test, str(told)])
    deadline = time.monotonic() + 30
    while not (told.exists() and told.read_text(encoding="utf-8")) and time.monotonic() < deadline:
        time.sleep(0.05)
    pid = int(told.read_text(encoding="utf-8"))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 2
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stream:  # noqa: PTH123
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
