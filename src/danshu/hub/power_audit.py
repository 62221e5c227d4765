"""The audit's folder of requests, powers and notices: do the facts give their rows?

A notice that is still to be sent has no fact yet, so only what became of it is compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.contract import power_facts as facts
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
Row = tuple[Any, ...]
_REQUESTS: Final = """
select id, no, kind, state, asker, amount from requests where tenant=%s and id>=%s and id<%s
"""
_POWERS: Final = """
select id, code, step, state, action, reason from powers where tenant=%s and id>=%s and id<%s
"""
_NOTICES: Final = """
select id, code, step, state, addressee from notices
where tenant=%s and id>=%s and id<%s and state<>'due'
"""
_TYPES: Final = (
    *("request.made", "request.accepted", "request.declined", "request.withdrawn"),
    *("power.opened", "power.used", "power.ended"),
    *("notice.sent", "notice.refused", "notice.abandoned"),
)


class PowersFolder:
    """Folds what was asked for, what breaches gave and who was told."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._rows: dict[Row, Row] = {}

    @property
    def types(self) -> frozenset[str]:
        """Requests made and answered, powers opened, used, ended, notices sent or not."""
        return frozenset(_TYPES)

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        stream, data = fact.stream, fact.data
        match data:
            case facts.RequestMade():
                self._rows["request", stream, data.no] = (data.kind, "asked", data.by, 0)
            case facts.RequestAccepted():
                self._answer(stream, data.no, "accepted", data.amount)
            case facts.RequestDeclined():
                self._answer(stream, data.no, "declined", 0)
            case facts.RequestWithdrawn():
                self._answer(stream, data.no, "withdrawn", 0)
            case facts.PowerOpened():
                self._rows["power", stream, data.code, data.step] = ("open", data.action, "")
            case facts.PowerUsed():
                self._rows["power", stream, data.code, data.step] = ("used", data.action, "")
            case facts.PowerEnded():
                ended = ("ended", data.action, data.reason)
                self._rows["power", stream, data.code, data.step] = ended
            case facts.NoticeSent():
                self._rows["notice", stream, data.code, data.step] = ("sent", data.to)
            case facts.NoticeRefused():
                self._rows["notice", stream, data.code, data.step] = ("refused", data.to)
            case facts.NoticeAbandoned():
                self._rows["notice", stream, data.code, data.step] = ("abandoned", data.to)

    def _answer(self, stream: uuid.UUID, no: int, state: str, amount: int) -> None:
        kind, _, asker, _ = self._rows.get(("request", stream, no), ("", "", "", 0))
        self._rows["request", stream, no] = (kind, state, asker, amount)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of these streams with what their facts gave."""
        rows: dict[Row, Row] = {}
        place = (self._tenant, first, end)
        for id_, no, *more in await (await connection.execute(_REQUESTS, place)).fetchall():
            rows["request", id_, no] = tuple(more)
        for name, sql in (("power", _POWERS), ("notice", _NOTICES)):
            for id_, code, step, *more in await (await connection.execute(sql, place)).fetchall():
                rows[name, id_, code, step] = tuple(more)
        expected, self._rows = self._rows, {}
        return [
            Difference(
                code=f"{key[0]}_differs",
                where=" ".join(map(str, key[1:])),
                detail=f"row {rows.get(key)}, facts {expected.get(key)}",
            )
            for key in sorted(rows.keys() | expected.keys(), key=str)
            if rows.get(key) != expected.get(key)
        ]

    async def finish(self, connection: Connection) -> list[Difference]:
        """Everything was compared with its stream."""
        return []
