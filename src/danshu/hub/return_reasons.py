"""退货原因: what buyers wrote when they sent goods back, under one name each, or before a steward.

A follower names cases as they open; a steward's answer holds for the case, and its words are known
at once where they are taught. What is unsure is named again when something was learned.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import psycopg

from danshu.capabilities.intake import plain
from danshu.hub import merchants
from danshu.hub.return_reason_facts import (
    NamedCase,
    ReturnReasonCorrected,
    ReturnReasonsNamed,
)
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import LEXICONS, REASON_CASES, REASON_PHRASES
from danshu.ledger import vault

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.capabilities.intake.reasons import Book, Named

Connection = psycopg.AsyncConnection[Any]
NAMED, UNSURE, CONFIRMED = "named", "unsure", "confirmed"
STATES: Final = (NAMED, UNSURE, CONFIRMED)
NO_CASE: Final = InputError("not_found", "no words of this case are known")
_HUB: Final = Actor(sub="hub")
# Numbers, addresses of mail and the like: such words are a person's, not a reason's.
_PERSONAL: Final = re.compile(r"[0-9０-９]{5}|@")
_STAMP: Final = "select count(*), coalesce(max(at)::text,'') from reason_phrases where tenant=%s"
_PHRASES: Final = "select phrase, code from reason_phrases where tenant=%s order by key"
_PUT: Final = """
insert into return_reasons as r(tenant,id,state,code,confidence,choices,book,by,at)
values(%s,%s,%s,%s,%s,%s,%s,'',now()) on conflict (tenant,id) do update
set state=excluded.state, code=excluded.code, confidence=excluded.confidence,
  choices=excluded.choices, book=excluded.book, at=excluded.at
where r.state='unsure' and (r.code, r.choices) is distinct from (excluded.code, excluded.choices)
returning 1
"""
_LOCK: Final = "select code from return_reasons where tenant=%s and id=%s for update"
_CONFIRM: Final = """
update return_reasons set state='confirmed', code=%s, confidence=1000, by=%s, at=now()
where tenant=%s and id=%s
"""
_TEACH: Final = """
insert into reason_phrases(tenant,key,phrase,code,case_id,by) values(%s,%s,%s,%s,%s,%s)
on conflict (tenant,key) do update
set phrase=excluded.phrase, code=excluded.code, case_id=excluded.case_id, by=excluded.by, at=now()
"""
_COUNT: Final = "select count(*) from reason_phrases where tenant=%s"
_TENANT: Final = "select 1 from tenants where id=%s for update"
_UNSURE: Final = """
select id from return_reasons where tenant=%s and state='unsure' and book<>%s order by id limit %s
"""
_SEEN: Final = "update return_reasons set book=%s where tenant=%s and id = any(%s)"
_FORGET: Final = """
with gone as (delete from reason_phrases p using after_sales a
  where p.tenant=%(t)s and a.tenant=p.tenant and a.id=p.case_id and a.oid=%(o)s returning 1)
select count(*) from gone
"""


class Kept(NamedTuple):
    """A merchant's vocabulary with its phrases; `digest` names both."""

    stamp: tuple[int, str]
    digest: str
    book: Book


_kept: Final[OrderedDict[int, Kept]] = OrderedDict()


async def read_book(connection: Connection, tenant: int) -> Kept:
    """Give the merchant's vocabulary; made again when somebody taught something."""
    row = await (await connection.execute(_STAMP, (tenant,))).fetchone()
    stamp = (int(row[0]), str(row[1])) if row else (0, "")
    kept = _kept.get(tenant)
    if kept is None or kept.stamp != stamp:
        taught = await (await connection.execute(_PHRASES, (tenant,))).fetchall()
        kept = await asyncio.to_thread(_make, stamp, taught)
        _kept[tenant] = kept
        if len(_kept) > LEXICONS:
            _kept.popitem(last=False)
    _kept.move_to_end(tenant)
    return kept


def _make(stamp: tuple[int, str], taught: Sequence[tuple[str, str]]) -> Kept:
    from danshu.capabilities.intake.reasons import Book, Example, shipped

    said = shipped()
    examples = [e for style in said.styles.values() for e in style]
    examples += [Example(text=text, code=code, is_taught=True) for text, code in taught]
    digest = hashlib.sha256(msgspec.json.encode((said.line, said.reasons, examples))).hexdigest()
    return Kept(stamp, digest, Book(said.reasons, examples, said.line))


async def name_cases(connection: Connection, tenant: int, cases: Sequence[uuid.UUID]) -> int:
    """Name what was written in cases, in the caller's transaction; tells how many names are new."""
    if not cases:
        return 0
    kept = await read_book(connection, tenant)
    said = []
    for id_ in cases:
        row = await vault.read(connection, tenant, id_)
        if row is None or not row.raw:
            continue
        named = kept.book.name(row.raw.decode(errors="replace"))
        if await _put(connection, tenant, id_, named, kept.digest):
            said.append(NamedCase(case=str(id_), code=named.code, confidence=named.confidence))
    if said:
        await merchants.say(
            connection, tenant, _HUB, ReturnReasonsNamed(book=kept.digest, cases=tuple(said))
        )
    return len(said)


async def _put(
    connection: Connection, tenant: int, id_: uuid.UUID, named: Named, book: str
) -> bool:
    state = NAMED if named.code else UNSURE
    choices = [f"{c.code} {c.confidence}" for c in named.choices]
    row = (tenant, id_, state, named.code, named.confidence, choices, book)
    return await (await connection.execute(_PUT, row)).fetchone() is not None


async def name_again(connection: Connection, tenant: int) -> int:
    """Name again what was unsure before somebody taught something; tells how many are looked at."""
    kept = await read_book(connection, tenant)
    async with connection.transaction():
        cursor = await connection.execute(_UNSURE, (tenant, kept.digest, REASON_CASES))
        cases = [row[0] for row in await cursor.fetchall()]
        await name_cases(connection, tenant, cases)
        await connection.execute(_SEEN, (kept.digest, tenant, cases))
    return len(cases)


async def correct(
    connection: Connection, tenant: int, id_: uuid.UUID, code: str, phrase: str, actor: Actor
) -> None:
    """Name the reason of a case as a person does; `phrase` is known from now on ("" = none).

    Raises InputError: an unknown code or case, a phrase with a number in it, too many phrases.
    """
    book = (await read_book(connection, tenant)).book
    if code not in {r.code for r in book.reasons}:
        raise InputError("bad_field", f"no reason is called {code!r}", "/code")
    async with connection.transaction():
        row = await (await connection.execute(_LOCK, (tenant, id_))).fetchone()
        if row is None:
            raise NO_CASE
        if phrase:
            await _teach(connection, tenant, phrase, code, id_, actor)
        await connection.execute(_CONFIRM, (code, actor.sub, tenant, id_))
        said = ReturnReasonCorrected(case=str(id_), code=code, was=row[0], taught=bool(phrase))
        await merchants.say(connection, tenant, actor, said)


async def _teach(
    connection: Connection, tenant: int, phrase: str, code: str, id_: uuid.UUID, actor: Actor
) -> None:
    key = plain.key(phrase)
    if not key or _PERSONAL.search(phrase):
        raise InputError("phrase_personal", "a phrase has words, and nobody's number", "/phrase")
    await connection.execute(_TENANT, (tenant,))
    held = await (await connection.execute(_COUNT, (tenant,))).fetchone()
    if held and held[0] >= REASON_PHRASES:
        raise InputError("too_many", f"a merchant teaches at most {REASON_PHRASES} phrases")
    await connection.execute(_TEACH, (tenant, key, phrase, code, id_, actor.sub))


async def forget(connection: Connection, tenant: int, order: uuid.UUID) -> int:
    """Forget the phrases that were taught of an order's cases; the commit is the caller's."""
    row = await (await connection.execute(_FORGET, {"t": tenant, "o": order})).fetchone()
    return int(row[0]) if row else 0
