# SPDX-License-Identifier: GPL-2.0-or-later
"""The window “Scarp”: the state of the engine with a button that installs it, and a first map from one click."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from processing.gui.Postprocessing import handleAlgorithmResults
from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
)
from qgis.PyQt.QtCore import QStandardPaths, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ..algorithms.translation import tr
from .diagnostics import engine_state
from .first_map import OUTPUTS, Steps, steps

# The landscape of the first map, small enough for a few minutes on two cores.
LANDSCAPE = {"SIZE": 256, "CELL_SIZE": 30, "LANDSLIDES": 600, "SEED": 1}
# Where each step of the first map ends in the progress bar; the last one makes the map and shows it.
_ENDS = (0, 15, 35, 100)


class Told(QgsProcessingFeedback):
    """Feedback that tells what is being done by a signal, since tasks run in other threads."""

    told = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__(False)
        self.error = ""

    def setProgressText(self, text: str) -> None:  # noqa: N802
        """Tell what is being done."""
        self.told.emit(text)

    def pushInfo(self, text: str) -> None:  # noqa: N802
        """Tell a line of the log too."""
        self.told.emit(text)

    def reportError(self, error: str, fatalError: bool = False) -> None:  # noqa: N802, N803
        """Keep the last error."""
        self.error = error


class StartWindow(QDialog):
    """Runs algorithms one after the other in the background, with progress and Cancel."""

    engine_ready = pyqtSignal()
    own_data_wanted = pyqtSignal()

    def __init__(self, parent: QWidget | None, iface: Any) -> None:
        super().__init__(parent)
        self._iface = iface
        self._feedback: Told | None = None
        self._kept: list[Any] = []
        self.setWindowTitle("Scarp")
        self.setMinimumWidth(520)
        self.state = self._label()
        self.install = QPushButton(tr("Install the engine (about 4 GB)"))
        self.install.clicked.connect(lambda *_: self.install_engine())
        self.first = QPushButton(tr("Make a first map (a few minutes)"))
        self.first.clicked.connect(lambda *_: self.make_first_map())
        self.own = QPushButton(tr("Start with my own data…"))
        self.own.clicked.connect(lambda *_: self.own_data_wanted.emit())
        self.bar = QProgressBar()
        self.doing = self._label()
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.clicked.connect(lambda *_: self.stop())
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.close)
        below = QHBoxLayout()
        below.addStretch()
        below.addWidget(self.cancel)
        below.addWidget(close)
        layout = QVBoxLayout(self)
        for each in (self.state, self.install, self.first, self.own, self.bar, self.doing):
            layout.addWidget(each)
        layout.addStretch()
        layout.addLayout(below)
        self.refresh()

    @staticmethod
    def _label() -> QLabel:
        label = QLabel()
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        label.setOpenExternalLinks(True)
        return label

    def refresh(self) -> None:
        """Show the state of the engine, and what can be clicked."""
        ready, state = engine_state()
        busy = self._feedback is not None
        self.state.setText(state)
        self.install.setVisible(not ready)
        self.install.setEnabled(not busy)
        self.first.setEnabled(ready and not busy)
        self.own.setEnabled(ready)
        self.cancel.setVisible(busy)
        self.bar.setVisible(busy)
        if ready:
            self.engine_ready.emit()

    def stop(self) -> None:
        """Cancel what runs."""
        if self._feedback is not None:
            self._feedback.cancel()

    def install_engine(self) -> None:
        """Install the engine; then say what comes next."""
        self._begin()
        self._run(
            "scarp:installengine", {"LOG": QgsProcessing.TEMPORARY_OUTPUT}, 0, 100, lambda _: self._end(tr("Ready: make a first map now."))
        )

    def make_first_map(self) -> None:
        """Make a sample landscape, its covariates, and the map of it, and show the map."""
        if not self.first.isEnabled():
            self.doing.setText(tr("Install the engine first."))
            return
        self._begin()
        folder = free_folder()
        self._step(folder, steps(LANDSCAPE, folder), None)

    def _step(self, folder: Path, left: Steps, made: dict[str, Any] | None, number: int = 0) -> None:
        """Take the next step, which is sent what the one before `made`; show the map after the last one."""
        try:
            name, values = left.send(made)  # type: ignore[arg-type]  # the first is sent None
        except StopIteration:
            self._show(folder)
            return
        is_last = number == len(_ENDS) - 2
        if is_last:
            for each in ("susceptibility", "susceptibility_classes"):
                values[each] = QgsProcessingOutputLayerDefinition(values[each], QgsProject.instance())
        self._run(name, values, _ENDS[number], _ENDS[number + 1], lambda found: self._step(folder, left, found, number + 1), show=is_last)

    def _show(self, folder: Path) -> None:
        report, place = (f'<a href="{path.as_uri()}">{escape(path.name)}</a>' for path in (folder / OUTPUTS["report"], folder))
        self._end(
            tr("Your first map is in the window. The report {} tells how good it is; all files are in the folder {}.").format(report, place)
        )
        if self._iface is not None:
            self._iface.mapCanvas().zoomToFullExtent()

    def _begin(self) -> None:
        self._feedback = Told()
        self._feedback.told.connect(self.doing.setText)
        self.bar.setValue(0)
        self.refresh()

    def _run(
        self,
        name: str,
        values: dict[str, Any],
        start: float,
        end: float,
        then: Callable[[dict[str, Any]], None],
        *,
        show: bool = True,
    ) -> None:
        """Run an algorithm in the background; progress goes from `start` to `end`, and `then` takes the results."""
        context = QgsProcessingContext()
        if show:
            context.setProject(QgsProject.instance())
        feedback = Told()
        feedback.told.connect(self.doing.setText)
        feedback.progressChanged.connect(lambda percent: self.bar.setValue(int(start + (end - start) * percent / 100)))
        self._feedback = feedback
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(name)
        task = QgsProcessingAlgRunnerTask(algorithm, values, context, feedback)

        def done(well: bool, results: dict[str, Any]) -> None:
            if feedback.isCanceled():
                self._end(tr("Cancelled."))
            elif not well:
                self._end(feedback.error or tr("It failed; “Copy diagnostics” in the menu Scarp has the details."))
            else:
                if show:
                    handleAlgorithmResults(algorithm, context, feedback, values)
                then(results)

        task.executed.connect(done)
        self._kept = [context, feedback, algorithm, task]
        QgsApplication.taskManager().addTask(task)

    def _end(self, text: str) -> None:
        self._feedback = None
        self.refresh()
        self.doing.setText(text)


def free_folder() -> Path:
    """Return a folder for the first map that does not exist yet, among the user's documents."""
    documents = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation) or Path.home())
    names = ("Scarp first map" if number == 1 else f"Scarp first map {number}" for number in range(1, 10**6))
    return next(documents / name for name in names if not (documents / name).exists())
