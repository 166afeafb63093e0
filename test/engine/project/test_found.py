# SPDX-License-Identifier: GPL-2.0-or-later
"""What belongs to one map: by hashes, names and time."""

import ast
import json
import shutil
from pathlib import Path

import pytest
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.manifest import hashes, write_manifests
from scarp.engine.project import found as finding
from scarp.engine.project import runs
from scarp.engine.project.found import MADE_BY, find_project
from scarp.engine.project.runs import TITLES, Digests, is_of, runs_in

PARTS = {"covariates", "screening", "samples", "model", "susceptibility", "classes", "class_table", "validation", "explanation"}
ROOT = Path(__file__).resolve().parents[3]


class Told(Feedback):
    def __init__(self):
        self.warnings = []

    def warning(self, text):
        self.warnings.append(text)


def find(folder=None, given=None, inventory=None):
    return find_project(str(folder) if folder else None, given or {}, inventory, Told())


def rewrite(path, **changed):
    """Change what a manifest tells."""
    path = Path(f"{path}.run.json")
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changed}), encoding="utf-8")


def test_algorithms_are_called_as_in_the_toolbox():
    titles = {}
    for path in (ROOT / "algorithms").glob("*.py"):
        names = {
            node.targets[0].id: node.value.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant)
        }
        if "TASK" in names:
            titles[names["TASK"]] = names["TITLE"]
    assert {task: titles[task] for task in TITLES} == dict(TITLES)
    assert {task for parts in MADE_BY.values() for task, _ in parts} <= set(TITLES)


def test_all_of_a_project_is_found_where_it_was_moved_to(project):
    found = find(project)
    assert set(found.files) == PARTS
    assert {Path(path).parent for part, path in found.files.items() if part != "covariates"} == {project}
    assert found.notes == []
    assert {part: run.task for part, run in found.runs.items() if part in ("model", "validation", "class_table")} == {
        "model": "train_cnn_dnn",
        "validation": "validate_map",
        "class_table": "classify_susceptibility",
    }
    # That of the sample cells, not the sample cells themselves.
    assert Path(found.inventory.partition("|")[0]).name == "landslides.gpkg"


def test_outputs_in_a_folder_below_are_found_and_hidden_ones_are_not(project, tmp_path):
    above = tmp_path / "above"
    above.mkdir()
    shutil.move(project, above / "below")
    assert set(find(above).files) == PARTS
    shutil.move(above / "below", above / ".hidden")
    with pytest.raises(EngineError, match=r"holds neither a susceptibility map nor a model file that a run manifest"):
        find(above)


def test_of_two_maps_the_newest_is_taken_and_both_are_named(project):
    for end in ("", ".run.json"):
        shutil.copy(project / f"susceptibility.tif{end}", project / f"older.tif{end}")
    older = json.loads((project / "older.tif.run.json").read_text(encoding="utf-8"))
    older["parameters"]["output"] = str(project / "older.tif")
    rewrite(project / "older.tif", parameters=older["parameters"], written="2020-01-01T00:00:00+00:00")
    found = find(project)
    assert Path(found.files["susceptibility"]).name == "susceptibility.tif"
    assert found.notes == [
        "Of 2 files of the part “susceptibility map” the newest, susceptibility.tif, is reported; left out: older.tif. Give the other "
        "(SUSCEPTIBILITY) to report it."
    ]
    rewrite(project / "older.tif", written="2100-01-01T00:00:00+00:00")
    assert Path(find(project).files["susceptibility"]).name == "older.tif"
    given = find(project, {"susceptibility": str(project / "susceptibility.tif")})
    assert Path(given.files["susceptibility"]).name == "susceptibility.tif"
    assert given.notes == []


def test_what_was_made_from_a_map_that_has_changed_is_left_out_and_named(project):
    (project / "susceptibility.tif").write_bytes((project / "map.tif").read_bytes())
    found = find(project)
    assert not {"classes", "class_table", "validation"} & set(found.files)
    assert found.notes == [
        "susceptibility_classes.tif is left out: its susceptibility map has been written anew since. Run Classify susceptibility again.",
        "validation.gpkg is left out: its susceptibility map has been written anew since. Run Validate susceptibility map again.",
    ]


def test_a_model_that_was_trained_anew_is_not_that_of_the_map(project):
    with (project / "model.scarp").open("ab") as stream:
        stream.write(b"0")
    found = find(project)
    assert "model" not in found.files
    assert (
        "model.scarp has been written anew since Map susceptibility read it, so it is left out. Run Map susceptibility again."
        in found.notes
    )
    assert "explanation" not in found.files


def test_what_belongs_to_another_map_is_left_out(project):
    told = json.loads((project / "validation.gpkg.run.json").read_text(encoding="utf-8"))
    told["parameters"]["susceptibility"] = "/elsewhere/other.tif"
    rewrite(project / "validation.gpkg", parameters=told["parameters"], inputs_sha256={"susceptibility": "ab12"})
    found = find(project)
    assert "validation" not in found.files
    assert found.notes == []


def test_files_one_by_one_without_manifests(project, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(project / "susceptibility.tif", alone)
    given = {"susceptibility": str(alone / "susceptibility.tif"), "screening": str(project / "screening.csv")}
    found = find(None, given)
    assert found.files == given
    assert set(found.runs) == {"screening"}
    assert Path(find(None, given, "slides.gpkg").inventory).name == "slides.gpkg"


def test_an_inventory_that_is_gone_or_changed_is_told(project, made):
    manifest = project / "drawn.gpkg.run.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    rewrite(project / "drawn.gpkg", inputs_sha256={**told["inputs_sha256"], "inventory": "ab12"})
    found = find(project)
    assert found.inventory == made["landslides"]
    assert found.notes == [
        "The inventory landslides.gpkg has changed since Sample landslide and non-landslide cells read it; today's is told of."
    ]
    rewrite(project / "drawn.gpkg", parameters={**told["parameters"], "inventory": "/gone/slides.gpkg|layername=a"})
    found = find(project)
    assert found.inventory is None
    sentence = "The inventory slides.gpkg that Sample landslide and non-landslide cells read is not where it was; give it (INVENTORY)."
    assert found.notes == [sentence]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[1, 2]",
        '{"task": 3}',
        '{"task": "map_susceptibility"}',
        '{"task": "other", "parameters": {}}',
        "{" * 100_000,
        '{"task": "map_susceptibility", "parameters": [1]}',
    ],
)
def test_what_is_no_manifest_is_passed_over_with_a_warning(tmp_path, content):
    (tmp_path / "a.tif.run.json").write_text(content, encoding="utf-8")
    told = Told()
    assert runs_in(tmp_path, told) == []
    assert told.warnings == ["No run manifest that this version of Scarp knows, so passed over: a.tif.run.json."]


def test_a_hostile_manifest_names_nothing_that_is_opened(tmp_path):
    parameters = {"output": "/dev/zero", "model": "m|band=x", "covariates": {"a": 1}, "other": "x", "scheduler": "a\0b"}
    told = {"task": "map_susceptibility", "parameters": parameters, "settings": [1], "results": 3, "written": {"a": 1}, "versions": None}
    (tmp_path / "a.tif.run.json").write_text(json.dumps(told), encoding="utf-8")
    (run,) = runs_in(tmp_path, Feedback())
    assert set(run.parameters) == {"output", "covariates", "scheduler"}
    assert run.output("output") is None
    assert run.source("covariates") is None
    assert (run.settings, run.results, run.versions, run.inputs) == ({}, {}, {}, {})
    with pytest.raises(EngineError, match=r"neither a susceptibility map nor a model file"):
        find(tmp_path)


def test_no_folder_is_told(tmp_path):
    with pytest.raises(EngineError, match=r"The folder .* cannot be read \(No such file or directory\); give the folder of a project."):
        find(tmp_path / "none")


def test_hashes_decide_and_names_where_there_are_none(project):
    run = next(each for each in runs_in(project, Feedback()) if each.task == "map_susceptibility")
    digests = Digests()
    assert is_of(run, "model", str(project / "model.scarp"), digests) is True
    shutil.copy(project / "model.scarp", project / "copy.scarp")
    assert is_of(run, "model", str(project / "copy.scarp"), digests) is True
    (project / "other").mkdir()
    (project / "other" / "model.scarp").write_text("another")
    assert is_of(run, "model", str(project / "other" / "model.scarp"), digests) is None
    (project / "third.scarp").write_text("another")
    assert is_of(run, "model", str(project / "third.scarp"), digests) is False
    assert is_of(run, "model", "/gone/model.scarp", digests) is True
    assert is_of(run, "model", "/gone/third.scarp", digests) is False


def test_a_copy_that_qgis_made_goes_by_its_file(project):
    """Its bytes differ from those of its file; those of two copies tell whether the file changed."""
    (project / "layer0.fgb").write_text("as QGIS wrote it")
    (project / "layer1.fgb").write_text("as QGIS wrote it later")
    copy, later = (f"{project}/layer{number}.fgb|name=slides|of=/data/slides.shp" for number in (0, 1))
    told = {"task": "sample_cells", "parameters": {"inventory": copy}, "inputs_sha256": hashes({"inventory": copy})}
    (project / "cells.gpkg.run.json").write_text(json.dumps(told), encoding="utf-8")
    run = next(each for each in runs_in(project, Feedback()) if each.parameters.get("inventory") == copy)
    assert run.read("inventory") == "slides.shp"
    assert is_of(run, "inventory", "/elsewhere/slides.shp", Digests()) is True
    assert is_of(run, "inventory", "/data/other.shp", Digests()) is False
    assert is_of(run, "inventory", copy, Digests()) is True
    assert is_of(run, "inventory", later, Digests()) is None
    assert run.source("inventory") is None, "neither is there any more"
    (project / "slides.shp").write_text("the file itself")
    assert run.source("inventory") == f"{project}/slides.shp|name=slides", "beside the manifest"


def test_what_is_too_large_to_be_hashed_counts_by_its_name_and_is_told_once(project):
    """A manifest of others may name any file; what is read for hashes has an end."""
    run = next(each for each in runs_in(project, Feedback()) if each.task == "map_susceptibility")
    (project / "other").mkdir()
    (project / "other" / "model.scarp").write_text("a large one")
    digests = Digests(10)
    for _ in range(2):
        assert is_of(run, "model", str(project / "other" / "model.scarp"), digests) is True
    assert digests.passed_over == ["model.scarp"]
    (project / "small.scarp").write_text("small")
    assert is_of(run, "model", str(project / "small.scarp"), digests) is False  # 5 bytes of 10
    (project / "more.scarp").write_text("larger")
    assert is_of(run, "model", str(project / "more.scarp"), digests) is False
    assert digests.passed_over == ["model.scarp", "more.scarp"]


def test_a_run_that_tells_no_hash_has_none_computed(project):
    rewrite(project / "susceptibility.tif", inputs_sha256={})
    run = next(each for each in runs_in(project, Feedback()) if each.task == "map_susceptibility")
    digests = Digests(0)
    assert is_of(run, "model", str(project / "model.scarp"), digests) is True
    assert digests.passed_over == []


def write_manifest(path, **told):
    """Write the manifest of a map, or of what else is told."""
    path.write_text(
        json.dumps({"task": "map_susceptibility", "parameters": {"output": path.name[: -len(".run.json")]}, **told}), encoding="utf-8"
    )


def test_a_run_is_told_once_the_newest_first_and_reports_of_projects_are_none(tmp_path):
    written = {"a": "2026-01-01", "b": "2026-03-01", "c": "2026-02-01"}
    for name, day in written.items():
        write_manifest(tmp_path / f"{name}.tif.run.json", written=day)
    shutil.copy(tmp_path / "a.tif.run.json", tmp_path / "a_uncertainty.tif.run.json")  # beside its other output
    write_manifest(tmp_path / "r.html.run.json", task="project_report", parameters={"report": "r.html"})
    assert [run.written for run in runs_in(tmp_path, Feedback())] == ["2026-03-01", "2026-02-01", "2026-01-01"]


@pytest.mark.parametrize(("limit", "most"), [("_MOST_RUNS", 1), ("_MOST_BYTES_OF_ALL", 100)])
def test_a_folder_of_too_much_is_refused(tmp_path, monkeypatch, limit, most):
    for name in "ab":
        write_manifest(tmp_path / f"{name}.tif.run.json")
    assert len(runs_in(tmp_path, Feedback())) == 2
    monkeypatch.setattr(runs, limit, most)
    with pytest.raises(EngineError, match="has 2 run manifests of 0.0 MB together; give the folder of one project"):
        runs_in(tmp_path, Feedback())


def test_what_is_too_large_for_a_manifest_is_not_read(tmp_path, monkeypatch):
    write_manifest(tmp_path / "a.tif.run.json")
    monkeypatch.setattr(runs, "_MOST_BYTES", 50)
    told = Told()
    assert runs_in(tmp_path, told) == [] and len(told.warnings) == 1


def test_of_many_that_are_no_manifests_three_are_named(tmp_path):
    for name in "abcde":
        (tmp_path / f"{name}.run.json").write_text("no", encoding="utf-8")
    told = Told()
    runs_in(tmp_path, told)
    assert told.warnings[0].endswith("passed over: a.run.json, b.run.json, c.run.json and 2 more.")


def test_a_layer_beside_its_manifest_is_still_that_layer(tmp_path):
    (tmp_path / "slides.gpkg").write_text("x", encoding="utf-8")
    write_manifest(tmp_path / "a.gpkg.run.json", task="sample_cells", parameters={"inventory": "/gone/slides.gpkg|layername=of 2019"})
    (run,) = runs_in(tmp_path, Feedback())
    assert run.source("inventory") == f"{tmp_path / 'slides.gpkg'}|layername=of 2019" and run.source("covariates") is None


def test_an_output_beside_its_manifest_counts_before_that_at_its_old_place(tmp_path):
    """A folder that was copied tells of its own files."""
    old, new = tmp_path / "old", tmp_path / "new"
    for place in (old, new):
        place.mkdir()
        (place / "map.tif").write_text("x", encoding="utf-8")
    write_manifest(new / "map.tif.run.json", parameters={"output": str(old / "map.tif")})
    (run,) = runs_in(new, Feedback())
    assert run.output("output") == new / "map.tif"
    (new / "map.tif").unlink()
    assert run.output("output") == old / "map.tif"


@pytest.fixture
def ran(tmp_path):
    """Write an output that holds its name alone, and the manifest of a run that read what was asked for; the first one is the newest."""
    times = iter(range(59, 0, -1))

    def run(task, name, key="output", *, results=None, **asked):
        path = tmp_path / name
        path.write_text(name, encoding="utf-8")
        write_manifests([str(path)], task, {**asked, key: str(path)}, 1.0, results=results)
        rewrite(path, written=f"2026-01-01T00:00:{next(times):02}+00:00")
        return str(path)

    return run


def test_covariates_are_those_of_the_map_and_not_those_of_the_training(ran, tmp_path):
    trained_on, mapped = ran("prepare_covariates", "trained.tif"), ran("prepare_covariates", "mapped.tif")
    model = ran("train_cnn_dnn", "m.scarp", "model", covariates=trained_on)
    ran("map_susceptibility", "map.tif", covariates=mapped, model=model)
    assert find(tmp_path).files["covariates"] == mapped
    (tmp_path / "map.tif.run.json").unlink()
    assert find(tmp_path).files["covariates"] == trained_on, "no map, so those of the model"


@pytest.mark.parametrize(("task", "key"), [("benchmark_classifiers", "model"), ("finetune_model", "output"), ("train_cnn_dnn", "model")])
def test_a_model_may_come_of_any_of_three(ran, tmp_path, task, key):
    model = ran(task, "m.scarp", key)
    assert find(tmp_path).files == {"model": model}


def test_landslides_are_an_inventory_and_not_labelled_cells(ran, tmp_path):
    slides, cells = tmp_path / "slides.gpkg", tmp_path / "cells.gpkg"
    for each in (slides, cells):
        each.write_text(each.name, encoding="utf-8")
    ran("train_cnn_dnn", "m.scarp", "model", inventory=str(cells), label_field="landslide")
    ran("validate_map", "v.csv", inventory=str(cells), label_field="landslide", role="held_out")
    screening = ran("screen_covariates", "s.csv", inventory=str(slides))
    given = {"screening": screening}
    found = find(tmp_path, given)
    assert found.inventory == str(slides)
    assert not found.is_learnt and not find(tmp_path, given, str(cells)).is_learnt, "cells are no landslides that were learnt from"


def test_what_screening_and_sampling_read_needs_not_be_there_any_more(ran, tmp_path):
    stack = ran("prepare_covariates", "stack.tif")
    screening = ran("screen_covariates", "s.csv", covariates=stack)
    ran("train_cnn_dnn", "m.scarp", "model", covariates=stack)
    for each in ("stack.tif", "stack.tif.run.json"):
        (tmp_path / each).unlink()
    assert find(tmp_path).files["screening"] == screening


def test_sample_cells_are_those_that_the_model_learnt_from(ran, tmp_path):
    ran("sample_cells", "newer.gpkg")
    learnt = ran("sample_cells", "learnt.gpkg")
    ran("train_cnn_dnn", "m.scarp", "model", inventory=learnt, label_field="landslide")
    found = find(tmp_path)
    assert found.files["samples"] == learnt and found.notes == []


def test_a_stack_too_large_to_be_read_is_known_by_the_hash_that_the_map_tells(ran, tmp_path, monkeypatch):
    stack = ran("prepare_covariates", "stack.tif")
    ran("screen_covariates", "s.csv", covariates=stack)
    Path(stack).write_text("made anew", encoding="utf-8")
    ran("map_susceptibility", "map.tif", covariates=stack)
    monkeypatch.setattr(finding, "Digests", lambda: Digests(0))
    found = find(tmp_path)
    assert "screening" not in found.files
    assert found.notes[0] == "s.csv is left out: its covariate stack has been written anew since. Run Screen covariates again."


@pytest.mark.parametrize(
    ("asked", "is_learnt"),
    [
        ({"inventory": "slides.gpkg", "role": "training"}, True),
        ({"inventory": "slides.gpkg", "role": "unknown"}, False),
        ({"inventory": "slides.gpkg", "role": "held_out"}, False),
        ({"inventory": "slides.gpkg", "role": "training", "label_field": "landslide"}, False),
        ({"inventory": "later.gpkg", "role": "held_out", "training_inventory": "slides.gpkg"}, True),
        ({"inventory": "later.gpkg", "role": "training"}, False),
    ],
)
def test_what_validate_was_told_of_landslides_holds_here_too(ran, tmp_path, asked, is_learnt):
    """Of a map of another program, whose runs tell nothing, it was “not known whether the map was made from them”."""
    for name in ("slides.gpkg", "later.gpkg"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    places = {key: str(tmp_path / value) if key.endswith("inventory") else value for key, value in asked.items()}
    (tmp_path / "map.tif").write_text("map", encoding="utf-8")
    table = ran("validate_map", "v.csv", susceptibility=str(tmp_path / "map.tif"), **places)
    found = find(None, {"susceptibility": str(tmp_path / "map.tif"), "validation": table}, str(tmp_path / "slides.gpkg"))
    assert found.is_learnt is is_learnt


def test_what_was_given_though_it_was_made_of_another_map_is_told(ran, tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.tif").write_text(name, encoding="utf-8")
    own, other = (ran("validate_map", f"of_{name}.csv", susceptibility=str(tmp_path / f"{name}.tif")) for name in "ab")
    mapped = str(tmp_path / "a.tif")
    assert find(None, {"susceptibility": mapped, "validation": own}).notes == []
    assert find(None, {"susceptibility": mapped, "validation": other}).notes == [
        "of_b.csv was given, though it was made from another susceptibility map."
    ]


def test_landslides_that_classes_count_are_learnt_or_not_by_themselves(ran, tmp_path):
    """The map was made from one inventory, and its classes count another one."""
    slides, later = tmp_path / "slides.gpkg", tmp_path / "later.gpkg"
    for each in (slides, later):
        each.write_text(each.name, encoding="utf-8")
    model = ran("train_cnn_dnn", "m.scarp", "model", inventory=str(slides))
    mapped = ran("map_susceptibility", "map.tif", model=model)
    ran("classify_susceptibility", "c.tif", susceptibility=mapped, inventory=str(later))
    found = find(tmp_path)
    assert (found.inventory, found.is_learnt, found.is_counted_learnt) == (str(slides), True, False)
    found = find(tmp_path, inventory=str(later))
    assert (found.is_learnt, found.is_counted_learnt) == (False, False)
    ran("classify_susceptibility", "c.tif", susceptibility=mapped, inventory=str(slides))
    found = find(tmp_path, inventory=str(later))
    assert (found.is_learnt, found.is_counted_learnt) == (False, True)
    (tmp_path / "map.tif.run.json").unlink()
    assert not find(None, {"susceptibility": mapped}, str(slides)).is_learnt, "no run tells of it"


def test_landslides_that_took_no_part_are_none_that_a_sample_labels(ran, tmp_path):
    slides = tmp_path / "slides.gpkg"
    slides.write_text("slides", encoding="utf-8")
    mapped = ran("map_susceptibility", "map.tif")
    asked = {"susceptibility": mapped, "inventory": str(slides), "role": "held_out"}
    ran("validate_map", "v.csv", **asked, label_field="landslide")
    assert find(tmp_path).held_out is None
    ran("validate_map", "v.csv", **asked)
    assert find(tmp_path).held_out == str(slides)
    ran("validate_map", "v.csv", **{**asked, "role": "unknown"})
    assert find(tmp_path).held_out is None
    beside = {"training_inventory": str(tmp_path / "older.gpkg")}
    ran("validate_map", "v.csv", **{**asked, "role": "unknown"}, **beside)
    assert find(tmp_path).held_out == str(slides), "as Validate tells them beside those that the map was made from"
    ran("validate_map", "v.csv", **{**asked, "role": "training"}, **beside)
    assert find(tmp_path).held_out is None


def test_a_model_without_a_manifest_is_that_of_the_map_as_long_as_it_is_the_same(ran, tmp_path):
    model = tmp_path / "m.scarp"
    model.write_text("as it was", encoding="utf-8")
    ran("map_susceptibility", "map.tif", model=str(model))
    assert find(tmp_path).files["model"] == str(model)
    model.write_text("trained anew", encoding="utf-8")
    assert "model" not in find(tmp_path).files


def test_of_many_files_of_a_part_three_are_named_and_the_others_counted(ran, tmp_path):
    mapped = ran("map_susceptibility", "map.tif")
    for name in "abcdef":
        ran("validate_map", f"{name}.csv", susceptibility=mapped)
        (note,) = find(tmp_path).notes or [""]
        named = {"c": "b.csv and c.csv. Give", "d": "b.csv, c.csv and d.csv. Give", "f": "b.csv, c.csv and d.csv and 2 more. Give"}
        assert f"left out: {named.get(name, '')}" in note or name in "abe"


def test_what_was_too_large_for_a_hash_is_told_by_three_names(ran, tmp_path, monkeypatch):
    stack = ran("prepare_covariates", "stack.tif")
    model = ran("train_cnn_dnn", "m.scarp", "model", covariates=stack)
    mapped = ran("map_susceptibility", "map.tif", covariates=stack, model=model)
    ran("validate_map", "v.csv", susceptibility=mapped)
    assert find(tmp_path).notes == []
    monkeypatch.setattr(finding, "Digests", lambda: Digests(0))
    told = "Too large to be read for a hash, so taken by name for what the run manifests tell of: "
    (note,) = find(tmp_path).notes
    assert note == f"{told}m.scarp, stack.tif, map.tif. Whether they have changed since was not looked at."
    monkeypatch.setattr(Digests, "of", lambda self, path: self.passed_over.extend("abcd" if not self.passed_over else ""))
    (note,) = find(tmp_path).notes
    assert note.startswith(f"{told}a, b, c and 1 more.")


def test_a_result_of_another_kind_is_none():
    project = finding.Project(runs={"model": runs.Run("train_cnn_dnn", None, {}, results={"tried": "twelve"})})
    assert project.result("model", "tried", int, 0) == 0 and project.result("model", "tried", str) == "twelve"
