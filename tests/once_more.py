"""Run what failed once more, alone: an end says that, and its last line names what was unstable.

A browser, a killed process and a hub with its rooms keep clocks of their own, and on a machine with
many processes a test of them may wait too short a time. Such a test is a bug to be repaired, but no
proof that what it tests is broken. Only tests of these folders are run again, only once, and only
a few: a product that is broken breaks its test twice, or breaks many.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FOLDERS = ("tests/console/", "tests/faults/", "tests/flows/")
MOST = 4
KEPT = Path(".pytest_cache/v/cache/lastfailed")  # pytest's own list, which a whole run renews


def run_again(failed: list[str]) -> int:
    """Give 0 if all that failed may be run again and now holds, else what pytest ends with."""
    if not 0 < len(failed) <= MOST or not all(name.startswith(FOLDERS) for name in failed):
        return 1
    sys.stderr.write(f"run once more, alone: {', '.join(failed)}\n")
    code = subprocess.call([sys.executable, "-m", "pytest", "-q", "--no-header", *failed])
    if code == 0:
        sys.stderr.write(f"UNSTABLE, to be repaired: {', '.join(failed)}\n")
    return code


if __name__ == "__main__":
    sys.exit(run_again(list(json.loads(KEPT.read_text("utf-8"))) if KEPT.exists() else []))
