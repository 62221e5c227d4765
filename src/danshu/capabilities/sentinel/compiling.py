"""Compiles what reads facts where they lie; forgotten when any of its modules changes."""

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
    """Compile a function once, at its first call. Nothing it makes is counted: it makes nothing."""
    made: Any = njit(cache=True, error_model="numpy", _nrt=False)(function)
    return cast("Function", watch(made, STAMP))
