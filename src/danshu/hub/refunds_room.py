"""The room that pays what cases owe (payouts.py), and says so.

The instruction's key is the case. What is paid was set aside on the order before, so nothing else
can have been promised the same money.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.after_sales import facts
from danshu.capabilities.after_sales.model import COMPENSATION
from danshu.capabilities.orders.facts import CompensationPaid
from danshu.hub import after_sales, after_sales_money, connecting, refund_calls
from danshu.hub.errands import Errands, Later
from danshu.hub.payouts import PAYER, REACH, UNDER_WAY, Payout, payer
from danshu.kernel.fact import Actor
from danshu.kernel.limits import PAYOUT_RETRY_MAX_S, REASON_CHARS, REFUNDS_AT_ONCE
from danshu.ledger import write
from danshu.ports.connector import Verdict
from danshu.ports.settlement import Instruction

if TYPE_CHECKING:
    import httpx
    from msgspec import Struct

    from danshu.hub.after_sales import Doing
    from danshu.hub.after_sales_rows import Row
    from danshu.hub.connecting import Told
    from danshu.hub.world import World
    from danshu.hub.worlds import Worlds
    from danshu.kernel.errors import Refusal

Connection = psycopg.AsyncConnection[Any]
_FIELDS: Final = (
    "tenant", "id", "amount", "currency", "tries", "channel", "shop", "number", "kind",
)  # fmt: skip
_TAKE: Final = """
update after_sales a set tries=a.tries+1, next_try=%s from (
  select tenant, id from after_sales where state='paying' and next_try<=%s
  order by next_try limit %s for update skip locked) d
where a.tenant=d.tenant and a.id=d.id
returning a.tenant, a.id, a.amount, a.currency, a.tries, a.channel, a.shop, a.number, a.kind
"""
_LEAVE: Final = """
update after_sales set next_try=%s, trouble=%s where tenant=%s and id=%s and state='paying'
"""
_RETRY: Final = """
update after_sales set next_try=%s, trouble='' where tenant=%s and id=%s and state='paying'
"""
_WAKE: Final = """
update after_sales set next_try=%s where tenant=%s and state='paying' and trouble='no_service'
"""


class Refund(Payout, frozen=True, kw_only=True):
    """A case that is to be paid now."""

    channel: str
    shop: str
    number: str
    kind: str

    @property
    def key(self) -> str:
        """The idempotency key of its payment."""
        return f"danshu-case-{self.id}"


async def _instruct(_connection: Connection, _worlds: Worlds, owed: Refund) -> Instruction:
    return Instruction(
        key=owed.key,
        amount=owed.amount,
        currency=owed.currency,
        channel=owed.channel,
        shop=owed.shop,
        number=owed.number,
        reason="售后补偿" if owed.kind == COMPENSATION else "售后退款",
    )


async def _say(
    connection: Connection, worlds: Worlds, owed: Refund, receipt: str, at_ms: int
) -> None:
    world = await worlds.ensure(owed.tenant)
    await paid(connection, world, owed.id, PAYER, receipt, at_ms)


_pay: Final = payer(_instruct, _say)


async def _run(
    connection: Connection, worlds: Worlds, web: httpx.AsyncClient, owed: Refund, at_ms: int
) -> Later | None:
    """Pay by the service that took the money where one is connected, else by the merchant's own."""
    if owed.kind != COMPENSATION and await refund_calls.ask(connection, owed, owed.key, at_ms):
        return UNDER_WAY
    return await _pay(connection, worlds, web, owed, at_ms)


async def hear(connection: Connection, worlds: Worlds, told: Told) -> None:
    """Take what a payment service says of a refund; a no waits for a person."""
    id_ = uuid.UUID(bytes=told.data)
    if told.reply.verdict is Verdict.DONE:
        world = await worlds.ensure(told.tenant)
        actor = Actor(sub=connecting.far_side(told), role="connector", grade="C")
        await paid(connection, world, id_, actor, told.reply.reference, told.at_ms)
        return
    trouble = f"{told.reply.code} {told.reply.reason}".strip()[:REASON_CHARS]
    await connection.execute(_LEAVE, (None, trouble, told.tenant, id_))


connecting.on_reply(refund_calls.PURPOSE, hear)
REFUNDS: Final = Errands(
    name="refunds",
    take=_TAKE,
    leave=_LEAVE,
    at_once=REFUNDS_AT_ONCE,
    reach=REACH,
    retry_max_s=PAYOUT_RETRY_MAX_S,
    read=lambda row: Refund(**dict(zip(_FIELDS, row, strict=True))),
    place=lambda owed: (owed.tenant, owed.id),
    run=_run,
)


async def paid(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, receipt: str, at_ms: int
) -> Row | Refusal:
    """Say that a case was paid, on the order's stream and on its own; once. Raises GuardFailed."""
    return await after_sales.run(
        connection, world, id_, actor, at_ms, lambda doing: pay(doing, receipt)
    )


async def pay(doing: Doing, receipt: str) -> Row | Refusal:
    """Say that a locked case was paid, with the receipt of the payment."""
    refusal = after_sales.step(doing.case, "pay")
    if refusal is not None:
        return refusal
    case, pays = doing.case, doing.case.sum
    said: Struct
    if case.kind == COMPENSATION:
        said = CompensationPaid(amount=pays.own, receipt=receipt)
    else:
        said = after_sales_money.paid(doing.held.order, str(doing.row.id), case, pays, receipt)
    heard = None
    if case.kind != COMPENSATION:
        by_service = doing.actor is PAYER or doing.actor.role == "connector"
        is_ours = not by_service  # no service's receipt: the merchant's own word
        heard = doing.event("refund.paid", "payment.receipt", own_word=is_ours)
    refusal = await doing.tell_order(said, event=heard)
    if refusal is not None:
        return refusal
    return await doing.say(
        facts.AfterSaleClosed(amount=pays.amount, outcome="paid", receipt=receipt)
    )


async def retry(connection: Connection, tenant: int, id_: uuid.UUID, at_ms: int) -> bool:
    """Pay again what is not paid yet; tells whether there is something to pay."""
    now = write.instant(at_ms * 1000)
    return (await connection.execute(_RETRY, (now, tenant, id_))).rowcount == 1


async def wake(connection: Connection, tenant: int, at_ms: int) -> None:
    """Let what waits for a service be paid now: another one may be connected."""
    await connection.execute(_WAKE, (write.instant(at_ms * 1000), tenant))
