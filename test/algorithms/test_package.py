# SPDX-License-Identifier: GPL-2.0-or-later
"""The zip: complete, small, and installed by QGIS's own code into a fresh profile, where it works."""

import configparser
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

OWNER = ["--address", "https://landslides.test/scarp", "--email", "me@landslides.test"]


def make(root, output, *options):
    command = [sys.executable, str(root / ".ci" / "package.py"), "--output", str(output), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def package(root, tmp_path_factory):
    if not (root / ".git").exists():
        pytest.skip("the zip is made from a git checkout")
    output = tmp_path_factory.mktemp("package") / "scarp.zip"
    run = make(root, output, *OWNER)
    assert run.returncode == 0, run.stderr
    return output


def test_addresses_of_nobody_are_refused(root, package, tmp_path):
    run = make(root, tmp_path / "scarp.zip")
    assert run.returncode != 0 and "example.org" in run.stderr and "ADDRESS=" in run.stderr
    assert not (tmp_path / "scarp.zip").exists()


def test_metadata_are_complete_and_the_owners(package):
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read_string(zipfile.ZipFile(package).read("scarp/metadata.txt").decode("utf-8"))
    general = metadata["general"]
    assert general["email"] == "me@landslides.test"
    assert general["tracker"] == "https://landslides.test/scarp/issues"
    assert general["repository"] == general["homepage"] == "https://landslides.test/scarp"
    for key in ("name", "description", "about", "version", "author", "qgisMinimumVersion", "tags", "changelog", "license", "icon"):
        assert general[key], key


def test_the_zip_is_small_and_its_pages_have_their_pictures(package):
    assert package.stat().st_size < 2_000_000
    names = set(zipfile.ZipFile(package).namelist())
    assert not [name for name in names if name.startswith(("scarp/test/", "scarp/.ci/")) or "__pycache__" in name]
    text = zipfile.ZipFile(package).read("scarp/README.md").decode("utf-8")
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)
    assert pictures and {f"scarp/{name}" for name in pictures} <= names
    assert {
        "scarp/LICENSE",
        "scarp/resources/icons/scarp.svg",
        "scarp/docs/tutorial.md",
        "scarp/docs/images/tutorial-first-map.png",
    } <= names


@pytest.mark.skipif(not shutil.which("qgis_process"), reason="needs qgis_process")
def test_installed_into_a_fresh_profile_it_runs(package, provider, tmp_path):
    sys.path.append("/usr/share/qgis/python")
    from pyplugin_installer.unzip import unzip

    plugins = tmp_path / "profiles" / "default" / "python" / "plugins"
    plugins.mkdir(parents=True)
    unzip(str(package), str(plugins))
    environment = {**os.environ, "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path)}

    def qgis(*arguments):
        return subprocess.run(["qgis_process", *arguments], env=environment, capture_output=True, text=True, check=False)

    assert qgis("plugins", "enable", "scarp").returncode == 0
    run = qgis("run", "scarp:samplelandscape", "--SIZE=64", "--LANDSLIDES=20", "--SEED=1", f"--FOLDER={tmp_path / 'made'}")
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "made" / "dem.tif").is_file()
