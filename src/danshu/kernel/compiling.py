"""What a compiler keeps of functions, forgotten when any of the modules it was made from changes.

The cache of numba watches the file of a function alone, though what it calls from other files is
compiled into it: an edit of one file would leave old code in those that call it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

Made = TypeVar("Made")
Stamp = tuple[tuple[str, int, int], ...]


def stamp(folder: Path) -> Stamp:
    """Name the compiled modules of a folder with the time, ns, and the size, bytes, they have."""
    files = [f for f in sorted(folder.glob("*.py")) if b"\n@compiled\n" in f.read_bytes()]
    return tuple((f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in files)


def watch(made: Made, of: Stamp) -> Made:
    """Have a compiled function's cache hold only for this state of its folder."""
    cache: Any = getattr(made, "_cache", None)
    index = getattr(cache, "_cache_file", None)
    if index is not None:  # no cache where nothing can be written, or nothing is compiled
        vars(index)["_source_stamp"] = (vars(index)["_source_stamp"], of)
    return made
