# SPDX-License-Identifier: GPL-2.0-or-later
"""Carries out orders in a QGIS without a window: `python3 in_qgis.py PLUGIN < ORDERS`, one JSON object a line, and answers likewise.

An order runs algorithms: `runs` is a list of [algorithm, parameters], each in a thread of its own where `threads` is set; `cancel_after_s`
cancels a run at a moment. Of each comes back whether it succeeded, its words and its seconds; and of the process what it holds.
"""

import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.append("/usr/share/qgis/python/plugins")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import importlib.util

from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback, QgsProject
from qgis.PyQt.QtCore import Qt


def _plugin(root):
    spec = importlib.util.spec_from_file_location("scarp", root / "__init__.py", submodule_search_locations=[str(root)])
    module = importlib.util.module_from_spec(spec)
    sys.modules["scarp"] = module
    spec.loader.exec_module(module)
    return module.classFactory(None)


def _run(provider, name, parameters, cancel_after_s):
    """Run an algorithm; return whether it succeeded, what it told, and its seconds from its first word to its end."""
    feedback, context, heard = QgsProcessingFeedback(False), QgsProcessingContext(), threading.Event()
    context.setProject(QgsProject.instance())
    began = [time.monotonic()]

    def hear(_):
        if not heard.is_set():
            began[0] = time.monotonic()
            heard.set()

    feedback.progressChanged.connect(hear, Qt.ConnectionType.DirectConnection)

    def cancel():
        heard.wait(60)
        time.sleep(cancel_after_s)
        feedback.cancel()

    if cancel_after_s is not None:
        threading.Thread(target=cancel, daemon=True).start()
    results, ok = provider.algorithm(name).create().run(parameters, context, feedback, {}, False)
    told = feedback.textLog() if hasattr(feedback, "textLog") else ""
    return {"ok": ok, "results": sorted(results), "told": told, "seconds": time.monotonic() - began[0]}


def _held():
    """What this process holds: memory (MiB), handles, threads, and files in its temporary folders."""
    status = dict(line.split(":\t") for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    files = sum(1 for _ in Path(tempfile.gettempdir()).rglob("*"))
    return {
        "mib": int(status["VmRSS"].split()[0]) / 1024,
        "handles": len(list(Path("/proc/self/fd").iterdir())),
        "threads": int(status["Threads"]),
        "files": files,
    }


def main():
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    application = QgsApplication([], False)
    application.initQgis()
    from processing.core.Processing import Processing

    Processing.initialize()
    plugin = _plugin(Path(sys.argv[1]))
    plugin.initProcessing()
    provider = QgsApplication.processingRegistry().providerById("scarp")
    for line in sys.stdin:
        order = json.loads(line)
        runs, cancel = order["runs"], order.get("cancel_after_s")
        told = [None] * len(runs)

        def carry_out(number, told=told, runs=runs, cancel=cancel):
            try:
                told[number] = _run(provider, *runs[number], cancel)
            except Exception as error:
                told[number] = {"ok": False, "told": str(error), "results": [], "seconds": 0}

        if order.get("threads"):
            threads = [threading.Thread(target=carry_out, args=(number,)) for number in range(len(runs))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        else:
            for number in range(len(runs)):
                carry_out(number)
        answers.write(json.dumps({"runs": told, "held": _held()}) + "\n")
        answers.flush()
    answers.close()
    os._exit(0)


main()
