"""Compiles the replan's functions, and forgets what was compiled when any of its modules changes.

The compiler's cache watches the file of a function alone, though what it calls from other files is
compiled into it: an edit of one file would leave old code in those that call it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")
_FOLDER: Final = Path(__file__).parent


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name the compiled modules of a folder with the time, ns, and the size, bytes, they have."""
    files = [f for f in sorted(folder.glob("*.py")) if b"\n@compiled\n" in f.read_bytes()]
    return tuple((f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in files)


STAMP: Final = stamp(_FOLDER)


def compiled(function: Function) -> Function:
    """Compile a function once for this state of the modules, at its first call."""
    made: Any = njit(cache=True, error_model="numpy")(function)
    index = getattr(getattr(made, "_cache", None), "_cache_file", None)
    if index is not None:  # no cache where nothing can be written, or nothing is compiled
        vars(index)["_source_stamp"] = (vars(index)["_source_stamp"], STAMP)
    return cast("Function", made)
