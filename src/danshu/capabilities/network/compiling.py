"""Compiles what plans moves, and forgets what was compiled when any of its modules changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from numba import njit

from danshu.kernel.compiling import stamp, watch

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")
STAMP: Final = stamp(Path(__file__).parent)


def compiled(function: Function) -> Function:
    """Compile a function once for this state of the modules, at its first call."""
    made: Any = njit(cache=True, error_model="numpy")(function)
    return cast("Function", watch(made, STAMP))
