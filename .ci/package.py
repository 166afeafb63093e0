# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the plugin's zip from a commit: `make package ADDRESS=https://… EMAIL=…`.

The owner's addresses stand in `metadata.txt` alone; those given here take their place in the zip. Like plugins.qgis.org, it refuses
addresses of example.org, and a zip of more than `MOST_BYTES`.
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOST_BYTES = 2_000_000


def owned(metadata: str, address: str, email: str) -> str:
    """Return the metadata with the owner's addresses in the place of those that stand there."""
    for key, value in (("tracker", f"{address}/issues"), ("repository", address), ("homepage", address)):
        if address:
            metadata = re.sub(rf"^{key}=.*$", f"{key}={value}", metadata, flags=re.MULTILINE)
    return re.sub(r"^email=.*$", f"email={email}", metadata, flags=re.MULTILINE) if email else metadata


def main() -> None:
    """Write the zip."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", default="")
    parser.add_argument("--email", default="")
    parser.add_argument("--commit", default="HEAD")
    parser.add_argument("--output", type=Path, default=ROOT / "dist" / "scarp.zip")
    asked = parser.parse_args()
    command = ["git", "archive", "--format=zip", "--prefix=scarp/", asked.commit]
    archive = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    metadata = owned(
        zipfile.ZipFile(io.BytesIO(archive)).read("scarp/metadata.txt").decode("utf-8"), asked.address.rstrip("/"), asked.email
    )
    if "example.org" in metadata:
        sys.exit(
            "metadata.txt names example.org, which plugins.qgis.org refuses; write the owner's addresses there, or give them:\n"
            "make package ADDRESS=https://github.com/you/scarp EMAIL=you@your.domain"
        )
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(asked.output, "w", zipfile.ZIP_DEFLATED) as made:
        for each in source.infolist():
            made.writestr(each, metadata if each.filename == "scarp/metadata.txt" else source.read(each), zipfile.ZIP_DEFLATED)
    size = asked.output.stat().st_size
    if size > MOST_BYTES:
        asked.output.unlink()
        sys.exit(f"The zip has {size / 1e6:.1f} MB; it must have less than {MOST_BYTES / 1e6:.0f} MB.")
    print(f"{asked.output} ({size / 1e6:.2f} MB)")


if __name__ == "__main__":
    main()
