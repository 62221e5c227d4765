"""Vouchers by hand 手工凭证: one person makes them, another checks and enters them 制单与复核.

What no fact and no bill says is entered by two persons, as an entry that is taken back is. What was
proposed is kept for ever, entered or not; the entry that comes of it bears the fact of whoever
checked it, with who made it.
"""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.settlement import journal
from danshu.capabilities.settlement.facts import (
    VoucherDeclined,
    VoucherEntered,
    VoucherLine,
    VoucherProposed,
)
from danshu.capabilities.settlement.journal import Posting
from danshu.hub import journal_views, merchants, posting
from danshu.hub.periods import PERSON
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.money import minor_decimals
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.journal_views import Voucher
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
SOURCE: Final = "voucher.entered"
STATES: Final = ("proposed", "entered", "declined")
NO_DRAFT: Final = InputError("no_draft", "there is no such voucher to be checked")
REVERSED: Final = Refusal(
    code="reversed", reason="这张凭证已经冲销", reason_en="The entry was reversed already",
    clause="journal.reverse",
)  # fmt: skip
WAITING: Final = Refusal(
    code="reversal_waits", reason="这张凭证的冲销已在待复核",
    reason_en="Its reversal waits to be checked already", clause="journal.reverse",
)  # fmt: skip
ANSWERED: Final = Refusal(
    code="answered", reason="这张凭证已经复核或驳回",
    reason_en="It was entered or declined already", clause="voucher.check",
)  # fmt: skip
SAME_PERSON: Final = Refusal(
    code="same_person", reason="制单人不能复核自己的凭证",
    reason_en="It takes two: whoever made a voucher cannot check it", clause="voucher.check",
)  # fmt: skip
PERSONS_ONLY: Final = Refusal(
    code="persons_only", reason="手工凭证要由人本人制单和复核",
    reason_en="A voucher by hand is made and checked by persons, no keys", clause="voucher.check",
)  # fmt: skip
_ADD: Final = (
    "insert into voucher_drafts(tenant,id,date,currency,postings,reason,reverses,by,at)"
    " values (%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
_COLUMNS: Final = (
    "id, state, date, currency, postings, reason, reverses, by, at, answered_by, answered, note,"
    " key"
)
_READ: Final = f"select {_COLUMNS} from voucher_drafts where tenant=%s and id=%s"
_LIST: Final = (
    f"select {_COLUMNS} from voucher_drafts where tenant=%s and state=%s and id<%s"
    " order by id desc limit %s"
)
_COUNT: Final = "select count(*) from voucher_drafts where tenant=%s and state='proposed'"
_WAITS: Final = "select 1 from voucher_drafts where tenant=%s and reverses=%s and state='proposed'"
_ANSWER: Final = (
    "update voucher_drafts set state=%s, answered_by=%s, answered=%s, note=%s, key=%s"
    " where tenant=%s and id=%s"
)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[Posting, ...]).decode


class VoucherDraft(Struct, frozen=True, kw_only=True):
    """A voucher that a person made: `state` proposed, entered (`key` names the entry) or declined
    (`note` says why). `reverses` is the entry that it takes back, "" where it takes none.
    """

    id: uuid.UUID
    state: str
    date: datetime.date
    currency: str
    postings: tuple[Posting, ...]
    reason: str
    reverses: str
    by: str
    at: str
    answered_by: str
    answered: str
    note: str
    key: str


async def propose(
    connection: Connection,
    tenant: int,
    date: datetime.date,
    currency: str,
    postings: Sequence[Posting],
    reason: str,
    actor: Actor,
    now_ms: int,
) -> VoucherDraft | Refusal:
    """Make a voucher, for another person to check.

    Raises InputError (unbalanced, unknown_account, amount, side, postings, money_currency).
    """
    journal.check(postings)
    minor_decimals(currency)
    async with connection.transaction():
        return await _keep(connection, tenant, date, currency, postings, reason, "", actor, now_ms)


async def propose_reversal(
    connection: Connection,
    tenant: int,
    key: str,
    date: datetime.date,
    reason: str,
    actor: Actor,
    now_ms: int,
) -> VoucherDraft | Refusal:
    """Propose to take an entry back by another. Raises InputError `no_entry`, and `of_facts` for
    what follows from facts of orders.
    """
    async with connection.transaction():
        await posting.be_alone(connection, tenant)
        found, is_reversed = await journal_views.find(connection, tenant, key)
        if found.word == journal.FACTS:
            raise InputError("of_facts", "what facts say is corrected by a further fact")
        if is_reversed or found.reverses:
            return REVERSED
        if await (await connection.execute(_WAITS, (tenant, key))).fetchone():
            return WAITING
        back = journal.turn(found.postings)
        return await _keep(
            connection, tenant, date, found.currency, back, reason, key, actor, now_ms
        )


async def enter(
    connection: Connection, tenant: int, id_: uuid.UUID, actor: Actor, now_ms: int
) -> Voucher | Refusal:
    """Check what another person made, and enter it. Raises InputError `no_draft`."""
    async with connection.transaction():
        await posting.be_alone(connection, tenant)
        draft = await read(connection, tenant, id_)
        refusal = _refuse(draft, actor)
        if refusal is not None:
            return refusal
        if draft.reverses:
            _, is_reversed = await journal_views.find(connection, tenant, draft.reverses)
            if is_reversed:
                return REVERSED
        data = VoucherEntered(
            currency=draft.currency,
            date=draft.date.isoformat(),
            first=draft.by,
            lines=_lines(draft.postings),
            proposed=str(id_),
            reason=draft.reason,
            reverses=draft.reverses,
        )
        stream = await merchants.say(connection, tenant, actor, data)
        cause = f"{stream}/1"
        key = f"reverse/{draft.reverses}" if draft.reverses else cause
        entry = posting.Entry(
            key=key,
            date=draft.date,
            currency=draft.currency,
            postings=draft.postings,
            source=SOURCE,
            cause=cause,
            reverses=draft.reverses,
        )
        await posting.post(connection, tenant, [entry], journal.MANUAL)
        await _answer(connection, tenant, draft, "entered", actor, now_ms, key=key)
        made, _ = await journal_views.find(connection, tenant, key)
        return made


def _refuse(draft: VoucherDraft, actor: Actor) -> Refusal | None:
    if draft.state != "proposed":
        return ANSWERED
    if not actor.sub.startswith(PERSON):
        return PERSONS_ONLY
    return SAME_PERSON if actor.sub == draft.by else None


async def decline(
    connection: Connection, tenant: int, id_: uuid.UUID, reason: str, actor: Actor, now_ms: int
) -> VoucherDraft | Refusal:
    """Do not enter what was made, as its maker or another. Raises InputError `no_draft`."""
    async with connection.transaction():
        await posting.be_alone(connection, tenant)
        draft = await read(connection, tenant, id_)
        if draft.state != "proposed":
            return ANSWERED
        said = VoucherDeclined(proposed=str(id_), reason=reason)
        await merchants.say(connection, tenant, actor, said)
        await _answer(connection, tenant, draft, "declined", actor, now_ms, note=reason)
        return await read(connection, tenant, id_)


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> VoucherDraft:
    """Read what a person made. Raises InputError `no_draft`."""
    row = await (await connection.execute(_READ, (tenant, id_))).fetchone()
    if row is None:
        raise NO_DRAFT
    return _draft(row)


async def list_drafts(
    connection: Connection, tenant: int, state: str, before: uuid.UUID, limit: int
) -> list[VoucherDraft]:
    """List what persons made, the newest first."""
    rows = await (await connection.execute(_LIST, (tenant, state, before, limit))).fetchall()
    return [_draft(row) for row in rows]


async def count_waiting(connection: Connection, tenant: int) -> int:
    """Count what waits for a second person."""
    row = await (await connection.execute(_COUNT, (tenant,))).fetchone()
    return int(row[0]) if row else 0


async def _keep(
    connection: Connection,
    tenant: int,
    date: datetime.date,
    currency: str,
    postings: Sequence[Posting],
    reason: str,
    reverses: str,
    actor: Actor,
    now_ms: int,
) -> VoucherDraft | Refusal:
    if not actor.sub.startswith(PERSON):
        return PERSONS_ONLY
    said = VoucherProposed(
        currency=currency,
        date=date.isoformat(),
        lines=_lines(postings),
        reason=reason,
        reverses=reverses,
    )
    id_ = await merchants.say(connection, tenant, actor, said)
    at = write.instant(now_ms * 1000)
    row = (tenant, id_, date, currency, _encode(postings), reason, reverses, actor.sub, at)
    await connection.execute(_ADD, row)
    return await read(connection, tenant, id_)


async def _answer(
    connection: Connection,
    tenant: int,
    draft: VoucherDraft,
    state: str,
    actor: Actor,
    now_ms: int,
    *,
    note: str = "",
    key: str = "",
) -> None:
    at = write.instant(now_ms * 1000)
    await connection.execute(_ANSWER, (state, actor.sub, at, note, key, tenant, draft.id))


def _draft(row: tuple[Any, ...]) -> VoucherDraft:
    id_, state, date, currency, postings, reason, reverses, by, at, second, answered, *more = row
    return VoucherDraft(
        id=id_,
        state=state,
        date=date,
        currency=currency,
        postings=_decode(bytes(postings)),
        reason=reason,
        reverses=reverses,
        by=by,
        at=rfc3339(round(at.timestamp() * 1000)),
        answered_by=second,
        answered=rfc3339(round(answered.timestamp() * 1000)) if answered else "",
        note=more[0],
        key=more[1],
    )


def _lines(postings: Sequence[Posting]) -> tuple[VoucherLine, ...]:
    return tuple(
        VoucherLine(
            account=p.account,
            channel=p.channel,
            credit=p.credit,
            debit=p.debit,
            order=str(p.order) if p.order else "",
            shop=p.shop,
        )
        for p in postings
    )
