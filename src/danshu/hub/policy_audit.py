"""The audit's folder of policy sets: do the facts give what is published, and what rules?"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import policy_facts as facts
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_SETS: Final = """
select no, digest, drafted_by, approved_by, body, kind from policy_sets where tenant=%s
"""
_HEADS: Final = "select kind, live, canary, shadow, before from policy_heads where tenant=%s"
_TYPES: Final = ("published", "activated", "canaried", "shadowed", "rolled_back")
Head = tuple[str, str, str, tuple[str, ...]]


class PoliciesFolder:
    """Folds what was published and moved, and compares the rows at the end."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._sets: dict[int, tuple[str, str, str]] = {}
        self._moves: list[tuple[str, uuid.UUID, object]] = []

    @property
    def types(self) -> frozenset[str]:
        """Sets published; live, canary, shadow; rolled back."""
        return frozenset(f"policy_set.{name}" for name in _TYPES)

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, facts.PolicySetPublished):
            self._sets[data.no] = (data.digest, data.drafted_by, data.approved_by)
        else:
            self._moves.append((fact.time, fact.stream, data))

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a stream: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the published sets, their bytes, and what rules."""
        rows: dict[int, tuple[str, str, str]] = {}
        found = []
        cursor = await connection.execute(_SETS, (self._tenant,))
        kinds: dict[str, str] = {"": "routing"}
        for no, digest, drafted_by, approved_by, body, kind in await cursor.fetchall():
            kinds[bytes(digest).hex()] = kind
            rows[no] = (bytes(digest).hex(), drafted_by, approved_by)
            if hashlib.sha256(bytes(body)).digest() != bytes(digest):
                found.append(
                    Difference(code="policy_differs", where=f"policy_sets {no}", detail="bytes")
                )
        found += compare_rows("policy_differs", "policy_sets", rows, self._sets)
        stand: dict[str, Head] = {}
        cursor = await connection.execute(_HEADS, (self._tenant,))
        for kind, *heads, before in await cursor.fetchall():
            live, canary, shadow = (bytes(one).hex() for one in heads)
            stand[kind] = (live, canary, shadow, tuple(bytes(one).hex() for one in before))
        for kind in sorted({*stand, *kinds.values()}):
            expected, stands = self._head(kind, kinds), stand.get(kind, ("", "", "", ()))
            # the row forgets the oldest ways back
            skipped = max(0, len(expected[3]) - len(stands[3]))
            if stands[:3] != expected[:3] or expected[3][skipped:] != stands[3]:
                found.append(
                    Difference(
                        code="policy_head_differs",
                        where="policy_heads" if kind == "routing" else f"policy_heads {kind}",
                        detail=f"row {stands}, facts {expected}",
                    )
                )
        return found

    def _head(self, kind: str, kinds: dict[str, str]) -> Head:
        """Say what rules of a kind after all moves, and what ruled before."""
        live = canary = shadow = ""
        before: tuple[str, ...] = ()
        for _, _, data in sorted(self._moves, key=lambda move: move[:2]):
            if kinds.get(getattr(data, "digest", ""), "routing") != kind:
                continue
            match data:
                case facts.PolicySetActivated():
                    live, canary, before = data.digest, "", (*before, data.before)
                case facts.PolicySetCanaried():
                    canary = data.digest
                case facts.PolicySetShadowed():
                    shadow = data.digest
                case facts.PolicySetRolledBack(canary=True):
                    canary = ""
                case facts.PolicySetRolledBack():
                    live, before = data.restored, before[:-1]
        return live, canary, shadow, before
