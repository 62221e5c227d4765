"""What is shown of return reasons: cases by keyset, counts, how right names were, phrases."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub.lists import LAST
from danshu.hub.return_reasons import NO_CASE
from danshu.kernel.fact import rfc3339
from danshu.ledger import vault

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
_LIST: Final = """
select r.id, r.state, r.code, r.confidence, r.choices, r.by,
  (extract(epoch from r.at)*1000)::int8, a.oid, a.number, a.reason, a.channel
from return_reasons r join after_sales a on a.tenant=r.tenant and a.id=r.id
where r.tenant=%(t)s and r.id < %(before)s
and (%(state)s='' or r.state=%(state)s) and (%(code)s='' or r.code=%(code)s)
order by r.id desc limit %(n)s
"""
_COUNTS: Final = """
select state, code, count(*) from return_reasons where tenant=%s group by 1,2
"""
_REVIEWED: Final = """
select count(*), count(*) filter (where split_part(choices[1],' ',1)=code)
from return_reasons where tenant=%s and state='confirmed' and choices <> '{}'
"""
_PHRASES: Final = """
select key, phrase, code, by, (extract(epoch from at)*1000)::int8 from reason_phrases
where tenant=%s and key > %s order by key limit %s
"""


class ReasonChoice(Struct, frozen=True, kw_only=True):
    """A reason that the words may mean; `confidence` in thousandths."""

    code: str
    confidence: int


class ReasonRow(Struct, frozen=True, kw_only=True):
    """A case whose words were read. `reason` is the house's own code of the case; `words` what was
    written, "" for who may not read it and once erased.
    """

    case: str
    order: str
    number: str
    channel: str
    reason: str
    state: str
    code: str
    confidence: int
    choices: tuple[ReasonChoice, ...]
    words: str
    by: str
    at: str


class ReturnReasonCount(Struct, frozen=True, kw_only=True):
    """How many cases stand under a reason: named by the vocabulary, confirmed by people."""

    code: str
    named: int
    confirmed: int


class ReasonReport(Struct, frozen=True, kw_only=True):
    """How it goes. `covered` of all `cases` got a name without a person; of those `reviewed` by a
    person, in `right` the first choice had been the right one.
    """

    cases: int
    covered: int
    unsure: int
    reviewed: int
    right: int
    counts: tuple[ReturnReasonCount, ...]


class ReasonPhrase(Struct, frozen=True, kw_only=True):
    """Words that somebody taught."""

    key: str
    phrase: str
    code: str
    by: str
    at: str


async def list_cases(
    connection: Connection,
    tenant: int,
    *,
    state: str = "",
    code: str = "",
    before: uuid.UUID = LAST,
    limit: int,
    reads_words: bool,
) -> tuple[ReasonRow, ...]:
    """List cases, the newest first."""
    asked = {"t": tenant, "before": before, "state": state, "code": code, "n": limit}
    rows = await (await connection.execute(_LIST, asked)).fetchall()
    words = await _words(connection, tenant, [r[0] for r in rows]) if reads_words else {}
    return tuple([_row(r, words.get(r[0], "")) for r in rows])


async def read_case(connection: Connection, tenant: int, id_: uuid.UUID) -> ReasonRow:
    """Read one case with its words. Raises InputError where none were read."""
    after = uuid.UUID(int=id_.int + 1)
    rows = await list_cases(connection, tenant, before=after, limit=1, reads_words=True)
    if not rows or rows[0].case != str(id_):
        raise NO_CASE
    return rows[0]


def _row(r: tuple[Any, ...], words: str) -> ReasonRow:
    id_, state, code, confidence, choices, by, at_ms, oid, number, reason, channel = r
    told = [c.partition(" ") for c in choices]
    return ReasonRow(
        case=str(id_),
        order=str(oid),
        number=number,
        channel=channel,
        reason=reason,
        state=state,
        code=code,
        confidence=confidence,
        choices=tuple([ReasonChoice(code=c, confidence=int(n)) for c, _, n in told]),
        words=words,
        by=by,
        at=rfc3339(at_ms),
    )


async def _words(
    connection: Connection, tenant: int, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, str]:
    found = {}
    for id_ in ids:
        row = await vault.read(connection, tenant, id_)
        if row is not None and row.raw:
            found[id_] = row.raw.decode(errors="replace")
    return found


async def report(connection: Connection, tenant: int) -> ReasonReport:
    """Count cases by reason, and how often names were right where a person looked."""
    rows = await (await connection.execute(_COUNTS, (tenant,))).fetchall()
    reviewed = await (await connection.execute(_REVIEWED, (tenant,))).fetchone()
    by_code: dict[str, dict[str, int]] = {}
    for state, code, n in rows:
        by_code.setdefault(code, {})[state] = n
    totals = {s: sum([n for state, _, n in rows if state == s]) for s, *_ in rows}
    counts = [
        ReturnReasonCount(code=c, named=of.get("named", 0), confirmed=of.get("confirmed", 0))
        for c, of in by_code.items()
        if c
    ]
    counts.sort(key=lambda c: (-(c.named + c.confirmed), c.code))
    return ReasonReport(
        cases=sum(totals.values()),
        covered=totals.get("named", 0),
        unsure=totals.get("unsure", 0),
        reviewed=reviewed[0] if reviewed else 0,
        right=reviewed[1] if reviewed else 0,
        counts=tuple(counts),
    )


async def list_phrases(
    connection: Connection, tenant: int, after: str, limit: int
) -> tuple[ReasonPhrase, ...]:
    """List what was taught, by its folded words."""
    rows = await (await connection.execute(_PHRASES, (tenant, after, limit))).fetchall()
    return tuple(
        [ReasonPhrase(key=k, phrase=p, code=c, by=by, at=rfc3339(at)) for k, p, c, by, at in rows]
    )
