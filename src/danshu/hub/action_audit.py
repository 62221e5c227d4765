"""The audit's folder of contract actions: what was published and taken back, and the rows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import psycopg

from danshu.hub.action_facts import ActionPublished, ActionRetired
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROWS = """
select code, version, digest, body, active, drafted_by, approved_by from actions where tenant=%s
"""
Row = tuple[str, bool, str, str]


class ActionsFolder:
    """Folds versions of actions, and compares rows and the bytes in them."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._published: dict[tuple[str, int], ActionPublished] = {}
        self._active: dict[str, tuple[str, int]] = {}  # code -> when it was last said, version
        self._retired: dict[str, tuple[str, int]] = {}

    @property
    def types(self) -> frozenset[str]:
        """What is published and taken back."""
        return frozenset({"action.published", "action.retired"})

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, ActionPublished):
            self._published[data.code, data.version] = data
            said = (fact.time, data.version)
            self._active[data.code] = max(self._active.get(data.code, said), said)
        elif isinstance(data, ActionRetired):
            said = (fact.time, data.version)
            self._retired[data.code] = max(self._retired.get(data.code, said), said)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing lies in the streams themselves."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the versions, and each digest with the bytes that it is of."""
        found = []
        rows: dict[tuple[str, int], Row] = {}
        cursor = await connection.execute(_ROWS, (self._tenant,))
        for code, version, digest, body, active, drafted, approved in await cursor.fetchall():
            rows[code, version] = (bytes(digest).hex(), active, drafted, approved)
            if hashlib.sha256(bytes(body)).digest() != bytes(digest):
                found.append(
                    Difference(
                        code="action_bytes_differ",
                        where=f"actions {code} {version}",
                        detail="the digest is not that of the bytes",
                    )
                )
        expected = {key: self._expect(said) for key, said in self._published.items()}
        found.extend(
            Difference(
                code="action_differs",
                where=f"actions {key[0]} {key[1]}",
                detail=f"row {rows.get(key)}, facts {expected.get(key)}",
            )
            for key in sorted(rows.keys() | expected.keys())
            if rows.get(key) != expected.get(key)
        )
        return found

    def _expect(self, said: ActionPublished) -> Row:
        """Give the row: active is the last that was said, unless it was taken back after."""
        last = self._active[said.code]
        holds = last[1] == said.version and self._retired.get(said.code, ("", 0)) < last
        return (said.digest, holds, said.drafted_by, said.approved_by)
