# SPDX-License-Identifier: GPL-2.0-or-later
"""What belongs to one map among all that was written: by the hashes that manifests tell, else by names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback
from ..files.opening import shortened
from ..reporting.page import listed
from .runs import TITLES, Digests, Run, is_of, is_there, name_of, runs_in

# The parts of a project: the parameter that gives each, and the tasks and outputs that make it.
MADE_BY: Mapping[str, tuple[tuple[str, str], ...]] = {
    "covariates": (("prepare_covariates", "output"),),
    "screening": (("screen_covariates", "output"),),
    "samples": (("sample_cells", "output"),),
    "model": (("train_cnn_dnn", "model"), ("benchmark_classifiers", "model"), ("finetune_model", "output")),
    "benchmark": (("benchmark_classifiers", "output"),),
    "susceptibility": (("map_susceptibility", "output"),),
    "uncertainty": (("map_susceptibility", "uncertainty"),),
    "applicability": (("map_susceptibility", "applicability"),),
    "classes": (("classify_susceptibility", "output"),),
    "class_table": (("classify_susceptibility", "table"),),
    "validation": (("validate_map", "output"),),
    "explanation": (("explain_model", "output"),),
    "zones": (("zonal_susceptibility", "output"),),
}
# What each part was made from: the input of its task, and the part that it has to be.
_FROM = {
    "screening": ("covariates", "covariates"),
    "samples": ("covariates", "covariates"),
    "benchmark": ("covariates", "covariates"),
    "classes": ("susceptibility", "susceptibility"),
    "validation": ("susceptibility", "susceptibility"),
    "zones": ("susceptibility", "susceptibility"),
    "explanation": ("model", "model"),
}
_TOLD = {
    "covariates": "covariate stack",
    "model": "model file",
    "susceptibility": "susceptibility map",
    "samples": "sample cells",
    "screening": "screening",
    "benchmark": "benchmark",
    "classes": "classes",
    "validation": "validation",
    "explanation": "explanation",
    "zones": "zones",
}


@dataclass
class Project:
    """The files of a project and the runs that made them.

    Parameters
    ----------
    files
        Each part's file, as a task names it.
    runs
        The run that made each part, where a manifest tells it.
    inventory
        The landslides; None where they are not known or no more there.
    held_out
        Other landslides, which took no part in the training and tested the model or the map; None where no run tells of any.
    is_learnt, is_counted_learnt
        Whether the map was made from the landslides of `inventory`, and from those that the classes count, as far as runs tell.
    notes
        Sentences on what was chosen and what was left out.
    """

    files: dict[str, str] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    inventory: str | None = None
    held_out: str | None = None
    is_learnt: bool = False
    is_counted_learnt: bool = False
    notes: list[str] = field(default_factory=list)

    def run(self, part: str) -> Run | None:
        """Return the run that made a part."""
        return self.runs.get(part)

    def result(self, part: str, key: str, kind: type, default: Any = None) -> Any:
        """Return what came of a run, if it is of this type."""
        run = self.runs.get(part)
        value = run.results.get(key) if run else None
        return value if isinstance(value, kind) else default


def find_project(folder: str | None, given: Mapping[str, str | None], inventory: str | None, feedback: Feedback) -> Project:
    """Return what belongs together: the map, the model and covariates it came from, and what was made of them.

    Parameters
    ----------
    folder
        Where to look for what was not given; None: only beside what was.
    given
        The files of some parts, as tasks name them.
    inventory
        The landslides; None: those that the runs read.

    Raises
    ------
    EngineError
        If there is neither a map nor a model.
    """
    wanted = {part: source for part, source in given.items() if source}
    places = {Path(Source.parse(source).path).parent: False for source in wanted.values()}
    if folder:
        places = {Path(folder): True}
    runs = [
        run for place, below in places.items() if below or is_there(place, folder=True) for run in runs_in(place, feedback, below=below)
    ]
    project = Project()
    finder = _Finder(project, runs, wanted, is_open=bool(folder))
    finder.find()
    if not {"susceptibility", "model"} & set(project.files):
        where = f"The folder {folder} holds" if folder else "There is"
        raise EngineError(
            f"{where} neither a susceptibility map nor a model file that a run manifest (.run.json) tells of; give the map "
            "(SUSCEPTIBILITY) or the model (MODEL), or the folder in which “Map susceptibility” wrote."
        )
    project.inventory = inventory or finder.inventory()
    project.is_learnt = finder.is_learnt(project.inventory)
    classes = project.run("classes")
    project.is_counted_learnt = finder.is_learnt(classes.source("inventory") if classes else None)
    project.held_out = finder.held_out()
    finder.tell_what_was_too_large()
    return project


class _Finder:
    """Fills a project, part after part."""

    def __init__(self, project: Project, runs: list[Run], given: Mapping[str, str], *, is_open: bool) -> None:
        self._project, self._runs, self._given, self._is_open = project, runs, given, is_open
        self._digests = Digests()

    def find(self) -> None:
        """Find the map first, then what it came from, then what was made of it."""
        self._take("susceptibility")
        for part in ("uncertainty", "applicability"):
            self._take_of(part, "susceptibility")
        mapped = self._project.run("susceptibility")
        self._take("model", mapped)
        trained = self._project.run("model")
        self._take("covariates", mapped or trained)
        for part in _FROM:
            self._take(part)
        self._take_of("class_table", "classes")

    def inventory(self) -> str | None:
        """Return the landslides that the runs read: those that cells were drawn from, else those of training, benchmark or screening."""
        for part in ("samples", "model", "benchmark", "screening", "explanation", "validation"):
            run = self._project.run(part)
            if run is None or run.parameters.get("label_field") or not run.parameters.get("inventory"):
                continue
            source = run.source("inventory")
            if source is None:
                self._note(f"The inventory {run.read('inventory')} that {TITLES[run.task]} read is not where it was; give it (INVENTORY).")
                return None
            if is_of(run, "inventory", source, self._digests) is None:
                self._note(f"The inventory {run.read('inventory')} has changed since {TITLES[run.task]} read it; today's is told of.")
            return source
        return None

    def is_learnt(self, inventory: str | None) -> bool:
        """Tell whether the map was made from these landslides, as far as runs tell."""
        runs = [run for part in ("samples", "model") if (run := self._project.run(part))]
        validated = self._project.run("validation")
        if validated and validated.parameters.get("role") == "training":
            runs.append(validated)
        read = [(run, "inventory") for run in runs if not run.parameters.get("label_field")]
        if validated and validated.parameters.get("training_inventory"):
            read.append((validated, "training_inventory"))
        return bool(inventory) and any(is_of(run, key, str(inventory), self._digests) for run, key in read)

    def held_out(self) -> str | None:
        """Return the landslides that took no part: the test inventory of the training, else what tested the map in that role."""
        trained, tested = self._project.run("model"), self._project.run("validation")
        if trained and (source := trained.source("test_inventory")):
            return source
        if tested is None or tested.parameters.get("label_field"):
            return None
        # Beside an inventory that the map was made from, those of unknown role are held out.
        role = tested.parameters.get("role", "unknown")
        is_test = role == "held_out" or (role == "unknown" and bool(tested.parameters.get("training_inventory")))
        return tested.source("inventory") if is_test else None

    def tell_what_was_too_large(self) -> None:
        """Note which files count by their names alone."""
        if names := [shortened(name) for name in self._digests.passed_over]:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            self._note(
                f"Too large to be read for a hash, so taken by name for what the run manifests tell of: {', '.join(names[:3])}{more}. "
                "Whether they have changed since was not looked at."
            )

    def _note(self, sentence: str) -> None:
        self._project.notes.append(sentence)

    def _candidates(self, part: str) -> list[tuple[Run, Path]]:
        """Return the runs that made such a part and its file, the newest first."""
        made = [(run, run.output(key)) for run in self._runs for task, key in MADE_BY[part] if run.task == task]
        return [(run, path) for run, path in made if path]

    def _take(self, part: str, user: Run | None = None) -> None:
        """Take a part: the file that was given, else the newest that belongs to what was taken before.

        Parameters
        ----------
        user
            A run that read it, and so tells which one it is.
        """
        if part in self._given:
            self._take_given(part)
            return
        if not self._is_open:
            return
        judged = [(run, path, self._belongs(part, run, path, user)) for run, path in self._candidates(part)]
        fitting, outdated = ([(run, path) for run, path, verdict in judged if verdict is each] for each in (True, None))
        if not fitting:
            self._without(part, user, outdated)
            return
        run, path = fitting[0]
        self._project.files[part], self._project.runs[part] = str(path), run
        if len(fitting) > 1:
            names = listed([each.name for _, each in fitting[1:4]])
            more = f" and {len(fitting) - 4} more" if len(fitting) > 4 else ""
            self._note(
                f"Of {len(fitting)} files of the part “{_TOLD[part]}” the newest, {path.name}, is reported; left out: {names}{more}. Give "
                f"the other ({part.upper()}) to report it."
            )

    def _without(self, part: str, user: Run | None, outdated: list[tuple[Run, Path]]) -> None:
        """Tell what is out of date; without a manifest, take the file that a run read."""
        if outdated and part in _FROM:
            run, path = outdated[0]
            self._note(f"{path.name} is left out: its {_TOLD[_FROM[part][1]]} has been written anew since. Run {TITLES[run.task]} again.")
        elif outdated and user:
            name = outdated[0][1].name
            self._note(f"{name} has been written anew since {TITLES[user.task]} read it, so it is left out. Run {TITLES[user.task]} again.")
        elif user and (source := user.source(part)) and is_of(user, part, source, self._digests):
            self._project.files[part] = source

    def _take_given(self, part: str) -> None:
        source = self._given[part]
        self._project.files[part] = source
        name = name_of(source)
        for run, path in self._candidates(part):
            if path.name == name and path.resolve() == Path(Source.parse(source).path).resolve():
                self._project.runs[part] = run
                verdict = self._belongs(part, run, path, None)
                if not verdict and part in _FROM:
                    self._note(f"{name} was given, though it was made from another {_TOLD[_FROM[part][1]]}.")
                return

    def _take_of(self, part: str, other: str) -> None:
        """Take a part that the same run wrote as another one."""
        run = self._project.run(other)
        if part in self._given:
            self._project.files[part] = self._given[part]
        elif run and (path := run.output(part if part in ("uncertainty", "applicability") else "table")):
            self._project.files[part] = str(path)
        if run and part in self._project.files:
            self._project.runs[part] = run

    def _belongs(self, part: str, run: Run, path: Path, user: Run | None) -> bool | None:
        """Tell whether a part belongs to what was taken before; None where it did, and is out of date."""
        if user:
            return is_of(user, part, str(path), self._digests)
        if part == "samples":
            return self._was_learnt(path)
        if part not in _FROM:
            return True
        key, other = _FROM[part]
        source = self._project.files.get(other)
        if source is None:
            return other == "covariates"
        return is_of(run, key, source, self._digests, self._told(other))

    def _told(self, part: str) -> Any:
        """Return the hash of the covariates as the run that read them tells it: they may be too large to be read for it."""
        if part != "covariates":
            return None
        for user in ("susceptibility", "model"):
            run = self._project.run(user)
            if run and run.inputs.get("covariates") is not None:
                return run.inputs["covariates"]
        return None

    def _was_learnt(self, path: Path) -> bool | None:
        """Tell whether these sample cells are those that the model learnt from; True where that is not known."""
        run = self._project.run("model")
        return True if run is None else is_of(run, "inventory", str(path), self._digests)
