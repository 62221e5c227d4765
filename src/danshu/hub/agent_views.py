"""The tables that skills read, and who reads them: one reader a view (ports/skill_views.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.compose import Hub


class Reader(Protocol):
    """Reads a view of one merchant; rows are the Structs that VIEWS names."""

    async def __call__(self, hub: Hub, tenant: int, now_ms: int) -> Sequence[Any]:
        """Give the rows, the most urgent or dearest first."""
        ...


def readers() -> dict[str, Reader]:
    """Give the readers by the names of their views."""
    return {}
