# SPDX-License-Identifier: GPL-2.0-or-later
"""Make small model files of this version, and what they say of a window, for `test_kept_models.py`.

Run it once at each release that changes the model file: `.venv/bin/python test/models/keep_models.py 0.2.0`. Files that lie there stay as
they are: they are what users have.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent


def main(version: str, root: Path) -> None:
    sys.path.insert(0, str(HERE.parent / "support"))
    spec = importlib.util.spec_from_file_location("scarp", root / "__init__.py", submodule_search_locations=[str(root)])
    sys.modules["scarp"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["scarp"])
    import good_models

    curves = {
        "none": None,
        "platt": {"method": "platt", "slope": 1.2, "intercept": -0.1},
        "isotonic": {"method": "isotonic", "from": [0.1, 0.9], "to": [0.2, 0.8]},
    }
    made = {f"network-{name}": good_models.network_model(calibration=curve) for name, curve in curves.items()}
    made["network-alone"] = good_models.network_model(trees=False)
    made |= {name: good_models.cell_model(name) for name in ("svm", "lr", "gnb", "mlp", "bnb", "dt", "rf", "hgb", "slope")}
    for name, model in made.items():
        path = HERE / "kept" / f"{version}-{name}.scarp"
        if path.exists():
            print(f"{path} is kept already")
            continue
        path.write_bytes(good_models.file_of(model))
        np.save(path.with_suffix(".npy"), model.predict(good_models.window()))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else HERE.parents[1])
