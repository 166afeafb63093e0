# SPDX-License-Identifier: GPL-2.0-or-later
"""Put one fault at a time into engine and models, and count those that the tests notice: `make mutants`.

`FILES` picks files (patterns, divided by spaces), `SAMPLE` how many mutants a file (a number, or all), `ORDER` (a word) another
sample. docs/mutants.md has the rules, the figures and the faults that no test can notice, with their reasons.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import hashlib
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).resolve().parents[1]
AT_ONCE = 2
GOAL = 0.9
# What tests import anyway; loaded once, and shared by all runs. GDAL before TensorFlow, whose own SQLite cannot write GeoPackages.
HEAVY = ("osgeo.ogr", "numpy", "scipy.stats", "sklearn.ensemble", "sklearn.svm", "tensorflow", "numba", "matplotlib.figure", "hypothesis")

# Files without a formula, a mask, a dealing rule or a check.
WITHOUT = (
    "*/__init__.py",
    "*/__main__.py",
    "engine/gdal.py",  # one import
    "*/errors.py",
    "engine/tasks/install_engine.py",  # runs pip; test/algorithms installs with it
    "engine/worker.py",  # hands on what tasks say
    "models/compiled.py",
    "engine/environment.py",  # folders and names of packages
    "*/report.py",  # pages: words around figures that others reckon
    "*/figures.py",
)
# Tests that guard a file beside the one that mirrors it (`engine/samples/folds.py`: `test/engine/samples/test_folds.py`) and those of its
# room that mirror none. A file without any is guarded by all tests of its room.
OF_LAYERS = ("test/engine/tasks/test_prepare_covariates.py", "test/engine/tasks/test_ready_rasters.py")
OF_NETWORKS = ("test/models/test_network.py", "test/models/test_calibration.py", "test/models/test_by_hand.py")
GUARDS = {
    "engine/tasks/benchmark_classifiers.py": ("test/engine/benchmark/test_comparison.py",),
    "engine/tasks/sample_cells.py": ("test/engine/tasks/test_light_tasks.py",),
    "engine/tasks/sample_landscape.py": ("test/engine/tasks/test_light_tasks.py", "test/engine/landscape/test_layers.py"),
    "engine/tasks/prepare_covariates.py": ("test/engine/tasks/test_ready_rasters.py",),
    "engine/cluster.py": ("test/engine/mapping/test_on_cluster.py",),
    "engine/feedback.py": ("test/engine/learning/test_tuning.py",),
    "engine/declarations/choices.py": ("test/test_pages.py",),
    "engine/declarations/parameters.py": ("test/test_pages.py",),
    "engine/declarations/checks.py": ("test/engine/declarations/test_parameters.py",),
    "engine/declarations/labels.py": ("test/engine/declarations/test_parameters.py",),
    "engine/tasks/finetune_model.py": ("test/engine/adaptation/test_finetune_model.py",),
    "engine/covariates/build.py": OF_LAYERS,
    "engine/covariates/categories.py": OF_LAYERS,
    "engine/covariates/disc.py": ("test/engine/covariates/test_terrain.py", "test/engine/covariates/test_flow.py"),
    "engine/covariates/elevation.py": OF_LAYERS,
    "engine/covariates/of_dem.py": (*OF_LAYERS, "test/engine/covariates/test_terrain.py", "test/engine/covariates/test_flow.py"),
    "engine/files/overlay.py": OF_LAYERS,
    "engine/files/manifest.py": ("test/engine/files/test_manifest.py", "test/engine/learning/test_tuning.py"),
    "engine/mapping/breaks.py": ("test/engine/mapping/test_zonation.py",),
    "engine/benchmark/comparison.py": ("test/engine/learning/test_equal_landslides.py",),
    "engine/benchmark/summary.py": ("test/engine/benchmark/test_comparison.py",),
    "engine/learning/fitting.py": ("test/engine/learning/test_companion.py", "test/engine/benchmark/test_whole_landslides.py"),
    "engine/samples/cells.py": tuple(f"test/engine/samples/test_{each}.py" for each in ("types", "leaks", "nearest")),
    "engine/samples/inventory.py": ("test/engine/samples/test_cells.py",),
    "engine/validation/landslides.py": ("test/engine/validation/test_assessment.py",),
    "engine/validation/pair.py": ("test/engine/validation/test_assessment.py",),
    "engine/validation/survey.py": ("test/engine/validation/test_assessment.py",),
    "models/architecture.py": OF_NETWORKS,
    "models/covariate.py": ("test/models/test_encoding.py", "test/engine/files/test_stack.py"),
    "models/cnn_dnn.py": OF_NETWORKS,
    "models/archive.py": ("test/models/test_hostile_models.py",),
    "models/skops_file.py": ("test/models/test_hostile_models.py", "test/models/test_classifiers.py"),
    "models/dense.py": ("test/models/test_network.py",),
    "models/dropout.py": ("test/engine/mapping/test_trust.py",),
    "models/model_file.py": (*OF_NETWORKS, "test/models/test_cell_model.py"),
    "models/optimizers.py": ("test/models/test_training.py",),
    "models/patches.py": ("test/engine/files/test_stack.py", "test/models/test_network.py", "test/models/test_training.py"),
    "models/recipe.py": ("test/test_pages.py", "test/models/test_training.py", "test/engine/learning/test_tuning.py"),
}

# One fault a place, of the same kind: others (`a >> b` for `a + b`) fail at once, and would only flatter.
BINARY = "Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Mul Mod_Add Pow_Mul BitAnd_BitOr BitOr_BitAnd BitXor_BitOr LShift_RShift RShift_LShift"
COMPARISON = "Lt_LtE Lt_GtE LtE_Lt LtE_Gt Gt_GtE Gt_LtE GtE_Gt GtE_Lt Eq_NotEq NotEq_Eq Is_IsNot IsNot_Is"
OPERATORS = (
    *(f"core/ReplaceBinaryOperator_{pair}" for pair in BINARY.split()),
    *(f"core/ReplaceComparisonOperator_{pair}" for pair in COMPARISON.split()),
    *(f"core/ReplaceUnaryOperator_{pair}" for pair in ("USub_UAdd", "Delete_Invert", "Delete_Not")),
    *(f"core/{name}" for name in ("NumberReplacer", "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr")),
    *(f"core/{name}" for name in ("ReplaceOrWithAnd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer")),
    "core/ZeroIterationForLoop",
)
TWINS = ("rows cols", "row col", "width height", "x y", "left right", "top bottom", "dx dy", "train test", "log log10", "sin cos")
TWINS += ("minimum maximum", "min max", "floor ceil", "any all", "mean median", "argmin argmax", "logical_and logical_or", "nanmin nanmax")
TWIN = {one: other for pair in map(str.split, TWINS) for one, other in (pair, pair[::-1])}
# Arguments of these only tell how a run goes on, and these constants only decide how much is done at once or how long one waits.
TELLING = {"message", "warning", "progress", "part", "parts", "steps", "Progress"}
INDIFFERENT = {"WINDOW_PX", "CHUNK_PX", "_STRIP_PX", "_CHUNK", "_FULL_BYTES", "_PATCH_WINDOW_PX", "_AT_ONCE", "_COLUMN_PX", "_POLL_S"}
INDIFFERENT |= {"_WINDOWS_A_THREAD", "_COST_SHARE", "_NETWORK_COST", "_ENCODED_AT_ONCE", "_NUMPY_TILE", "_PREDICTED_AT_ONCE", "_CONNECT_S"}


class SwapTwins(Operator):
    """Put a name's twin in its place where both are used: rows for cols, log10 for log."""

    def mutation_positions(self, node: Any) -> Iterator[tuple]:
        """Yield the place of a name that is read and has a twin in the file."""
        if node.type != "name" or node.value not in TWIN or node.is_definition():
            return
        argument = node.parent.type == "argument" and node.parent.children[0] is node
        used = node.get_root_node().get_used_names()
        if not argument and (node.get_previous_leaf() == "." or TWIN[node.value] in used):
            yield (node.start_pos, node.end_pos)

    def mutate(self, node: Any, index: int) -> Any:
        """Swap the name."""
        node.value = TWIN[node.value]
        return node

    @classmethod
    def examples(cls) -> tuple:
        """Cosmic-ray asks for some; `test/test_mutants.py` has them."""
        return ()


class Mutant(NamedTuple):
    """A fault: the file from the root, its right and its faulty text, and the changed line by its number, before and after."""

    file: str
    source: str
    text: str
    line: str
    before: str
    after: str


def idle(source: str) -> list[tuple]:
    """Return the ranges (start, end) of a source, each (line, column), where a fault cannot matter or only changes words."""
    lines = source.splitlines()

    def place(line: int, offset: int) -> tuple[int, int]:
        return line, len(lines[line - 1].encode()[:offset].decode())

    nodes: list[ast.AST | None] = []
    for node in ast.walk(ast.parse(source)):
        nodes.append(getattr(node, "annotation", None))
        nodes.append(getattr(node, "returns", None))
        nodes.extend(getattr(node, "decorator_list", ()))
        if isinstance(node, ast.Raise) or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            nodes.append(node)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in TELLING:
            nodes.extend([*node.args, *node.keywords])
        elif isinstance(node, ast.Assign) and {getattr(each, "id", "") for each in node.targets} & INDIFFERENT:
            nodes.append(node)
    return [(place(n.lineno, n.col_offset), place(n.end_lineno, n.end_col_offset)) for n in nodes if n is not None]


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Yield all faults of a source that can matter, in an order in which other lines and the machine have no say."""
    excluded, lines, places = idle(source), source.splitlines(), []
    nodes = list(ast_nodes(get_ast(source)))
    for operator in (*(get_operator(name)() for name in OPERATORS), SwapTwins()):
        found = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(found):
            if not any(low <= start and end <= high for low, high in excluded):
                name = (os.environ.get("ORDER"), file, lines[start[0] - 1].strip(), start[1], type(operator).__name__, occurrence % 2)
                places.append((hashlib.sha256(repr(name).encode()).hexdigest(), operator, occurrence))
    for _, operator, occurrence in sorted(places, key=lambda place: place[0]):
        text = mutate_code(source, operator, occurrence)
        with contextlib.suppress(SyntaxError):
            tree = ast.parse(text)
            marked = any(isinstance(node, ast.arguments) and node.posonlyargs for node in ast.walk(tree))  # `/` for the `*` of a header
            if not marked and ast.dump(tree) != ast.dump(ast.parse(source)):
                _, _, place, *changed = difflib.unified_diff(lines, text.splitlines(), n=0)
                before, after = (" ".join(" ".join(line[1:].split()) for line in changed if line[0] == sign) for sign in "-+")
                yield Mutant(file, source, text, re.findall(r"\d+", place)[0], before, after)


def guards(file: str, root: Path = ROOT) -> list[str]:
    """Return the tests that guard a file, from the root."""
    path = Path("test", file)
    mirror = path.with_name(f"test_{path.name}")
    in_room = sorted((root / path.parent).glob("test_*.py")) if len(path.parts) > 3 else []
    of_none = [test for test in in_room if not (root / file).with_name(test.name.removeprefix("test_")).exists()]  # guard the whole room
    named = [root / test for test in (str(mirror), *GUARDS.get(file, ())) if (root / test).exists()]
    tests = {str(found.relative_to(root)) for found in (*named, *of_none)} or {str(found.relative_to(root)) for found in in_room}
    if ">>>" in (root / file).read_text(encoding="utf-8"):
        tests.add(f"test/test_docstrings.py::test_examples_hold[{file}]")
    return sorted(tests)


def copy_of_tree(folder: Path) -> Path:
    """Copy what git knows of the working tree."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def put(tree: Path, file: str, text: str) -> None:
    """Write a text into a copy, and leave no code compiled from another."""
    path = tree / file
    for kept in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        kept.unlink()
    for user in path.parent.glob("*.py"):  # compiled functions hold those that they call in other files
        if f"from .{path.stem} import" in user.read_text(encoding="utf-8"):
            for kept in (path.parent / "__pycache__").glob(f"{user.stem}.*.nb?"):
                kept.unlink()
    path.write_text(text, encoding="utf-8")


def start(tree: Path, tests: list[str], limit_s: int) -> int:
    """Run tests in a copy, in a process of its own that ends at the limit; return its id."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.alarm(limit_s)
        os.chdir(tree)
        with (tree / "output.txt").open("w") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", *tests]))
    return pid


def ended() -> tuple[int, int]:
    """Wait for a run; return its id and its status, 0 if all tests passed."""
    pid, status = os.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # what the tests started and left
    return pid, status


def measure(tree: Path, tests: list[str]) -> dict[str, float]:
    """Run each test file as it is; return the seconds. Stop where one fails."""
    seconds = {}
    for test in tests:
        begun = time.monotonic()
        start(tree, [test], 1800)
        if ended()[1]:
            sys.exit(f"{test} fails as it is:\n{(tree / 'output.txt').read_text()[-3000:]}")
        seconds[test] = time.monotonic() - begun
    return seconds


def survivors(tree: Path, chosen: list[Mutant]) -> Iterator[Mutant]:
    """Try each mutant in a copy of the tree, or in another made beside it; yield those that no test notices."""
    tests = {mutant.file: guards(mutant.file) for mutant in chosen}
    seconds = measure(tree, sorted({test for each in tests.values() for test in each}))
    others = [Path(shutil.copytree(tree, f"{tree}-{number}")) for number in range(1, AT_ONCE)]  # with the code that numba kept
    waiting, free, running = chosen[::-1], [tree, *others], {}
    try:
        while waiting or running:
            while waiting and free:
                tree, mutant = free.pop(), waiting.pop()
                put(tree, mutant.file, mutant.text)
                in_order = sorted(tests[mutant.file], key=seconds.__getitem__)
                running[start(tree, in_order, int(60 + 4 * sum(map(seconds.__getitem__, in_order))))] = tree, mutant
            pid, status = ended()
            tree, mutant = running.pop(pid)
            put(tree, mutant.file, mutant.source)
            free.append(tree)
            if status == 0:
                yield mutant
    finally:
        for pid in running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


def main() -> int:
    """Try a sample of every file's mutants, print the table and the survivors; return 1 below the goal."""
    pattern, sample = os.environ.get("FILES", "engine/* models/*"), os.environ.get("SAMPLE", "12")
    files = [str(path.relative_to(ROOT)) for room in ("engine", "models") for path in sorted((ROOT / room).rglob("*.py"))]
    files = [file for file in files if any(fnmatch(file, each) for each in pattern.split())]
    files = [file for file in files if not any(fnmatch(file, each) for each in WITHOUT)]
    most = None if sample == "all" else int(sample)
    chosen = [m for file in files for m in islice(mutants(file, (ROOT / file).read_text(encoding="utf-8")), most)]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leaves no copy behind
    for name in HEAVY:
        importlib.import_module(name)
    told = (ROOT / "docs" / "mutants.md").read_text(encoding="utf-8")
    missed = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for mutant in survivors(copy_of_tree(Path(folder, "tree")), chosen):
            missed.append(mutant)
            known = "(in docs/mutants.md) " if f"`{mutant.after}`".replace("|", "\\|") in told else ""
            print(f"{known}{mutant.file}:{mutant.line}\n  - {mutant.before}\n  + {mutant.after}", flush=True)
    print("\n| file | mutants | noticed |\n|---|---|---|")
    for file in files:
        count = sum(m.file == file for m in chosen)
        print(f"| `{file}` | {count} | {count - sum(m.file == file for m in missed)} |")
    print(f"| all | {len(chosen)} | {len(chosen) - len(missed)} |")
    return int(len(missed) > (1 - GOAL) * len(chosen))


if __name__ == "__main__":
    sys.exit(main())
