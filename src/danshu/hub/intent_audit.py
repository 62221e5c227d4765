"""The audit's folder of intent graphs: versions as they were said, and their bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub.intent_facts import IntentPublished, IntentRetired
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = """
select version, digest, body, shipped, active, drafted_by, approved_by from intents where tenant=%s
"""
Row = tuple[str, str, bool, str, str]


class IntentsFolder:
    """Folds versions and compares their rows."""

    types = frozenset({"intent.published", "intent.retired"})

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._published: dict[int, IntentPublished] = {}
        self._retired: set[int] = set()

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, IntentPublished):
            self._published[data.version] = data
        elif isinstance(data, IntentRetired):
            self._retired.add(data.version)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing of an order is folded here."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare versions and their bytes; the newest is followed unless it was taken back."""
        found: list[Difference] = []
        rows: dict[int, Row] = {}
        cursor = await connection.execute(_ROWS, (self._tenant,))
        for version, digest, body, shipped, *rest in await cursor.fetchall():
            rows[version] = (bytes(digest).hex(), bytes(shipped).hex(), *rest)
            if hashlib.sha256(bytes(body)).digest() != bytes(digest):
                where, why = f"intents {version}", "the digest is not that of the bytes"
                found.append(Difference(code="intent_bytes_differ", where=where, detail=why))
        newest = max(self._published, default=0)
        wanted = {
            version: (
                said.digest, said.shipped, version == newest and version not in self._retired,
                said.drafted_by, said.approved_by,
            )
            for version, said in self._published.items()
        }  # fmt: skip
        for version in sorted(rows.keys() | wanted.keys()):
            if rows.get(version) != wanted.get(version):
                told = f"row {rows.get(version)}, facts {wanted.get(version)}"
                where = f"intents {version}"
                found.append(Difference(code="row_differs", where=where, detail=told))
        return found
