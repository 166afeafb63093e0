# SPDX-License-Identifier: GPL-2.0-or-later
"""What holds for every algorithm."""

import subprocess
import sys

import pytest


def declared():
    import ast
    from pathlib import Path

    tree = ast.parse((Path(__file__).resolve().parents[2] / "algorithms" / "__init__.py").read_text(encoding="utf-8"))
    table = next(node for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "ALGORITHMS")
    return [element.id for element in table.value.elts]


@pytest.fixture(params=declared())
def algorithm(request, provider):
    import scarp.algorithms

    return getattr(scarp.algorithms, request.param)().create()


def test_identity(algorithm, provider):
    assert algorithm.name() == algorithm.name().lower()
    assert algorithm.name().isalnum()
    assert provider.algorithm(algorithm.name()) is not None
    assert algorithm.displayName()
    assert algorithm.group()
    assert algorithm.groupId()
    assert algorithm.tags()
    assert len(algorithm.shortHelpString()) > 80
    assert not algorithm.icon().isNull()
    assert type(algorithm.createInstance()) is type(algorithm)


def test_every_parameter_explains_itself(algorithm):
    for definition in algorithm.parameterDefinitions():
        assert definition.help(), definition.name()
        assert definition.description(), definition.name()
        assert definition.name() == definition.name().upper()


def test_every_destination_is_an_output(algorithm):
    outputs = {definition.name() for definition in algorithm.outputDefinitions()}
    assert outputs
    for definition in algorithm.parameterDefinitions():
        if definition.isDestination():
            assert definition.name() in outputs


def test_parameters_are_those_of_the_task(algorithm, root):
    """The task's keywords are the parameters in lower case, so neither can drift away from the other."""
    import ast

    tree = ast.parse((root / "engine" / "tasks" / f"{algorithm.TASK}.py").read_text(encoding="utf-8"))
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "run")
    keywords = {argument.arg for argument in function.args.kwonlyargs}
    parameters = {definition.name().lower() for definition in algorithm.parameterDefinitions()}
    if algorithm.name() == "installengine":
        keywords, parameters = keywords - {"folder"}, parameters - {"python"}
    assert parameters == keywords


def test_the_plugin_imports_nothing_heavy(root):
    """Loading the provider in QGIS must not load the worker's packages."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.path.append('/usr/share/qgis/python/plugins')\n"
        "import conftest\n"
        "from qgis.core import QgsApplication; app = QgsApplication([], False); app.initQgis()\n"
        "from processing.core.Processing import Processing; Processing.initialize()\n"
        "from scarp import classFactory; plugin = classFactory(None); plugin.initProcessing()\n"
        "assert QgsApplication.processingRegistry().providerById('scarp').algorithms()\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'matplotlib', 'scipy', 'numba'} & set(sys.modules)\n"
        "plugin.unload(); assert QgsApplication.processingRegistry().providerById('scarp') is None\n"
        "print(sorted(heavy))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(root / "test")], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


def test_model_chains_and_opens(provider):
    model = provider.algorithm("susceptibilityfromcovariates")
    assert model is not None
    ok, message = model.canExecute()
    assert ok, message
    assert model.validate()[0], model.validate()[1]
    for identifier, child in model.childAlgorithms().items():
        ok, problems = model.validateChildAlgorithm(identifier)
        assert ok, (child.description(), problems)
