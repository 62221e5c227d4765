"""How sensitive the columns of an asset are: what its maker says, raised by classification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from danshu.hub import classification

if TYPE_CHECKING:
    from danshu.capabilities.protection.model import Grant
    from danshu.hub.compose import Hub
    from danshu.ports.asset import Asset


class Levels(Struct, frozen=True, kw_only=True):
    """Level (1 to 5) and classes by column."""

    by_column: dict[str, int]
    classes: dict[str, tuple[str, ...]]
    sensitive: frozenset[str] = frozenset()

    def highest(self, columns: tuple[str, ...]) -> int:
        """Give the highest level of the columns, of all with ()."""
        asked = columns or tuple(self.by_column)
        return max((self.by_column.get(c, 1) for c in asked), default=1)

    def is_sensitive(self, columns: tuple[str, ...]) -> bool:
        """Tell whether sensitive personal information (PIPL art. 28) is among the columns."""
        return bool(self.sensitive & set(columns or self.by_column))

    def masked(self, grant: Grant | None, clear_level: int) -> frozenset[str]:
        """Name the columns that rows show masked: of that level or above, unless granted."""
        open_to = set(grant.columns) if grant and grant.condition != "masked" else set()
        return frozenset(c for c, n in self.by_column.items() if n >= clear_level) - open_to


async def read(hub: Hub, tenant: int, asset: Asset) -> Levels:
    """Read what holds for the columns: a person's word, else the higher of declared and found."""
    marks = await classification.levels(hub, tenant, asset)
    return Levels(
        by_column={name: mark.level for name, mark in marks.items()},
        classes={name: mark.classes for name, mark in marks.items() if mark.classes},
        sensitive=frozenset(name for name, mark in marks.items() if mark.sensitive),
    )
