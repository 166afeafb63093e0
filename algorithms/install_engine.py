# SPDX-License-Identifier: GPL-2.0-or-later
"""Install or repair the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from qgis.core import (
    QgsNetworkAccessManager,
    QgsProcessingContext,
    QgsProcessingFeedback,
)
from qgis.PyQt.QtNetwork import QNetworkProxy

from ..engine.environment import environment_folder
from .base import ScarpAlgorithm
from .bridge import own_python, run_with


class InstallEngine(ScarpAlgorithm):
    """Make the worker's Python environment, apart from QGIS's own Python."""

    ID = "installengine"
    TITLE = "Install or repair the engine"
    GROUP = "setup"
    TAGS = "install repair upgrade engine tensorflow environment pip"
    TASK = "install_engine"
    HELP = (
        "Makes the Python environment that Scarp computes in (TensorFlow, scikit-learn and more), with pip, in your user folder. "
        "QGIS's own Python stays as it is. Run it once after installing the plugin; run it again to repair a "
        "damaged or interrupted installation. It needs about 4 GB of disk and a connection to a Python "
        "package index; the proxy that QGIS is set to, and pip's own settings (index, proxy, certificates), are respected."
    )

    def canExecute(self) -> tuple[bool, str]:
        return True, ""

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        values = self.task_values(parameters, context, feedback)
        python = Path(values.pop("python") or own_python())
        result = run_with(python, self.TASK, {**values, "folder": str(environment_folder()), "proxy": proxy()}, feedback)
        return {"LOG": result["log"]} if result else {}


def proxy() -> str | None:
    """Return the address of the proxy that QGIS is set to, if it is; pip finds that of the system by itself."""
    network = QgsNetworkAccessManager.instance()
    schemes = {QNetworkProxy.ProxyType.HttpProxy: "http", QNetworkProxy.ProxyType.Socks5Proxy: "socks5"}
    chosen = network.fallbackProxy()
    if network.useSystemProxy() or chosen.type() not in schemes or not chosen.hostName():
        return None
    user = f"{quote(chosen.user(), '')}:{quote(chosen.password(), '')}@" if chosen.user() else ""
    return f"{schemes[chosen.type()]}://{user}{chosen.hostName()}:{chosen.port()}"
