# SPDX-License-Identifier: GPL-2.0-or-later
"""Minutes of fuzzing of the model-file and the task reader, guided by coverage where atheris is installed."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[1] / "support" / "fuzzing.py"
SECONDS = 180

if __name__ == "__main__":
    for reader in ("model", "task"):
        code = subprocess.run([sys.executable, str(SCRIPT), reader, str(SECONDS)], check=False).returncode
        if code:
            sys.exit(code)
