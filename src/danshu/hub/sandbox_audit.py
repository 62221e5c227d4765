"""The audit's folder of the sandbox: facts give counters, settings, and who reviewed what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.intake.sandbox import Limits
from danshu.hub import sandbox_settings
from danshu.hub.sandbox_facts import ReviewDone, SandboxConfigured, SandboxReset, Standing
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    import psycopg

    from danshu.kernel.fact import Fact

    Connection = psycopg.AsyncConnection[Any]

_COUNTERS: Final = """
select key, no, stage, accepted, reviewed, corrected, resets, why
from sandbox_counters where tenant=%s
"""
_REVIEWS: Final = """
select original::text, turn, verdict, why, key, took_ms from original_reviews where tenant=%s
"""


class SandboxFolder:
    """Compares counters, settings and reviews with what was said of them.

    A counter's facts may come in another order than they were committed in: the one with the
    highest number holds.
    """

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._standings: dict[str, Standing] = {}
        self._settings: dict[str, tuple[int, Limits]] = {}
        self._reviews: set[tuple[str, int, str, str, str, int]] = set()

    @property
    def types(self) -> frozenset[str]:
        """Reviews, counters begun anew, settings."""
        return frozenset({"review.done", "sandbox.reset", "sandbox.configured"})

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, SandboxConfigured):
            if data.version > self._settings.get(data.modality, (0, Limits()))[0]:
                told = msgspec.convert(data, Limits, from_attributes=True)
                self._settings[data.modality] = (data.version, told)
        elif isinstance(data, SandboxReset):
            self._stand(data.key, data.standing)
        elif isinstance(data, ReviewDone):
            done = (data.original, data.turn, data.verdict, data.why, data.key, data.took_ms)
            self._reviews.add(done)
            if data.standing is not None:
                self._stand(data.key, data.standing)

    def _stand(self, key: str, standing: Standing) -> None:
        before = self._standings.get(key)
        if before is None or before.no < standing.no:
            self._standings[key] = standing

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a stream alone: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the rows."""
        rows = await (await connection.execute(_COUNTERS, (self._tenant,))).fetchall()
        stored = {
            row[0]: Standing(
                no=row[1], stage=row[2], accepted=row[3], reviewed=row[4], corrected=row[5],
                resets=row[6], why=row[7],
            )
            for row in rows
            if row[1]
        }  # fmt: skip
        listed = await sandbox_settings.list_set(connection, self._tenant)
        set_ = {modality: (version, limits) for modality, version, limits in listed}
        done = await (await connection.execute(_REVIEWS, (self._tenant,))).fetchall()
        reviews = {tuple(row) for row in done}
        return [
            *_differ("sandbox_counters", stored, self._standings),
            *_differ("sandbox_settings", set_, self._settings),
            *_differ("original_reviews", dict.fromkeys(reviews), dict.fromkeys(self._reviews)),
        ]


def _differ(table: str, rows: dict[Any, Any], facts: dict[Any, Any]) -> list[Difference]:
    return [
        Difference(
            code="sandbox_differs",
            where=f"{table} {key}",
            detail=f"row {rows.get(key)}, facts {facts.get(key)}",
        )
        for key in sorted(rows.keys() | facts.keys())
        if (key in rows) != (key in facts) or rows.get(key) != facts.get(key)
    ]
