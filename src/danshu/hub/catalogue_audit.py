"""The audit's folder of the catalogue: each entry is the one whose digest was said last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from danshu.hub import catalogue_entries
from danshu.hub.catalogue_facts import AssetDescribed
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]


class CatalogueFolder:
    """Folds what was said of assets, and compares the entries."""

    types = frozenset({"asset.described"})

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._said: dict[str, str] = {}

    def fold(self, fact: Fact) -> None:
        """Take in one fact; of an asset the last one counts."""
        if isinstance(fact.data, AssetDescribed):
            self._said[fact.data.asset] = fact.data.digest

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing of an order is folded here."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare every entry with what was said of it."""
        notes = await catalogue_entries.read(connection, self._tenant)
        rows = {name: catalogue_entries.digest(note) for name, note in notes.items()}
        return compare_rows("row_differs", "catalogue_entries", rows, self._said)
