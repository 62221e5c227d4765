"""The audit's folder of woven capabilities: versions as they were said, and their bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub.woven_facts import WovenPublished, WovenRetired
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = """
select code, version, digest, body, active, drafted_by, approved_by from woven where tenant=%s
"""
Row = tuple[str, bool, str, str]


class WovenFolder:
    """Folds versions and compares their rows."""

    types = frozenset({"woven.published", "woven.retired"})

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._published: dict[tuple[str, int], WovenPublished] = {}
        self._retired: set[tuple[str, int]] = set()

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, WovenPublished):
            self._published[data.code, data.version] = data
        elif isinstance(data, WovenRetired):
            self._retired.add((data.code, data.version))

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing of an order is folded here."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare versions and their bytes."""
        found: list[Difference] = []
        rows: dict[tuple[str, int], Row] = {}
        cursor = await connection.execute(_ROWS, (self._tenant,))
        for code, version, digest, body, active, drafted_by, approved_by in await cursor.fetchall():
            rows[code, version] = (bytes(digest).hex(), active, drafted_by, approved_by)
            if hashlib.sha256(bytes(body)).digest() != bytes(digest):
                where, why = f"woven {code} {version}", "the digest is not that of the bytes"
                found.append(Difference(code="woven_bytes_differ", where=where, detail=why))
        wanted = {
            place: (said.digest, place not in self._retired, said.drafted_by, said.approved_by)
            for place, said in self._published.items()
        }
        for key in sorted(rows.keys() | wanted.keys()):
            if rows.get(key) != wanted.get(key):
                told = f"row {rows.get(key)}, facts {wanted.get(key)}"
                found.append(Difference(code="row_differs", where=f"woven {key}", detail=told))
        return found
