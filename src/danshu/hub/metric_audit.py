"""The audit's folder of metrics: versions and reports as they were said, and their bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub.metric_facts import MetricPublished, MetricReported, MetricRetired
from danshu.kernel.fact import rfc3339
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = """
select code, version, digest, body, drafted_by, approved_by,
  (extract(epoch from effective)*1000)::int8, retired is not null, reason
from metrics where tenant=%s
"""
_REPORTS: Final = "select id::text, digest, body from metric_reports where tenant=%s"
Row = tuple[str, str, str, str, bool, str]


class MetricsFolder:
    """Folds versions and kept reports, and compares their rows."""

    types = frozenset({"metric.published", "metric.retired", "metric.reported"})

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._published: dict[tuple[str, int], MetricPublished] = {}
        self._retired: dict[tuple[str, int], str] = {}
        self._reports: dict[str, str] = {}

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, MetricPublished):
            self._published[data.code, data.version] = data
        elif isinstance(data, MetricRetired):
            self._retired[data.code, data.version] = data.reason
        elif isinstance(data, MetricReported):
            self._reports[data.report] = data.digest

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing of an order is folded here."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare versions, reports and the bytes of both."""
        found: list[Difference] = []
        rows: dict[tuple[str, int], Row] = {}
        for r in await (await connection.execute(_ROWS, (self._tenant,))).fetchall():
            code, version, digest, body, drafted, approved, effective_ms, retired, reason = r
            where = f"metrics {code} {version}"
            found += _bytes(where, body, digest)
            said = (bytes(digest).hex(), drafted, approved, rfc3339(effective_ms), retired, reason)
            rows[code, version] = said
        wanted: dict[tuple[str, int], Row] = {
            key: (
                said.digest, said.drafted_by, said.approved_by, said.effective,
                key in self._retired, self._retired.get(key, ""),
            )
            for key, said in self._published.items()
        }  # fmt: skip
        for key in sorted(rows.keys() | wanted.keys()):
            if rows.get(key) != wanted.get(key):
                told = f"row {rows.get(key)}, facts {wanted.get(key)}"
                where = f"metrics {key[0]} {key[1]}"
                found.append(Difference(code="row_differs", where=where, detail=told))
        return [*found, *await self._compare_reports(connection)]

    async def _compare_reports(self, connection: Connection) -> list[Difference]:
        found: list[Difference] = []
        rows: dict[str, str] = {}
        for id_, digest, body in await (
            await connection.execute(_REPORTS, (self._tenant,))
        ).fetchall():
            rows[id_] = bytes(digest).hex()
            found += _bytes(f"metric_reports {id_}", body, digest)
        for id_ in sorted(rows.keys() | self._reports.keys()):
            if rows.get(id_) != self._reports.get(id_):
                told = f"row {rows.get(id_)}, fact {self._reports.get(id_)}"
                where = f"metric_reports {id_}"
                found.append(Difference(code="row_differs", where=where, detail=told))
        return found


def _bytes(where: str, body: bytes, digest: bytes) -> list[Difference]:
    """Find bytes that are not those of their digest."""
    if hashlib.sha256(bytes(body)).digest() == bytes(digest):
        return []
    why = "the digest is not that of the bytes"
    return [Difference(code="metric_bytes_differ", where=where, detail=why)]
