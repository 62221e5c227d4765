"""Vouchers by hand 手工凭证: what no fact and no bill says, entered by a person with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.settlement import journal
from danshu.capabilities.settlement.facts import VoucherEntered, VoucherLine
from danshu.hub import journal_views, merchants, posting
from danshu.kernel.errors import Refusal
from danshu.kernel.money import minor_decimals

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from danshu.capabilities.settlement.journal import Posting
    from danshu.hub.journal_views import Voucher
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
SOURCE: Final = "voucher.entered"
REVERSED: Final = Refusal(
    code="reversed",
    reason="这张凭证已经冲销",
    reason_en="The entry was reversed already",
    clause="journal.reverse",
)


async def enter(
    connection: Connection,
    tenant: int,
    date: datetime.date,
    currency: str,
    postings: Sequence[Posting],
    reason: str,
    actor: Actor,
) -> Voucher:
    """Enter a voucher, with the fact that says so in the same commit.

    Raises InputError (unbalanced, unknown_account, amount, side, postings, money_currency).
    """
    journal.check(postings)
    minor_decimals(currency)
    async with connection.transaction():
        data = _say(date, currency, postings, reason)
        stream = await merchants.say(connection, tenant, actor, data)
        entry = posting.Entry(
            key=f"{stream}/1",
            date=date,
            currency=currency,
            postings=tuple(postings),
            source=SOURCE,
            cause=f"{stream}/1",
        )
        await posting.post(connection, tenant, [entry], journal.MANUAL)
        found, _ = await journal_views.find(connection, tenant, entry.key)
        return found


async def reverse(
    connection: Connection,
    tenant: int,
    key: str,
    date: datetime.date,
    reason: str,
    actor: Actor,
) -> Voucher | Refusal:
    """Take an entry back by another. Raises InputError `no_entry`, and `of_facts` for what follows
    from facts of orders.
    """
    async with connection.transaction():
        await posting.be_alone(connection, tenant)
        found, is_reversed = await journal_views.find(connection, tenant, key)
        if is_reversed or found.reverses:
            return REVERSED
        back = journal.turn(found.postings)
        data = _say(date, found.currency, back, reason, key)
        stream = await merchants.say(connection, tenant, actor, data)
        await posting.reverse(connection, tenant, [key], date, f"{stream}/1", journal.MANUAL)
        made, _ = await journal_views.find(connection, tenant, f"reverse/{key}")
        return made


def _say(
    date: datetime.date,
    currency: str,
    postings: Sequence[Posting],
    reason: str,
    reverses: str = "",
) -> VoucherEntered:
    return VoucherEntered(
        currency=currency,
        date=date.isoformat(),
        lines=tuple(
            VoucherLine(
                account=p.account,
                channel=p.channel,
                credit=p.credit,
                debit=p.debit,
                order=str(p.order) if p.order else "",
                shop=p.shop,
            )
            for p in postings
        ),
        reason=reason,
        reverses=reverses,
    )
