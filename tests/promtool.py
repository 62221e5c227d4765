"""Where promtool is, and how it gets there: `python -m tests.promtool` brings it.

It is taken out of Debian's package of Prometheus without installing that, which would start a
service, and kept beside the other tools of this tree.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = "prometheus"
KEPT = Path(__file__).parents[1] / ".danshu" / "tools" / "bin" / "promtool"
ABSENT = (
    "the tests of monitoring need promtool: install Debian's prometheus, or Prometheus' own release"
)


def find() -> str:
    """Give the path of a promtool, bringing it where that is possible; "" when there is none."""
    return shutil.which("promtool") or (str(KEPT) if KEPT.exists() or bring() else "")


def bring() -> bool:
    """Download the package, and take promtool out of it; tell whether it is there now."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return False
    sys.stderr.write("danshu: bringing promtool (once) ...\n")
    with tempfile.TemporaryDirectory() as folder:
        loads = ["apt-get", "download", "--quiet", PACKAGE]
        if _run(loads, folder) and (os.geteuid() or _run(["apt-get", "update", "--quiet"], folder)):
            return False
        if not list(Path(folder).glob("*.deb")) and _run(loads, folder):
            return False
        (package,) = Path(folder).glob("*.deb")
        if _run(["dpkg-deb", "-x", str(package), "out"], folder):
            return False
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        half = KEPT.with_suffix(f".{os.getpid()}")  # two may bring it at once
        shutil.copy2(Path(folder, "out", "usr", "bin", "promtool"), half)
        half.replace(KEPT)
    return True


def _run(words: list[str], folder: str) -> int:
    return subprocess.run(words, cwd=folder, stdout=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    if not find():
        sys.exit(f"danshu: {ABSENT}")
