# SPDX-License-Identifier: GPL-2.0-or-later
"""One QGIS for long: 200 small runs, eight algorithms at once, cancels at 20 moments, and the same results in odd surroundings.

python test/bench/bench_session.py [RUNS [MOMENTS]]
"""

import hashlib
import json
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "support"))
runpy.run_path(str(ROOT / "engine" / "__main__.py"), run_name="launch")["register_package"]()

import bad_files
import ending
import forked
import small_runs

# What is run over and over, and side by side: all that needs no network.
LIGHT = (
    "print_map",
    "sample_cells",
    "classify_susceptibility",
    "zonal_susceptibility",
    "map_susceptibility",
    "prepare_covariates",
    "validate_map",
    "screen_covariates",
)
# After so many runs caches are full; growth is counted from then on.
WARM = 40
MOST_MIB, MOST_HANDLES = 20, 2


class Qgis:
    """A QGIS in a process of its own, with a profile and a temporary folder of its own."""

    def __init__(self, folder, root=ROOT, **environment):
        self.folder = Path(folder)
        for name in ("profile", "tmp"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        usual = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
        usual |= {
            "QGIS_CUSTOM_CONFIG_PATH": str(self.folder / "profile"),
            "TMPDIR": str(self.folder / "tmp"),
            "QT_QPA_PLATFORM": "offscreen",
        }
        umask = environment.pop("umask", None)
        command = ["/usr/bin/python3", str(ROOT / "test" / "support" / "in_qgis.py"), str(root)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "log.txt").open("w"),
            text=True,
            env=usual | environment,
            umask=-1 if umask is None else umask,
        )

    def run(self, runs, **order):
        """Run [algorithm, parameters] …; return what is told of each and what the process holds."""
        self._process.stdin.write(json.dumps({"runs": runs, **order}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, (self.folder / "log.txt").read_text()[-2000:]
        return json.loads(answer)

    def close(self):
        self._process.stdin.close()
        self._process.wait(60)


def order(task, area, out):
    """The algorithm and its parameters, as QGIS takes them."""
    parameters = {name.upper(): value for name, value in small_runs.runs(area, out)[task].items()}
    return [task.replace("_", ""), parameters]


def orders(tasks, area, folder):
    made = []
    for task in tasks:
        out = folder / task
        out.mkdir(parents=True, exist_ok=True)
        made.append(order(task, area, out))
    return made


def outputs(folder):
    """The hashes of outputs but for those that tell times: run manifests, and reports and prints with dates in them."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix in (".tif", ".csv", ".scarp"):
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
        if path.suffix == ".gpkg":
            found[str(path.relative_to(folder))] = contents(path)
    return found


def contents(path):
    """The features of a GeoPackage, which itself tells when it was written."""
    from osgeo import ogr

    dataset = ogr.Open(str(path))
    return [[feature.ExportToJson() for feature in dataset.GetLayer(number)] for number in range(dataset.GetLayerCount())]


def long_session(area, folder, runs):
    """Run small algorithms one after the other; return the faults."""
    qgis, faults, held = Qgis(folder / "long"), [], []
    made = orders(LIGHT, area, folder / "long" / "out")
    for number in range(runs):
        told = qgis.run([made[number % len(made)]])
        held.append(told["held"])
        if not told["runs"][0]["ok"]:
            faults.append(f"run {number}, {made[number % len(made)][0]}: {told['runs'][0]['told'][-300:]}")
    qgis.close()
    first, last = held[min(WARM, runs // 3)], held[-1]
    print(f"{runs} runs: after {min(WARM, runs // 3)} {first}, at the end {last}", flush=True)
    grown = {name: last[name] - first[name] for name in first}
    if grown["mib"] > MOST_MIB or grown["handles"] > MOST_HANDLES or grown["threads"] > MOST_HANDLES or grown["files"] > 0:
        faults.append(f"it grows: {grown}")
    return faults


def side_by_side(area, folder):
    """Run eight algorithms at once from threads of one QGIS, and one after the other: their outputs are equal."""
    qgis = Qgis(folder / "beside")
    alone = qgis.run(orders(LIGHT, area, folder / "alone"))
    at_once = qgis.run(orders(LIGHT, area, folder / "at-once"), threads=True)
    qgis.close()
    faults = [each["told"][-300:] for told in (alone, at_once) for each in told["runs"] if not each["ok"]]
    one, other = outputs(folder / "alone"), outputs(folder / "at-once")
    faults += [f"differs side by side: {name}" for name in one if one[name] != other.get(name)]
    print(f"{len(LIGHT)} at once: {len(one)} outputs compared", flush=True)
    return faults


def surroundings(area, folder):
    """Compare results in odd surroundings with those of `side_by_side`."""
    home = folder / "home of پایگاه داده 日本語 x"
    home.mkdir()
    read_only = home / "scarp"
    shutil.copytree(ROOT, read_only, ignore=shutil.ignore_patterns(".git", ".venv", "build", "dist", "__pycache__", "shared"))
    subprocess.run(["chmod", "-R", "a-w", str(read_only)], check=True)
    bound = [["mount", "--bind", str(read_only), str(read_only)], ["mount", "-o", "remount,ro,bind", str(read_only)]]
    is_bound = [
        subprocess.run(each, capture_output=True, check=False).returncode == 0 for each in bound
    ]  # root may write what is read-only
    odd = {
        "a time zone": {"TZ": "Asia/Kathmandu"},
        "umask 077": {"umask": 0o077},
        "a home of other letters, a read-only plugin folder": {
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "root": read_only,
        },
    }
    made = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")], capture_output=True, check=False)
    if (folder / "de_DE.UTF-8").is_dir():
        odd["a decimal comma"] = {"LOCPATH": str(folder), "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}
    else:
        print(f"A decimal comma is left out: no such locale can be made ({made.stderr[-100:]!r}).")
    # The engine lies in the home folder unless it is named.
    asked = [sys.executable, "-I", str(ROOT / "engine" / "__main__.py"), "--python"]
    engine = os.environ.get("SCARP_PYTHON") or subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    faults, right = [], outputs(folder / "alone")
    for name, settings in odd.items():
        place = home / name.replace(" ", "-")
        here = {key: str(home / Path(path).name) for key, path in area.items()}
        for key, path in area.items():
            shutil.copyfile(path, here[key])
        qgis = Qgis(place, SCARP_PYTHON=engine, **settings)
        told = qgis.run(orders(LIGHT, here, place / "out"))
        qgis.close()
        faults += [f"{name}: {each['told'][-300:]}" for each in told["runs"] if not each["ok"]]
        found = outputs(place / "out")
        faults += [f"{name}: {each} differs" for each in right if found.get(each) != right[each]]
        print(f"{name}: {len(found)} outputs compared", flush=True)
    if is_bound[0]:
        subprocess.run(["umount", str(read_only)], check=True)
    subprocess.run(["chmod", "-R", "u+w", str(home)], check=True)
    return faults


def cancels(area, folder, moments):
    """Cancel each algorithm at moments spread over its run; return the faults."""
    qgis, faults = Qgis(folder / "cancel"), []
    for task in (*LIGHT, "explain_model", "benchmark_classifiers", "train_cnn_dnn"):
        out = folder / "cancel" / task
        (made,) = orders([task], area, folder / "cancel")
        for _ in range(2):
            (told,) = qgis.run([made])["runs"]
        if not told["ok"]:
            faults.append(f"{task}: {told['told'][-300:]}")
            continue
        # Styles and statistics are QGIS's own, and come after the outputs have their names.
        names, seen = sorted(path.name for path in out.iterdir() if not path.name.endswith((".qml", ".aux.xml"))), []
        for number in range(moments):
            forked.leave_old(out, names)
            moment = told["seconds"] * (number + 0.5) / moments
            (cancelled,) = qgis.run([made], cancel_after_s=moment)["runs"]
            until = time.monotonic() + forked.GONE_S
            while forked.leftovers(out) and time.monotonic() < until:
                time.sleep(0.05)
            try:
                seen.append("new" if forked.check_outputs(out, names) else "old")
            except Exception as error:
                faults.append(f"{task} cancelled after {moment:.1f} s: {error}")
            if forked.leftovers(out):
                faults.append(f"{task} cancelled after {moment:.1f} s left {forked.leftovers(out)}")
            if cancelled["seconds"] - moment > forked.GONE_S:
                faults.append(f"{task} cancelled after {moment:.1f} s ended {cancelled['seconds'] - moment:.1f} s later")
        (told,) = qgis.run([made])["runs"]
        if not told["ok"] or not forked.check_outputs(out, names):
            faults.append(f"{task}, the run after: {told['told'][-300:]}")
        print(f"{task} ({told['seconds']:.1f} s) cancelled: old {seen.count('old')}, new {seen.count('new')}", flush=True)
    qgis.close()
    return faults


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    moments = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with tempfile.TemporaryDirectory(prefix="scarp-bench-") as name:
        folder = Path(name)
        (folder / "inputs").mkdir()
        area = bad_files.write_area(folder / "inputs")
        before = forked.digests(folder / "inputs")
        faults = side_by_side(area, folder) + surroundings(area, folder)
        faults += long_session(area, folder, runs) if runs else []
        faults += cancels(area, folder, moments) if moments else []
        after = forked.digests(folder / "inputs")
        faults += [f"the input {name} has changed" for name in before if before[name] != after.get(name)]
    return ending.told(faults)


if __name__ == "__main__":
    sys.exit(main())
