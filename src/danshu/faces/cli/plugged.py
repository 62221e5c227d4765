"""What the floors above plug into the command line: entry points of the group `danshu_command`.

The stories and the demo stand above the faces, so the faces cannot import them; they are found by
name when they are asked for.
"""

from __future__ import annotations

import importlib.metadata
from typing import Any

from danshu.kernel.errors import ProgramError

GROUP = "danshu_command"


def load(name: str) -> Any:
    """Import what is plugged in under a name. Raises ProgramError when nothing is."""
    found = importlib.metadata.entry_points(group=GROUP, name=name)
    for entry in found:
        return entry.load()
    raise ProgramError(f"nothing is plugged in as {name!r}: run ./danshu setup once more")
