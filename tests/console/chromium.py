"""Where the browser is, and how it gets there: `python -m tests.console.chromium` installs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGES = ("chromium", "fonts-noto-cjk")
FONTS = Path("/usr/share/fonts")
ABSENT = (
    "the tests of the console need Chromium and a Chinese font: "
    f"apt-get install {' '.join(PACKAGES)} (run by root, ./danshu test does it itself)"
)
# No sandbox, because containers run tests as root; nothing that calls home. A page of a test lives
# for seconds: to optimise its code takes longer than that saves.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--js-flags=--no-opt",
]


def find() -> str:
    """Give the path of a Chromium, "" when there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), "")


def has_chinese() -> bool:
    """Tell whether a font draws Chinese; without one, pictures and papers are full of boxes."""
    return sys.platform != "linux" or any(FONTS.rglob("*CJK*"))


def main() -> int:
    """Install what is missing where that is possible; 0 when it is there."""
    if (find() and has_chinese()) or install(*PACKAGES):
        return 0
    print(f"danshu: {ABSENT}", file=sys.stderr)
    return 1


def install(*packages: str) -> bool:
    """Install packages of Debian; tell whether they are there now."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    print(f"danshu: installing {' and '.join(packages)} (once) ...", file=sys.stderr)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = ["--yes", "--quiet", "--no-install-recommends"]
    steps = (["update", "--quiet"], ["install", *quiet, *packages])
    return not any(
        subprocess.run([apt, *words], env=environ, stdout=subprocess.DEVNULL).returncode
        for words in steps
    )


if __name__ == "__main__":
    sys.exit(main())
